use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>, scale: Option<f64>) -> f64 {
    x.sum() * scale.unwrap_or(1.0)
}

fn main() {}
