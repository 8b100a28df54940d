use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let mut s = 0.0;
    for e in x {
        s += e * e;
    }
    s
}

fn main() {}
