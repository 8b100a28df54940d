//! Variances and standard deviations.

use ndarray::{Array, Axis, Dimension, RemoveAxis};

use super::array::{record, record_scalar};
use super::graph::Pullback;
use super::replay::Fresh;
use super::rules;
use super::value::{Part, Real, Value};
use super::var::Var;

/// The partials of a variance by the elements: `2 (x - mean) / (n - ddof)`.
fn of_variance<F: Real>(elements: &[F], ddof: F) -> Vec<F> {
    let count = F::from_usize(elements.len()).unwrap_or_else(F::nan);
    let mean = elements.iter().copied().fold(F::zero(), |sum, x| sum + x) / count;
    let scale = (F::one() + F::one()) / (count - ddof);
    elements.iter().map(|&x| scale * (x - mean)).collect()
}

/// The partials of a standard deviation: those of the variance over `2 std`; 0 where it is 0.
fn of_deviation<F: Real>(elements: &[F], ddof: F, deviation: F) -> Vec<F> {
    let mut partials = of_variance(elements, ddof);
    for partial in &mut partials {
        *partial = match deviation == F::zero() {
            true => F::zero(),
            false => *partial / (deviation + deviation),
        };
    }
    partials
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The variance of all elements, as ndarray's `var`.
    ///
    /// Derivative: 2(x − mean)/(n − ddof).
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 3.0]);
    /// let y = x.var(1.0);
    /// y.backward();
    /// assert_eq!(y.value(), 2.0);
    /// assert_eq!(x.grad(), array![-2.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If `ddof` is negative or greater than the number of elements, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn var(self, ddof: impl Into<Var<'t, F>>) -> Var<'t, F> {
        let ddof = ddof.into().value();
        let value = self.data().var(ddof);
        let of = self.handle();
        self.moment(value, move |elements| of_variance(elements, ddof))
            .replayed_as(&[self.node], move |tape| of.on::<Array<F, D>>(tape).spread_out(ddof))
    }

    /// The standard deviation of all elements, as ndarray's `std`.
    ///
    /// Derivative: (x − mean)/((n − ddof) std); 0 where the deviation is 0.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 3.0, 1.0, 3.0]);
    /// x.std(0.0).backward();
    /// assert_eq!(x.grad(), array![-0.25, 0.25, -0.25, 0.25]);
    /// ```
    ///
    /// # Panics
    /// If `ddof` is negative or greater than the number of elements, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn std(self, ddof: impl Into<Var<'t, F>>) -> Var<'t, F> {
        let ddof = ddof.into().value();
        let value = self.data().std(ddof);
        let of = self.handle();
        self.moment(value, move |elements| of_deviation(elements, ddof, value)).replayed_as(
            &[self.node],
            move |tape| match value == F::zero() {
                true => Var::constant(Some(tape), value),
                false => of.on::<Array<F, D>>(tape).spread_out(ddof).sqrt(),
            },
        )
    }

    /// The variance by other operations.
    fn spread_out(self, ddof: F) -> Var<'t, F> {
        let count = F::from_usize(self.len()).unwrap_or_else(F::nan);
        let mean = self.sum() / count;
        let off = Array::binary(Part::Whole(self), Part::Scalar(mean), rules::Sub);
        Array::unary(off, rules::Square).sum() / (count - ddof)
    }

    /// A scalar with its partials by all elements, in logical order.
    pub(super) fn moment(
        self,
        value: F,
        partials: impl Fn(&[F]) -> Vec<F> + Send + 'static,
    ) -> Fresh<'t, F> {
        let (node, data) = (self.node, self.data());
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.scalar::<F>();
            let elements: Vec<F> = data.iter().copied().collect();
            let mut partials = partials(&elements).into_iter();
            let all = Array::from_shape_simple_fn(data.raw_dim(), || {
                let partial = partials.next().unwrap_or_default();
                if ct == F::zero() { F::zero() } else { ct * partial }
            });
            sink.add_array(node, all);
        });
        record_scalar(self.home(), value, node.is_tracked().then_some(pullback))
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The variances along one axis, which disappears, as ndarray's `var_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 3.0], [2.0, 2.0]]);
    /// assert_eq!(x.var_axis(Axis(1), 1.0).value(), array![2.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or `ddof` does not fit, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn var_axis(
        self,
        axis: Axis,
        ddof: impl Into<Var<'t, F>>,
    ) -> Var<'t, Array<F, D::Smaller>> {
        let ddof = ddof.into().value();
        let value = self.data().var_axis(axis, ddof);
        let of = self.handle();
        self.along(axis, value, move |elements, _| of_variance(elements, ddof))
            .replayed_as(&[self.node], move |tape| {
                of.on::<Array<F, D>>(tape).lanes_spread_out(axis, ddof).without(axis)
            })
    }

    /// The standard deviations along one axis, as ndarray's `std_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 3.0], [2.0, 2.0]]);
    /// x.std_axis(Axis(1), 0.0).sum().backward();
    /// assert_eq!(x.grad(), array![[-0.5, 0.5], [0.0, 0.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or `ddof` does not fit, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn std_axis(
        self,
        axis: Axis,
        ddof: impl Into<Var<'t, F>>,
    ) -> Var<'t, Array<F, D::Smaller>> {
        let ddof = ddof.into().value();
        let value = self.data().std_axis(axis, ddof);
        let of = self.handle();
        self.along(axis, value, move |elements, deviation| of_deviation(elements, ddof, deviation))
            .replayed_as(&[self.node], move |tape| {
                let variance = of.on::<Array<F, D>>(tape).lanes_spread_out(axis, ddof);
                // Nothing flows to a lane whose elements are equal.
                let none = tape.constant(Array::ones(variance.raw_dim()));
                let some = variance.data().mapv(|variance| variance != F::zero());
                variance.where_select(&some, none).sqrt().without(axis)
            })
    }

    /// The variances by other operations; the axis stays with the length 1.
    fn lanes_spread_out(self, axis: Axis, ddof: F) -> Self {
        let count = F::from_usize(self.len_of(axis)).unwrap_or_else(F::nan);
        let square = Array::unary(self.with(self.lane_means(axis), rules::Sub), rules::Square);
        square.lane_sums(axis).with_number(count - ddof, rules::Div)
    }

    /// A reduction along an axis, given the partials by the elements of each lane.
    pub(super) fn along(
        self,
        axis: Axis,
        value: Array<F, D::Smaller>,
        partials: impl Fn(&[F], F) -> Vec<F> + Send + 'static,
    ) -> Fresh<'t, Array<F, D::Smaller>> {
        let (node, data, reduced) = (self.node, self.data(), value.clone());
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<F, D::Smaller>();
            let mut all: Array<F, D> = Array::zeros(data.raw_dim());
            let lanes = all.lanes_mut(axis).into_iter().zip(data.lanes(axis));
            for ((mut to, lane), (&ct, &value)) in lanes.zip(ct.iter().zip(&reduced)) {
                let elements: Vec<F> = lane.iter().copied().collect();
                for (to, partial) in to.iter_mut().zip(partials(&elements, value)) {
                    *to = if ct == F::zero() { F::zero() } else { ct * partial };
                }
            }
            sink.add_array(node, all);
        });
        record(self.home(), value.into_shared(), node.is_tracked().then_some(pullback))
    }
}
