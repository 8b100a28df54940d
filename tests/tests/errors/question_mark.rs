use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> Option<f64> {
    let y = x.mean()?;
    Some(y * y)
}

fn main() {}
