//! Trains a network of two hidden layers to read handwritten digits.
//!
//! ```text
//! cargo run --release --example mlp
//! cargo run --release --example mlp -- --epochs 60 --plot loss.png
//! ```
//!
//! A fifth of the digits is held out; the share of those that the network reads right stands at
//! the end. A file or an option that cannot be used is one line on the standard error and the exit
//! code 2.

mod digits;
#[path = "../training/mod.rs"]
mod training;

use chainrule::differentiate;
use chainrule::optim::Adam;
use chainrule::tensor::TensorExt;
use chainrule::train::{History, Trainer};
use clap::Parser;
use digits::{CLASSES, Digits, PIXELS};
use ndarray::{Array1, Array2};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const HIDDEN: [usize; 2] = [64, 32];
const LEARNING_RATE: f64 = 2e-3;

/// Weights and bias.
type Layer = (Array2<f32>, Array1<f32>);

#[differentiate]
fn dense(x: &Array2<f32>, layer: &(Array2<f32>, Array1<f32>)) -> Array2<f32> {
    x.dot(&layer.0) + &layer.1
}

/// For each image a number for each digit: the greatest is the one it is taken for.
#[differentiate(wrt(first, second, last))]
fn logits(
    x: &Array2<f32>,
    first: &(Array2<f32>, Array1<f32>),
    second: &(Array2<f32>, Array1<f32>),
    last: &(Array2<f32>, Array1<f32>),
) -> Array2<f32> {
    let hidden = dense(x, first).tanh();
    let hidden = dense(&hidden, second).tanh();
    dense(&hidden, last)
}

/// How wrong the network is about images of which the digits are known.
#[differentiate(wrt(first, second, last))]
fn loss(
    x: &Array2<f32>,
    y: &Array2<f32>,
    first: &(Array2<f32>, Array1<f32>),
    second: &(Array2<f32>, Array1<f32>),
    last: &(Array2<f32>, Array1<f32>),
) -> f32 {
    logits(x, first, second, last).cross_entropy(y)
}

/// Trains a network of two hidden layers to read handwritten digits
#[derive(Debug, Parser)]
#[command(name = "mlp")]
struct Options {
    /// How many times to go through the digits
    #[arg(long, value_name = "N", default_value_t = 40)]
    epochs: usize,

    /// Digits per step
    #[arg(long, value_name = "N", default_value_t = 32)]
    batch_size: usize,

    /// Seed of initial weights and shuffles
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Draw the mean loss over the epochs
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
}

fn main() -> ExitCode {
    training::main_by(run)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (mut training, held_out) = digits::load(options.batch_size, options.seed)?;
    let (history, network) = train(&mut training, options)?;
    let mut out = io::stdout().lock();
    training::print_losses(&history, &mut out)?;
    let of_training = accuracy(&network, &training.x, &training.classes);
    let of_others = accuracy(&network, &held_out.x, &held_out.classes);
    writeln!(out, "read right: {:.2} % of the training digits", 100.0 * of_training)?;
    writeln!(out, "read right: {:.2} % of the digits held out", 100.0 * of_others)?;
    training::plot(&history, options.plot.as_deref())
}

type Network = (Layer, Layer, Layer);

fn train(digits: &mut Digits, options: &Options) -> Result<(History, Network), Box<dyn Error>> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut layer = |inputs: usize, outputs: usize| -> Layer {
        let scale = (inputs as f32).sqrt().recip();
        let mut weight = || scale * random.sample::<f32, _>(StandardNormal);
        let weights = Array2::from_shape_simple_fn((inputs, outputs), &mut weight);
        (weights, Array1::zeros(outputs))
    };
    let network =
        (layer(PIXELS, HIDDEN[0]), layer(HIDDEN[0], HIDDEN[1]), layer(HIDDEN[1], CLASSES));
    let mut trainer =
        Trainer::<loss>::new(network, Adam::new(LEARNING_RATE)?).epochs(options.epochs);
    let history = trainer.run(digits)?;
    Ok((history, trainer.into_params()))
}

/// The share of the images that the network takes for what they are.
fn accuracy((first, second, last): &Network, x: &Array2<f32>, classes: &[usize]) -> f64 {
    let logits = logits(x, first, second, last);
    let right = logits.rows().into_iter().zip(classes).filter(|(row, class)| {
        let greatest = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        greatest.is_some_and(|(found, _)| found == **class)
    });
    right.count() as f64 / classes.len() as f64
}
