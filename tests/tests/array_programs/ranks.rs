//! Parameters and results of ranks 0 to 6.

use chainrule_tests::arrays::{array_of, matrix, vector, zero_dim};
use chainrule_tests::programs;
use ndarray::{Array, Array0, Array1, Array2, Array3, Array4, Array5, Array6, Axis, Ix3};

programs! {
    rank_0(x: Array0<f64>) -> Array0<f64> {
        let mut y = x.clone();
        for k in 0..3 {
            y = y.mapv(f64::sin) * (k as f64 + 0.5) + x;
        }
        y
    } at (zero_dim());

    the_element_of_rank_0(x: Array0<f64>, y: Array1<f64>) -> f64 {
        let mut s = x[()];
        for v in y {
            s *= *v + x[[]];
        }
        s + x.sum() + x.iter().sum::<f64>()
    } at (zero_dim(), vector(3));

    rank_3(x: Array3<f64>) -> f64 {
        let (n, m, l) = x.dim();
        let mut s = 0.0;
        for i in 0..n {
            for j in 0..m {
                for k in 1..l {
                    s += x[[i, j, k]] * x[[i, j, k - 1]] * (i + 2 * j) as f64;
                }
            }
        }
        s
    } at (array_of((2, 3, 4))), (array_of((1, 1, 1))), (array_of((2, 0, 3)));

    rank_3_by_its_dimension(x: Array<f64, Ix3>) -> Array<f64, Ix3> {
        let mut y = x.to_owned();
        for i in 1..x.shape()[0] {
            let before = y.index_axis(Axis(0), i - 1).to_owned();
            let mut row = y.index_axis_mut(Axis(0), i);
            row += &(before * 0.5);
        }
        y
    } at (array_of((3, 2, 2)));

    rank_4(x: Array4<f64>) -> Array4<f64> {
        let mut y = Array4::zeros(x.dim());
        for ((i, j, k, l), v) in x.indexed_iter() {
            if (i + j + k + l) % 2 == 0 {
                y[[i, j, k, l]] = v * v;
            } else {
                y[[i, j, k, l]] = v.sin();
            }
        }
        y
    } at (array_of((2, 1, 3, 2))), (array_of((2, 0, 3, 2)));

    rank_5(x: Array5<f64>) -> f64 {
        let mut s = 0.0;
        for part in x.outer_iter() {
            s += (&part * &part).sum().sqrt();
        }
        s
    } at (array_of((2, 1, 2, 1, 2)));

    rank_6(x: Array6<f64>, y: Array2<f64>) -> Array6<f64> {
        let mut z = x * y;
        for _ in 0..2 {
            z = z.mapv(|e| e.tanh()) + x;
        }
        z
    } at (array_of((1, 2, 1, 2, 2, 3)), matrix(2, 3)), (array_of((1, 2, 1, 2, 2, 3)), matrix(1, 3));

    several_results(x: Array2<f64>, y: Array1<f64>) -> (Array1<f64>, Array2<f64>, f64) {
        let mut sums = Array1::zeros(x.nrows());
        for (i, row) in x.rows().into_iter().enumerate() {
            sums[i] = row.dot(y);
        }
        let outer = x.mapv(|e| e * e);
        let total = sums.sum();
        (sums, outer, total)
    } at (matrix(3, 2), vector(2)), (matrix(0, 2), vector(2));

    two_results_of_one_array(x: Array1<f64>) -> (Array1<f64>, Array1<f64>) {
        let y = x.mapv(|e| if e > 1.0 { e * e } else { e });
        (y.clone(), y)
    } at (vector(4));

    nested_results(x: Array1<f64>) -> ((Array1<f64>, f64), Array0<f64>) {
        let mut s = 0.0;
        for v in x {
            s += v * v;
        }
        ((x * s, s), ndarray::arr0(s))
    } at (vector(3));
}
