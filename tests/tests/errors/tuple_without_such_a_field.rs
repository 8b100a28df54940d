use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let pair = (x, x);
    pair.2
}

fn main() {}
