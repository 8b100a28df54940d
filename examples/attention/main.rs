//! Trains one head of attention to turn sequences of tokens round.
//!
//! ```text
//! cargo run --release --example attention
//! cargo run --release --example attention -- --plot loss.png
//! ```
//!
//! What token stands at the other end can only be read there: the head has to learn where to look.
//! Prints how far the gradient is from the run-time tape's, each epoch's mean loss, and how many
//! tokens of sequences it has not seen come out right.

mod sequences;
#[path = "../training/mod.rs"]
mod training;

use chainrule::differentiate;
use chainrule::optim::Adam;
use chainrule::tensor::TensorExt;
use chainrule::train::{History, Trainer};
use clap::Parser;
use ndarray::{Array2, Axis};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use sequences::{INPUTS, Sequences, TOKENS};
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const WIDTH: usize = 16;
const LEARNING_RATE: f64 = 5e-3;

/// softmax(Q Kᵀ / √d) V, of one sequence: a row for each token.
#[differentiate]
fn attention(
    x: &Array2<f64>,
    queries: &Array2<f64>,
    keys: &Array2<f64>,
    values: &Array2<f64>,
) -> Array2<f64> {
    let (q, k, v) = (x.dot(queries), x.dot(keys), x.dot(values));
    let scores = q.dot(&k.t()) / (queries.ncols() as f64).sqrt();
    scores.softmax(Axis(1)).dot(&v)
}

/// For each place of a sequence a number for each token.
#[differentiate]
fn logits(
    x: &Array2<f64>,
    queries: &Array2<f64>,
    keys: &Array2<f64>,
    values: &Array2<f64>,
    output: &Array2<f64>,
) -> Array2<f64> {
    attention(x, queries, keys, values).dot(output)
}

#[differentiate(wrt(queries, keys, values, output), tape)]
fn loss(
    x: &Array2<f64>,
    y: &Array2<f64>,
    queries: &Array2<f64>,
    keys: &Array2<f64>,
    values: &Array2<f64>,
    output: &Array2<f64>,
) -> f64 {
    logits(x, queries, keys, values, output).cross_entropy(y)
}

/// Trains one head of attention to turn sequences of tokens round
#[derive(Debug, Parser)]
#[command(name = "attention")]
struct Options {
    /// How many times to go through the sequences
    #[arg(long, value_name = "N", default_value_t = 30)]
    epochs: usize,

    /// Seed of initial weights and sequences
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Draw the mean loss over the epochs
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
}

fn main() -> ExitCode {
    training::main_by(run)
}

type Head = (Array2<f64>, Array2<f64>, Array2<f64>, Array2<f64>);

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut matrix = |rows: usize, columns: usize| {
        let scale = (rows as f64).sqrt().recip();
        let mut weight = || scale * random.sample::<f64, _>(StandardNormal);
        Array2::from_shape_simple_fn((rows, columns), &mut weight)
    };
    let head = (
        matrix(INPUTS, WIDTH),
        matrix(INPUTS, WIDTH),
        matrix(INPUTS, WIDTH),
        matrix(WIDTH, TOKENS),
    );
    let mut training = Sequences::random(200, options.seed);
    let unseen = Sequences::random(50, options.seed.wrapping_add(1));

    let mut out = io::stdout().lock();
    writeln!(out, "gradient off the tape's by {:.1e}", off_the_tape(&head, &training))?;
    let (history, head) = train(head, &mut training, options)?;
    training::print_losses(&history, &mut out)?;
    writeln!(
        out,
        "right: {:.2} % of the tokens of unseen sequences",
        100.0 * right(&head, &unseen)
    )?;
    training::plot(&history, options.plot.as_deref())
}

fn train(
    head: Head,
    sequences: &mut Sequences,
    options: &Options,
) -> Result<(History, Head), Box<dyn Error>> {
    let mut trainer = Trainer::<loss>::new(head, Adam::new(LEARNING_RATE)?).epochs(options.epochs);
    let history = trainer.run(sequences)?;
    Ok((history, trainer.into_params()))
}

/// The greatest difference between the macro's gradient and the tape's, over the greatest entry.
fn off_the_tape((queries, keys, values, output): &Head, sequences: &Sequences) -> f64 {
    let (x, y) = &sequences.pairs[0];
    let (_, ours) = loss::value_and_grad(x, y, queries, keys, values, output);
    let (_, theirs) = loss::tape_value_and_grad(x, y, queries, keys, values, output);
    let pairs =
        [(&ours.0, &theirs.0), (&ours.1, &theirs.1), (&ours.2, &theirs.2), (&ours.3, &theirs.3)];
    let elements = || pairs.iter().flat_map(|(ours, theirs)| ours.iter().zip(*theirs));
    let greatest = elements().fold(0.0_f64, |greatest, (_, b)| greatest.max(b.abs()));
    elements().fold(0.0_f64, |off, (a, b)| off.max((a - b).abs())) / greatest
}

/// The share of the tokens that the head puts at their places.
fn right((queries, keys, values, output): &Head, sequences: &Sequences) -> f64 {
    let (mut right, mut all) = (0, 0);
    for (x, y) in &sequences.pairs {
        let logits = logits(x, queries, keys, values, output);
        for (row, y) in logits.rows().into_iter().zip(y.rows()) {
            let greatest = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            right += usize::from(greatest.is_some_and(|(token, _)| y[token] == 1.0));
            all += 1;
        }
    }
    f64::from(u32::try_from(right).unwrap_or(0)) / f64::from(all)
}
