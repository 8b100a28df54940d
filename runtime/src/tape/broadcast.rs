//! Elementwise operations on arrays and scalars together. Broadcasting is done, and undone, here.

use std::marker::PhantomData;

use ndarray::{ArcArray, Array, ArrayView, Axis, Dimension, IxDyn, ShapeBuilder, Zip};

use super::Tape;
use super::array::{constant, record};
use super::error::{Failure, shapes};
use super::graph::{NodeId, Sink};
use super::number::Term;
use super::replay::{Handle, Sweep, through};
use super::rule::{Rule, pass};
use super::value::Real;
use super::var::Var;

/// An operand: an array, or a scalar that stands for an array of equal elements.
pub(super) enum Side<F, D: Dimension + 'static> {
    Scalar { operand: Handle, value: F },
    Array { operand: Handle, data: ArcArray<F, D> },
}

impl<F: Real, D: Dimension + 'static> Side<F, D> {
    pub(super) fn scalar(var: Var<'_, F>) -> Self {
        Self::Scalar { operand: var.handle(), value: var.slot }
    }

    fn operand(&self) -> Operand<F, D> {
        match self {
            Self::Scalar { operand, .. } => Operand::Scalar(*operand),
            Self::Array { operand, data } => Operand::Array(*operand, data.raw_dim(), PhantomData),
        }
    }

    fn node(&self) -> NodeId {
        match self {
            Self::Scalar { operand, .. } | Self::Array { operand, .. } => operand.node,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Self::Scalar { .. } => &[],
            Self::Array { data, .. } => data.shape(),
        }
    }

    /// All elements of the result's shape. The shape was made by [`common_shape`], so that the
    /// broadcast cannot fail.
    fn view<O: Dimension + 'static>(&self, shape: &O) -> ArrayView<'_, F, O> {
        match self {
            Self::Scalar { value, .. } => {
                let strides = O::zeros(shape.ndim());
                let one = std::slice::from_ref(value);
                ArrayView::from_shape(shape.clone().strides(strides), one)
                    .expect("a scalar broadcasts to every shape")
            }
            Self::Array { data, .. } => {
                data.broadcast(shape.clone()).expect("the common shape fits both operands")
            }
        }
    }

    /// Delivers the cotangent of the broadcast operand to the operand.
    fn deliver<O: Dimension + 'static>(&self, ct: Array<F, O>, sink: &mut Sink<'_>) {
        match self {
            Self::Scalar { operand, .. } => sink.add_scalar(operand.node, ct.sum()),
            Self::Array { operand, data } => {
                sink.add_array(operand.node, sum_to(ct, &data.raw_dim()));
            }
        }
    }
}

/// An operand as it is found again in a sweep that is recorded.
#[derive(Clone)]
enum Operand<F, D> {
    Scalar(Handle),
    Array(Handle, D, PhantomData<fn() -> F>),
}

impl<F: Real, D: Dimension + 'static> Operand<F, D> {
    /// The operand stretched to the result's shape.
    fn whole<'t, O: Dimension + 'static>(
        &self,
        tape: &'t Tape,
        shape: &O,
    ) -> Term<'t, Array<F, O>> {
        match self {
            Self::Scalar(operand) => {
                let value = operand.on::<F>(tape);
                match value.requires_grad() {
                    true => Term::Whole(value.filled(tape, shape.clone())),
                    false => Term::Constant(value.slot),
                }
            }
            Self::Array(operand, ..) => {
                Term::Whole(operand.on::<Array<F, D>>(tape).stretched(shape.clone()))
            }
        }
    }

    fn node(&self) -> NodeId {
        match self {
            Self::Scalar(operand) | Self::Array(operand, ..) => operand.node,
        }
    }

    /// Delivers the cotangent of the stretched operand to the operand.
    fn deliver<'t, O: Dimension + 'static>(
        &self,
        ct: Option<Var<'t, Array<F, O>>>,
        sweep: &mut Sweep<'t>,
    ) {
        match (self, ct) {
            (_, None) => {}
            (Self::Scalar(operand), Some(ct)) => sweep.add(operand.node, ct.sum()),
            (Self::Array(operand, shape, _), Some(ct)) => {
                sweep.add(operand.node, ct.shrunk(shape.clone()));
            }
        }
    }
}

/// The shape that both shapes broadcast to, by ndarray's (numpy's) rule: aligned at the last axis,
/// an axis of length one takes the other's length.
fn common_shape<O: Dimension + 'static>(a: &[usize], b: &[usize]) -> Option<O> {
    let ndim = a.len().max(b.len());
    let mut shape = O::zeros(ndim);
    for axis in 0..ndim {
        let length = |of: &[usize]| (axis + of.len()).checked_sub(ndim).map_or(1, |i| of[i]);
        shape[axis] = match (length(a), length(b)) {
            (one, other) if one == other => one,
            (1, other) | (other, 1) => other,
            _ => return None,
        };
    }
    Some(shape)
}

