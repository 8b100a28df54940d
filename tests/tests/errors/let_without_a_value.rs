use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let y;
    y = x.sum();
    y
}

fn main() {}
