//! Prints the table of Hessians: the gradient, the Hessian by the macro and by hand, in turn, round
//! after round, medians. Below it, derivatives by what they are the derivatives of.
//!
//! `cargo run --release -p chainrule-benches --bin second [ROUNDS]`

#![forbid(unsafe_code)]

use chainrule_benches::{interleaved, rounds, second};
use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(301)?;
    println!("| Hessian | gradient µs | macro µs | hand µs | macro / hand | bar |");
    println!("|---|{}", "--:|".repeat(5));
    for case in second::measured() {
        let at = &case.at;
        let mut candidates: Vec<Box<dyn FnMut() + '_>> = vec![
            Box::new(|| drop(black_box((case.gradient)(black_box(at))))),
            Box::new(|| drop(black_box((case.by_macro)(black_box(at))))),
            Box::new(|| drop(black_box((case.by_hand)(black_box(at))))),
        ];
        let times = interleaved(&mut candidates, rounds);
        let [gradient, by_macro, by_hand] = [0, 1, 2].map(|k| times.median(k) / 1e3);
        let ratio = times.ratio(1, 2);
        println!(
            "| {} | {gradient:.2} | {by_macro:.2} | {by_hand:.2} | {ratio:.2} | {} |",
            case.name,
            if case.bar.is_finite() { case.bar.to_string() } else { String::new() }
        );
    }
    println!("\n| derivative | below µs | above µs | ratio | bar |");
    println!("|---|{}", "--:|".repeat(4));
    for case in second::ratios()? {
        let mut candidates: Vec<Box<dyn FnMut() + '_>> =
            vec![Box::new(|| (case.below)()), Box::new(|| (case.above)())];
        let times = interleaved(&mut candidates, rounds);
        let [below, above] = [0, 1].map(|k| times.median(k) / 1e3);
        let (ratio, bar) = (times.ratio(1, 0), case.bar);
        println!("| {} | {below:.1} | {above:.1} | {ratio:.2} | {bar} |", case.name);
    }
    Ok(())
}
