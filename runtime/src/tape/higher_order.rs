//! Gradients that are variables themselves: PyTorch's `create_graph`.

use std::ops::{Deref, DerefMut};

use super::Tape;
use super::error::{Failure, TapeError, or_panic};
use super::graph::NodeId;
use super::replay::Sweep;
use super::value::Value;
use super::var::{Var, same_tape};

/// A tape whose gradients can be differentiated again, to any order.
///
/// What PyTorch decides by `create_graph=True` in a call is decided here by the type: this tape
/// keeps beside every value how it came about, which costs memory and time, and has
/// [`grad`](Self::grad), which returns variables. It is a [`Tape`] in all else.
///
/// ```
/// use chainrule::tape::HigherOrderTape;
///
/// let tape = HigherOrderTape::new();
/// let x = tape.var(2.0_f64);
/// let y = x.powi(4);
/// let first = tape.grad(y, x);
/// let second = tape.grad(first, x);
/// let third = tape.grad(second, x);
/// assert_eq!((first.value(), second.value(), third.value()), (32.0, 48.0, 48.0));
/// ```
///
/// A gradient may be part of what is minimised, as a penalty on its length:
///
/// ```
/// use chainrule::tape::HigherOrderTape;
/// use ndarray::array;
///
/// let tape = HigherOrderTape::new();
/// let x = tape.var(array![1.0, 2.0]);
/// let slope = tape.grad((x * x * x).sum(), x);
/// (slope * slope).sum().backward();
/// // ∂/∂x Σ (3 x²)² = 36 x³.
/// assert_eq!(x.grad(), array![36.0, 288.0]);
/// ```
///
/// A plain [`Tape`] has no such method:
///
/// ```compile_fail,E0599
/// use chainrule::tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var(2.0_f64);
/// let first = tape.grad(x * x, x);
/// ```
#[derive(Debug)]
pub struct HigherOrderTape(Tape);

impl HigherOrderTape {
    /// An empty tape.
    ///
    /// ```
    /// assert!(chainrule::tape::HigherOrderTape::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let mut tape = Tape::new();
        tape.higher = true;
        Self(tape)
    }

    /// The gradient of a scalar by a variable, or by several in a tuple, an array, a slice or a
    /// vector, as variables; zero where nothing depends on it. [`Var::grad`] is left as it is.
    ///
    /// ```
    /// # use chainrule::tape::HigherOrderTape;
    /// let tape = HigherOrderTape::new();
    /// let (x, y) = (tape.var(3.0), tape.var(2.0));
    /// let (dx, dy) = tape.grad(x * x * y, (x, y));
    /// let mixed = tape.grad(dx, y);
    /// assert_eq!((dx.value(), dy.value(), mixed.value()), (12.0, 9.0, 6.0));
    /// ```
    ///
    /// # Panics
    /// Where [`try_grad`](Self::try_grad) returns an error.
    #[track_caller]
    pub fn grad<'t, T: Value, W: Wrt<'t>>(&'t self, y: Var<'t, T>, wrt: W) -> W::Gradient {
        or_panic(T::seed(y).and_then(|ct| self.swept(y, ct, &wrt)))
    }

    /// [`grad`](Self::grad), or an error where that panics.
    ///
    /// # Errors
    /// [`TapeError::NonScalar`] for an array that has not exactly one element,
    /// [`TapeError::ForeignTape`] for variables of another tape, [`TapeError::Untracked`] if the
    /// gradient is asked by a constant, [`TapeError::NotTwice`] for what was entered with numbers for
    /// its partial derivatives.
    ///
    /// ```
    /// # use chainrule::tape::HigherOrderTape;
    /// # use ndarray::array;
    /// let tape = HigherOrderTape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert!(tape.try_grad(x * x, x).is_err());
    /// assert!(tape.try_grad((x * x).sum(), tape.constant(1.0)).is_err());
    /// ```
    pub fn try_grad<'t, T: Value, W: Wrt<'t>>(
        &'t self,
        y: Var<'t, T>,
        wrt: W,
    ) -> Result<W::Gradient, TapeError> {
        T::seed(y).and_then(|ct| self.swept(y, ct, &wrt)).map_err(|error| *error)
    }

    /// The product of a cotangent, a variable too, with the Jacobian.
    ///
    /// ```
    /// # use chainrule::tape::HigherOrderTape;
    /// # use ndarray::array;
    /// let tape = HigherOrderTape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// let v = tape.var(array![1.0, 10.0]);
    /// let product = tape.grad_with(x * x, v, x);
    /// assert_eq!(product.value(), array![2.0, 40.0]);
    /// // It is linear in v: the derivative of the transposed product is the product itself.
    /// assert_eq!(tape.grad_with(product, tape.constant(array![1.0, 1.0]), v).value(), array![2.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// Where [`try_grad`](Self::try_grad) returns an error, but for an array, and if the cotangent
    /// has not the variable's shape.
    #[track_caller]
    pub fn grad_with<'t, T: Value, W: Wrt<'t>>(
        &'t self,
        y: Var<'t, T>,
        cotangent: Var<'t, T>,
        wrt: W,
    ) -> W::Gradient {
        or_panic(T::fits(y, cotangent).and_then(|()| self.swept(y, cotangent, &wrt)))
    }

    fn swept<'t, T: Value, W: Wrt<'t>>(
        &'t self,
        y: Var<'t, T>,
        ct: Var<'t, T>,
        wrt: &W,
    ) -> Result<W::Gradient, Failure> {
        same_tape(Some(&self.0), y.tape, "grad")?;
        same_tape(Some(&self.0), ct.tape, "grad")?;
        let mut nodes = Vec::new();
        wrt.nodes(&self.0, &mut nodes)?;
        let mut sweep = Sweep::new(&self.0, nodes);
        sweep.run(0, y, ct)?;
        Ok(wrt.gradient(&mut sweep))
    }
}

