//! Learns from measurements of 569 tumours whether one is benign.
//!
//! ```text
//! cargo run --release --example logistic_regression
//! cargo run --release --example logistic_regression -- --plot loss.png
//! ```
//!
//! A quarter of the table is held out; the share of it that is classified right stands at the end.

#[path = "../training/mod.rs"]
mod training;

use chainrule::data::{DataLoader, read_csv};
use chainrule::differentiate;
use chainrule::optim::Adam;
use chainrule::tensor::TensorExt;
use chainrule::train::{History, Trainer};
use clap::Parser;
use ndarray::{Array1, Array2, Axis};
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/logistic_regression/breast_cancer.csv");
const LEARNING_RATE: f64 = 0.05;

/// Of so many rows one is held out.
const HELD_OUT: usize = 4;

/// The logarithm of the odds that a tumour is benign.
#[differentiate]
fn log_odds(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> Array1<f64> {
    x.dot(w) + b
}

/// The mean of −ln p of what is the case, and a little of the weights' squares.
#[differentiate(wrt(w, b))]
fn loss(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    let z = log_odds(x, w, b);
    (z.softplus() - y * &z).mean().unwrap() + 1e-3 * w.dot(w)
}

/// Learns from measurements of 569 tumours whether one is benign
#[derive(Debug, Parser)]
#[command(name = "logistic_regression")]
struct Options {
    /// How many times to go through the table
    #[arg(long, value_name = "N", default_value_t = 60)]
    epochs: usize,

    /// Seed of the shuffles
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Draw the mean loss over the epochs
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
}

fn main() -> ExitCode {
    training::main_by(run)
}

/// Measurements, and for each tumour 1 if it is benign.
struct Tumours {
    x: Array2<f64>,
    y: Array1<f64>,
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (training, held_out) = tumours()?;
    let (history, weights, bias) = train(&training, options)?;
    let mut out = io::stdout().lock();
    training::print_losses(&history, &mut out)?;
    for (name, tumours) in [("trained on", &training), ("held out", &held_out)] {
        let right = accuracy(tumours, &weights, bias);
        writeln!(out, "classified right: {:.2} % of those {name}", 100.0 * right)?;
    }
    training::plot(&history, options.plot.as_deref())
}

/// The tumours to train on, and those held out, by measurements that have mean 0 and deviation 1
/// among those to train on.
fn tumours() -> Result<(Tumours, Tumours), Box<dyn Error>> {
    let table = read_csv(TABLE)?.into_xy::<f64>()?;
    let choose = |held_out: bool| {
        let rows: Vec<usize> =
            (0..table.y.len()).filter(|k| (k % HELD_OUT == 0) == held_out).collect();
        Tumours { x: table.x.select(Axis(0), &rows), y: table.y.select(Axis(0), &rows) }
    };
    let (mut training, mut held_out) = (choose(false), choose(true));
    let mean = training.x.mean_axis(Axis(0)).ok_or("the table is empty")?;
    let deviation = training.x.std_axis(Axis(0), 0.0);
    for tumours in [&mut training, &mut held_out] {
        tumours.x = (&tumours.x - &mean) / &deviation;
    }
    Ok((training, held_out))
}

fn train(
    tumours: &Tumours,
    options: &Options,
) -> Result<(History, Array1<f64>, f64), Box<dyn Error>> {
    let mut loader = DataLoader::new(tumours.x.clone(), tumours.y.clone(), 32)?.seed(options.seed);
    let params = (Array1::zeros(tumours.x.ncols()), 0.0);
    let mut trainer =
        Trainer::<loss>::new(params, Adam::new(LEARNING_RATE)?).epochs(options.epochs);
    let history = trainer.run(&mut loader)?;
    let (weights, bias) = trainer.into_params();
    Ok((history, weights, bias))
}

/// The share of the tumours that are what they are more likely to be.
fn accuracy(tumours: &Tumours, weights: &Array1<f64>, bias: f64) -> f64 {
    let odds = log_odds(&tumours.x, weights, bias);
    let right = odds.iter().zip(&tumours.y).filter(|(z, y)| (**z > 0.0) == (**y > 0.5)).count();
    right as f64 / tumours.y.len() as f64
}
