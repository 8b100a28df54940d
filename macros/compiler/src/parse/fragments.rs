//! Expressions that a `macro_rules!` was passed as `$x:expr`: they come in groups without delimiters,
//! which are parentheses or nothing, so that what looks at expressions need not look into them. The
//! arguments of macros are tokens until a stage parses them, and still have such groups.

use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, token};

/// Writes groups out.
pub(super) fn ungroup(block: &mut Block) {
    Ungroup.visit_block_mut(block);
}

struct Ungroup;

impl VisitMut for Ungroup {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        while let Expr::Group(group) = expr {
            let inner = std::mem::replace(&mut *group.expr, Expr::PLACEHOLDER);
            *expr = match inner {
                bare @ (Expr::Path(_)
                | Expr::Lit(_)
                | Expr::Call(_)
                | Expr::MethodCall(_)
                | Expr::Field(_)
                | Expr::Index(_)
                | Expr::Array(_)
                | Expr::Tuple(_)
                | Expr::Paren(_)
                | Expr::Group(_)) => bare,
                inner => Expr::Paren(syn::ExprParen {
                    attrs: vec![],
                    paren_token: token::Paren(syn::spanned::Spanned::span(&inner)),
                    expr: Box::new(inner),
                }),
            };
        }
        visit_mut::visit_expr_mut(self, expr);
    }
}
