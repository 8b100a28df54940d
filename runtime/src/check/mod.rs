//! A gradient check for users: the gradient against the tape and against differences of the value.
//!
//! ```
//! use chainrule::Objective;
//! use chainrule::check::check_grad;
//!
//! /// (x − a)².
//! #[derive(Default)]
//! struct Distance;
//!
//! impl Objective for Distance {
//!     type Inputs<'a> = f64;
//!     type Params = f64;
//!
//!     fn value(&self, a: f64, x: &f64) -> f64 {
//!         (x - a) * (x - a)
//!     }
//!
//!     fn value_and_grad_into(&self, a: f64, x: &f64, grad: &mut f64) -> f64 {
//!         *grad = 2.0 * (x - a);
//!         (x - a) * (x - a)
//!     }
//! }
//!
//! let report = check_grad::<Distance>(1.0, &3.0).unwrap();
//! assert_eq!(report.rows()[0].gradient, 4.0);
//! ```
//!
//! A function under `#[differentiate]` is such an objective by its own name. [`check_rule`] checks
//! a derivative by hand.

mod difference;
mod report;
mod rule;
mod sampled;

pub use difference::Difference;
pub use report::{GradMismatch, GradReport, Row, Verdict};
pub use rule::check_rule;
#[doc(hidden)]
pub use sampled::{Numbers, SAMPLES, Sampled};

use num_traits::{Float, ToPrimitive};

use crate::{Differentiable, Objective};

/// Checks the gradient of `O` at one point, with the tolerances [`CheckGrad`] starts from.
///
/// ```
/// # use chainrule::Objective;
/// # use chainrule::check::check_grad;
/// /// x³ with a gradient that is wrong.
/// #[derive(Default)]
/// struct Wrong;
///
/// impl Objective for Wrong {
///     type Inputs<'a> = ();
///     type Params = f64;
/// #
/// #   fn value(&self, _: (), x: &f64) -> f64 { x.powi(3) }
/// #
///     // …
///     fn value_and_grad_into(&self, _: (), x: &f64, grad: &mut f64) -> f64 {
///         *grad = 2.0 * x * x;
///         x.powi(3)
///     }
/// }
///
/// let mismatch = check_grad::<Wrong>((), &1.0).unwrap_err();
/// println!("{mismatch}"); // leaf, index, gradient 2, tape -, difference 3, …
/// assert_eq!(mismatch.report().worst().unwrap().gradient, 2.0);
/// ```
///
/// # Errors
/// [`GradMismatch`] when a partial derivative disagrees, when the value that comes with the
/// gradient is not the value, or when nothing could be checked.
pub fn check_grad<'a, O>(
    inputs: O::Inputs<'a>,
    params: &O::Params,
) -> Result<GradReport, GradMismatch>
where
    O: Objective + Default,
    O::Inputs<'a>: Clone,
{
    CheckGrad::<O>::new().run(inputs, params)
}

/// A gradient check with its tolerances.
///
/// For each scalar of each leaf of the parameters it compares three numbers:
/// - the gradient of [`Objective::value_and_grad_into`], whose buffer is filled with NaN before, so
///   that an element which is not overwritten shows;
/// - the tape's, where [`Objective::tape_value_and_grad`] has one;
/// - central differences of [`Objective::value`] in several steps, extrapolated to step zero
///   (Ridders, *Advances in Engineering Software* 4, 1982), with an estimate of their error.
///
/// Two numbers a and b agree when |a − b| ≤ tolerance · max(|a|, |b|, r), where r is the root mean
/// square of the leaf's gradient: rounding in a sum is relative to its terms, not to what cancels.
/// For differences twice their error estimate is added. Differences whose error is above a
/// twentieth of that maximum say nothing (a kink, noise, the edge of the domain); the scalar is
/// then checked by the tape alone, or reported as unchecked.
///
/// ```
/// # use chainrule::Objective;
/// use chainrule::check::CheckGrad;
/// # #[derive(Default)]
/// # struct Square;
/// # impl Objective for Square {
/// #     type Inputs<'a> = ();
/// #     type Params = f64;
/// #     fn value(&self, _: (), x: &f64) -> f64 { x * x }
/// #     fn value_and_grad_into(&self, _: (), x: &f64, grad: &mut f64) -> f64 {
/// #         *grad = 2.0 * x;
/// #         x * x
/// #     }
/// # }
///
/// let report = CheckGrad::<Square>::new().tolerance(1e-9).run((), &3.0).unwrap();
/// println!("{report}");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CheckGrad<O> {
    objective: O,
    tolerance: Option<f64>,
    tape_tolerance: Option<f64>,
}

impl<O: Objective + Default> CheckGrad<O> {
    /// A check of `O::default()`, which is what a differentiated function's name stands for.
    ///
    /// The tolerances depend on the parameters' float with its machine epsilon ε: ε^0.4 against
    /// differences (5.5e-7 for `f64`, 1.7e-3 for `f32`; the differences themselves are good to
    /// about ε^0.7) and √ε against the tape (1.5e-8, 3.5e-4; two exact derivatives differ by their
    /// sums' rounding only).
    ///
    /// ```
    /// # use chainrule::Objective;
    /// # use chainrule::check::CheckGrad;
    /// fn check<O: Objective + Default>() -> CheckGrad<O> {
    ///     CheckGrad::new()
    /// }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::of(O::default())
    }
}

