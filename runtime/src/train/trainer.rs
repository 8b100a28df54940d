//! The loop: batches, gradient, step, epoch after epoch.

use super::checkpoint::Checkpoint;
use super::progress::Display;
use super::{BatchSource, EarlyStop, EpochReport, History, Progress, StopReason, TrainError};
use crate::optim::{OptimError, Optimizer};
use crate::{Differentiable, Objective};
use num_traits::{Float, NumCast, ToPrimitive};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Trains the parameters of an objective `O` by an optimiser `Opt`.
///
/// `Trainer::<loss>::new(params, optimizer)` for a function `loss` under `#[differentiate]`,
/// [`Trainer::with`] for an objective that is a value. [`run`](Self::run) then takes any
/// [`BatchSource`] whose batches are the objective's inputs; besides what the objective allocates,
/// nothing is allocated for a batch.
///
/// ```
/// use chainrule::Objective;
/// use chainrule::optim::Sgd;
/// use chainrule::train::Trainer;
///
/// /// (p - 3)², as `#[differentiate]` would implement it.
/// #[derive(Default)]
/// struct Parabola;
///
/// impl Objective for Parabola {
///     type Inputs<'a> = ();
///     type Params = f64;
///
///     fn value(&self, (): (), p: &f64) -> f64 {
///         (p - 3.0).powi(2)
///     }
///
///     fn value_and_grad_into(&self, (): (), p: &f64, grad: &mut f64) -> f64 {
///         *grad = 2.0 * (p - 3.0);
///         self.value((), p)
///     }
/// }
///
/// let mut trainer = Trainer::<Parabola>::new(0.0, Sgd::new(0.25)?).epochs(60);
/// trainer.run(&mut ())?;
/// assert_eq!(*trainer.params(), 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Trainer<O: Objective, Opt = ()> {
    objective: O,
    params: O::Params,
    grad: O::Params,
    optimizer: Opt,
    epochs: usize,
    divide_by_batch_size: bool,
    by_tape: bool,
    allow_non_finite: bool,
    early_stop: Option<EarlyStop>,
    progress: Progress,
    checkpoint: Option<(PathBuf, usize)>,
    /// The mean loss of each epoch so far.
    losses: Vec<f64>,
}

impl<O: Objective> Trainer<O> {
    /// A trainer of the objective type `O`, from the given parameters, for one epoch.
    ///
    /// See [`Trainer`] for an example.
    #[allow(
        clippy::new_ret_no_self,
        reason = "`Trainer::<loss>::new` must not ask for the optimiser's type"
    )]
    pub fn new<Opt: Optimizer<O::Params>>(params: O::Params, optimizer: Opt) -> Trainer<O, Opt>
    where
        O: Default,
    {
        Trainer::with(O::default(), params, optimizer)
    }
}

impl<O: Objective, Opt: Optimizer<O::Params>> Trainer<O, Opt> {
    /// A trainer of an objective that is a value, from the given parameters, for one epoch.
    ///
    /// See the [module](super) for an example.
    pub fn with(objective: O, params: O::Params, optimizer: Opt) -> Self {
        Trainer {
            objective,
            grad: params.zeros_like(),
            params,
            optimizer,
            epochs: 1,
            divide_by_batch_size: false,
            by_tape: false,
            allow_non_finite: false,
            early_stop: None,
            progress: Progress::Silent,
            checkpoint: None,
            losses: Vec::new(),
        }
    }

