//! What the user wrote, as rustc is to see it.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ImplItemFn, ItemFn};

/// Whether an item's text may have attributes inside it that are chainrule's own.
pub(crate) fn has_own_attributes(text: &str) -> bool {
    text.contains("constant") || text.contains("checkpoint")
}

/// The function without the attributes inside it that are chainrule's own.
pub(crate) fn plain_function(item: &ItemFn) -> ItemFn {
    let mut item = item.clone();
    Plain.visit_block_mut(&mut item.block);
    item
}

/// The same of a method, and without `#[differentiate(..)]` on it.
pub(crate) fn plain_method(method: &ImplItemFn) -> ImplItemFn {
    let mut method = method.clone();
    method.attrs.retain(|attr| !is_differentiate(attr));
    Plain.visit_block_mut(&mut method.block);
    method
}

/// Whether an attribute is `#[differentiate]`, by whatever path.
pub(crate) fn is_differentiate(attr: &syn::Attribute) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == "differentiate")
}

struct Plain;

impl Plain {
    fn strip(attrs: &mut Vec<syn::Attribute>) {
        attrs.retain(|attr| {
            !attr.path().is_ident("constant") && !attr.path().is_ident("checkpoint")
        });
    }
}

impl VisitMut for Plain {
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        Plain::strip(&mut local.attrs);
        visit_mut::visit_local_mut(self, local);
    }

    fn visit_stmt_macro_mut(&mut self, mac: &mut syn::StmtMacro) {
        Plain::strip(&mut mac.attrs);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::ForLoop(e) => Plain::strip(&mut e.attrs),
            Expr::While(e) => Plain::strip(&mut e.attrs),
            Expr::Loop(e) => Plain::strip(&mut e.attrs),
            Expr::Block(e) => Plain::strip(&mut e.attrs),
            Expr::If(e) => Plain::strip(&mut e.attrs),
            Expr::Match(e) => Plain::strip(&mut e.attrs),
            Expr::Call(e) => Plain::strip(&mut e.attrs),
            Expr::MethodCall(e) => Plain::strip(&mut e.attrs),
            Expr::Assign(e) => Plain::strip(&mut e.attrs),
            Expr::Binary(e) => Plain::strip(&mut e.attrs),
            _ => {}
        }
        visit_mut::visit_expr_mut(self, expr);
    }
}
