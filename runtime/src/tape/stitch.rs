//! Functions whose derivative is known beforehand, as one entry of the tape.

use super::Tape;
use super::error::{Failure, TapeError};
use super::graph::NodeId;
use super::replay::Fresh;
use super::value::Real;
use super::var::{Var, or_same};

/// What a value depends on, with the partial derivatives.
#[doc(hidden)]
#[derive(Default)]
pub struct Links<'t> {
    tape: Option<&'t Tape>,
    edges: Vec<(NodeId, f64)>,
}

impl<'t> Links<'t> {
    /// Adds a dependence.
    ///
    /// # Panics
    /// If it is of another tape than those before.
    #[track_caller]
    pub fn add<F: Real>(&mut self, on: Var<'t, F>, partial: F) {
        if on.node.is_tracked() {
            self.tape = or_same(self.tape, on.tape, "a call");
            self.edges.push((on.node, partial.to_wide()));
        }
    }

    /// The value as a variable that depends so.
    pub fn variable<F: Real>(self, value: F) -> Var<'t, F> {
        let Some(tape) = self.tape else { return Var::constant(None, value) };
        let none = (NodeId::NONE, 0.0);
        let mut sum = none;
        // A node has two parents: what came before is the first.
        for pair in self.edges.chunks(2) {
            let second = pair.get(1).copied().unwrap_or(none);
            let push = |first: (NodeId, f64), second: (NodeId, f64)| {
                let mut graph = tape.graph.borrow_mut();
                (graph.push(F::SINGLE, [first.0, second.0], [first.1, second.1]), 1.0)
            };
            let both = push(pair[0], second);
            sum = if sum.0.is_tracked() { push(sum, both) } else { both };
        }
        let parents: Vec<NodeId> = self.edges.iter().map(|(node, _)| *node).collect();
        Fresh(Var { tape: Some(tape), node: sum.0, slot: value }).replayed(&parents, |_, _, _| {
            Err(Failure::new(TapeError::NotTwice { operation: "a call of an annotated function" }))
        })
    }
}
