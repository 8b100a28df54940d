use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>, n: i32) -> f64 {
    if n > 0 { x.sum() } else { -x.sum() }
}

fn main() {}
