//! Sums and means.

use ndarray::{Array, Axis, Dimension, RemoveAxis};

use super::array::{record, record_scalar};
use super::graph::Pullback;
use super::rules;
use super::value::Real;
use super::var::Var;

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The sum of all elements.
    ///
    /// Derivative: 1 by each element.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.sum();
    /// y.backward();
    /// assert_eq!(y.value(), 10.0);
    /// assert_eq!(x.grad(), array![[1.0, 1.0], [1.0, 1.0]]);
    /// ```
    #[must_use]
    pub fn sum(self) -> Var<'t, F> {
        let (node, data) = (self.node, self.data());
        let shape = data.raw_dim();
        let pullback: Pullback = Box::new(move |ct, sink| {
            sink.add_array(node, Array::from_elem(shape.clone(), ct.scalar::<F>()));
        });
        let shape = data.raw_dim();
        record_scalar(self.home(), data.sum(), node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, ct.filled(sweep.tape, shape.clone()));
                Ok(())
            },
        )
    }

    /// The mean of all elements, `None` when there are none.
    ///
    /// Derivative: 1/n by each element.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Array1};
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0, 4.0]);
    /// x.mean().unwrap().backward();
    /// assert_eq!(x.grad(), array![0.25, 0.25, 0.25, 0.25]);
    /// assert!(tape.var(Array1::<f64>::zeros(0)).mean().is_none());
    /// ```
    #[must_use]
    pub fn mean(self) -> Option<Var<'t, F>> {
        let (node, data) = (self.node, self.data());
        let (shape, count) = (data.raw_dim(), F::from_usize(data.len())?);
        let value = data.mean()?;
        let pullback: Pullback = Box::new(move |ct, sink| {
            sink.add_array(node, Array::from_elem(shape.clone(), ct.scalar::<F>() / count));
        });
        let of = self.handle();
        let mean = record_scalar(self.home(), value, node.is_tracked().then_some(pullback));
        Some(mean.replayed_as(&[node], move |tape| of.on::<Array<F, D>>(tape).sum() / count))
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The sums along one axis, which disappears.
    ///
    /// Derivative: 1 by each element that went into a sum.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let columns = x.sum_axis(Axis(0));
    /// columns.backward_with(array![10.0, 20.0]);
    /// assert_eq!(columns.value(), array![4.0, 6.0]);
    /// assert_eq!(x.grad(), array![[10.0, 20.0], [10.0, 20.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn sum_axis(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        let value = self.data().sum_axis(axis);
        self.spread(axis, value, F::one())
    }

    /// The means along one axis, which disappears; `None` when the axis has no element.
    ///
    /// Derivative: 1/n by each of the n elements that went into a mean.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Array2, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let rows = x.mean_axis(Axis(1)).unwrap();
    /// rows.sum().backward();
    /// assert_eq!(rows.value(), array![1.5, 3.5]);
    /// assert_eq!(x.grad(), array![[0.5, 0.5], [0.5, 0.5]]);
    /// assert!(tape.var(Array2::<f64>::zeros((0, 2))).mean_axis(Axis(0)).is_none());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn mean_axis(self, axis: Axis) -> Option<Var<'t, Array<F, D::Smaller>>> {
        let data = self.data();
        let value = data.mean_axis(axis)?;
        let count = F::from_usize(data.len_of(axis))?;
        Some(self.spread(axis, value, count))
    }

    /// Records a reduction along an axis whose cotangent, divided, goes to every element.
    fn spread(
        self,
        axis: Axis,
        value: Array<F, D::Smaller>,
        divisor: F,
    ) -> Var<'t, Array<F, D::Smaller>> {
        let (node, shape) = (self.node, self.raw_dim());
        let pullback: Pullback = Box::new(move |ct, sink| {
            let each = ct.array::<F, D::Smaller>().mapv(|ct| ct / divisor);
            let mut all = Array::zeros(shape.clone());
            for mut lane in all.axis_iter_mut(axis) {
                lane.assign(&each);
            }
            sink.add_array(node, all);
        });
        let of = self.handle();
        record(self.home(), value.into_shared(), node.is_tracked().then_some(pullback)).replayed_as(
            &[node],
            move |tape| {
                let sums = of.on::<Array<F, D>>(tape).lane_sums(axis).without(axis);
                sums.with_number(divisor, rules::Div)
            },
        )
    }
}
