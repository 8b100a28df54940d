//! Which functions a body calls with differentiable arguments.

use super::known::{STD_MACROS, is_known_function, is_std_function};
use super::structs::{signature_paths, struct_paths};
use super::taint::{Taint, is_assigning};
use crate::flow::DERIVATIVES;
use crate::flow::lower::{azip_chain, makes_array};
use crate::hash::HashSet;
use crate::parse::{Function, names_of};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, Token};

/// How often the body of a loop is looked at before it counts as known.
const LOOKS: usize = 8;

/// The paths of the annotated functions and structs whose sources a function needs: each path
/// once, without generic arguments, in order.
pub fn callee_paths(function: &Function) -> Vec<syn::Path> {
    if function.options.derivative.rule().is_some() {
        return signature_paths(function);
    }
    if !NamesSomething::is_true_of(&function.item.block) {
        return signature_paths(function);
    }
    let walk = Walk::through(function);
    let Walk { mut paths, taint, .. } = walk;
    for path in struct_paths(function, &taint) {
        add_path(&mut paths, path);
    }
    paths
}

/// Whether a call in the function's body has a differentiable argument.
pub fn tainted_call(function: &Function, call: &ExprCall) -> bool {
    let walk = Walk::through(function);
    call.args.iter().any(|arg| walk.taint.is_mentioned(arg))
}

/// A path without its generic arguments, as a key.
pub fn path_text(path: &syn::Path) -> String {
    plain(path).to_token_stream().to_string()
}

/// A path without its generic arguments.
pub(super) fn plain(path: &syn::Path) -> syn::Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = syn::PathArguments::None;
    }
    path
}

/// Adds a path that is not there yet.
pub(crate) fn add_path(paths: &mut Vec<syn::Path>, path: syn::Path) {
    let path = plain(&path);
    if !paths.contains(&path) {
        paths.push(path);
    }
}

/// Whether a body may name functions or structs at all: most of what is long does not.
struct NamesSomething(bool);

impl NamesSomething {
    fn is_true_of(block: &syn::Block) -> bool {
        let mut visit = NamesSomething(false);
        visit.visit_block(block);
        visit.0
    }
}

impl<'ast> Visit<'ast> for NamesSomething {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Call(_) | Expr::Struct(_) | Expr::Macro(_) => self.0 = true,
            Expr::Path(path) => self.0 |= path.path.get_ident().is_none(),
            Expr::MethodCall(call) => {
                self.0 |= call.turbofish.is_some()
                    || call.args.iter().any(|arg| matches!(arg, Expr::Path(_)));
                visit::visit_expr(self, expr);
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_pat(&mut self, pat: &'ast syn::Pat) {
        self.0 |= !matches!(
            pat,
            syn::Pat::Ident(_) | syn::Pat::Wild(_) | syn::Pat::Tuple(_) | syn::Pat::Type(_)
        );
        visit::visit_pat(self, pat);
    }

    fn visit_type(&mut self, ty: &'ast syn::Type) {
        let is_small = |name: &Ident| name.to_string().starts_with(char::is_lowercase);
        self.0 |=
            !matches!(ty, syn::Type::Path(path) if path.path.get_ident().is_some_and(is_small));
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {
        self.0 = true;
    }

    fn visit_macro(&mut self, _: &'ast syn::Macro) {
        self.0 = true;
    }
}

struct Walk<'f> {
    function: &'f Function,
    taint: Taint,
    /// Closures and inner functions: what is called by their names has no capsule.
    closures: HashSet<String>,
    /// The names of parameters: what is called by them is a function that was passed in.
    parameters: Vec<String>,
    /// All names that the body binds.
    locals: HashSet<String>,
    /// Whether this look is for the taint only.
    is_trial: bool,
    paths: Vec<syn::Path>,
}

impl<'f> Walk<'f> {
    /// A walk through the body. What memory holds is asked for without regard to when, as activity
    /// asks later: what is tainted at the end was so from the start.
    fn through(function: &'f Function) -> Self {
        let mut trial = Walk::new(function);
        trial.settle(|walk| walk.visit_block(&function.item.block));
        let mut walk = Walk::new(function);
        walk.taint.start_with(trial.taint);
        walk.visit_block(&function.item.block);
        walk
    }

    fn new(function: &'f Function) -> Self {
        let mut locals = Locals::default();
        function.params.iter().for_each(|param| locals.visit_pat(&param.pat));
        let parameters = locals.0.clone();
        locals.visit_block(&function.item.block);
        Walk {
            parameters,
            function,
            taint: Taint::of_parameters(function),
            closures: HashSet::default(),
            locals: locals.0.into_iter().collect(),
            is_trial: false,
            paths: vec![],
        }
    }