impl Default for HigherOrderTape {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for HigherOrderTape {
    type Target = Tape;

    fn deref(&self) -> &Tape {
        &self.0
    }
}

impl DerefMut for HigherOrderTape {
    fn deref_mut(&mut self) -> &mut Tape {
        &mut self.0
    }
}

/// What [`HigherOrderTape::grad`] takes for the variables to differentiate by.
///
/// ```
/// # use chainrule::tape::HigherOrderTape;
/// let tape = HigherOrderTape::new();
/// let x: Vec<_> = [1.0, 2.0, 3.0].map(|x| tape.var(x)).to_vec();
/// let gradient = tape.grad(x[0] * x[1] * x[2], &x[..]);
/// assert_eq!(gradient.iter().map(|g| g.value()).collect::<Vec<_>>(), [6.0, 3.0, 2.0]);
/// ```
pub trait Wrt<'t> {
    /// The gradients, in the same structure.
    type Gradient;

    #[doc(hidden)]
    fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure>;
    #[doc(hidden)]
    fn gradient(&self, sweep: &mut Sweep<'t>) -> Self::Gradient;
}

impl<'t, T: Value> Wrt<'t> for Var<'t, T> {
    type Gradient = Self;

    fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure> {
        same_tape(Some(tape), self.tape, "grad")?;
        if !self.requires_grad() {
            return Err(Failure::new(TapeError::Untracked));
        }
        nodes.push(self.node);
        Ok(())
    }

    fn gradient(&self, sweep: &mut Sweep<'t>) -> Self {
        match sweep.adjoint(*self) {
            Some(gradient) => gradient,
            None => T::zeros_like(*self),
        }
    }
}

impl<'t, W: Wrt<'t> + ?Sized> Wrt<'t> for &W {
    type Gradient = W::Gradient;

    fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure> {
        (**self).nodes(tape, nodes)
    }

    fn gradient(&self, sweep: &mut Sweep<'t>) -> W::Gradient {
        (**self).gradient(sweep)
    }
}

impl<'t, W: Wrt<'t>> Wrt<'t> for [W] {
    type Gradient = Vec<W::Gradient>;

    fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure> {
        self.iter().try_for_each(|wrt| wrt.nodes(tape, nodes))
    }

    fn gradient(&self, sweep: &mut Sweep<'t>) -> Self::Gradient {
        self.iter().map(|wrt| wrt.gradient(sweep)).collect()
    }
}

impl<'t, W: Wrt<'t>> Wrt<'t> for Vec<W> {
    type Gradient = Vec<W::Gradient>;

    fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure> {
        self.as_slice().nodes(tape, nodes)
    }

    fn gradient(&self, sweep: &mut Sweep<'t>) -> Self::Gradient {
        self.as_slice().gradient(sweep)
    }
}

impl<'t, W: Wrt<'t>, const N: usize> Wrt<'t> for [W; N] {
    type Gradient = [W::Gradient; N];

    fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure> {
        self.as_slice().nodes(tape, nodes)
    }

    fn gradient(&self, sweep: &mut Sweep<'t>) -> Self::Gradient {
        self.each_ref().map(|wrt| wrt.gradient(sweep))
    }
}

macro_rules! tuples {
    ($(($($name:ident $k:tt),+))+) => {$(
        impl<'t, $($name: Wrt<'t>),+> Wrt<'t> for ($($name,)+) {
            type Gradient = ($($name::Gradient,)+);

            fn nodes(&self, tape: &'t Tape, nodes: &mut Vec<NodeId>) -> Result<(), Failure> {
                $(self.$k.nodes(tape, nodes)?;)+
                Ok(())
            }

            fn gradient(&self, sweep: &mut Sweep<'t>) -> Self::Gradient {
                ($(self.$k.gradient(sweep),)+)
            }
        }
    )+};
}
tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) }
