//! Prints what the threads of `rayon` bring to functions of large arrays: value and gradient on one
//! thread and on all, in turn, medians.
//!
//! `cargo run --release -p chainrule-benches --features rayon --bin threads [ROUNDS]`

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use chainrule_benches::chain::{chain, elements};
use chainrule_benches::{interleaved, rounds};
use ndarray::{Array1, Array2};
use std::error::Error;
use std::hint::black_box;

/// A chain with an exponential function in it.
#[differentiate]
fn dear_chain(x: &Array1<f32>) -> f32 {
    let y = (x * 1.5 + 0.25).tanh();
    ((&y * &y - x).exp() + &y).sum()
}

#[differentiate(wrt(w, b))]
fn logistic(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    let z = x.dot(w) + b;
    (z.softplus() - y * &z).mean().unwrap()
}

#[differentiate(wrt(x))]
fn entropy(x: &Array2<f32>, t: &Array2<f32>) -> f32 {
    x.cross_entropy(t)
}

fn row(name: &str, rounds: usize, mut run: impl FnMut() + Send) -> Result<(), Box<dyn Error>> {
    let cores = std::thread::available_parallelism()?.get();
    let pools =
        [1, cores].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build());
    let [one, all] = pools;
    let (one, all) = (one?, all?);
    let run = std::sync::Mutex::new(&mut run);
    let on = |pool: &rayon::ThreadPool| {
        pool.install(|| {
            if let Ok(mut run) = run.lock() {
                run();
            }
        });
    };
    let mut candidates: Vec<Box<dyn FnMut() + '_>> =
        vec![Box::new(|| on(&one)), Box::new(|| on(&all))];
    let times = interleaved(&mut candidates, rounds);
    let [alone, together] = [0, 1].map(|k| times.median(k) / 1e3);
    println!("| {name} | {alone:.0} | {together:.0} | {:.2} |", times.ratio(0, 1));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(101)?;
    let cores = std::thread::available_parallelism()?;
    println!("| value and gradient | one thread µs | {cores} threads µs | one / {cores} |");
    println!("|---|--:|--:|--:|");
    let x = elements();
    let mut slope = x.clone();
    row("ten operations, 10⁶ `f32`", rounds, || {
        black_box(chain::value_and_grad_into(black_box(&x), &mut slope));
    })?;
    row("with tanh and exp, 10⁶ `f32`", rounds, || {
        black_box(dear_chain::value_and_grad_into(black_box(&x), &mut slope));
    })?;
    let x =
        Array2::from_shape_fn((100_000, 20), |(i, j)| ((i * 7 + j * 3) % 101) as f64 * 0.01 - 0.5);
    let y = Array1::from_shape_fn(100_000, |i| (i % 2) as f64);
    let (w, mut slope, mut by_b) = (Array1::from_elem(20, 0.1), Array1::zeros(20), 0.0);
    row("logistic regression 100 000×20, `f64`", rounds, || {
        black_box(logistic::value_and_grad_into(black_box(&x), &y, &w, 0.1, &mut slope, &mut by_b));
    })?;
    let x = Array2::from_shape_fn((2000, 500), |(i, j)| ((i * 7 + j * 3) % 13) as f32 * 0.3);
    let t = Array2::from_shape_fn((2000, 500), |(i, j)| f32::from(u8::from(i % 500 == j)));
    let mut slope = x.clone();
    row("softmax cross-entropy 2000×500, `f32`", rounds, || {
        black_box(entropy::value_and_grad_into(black_box(&x), &t, &mut slope));
    })
}
