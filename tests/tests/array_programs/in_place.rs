//! Arrays that are changed in place.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, Axis, s};

programs! {
    scaled_and_added(x: Array2<f64>, y: Array1<f64>; n: usize) -> Array2<f64> {
        let mut z = x.clone();
        for k in 0..n {
            z.scaled_add(k as f64, y);
            z.scaled_add(0.5, x);
        }
        z
    } at (matrix(3, 2), vector(2); 3);

    assigned_with_broadcasting(x: Array2<f64>, y: Array1<f64>) -> Array2<f64> {
        let mut z = x.clone();
        z.slice_mut(s![1.., ..]).assign(y);
        z.column_mut(0).assign(&x.column(1));
        z
    } at (matrix(3, 2), vector(2)), (matrix(3, 2), vector(1));

    assigned_to_another(x: Array2<f64>) -> Array2<f64> {
        let mut z = Array2::zeros((x.ncols(), x.nrows()));
        x.t().assign_to(&mut z);
        z
    } at (matrix(3, 2));

    filled(x: Array2<f64>; at: usize) -> Array2<f64> {
        let mut z = x.mapv(|e| e * e);
        z.row_mut(at).fill(x[[0, 0]]);
        z.slice_mut(s![.., ..;2]).fill(1.0);
        z
    } at (matrix(3, 2); 1);

    mapped_in_place(x: Array3<f64>) -> Array3<f64> {
        let mut z = x.clone();
        z.mapv_inplace(|e| if e > 1.0 { e.ln() } else { e * e });
        z.map_inplace(|e| *e *= 2.0);
        z
    } at (array_of((2, 2, 2)));

    swapped(x: Array2<f64>) -> Array2<f64> {
        let mut z = x.clone();
        for i in 0..z.nrows() {
            z.swap([i, 0], [0, 1]);
        }
        z[[0, 0]] *= 2.0;
        z
    } at (matrix(3, 2));

    operators(x: Array2<f64>, y: Array2<f64>) -> Array2<f64> {
        let mut z = x.clone();
        z += y;
        z -= &y.row(0);
        z *= 3.0;
        z /= &(y + 1.0);
        z
    } at (matrix(3, 2), matrix(3, 2) * 0.5), (matrix(3, 2), matrix(1, 2));

    two_halves(x: Array1<f64>) -> Array1<f64> {
        let mut z = x.clone();
        let n = z.len() / 2;
        let (mut a, b) = z.view_mut().split_at(Axis(0), n);
        a *= &b;
        z
    } at (vector(4));

    elements_that_may_be_there(x: Array1<f64>; at: usize) -> Array1<f64> {
        let mut z = x.clone();
        if let Some(v) = z.get_mut(at) {
            *v *= 3.0;
        }
        if let Some(v) = z.first_mut() {
            *v += 1.0;
        }
        z
    } at (vector(4); 1), (vector(4); 7);

    accumulated(x: Array2<f64>) -> Array2<f64> {
        let mut z = x.clone();
        z.accumulate_axis_inplace(Axis(0), |&before, current| *current += before);
        z
    } at (matrix(4, 2)), (matrix(0, 2));

    appended(x: Array2<f64>, y: Array1<f64>) -> Array2<f64> {
        let mut z = x.clone();
        z.push_row(y.view()).unwrap();
        z.append(Axis(0), x.view()).unwrap();
        z
    } at (matrix(3, 2), vector(2)), (matrix(0, 2), vector(2));

    cumulative(x: Array1<f64>) -> Array1<f64> {
        let mut z = x.clone();
        for i in 1..z.len() {
            z[i] += z[i - 1];
        }
        z.view_mut().into_iter().for_each(|v| *v = v.sqrt());
        z
    } at (vector(4));

    replaced(x: Array1<f64>) -> Array1<f64> {
        let mut y = x.clone();
        let mut z = Array1::zeros(x.len());
        for _ in 0..3 {
            std::mem::swap(&mut y, &mut z);
            y.scaled_add(0.3, &z);
            z *= 2.0;
        }
        y + z
    } at (vector(3));
}
