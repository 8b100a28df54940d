//! How a body uses a parameter whose type is known by its name only.
//!
//! `Params` may be a struct of numbers under `#[derive(Differentiable)]`, `Mode` an enum that the
//! body matches on; a macro cannot ask which. So the body tells: what is only matched, compared,
//! cast or printed is a constant, anything else is data.

use super::macros::Repeated;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, Pat, Token};

/// Whether the body uses one of the names as data. `ty` is the last name of the type's path.
pub(super) fn is_data(block: &syn::Block, names: &[String], ty: &str) -> bool {
    let mut uses = Uses { names, ty, found: false };
    uses.visit_block(block);
    uses.found
}

/// The same of an expression: the body of a closure.
pub(crate) fn is_data_in(expr: &Expr, names: &[String], ty: &str) -> bool {
    let mut uses = Uses { names, ty, found: false };
    uses.visit_expr(expr);
    uses.found
}

/// Whether a parameter's pattern itself takes it apart.
pub(super) fn is_destructured(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(pat) => pat.subpat.as_ref().is_some_and(|(_, pat)| is_destructured(pat)),
        Pat::Wild(_) | Pat::Rest(_) => false,
        Pat::Reference(pat) => is_destructured(&pat.pat),
        Pat::Paren(pat) => is_destructured(&pat.pat),
        Pat::Type(pat) => is_destructured(&pat.pat),
        _ => true,
    }
}

struct Uses<'n> {
    names: &'n [String],
    ty: &'n str,
    found: bool,
}

impl Uses<'_> {
    fn is_name(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|ident| self.names.iter().any(|n| ident == n))
            }
            Expr::Paren(inner) => self.is_name(&inner.expr),
            Expr::Group(inner) => self.is_name(&inner.expr),
            Expr::Reference(inner) => self.is_name(&inner.expr),
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) => self.is_name(expr),
            _ => false,
        }
    }

    /// What is asked about the parameter as a whole only.
    fn passive(&mut self, expr: &Expr) {
        if !self.is_name(expr) {
            self.visit_expr(expr);
        }
    }

    /// Whether a pattern takes a value of the parameter's type apart.
    fn takes_apart(&self, pat: &Pat) -> bool {
        let is_ours = |path: &syn::Path| {
            path.segments.last().is_some_and(|s| s.ident == self.ty || s.ident == "Self")
        };
        match pat {
            Pat::Struct(pat) => is_ours(&pat.path),
            Pat::TupleStruct(pat) => is_ours(&pat.path),
            Pat::Reference(pat) => self.takes_apart(&pat.pat),
            Pat::Paren(pat) => self.takes_apart(&pat.pat),
            Pat::Guard(pat) => self.takes_apart(&pat.pat),
            Pat::Tuple(_) | Pat::Slice(_) => true,
            _ => false,
        }
    }
}

/// Macros that make a value of their arguments; the others print, compare or panic.
const MAKERS: &[&str] = &["vec", "array", "stack", "concatenate", "dbg"];

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if !mac
            .path
            .segments
            .last()
            .is_some_and(|last| MAKERS.iter().any(|name| last.ident == name))
        {
            return;
        }
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        let args = match mac.parse_body::<Repeated>() {
            Ok(Repeated(of, count)) => vec![of, count],
            Err(_) => mac.parse_body_with(list).into_iter().flatten().collect(),
        };
        self.found |= args.iter().any(|arg| is_data_in(arg, self.names, self.ty));
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Match(matched) => {
                if !matched.arms.iter().any(|arm| self.takes_apart(&arm.pat)) {
                    self.passive(&matched.expr);
                } else {
                    self.visit_expr(&matched.expr);
                }
                matched.arms.iter().for_each(|arm| self.visit_arm(arm));
            }
            Expr::Let(binding) if !self.takes_apart(&binding.pat) => self.passive(&binding.expr),
            Expr::Binary(binary) if matches!(binary.op, syn::BinOp::Eq(_) | syn::BinOp::Ne(_)) => {
                self.passive(&binary.left);
                self.passive(&binary.right);
            }
            Expr::Cast(cast) => self.passive(&cast.expr),
            Expr::MethodCall(call) => {
                let method = call.method.to_string();
                if method.starts_with("is_") || method == "to_string" || method == "as_str" {
                    self.passive(&call.receiver);
                } else {
                    self.visit_expr(&call.receiver);
                }
                call.args.iter().for_each(|arg| self.visit_expr(arg));
            }
            expr if self.is_name(expr) => self.found = true,
            expr => visit::visit_expr(self, expr),
        }
    }
}
