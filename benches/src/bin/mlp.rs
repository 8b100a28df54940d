//! Prints the tables of code of arrays: a perceptron's step by the macro and by hand, and a chain
//! of elementwise operations beside a copy; in turn, medians.
//!
//! `cargo run --release -p chainrule-benches --bin mlp [ROUNDS]`

#![forbid(unsafe_code)]

use chainrule_benches::chain::{chain, elements};
use chainrule_benches::mlp::{Hand, Macro, Parameters, batch};
use chainrule_benches::{interleaved, rounds};
use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(301)?;
    let (x, y) = batch();
    let mut by_macro = Macro::new(Parameters::new());
    let mut by_hand = Hand::new(Parameters::new());
    let mut alone = Hand::new(Parameters::new());
    let mut steps: Vec<Box<dyn FnMut() + '_>> = vec![
        Box::new(|| {
            black_box(by_macro.step(black_box(&x), black_box(&y)));
        }),
        Box::new(|| {
            black_box(by_hand.step(black_box(&x), black_box(&y)));
        }),
        Box::new(|| alone.products(black_box(&x))),
    ];
    let times = interleaved(&mut steps, rounds);
    let [ours, hand, products] = [0, 1, 2].map(|k| times.median(k) / 1e3);
    println!(
        "| 784-128-10, batch 64, `f32` | macro µs | hand µs | the products in both µs | macro / hand |"
    );
    println!("|---|--:|--:|--:|--:|");
    println!(
        "| value, gradient, update | {ours:.1} | {hand:.1} | {products:.1} | {:.3} |",
        times.ratio(0, 1)
    );

    let x = elements();
    let (mut gradient, mut copy) = (x.clone(), x.clone());
    let mut runs: Vec<Box<dyn FnMut() + '_>> = vec![
        Box::new(|| {
            black_box(chain::value_and_grad_into(black_box(&x), &mut gradient));
        }),
        Box::new(|| copy.assign(black_box(&x))),
    ];
    let times = interleaved(&mut runs, rounds);
    let [ours, copy] = [0, 1].map(|k| times.median(k) / 1e3);
    println!("\n| ten operations on 10⁶ `f32` | gradient µs | copy µs | copy / gradient |");
    println!("|---|--:|--:|--:|");
    println!("| value, gradient | {ours:.0} | {copy:.0} | {:.2} |", times.ratio(1, 0));
    Ok(())
}
