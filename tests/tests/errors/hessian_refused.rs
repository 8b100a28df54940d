use chainrule::differentiate;

#[derive(chainrule::Differentiable, Clone)]
struct Line {
    slope: f64,
}

#[differentiate(hessian)]
fn of_a_vector(x: [f64; 2]) -> [f64; 2] {
    [x[0] * x[1], x[0]]
}

#[differentiate(hessian)]
fn in_place(x: &mut [f64]) -> f64 {
    x[0] *= x[1];
    x[0]
}

#[differentiate(hessian)]
fn counts(x: f64, calls: &mut usize) -> f64 {
    *calls += 1;
    x * x
}

#[differentiate(hessian)]
fn of_a_struct(line: &Line, x: f64) -> f64 {
    line.slope * x * x
}

#[differentiate(hessian)]
fn of_two_floats(x: f64, y: f32) -> f64 {
    x * x * y as f64
}

#[differentiate(hessian(banded))]
fn sparse(x: &[f64]) -> f64 {
    x[0] * x[1]
}

fn main() {
    let _ = of_a_struct::hessian(&Line { slope: 1.0 }, 2.0);
}
