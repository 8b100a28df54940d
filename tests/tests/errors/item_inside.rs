use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    fn square(x: f64) -> f64 {
        x * x
    }
    square(x.sum())
}

fn main() {}
