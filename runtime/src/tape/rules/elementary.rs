//! Trigonometric and hyperbolic functions, their inverses, and angles.

use num_traits::{Float, One, Zero};

use crate::tape::number::{Functions, Number};
use crate::tape::rule::{Rule, rules};
use crate::tape::value::Real;

rules! {
    Sin "sin" (x) -> z { x.sin() } x: x.cos();
    Cos "cos" (x) -> z { x.cos() } x: -x.sin();
    Tan "tan" (x) -> z { x.tan() } x: F::one() + z * z;
    // (1 − x)(1 + x), not 1 − x²: exact near ±1, where the difference is all there is.
    Asin "asin" (x) -> z { x.asin() } x: co_square(x).sqrt().recip();
    Acos "acos" (x) -> z { x.acos() } x: -co_square(x).sqrt().recip();
    Atan "atan" (x) -> z { x.atan() } x: (F::one() + x * x).recip();
    Sinh "sinh" exact (x) -> z { x.sinh() } x: x.cosh();
    Cosh "cosh" exact (x) -> z { x.cosh() } x: x.sinh();
    // 1/cosh², not 1 − tanh²: the latter is 0 from |x| = 20 on.
    Tanh "tanh" exact (x) -> z { x.tanh() } x: x.cosh().recip().powi(2);
    // hypot does not overflow where x² would.
    Asinh "asinh" (x) -> z { x.asinh() } x: x.hypot(F::one()).recip();
    // Two roots: NaN below 1, where the function itself is NaN.
    Acosh "acosh" (x) -> z { x.acosh() }
        x: ((x - F::one()).sqrt() * (x + F::one()).sqrt()).recip();
    Atanh "atanh" (x) -> z { x.atanh() } x: co_square(x).recip();
    // atan2(y, x): x/(x² + y²) and −y/(x² + y²), through hypot so that squares neither overflow
    // nor vanish; (0, 0) at the origin.
    Atan2 "atan2" (y, x) -> z { y.atan2(x) }
        y: over_square(x, y.hypot(x)), x: over_square(-y, y.hypot(x));
    ToDegrees "to_degrees" (x) -> z { x.to_degrees() } x: F::of(unit::<F>().to_degrees());
    ToRadians "to_radians" (x) -> z { x.to_radians() } x: F::of(unit::<F>().to_radians());
}

fn unit<F: Number>() -> F::Elem {
    One::one()
}

/// 1 − x².
fn co_square<F: Number>(x: F) -> F {
    (F::one() - x) * (F::one() + x)
}

/// a/r², 0 at r = 0.
fn over_square<F: Number>(a: F, r: F) -> F {
    F::choose([r], |[r]| r == Zero::zero(), F::zero, || a / r / r)
}
