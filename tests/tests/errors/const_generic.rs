use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f<const N: usize>(x: &Array1<f64>) -> f64 {
    x.sum() * N as f64
}

fn main() {}
