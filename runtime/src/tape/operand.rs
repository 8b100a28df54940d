//! What may stand as the argument of an operator or a method.

use ndarray::{Array, DimMax, Dimension};

use super::Tape;
use super::broadcast::elementwise;
use super::error::Failure;
use super::rule::Rule;
use super::scalar::{apply_to_two, side};
use super::value::{Part, Real, Value};
use super::var::{Var, same_tape};

/// What may stand to the right of a `Var<T>` in `+ - * / %` and as the argument of `max`, `powf`,
/// `atan2` and the other methods of two operands.
///
/// A plain float, a variable, a reference to a variable, or a plain array. Shapes and ranks
/// broadcast as in ndarray; a scalar goes with every array.
///
/// ```
/// use chainrule::tape::Tape;
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
/// let row = tape.var(array![10.0, 20.0]);
/// assert_eq!((x + 1.0).value(), array![[2.0, 3.0], [4.0, 5.0]]);
/// assert_eq!((x + row).value(), array![[11.0, 22.0], [13.0, 24.0]]);
/// assert_eq!((row + x).value(), (x + &row).value());
/// assert_eq!((x + array![10.0, 20.0]).value(), (x + row).value());
/// assert_eq!(x.max(2.5).value(), array![[2.5, 2.5], [3.0, 4.0]]);
/// ```
pub trait Operand<'t, T: Value> {
    /// What the operation results in.
    type Output: Value<Elem = T::Elem>;

    #[doc(hidden)]
    fn apply<R: Rule<2>>(self, left: Var<'t, T>, rule: R)
    -> Result<Var<'t, Self::Output>, Failure>;
}

impl<'t, F: Real> Operand<'t, F> for F {
    type Output = F;

    #[inline(always)]
    fn apply<R: Rule<2>>(self, left: Var<'t, F>, rule: R) -> Result<Var<'t, F>, Failure> {
        Ok(apply_to_two(left.tape, left, Var::constant(left.tape, self), rule))
    }
}

impl<'t, F: Real> Operand<'t, F> for Var<'t, F> {
    type Output = F;

    #[inline(always)]
    fn apply<R: Rule<2>>(self, left: Var<'t, F>, rule: R) -> Result<Var<'t, F>, Failure> {
        let tape = same_tape(left.tape, self.tape, R::NAME)?;
        Ok(apply_to_two(tape, left, self, rule))
    }
}

impl<'t, F: Real, D: Dimension + 'static> Operand<'t, F> for Var<'t, Array<F, D>> {
    type Output = Array<F, D>;

    fn apply<R: Rule<2>>(self, left: Var<'t, F>, rule: R) -> Result<Var<'t, Array<F, D>>, Failure> {
        same_tape(left.tape, self.tape, R::NAME)?;
        elementwise(self.home(), side(left), self.side(), rule)
    }
}

impl<'t, F: Real, D: Dimension + 'static> Operand<'t, Array<F, D>> for F {
    type Output = Array<F, D>;

    fn apply<R: Rule<2>>(
        self,
        left: Var<'t, Array<F, D>>,
        rule: R,
    ) -> Result<Var<'t, Array<F, D>>, Failure> {
        Var::constant(left.tape, self).apply(left, rule)
    }
}

impl<'t, F: Real, D: Dimension + 'static> Operand<'t, Array<F, D>> for Var<'t, F> {
    type Output = Array<F, D>;

    fn apply<R: Rule<2>>(
        self,
        left: Var<'t, Array<F, D>>,
        rule: R,
    ) -> Result<Var<'t, Array<F, D>>, Failure> {
        same_tape(left.tape, self.tape, R::NAME)?;
        elementwise(left.home(), left.side(), side(self), rule)
    }
}

impl<'t, F, D, E> Operand<'t, Array<F, D>> for Var<'t, Array<F, E>>
where
    F: Real,
    D: Dimension + DimMax<E, Output: 'static> + 'static,
    E: Dimension + 'static,
{
    type Output = Array<F, <D as DimMax<E>>::Output>;

    fn apply<R: Rule<2>>(
        self,
        left: Var<'t, Array<F, D>>,
        rule: R,
    ) -> Result<Var<'t, Self::Output>, Failure> {
        same_tape(left.tape, self.tape, R::NAME)?;
        elementwise(left.home(), left.side(), self.side(), rule)
    }
}

