//! Conditionals.

use super::Lowerer;
use super::spans::Spanned;
use super::val::Val;
use syn::{BinOp, Expr};

impl Lowerer<'_> {
    pub(super) fn if_expr(&mut self, of: &syn::ExprIf) -> Val {
        let span = of.if_token.span;
        let other = of.else_branch.as_ref().map(|(_, other)| &**other);
        let mut conds = Vec::new();
        conjuncts(&of.cond, &mut conds);
        let has_let = conds.iter().any(|cond| matches!(cond, Expr::Let(_)));
        if !has_let {
            let cond = self.expr(&of.cond);
            let cond = self.plain(cond, of.cond.span());
            return self.branch(
                cond,
                span,
                |this| this.block(&of.then_branch),
                |this| this.otherwise(other),
            );
        }
        self.scoped(|this| this.chain(&conds, of, other))
    }

    fn otherwise(&mut self, other: Option<&Expr>) -> Val {
        match other {
            Some(other) => self.expr(other),
            None => Val::Unit,
        }
    }

    /// `if a && let p = b && c { .. } else { .. }`, one condition after the other.
    fn chain(&mut self, conds: &[&Expr], of: &syn::ExprIf, other: Option<&Expr>) -> Val {
        let Some((first, rest)) = conds.split_first() else {
            return self.block(&of.then_branch);
        };
        let span = first.span();
        match first {
            Expr::Let(binding) => {
                let val = self.expr(&binding.expr);
                let cond = self.test(&binding.pat, &val);
                self.branch(
                    cond,
                    span,
                    |this| {
                        this.scoped(|this| {
                            this.bind_matched(&binding.pat, val);
                            this.chain(rest, of, other)
                        })
                    },
                    |this| this.otherwise(other),
                )
            }
            cond => {
                let cond = self.expr(cond);
                let cond = self.plain(cond, span);
                self.branch(
                    cond,
                    span,
                    |this| this.chain(rest, of, other),
                    |this| this.otherwise(other),
                )
            }
        }
    }

    pub(super) fn match_expr(&mut self, of: &syn::ExprMatch) -> Val {
        let val = self.expr(&of.expr);
        let val = match val {
            // What is matched on by value stays what it was.
            val @ Val::Place(..) => self.settled(val, of.expr.span()),
            val => val,
        };
        self.arms(&of.arms, &val)
    }

    fn arms(&mut self, arms: &[syn::Arm], val: &Val) -> Val {
        let Some((arm, rest)) = arms.split_first() else {
            return Val::Undef;
        };
        let span = arm.pat.span();
        let (pat, guard) = match &arm.pat {
            syn::Pat::Guard(of) => (&*of.pat, Some(&*of.guard)),
            pat => (pat, None),
        };
        // Patterns are exhaustive: the last one fits where no other did.
        let mut cond = match rest.is_empty() && guard.is_none() {
            true => Val::Bool(true),
            false => self.test(pat, val),
        };
        if let Some(guard) = guard {
            cond = self.branch(
                cond,
                span,
                |this| {
                    this.scoped(|this| {
                        this.bind_matched(pat, val.clone());
                        let val = this.expr(guard);
                        this.plain(val, guard.span())
                    })
                },
                |_| Val::Bool(false),
            );
        }
        self.branch(
            cond,
            span,
            |this| {
                this.scoped(|this| {
                    this.bind_matched(pat, val.clone());
                    this.expr(&arm.body)
                })
            },
            |this| this.arms(rest, val),
        )
    }
}

/// The conditions of `a && b && c`, in order.
fn conjuncts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Binary(syn::ExprBinary { op: BinOp::And(_), left, right, .. }) => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        Expr::Paren(inner) if !matches!(*inner.expr, Expr::Let(_)) => {
            // Inside parentheses there is no `let`.
            out.push(expr);
        }
        other => out.push(other),
    }
}
