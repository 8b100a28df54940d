//! Arrays that are changed as a whole: the variable stands for the new array from then on.

use ndarray::{Array, Dimension};

use super::error::{or_panic, shapes};
use super::map::Elements;
use super::operand::Operand;
use super::rules;
use super::value::Real;
use super::var::Var;

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// Gives the array the elements of another one, which is stretched to its shape, as ndarray's
    /// `assign`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (x, y) = (tape.var(array![1.0, 2.0]), tape.var(array![5.0]));
    /// let mut z = x;
    /// z.assign(y);
    /// z.sum().backward();
    /// assert_eq!((x.grad(), y.grad()), (array![0.0, 0.0], array![2.0]));
    /// ```
    ///
    /// # Panics
    /// If the other array does not fit.
    #[track_caller]
    pub fn assign<R>(&mut self, other: R)
    where
        R: Operand<'t, Array<F, D>, Output = Array<F, D>>,
    {
        let result = or_panic(other.apply(*self, rules::Second));
        let (own, found) = (self.raw_dim(), result.raw_dim());
        or_panic(match own == found {
            true => Ok(()),
            false => Err(shapes("assign", own.slice(), found.slice())),
        });
        *self = result;
    }

    /// Gives every element one value, as ndarray's `fill`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let s = tape.var(3.0);
    /// let mut z = tape.var(array![1.0, 2.0]);
    /// z.fill(s);
    /// z.sum().backward();
    /// assert_eq!(s.grad(), 2.0);
    /// ```
    ///
    /// # Panics
    /// If the value lives on another tape.
    #[track_caller]
    pub fn fill(&mut self, value: impl Into<Var<'t, F>>) {
        self.assign(value.into());
    }

    /// Adds a multiple of another array, as ndarray's `scaled_add`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// let mut z = x;
    /// z.scaled_add(2.0, x);
    /// z.sum().backward();
    /// assert_eq!(x.grad(), array![3.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If the other array does not fit, or lives on another tape.
    #[track_caller]
    pub fn scaled_add<E: Dimension + 'static>(
        &mut self,
        factor: impl Into<Var<'t, F>>,
        other: impl std::borrow::Borrow<Var<'t, Array<F, E>>>,
    ) where
        Var<'t, Array<F, E>>: Operand<'t, Array<F, D>, Output = Array<F, D>>,
    {
        let factor: Var<'t, F> = factor.into();
        let scaled = or_panic(factor.apply(*other.borrow(), rules::Mul));
        let result = or_panic(scaled.apply(*self, rules::Add));
        self.assign(result);
    }

    /// The closure's result in place of every element, as ndarray's `mapv_inplace`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let mut x = tape.var(array![1.0, 2.0]);
    /// x.mapv_inplace(|e| e * e);
    /// assert_eq!(x.value(), array![1.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If the closure returns an array of another shape.
    #[track_caller]
    pub fn mapv_inplace<R: Elements<'t, D, Elem = F>>(&mut self, f: impl FnOnce(Self) -> R) {
        *self = self.mapv(f);
    }

    /// As [`Var::mapv_inplace`], with one call for each element: the closure may branch.
    ///
    /// # Panics
    /// If the closure returns a variable of another tape.
    #[track_caller]
    pub fn mapv_inplace_each(&mut self, f: impl FnMut(Var<'t, F>) -> Var<'t, F>) {
        *self = self.mapv_each(f);
    }
}
