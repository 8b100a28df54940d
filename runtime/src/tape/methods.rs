//! The methods of std's floats, on scalars and elementwise on arrays.

use super::error::or_panic;
use super::operand::{Like, Operand};
use super::rules;
use super::value::Value;
use super::var::Var;

/// Methods of one operand: name, what it computes, derivative.
macro_rules! unary {
    ($($method:ident, $rule:ident, $what:literal, $derivative:literal;)+) => {
        impl<'t, T: Value> Var<'t, T> {$(
            #[doc = concat!($what, ", by std's `", stringify!($method), "`.")]
            ///
            #[doc = concat!("Derivative: ", $derivative, ".")]
            ///
            /// ```
            /// # use chainrule::tape::Tape;
            /// let tape = Tape::new();
            /// let x = tape.var(1.25_f64);
            #[doc = concat!("let y = x.", stringify!($method), "();")]
            #[doc = concat!("assert!(y.value() == 1.25_f64.", stringify!($method), "() || y.value().is_nan());")]
            /// y.backward();
            /// ```
            #[inline]
            #[must_use]
            pub fn $method(self) -> Self {
                T::unary(self, rules::$rule)
            }
        )+}
    };
}

unary! {
    abs, Abs, "The absolute value", "the sign; 0 at ±0";
    signum, Signum, "The sign (1 for 0.0, −1 for −0.0)", "0";
    recip, Recip, "The reciprocal", "−1/x²";
    sqrt, Sqrt, "The square root", "1/(2√x); ∞ at 0";
    cbrt, Cbrt, "The cubic root", "1/(3∛x²); ∞ at 0";
    exp, Exp, "The exponential", "eˣ";
    exp2, Exp2, "Two to the power of x", "2ˣ ln 2";
    exp_m1, ExpM1, "eˣ − 1, precise near 0", "eˣ";
    ln, Ln, "The natural logarithm", "1/x";
    log2, Log2, "The logarithm to base 2", "1/(x ln 2)";
    log10, Log10, "The logarithm to base 10", "1/(x ln 10)";
    ln_1p, Ln1p, "ln(1 + x), precise near 0", "1/(1 + x)";
    sin, Sin, "The sine", "cos x";
    cos, Cos, "The cosine", "−sin x";
    tan, Tan, "The tangent", "1 + tan² x";
    asin, Asin, "The arcsine", "1/√(1 − x²)";
    acos, Acos, "The arccosine", "−1/√(1 − x²)";
    atan, Atan, "The arctangent", "1/(1 + x²)";
    sinh, Sinh, "The hyperbolic sine", "cosh x";
    cosh, Cosh, "The hyperbolic cosine", "sinh x";
    tanh, Tanh, "The hyperbolic tangent", "1/cosh² x";
    asinh, Asinh, "The inverse hyperbolic sine", "1/√(x² + 1)";
    acosh, Acosh, "The inverse hyperbolic cosine", "1/√(x² − 1)";
    atanh, Atanh, "The inverse hyperbolic tangent", "1/(1 − x²)";
    floor, Floor, "The largest integer not above x", "0";
    ceil, Ceil, "The smallest integer not below x", "0";
    round, Round, "The nearest integer, halves away from 0", "0";
    round_ties_even, RoundTiesEven, "The nearest integer, halves to the even one", "0";
    trunc, Trunc, "The integer part", "0";
    fract, Fract, "The fractional part", "1";
    to_degrees, ToDegrees, "Radians in degrees", "180/π";
    to_radians, ToRadians, "Degrees in radians", "π/180";
}

/// Methods of two operands: name, what it computes, derivatives.
macro_rules! binary {
    ($($method:ident, $rule:ident, $what:literal, $derivative:literal;)+) => {
        impl<'t, T: Value> Var<'t, T> {$(
            #[doc = concat!($what, ", by std's `", stringify!($method), "`.")]
            ///
            #[doc = concat!("Derivatives: ", $derivative, ".")]
            ///
            /// ```
            /// # use chainrule::tape::Tape;
            /// let tape = Tape::new();
            /// let (x, y) = (tape.var(2.5_f64), tape.var(1.5_f64));
            #[doc = concat!("let z = x.", stringify!($method), "(y);")]
            #[doc = concat!("assert_eq!(z.value(), 2.5_f64.", stringify!($method), "(1.5));")]
            #[doc = concat!("assert_eq!(x.", stringify!($method), "(1.5).value(), z.value());")]
            /// z.backward();
            /// ```
            ///
            /// # Panics
            /// If the operands live on two tapes or their shapes do not broadcast.
            #[inline]
            #[track_caller]
            #[must_use]
            pub fn $method<R: Operand<'t, T>>(self, other: R) -> Var<'t, R::Output> {
                or_panic(other.apply(self, rules::$rule))
            }
        )+}
    };
}

