//! Where functions are not smooth, infinite or not a number, and Rust's own traps.
//!
//! Each test is one function with the points where differentiators have gone wrong, and what value
//! and gradient must be there, by the macro and by the tape. The numbers follow JAX and PyTorch
//! where they agree; what they do not settle is said beside it.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::{Leaves, assert_close};
use ndarray::{Array1, array};
use std::f64::consts::{FRAC_PI_2, LN_2};

const INFINITY: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Expected numbers are exact or one rounding away.
const ROUNDING: f64 = 2.0 * f64::EPSILON;

/// `name: (arguments) expression { (point) => value, gradient; … }`
macro_rules! points {
    ($($(#[$doc:meta])* $name:ident: ($($arg:ident),*) $expression:block
        { $(($($at:expr),*) => $value:expr, $gradient:expr;)+ })*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[differentiate(tape)]
            fn f($($arg: f64),*) -> f64 $expression

            $({
                let at = concat!(stringify!($name), " at ", stringify!(($($at),*)));
                let (value, gradient) = f::value_and_grad($($at),*);
                assert_same_bits(at, value, f($($at),*));
                assert_close(&format!("{at}: the value"), &value, &$value, ROUNDING);
                assert_close(&format!("{at}: by macro"), &gradient, &$gradient, ROUNDING);
                let (value, gradient) = f::tape_value_and_grad($($at),*);
                assert_close(&format!("{at}: the tape's value"), &value, &$value, ROUNDING);
                assert_close(&format!("{at}: by tape"), &gradient, &$gradient, ROUNDING);
                let (_, gradient) = f::vjp($($at),*, 0.0);
                for leaf in gradient.leaves() {
                    assert_eq!(leaf.sum(), 0.0, "{at}: a zero cotangent passes on zero");
                }
            })+
        }
    )*};
}

/// The same bits; any NaN is as good as another (std promises no more).
#[track_caller]
fn assert_same_bits(what: &str, got: f64, expected: f64) {
    assert!(
        got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan()),
        "{what}: the value is {got:e}, the function's own {expected:e}"
    );
}

// Ties and jumps.

