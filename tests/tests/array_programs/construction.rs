//! Arrays that are made.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{
    Array, Array1, Array2, Array3, Array4, ArrayView1, ArrayView2, Axis, arr1, arr2, array, aview1,
    concatenate, stack,
};

programs! {
    concatenated_by_macro(x: Array2<f64>, y: Array2<f64>) -> Array2<f64> {
        concatenate![Axis(0), *x, y.mapv(|e| e * e), x.view()]
    } at (matrix(3, 2), matrix(1, 2)), (matrix(0, 2), matrix(1, 2));

    concatenated(x: Array2<f64>, y: Array2<f64>) -> Array2<f64> {
        let z = y * 2.0;
        ndarray::concatenate(Axis(1), &[x.view(), z.view()]).unwrap()
    } at (matrix(3, 2), matrix(3, 1)), (matrix(3, 2), matrix(3, 0));

    stacked_by_macro(x: Array1<f64>, y: Array1<f64>) -> Array2<f64> {
        let a = stack![Axis(0), *x, *y];
        let b = stack![Axis(1), x.view(), y.view()];
        a.dot(&b)
    } at (vector(3), vector(3) * 0.5), (vector(0), vector(0));

    stacked(x: Array2<f64>, y: Array2<f64>) -> Array3<f64> {
        ndarray::stack(Axis(2), &[x.view(), y.view(), x.t()]).unwrap()
    } at (matrix(2, 2), matrix(2, 2));

    stacked_in_a_loop(x: Array1<f64>; n: usize) -> Array2<f64> {
        let mut rows = Vec::new();
        for k in 0..n {
            for v in x {
                rows.push(v * k as f64);
            }
        }
        Array2::from_shape_vec((n, x.len()), rows).unwrap()
    } at (vector(3); 2), (vector(3); 0);

    of_a_diagonal(x: Array1<f64>) -> Array2<f64> {
        let d = Array2::from_diag(x);
        d.dot(&d) + Array2::<f64>::eye(x.len())
    } at (vector(3)), (vector(0));

    one_element_on_the_diagonal(x: Array1<f64>) -> Array2<f64> {
        Array2::from_diag_elem(3, x[0]) * x
    } at (vector(3));

    evenly_spaced(x: Array1<f64>; n: usize) -> f64 {
        let t = Array1::linspace(0.0, 1.0, n);
        let mut s = 0.0;
        for (i, v) in t.iter().enumerate() {
            s += v * x[i];
        }
        s
    } at (vector(5); 5), (vector(5); 1), (vector(5); 0);

    evenly_spaced_between_values(x: Array1<f64>) -> Array1<f64> {
        Array::linspace(x[0], x[1], 4).mapv(f64::exp)
    } at (vector(2));

    a_range(x: Array1<f64>) -> f64 {
        let t = Array::range(0.0, 2.0, 0.5);
        let k = Array1::from_iter(0..4);
        (t * x).sum() * k.sum() as f64
    } at (vector(4));

    of_functions(x: Array2<f64>) -> Array4<f64> {
        let (n, m) = x.dim();
        Array4::from_shape_fn((n, m, m, n), |(i, j, k, l)| x[[i, j]] * x[[l, k]])
    } at (matrix(2, 3)), (matrix(0, 3));

    of_simple_functions(x: Array1<f64>) -> Array2<f64> {
        let mut k = 0.0;
        Array2::from_shape_simple_fn((2, 2), || {
            k += 1.0;
            x[0] * k
        })
    } at (vector(2));

    of_any_rank(x: Array3<f64>) -> Array3<f64> {
        let a = Array::<f64, _>::zeros(x.raw_dim());
        let b = Array::from_elem(x.dim(), 2.0);
        let c = Array3::from_elem((1, 1, x.shape()[2]), x[[0, 0, 0]]);
        let d = Array::<f64, _>::ones((x.shape()[1], 1));
        (a + b) * c + x * d
    } at (array_of((2, 3, 2)));

    of_lists(x: Array1<f64>) -> Array2<f64> {
        let a = array![[x[0], 1.0], [x[1], x[0] * x[1]]];
        let b = arr2(&[[x[0], x[1]], [2.0, 3.0]]);
        let c = arr1(&[x[0], 2.0]);
        a.dot(&b) * c + aview1(&[x[1], x[1]])
    } at (vector(2));

    rank_3_of_lists(x: Array1<f64>) -> Array3<f64> {
        array![[[x[0]], [x[1]]], [[x[0] * x[0]], [1.0]]]
    } at (vector(2));

    like_another(x: Array2<f64>) -> Array2<f64> {
        let mut y = Array2::zeros(x.raw_dim());
        y.assign(x);
        y + Array2::from_shape_fn(x.raw_dim(), |(i, j)| (i * j) as f64)
    } at (matrix(3, 2));

    views_of_lists(x: Array1<f64>) -> f64 {
        let list = [x[0], x[1], x[0], 3.0];
        let a = ArrayView1::from(&list);
        let b = ArrayView2::from_shape((2, 2), &list).unwrap();
        a.dot(&b.diag().iter().chain(&[1.0, 2.0]).copied().collect::<Array1<f64>>())
    } at (vector(2));
}
