//! Trains a linear regression by stochastic gradient descent, the gradient derived at compile time.
//!
//! ```text
//! cargo run --release --example linear_regression
//! cargo run --release --example linear_regression -- --csv houses.csv --plot loss.png
//! cargo run --release --example linear_regression -- --help
//! ```
//!
//! Prints each epoch's mean loss and then the coefficients, learned beside true. A file or an
//! option that cannot be used is one line on the standard error and the exit code 2.

mod options;
mod report;
mod samples;

use chainrule::data::DataLoader;
use chainrule::differentiate;
use chainrule::optim::Sgd;
use chainrule::train::{History, Progress, StopReason, TrainError, Trainer};
use ndarray::{Array1, Array2};
use options::Options;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use samples::Samples;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

/// The model.
#[differentiate]
fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
    x.dot(w) + b
}

/// What is wrong with its predictions.
#[differentiate]
fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
    (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
}

/// The objective: how wrong the model is with weights `w` and bias `b`.
#[differentiate(wrt(w, b))]
fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
    mean_squared_error(&linear_regression(x, w, b), y)
}

/// A training whose mean loss grows by this factor over that of its first epoch diverges.
const DIVERGING: f64 = 10.0;

fn main() -> ExitCode {
    let outcome = match Options::from_command_line() {
        Ok(options) => run(&options),
        Err(exit) => exit.print(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A name or a cell may hold line breaks; the message is one line all the same.
            let message = error.to_string().replace(char::is_control, " ");
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let samples = options.samples()?;
    let (history, weights, bias) = train(&samples, options)?;
    report::print(&samples, &weights, bias)?;
    if let Some(path) = &options.plot {
        history.plot(path)?;
    }
    Ok(())
}

/// The course of the training, and the parameters it ends with.
fn train(
    samples: &Samples,
    options: &Options,
) -> Result<(History, Array1<f32>, f32), Box<dyn Error>> {
    // A table smaller than a batch is one batch.
    let batch_size = options.batch_size.min(samples.y.len());
    let mut loader =
        DataLoader::new(samples.x.clone(), samples.y.clone(), batch_size)?.seed(options.seed);
    let normal = StdRng::seed_from_u64(options.seed).sample_iter(StandardNormal);
    let weights: Array1<f32> = normal.take(samples.x.ncols()).collect();

    let progress = match io::stderr().is_terminal() {
        true => Progress::Bar,
        false => Progress::Lines,
    };
    let mut trainer = Trainer::<loss>::new((weights, 0.0), Sgd::new(options.learning_rate)?)
        .epochs(options.epochs)
        .divide_by_batch_size(true)
        .progress(progress);
    let mut first_loss = None;
    let outcome = trainer.run_with(&mut loader, |epoch| {
        let first_loss = *first_loss.get_or_insert(epoch.mean_loss);
        match epoch.mean_loss > DIVERGING * first_loss {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    match outcome {
        Ok(history) if history.stop_reason == StopReason::Finished => {
            let (weights, bias) = trainer.into_params();
            Ok((history, weights, bias))
        }
        Err(TrainError::NonFiniteLoss { epoch: 0, batch: 0, .. }) => {
            Err(samples.too_large().into())
        }
        Ok(_) | Err(TrainError::NonFiniteLoss { .. }) => {
            Err(samples.diverges(options.learning_rate, batch_size).into())
        }
        Err(error) => Err(error.into()),
    }
}
