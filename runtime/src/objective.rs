//! A scalar function with its gradient, as trainers and checks take it.

use crate::Differentiable;

/// A function of inputs (held constant) and parameters (differentiated) with a scalar value.
///
/// `#[differentiate]` implements it for the struct that stands beside every function with a
/// scalar result: `Params` are the `wrt` parameters as owned values (one: itself; several: the
/// tuple in parameter order), `Inputs` are all others as the function takes them (none: `()`; one:
/// itself; several: the tuple).
pub trait Objective {
    /// The parameters that are held constant, as the function takes them.
    type Inputs<'a>;
    /// The differentiated parameters, owned.
    type Params: Differentiable;

    /// The function's value.
    fn value(
        &self,
        inputs: Self::Inputs<'_>,
        params: &Self::Params,
    ) -> <Self::Params as Differentiable>::Scalar;

    /// The function's value; `grad` is overwritten with the gradient by the parameters.
    fn value_and_grad_into(
        &self,
        inputs: Self::Inputs<'_>,
        params: &Self::Params,
        grad: &mut Self::Params,
    ) -> <Self::Params as Differentiable>::Scalar;

    /// Value and gradient by the run-time tape, where the objective has one
    /// (`#[differentiate(tape)]`).
    fn tape_value_and_grad(
        &self,
        _inputs: Self::Inputs<'_>,
        _params: &Self::Params,
    ) -> Option<(<Self::Params as Differentiable>::Scalar, Self::Params)> {
        None
    }
}
