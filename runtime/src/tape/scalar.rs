//! Scalars: the value travels in the variable, a node is two parents and two partials.

use super::Tape;
use super::broadcast::Side;
use super::error::TapeError;
use super::graph::NodeId;
use super::rule::Rule;
use super::value::{Part, Real, Value};
use super::var::{Var, same_tape};

macro_rules! scalar_value {
    ($float:ident) => {
        impl Value for $float {
            type Elem = $float;
            type Cast<G: Real> = G;
            type Slot = $float;

            fn enter(self, tape: &Tape, tracked: bool) -> Var<'_, Self> {
                let node = if tracked {
                    push::<$float>(tape, [NodeId::NONE; 2], [0.0; 2])
                } else {
                    NodeId::NONE
                };
                Var {
                    tape,
                    node,
                    slot: self,
                }
            }

            fn read(var: Var<'_, Self>) -> Self {
                var.slot
            }

            fn gradient(var: Var<'_, Self>) -> Self {
                Self::from_wide(var.tape.graph.borrow().scalar_gradient(var.node))
            }

            fn backward(var: Var<'_, Self>) -> Result<(), TapeError> {
                Self::backward_with(var, 1.0)
            }

            fn backward_with(var: Var<'_, Self>, ct: Self) -> Result<(), TapeError> {
                var.tape
                    .graph
                    .borrow_mut()
                    .backward_scalar(var.node, ct.to_wide());
                Ok(())
            }

            #[inline]
            fn unary<'t, R: Rule<1>>(x: Var<'t, Self>, rule: R) -> Var<'t, Self> {
                apply(x.tape, [x], rule)
            }

            fn ternary<'t, R: Rule<3>>(
                x: Var<'t, Self>,
                a: Part<'t, Self>,
                b: Part<'t, Self>,
                rule: R,
            ) -> Result<Var<'t, Self>, TapeError> {
                let whole = |part| match part {
                    Part::Scalar(var) | Part::Whole(var) => var,
                };
                let (a, b): (Var<'t, Self>, Var<'t, Self>) = (whole(a), whole(b));
                same_tape(x.tape, a.tape, R::NAME)?;
                same_tape(x.tape, b.tape, R::NAME)?;
                Ok(apply(x.tape, [x, a, b], rule))
            }

            fn cast<G: Real>(x: Var<'_, Self>) -> Var<'_, G> {
                let node = if x.node.is_tracked() {
                    push::<G>(x.tape, [x.node, NodeId::NONE], [1.0, 0.0])
                } else {
                    NodeId::NONE
                };
                Var {
                    tape: x.tape,
                    node,
                    slot: G::from_wide(x.slot.to_wide()),
                }
            }

            fn same_shape(
                _: Var<'_, Self>,
                _: Var<'_, Self>,
                _: &'static str,
            ) -> Result<(), TapeError> {
                Ok(())
            }
        }
    };
}

scalar_value!(f32);
scalar_value!(f64);

#[inline]
fn push<F: Real>(tape: &Tape, parents: [NodeId; 2], partials: [f64; 2]) -> NodeId {
    tape.graph.borrow_mut().push(F::SINGLE, parents, partials)
}

/// Computes a rule on scalars of one tape and records the edges to those that are tracked.
#[inline]
pub(super) fn apply<'t, F: Real, const N: usize, R: Rule<N>>(
    tape: &'t Tape,
    operands: [Var<'t, F>; N],
    rule: R,
) -> Var<'t, F> {
    let x = operands.map(|operand| operand.slot);
    let z = rule.value(x);
    let mut node = NodeId::NONE;
    let (mut parents, mut partials, mut free) = ([NodeId::NONE; 2], [0.0; 2], 0);
    for (position, operand) in operands.iter().enumerate() {
        if !operand.node.is_tracked() {
            continue;
        }
        if free == 2 {
            // A third edge: the first two go through a node of their own.
            let inner = push::<F>(tape, parents, partials);
            (parents, partials, free) = ([inner, NodeId::NONE], [1.0, 0.0], 1);
        }
        let partial = rule.partial(position, x, z);
        // An exact zero is no edge at all, so that no infinite cotangent meets it.
        if !(R::ZERO_IS_EXACT && partial == F::zero()) {
            parents[free] = operand.node;
        }
        partials[free] = partial.to_wide();
        free += 1;
    }
    if free > 0 {
        node = push::<F>(tape, parents, partials);
    }
    Var {
        tape,
        node,
        slot: z,
    }
}

/// A scalar as an operand of an elementwise operation on arrays.
pub(super) fn side<F: Real>(var: Var<'_, F>) -> Side<F, ndarray::Ix0> {
    Side::scalar(var.node, var.slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_expression_records_nothing() {
        let tape = Tape::new();
        let k = tape.constant(2.0_f64);
        let _ = k.sin().mul_add(3.0, k);
        assert!(tape.is_empty());
    }
}
