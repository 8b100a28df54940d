//! What is taken from a value whose type chainrule does not know, where it would have to.

use chainrule::{Differentiable, differentiate};

#[derive(Clone, Debug, Differentiable)]
struct Weights {
    list: [f64; 3],
}

#[differentiate]
fn weighted<const N: usize>(weights: &[f64; N], x: f64) -> f64 {
    let mut s = 0.0;
    for k in 0..N {
        s += weights[k] * x;
    }
    s
}

#[differentiate(wrt(x))]
fn of_a_length(weights: &Weights, x: f64) -> f64 {
    weighted(&weights.list, x)
}

fn main() {}
