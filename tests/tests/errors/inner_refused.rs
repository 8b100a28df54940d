use chainrule::differentiate;

#[differentiate]
fn tower(x: f64, n: usize) -> f64 {
    if n == 0 { x } else { tower(x.sin(), n - 1) * x }
}

#[differentiate]
fn of_a_tower(x: f64) -> f64 {
    tower::grad(x, 3)
}

#[differentiate]
fn around(x: f64) -> f64 {
    by_rule(x) * x
}

#[differentiate]
fn of_what_calls_a_rule(x: f64) -> f64 {
    around::grad(x)
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
