use chainrule::differentiate;
use ndarray::Array1;

#[differentiate(pullback)]
fn double(x: &Array1<f64>) -> Array1<f64> {
    x * 2.0
}

fn main() {}
