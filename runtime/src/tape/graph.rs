//! The recorded graph and the one loop that walks it backward.
//!
//! A node is appended after everything it depends on, so the reverse of the order of recording is
//! a valid order for the sweep: neither the sweep nor the drop recurses. Scalar nodes are two
//! parents and two partials in one flat vector; nodes that touch an array carry a boxed pullback.
//! The loop knows no operation by name.

use std::any::Any;

use ndarray::{ArcArray, Array, Dimension};

use super::replay::Replay;
use super::value::Real;

/// Where a value was recorded; [`NodeId::NONE`] for what is not tracked.
///
/// Scalars of both float types share one node vector and keep cotangents as `f64`. The top bit
/// says that the node is an `f32`, whose cotangent is rounded after each step: `f32` code gets the
/// arithmetic of `f32`, because an `f64` product or sum of two `f32` rounds to the correct `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub(super) const NONE: Self = Self(u32::MAX);
    const F32: u32 = 1 << 31;
    /// Parents[0] of a node whose second parent field is an index into `Graph::extended`.
    const EXTENDED: Self = Self(u32::MAX - 1);
    /// Parents[0] of an element of an array; parents[1] is the array's node, partials[0] the
    /// element's position in logical order.
    const ELEMENT: Self = Self(u32::MAX - 2);
    const LIMIT: usize = (u32::MAX - 3 - Self::F32) as usize;

    /// Of an index below the limit.
    #[inline]
    fn new(index: usize, single: bool) -> Self {
        Self(index as u32 | if single { Self::F32 } else { 0 })
    }

    #[inline]
    pub(super) fn is_tracked(self) -> bool {
        self != Self::NONE
    }

    #[inline]
    fn index(self) -> usize {
        (self.0 & !Self::F32) as usize
    }

    /// Whether this first parent is none, or says what kind of node it is.
    #[inline]
    fn is_special(self) -> bool {
        self.0 >= Self::ELEMENT.0
    }

    #[inline]
    fn is_single(self) -> bool {
        self.0 & Self::F32 != 0
    }
}

struct Node {
    /// The second is none where the first is.
    parents: [NodeId; 2],
    partials: [f64; 2],
}

/// What a node that touches an array does with its cotangent.
pub(super) type Pullback = Box<dyn Fn(Cotangent<'_>, &mut Sink<'_>) + Send>;

/// A cotangent on its way to a pullback.
#[derive(Clone, Copy)]
pub(super) enum Cotangent<'a> {
    Scalar(f64),
    Array(&'a dyn Adjoint),
}

impl<'a> Cotangent<'a> {
    pub(super) fn scalar<F: Real>(self) -> F {
        match self {
            Self::Scalar(ct) => F::from_wide(ct),
            Self::Array(_) => unreachable!("a scalar node received an array cotangent"),
        }
    }

    pub(super) fn array<F: Real, D: Dimension + 'static>(self) -> &'a Array<F, D> {
        match self {
            Self::Array(ct) => typed(ct),
            Self::Scalar(_) => unreachable!("an array node received a scalar cotangent"),
        }
    }
}

/// An array's value as the graph keeps it: it can say what its gradient looks like.
pub(super) trait Stored: Any + Send {
    fn zeros(&self) -> Box<dyn Adjoint>;
}

impl<F: Real, D: Dimension + 'static> Stored for ArcArray<F, D> {
    fn zeros(&self) -> Box<dyn Adjoint> {
        Box::new(Array::<F, D>::zeros(self.raw_dim()))
    }
}

/// An array's cotangent or gradient as the graph keeps it.
pub(super) trait Adjoint: Any + Send {
    fn add_at(&mut self, position: usize, ct: f64);
    fn accumulate(&mut self, other: Box<dyn Adjoint>);
}

impl<F: Real, D: Dimension + 'static> Adjoint for Array<F, D> {
    fn add_at(&mut self, position: usize, ct: f64) {
        if !self.is_standard_layout() {
            *self = self.as_standard_layout().into_owned();
        }
        if let Some(element) = self.as_slice_mut().and_then(|all| all.get_mut(position)) {
            *element += F::from_wide(ct);
        }
    }

    fn accumulate(&mut self, other: Box<dyn Adjoint>) {
        self.zip_mut_with(typed::<F, D>(&*other), |a, &b| *a += b);
    }
}

/// The array behind an adjoint. Its type was fixed when its node was recorded by a `Var` of that
/// very type, so the downcast cannot fail.
fn typed<F: Real, D: Dimension + 'static>(adjoint: &dyn Adjoint) -> &Array<F, D> {
    (adjoint as &dyn Any).downcast_ref().expect("an adjoint has the type of its variable")
}

/// A node that touches an array.
struct Extended {
    /// The index of its value when it is an array.
    value: Option<usize>,
    /// None for variables.
    pullback: Option<Pullback>,
}

