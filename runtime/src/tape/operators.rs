//! `+ - * / %`, unary `-`, and the compound assignments.

use std::ops;

use ndarray::{Array, Dimension};

use super::error::{TapeError, or_panic};
use super::operand::Operand;
use super::rules;
use super::value::Value;
use super::var::Var;

macro_rules! operators {
    ($($rule:ident, $method:ident, $assign:ident, $assign_method:ident, $try_method:ident, $doc:literal;)+) => {$(
        #[doc = concat!("`", $doc, "`, elementwise and with broadcasting on arrays.")]
        ///
        /// # Panics
        /// If the operands live on two tapes or their shapes do not broadcast.
        impl<'t, T: Value, R: Operand<'t, T>> ops::$rule<R> for Var<'t, T> {
            type Output = Var<'t, R::Output>;

            #[inline(always)]
            #[track_caller]
            fn $method(self, right: R) -> Var<'t, R::Output> {
                or_panic(right.apply(self, rules::$rule))
            }
        }

        impl<'t, T: Value, R: Operand<'t, T>> ops::$rule<R> for &Var<'t, T> {
            type Output = Var<'t, R::Output>;

            #[inline(always)]
            #[track_caller]
            fn $method(self, right: R) -> Var<'t, R::Output> {
                or_panic(right.apply(*self, rules::$rule))
            }
        }

        #[doc = concat!("Compound `", $doc, "`: the variable becomes the result.")]
        ///
        /// # Panics
        /// As the operator, and if the result had another shape than the variable.
        impl<'t, T: Value, R: Operand<'t, T, Output = T>> ops::$assign<R> for Var<'t, T> {
            #[inline(always)]
            #[track_caller]
            fn $assign_method(&mut self, right: R) {
                let result = or_panic(right.apply(*self, rules::$rule));
                or_panic(T::same_shape(*self, result, concat!($doc, "=")));
                *self = result;
            }
        }

        scalar_left!(f32, $rule, $method);
        scalar_left!(f64, $rule, $method);

        impl<'t, T: Value> Var<'t, T> {
            #[doc = concat!("The operator `", $doc, "`, or an error where that panics.")]
            ///
            /// ```
            /// # use chainrule::tape::Tape;
            /// # use ndarray::array;
            /// let (tape, other) = (Tape::new(), Tape::new());
            /// let x = tape.var(array![1.0, 2.0]);
            #[doc = concat!("assert!(x.", stringify!($try_method), "(2.0).is_ok());")]
            #[doc = concat!("assert!(x.", stringify!($try_method), "(array![1.0, 2.0, 3.0]).is_err());")]
            #[doc = concat!("assert!(x.", stringify!($try_method), "(other.var(1.0)).is_err());")]
            /// ```
            ///
            /// # Errors
            /// [`TapeError::ForeignTape`] for operands of two tapes, [`TapeError::Shapes`] for
            /// shapes that do not broadcast.
            pub fn $try_method<R: Operand<'t, T>>(
                self,
                right: R,
            ) -> Result<Var<'t, R::Output>, TapeError> {
                right.apply(self, rules::$rule).map_err(|error| *error)
            }
        }
    )+};
}

/// A float on the left. Array and scalar are told apart here, not by a `T: Value`, so that a bare
/// literal takes its type from the variable.
macro_rules! scalar_left {
    ($float:ident, $rule:ident, $method:ident) => {
        impl<'t> ops::$rule<Var<'t, $float>> for $float {
            type Output = Var<'t, $float>;

            #[inline(always)]
            #[track_caller]
            fn $method(self, right: Var<'t, $float>) -> Self::Output {
                Var::constant(right.tape, self).$method(right)
            }
        }

        impl<'t> ops::$rule<&Var<'t, $float>> for $float {
            type Output = Var<'t, $float>;

            #[inline(always)]
            #[track_caller]
            fn $method(self, right: &Var<'t, $float>) -> Self::Output {
                Var::constant(right.tape, self).$method(*right)
            }
        }

        impl<'t, D: Dimension + 'static> ops::$rule<Var<'t, Array<$float, D>>> for $float {
            type Output = Var<'t, Array<$float, D>>;

            #[track_caller]
            fn $method(self, right: Var<'t, Array<$float, D>>) -> Self::Output {
                right.home().constant(self).$method(right)
            }
        }

        impl<'t, D: Dimension + 'static> ops::$rule<&Var<'t, Array<$float, D>>> for $float {
            type Output = Var<'t, Array<$float, D>>;

            #[track_caller]
            fn $method(self, right: &Var<'t, Array<$float, D>>) -> Self::Output {
                right.home().constant(self).$method(*right)
            }
        }
    };
}

operators! {
    Add, add, AddAssign, add_assign, try_add, "+";
    Sub, sub, SubAssign, sub_assign, try_sub, "-";
    Mul, mul, MulAssign, mul_assign, try_mul, "*";
    Div, div, DivAssign, div_assign, try_div, "/";
    Rem, rem, RemAssign, rem_assign, try_rem, "%";
}

impl<'t, T: Value> ops::Neg for Var<'t, T> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        T::unary(self, rules::Neg)
    }
}

impl<'t, T: Value> ops::Neg for &Var<'t, T> {
    type Output = Var<'t, T>;

    #[inline(always)]
    fn neg(self) -> Var<'t, T> {
        T::unary(*self, rules::Neg)
    }
}
