use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let mut s = x.sum();
    loop {
        s *= 2.0;
        break;
    }
    s
}

fn main() {}
