//! What the integration tests share: gradients as lists of leaves, and the independent witness,
//! central differences extrapolated to step zero.
//!
//! Nothing here knows a derivative rule.

#![forbid(unsafe_code)]

pub mod arrays;
pub mod case;
pub mod dual;
pub mod forward;
pub mod hunt;
pub mod modes;
pub mod programs;
mod scalars;

pub use case::Case;
pub use scalars::{Fixed, Scalars, coarser};

use chainrule::Differentiable;
use chainrule::ndarray::{Array, ArrayD, Dimension, arr0};

/// A few roundings; the expected numbers are worked out in another order of operations.
pub const ROUNDING: f64 = 16.0 * f64::EPSILON;
/// What [`differences`] are good to, with a margin.
pub const DIFFERENCES: f64 = 1e-9;

/// Macro, tape and differences agree on a function of floats, and the value is the function's: the
/// gradient.
#[macro_export]
macro_rules! agree {
    ($f:ident($($arg:ident = $at:expr),+)) => {{
        $(let $arg: f64 = $at;)+
        let (value, gradient) = $f::value_and_grad($($arg),+);
        assert_eq!(value.to_bits(), $f($($arg),+).to_bits(), "the value");
        let (taped, by_tape) = $f::tape_value_and_grad($($arg),+);
        assert_eq!(value.to_bits(), taped.to_bits(), "the tape's value");
        $crate::assert_close("by tape", &gradient, &by_tape, $crate::ROUNDING);
        let slope = $crate::differences(|&($($arg,)+)| $f($($arg),+), &($($arg,)+));
        $crate::assert_close("by differences", &gradient, &slope, $crate::DIFFERENCES);
        gradient
    }};
}

/// A float, an array or a tuple of those, as a list of `f64` arrays with their shapes.
///
/// Two gradients are the same if their leaves are.
pub trait Leaves {
    /// The leaves, in order.
    fn leaves(&self) -> Vec<ArrayD<f64>>;
}

impl Leaves for f64 {
    fn leaves(&self) -> Vec<ArrayD<f64>> {
        vec![arr0(*self).into_dyn()]
    }
}

impl Leaves for f32 {
    fn leaves(&self) -> Vec<ArrayD<f64>> {
        f64::from(*self).leaves()
    }
}

impl<F: Copy + Into<f64>, D: Dimension> Leaves for Array<F, D> {
    fn leaves(&self) -> Vec<ArrayD<f64>> {
        vec![self.mapv(Into::into).into_dyn()]
    }
}

/// The leaves of the elements, one after the other; so a list of leaves is its own.
impl<T: Leaves> Leaves for Vec<T> {
    fn leaves(&self) -> Vec<ArrayD<f64>> {
        self.iter().flat_map(Leaves::leaves).collect()
    }
}

/// The leaves of the elements, one after the other.
impl<T: Leaves, const N: usize> Leaves for [T; N] {
    fn leaves(&self) -> Vec<ArrayD<f64>> {
        self.iter().flat_map(Leaves::leaves).collect()
    }
}

macro_rules! tuples {
    ($(($($Part:ident),*))*) => {$(
        impl<$($Part: Leaves),*> Leaves for ($($Part,)*) {
            fn leaves(&self) -> Vec<ArrayD<f64>> {
                #[allow(non_snake_case, reason = "the parts are named after their types")]
                let ($($Part,)*) = self;
                [$($Part.leaves()),*].concat()
            }
        }
    )*};
}
tuples! {
    (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) (A, B, C, D, E, G, H)
    (A, B, C, D, E, G, H, I)
}

/// The derivative of `f` at `x` by central differences, extrapolated to step zero (Richardson's
/// table in Ridders' order, *Advances in Engineering Software* 4, 1982).
///
/// For a function that is smooth in `x ± 0.02` and of moderate size there, the result is good to
/// about eleven digits; tests that use it allow 1e-9, which no wrong formula survives.
pub fn derivative(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    slope(f, x).0
}

/// [`derivative`], and how far the last two extrapolations that entered it are apart.
pub fn slope(f: impl Fn(f64) -> f64, x: f64) -> (f64, f64) {
    const RATIO: f64 = 1.4;
    const STEPS: usize = 12;
    let mut step = 0.02;
    let mut last: Vec<f64> = Vec::new();
    let (mut best, mut error) = (f64::NAN, f64::INFINITY);
    for k in 0..STEPS {
        // The step that is really taken, after rounding.
        let (above, below) = (x + step, x - step);
        let mut row = vec![(f(above) - f(below)) / (above - below)];
        let mut factor = RATIO * RATIO;
        for j in 0..k {
            row.push((row[j] * factor - last[j]) / (factor - 1.0));
            factor *= RATIO * RATIO;
            let change = (row[j + 1] - row[j]).abs().max((row[j + 1] - last[j]).abs());
            if change <= error {
                (best, error) = (row[j + 1], change);
            }
        }
        last = row;
        step /= RATIO;
    }
    (best, error)
}

