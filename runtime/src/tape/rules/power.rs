//! Powers, roots, exponentials and logarithms.

use crate::tape::rule::{Rule, rules};
use crate::tape::value::Real;

rules! {
    // |z|, because √−0 is −0 and the derivative there is +∞ all the same.
    Sqrt "sqrt" (x) -> z { x.sqrt() } x: (two::<F>() * z.abs()).recip();
    Cbrt "cbrt" (x) -> z { x.cbrt() } x: (three::<F>() * z * z).recip();
    Hypot "hypot" (x, y) -> z { x.hypot(y) } x: over(x, z), y: over(y, z);
    Powi[n: i32] "powi" exact (x) -> z { x.powi(n) } x: powi_partial(x, n, z);
    Powf "powf" exact (x, y) -> z { x.powf(y) }
        x: if y == F::zero() { F::zero() } else { y * x.powf(y - F::one()) },
        y: powf_exponent_partial(x, y, z);
    Exp "exp" exact (x) -> z { x.exp() } x: z;
    Exp2 "exp2" exact (x) -> z { x.exp2() } x: z * F::LN_2();
    // eˣ afresh: z + 1 has lost it where x is far below zero.
    ExpM1 "exp_m1" exact (x) -> z { x.exp_m1() } x: x.exp();
    Ln "ln" (x) -> z { x.ln() } x: x.recip();
    Log2 "log2" (x) -> z { x.log2() } x: (x * F::LN_2()).recip();
    Log10 "log10" (x) -> z { x.log10() } x: (x * F::LN_10()).recip();
    Ln1p "ln_1p" (x) -> z { x.ln_1p() } x: (F::one() + x).recip();
    // log_b(x) = ln x / ln b.
    Log "log" (x, b) -> z { x.log(b) } x: (x * b.ln()).recip(), b: -z / (b * b.ln());
}

fn two<F: Real>() -> F {
    F::one() + F::one()
}

fn three<F: Real>() -> F {
    two::<F>() + F::one()
}

/// x/r, 0 at r = 0.
fn over<F: Real>(x: F, r: F) -> F {
    if r == F::zero() { F::zero() } else { x / r }
}

/// n·xⁿ⁻¹; 0 for n = 0, also at x = 0.
fn powi_partial<F: Real>(x: F, n: i32, z: F) -> F {
    let factor = F::from_wide(f64::from(n));
    match n.checked_sub(1) {
        _ if n == 0 => F::zero(),
        Some(below) => factor * x.powi(below),
        // n − 1 is no i32 for n = i32::MIN.
        None => factor * (z / x),
    }
}

/// xʸ·ln x; 0 at x = 0 for y ≥ 0, and 0 where xʸ vanished, because it vanishes faster than ln x
/// grows. NaN for a negative x, of which real exponents make no sense.
fn powf_exponent_partial<F: Real>(x: F, y: F, z: F) -> F {
    if (x == F::zero() && y >= F::zero()) || (x > F::zero() && z == F::zero()) {
        F::zero()
    } else {
        z * x.ln()
    }
}
