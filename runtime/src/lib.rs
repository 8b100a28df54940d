//! Compile-time symbolic differentiation for ordinary Rust, on the stable compiler.
//!
//! Put [`macro@differentiate`] on a function, and beside it stands a struct of the same name with
//! its derivatives: safe Rust, checked at compile time, as fast as a careful engineer would write
//! it by hand.
//!
//! ```
//! use chainrule::differentiate;
//! use ndarray::{Array1, Array2, array};
//!
//! #[differentiate]
//! fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
//!     x.dot(w) + b
//! }
//!
//! #[differentiate]
//! fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
//!     (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
//! }
//!
//! #[differentiate(wrt(w, b))]
//! fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
//!     mean_squared_error(&linear_regression(x, w, b), y)
//! }
//!
//! let (x, y) = (array![[1.0, 2.0], [3.0, 4.0]], array![1.0, 2.0]);
//! let (value, (dw, db)) = loss::value_and_grad(&x, &y, &array![0.5, 0.0], 0.0);
//! assert_eq!((value, dw, db), (0.25, array![-2.0, -3.0], -1.0));
//! ```
//!
//! The rest of the crate is what a model needs around that: [`data`] to learn from, [`optim`] and
//! [`train`] to learn with, a run-time [`tape`] as fallback and independent witness, and [`check`]
//! to hold a derivative against both the tape and finite differences.
//!
//! With `default-features = false` only the macro and scalar code remain.

#[cfg(feature = "ndarray")]
mod differentiable;
#[cfg(feature = "ndarray")]
mod objective;
#[doc(hidden)]
pub mod rt;

#[cfg(feature = "ndarray")]
pub mod check;
#[cfg(feature = "data")]
pub mod data;
#[cfg(feature = "ndarray")]
pub mod optim;
#[cfg(feature = "ndarray")]
pub mod tape;
#[cfg(feature = "ndarray")]
pub mod tensor;
#[cfg(feature = "ndarray")]
pub mod train;

#[doc(hidden)]
pub use chainrule_macros::__differentiate;
pub use chainrule_macros::differentiate;

#[cfg(feature = "ndarray")]
pub use differentiable::Differentiable;
#[cfg(feature = "ndarray")]
pub use ndarray;
#[cfg(feature = "ndarray")]
pub use objective::Objective;

/// The identity, with derivative zero: what it is applied to counts as a constant.
///
/// ```
/// use chainrule::{differentiate, stop_gradient};
///
/// #[differentiate]
/// fn f(x: f64) -> f64 {
///     x * stop_gradient(x)
/// }
///
/// assert_eq!(f::value_and_grad(3.0), (9.0, 3.0));
/// ```
#[inline(always)]
pub fn stop_gradient<T>(x: T) -> T {
    x
}

/// Passes on the implementations of the runtime's traits for a generated struct.
#[cfg(feature = "ndarray")]
#[doc(hidden)]
#[macro_export]
macro_rules! __objective {
    ($($items:tt)*) => { $($items)* };
}

/// Without the runtime there are no traits to implement.
#[cfg(not(feature = "ndarray"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __objective {
    ($($items:tt)*) => {};
}
