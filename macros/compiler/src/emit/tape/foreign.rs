//! Values of the user's own types that are changed: other names for them and for places in them,
//! and the code that changes them, which stays as it is written.

use super::names::Names;
use super::passive::{STD_METHODS, is_place};
use super::rewrite::{Rewrite, lifted};
use crate::parse::{is_compound, names_of};
use quote::format_ident;
use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{Expr, Member, parse_quote};

/// Methods of std and `ndarray` that change what they are called on, beside those in `_mut`.
const CHANGING: &[&str] = &[
    "append",
    "assign",
    "clear",
    "clone_from_slice",
    "copy_from_slice",
    "dedup",
    "drain",
    "extend",
    "extend_from_slice",
    "fill",
    "fill_with",
    "get_or_insert",
    "get_or_insert_with",
    "insert",
    "map_inplace",
    "mapv_inplace",
    "pop",
    "push",
    "remove",
    "replace",
    "resize",
    "retain",
    "reverse",
    "rotate_left",
    "rotate_right",
    "scaled_add",
    "sort",
    "sort_by",
    "sort_by_key",
    "sort_unstable_by",
    "split_off",
    "swap",
    "swap_remove",
    "swap_with_slice",
    "take",
    "truncate",
    "zip_mut_with",
];

/// Whether a method of std's or `ndarray`'s changes what it is called on, or hands it out for that.
fn changes(method: &syn::Ident) -> bool {
    let method = method.to_string();
    method.ends_with("_mut") || CHANGING.contains(&method.as_str())
}

/// The name of the variable that a place is in.
fn root(place: &Expr) -> Option<String> {
    match place {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(inner) => root(&inner.expr),
        Expr::Unary(inner) => root(&inner.expr),
        Expr::Reference(inner) => root(&inner.expr),
        Expr::MethodCall(call) => root(&call.receiver),
        _ => None,
    }
}

impl Names {
    /// Whether an expression hangs on a value that certainly is of the user's own type: only such
    /// have fields with names.
    pub(super) fn is_foreign(&self, expr: &Expr) -> bool {
        fn named(expr: &Expr) -> Option<&Expr> {
            match expr {
                Expr::Field(field) => match &field.member {
                    Member::Named(_) => Some(&field.base),
                    Member::Unnamed(_) => named(&field.base),
                },
                Expr::Index(index) => named(&index.expr),
                Expr::MethodCall(call) => named(&call.receiver),
                Expr::Paren(inner) => named(&inner.expr),
                Expr::Reference(inner) => named(&inner.expr),
                Expr::Unary(inner) => named(&inner.expr),
                _ => None,
            }
        }
        Names::hangs_on(expr, &self.foreign)
            || named(expr).is_some_and(|base| Names::hangs_on(base, &self.perhaps_foreign))
    }

