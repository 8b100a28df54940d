use chainrule::differentiate;
use ndarray::Array1;

#[differentiate]
fn expression(x: &Array1<f64>) -> f64 {
    let mut sum = 0.0;
    let mut add = |e: f64| sum += e;
    add(x.sum());
    sum
}

#[differentiate]
fn statement(x: &Array1<f64>) -> f64 {
    let mut n = x.sum();
    let mut next = || {
        n *= 2.0;
        n
    };
    next() * next()
}

fn main() {}
