//! Scalars: the value travels in the variable, a node is two parents and two partials.

use super::Tape;
use super::broadcast::Side;
use super::error::Failure;
use super::graph::NodeId;
use super::number::Term;
use super::replay::{Fresh, Handle, Kept, by_rule};
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
                    push::<$float>(Some(tape), [NodeId::NONE; 2], [0.0; 2])
                } else {
                    NodeId::NONE
                };
                Var { tape: Some(tape), node, slot: self }
            }

            fn read(var: Var<'_, Self>) -> Self {
                var.slot
            }

            fn gradient(var: Var<'_, Self>) -> Self {
                match var.tape {
                    Some(tape) => Self::from_wide(tape.graph.borrow().scalar_gradient(var.node)),
                    None => 0.0,
                }
            }

            fn backward(var: Var<'_, Self>) -> Result<(), Failure> {
                Self::backward_with(var, 1.0)
            }

            fn backward_with(var: Var<'_, Self>, ct: Self) -> Result<(), Failure> {
                if let Some(tape) = var.tape {
                    tape.graph.borrow_mut().backward_scalar(var.node, ct.to_wide());
                }
                Ok(())
            }

            #[inline]
            fn slot(kept: Kept) -> Self {
                match kept {
                    Kept::Scalar(value) => Self::from_wide(value),
                    Kept::Array(_) => unreachable!("an array's handle taken for a scalar's"),
                }
            }

            #[inline]
            fn kept(slot: Self) -> Kept {
                Kept::Scalar(slot.to_wide())
            }

            fn seed(_: Var<'_, Self>) -> Result<Var<'_, Self>, Failure> {
                Ok(Var::constant(None, 1.0))
            }

            fn fits(_: Var<'_, Self>, _: Var<'_, Self>) -> Result<(), Failure> {
                Ok(())
            }

            fn zeros_like(var: Var<'_, Self>) -> Var<'_, Self> {
                Var::constant(var.tape, 0.0)
            }

            fn constant_term(var: Var<'_, Self>) -> Term<'_, Self> {
                Term::Constant(var.slot)
            }

            fn gathered<'t>(_: Var<'t, Self>, _: &[(usize, Handle)]) -> Var<'t, Self> {
                unreachable!("a scalar has no elements")
            }

            fn map_terms<const M: usize>(
                at: [Term<'_, Self>; M],
                f: impl Fn([Self; M]) -> Self,
            ) -> Term<'_, Self> {
                Term::Constant(f(at.map(number)))
            }

            fn choose<'t, const M: usize>(
                at: [Term<'t, Self>; M],
                condition: impl Fn([Self; M]) -> bool,
                yes: Term<'t, Self>,
                no: Term<'t, Self>,
            ) -> Term<'t, Self> {
                if condition(at.map(number)) { yes } else { no }
            }

            fn binary<'t, R: Rule<2>>(
                x: Part<'t, Self>,
                y: Part<'t, Self>,
                rule: R,
            ) -> Var<'t, Self> {
                let (Part::Scalar(x) | Part::Whole(x)) = x;
                let (Part::Scalar(y) | Part::Whole(y)) = y;
                apply_to_two(x.tape.or(y.tape), x, y, rule)
            }

            #[inline(always)]
            fn unary<'t, R: Rule<1>>(x: Var<'t, Self>, rule: R) -> Var<'t, Self> {
                apply_to_one(x, rule)
            }

            fn ternary<'t, R: Rule<3>>(
                x: Var<'t, Self>,
                a: Part<'t, Self>,
                b: Part<'t, Self>,
                rule: R,
            ) -> Result<Var<'t, Self>, Failure> {
                let whole = |part| match part {
                    Part::Scalar(var) | Part::Whole(var) => var,
                };
                let (a, b): (Var<'t, Self>, Var<'t, Self>) = (whole(a), whole(b));
                let tape = same_tape(x.tape, a.tape, R::NAME)?;
                let tape = same_tape(tape, b.tape, R::NAME)?;
                Ok(apply_to_three(tape, [x, a, b], rule))
            }

            fn cast<G: Real>(x: Var<'_, Self>) -> Var<'_, G> {
                let node = if x.node.is_tracked() {
                    push::<G>(x.tape, [x.node, NodeId::NONE], [1.0, 0.0])
                } else {
                    NodeId::NONE
                };
                let z = Var { tape: x.tape, node, slot: G::from_wide(x.slot.to_wide()) };
                let from = x.node;
                Fresh(z).replayed(&[from], move |sweep, _, ct| {
                    sweep.add(from, ct.cast::<$float>());
                    Ok(())
                })
            }

            fn same_shape(
                _: Var<'_, Self>,
                _: Var<'_, Self>,
                _: &'static str,
            ) -> Result<(), Failure> {
                Ok(())
            }
        }
    };
}

scalar_value!(f32);
scalar_value!(f64);

#[inline(always)]
fn push<F: Real>(tape: Option<&Tape>, parents: [NodeId; 2], partials: [f64; 2]) -> NodeId {
    match tape {
        Some(tape) => tape.graph.borrow_mut().push(F::SINGLE, parents, partials),
        None => NodeId::NONE,
    }
}

/// An operand's node and its partial.
type Edge = (NodeId, f64);

