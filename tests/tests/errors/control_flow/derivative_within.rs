use chainrule::differentiate;

#[differentiate]
fn g(x: f64, y: f64) -> f64 {
    x + y
}

#[differentiate]
fn f(x: f64) -> f64 {
    let (_, (_, slope)) = g::vjp(x, 1.0, 2.0);
    x * slope
}

fn main() {}
