//! A closure as an objective.

use crate::{Differentiable, Objective};
use ndarray::{Array1, Array2};
use std::marker::PhantomData;

/// An objective from a closure of a batch's features and targets, the parameters and the gradient,
/// which overwrites the gradient and returns the value.
///
/// For what `#[differentiate]` does not write: a gradient by hand, by the tape, or from elsewhere.
///
/// ```
/// use chainrule::Objective;
/// use chainrule::train::FnObjective;
/// use ndarray::{Array1, Array2, array};
///
/// // The mean of (w - y)².
/// let objective = FnObjective::new(
///     |_: &Array2<f64>, y: &Array1<f64>, w: &f64, grad: &mut f64| {
///         let n = y.len() as f64;
///         *grad = 2.0 * (w - y.sum() / n);
///         y.iter().map(|y| (w - y).powi(2)).sum::<f64>() / n
///     },
/// );
/// let (x, y) = (array![[0.0], [0.0]], array![1.0, 3.0]);
/// let mut grad = 0.0;
/// assert_eq!(objective.value_and_grad_into((&x, &y), &5.0, &mut grad), 10.0);
/// assert_eq!(grad, 6.0);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FnObjective<P, V> {
    value_and_grad_into: V,
    params: PhantomData<fn(&P)>,
}

impl<P, V> FnObjective<P, V>
where
    P: Differentiable,
    V: Fn(&Array2<P::Scalar>, &Array1<P::Scalar>, &P, &mut P) -> P::Scalar,
{
    /// The objective of a closure `|x, y, params, grad| value`.
    ///
    /// ```
    /// use chainrule::train::FnObjective;
    /// use ndarray::{Array1, Array2};
    /// let _zero = FnObjective::new(
    ///     |_: &Array2<f32>, _: &Array1<f32>, _: &f32, grad: &mut f32| {
    ///         *grad = 0.0;
    ///         0.0
    ///     },
    /// );
    /// ```
    pub fn new(value_and_grad_into: V) -> Self {
        FnObjective { value_and_grad_into, params: PhantomData }
    }
}

impl<P, V> Objective for FnObjective<P, V>
where
    P: Differentiable,
    V: Fn(&Array2<P::Scalar>, &Array1<P::Scalar>, &P, &mut P) -> P::Scalar,
{
    type Inputs<'a> = (&'a Array2<P::Scalar>, &'a Array1<P::Scalar>);
    type Params = P;

    fn value(&self, (x, y): Self::Inputs<'_>, params: &P) -> P::Scalar {
        (self.value_and_grad_into)(x, y, params, &mut params.zeros_like())
    }

    #[inline]
    fn value_and_grad_into(&self, (x, y): Self::Inputs<'_>, params: &P, grad: &mut P) -> P::Scalar {
        (self.value_and_grad_into)(x, y, params, grad)
    }
}
