//! Which functions a body calls with differentiable arguments.
//!
//! Asked before any type is known, so the answer is by names: a variable is *tainted* if it is a
//! differentiated parameter or bound to an expression that mentions a tainted variable, unless only
//! its length or shape is asked for.

use crate::parse::Function;
use quote::ToTokens;
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall};

/// Names that mean a macro of std when followed by `!`.
pub const STD_MACROS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "include",
    "include_bytes",
    "include_str",
    "line",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "thread_local",
    "todo",
    "try",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Whether a path names a function that the compiler knows without its source.
pub fn is_known_function(path: &syn::Path, floats: &[String]) -> bool {
    let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    match segments.as_slice() {
        // Constructors, of `Some` and of users' types, are no functions to differentiate.
        [.., last] if last == "stop_gradient" || last.starts_with(char::is_uppercase) => true,
        [.., ty, _] => ty == "f32" || ty == "f64" || floats.contains(ty),
        _ => false,
    }
}

/// The paths of the functions that must be annotated: each path once, in order.
pub fn callee_paths(function: &Function) -> Vec<syn::Path> {
    let mut walk = Walk::new(function);
    walk.visit_block(&function.item.block);
    walk.paths
}

/// Whether a call in the function's body has a differentiable argument.
pub fn tainted_call(function: &Function, call: &ExprCall) -> bool {
    let mut walk = Walk::new(function);
    walk.visit_block(&function.item.block);
    call.args.iter().any(|arg| walk.is_tainted(arg))
}

struct Walk<'f> {
    function: &'f Function,
    tainted: HashSet<String>,
    closures: HashSet<String>,
    paths: Vec<syn::Path>,
}

impl<'f> Walk<'f> {
    fn new(function: &'f Function) -> Self {
        let mut walk =
            Walk { function, tainted: HashSet::new(), closures: HashSet::new(), paths: vec![] };
        for param in function.wrt() {
            walk.taint(&param.pat);
        }
        walk
    }

    fn taint(&mut self, pat: &syn::Pat) {
        struct Names<'s>(&'s mut HashSet<String>);
        impl<'ast> Visit<'ast> for Names<'_> {
            fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
                self.0.insert(pat.ident.to_string());
            }
        }
        Names(&mut self.tainted).visit_pat(pat);
    }

    fn is_tainted(&self, expr: &Expr) -> bool {
        struct Mentions<'s>(&'s HashSet<String>, bool);
        impl<'ast> Visit<'ast> for Mentions<'_> {
            fn visit_expr(&mut self, expr: &'ast Expr) {
                match expr {
                    Expr::MethodCall(call)
                        if matches!(
                            call.method.to_string().as_str(),
                            "len" | "dim" | "nrows" | "ncols" | "shape" | "is_empty"
                        ) => {}
                    other => visit::visit_expr(self, other),
                }
            }
            fn visit_path(&mut self, path: &'ast syn::Path) {
                self.1 |= path.get_ident().is_some_and(|name| self.0.contains(&name.to_string()));
            }
        }
        let mut mentions = Mentions(&self.tainted, false);
        mentions.visit_expr(expr);
        mentions.1
    }

    fn call(&mut self, path: &syn::Path) {
        let local = path.get_ident().map(ToString::to_string);
        let own = self.function.name();
        let skip = |name: &String| {
            self.closures.contains(name) || *name == own || STD_MACROS.contains(&name.as_str())
        };
        if local.as_ref().is_some_and(skip) || is_known_function(path, &self.function.floats) {
            return;
        }
        let text = path_text(path);
        if !self.paths.iter().any(|p| path_text(p) == text) {
            self.paths.push(path.clone());
        }
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_block(&mut self, block: &'ast syn::Block) {
        // Functions inside the body have no capsules; they are refused where they stand.
        for stmt in &block.stmts {
            if let syn::Stmt::Item(syn::Item::Fn(item)) = stmt {
                self.closures.insert(item.sig.ident.to_string());
            }
        }
        visit::visit_block(self, block);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}

    fn visit_local(&mut self, local: &'ast syn::Local) {
        visit::visit_local(self, local);
        let Some(init) = &local.init else { return };
        if let (Expr::Closure(_), syn::Pat::Ident(pat)) = (&*init.expr, &local.pat) {
            self.closures.insert(pat.ident.to_string());
        }
        if self.is_tainted(&init.expr) {
            self.taint(&local.pat);
        }
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        visit::visit_expr_assign(self, assign);
        if self.is_tainted(&assign.right) {
            self.taint_place(&assign.left);
        }
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        visit::visit_expr_binary(self, binary);
        if self.is_tainted(&binary.right) {
            self.taint_place(&binary.left);
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        // What a closure is applied to is not known by its names alone.
        for input in &closure.inputs {
            self.taint(input);
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        visit::visit_expr_call(self, call);
        if let Expr::Path(function) = &*call.func
            && call.args.iter().any(|arg| self.is_tainted(arg))
        {
            self.call(&function.path);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        if matches!(call.method.to_string().as_str(), "mapv" | "map" | "mapv_into")
            && self.is_tainted(&call.receiver)
            && let Some(Expr::Path(function)) = call.args.first()
        {
            self.call(&function.path);
        }
    }
}

impl Walk<'_> {
    fn taint_place(&mut self, place: &Expr) {
        struct Names<'s>(&'s mut HashSet<String>);
        impl<'ast> Visit<'ast> for Names<'_> {
            fn visit_path(&mut self, path: &'ast syn::Path) {
                self.0.extend(path.get_ident().map(ToString::to_string));
            }
        }
        if matches!(place, Expr::Path(_) | Expr::Tuple(_) | Expr::Paren(_)) {
            Names(&mut self.tainted).visit_expr(place);
        }
    }
}

/// A path without its generic arguments, as a key.
pub fn path_text(path: &syn::Path) -> String {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = syn::PathArguments::None;
    }
    path.to_token_stream().to_string()
}