binary! {
    powf, Powf, "x to the power of a float y",
        "y xʸ⁻¹ by x, 0 where y is 0; xʸ ln x by y, 0 where x is 0 and y ≥ 0";
    log, Log, "The logarithm of x to base b", "1/(x ln b) by x; −log_b(x)/(b ln b) by b";
    atan2, Atan2, "The angle of the point (x = other, y = self)",
        "x/(x² + y²) by y and −y/(x² + y²) by x; 0 at the origin";
    hypot, Hypot, "The hypotenuse √(x² + y²)", "x/z and y/z; 0 at the origin";
    max, Max, "The greater of two numbers",
        "1 to the greater, ½ to each at a tie; all to the number beside a NaN";
    min, Min, "The smaller of two numbers",
        "1 to the smaller, ½ to each at a tie; all to the number beside a NaN";
    midpoint, Midpoint, "The number halfway between two", "½ to each";
    copysign, Copysign, "x with the sign of s", "1 by x where the signs agree, else −1; 0 by s";
    rem_euclid, RemEuclid, "The least nonnegative remainder of x/y",
        "1 by x; minus the whole quotient by y";
    div_euclid, DivEuclid, "The whole quotient that belongs to `rem_euclid`", "0";
}

impl<'t, T: Value> Var<'t, T> {
    /// x to the power of an integer, by std's `powi`.
    ///
    /// Derivative: n xⁿ⁻¹; 0 for n = 0, also at x = 0.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// x.powi(2).backward();
    /// assert_eq!(x.grad(), 6.0);
    /// ```
    #[inline]
    #[must_use]
    pub fn powi(self, n: i32) -> Self {
        T::unary(self, rules::Powi { n })
    }

    /// x², ndarray's `pow2`.
    ///
    /// Derivative: 2x.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var(3.0).pow2().value(), 9.0);
    /// ```
    #[must_use]
    pub fn pow2(self) -> Self {
        T::unary(self, rules::Square)
    }

    /// The positive difference max(x − y, 0), ndarray's `abs_sub`.
    ///
    /// Derivatives: 1 and −1 where x > y, 0 where x < y, ½ and −½ at a tie.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// assert_eq!((x.abs_sub(1.0).value(), x.abs_sub(4.0).value()), (2.0, 0.0));
    /// ```
    ///
    /// # Panics
    /// If the operands live on two tapes or their shapes do not broadcast.
    #[track_caller]
    #[must_use]
    pub fn abs_sub<R: Operand<'t, T>>(self, other: R) -> Var<'t, R::Output> {
        or_panic(other.apply(self, rules::AbsSub))
    }

    /// Sine and cosine.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(0.5_f64);
    /// let (sin, cos) = x.sin_cos();
    /// assert_eq!((sin.value(), cos.value()), 0.5_f64.sin_cos());
    /// ```
    #[must_use]
    pub fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    /// x·a + b rounded once, by std's `mul_add`.
    ///
    /// Derivatives: a by x, x by a, 1 by b.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// let y = x.mul_add(2.0, x);
    /// y.backward();
    /// assert_eq!((y.value(), x.grad()), (9.0, 3.0));
    /// ```
    ///
    /// # Panics
    /// If the operands live on two tapes or their shapes do not broadcast to that of `self`.
    #[track_caller]
    #[must_use]
    pub fn mul_add(self, a: impl Like<'t, T>, b: impl Like<'t, T>) -> Self {
        let (a, b) = (a.into_part(self.tape), b.into_part(self.tape));
        or_panic(T::ternary(self, a, b, rules::MulAdd))
    }

    /// x limited to [low, high], by std's `clamp`.
    ///
    /// Derivatives: those of `x.max(low).min(high)`: 1 by x inside, to the bound outside, half each
    /// where x is on a bound.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![-1.0, 0.0, 0.5, 2.0]);
    /// let y = x.clamp(0.0, 1.0);
    /// y.sum().backward();
    /// assert_eq!(y.value(), array![0.0, 0.0, 0.5, 1.0]);
    /// assert_eq!(x.grad(), array![0.0, 0.5, 1.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If `low > high` or one is NaN; if the operands live on two tapes or their shapes do not
    /// broadcast to that of `self`.
    #[track_caller]
    #[must_use]
    pub fn clamp(self, low: impl Like<'t, T>, high: impl Like<'t, T>) -> Self {
        let (low, high) = (low.into_part(self.tape), high.into_part(self.tape));
        or_panic(T::ternary(self, low, high, rules::Clamp))
    }
}
