//! Arrays in and out of kernels.

use super::{Tangent, check_same};
use ndarray::{Array, ArrayView, Dimension};
use num_traits::Float;
use std::borrow::Cow;

pub use ndarray::{
    Array0, Array1, Array2, Array3, Array4, Array5, Array6, ArrayRef, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5,
    Ix6, arr0,
};

/// The elements of an array in row-major order, to be written.
///
/// Empty for any other layout; generated code has made sure of the layout before.
#[inline]
pub fn slice_mut<F, D: Dimension>(array: &mut ArrayRef<F, D>) -> &mut [F] {
    array.as_slice_mut().unwrap_or_default()
}

/// A copy in row-major order.
pub fn standard<F: Clone, D: Dimension>(array: &ArrayRef<F, D>) -> Array<F, D> {
    array.as_standard_layout().into_owned()
}

/// Zeros of an array's shape.
#[inline]
pub fn zeros_like<F: Float, D: Dimension>(array: &ArrayRef<F, D>) -> Array<F, D> {
    Array::zeros(array.raw_dim())
}

/// The extents of an array.
#[inline]
pub fn extents<const RANK: usize, F, D: Dimension>(array: &ArrayRef<F, D>) -> [usize; RANK] {
    core::array::from_fn(|axis| array.shape()[axis])
}

/// The elements of an array that is in row-major order.
///
/// # Panics
/// If it is not: generated code has made sure that it is.
#[inline]
pub fn flat<F, D: Dimension>(array: &ArrayRef<F, D>) -> &[F] {
    array.as_slice().expect("the array is in row-major order")
}

/// A copy in row-major order, where the array itself is in another.
#[inline]
pub fn reordered<F: Clone, D: Dimension>(array: &ArrayRef<F, D>) -> Option<Array<F, D>> {
    if array.is_standard_layout() { None } else { Some(standard(array)) }
}

/// The elements in row-major order, of the copy where one had to be made.
#[inline]
pub fn flat_mut<'a, F, D: Dimension>(
    copy: &'a mut Option<Array<F, D>>,
    array: &'a mut ArrayRef<F, D>,
) -> &'a mut [F] {
    match copy {
        Some(copy) => slice_mut(copy),
        None => slice_mut(array),
    }
}

/// Puts what was worked on in a copy back into the array.
#[inline]
pub fn put_back<F: Clone, D: Dimension>(copy: Option<Array<F, D>>, array: &mut ArrayRef<F, D>) {
    if let Some(copy) = copy {
        array.assign(&copy);
    }
}

/// The elements in row-major order.
#[inline]
pub fn into_flat<F: Clone, D: Dimension>(array: Array<F, D>) -> Vec<F> {
    let len = array.len();
    if !array.is_standard_layout() {
        return array.iter().cloned().collect();
    }
    let (elements, offset) = array.into_raw_vec_and_offset();
    match offset {
        None | Some(0) if elements.len() == len => elements,
        // A part of a larger array.
        offset => elements.into_iter().skip(offset.unwrap_or(0)).take(len).collect(),
    }
}

/// The elements in row-major order, borrowed where they are.
#[inline]
pub fn elements_of<F: Clone, D: Dimension>(array: &ArrayRef<F, D>) -> Cow<'_, [F]> {
    match array.as_slice() {
        Some(elements) => Cow::Borrowed(elements),
        None => Cow::Owned(array.iter().cloned().collect()),
    }
}

/// The same of a view, which lends them for as long as it can.
#[inline]
pub fn elements_of_view<F: Clone, D: Dimension>(view: ArrayView<'_, F, D>) -> Cow<'_, [F]> {
    match view.to_slice() {
        Some(elements) => Cow::Borrowed(elements),
        None => Cow::Owned(view.iter().cloned().collect()),
    }
}

/// The same of an array that is not used again.
#[inline]
pub fn elements_of_array<F: Clone, D: Dimension>(array: Array<F, D>) -> Cow<'static, [F]> {
    Cow::Owned(into_flat(array))
}

/// An array of its elements in row-major order.
///
/// # Panics
/// If there are not as many as the extents say.
#[inline]
pub fn from_flat<F, const RANK: usize, D: Dimension>(
    extents: [usize; RANK],
    elements: Vec<F>,
) -> Array<F, D>
where
    [usize; RANK]: ndarray::IntoDimension<Dim = D>,
{
    Array::from_shape_vec(ndarray::IntoDimension::into_dimension(extents), elements)
        .expect("as many elements as the extents say")
}

impl<T: Tangent, D: Dimension> Tangent for Array<T, D> {
    #[inline]
    fn zeros_like(&self) -> Self {
        self.map(T::zeros_like)
    }
    #[inline]
    fn set_zero(&mut self) {
        self.iter_mut().for_each(T::set_zero);
    }
    #[inline]
    fn add_assign(&mut self, other: &Self) {
        if let Some((to, from)) = axes_that_differ(self, other) {
            check_same(to, from);
        }
        self.iter_mut().zip(other).for_each(|(to, from)| to.add_assign(from));
    }
    #[inline]
    fn mismatch(&self, other: &Self) -> Option<(usize, usize)> {
        let elements = || self.iter().zip(other).find_map(|(a, b)| a.mismatch(b));
        axes_that_differ(self, other).or_else(elements)
    }
    #[inline]
    fn save(&self, visit: &mut dyn FnMut(f64)) {
        self.iter().for_each(|part| part.save(visit));
    }
    #[inline]
    fn restore(&mut self, next: &mut dyn FnMut() -> f64) {
        self.iter_mut().for_each(|part| part.restore(next));
    }
}

/// The lengths of the first two axes that differ.
fn axes_that_differ<T, D: Dimension>(a: &Array<T, D>, b: &Array<T, D>) -> Option<(usize, usize)> {
    let pairs = a.shape().iter().zip(b.shape());
    pairs.map(|(a, b)| (*a, *b)).find(|(a, b)| a != b)
}
