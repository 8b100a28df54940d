//! Functions of model code.

use num_traits::Zero;

use crate::tape::number::{Functions, Number};
use crate::tape::rule::{Rule, rules};
use crate::tape::value::Real;

rules! {
    Relu "relu" exact (x) -> z { if x > F::zero() || x.is_nan() { x } else { F::zero() } }
        x: F::constant_around([x], |[x]| step(x));
    LeakyRelu "leaky_relu" (x, slope) -> z { if x > F::zero() { x } else { x * slope } }
        x: F::choose([x], |[x]| x > Zero::zero(), F::one, || slope),
        slope: F::choose([x], |[x]| x > Zero::zero(), F::zero, || x);
    Sigmoid "sigmoid" exact (x) -> z { logistic(x) } x: x.sigmoid() * (-x).sigmoid();
    Softplus "softplus" exact (x) -> z { if x > F::zero() { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() } }
        x: x.sigmoid();
    Silu "silu" exact (x) -> z { x * logistic(x) }
        x: x.sigmoid() * (F::one() + x * (-x).sigmoid());
    Gelu "gelu" exact (x) -> z { half::<F>() * x * (F::one() + inner(x).tanh()) }
        x: half::<F>() * (F::one() + inner(x).tanh()) + half::<F>() * x * slope(x);
}

/// 1 above 0, else 0.
fn step<F: Real>(x: F) -> F {
    if x > F::zero() { F::one() } else { F::zero() }
}

fn half<F: Number>() -> F {
    F::from_wide(0.5)
}

/// `(1 + tanh(x / 2)) / 2`, by the exponential of a number that is not positive.
fn logistic<F: Real>(x: F) -> F {
    if x >= F::zero() { (F::one() + (-x).exp()).recip() } else { x.exp() / (F::one() + x.exp()) }
}

fn inner<F: Number>(x: F) -> F {
    F::from_wide((2.0 / std::f64::consts::PI).sqrt()) * (x + F::from_wide(0.044_715) * x.powi(3))
}

/// The derivative of `tanh(inner(x))`.
fn slope<F: Number>(x: F) -> F {
    let sech = inner(x).cosh().recip();
    let inner = F::from_wide((2.0 / std::f64::consts::PI).sqrt())
        * (F::one() + F::from_wide(3.0 * 0.044_715) * x * x);
    F::choose([sech], |[sech]| sech == Zero::zero(), F::zero, || sech * sech * inner)
}
