//! Scalars of the tape are floats to generic code: `num_traits::Float` and what it asks for.
//!
//! So a function `fn g<T: Float>(x: T) -> T`, of whatever crate, runs on variables as it stands.

use std::num::FpCategory;

use num_traits::{Float, Num, NumCast, One, ToPrimitive, Zero};

use super::value::Real;
use super::var::Var;

/// A constant that goes with every tape.
fn constant<'t, F: Real>(value: F) -> Var<'t, F> {
    Var::constant(None, value)
}

impl<F: Real> Zero for Var<'_, F> {
    fn zero() -> Self {
        constant(F::zero())
    }

    fn is_zero(&self) -> bool {
        self.value().is_zero()
    }
}

impl<F: Real> One for Var<'_, F> {
    fn one() -> Self {
        constant(F::one())
    }
}

impl<F: Real> Num for Var<'_, F> {
    type FromStrRadixErr = F::FromStrRadixErr;

    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        F::from_str_radix(text, radix).map(constant)
    }
}

/// Integers are as `as` makes them: no derivative flows there.
///
/// # Panics
/// A tracked variable is not converted to a plain float, because its derivative would be lost
/// silently: `detach` it first where that is meant.
impl<F: Real> ToPrimitive for Var<'_, F> {
    fn to_i64(&self) -> Option<i64> {
        self.value().to_i64()
    }

    fn to_u64(&self) -> Option<u64> {
        self.value().to_u64()
    }

    fn to_i128(&self) -> Option<i128> {
        self.value().to_i128()
    }

    fn to_u128(&self) -> Option<u128> {
        self.value().to_u128()
    }

    #[track_caller]
    fn to_f32(&self) -> Option<f32> {
        self.untracked().to_f32()
    }

    #[track_caller]
    fn to_f64(&self) -> Option<f64> {
        self.untracked().to_f64()
    }
}

impl<F: Real> Var<'_, F> {
    #[track_caller]
    fn untracked(self) -> F {
        assert!(
            !self.requires_grad(),
            "a tracked variable is converted to a plain float, where its derivative would be lost: \
             `detach` it first if that is meant"
        );
        self.value()
    }
}

impl<F: Real> NumCast for Var<'_, F> {
    #[track_caller]
    fn from<N: ToPrimitive>(number: N) -> Option<Self> {
        <F as NumCast>::from(number).map(constant)
    }
}

macro_rules! float {
    (constants: $($constant:ident)*; unary: $($unary:ident)*; binary: $($binary:ident)*;
     tests: $($test:ident)*;) => {
        /// By the variable's own methods.
        ///
        /// ```
        /// use chainrule::tape::Tape;
        /// use num_traits::Float;
        ///
        /// fn softplus<T: Float>(x: T) -> T {
        ///     x.max(T::zero()) + (-x.abs()).exp().ln_1p()
        /// }
        ///
        /// let tape = Tape::new();
        /// let x = tape.var(2.0);
        /// softplus(x).backward();
        /// assert!((x.grad() - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-15);
        /// ```
        impl<F: Real> Float for Var<'_, F> {
            $(fn $constant() -> Self {
                constant(F::$constant())
            })*

            $(fn $unary(self) -> Self {
                Var::$unary(self)
            })*

            $(#[track_caller]
            fn $binary(self, other: Self) -> Self {
                Var::$binary(self, other)
            })*

            $(fn $test(self) -> bool {
                self.value().$test()
            })*

            fn classify(self) -> FpCategory {
                self.value().classify()
            }

            #[track_caller]
            fn mul_add(self, a: Self, b: Self) -> Self {
                Var::mul_add(self, a, b)
            }

            fn powi(self, n: i32) -> Self {
                Var::powi(self, n)
            }

            #[track_caller]
            fn clamp(self, min: Self, max: Self) -> Self {
                Var::clamp(self, min, max)
            }

            fn sin_cos(self) -> (Self, Self) {
                Var::sin_cos(self)
            }

            fn integer_decode(self) -> (u64, i16, i8) {
                self.value().integer_decode()
            }
        }
    };
}

float! {
    constants: nan infinity neg_infinity neg_zero min_value min_positive_value max_value epsilon;
    unary: floor ceil round trunc fract abs signum recip sqrt exp exp2 ln log2 log10 cbrt sin cos tan
        asin acos atan exp_m1 ln_1p sinh cosh tanh asinh acosh atanh to_degrees to_radians;
    binary: powf log max min abs_sub hypot atan2 copysign;
    tests: is_nan is_infinite is_finite is_normal is_subnormal is_sign_positive is_sign_negative;
}
