//! Arrays in other shapes: selected, reshaped, joined; and the product of all elements.

use ndarray::{Array, Axis, Dimension, IntoDimension, Ix1, Ix2, RemoveAxis, ShapeError, Slice};

use super::array::record;
use super::error::or_panic;
use super::graph::Pullback;
use super::value::Real;
use super::var::{Var, same_tape};
use crate::tensor::lanes::reshaped;

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The same elements in another shape, in row-major order, as ndarray's
    /// `into_shape_with_order`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0, 4.0]);
    /// x.into_shape_with_order((2, 2)).unwrap().row(1).sum().backward();
    /// assert_eq!(x.grad(), array![0.0, 0.0, 1.0, 1.0]);
    /// ```
    ///
    /// # Errors
    /// If the shape has another number of elements.
    pub fn into_shape_with_order<S: IntoDimension<Dim: 'static>>(
        self,
        shape: S,
    ) -> Result<Var<'t, Array<F, S::Dim>>, ShapeError> {
        let shape = shape.into_dimension();
        // Fails where the elements do not fit.
        Array::<(), _>::default(self.data().raw_dim()).into_shape_with_order(shape.clone())?;
        Ok(self.viewed(|all| reshaped(all.iter().copied(), shape)))
    }

    /// The product of all elements. Derivative: by each the product of the others.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![2.0, 0.0, 5.0]);
    /// x.product().backward();
    /// assert_eq!(x.grad(), array![0.0, 10.0, 0.0]);
    /// ```
    #[must_use]
    pub fn product(self) -> Var<'t, F> {
        let value = self.data().iter().fold(F::one(), |product, &x| product * x);
        self.moment(value, |elements| {
            let mut partials = vec![F::one(); elements.len()];
            // What stands before each, then what stands behind.
            let mut before = F::one();
            for (partial, &x) in partials.iter_mut().zip(elements) {
                *partial = before;
                before *= x;
            }
            let mut behind = F::one();
            for (partial, &x) in partials.iter_mut().zip(elements).rev() {
                *partial *= behind;
                behind *= x;
            }
            partials
        })
        .replayed_as(&[self.node], {
            let of = self.handle();
            move |tape| {
                let of: Var<'_, Array<F, D>> = of.on(tape);
                of.each().into_iter().product()
            }
        })
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The parts of the array at some indices of an axis, as ndarray's `select`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0]);
    /// x.select(Axis(0), &[2, 2, 0]).sum().backward();
    /// assert_eq!(x.grad(), array![1.0, 0.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis or index, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn select(self, axis: Axis, indices: &[usize]) -> Self {
        self.viewed(|all| all.select(axis, indices))
    }

    /// The array without an axis of length 1, as ndarray's `remove_axis`: of a longer one what is
    /// at its first index.
    ///
    /// # Panics
    /// If there is no such axis, or nothing along it, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn remove_axis(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        self.index_axis(axis, 0)
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The parts of the array along an axis, one after the other, as ndarray's `axis_iter`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// for (k, column) in x.axis_iter(Axis(1)).enumerate() {
    ///     (column.sum() * k as f64).backward();
    /// }
    /// assert_eq!(x.grad(), array![[0.0, 1.0], [0.0, 1.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    pub fn axis_iter(self, axis: Axis) -> std::vec::IntoIter<Var<'t, Array<F, D::Smaller>>> {
        let parts = (0..self.len_of(axis)).map(|index| self.index_axis(axis, index));
        parts.collect::<Vec<_>>().into_iter()
    }

    /// The parts of the array along its first axis, as ndarray's `outer_iter`.
    ///
    /// # Panics
    /// If the array has no axis, as ndarray does.
    #[track_caller]
    pub fn outer_iter(self) -> std::vec::IntoIter<Var<'t, Array<F, D::Smaller>>> {
        self.axis_iter(Axis(0))
    }
}

