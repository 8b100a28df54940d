use chainrule::differentiate;

#[differentiate]
fn made(x: f64) -> f64 {
    let boxed = Box::new(x * x);
    *boxed * 2.0
}

#[differentiate]
fn changed(x: f64) -> f64 {
    let mut boxed = Box::new(0.0);
    *boxed += x;
    *boxed * 2.0
}

fn main() {}
