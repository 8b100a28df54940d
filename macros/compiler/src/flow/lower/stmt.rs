//! Blocks and statements.

use super::region::Live;
use super::spans::Spanned;
use super::val::{Closure, Held, Val};
use super::wanted::Wanted;
use super::{Lowerer, TargetKind};
use crate::flow::ir::{Init, Kind, Place};
use crate::parse::{Passing, Type};
use quote::{ToTokens, quote};
use std::rc::Rc;
use syn::{Expr, Item, Pat, Stmt};

impl Lowerer<'_> {
    /// The statements of a block in a scope of their own; the value of the last expression.
    pub(super) fn block(&mut self, block: &syn::Block) -> Val {
        self.scoped(|this| this.statements(&block.stmts))
    }

    pub(super) fn block_expr(&mut self, block: &syn::ExprBlock) -> Val {
        match &block.label {
            None => self.block(&block.block),
            Some(label) => {
                let label = label.name.ident.to_string();
                self.target(TargetKind::Block, Some(label), |this| this.block(&block.block))
            }
        }
    }

    pub(super) fn statements(&mut self, stmts: &[Stmt]) -> Val {
        // Items may be used before they stand.
        for stmt in stmts {
            if let Stmt::Item(item) = stmt {
                self.local_item(item);
            }
        }
        let mut last = Val::Unit;
        for (k, stmt) in stmts.iter().enumerate() {
            let is_last = k + 1 == stmts.len();
            last = match stmt {
                Stmt::Local(local) => {
                    self.local(local);
                    Val::Unit
                }
                Stmt::Item(_) => Val::Unit,
                Stmt::Expr(expr, semicolon) => {
                    if let (Some(_), Expr::MethodCall(call)) = (semicolon, expr) {
                        self.statement_call = std::ptr::from_ref(call) as usize;
                    }
                    let val = self.expr(expr);
                    self.never_silent(&val, expr.span());
                    match semicolon {
                        None if is_last => val,
                        _ if val.is_silent() => val,
                        _ => Val::Unit,
                    }
                }
                Stmt::Macro(of) => {
                    let val = self.macro_call(&of.mac, true);
                    match of.semi_token {
                        None if is_last => val,
                        _ if val.is_silent() => val,
                        _ => Val::Unit,
                    }
                }
            };
        }
        if self.is_gone() { Val::Never } else { last }
    }

    fn local(&mut self, local: &syn::Local) {
        let mut constant = false;
        for attr in &local.attrs {
            if attr.path().is_ident("constant") {
                constant = true;
            } else if attr.path().is_ident("checkpoint") {
                self.error(
                    attr,
                    "`#[checkpoint]` goes on a loop: `#[checkpoint] for i in 0..n { .. }`",
                );
            }
        }
        let (pat, annotated) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        let Some(init) = &local.init else {
            self.declared_late(pat, annotated);
            return;
        };
        if constant {
            let val = self.constant_statement(&init.expr);
            self.bind_typed(pat, annotated, val);
            return;
        }
        let ty = annotated.and_then(|ty| self.written_type(ty));
        let val = match &ty {
            Some(ty) => self.expr_of_type(&init.expr, ty),
            // `let row = &TABLE[i];`: what it is made of shows where it is used.
            None if annotated.is_none() && matches!(&*init.expr, Expr::Reference(_)) => {
                self.expr_or_table(&init.expr)
            }
            None => self.asking(|this| {
                this.want_by_uses(pat, &init.expr);
                this.expr(&init.expr)
            }),
        };
        let Some((_, diverge)) = &init.diverge else {
            self.bind_typed(pat, annotated, val);
            return;
        };
        let cond = self.test(pat, &val);
        let span = pat.span();
        self.branch(
            cond,
            span,
            |_| Val::Unit,
            |this| {
                this.expr(diverge);
                this.leave(Live::Dead)
            },
        );
        self.matched = true;
        self.bind_typed(pat, annotated, val);
        self.matched = false;
    }

    /// `let x;`
    fn declared_late(&mut self, pat: &Pat, annotated: Option<&syn::Type>) {
        match pat {
            Pat::Ident(name) => {
                let mutable = name.mutability.is_some();
                let _ = annotated;
                self.declare(&name.ident.to_string(), Val::Undef, mutable);
            }
            other => {
                self.error(
                    other,
                    "a pattern without a value is not supported: bind the names one by one",
                );
            }
        }
    }

    /// `#[constant] let x = …;`
    fn constant_statement(&mut self, expr: &Expr) -> Val {
        let uses = super::scan::uses(expr);
        if uses.leaves {
            return self.error(
                expr,
                "control leaves this statement: `#[constant]` takes a plain expression",
            );
        }
        let Some(binds) = self.binds(&uses, expr.span()) else { return Val::Error };
        let foreign = self.is_foreign(&uses);
        let val = self.taken(expr.to_token_stream(), binds, false, foreign, expr.span());
        if let Val::Scalar(v) = val {
            self.program.constants.push(v);
        }
        val
    }

    fn bind_typed(&mut self, pat: &Pat, annotated: Option<&syn::Type>, mut val: Val) {
        if let Some(ty) = annotated.and_then(|ty| self.written_type(ty)) {
            let mutable = matches!(pat, Pat::Ident(name) if name.mutability.is_some());
            if let (false, Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)) = (mutable, &ty)
                && self.carries(&ty)
            {
                let reference = matches!(annotated, Some(syn::Type::Reference(_)));
                let passing = if reference { Passing::Shared } else { Passing::Value };
                val = self.as_memory(val, &ty, passing, pat.span());
            }
            self.expect_type(&val, &ty, pat.span());
            if let (Val::Scalar(v), Type::Constant(_) | Type::Struct(_)) = (&val, &ty)
                && !matches!(&ty, Type::Constant(name) if name == "bool")
            {
                self.is_a(*v, super::Slot::Other);
            }
        }
        if let (Val::Scalar(v), Some(ty)) = (&val, annotated)
            && !self.is_plain(*v)
        {
            self.program.written.push((*v, crate::parse::text_of(ty)));
        }
        self.bind(pat, val);
    }

    /// A type that stands in the body, if it is understood.
    pub(super) fn written_type(&mut self, ty: &syn::Type) -> Option<Type> {
        let ty = self.frame().function.type_of(ty)?;
        Some(self.resolved(&ty))
    }

    /// An expression whose type is known: literals of arrays take their elements' type from it.
    pub(super) fn expr_of_type(&mut self, expr: &Expr, ty: &Type) -> Val {
        match (expr, ty) {
            (Expr::MethodCall(call), _) if call.method == "collect" && call.turbofish.is_none() => {
                self.collect_call(call, Some(ty))
            }
            (Expr::MethodCall(call), Type::Float(_) | Type::Int(_))
                if matches!(call.method.to_string().as_str(), "sum" | "product") =>
            {
                let val = self.expr(expr);
                self.expect_type(&val, ty, expr.span());
                val
            }
            (Expr::Call(call), Type::Vec(of)) if is_vec_new(call) => {
                let val = self.expr(expr);
                if let Val::Place(place, Held::Fresh) = &val {
                    self.program.mems[place.mem.0 as usize].ty = Type::Vec(of.clone());
                }
                val
            }
            (Expr::Macro(mac), Type::Vec(of))
                if mac.mac.path.is_ident("vec") && mac.mac.tokens.is_empty() =>
            {
                let mem = self.memory("vec", Type::Vec(of.clone()), expr.span());
                self.emit(Kind::Alloc(mem, Init::Empty(None)), expr.span());
                Val::Place(Place::whole(mem), Held::Fresh)
            }
            _ => self.asking(|this| {
                this.want(expr, Wanted::Type(ty.clone()));
                this.expr(expr)
            }),
        }
    }

    /// An item inside the body.
    fn local_item(&mut self, item: &Item) {
        match item {
            Item::Const(of) => {
                self.program.items.push((of.ident.to_string(), of.to_token_stream()));
            }
            Item::Use(of) => {
                self.program.items.push((String::new(), of.to_token_stream()));
                let mut names = Vec::new();
                imported(&of.tree, &mut names);
                self.program
                    .items
                    .extend(names.into_iter().map(|name| (name, proc_macro2::TokenStream::new())));
            }
            Item::Fn(of) => {
                self.program.items.push((of.sig.ident.to_string(), of.to_token_stream()));
                self.local_function(of);
            }
            Item::Struct(of) => {
                self.program.items.push((of.ident.to_string(), of.to_token_stream()));
            }
            Item::Enum(of) => {
                self.program.items.push((of.ident.to_string(), of.to_token_stream()));
            }
            Item::Static(of) => {
                self.error(&of.static_token, "a `static` inside a differentiated function is not supported: its value would be lost to the derivative; use a `const`, or pass the value in");
            }
            other => {
                self.error(
                    other,
                    "this item is not supported inside a differentiated function: move it outside",
                );
            }
        }
    }

    /// A function inside the body is called like a closure that captures nothing.
    fn local_function(&mut self, of: &syn::ItemFn) {
        let sig = &of.sig;
        if !sig.generics.params.is_empty() || sig.asyncness.is_some() {
            return;
        }
        let inputs = &sig.inputs;
        let (output, block) = (&sig.output, &of.block);
        let closure = match output {
            syn::ReturnType::Default => quote!(|#inputs| #block),
            syn::ReturnType::Type(..) => quote!(|#inputs| #output #block),
        };
        let Ok(expr) = syn::parse2::<syn::ExprClosure>(closure) else { return };
        let frame = self.frame();
        let closure = Closure {
            expr,
            scopes: vec![],
            id: frame.id,
            elems: frame.elems.clone(),
            lengths: frame.lengths.clone(),
            outer: self.outer.clone(),
        };
        self.declare(&sig.ident.to_string(), Val::Closure(Rc::new(closure)), false);
    }

    /// Whether a name is that of an item inside the function's body.
    pub(super) fn is_item(&self, name: &str) -> bool {
        // What `use module::*` brings along is not known here: it may be anything.
        self.outer.is_none()
            && self.program.items.iter().any(|(item, _)| item == name || item == "*")
    }
}

/// The names that a `use` brings into scope.
fn imported(tree: &syn::UseTree, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => imported(&path.tree, names),
        syn::UseTree::Name(name) => names.push(name.ident.to_string()),
        syn::UseTree::Rename(renamed) => names.push(renamed.rename.to_string()),
        syn::UseTree::Glob(_) => names.push("*".to_string()),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| imported(tree, names)),
    }
}

fn is_vec_new(call: &syn::ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    let names: Vec<String> = path.path.segments.iter().map(|s| s.ident.to_string()).collect();
    matches!(&names[..], [vec, new] if vec == "Vec" && (new == "new" || new == "with_capacity"))
}
