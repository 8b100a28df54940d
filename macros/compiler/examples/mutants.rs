//! `cargo run --release -p chainrule-compiler --example mutants -- --inputs 1000000 --seed 1`: mutated
//! source text for the compiler. Exit code 1 if it panics, runs on, or emits what is no Rust.

#![forbid(unsafe_code)]

#[path = "../tests/mutants/mod.rs"]
mod mutants;

use mutants::{Corpus, Verdict, verdict};
use std::collections::BTreeMap;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage: mutants [--inputs N] [--seed S] [--from NUMBER]";
/// What takes longer runs on.
const SECONDS: u64 = 20;
/// As the compiler's own thread.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let (mut inputs, mut seed, mut from) = (10_000, 1, 0);
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let slot = match name.as_str() {
            "--inputs" => &mut inputs,
            "--seed" => &mut seed,
            "--from" => &mut from,
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        };
        match args.next().and_then(|text| text.parse().ok()) {
            Some(number) => *slot = number,
            None => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let now = Arc::new(AtomicU64::new(from));
    let watched = Arc::clone(&now);
    let worker = thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || run(seed, from..from + inputs, &now));
    let Ok(worker) = worker else {
        eprintln!("no thread can be started");
        return ExitCode::from(2);
    };
    let mut last = (from, 0);
    while !worker.is_finished() {
        thread::sleep(Duration::from_millis(200));
        let number = watched.load(Ordering::Relaxed);
        last = if number == last.0 { (number, last.1 + 1) } else { (number, 0) };
        if last.1 > SECONDS * 5 {
            println!("runs on: --seed {seed} --from {number} --inputs 1");
            exit(1);
        }
    }
    match worker.join() {
        Ok(true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Whether all mutants were compiled or refused.
fn run(seed: u64, numbers: std::ops::Range<u64>, now: &AtomicU64) -> bool {
    let corpus = match Corpus::of_tests() {
        Ok(corpus) => corpus,
        Err(error) => {
            eprintln!("the tests' functions cannot be read: {error}");
            return false;
        }
    };
    // Panics are findings, not messages.
    std::panic::set_hook(Box::new(|_| ()));
    let (mut accepted, mut refused, mut no_rust) = (0u64, 0u64, 0u64);
    let mut broken: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let count = numbers.end - numbers.start;
    for number in numbers {
        now.store(number, Ordering::Relaxed);
        match verdict(&corpus.mutant(seed, number)) {
            Verdict::Accepted => accepted += 1,
            Verdict::Refused => refused += 1,
            Verdict::NotRust => no_rust += 1,
            Verdict::Broken(what) => broken.entry(what).or_insert((number, 0)).1 += 1,
        }
        let done = accepted + refused + no_rust + broken.values().map(|(_, n)| n).sum::<u64>();
        if done.is_multiple_of(20_000) {
            eprintln!("{done} of {count}");
        }
    }
    for (what, (number, times)) in &broken {
        println!("{what} ({times} times)\n{}\n", corpus.mutant(seed, *number));
    }
    println!("{accepted} accepted, {refused} refused, {no_rust} no Rust, {} broken", broken.len());
    broken.is_empty()
}
