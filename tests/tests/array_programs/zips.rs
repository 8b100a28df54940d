//! `Zip` and `azip!`.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, Axis, Zip, azip};

programs! {
    one_producer(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        Zip::from(&mut y).for_each(|y| *y = y.sin());
        y
    } at (matrix(3, 2)), (matrix(0, 2));

    six_producers(a: Array1<f64>, b: Array1<f64>, c: Array1<f64>, d: Array1<f64>, e: Array1<f64>) -> Array1<f64> {
        let mut y = Array1::zeros(a.len());
        Zip::from(&mut y).and(a).and(b).and(c).and(d).and(e).for_each(|y, &a, &b, &c, &d, &e| {
            *y = a * b + c * d.sin() + e;
        });
        y
    } at (vector(3), vector(3) * 0.5, vector(3) + 0.1, vector(3) * 2.0, vector(3) * 3.0);

    collected(x: Array3<f64>, y: Array3<f64>) -> Array3<f64> {
        Zip::from(x).and(y).map_collect(|a, b| if a > b { a * b } else { a + b })
    } at (array_of((2, 3, 2)), array_of((2, 3, 2)) * 1.1 - 0.1);

    of_indices(x: Array2<f64>) -> Array2<f64> {
        let mut y = Array2::zeros(x.dim());
        Zip::indexed(x).and(&mut y).for_each(|(i, j), v, y| {
            *y = v * (i + 2 * j) as f64;
        });
        y
    } at (matrix(3, 2));

    indices_of_a_vector(x: Array1<f64>) -> Array1<f64> {
        Zip::indexed(x).map_collect(|i, &v| v.powi(i as i32))
    } at (vector(4));

    into_another_array(x: Array2<f64>, y: Array2<f64>) -> Array2<f64> {
        let mut z = Array2::zeros(x.raw_dim());
        Zip::from(x).and(y).map_assign_into(&mut z, |a, b| a * b);
        z
    } at (matrix(3, 2), matrix(3, 2) * 0.5);

    folded(x: Array2<f64>, y: Array2<f64>) -> f64 {
        Zip::from(x).and(y).fold(0.0, |acc, a, b| acc + a * b)
    } at (matrix(3, 2), matrix(3, 2) * 0.5);

    rows_side_by_side(x: Array2<f64>, y: Array2<f64>) -> Array1<f64> {
        let mut z = Array1::zeros(x.nrows());
        Zip::from(&mut z).and(x.rows()).and(y.rows()).for_each(|z, a, b| *z = a.dot(&b));
        z
    } at (matrix(3, 2), matrix(3, 2) * 0.5), (matrix(0, 2), matrix(0, 2));

    rows_written(x: Array2<f64>, w: Array1<f64>) -> Array2<f64> {
        let mut y = x.clone();
        Zip::from(y.rows_mut()).and(w).for_each(|mut row, &w| row *= w);
        y
    } at (matrix(3, 2), vector(3));

    parts_along_an_axis(x: Array3<f64>, w: Array1<f64>) -> f64 {
        let mut s = 0.0;
        Zip::from(x.axis_iter(Axis(1))).and(w).for_each(|part, &w| s += part.product() * w);
        s
    } at (array_of((2, 3, 2)), vector(3));

    lanes(x: Array3<f64>) -> Array2<f64> {
        Zip::from(x.lanes(Axis(1))).map_collect(|lane| lane.dot(&lane))
    } at (array_of((2, 3, 2)));

    all_and_any(x: Array1<f64>) -> f64 {
        let larger = Zip::from(x).all(|&v| v > 0.6);
        if larger || x.iter().any(|&v| v > 1.4) { x.sum() } else { x.product() }
    } at (vector(4)), (vector(1));

    broadcast_producer(x: Array2<f64>, y: Array1<f64>) -> Array2<f64> {
        let mut z = x.clone();
        Zip::from(&mut z).and_broadcast(y).for_each(|z, &y| *z *= y);
        z
    } at (matrix(3, 2), vector(2)), (matrix(3, 2), vector(1));

    by_macro(x: Array2<f64>, y: Array2<f64>) -> Array2<f64> {
        let mut z = Array2::zeros(x.dim());
        azip!((z in &mut z, &x in x, &y in y) *z = x * y.sin());
        z
    } at (matrix(3, 2), matrix(3, 2) * 0.5);

    by_macro_with_indices(x: Array2<f64>) -> Array2<f64> {
        let mut z = x.clone();
        azip!((index (i, j), z in &mut z, &x in x) { *z += x * (i + j) as f64; });
        z
    } at (matrix(3, 2));

    changed_beside_another(x: Array2<f64>, y: Array1<f64>) -> Array2<f64> {
        let mut z = x.clone();
        z.zip_mut_with(y, |a, b| *a = *a * *b + 1.0);
        z
    } at (matrix(3, 2), vector(2)), (matrix(3, 2), vector(1));
}