/// The gradient of `f` by [`derivative`], one scalar of the parameters at a time, in the shapes of
/// the parameters' leaves.
pub fn differences<P>(f: impl Fn(&P) -> f64, at: &P) -> Vec<ArrayD<f64>>
where
    P: Differentiable<Scalar = f64> + Leaves,
{
    let mut gradient = at.leaves();
    for (k, partial) in gradient.iter_mut().flatten().enumerate() {
        *partial = derivative(|x| f(&with(at, k, x)), *partial);
    }
    gradient
}

/// The parameters with one scalar replaced, the scalars of all leaves counted in order.
fn with<P: Differentiable<Scalar = f64>>(params: &P, k: usize, x: f64) -> P {
    let (mut moved, mut before) = (params.clone(), 0);
    moved.for_each_leaf_mut(&mut |scalars| {
        if (before..before + scalars.len()).contains(&k) {
            scalars[k - before] = x;
        }
        before += scalars.len();
    });
    moved
}

/// Asserts that two lists of leaves have the same shapes and, elementwise, the same values up to
/// `tolerance`, relative to the greater of 1 and the expected value. NaN equals NaN, and an
/// infinity only itself.
#[track_caller]
pub fn assert_close(what: &str, got: &impl AsLeaves, expected: &impl AsLeaves, tolerance: f64) {
    let (got, expected) = (got.as_leaves(), expected.as_leaves());
    let shapes = |leaves: &[ArrayD<f64>]| -> Vec<Vec<usize>> {
        leaves.iter().map(|leaf| leaf.shape().to_vec()).collect()
    };
    assert_eq!(shapes(&got), shapes(&expected), "{what}: the shapes");
    for (leaf, (got, expected)) in got.iter().zip(&expected).enumerate() {
        for ((at, &got), &expected) in got.indexed_iter().zip(expected) {
            let at = at.slice();
            let agree = got == expected
                || (got.is_nan() && expected.is_nan())
                || (got - expected).abs() <= tolerance * expected.abs().max(1.0);
            assert!(
                agree,
                "{what}: leaf {leaf}, element {at:?}: got {got:e}, expected {expected:e}, tolerance {tolerance:e}"
            );
        }
    }
}

/// What [`assert_close`] compares: a gradient, or the leaves of one.
pub trait AsLeaves {
    /// The leaves.
    fn as_leaves(&self) -> Vec<ArrayD<f64>>;
}

impl<T: Leaves> AsLeaves for T {
    fn as_leaves(&self) -> Vec<ArrayD<f64>> {
        self.leaves()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The witness is itself held against known derivatives, within a tenth of what tests allow.
    #[test]
    fn differences_are_good_to_ten_digits() {
        for (got, expected) in [
            (derivative(f64::exp, 3.0), 3.0_f64.exp()),
            (derivative(f64::ln, 0.15), 1.0 / 0.15),
            (derivative(f64::tan, 1.15), 1.0 + 1.15_f64.tan().powi(2)),
            (derivative(f64::floor, 0.5), 0.0),
        ] {
            assert_close("a known derivative", &got, &expected, 1e-10);
        }
    }

    #[test]
    fn differences_keep_the_shapes() {
        let at = (Array::from_shape_fn((2, 3), |(i, j)| (i + j) as f64), 2.0);
        let gradient = differences(|(x, s)| x.sum() * s, &at);
        assert_close("x·s", &gradient, &(Array::from_elem((2, 3), 2.0), 9.0), 1e-10);
    }

    #[test]
    fn differences_of_nested_memory() {
        let at = (vec![[1.0, 2.0], [3.0, 4.0]], [0.5, 0.25]);
        let f = |(x, w): &(Vec<[f64; 2]>, [f64; 2])| x[0][1] * x[1][0] * w[0] + w[1] * w[1];
        let expected = (vec![[0.0, 1.5], [1.0, 0.0]], [6.0, 0.5]);
        assert_close("nested", &differences(f, &at), &expected, 1e-10);
    }

    #[test]
    #[should_panic(expected = "leaf 1, element []: got 1e0, expected 2e0")]
    fn a_difference_is_reported_with_its_place() {
        assert_close("two scalars", &(1.0, 1.0), &(1.0, 2.0), 1e-9);
    }

    #[test]
    #[should_panic(expected = "the shapes")]
    fn another_shape_is_a_difference() {
        assert_close("a row", &Array::<f64, _>::zeros(3), &Array::<f64, _>::zeros((1, 3)), 1e-9);
    }
}
