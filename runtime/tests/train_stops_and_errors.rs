//! How a training ends: at its last epoch, early, by its callback, or by an error.
#![cfg(feature = "data")]

use chainrule::data::DataLoader;
use chainrule::ndarray::{Array1, Array2, array};
use chainrule::optim::Sgd;
use chainrule::train::{EarlyStop, FnObjective, History, StopReason, TrainError, Trainer};
use std::ops::ControlFlow;

/// The parameter squared, whatever the batch: at rate 1/4 each step halves the parameter.
fn square(_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64) -> f64 {
    *grad = 2.0 * w;
    w * w
}

fn one_row() -> DataLoader<f64> {
    DataLoader::new(array![[1.0]], array![1.0], 1).unwrap()
}

fn sgd() -> Sgd<f64> {
    Sgd::new(0.25).unwrap()
}

#[test]
fn a_second_run_goes_on() {
    let mut trainer = Trainer::with(FnObjective::new(square), 1.0, sgd()).epochs(2);
    assert_eq!(trainer.run(&mut one_row()).unwrap().losses, [1.0, 0.25]);
    assert_eq!(trainer.run(&mut one_row()).unwrap().losses, [1.0, 0.25]);
    let mut trainer = trainer.epochs(3);
    assert_eq!(trainer.run(&mut one_row()).unwrap().losses, [1.0, 0.25, 0.0625]);
    assert_eq!(trainer.into_params(), 0.125);
}

#[test]
fn no_epochs_are_an_empty_history() {
    let mut trainer = Trainer::with(FnObjective::new(square), 1.0, sgd()).epochs(0);
    assert_eq!(trainer.run(&mut one_row()).unwrap(), History::default());
}

#[test]
fn early_stop_and_callback_are_told_apart() {
    let trainer = || Trainer::with(FnObjective::new(square), 1.0, sgd()).epochs(100);
    let early = EarlyStop::after_stall(3).min_improvement(1e-3);
    let history = trainer().early_stop(early).run(&mut one_row()).unwrap();
    assert_eq!(history.stop_reason, StopReason::EarlyStop);
    // 4⁻⁵ is the first loss that falls by less than 0.001 from the one before the last better one.
    assert!((6..12).contains(&history.epochs()), "{}", history.epochs());

    let mut seen = Vec::new();
    let history = trainer().run_with(&mut one_row(), |report| {
        seen.push((report.epoch, report.epochs, *report.params));
        if report.mean_loss < 0.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(history.unwrap().stop_reason, StopReason::Callback);
    assert_eq!(seen, [(0, 100, 0.5), (1, 100, 0.25), (2, 100, 0.125)]);

    let history = Trainer::with(FnObjective::new(square), 1.0, sgd()).run(&mut one_row());
    assert_eq!(history.unwrap().stop_reason, StopReason::Finished);
}

#[test]
fn a_loss_that_is_no_number_names_its_batch() {
    // Diverges: each step multiplies the parameter by -1e200.
    let diverging = || {
        let objective =
            FnObjective::new(|_: &Array2<f64>, _: &Array1<f64>, w: &f64, grad: &mut f64| {
                *grad = 1e200 * w;
                w * w
            });
        let loader = DataLoader::new(array![[1.0], [1.0]], array![1.0, 1.0], 1).unwrap();
        (Trainer::with(objective, 1.0, Sgd::new(1.0).unwrap()).epochs(3), loader)
    };
    let (mut trainer, mut loader) = diverging();
    let error = trainer.run(&mut loader).unwrap_err();
    assert!(
        matches!(error, TrainError::NonFiniteLoss { epoch: 0, batch: 1, loss } if loss == f64::INFINITY),
        "{error}"
    );
    // The parameters are those before the bad step.
    assert_eq!(*trainer.params(), -1e200);
    let (trainer, mut loader) = diverging();
    let history = trainer.allow_non_finite(true).run(&mut loader).unwrap();
    assert_eq!(history.epochs(), 3);
    assert!(!history.final_loss().unwrap().is_finite());
}

#[test]
fn an_epoch_without_batches_is_an_error() {
    let mut loader = DataLoader::new(array![[1.0]], array![1.0], 2).unwrap().drop_last(true);
    let error = Trainer::with(FnObjective::new(square), 1.0, sgd()).run(&mut loader).unwrap_err();
    assert_eq!(
        error.to_string(),
        "epoch 0 has no batches: lower the batch size, or keep the last, partial batch"
    );
}

#[test]
fn a_missing_tape_is_an_error() {
    let mut trainer = Trainer::with(FnObjective::new(square), 1.0, sgd()).by_tape(true);
    let error = trainer.run(&mut one_row()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the objective has no tape: write `#[differentiate(tape)]`, or train without `by_tape`"
    );
}