points! {
    max_tie_is_split_evenly: (x, y) { x.max(y) } {
        (2.0, 2.0) => 2.0, (0.5, 0.5);
        (-0.0, 0.0) => 0.0, (0.5, 0.5);
        (INFINITY, INFINITY) => INFINITY, (0.5, 0.5);
        (3.0, 2.0) => 3.0, (1.0, 0.0);
        (2.0, 3.0) => 3.0, (0.0, 1.0);
    }

    min_tie_is_split_evenly: (x, y) { x.min(y) } {
        (2.0, 2.0) => 2.0, (0.5, 0.5);
        (0.0, -0.0) => 0.0, (0.5, 0.5);
        (3.0, 2.0) => 2.0, (0.0, 1.0);
    }

    /// The shares of a tie sum to one also where both operands are the same variable.
    max_of_a_variable_with_itself: (x) { x.max(x) } { (2.0) => 2.0, 1.0; }

    /// `f64::NAN.max(1.0)` is 1: all of the gradient goes to the operand that is a number.
    max_of_nan_and_a_number: (x, y) { x.max(y) } {
        (NAN, 1.0) => 1.0, (0.0, 1.0);
        (1.0, NAN) => 1.0, (1.0, 0.0);
    }

    min_of_nan_and_a_number: (x, y) { x.min(y) } {
        (NAN, 1.0) => 1.0, (0.0, 1.0);
        (1.0, NAN) => 1.0, (1.0, 0.0);
    }

    relu: (x) { x.max(0.0) } {
        (-1.0) => 0.0, 0.0;
        (1.0) => 1.0, 1.0;
        (NAN) => 0.0, 0.0;
    }

    /// As `x.max(lo).min(hi)`: a tie with a bound is split evenly.
    clamp_on_its_bounds: (x, lo, hi) { x.clamp(lo, hi) } {
        (0.0, 0.0, 1.0) => 0.0, (0.5, 0.5, 0.0);
        (1.0, 0.0, 1.0) => 1.0, (0.5, 0.0, 0.5);
        (0.5, 0.0, 1.0) => 0.5, (1.0, 0.0, 0.0);
        (-1.0, 0.0, 1.0) => 0.0, (0.0, 1.0, 0.0);
        (2.0, 0.0, 1.0) => 1.0, (0.0, 0.0, 1.0);
        (NAN, 0.0, 1.0) => NAN, (1.0, 0.0, 0.0);
    }

    /// `0f64.signum()` is 1 and `(-0f64).signum()` is −1, but the derivative of `abs` is 0 there.
    abs_at_zero: (x) { x.abs() } {
        (0.0) => 0.0, 0.0;
        (-0.0) => 0.0, 0.0;
        (-2.0) => 2.0, -1.0;
    }

    signum_is_constant: (x) { x.signum() } {
        (0.0) => 1.0, 0.0;
        (-0.0) => -1.0, 0.0;
    }

    /// Constant on both sides of the jump, so 0 on it.
    floor_on_a_jump: (x) { x.floor() } { (2.0) => 2.0, 0.0; }
    ceil_on_a_jump: (x) { x.ceil() } { (2.0) => 2.0, 0.0; }
    round_on_a_jump: (x) { x.round() } { (2.5) => 3.0, 0.0; (-2.5) => -3.0, 0.0; }
    round_ties_even_on_a_jump: (x) { x.round_ties_even() } { (2.5) => 2.0, 0.0; }
    trunc_on_a_jump: (x) { x.trunc() } { (-2.0) => -2.0, 0.0; }
    fract_on_a_jump: (x) { x.fract() } { (2.0) => 0.0, 1.0; (-2.25) => -0.25, 1.0; }

    copysign_signs: (x, s) { x.copysign(s) } {
        (3.0, -2.0) => -3.0, (-1.0, 0.0);
        (-3.0, -2.0) => -3.0, (1.0, 0.0);
        (-3.0, 2.0) => 3.0, (-1.0, 0.0);
        (3.0, -0.0) => -3.0, (-1.0, 0.0);
        (0.0, -1.0) => 0.0, (-1.0, 0.0);
    }

    /// `x % y` is `x - trunc(x / y)·y`, with the sign of `x`.
    remainder: (x, y) { x % y } {
        (5.5, 2.0) => 1.5, (1.0, -2.0);
        (-5.5, 2.0) => -1.5, (1.0, 2.0);
        (5.5, -2.0) => 1.5, (1.0, 2.0);
        (6.0, 2.0) => 0.0, (1.0, -3.0);
    }

    /// `rem_euclid` is never negative: the quotient of −5.5 by 2 is −3.
    remainder_of_euclid: (x, y) { x.rem_euclid(y) } {
        (-5.5, 2.0) => 0.5, (1.0, 3.0);
        (5.5, -2.0) => 1.5, (1.0, 2.0);
        (-6.0, 2.0) => 0.0, (1.0, 3.0);
    }
}

// Infinite slopes.

