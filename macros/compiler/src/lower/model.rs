//! What model code wants and ndarray lacks: `chainrule::tensor::TensorExt`, in terms of what is there.

use super::text::text;
use super::{Lowerer, Ref, Val};
use crate::ir::Literal;
use crate::primitives::{self, Prim};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

impl Lowerer<'_> {
    /// The methods of `TensorExt`; `None` within if it is none of them.
    pub(super) fn model_method(
        &mut self,
        call: &ExprMethodCall,
        name: &str,
        x: Ref,
        x_text: &str,
    ) -> Option<Option<Val>> {
        let span = call.span();
        let args: Vec<&Expr> = call.args.iter().collect();
        let all: Vec<usize> = (0..self.own_rank(x)).collect();
        let result = match (name, args.as_slice()) {
            ("relu", []) => self.one(&primitives::RELU, x, span)?,
            ("sigmoid", []) => self.one(&primitives::SIGMOID, x, span)?,
            ("softplus", []) => self.one(&primitives::SOFTPLUS, x, span)?,
            ("silu", []) => {
                let gate = self.one(&primitives::SIGMOID, x, span)?;
                self.two(&primitives::MUL, x, gate, span)?
            }
            ("gelu", []) => self.gelu(x, span)?,
            ("leaky_relu", [slope]) => {
                let (of, slope_text) = (self.operand(slope)?, text(slope));
                if self.own_rank(of) != 0 {
                    return self.error(slope, "`leaky_relu` takes a float");
                }
                let args = [(x, x_text), (of, slope_text.as_str())];
                self.elementwise(&primitives::LEAKY_RELU, &args, false, span)?
            }
            ("softmax", [axis]) => {
                let axes = [self.axis(axis, all.len())?];
                let (e, sum, _) = self.shifted(x, &axes, span)?;
                let sum = self.along(sum, x, &axes, span);
                self.two(&primitives::DIV, e, sum, span)?
            }
            ("log_softmax", [axis]) => {
                let axes = [self.axis(axis, all.len())?];
                self.log_softmax(x, &axes, span)?
            }
            ("log_sum_exp", [axis]) => {
                let axes = [self.axis(axis, all.len())?];
                let (_, sum, shift) = self.shifted(x, &axes, span)?;
                let log = self.one(&primitives::LN, sum, span)?;
                self.two(&primitives::ADD, shift, log, span)?
            }
            ("norm_l1", []) => {
                let size = self.one(&primitives::ABS, x, span)?;
                self.sum("sum", size, &all, span)
            }
            ("norm_l2", []) => {
                let square = self.two(&primitives::MUL, x, x, span)?;
                let sum = self.sum("sum", square, &all, span);
                self.one(&primitives::ROOT, sum, span)?
            }
            ("cross_entropy", [targets]) => {
                let of = self.operand(targets)?;
                self.cross_entropy(x, x_text, of, &text(targets), span)?
            }
            _ => return Some(None),
        };
        Some(Some(Val::Ref(result)))
    }

    fn one(&mut self, row: Prim, x: Ref, span: Span) -> Option<Ref> {
        self.elementwise(row, &[(x, "")], false, span)
    }

    fn two(&mut self, row: Prim, x: Ref, y: Ref, span: Span) -> Option<Ref> {
        self.elementwise(row, &[(x, ""), (y, "")], false, span)
    }

    fn float_constant(&mut self, value: f64, like: Ref, span: Span) -> Ref {
        self.constant(Literal::Float(value, None), self.elem(like), span)
    }

    /// `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`
    fn gelu(&mut self, x: Ref, span: Span) -> Option<Ref> {
        let square = self.two(&primitives::MUL, x, x, span)?;
        let cubic = self.float_constant(0.044_715, x, span);
        let cubic = self.two(&primitives::MUL, cubic, square, span)?;
        let one = self.float_constant(1.0, x, span);
        let inner = self.two(&primitives::ADD, one, cubic, span)?;
        let inner = self.two(&primitives::MUL, x, inner, span)?;
        let scale = self.float_constant((2.0 / std::f64::consts::PI).sqrt(), x, span);
        let inner = self.two(&primitives::MUL, scale, inner, span)?;
        let tanh = self.one(&primitives::TANH, inner, span)?;
        let gate = self.two(&primitives::ADD, one, tanh, span)?;
        let half = self.float_constant(0.5, x, span);
        let half = self.two(&primitives::MUL, half, x, span)?;
        self.two(&primitives::MUL, half, gate, span)
    }

    /// `exp(x - m)`, its sum along some axes, and `m`, the greatest element along them.
    ///
    /// The result does not depend on `m`, so no derivative goes through it. Where it is infinite
    /// nothing is shifted: `exp(-∞)` is 0 as it stands.
    fn shifted(&mut self, x: Ref, axes: &[usize], span: Span) -> Option<(Ref, Ref, Ref)> {
        let greatest = self.greatest(x, axes, span);
        let shift = self.one(&primitives::FINITE_PART, greatest, span)?;
        let along = self.along(shift, x, axes, span);
        let off = self.two(&primitives::SUB, x, along, span)?;
        let e = self.one(&primitives::EXP, off, span)?;
        let sum = self.sum("sum", e, axes, span);
        Some((e, sum, shift))
    }

    fn log_softmax(&mut self, x: Ref, axes: &[usize], span: Span) -> Option<Ref> {
        let (_, sum, shift) = self.shifted(x, axes, span)?;
        let log = self.one(&primitives::LN, sum, span)?;
        let (shift, log) = (self.along(shift, x, axes, span), self.along(log, x, axes, span));
        let off = self.two(&primitives::SUB, x, shift, span)?;
        self.two(&primitives::SUB, off, log, span)
    }

    /// The mean over all but the last axis of `-Σ targets · log_softmax(x)` along the last one.
    ///
    /// As `ln Σ exp(x - m) · Σ targets - Σ targets · (x - m)`, row by row: what waits for the
    /// logarithm is one product for each row, so that the loop which sums the exponentials is the
    /// last one to read `x`. For targets that are not negative nothing cancels.
    fn cross_entropy(
        &mut self,
        x: Ref,
        x_text: &str,
        targets: Ref,
        targets_text: &str,
        span: Span,
    ) -> Option<Ref> {
        let rank = self.own_rank(x);
        if rank == 0 || self.own_rank(targets) != rank {
            return self.error(
                span,
                "`cross_entropy` takes an array of the same shape: the probability of each class",
            );
        }
        let own = self.own_shape(x);
        let (rows, classes) = own.split_at(rank - 1);
        let last = [rank - 1];
        let whole = (own.clone(), x_text);
        let targets = self.broadcast_to((targets, targets_text), own.clone(), whole, span)?;
        let (_, sum, shift) = self.shifted(x, &last, span)?;
        let shift = self.along(shift, x, &last, span);
        let off = self.two(&primitives::SUB, x, shift, span)?;
        let weighted = self.two(&primitives::MUL, off, targets, span)?;
        let all: Vec<usize> = (0..rank).collect();
        let weighted = self.sum("sum", weighted, &all, span);

        let mass = self.sum("mass", targets, &last, span);
        let log = self.one(&primitives::LN, sum, span)?;
        let log = self.two(&primitives::MUL, log, mass, span)?;
        // Of no classes the sum is 0, but nothing is multiplied by its logarithm.
        let width = self.count(x, classes, span)?;
        let log = self.two(&primitives::GUARD, width, log, span)?;
        let log = match rank {
            1 => log,
            _ => self.sum("sum", log, &all[..rank - 1], span),
        };

        let total = self.two(&primitives::SUB, log, weighted, span)?;
        let count = self.count(x, rows, span)?;
        self.two(&primitives::DIV, total, count, span)
    }
}
