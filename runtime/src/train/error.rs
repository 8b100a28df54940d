//! What can go wrong in a training.

use super::CheckpointError;
use crate::optim::OptimError;

/// A training that cannot go on.
///
/// ```
/// use chainrule::data::DataLoader;
/// use chainrule::optim::Sgd;
/// use chainrule::train::{FnObjective, Trainer};
/// use ndarray::{Array1, Array2, array};
///
/// let objective = FnObjective::new(|_: &Array2<f64>, _: &Array1<f64>, _: &f64, _: &mut f64| f64::NAN);
/// let mut loader = DataLoader::new(array![[1.0]], array![1.0], 1)?;
/// let error = Trainer::with(objective, 1.0, Sgd::new(0.1)?).epochs(3).run(&mut loader).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "epoch 0, batch 0: the loss is NaN: lower the learning rate or check the data",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The loss of a batch is infinite or not a number. The parameters are those before the step.
    #[error(
        "epoch {epoch}, batch {batch}: the loss is {loss}: lower the learning rate or check the \
         data"
    )]
    NonFiniteLoss {
        /// The epoch, from 0.
        epoch: usize,
        /// The batch in the epoch, from 0.
        batch: usize,
        /// The loss.
        loss: f64,
    },
    /// An epoch without a batch.
    #[error("epoch {epoch} has no batches: lower the batch size, or keep the last, partial batch")]
    NoBatches {
        /// The epoch, from 0.
        epoch: usize,
    },
    /// The gradient was to be taken by the tape, of an objective that has no tape.
    #[error(
        "the objective has no tape: write `#[differentiate(tape)]`, or train without `by_tape`"
    )]
    NoTape,
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The optimiser does not take the checkpoint's state.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
}
