use chainrule::differentiate;
use chainrule::ndarray::Array1;

#[differentiate(vjp_jvp)]
fn of_an_array(x: &Array1<f64>) -> f64 {
    x.sum()
}

#[differentiate(vjp_jvp)]
fn of_an_option(x: f64) -> Option<f64> {
    (x > 0.0).then(|| x.sqrt())
}

#[differentiate(vjp_jvp, vjp = rule)]
fn by_a_rule(x: f64) -> f64 {
    x * x
}

fn rule(x: f64, ct: f64) -> (f64, f64) {
    (x * x, 2.0 * x * ct)
}

fn main() {}
