//! Objects: variables of types that only rustc knows, which the user's code changes.

use super::Lowerer;
use super::looks::looks;
use super::scan::{self, Use};
use super::val::Val;
use crate::flow::ir::{Bind, By, Source, V};
use proc_macro2::{Ident, Span};
use quote::quote;
use syn::Expr;
use syn::visit::{self, Visit};

impl Lowerer<'_> {
    /// A Rust variable of its own, which the user's code changes by other means than assignment.
    pub(super) fn object(&mut self, from: V, name: &str, span: Span) -> V {
        let bind = Bind {
            name: Ident::new("__from", Span::call_site()),
            what: Source::Value(from),
            by: By::Value,
        };
        match self.opaque_tokens(quote!(__from), vec![bind], false, span) {
            Val::Scalar(v) => {
                let value = &mut self.program.values[v.0 as usize];
                value.object = true;
                value.name = name.to_string();
                v
            }
            _ => from,
        }
    }

    fn is_object(&self, id: usize) -> bool {
        matches!(self.vars[id].val, Val::Scalar(v) if self.program.of(v).object)
    }

    /// The variable that an expression names a part of, if that is an object.
    pub(super) fn object_named(&self, expr: &Expr) -> Option<Ident> {
        match expr {
            Expr::Path(path) => {
                let name = path.path.get_ident()?;
                self.is_object(self.lookup(&name.to_string())?).then(|| name.clone())
            }
            Expr::Index(index) => self.object_named(&index.expr),
            Expr::Field(field) => self.object_named(&field.base),
            Expr::Paren(inner) => self.object_named(&inner.expr),
            _ => None,
        }
    }

    /// The object into which an expression is a `&mut`, or is made of such.
    pub(super) fn object_handed_out(&self, expr: &Expr) -> Option<Ident> {
        match expr {
            Expr::Paren(inner) => self.object_handed_out(&inner.expr),
            Expr::Reference(reference) if reference.mutability.is_some() => {
                self.object_named(&reference.expr)
            }
            Expr::MethodCall(call) if call.method.to_string().ends_with("_mut") => {
                self.object_named(&call.receiver).or_else(|| self.object_handed_out(&call.receiver))
            }
            Expr::MethodCall(call) => self.object_handed_out(&call.receiver),
            _ => None,
        }
    }

    /// A loop or condition on places that an object hands out: as it stands, if it changes nothing
    /// else.
    pub(super) fn over_object(&mut self, expr: &Expr) -> Option<Val> {
        let (over, is_value) = match expr {
            Expr::ForLoop(of) => (&*of.expr, false),
            Expr::While(of) => (bound_in(&of.cond)?, false),
            Expr::If(of) => (bound_in(&of.cond)?, of.else_branch.is_some()),
            Expr::Match(of) => (&*of.expr, true),
            _ => return None,
        };
        let object = self.object_handed_out(over)?;
        let uses = scan::uses(expr);
        let changes_more = uses.names.iter().any(|(name, how)| {
            matches!(how, Use::Assigned | Use::Borrowed)
                && self.lookup(name).is_some_and(|id| !self.is_object(id))
        });
        if uses.leaves || changes_more {
            let message = format!(
                "this changes `{object}` by references to its parts, and does more than that; what `{object}` is made of chainrule does not know here: take the parts by their names and indices"
            );
            return Some(self.error(over, message));
        }
        Some(match is_value {
            true => self.opaque(expr),
            false => {
                self.opaque_statement(expr);
                Val::Unit
            }
        })
    }
}

/// What a condition takes apart by a pattern.
fn bound_in(cond: &Expr) -> Option<&Expr> {
    match cond {
        Expr::Let(of) => Some(&of.expr),
        Expr::Binary(binary) => bound_in(&binary.left).or_else(|| bound_in(&binary.right)),
        Expr::Paren(inner) => bound_in(&inner.expr),
        _ => None,
    }
}

/// Whether a variable is changed by other means than assignment: by `&mut`, or by a method.
pub(super) fn is_changed(block: &syn::Block, name: &str) -> bool {
    struct Changed<'n> {
        name: &'n str,
        found: bool,
    }
    impl Changed<'_> {
        fn is(&self, expr: &Expr) -> bool {
            match expr {
                Expr::Path(path) => path.path.is_ident(self.name),
                Expr::Index(index) => self.is(&index.expr),
                Expr::Field(field) => self.is(&field.base),
                Expr::Paren(inner) => self.is(&inner.expr),
                _ => false,
            }
        }
    }
    impl<'ast> Visit<'ast> for Changed<'_> {
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            let looks = looks(call);
            self.found |= !looks && self.is(&call.receiver);
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
            self.found |= reference.mutability.is_some() && self.is(&reference.expr);
            visit::visit_expr_reference(self, reference);
        }
        fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
            self.found |= !matches!(*assign.left, Expr::Path(_)) && self.is(&assign.left);
            visit::visit_expr_assign(self, assign);
        }
        fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
            let is_part = !matches!(*binary.left, Expr::Path(_)) && self.is(&binary.left);
            self.found |= is_part && crate::parse::is_compound(&binary.op);
            visit::visit_expr_binary(self, binary);
        }
    }
    let mut changed = Changed { name, found: false };
    changed.visit_block(block);
    changed.found
}
