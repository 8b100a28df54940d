use chainrule::differentiate;
use ndarray::ArrayD;

#[differentiate]
fn f(x: &ArrayD<f64>) -> f64 {
    x.sum()
}

fn main() {}
