use chainrule::{Differentiable, differentiate};
use ndarray::Array1;
use num_traits::Float;

#[differentiate(via = graph)]
fn unknown(x: f64) -> f64 {
    x
}

#[differentiate(via = tape, tape)]
fn twice(x: f64) -> f64 {
    x
}

#[differentiate(via = tape)]
fn generic<T: Float>(x: T) -> T {
    x
}

#[differentiate(via = tape)]
fn in_place(x: &mut [f64], k: f64) -> f64 {
    x[0] *= k;
    x[0]
}

#[derive(Clone, Differentiable)]
struct Line {
    slope: f64,
}

#[differentiate(via = tape)]
fn makes_a_struct(slope: f64) -> Line {
    Line { slope }
}

#[differentiate(via = tape)]
fn closure(g: &dyn Fn(f64) -> f64, x: f64) -> f64 {
    g(x)
}

#[differentiate]
fn scaled(x: &Array1<f64>, k: f64) -> Array1<f64> {
    x * k
}

#[differentiate(via = tape)]
fn of_arrays(x: &Array1<f64>, k: f64) -> f64 {
    scaled(x, k).sum()
}

fn main() {}
