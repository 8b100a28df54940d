//! The sweep whose results are variables: how each value came about is kept, and its derivative is
//! recorded as any other computation.
//!
//! Only a tape of a [`HigherOrderTape`](super::HigherOrderTape) keeps [`Replay`]s.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use num_traits::Zero;

use super::Tape;
use super::error::Failure;
use super::graph::NodeId;
use super::number::Term;
use super::rule::Rule;
use super::rules;
use super::value::{Part, Real, Value};
use super::var::Var;

/// A variable without its type and its tape.
#[derive(Debug, Clone, Copy)]
pub struct Handle {
    pub(super) node: NodeId,
    kept: Kept,
}

/// A scalar's value, or where the tape keeps an array.
#[derive(Debug, Clone, Copy)]
pub enum Kept {
    Scalar(f64),
    Array(usize),
}

impl Handle {
    /// The variable. Its type was fixed where the handle was taken.
    pub(super) fn on<T: Value>(self, tape: &Tape) -> Var<'_, T> {
        Var { tape: Some(tape), node: self.node, slot: T::slot(self.kept) }
    }
}

impl<T: Value> Var<'_, T> {
    pub(super) fn handle(self) -> Handle {
        Handle { node: self.node, kept: T::kept(self.slot) }
    }
}

type Pull = Arc<dyn for<'t> Fn(&mut Sweep<'t>, Handle) -> Result<(), Failure> + Send + Sync>;

/// How the cotangents of a node's parents come from its own, as variables.
pub(super) struct Replay {
    result: Handle,
    parents: Box<[NodeId]>,
    pull: Pull,
}

/// A variable just recorded, of which it is still to be said how its derivative is recorded: no
/// operation can forget that.
#[must_use]
pub(super) struct Fresh<'t, T: Value>(pub(super) Var<'t, T>);

impl<'t, T: Value> Fresh<'t, T> {
    /// Keeps how this variable's cotangent goes on to its parents. The closure is given the sweep,
    /// this variable and its cotangent.
    #[inline]
    pub(super) fn replayed<P>(self, parents: &[NodeId], pull: P) -> Var<'t, T>
    where
        P: for<'s> Fn(&mut Sweep<'s>, Var<'s, T>, Var<'s, T>) -> Result<(), Failure>
            + Send
            + Sync
            + 'static,
    {
        if self.is_kept() { self.kept(parents, pull) } else { self.0 }
    }

    /// Whether gradients can be differentiated again. Asked ahead of everything, so that a plain
    /// tape records scalars in a few instructions.
    #[inline]
    fn is_kept(&self) -> bool {
        self.0.tape.is_some_and(|tape| tape.higher) && self.0.node.is_tracked()
    }

    #[cold]
    #[inline(never)]
    fn kept<P>(self, parents: &[NodeId], pull: P) -> Var<'t, T>
    where
        P: for<'s> Fn(&mut Sweep<'s>, Var<'s, T>, Var<'s, T>) -> Result<(), Failure>
            + Send
            + Sync
            + 'static,
    {
        let Self(var) = self;
        let pull: Pull = Arc::new(move |sweep, result| {
            let result = result.on::<T>(sweep.tape);
            match sweep.adjoint(result) {
                Some(ct) => pull(sweep, result, ct),
                None => Ok(()),
            }
        });
        if let Some(tape) = var.tape {
            let replay = Replay { result: var.handle(), parents: parents.into(), pull };
            tape.graph.borrow_mut().replays.push(replay);
        }
        var
    }

    /// Keeps that this variable is what an expression of other operations gives, which is evaluated
    /// once more, and recorded, where its derivative is to be.
    pub(super) fn replayed_as<D>(self, parents: &[NodeId], definition: D) -> Var<'t, T>
    where
        D: for<'s> Fn(&'s Tape) -> Var<'s, T> + Send + Sync + 'static,
    {
        self.replayed(parents, move |sweep, _, ct| {
            let from = sweep.tape.graph.borrow().replays.len();
            let again = definition(sweep.tape);
            sweep.run(from, again, ct)
        })
    }
}

/// Keeps how an elementwise function of operands of one shape is differentiated: by its rule.
#[inline]
pub(super) fn by_rule<'t, T: Value, R: Rule<N>, const N: usize>(
    z: Fresh<'t, T>,
    operands: [Var<'t, T>; N],
    rule: R,
) -> Var<'t, T> {
    if z.is_kept() { kept_by_rule(z, operands, rule) } else { z.0 }
}

