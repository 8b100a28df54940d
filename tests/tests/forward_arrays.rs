//! Forward mode, pullbacks and matrices of derivatives of functions of arrays.

#![deny(unsafe_code)] // `s!` of `ndarray` allows it for itself

use chainrule_tests::arrays::{array_of, matrix, number, scalar, vector};
use chainrule_tests::modes;
use ndarray::{Array1, Array2, Array3, Array4, Array5, Array6, Axis, s};

modes! {
    /// One axis each: the Hessian is a matrix.
    squares_of_a_vector: (x: Array1<f64> = vector(4)) -> Array1<f64> { x.mapv(|e| e * e.sin()) }
    /// Blocks of all kinds: rank 2 by 2, 2 by 1, 1 by 0.
    linear_layer: (x: Array2<f64> = matrix(3, 2), w: Array1<f64> = vector(2), b: f64 = scalar()) -> Array1<f64> {
        (x.dot(w) + *b).mapv(f64::tanh)
    }
    matrix_product: (a: Array2<f64> = matrix(2, 3), b: Array2<f64> = matrix(3, 2)) -> Array2<f64> { a.dot(b) }
    /// Ranks 3 + 3.
    rank_3: (x: Array3<f64> = array_of((2, 1, 3))) -> Array3<f64> { x * x.sum() }
    transposed: (a: Array2<f64> = matrix(2, 3), b: Array2<f64> = matrix(3, 2)) -> Array2<f64> { &a.t() * b }
    sliced: (x: Array1<f64> = vector(6)) -> Array1<f64> {
        x.slice(s![..;2]).to_owned() * x.slice(s![1..;2]) + x.slice(s![..3;-1])
    }
}
