//! Optimisers: how a gradient changes the parameters.
//!
//! Both follow PyTorch's recurrences and defaults, over any [`Differentiable`] parameters. Settings
//! are checked where they are given, so a step cannot fail.
//!
//! ```
//! use chainrule::optim::{Optimizer, Sgd};
//!
//! let mut sgd = Sgd::new(0.1)?.momentum(0.9)?;
//! let mut params = [1.0, 2.0];
//! sgd.step(&mut params, &[10.0, 0.0]);
//! assert_eq!(params, [0.0, 2.0]);
//! # Ok::<(), chainrule::optim::OptimError>(())
//! ```

mod adam;
mod error;
mod sgd;

pub use adam::Adam;
pub use error::OptimError;
pub use sgd::Sgd;

use crate::Differentiable;
use num_traits::Float;

/// Changes parameters by their gradient, one step at a time.
///
/// ```
/// use chainrule::Differentiable;
/// use chainrule::optim::Optimizer;
///
/// /// Steps of one size, whatever the gradient's.
/// struct SignDescent(f64);
///
/// impl<P: Differentiable<Scalar = f64>> Optimizer<P> for SignDescent {
///     fn step(&mut self, params: &mut P, grad: &P) {
///         params.zip_leaves_mut(grad, &mut |params, grad| {
///             for (p, g) in params.iter_mut().zip(grad) {
///                 *p -= self.0 * g.signum();
///             }
///         });
///     }
/// }
///
/// let mut params = (1.0, vec![2.0]);
/// SignDescent(0.5).step(&mut params, &(7.0, vec![-7.0]));
/// assert_eq!(params, (0.5, vec![2.5]));
/// ```
pub trait Optimizer<P: Differentiable> {
    /// Changes `params` in place by `grad`, the gradient at `params`.
    ///
    /// # Panics
    /// If the two differ in shape.
    fn step(&mut self, params: &mut P, grad: &P);

    /// What a checkpoint keeps of the optimiser; nothing, unless implemented.
    fn state(&self) -> OptimizerState {
        OptimizerState::default()
    }

    /// Takes back what [`state`](Self::state) gave.
    ///
    /// # Errors
    /// If `state` is not of this optimiser, or not of its layout.
    fn restore(&mut self, _state: &OptimizerState) -> Result<(), OptimError> {
        Ok(())
    }
}

/// What an optimiser remembers between steps, as a checkpoint keeps it.
///
/// ```
/// use chainrule::optim::{Optimizer, Sgd};
///
/// let mut sgd = Sgd::new(0.1)?.momentum(0.9)?;
/// sgd.step(&mut 1.0, &2.0);
/// let state = Optimizer::<f64>::state(&sgd);
/// assert_eq!((state.optimizer.as_str(), &state.buffers), ("sgd", &vec![vec![2.0]]));
/// # Ok::<(), chainrule::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OptimizerState {
    /// The optimiser's name, one word; empty if there is nothing to keep.
    pub optimizer: String,
    /// How many steps were taken.
    pub steps: u64,
    /// The numbers it keeps, flat over all leaves (`f64` holds every `f32` exactly).
    pub buffers: Vec<Vec<f64>>,
}

/// `value` in the parameters' precision.
fn cast<F: Float>(value: f64) -> F {
    F::from(value).unwrap_or_else(F::nan)
}

/// `buffer` for a checkpoint.
fn widen<F: Float>(buffer: &[F]) -> Vec<f64> {
    buffer.iter().map(|value| value.to_f64().unwrap_or(f64::NAN)).collect()
}

/// The number of scalars in all leaves.
fn scalar_count<P: Differentiable>(params: &P) -> usize {
    let mut count = 0;
    params.for_each_leaf(&mut |leaf| count += leaf.len());
    count
}

/// Cuts the next `len` elements off a flat buffer.
fn take_front<'a, F>(rest: &mut &'a mut [F], len: usize) -> &'a mut [F] {
    let (front, back) = std::mem::take(rest).split_at_mut(len);
    *rest = back;
    front
}
