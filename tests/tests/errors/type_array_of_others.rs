use chainrule::differentiate;
use ndarray::{Array1, ArrayBase, Data, Dimension, Ix1};

#[differentiate]
fn names(x: f64, names: &Array1<String>) -> f64 {
    x * names.len() as f64
}

#[differentiate]
fn any_rank<D: Dimension>(x: &ndarray::Array<f64, D>) -> f64 {
    x.sum()
}

#[differentiate]
fn of_unknown_data<S: Data>(x: &ArrayBase<S, Ix1>) -> f64 {
    let _ = x;
    0.0
}

fn main() {}