points! {
    sqrt_at_zero: (x) { x.sqrt() } {
        (0.0) => 0.0, INFINITY;
        (-1.0) => NAN, NAN;
        (INFINITY) => INFINITY, 0.0;
    }

    cbrt_at_zero: (x) { x.cbrt() } {
        (0.0) => 0.0, INFINITY;
        (-8.0) => -2.0, 1.0 / 12.0;
    }

    ln_at_zero: (x) { x.ln() } { (0.0) => -INFINITY, INFINITY; }
    ln_1p_at_its_ends: (x) { x.ln_1p() } {
        (-1.0) => -INFINITY, INFINITY;
        (0.0) => 0.0, 1.0;
        (1e-300) => 1e-300, 1.0;
    }
    log2_at_one: (x) { x.log2() } { (1.0) => 0.0, 1.0 / LN_2; }
    asin_at_its_ends: (x) { x.asin() } {
        (1.0) => FRAC_PI_2, INFINITY;
        (-1.0) => -FRAC_PI_2, INFINITY;
        (1.5) => NAN, NAN;
    }
    acos_at_its_ends: (x) { x.acos() } { (1.0) => 0.0, -INFINITY; }
    acosh_at_one: (x) { x.acosh() } { (1.0) => 0.0, INFINITY; }
    atanh_at_one: (x) { x.atanh() } { (1.0) => INFINITY, INFINITY; }

    /// The nearest float to π/2 is not a pole.
    tan_at_half_pi: (x) { x.tan() } {
        (FRAC_PI_2) => FRAC_PI_2.tan(), 1.0 + FRAC_PI_2.tan() * FRAC_PI_2.tan();
    }

    recip_at_zero: (x) { x.recip() } {
        (0.0) => INFINITY, -INFINITY;
        (-0.0) => -INFINITY, -INFINITY;
        (INFINITY) => 0.0, 0.0;
    }

    division_by_zero: (x, y) { x / y } { (1.0, 0.0) => INFINITY, (INFINITY, -INFINITY); }

    /// The distance has no direction at the origin; `hypot` chooses 0 to both.
    hypot_at_the_origin: (x, y) { x.hypot(y) } {
        (0.0, 0.0) => 0.0, (0.0, 0.0);
        (3.0, 4.0) => 5.0, (0.6, 0.8);
        (3e200, 4e200) => 5e200, (0.6, 0.8);
    }

    /// Written out it is the chain ∞·0, which is not a number, as in every framework. (A cotangent
    /// of zero still passes on zero.)
    norm_written_out_at_the_origin: (x, y) { (x * x + y * y).sqrt() } {
        (0.0, 0.0) => 0.0, (NAN, NAN);
        (3.0, 4.0) => 5.0, (0.6, 0.8);
    }

    atan2_at_the_origin: (y, x) { y.atan2(x) } {
        (0.0, 0.0) => 0.0, (0.0, 0.0);
        (0.0, -1.0) => std::f64::consts::PI, (-1.0, 0.0);
        (1e200, 0.0) => FRAC_PI_2, (0.0, -1e-200);
    }

    mul_add_by_each: (x, a, b) { x.mul_add(a, b) } {
        (2.0, 3.0, 4.0) => 10.0, (3.0, 2.0, 1.0);
        (0.0, 0.0, 0.0) => 0.0, (0.0, 0.0, 1.0);
    }
}

/// The cotangent of `ln` is `x`, 0 there; so all that remains is `ln(0)`. The value, `0·−∞`, is
/// Rust's.
#[test]
fn x_ln_x_at_zero() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        x * x.ln()
    }
    assert_close("macro", &f::value_and_grad(0.0), &(NAN, -INFINITY), ROUNDING);
    assert_close("tape", &f::tape_value_and_grad(0.0), &(NAN, -INFINITY), ROUNDING);
    assert_eq!(f::value_and_grad(1.0), (0.0, 1.0));
}

/// A product with an infinite factor is itself not finite; its partials are its factors.
#[test]
fn product_with_an_infinity() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        x * y
    }
    let expected = (NAN, (INFINITY, 0.0));
    let (value, (dx, dy)) = f::value_and_grad(0.0, INFINITY);
    assert_close("macro", &(value, dx, dy), &(expected.0, INFINITY, 0.0), ROUNDING);
    assert_close("tape", &f::tape_value_and_grad(0.0, INFINITY).1, &expected.1, ROUNDING);
}

/// The operand that `min` drops is infinite, and so are the factors it is made of.
#[test]
fn zero_cotangent_meets_an_infinite_factor() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        (x.ln() * x.ln()).min(10.0)
    }
    assert_eq!(f::tape_value_and_grad(0.0), (10.0, 0.0));
    assert_eq!(f::value_and_grad(0.0), (10.0, 0.0));
}

// Overflow and underflow on the way: the limit is 0, the naive product NaN.

