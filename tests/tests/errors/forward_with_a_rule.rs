use chainrule::differentiate;

#[differentiate(vjp = rule, jvp, hessian)]
fn f(x: f64) -> f64 {
    x * x
}

fn rule(x: f64, cotangent: f64) -> (f64, f64) {
    (x * x, cotangent * 2.0 * x)
}

fn main() {}
