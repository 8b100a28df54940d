//! Other shapes of the same elements.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, Axis, Order};

programs! {
    reshaped_with_a_tuple(x: Array1<f64>, w: Array2<f64>; n: usize) -> Array2<f64> {
        x.to_owned().into_shape_with_order((n, 2)).unwrap() * w
    } at (vector(6), matrix(3, 2); 3), (vector(0), matrix(0, 2); 0);

    reshaped_with_a_list(x: Array2<f64>) -> Array1<f64> {
        let n = x.len();
        x.mapv(f64::sin).into_shape_with_order([n]).unwrap() * 2.0
    } at (matrix(3, 2));

    reshaped_to_a_vector(x: Array2<f64>) -> Array1<f64> {
        x.clone().into_shape_with_order(x.len()).unwrap()
    } at (matrix(3, 2)), (matrix(0, 2));

    cloned_into_a_shape(x: Array2<f64>) -> Array3<f64> {
        let y = x.mapv(f64::exp);
        let shape = (1, y.ncols(), y.nrows());
        y.into_shape_clone(shape).unwrap() * 2.0
    } at (matrix(3, 2));

    to_a_shape(x: Array2<f64>) -> Array1<f64> {
        let y = x.to_shape(6).unwrap();
        let mut z = y.to_owned();
        for i in 1..6 {
            z[i] *= y[i - 1];
        }
        z
    } at (matrix(3, 2));

    to_a_shape_by_columns(x: Array2<f64>) -> Array1<f64> {
        x.to_shape((6, Order::ColumnMajor)).unwrap().to_owned() * 3.0
    } at (matrix(3, 2));

    a_shape_that_does_not_fit(x: Array1<f64>; n: usize) -> Array2<f64> {
        match x.clone().into_shape_with_order((n, 2)) {
            Ok(y) => y,
            Err(_) => Array2::zeros((1, 1)),
        }
    } at (vector(6); 3), (vector(6); 4);

    removed_axis(x: Array3<f64>) -> Array2<f64> {
        x.view().remove_axis(Axis(1)).mapv(|e| e * e)
    } at (array_of((2, 1, 3))), (array_of((2, 4, 3)));

    inserted_axes(x: Array1<f64>) -> Array3<f64> {
        let y = x.view().insert_axis(Axis(0)).insert_axis(Axis(2));
        &y * &x.view().insert_axis(Axis(1)).insert_axis(Axis(2))
    } at (vector(3)), (vector(0));

    axes_in_another_order(x: Array3<f64>) -> Array3<f64> {
        let y = x.view().permuted_axes([2, 0, 1]);
        let mut z = y.to_owned();
        for i in 0..z.shape()[0] {
            let mut part = z.index_axis_mut(Axis(0), i);
            part *= i as f64;
        }
        z
    } at (array_of((2, 3, 4)));

    swapped_axes(x: Array3<f64>) -> Array3<f64> {
        let mut y = x.clone();
        y.swap_axes(0, 2);
        for v in y.iter_mut() {
            *v *= v.sin();
        }
        y
    } at (array_of((2, 3, 4)));

    inverted_axis(x: Array2<f64>, w: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        y.invert_axis(Axis(1));
        for i in 0..y.nrows() {
            y[[i, 0]] += 1.5 * y[[i, 1]];
        }
        y * w
    } at (matrix(2, 3), matrix(2, 3)), (matrix(0, 3), matrix(0, 3));

    broadcast_to_a_shape(x: Array1<f64>; n: usize) -> Array2<f64> {
        let y = x.broadcast((n, x.len())).unwrap();
        let mut z = y.to_owned();
        for i in 0..n {
            z[[i, 0]] *= i as f64;
        }
        z
    } at (vector(3); 2), (vector(1); 4), (vector(3); 0);

    broadcast_a_column(x: Array2<f64>, y: Array2<f64>) -> f64 {
        (&x.broadcast(y.raw_dim()).unwrap() * y).sum()
    } at (matrix(3, 1), matrix(3, 4)), (matrix(1, 4), matrix(3, 4)), (matrix(3, 4), matrix(3, 4));

    broadcast_that_does_not_fit(x: Array1<f64>; n: usize) -> f64 {
        match x.broadcast((2, n)) {
            Some(y) => y.sum(),
            None => -x.sum(),
        }
    } at (vector(3); 3), (vector(3); 2);

    into_a_scalar(x: Array1<f64>) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() {
            s += ndarray::arr0(x[i] * x[i]).into_scalar();
        }
        s
    } at (vector(3));

    extents(x: Array3<f64>) -> f64 {
        let mut s = 0.0;
        for axis in 0..x.ndim() {
            s += x.shape()[axis] as f64;
        }
        s += x.len_of(Axis(1)) as f64 * x.raw_dim()[2] as f64;
        s * x.sum()
    } at (array_of((2, 3, 4)));
}
