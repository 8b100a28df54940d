//! Prints what value and gradient of every operation on arrays take, alone, by ndarray's call; in
//! turn, medians.
//!
//! Of a result that is an array, its product with an array of weights is differentiated: the weights
//! are the result's cotangent.
//!
//! `cargo run --release -p chainrule-benches --bin operations [ROUNDS [NAME]]`

// `s!` allows unsafe code for itself, which cannot be forbidden then.
#![deny(unsafe_code)]
#![allow(clippy::reversed_empty_ranges, reason = "slices of ndarray count from the end")]

mod list;
mod measure;

use chainrule_benches::rounds;
use list::OPERATIONS;
use measure::Shape;
use std::error::Error;

const SHAPES: [Shape; 2] = [Shape { rows: 64, columns: 64 }, Shape { rows: 1000, columns: 100 }];

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(31)?;
    let name = std::env::args().nth(2);
    println!(
        "| operation | 64×64: ndarray µs | value and gradient / ndarray | 1000×100: ndarray µs | value and gradient / ndarray |"
    );
    println!("|---|--:|--:|--:|--:|");
    let mut ratios: Vec<f64> = Vec::new();
    for operation in OPERATIONS {
        if name.as_ref().is_some_and(|name| !operation.name.contains(name.as_str())) {
            continue;
        }
        let off = (operation.difference)(Shape { rows: 64, columns: 32 });
        if off.is_nan() || off > 1e-9 {
            return Err(format!("`{}` is off by {off:e}", operation.name).into());
        }
        let [small, large] = SHAPES.map(|shape| (operation.measure)(shape, rounds));
        println!(
            "| `{}` | {:.2} | {:.2} | {:.1} | {:.2} |",
            operation.name,
            small.plain / 1e3,
            small.ratio,
            large.plain / 1e3,
            large.ratio
        );
        ratios.extend([small.ratio, large.ratio]);
    }
    ratios.sort_by(f64::total_cmp);
    let above = ratios.iter().filter(|ratio| **ratio > 3.0).count();
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
    println!("\n{} ratios, median {median:.2}, above 3: {above}", ratios.len());
    Ok(())
}
