use chainrule::{Differentiable, differentiate};

#[derive(Clone, Differentiable)]
struct Line {
    slope: f64,
}

#[differentiate(recursive)]
fn of_structs(line: &Line, n: usize) -> f64 {
    if n == 0 { line.slope } else { of_structs(line, n - 1) }
}

#[differentiate(recursive)]
fn optional(x: f64, n: usize) -> Option<f64> {
    if n == 0 { Some(x) } else { None }
}

#[differentiate(recursive, tape)]
fn by_the_tape(x: f64) -> f64 {
    x * x
}

#[differentiate(recursive)]
fn called(x: f64) -> f64 {
    x * x
}

#[differentiate(tape)]
fn caller(x: f64) -> f64 {
    called(x) + x
}

fn main() {}
