use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut y = x;
    let p = &raw mut y;
    y *= 2.0;
    let _ = p;
    y
}

fn main() {}