    /// What may be a user's own value and has fields with names that the body changes certainly is
    /// one.
    pub(super) fn changed(&mut self, block: &syn::Block) {
        struct Changed<'n>(&'n Names, Vec<String>);
        impl Changed<'_> {
            fn place(&mut self, place: &Expr) {
                if self.0.is_foreign(place) {
                    self.1.extend(root(place));
                }
            }
        }
        impl<'ast> Visit<'ast> for Changed<'_> {
            fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
                self.place(&assign.left);
                visit::visit_expr_assign(self, assign);
            }

            fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
                if is_compound(&binary.op) {
                    self.place(&binary.left);
                }
                visit::visit_expr_binary(self, binary);
            }

            fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
                if reference.mutability.is_some() {
                    self.place(&reference.expr);
                }
                visit::visit_expr_reference(self, reference);
            }

            fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
                if changes(&call.method) {
                    self.place(&call.receiver);
                }
                visit::visit_expr_method_call(self, call);
            }
        }
        let mut changed = Changed(self, vec![]);
        changed.visit_block(block);
        let names = changed.1;
        self.foreign.extend(names);
    }

    /// Whether an expression is a user's own value as a whole, or a copy of one.
    pub(super) fn is_whole(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(_) => Names::hangs_on(expr, &self.foreign),
            Expr::Paren(inner) => self.is_whole(&inner.expr),
            Expr::Reference(inner) => self.is_whole(&inner.expr),
            Expr::MethodCall(call) => {
                matches!(call.method.to_string().as_str(), "clone" | "to_owned")
                    && self.is_whole(&call.receiver)
            }
            _ => false,
        }
    }

    /// A pattern on something by which a user's own value may be changed.
    pub(super) fn another_name(&mut self, pat: &syn::Pat, value: &Expr) {
        if self.hands_out(value) {
            self.all_foreign(pat);
        }
    }

    /// The pattern of a loop over something by which a user's own value may be changed.
    pub(super) fn each(&mut self, pat: &syn::Pat, iterator: &Expr) {
        let part = |k: usize| match pat {
            syn::Pat::Tuple(tuple) => tuple.elems.get(k),
            _ => None,
        };
        match iterator {
            Expr::Paren(inner) => self.each(pat, &inner.expr),
            Expr::MethodCall(call) => match call.method.to_string().as_str() {
                "rev" | "skip" | "take" | "step_by" | "into_iter" | "by_ref" => {
                    self.each(pat, &call.receiver);
                }
                "enumerate" => part(1).into_iter().for_each(|pat| self.each(pat, &call.receiver)),
                "zip" => {
                    let parts = [(part(0), Some(&*call.receiver)), (part(1), call.args.first())];
                    for (pat, iterator) in parts {
                        if let (Some(pat), Some(iterator)) = (pat, iterator) {
                            self.each(pat, iterator);
                        }
                    }
                }
                _ => self.another_name(pat, iterator),
            },
            _ => self.another_name(pat, iterator),
        }
    }

    fn all_foreign(&mut self, pat: &syn::Pat) {
        let mut bound = Vec::new();
        names_of(pat, &mut bound);
        self.foreign.extend(bound);
    }

    /// Whether an expression is a `&mut` into a user's own value, or made of such.
    fn hands_out(&self, value: &Expr) -> bool {
        match value {
            Expr::Paren(inner) => self.hands_out(&inner.expr),
            Expr::Reference(reference) => {
                reference.mutability.is_some() && self.is_foreign(&reference.expr)
            }
            Expr::MethodCall(call) => {
                (call.method.to_string().ends_with("_mut") && self.is_foreign(&call.receiver))
                    || self.hands_out(&call.receiver)
            }
            _ => false,
        }
    }
}

impl Rewrite<'_> {
    /// A statement that changes a user's own value, as it stands.
    pub(super) fn change_of_foreign(&mut self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Assign(assign) if self.names.is_foreign(&assign.left) => {
                Some(self.passive_statement(expr))
            }
            Expr::Binary(binary)
                if is_compound(&binary.op) && self.names.is_foreign(&binary.left) =>
            {
                Some(self.passive_statement(expr))
            }
            Expr::MethodCall(call)
                if changes(&call.method)
                    && is_place(&call.receiver)
                    && self.names.is_foreign(&call.receiver) =>
            {
                Some(self.passive(expr))
            }
            // A function on variables has no place in plain values to change.
            Expr::Call(call) if call.args.iter().any(|arg| self.is_changed(arg)) => {
                Some(self.passive(expr))
            }
            _ => None,
        }
    }

    /// What a `let` holds on to, if that is made of a list in a user's own value, as
    /// `let it = body.trail.iter();`: its constants, ahead of the statement.
    pub(super) fn held(&mut self, stmt: &mut syn::Stmt) -> Option<syn::Stmt> {
        let syn::Stmt::Local(local) = stmt else { return None };
        let init = local.init.as_mut().filter(|_| local.attrs.is_empty())?;
        let (mut receiver, mut is_std) = (&mut *init.expr, false);
        while let Expr::MethodCall(call) = receiver {
            is_std = STD_METHODS.contains(&call.method.to_string().as_str());
            receiver = &mut *call.receiver;
        }
        let is_list = matches!(receiver, Expr::Field(_) | Expr::Index(_))
            && is_place(receiver)
            && self.names.is_foreign(receiver);
        if !is_list || !is_std {
            return None;
        }
        let name = format_ident!("__held_{}", self.held);
        self.held += 1;
        self.visit_expr_mut(receiver);
        let held = std::mem::replace(receiver, parse_quote!(#name));
        Some(parse_quote!(let #name = #held;))
    }

    /// Whether an argument is a `&mut` into a user's own value.
    fn is_changed(&self, arg: &Expr) -> bool {
        matches!(arg, Expr::Reference(reference)
            if reference.mutability.is_some() && self.names.is_foreign(&reference.expr))
    }

    /// What another name for a place in a user's own value stands for: `*t`.
    pub(super) fn behind(&self, expr: &Expr) -> Option<Expr> {
        let Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr: inner, .. }) = expr else {
            return None;
        };
        let is_name = matches!(&**inner, Expr::Path(_));
        (is_name && self.names.is_foreign(inner)).then(|| lifted(expr))
    }
}
