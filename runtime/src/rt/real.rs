//! Scalars: the pieces of partial derivatives that std has no function for.
//!
//! Each mirrors a runtime row in the compiler's table of primitives.

use core::ops::{Add, Div, Mul, Neg, Sub};

/// The floats that generated code computes with.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The nearest value to a literal.
    fn of(value: f64) -> Self;
    /// `f64::abs`
    fn magnitude(self) -> Self;
    /// `f64::max`
    fn larger(self, other: Self) -> Self;
    /// `f64::is_finite`
    fn finite(self) -> bool;
    /// `f64::ln`
    fn log_e(self) -> Self;
    /// `f64::powi`
    fn to_the(self, n: i32) -> Self;
    /// `f64::powf`
    fn to_the_float(self, y: Self) -> Self;
}

#[cfg(feature = "ndarray")]
impl<T: num_traits::Float> Real for T {
    #[inline(always)]
    fn of(value: f64) -> Self {
        // Every float type has a nearest value for every `f64`; `NaN` would show a type that has not.
        T::from(value).unwrap_or_else(T::nan)
    }
    #[inline(always)]
    fn magnitude(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.max(other)
    }
    #[inline(always)]
    fn finite(self) -> bool {
        self.is_finite()
    }
    #[inline(always)]
    fn log_e(self) -> Self {
        self.ln()
    }
    #[inline(always)]
    fn to_the(self, n: i32) -> Self {
        self.powi(n)
    }
    #[inline(always)]
    fn to_the_float(self, y: Self) -> Self {
        self.powf(y)
    }
}

#[cfg(not(feature = "ndarray"))]
macro_rules! real {
    ($($float:ident)*) => {$(
        impl Real for $float {
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                self.max(other)
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn log_e(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn to_the(self, n: i32) -> Self {
                self.powi(n)
            }
            #[inline(always)]
            fn to_the_float(self, y: Self) -> Self {
                self.powf(y)
            }
        }
    )*};
}
#[cfg(not(feature = "ndarray"))]
real!(f32 f64);

/// A literal of a type parameter's type.
#[inline(always)]
pub fn lit<T: Real>(value: f64) -> T {
    T::of(value)
}

/// A conversion to or from a type parameter's type.
#[cfg(feature = "ndarray")]
#[inline(always)]
pub fn cast<S: num_traits::ToPrimitive, T: num_traits::NumCast>(value: S) -> T {
    match T::from(value) {
        Some(value) => value,
        None => panic!("chainrule: a number does not fit the type it is converted to"),
    }
}

/// `f64::is_nan`
#[inline(always)]
pub fn is_nan<T: Real>(x: T) -> bool {
    x.partial_cmp(&x).is_none()
}

/// `value` where `ct` is not zero, zero where it is.
#[inline(always)]
pub fn guard<T: Real>(ct: T, value: T) -> T {
    if ct == T::of(0.0) { T::of(0.0) } else { value }
}

/// `sum + term · 2⁻²⁵⁶` for terms that are small then. A term below half a unit in the last place of
/// the sum is not multiplied: the product may be subnormal, for which some CPUs take a hundred
/// cycles.
#[inline(always)]
pub fn add_scaled(sum: f64, term: f64) -> f64 {
    // 2⁻⁵⁵ is that half for any sum, and a margin. An infinite term is never too small.
    if term.abs() < sum.abs() * power_of_two(256 - 55) { sum } else { add_product(sum, term) }
}

#[cold]
#[inline(never)]
fn add_product(sum: f64, term: f64) -> f64 {
    sum + term * power_of_two(-256)
}

/// 2ⁿ for an exponent of normal numbers.
const fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + 1023) as u64) << 52)
}

/// The identity, with derivative zero.
#[inline(always)]
pub fn stop_gradient<T>(x: T) -> T {
    x
}

/// −1, 0 or 1: the derivative of `abs`, which is 0 at ±0.
#[inline(always)]
pub fn sign<T: Real>(x: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    // Two selections, not branches: loops over arrays stay vectorised.
    let above = if x > zero { one } else { zero };
    let below = if x < zero { one } else { zero };
    above - below
}

