//! Arrays in and out of kernels.

use ndarray::{Array, Dimension};
use num_traits::Float;

pub use ndarray::{Array0, Array1, Array2, ArrayRef, Ix0, Ix1, Ix2, arr0};

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
