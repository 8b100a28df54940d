use chainrule::differentiate;

#[differentiate]
fn broken(x: f64) -> f64 {
    x.to_bits() as f64
}

#[differentiate]
fn first(x: f64) -> f64 {
    broken(x) + 1.0
}

#[differentiate]
fn second(x: f64) -> f64 {
    first(x) * broken(x)
}

fn main() {}
