use chainrule::differentiate;
use ndarray::{Array1, Array3, Array4};

/// The gradient is there, but not as code with loops.
#[differentiate(jvp, hvp)]
fn not_with_loops(p: &(Array1<f64>, f64)) -> f64 {
    p.0.sum() * p.1
}

#[differentiate(pullback)]
fn pullback_not_with_loops(p: &(Array1<f64>, f64)) -> Array1<f64> {
    &p.0 * p.1
}

/// Rank 4 by 4.
#[differentiate(hessian)]
fn too_many_axes(x: &Array4<f64>) -> f64 {
    x.sum()
}

/// Rank 4 by 3.
#[differentiate(jacobian, wrt(x))]
fn too_many_axes_of_the_result(x: &Array3<f64>, y: &Array4<f64>) -> (f64, Array4<f64>) {
    (x.sum(), y * x[[0, 0, 0]])
}

#[differentiate(hessian)]
fn two_float_types(x: &Array1<f64>, y: &Array1<f32>) -> f64 {
    x[0] * f64::from(y[0])
}

fn main() {
    // What is asked for is there all the same: nothing follows from an error.
    let p = (Array1::zeros(2), 1.0);
    let (_, back) = pullback_not_with_loops::pullback(&p);
    let _: (Array1<f64>, f64) = back(&p.0 * not_with_loops::jvp(&p, p.clone()).1);
}
