//! Dual numbers: forward derivatives by overloaded operators, a witness that needs no smooth
//! neighbourhood.
//!
//! A [`Dual`] of a [`Dual`] has second derivatives, and so on. The value's bits are those of `f64`,
//! so that a program takes the branches it takes with floats. What is not smooth follows what the
//! crate promises: `abs` has slope 0 at 0, ties of `max` and `min` are split.

mod float;
mod lift;
mod model;
mod noise;
mod operators;

pub use lift::{Floats, Lift, gradient_and_value, lifted};
pub use model::Model;
pub use noise::with_noise;
pub use num_traits::Float;

use chainrule::ndarray::ScalarOperand;
use num_traits::FromPrimitive;
use std::cmp::Ordering;
use std::fmt::Debug;

/// What dual numbers are made of: floats, or dual numbers.
pub trait Real: Float + FromPrimitive + Debug + 'static {
    /// A constant.
    fn constant(x: f64) -> Self;

    /// The value without its derivatives.
    fn value(self) -> f64;

    /// Whether value and derivatives are zero.
    fn vanishes(self) -> bool;

    /// The same, rounded as under [`with_noise`].
    #[must_use]
    fn rounded(self) -> Self;
}

impl Real for f64 {
    fn constant(x: f64) -> f64 {
        x
    }

    fn value(self) -> f64 {
        self
    }

    fn vanishes(self) -> bool {
        self == 0.0
    }

    fn rounded(self) -> f64 {
        noise::rounded(self)
    }
}

/// A number with its derivative along one direction.
#[derive(Clone, Copy, Debug)]
pub struct Dual<T> {
    /// The number.
    pub at: T,
    /// Its derivative.
    pub by: T,
}

/// First derivatives.
pub type First = Dual<f64>;

/// First and second derivatives.
pub type Second = Dual<Dual<f64>>;

impl<T: Real> Dual<T> {
    /// A constant.
    #[must_use]
    pub fn constant(x: f64) -> Self {
        Dual { at: T::constant(x), by: T::constant(0.0) }
    }

    /// A function of this number, by its value and its slope there.
    fn chain(self, at: T, slope: T) -> Self {
        // What does not depend on the variable stays a constant where the slope is infinite.
        let by = if self.by.vanishes() { self.by } else { (slope.rounded() * self.by).rounded() };
        Dual { at: at.rounded(), by }
    }
}

/// Derivatives of one variable by one run.
pub trait Along: Real {
    /// Whether there are second derivatives.
    const IS_SECOND: bool;

    /// A variable with the derivatives along two directions.
    #[must_use]
    fn along(x: f64, one: f64, other: f64) -> Self;

    /// The first derivative along the first direction.
    fn first(self) -> f64;

    /// The derivative of that along the second.
    fn second(self) -> f64;
}

impl Along for First {
    const IS_SECOND: bool = false;

    fn along(x: f64, one: f64, _: f64) -> First {
        Dual { at: x, by: one }
    }

    fn first(self) -> f64 {
        self.by
    }

    fn second(self) -> f64 {
        f64::NAN
    }
}

impl Along for Second {
    const IS_SECOND: bool = true;

    fn along(x: f64, one: f64, other: f64) -> Second {
        Dual { at: Dual { at: x, by: one }, by: Dual { at: other, by: 0.0 } }
    }

    fn first(self) -> f64 {
        self.at.by
    }

    fn second(self) -> f64 {
        self.by.by
    }
}

impl<T: Real> Real for Dual<T> {
    fn constant(x: f64) -> Self {
        Dual::constant(x)
    }

    fn value(self) -> f64 {
        self.at.value()
    }

    fn vanishes(self) -> bool {
        self.at.vanishes() && self.by.vanishes()
    }

    fn rounded(self) -> Self {
        Dual { at: self.at.rounded(), by: self.by.rounded() }
    }
}

impl<T: Real> ScalarOperand for Dual<T> {}