/// Sums over the axes that broadcasting added or stretched.
pub(super) fn sum_to<F: Real, O: Dimension + 'static, D: Dimension + 'static>(
    ct: Array<F, O>,
    shape: &D,
) -> Array<F, D> {
    let target = shape.slice();
    let mut ct = if ct.shape() == target { ct.into_dyn() } else { summed(ct.into_dyn(), target) };
    if ct.ndim() == 0 {
        // A view into a stretched array may have odd strides; a rank-0 array has none.
        ct = Array::from_elem(IxDyn(&[]), ct.sum());
    }
    ct.into_dimensionality().expect("every surplus axis was summed")
}

fn summed<F: Real>(mut ct: Array<F, IxDyn>, target: &[usize]) -> Array<F, IxDyn> {
    while ct.ndim() > target.len() {
        ct = ct.sum_axis(Axis(0));
    }
    for (axis, &length) in target.iter().enumerate() {
        if ct.shape()[axis] != length {
            ct = ct.sum_axis(Axis(axis)).insert_axis(Axis(axis));
        }
    }
    ct
}

/// A rule of two operands, elementwise on their common shape.
pub(super) fn elementwise<'t, F, D, E, O, R>(
    tape: &'t Tape,
    left: Side<F, D>,
    right: Side<F, E>,
    rule: R,
) -> Result<Var<'t, Array<F, O>>, Failure>
where
    F: Real,
    D: Dimension + 'static,
    E: Dimension + 'static,
    O: Dimension + 'static,
    R: Rule<2>,
{
    let shape: O = common_shape(left.shape(), right.shape())
        .ok_or_else(|| shapes(R::NAME, left.shape(), right.shape()))?;
    let value = Zip::from(left.view(&shape))
        .and(right.view(&shape))
        .map_collect(|&x, &y| rule.value([x, y]))
        .into_shared();
    if !left.node().is_tracked() && !right.node().is_tracked() {
        return Ok(constant(tape, value));
    }
    let z = value.clone();
    let parents = [left.node(), right.node()];
    let (again, common) = ((left.operand(), right.operand()), shape.clone());
    let pullback = move |ct: &Array<F, O>, sink: &mut Sink<'_>| {
        let (x, y) = (left.view(&shape), right.view(&shape));
        let partial = |operand| {
            Zip::from(ct).and(&x).and(&y).and(&z).map_collect(|&ct, &x, &y, &z| {
                pass(R::ZERO_IS_EXACT, ct, rule.partial(operand, [x, y], z))
            })
        };
        if left.node().is_tracked() {
            left.deliver(partial(0), sink);
        }
        if right.node().is_tracked() {
            right.deliver(partial(1), sink);
        }
    };
    let z = record(tape, value, Some(Box::new(move |ct, sink| pullback(ct.array(), sink))));
    Ok(z.replayed(&parents, move |sweep, z, ct| {
        let (x, y) = &again;
        let terms = [x.whole(sweep.tape, &common), y.whole(sweep.tape, &common)];
        if sweep.needs(x.node()) {
            x.deliver(through(rule, 0, terms, z, ct), sweep);
        }
        if sweep.needs(y.node()) {
            y.deliver(through(rule, 1, terms, z, ct), sweep);
        }
        Ok(())
    }))
}

/// A rule of three operands, elementwise on the shape of the first.
pub(super) fn elementwise_of_three<'t, F, D, R>(
    tape: &'t Tape,
    sides: [Side<F, D>; 3],
    shape: D,
    rule: R,
) -> Result<Var<'t, Array<F, D>>, Failure>
where
    F: Real,
    D: Dimension + 'static,
    R: Rule<3>,
{
    for side in &sides[1..] {
        if common_shape(side.shape(), shape.slice()).as_ref() != Some(&shape) {
            return Err(shapes(R::NAME, shape.slice(), side.shape()));
        }
    }
    let [x, a, b] = [0, 1, 2].map(|i: usize| sides[i].view(&shape));
    let value =
        Zip::from(x).and(a).and(b).map_collect(|&x, &a, &b| rule.value([x, a, b])).into_shared();
    if !sides.iter().any(|side| side.node().is_tracked()) {
        return Ok(constant(tape, value));
    }
    let z = value.clone();
    let parents = [0, 1, 2].map(|i: usize| sides[i].node());
    let (again, common) = ([0, 1, 2].map(|i: usize| sides[i].operand()), shape.clone());
    let pullback = move |ct: &Array<F, D>, sink: &mut Sink<'_>| {
        let [x, a, b] = [0, 1, 2].map(|i: usize| sides[i].view(&shape));
        for (operand, side) in sides.iter().enumerate() {
            if side.node().is_tracked() {
                let mut partial = ct.clone();
                Zip::from(&mut partial).and(&x).and(&a).and(&b).and(&z).for_each(
                    |ct, &x, &a, &b, &z| {
                        *ct = pass(R::ZERO_IS_EXACT, *ct, rule.partial(operand, [x, a, b], z));
                    },
                );
                side.deliver(partial, sink);
            }
        }
    };
    let z = record(tape, value, Some(Box::new(move |ct, sink| pullback(ct.array(), sink))));
    Ok(z.replayed(&parents, move |sweep, z, ct| {
        let terms = again.each_ref().map(|operand| operand.whole(sweep.tape, &common));
        for (position, operand) in again.iter().enumerate() {
            if sweep.needs(operand.node()) {
                operand.deliver(through(rule, position, terms, z, ct), sweep);
            }
        }
        Ok(())
    }))
}
