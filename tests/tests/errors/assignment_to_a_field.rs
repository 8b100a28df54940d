use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let mut pair = (x.sum(), 1.0);
    pair.0 *= 2.0;
    pair.0
}

fn main() {}
