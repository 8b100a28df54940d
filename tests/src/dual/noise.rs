//! Which digits of a result are there: every operation of dual numbers is rounded at random, a few
//! times as much as floats are. What differs between such runs says nothing (Monte Carlo
//! arithmetic, after Parker). Each term of a derivative is rounded by itself, also where its factor
//! is one: backwards the terms are added in another order, and what cancels forwards need not.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::cell::RefCell;

/// How much more than by the last bit a number is changed, so that equal numbers seldom stay equal.
const LARGER: f64 = 8.0;

/// What rounds, and whether anything was not finite.
struct Noise {
    rng: SmallRng,
    overflowed: bool,
}

thread_local! {
    // Hunted programs are not optimised, and spend most of their time here: a small generator.
    static NOISE: RefCell<Option<Noise>> = const { RefCell::new(None) };
}

/// Runs with such roundings; whether a number overflowed on the way, of which the result may know
/// nothing.
pub fn with_noise<R>(seed: u64, run: impl FnOnce() -> R) -> (R, bool) {
    NOISE.set(Some(Noise { rng: SmallRng::seed_from_u64(seed), overflowed: false }));
    let result = run();
    let overflowed = NOISE.take().is_some_and(|noise| noise.overflowed);
    (result, overflowed)
}

/// A number as an operation leaves it.
pub(super) fn rounded(x: f64) -> f64 {
    NOISE.with_borrow_mut(|noise| match noise {
        None => x,
        Some(Noise { rng, overflowed }) => {
            *overflowed |= !x.is_finite();
            x * (1.0 + LARGER * f64::EPSILON * rng.random_range(-1.0..1.0))
        }
    })
}
