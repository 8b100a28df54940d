use chainrule::differentiate;

#[differentiate]
fn even(x: f64) -> f64 {
    odd(x) * x
}

#[differentiate]
fn odd(x: f64) -> f64 {
    even(x) + x
}

fn main() {}
