//! Arguments onto the tape, gradients off it.

use crate::tape::{Real, Tape, Value, Var};
use ndarray::{Array, ArrayRef, Dimension};

/// A plain argument that becomes variables: every float one of its own, an array of `ndarray` as a
/// whole. Slices and vectors become vectors.
pub trait Enter<'t> {
    /// The variables, in the structure of the argument.
    type Out: Clone;

    /// The variables; not tracked, they are constants.
    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out;
}

/// What [`Enter`] made.
pub trait Entered {
    /// The gradient in the structure of the argument.
    type Gradient;

    /// The gradients of the variables.
    fn gradient(&self) -> Self::Gradient;
}

macro_rules! floats {
    ($($float:ident)*) => {$(
        impl<'t> Enter<'t> for $float {
            type Out = Var<'t, $float>;

            fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
                if tracked { tape.var(*self) } else { tape.constant(*self) }
            }
        }
    )*};
}
floats!(f32 f64);

impl<'t, F: Real, D: Dimension + 'static> Enter<'t> for ArrayRef<F, D> {
    type Out = Var<'t, Array<F, D>>;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
        if tracked { tape.var(self.to_owned()) } else { tape.constant(self.to_owned()) }
    }
}

impl<'t, S, F: Real, D: Dimension + 'static> Enter<'t> for ndarray::ArrayBase<S, D>
where
    S: ndarray::Data<Elem = F>,
{
    type Out = Var<'t, Array<F, D>>;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
        if tracked { tape.var(self.to_owned()) } else { tape.constant(self.to_owned()) }
    }
}

impl<'t, E: Enter<'t> + ?Sized> Enter<'t> for &E {
    type Out = E::Out;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> E::Out {
        (**self).enter(tape, tracked)
    }
}

impl<'t, E: Enter<'t> + ?Sized> Enter<'t> for &mut E {
    type Out = E::Out;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> E::Out {
        (**self).enter(tape, tracked)
    }
}

impl<'t, E: Enter<'t>, const N: usize> Enter<'t> for [E; N] {
    type Out = [E::Out; N];

    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
        self.each_ref().map(|element| element.enter(tape, tracked))
    }
}

impl<'t, E: Enter<'t>> Enter<'t> for [E] {
    type Out = Vec<E::Out>;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
        self.iter().map(|element| element.enter(tape, tracked)).collect()
    }
}

impl<'t, E: Enter<'t>> Enter<'t> for Vec<E> {
    type Out = Vec<E::Out>;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
        self.as_slice().enter(tape, tracked)
    }
}

impl<'t, E: Enter<'t>> Enter<'t> for Option<E> {
    type Out = Option<E::Out>;

    fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
        self.as_ref().map(|value| value.enter(tape, tracked))
    }
}

impl<T: Value> Entered for Var<'_, T> {
    type Gradient = T;

    fn gradient(&self) -> T {
        self.grad()
    }
}

impl<E: Entered, const N: usize> Entered for [E; N] {
    type Gradient = [E::Gradient; N];

    fn gradient(&self) -> Self::Gradient {
        self.each_ref().map(Entered::gradient)
    }
}

impl<E: Entered> Entered for Vec<E> {
    type Gradient = Vec<E::Gradient>;

    fn gradient(&self) -> Self::Gradient {
        self.iter().map(Entered::gradient).collect()
    }
}

macro_rules! constants {
    ($($kind:ty)*) => {$(
        impl<'t> Enter<'t> for $kind {
            type Out = $kind;

            fn enter(&self, _: &'t Tape, _: bool) -> $kind {
                self.clone()
            }
        }
    )*};
}
constants!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char String);

macro_rules! tuples {
    ($(($($name:ident $k:tt),+))+) => {$(
        impl<'t, $($name: Enter<'t>),+> Enter<'t> for ($($name,)+) {
            type Out = ($($name::Out,)+);

            fn enter(&self, tape: &'t Tape, tracked: bool) -> Self::Out {
                ($(self.$k.enter(tape, tracked),)+)
            }
        }

        impl<$($name: Entered),+> Entered for ($($name,)+) {
            type Gradient = ($($name::Gradient,)+);

            fn gradient(&self) -> Self::Gradient {
                ($(self.$k.gradient(),)+)
            }
        }
    )+};
}
tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, G 5) (A 0, B 1, C 2, D 3, E 4, G 5, H 6)
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7)
}
