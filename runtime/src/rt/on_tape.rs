//! What the sources rewritten for the tape call where they cannot know whether a value is a
//! variable or plain.

use crate::tape::{Real, Value, Var};
use ndarray::{Array, Dimension};

/// Anything that occurs in a function's source: a variable or a plain value.
pub trait OnTape {
    /// The value without the tape.
    type Plain;

    /// The value with no gradient flowing back.
    fn stopped(self) -> Self;

    /// The value without the tape.
    fn plain(self) -> Self::Plain;
}

impl<T: Value> OnTape for Var<'_, T> {
    type Plain = T;

    fn stopped(self) -> Self {
        self.detach()
    }

    fn plain(self) -> T {
        self.value()
    }
}

/// `value as G` for variables and plain numbers.
pub trait As<G> {
    /// A variable of a variable, a plain number of a plain number.
    type Out;

    /// The conversion.
    fn converted(self) -> Self::Out;
}

impl<'t, F: Real, G: Real> As<G> for Var<'t, F>
where
    F: Value<Cast<G> = G>,
{
    type Out = Var<'t, G>;

    fn converted(self) -> Self::Out {
        self.cast::<G>()
    }
}

impl<'t, F: Real, G: Real, D: Dimension + 'static> As<G> for Var<'t, Array<F, D>> {
    type Out = Var<'t, Array<G, D>>;

    fn converted(self) -> Self::Out {
        self.cast::<G>()
    }
}

macro_rules! integers {
    ($($to:ident)*) => {$(
        impl<F: Real> As<$to> for Var<'_, F>
        where
            F: Value + As<$to, Out = $to>,
        {
            type Out = $to;

            fn converted(self) -> $to {
                self.value().converted()
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! plain {
    ($($number:ident)*) => {$(
        impl OnTape for $number {
            type Plain = $number;

            fn stopped(self) -> Self {
                self
            }

            fn plain(self) -> Self {
                self
            }
        }

        plain!(@to $number f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
    )*};
    (@to $from:ident $($to:ident)*) => {$(
        impl As<$to> for $from {
            type Out = $to;

            fn converted(self) -> $to {
                self as $to
            }
        }
    )*};
}
plain!(f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
