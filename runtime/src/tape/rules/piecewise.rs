//! Selections and functions that are constant, or linear, in pieces.

use crate::tape::number::Number;
use crate::tape::rule::{Rule, rules};
use crate::tape::value::Real;

rules! {
    // Not signum: 0.0.signum() is 1 in Rust, and the derivative at ±0 is 0.
    Abs "abs" (x) -> z { x.abs() } x: F::constant_around([x], |[x]| sign(x));
    Max "max" exact (x, y) -> z { x.max(y) } x: F::constant_around([x, y], |[x, y]| share(x, y)),
        y: F::constant_around([x, y], |[x, y]| share(y, x));
    Min "min" exact (x, y) -> z { x.min(y) } x: F::constant_around([x, y], |[x, y]| share(-x, -y)),
        y: F::constant_around([x, y], |[x, y]| share(-y, -x));
    // max(x, low), then min(·, high).
    Clamp "clamp" exact (x, low, high) -> z { x.std_clamp(low, high) }
        x: F::constant_around([x, low, high], |at| clamped(at)[0]),
        low: F::constant_around([x, low, high], |at| clamped(at)[1]),
        high: F::constant_around([x, low, high], |at| clamped(at)[2]);
    // max(x − y, 0).
    AbsSub "abs_sub" exact (x, y) -> z { positive_difference(x, y) }
        x: F::constant_around([x, y], |[x, y]| share(x, y)),
        y: F::constant_around([x, y], |[x, y]| -share(x, y));
    Copysign "copysign" exact (x, s) -> z { x.copysign(s) }
        x: F::constant_around([x, s], |[x, s]| agreement(x, s)),
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

/// The sign, 0 at ±0.
fn sign<F: Real>(x: F) -> F {
    if x == F::zero() { F::zero() } else { x.signum() }
}

/// 1 if the signs agree, else −1.
fn agreement<F: Real>(x: F, s: F) -> F {
    if x.is_sign_negative() == s.is_sign_negative() { F::one() } else { -F::one() }
}

/// How much of the clamped value's cotangent goes to the value, the lower and the upper bound.
fn clamped<F: Real>([x, low, high]: [F; 3]) -> [F; 3] {
    if x.is_nan() {
        return [F::one(), F::zero(), F::zero()];
    }
    let inside = share(-x.max(low), -high);
    [share(x, low) * inside, share(low, x) * inside, share(-high, -x.max(low))]
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
