//! Extremes, gathering, selection by a mask and layer norm, as [`crate::tensor::TensorExt`] has them.

use std::sync::Arc;

use ndarray::{Array, Array1, ArrayRef, Axis, Dimension, Ix1, RemoveAxis, Zip};

use super::array::record;
use super::error::or_panic;
use super::graph::Pullback;
use super::operand::IntoVar;
use super::replay::Handle;
use super::rules;
use super::value::{Part, Real, Value};
use super::var::{Var, same_tape};
use crate::tensor::TensorExt;
use crate::tensor::lanes;

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The elements where a mask holds, those of another array elsewhere.
    ///
    /// Derivatives: 1 by the element that was taken.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (x, y) = (tape.var(array![1.0, 2.0]), tape.var(array![10.0, 20.0]));
    /// x.where_select(&array![true, false], y).sum().backward();
    /// assert_eq!((x.grad(), y.grad()), (array![1.0, 0.0], array![0.0, 1.0]));
    /// ```
    ///
    /// # Panics
    /// If the shapes are not the same, or the arrays live on two tapes.
    #[track_caller]
    #[must_use]
    pub fn where_select<R>(self, mask: &ArrayRef<bool, D>, other: R) -> Self
    where
        R: IntoVar<'t, Value = Array<F, D>>,
    {
        let other = other.into_var(self.home());
        or_panic(same_tape(self.tape, other.tape, "where_select"));
        let value = self.data().where_select(mask, &other.data());
        let (mask, nodes) = (Arc::new(mask.to_owned()), [self.node, other.node]);
        let again = Arc::clone(&mask);
        let tracked = nodes.iter().any(|node| node.is_tracked());
        let pullback: Pullback = Box::new(move |ct, sink| {
            for (node, taken) in nodes.into_iter().zip([true, false]) {
                if node.is_tracked() {
                    let part = |&holds: &bool, &ct: &F| if holds == taken { ct } else { F::zero() };
                    let part = Zip::from(&*mask).and(ct.array::<F, D>()).map_collect(part);
                    sink.add_array(node, part);
                }
            }
        });
        record(self.home(), value.into_shared(), tracked.then_some(pullback)).replayed(
            &nodes,
            move |sweep, _, ct| {
                let zeros = Array::zeros_like(ct);
                if sweep.needs(nodes[0]) {
                    sweep.add(nodes[0], ct.where_select(&again, zeros));
                }
                if sweep.needs(nodes[1]) {
                    sweep.add(nodes[1], zeros.where_select(&again, ct));
                }
                Ok(())
            },
        )
    }
}

