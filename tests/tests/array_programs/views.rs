//! Parts of arrays.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, Array4, Axis, Slice, s};

programs! {
    bounds_that_are_computed(x: Array1<f64>; width: usize) -> Array1<f64> {
        let mut y = Array1::zeros(x.len() + 1 - width);
        for i in 0..y.len() {
            y[i] = x.slice(s![i..i + width]).mapv(|e| e * e).sum();
        }
        y
    } at (vector(5); 2), (vector(3); 3), (vector(3); 0);

    bounds_of_other_integers(x: Array2<f64>; from: i32) -> f64 {
        x.slice(s![from..from + 2, ..-1]).sum() + x.slice(s![from as isize.., 0]).product()
    } at (matrix(4, 3); 1), (matrix(4, 3); -2);

    an_inclusive_range(x: Array1<f64>; n: usize) -> f64 {
        let mut s = 0.0;
        for k in 0..n {
            s += x.slice(s![k..=k + 1]).product();
        }
        s
    } at (vector(5); 4), (vector(5); 0);

    steps(x: Array2<f64>) -> Array2<f64> {
        let y = x.slice(s![..;2, ..;-1]);
        let z = y.slice(s![1.., ..;-2]);
        z.mapv(f64::exp)
    } at (matrix(4, 5)), (matrix(1, 5));

    slices_of_rank_3(x: Array3<f64>) -> Array2<f64> {
        let mut y = x.slice(s![0, .., 1..]).to_owned();
        for i in 1..x.shape()[0] {
            y = y * x.slice(s![i, .., 1..]) + x.slice(s![i, .., ..-1]);
        }
        y
    } at (array_of((3, 2, 4)));

    a_new_axis(x: Array2<f64>) -> Array3<f64> {
        let mut y = Array3::zeros((x.nrows(), 2, x.ncols()));
        for k in 0..2 {
            let part = x.slice(s![.., ndarray::NewAxis, ..]);
            y.slice_mut(s![.., k..k + 1, ..]).assign(&part.mapv(|e| e * (k as f64 + 1.0)));
        }
        y
    } at (matrix(3, 2)), (matrix(0, 2));

    one_axis_sliced(x: Array2<f64>; from: usize) -> Array2<f64> {
        let a = x.slice_axis(Axis(1), Slice::from(from..));
        let b = x.slice_axis(Axis(1), Slice::from(..2));
        &a * &b
    } at (matrix(3, 4); 2);

    one_axis_sliced_in_place(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        y.slice_axis_mut(Axis(0), Slice::from(1..)).fill(2.0);
        y.slice_collapse(s![.., 1..]);
        y
    } at (matrix(3, 4));

    a_collapsed_axis(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.view();
        y.collapse_axis(Axis(0), 1);
        y.to_owned() * 3.0
    } at (matrix(3, 4));

    split_in_two(x: Array2<f64>; at: usize) -> Array2<f64> {
        let (a, b) = x.view().split_at(Axis(1), at);
        a.dot(&b.t())
    } at (matrix(3, 4); 2);

    moved_index(x: Array3<f64>) -> Array2<f64> {
        x.clone().index_axis_move(Axis(1), 1) + x.index_axis(Axis(1), 0)
    } at (array_of((2, 3, 4)));

    index_axis_down_to_rank_0(x: Array1<f64>) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() {
            s += x.index_axis(Axis(0), i).into_scalar() * *x.index_axis(Axis(0), 0).first().unwrap();
        }
        s
    } at (vector(3));

    a_diagonal(x: Array2<f64>) -> Array1<f64> {
        let d = x.diag();
        let mut y = d.to_owned();
        for i in 1..d.len() {
            y[i] *= d[i - 1];
        }
        y
    } at (matrix(3, 3)), (matrix(2, 4)), (matrix(0, 2));

    a_diagonal_of_a_reversed_view(x: Array2<f64>) -> Array1<f64> {
        x.slice(s![..;-1, ..]).diag().mapv(|e| e * e)
    } at (matrix(3, 3));

    a_diagonal_in_place(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.dot(&x.t());
        y.diag_mut().fill(0.0);
        let mut d = y.diag_mut();
        d += 1.5;
        for v in y.diag_mut().iter_mut() {
            *v *= 2.0;
        }
        y
    } at (matrix(3, 2));

    a_diagonal_of_rank_3(x: Array3<f64>) -> f64 {
        x.diag().product()
    } at (array_of((2, 3, 4)));

    rows_and_columns_in_place(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        for i in 1..y.nrows() {
            let before = y.row(i - 1).to_owned();
            y.row_mut(i).scaled_add(0.5, &before);
        }
        for j in 0..y.ncols() {
            let mut column = y.column_mut(j);
            column *= (j + 1) as f64;
            column[0] = 0.0;
        }
        y
    } at (matrix(3, 2)), (matrix(1, 1));

    chosen(x: Array2<f64>; at: usize) -> f64 {
        let row = if at == 0 { x.row(0) } else { x.row(x.nrows() - 1) };
        row.dot(&x.column(0).slice(s![..row.len()]))
    } at (matrix(3, 2); 0), (matrix(3, 2); 1);

    deep_views(x: Array4<f64>) -> f64 {
        let mut s = 0.0;
        for i in 0..x.shape()[3] {
            let part = x.index_axis(Axis(3), i);
            let t = part.permuted_axes([2, 0, 1]);
            s += t.slice(s![.., ..;-1, 0]).iter().enumerate().map(|(k, v)| v * k as f64).sum::<f64>();
        }
        s
    } at (array_of((2, 2, 3, 2)));
}
