//! The example's 120 epochs, by the trainer and by hand, over the same loader.

#![forbid(unsafe_code)]

use chainrule_benches::training::{self, Trained};
use divan::{Bencher, black_box};
use pulp::Arch;

fn main() {
    divan::main();
}

fn fail(error: impl std::fmt::Display) -> ! {
    panic!("the training ends: {error}")
}

#[divan::bench]
fn by_trainer(bencher: Bencher<'_, '_>) {
    let mut loader = training::loader().unwrap_or_else(|error| fail(error));
    bencher.bench_local(|| -> Trained {
        training::by_trainer(black_box(&mut loader)).unwrap_or_else(|error| fail(error))
    });
}

#[divan::bench]
fn by_hand(bencher: Bencher<'_, '_>) {
    let mut loader = training::loader().unwrap_or_else(|error| fail(error));
    let arch = Arch::new();
    bencher.bench_local(|| training::by_hand(arch, black_box(&mut loader)));
}

#[divan::bench]
fn loader_alone(bencher: Bencher<'_, '_>) {
    let mut loader = training::loader().unwrap_or_else(|error| fail(error));
    bencher.bench_local(|| training::loader_alone(black_box(&mut loader)));
}
