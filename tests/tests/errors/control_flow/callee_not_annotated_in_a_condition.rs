use chainrule::differentiate;

fn is_large(x: f64) -> bool {
    x > 10.0
}

#[differentiate]
fn f(x: f64) -> f64 {
    let mut y = x;
    while !is_large(y) {
        y *= 2.0;
    }
    y
}

fn main() {}