/// No edge to a constant, and none for an exact zero, so that no infinite cotangent meets it.
#[inline(always)]
fn edge<F: Real, const N: usize, R: Rule<N>>(
    rule: R,
    operands: [Var<'_, F>; N],
    position: usize,
    z: F,
) -> Edge {
    let node = operands[position].node;
    if !node.is_tracked() {
        return (NodeId::NONE, 0.0);
    }
    let partial = rule.partial(position, operands.map(|operand| operand.slot), z);
    if R::ZERO_IS_EXACT && partial == F::zero() {
        return (NodeId::NONE, 0.0);
    }
    (node, partial.to_wide())
}

#[inline(always)]
fn push_edges<F: Real>(tape: Option<&Tape>, first: Edge, second: Edge) -> NodeId {
    let one = |(node, partial): Edge| push::<F>(tape, [node, NodeId::NONE], [partial, 0.0]);
    // By branches, of which a place in the program mostly takes the same: moves would wait.
    match (first.0.is_tracked(), second.0.is_tracked()) {
        (true, true) => push::<F>(tape, [first.0, second.0], [first.1, second.1]),
        (true, false) => one(first),
        (false, _) => one(second),
    }
}

/// The tape, if a gradient of gradients may be asked of it. Asked in the way of every operation: a
/// load and a branch that is never taken on a plain tape.
#[inline(always)]
fn higher(tape: Option<&Tape>) -> Option<&Tape> {
    tape.filter(|tape| tape.higher)
}

// What is passed are plain numbers, and nothing is returned: where a variable's address is taken,
// or it may have been changed, it no longer stays in registers.

/// Keeps for gradients of gradients how a scalar came about.
#[cold]
#[inline(never)]
fn keep_one<F: Real, R: Rule<1>>(tape: &Tape, z: NodeId, z_slot: F, x: NodeId, x_slot: F, rule: R) {
    let [z, x] = [(z, z_slot), (x, x_slot)].map(|on| variable(tape, on));
    by_rule(Fresh(z), [x], rule);
}

/// [`keep_one`] for two operands.
#[cold]
#[expect(clippy::too_many_arguments, reason = "in registers, as said above")]
#[inline(never)]
fn keep_two<F: Real, R: Rule<2>>(
    tape: &Tape,
    z: NodeId,
    z_slot: F,
    x: NodeId,
    x_slot: F,
    y: NodeId,
    y_slot: F,
    rule: R,
) {
    let [z, x, y] = [(z, z_slot), (x, x_slot), (y, y_slot)].map(|on| variable(tape, on));
    by_rule(Fresh(z), [x, y], rule);
}

fn variable<F: Real>(tape: &Tape, (node, slot): (NodeId, F)) -> Var<'_, F> {
    Var { tape: Some(tape), node, slot }
}

/// Computes a rule of one operand and records it if that is tracked.
#[inline(always)]
pub(super) fn apply_to_one<'t, F: Real, R: Rule<1>>(x: Var<'t, F>, rule: R) -> Var<'t, F> {
    let z = rule.value([x.slot]);
    if !x.node.is_tracked() {
        return Var::constant(x.tape, z);
    }
    let node = push_edges::<F>(x.tape, edge(rule, [x], 0, z), (NodeId::NONE, 0.0));
    if let Some(tape) = higher(x.tape) {
        keep_one(tape, node, z, x.node, x.slot, rule);
    }
    Var { tape: x.tape, node, slot: z }
}

/// Computes a rule of two operands of one tape and records the edges to those that are tracked.
#[inline(always)]
pub(super) fn apply_to_two<'t, F: Real, R: Rule<2>>(
    tape: Option<&'t Tape>,
    x: Var<'t, F>,
    y: Var<'t, F>,
    rule: R,
) -> Var<'t, F> {
    let z = rule.value([x.slot, y.slot]);
    if !x.node.is_tracked() && !y.node.is_tracked() {
        return Var::constant(tape, z);
    }
    let node = push_edges::<F>(tape, edge(rule, [x, y], 0, z), edge(rule, [x, y], 1, z));
    if let Some(tape) = higher(tape) {
        keep_two(tape, node, z, x.node, x.slot, y.node, y.slot, rule);
    }
    Var { tape, node, slot: z }
}

/// Computes a rule of three operands of one tape. A third edge goes through a node of its own.
fn apply_to_three<'t, F: Real, R: Rule<3>>(
    tape: Option<&'t Tape>,
    operands: [Var<'t, F>; 3],
    rule: R,
) -> Var<'t, F> {
    let z = rule.value(operands.map(|operand| operand.slot));
    if !operands.iter().any(|operand| operand.node.is_tracked()) {
        return Var::constant(tape, z);
    }
    let [a, b, c] = [0, 1, 2].map(|position| edge(rule, operands, position, z));
    let node = match (a.0.is_tracked(), b.0.is_tracked(), c.0.is_tracked()) {
        (true, true, true) => {
            let inner = push_edges::<F>(tape, a, b);
            push_edges::<F>(tape, (inner, 1.0), c)
        }
        (_, _, false) => push_edges::<F>(tape, a, b),
        (_, false, _) => push_edges::<F>(tape, a, c),
        (false, _, _) => push_edges::<F>(tape, b, c),
    };
    by_rule(Fresh(Var { tape, node, slot: z }), operands, rule)
}

impl<'t, F: Real> Var<'t, F> {
    /// A value to which nothing flows, on `tape` or on none.
    #[inline]
    pub(super) fn constant(tape: Option<&'t Tape>, value: F) -> Self {
        Var { tape, node: NodeId::NONE, slot: value }
    }
}

fn number<F: Real>(term: Term<'_, F>) -> F {
    match term {
        Term::Constant(value) => value,
        Term::Whole(var) => var.slot,
    }
}

/// A scalar as an operand of an elementwise operation on arrays.
pub(super) fn side<F: Real>(var: Var<'_, F>) -> Side<F, ndarray::Ix0> {
    Side::scalar(var)
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
