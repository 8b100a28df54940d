use chainrule::differentiate;

fn without_cotangent(x: f64) -> (f64, f64) {
    (x * x, 2.0 * x)
}

#[differentiate(vjp = without_cotangent)]
fn square(x: f64) -> f64 {
    x * x
}

fn without_value(x: f64, y: f64) -> (f64, f64) {
    (y, x)
}

#[differentiate(partials = without_value)]
fn product(x: f64, y: f64) -> f64 {
    x * y
}

#[differentiate(vjp = unknown)]
fn cube(x: f64) -> f64 {
    x * x * x
}

fn main() {
    let _ = (square::grad(1.0), product::grad(1.0, 2.0), cube::grad(1.0));
}
