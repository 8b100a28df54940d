//! What the tape cannot do with arrays, in functions that the macro can differentiate.

use chainrule::differentiate;
use ndarray::{Array1, Array2};

#[differentiate(tape)]
fn references(x: &Array1<f64>) -> f64 {
    let first = x.first().unwrap();
    *first * *x.view().last().unwrap()
}

#[differentiate(via = tape)]
fn elements_of_elements(x: &Array2<f64>) -> f64 {
    let mut rows: Vec<Array1<f64>> = x.outer_iter().map(|row| row.to_owned()).collect();
    let mut more = rows.clone();
    rows[0][1] = 2.0;
    more[0][1] *= 2.0;
    more[0].sum()
}

fn main() {
    references(&Array1::zeros(2));
    elements_of_elements(&Array2::zeros((2, 2)));
}
