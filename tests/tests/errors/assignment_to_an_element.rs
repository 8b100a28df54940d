use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let mut y = x.to_owned();
    y[0] = 2.0;
    y.sum()
}

fn main() {}