/// Everything a tape records.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    /// Cotangents of the sweep under way; all zero between sweeps.
    adjoints: Vec<f64>,
    /// Gradients accumulated over sweeps; shorter than `nodes` when no sweep has come so far, and
    /// empty when all are zero.
    gradients: Vec<f64>,
    /// Whether any node is an `f32`.
    has_singles: bool,
    values: Vec<Box<dyn Stored>>,
    extended: Vec<Extended>,
    array_adjoints: Vec<Option<Box<dyn Adjoint>>>,
    array_gradients: Vec<Option<Box<dyn Adjoint>>>,
    /// For gradients of gradients; empty on a plain tape.
    pub(super) replays: Vec<Replay>,
}

impl Graph {
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.adjoints.clear();
        self.gradients.clear();
        self.has_singles = false;
        self.values.clear();
        self.extended.clear();
        self.array_adjoints.clear();
        self.array_gradients.clear();
        self.replays.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[inline(always)]
    pub(super) fn push(
        &mut self,
        single: bool,
        parents: [NodeId; 2],
        partials: [f64; 2],
    ) -> NodeId {
        if self.nodes.len() == self.nodes.capacity() {
            self.grow();
        }
        let id = NodeId::new(self.nodes.len(), single);
        self.has_singles |= single;
        self.nodes.push(Node { parents, partials });
        id
    }

    /// Makes room for more nodes, up to as many as there are numbers for.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let len = self.nodes.len();
        let more = len.max(256).min(NodeId::LIMIT - len);
        assert!(more > 0, "the tape is full: it holds at most {} nodes", NodeId::LIMIT);
        self.nodes.reserve_exact(more);
    }

    pub(super) fn push_element(&mut self, single: bool, array: NodeId, position: usize) -> NodeId {
        self.push(single, [NodeId::ELEMENT, array], [position as f64, 0.0])
    }

    pub(super) fn push_value(&mut self, value: Box<dyn Stored>) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }

    pub(super) fn push_extended(
        &mut self,
        single: bool,
        value: Option<usize>,
        pullback: Option<Pullback>,
    ) -> NodeId {
        let index = NodeId(self.extended.len() as u32);
        let id = self.push(single, [NodeId::EXTENDED, index], [0.0; 2]);
        self.extended.push(Extended { value, pullback });
        self.array_adjoints.push(None);
        self.array_gradients.push(None);
        id
    }

    pub(super) fn value<F: Real, D: Dimension + 'static>(&self, index: usize) -> &ArcArray<F, D> {
        (&*self.values[index] as &dyn Any)
            .downcast_ref()
            .expect("a value has the type of its variable")
    }

    pub(super) fn scalar_gradient(&self, id: NodeId) -> f64 {
        if id.is_tracked() { self.gradients.get(id.index()).copied().unwrap_or(0.0) } else { 0.0 }
    }

    pub(super) fn array_gradient<F: Real, D: Dimension + 'static>(
        &self,
        id: NodeId,
    ) -> Option<&Array<F, D>> {
        let index = self.extended_index(id)?;
        self.array_gradients[index].as_deref().map(typed)
    }

    pub(super) fn zero_gradient(&mut self, id: NodeId) {
        if let Some(index) = self.extended_index(id) {
            self.array_gradients[index] = None;
        }
        if id.is_tracked() && id.index() < self.gradients.len() {
            self.gradients[id.index()] = 0.0;
        }
    }

    pub(super) fn zero_gradients(&mut self) {
        self.gradients.clear();
        self.array_gradients.iter_mut().for_each(|gradient| *gradient = None);
    }

    fn extended_index(&self, id: NodeId) -> Option<usize> {
        let node = id.is_tracked().then(|| &self.nodes[id.index()])?;
        (node.parents[0] == NodeId::EXTENDED).then_some(node.parents[1].0 as usize)
    }

    /// Propagates a scalar's cotangent to everything it depends on.
    pub(super) fn backward_scalar(&mut self, root: NodeId, ct: f64) {
        if root.is_tracked() {
            self.sweep(root.index(), Some(ct));
        }
    }

    /// Propagates an array's cotangent to everything it depends on.
    pub(super) fn backward_array(&mut self, root: NodeId, ct: Box<dyn Adjoint>) {
        if let Some(index) = self.extended_index(root) {
            self.array_adjoints[index] = Some(ct);
            self.sweep(root.index(), None);
        }
    }

    fn sweep(&mut self, root: usize, scalar_seed: Option<f64>) {
        // What the first sweep computes are the gradients: there are none to add it to.
        let first = self.gradients.is_empty();
        self.gradients.resize(self.nodes.len(), 0.0);
        if !first {
            self.adjoints.resize(self.nodes.len(), 0.0);
        }
        if let Some(seed) = scalar_seed {
            let adjoints = if first { &mut self.gradients } else { &mut self.adjoints };
            adjoints[root] = seed;
        }
        match (first, self.has_singles) {
            (true, false) => self.walk_back::<true, false>(root),
            (true, true) => self.walk_back::<true, true>(root),
            (false, false) => self.walk_back::<false, false>(root),
            (false, true) => self.walk_back::<false, true>(root),
        }
    }

    /// The sweep's loop. `FIRST`: the adjoints stay where they are and are the gradients. `SINGLES`:
    /// some nodes are `f32`.
    fn walk_back<const FIRST: bool, const SINGLES: bool>(&mut self, root: usize) {
        let Self { nodes, values, extended, array_adjoints, array_gradients, .. } = self;
        let (adjoints, gradients): (&mut [f64], &mut [f64]) = match FIRST {
            true => (&mut self.gradients, &mut []),
            false => (&mut self.adjoints, &mut self.gradients),
        };
        let nodes = &nodes[..=root];
        for index in (0..nodes.len()).rev() {
            let node = &nodes[index];
            let [first, second] = node.parents;
            if !first.is_special() {
                let ct = take::<FIRST>(adjoints, gradients, index);
                // A zero cotangent passes on zero, also where a partial is infinite or NaN.
                if ct != 0.0 {
                    add::<SINGLES>(adjoints, first, ct * node.partials[0]);
                    if second.is_tracked() {
                        add::<SINGLES>(adjoints, second, ct * node.partials[1]);
                    }
                }
            } else if first == NodeId::NONE {
                take::<FIRST>(adjoints, gradients, index);
            } else if first == NodeId::ELEMENT {
                let ct = take::<FIRST>(adjoints, gradients, index);
                if ct != 0.0 {
                    let mut sink = Sink { nodes, values, extended, adjoints, array_adjoints };
                    sink.add_at(second, node.partials[0] as usize, ct);
                }
            } else {
                let own = second.0 as usize;
                let Extended { value, pullback } = &extended[own];
                let (earlier, later) = array_adjoints.split_at_mut(own);
                if value.is_none() {
                    let ct = take::<FIRST>(adjoints, gradients, index);
                    if let Some(pull) = pullback.as_deref().filter(|_| ct != 0.0) {
                        let array_adjoints = earlier;
                        let mut sink = Sink { nodes, values, extended, adjoints, array_adjoints };
                        pull(Cotangent::Scalar(ct), &mut sink);
                    }
                } else if let Some(ct) = later[0].take() {
                    if let Some(pull) = pullback {
                        let array_adjoints = earlier;
                        let mut sink = Sink { nodes, values, extended, adjoints, array_adjoints };
                        pull(Cotangent::Array(&*ct), &mut sink);
                    }
                    match &mut array_gradients[own] {
                        Some(gradient) => gradient.accumulate(ct),
                        none => *none = Some(ct),
                    }
                }
            }
        }
    }
}