impl<T: Real> PartialEq for Dual<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl<T: Real> PartialOrd for Dual<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value().partial_cmp(&other.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derivative;

    type Third = Dual<Second>;

    /// A function by floats and by dual numbers, up to the third derivative.
    macro_rules! agrees {
        ($($x:ident: $body:expr, $at:expr;)*) => {$({
            fn f<F: Real>($x: F) -> F {
                $body
            }
            let x: f64 = $at;
            let y = f(Second::along(x, 1.0, 1.0));
            let third: Third = f(Dual {
                at: Second::along(x, 1.0, 1.0),
                by: Second::constant(1.0),
            });
            let name = stringify!($body);
            assert_eq!(y.value().to_bits(), f(x).to_bits(), "{name}");
            let first = derivative(f, x);
            assert!((y.at.by - first).abs() <= 1e-9 * first.abs().max(1.0), "{name}");
            assert_eq!(y.at.by.to_bits(), y.by.at.to_bits(), "{name}");
            let second = derivative(|x| f(Second::along(x, 1.0, 0.0)).at.by, x);
            let off = (y.by.by - second).abs();
            assert!(off <= 1e-8 * second.abs().max(1.0), "{name}: {} {second}", y.by.by);
            let slope = derivative(|x| f(Second::along(x, 1.0, 1.0)).by.by, x);
            let off = (third.by.by.by - slope).abs();
            assert!(off <= 1e-7 * slope.abs().max(1.0), "{name}: {} {slope}", third.by.by.by);
        })*};
    }

    #[test]
    fn slopes_are_differences() {
        agrees! {
            x: x * x - x / (x + x), 0.7;
            x: x.sin() * x.cos() + x.tan(), 0.7;
            x: x.sinh() + x.cosh() * x.tanh(), 0.7;
            x: x.asin() + x.acos() * x.atan(), 0.3;
            x: x.asinh() + (x + F::one()).acosh() * x.atanh(), 0.3;
            x: x.exp() + x.exp2() * x.exp_m1(), 0.4;
            x: x.ln() + x.log2() * x.log10() - x.ln_1p(), 1.4;
            x: x.sqrt() + x.cbrt() * x.recip(), 1.4;
            x: x.powi(3) + x.powi(-2) * x.powf(x), 1.4;
            x: x.hypot(x * x) + x.atan2(x + F::one()), 1.4;
            x: x.mul_add(x, x.sin()) + x.log(F::one() + x * x), 1.4;
            x: x.abs() + (-x).abs() + x.max(F::one()) * x.min(F::one()), 1.4;
            x: x.fract() * x.floor() * x.ceil() + x.round() * x.trunc() * x.signum(), 1.3;
            x: x % F::constant(0.6), 1.4;
        }
    }

    #[test]
    fn points_that_are_not_smooth() {
        let [zero, one] = [0.0, 1.0].map(|x| Second::along(x, 1.0, 1.0));
        assert_eq!(zero.abs().at.by, 0.0);
        assert_eq!(one.max(Second::constant(1.0)).at.by, 0.5);
        assert_eq!(one.min(one).at.by, 1.0);
        assert_eq!(Second::constant(0.0).sqrt().at.by, 0.0);
        assert_eq!(zero.sqrt().at.by, f64::INFINITY);
    }

    /// What noise does to a value is as much as roundings may do: all digits of a difference that
    /// cancels, few of a sum that does not.
    #[test]
    fn noise_shows_which_digits_are_there() {
        let x = First::along(0.7, 1.0, 1.0);
        let ((sum, difference), _) = with_noise(1, || {
            let again = x.sin();
            (x.sin() + again, x.sin() - again)
        });
        let exact = x.sin() + x.sin();
        assert!(sum.at != exact.at && (sum.at - exact.at).abs() < 1e-14);
        assert!(sum.by != exact.by && (sum.by - exact.by).abs() < 1e-14);
        assert!(difference.at != 0.0 && difference.by != 0.0);
    }

    #[test]
    fn noise_tells_of_overflow() {
        let x = First::along(1e200, 1.0, 1.0);
        let flat = |x: First| (x.sin(), x * x).0;
        assert!(with_noise(1, || flat(x)).1);
        assert!(!with_noise(1, || x.sin()).1);
    }

    /// A number less itself is zero, and so is the derivative forwards. Backwards it is a sum of two
    /// cotangents between which others may have been added.
    #[test]
    fn noise_is_on_every_term_of_a_derivative() {
        let x = Second::along(0.7, 1.0, 1.0);
        let ((difference, square), _) = with_noise(1, || (x - x, x * x - x * x));
        assert!(difference.value() == 0.0 && difference.at.by != 0.0);
        assert!(square.by.by != 0.0 && square.by.by.abs() < 1e-13);
        assert_eq!((x - x).at.by, 0.0);
    }
}
