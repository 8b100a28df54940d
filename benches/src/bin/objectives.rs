//! Prints the table of objectives: plain, by the macro, by hand, in turn, round after round, medians.
//!
//! `cargo run --release -p chainrule-benches --bin objectives [ROUNDS] [NAME]`
//!
//! NAME leaves out all objectives in whose name it does not occur.

#![forbid(unsafe_code)]

use chainrule_benches::objectives::{self, Objective};
use chainrule_benches::{interleaved, rounds};
use std::cell::RefCell;
use std::error::Error;
use std::hint::black_box;

/// Positions among the candidates.
const PLAIN: usize = 0;
const MACRO: usize = 1;
const HAND: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(301)?;

    let part = std::env::args().nth(2).unwrap_or_default();
    let asked = |objective: &Objective| objective.name.contains(&part);
    let (mut measured, mut reordered) = (objectives::measured()?, objectives::reordered()?);
    measured.retain(asked);
    reordered.retain(asked);
    print(&measured, rounds);
    if !reordered.is_empty() {
        println!("\nThe hand's loops reordered:\n");
        print(&reordered, rounds);
    }
    Ok(())
}

fn print(objectives: &[Objective], rounds: usize) {
    println!(
        "| objective | plain µs | macro µs | hand µs | macro / plain | macro / hand | bar | hand / plain |"
    );
    println!("|---|{}", "--:|".repeat(7));
    for objective in objectives {
        let at = &objective.start;
        // One place in memory for both derivatives, so that neither has a luckier one.
        let derivative = RefCell::new(objective.blank());
        let derivative = &derivative;
        let mut candidates: Vec<Box<dyn FnMut() + '_>> = vec![Box::new(|| {
            black_box((objective.plain)(black_box(at)));
        })];
        for gradient in [&objective.by_macro, &objective.by_hand] {
            candidates.push(Box::new(move || {
                black_box(gradient(black_box(at), black_box(&mut derivative.borrow_mut())));
            }));
        }
        let times = interleaved(&mut candidates, rounds);
        let [plain, by_macro, by_hand] = [PLAIN, MACRO, HAND].map(|k| micros(times.median(k)));
        println!(
            "| {} | {plain} | {by_macro} | {by_hand} | {:.2} | {:.2} | {:.1} | {:.2} |",
            objective.name,
            times.ratio(MACRO, PLAIN),
            times.ratio(MACRO, HAND),
            objective.bar,
            times.ratio(HAND, PLAIN),
        );
    }
}

/// Microseconds with three digits or more.
fn micros(nanos: f64) -> String {
    let micros = nanos / 1e3;
    match micros {
        ..10.0 => format!("{micros:.2}"),
        ..100.0 => format!("{micros:.1}"),
        _ => format!("{micros:.0}"),
    }
}