impl<O: Objective + Default> Default for CheckGrad<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: Objective> CheckGrad<O> {
    /// A check of an objective that carries data.
    ///
    /// ```
    /// # use chainrule::Objective;
    /// # use chainrule::check::CheckGrad;
    /// fn check<O: Objective>(objective: O) -> CheckGrad<O> {
    ///     CheckGrad::of(objective)
    /// }
    /// ```
    #[must_use]
    pub fn of(objective: O) -> Self {
        Self { objective, tolerance: None, tape_tolerance: None }
    }

    /// The relative tolerance against differences.
    ///
    /// ```
    /// # use chainrule::Objective;
    /// # use chainrule::check::CheckGrad;
    /// fn strict<O: Objective + Default>() -> CheckGrad<O> {
    ///     CheckGrad::new().tolerance(1e-9)
    /// }
    /// ```
    #[must_use]
    pub fn tolerance(self, relative: f64) -> Self {
        Self { tolerance: Some(relative), ..self }
    }

    /// The relative tolerance against the tape, and between the values.
    ///
    /// ```
    /// # use chainrule::Objective;
    /// # use chainrule::check::CheckGrad;
    /// fn strict<O: Objective + Default>() -> CheckGrad<O> {
    ///     CheckGrad::new().tape_tolerance(1e-13)
    /// }
    /// ```
    #[must_use]
    pub fn tape_tolerance(self, relative: f64) -> Self {
        Self { tape_tolerance: Some(relative), ..self }
    }

    /// Runs the check at one point.
    ///
    /// It evaluates the objective some 30 times for each scalar of the parameters.
    ///
    /// ```
    /// # use chainrule::Objective;
    /// # use chainrule::check::CheckGrad;
    /// fn is_right<O>(objective: O, params: &O::Params) -> bool
    /// where
    ///     O: for<'a> Objective<Inputs<'a> = ()>,
    /// {
    ///     CheckGrad::of(objective).run((), params).is_ok()
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`check_grad`].
    pub fn run<'a>(
        &self,
        inputs: O::Inputs<'a>,
        params: &O::Params,
    ) -> Result<GradReport, GradMismatch>
    where
        O::Inputs<'a>: Clone,
    {
        let epsilon = wide(<Scalar<O>>::epsilon());
        let tolerance = self.tolerance.unwrap_or(epsilon.powf(0.4));
        let tape_tolerance = self.tape_tolerance.unwrap_or(epsilon.sqrt());

        let value = wide(self.objective.value(inputs.clone(), params));
        let mut gradient = params.zeros_like();
        gradient.for_each_leaf_mut(&mut |leaf| leaf.fill(Float::nan()));
        let with_gradient =
            wide(self.objective.value_and_grad_into(inputs.clone(), params, &mut gradient));
        let taped = self.objective.tape_value_and_grad(inputs.clone(), params);

        let gradient = leaves(&gradient);
        let points = leaves(params);
        let tape_gradient = taped.as_ref().map(|(_, gradient)| leaves(gradient));
        let mut rows = Vec::new();
        let mut moved = params.clone();
        for (leaf, (gradient, points)) in gradient.iter().zip(&points).enumerate() {
            let scale = root_mean_square(gradient);
            for (index, (&gradient, &point)) in gradient.iter().zip(points).enumerate() {
                let tape =
                    tape_gradient.as_ref().and_then(|leaves| leaves.get(leaf)?.get(index).copied());
                let difference = difference::differentiate(epsilon, point, value, |to| {
                    let to = <Scalar<O> as num_traits::NumCast>::from(to)?;
                    replace(&mut moved, leaf, index, to);
                    Some((wide(to), wide(self.objective.value(inputs.clone(), &moved))))
                });
                if let Some(original) = <Scalar<O> as num_traits::NumCast>::from(point) {
                    replace(&mut moved, leaf, index, original);
                }
                let mut row =
                    Row { leaf, index, gradient, tape, difference, verdict: Verdict::Unchecked };
                row.judge(tolerance, tape_tolerance, scale, value.abs() / point.abs().max(1.0));
                rows.push(row);
            }
        }
        let by_tape = taped.map(|(value, _)| wide(value));
        GradReport { value, with_gradient, by_tape, tape_tolerance, rows }.into_result()
    }
}

type Scalar<O> = <<O as Objective>::Params as Differentiable>::Scalar;

fn wide(scalar: impl ToPrimitive) -> f64 {
    scalar.to_f64().unwrap_or(f64::NAN)
}

fn leaves<P: Differentiable>(params: &P) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    params.for_each_leaf(&mut |leaf| all.push(leaf.iter().copied().map(wide).collect()));
    all
}

fn root_mean_square(leaf: &[f64]) -> f64 {
    let finite = || leaf.iter().filter(|partial| partial.is_finite());
    let largest = finite().fold(0.0_f64, |largest, partial| largest.max(partial.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let squares: f64 = finite().map(|partial| (partial / largest).powi(2)).sum();
    largest * (squares / leaf.len() as f64).sqrt()
}

fn replace<P: Differentiable>(params: &mut P, leaf: usize, index: usize, by: P::Scalar) {
    let mut current = 0;
    params.for_each_leaf_mut(&mut |scalars| {
        if current == leaf
            && let Some(scalar) = scalars.get_mut(index)
        {
            *scalar = by;
        }
        current += 1;
    });
}
