use chainrule::differentiate;
use ndarray::{Array1, Axis};

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    x.sum_axis(Axis(1)).sum()
}

fn main() {}
