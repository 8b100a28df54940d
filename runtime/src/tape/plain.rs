//! Plain numbers as constants on no tape, and what std makes of nothing: defaults and empty sums.

use std::iter::{Product, Sum};
use std::num::ParseFloatError;
use std::str::FromStr;

use super::value::Real;
use super::var::Var;

/// A constant that stands on no tape and goes with the variables of every one.
///
/// ```
/// use chainrule::tape::{Tape, Var};
///
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// let half = Var::from(0.5);
/// assert_eq!((half * x).value(), 1.5);
/// ```
impl<F: Real> From<F> for Var<'_, F> {
    fn from(value: F) -> Self {
        Var::constant(None, value)
    }
}

/// Zero, a constant.
impl<F: Real> Default for Var<'_, F> {
    fn default() -> Self {
        Var::constant(None, F::default())
    }
}

macro_rules! convert {
    ($($float:ident: $($from:ident)*;)+) => {$(
        $(
            impl From<$from> for Var<'_, $float> {
                fn from(value: $from) -> Self {
                    Var::constant(None, value.into())
                }
            }
        )*

        impl FromStr for Var<'_, $float> {
            type Err = ParseFloatError;

            fn from_str(text: &str) -> Result<Self, ParseFloatError> {
                text.parse().map(|value| Var::constant(None, value))
            }
        }
    )+};
}

convert! {
    f32: bool i8 i16 u8 u16;
    f64: bool i8 i16 i32 u8 u16 u32 f32;
}

impl<'t> From<Var<'t, f32>> for Var<'t, f64> {
    fn from(single: Var<'t, f32>) -> Self {
        single.cast()
    }
}

macro_rules! folds {
    ($($fold:ident $method:ident $operator:tt $empty:ident;)+) => {$(
        /// From the left, in std's order; of no elements, a constant.
        ///
        /// ```
        /// use chainrule::tape::{Tape, Var};
        ///
        /// let tape = Tape::new();
        /// let x = [tape.var(2.0), tape.var(3.0)];
        #[doc = concat!("let all: Var<f64> = x.iter().", stringify!($method), "();")]
        /// all.backward();
        #[doc = concat!("assert_eq!(all.value(), 2.0 ", stringify!($operator), " 3.0);")]
        /// ```
        impl<'t, F: Real> $fold for Var<'t, F> {
            fn $method<I: Iterator<Item = Self>>(vars: I) -> Self {
                let empty = Var::constant(None, F::$empty());
                vars.fold(empty, |all, var| all $operator var)
            }
        }

        impl<'a, 't, F: Real> $fold<&'a Var<'t, F>> for Var<'t, F> {
            fn $method<I: Iterator<Item = &'a Self>>(vars: I) -> Self {
                vars.copied().$method()
            }
        }

        /// Of plain numbers, a constant.
        impl<'t, F: Real> $fold<F> for Var<'t, F> {
            fn $method<I: Iterator<Item = F>>(numbers: I) -> Self {
                let all = numbers.fold(F::$empty(), |all, number| all $operator number);
                Var::constant(None, all)
            }
        }

        impl<'a, 't, F: Real> $fold<&'a F> for Var<'t, F> {
            fn $method<I: Iterator<Item = &'a F>>(numbers: I) -> Self {
                numbers.copied().$method()
            }
        }
    )+};
}

folds! {
    Sum sum + empty_sum;
    Product product * empty_product;
}
