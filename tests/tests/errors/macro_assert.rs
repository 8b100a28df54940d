use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    assert!(x.len() > 1);
    x.sum()
}

fn main() {}
