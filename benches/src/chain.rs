//! A chain of ten operations over a million elements, `f32`: its gradient reads what a copy reads
//! and writes what a copy writes.

use chainrule::differentiate;
use ndarray::Array1;

/// How many elements.
pub const ELEMENTS: usize = 1_000_000;

/// Ten operations, and the sum.
#[differentiate]
pub fn chain(x: &Array1<f32>) -> f32 {
    let y = x * 1.5 + 0.25;
    let z = (&y * &y - x).abs() + 1.0;
    let u = (&y - &z * 0.5) / &z;
    (u * 0.125).sum()
}

/// The elements.
#[must_use]
pub fn elements() -> Array1<f32> {
    Array1::from_shape_fn(ELEMENTS, |k| (k % 1000) as f32 * 0.002 - 1.0)
}
