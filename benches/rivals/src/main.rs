//! Training steps by chainrule, candle and burn in turn, single thread; medians.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release --manifest-path benches/rivals/Cargo.toml [ROUNDS]`

mod burn_steps;
mod candle_steps;

use burn_steps::{BurnMlp, BurnRegression};
use candle_steps::{CandleMlp, CandleRegression};
use chainrule_benches::mlp::{Macro, Parameters, batch};
use chainrule_benches::{Case, Size, by_tape, interleaved, macros, rounds};
use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var("RAYON_NUM_THREADS").as_deref() != Ok("1") {
        return Err("set RAYON_NUM_THREADS=1: candle takes every core otherwise".into());
    }
    let rounds = rounds(301)?;
    perceptron(rounds)?;
    println!();
    regression(rounds)
}

/// What takes one training step and returns the value before it.
type Step<'s> = (&'static str, Box<dyn FnMut() -> f32 + 's>);

/// 784-128-10, batch 64.
fn perceptron(rounds: usize) -> Result<(), Box<dyn Error>> {
    let (x, y) = batch();
    let start = Parameters::new();
    let mut ours = Macro::new(start.clone());
    let mut candle = CandleMlp::new(&start, &x, &y)?;
    let mut burn = BurnMlp::new(&start, &x, &y);
    table(
        "784-128-10, batch 64, `f32`",
        vec![
            ("macro", Box::new(|| ours.step(&x, &y))),
            ("candle", Box::new(|| candle.step().expect("shapes fit"))),
            ("burn, flex", Box::new(|| burn.step())),
        ],
        rounds,
    )
}

/// mean((x w + b − y)²) of 16×5.
fn regression(rounds: usize) -> Result<(), Box<dyn Error>> {
    let case = Case::new(Size(16, 5));
    let (mut by_macro, mut by_tape) = (case.clone(), case.clone());
    let mut candle = CandleRegression::new(&case)?;
    let mut burn = BurnRegression::new(&case);
    table(
        "linear regression 16×5, `f32`",
        vec![
            ("macro", Box::new(|| macros::step(&mut by_macro))),
            ("tape", Box::new(|| by_tape::step(&mut by_tape))),
            ("candle", Box::new(|| candle.step().expect("shapes fit"))),
            ("burn, flex", Box::new(|| burn.step())),
        ],
        rounds,
    )
}

/// Three steps by each have to agree; then they are timed.
fn table(what: &str, mut steps: Vec<Step<'_>>, rounds: usize) -> Result<(), Box<dyn Error>> {
    for step in 0..3 {
        let values: Vec<f32> = steps.iter_mut().map(|(_, step)| step()).collect();
        if values.iter().any(|value| (value - values[0]).abs() > 1e-4 * values[0].abs()) {
            return Err(format!("{what}: the values of step {step} differ: {values:?}").into());
        }
    }
    let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
    let mut runs: Vec<Box<dyn FnMut() + '_>> = Vec::new();
    for (_, step) in &mut steps {
        runs.push(Box::new(|| {
            black_box(step());
        }));
    }
    let times = interleaved(&mut runs, rounds);
    println!("| {what} | µs | / macro |\n|---|--:|--:|");
    for (k, name) in names.iter().enumerate() {
        println!("| {name} | {:.2} | {:.2} |", times.median(k) / 1e3, times.ratio(k, 0));
    }
    Ok(())
}
