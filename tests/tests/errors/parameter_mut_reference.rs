use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &mut Array1<f64>) -> f64 {
    x.sum()
}

fn main() {}
