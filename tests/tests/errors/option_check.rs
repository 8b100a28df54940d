use chainrule::{Differentiable, differentiate};

#[derive(Clone, Differentiable)]
struct Line {
    slope: f64,
}

#[differentiate(check)]
fn of_a_struct(line: &Line, x: f64) -> f64 {
    line.slope * x
}

#[differentiate(check(z = 1.0))]
fn of_another_name(x: f64) -> f64 {
    x
}

#[differentiate(check)]
fn of_a_vector(x: f64) -> Vec<f64> {
    vec![x, x]
}

#[differentiate]
impl Line {
    #[differentiate(check)]
    fn at(&self, x: f64) -> f64 {
        self.slope * x
    }
}

fn main() {}
