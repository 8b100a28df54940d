use chainrule::differentiate;
use ndarray::Array3;

#[differentiate]
fn f(x: &Array3<f64>) -> f64 {
    x.sum()
}

fn main() {}
