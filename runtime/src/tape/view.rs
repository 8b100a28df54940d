//! Views: slices, rows, permuted, new and stretched axes.
//!
//! ndarray itself says where each element of a view comes from: the view is taken of the elements'
//! positions. One rule serves all: cotangents are added up at the positions they come from.

use std::sync::Arc;

use ndarray::{Array, ArrayView, Axis, Dimension, IntoDimension, Ix1, Ix2, RemoveAxis, SliceArg};

use super::array::record;
use super::graph::Pullback;
use super::value::Real;
use super::var::Var;
use crate::tensor::lanes::reshaped;

/// Elements added up at positions, zero elsewhere.
fn added<F: Real, D: Dimension, E: Dimension>(
    elements: impl Iterator<Item = F>,
    positions: &Array<usize, D>,
    shape: E,
) -> Array<F, E> {
    let mut sums = vec![F::zero(); shape.size()];
    for (&position, element) in positions.iter().zip(elements) {
        sums[position] += element;
    }
    reshaped(sums, shape)
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The elements at the positions that a view of all positions shows.
    #[track_caller]
    pub(super) fn viewed<E: Dimension + 'static>(
        self,
        view: impl FnOnce(ArrayView<'_, usize, D>) -> Array<usize, E>,
    ) -> Var<'t, Array<F, E>> {
        let data = self.data();
        let all = reshaped(0..data.len(), data.raw_dim());
        self.picked(Arc::new(view(all.view())))
    }

    /// The elements at these positions in logical order.
    pub(super) fn picked<E: Dimension + 'static>(
        self,
        positions: Arc<Array<usize, E>>,
    ) -> Var<'t, Array<F, E>> {
        let data = self.data();
        let elements: Vec<F> = data.iter().copied().collect();
        let value = positions.mapv(|position| elements[position]);
        let (node, shape) = (self.node, data.raw_dim());
        let (again, of) = (Arc::clone(&positions), shape.clone());
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<F, E>();
            sink.add_array(node, added(ct.iter().copied(), &positions, shape.clone()));
        });
        record(self.home(), value.into_shared(), node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, ct.put(Arc::clone(&again), of.clone()));
                Ok(())
            },
        )
    }

    /// The elements added up at these positions of an array of zeros.
    fn put<E: Dimension + 'static>(
        self,
        positions: Arc<Array<usize, D>>,
        shape: E,
    ) -> Var<'t, Array<F, E>> {
        let node = self.node;
        let value = added(self.data().iter().copied(), &positions, shape);
        let again = Arc::clone(&positions);
        let pullback: Pullback = Box::new(move |ct, sink| {
            let elements: Vec<F> = ct.array::<F, E>().iter().copied().collect();
            sink.add_array(node, positions.mapv(|position| elements[position]));
        });
        record(self.home(), value.into_shared(), node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, ct.picked(Arc::clone(&again)));
                Ok(())
            },
        )
    }

    /// A part of the array, as ndarray's `slice`.
    ///
    /// Derivative: 1 by each element that is in the slice.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, s};
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0, 4.0]);
    /// let y = x.slice(s![1..;-2]);
    /// y.backward_with(array![10.0, 20.0]);
    /// assert_eq!(y.value(), array![4.0, 2.0]);
    /// assert_eq!(x.grad(), array![0.0, 20.0, 0.0, 10.0]);
    /// ```
    ///
    /// # Panics
    /// If the slice is out of bounds, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn slice<I: SliceArg<D, OutDim: 'static>>(self, info: I) -> Var<'t, Array<F, I::OutDim>> {
        self.viewed(|all| all.slice(info).to_owned())
    }

    /// The array with its axes in another order, as ndarray's `permuted_axes`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::Array3;
    /// let x = Tape::new();
    /// let x = x.var(Array3::<f64>::zeros((2, 3, 4)));
    /// assert_eq!(x.permuted_axes([2, 0, 1]).dim(), (4, 2, 3));
    /// ```
    ///
    /// # Panics
    /// If an axis is missing or named twice, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn permuted_axes(self, order: impl IntoDimension<Dim = D>) -> Self {
        self.viewed(|all| all.permuted_axes(order).to_owned())
    }

    /// Swaps two axes, as ndarray's `swap_axes`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let mut x = tape.var(array![[1.0, 2.0, 3.0]]);
    /// x.swap_axes(0, 1);
    /// assert_eq!(x.dim(), (3, 1));
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    pub fn swap_axes(&mut self, a: usize, b: usize) {
        *self = self.viewed(|mut all| {
            all.swap_axes(a, b);
            all.to_owned()
        });
    }

    /// Turns an axis around, as ndarray's `invert_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let mut x = tape.var(array![1.0, 2.0, 3.0]);
    /// x.invert_axis(Axis(0));
    /// assert_eq!(x.value(), array![3.0, 2.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    pub fn invert_axis(&mut self, axis: Axis) {
        *self = self.viewed(|mut all| {
            all.invert_axis(axis);
            all.to_owned()
        });
    }

    /// The array with a new axis of length 1, as ndarray's `insert_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// assert_eq!(tape.var(array![1.0, 2.0]).insert_axis(Axis(0)).dim(), (1, 2));
    /// ```
    ///
    /// # Panics
    /// If the axis is beyond the rank, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn insert_axis(self, axis: Axis) -> Var<'t, Array<F, D::Larger>>
    where
        D::Larger: 'static,
    {
        self.viewed(|all| all.insert_axis(axis).to_owned())
    }

    /// The array stretched to a shape, as ndarray's `broadcast`; `None` where it does not fit.
    ///
    /// Derivative: the sum over what an element was stretched to.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// x.broadcast((3, 2)).unwrap().sum().backward();
    /// assert_eq!(x.grad(), array![3.0, 3.0]);
    /// assert!(x.broadcast((3, 3)).is_none());
    /// ```
    #[track_caller]
    #[must_use]
    pub fn broadcast<S: IntoDimension<Dim: 'static>>(
        self,
        shape: S,
    ) -> Option<Var<'t, Array<F, S::Dim>>> {
        let shape = shape.into_dimension();
        self.data().broadcast(shape.clone())?;
        Some(self.viewed(|all| all.broadcast(shape).map(|all| all.to_owned()).unwrap_or_default()))
    }

    /// The length of an axis.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// assert_eq!(Tape::new().var(array![[1.0, 2.0]]).len_of(Axis(1)), 2);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn len_of(self, axis: Axis) -> usize {
        self.data().len_of(axis)
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The part of the array at one index of an axis, as ndarray's `index_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.index_axis(Axis(1), 0).value(), array![1.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If the axis or the index does not exist, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn index_axis(self, axis: Axis, index: usize) -> Var<'t, Array<F, D::Smaller>> {
        self.viewed(|all| all.index_axis(axis, index).to_owned())
    }

    /// As `index_axis`: a variable is owned and borrowed at once.
    ///
    /// # Panics
    /// If the axis or the index does not exist, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn index_axis_move(self, axis: Axis, index: usize) -> Var<'t, Array<F, D::Smaller>> {
        self.index_axis(axis, index)
    }
}

impl<'t, F: Real> Var<'t, Array<F, Ix2>> {
    /// A row.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// x.row(1).sum().backward();
    /// assert_eq!(x.grad(), array![[0.0, 0.0], [1.0, 1.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such row, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn row(self, index: usize) -> Var<'t, Array<F, Ix1>> {
        self.viewed(|all| all.row(index).to_owned())
    }

    /// A column.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var(array![[1.0, 2.0]]).column(1).value(), array![2.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such column, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn column(self, index: usize) -> Var<'t, Array<F, Ix1>> {
        self.viewed(|all| all.column(index).to_owned())
    }
}