impl<'t, T: Value, U: Value> Operand<'t, T> for &Var<'t, U>
where
    Var<'t, U>: Operand<'t, T>,
{
    type Output = <Var<'t, U> as Operand<'t, T>>::Output;

    #[inline(always)]
    fn apply<R: Rule<2>>(
        self,
        left: Var<'t, T>,
        rule: R,
    ) -> Result<Var<'t, Self::Output>, Failure> {
        (*self).apply(left, rule)
    }
}

macro_rules! plain_arrays {
    ($($array:ty),+) => {$(
        impl<'t, T: Value, F: Real, E: Dimension + 'static> Operand<'t, T> for $array
        where
            Var<'t, Array<F, E>>: Operand<'t, T>,
        {
            type Output = <Var<'t, Array<F, E>> as Operand<'t, T>>::Output;

            fn apply<R: Rule<2>>(
                self,
                left: Var<'t, T>,
                rule: R,
            ) -> Result<Var<'t, Self::Output>, Failure> {
                left.home().constant(self.to_owned()).apply(left, rule)
            }
        }

        impl<'t, F: Real, E: Dimension + 'static> IntoVar<'t> for $array {
            type Value = Array<F, E>;

            fn into_var(self, tape: &'t Tape) -> Var<'t, Array<F, E>> {
                tape.constant(self.to_owned())
            }
        }
    )+};
}

/// What can become a variable: a variable, a reference to one, or a plain array (a constant).
/// The argument of [`Var::dot`].
///
/// ```
/// use chainrule::tape::Tape;
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let x = tape.var(array![1.0, 2.0]);
/// assert_eq!(x.dot(x).value(), 5.0);
/// assert_eq!(x.dot(&x).value(), 5.0);
/// assert_eq!(x.dot(&array![1.0, 1.0]).value(), 3.0);
/// ```
pub trait IntoVar<'t> {
    /// The variable's value.
    type Value: Value;

    /// The variable. A plain value becomes a constant of `tape`.
    fn into_var(self, tape: &'t Tape) -> Var<'t, Self::Value>;
}

impl<'t, T: Value> IntoVar<'t> for Var<'t, T> {
    type Value = T;

    fn into_var(self, _: &'t Tape) -> Var<'t, T> {
        self
    }
}

impl<'t, T: Value> IntoVar<'t> for &Var<'t, T> {
    type Value = T;

    fn into_var(self, _: &'t Tape) -> Var<'t, T> {
        *self
    }
}

plain_arrays!(Array<F, E>, &Array<F, E>);

/// An argument that leaves the result's type alone: those of [`Var::clamp`] and [`Var::mul_add`].
/// For a scalar, a float or a scalar variable; for an array also an array variable of its rank.
///
/// ```
/// use chainrule::tape::Tape;
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let x = tape.var(array![1.0, 2.0]);
/// let slope = tape.var(3.0);
/// assert_eq!(x.mul_add(slope, 1.0).value(), array![4.0, 7.0]);
/// assert_eq!(x.mul_add(x, x).value(), array![2.0, 6.0]);
/// ```
pub trait Like<'t, T: Value> {
    #[doc(hidden)]
    fn into_part(self, tape: Option<&'t Tape>) -> Part<'t, T>;
}

impl<'t, F: Real> Like<'t, F> for F {
    #[inline]
    fn into_part(self, tape: Option<&'t Tape>) -> Part<'t, F> {
        Part::Scalar(Var::constant(tape, self))
    }
}

impl<'t, F: Real, D: Dimension + 'static> Like<'t, Array<F, D>> for F {
    fn into_part(self, tape: Option<&'t Tape>) -> Part<'t, Array<F, D>> {
        Part::Scalar(Var::constant(tape, self))
    }
}

impl<'t, T: Value> Like<'t, T> for Var<'t, T> {
    #[inline]
    fn into_part(self, _: Option<&'t Tape>) -> Part<'t, T> {
        Part::Whole(self)
    }
}

impl<'t, F: Real, D: Dimension + 'static> Like<'t, Array<F, D>> for Var<'t, F> {
    fn into_part(self, _: Option<&'t Tape>) -> Part<'t, Array<F, D>> {
        Part::Scalar(self)
    }
}

impl<'t, T: Value, U: Value> Like<'t, T> for &Var<'t, U>
where
    Var<'t, U>: Like<'t, T>,
{
    #[inline]
    fn into_part(self, tape: Option<&'t Tape>) -> Part<'t, T> {
        (*self).into_part(tape)
    }
}
