//! Products of vectors and matrices.

use chainrule_tests::arrays::{matrix, vector};
use chainrule_tests::programs;
use ndarray::linalg::{general_mat_mul, general_mat_vec_mul, kron};
use ndarray::{Array1, Array2, s};

programs! {
    of_all_ranks(a: Array2<f64>, x: Array1<f64>; n: usize) -> Array1<f64> {
        let mut y = x.clone();
        for _ in 0..n {
            y = a.dot(&y) / y.dot(&y) + y.dot(a);
        }
        y
    } at (matrix(3, 3), vector(3); 2), (matrix(1, 1), vector(1); 3), (matrix(2, 2), vector(2); 0);

    of_matrices(a: Array2<f64>, b: Array2<f64>) -> Array2<f64> {
        let c = a.dot(b);
        c.t().dot(&a.slice(s![..;-1, ..]))
    } at (matrix(3, 2), matrix(2, 4)), (matrix(0, 2), matrix(2, 4)), (matrix(3, 0), matrix(0, 4));

    into_a_matrix(a: Array2<f64>, b: Array2<f64>; alpha: f64) -> Array2<f64> {
        let mut c = Array2::ones((a.nrows(), b.ncols()));
        for _ in 0..2 {
            general_mat_mul(alpha, a, b, 0.5, &mut c);
        }
        c
    } at (matrix(3, 2), matrix(2, 3); 1.5);

    into_a_vector(a: Array2<f64>, x: Array1<f64>) -> Array1<f64> {
        let mut y = Array1::from_elem(a.nrows(), x[0]);
        general_mat_vec_mul(2.0, a, x, x[1], &mut y);
        y
    } at (matrix(3, 2), vector(2));

    of_kronecker(a: Array2<f64>, b: Array2<f64>) -> Array2<f64> {
        kron(a, b)
    } at (matrix(2, 2), matrix(1, 3));
}
