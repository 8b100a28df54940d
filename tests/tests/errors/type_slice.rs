use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>, w: &[f64]) -> f64 {
    x.sum() * w[0]
}

fn main() {}
