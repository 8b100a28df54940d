use chainrule::differentiate;

fn rule(x: f64, ct: f64) -> (f64, f64) {
    (x * x, 2.0 * x * ct)
}

#[differentiate(vjp)]
fn missing(x: f64) -> f64 {
    x * x
}

#[differentiate(vjp = rule, partials = rule)]
fn two(x: f64) -> f64 {
    x * x
}

#[differentiate(partials = rule, jvp = rule)]
fn twice_forward(x: f64) -> f64 {
    x * x
}

#[differentiate(jvp = rule, via = tape)]
fn by_tape(x: f64) -> f64 {
    x * x
}

#[differentiate(jvp = rule)]
fn in_place(x: &mut f64) {
    *x *= *x;
}

#[differentiate(jvp = 3)]
fn no_rule(x: f64) -> f64 {
    x * x
}

#[differentiate(vjp = rule, tape)]
fn taped(x: f64) -> f64 {
    x * x
}

#[differentiate(vjp = rule, pullback)]
fn pulled(x: f64) -> f64 {
    x * x
}

#[differentiate(partials = rule)]
fn array(x: f64) -> [f64; 2] {
    [x, x]
}

fn main() {}
