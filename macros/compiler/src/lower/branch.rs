//! Conditions on elements: comparisons are masks, an `if` computes both arms and selects.
//!
//! The arm that is not taken contributes nothing, not even NaN: the selection passes a cotangent to
//! one arm only, and what an arm reads from outside goes through `enter`, whose cotangent is
//! dropped, whatever it is, where the arm is not taken.
//! An arm must therefore do nothing but arithmetic on floats: whatever could panic, or have an
//! effect, would do so for all elements.

use super::text::text;
use super::{Lowerer, Ref, Val};
use crate::ir::{Kind, Op};
use crate::primitives::{self, Prim};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{BinOp, Expr};

/// An arm that is being lowered.
pub(super) struct Arm {
    /// Where it is taken.
    mask: Ref,
    /// How many scopes there were before it.
    depth: usize,
    /// How many frames there were before it.
    frames: usize,
}

impl Lowerer<'_> {
    /// A comparison, or `&&` and `||`.
    pub(super) fn condition(&mut self, binary: &syn::ExprBinary) -> Option<Val> {
        if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) {
            let (left, right) = (self.mask(&binary.left), self.mask(&binary.right));
            let row = match binary.op {
                BinOp::And(_) => &primitives::MIN,
                _ => &primitives::MAX,
            };
            return self.of_masks(row, left?, right?, binary.span());
        }
        let (left, right) = (self.operand(&binary.left), self.operand(&binary.right));
        let (left, right) = (left?, right?);
        if self.elems.is_int(&self.elem(left)) || self.elems.is_int(&self.elem(right)) {
            return self.error(binary, "only floats can be compared in functions of `ndarray` arrays so far: cast the integers, `n as f64`");
        }
        let (row, swapped, negated): (Prim, bool, bool) = match binary.op {
            BinOp::Lt(_) => (&primitives::LESS, false, false),
            BinOp::Gt(_) => (&primitives::LESS, true, false),
            BinOp::Le(_) => (&primitives::AT_MOST, false, false),
            BinOp::Ge(_) => (&primitives::AT_MOST, true, false),
            BinOp::Eq(_) => (&primitives::EQUAL, false, false),
            _ => (&primitives::EQUAL, false, true),
        };
        let (a, b) = (text(&binary.left), text(&binary.right));
        let args = match swapped {
            false => [(left, a.as_str()), (right, b.as_str())],
            true => [(right, b.as_str()), (left, a.as_str())],
        };
        let mask = self.elementwise(row, &args, false, binary.span())?;
        if self.own_rank(mask) > 0 {
            return self.error(
                binary,
                "arrays cannot be compared: compare elements, in the closure of a `mapv`",
            );
        }
        Some(Val::Mask(if negated { self.negated(mask, binary.span())? } else { mask }))
    }

    /// `x.is_nan()` and the like; nothing if it is no condition.
    pub(super) fn condition_method(
        &mut self,
        name: &str,
        of: Ref,
        span: Span,
    ) -> Option<Option<Val>> {
        let mask = match name {
            "is_nan" => {
                let same =
                    self.elementwise(&primitives::EQUAL, &[(of, ""), (of, "")], false, span)?;
                self.negated(same, span)?
            }
            "is_finite" | "is_infinite" => {
                // `x - x` is 0 where `x` is finite, and NaN elsewhere.
                let off = self.elementwise(&primitives::SUB, &[(of, ""), (of, "")], false, span)?;
                let finite =
                    self.elementwise(&primitives::EQUAL, &[(off, ""), (off, "")], false, span)?;
                if name == "is_finite" {
                    finite
                } else {
                    let number =
                        self.elementwise(&primitives::EQUAL, &[(of, ""), (of, "")], false, span)?;
                    let other = self.negated(finite, span)?;
                    let both = [(number, ""), (other, "")];
                    self.elementwise(&primitives::MIN, &both, false, span)?
                }
            }
            _ => return Some(None),
        };
        Some(Some(Val::Mask(mask)))
    }

    /// `!mask`
    pub(super) fn negated(&mut self, mask: Ref, span: Span) -> Option<Ref> {
        let one = crate::ir::Literal::Float(1.0, None);
        let one = self.constant(one, self.elem(mask), span);
        self.elementwise(&primitives::SUB, &[(one, ""), (mask, "")], false, span)
    }

    /// The condition that an expression is.
    pub(super) fn mask(&mut self, expr: &Expr) -> Option<Ref> {
        match self.expr(expr)? {
            Val::Mask(mask) => Some(mask),
            Val::Opaque(what) if what.is_empty() => None,
            _ => self.error(expr, "a comparison of floats is expected here: `x > 0.0`"),
        }
    }

    /// Masks of different floats are made one.
    fn of_masks(&mut self, row: Prim, left: Ref, right: Ref, span: Span) -> Option<Val> {
        let elem = self.elem(left);
        let right = match self.elems.unify(&elem, &self.elem(right)) {
            true => right,
            false => self.cast(right, elem, span),
        };
        Some(Val::Mask(self.elementwise(row, &[(left, ""), (right, "")], false, span)?))
    }

    /// `if` on elements: both arms are computed, and one selected.
    pub(super) fn if_expr(&mut self, branch: &syn::ExprIf) -> Option<Val> {
        if self.context.is_empty() {
            return self.refused(&Expr::If(branch.clone()));
        }
        if let Expr::Let(pattern) = &*branch.cond {
            return self.error(pattern, "`if let` is not supported in functions of `ndarray` arrays yet: compare floats, `if x > 0.0`");
        }
        let Some((_, otherwise)) = &branch.else_branch else {
            return self.error(branch, "an `if` on elements must have a value: add an `else`");
        };
        let mask = self.mask(&branch.cond)?;
        let span = branch.span();
        let other = self.negated(mask, span)?;
        let then = self.arm(mask, |this| this.block(&branch.then_branch), span);
        let otherwise = self.arm(other, |this| this.expr(otherwise), span);
        self.selected(mask, then?, otherwise?, span)
    }

    fn selected(&mut self, mask: Ref, then: Val, otherwise: Val, span: Span) -> Option<Val> {
        match (then, otherwise) {
            (Val::Ref(a), Val::Ref(b)) => {
                let elem = self.elem(a);
                if !self.elems.unify(&elem, &self.elem(b)) || self.elems.is_int(&elem) {
                    return self
                        .error(span, "the arms of an `if` on elements must be floats of one type");
                }
                let mask = match self.elems.unify(&self.elem(mask), &elem) {
                    true => mask,
                    false => self.cast(mask, elem, span),
                };
                let args = [(mask, ""), (a, ""), (b, "")];
                Some(Val::Ref(self.elementwise(&primitives::SELECT, &args, false, span)?))
            }
            (Val::Mask(a), Val::Mask(b)) => {
                let (Val::Mask(a), Val::Mask(b)) =
                    (self.of_masks(&primitives::MIN, mask, a, span)?, {
                        let other = self.negated(mask, span)?;
                        self.of_masks(&primitives::MIN, other, b, span)?
                    })
                else {
                    return None;
                };
                self.of_masks(&primitives::MAX, a, b, span)
            }
            (Val::Tuple(a), Val::Tuple(b)) if a.len() == b.len() => {
                let parts = a.into_iter().zip(b);
                let parts: Option<Vec<Val>> =
                    parts.map(|(a, b)| self.selected(mask, a, b, span)).collect();
                Some(Val::Tuple(parts?))
            }
            _ => self.error(span, "the arms of an `if` on elements must be floats of one type"),
        }
    }

    /// Lowers an arm. What could panic or have an effect is refused, since it would be computed
    /// for all elements.
    fn arm(
        &mut self,
        mask: Ref,
        body: impl FnOnce(&mut Self) -> Option<Val>,
        span: Span,
    ) -> Option<Val> {
        // Within another arm it is taken where that one is, too.
        let mask = match self.arms.last().map(|arm| arm.mask) {
            None => mask,
            Some(outer) => match self.of_masks(&primitives::MIN, outer, mask, span)? {
                Val::Mask(both) => both,
                _ => return None,
            },
        };
        let (checks, first) = (self.program.checks.len(), self.program.body.len());
        let (depth, frames) = (self.frame().scopes.len(), self.frames.len());
        self.arms.push(Arm { mask, depth, frames });
        let captured = std::mem::replace(&mut self.frame_mut().captured, depth);
        let result = body(self);
        self.frame_mut().captured = captured;
        self.arms.pop();
        let program = &self.program;
        let effects = program.body[first..].iter().any(|stmt| match &stmt.kind {
            Kind::Map { op: Op::Foreign(k), args } => {
                !args.is_empty() || program.foreign[*k].source.to_string().contains('(')
            }
            Kind::Map { op: Op::Prim(_), .. } => self.elems.is_int(&program.value(stmt.dst).elem),
            _ => false,
        });
        if effects || program.checks.len() > checks {
            return self.error(span, "an arm of an `if` on elements can compute with floats only, since it is computed for all elements: do all else ahead of the `mapv`");
        }
        result
    }

    /// What a variable bound outside the arms is within them.
    pub(super) fn entered(&mut self, val: Val, scope: usize, span: Span) -> Option<Val> {
        match val {
            Val::Ref(r) => Some(Val::Ref(self.entered_ref(r, scope, span)?)),
            Val::Tuple(vals) => {
                let vals = vals.into_iter().map(|val| self.entered(val, scope, span));
                Some(Val::Tuple(vals.collect::<Option<_>>()?))
            }
            Val::Struct(fields) => {
                let fields = fields.into_iter();
                let fields =
                    fields.map(|(name, val)| Some((name, self.entered(val, scope, span)?)));
                Some(Val::Struct(fields.collect::<Option<_>>()?))
            }
            Val::Option(val, array, dims) => {
                let val = self.entered(*val, scope, span)?;
                Some(Val::Option(Box::new(val), array, dims))
            }
            other => Some(other),
        }
    }

    fn entered_ref(&mut self, r: Ref, scope: usize, span: Span) -> Option<Ref> {
        let entered = self.arms.last().is_some_and(|arm| {
            // What an inlined function binds, it binds within the arm.
            arm.frames == self.frames.len() && scope < arm.depth
        });
        let elem = self.elem(r);
        if !entered || self.elems.is_int(&elem) {
            return Some(r);
        }
        let Some(mask) = self.arms.last().map(|arm| arm.mask) else {
            return Some(r);
        };
        let mask = match self.elems.unify(&self.elem(mask), &elem) {
            true => mask,
            false => self.cast(mask, elem, span),
        };
        // Along axes of its own it is an array's, of which every element may be read.
        if self.own_rank(r) > 0 {
            return self.error(span, "an array cannot be used in an arm of an `if` on elements: compute with it ahead of the `if`");
        }
        self.elementwise(&primitives::ENTER, &[(mask, ""), (r, "")], false, span)
    }
}
