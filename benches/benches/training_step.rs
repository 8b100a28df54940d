//! One training step (value, gradient, update) in `f32`, by every rival at every size.
//!
//! For ratios take the `table` binary, which lets the rivals take turns.

#![forbid(unsafe_code)]

use chainrule_benches::{Case, SIZES, Size, by_tape, hand, macros, two_passes};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

fn run(bencher: Bencher<'_, '_>, size: Size, step: impl Fn(&mut Case) -> f32) {
    let mut case = Case::new(size);
    bencher.bench_local(|| step(black_box(&mut case)));
}

#[divan::bench(args = SIZES, name = "1 macro")]
fn by_macro(bencher: Bencher<'_, '_>, size: Size) {
    run(bencher, size, macros::step);
}

#[divan::bench(args = SIZES, name = "2 hand, portable")]
fn hand_portable(bencher: Bencher<'_, '_>, size: Size) {
    run(bencher, size, hand::portable_step);
}

#[divan::bench(args = SIZES, name = "3 hand, wide")]
fn hand_wide(bencher: Bencher<'_, '_>, size: Size) {
    run(bencher, size, hand::wide_step);
}

#[divan::bench(args = SIZES, name = "4 ndarray")]
fn ndarray(bencher: Bencher<'_, '_>, size: Size) {
    run(bencher, size, two_passes::step);
}

#[divan::bench(args = SIZES, name = "5 tape")]
fn tape(bencher: Bencher<'_, '_>, size: Size) {
    run(bencher, size, by_tape::step);
}
