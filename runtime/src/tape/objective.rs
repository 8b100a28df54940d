//! The tape's derivative in the place of the macro's.

use crate::{Differentiable, Objective};

/// An objective whose [`Objective::tape_value_and_grad`] is there: it always returns `Some`.
///
/// `#[differentiate(tape)]` implements it; so may a hand-written objective.
///
/// ```
/// use chainrule::Objective;
/// use chainrule::tape::{HasTape, Tape};
///
/// /// x³.
/// #[derive(Default)]
/// struct Cube;
///
/// impl Objective for Cube {
///     type Inputs<'a> = ();
///     type Params = f64;
///
///     fn value(&self, _: (), x: &f64) -> f64 {
///         x * x * x
///     }
///
///     fn value_and_grad_into(&self, _: (), x: &f64, grad: &mut f64) -> f64 {
///         *grad = 3.0 * x * x;
///         x * x * x
///     }
///
///     fn tape_value_and_grad(&self, _: (), x: &f64) -> Option<(f64, f64)> {
///         let tape = Tape::new();
///         let x = tape.var(*x);
///         let y = x * x * x;
///         y.backward();
///         Some((y.value(), x.grad()))
///     }
/// }
///
/// impl HasTape for Cube {}
/// ```
pub trait HasTape: Objective {}

/// An objective with the tape's derivative: takes the place of `O` in a trainer.
///
/// ```
/// # use chainrule::Objective;
/// # use chainrule::tape::{ByTape, HasTape, Tape};
/// # #[derive(Default)]
/// # struct Cube;
/// # impl Objective for Cube {
/// #     type Inputs<'a> = ();
/// #     type Params = f64;
/// #     fn value(&self, _: (), x: &f64) -> f64 { x * x * x }
/// #     fn value_and_grad_into(&self, _: (), x: &f64, grad: &mut f64) -> f64 {
/// #         *grad = f64::NAN;
/// #         x * x * x
/// #     }
/// #     fn tape_value_and_grad(&self, _: (), x: &f64) -> Option<(f64, f64)> {
/// #         let tape = Tape::new();
/// #         let x = tape.var(*x);
/// #         let y = x * x * x;
/// #         y.backward();
/// #         Some((y.value(), x.grad()))
/// #     }
/// # }
/// # impl HasTape for Cube {}
/// let objective = ByTape::<Cube>::default();
/// let mut grad = 0.0;
/// assert_eq!(objective.value_and_grad_into((), &2.0, &mut grad), 8.0);
/// assert_eq!(grad, 12.0);
/// ```
///
/// An objective without a tape does not fit:
///
/// ```compile_fail,E0277
/// # use chainrule::Objective;
/// # use chainrule::tape::ByTape;
/// # #[derive(Default)]
/// # struct NoTape;
/// # impl Objective for NoTape {
/// #     type Inputs<'a> = ();
/// #     type Params = f64;
/// #     fn value(&self, _: (), x: &f64) -> f64 { *x }
/// #     fn value_and_grad_into(&self, _: (), x: &f64, grad: &mut f64) -> f64 { *grad = 1.0; *x }
/// # }
/// fn trained(_: impl Objective) {}
/// trained(ByTape::<NoTape>::default());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ByTape<O>(O);

impl<O: HasTape> ByTape<O> {
    /// This objective, differentiated by the tape.
    ///
    /// ```
    /// # use chainrule::tape::{ByTape, HasTape};
    /// fn by_tape<O: HasTape>(objective: O) -> ByTape<O> {
    ///     ByTape::new(objective)
    /// }
    /// ```
    pub const fn new(objective: O) -> Self {
        Self(objective)
    }
}

impl<O: HasTape> Objective for ByTape<O> {
    type Inputs<'a> = O::Inputs<'a>;
    type Params = O::Params;

    fn value(
        &self,
        inputs: Self::Inputs<'_>,
        params: &Self::Params,
    ) -> <Self::Params as Differentiable>::Scalar {
        self.0.value(inputs, params)
    }

    /// # Panics
    /// If the objective breaks the promise of [`HasTape`], or a buffer has the wrong length.
    fn value_and_grad_into(
        &self,
        inputs: Self::Inputs<'_>,
        params: &Self::Params,
        grad: &mut Self::Params,
    ) -> <Self::Params as Differentiable>::Scalar {
        let (value, taped) = self
            .0
            .tape_value_and_grad(inputs, params)
            .expect("an objective that is `HasTape` has a `tape_value_and_grad`");
        grad.zip_leaves_mut(&taped, &mut |into: &mut [_], from: &[_]| into.copy_from_slice(from));
        value
    }

    fn tape_value_and_grad(
        &self,
        inputs: Self::Inputs<'_>,
        params: &Self::Params,
    ) -> Option<(<Self::Params as Differentiable>::Scalar, Self::Params)> {
        self.0.tape_value_and_grad(inputs, params)
    }
}

impl<O: HasTape> HasTape for ByTape<O> {}
