use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let n = (x * 3.0) as usize;
    let mut y = x;
    for _ in 0..n {
        y *= x;
    }
    y
}

fn main() {}
