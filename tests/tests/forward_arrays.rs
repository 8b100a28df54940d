//! Forward mode, pullbacks and matrices of derivatives of functions of arrays.

// `s!` allows unsafe code for itself, which cannot be forbidden then.
#![deny(unsafe_code)]
#![allow(clippy::reversed_empty_ranges, reason = "ends of slices count from the back")]
#![allow(clippy::type_complexity, reason = "what blocks are made of is said in full")]

use chainrule_tests::arrays::{array_of, matrix, scalar, vector};
use chainrule_tests::modes;
use ndarray::{Array1, Array2, Array3, Axis, Zip, s};

mod forward_arrays {
    mod blocks;
    mod interface;
    mod shapes;
}

modes! {
    // Straight-line code, whose gradient is that of tensors.
    squares_of_a_vector: (x: Array1<f64> = vector(4)) -> Array1<f64> { x.mapv(|e| e * e.sin()) }
    linear_layer: (x: Array2<f64> = matrix(3, 2), w: Array1<f64> = vector(2), b: f64 = scalar()) -> Array1<f64> {
        (x.dot(w) + *b).mapv(f64::tanh)
    }
    matrix_product: (a: Array2<f64> = matrix(2, 3), b: Array2<f64> = matrix(3, 2)) -> Array2<f64> { a.dot(b) }
    vector_by_matrix: (a: Array1<f64> = vector(3), b: Array2<f64> = matrix(3, 2)) -> Array1<f64> { a.dot(b).exp() }
    inner_product: (a: Array1<f64> = vector(3), b: Array1<f64> = vector(3)) -> Array1<f64> { a * a.dot(b) }
    rank_3: (x: Array3<f64> = array_of((2, 1, 3))) -> Array3<f64> { x * x.sum() }
    transposed: (a: Array2<f64> = matrix(2, 3), b: Array2<f64> = matrix(3, 2)) -> Array2<f64> { &a.t() * b }
    sums_along_an_axis: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { x.mapv(f64::ln).sum_axis(Axis(0)) }
    means: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { x.mean_axis(Axis(1)).unwrap() * x.mean().unwrap() }
    slices: (x: Array1<f64> = vector(6)) -> Array1<f64> {
        x.slice(s![..;2]).to_owned() * x.slice(s![1..;2]) + x.slice(s![..3;-1])
    }
    rows_and_columns: (x: Array2<f64> = matrix(3, 3)) -> Array1<f64> { &x.row(1) * &x.column(2) }
    a_row_for_all: (x: Array2<f64> = matrix(2, 3), r: Array1<f64> = vector(3)) -> Array2<f64> { x / r }
    a_branch_for_each: (x: Array1<f64> = vector(4)) -> Array1<f64> {
        x.mapv(|e| if e > 1.0 { e * e } else { e.sqrt() })
    }

    // Loops, conditions and memory that is changed in place.
    steps: (x: Array1<f64> = vector(3), w: Array2<f64> = matrix(3, 3)) -> Array1<f64> {
        let mut h = x.to_owned();
        for _ in 0..3 {
            h = w.dot(&h).mapv(|e| (e * 0.3).sin());
        }
        h
    }
    elements: (x: Array2<f64> = matrix(3, 2), k: f64 = scalar()) -> Array1<f64> {
        let mut y = Array1::zeros(x.nrows());
        for i in 0..x.nrows() {
            for j in 0..x.ncols() {
                y[i] += x[[i, j]] * x[[i, j]] * *k;
            }
            if y[i] > 3.0 {
                y[i] *= y[0];
            }
        }
        y
    }
    recurrence: (x: Array1<f64> = vector(4), k: f64 = scalar()) -> Array1<f64> {
        let mut y = x.to_owned();
        for i in 1..y.len() {
            y[i] = y[i] * y[i - 1].sin() + *k;
        }
        y
    }
    rows_in_place: (x: Array2<f64> = matrix(3, 2), r: Array1<f64> = vector(2)) -> Array2<f64> {
        let mut y = x.clone();
        for mut row in y.rows_mut() {
            let scale = row.sum();
            row *= r;
            row += scale;
        }
        y
    }
    at_once: (a: Array1<f64> = vector(3), b: Array1<f64> = vector(3)) -> Array1<f64> {
        let mut y = Array1::zeros(a.len());
        Zip::from(&mut y).and(a).and(b).for_each(|y, &a, &b| *y = a * b * b);
        y
    }
}

modes! {
    /// A row that is stretched, as known while the program runs only.
    stretched: (a: Array2<f64> = matrix(1, 3), b: Array2<f64> = matrix(2, 3)) -> Array2<f64> { a * b }
}