impl<'t, F: Real> Var<'t, Array<F, Ix2>> {
    /// The rows, one after the other.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let norms: Vec<f64> = x.rows().map(|row| row.norm_l1().value()).collect();
    /// assert_eq!(norms, [3.0, 7.0]);
    /// ```
    pub fn rows(self) -> std::vec::IntoIter<Var<'t, Array<F, Ix1>>> {
        self.axis_iter(Axis(0))
    }

    /// The columns, one after the other.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.columns().nth(1).unwrap().value(), array![2.0, 4.0]);
    /// ```
    pub fn columns(self) -> std::vec::IntoIter<Var<'t, Array<F, Ix1>>> {
        self.axis_iter(Axis(1))
    }

    /// The diagonal, as ndarray's `diag`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var(array![[1.0, 2.0], [3.0, 4.0]]).diag().value(), array![1.0, 4.0]);
    /// ```
    #[must_use]
    pub fn diag(self) -> Var<'t, Array<F, Ix1>> {
        self.viewed(|all| all.diag().to_owned())
    }
}

/// Arrays one behind the other along an axis, as `ndarray::concatenate`.
///
/// Derivatives: to each array the part of the cotangent that it is.
///
/// ```
/// use chainrule::tape::{Tape, concatenate};
/// use ndarray::{Axis, array};
///
/// let tape = Tape::new();
/// let (x, y) = (tape.var(array![1.0]), tape.var(array![2.0, 3.0]));
/// let z = concatenate(Axis(0), &[x, y]).unwrap();
/// z.backward_with(array![1.0, 10.0, 100.0]);
/// assert_eq!((x.grad(), y.grad()), (array![1.0], array![10.0, 100.0]));
/// ```
///
/// # Errors
/// If there is no array, no such axis, or the other axes differ.
///
/// # Panics
/// If the arrays live on two tapes.
#[track_caller]
pub fn concatenate<'t, F: Real, D: RemoveAxis + 'static>(
    axis: Axis,
    arrays: &[Var<'t, Array<F, D>>],
) -> Result<Var<'t, Array<F, D>>, ShapeError> {
    let data: Vec<_> = arrays.iter().map(|array| array.data()).collect();
    let views: Vec<_> = data.iter().map(|data| data.view()).collect();
    let value = ndarray::concatenate(axis, &views)?;
    for array in &arrays[1..] {
        or_panic(same_tape(arrays[0].tape, array.tape, "concatenate"));
    }
    let parts: Vec<_> =
        arrays.iter().zip(&data).map(|(array, data)| (array.node, data.len_of(axis))).collect();
    let parents: Vec<_> = arrays.iter().map(|array| array.node).collect();
    let again = parts.clone();
    let tracked = parts.iter().any(|(node, _)| node.is_tracked());
    let pullback: Pullback = Box::new(move |ct, sink| {
        let (ct, mut from) = (ct.array::<F, D>(), 0);
        for &(node, length) in &parts {
            if node.is_tracked() {
                let part = ct.slice_axis(axis, Slice::from(from..from + length));
                sink.add_array(node, part.to_owned());
            }
            from += length;
        }
    });
    let home = arrays.iter().find(|array| array.tape.is_some()).unwrap_or(&arrays[0]).home();
    let joined = record(home, value.into_shared(), tracked.then_some(pullback));
    Ok(joined.replayed(&parents, move |sweep, _, ct| {
        let mut from = 0;
        for &(node, length) in &again {
            let range = Slice::from(from..from + length);
            if sweep.needs(node) {
                sweep.add(node, ct.viewed(|all| all.slice_axis(axis, range).to_owned()));
            }
            from += length;
        }
        Ok(())
    }))
}

/// Arrays of one shape along a new axis, as `ndarray::stack`.
///
/// Derivatives: to each array the part of the cotangent that it is.
///
/// ```
/// use chainrule::tape::{Tape, stack};
/// use ndarray::{Axis, array};
///
/// let tape = Tape::new();
/// let (x, y) = (tape.var(array![1.0, 2.0]), tape.var(array![3.0, 4.0]));
/// let z = stack(Axis(0), &[x, y]).unwrap();
/// assert_eq!(z.value(), array![[1.0, 2.0], [3.0, 4.0]]);
/// ```
///
/// # Errors
/// If there is no array, or the shapes differ.
///
/// # Panics
/// If the axis is beyond the rank, or the arrays live on two tapes.
#[track_caller]
pub fn stack<'t, F: Real, D>(
    axis: Axis,
    arrays: &[Var<'t, Array<F, D>>],
) -> Result<Var<'t, Array<F, D::Larger>>, ShapeError>
where
    D: Dimension<Larger: RemoveAxis + 'static> + 'static,
{
    let taller: Vec<_> = arrays.iter().map(|array| array.insert_axis(axis)).collect();
    concatenate(axis, &taller)
}
