use chainrule::differentiate;

fn partials(x: f64) -> (f64, f64) {
    (x * x, 2.0 * x)
}

/// Second derivatives are those of the rule, which has none.
#[differentiate(partials = partials, hvp)]
fn square(x: f64) -> f64 {
    x * x
}

fn main() {}
