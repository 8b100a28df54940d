//! What the rules' partial derivatives are computed in: floats, or terms of the tape itself.
//!
//! A rule is written once, over [`Number`]. In a sweep over plain numbers it runs on floats; where
//! gradients are to be differentiated again it runs on [`Term`]s, whose operations are recorded.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::rule::Rule;
use super::rules;
use super::value::{Part, Real, Value};
use super::var::Var;

/// What partial derivatives are written in.
///
/// A condition on a value is a closure over plain floats, because a term may stand for an array.
#[doc(hidden)]
pub trait Number:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The floats that it is made of.
    type Elem: Real;

    /// A constant.
    fn of(value: Self::Elem) -> Self;
    /// A function that is constant around where it is evaluated: nothing flows through it.
    fn constant_around<const M: usize>(
        at: [Self; M],
        f: impl Fn([Self::Elem; M]) -> Self::Elem,
    ) -> Self;
    /// One of two, by a condition on values.
    fn choose<const M: usize>(
        at: [Self; M],
        condition: impl Fn([Self::Elem; M]) -> bool,
        yes: impl FnOnce() -> Self,
        no: impl FnOnce() -> Self,
    ) -> Self;
    /// A function of one operand.
    fn apply<R: Rule<1>>(self, rule: R) -> Self;
    /// A function of two operands.
    fn apply_with<R: Rule<2>>(self, other: Self, rule: R) -> Self;

    /// One.
    #[inline]
    fn one() -> Self {
        Self::of(num_traits::One::one())
    }
    /// Zero.
    #[inline]
    fn zero() -> Self {
        Self::of(num_traits::Zero::zero())
    }
    /// A constant that both floats have.
    #[inline]
    fn from_wide(value: f64) -> Self {
        Self::of(<Self::Elem as Real>::from_wide(value))
    }
}

/// The functions that partial derivatives are made of, by the rules of these functions.
macro_rules! functions {
    ($($method:ident $rule:ident;)+) => {
        /// The functions that partial derivatives are made of.
        pub(super) trait Functions: Number {
            $(#[inline]
            fn $method(self) -> Self {
                self.apply(rules::$rule)
            })+

            #[inline]
            fn powi(self, n: i32) -> Self {
                self.apply(rules::Powi { n })
            }

            #[inline]
            fn powf(self, y: Self) -> Self {
                self.apply_with(y, rules::Powf)
            }

            #[inline]
            fn hypot(self, y: Self) -> Self {
                self.apply_with(y, rules::Hypot)
            }
        }

        impl<N: Number> Functions for N {}
    };
}

functions! {
    recip Recip; sin Sin; cos Cos; sinh Sinh; cosh Cosh; tanh Tanh; sqrt Sqrt; exp Exp; ln Ln;
    abs Abs; sigmoid Sigmoid;
}

impl<F: Real> Number for F {
    type Elem = F;

    #[inline]
    fn of(value: F) -> F {
        value
    }

    #[inline]
    fn constant_around<const M: usize>(at: [F; M], f: impl Fn([F; M]) -> F) -> F {
        f(at)
    }

    #[inline]
    fn choose<const M: usize>(
        at: [F; M],
        condition: impl Fn([F; M]) -> bool,
        yes: impl FnOnce() -> F,
        no: impl FnOnce() -> F,
    ) -> F {
        if condition(at) { yes() } else { no() }
    }

    #[inline]
    fn apply<R: Rule<1>>(self, rule: R) -> F {
        rule.value([self])
    }

    #[inline]
    fn apply_with<R: Rule<2>>(self, other: F, rule: R) -> F {
        rule.value([self, other])
    }
}

/// A term of a derivative that is recorded: a number, or a variable of the shape at hand.
#[doc(hidden)]
pub enum Term<'t, T: Value> {
    Constant(T::Elem),
    Whole(Var<'t, T>),
}

impl<T: Value> Clone for Term<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Value> Copy for Term<'_, T> {}

impl<'t, T: Value> Term<'t, T> {
    pub(super) fn part(self) -> Part<'t, T> {
        match self {
            Self::Constant(value) => Part::Scalar(Var::constant(None, value)),
            Self::Whole(var) => Part::Whole(var),
        }
    }
}

impl<'t, T: Value> Number for Term<'t, T> {
    type Elem = T::Elem;

    fn of(value: T::Elem) -> Self {
        Self::Constant(value)
    }

    fn constant_around<const M: usize>(at: [Self; M], f: impl Fn([T::Elem; M]) -> T::Elem) -> Self {
        T::map_terms(at, f)
    }

    fn choose<const M: usize>(
        at: [Self; M],
        condition: impl Fn([T::Elem; M]) -> bool,
        yes: impl FnOnce() -> Self,
        no: impl FnOnce() -> Self,
    ) -> Self {
        T::choose(at, condition, yes(), no())
    }

    fn apply<R: Rule<1>>(self, rule: R) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(rule.value([value])),
            Self::Whole(var) => Self::Whole(T::unary(var, rule)),
        }
    }

    fn apply_with<R: Rule<2>>(self, other: Self, rule: R) -> Self {
        match (self, other) {
            (Self::Constant(x), Self::Constant(y)) => Self::Constant(rule.value([x, y])),
            (x, y) => Self::Whole(T::binary(x.part(), y.part(), rule)),
        }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)+) => {$(
        impl<T: Value> $trait for Term<'_, T> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.apply_with(other, rules::$trait)
            }
        }
    )+};
}
operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<T: Value> Neg for Term<'_, T> {
    type Output = Self;

    fn neg(self) -> Self {
        self.apply(rules::Neg)
    }
}
