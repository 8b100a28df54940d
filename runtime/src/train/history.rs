//! What a training did, epoch by epoch.

/// One epoch, as a callback sees it.
///
/// ```
/// # use chainrule::data::DataLoader;
/// # use chainrule::optim::Sgd;
/// # use chainrule::train::{EpochReport, FnObjective, Trainer};
/// # use ndarray::{Array1, Array2, array};
/// # use std::ops::ControlFlow;
/// # let objective = FnObjective::new(
/// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
/// # let mut loader = DataLoader::new(array![[1.0]], array![1.0], 1)?;
/// # let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).epochs(3);
/// let mut lines = Vec::new();
/// trainer.run_with(&mut loader, |report: &EpochReport<'_, f64>| {
///     lines.push(format!("{} of {}: {}", report.epoch, report.epochs, report.mean_loss));
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(lines, ["0 of 3: 1", "1 of 3: 0.25", "2 of 3: 0.0625"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EpochReport<'a, P> {
    /// The epoch, from 0: the index of its loss in the history.
    pub epoch: usize,
    /// The number of epochs.
    pub epochs: usize,
    /// The average over the epoch's batches of the batch's loss, each taken before its step.
    pub mean_loss: f64,
    /// The parameters after the epoch.
    pub params: &'a P,
}

/// Why a training ended.
///
/// ```
/// use chainrule::train::{History, StopReason};
/// assert_eq!(History::default().stop_reason, StopReason::Finished);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StopReason {
    /// All epochs were run.
    #[default]
    Finished,
    /// [`EarlyStop`](super::EarlyStop) ended it.
    EarlyStop,
    /// The callback ended it.
    Callback,
}

/// The course of a training: the mean loss of each epoch, and why it ended.
///
/// ```
/// use chainrule::train::History;
/// let history = History { losses: vec![4.0, 1.0], ..History::default() };
/// assert_eq!((history.epochs(), history.final_loss()), (2, Some(1.0)));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The mean loss of each epoch, from the first (also of those before a resumption).
    pub losses: Vec<f64>,
    /// Why the training ended.
    pub stop_reason: StopReason,
}

impl History {
    /// The number of epochs run.
    ///
    /// ```
    /// assert_eq!(chainrule::train::History::default().epochs(), 0);
    /// ```
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.losses.len()
    }

    /// The mean loss of the last epoch, if there was one.
    ///
    /// ```
    /// assert_eq!(chainrule::train::History::default().final_loss(), None);
    /// ```
    #[must_use]
    pub fn final_loss(&self) -> Option<f64> {
        self.losses.last().copied()
    }
}