    fn call(&mut self, path: &syn::Path) {
        let local = path.get_ident().map(ToString::to_string);
        let own = self.function.name();
        let is_method = self.function.owner.is_some();
        let skip = |name: &String| {
            self.closures.contains(name)
                || self.parameters.contains(name)
                || (*name == own && !is_method)
                || STD_MACROS.contains(&name.as_str())
        };
        // `Line::at_rest(x)` is a function of the struct, which has no capsule of its own.
        let of_a_type = path
            .segments
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|segment| segment.ident.to_string().starts_with(char::is_uppercase));
        // `g::grad` has no capsule of its own: of the gradient that of `g` is asked for; of the
        // others lowering says what is wrong.
        if !self.function.options.derivative.is_by_tape()
            && let Some(of) = gradient_of(path)
        {
            self.call(&of);
            return;
        }
        let is_derivative = path.segments.len() > 1
            && path
                .segments
                .last()
                .is_some_and(|segment| DERIVATIVES.contains(&segment.ident.to_string().as_str()));
        // By the tape `g::<f64>(x)` is a call of a generic function, and a local name that of a
        // closure, wherever it comes from: no source is asked for.
        let of_variables = self.function.options.derivative.is_by_tape()
            && (path.segments.last().is_some_and(|segment| !segment.arguments.is_none())
                || local.as_ref().is_some_and(|name| self.locals.contains(name)));
        if self.is_trial
            || of_variables
            || of_a_type
            || is_derivative
            || local.as_ref().is_some_and(skip)
            || is_known_function(path, &self.function.floats)
            || makes_array(path)
            || is_std_function(path)
        {
            return;
        }
        add_path(&mut self.paths, path.clone());
    }

