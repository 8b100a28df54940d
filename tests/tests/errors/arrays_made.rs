use chainrule::differentiate;
use ndarray::{Array, Array1};

#[differentiate]
fn of_a_shape_that_is_not_known(x: &Array1<f64>) -> Array1<f64> {
    Array1::ones(x.len() + 1) * x[0]
}

#[differentiate]
fn from_a_function(x: &Array1<f64>) -> Array1<f64> {
    Array::from_shape_fn(3, |i| x[i])
}

#[differentiate]
fn moments(x: &Array1<f64>, ddof: f64) -> f64 {
    x.var(ddof)
}

fn main() {}
