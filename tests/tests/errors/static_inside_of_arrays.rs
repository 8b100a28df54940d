use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    static SCALE: f64 = 2.0;
    x.sum() * SCALE
}

fn main() {}
