//! Between code on variables and code on plain values.
//!
//! The types are not known where the calls are written, so which method is meant is left to
//! method resolution: the most particular one takes its receiver by value, the fallbacks by
//! reference.

use crate::tape::{Lift, Real, Tape, Value, Var};
use ndarray::{Array, Dimension};

/// Something with variables in it, by reference.
pub trait OnTape {
    /// The same without the tape.
    type Plain: Clone;

    /// The value without the tape.
    fn plain(&self) -> Self::Plain;

    /// Whether a derivative flows to it.
    fn is_tracked(&self) -> bool;
}

impl<T: Value> OnTape for Var<'_, T> {
    type Plain = T;

    fn plain(&self) -> T {
        self.value()
    }

    fn is_tracked(&self) -> bool {
        self.requires_grad()
    }
}

impl<T: OnTape + ?Sized> OnTape for &T {
    type Plain = T::Plain;

    fn plain(&self) -> T::Plain {
        (**self).plain()
    }

    fn is_tracked(&self) -> bool {
        (**self).is_tracked()
    }
}

impl<T: OnTape + ?Sized> OnTape for &mut T {
    type Plain = T::Plain;

    fn plain(&self) -> T::Plain {
        (**self).plain()
    }

    fn is_tracked(&self) -> bool {
        (**self).is_tracked()
    }
}

impl<T: OnTape, const N: usize> OnTape for [T; N] {
    type Plain = [T::Plain; N];

    fn plain(&self) -> Self::Plain {
        self.each_ref().map(OnTape::plain)
    }

    fn is_tracked(&self) -> bool {
        self.iter().any(OnTape::is_tracked)
    }
}

impl<T: OnTape> OnTape for [T] {
    type Plain = Vec<T::Plain>;

    fn plain(&self) -> Self::Plain {
        self.iter().map(OnTape::plain).collect()
    }

    fn is_tracked(&self) -> bool {
        self.iter().any(OnTape::is_tracked)
    }
}

impl<T: OnTape> OnTape for Vec<T> {
    type Plain = Vec<T::Plain>;

    fn plain(&self) -> Self::Plain {
        self.as_slice().plain()
    }

    fn is_tracked(&self) -> bool {
        self.iter().any(OnTape::is_tracked)
    }
}

impl<T: OnTape> OnTape for Option<T> {
    type Plain = Option<T::Plain>;

    fn plain(&self) -> Self::Plain {
        self.as_ref().map(OnTape::plain)
    }

    fn is_tracked(&self) -> bool {
        self.iter().any(OnTape::is_tracked)
    }
}

macro_rules! itself {
    ($($number:ident)*) => {$(
        impl OnTape for $number {
            type Plain = $number;

            fn plain(&self) -> Self {
                *self
            }

            fn is_tracked(&self) -> bool {
                false
            }
        }
    )*};
}
itself!(f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char);

macro_rules! tuples {
    ($(($($name:ident $k:tt),+))+) => {$(
        impl<$($name: OnTape),+> OnTape for ($($name,)+) {
            type Plain = ($($name::Plain,)+);

            fn plain(&self) -> Self::Plain {
                ($(self.$k.plain(),)+)
            }

            fn is_tracked(&self) -> bool {
                false $(|| self.$k.is_tracked())+
            }
        }

        impl<$($name: Stopped),+> Stopped for ($($name,)+) {
            fn stopped(self) -> Self {
                ($(self.$k.stopped(),)+)
            }
        }
    )+};
}
tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, G 5)
}

/// What `stop_gradient` takes.
pub trait Stopped {
    /// The value with no gradient flowing back.
    fn stopped(self) -> Self;
}

/// `stop_gradient` of a variable, or of anything made of them.
pub fn stopped<T: Stopped>(value: T) -> T {
    value.stopped()
}

impl<F: Real> Stopped for Var<'_, F> {
    fn stopped(self) -> Self {
        self.detach()
    }
}

impl<F: Real, D: Dimension + 'static> Stopped for Var<'_, Array<F, D>> {
    fn stopped(self) -> Self {
        self.detach()
    }
}

impl<T: Stopped, const N: usize> Stopped for [T; N] {
    fn stopped(self) -> Self {
        self.map(Stopped::stopped)
    }
}

impl<T: Stopped> Stopped for Vec<T> {
    fn stopped(self) -> Self {
        self.into_iter().map(Stopped::stopped).collect()
    }
}

macro_rules! passive {
    ($($kind:ty)*) => {$(
        impl Stopped for $kind {
            fn stopped(self) -> Self {
                self
            }
        }
    )*};
}
passive!(f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char String);

