use chainrule::differentiate;

struct Config {
    steps: Vec<f64>,
}

fn made() -> Config {
    Config { steps: vec![0.4, 0.5] }
}

#[differentiate]
fn by_a_reference(x: f64) -> f64 {
    let mut s = made();
    let steps = &mut s.steps;
    steps[1] *= 2.0;
    x * s.steps[1]
}

#[differentiate]
fn more_than_that(x: f64) -> f64 {
    let mut s = made();
    let mut sum = 0.0;
    for t in s.steps.iter_mut() {
        *t *= 2.0;
        sum += *t * x;
    }
    sum
}

#[differentiate]
fn in_a_closure(x: f64) -> f64 {
    let mut s = made();
    let mut sum = 0.0;
    s.steps.iter_mut().for_each(|t| sum += *t);
    sum * x
}

#[differentiate]
fn that_varies(x: f64) -> f64 {
    let mut s = made();
    for t in s.steps.iter_mut() {
        *t *= x;
    }
    s.steps[0]
}

fn main() {}
