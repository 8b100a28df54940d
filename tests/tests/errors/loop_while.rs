use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>, n: i32) -> f64 {
    let (mut s, mut k) = (x.sum(), n);
    while k > 0 {
        s *= 2.0;
        k -= 1;
    }
    s
}

fn main() {}