/// A variable's name in code on plain values: `Plain(&x, None).kept()` is of `x` what that code
/// needs, and [`Kept::shown`] gives it out.
///
/// With the source of that code, it panics where `x` depends on what is differentiated: the
/// derivative would be lost silently.
///
/// ```
/// use chainrule::rt::{Plain, PlainCopy as _, PlainOther as _, PlainVariable as _};
/// use chainrule::tape::Tape;
///
/// let tape = Tape::new();
/// let (x, n) = ([tape.var(1.0_f64), tape.var(2.0)], 3);
/// let xs = &x[..];
/// let kept = Plain(&xs, None).kept();
/// let total: f64 = kept.shown().iter().sum();
/// assert_eq!(total, 3.0);
/// assert_eq!(Plain(&n, Some("f(n)")).kept().shown(), 3);
/// ```
pub struct Plain<'a, T>(
    /// The variable.
    pub &'a T,
    /// The code, unless it may be given what is differentiated.
    pub Option<&'static str>,
);

impl<T: OnTape> Plain<'_, T> {
    #[track_caller]
    pub(super) fn check(&self) {
        if let Some(source) = self.1.filter(|_| self.0.is_tracked()) {
            panic!(
                "`{source}` depends on a differentiated value, and the tape cannot see into it: \
                 annotate what it calls with `#[differentiate]`, or take it for a constant with \
                 `stop_gradient`"
            );
        }
    }
}

/// What [`Plain`] keeps.
pub enum Kept<T> {
    /// The value.
    Value(T),
}

impl<T: Clone> Kept<T> {
    /// The value, or the reference that it is.
    pub fn shown(&self) -> T {
        let Kept::Value(value) = self;
        value.clone()
    }
}

/// The plain values behind a reference to variables.
pub struct KeptBehind<T>(T);

impl<T> KeptBehind<T> {
    /// A reference to the plain values.
    pub fn shown(&self) -> &T {
        &self.0
    }
}

/// Behind a reference there are variables.
pub trait PlainVariable {
    /// What is kept.
    type Kept;

    /// The plain values.
    fn kept(self) -> Self::Kept;
}

impl<T: OnTape + ?Sized> PlainVariable for Plain<'_, &T> {
    type Kept = KeptBehind<T::Plain>;

    #[track_caller]
    fn kept(self) -> Self::Kept {
        self.check();
        KeptBehind((**self.0).plain())
    }
}

/// There are variables, or numbers.
pub trait PlainCopy {
    /// The plain value.
    type Plain;

    /// The plain value.
    fn kept(&self) -> Kept<Self::Plain>;
}

impl<T: OnTape> PlainCopy for Plain<'_, T> {
    type Plain = T::Plain;

    #[track_caller]
    fn kept(&self) -> Kept<T::Plain> {
        self.check();
        Kept::Value(self.0.plain())
    }
}

/// There is something else: a reference to it.
pub trait PlainOther<'a, T> {
    /// The reference.
    fn kept(&mut self) -> Kept<&'a T>;
}

impl<'a, T> PlainOther<'a, T> for Plain<'a, T> {
    fn kept(&mut self) -> Kept<&'a T> {
        Kept::Value(self.0)
    }
}

/// A value out of code on plain values: what has floats in it becomes constants of the tape.
///
/// ```
/// use chainrule::rt::{LiftFloats as _, LiftOther as _, Lifted};
/// use chainrule::tape::Tape;
///
/// struct Config {
///     rate: f64,
/// }
///
/// let tape = Tape::new();
/// let rate = Lifted::new(0.5_f64).on_tape(&tape);
/// let config = Lifted::new(Config { rate: 0.5 }).on_tape(&tape);
/// assert_eq!(rate, config.rate);
/// ```
pub struct Lifted<T>(Option<T>);

impl<T> Lifted<T> {
    /// The value.
    pub fn new(value: T) -> Self {
        Self(Some(value))
    }

    fn taken(&mut self) -> T {
        self.0.take().expect("a value is lifted once")
    }
}

/// There are floats, or numbers.
pub trait LiftFloats<'t> {
    /// The lifted value.
    type Out;

    /// The value on the tape.
    fn on_tape(self, tape: &'t Tape) -> Self::Out;
}

impl<'t, T: Lift<'t>> LiftFloats<'t> for Lifted<T> {
    type Out = T::Out;

    fn on_tape(mut self, tape: &'t Tape) -> T::Out {
        self.taken().lift(tape)
    }
}

/// There is an array of variables: it becomes one.
pub trait PackVariables<'t> {
    /// The variable.
    type Out;

    /// The array on the tape.
    fn on_tape(self, tape: &'t Tape) -> Self::Out;
}

impl<'t, F: Real, D: Dimension + 'static> PackVariables<'t> for Lifted<Array<Var<'t, F>, D>> {
    type Out = Var<'t, Array<F, D>>;

    #[track_caller]
    fn on_tape(mut self, tape: &'t Tape) -> Self::Out {
        tape.pack(self.taken())
    }
}

/// There is something else.
pub trait LiftOther {
    /// The value.
    type Value;

    /// The value itself.
    fn on_tape(&mut self, tape: &Tape) -> Self::Value;
}

impl<T> LiftOther for Lifted<T> {
    type Value = T;

    fn on_tape(&mut self, _: &Tape) -> T {
        self.taken()
    }
}
