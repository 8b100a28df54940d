use chainrule::{Differentiable, differentiate};

#[derive(Clone, Copy, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

impl Line {
    fn at(&self, x: f64) -> f64 {
        self.slope * x + self.offset
    }
}

#[differentiate]
fn f(line: &Line, x: f64) -> f64 {
    line.at(x) * 2.0
}

fn main() {}
