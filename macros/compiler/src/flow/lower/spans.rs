//! Where an expression stands.
//!
//! `syn` prints an expression to find its first token and its last: of a loop its whole body, and of
//! each expression in it again. Here only the way to those two tokens is gone.

use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned as Printed;

/// What has a place in the source.
pub(super) trait Spanned {
    /// From its first token to its last.
    fn span(&self) -> Span;
}

impl Spanned for Expr {
    fn span(&self) -> Span {
        let (first, last) = ends(self);
        first.join(last).unwrap_or(first)
    }
}

macro_rules! printed {
    ($($of:ty)*) => {$(
        impl Spanned for $of {
            fn span(&self) -> Span {
                Printed::span(self)
            }
        }
    )*};
}
printed! {
    syn::ExprRepeat syn::ExprReference syn::ExprRange syn::Pat syn::Lit syn::ExprArray
    syn::ExprCall syn::ExprIndex
}

impl Spanned for syn::Path {
    fn span(&self) -> Span {
        match self.get_ident() {
            Some(ident) => ident.span(),
            None => Printed::span(self),
        }
    }
}

impl Spanned for syn::ExprPath {
    fn span(&self) -> Span {
        match self.attrs.is_empty() && self.qself.is_none() {
            true => Spanned::span(&self.path),
            false => Printed::span(self),
        }
    }
}

impl Spanned for syn::ExprUnary {
    fn span(&self) -> Span {
        let (first, last) = of_unary(self);
        first.join(last).unwrap_or(first)
    }
}

fn of_unary(of: &syn::ExprUnary) -> (Span, Span) {
    let first = match &of.op {
        syn::UnOp::Deref(star) => star.span,
        syn::UnOp::Not(not) => not.span,
        syn::UnOp::Neg(minus) => minus.span,
        _ => return (Printed::span(of), Printed::span(of)),
    };
    match of.attrs.is_empty() {
        true => (first, ends(&of.expr).1),
        false => (Printed::span(of), Printed::span(of)),
    }
}

/// The first token and the last.
fn ends(expr: &Expr) -> (Span, Span) {
    let whole = |span: Span| (span, span);
    match expr {
        Expr::Binary(of) if of.attrs.is_empty() => (ends(&of.left).0, ends(&of.right).1),
        Expr::Assign(of) if of.attrs.is_empty() => (ends(&of.left).0, ends(&of.right).1),
        Expr::Index(of) if of.attrs.is_empty() => (ends(&of.expr).0, of.bracket_token.span.join()),
        Expr::MethodCall(of) if of.attrs.is_empty() => {
            (ends(&of.receiver).0, of.paren_token.span.join())
        }
        Expr::Call(of) if of.attrs.is_empty() => (ends(&of.func).0, of.paren_token.span.join()),
        Expr::Paren(of) if of.attrs.is_empty() => whole(of.paren_token.span.join()),
        Expr::Tuple(of) if of.attrs.is_empty() => whole(of.paren_token.span.join()),
        Expr::Array(of) if of.attrs.is_empty() => whole(of.bracket_token.span.join()),
        Expr::Lit(of) if of.attrs.is_empty() => whole(of.lit.span()),
        Expr::Field(of) if of.attrs.is_empty() => {
            let last = match &of.member {
                syn::Member::Named(name) => name.span(),
                syn::Member::Unnamed(index) => index.span,
            };
            (ends(&of.base).0, last)
        }
        Expr::ForLoop(of) if of.attrs.is_empty() && of.label.is_none() => {
            (of.for_token.span, of.body.brace_token.span.join())
        }
        Expr::While(of) if of.attrs.is_empty() && of.label.is_none() => {
            (of.while_token.span, of.body.brace_token.span.join())
        }
        Expr::Loop(of) if of.attrs.is_empty() && of.label.is_none() => {
            (of.loop_token.span, of.body.brace_token.span.join())
        }
        Expr::If(of) if of.attrs.is_empty() => {
            let last = match &of.else_branch {
                Some((_, other)) => ends(other).1,
                None => of.then_branch.brace_token.span.join(),
            };
            (of.if_token.span, last)
        }
        Expr::Block(of) if of.attrs.is_empty() && of.label.is_none() => {
            whole(of.block.brace_token.span.join())
        }
        Expr::Path(of) => whole(Spanned::span(of)),
        Expr::Unary(of) => of_unary(of),
        other => whole(Printed::span(other)),
    }
}
