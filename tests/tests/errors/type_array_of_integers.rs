use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(_x: &Array1<i32>, y: f64) -> f64 {
    y
}

fn main() {}