/// The share of `x` in the gradient of `x.max(y)`: ties are split evenly, and as `max` returns the
/// operand that is a number, a NaN gets nothing.
#[inline(always)]
pub fn max_weight<T: Real>(x: T, y: T) -> T {
    if x > y || is_nan(y) {
        T::of(1.0)
    } else if x == y {
        T::of(0.5)
    } else {
        T::of(0.0)
    }
}

/// The share of `x` in the gradient of `x.min(y)`.
#[inline(always)]
pub fn min_weight<T: Real>(x: T, y: T) -> T {
    if x < y || is_nan(y) {
        T::of(1.0)
    } else if x == y {
        T::of(0.5)
    } else {
        T::of(0.0)
    }
}

/// The tangent of `x.max(y)` from those of `x` and `y`: that of the greater one, of equal ones half
/// of each, and as `max` returns the operand that is a number, nothing of a NaN.
#[inline(always)]
pub fn max_tangent<T: Real>(x: T, y: T, of_x: T, of_y: T) -> T {
    if x > y {
        of_x
    } else if x < y {
        of_y
    } else {
        shared(x, y, of_x, of_y)
    }
}

/// The tangent of `x.min(y)`.
#[inline(always)]
pub fn min_tangent<T: Real>(x: T, y: T, of_x: T, of_y: T) -> T {
    if x < y {
        of_x
    } else if x > y {
        of_y
    } else {
        shared(x, y, of_x, of_y)
    }
}

/// The same where neither is the greater one.
#[inline(always)]
fn shared<T: Real>(x: T, y: T, of_x: T, of_y: T) -> T {
    match (is_nan(x), is_nan(y)) {
        (false, false) => of_x * T::of(0.5) + of_y * T::of(0.5),
        (false, true) => of_x,
        (true, false) => of_y,
        (true, true) => of_x + of_y,
    }
}

/// The share of `x` in the gradient of `x.clamp(lo, hi)`, at a bound that of `x.max(lo).min(hi)`.
#[inline(always)]
pub fn clamp_inside<T: Real>(x: T, lo: T, hi: T) -> T {
    if is_nan(x) { T::of(1.0) } else { max_weight(x, lo) * min_weight(x.larger(lo), hi) }
}

/// The share of `lo` in the gradient of `x.clamp(lo, hi)`.
#[inline(always)]
pub fn clamp_low<T: Real>(x: T, lo: T, hi: T) -> T {
    if is_nan(x) { T::of(0.0) } else { max_weight(lo, x) * min_weight(x.larger(lo), hi) }
}

/// The share of `hi` in the gradient of `x.clamp(lo, hi)`.
#[inline(always)]
pub fn clamp_high<T: Real>(x: T, lo: T, hi: T) -> T {
    if is_nan(x) { T::of(0.0) } else { min_weight(hi, x.larger(lo)) }
}

/// `x / y`, and 0 where `y` is 0.
#[inline(always)]
pub fn ratio<T: Real>(x: T, y: T) -> T {
    if y == T::of(0.0) { T::of(0.0) } else { x / y }
}

/// `n xⁿ⁻¹`, and 0 for `n = 0`.
#[inline(always)]
pub fn powi_partial<T: Real>(x: T, n: i32) -> T {
    if n == 0 { T::of(0.0) } else { T::of(f64::from(n)) * x.to_the(n.saturating_sub(1)) }
}

/// `y xʸ⁻¹`, and 0 for `y = 0`.
#[inline(always)]
pub fn powf_partial<T: Real>(x: T, y: T) -> T {
    if y == T::of(0.0) { T::of(0.0) } else { y * x.to_the_float(y - T::of(1.0)) }
}

/// `xʸ ln x`, given `xʸ`; 0 where `x` is 0 and `xʸ` finite.
#[inline(always)]
pub fn powf_log<T: Real>(x: T, _y: T, power: T) -> T {
    if x == T::of(0.0) && power.finite() { T::of(0.0) } else { power * x.log_e() }
}

/// `x / (x² + y²)`, and 0 at the origin; neither square overflows.
#[inline(always)]
pub fn atan2_partial<T: Real>(x: T, y: T) -> T {
    let largest = x.magnitude().larger(y.magnitude());
    if largest == T::of(0.0) {
        return T::of(0.0);
    }
    let (a, b) = (x / largest, y / largest);
    a / (largest * (a * a + b * b))
}
