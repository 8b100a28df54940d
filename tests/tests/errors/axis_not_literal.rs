use chainrule::differentiate;
use ndarray::{Array2, Axis};

#[differentiate]
fn f(x: &Array2<f64>, n: usize) -> f64 {
    let axis = Axis(n);
    x.sum_axis(axis).sum()
}

fn main() {}
