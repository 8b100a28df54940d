//! What can go wrong on a tape.

use thiserror::Error;

/// Why an operation on tape variables is impossible.
///
/// The `try_` forms ([`Var::try_backward`](super::Var::try_backward),
/// [`Var::try_add`](super::Var::try_add), [`Var::try_dot`](super::Var::try_dot), …) return it; the
/// plain forms and the operators panic with its message, as ndarray does.
///
/// ```
/// use chainrule::tape::{Tape, TapeError};
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let x = tape.var(array![1.0, 2.0]);
/// let error = (x * 2.0).try_backward().unwrap_err();
/// assert_eq!(error, TapeError::NonScalar { shape: vec![2] });
/// assert!(error.to_string().contains("backward_with"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TapeError {
    /// `backward` starts from a cotangent of one, which an array of several elements does not have.
    #[error(
        "backward on an array of shape {shape:?}: only a scalar has a gradient; reduce it first \
         (`sum`, `mean`) or give its cotangent with `backward_with`"
    )]
    NonScalar {
        /// The array's shape.
        shape: Vec<usize>,
    },
    /// Two variables in one operation live on different tapes.
    #[error("`{operation}` of variables of two tapes: create both on the same tape")]
    ForeignTape {
        /// The operation's name.
        operation: &'static str,
    },
    /// Two arrays whose shapes do not fit together.
    #[error("`{operation}` of arrays of shapes {left:?} and {right:?}: the shapes do not fit")]
    Shapes {
        /// The operation's name.
        operation: &'static str,
        /// The left array's shape.
        left: Vec<usize>,
        /// The right array's shape.
        right: Vec<usize>,
    },
    /// A gradient was asked by a constant.
    #[error("the gradient by a constant: make the variable with `Tape::var`")]
    Untracked,
    /// A derivative was entered as numbers, and cannot be differentiated again.
    #[error(
        "`{operation}` cannot be differentiated twice: its partial derivatives are numbers on the \
         tape, not variables"
    )]
    NotTwice {
        /// The operation's name.
        operation: &'static str,
    },
    /// A cotangent has not the shape of its variable.
    #[error("a cotangent of shape {found:?} for a variable of shape {expected:?}")]
    CotangentShape {
        /// The variable's shape.
        expected: Vec<usize>,
        /// The cotangent's shape.
        found: Vec<usize>,
    },
}

/// An error on its way out, boxed so that the results of scalar operations stay small.
pub(super) type Failure = Box<TapeError>;

/// Two shapes that do not fit.
pub(super) fn shapes(operation: &'static str, left: &[usize], right: &[usize]) -> Failure {
    Failure::new(TapeError::Shapes { operation, left: left.to_vec(), right: right.to_vec() })
}

/// The value, or a panic with the error's message at the caller's line.
#[inline(always)]
#[track_caller]
pub(super) fn or_panic<T>(result: Result<T, Failure>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => fail(&error),
    }
}

#[cold]
#[track_caller]
fn fail(error: &TapeError) -> ! {
    panic!("{error}")
}