/// One over the number of elements that equal the extreme, at each of them.
fn shares<F: Real>(elements: &[F], extreme: F) -> Vec<F> {
    let ties = elements.iter().filter(|&&e| e == extreme).count();
    let share = F::from_usize(ties).unwrap_or_else(F::nan).recip();
    elements.iter().map(|&e| if e == extreme { share } else { F::zero() }).collect()
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The greatest element along an axis, which disappears. Derivative: 1, which equal ones share.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[3.0, 3.0], [2.0, 0.0]]);
    /// x.max_axis(Axis(1)).sum().backward();
    /// assert_eq!(x.grad(), array![[0.5, 0.5], [1.0, 0.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    #[must_use]
    pub fn max_axis(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        self.extreme(axis, self.data().max_axis(axis))
    }

    /// The least element along an axis, which disappears. Derivative: 1, which equal ones share.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[3.0, 3.0], [2.0, 0.0]]);
    /// x.min_axis(Axis(0)).sum().backward();
    /// assert_eq!(x.grad(), array![[0.0, 0.0], [1.0, 1.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    #[must_use]
    pub fn min_axis(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        self.extreme(axis, self.data().min_axis(axis))
    }

    /// The extreme elements along an axis: sums in which equal ones share.
    fn extreme(self, axis: Axis, value: Array<F, D::Smaller>) -> Var<'t, Array<F, D::Smaller>> {
        let (of, extremes) = (self.handle(), value.clone());
        self.along(axis, value, shares).replayed_as(&[self.node], move |tape| {
            let of: Var<'_, Array<F, D>> = of.on(tape);
            let data = of.data();
            let mut weights: Array<F, D> = Array::zeros(data.raw_dim());
            let lanes = weights.lanes_mut(axis).into_iter().zip(data.lanes(axis));
            for ((mut to, lane), &extreme) in lanes.zip(&extremes) {
                let of_lane = shares(&lane.to_vec(), extreme);
                to.iter_mut().zip(of_lane).for_each(|(to, share)| *to = share);
            }
            of.with(tape.constant(weights), rules::Mul).lane_sums(axis).without(axis)
        })
    }

    /// Where along an axis the greatest element is, as
    /// [`TensorExt::argmax_axis`](crate::tensor::TensorExt::argmax_axis).
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    #[must_use]
    pub fn argmax_axis(self, axis: Axis) -> Array<usize, D::Smaller> {
        self.data().argmax_axis(axis)
    }

    /// Where along an axis the least element is, as
    /// [`TensorExt::argmin_axis`](crate::tensor::TensorExt::argmin_axis).
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    #[must_use]
    pub fn argmin_axis(self, axis: Axis) -> Array<usize, D::Smaller> {
        self.data().argmin_axis(axis)
    }

    /// For each index the element that it names along an axis.
    ///
    /// Derivative: 1 by each element, as often as it was taken.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0]]);
    /// x.gather(Axis(1), &array![[1, 1, 0]]).sum().backward();
    /// assert_eq!(x.grad(), array![[1.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, an index is too large, or another axis has another length.
    #[track_caller]
    #[must_use]
    pub fn gather(self, axis: Axis, index: &ArrayRef<usize, D>) -> Self {
        self.viewed(|all| lanes::gather(&all, axis, index, 0))
    }

    /// Each lane along the last axis with its mean taken off, divided by its standard deviation,
    /// times `scale` plus `shift`.
    ///
    /// With x̂ = (x − μ)/s and g = ct · scale the derivatives are (g − mean g − x̂ mean(g x̂))/s by x,
    /// Σ ct x̂ and Σ ct by scale and shift, and −Σ g x̂ / (2 s²) by ε.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (x, scale) = (tape.var(array![[1.0, 3.0]]), tape.var(array![2.0, 1.0]));
    /// x.layer_norm(scale, array![0.0, 0.0], 0.0).sum().backward();
    /// assert_eq!(scale.grad(), array![-1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If `scale` or `shift` is not as long as the last axis, or lives on another tape.
    #[track_caller]
    #[must_use]
    pub fn layer_norm<S, B>(self, scale: S, shift: B, epsilon: impl Into<Var<'t, F>>) -> Self
    where
        S: IntoVar<'t, Value = Array1<F>>,
        B: IntoVar<'t, Value = Array1<F>>,
    {
        let (scale, shift) = (scale.into_var(self.home()), shift.into_var(self.home()));
        let epsilon = epsilon.into();
        or_panic(same_tape(self.tape, scale.tape, "layer_norm"));
        or_panic(same_tape(self.tape, shift.tape, "layer_norm"));
        or_panic(same_tape(self.tape, epsilon.tape, "layer_norm"));
        let (x, weights, by) = (self.data(), scale.data(), epsilon.value());
        let value = x.layer_norm(&weights, &shift.data(), by);
        let nodes = (self.node, scale.node, shift.node, epsilon.node);
        let tracked = nodes.0.is_tracked()
            || nodes.1.is_tracked()
            || nodes.2.is_tracked()
            || nodes.3.is_tracked();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<F, D>();
            let last = Axis(x.ndim() - 1);
            let n = F::from_usize(x.len_of(last)).unwrap_or_else(F::nan);
            let mean = |terms: Array1<F>| terms.sum() / n;
            let mut to_x: Array<F, D> = Array::zeros(x.raw_dim());
            let mut to_scale: Array<F, Ix1> = Array::zeros(weights.len());
            let (mut to_shift, mut to_epsilon) = (to_scale.clone(), F::zero());
            let lanes = x.lanes(last).into_iter().zip(ct.lanes(last));
            for (mut to, (lane, ct)) in to_x.lanes_mut(last).into_iter().zip(lanes) {
                let off = lane.mapv(|x| x - mean(lane.to_owned()));
                let s = (mean(&off * &off) + by).sqrt();
                let unit = off.mapv(|e| e / s);
                let g = &ct * &weights;
                let (flat, slope) = (mean(g.clone()), mean(&g * &unit));
                let two = F::one() + F::one();
                to_epsilon -= slope * n / (two * s * s);
                Zip::from(&mut to).and(&g).and(&unit).for_each(|to, &g, &unit| {
                    *to = (g - flat - unit * slope) / s;
                });
                to_scale += &(&ct * &unit);
                to_shift += &ct;
            }
            if nodes.0.is_tracked() {
                sink.add_array(nodes.0, to_x);
            }
            if nodes.1.is_tracked() {
                sink.add_array(nodes.1, to_scale);
            }
            if nodes.2.is_tracked() {
                sink.add_array(nodes.2, to_shift);
            }
            if nodes.3.is_tracked() {
                sink.add_scalar(nodes.3, to_epsilon);
            }
        });
        let operands = [self.handle(), scale.handle(), shift.handle(), epsilon.handle()];
        record(self.home(), value.into_shared(), tracked.then_some(pullback)).replayed_as(
            &operands.map(|operand| operand.node),
            move |tape| {
                let [x, scale, shift, epsilon] = operands;
                let x: Var<'_, Array<F, D>> = x.on(tape);
                let last = Axis(x.ndim() - 1);
                let along = |of: Handle| of.on::<Array1<F>>(tape).stretched(x.raw_dim());
                let off = x.with(x.lane_means(last), rules::Sub);
                let variance = Array::binary(
                    Part::Whole(Array::unary(off, rules::Square).lane_means(last)),
                    Part::Scalar(epsilon.on(tape)),
                    rules::Add,
                );
                let unit = off.with(variance.sqrt(), rules::Div);
                unit.with(along(scale), rules::Mul).with(along(shift), rules::Add)
            },
        )
    }
}
