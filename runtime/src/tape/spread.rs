//! One value for many, and many added up in one: each the other's derivative.

use std::any::TypeId;

use ndarray::{Array, Axis, Dimension, RemoveAxis};

use super::Tape;
use super::array::record;
use super::broadcast::sum_to;
use super::graph::Pullback;
use super::rule::Rule;
use super::rules;
use super::value::{Part, Real, Value};
use super::var::Var;

impl<'t, F: Real> Var<'t, F> {
    /// An array of this shape whose elements all are this scalar.
    pub(super) fn filled<D: Dimension + 'static>(
        self,
        tape: &'t Tape,
        shape: D,
    ) -> Var<'t, Array<F, D>> {
        let node = self.node;
        let value = Array::from_elem(shape, self.slot).into_shared();
        let pullback: Pullback = Box::new(move |ct, sink| {
            sink.add_scalar(node, ct.array::<F, D>().sum());
        });
        record(tape, value, node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, ct.sum());
                Ok(())
            },
        )
    }
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The array stretched to a shape that it broadcasts to.
    pub(super) fn stretched<O: Dimension + 'static>(self, shape: O) -> Var<'t, Array<F, O>> {
        let data = self.data();
        if data.shape() == shape.slice() && TypeId::of::<D>() == TypeId::of::<O>() {
            return self.handle().on(self.home());
        }
        let (node, own) = (self.node, data.raw_dim());
        let all = data.broadcast(shape).expect("a shape that the array broadcasts to");
        let value = all.to_owned().into_shared();
        let narrow = own.clone();
        let pullback: Pullback = Box::new(move |ct, sink| {
            sink.add_array(node, sum_to(ct.array::<F, O>().clone(), &narrow));
        });
        record(self.home(), value, node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, ct.shrunk(own.clone()));
                Ok(())
            },
        )
    }

    /// The sums over what an array of this shape was stretched to.
    pub(super) fn shrunk<O: Dimension + 'static>(self, shape: O) -> Var<'t, Array<F, O>> {
        let data = self.data();
        if data.shape() == shape.slice() && TypeId::of::<D>() == TypeId::of::<O>() {
            return self.handle().on(self.home());
        }
        let (node, own) = (self.node, data.raw_dim());
        let value = sum_to(data.to_owned(), &shape).into_shared();
        let wide = own.clone();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<F, O>();
            let all = ct.broadcast(wide.clone()).expect("a shape that the sums broadcast to");
            sink.add_array(node, all.to_owned());
        });
        record(self.home(), value, node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, ct.stretched(own.clone()));
                Ok(())
            },
        )
    }

    /// The sums along an axis, which stays with the length 1.
    pub(super) fn lane_sums(self, axis: Axis) -> Self {
        let mut shape = self.raw_dim();
        shape[axis.index()] = 1;
        self.shrunk(shape)
    }

    /// The means along an axis, which stays with the length 1.
    pub(super) fn lane_means(self, axis: Axis) -> Self {
        let count = F::from_usize(self.len_of(axis)).unwrap_or_else(F::nan);
        self.lane_sums(axis).with_number(count, rules::Div)
    }

    /// A rule with another array that broadcasts to this one.
    pub(super) fn with<R: Rule<2>>(self, other: Self, rule: R) -> Self {
        Array::binary(Part::Whole(self), Part::Whole(other), rule)
    }

    /// A rule with a number.
    pub(super) fn with_number<R: Rule<2>>(self, number: F, rule: R) -> Self {
        Array::binary(Part::Whole(self), Part::Scalar(Var::constant(None, number)), rule)
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// Without an axis of length 1.
    pub(super) fn without(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        self.index_axis(axis, 0)
    }
}