points! {
    /// e⁻¹⁶⁰⁰ is 0 in `f64`; then 0 · ∞ must be 0.
    underflow_before_a_root: (l) { (-l).exp().sqrt() } { (1600.0) => 0.0, 0.0; }

    sigmoid: (x) { 1.0 / (1.0 + (-x).exp()) } {
        (-1000.0) => 0.0, 0.0;
        (1000.0) => 1.0, 0.0;
        (0.0) => 0.5, 0.25;
    }

    softplus: (x) { (1.0 + x.exp()).ln() } { (-1000.0) => 0.0, 0.0; (0.0) => LN_2, 0.5; }

    /// The form that does not overflow; at 0, half of `max` and nothing of `abs`.
    softplus_that_does_not_overflow: (x) { x.max(0.0) + (-x.abs()).exp().ln_1p() } {
        (1000.0) => 1000.0, 1.0;
        (-1000.0) => 0.0, 0.0;
        (0.0) => LN_2, 0.5;
    }

    tanh_saturated: (x) { x.tanh() } { (1000.0) => 1.0, 0.0; (-1000.0) => -1.0, 0.0; (0.0) => 0.0, 1.0; }
    exp_m1_saturated: (x) { x.exp_m1() } { (-1000.0) => -1.0, 0.0; (0.0) => 0.0, 1.0; }
    exp_overflown: (x) { x.exp() } { (1000.0) => INFINITY, INFINITY; (-INFINITY) => 0.0, 0.0; }
    cosh_at_zero: (x) { x.cosh() } { (0.0) => 1.0, 0.0; }

    log_sum_exp: (x, y) {
        let m = x.max(y);
        m + ((x - m).exp() + (y - m).exp()).ln()
    } {
        (1000.0, 1000.0) => 1000.0 + LN_2, (0.5, 0.5);
        (-INFINITY, 0.0) => 0.0, (0.0, 1.0);
        (0.0, 0.0) => LN_2, (0.5, 0.5);
    }
}

// Powers.

points! {
    powf_of_zero: (x, y) { x.powf(y) } {
        (0.0, 1.0) => 0.0, (1.0, 0.0);
        (0.0, 2.0) => 0.0, (0.0, 0.0);
        (0.0, 1.875) => 0.0, (0.0, 0.0);
        (0.0, 0.5) => 0.0, (INFINITY, 0.0);
        (0.0, 0.0) => 1.0, (0.0, 0.0);
    }

    /// By the exponent there is no real derivative; by the base there is.
    powf_of_a_negative_number: (x, y) { x.powf(y) } { (-2.0, 2.0) => 4.0, (-4.0, NAN); }

    /// A constant exponent is not poisoned by its missing derivative.
    powf_by_a_constant: (x) { x.powf(2.0) } {
        (-2.0) => 4.0, -4.0;
        (0.0) => 0.0, 0.0;
    }
    powf_by_one: (x) { x.powf(1.0) } { (0.0) => 0.0, 1.0; (-3.0) => -3.0, 1.0; }
    powf_by_zero: (x) { x.powf(0.0) } { (0.0) => 1.0, 0.0; (NAN) => 1.0, 0.0; }
    powf_by_a_half: (x) { x.powf(0.5) } { (0.0) => 0.0, INFINITY; (4.0) => 2.0, 0.25; }

    powi_by_zero: (x) { x.powi(0) } { (0.0) => 1.0, 0.0; (5.0) => 1.0, 0.0; }
    powi_by_one: (x) { x.powi(1) } { (0.0) => 0.0, 1.0; }
    powi_by_two: (x) { x.powi(2) } { (0.0) => 0.0, 0.0; (-3.0) => 9.0, -6.0; }
    powi_by_minus_one: (x) { x.powi(-1) } { (0.0) => INFINITY, -INFINITY; (2.0) => 0.5, -0.25; }
}

#[test]
fn powi_with_an_exponent_known_at_run_time() {
    #[differentiate(tape)]
    fn f(x: f64, n: i32) -> f64 {
        x.powi(n)
    }
    for (x, n, expected) in [
        (0.0, 0, (1.0, 0.0)),
        (0.0, 1, (0.0, 1.0)),
        (0.0, 2, (0.0, 0.0)),
        (2.0, -1, (0.5, -0.25)),
        (-2.0, 3, (-8.0, 12.0)),
        (1.0, i32::MIN, (1.0, f64::from(i32::MIN))),
    ] {
        assert_close(&format!("{x}^{n} by macro"), &f::value_and_grad(x, n), &expected, ROUNDING);
        assert_close(
            &format!("{x}^{n} by tape"),
            &f::tape_value_and_grad(x, n),
            &expected,
            ROUNDING,
        );
    }
}

