//! What a caller's closure makes of the lanes along an axis, and arrays that are rearranged.

use ndarray::{Array, Axis, Dimension, Ix1, Ix2, RemoveAxis, Slice};

use super::dot::Dot;
use super::index::{ElementIndex, is_inside, position};
use super::map::pack;
use super::value::Real;
use super::var::Var;
use crate::tensor::lanes::reshaped;

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The closure's result for every lane along an axis, as ndarray's `map_axis`. The lane is an
    /// array.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.map_axis(Axis(1), |row| row.dot(row));
    /// y.backward_with(array![1.0, 10.0]);
    /// assert_eq!(y.value(), array![5.0, 25.0]);
    /// assert_eq!(x.grad(), array![[2.0, 4.0], [60.0, 80.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does, or the closure returns a variable of another tape.
    #[track_caller]
    pub fn map_axis<G: Real>(
        self,
        axis: Axis,
        mut f: impl FnMut(Var<'t, Array<F, Ix1>>) -> Var<'t, G>,
    ) -> Var<'t, Array<G, D::Smaller>> {
        let data = self.data();
        let positions = reshaped(0..data.len(), data.raw_dim());
        let lanes = positions.lanes(axis);
        let results: Vec<Var<'t, G>> =
            lanes.into_iter().map(|lane| f(self.viewed(|_| lane.to_owned()))).collect();
        pack(self.home(), data.raw_dim().remove_axis(axis), &results)
    }

    /// The lanes along an axis folded, each from `init` on, as ndarray's `fold_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.fold_axis(Axis(0), 1.0, |product, e| product * e);
    /// y.sum().backward();
    /// assert_eq!(y.value(), array![3.0, 8.0]);
    /// assert_eq!(x.grad(), array![[3.0, 4.0], [1.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does, or the closure returns a variable of another tape.
    #[track_caller]
    pub fn fold_axis<G: Real>(
        self,
        axis: Axis,
        init: impl Into<Var<'t, G>>,
        mut fold: impl FnMut(&Var<'t, G>, &Var<'t, F>) -> Var<'t, G>,
    ) -> Var<'t, Array<G, D::Smaller>> {
        let (init, elements) = (init.into(), self.elements());
        let results: Vec<Var<'t, G>> = elements
            .lanes(axis)
            .into_iter()
            .map(|lane| lane.iter().fold(init, |all, element| fold(&all, element)))
            .collect();
        pack(self.home(), self.raw_dim().remove_axis(axis), &results)
    }

    /// The products along an axis, as ndarray's `product_axis`. Derivative: by each the product of
    /// the others.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[2.0, 0.0, 5.0]]);
    /// x.product_axis(Axis(1)).sum().backward();
    /// assert_eq!(x.grad(), array![[0.0, 10.0, 0.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn product_axis(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        self.map_axis(axis, Var::product)
    }

    /// The array in two parts at an index of an axis, as ndarray's `split_at` of a view.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let (a, b) = tape.var(array![1.0, 2.0, 3.0]).split_at(Axis(0), 1);
    /// assert_eq!((a.value(), b.value()), (array![1.0], array![2.0, 3.0]));
    /// ```
    ///
    /// # Panics
    /// If there is no such axis or index, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn split_at(self, axis: Axis, index: usize) -> (Self, Self) {
        (self.slice_axis(axis, Slice::from(..index)), self.slice_axis(axis, Slice::from(index..)))
    }
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// A part of the array along one axis, as ndarray's `slice_axis`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis, Slice};
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0]);
    /// assert_eq!(x.slice_axis(Axis(0), Slice::from(1..)).value(), array![2.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or the slice is out of bounds, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn slice_axis(self, axis: Axis, slice: Slice) -> Self {
        self.viewed(|all| all.slice_axis(axis, slice).to_owned())
    }

    /// The array with its axes in reverse order, as ndarray's `reversed_axes`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var(array![[1.0, 2.0]]).reversed_axes().dim(), (2, 1));
    /// ```
    #[must_use]
    pub fn reversed_axes(self) -> Self {
        self.t()
    }

    /// The elements in row-major order, as ndarray's `flatten`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var(array![[1.0], [2.0]]).flatten().value(), array![1.0, 2.0]);
    /// ```
    #[must_use]
    pub fn flatten(self) -> Var<'t, Array<F, Ix1>> {
        self.viewed(|all| all.iter().copied().collect())
    }

    /// The elements folded in logical order, as ndarray's `fold`.
    ///
    /// ```
    /// # use chainrule::tape::{Tape, Var};
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0]);
    /// let y = x.fold(Var::from(0.0), |all, e| all * 0.5 + e);
    /// y.backward();
    /// assert_eq!(x.grad(), array![0.25, 0.5, 1.0]);
    /// ```
    pub fn fold<B>(self, init: B, f: impl FnMut(B, &Var<'t, F>) -> B) -> B {
        self.each().iter().fold(init, f)
    }

    /// The element at an index, if there is one, as ndarray's `get`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert_eq!(x.get(1).map(|e| e.value()), Some(2.0));
    /// assert!(x.get(2).is_none());
    /// ```
    #[must_use]
    pub fn get(self, index: impl ElementIndex<D>) -> Option<Var<'t, F>> {
        is_inside(self.data().shape(), &index).then(|| self.at(index))
    }

    /// Swaps two elements, as ndarray's `swap`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let mut x = tape.var(array![1.0, 2.0, 3.0]);
    /// x.swap(0, 2);
    /// assert_eq!(x.value(), array![3.0, 2.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If an index is out of bounds.
    #[track_caller]
    pub fn swap(&mut self, a: impl ElementIndex<D>, b: impl ElementIndex<D>) {
        let shape = self.shape();
        let (a, b) = (position(&shape, &a), position(&shape, &b));
        *self = self.viewed(|all| {
            let mut positions: Vec<usize> = all.iter().copied().collect();
            positions.swap(a, b);
            reshaped(positions, all.raw_dim())
        });
    }

    /// Changes every element by the element of another array, which is stretched to its shape, as
    /// ndarray's `zip_mut_with`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (start, y) = (tape.var(array![1.0, 4.0]), tape.var(array![2.0, 3.0]));
    /// let mut x = start;
    /// x.zip_mut_with(&y, |x, y| if *x < *y { *x = *x * *y });
    /// x.sum().backward();
    /// assert_eq!(x.value(), array![2.0, 4.0]);
    /// assert_eq!((start.grad(), y.grad()), (array![2.0, 1.0], array![1.0, 0.0]));
    /// ```
    ///
    /// # Panics
    /// If the other array does not fit.
    #[track_caller]
    pub fn zip_mut_with<E: Dimension + 'static>(
        &mut self,
        other: &Var<'t, Array<F, E>>,
        f: impl FnMut(&mut Var<'t, F>, &Var<'t, F>),
    ) {
        let other = other.elements();
        self.elements_mut().zip_mut_with(&other, f);
    }

    /// Which elements fulfil a condition: a mask, for [`Var::where_select`] say. No derivative flows
    /// there.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![-1.0, 2.0]);
    /// let mask = x.mask(|e| e > 0.0);
    /// let y = x.where_select(&mask, x * 0.1);
    /// assert_eq!((mask, y.value()), (array![false, true], array![-0.1, 2.0]));
    /// ```
    #[must_use]
    pub fn mask(self, condition: impl FnMut(F) -> bool) -> Array<bool, D> {
        self.data().mapv(condition)
    }
}

