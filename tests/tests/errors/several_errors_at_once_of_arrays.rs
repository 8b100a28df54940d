use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn f(x: &Array1<f64>) -> f64 {
    let a = x.sum().to_bits() as f64;
    let b = if a > 0.0 { x.sum() } else { a };
    let mut c = b;
    for _ in 0..3 {
        c += x.sum();
    }
    let d = c * 2.0 + x.sum().is_nan() as u8 as f64;
    println!("{d}");
    d
}

fn main() {}
