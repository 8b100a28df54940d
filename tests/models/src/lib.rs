//! Differentiable functions of a crate of their own: what the capsule tests fuse across crates.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use ndarray::{Array1, Array2};
use num_traits::Float;

/// The slope of the leak of [`leaky`], known here only.
const LEAK: f64 = 0.01;

pub mod rules;
pub mod shapes;

/// Scales of this crate.
pub mod scales {
    /// Twice.
    pub const DOUBLE: f64 = 2.0;
}

/// A linear model.
#[differentiate]
pub fn linear(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> Array1<f64> {
    x.dot(w) + b
}

/// The mean of the squares.
#[differentiate]
pub fn mean_square(r: &Array1<f64>) -> f64 {
    r.mapv(square).mean().unwrap()
}

/// A square, of any float.
#[differentiate]
pub fn square<T: Float>(x: T) -> T {
    x * x
}

/// A polynomial with coefficients of its type: literals of generic code.
#[differentiate]
pub fn cubic<T>(x: T, a: T) -> T
where
    T: Float,
{
    let half = T::from(0.5).unwrap();
    square(x) * x * half + a * x - T::one()
}

/// A maximum with a leak, which reads a private constant.
#[differentiate]
pub fn leaky(x: f64) -> f64 {
    x.max(LEAK * x)
}

/// Reads a constant of a module of this crate by a relative path.
#[differentiate]
pub fn doubled(x: f64) -> f64 {
    x * scales::DOUBLE + self::scales::DOUBLE
}

/// Calls a function of constants that is private to this crate.
#[differentiate]
pub fn looked_up(x: f64, n: usize) -> f64 {
    let k: f64 = table(n);
    x * k
}

fn table(n: usize) -> f64 {
    [1.0, 10.0, 100.0][n % 3]
}

/// Calls a private function that is differentiated itself.
#[differentiate]
pub fn through_a_private_function(x: f64) -> f64 {
    private(x) * 2.0
}

#[differentiate]
fn private(x: f64) -> f64 {
    x.sin() + LEAK
}

/// Functions of a module, for callers that import it.
pub mod activation {
    use chainrule::differentiate;

    /// The steepness of [`sigmoid`].
    const STEEPNESS: f64 = 1.5;

    /// The logistic function.
    #[differentiate]
    pub fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-STEEPNESS * x).exp())
    }
}

pub use activation::sigmoid as logistic;

/// A macro that writes a call of a differentiated function of this crate.
#[macro_export]
macro_rules! differentiated_square_of {
    ($name:ident) => {
        #[::chainrule::differentiate]
        fn $name(x: f64) -> f64 {
            $crate::square(x.sin())
        }
    };
}
