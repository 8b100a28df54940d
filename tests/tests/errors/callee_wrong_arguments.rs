use chainrule::differentiate;

#[differentiate]
fn product(x: f64, y: f64) -> f64 {
    x * y
}

#[differentiate]
fn f(x: f64) -> f64 {
    product(x)
}

fn main() {}
