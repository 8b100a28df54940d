//! `value as G` for variables and plain numbers.

use crate::tape::{Real, Value, Var};
use ndarray::{Array, Dimension};

/// `value as G`, also of arrays of variables, and by the rules of `as` between plain numbers.
pub trait As<G> {
    /// A variable for a float, a plain number for an integer.
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

/// What `as` makes a float of.
pub trait ToFloat<'t, G: Real> {
    /// The conversion.
    fn to_float(self) -> Var<'t, G>;
}

/// `value as G` for a float `G`: a variable.
pub fn float<'t, G: Real>(value: impl ToFloat<'t, G>) -> Var<'t, G> {
    value.to_float()
}

/// `T::from(value)` of num_traits for a type parameter `T`.
pub fn number<'t, G: Real>(value: impl ToFloat<'t, G>) -> Option<Var<'t, G>> {
    Some(value.to_float())
}

/// What `as` makes an integer of.
pub trait ToWhole<G> {
    /// The conversion.
    fn to_whole(self) -> G;
}

/// `value as G` for an integer `G`: no derivative flows through it.
pub fn whole<G>(value: impl ToWhole<G>) -> G {
    value.to_whole()
}

impl<'t, F: Real, G: Real> ToFloat<'t, G> for Var<'t, F> {
    fn to_float(self) -> Var<'t, G> {
        F::convert(self)
    }
}

macro_rules! variable_to_whole {
    ($($to:ident)*) => {$(
        impl<F: Real> ToWhole<$to> for Var<'_, F> {
            fn to_whole(self) -> $to {
                self.value().to_wide() as $to
            }
        }

        impl<F: Real> As<$to> for Var<'_, F> {
            type Out = $to;

            fn converted(self) -> $to {
                self.value().to_wide() as $to
            }
        }
    )*};
}
variable_to_whole!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! to_whole {
    ($($from:ident)*) => {$(
        to_whole!(@ $from i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
    )*};
    (@ $from:ident $($to:ident)*) => {$(
        impl ToWhole<$to> for $from {
            fn to_whole(self) -> $to {
                self as $to
            }
        }
    )*};
}
to_whole!(f32 f64 bool char i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! to_float {
    ($($from:ident)*) => {$(
        impl<'t, G: Real> ToFloat<'t, G> for $from {
            fn to_float(self) -> Var<'t, G> {
                // One rounding: `self as f32` is not `self as f64 as f32`.
                Var::from(match G::SINGLE {
                    true => G::from_wide(f64::from(self as f32)),
                    false => G::from_wide(self as f64),
                })
            }
        }

        impl As<f32> for $from {
            type Out = Var<'static, f32>;

            fn converted(self) -> Self::Out {
                Var::from(self as f32)
            }
        }

        impl As<f64> for $from {
            type Out = Var<'static, f64>;

            fn converted(self) -> Self::Out {
                Var::from(self as f64)
            }
        }
    )*};
}
to_float!(f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl<'t, G: Real> ToFloat<'t, G> for bool {
    fn to_float(self) -> Var<'t, G> {
        Var::from(G::from_wide(f64::from(u8::from(self))))
    }
}
