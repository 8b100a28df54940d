//! What code on plain values changes by `&mut`.
//!
//! As in `passive.rs`, which method is meant is left to method resolution.

use super::passive::{OnTape, Plain};
use crate::tape::{Lift, Tape};

/// A place that code on plain values is handed by `&mut`: `PlainMut::new(&mut x, None).kept()` is of
/// `x` what that code needs, [`Changed::shown`] hands it out, and [`Changed::put_back`] makes what has
/// become of it constants of the tape.
///
/// With the source of that code, it panics where `x` depends on what is differentiated, as
/// [`Plain`] does.
///
/// ```
/// use chainrule::rt::{ChangeOther as _, ChangeVariables as _, PlainMut};
/// use chainrule::tape::Tape;
///
/// let tape = Tape::new();
/// let (mut x, mut text) = (vec![tape.constant(1.0_f64), tape.constant(2.0)], String::new());
/// let mut changed = PlainMut::new(&mut x[1..], Some("double(&mut x[1..])")).kept();
/// changed.shown()[0] *= 2.0;
/// changed.put_back(&tape);
/// assert_eq!(x[1].value(), 4.0);
/// PlainMut::new(&mut text, None).kept().shown().push('x');
/// assert_eq!(text, "x");
/// ```
pub struct PlainMut<'a, T: ?Sized> {
    place: Option<&'a mut T>,
    source: Option<&'static str>,
}

impl<'a, T: ?Sized> PlainMut<'a, T> {
    /// The place, and the code unless it may be given what is differentiated.
    pub fn new(place: &'a mut T, source: Option<&'static str>) -> Self {
        PlainMut { place: Some(place), source }
    }

    fn taken(&mut self) -> &'a mut T {
        self.place.take().expect("a place is kept once")
    }
}

/// The plain values of a place, which stand for it.
pub struct Changed<'a, T: ?Sized, P> {
    place: &'a mut T,
    plain: P,
}

impl<T: ?Sized, P> Changed<'_, T, P> {
    /// The plain values.
    pub fn shown(&mut self) -> &mut P {
        &mut self.plain
    }
}

impl<T, P> Changed<'_, T, P> {
    /// Makes the plain values constants.
    pub fn put_back<'t>(self, tape: &'t Tape)
    where
        P: Lift<'t, Out = T>,
    {
        *self.place = self.plain.lift(tape);
    }
}

impl<T, P> Changed<'_, [T], Vec<P>> {
    /// Makes the plain values constants.
    pub fn put_back<'t>(self, tape: &'t Tape)
    where
        P: Lift<'t, Out = T>,
    {
        for (place, plain) in self.place.iter_mut().zip(self.plain) {
            *place = plain.lift(tape);
        }
    }
}

/// A place without variables.
pub struct ChangedItself<'a, T: ?Sized>(Option<&'a mut T>);

impl<'a, T: ?Sized> ChangedItself<'a, T> {
    /// The place.
    ///
    /// # Panics
    ///
    /// Panics if it was handed out already.
    pub fn shown(&mut self) -> &'a mut T {
        self.0.take().expect("a place is handed out once")
    }

    /// Nothing is to be done.
    pub fn put_back(self, _: &Tape) {}
}

/// There are variables, or numbers.
pub trait ChangeVariables<'t> {
    /// What is kept.
    type Kept;

    /// The plain values.
    fn kept(self) -> Self::Kept;
}

impl<'a, 't, T> ChangeVariables<'t> for PlainMut<'a, T>
where
    T: OnTape,
    T::Plain: Lift<'t, Out = T>,
{
    type Kept = Changed<'a, T, T::Plain>;

    #[track_caller]
    fn kept(mut self) -> Self::Kept {
        let place = self.taken();
        Plain(&*place, self.source).check();
        Changed { plain: place.plain(), place }
    }
}

impl<'a, 't, T> ChangeVariables<'t> for PlainMut<'a, [T]>
where
    T: OnTape,
    T::Plain: Lift<'t, Out = T>,
{
    type Kept = Changed<'a, [T], Vec<T::Plain>>;

    #[track_caller]
    fn kept(mut self) -> Self::Kept {
        let place = self.taken();
        Plain(&&*place, self.source).check();
        Changed { plain: place.plain(), place }
    }
}

/// There is something else: the place itself.
pub trait ChangeOther<'a, T: ?Sized> {
    /// The place.
    fn kept(&mut self) -> ChangedItself<'a, T>;
}

impl<'a, T: ?Sized> ChangeOther<'a, T> for PlainMut<'a, T> {
    fn kept(&mut self) -> ChangedItself<'a, T> {
        ChangedItself(Some(self.taken()))
    }
}
