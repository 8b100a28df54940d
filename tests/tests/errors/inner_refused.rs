use chainrule::differentiate;

#[differentiate]
fn product(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for e in x {
        p *= e.sin();
    }
    p
}

#[differentiate]
fn of_a_running_product(x: &[f64]) -> f64 {
    product::grad(x)[0]
}

#[differentiate(vjp = rule)]
fn by_rule(x: f64) -> f64 {
    x * x
}

fn rule(x: f64, ct: f64) -> (f64, f64) {
    (x * x, 2.0 * x * ct)
}

#[differentiate]
fn of_a_rule(x: f64) -> f64 {
    by_rule::grad(x)
}

#[differentiate]
fn maybe(x: f64) -> Option<f64> {
    (x > 0.0).then(|| x.sqrt())
}

#[differentiate]
fn of_an_option(x: f64) -> f64 {
    maybe::grad(x).unwrap()
}

#[differentiate]
fn own(x: f64) -> f64 {
    if x > 1.0 { own::grad(x - 1.0) } else { x * x }
}

#[differentiate]
fn by_vjp(x: f64) -> f64 {
    maybe::vjp(x, 1.0).unwrap().1
}

#[differentiate]
fn square(x: f64) -> f64 {
    x * x
}

#[differentiate(tape)]
fn taped(x: f64) -> f64 {
    square::grad(x)
}

fn main() {}
