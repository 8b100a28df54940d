//! `#[differentiate(check)]` writes a test beside the function: most of the tests here are those.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use ndarray::{Array1, Array2, ArrayView1, array};

#[differentiate(check)]
fn of_floats(x: f64, y: f64) -> f64 {
    (x * y).asin() + y.ln()
}

#[differentiate(check, wrt(x), tape)]
fn of_a_slice(x: &[f64], k: &f64, n: usize) -> f64 {
    let mut sum = 0.0;
    for e in &x[..n] {
        sum += (k * e).sin();
    }
    sum
}

#[differentiate(check, wrt(w, b))]
fn of_arrays(x: &Array2<f64>, y: ArrayView1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    (x.dot(w) + b - y).mapv(|e| e * e).mean().unwrap()
}

#[differentiate(check)]
fn of_nested(x: [[f32; 3]; 2], y: (f32, f32)) -> f32 {
    let mut sum = 0.0;
    for row in &x {
        for e in row {
            sum += e * y.0;
        }
    }
    sum / y.1
}

#[derive(Clone, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

struct Table(Vec<f64>);

#[differentiate(check(line = Line { slope: 2.0, offset: -1.0 }, table = &Table(vec![1.0, 3.0]), n = 2), wrt(line, x))]
fn of_given_values(line: &Line, x: f64, table: &Table, n: usize) -> f64 {
    let mut sum = line.offset;
    for k in 0..n {
        sum += line.slope * x * table.0[k];
    }
    sum
}

#[differentiate(check(x = 12.0), partials = sqrt_rule)]
fn of_a_rule(x: f64) -> f64 {
    x.sqrt()
}

fn sqrt_rule(x: f64) -> (f64, f64) {
    (x.sqrt(), 0.5 / x.sqrt())
}

#[differentiate(check, via = tape)]
fn of_the_tape(x: f64) -> f64 {
    let boxed = Box::new(x * x);
    *boxed + x
}

#[test]
fn the_functions_are_as_ever() {
    assert_eq!(of_floats::vjp(0.5, 1.0, 0.0).1, (0.0, 0.0));
    let (x, y, w) = (array![[1.0]], array![2.0], array![3.0]);
    assert_eq!(of_arrays(&x, y.view(), &w, 1.0), 4.0);
}

/// Inside a function the harness does not find the test: it is called here.
#[test]
#[allow(unnameable_test_items)]
fn a_wrong_gradient_fails_the_test() {
    fn rule(x: f64) -> (f64, f64) {
        (x.sin(), x.sin())
    }

    #[differentiate(check, partials = rule)]
    fn wrong(x: f64) -> f64 {
        x.sin()
    }

    let panic = std::panic::catch_unwind(gradient_of_wrong).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("DIFFERS"), "{text}");
}
