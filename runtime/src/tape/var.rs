//! A value on a tape.

use std::fmt;

use super::Tape;
use super::error::{Failure, TapeError, or_panic};
use super::graph::NodeId;
use super::value::{Real, Value};

/// A value on a tape: a float or an array, and where it was recorded.
///
/// `Var` is `Copy`. Its methods are those of `T`; see [the module](super) for what each does
/// where it is not smooth.
///
/// ```
/// use chainrule::tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var(0.5_f64);
/// let y = x.sin() * x;
/// y.backward();
/// assert_eq!(y.value(), 0.5_f64.sin() * 0.5);
/// assert!((x.grad() - (0.5_f64.sin() + 0.5 * 0.5_f64.cos())).abs() < 1e-15);
/// ```
pub struct Var<'t, T: Value> {
    /// None for scalar constants that stand on no tape and go with every one.
    pub(super) tape: Option<&'t Tape>,
    /// `NodeId::NONE` for constants.
    pub(super) node: NodeId,
    pub(super) slot: T::Slot,
}

impl<T: Value> Clone for Var<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Value> Copy for Var<'_, T> {}

impl<T: Value> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Var")
            .field("value", &self.value())
            .field("requires_grad", &self.requires_grad())
            .finish()
    }
}

impl<F: Real> fmt::Display for Var<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.slot, f)
    }
}

impl<F: Real> fmt::LowerExp for Var<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerExp::fmt(&self.slot, f)
    }
}

impl<F: Real> fmt::UpperExp for Var<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::UpperExp::fmt(&self.slot, f)
    }
}

impl<'t, T: Value> Var<'t, T> {
    /// The value.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!((tape.var(3.0) * 2.0).value(), 6.0);
    /// ```
    #[must_use]
    pub fn value(self) -> T {
        T::read(self)
    }

    /// The gradient accumulated so far, zeros when there is none.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert_eq!(x.grad(), array![0.0, 0.0]);
    /// (x * x).sum().backward();
    /// assert_eq!(x.grad(), array![2.0, 4.0]);
    /// ```
    #[must_use]
    pub fn grad(self) -> T {
        T::gradient(self)
    }

    /// The tape it lives on.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(1.0);
    /// let half = x.tape().constant(0.5);
    /// assert_eq!((x * half).value(), 0.5);
    /// ```
    ///
    /// # Panics
    /// If it is a constant on no tape: one made by `From`, `Default`, or the sum of no elements.
    #[must_use]
    #[track_caller]
    pub fn tape(self) -> &'t Tape {
        self.home()
    }

    /// The tape of something that cannot be without: an array, or what is tracked.
    #[track_caller]
    pub(super) fn home(self) -> &'t Tape {
        match self.tape {
            Some(tape) => tape,
            None => panic!("a constant that stands on no tape: make it with `Tape::constant`"),
        }
    }

    /// Whether a derivative flows to it: it is a tracked variable or depends on one.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let (x, k) = (tape.var(1.0), tape.constant(2.0));
    /// assert!((x + k).requires_grad());
    /// assert!(!(k * k).requires_grad());
    /// ```
    #[must_use]
    pub fn requires_grad(self) -> bool {
        self.node.is_tracked()
    }

    /// The same value as a constant: no derivative flows through it.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// (x.detach() * x).backward();
    /// assert_eq!(x.grad(), 3.0);
    /// ```
    #[must_use]
    pub fn detach(self) -> Self {
        Self { node: NodeId::NONE, ..self }
    }

    /// Adds the gradient of this scalar to everything it depends on.
    ///
    /// An array of one element counts as a scalar. Nothing happens when it depends on no tracked
    /// variable.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// x.powi(2).backward();
    /// assert_eq!(x.grad(), 6.0);
    /// ```
    ///
    /// # Panics
    /// If it is an array of any other number of elements; see [`Var::try_backward`].
    #[track_caller]
    pub fn backward(self) {
        or_panic(T::backward(self));
    }

    /// [`Var::backward`], or an error where that panics.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert!(x.sin().try_backward().is_err());
    /// assert!(x.sin().sum().try_backward().is_ok());
    /// ```
    ///
    /// # Errors
    /// [`TapeError::NonScalar`] for an array that has not exactly one element.
    pub fn try_backward(self) -> Result<(), TapeError> {
        T::backward(self).map_err(|error| *error)
    }

    /// Adds the product of this cotangent with the Jacobian to everything the variable depends on.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// (x * x).backward_with(array![1.0, 10.0]);
    /// assert_eq!(x.grad(), array![2.0, 40.0]);
    /// ```
    ///
    /// # Panics
    /// If the cotangent has not the variable's shape; see [`Var::try_backward_with`].
    #[track_caller]
    pub fn backward_with(self, cotangent: T) {
        or_panic(T::backward_with(self, cotangent));
    }

    /// [`Var::backward_with`], or an error where that panics.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert!(x.try_backward_with(array![1.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`TapeError::CotangentShape`] if the cotangent has not the variable's shape.
    pub fn try_backward_with(self, cotangent: T) -> Result<(), TapeError> {
        T::backward_with(self, cotangent).map_err(|error| *error)
    }

    /// Sets this variable's gradient to zero.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let (x, y) = (tape.var(3.0), tape.var(4.0));
    /// (x * y).backward();
    /// x.zero_grad();
    /// assert_eq!((x.grad(), y.grad()), (0.0, 3.0));
    /// ```
    pub fn zero_grad(self) {
        if let Some(tape) = self.tape {
            tape.graph.borrow_mut().zero_gradient(self.node);
        }
    }
}

/// The tape on which both stand.
#[track_caller]
pub(super) fn or_same<'t>(
    a: Option<&'t Tape>,
    b: Option<&'t Tape>,
    operation: &'static str,
) -> Option<&'t Tape> {
    or_panic(same_tape(a, b, operation))
}

/// The tape of a result: the one on which both operands live, or the one that has any.
#[inline(always)]
pub(super) fn same_tape<'t>(
    a: Option<&'t Tape>,
    b: Option<&'t Tape>,
    operation: &'static str,
) -> Result<Option<&'t Tape>, Failure> {
    match (a, b) {
        (Some(a), Some(b)) if !std::ptr::eq(a, b) => {
            Err(Failure::new(TapeError::ForeignTape { operation }))
        }
        (a, b) => Ok(a.or(b)),
    }
}
