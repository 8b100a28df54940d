use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut pair = (x, x);
    pair.0 = 2.0 * x;
    pair.0
}

fn main() {}
