//! Plain values as constants of a tape.

use ndarray::{Array, ArrayBase, Axis, Data, Dimension};

use super::Tape;
use super::value::{Real, Value};
use super::var::Var;

/// A plain value made fit for code on variables: floats and arrays of floats become constants,
/// tuples, options, fixed arrays, slices and vectors are lifted element by element, everything else
/// stays itself.
///
/// ```
/// use chainrule::tape::{Tape, lift};
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let (k, n, table) = lift(&tape, (0.5_f64, 3_usize, &array![1.0, 2.0]));
/// assert_eq!((k * table.at(1)).value(), 1.0);
/// assert_eq!(n, 3);
/// let rows = lift(&tape, &[[1.0_f64, 2.0], [3.0, 4.0]][..]);
/// assert_eq!((rows[0][1] * rows[1][0]).value(), 6.0);
/// ```
pub trait Lift<'t> {
    /// The lifted value.
    type Out;

    /// The value on `tape`.
    fn lift(self, tape: &'t Tape) -> Self::Out;
}

/// [`Lift::lift`] as a function.
///
/// ```
/// use chainrule::tape::{Tape, lift};
///
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// assert_eq!((lift(&tape, std::f64::consts::PI) * x).value(), 3.0 * std::f64::consts::PI);
/// ```
pub fn lift<'t, L: Lift<'t>>(tape: &'t Tape, value: L) -> L::Out {
    value.lift(tape)
}

macro_rules! floats {
    ($($float:ident),+) => {$(
        impl<'t> Lift<'t> for $float {
            type Out = Var<'t, $float>;

            fn lift(self, tape: &'t Tape) -> Self::Out {
                tape.constant(self)
            }
        }

        impl<'t> Lift<'t> for &$float {
            type Out = Var<'t, $float>;

            fn lift(self, tape: &'t Tape) -> Self::Out {
                tape.constant(*self)
            }
        }
    )+};
}

floats!(f32, f64);

impl<'t, F: Real, D: Dimension + 'static, S: Data<Elem = F>> Lift<'t> for ArrayBase<S, D> {
    type Out = Var<'t, Array<F, D>>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        tape.constant(self.into_owned())
    }
}

impl<'t, F: Real, D: Dimension + 'static, S: Data<Elem = F>> Lift<'t> for &ArrayBase<S, D> {
    type Out = Var<'t, Array<F, D>>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        tape.constant(self.to_owned())
    }
}

impl<'t, T: Value> Lift<'t> for Var<'t, T> {
    type Out = Self;

    fn lift(self, _: &'t Tape) -> Self {
        self
    }
}

impl<'t, T: Value> Lift<'t> for &Var<'t, T> {
    type Out = Var<'t, T>;

    fn lift(self, _: &'t Tape) -> Var<'t, T> {
        *self
    }
}

impl<'t, L: Lift<'t>, const N: usize> Lift<'t> for [L; N] {
    type Out = [L::Out; N];

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.map(|value| value.lift(tape))
    }
}

impl<'a, 't, L, const N: usize> Lift<'t> for &'a [L; N]
where
    &'a L: Lift<'t>,
{
    type Out = [<&'a L as Lift<'t>>::Out; N];

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.each_ref().map(|value| value.lift(tape))
    }
}

impl<'t, L: Lift<'t>> Lift<'t> for Vec<L> {
    type Out = Vec<L::Out>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.into_iter().map(|value| value.lift(tape)).collect()
    }
}

impl<'a, 't, L> Lift<'t> for &'a Vec<L>
where
    &'a L: Lift<'t>,
{
    type Out = Vec<<&'a L as Lift<'t>>::Out>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.iter().map(|value| value.lift(tape)).collect()
    }
}

impl<'a, 't, L> Lift<'t> for &'a [L]
where
    &'a L: Lift<'t>,
{
    type Out = Vec<<&'a L as Lift<'t>>::Out>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.iter().map(|value| value.lift(tape)).collect()
    }
}

impl<'t, L: Lift<'t>> Lift<'t> for Option<L> {
    type Out = Option<L::Out>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.map(|value| value.lift(tape))
    }
}

impl<'a, 't, L> Lift<'t> for &'a Option<L>
where
    &'a L: Lift<'t>,
{
    type Out = Option<<&'a L as Lift<'t>>::Out>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.as_ref().map(|value| value.lift(tape))
    }
}

impl<'t, L: Lift<'t>, E> Lift<'t> for Result<L, E> {
    type Out = Result<L::Out, E>;

    fn lift(self, tape: &'t Tape) -> Self::Out {
        self.map(|value| value.lift(tape))
    }
}

macro_rules! unchanged {
    ($($kind:ty),+) => {$(
        impl<'t> Lift<'t> for $kind {
            type Out = Self;

            fn lift(self, _: &'t Tape) -> Self {
                self
            }
        }
    )+};
}

/// What is copied is the same by reference.
macro_rules! copied {
    ($($kind:ty),+) => {$(
        unchanged!($kind);

        impl<'t> Lift<'t> for &$kind {
            type Out = $kind;

            fn lift(self, _: &'t Tape) -> $kind {
                *self
            }
        }
    )+};
}

unchanged!(&str, String);
copied!(Axis, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, bool, char);

macro_rules! tuples {
    ($(($($name:ident),*))+) => {$(
        impl<'t, $($name: Lift<'t>),*> Lift<'t> for ($($name,)*) {
            type Out = ($($name::Out,)*);

            #[allow(non_snake_case, clippy::unused_unit, reason = "the unit is a tuple too")]
            fn lift(self, _tape: &'t Tape) -> Self::Out {
                let ($($name,)*) = self;
                ($($name.lift(_tape),)*)
            }
        }

        impl<'a, 't, $($name),*> Lift<'t> for &'a ($($name,)*)
        where
            $(&'a $name: Lift<'t>,)*
        {
            type Out = ($(<&'a $name as Lift<'t>>::Out,)*);

            #[allow(non_snake_case, clippy::unused_unit, reason = "the unit is a tuple too")]
            fn lift(self, _tape: &'t Tape) -> Self::Out {
                let ($($name,)*) = self;
                ($($name.lift(_tape),)*)
            }
        }
    )+};
}

tuples! {
    () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) (A, B, C, D, E, G, H)
    (A, B, C, D, E, G, H, I)
}
