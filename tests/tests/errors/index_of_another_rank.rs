use chainrule::differentiate;
use ndarray::Array2;

#[differentiate]
fn f(x: &Array2<f64>) -> f64 {
    x[0]
}

fn main() {}