/// `c` becomes `alpha · a · b + beta · c`, as ndarray's `general_mat_mul`.
///
/// ```
/// # use chainrule::tape::{Tape, general_mat_mul};
/// # use ndarray::array;
/// let tape = Tape::new();
/// let (a, b) = (tape.var(array![[1.0, 2.0]]), tape.var(array![[3.0], [4.0]]));
/// let mut c = tape.var(array![[10.0]]);
/// general_mat_mul(2.0, &a, &b, 0.5, &mut c);
/// c.sum().backward();
/// assert_eq!(c.value(), array![[27.0]]);
/// assert_eq!(a.grad(), array![[6.0, 8.0]]);
/// ```
///
/// # Panics
/// If the shapes do not fit, or the variables live on two tapes.
#[track_caller]
pub fn general_mat_mul<'t, F: Real>(
    alpha: impl Into<Var<'t, F>>,
    a: &Var<'t, Array<F, Ix2>>,
    b: &Var<'t, Array<F, Ix2>>,
    beta: impl Into<Var<'t, F>>,
    c: &mut Var<'t, Array<F, Ix2>>,
) where
    Array<F, Ix2>: Dot<Array<F, Ix2>, Output = Array<F, Ix2>>,
{
    let product = a.dot(b) * alpha.into();
    c.assign(*c * beta.into() + product);
}