/// The exponent is not among the parameters of the gradient: its NaN stays out.
#[test]
fn powf_of_a_negative_number_with_the_exponent_held_constant() {
    #[differentiate(wrt(x), tape)]
    fn f(x: f64, y: f64) -> f64 {
        x.powf(y)
    }
    assert_eq!(f::value_and_grad(-2.0, 2.0), (4.0, -4.0));
    assert_eq!(f::tape_value_and_grad(-2.0, 2.0), (4.0, -4.0));
}

// No algebra that hides a NaN, an infinity or the sign of zero.

points! {
    zero_times_anything: (x) { 0.0 * x } {
        (INFINITY) => NAN, 0.0;
        (NAN) => NAN, 0.0;
        (-1.0) => -0.0, 0.0;
    }
    zero_times_a_function: (x) { 0.0 * x.ln() + 1.0 } { (0.0) => NAN, 0.0; (-1.0) => NAN, 0.0; }
    quotient_with_itself: (x) { x / x } {
        (0.0) => NAN, NAN;
        (INFINITY) => NAN, NAN;
        (2.0) => 1.0, 0.0;
    }
    difference_with_itself: (x) { x - x } { (INFINITY) => NAN, 0.0; (2.0) => 0.0, 0.0; }
    /// `-0.0 + 0.0` is `0.0`, so nothing may be left out.
    sum_with_zero: (x) { x + 0.0 } { (-0.0) => 0.0, 1.0; (0.0) => 0.0, 1.0; }
    zero_minus: (x) { 0.0 - x } { (0.0) => 0.0, -1.0; (-0.0) => 0.0, -1.0; }
    minus_zero: (x) { x - 0.0 } { (-0.0) => -0.0, 1.0; }
    doubled_and_halved: (x) { x * 2.0 / 2.0 } { (1e308) => INFINITY, 1.0; (3.0) => 3.0, 1.0; }
    rounded_away: (x) { (x + 1e16) - 1e16 } { (1.0) => 0.0, 1.0; (3.0) => 4.0, 1.0; }
    /// Three tenths of 3 are not 3 times a tenth: the order of operations is the user's.
    not_reassociated: (x) { x * 0.1 * 3.0 } { (3.0) => 3.0 * 0.1 * 3.0, 0.1 * 3.0; }
    division_stays_division: (x) { x / 10.0 } { (3.0) => 0.3, 0.1; }
    square_root_as_a_power: (x) { x.powf(0.5) } { (-INFINITY) => INFINITY, 0.0; }
    negated_twice: (x) { -(-x) } { (-0.0) => -0.0, 1.0; }
}

// Conversions between the floats.

/// Rounded to `f32` and back; the derivative is 1, rounded likewise.
#[test]
fn through_f32_and_back() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        (x as f32) as f64 * 3.0
    }
    let expected = (f64::from(0.1_f32) * 3.0, 3.0);
    assert_eq!(f::value_and_grad(0.1), expected);
    assert_eq!(f::tape_value_and_grad(0.1), expected);
}

#[test]
fn f32_computed_in_f64() {
    #[differentiate(tape)]
    fn f(x: f32) -> f32 {
        (x as f64).exp().ln_1p() as f32
    }
    let x = 0.1_f32;
    let wide = f64::from(x);
    let expected = wide.exp() / (1.0 + wide.exp());
    let (value, slope) = f::value_and_grad(x);
    assert_eq!(value.to_bits(), f(x).to_bits());
    // One rounding to f32 at the end: had it been computed in f32, several.
    assert_eq!(slope, expected as f32);
    assert_eq!(f::tape_value_and_grad(x).1, expected as f32);
}

