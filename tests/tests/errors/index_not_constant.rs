use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>, n: usize) -> f64 {
    x[n / 2]
}

fn main() {}