    /// Sets the number of epochs, of all runs together; 1 by default.
    ///
    /// A further `run` after a larger number goes on where the last one ended.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).epochs(3);
    /// assert_eq!(trainer.run(&mut loader)?.epochs(), 3);
    /// assert_eq!(trainer.epochs(5).run(&mut loader)?.losses.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Sets whether each gradient is divided by the batch size before the step; no by default.
    ///
    /// For the gradient of a mean this divides once more, as tutorials do whose update takes the
    /// batch size. It is the nominal size ([`BatchSource::batch_size`]) for a partial batch, too.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).divide_by_batch_size(true);
    /// trainer.run(&mut loader)?;
    /// assert_eq!(*trainer.params(), 1.0 - 0.25 * 2.0 / 2.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn divide_by_batch_size(mut self, divide: bool) -> Self {
        self.divide_by_batch_size = divide;
        self
    }

    /// Sets whether value and gradient are taken by the objective's run-time tape
    /// ([`Objective::tape_value_and_grad`]) instead of its derived code; no by default.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).by_tape(true);
    /// assert!(matches!(trainer.run(&mut loader), Err(TrainError::NoTape)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn by_tape(mut self, by_tape: bool) -> Self {
        self.by_tape = by_tape;
        self
    }

    /// Sets whether a loss that is infinite or not a number is let pass instead of being an error; no
    /// by default.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let mut trainer = Trainer::with(objective, f64::INFINITY, Sgd::new(0.25)?).allow_non_finite(true);
    /// assert_eq!(trainer.run(&mut loader)?.final_loss(), Some(f64::INFINITY));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_non_finite(mut self, allow: bool) -> Self {
        self.allow_non_finite = allow;
        self
    }

    /// Sets when to stop before the last epoch; never by default.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let stop = EarlyStop::at_loss(0.1);
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).epochs(99).early_stop(stop);
    /// let history = trainer.run(&mut loader)?;
    /// assert_eq!((history.epochs(), history.stop_reason), (3, StopReason::EarlyStop));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn early_stop(mut self, early_stop: EarlyStop) -> Self {
        self.early_stop = Some(early_stop);
        self
    }

    /// Sets what is printed during the training; nothing by default.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).progress(Progress::Lines);
    /// trainer.run(&mut loader)?; // epoch 0  mean loss 1.0000
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Writes a [`Checkpoint`] to `path` after every `every` epochs (0: none of these) and at the end of
    /// a run.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("training.checkpoint");
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).epochs(3).checkpoint(&path, 2);
    /// trainer.run(&mut loader)?;
    /// assert_eq!(Checkpoint::load(&path)?.params, [[*trainer.params()]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn checkpoint(mut self, path: impl AsRef<Path>, every: usize) -> Self {
        self.checkpoint = Some((path.as_ref().to_owned(), every));
        self
    }

    /// Takes up the training of a checkpoint: parameters, optimiser state, history and so the number
    /// of epochs done. With a [`DataLoader`](crate::data::DataLoader) of the same seed, the result is
    /// bit for bit that of a training without interruption.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("training.checkpoint");
    /// let trainer = || Trainer::with(objective, 1.0, Sgd::new(0.25).unwrap());
    /// trainer().epochs(2).checkpoint(&path, 0).run(&mut loader)?;
    /// let mut resumed = trainer().epochs(3).resume(&path)?;
    /// assert_eq!(resumed.run(&mut loader)?, trainer().epochs(3).run(&mut loader)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read or is damaged, or was written for parameters of another layout or by
    /// another optimiser.
    pub fn resume(mut self, path: impl AsRef<Path>) -> Result<Self, TrainError> {
        let checkpoint = Checkpoint::load(&path)?;
        checkpoint.copy_params_to(&path, &mut self.params)?;
        let count: usize = checkpoint.params.iter().map(Vec::len).sum();
        let state = checkpoint.optimizer;
        // A buffer is empty before the first step, and flat over all leaves after it.
        if state.buffers.iter().any(|buffer| !buffer.is_empty() && buffer.len() != count) {
            return Err(TrainError::Optimizer(OptimError::StateLayout {
                found: state.buffers.iter().map(Vec::len).collect(),
                optimizer: state.optimizer,
            }));
        }
        self.optimizer.restore(&state)?;
        self.losses = checkpoint.losses;
        Ok(self)
    }

    /// The parameters, as trained so far.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?);
    /// assert_eq!(*trainer.params(), 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn params(&self) -> &O::Params {
        &self.params
    }

    /// The parameters, as trained so far, without the rest.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?);
    /// assert_eq!(trainer.into_params(), 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_params(self) -> O::Params {
        self.params
    }

    /// Trains up to the last epoch.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let history = Trainer::with(objective, 1.0, Sgd::new(0.25)?).epochs(2).run(&mut loader)?;
    /// assert_eq!(history.losses, [1.0, 0.25]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a batch's loss is infinite or not a number, an epoch has no batches, a tape is missing, or a
    /// checkpoint cannot be written.
    pub fn run<S>(&mut self, source: &mut S) -> Result<History, TrainError>
    where
        S: for<'a> BatchSource<Batch<'a> = O::Inputs<'a>>,
    {
        self.run_with(source, |_| ControlFlow::Continue(()))
    }

    /// Trains up to the last epoch, and calls `callback` after each one, which may end the training.
    ///
    /// ```
    /// # use chainrule::optim::Sgd;
    /// # use chainrule::train::*;
    /// # use ndarray::{Array1, Array2, array};
    /// # use std::ops::ControlFlow;
    /// # let objective = FnObjective::new(
    /// #     |_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| { *grad = 2.0 * w; w * w });
    /// # let mut loader = chainrule::data::DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 2)?;
    /// let mut trainer = Trainer::with(objective, 1.0, Sgd::new(0.25)?).epochs(99);
    /// let history = trainer.run_with(&mut loader, |report| {
    ///     if *report.params < 0.2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// })?;
    /// assert_eq!((history.epochs(), history.stop_reason), (3, StopReason::Callback));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with<S>(
        &mut self,
        source: &mut S,
        mut callback: impl FnMut(&EpochReport<'_, O::Params>) -> ControlFlow<()>,
    ) -> Result<History, TrainError>
    where
        S: for<'a> BatchSource<Batch<'a> = O::Inputs<'a>>,
    {
        if let Some(early_stop) = &mut self.early_stop {
            early_stop.replay(&self.losses);
        }
        let epochs = self.epochs;
        let display = Display::start(self.progress, self.losses.len(), epochs);
        let mut stop_reason = StopReason::Finished;
        let mut saved = self.losses.len();
        while self.losses.len() < epochs && stop_reason == StopReason::Finished {
            let epoch = self.losses.len();
            let mean_loss = self.run_epoch(source)?;
            self.losses.push(mean_loss);
            display.epoch(epoch, epochs, mean_loss);
            let report = EpochReport { epoch, epochs, mean_loss, params: &self.params };
            if callback(&report).is_break() {
                stop_reason = StopReason::Callback;
            } else if self.early_stop.as_mut().is_some_and(|stop| stop.observe(mean_loss)) {
                stop_reason = StopReason::EarlyStop;
            }
            let done = epoch + 1;
            let every = self.checkpoint.as_ref().map_or(0, |(_, every)| *every);
            if done.checked_rem(every) == Some(0) {
                self.save_checkpoint()?;
                saved = done;
            }
        }
        display.finish();
        if saved < self.losses.len() {
            self.save_checkpoint()?;
        }
        Ok(History { losses: self.losses.clone(), stop_reason })
    }

    /// One epoch; its mean loss.
    fn run_epoch<S>(&mut self, source: &mut S) -> Result<f64, TrainError>
    where
        S: for<'a> BatchSource<Batch<'a> = O::Inputs<'a>>,
    {
        let (epoch, batch_size) = (self.losses.len(), source.batch_size());
        let (mut total, mut batches) = (0.0, 0_usize);
        source.for_each_batch(epoch, |inputs| {
            let loss = self.value_and_grad(inputs)?.to_f64().unwrap_or(f64::NAN);
            if !loss.is_finite() && !self.allow_non_finite {
                return Err(TrainError::NonFiniteLoss { epoch, batch: batches, loss });
            }
            if self.divide_by_batch_size {
                divide(&mut self.grad, batch_size);
            }
            self.optimizer.step(&mut self.params, &self.grad);
            total += loss;
            batches += 1;
            Ok(())
        })?;
        if batches == 0 {
            return Err(TrainError::NoBatches { epoch });
        }
        Ok(total / batches as f64)
    }

    /// The value at a batch, and its gradient into `self.grad`.
    #[inline]
    fn value_and_grad(
        &mut self,
        inputs: O::Inputs<'_>,
    ) -> Result<<O::Params as Differentiable>::Scalar, TrainError> {
        if self.by_tape {
            let by_tape = self.objective.tape_value_and_grad(inputs, &self.params);
            let (value, grad) = by_tape.ok_or(TrainError::NoTape)?;
            self.grad = grad;
            return Ok(value);
        }
        Ok(self.objective.value_and_grad_into(inputs, &self.params, &mut self.grad))
    }

    fn save_checkpoint(&self) -> Result<(), TrainError> {
        if let Some((path, _)) = &self.checkpoint {
            Checkpoint::of(&self.params, &self.losses, self.optimizer.state()).save(path)?;
        }
        Ok(())
    }
}

/// Divides a gradient by the batch size.
#[inline]
fn divide<P: Differentiable>(grad: &mut P, size: usize) {
    let size = <P::Scalar as NumCast>::from(size).unwrap_or_else(P::Scalar::nan);
    grad.for_each_leaf_mut(&mut |leaf| {
        for value in leaf {
            *value = *value / size;
        }
    });
}