/// f32 has the same special points.
#[test]
fn f32_at_special_points() {
    #[differentiate(tape)]
    fn f(x: f32, y: f32) -> f32 {
        x.abs() + x.max(y) + x.hypot(y) + y.powi(2).sqrt().powf(1.0).atan2(x) + (-y).exp().sqrt()
    }
    // |x|: 0; max: ½ each; hypot: 0; √(y²) at 0: ∞ from above, but the cotangent of atan2 at the
    // origin is 0; e⁻ʸ⸍²: −½ by y.
    let expected = (1.0_f32, (0.5_f32, 0.0_f32));
    assert_close("macro", &f::value_and_grad(0.0, 0.0).1, &expected.1, ROUNDING);
    assert_close("tape", &f::tape_value_and_grad(0.0, 0.0).1, &expected.1, ROUNDING);
    assert_eq!(f::value_and_grad(0.0, 0.0).0, expected.0);
}

// Zero cotangents inside arrays.

/// The mask's zero selects, where the slope is infinite.
#[test]
fn a_masked_root_in_an_array() {
    #[differentiate(wrt(x), tape)]
    fn f(x: &Array1<f64>, mask: &Array1<f64>) -> f64 {
        (x.mapv(|e| e.sqrt()) * mask).sum()
    }
    let (x, mask) = (array![0.0, 4.0, 0.0], array![0.0, 2.0, 0.0]);
    let expected = (4.0, array![0.0, 0.5, 0.0]);
    assert_eq!(f::value_and_grad(&x, &mask), expected);
    assert_eq!(f::tape_value_and_grad(&x, &mask), expected);
}

/// A reduction computes value and gradient in one pass with a unit seed; the cotangent that comes
/// after it still selects.
#[test]
fn a_zero_cotangent_of_a_reduction() {
    #[differentiate]
    fn roots(x: &Array1<f64>) -> f64 {
        x.mapv(|e| e.sqrt()).sum()
    }
    let x = array![0.0, 4.0];
    assert_eq!(roots::vjp(&x, 1.0).1, array![INFINITY, 0.25]);
    assert_eq!(roots::vjp(&x, 0.0).1, array![0.0, 0.0]);

    #[differentiate]
    fn mean_of_roots(x: &Array1<f64>) -> f64 {
        x.mapv(|e| e.sqrt()).mean().unwrap()
    }
    assert_eq!(mean_of_roots::vjp(&x, 1.0).1, array![INFINITY, 0.125]);
    assert_eq!(mean_of_roots::vjp(&x, 0.0).1, array![0.0, 0.0]);

    #[differentiate(tape)]
    fn scaled(x: &Array1<f64>, k: f64) -> f64 {
        roots(x) * k
    }
    assert_eq!(scaled::value_and_grad(&x, 0.0), (0.0, (array![0.0, 0.0], 2.0)));
    assert_eq!(scaled::tape_value_and_grad(&x, 0.0), (0.0, (array![0.0, 0.0], 2.0)));

    #[differentiate(tape)]
    fn clipped(x: &Array1<f64>) -> f64 {
        roots(x).min(1.0)
    }
    assert_eq!(clipped::value_and_grad(&x), (1.0, array![0.0, 0.0]));
    assert_eq!(clipped::tape_value_and_grad(&x), (1.0, array![0.0, 0.0]));
}

/// A zero cotangent of one element stays with that element.
#[test]
fn a_zero_cotangent_of_one_element() {
    #[differentiate]
    fn roots(x: &Array1<f64>) -> Array1<f64> {
        x.mapv(|e| e.sqrt())
    }
    let (value, pulled) = roots::vjp(&array![0.0, 0.0, 4.0], array![0.0, 1.0, 0.0]);
    assert_eq!((value, pulled), (array![0.0, 0.0, 2.0], array![0.0, INFINITY, 0.0]));
}

/// Points that are singular, inside `mapv`.
#[test]
fn kinks_in_an_array() {
    #[differentiate(tape)]
    fn f(x: &Array1<f64>) -> f64 {
        x.mapv(|e| e.abs() + e.max(0.0) + 1.0 / (1.0 + (-1000.0 * e).exp())).sum()
    }
    let (x, expected) = (array![0.0, -1.0, 1.0], array![0.5 + 250.0, -1.0, 2.0]);
    assert_eq!(f::value_and_grad(&x).1, expected);
    assert_eq!(f::tape_value_and_grad(&x).1, expected);
}
