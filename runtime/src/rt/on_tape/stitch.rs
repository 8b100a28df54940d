//! What stands on the tape, together with numbers in the same structure: the arguments of a call
//! with their partial derivatives, a result with its cotangent.

use super::OnTape;
use crate::tape::{Links, Real, Var};
use ndarray::{Array, Dimension};

/// Variables, or what is made of them.
pub trait Linked<'t> {
    /// One number for each variable.
    type Numbers: ?Sized;

    /// Adds the variables with their numbers.
    ///
    /// # Panics
    /// If the lengths differ.
    fn link(&self, numbers: &Self::Numbers, links: &mut Links<'t>);
}

impl<'t, F: Real> Linked<'t> for Var<'t, F> {
    type Numbers = F;

    #[track_caller]
    fn link(&self, numbers: &F, links: &mut Links<'t>) {
        links.add(*self, *numbers);
    }
}

impl<'t, F: Real, D: Dimension + 'static> Linked<'t> for Var<'t, Array<F, D>> {
    type Numbers = Array<F, D>;

    #[track_caller]
    fn link(&self, numbers: &Array<F, D>, links: &mut Links<'t>) {
        let (found, expected) = (numbers.shape(), self.shape());
        assert!(
            found == expected,
            "a cotangent or gradient has shape {found:?}, but what it belongs to has shape \
             {expected:?}"
        );
        if self.requires_grad() {
            links.add((*self * numbers).sum(), F::one());
        }
    }
}

macro_rules! constants {
    ($($kind:ty)*) => {$(
        impl<'t> Linked<'t> for $kind {
            type Numbers = ();

            fn link(&self, (): &(), _: &mut Links<'t>) {}
        }
    )*};
}
constants!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char String);

impl<'t, T: Linked<'t> + ?Sized> Linked<'t> for &T {
    type Numbers = T::Numbers;

    #[track_caller]
    fn link(&self, numbers: &T::Numbers, links: &mut Links<'t>) {
        (**self).link(numbers, links);
    }
}

#[track_caller]
fn link_all<'t, T: Linked<'t, Numbers: Sized>>(
    of: &[T],
    numbers: &[T::Numbers],
    links: &mut Links<'t>,
) {
    expect_length(of.len(), numbers.len());
    of.iter().zip(numbers).for_each(|(part, numbers)| part.link(numbers, links));
}

impl<'t, T: Linked<'t, Numbers: Sized>> Linked<'t> for [T] {
    type Numbers = Vec<T::Numbers>;

    #[track_caller]
    fn link(&self, numbers: &Vec<T::Numbers>, links: &mut Links<'t>) {
        link_all(self, numbers, links);
    }
}

impl<'t, T: Linked<'t, Numbers: Sized>> Linked<'t> for Vec<T> {
    type Numbers = Vec<T::Numbers>;

    #[track_caller]
    fn link(&self, numbers: &Vec<T::Numbers>, links: &mut Links<'t>) {
        link_all(self, numbers, links);
    }
}

impl<'t, T: Linked<'t, Numbers: Sized>, const N: usize> Linked<'t> for [T; N] {
    type Numbers = [T::Numbers; N];

    #[track_caller]
    fn link(&self, numbers: &[T::Numbers; N], links: &mut Links<'t>) {
        link_all(self, numbers, links);
    }
}

macro_rules! tuples {
    ($(($($name:ident $k:tt),+))+) => {$(
        impl<'t, $($name: Linked<'t, Numbers: Sized>),+> Linked<'t> for ($($name,)+) {
            type Numbers = ($($name::Numbers,)+);

            #[track_caller]
            fn link(&self, numbers: &Self::Numbers, links: &mut Links<'t>) {
                $(self.$k.link(&numbers.$k, links);)+
            }
        }
    )+};
}
tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, G 5) (A 0, B 1, C 2, D 3, E 4, G 5, H 6)
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7)
}

/// Checks that nothing is lost where a function takes an argument as a constant.
///
/// # Panics
/// If a derivative flows to it.
#[track_caller]
pub fn expect_constant<T: OnTape>(argument: &T, function: &str) {
    assert!(
        !argument.is_tracked(),
        "`{function}` is called with a value that carries a derivative for a parameter that its \
         `wrt(..)` leaves out: add the parameter to the `wrt(..)` of `{function}`, or pass \
         `stop_gradient(..)` of the value"
    );
}

/// Checks that there is a number for each variable.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn expect_length(expected: usize, found: usize) {
    assert!(
        found == expected,
        "a cotangent or gradient has length {found}, but what it belongs to has length {expected}"
    );
}

/// One, the cotangent of a float.
pub fn unit<F: Real>() -> F {
    F::one()
}
