//! Prints how long gradients and Hessians take by the macro and by `num-dual`'s dual numbers; in
//! turn, medians.
//!
//! `cargo run --release -p chainrule-benches --bin duals [ROUNDS]`

#![forbid(unsafe_code)]

use chainrule_benches::duals::functions;
use chainrule_benches::{interleaved, rounds};
use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(51)?;
    println!("| derivative | macro µs | num-dual µs | num-dual / macro |");
    println!("|---|--:|--:|--:|");
    for function in functions() {
        let at = &function.at;
        let mut gradients: Vec<Box<dyn FnMut() + '_>> = Vec::new();
        for gradient in &function.gradients {
            gradients.push(Box::new(|| {
                black_box(gradient(black_box(at)));
            }));
        }
        let mut hessians: Vec<Box<dyn FnMut() + '_>> = Vec::new();
        for hessian in &function.hessians {
            hessians.push(Box::new(|| {
                black_box(hessian(black_box(at)));
            }));
        }
        for (kind, mut runs) in [("value and gradient", gradients), ("Hessian", hessians)] {
            let times = interleaved(&mut runs, rounds);
            let [ours, duals] = [0, 1].map(|k| times.median(k) / 1e3);
            let ratio = times.ratio(1, 0);
            println!("| {}: {kind} | {ours:.2} | {duals:.2} | {ratio:.1} |", function.name);
        }
    }
    Ok(())
}
