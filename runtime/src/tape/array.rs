//! Arrays: the tape keeps the value, shared and never changed; the node carries a pullback.

use ndarray::{ArcArray, Array, Dimension, Zip};

use super::Tape;
use super::broadcast::{Side, elementwise_of_three};
use super::error::{Failure, TapeError, shapes};
use super::graph::{NodeId, Pullback};
use super::rule::{Rule, pass};
use super::value::{Part, Real, Value};
use super::var::{Var, same_tape};

/// Where the tape keeps the array of a variable.
#[derive(Debug, Clone, Copy)]
pub struct ArraySlot(usize);

/// Records an array. Without a pullback it is a constant.
pub(super) fn record<F: Real, D: Dimension + 'static>(
    tape: &Tape,
    value: ArcArray<F, D>,
    pullback: Option<Pullback>,
) -> Var<'_, Array<F, D>> {
    let mut graph = tape.graph.borrow_mut();
    let slot = graph.push_value(Box::new(value));
    let node = match pullback {
        Some(_) => graph.push_extended(F::SINGLE, Some(slot), pullback),
        None => NodeId::NONE,
    };
    Var { tape: Some(tape), node, slot: ArraySlot(slot) }
}

/// Records a scalar computed from arrays. Without a pullback it is a constant.
pub(super) fn record_scalar<F: Real>(
    tape: &Tape,
    value: F,
    pullback: Option<Pullback>,
) -> Var<'_, F> {
    let node = match pullback {
        Some(_) => tape.graph.borrow_mut().push_extended(F::SINGLE, None, pullback),
        None => NodeId::NONE,
    };
    Var { tape: Some(tape), node, slot: value }
}

impl<F: Real, D: Dimension + 'static> Var<'_, Array<F, D>> {
    /// The value, shared with the tape.
    pub(super) fn data(self) -> ArcArray<F, D> {
        self.home().graph.borrow().value(self.slot.0).clone()
    }

    /// The array as an operand of an elementwise operation.
    pub(super) fn side(self) -> Side<F, D> {
        Side::Array { node: self.node, data: self.data() }
    }
}

impl<F: Real, D: Dimension + 'static> Value for Array<F, D> {
    type Elem = F;
    type Cast<G: Real> = Array<G, D>;
    type Slot = ArraySlot;

    fn enter(self, tape: &Tape, tracked: bool) -> Var<'_, Self> {
        let mut constant = record(tape, self.into_shared(), None);
        if tracked {
            let value = Some(constant.slot.0);
            constant.node = tape.graph.borrow_mut().push_extended(F::SINGLE, value, None);
        }
        constant
    }

    fn read(var: Var<'_, Self>) -> Self {
        var.data().into_owned()
    }

    fn gradient(var: Var<'_, Self>) -> Self {
        let graph = var.home().graph.borrow();
        match graph.array_gradient(var.node) {
            Some(gradient) => gradient.clone(),
            None => Self::zeros(graph.value::<F, D>(var.slot.0).raw_dim()),
        }
    }

    fn backward(var: Var<'_, Self>) -> Result<(), Failure> {
        let data = var.data();
        if data.len() != 1 {
            return Err(Failure::new(TapeError::NonScalar { shape: data.shape().to_vec() }));
        }
        Self::backward_with(var, Self::ones(data.raw_dim()))
    }

    fn backward_with(var: Var<'_, Self>, ct: Self) -> Result<(), Failure> {
        let data = var.data();
        if data.shape() != ct.shape() {
            return Err(Failure::new(TapeError::CotangentShape {
                expected: data.shape().to_vec(),
                found: ct.shape().to_vec(),
            }));
        }
        var.home().graph.borrow_mut().backward_array(var.node, Box::new(ct));
        Ok(())
    }

    fn unary<'t, R: Rule<1>>(x: Var<'t, Self>, rule: R) -> Var<'t, Self> {
        let (data, node) = (x.data(), x.node);
        let value = data.mapv(|x| rule.value([x])).into_shared();
        if !node.is_tracked() {
            return record(x.home(), value, None);
        }
        let z = value.clone();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let partial = Zip::from(ct.array::<F, D>())
                .and(&data)
                .and(&z)
                .map_collect(|&ct, &x, &z| pass(R::ZERO_IS_EXACT, ct, rule.partial(0, [x], z)));
            sink.add_array(node, partial);
        });
        record(x.home(), value, Some(pullback))
    }

    fn ternary<'t, R: Rule<3>>(
        x: Var<'t, Self>,
        a: Part<'t, Self>,
        b: Part<'t, Self>,
        rule: R,
    ) -> Result<Var<'t, Self>, Failure> {
        let side = |part| match part {
            Part::Scalar(var) => {
                same_tape(x.tape, var.tape, R::NAME).map(|_| Side::scalar(var.node, var.slot))
            }
            Part::Whole(var) => same_tape(x.tape, var.tape, R::NAME).map(|_| var.side()),
        };
        let sides = [x.side(), side(a)?, side(b)?];
        elementwise_of_three(x.home(), sides, x.data().raw_dim(), rule)
    }

    fn cast<G: Real>(x: Var<'_, Self>) -> Var<'_, Array<G, D>> {
        let node = x.node;
        let value = x.data().mapv(|x| G::from_wide(x.to_wide())).into_shared();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<G, D>();
            sink.add_array(node, ct.mapv(|ct| F::from_wide(ct.to_wide())));
        });
        record(x.home(), value, node.is_tracked().then_some(pullback))
    }

    fn same_shape(
        a: Var<'_, Self>,
        b: Var<'_, Self>,
        operation: &'static str,
    ) -> Result<(), Failure> {
        let (a, b) = (a.data(), b.data());
        if a.shape() == b.shape() {
            return Ok(());
        }
        Err(shapes(operation, a.shape(), b.shape()))
    }
}
