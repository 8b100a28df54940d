//! What is taken from a value whose type chainrule does not know, where it would have to.

use chainrule::{Differentiable, differentiate};

#[derive(Clone, Debug, Differentiable)]
struct Weights {
    list: [f64; 3],
}

struct Table(Vec<f64>);

impl Table {
    fn row(&self) -> &[f64] {
        &self.0
    }
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

#[differentiate(wrt(x))]
fn of_a_method(table: &Table, x: f64) -> f64 {
    table.row().iter().map(|a| a * x).sum::<f64>()
}

#[differentiate(wrt(x))]
fn of_a_variable(table: &Table, x: f64) -> f64 {
    let row = table.row();
    row.iter().map(|a| a * x).sum::<f64>()
}

fn main() {}
