//! `dot` for vectors and matrices.

use ndarray::{Array1, Array2, ArrayView, Axis, Ix1, Ix2};

use super::array::{record, record_scalar};
use super::error::{Failure, TapeError, or_panic, shapes};
use super::graph::Pullback;
use super::operand::IntoVar;
use super::value::{Real, Value};
use super::var::{Var, same_tape};

/// The pairs of ranks ndarray's `dot` takes: vector and matrix in every combination.
///
/// ```
/// use chainrule::tape::{Dot, Tape, Value, Var};
/// use ndarray::array;
///
/// // x·(A·x) for whatever A allows it.
/// fn quadratic<'t, A, X>(a: Var<'t, A>, x: Var<'t, X>) -> Var<'t, <X as Dot<X>>::Output>
/// where
///     A: Dot<X, Output = X>,
///     X: Dot<X> + Value<Elem = A::Elem>,
/// {
///     x.dot(a.dot(x))
/// }
///
/// let tape = Tape::new();
/// let a = tape.constant(array![[2.0, 0.0], [0.0, 3.0]]);
/// let x = tape.var(array![1.0, 1.0]);
/// quadratic(a, x).backward();
/// assert_eq!(x.grad(), array![4.0, 6.0]);
/// ```
pub trait Dot<Right: Value>: Value {
    /// The product: a scalar for two vectors, else an array.
    type Output: Value<Elem = Self::Elem>;

    #[doc(hidden)]
    fn product<'t>(
        left: Var<'t, Self>,
        right: Var<'t, Right>,
    ) -> Result<Var<'t, Self::Output>, Failure>;
}

impl<'t, T: Value> Var<'t, T> {
    /// The product of vectors and matrices, as ndarray's `dot`; two vectors give a scalar.
    ///
    /// Derivatives, with the cotangent c: c yᵀ by x and xᵀ c by y.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let w = tape.var(array![1.0, 1.0]);
    /// let y = x.dot(w);
    /// y.sum().backward();
    /// assert_eq!(y.value(), array![3.0, 7.0]);
    /// assert_eq!(w.grad(), array![4.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If the operands live on two tapes or the inner lengths differ; see [`Var::try_dot`].
    #[track_caller]
    #[must_use]
    pub fn dot<R: IntoVar<'t>>(self, right: R) -> Var<'t, T::Output>
    where
        T: Dot<R::Value>,
    {
        let right = right.into_var(self.home());
        or_panic(same_tape(self.tape, right.tape, "dot").and_then(|_| T::product(self, right)))
    }

    /// [`Var::dot`], or an error where that panics.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert!(x.try_dot(array![1.0, 2.0, 3.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`TapeError::ForeignTape`] for operands of two tapes, [`TapeError::Shapes`] if the inner
    /// lengths differ.
    pub fn try_dot<R: IntoVar<'t>>(self, right: R) -> Result<Var<'t, T::Output>, TapeError>
    where
        T: Dot<R::Value>,
    {
        let right = right.into_var(self.home());
        same_tape(self.tape, right.tape, "dot")
            .and_then(|_| T::product(self, right))
            .map_err(|error| *error)
    }
}

/// An error unless the axes summed over have one length.
fn check(left: &[usize], right: &[usize]) -> Result<(), Failure> {
    if left.last() == right.first() {
        return Ok(());
    }
    Err(shapes("dot", left, right))
}

/// `outer` and `scaled` for variables: the rules below read the same on arrays and on the tape.
mod recorded {
    use super::{Array1, Array2, Axis, Real, Var};

    pub(super) fn outer<'t, F: Real>(
        a: Var<'t, Array1<F>>,
        b: Var<'t, Array1<F>>,
    ) -> Var<'t, Array2<F>> {
        a.insert_axis(Axis(1)) * b
    }

    pub(super) fn scaled<'t, F: Real>(a: Var<'t, Array1<F>>, ct: Var<'t, F>) -> Var<'t, Array1<F>> {
        a * ct
    }
}

/// `outer` and `scaled` for arrays.
mod plain {
    use super::{Array1, Array2, ArrayView, Axis, Ix1, Real};

    /// a bᵀ.
    pub(super) fn outer<F: Real>(a: ArrayView<'_, F, Ix1>, b: ArrayView<'_, F, Ix1>) -> Array2<F> {
        &a.insert_axis(Axis(1)) * &b
    }

    pub(super) fn scaled<F: Real>(a: ArrayView<'_, F, Ix1>, ct: F) -> Array1<F> {
        a.mapv(|a| ct * a)
    }
}

/// Each pair of ranks: the cotangent of the left operand and that of the right.
macro_rules! products {
    ($($left:ident $right:ident -> $output:ty, $record:ident, $cotangent:ident,
        |$ct:ident, $x:ident, $y:ident| $to_left:expr, $to_right:expr;)+) => {$(
        impl<F: Real> Dot<$right<F>> for $left<F> {
            type Output = $output;

            fn product<'t>(
                left: Var<'t, Self>,
                right: Var<'t, $right<F>>,
            ) -> Result<Var<'t, $output>, Failure> {
                let ($x, $y) = (left.data(), right.data());
                check($x.shape(), $y.shape())?;
                let value = $x.dot(&$y);
                let (left_node, right_node) = (left.node, right.node);
                let operands = (left.handle(), right.handle());
                let tracked = left_node.is_tracked() || right_node.is_tracked();
                let pullback: Pullback = Box::new(move |ct, sink| {
                    #[allow(unused_imports, reason = "a product of two matrices needs neither")]
                    use plain::{outer, scaled};
                    let $ct = $cotangent!(ct);
                    if left_node.is_tracked() {
                        sink.add_array(left_node, $to_left);
                    }
                    if right_node.is_tracked() {
                        sink.add_array(right_node, $to_right);
                    }
                });
                let z = $record(left.home(), value.into(), tracked.then_some(pullback));
                Ok(z.replayed(&[left_node, right_node], move |sweep, _, $ct| {
                    #[allow(unused_imports, reason = "a product of two matrices needs neither")]
                    use recorded::{outer, scaled};
                    let $x: Var<'_, Self> = operands.0.on(sweep.tape);
                    let $y: Var<'_, $right<F>> = operands.1.on(sweep.tape);
                    if sweep.needs(left_node) {
                        sweep.add(left_node, $to_left);
                    }
                    if sweep.needs(right_node) {
                        sweep.add(right_node, $to_right);
                    }
                    Ok(())
                }))
            }
        }
    )+};
}

macro_rules! scalar {
    ($ct:ident) => {
        $ct.scalar::<F>()
    };
}

macro_rules! vector {
    ($ct:ident) => {
        $ct.array::<F, Ix1>()
    };
}

macro_rules! matrix {
    ($ct:ident) => {
        $ct.array::<F, Ix2>()
    };
}

products! {
    Array1 Array1 -> F, record_scalar, scalar, |ct, x, y| scaled(y.view(), ct), scaled(x.view(), ct);
    Array2 Array1 -> Array1<F>, record, vector, |ct, x, y| outer(ct.view(), y.view()), x.t().dot(ct);
    Array1 Array2 -> Array1<F>, record, vector, |ct, x, y| y.dot(ct), outer(x.view(), ct.view());
    Array2 Array2 -> Array2<F>, record, matrix, |ct, x, y| ct.dot(&y.t()), x.t().dot(ct);
}
