use chainrule::differentiate;
use ndarray::{Array1, ArrayViewMut1};

#[differentiate(via = graph)]
fn unknown(x: f64) -> f64 {
    x
}

#[differentiate(via = tape, tape)]
fn twice(x: f64) -> f64 {
    x
}

#[differentiate(via = tape)]
fn in_place(mut x: ArrayViewMut1<f64>, k: f64) {
    x *= k;
}

trait Shape {
    fn area(&self, x: f64) -> f64;
}

#[differentiate(via = tape)]
fn object(shape: &dyn Shape, x: f64) -> f64 {
    shape.area(2.0 * x)
}

#[differentiate(via = tape)]
fn closure(g: &dyn Fn(f64) -> f64, x: f64) -> f64 {
    g(x)
}

#[differentiate(via = tape)]
fn hands_a_closure_on(x: f64) -> f64 {
    closure(&|t| t * x, x)
}

#[differentiate]
fn hands_a_closure_in(x: f64) -> f64 {
    closure(&|t| t * x, x)
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
