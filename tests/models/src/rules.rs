//! Functions whose derivatives are rules by hand.

use chainrule::differentiate;

fn softplus_partials(x: f64) -> (f64, f64) {
    (x.max(0.0) + (-x.abs()).exp().ln_1p(), 1.0 / (1.0 + (-x).exp()))
}

/// ln(1 + eˣ).
#[differentiate(partials = softplus_partials)]
pub fn softplus(x: f64) -> f64 {
    softplus_partials(x).0
}

/// Twice that.
#[differentiate]
pub fn doubled_softplus(x: f64) -> f64 {
    2.0 * softplus(x)
}

/// What is done to a number: data of a type that the macro does not know.
pub enum Steps {
    /// Multiplied.
    Scale(f64),
    /// Twice the same, and softened.
    Twice(Box<Steps>),
}

const SOFTENED: f64 = 0.5;

/// Does the steps.
#[differentiate(via = tape, wrt(x))]
pub fn steps(of: &Steps, x: f64) -> f64 {
    match of {
        Steps::Scale(factor) => *factor * x,
        Steps::Twice(inner) => softplus(steps(inner, steps(inner, x))) * SOFTENED,
    }
}
