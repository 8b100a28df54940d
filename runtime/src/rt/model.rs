//! Scalars: conditions on elements, and what model code is made of.
//!
//! Each mirrors a runtime row in the compiler's table of primitives.

use num_traits::Float;

fn mask<F: Float>(condition: bool) -> F {
    if condition { F::one() } else { F::zero() }
}

/// 1 where `x < y`, else 0.
#[inline(always)]
pub fn less<F: Float>(x: F, y: F) -> F {
    mask(x < y)
}

/// 1 where `x <= y`, else 0.
#[inline(always)]
pub fn at_most<F: Float>(x: F, y: F) -> F {
    mask(x <= y)
}

/// 1 where `x == y`, else 0.
#[inline(always)]
pub fn equal<F: Float>(x: F, y: F) -> F {
    mask(x == y)
}

/// `x` where the mask is not 0, else `y`.
#[inline(always)]
pub fn select<F: Float>(mask: F, x: F, y: F) -> F {
    if mask == F::zero() { y } else { x }
}

/// `x`: a value as an arm of a conditional sees it.
#[inline(always)]
pub fn enter<F: Float>(_mask: F, x: F) -> F {
    x
}

/// `√x`, whose derivative is 0 at 0.
#[inline(always)]
pub fn root<F: Float>(x: F) -> F {
    x.sqrt()
}

/// `x`, and 0 where it is not finite.
#[inline(always)]
pub fn finite_part<F: Float>(x: F) -> F {
    if x.is_finite() { x } else { F::zero() }
}

/// `max(x, 0)`, and NaN for NaN.
#[inline(always)]
pub fn relu<F: Float>(x: F) -> F {
    if x <= F::zero() { F::zero() } else { x }
}

/// `x` where it is positive, else `slope · x`.
#[inline(always)]
pub fn leaky_relu<F: Float>(x: F, slope: F) -> F {
    if x > F::zero() { x } else { slope * x }
}

/// `1 / (1 + e⁻ˣ)`, without overflow.
#[inline(always)]
pub fn sigmoid<F: Float>(x: F) -> F {
    let e = (-x.abs()).exp();
    let numerator = if x < F::zero() { e } else { F::one() };
    numerator / (F::one() + e)
}

/// `ln(1 + eˣ)`, without overflow.
#[inline(always)]
pub fn softplus<F: Float>(x: F) -> F {
    x.max(F::zero()) + (-x.abs()).exp().ln_1p()
}
