//! What a variable can hold: floats, and ndarray's arrays of floats.

use std::cmp::Ordering;
use std::fmt::{Debug, Display, LowerExp, UpperExp};
use std::ops::{AddAssign, DivAssign, MulAssign, RemAssign, SubAssign};

use ndarray::{Array, Dimension, LinalgScalar, ScalarOperand};
use num_traits::{Float, FloatConst, FromPrimitive};

use crate::rt::{Enter, OnTape, Stopped};

use super::Tape;
use super::error::Failure;
use super::lift::Lift;
use super::number::Term;
use super::replay::{Handle, Kept};
use super::rule::Rule;
use super::var::Var;

mod sealed {
    use super::{Array, Dimension, Real};

    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl<F: Real, D: Dimension + 'static> Sealed for Array<F, D> {}
}

/// The value of a [`Var`]: `f32`, `f64`, or an [`ndarray::Array`] of one of them of any rank.
///
/// ```
/// use chainrule::tape::{Tape, Value, Var};
/// use ndarray::array;
///
/// // One function for scalars and arrays.
/// fn square<'t, T: Value>(x: Var<'t, T>) -> Var<'t, T> {
///     x.powi(2)
/// }
///
/// let tape = Tape::new();
/// assert_eq!(square(tape.var(3.0)).value(), 9.0);
/// assert_eq!(square(tape.var(array![1.0, 2.0])).value(), array![1.0, 4.0]);
/// ```
pub trait Value: Clone + Debug + sealed::Sealed + 'static {
    /// The float it is made of.
    type Elem: Real;
    /// The same with elements of another float.
    type Cast<G: Real>: Value<Elem = G>;
    /// What a `Var` carries beside its node: a scalar itself, or where the tape keeps the array.
    #[doc(hidden)]
    type Slot: Copy + Debug;

    #[doc(hidden)]
    fn enter(self, tape: &Tape, tracked: bool) -> Var<'_, Self>;
    #[doc(hidden)]
    fn read(var: Var<'_, Self>) -> Self;
    #[doc(hidden)]
    fn gradient(var: Var<'_, Self>) -> Self;
    #[doc(hidden)]
    fn backward(var: Var<'_, Self>) -> Result<(), Failure>;
    #[doc(hidden)]
    fn backward_with(var: Var<'_, Self>, ct: Self) -> Result<(), Failure>;
    #[doc(hidden)]
    fn slot(kept: Kept) -> Self::Slot;
    #[doc(hidden)]
    fn kept(slot: Self::Slot) -> Kept;
    /// A cotangent of one.
    #[doc(hidden)]
    fn seed(y: Var<'_, Self>) -> Result<Var<'_, Self>, Failure>;
    /// An error unless this is a cotangent for that.
    #[doc(hidden)]
    fn fits(y: Var<'_, Self>, ct: Var<'_, Self>) -> Result<(), Failure>;
    #[doc(hidden)]
    fn zeros_like(var: Var<'_, Self>) -> Var<'_, Self>;
    /// A constant as a term.
    #[doc(hidden)]
    fn constant_term(var: Var<'_, Self>) -> Term<'_, Self>;
    /// The cotangent that came to single elements of an array.
    #[doc(hidden)]
    fn gathered<'t>(of: Var<'t, Self>, elements: &[(usize, Handle)]) -> Var<'t, Self>;
    /// A constant, by the values of terms.
    #[doc(hidden)]
    fn map_terms<const M: usize>(
        at: [Term<'_, Self>; M],
        f: impl Fn([Self::Elem; M]) -> Self::Elem,
    ) -> Term<'_, Self>;
    /// One of two terms, by the values of others.
    #[doc(hidden)]
    fn choose<'t, const M: usize>(
        at: [Term<'t, Self>; M],
        condition: impl Fn([Self::Elem; M]) -> bool,
        yes: Term<'t, Self>,
        no: Term<'t, Self>,
    ) -> Term<'t, Self>;
    /// A rule of two operands of which one at least is whole.
    #[doc(hidden)]
    fn binary<'t, R: Rule<2>>(x: Part<'t, Self>, y: Part<'t, Self>, rule: R) -> Var<'t, Self>;
    #[doc(hidden)]
    fn unary<'t, R: Rule<1>>(x: Var<'t, Self>, rule: R) -> Var<'t, Self>;
    #[doc(hidden)]
    fn ternary<'t, R: Rule<3>>(
        x: Var<'t, Self>,
        a: Part<'t, Self>,
        b: Part<'t, Self>,
        rule: R,
    ) -> Result<Var<'t, Self>, Failure>;
    #[doc(hidden)]
    fn cast<G: Real>(x: Var<'_, Self>) -> Var<'_, Self::Cast<G>>;
    #[doc(hidden)]
    fn same_shape(
        a: Var<'_, Self>,
        b: Var<'_, Self>,
        operation: &'static str,
    ) -> Result<(), Failure>;
}

/// An operand that leaves the result's type alone: one float for all elements, or a `T`.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Part<'t, T: Value> {
    Scalar(Var<'t, T::Elem>),
    Whole(Var<'t, T>),
}

/// The floats: `f32` and `f64`.
///
/// ```
/// use chainrule::tape::{Real, Tape, Var};
///
/// fn cube<'t, F: Real>(x: Var<'t, F>) -> Var<'t, F> {
///     x * x * x
/// }
///
/// let tape = Tape::new();
/// let x = tape.var(2.0_f32);
/// cube(x).backward();
/// assert_eq!(x.grad(), 12.0);
/// ```
pub trait Real:
    Value<Elem = Self, Slot = Self>
    + Float
    + FloatConst
    + FromPrimitive
    + LinalgScalar
    + ScalarOperand
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + RemAssign
    + Display
    + LowerExp
    + UpperExp
    + Default
    + Send
    + Sync
    + for<'t> Lift<'t, Out = Var<'t, Self>>
    + for<'t> Enter<'t, Out = Var<'t, Self>>
    + Stopped
    + OnTape<Plain = Self>
{
    #[doc(hidden)]
    const SINGLE: bool;
    #[doc(hidden)]
    fn to_wide(self) -> f64;
    #[doc(hidden)]
    fn from_wide(wide: f64) -> Self;
    #[doc(hidden)]
    fn std_clamp(self, low: Self, high: Self) -> Self;
    #[doc(hidden)]
    fn std_rem_euclid(self, divisor: Self) -> Self;
    #[doc(hidden)]
    fn std_div_euclid(self, divisor: Self) -> Self;
    #[doc(hidden)]
    fn std_round_ties_even(self) -> Self;
    #[doc(hidden)]
    fn std_midpoint(self, other: Self) -> Self;
    #[doc(hidden)]
    fn std_total_cmp(&self, other: &Self) -> Ordering;
    #[doc(hidden)]
    fn convert<G: Real>(var: Var<'_, Self>) -> Var<'_, G>;
    #[doc(hidden)]
    fn empty_sum() -> Self;
    #[doc(hidden)]
    fn empty_product() -> Self;
}

macro_rules! real {
    ($float:ident, $single:literal) => {
        impl Real for $float {
            const SINGLE: bool = $single;

            #[inline]
            fn to_wide(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            #[allow(clippy::unnecessary_cast, reason = "one of the two instances needs it")]
            fn from_wide(wide: f64) -> Self {
                wide as $float
            }

            fn std_clamp(self, low: Self, high: Self) -> Self {
                $float::clamp(self, low, high)
            }

            fn std_rem_euclid(self, divisor: Self) -> Self {
                $float::rem_euclid(self, divisor)
            }

            fn std_div_euclid(self, divisor: Self) -> Self {
                $float::div_euclid(self, divisor)
            }

            fn std_midpoint(self, other: Self) -> Self {
                $float::midpoint(self, other)
            }

            fn std_round_ties_even(self) -> Self {
                $float::round_ties_even(self)
            }

            fn std_total_cmp(&self, other: &Self) -> Ordering {
                self.total_cmp(other)
            }

            fn convert<G: Real>(var: Var<'_, Self>) -> Var<'_, G> {
                var.cast::<G>()
            }

            fn empty_sum() -> Self {
                std::iter::empty::<$float>().sum()
            }

            fn empty_product() -> Self {
                std::iter::empty::<$float>().product()
            }
        }
    };
}

real!(f32, true);
real!(f64, false);
