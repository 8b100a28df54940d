use chainrule::differentiate;

fn rule(x: f64, cotangent: f64) -> (f64, f64) {
    (x * x, cotangent * 2.0 * x)
}

fn partials(x: f64) -> (f64, f64) {
    (x * x, 2.0 * x)
}

#[differentiate(vjp = rule, jvp, hessian)]
fn f(x: f64) -> f64 {
    x * x
}

#[differentiate(vjp = rule)]
fn backwards(x: f64) -> f64 {
    x * x
}

#[differentiate(partials = partials, jacobian)]
fn both_ways(x: f64) -> f64 {
    x * x
}

#[differentiate(jvp)]
fn calls(x: f64) -> f64 {
    backwards(x) * x
}

#[differentiate(jacobian)]
fn calls_for_several(x: f64) -> [f64; 2] {
    [backwards(x), x]
}

#[differentiate(hvp)]
fn calls_for_second_derivatives(x: f64) -> f64 {
    backwards(x) * x
}

#[differentiate(hessian)]
fn calls_partials_for_second_derivatives(x: f64) -> f64 {
    both(x) * x
}

#[differentiate(partials = partials)]
fn both(x: f64) -> f64 {
    x * x
}

/// A rule for tangents that has no tangent.
#[differentiate(jvp = partials)]
fn of_another_type(x: f64) -> f64 {
    x * x
}

fn main() {}