#[cold]
#[inline(never)]
fn kept_by_rule<'t, T: Value, R: Rule<N>, const N: usize>(
    z: Fresh<'t, T>,
    operands: [Var<'t, T>; N],
    rule: R,
) -> Var<'t, T> {
    let operands = operands.map(Var::handle);
    z.kept(&operands.map(|operand| operand.node), move |sweep, z, ct| {
        let terms = operands.map(|operand| match operand.node.is_tracked() {
            true => Term::Whole(operand.on::<T>(sweep.tape)),
            false => T::constant_term(operand.on::<T>(sweep.tape)),
        });
        for (position, operand) in operands.iter().enumerate() {
            if sweep.needs(operand.node)
                && let Some(ct) = through(rule, position, terms, z, ct)
            {
                sweep.add(operand.node, ct);
            }
        }
        Ok(())
    })
}

/// What an operand receives, if anything: the cotangent times the partial, as `pass` has it.
pub(super) fn through<'t, T: Value, R: Rule<N>, const N: usize>(
    rule: R,
    operand: usize,
    terms: [Term<'t, T>; N],
    z: Var<'t, T>,
    ct: Var<'t, T>,
) -> Option<Var<'t, T>> {
    let ct = Part::Whole(ct);
    match rule.partial(operand, terms, Term::Whole(z)) {
        Term::Constant(zero) if R::ZERO_IS_EXACT && zero == Zero::zero() => None,
        partial if R::ZERO_IS_EXACT => Some(T::binary(ct, partial.part(), rules::PassExact)),
        partial => Some(T::binary(ct, partial.part(), rules::Pass)),
    }
}

/// What has arrived at a node: a sum, and for an array what came to single elements.
#[derive(Default)]
struct Arrived {
    sum: Option<Handle>,
    elements: Vec<(usize, Handle)>,
}

/// A sweep under way.
pub struct Sweep<'t> {
    pub(super) tape: &'t Tape,
    /// What the gradients are asked of, and all that depends on it.
    needed: HashSet<NodeId>,
    arrived: HashMap<NodeId, Arrived>,
}

impl<'t> Sweep<'t> {
    pub(super) fn new(tape: &'t Tape, wrt: Vec<NodeId>) -> Self {
        Self { tape, needed: wrt.into_iter().collect(), arrived: HashMap::new() }
    }

    /// Propagates a cotangent of `root` through what was recorded from the replay `from` on.
    pub(super) fn run<T: Value>(
        &mut self,
        from: usize,
        root: Var<'t, T>,
        ct: Var<'t, T>,
    ) -> Result<(), Failure> {
        let mut order = Vec::new();
        {
            let graph = self.tape.graph.borrow();
            for (at, replay) in graph.replays.iter().enumerate().skip(from) {
                if replay.parents.iter().any(|parent| self.needed.contains(parent)) {
                    self.needed.insert(replay.result.node);
                    order.push(at);
                }
            }
        }
        self.add(root.node, ct);
        for at in order.into_iter().rev() {
            let (result, pull) = {
                let graph = self.tape.graph.borrow();
                let replay = &graph.replays[at];
                (replay.result, Arc::clone(&replay.pull))
            };
            if self.arrived.contains_key(&result.node) {
                pull(self, result)?;
            }
        }
        Ok(())
    }

    pub(super) fn needs(&self, node: NodeId) -> bool {
        self.needed.contains(&node)
    }

    /// Delivers a cotangent.
    pub(super) fn add<T: Value>(&mut self, to: NodeId, ct: Var<'t, T>) {
        if !self.needs(to) {
            return;
        }
        let before = self.arrived.get(&to).and_then(|arrived| arrived.sum);
        let sum = match before {
            Some(sum) => T::binary(Part::Whole(sum.on(self.tape)), Part::Whole(ct), rules::Add),
            None => ct,
        };
        self.arrived.entry(to).or_default().sum = Some(sum.handle());
    }

    /// Delivers the cotangent of an array's element.
    pub(super) fn add_element<F: Real>(&mut self, to: NodeId, position: usize, ct: Var<'t, F>) {
        if self.needs(to) {
            self.arrived.entry(to).or_default().elements.push((position, ct.handle()));
        }
    }

    /// What has arrived at a variable.
    pub(super) fn adjoint<T: Value>(&mut self, of: Var<'t, T>) -> Option<Var<'t, T>> {
        let arrived = self.arrived.get_mut(&of.node)?;
        let elements = std::mem::take(&mut arrived.elements);
        if !elements.is_empty() {
            let whole = T::gathered(of, &elements);
            self.add(of.node, whole);
        }
        let sum = self.arrived.get(&of.node)?.sum?;
        Some(sum.on(self.tape))
    }
}
