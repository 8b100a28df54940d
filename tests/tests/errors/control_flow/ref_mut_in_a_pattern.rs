use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut pair = (x, 1.0);
    let (ref mut first, _) = pair;
    *first *= x;
    pair.0
}

fn main() {}
