//! Arrays of integers and of conditions: as parameters, and computed.

use chainrule::stop_gradient;
use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis, Zip, array};

programs! {
    gathered(x: Array1<f64>; at: &Array1<usize>) -> Array1<f64> {
        let mut y = Array1::zeros(at.len());
        for (i, &k) in at.iter().enumerate() {
            y[i] = x[k] * x[k];
        }
        y
    } at (vector(3); &array![0, 0, 2, 1]), (vector(3); &array![]);

    scattered(x: Array1<f64>; at: ArrayView1<'_, usize>) -> Array1<f64> {
        let mut y = Array1::zeros(4);
        for i in 0..at.len() {
            y[at[i]] += x[i].exp();
        }
        y
    } at (vector(3); array![3usize, 0, 3].view());

    rows_by_labels(x: Array2<f64>; labels: &Array1<usize>) -> f64 {
        let mut s = 0.0;
        for (row, label) in x.outer_iter().zip(labels) {
            s -= row[*label] - row.mapv(f64::exp).sum().ln();
        }
        s
    } at (matrix(3, 4); &array![1, 0, 3]);

    signed_labels(x: Array1<f64>; sign: &Array1<i32>) -> f64 {
        let mut s = 0.0;
        for (v, &k) in x.iter().zip(sign.iter()) {
            s += (1.0 + (-v * k as f64).exp()).ln();
        }
        s
    } at (vector(3); &array![1, -1, 1]);

    neighbours(x: Array1<f64>; edges: &Array2<usize>) -> f64 {
        let mut s = 0.0;
        for edge in edges.rows() {
            let d = x[edge[0]] - x[edge[1]];
            s += d * d;
        }
        for k in 0..edges.nrows() {
            s += x[edges[[k, 0]]];
        }
        s
    } at (vector(3); &array![[0, 1], [1, 2], [2, 0]]);

    masked(x: Array1<f64>; mask: &Array1<bool>) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() {
            if mask[i] {
                s += x[i] * x[i];
            }
        }
        for (v, &kept) in x.iter().zip(mask) {
            s += if kept { v.ln() } else { 0.0 };
        }
        s
    } at (vector(3); &array![true, false, true]);

    masked_side_by_side(x: Array2<f64>; mask: &Array2<bool>) -> Array2<f64> {
        Zip::from(x).and(mask).map_collect(|&v, &kept| if kept { v * v } else { 0.0 })
    } at (matrix(2, 2); &array![[true, false], [false, true]]);

    integers_as_floats(x: Array1<f64>; counts: &Array1<u32>) -> f64 {
        let weights = counts.mapv(|k| k as f64);
        let total = counts.sum();
        (x * &weights).sum() / total as f64
    } at (vector(3); &array![1, 5, 2]);

    compared_elements(x: Array1<f64>) -> f64 {
        let large = x.mapv(|e| e > 1.0);
        let mut s = 0.0;
        for i in 0..x.len() {
            if large[i] {
                s += x[i] * x[i];
            } else {
                s -= x[i];
            }
        }
        s * large.iter().filter(|b| **b).count() as f64
    } at (vector(5));

    selected_by_a_mask(x: Array2<f64>, y: Array2<f64>) -> Array2<f64> {
        let mask = Zip::from(x).and(y).map_collect(|a, b| a > b);
        Zip::from(&mask).and(x).and(y).map_collect(|&m, &a, &b| if m { a * b } else { b })
    } at (matrix(3, 2), matrix(3, 2) * 1.2 - 0.2);

    counted(x: Array1<f64>) -> f64 {
        let bins = x.mapv(|e| stop_gradient(e * 2.0) as usize);
        let mut sums = [0.0; 4];
        for (v, &bin) in x.iter().zip(&bins) {
            sums[bin] += v * v;
        }
        sums[1] * sums[2]
    } at (vector(6));

    an_order(x: Array1<f64>; order: &[usize]) -> f64 {
        let y = x.select(Axis(0), order);
        let mut s = 0.0;
        for i in 0..y.len() {
            s += y[i] * i as f64;
        }
        s
    } at (vector(3); &[2, 0, 1][..]), (vector(3); &[][..]), (vector(3); &[1, 1, 1, 1][..]);

    selected_rows(x: Array2<f64>; at: &Array1<usize>) -> Array2<f64> {
        x.select(Axis(0), at.as_slice().unwrap())
    } at (matrix(3, 2); &array![2, 0, 2]);

    selected_columns(x: Array3<f64>) -> Array3<f64> {
        x.select(Axis(1), &[2, 0, 2]).mapv(|e| e * e)
    } at (array_of((2, 3, 2)));

    selected_by_a_list(x: Array2<f64>) -> Array2<f64> {
        let mut kept = Vec::new();
        for i in 0..x.nrows() {
            if x[[i, 0]] > 1.0 {
                kept.push(i);
            }
        }
        x.select(Axis(0), &kept)
    } at (matrix(5, 2));

    made_of_integers(x: Array1<f64>) -> f64 {
        let weights = array![3, 1, 2];
        let mut counts = Array1::<usize>::zeros(3);
        for i in 0..3 {
            counts[i] += weights[i] as usize + i;
        }
        let order = Array1::from_vec(vec![2usize, 0, 1]);
        let mut s = 0.0;
        for i in 0..3 {
            s += x[order[i]] * counts[i] as f64;
        }
        s
    } at (vector(3));
}
