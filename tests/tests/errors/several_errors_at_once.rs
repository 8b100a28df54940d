use chainrule::differentiate;

macro_rules! square {
    ($x:expr) => {
        $x * $x
    };
}

#[differentiate]
fn f(x: f64) -> f64 {
    static SCALE: f64 = 2.0;
    let a = x.to_bits() as f64;
    let mut b = if a > 0.0 { square!(x) } else { a };
    for _ in 0..3 {
        b += (2.0 * x) as i32 as f64;
    }
    let text = format!("{x}");
    text.len() as f64 * SCALE + b
}

fn main() {}
