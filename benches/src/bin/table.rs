//! Prints the tables of the README: every rival in turn, round after round, medians.
//!
//! `cargo run --release -p chainrule-benches --bin table [ROUNDS]`

#![forbid(unsafe_code)]

use chainrule_benches::{Case, RIVALS, SIZES, interleaved, rounds, training};
use pulp::Arch;
use std::error::Error;
use std::hint::black_box;

/// Positions in `RIVALS`.
const MACRO: usize = 0;
const HAND: [usize; 2] = [1, 2];

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(301)?;

    let names = RIVALS.map(|rival| format!("{} ns", rival.name));
    println!("| size | {} | macro / best hand |", names.join(" | "));
    println!("|---|{}", "--:|".repeat(RIVALS.len() + 1));
    for size in SIZES {
        // One batch for all, so that no rival has a luckier place in memory.
        let case = std::cell::RefCell::new(Case::new(size));
        let mut steps: Vec<Box<dyn FnMut() + '_>> = Vec::new();
        for rival in RIVALS {
            let case = &case;
            steps.push(Box::new(move || {
                black_box((rival.step)(black_box(&mut case.borrow_mut())));
            }));
        }
        let times = interleaved(&mut steps, rounds);
        let medians: Vec<f64> = (0..RIVALS.len()).map(|r| times.median(r)).collect();
        let best = HAND.into_iter().min_by(|&a, &b| medians[a].total_cmp(&medians[b]));
        let ratio = best.map_or(f64::NAN, |best| times.ratio(MACRO, best));
        let shown: Vec<String> = medians.iter().map(|&ns| grouped(ns)).collect();
        println!("| {size} | {} | {ratio:.2} |", shown.join(" | "));
    }

    let (mut a, mut b, mut c) = (training::loader()?, training::loader()?, training::loader()?);
    let arch = Arch::new();
    let mut trainings: Vec<Box<dyn FnMut()>> = vec![
        Box::new(move || drop(black_box(training::by_trainer(black_box(&mut a))))),
        Box::new(move || drop(black_box(training::by_hand(arch, black_box(&mut b))))),
        Box::new(move || {
            black_box(training::loader_alone(black_box(&mut c)));
        }),
    ];
    let times = interleaved(&mut trainings, rounds);
    let [trainer, hand, loader] = [0, 1, 2].map(|k| times.median(k) / 1e3);
    println!(
        "\n| 120 epochs of 1000×5 | trainer µs | hand µs | the loader in both µs | trainer / hand |"
    );
    println!("|---|--:|--:|--:|--:|");
    println!(
        "| batches of 16 | {trainer:.0} | {hand:.0} | {loader:.0} | {:.2} |",
        times.ratio(0, 1)
    );
    Ok(())
}

/// Nanoseconds with thousands apart.
fn grouped(ns: f64) -> String {
    let digits = format!("{ns:.0}");
    let mut out = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
