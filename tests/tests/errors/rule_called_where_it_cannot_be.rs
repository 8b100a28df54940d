use chainrule::differentiate;
use ndarray::Array1;

fn rule(x: f64, ct: f64) -> (f64, f64) {
    (x * x, 2.0 * x * ct)
}

#[differentiate(vjp = rule)]
fn square(x: f64) -> f64 {
    x * x
}

fn checked_rule(x: f64, ct: f64) -> Option<(f64, f64)> {
    Some((x * x, 2.0 * x * ct))
}

#[differentiate(vjp = checked_rule)]
fn checked(x: f64) -> Option<f64> {
    Some(x * x)
}

#[differentiate]
fn squares(x: &Array1<f64>) -> f64 {
    x.mapv(square).sum()
}

#[differentiate]
fn unwrapped(x: f64) -> f64 {
    checked(x).unwrap()
}

#[differentiate(tape)]
fn taped(x: f64) -> f64 {
    square(x) + x
}

fn rule_of_x(x: f64, _k: f64, ct: f64) -> (f64, f64) {
    (x * x, 2.0 * x * ct)
}

#[differentiate(vjp = rule_of_x, wrt(x))]
fn partly(x: f64, _k: f64) -> f64 {
    x * x
}

#[differentiate]
fn lost(x: f64) -> f64 {
    partly(x, x)
}

fn main() {}
