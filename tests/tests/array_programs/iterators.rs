//! Arrays as iterators.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, Array4, Axis};

programs! {
    outer_iterator_of_rank_3(x: Array3<f64>) -> Array2<f64> {
        let mut y = Array2::ones((x.shape()[1], x.shape()[2]));
        for part in x.outer_iter() {
            y = y * part + 0.5;
        }
        y
    } at (array_of((2, 3, 4))), (array_of((0, 3, 4)));

    axis_iterator_of_rank_3(x: Array3<f64>) -> f64 {
        let mut s = 0.0;
        for (k, part) in x.axis_iter(Axis(1)).enumerate() {
            s += part.t().dot(&part).sum() * (k + 1) as f64;
        }
        s
    } at (array_of((2, 3, 2)));

    axis_iterator_in_place(x: Array3<f64>) -> Array3<f64> {
        let mut y = x.clone();
        for (k, mut part) in y.axis_iter_mut(Axis(2)).enumerate() {
            part *= k as f64;
            part[[0, 0]] += 1.0;
        }
        y
    } at (array_of((2, 3, 2)));

    lanes_of_rank_3(x: Array3<f64>) -> f64 {
        let mut s = 0.0;
        for lane in x.lanes(Axis(1)) {
            s += lane.iter().product::<f64>();
        }
        s
    } at (array_of((2, 3, 2))), (array_of((2, 0, 2))), (array_of((0, 3, 2)));

    rows_of_rank_3(x: Array3<f64>, w: Array1<f64>) -> f64 {
        let mut s = 0.0;
        for row in x.rows() {
            s += row.dot(w).tanh();
        }
        s
    } at (array_of((2, 2, 3)), vector(3));

    columns_of_rank_4(x: Array4<f64>) -> f64 {
        x.columns().into_iter().map(|column| column[0] * column[column.len() - 1]).sum()
    } at (array_of((2, 2, 3, 2)));

    lanes_in_place(x: Array3<f64>) -> Array3<f64> {
        let mut y = x.clone();
        for mut lane in y.lanes_mut(Axis(2)) {
            let n = lane.sum();
            lane /= n;
        }
        y
    } at (array_of((2, 3, 4)));

    rows_in_place(x: Array3<f64>) -> Array3<f64> {
        let mut y = x.clone();
        for (k, mut row) in y.rows_mut().into_iter().enumerate() {
            row[0] *= k as f64;
        }
        y
    } at (array_of((2, 2, 2)));

    chunks_along_an_axis(x: Array2<f64>; size: usize) -> f64 {
        let mut s = 0.0;
        for chunk in x.axis_chunks_iter(Axis(0), size) {
            s += chunk.product() * chunk.nrows() as f64;
        }
        s
    } at (matrix(5, 2); 2), (matrix(4, 2); 2), (matrix(0, 2); 3);

    chunks_along_an_axis_in_place(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        for mut chunk in y.axis_chunks_iter_mut(Axis(1), 2) {
            let total = chunk.sum();
            chunk *= total;
        }
        y
    } at (matrix(2, 5));

    exact_chunks(x: Array2<f64>) -> f64 {
        let mut s = 0.0;
        for (k, chunk) in x.exact_chunks((2, 2)).into_iter().enumerate() {
            s += (chunk[[0, 0]] * chunk[[1, 1]] - chunk[[0, 1]] * chunk[[1, 0]]) * (k + 1) as f64;
        }
        s
    } at (matrix(4, 5)), (matrix(1, 2));

    windows(x: Array1<f64>) -> f64 {
        x.windows(3).into_iter().map(|w| (w[0] - 2.0 * w[1] + w[2]).powi(2)).sum()
    } at (vector(6)), (vector(2));

    windows_of_a_matrix(x: Array2<f64>, k: Array2<f64>) -> Array2<f64> {
        let mut y = Array2::zeros((x.nrows() - 1, x.ncols() - 2));
        for (w, out) in x.windows((2, 3)).into_iter().zip(y.iter_mut()) {
            *out = (&w * k).sum();
        }
        y
    } at (matrix(4, 5), matrix(2, 3));

    windows_along_an_axis(x: Array2<f64>) -> f64 {
        let mut s = 0.0;
        for pair in x.axis_windows(Axis(0), 2) {
            s += pair.row(0).dot(&pair.row(1));
        }
        s
    } at (matrix(4, 3));

    backwards(x: Array2<f64>) -> f64 {
        let mut s = 0.0;
        for (k, row) in x.outer_iter().rev().enumerate() {
            s = s * row.sum() + k as f64;
        }
        for v in x.row(0).iter().rev() {
            s = s.sin() + v;
        }
        s
    } at (matrix(3, 2));

    by_value(x: Array1<f64>) -> f64 {
        let mut s = 0.0;
        for v in x.clone() {
            s += v * v;
        }
        s + x.clone().into_iter().map(f64::sin).sum::<f64>()
    } at (vector(3));

    indexed(x: Array1<f64>, y: Array3<f64>) -> f64 {
        let mut s = 0.0;
        for (i, v) in x.indexed_iter() {
            s += v * i as f64;
        }
        s + y.indexed_iter().map(|((i, j, k), v)| v * (i * 4 + j * 2 + k) as f64).sum::<f64>()
    } at (vector(3), array_of((2, 2, 2)));

    first_and_last(x: Array1<f64>) -> f64 {
        match (x.first(), x.last()) {
            (Some(a), Some(b)) => a * b,
            _ => 0.0,
        }
    } at (vector(3)), (vector(1)), (vector(0));

    first_of_a_view(x: Array2<f64>) -> f64 {
        x.t().first().unwrap() * x.column(1).last().unwrap()
    } at (matrix(3, 2));

    to_a_list(x: Array1<f64>) -> f64 {
        let list = x.to_vec();
        let mut s = 0.0;
        for pair in list.windows(2) {
            s += pair[0] * pair[1];
        }
        let y = Array1::from(list);
        s * y.as_slice().unwrap()[0]
    } at (vector(4));

    as_a_slice(x: Array1<f64>, y: Array2<f64>) -> f64 {
        let slice = x.as_slice_memory_order().unwrap();
        let z = y.as_standard_layout();
        slice.iter().zip(z.as_slice().unwrap()).map(|(a, b)| a * b).sum()
    } at (vector(4), matrix(2, 2));

    an_element_that_may_be_there(x: Array2<f64>; i: usize) -> f64 {
        let mut s = 0.0;
        if let Some(v) = x.get((i, 1)) {
            s += v * v;
        }
        s + x.get([0, i]).copied().unwrap_or(3.0)
    } at (matrix(3, 2); 1), (matrix(3, 2); 2), (matrix(3, 2); 5);

    collected(x: Array2<f64>) -> Array1<f64> {
        let sums: Array1<f64> = x.rows().into_iter().map(|row| row.sum().exp()).collect();
        let more = Array1::from_iter(x.iter().map(|v| v * 2.0));
        sums * more.sum()
    } at (matrix(3, 2));
}
