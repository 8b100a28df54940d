//! A check of a rule by hand: the function and its rule as an objective.

use num_traits::{Float, NumCast};

use super::{CheckGrad, GradMismatch, GradReport};
use crate::{Differentiable, Objective};

/// Checks a rule by hand at one point, as [`check_grad`](super::check_grad) checks a function.
///
/// `rule` takes the parameters and the cotangent of the result, and returns value and gradient, as
/// the rule of `#[differentiate(vjp = rule)]` does. Results that are no floats are multiplied with
/// the cotangent and summed. The rule is tried with two cotangents, so that one that forgets its
/// cotangent is found, too; the report is that of the cotangent that fails, or of the first.
///
/// ```
/// use chainrule::check::check_rule;
///
/// let sinc = |x: &f64| x.sin() / x;
/// let rule = |x: &f64, ct: f64| (sinc(x), ct * (x.cos() - sinc(x)) / x);
/// check_rule(sinc, rule, &0.5).unwrap();
///
/// let wrong = |x: &f64, ct: f64| (sinc(x), ct * (x.cos() + sinc(x)) / x);
/// let mismatch = check_rule(sinc, wrong, &0.5).unwrap_err();
/// println!("{mismatch}"); // leaf, index, gradient, difference, …
/// ```
///
/// The rule of partial derivatives, of `partials = rule`, is one with `|x, ct| (y, ct * dy)`. What
/// stands beside a function that has its rule already is checked by its name:
/// `check_grad::<f>(inputs, &params)`.
///
/// # Errors
/// [`GradMismatch`] when a partial derivative disagrees, when the value of the rule is not that of
/// the function, or when nothing could be checked. Gradients of another shape than the parameters
/// show as NaN.
pub fn check_rule<P, R>(
    function: impl Fn(&P) -> R,
    rule: impl Fn(&P, R) -> (R, P),
    params: &P,
) -> Result<GradReport, GradMismatch>
where
    P: Differentiable,
    R: Differentiable<Scalar = P::Scalar>,
{
    let result = function(params);
    let seeded = |first: f64| Seeded {
        function: &function,
        rule: &rule,
        cotangent: cotangent(&result, first),
        params: std::marker::PhantomData,
    };
    let report = CheckGrad::of(seeded(1.0)).run((), params)?;
    CheckGrad::of(seeded(-0.75)).run((), params)?;
    Ok(report)
}

/// A cotangent of which no two parts are alike. The first is given.
fn cotangent<R: Differentiable>(result: &R, first: f64) -> R {
    let (mut cotangent, mut k) = (result.zeros_like(), 0.0);
    cotangent.for_each_leaf_mut(&mut |leaf| {
        for scalar in leaf {
            *scalar = NumCast::from(first * (1.0 + 0.5 * f64::sin(k))).unwrap_or_else(Float::nan);
            k += 1.0;
        }
    });
    cotangent
}

/// A function and its rule, the result multiplied with a cotangent.
struct Seeded<'r, F, G, P, R> {
    function: &'r F,
    rule: &'r G,
    cotangent: R,
    params: std::marker::PhantomData<P>,
}

impl<F, G, P, R> Seeded<'_, F, G, P, R>
where
    P: Differentiable,
    R: Differentiable<Scalar = P::Scalar>,
{
    /// NaN where the result has another shape than at first.
    fn product(&self, result: &R) -> P::Scalar {
        let (of_cotangent, of_result) = (flat(&self.cotangent), flat(result));
        if of_cotangent.iter().map(Vec::len).ne(of_result.iter().map(Vec::len)) {
            return Float::nan();
        }
        let pairs = of_cotangent.iter().flatten().zip(of_result.iter().flatten());
        pairs.fold(num_traits::zero(), |sum, (ct, y)| sum + *ct * *y)
    }
}

impl<F, G, P, R> Objective for Seeded<'_, F, G, P, R>
where
    F: Fn(&P) -> R,
    G: Fn(&P, R) -> (R, P),
    P: Differentiable,
    R: Differentiable<Scalar = P::Scalar>,
{
    type Inputs<'a> = ();
    type Params = P;

    fn value(&self, (): (), params: &P) -> P::Scalar {
        self.product(&(self.function)(params))
    }

    fn value_and_grad_into(&self, (): (), params: &P, grad: &mut P) -> P::Scalar {
        let (value, gradient) = (self.rule)(params, self.cotangent.clone());
        let gradient = flat(&gradient);
        let mut leaf = 0;
        grad.for_each_leaf_mut(&mut |to| {
            match gradient.get(leaf) {
                Some(from) if from.len() == to.len() => to.copy_from_slice(from),
                _ => to.fill(Float::nan()),
            }
            leaf += 1;
        });
        self.product(&value)
    }
}

/// The scalars, leaf by leaf.
fn flat<D: Differentiable>(of: &D) -> Vec<Vec<D::Scalar>> {
    let mut leaves = Vec::new();
    of.for_each_leaf(&mut |leaf| leaves.push(leaf.to_vec()));
    leaves
}
