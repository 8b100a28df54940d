//! Powers, roots, exponentials and logarithms.

use num_traits::{Float, FloatConst, Zero};

use crate::tape::number::{Functions, Number};
use crate::tape::rule::{Rule, rules};
use crate::tape::value::Real;

rules! {
    // |z|, because √−0 is −0 and the derivative there is +∞ all the same.
    Sqrt "sqrt" (x) -> z { x.sqrt() } x: (two::<F>() * z.abs()).recip();
    Cbrt "cbrt" (x) -> z { x.cbrt() } x: (three::<F>() * z * z).recip();
    Hypot "hypot" (x, y) -> z { x.hypot(y) } x: over(x, z), y: over(y, z);
    Powi[n: i32] "powi" exact (x) -> z { x.powi(n) } x: powi_partial(x, n, z);
    Powf "powf" exact (x, y) -> z { x.powf(y) }
        x: powf_base_partial(x, y),
        y: powf_exponent_partial(x, y, z);
    Exp "exp" exact (x) -> z { x.exp() } x: z;
    Exp2 "exp2" exact (x) -> z { x.exp2() } x: z * F::of(F::Elem::LN_2());
    // eˣ afresh: z + 1 has lost it where x is far below zero.
    ExpM1 "exp_m1" exact (x) -> z { x.exp_m1() } x: x.exp();
    Ln "ln" (x) -> z { x.ln() } x: x.recip();
    Log2 "log2" (x) -> z { x.log2() } x: (x * F::of(F::Elem::LN_2())).recip();
    Log10 "log10" (x) -> z { x.log10() } x: (x * F::of(F::Elem::LN_10())).recip();
    Ln1p "ln_1p" (x) -> z { x.ln_1p() } x: (F::one() + x).recip();
    // log_b(x) = ln x / ln b.
    Log "log" (x, b) -> z { x.log(b) } x: (x * b.ln()).recip(), b: -z / (b * b.ln());
}

fn two<F: Number>() -> F {
    F::one() + F::one()
}

fn three<F: Number>() -> F {
    two::<F>() + F::one()
}

/// x/r, 0 at r = 0.
fn over<F: Number>(x: F, r: F) -> F {
    F::choose([r], |[r]| r == Zero::zero(), F::zero, || x / r)
}

/// n·xⁿ⁻¹; 0 for n = 0, also at x = 0.
fn powi_partial<F: Number>(x: F, n: i32, z: F) -> F {
    let factor = F::from_wide(f64::from(n));
    match n.checked_sub(1) {
        _ if n == 0 => F::zero(),
        Some(below) => factor * x.powi(below),
        // n − 1 is no i32 for n = i32::MIN.
        None => factor * (z / x),
    }
}

/// y·xʸ⁻¹; 0 for y = 0, also where xʸ⁻¹ is infinite or NaN. Elsewhere no condition on y, by which
/// the partial has a derivative at 0, too.
fn powf_base_partial<F: Number>(x: F, y: F) -> F {
    F::choose(
        [x, y],
        |[x, y]| y == Zero::zero() && (x == Zero::zero() || x.is_nan()),
        F::zero,
        || y * x.powf(y - F::one()),
    )
}

/// xʸ·ln x; 0 at x = 0 for y ≥ 0, and 0 where xʸ vanished, because it vanishes faster than ln x
/// grows. NaN for a negative x, of which real exponents make no sense.
fn powf_exponent_partial<F: Number>(x: F, y: F, z: F) -> F {
    let zero: F::Elem = Zero::zero();
    F::choose(
        [x, y, z],
        |[x, y, z]| (x == zero && y >= zero) || (x > zero && z == zero),
        F::zero,
        || z * x.ln(),
    )
}
