//! Sums, means and their like, of all elements and along axes.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array0, Array1, Array2, Array3, Axis};

programs! {
    sums_along_axes_of_rank_3(x: Array3<f64>) -> Array2<f64> {
        x.sum_axis(Axis(0)) + x.sum_axis(Axis(1)).mapv(f64::sin).sum() + x.sum_axis(Axis(2)).product()
    } at (array_of((2, 3, 4))), (array_of((2, 0, 4)));

    a_sum_along_the_only_axis(x: Array1<f64>) -> Array0<f64> {
        x.sum_axis(Axis(0)) * 2.0
    } at (vector(3)), (vector(0));

    means_along_an_axis(x: Array2<f64>) -> Array1<f64> {
        let m = x.mean_axis(Axis(0)).unwrap();
        let mut y = m.clone();
        for row in x.rows() {
            y += &((&row - &m).mapv(|e| e * e) / x.nrows() as f64);
        }
        y
    } at (matrix(3, 2)), (matrix(1, 2));

    no_mean_of_none(x: Array2<f64>) -> f64 {
        match x.mean_axis(Axis(0)) {
            Some(m) => m.sum(),
            None => x.sum(),
        }
    } at (matrix(3, 2)), (matrix(0, 2));

    variances_along_an_axis(x: Array2<f64>; ddof: f64) -> Array1<f64> {
        x.var_axis(Axis(1), ddof) + x.std_axis(Axis(1), 0.0)
    } at (matrix(2, 3); 0.0), (matrix(2, 3); 1.0);

    variances_of_rank_3(x: Array3<f64>) -> Array2<f64> {
        x.var_axis(Axis(1), 1.0)
    } at (array_of((2, 3, 2)));

    a_variance(x: Array3<f64>) -> f64 {
        x.var(1.0) + x.std(0.0)
    } at (array_of((2, 3, 2)));

    products_along_an_axis(x: Array3<f64>) -> Array2<f64> {
        x.product_axis(Axis(1))
    } at (array_of((2, 3, 2))), (array_of((2, 0, 2)));

    a_product(x: Array2<f64>) -> f64 {
        x.mapv(|e| e + 0.5).product()
    } at (matrix(2, 3)), (matrix(0, 3));

    lanes_mapped_to_numbers(x: Array2<f64>) -> Array1<f64> {
        x.map_axis(Axis(1), |row| row.dot(&row).sqrt())
    } at (matrix(3, 2)), (matrix(0, 2));

    lanes_of_rank_3_mapped_to_numbers(x: Array3<f64>) -> Array2<f64> {
        x.map_axis(Axis(0), |lane| lane.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b)))
    } at (array_of((3, 2, 2)));

    a_fold_along_an_axis(x: Array2<f64>) -> Array1<f64> {
        x.fold_axis(Axis(0), 1.0, |&acc, &v| acc * v + 0.5)
    } at (matrix(3, 2)), (matrix(0, 2));

    a_fold_of_rank_3(x: Array3<f64>) -> Array2<f64> {
        x.fold_axis(Axis(2), 0.0, |a, b| a + b * b)
    } at (array_of((2, 1, 3)));

    the_greatest(x: Array2<f64>) -> f64 {
        x.fold(f64::NEG_INFINITY, |a, &b| a.max(b)) - x.iter().copied().fold(f64::INFINITY, f64::min)
    } at (matrix(3, 2));

    the_greatest_of_columns(x: Array2<f64>) -> Array1<f64> {
        let mut best = x.row(0).to_owned();
        for row in x.outer_iter() {
            best.zip_mut_with(&row, |a, &b| *a = a.max(b));
        }
        best
    } at (matrix(3, 4));

    the_place_of_the_greatest(x: Array1<f64>) -> f64 {
        let mut at = 0;
        for i in 1..x.len() {
            if x[i] > x[at] {
                at = i;
            }
        }
        x[at] * at as f64
    } at (vector(5));

    a_weighted_mean(x: Array2<f64>, w: Array1<f64>) -> Array1<f64> {
        let total = w.sum();
        (x * &w.view().insert_axis(Axis(1))).sum_axis(Axis(0)) / total
    } at (matrix(3, 2), vector(3));
}
