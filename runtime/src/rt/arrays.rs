//! Arrays in and out of kernels.

use super::{Tangent, check_same};
use ndarray::{Array, Dimension};
use num_traits::Float;

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
