//! Gradients of functions of arrays in differentiated code: `g::grad(&x)`, `g::value_and_grad(&x)`.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::arrays::{matrix, vector};
use chainrule_tests::{DIFFERENCES, assert_close, differences};
use ndarray::{Array1, Array2, array};

#[differentiate]
fn energy(x: &Array1<f64>) -> f64 {
    x.mapv(|e| e.sin() * e).sum()
}

#[differentiate]
fn slope_of_energy(x: &Array1<f64>) -> f64 {
    let slope = energy::grad(x);
    slope.dot(&slope)
}

/// The derivative of (s + x c)² for each element, with sines and cosines.
#[test]
fn straight_line_code() {
    let x = vector(4);
    let (value, gradient) = slope_of_energy::value_and_grad(&x);
    let slope = |x: f64| x.sin() + x * x.cos();
    assert_close("the value", &value, &x.mapv(|x| slope(x) * slope(x)).sum(), 1e-15);
    let expected = x.mapv(|x| 2.0 * slope(x) * (2.0 * x.cos() - x * x.sin()));
    assert_close("the gradient", &gradient, &expected, 1e-15);
    assert_close("the plain function", &slope_of_energy(&x), &value, 1e-15);
}

#[differentiate]
fn network(x: &Array1<f64>, w: &Array2<f64>, v: &Array1<f64>) -> f64 {
    w.dot(x).mapv(f64::tanh).dot(v)
}

/// How far the slope of a network by its input is from one.
#[differentiate(wrt(w, v), jvp)]
fn penalty(x: &Array1<f64>, w: &Array2<f64>, v: &Array1<f64>) -> f64 {
    let (slope, _, _) = network::grad(x, w, v);
    let norm = slope.dot(&slope).sqrt();
    (norm - 1.0) * (norm - 1.0)
}

#[test]
fn a_gradient_penalty() {
    let (x, w, v) = (vector(3), matrix(2, 3), vector(2));
    let (value, gradient) = penalty::value_and_grad(&x, &w, &v);
    assert_close("the value", &value, &penalty(&x, &w, &v), 1e-15);
    let by_differences = differences(|(w, v)| penalty(&x, w, v), &(w.clone(), v.clone()));
    assert_close("the gradient", &gradient, &by_differences, DIFFERENCES);
    let (_, tangent) = penalty::jvp(&x, &w, &v, w.clone(), v.clone());
    let along = (&gradient.0 * &w).sum() + gradient.1.dot(&v);
    assert_close("forwards", &tangent, &along, 1e-13);
}

#[differentiate]
fn cubic(x: &Array1<f64>, k: f64) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * x[i] * x[i] * k;
    }
    sum
}

/// Steps of gradient descent, as a function of where they begin and how long they are.
#[differentiate(hessian)]
fn descent(x: &Array1<f64>, rate: f64) -> f64 {
    let (before, (slope, _)) = cubic::value_and_grad(x, 2.0);
    let next = x - &(&slope * rate);
    cubic(&next, 2.0) - before
}

#[test]
fn loops_and_values() {
    let x = array![0.5, -0.25];
    let (value, gradient) = descent::value_and_grad(&x, 0.125);
    assert_close("the value", &value, &descent(&x, 0.125), 1e-15);
    let by_differences = differences(|(x, rate)| descent(x, *rate), &(x.clone(), 0.125));
    assert_close("the gradient", &gradient, &by_differences, DIFFERENCES);
    let ((by_x, mixed), (again, by_rate)) = descent::hessian(&x, 0.125);
    assert_eq!(mixed, again);
    let slope =
        |k: usize| differences(|(x, rate)| descent::grad(x, *rate).0[k], &(x.clone(), 0.125));
    for k in 0..2 {
        let row = (by_x.row(k).to_owned(), mixed[k]);
        assert_close("a row of the Hessian", &row, &slope(k), DIFFERENCES);
    }
    let by_differences = differences(|rate| descent::grad(&x, *rate).1, &0.125);
    assert_close("its last entry", &by_rate, &by_differences, DIFFERENCES);
}
