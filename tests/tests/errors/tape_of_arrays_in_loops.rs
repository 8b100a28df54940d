//! What the tape cannot do with arrays, in functions that the macro can differentiate.

use chainrule::differentiate;
use ndarray::{Array1, Array2};

#[differentiate(tape)]
fn changed(x: &Array1<f64>) -> f64 {
    let mut y = x.clone();
    for i in 1..y.len() {
        y[i] = y[i] + y[i - 1];
        y[i] *= 2.0;
    }
    y.sum()
}

#[differentiate(tape)]
fn by_elements(x: &Array2<f64>) -> f64 {
    let mut s = 0.0;
    for e in x.row(0).indexed_iter() {
        s += e.1;
    }
    for e in x.t().iter() {
        s += e * e;
    }
    s
}

fn main() {
    changed(&Array1::zeros(2));
    by_elements(&Array2::zeros((2, 2)));
}
