use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let Some(y) = x.mean() else {
        return 0.0;
    };
    y
}

fn main() {}
