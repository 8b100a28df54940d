use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: f64, w: &Array1<f64>) -> f64 {
    w[x as usize]
}

fn main() {}
