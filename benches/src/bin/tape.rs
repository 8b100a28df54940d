//! Prints how long gradients take by the run-time tape, and by other crates' tapes, against the
//! value alone; in turn, medians.
//!
//! `cargo run --release -p chainrule-benches --bin tape [ROUNDS] [NAME]`
//!
//! With a name, only the functions whose names contain it.

#![forbid(unsafe_code)]

use chainrule_benches::tapes::{NAMES, functions};
use chainrule_benches::{interleaved, rounds};
use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(101)?;
    let name = std::env::args().nth(2).unwrap_or_default();
    println!("| value and gradient by value | plain µs | {} |", NAMES.join(" | "));
    println!("|---|--:|{}", "--:|".repeat(NAMES.len()));
    for function in functions().into_iter().filter(|function| function.name.contains(&name)) {
        let (at, plain) = (function.start, function.plain);
        let mut runs: Vec<Box<dyn FnMut() + '_>> = vec![Box::new(|| {
            black_box(plain(black_box(&at)));
        })];
        for tape in function.tapes {
            let at = &at;
            runs.push(Box::new(move || {
                black_box(tape(black_box(at)));
            }));
        }
        let times = interleaved(&mut runs, rounds);
        let ratios: Vec<String> =
            (1..runs.len()).map(|k| format!("{:.1}", times.ratio(k, 0))).collect();
        println!("| {} | {:.2} | {} |", function.name, times.median(0) / 1e3, ratios.join(" | "));
    }
    Ok(())
}
