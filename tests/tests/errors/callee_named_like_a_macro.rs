use chainrule::differentiate;

#[differentiate]
fn line(x: f64) -> f64 {
    2.0 * x + 1.0
}

#[differentiate]
fn f(x: f64) -> f64 {
    line(x)
}

fn main() {}