    /// The functions that are given by their names among the arguments of a call.
    fn by_name<'a>(&self, args: impl IntoIterator<Item = &'a Expr>) -> Vec<syn::Path> {
        let is_function = |path: &syn::Path| {
            path.segments.last().is_some_and(|segment| {
                segment.ident.to_string().starts_with(|c: char| c.is_lowercase() || c == '_')
            }) && !path.get_ident().is_some_and(|name| self.locals.contains(&name.to_string()))
        };
        let path = |arg: &Expr| match arg {
            Expr::Path(path) if path.qself.is_none() && is_function(&path.path) => {
                Some(path.path.clone())
            }
            _ => None,
        };
        args.into_iter().filter_map(path).collect()
    }

    /// Looks at the body of a loop until nothing more of it is tainted, then for the calls in it.
    fn body(&mut self, block: &syn::Block) {
        if !self.is_trial {
            self.settle(|walk| walk.visit_block(block));
        }
        self.visit_block(block);
    }

    /// Looks again and again, for the taint only, until nothing more is tainted.
    fn settle(&mut self, look: impl Fn(&mut Self)) {
        let is_trial = std::mem::replace(&mut self.is_trial, true);
        for _ in 0..LOOKS {
            let before = self.taint.count();
            look(self);
            if self.taint.count() == before {
                break;
            }
        }
        self.is_trial = is_trial;
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
        let is_constant = local.attrs.iter().any(|attr| attr.path().is_ident("constant"));
        if is_constant {
            // Taken as it stands.
            return;
        }
        visit::visit_local(self, local);
        let Some(init) = &local.init else { return };
        let (pat, ty) = match &local.pat {
            syn::Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        if let syn::Pat::Ident(pat) = pat
            && (is_function_value(&init.expr) || ty.is_some_and(is_function_type))
        {
            self.closures.insert(pat.ident.to_string());
        }
        self.taint.refer(pat, &init.expr);
        self.taint.bind(pat, &init.expr);
    }

    fn visit_expr_let(&mut self, binding: &'ast syn::ExprLet) {
        visit::visit_expr_let(self, binding);
        self.taint.bind(&binding.pat, &binding.expr);
    }

    fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
        self.visit_expr(&matched.expr);
        for arm in &matched.arms {
            self.taint.bind(&arm.pat, &matched.expr);
            self.visit_arm(arm);
        }
    }

    fn visit_expr_for_loop(&mut self, looped: &'ast syn::ExprForLoop) {
        self.visit_expr(&looped.expr);
        self.taint.refer(&looped.pat, &looped.expr);
        self.taint.bind_elements(&looped.pat, &looped.expr);
        self.body(&looped.body);
        self.taint.bind_elements(&looped.pat, &looped.expr);
    }

    fn visit_expr_while(&mut self, looped: &'ast syn::ExprWhile) {
        if !self.is_trial {
            // The condition sees what the body assigns.
            self.settle(|walk| {
                walk.visit_expr(&looped.cond);
                walk.visit_block(&looped.body);
            });
        }
        self.visit_expr(&looped.cond);
        self.body(&looped.body);
    }

    fn visit_expr_loop(&mut self, looped: &'ast syn::ExprLoop) {
        self.body(&looped.body);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        visit::visit_expr_assign(self, assign);
        if self.taint.is_tainted(&assign.right) {
            self.taint.assign(&assign.left, &assign.right);
        }
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        visit::visit_expr_binary(self, binary);
        if is_assigning(&binary.op) && self.taint.is_tainted(&binary.right) {
            self.taint.taint_place(&binary.left);
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        // What a closure is applied to is not known by its names alone.
        for input in &closure.inputs {
            self.taint.taint(input);
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let is_index = matches!(&*call.func, Expr::Path(function)
            if function.path.segments.last().is_some_and(|s| s.ident == "from_fn" || s.ident == "from_shape_fn"));
        self.visit_expr(&call.func);
        for arg in &call.args {
            match arg {
                // It is called with indices.
                Expr::Closure(closure) if is_index => self.visit_expr(&closure.body),
                arg => self.visit_expr(arg),
            }
        }
        if call.args.iter().any(|arg| self.taint.is_tainted(arg)) {
            if let Expr::Path(function) = &*call.func
                && function.qself.is_none()
            {
                self.call(&function.path);
            }
            self.by_name(&call.args).iter().for_each(|path| self.call(path));
            self.taint.change_arguments(call);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.visit_expr(&call.receiver);
        self.taint.bind_closures(call);
        for arg in &call.args {
            match arg {
                Expr::Closure(closure) => self.visit_expr(&closure.body),
                arg => self.visit_expr(arg),
            }
        }
        let by_name = self.by_name(&call.args);
        if !by_name.is_empty() && self.taint.is_tainted(&call.receiver) {
            by_name.iter().for_each(|path| self.call(path));
        }
        self.taint.change(call);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let Some(name) = mac.path.segments.last().map(|segment| segment.ident.to_string()) else {
            return;
        };
        match name.as_str() {
            "vec" | "array" | "concatenate" | "stack" => {
                vec_elements(mac).iter().for_each(|expr| self.visit_expr(expr));
            }
            "azip" => azip_chain(mac).iter().for_each(|expr| self.visit_expr(expr)),
            _ => {}
        }
    }
}

/// The `g` of `g::grad` and `g::value_and_grad`.
pub(crate) fn gradient_of(path: &syn::Path) -> Option<syn::Path> {
    let last = path.segments.last()?;
    if path.segments.len() < 2 || !(last.ident == "grad" || last.ident == "value_and_grad") {
        return None;
    }
    let segments = path.segments.iter().take(path.segments.len() - 1).cloned();
    Some(syn::Path { leading_colon: path.leading_colon, segments: segments.collect() })
}

/// Whether an expression is a closure or a function, so that what holds it is called by its own name.
fn is_function_value(expr: &Expr) -> bool {
    match expr {
        Expr::Closure(_) => true,
        Expr::Paren(inner) => is_function_value(&inner.expr),
        Expr::Reference(inner) => is_function_value(&inner.expr),
        Expr::Path(path) => is_known_function(&path.path, &[]) && path.path.segments.len() > 1,
        _ => false,
    }
}

fn is_function_type(ty: &syn::Type) -> bool {
    match crate::parse::strip(ty) {
        syn::Type::FnPtr(_) | syn::Type::TraitObject(_) | syn::Type::ImplTrait(_) => true,
        syn::Type::Reference(reference) => is_function_type(&reference.elem),
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|segment| {
            matches!(&segment.arguments, syn::PathArguments::AngleBracketed(list)
                if list.args.iter().any(|arg| matches!(arg, syn::GenericArgument::Type(ty) if is_function_type(ty))))
        }),
        _ => false,
    }
}

/// The expressions in a `vec![..]`.
fn vec_elements(mac: &syn::Macro) -> Vec<Expr> {
    let repeated = |input: syn::parse::ParseStream<'_>| {
        let element: Expr = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(vec![element, input.parse()?])
    };
    mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        .map(|list| list.into_iter().collect())
        .or_else(|_| mac.parse_body_with(repeated))
        .unwrap_or_default()
}

/// All names that are bound somewhere.
#[derive(Default)]
struct Locals(Vec<String>);

impl<'ast> Visit<'ast> for Locals {
    fn visit_pat(&mut self, pat: &'ast syn::Pat) {
        names_of(pat, &mut self.0);
    }
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