/// A scalar node's cotangent, which becomes, or is added to, its gradient.
#[inline(always)]
fn take<const FIRST: bool>(adjoints: &mut [f64], gradients: &mut [f64], index: usize) -> f64 {
    if FIRST {
        return adjoints[index];
    }
    let ct = std::mem::take(&mut adjoints[index]);
    gradients[index] += ct;
    ct
}

#[inline(always)]
fn add<const SINGLES: bool>(adjoints: &mut [f64], parent: NodeId, ct: f64) {
    let index = if SINGLES { parent.index() } else { parent.0 as usize };
    let adjoint = &mut adjoints[index];
    *adjoint = if SINGLES && parent.is_single() {
        f64::from((*adjoint + f64::from(ct as f32)) as f32)
    } else {
        *adjoint + ct
    };
}

/// Where pullbacks deliver the cotangents of their operands.
pub(super) struct Sink<'a> {
    nodes: &'a [Node],
    values: &'a [Box<dyn Stored>],
    extended: &'a [Extended],
    adjoints: &'a mut [f64],
    array_adjoints: &'a mut [Option<Box<dyn Adjoint>>],
}

impl Sink<'_> {
    pub(super) fn add_scalar<F: Real>(&mut self, parent: NodeId, ct: F) {
        if parent.is_tracked() {
            add::<true>(self.adjoints, parent, ct.to_wide());
        }
    }

    pub(super) fn add_array<F: Real, D: Dimension + 'static>(
        &mut self,
        parent: NodeId,
        ct: Array<F, D>,
    ) {
        if !parent.is_tracked() {
            return;
        }
        let own = self.nodes[parent.index()].parents[1].0 as usize;
        match &mut self.array_adjoints[own] {
            Some(adjoint) => adjoint.accumulate(Box::new(ct)),
            none => *none = Some(Box::new(ct)),
        }
    }

    fn add_at(&mut self, parent: NodeId, position: usize, ct: f64) {
        let own = self.nodes[parent.index()].parents[1].0 as usize;
        if let Some(value) = self.extended[own].value {
            self.array_adjoints[own]
                .get_or_insert_with(|| self.values[value].zeros())
                .add_at(position, ct);
        }
    }
}
