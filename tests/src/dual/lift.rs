//! Arguments and results of programs in other numbers.

use super::{Dual, Real};
use crate::Fixed;
use chainrule::ndarray::{Array, Dimension};

/// The same structure with numbers of another kind in it.
pub trait Lift<A, B> {
    /// The structure with the other numbers.
    type Lifted;

    /// Each number is replaced in order; those of a [`Fixed`] by `fixed`.
    fn lift(&self, variable: &mut dyn FnMut(A) -> B, fixed: &dyn Fn(A) -> B) -> Self::Lifted;
}

macro_rules! numbers {
    ($([$($generics:tt)*] $Number:ty;)*) => {$(
        impl<$($generics)* B> Lift<$Number, B> for $Number {
            type Lifted = B;

            fn lift(&self, variable: &mut dyn FnMut($Number) -> B, _: &dyn Fn($Number) -> B) -> B {
                variable(*self)
            }
        }
    )*};
}
numbers! { [] f64; [T: Copy,] Dual<T>; }

impl<A, B, T: Lift<A, B>> Lift<A, B> for Vec<T> {
    type Lifted = Vec<T::Lifted>;

    fn lift(&self, variable: &mut dyn FnMut(A) -> B, fixed: &dyn Fn(A) -> B) -> Self::Lifted {
        self.iter().map(|element| element.lift(variable, fixed)).collect()
    }
}

impl<A, B, T: Lift<A, B>, const N: usize> Lift<A, B> for [T; N] {
    type Lifted = [T::Lifted; N];

    fn lift(&self, variable: &mut dyn FnMut(A) -> B, fixed: &dyn Fn(A) -> B) -> Self::Lifted {
        std::array::from_fn(|k| self[k].lift(variable, fixed))
    }
}

impl<A, B, T: Lift<A, B>, D: Dimension> Lift<A, B> for Array<T, D> {
    type Lifted = Array<T::Lifted, D>;

    fn lift(&self, variable: &mut dyn FnMut(A) -> B, fixed: &dyn Fn(A) -> B) -> Self::Lifted {
        // In row-major order, whatever the layout.
        let elements = self.iter().map(|element| element.lift(variable, fixed)).collect();
        Array::from_shape_vec(self.raw_dim(), elements).expect("as many elements as there were")
    }
}

impl<A, B, T: Lift<A, B>> Lift<A, B> for Fixed<T> {
    type Lifted = Fixed<T::Lifted>;

    fn lift(&self, _: &mut dyn FnMut(A) -> B, fixed: &dyn Fn(A) -> B) -> Self::Lifted {
        Fixed(self.0.lift(&mut |x| fixed(x), fixed))
    }
}

impl<A, B> Lift<A, B> for usize {
    type Lifted = usize;

    fn lift(&self, _: &mut dyn FnMut(A) -> B, _: &dyn Fn(A) -> B) -> usize {
        *self
    }
}

macro_rules! tuples {
    ($(($($Part:ident),*))*) => {$(
        impl<A, B, $($Part: Lift<A, B>),*> Lift<A, B> for ($($Part,)*) {
            type Lifted = ($($Part::Lifted,)*);

            #[allow(non_snake_case, reason = "the parts are named after their types")]
            fn lift(
                &self,
                variable: &mut dyn FnMut(A) -> B,
                fixed: &dyn Fn(A) -> B,
            ) -> Self::Lifted {
                let ($($Part,)*) = self;
                ($($Part.lift(variable, fixed),)*)
            }
        }
    )*};
}
tuples! {
    (P) (P, Q) (P, Q, R) (P, Q, R, S) (P, Q, R, S, T) (P, Q, R, S, T, U) (P, Q, R, S, T, U, V)
    (P, Q, R, S, T, U, V, W) (P, Q, R, S, T, U, V, W, X) (P, Q, R, S, T, U, V, W, X, Y)
}

/// Makes a struct one that can be lifted to another: `lifts!(Line => dual::Line, First { slope })`.
#[macro_export]
macro_rules! lifts {
    ($Type:ty => $Lifted:path, $Number:ty { $($field:ident),* }) => {
        impl $crate::dual::Lift<f64, $Number> for $Type {
            type Lifted = $Lifted;

            fn lift(
                &self,
                variable: &mut dyn FnMut(f64) -> $Number,
                fixed: &dyn Fn(f64) -> $Number,
            ) -> $Lifted {
                type Of = $Lifted;
                Of { $($field: $crate::dual::Lift::lift(&self.$field, variable, fixed)),* }
            }
        }
    };
}

/// The numbers of a result, in order.
pub trait Floats<F> {
    /// Adds them to a list.
    fn list(&self, to: &mut Vec<F>);
}

impl<T: Copy> Floats<Dual<T>> for Dual<T> {
    fn list(&self, to: &mut Vec<Dual<T>>) {
        to.push(*self);
    }
}

impl<F, T: Floats<F>> Floats<F> for Vec<T> {
    fn list(&self, to: &mut Vec<F>) {
        self.iter().for_each(|element| element.list(to));
    }
}

impl<F, T: Floats<F>, const N: usize> Floats<F> for [T; N] {
    fn list(&self, to: &mut Vec<F>) {
        self.iter().for_each(|element| element.list(to));
    }
}

impl<F, T: Floats<F>, D: Dimension> Floats<F> for Array<T, D> {
    fn list(&self, to: &mut Vec<F>) {
        self.iter().for_each(|element| element.list(to));
    }
}

macro_rules! lists {
    ($(($($Part:ident),*))*) => {$(
        impl<F, $($Part: Floats<F>),*> Floats<F> for ($($Part,)*) {
            #[allow(non_snake_case, reason = "the parts are named after their types")]
            fn list(&self, to: &mut Vec<F>) {
                let ($($Part,)*) = self;
                $($Part.list(to);)*
            }
        }
    )*};
}
lists! { (P) (P, Q) (P, Q, R) (P, Q, R, S) }

/// Numbers with the derivatives that a list has for them, in order.
pub fn lifted<P: Lift<A, Dual<A>>, A: Real>(
    at: &P,
    along: &[A],
) -> <P as Lift<A, Dual<A>>>::Lifted {
    let zero = A::constant(0.0);
    let mut rest = along.iter();
    let mut variable = |at| Dual { at, by: rest.next().copied().unwrap_or(zero) };
    at.lift(&mut variable, &|at| Dual { at, by: zero })
}

/// Value and gradient of a function of dual numbers, the gradient in the structure of its arguments.
pub fn gradient_and_value<A: Real, P>(
    at: &P,
    f: impl Fn(<P as Lift<A, Dual<A>>>::Lifted) -> Dual<A>,
) -> (A, P)
where
    P: Lift<A, Dual<A>> + Lift<A, A, Lifted = P>,
{
    let mut count = 0;
    let mut counted = |x| {
        count += 1;
        x
    };
    let _: P = Lift::<A, A>::lift(at, &mut counted, &|x| x);
    let along = |k: usize| {
        let entry = |j| A::constant(if j == k { 1.0 } else { 0.0 });
        f(lifted(at, &(0..count).map(entry).collect::<Vec<A>>()))
    };
    let mut slopes = (0..count).map(|k| along(k).by);
    let mut next = |_| slopes.next().unwrap_or(A::constant(0.0));
    let gradient = Lift::<A, A>::lift(at, &mut next, &|x| x);
    (along(count).at, gradient)
}
