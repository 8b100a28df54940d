use chainrule::differentiate;

#[derive(chainrule::Differentiable, Clone)]
struct Line {
    slope: f64,
}

#[differentiate(jacobian)]
fn of_a_float(x: [f64; 2]) -> f64 {
    x[0] * x[1]
}

#[differentiate(jacobian)]
fn in_place(x: &mut [f64]) -> [f64; 2] {
    x[0] *= x[1];
    [x[0], x[1]]
}

#[differentiate(jacobian)]
fn returns_a_struct(x: f64) -> Line {
    Line { slope: x }
}

#[differentiate(jacobian)]
fn of_a_struct(line: &Line, x: f64) -> [f64; 2] {
    [line.slope * x, x]
}

#[differentiate(jacobian)]
fn counts(x: f64) -> (f64, usize) {
    (x * x, 2)
}

#[differentiate(jacobian(banded))]
fn sparse(x: &[f64]) -> Vec<f64> {
    x.to_vec()
}

fn main() {
    let _ = of_a_struct::jacobian(&Line { slope: 1.0 }, 2.0);
}
