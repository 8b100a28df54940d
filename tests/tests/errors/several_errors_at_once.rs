use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let a = x.to_bits() as f64;
    let b = if a > 0.0 { x } else { a };
    let mut c = b;
    for _ in 0..3 {
        c += x;
    }
    let d = c * 2.0 + x.is_nan() as u8 as f64;
    println!("{d}");
    d
}

fn main() {}
