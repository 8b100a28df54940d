//! Selections and functions that are constant, or linear, in pieces.

use crate::tape::rule::{Rule, rules};
use crate::tape::value::Real;

rules! {
    // Not signum: 0.0.signum() is 1 in Rust, and the derivative at ±0 is 0.
    Abs "abs" (x) -> z { x.abs() } x: if x == F::zero() { F::zero() } else { x.signum() };
    Max "max" exact (x, y) -> z { x.max(y) } x: share(x, y), y: share(y, x);
    Min "min" exact (x, y) -> z { x.min(y) } x: share(-x, -y), y: share(-y, -x);
    // max(x, low), then min(·, high).
    Clamp "clamp" exact (x, low, high) -> z { x.std_clamp(low, high) }
        x: if x.is_nan() { F::one() } else { share(x, low) * share(-x.max(low), -high) },
        low: if x.is_nan() { F::zero() } else { share(low, x) * share(-x.max(low), -high) },
        high: if x.is_nan() { F::zero() } else { share(-high, -x.max(low)) };
    // max(x − y, 0).
    AbsSub "abs_sub" exact (x, y) -> z { positive_difference(x, y) }
        x: share(x, y), y: -share(x, y);
    Copysign "copysign" exact (x, s) -> z { x.copysign(s) }
        x: if x.is_sign_negative() == s.is_sign_negative() { F::one() } else { -F::one() },
        s: F::zero();
    Signum "signum" exact (x) -> z { x.signum() } x: F::zero();
    Floor "floor" exact (x) -> z { x.floor() } x: F::zero();
    Ceil "ceil" exact (x) -> z { x.ceil() } x: F::zero();
    Round "round" exact (x) -> z { x.round() } x: F::zero();
    RoundTiesEven "round_ties_even" exact (x) -> z { x.std_round_ties_even() } x: F::zero();
    Trunc "trunc" exact (x) -> z { x.trunc() } x: F::zero();
    Fract "fract" (x) -> z { x.fract() } x: F::one();
    DivEuclid "div_euclid" exact (x, y) -> z { x.std_div_euclid(y) } x: F::zero(), y: F::zero();
}

/// How much of max(x, y)'s cotangent goes to x: all to the greater, half each at a tie, and none
/// to a NaN beside a number, because std's `max` and `min` return the number.
fn share<F: Real>(x: F, y: F) -> F {
    if x > y || (y.is_nan() && !x.is_nan()) {
        F::one()
    } else if x < y || (x.is_nan() && !y.is_nan()) {
        F::zero()
    } else {
        (F::one() + F::one()).recip()
    }
}

/// The positive difference, NaN if an operand is, as C's `fdim`.
fn positive_difference<F: Real>(x: F, y: F) -> F {
    if x <= y { F::zero() } else { x - y }
}
