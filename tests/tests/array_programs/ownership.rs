//! Arrays that are moved, chosen, exchanged and changed while other names for them are around.

use chainrule_tests::arrays::{array_of, matrix, vector};
use chainrule_tests::programs;
use ndarray::{Array1, Array2, Array3, Axis, Zip, s};

programs! {
    moved_into_another_form(x: Array2<f64>) -> Array2<f64> {
        let y = x.clone();
        let mut z = y.reversed_axes();
        z[[0, 1]] *= 3.0;
        z.row_mut(1).fill(0.5);
        let mut w = z.permuted_axes([1, 0]);
        w[[0, 0]] = x[[1, 0]];
        w * x
    } at (matrix(3, 2));

    moved_without_a_copy(x: Array3<f64>) -> Array2<f64> {
        let y = x.mapv(|e| e * e);
        let part = y.index_axis_move(Axis(1), 1);
        let mut rest = part.slice_move(s![..;-1, 1..]);
        rest *= 2.0;
        rest
    } at (array_of((2, 3, 3)));

    returned_in_another_order(x: Array2<f64>) -> Array2<f64> {
        let y = x * 2.0;
        if y[[0, 0]] > 0.0 {
            return y.reversed_axes();
        }
        y
    } at (matrix(3, 2));

    of_two_layouts(x: Array2<f64>; by_columns: bool) -> Array2<f64> {
        let mut y = if by_columns { x.t().to_owned() } else { x * 2.0 };
        y[[0, 1]] += 1.0;
        let z = if by_columns { y.slice(s![..;-1, ..]) } else { y.view() };
        &z * &z
    } at (matrix(2, 2); true), (matrix(2, 2); false);

    of_two_shapes(x: Array2<f64>; wide: bool) -> f64 {
        let y = if wide { x.slice(s![.., 1..]).to_owned() } else { x.t().to_owned() };
        let mut s = 0.0;
        for row in y.rows() {
            s += row.sum() * row[0];
        }
        s * y.ncols() as f64
    } at (matrix(3, 3); true), (matrix(2, 3); false);

    a_view_of_what_is_replaced_later(x: Array1<f64>) -> f64 {
        let mut y = x.clone();
        let first = y.slice(s![..2]).to_owned();
        y = y.mapv(|e| e * e);
        let second = y.slice(s![..2]).sum();
        y.fill(1.0);
        first.sum() * second * y.sum()
    } at (vector(3));

    grown_in_a_loop(x: Array2<f64>; n: usize) -> Array2<f64> {
        let mut y = Array2::zeros((0, x.ncols()));
        for k in 0..n {
            for row in x.rows() {
                if (k + y.nrows()) % 2 == 0 {
                    y.push_row(row).unwrap();
                } else {
                    y.push_row((&row * &row).view()).unwrap();
                }
            }
        }
        y
    } at (matrix(2, 3); 3), (matrix(2, 3); 0);

    shrunk_in_a_loop(x: Array1<f64>) -> f64 {
        let mut y = x.clone();
        while y.len() > 1 {
            let n = y.len();
            y = &y.slice(s![1..]) * &y.slice(s![..n - 1]);
        }
        y[0]
    } at (vector(4)), (vector(1));

    exchanged_with_other_shapes(x: Array1<f64>, y: Array1<f64>; n: usize) -> f64 {
        let (mut a, mut b) = (x.clone(), y.clone());
        for _ in 0..n {
            std::mem::swap(&mut a, &mut b);
            a *= 2.0;
        }
        a.sum() * b.product() + a.len() as f64
    } at (vector(2), vector(3); 1), (vector(2), vector(3); 2);

    halves_that_see_each_other(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        {
            let (mut a, mut b) = y.view_mut().split_at(Axis(1), 2);
            for i in 0..a.nrows() {
                a[[i, 0]] *= b[[i, 1]];
                b[[i, 0]] += a[[i, 0]];
            }
            a.assign(&b);
        }
        y
    } at (matrix(2, 4));

    a_closure_over_arrays(x: Array2<f64>, w: Array1<f64>) -> Array1<f64> {
        let score = |row: ndarray::ArrayView1<'_, f64>| row.dot(w).tanh();
        let mut y = Array1::zeros(x.nrows());
        for i in 0..x.nrows() {
            y[i] = score(x.row(i)) + score(x.row(0));
        }
        y
    } at (matrix(3, 2), vector(2));

    inverted_in_a_loop(x: Array2<f64>; n: usize) -> Array2<f64> {
        let mut y = x.clone();
        for k in 0..n {
            y.invert_axis(Axis(0));
            y[[0, 0]] *= k as f64 + 0.5;
            y.swap_axes(0, 1);
        }
        y
    } at (matrix(2, 2); 3), (matrix(2, 2); 0);

    a_view_that_is_inverted(x: Array2<f64>) -> f64 {
        let mut v = x.view();
        v.invert_axis(Axis(1));
        v.swap_axes(0, 1);
        v.slice_collapse(s![1.., ..]);
        v[[0, 1]] * v.row(1).sum()
    } at (matrix(2, 3));

    an_exclusive_view_that_is_inverted(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        let mut v = y.view_mut();
        v.invert_axis(Axis(1));
        v.swap_axes(0, 1);
        v.row_mut(0).fill(2.0);
        v[[1, 0]] *= 3.0;
        y
    } at (matrix(2, 3));

    accumulated_in_a_shared_row(x: Array2<f64>) -> Array2<f64> {
        let mut y = Array2::zeros((2, 2));
        for (k, row) in x.rows().into_iter().enumerate() {
            let mut to = y.row_mut(k % 2);
            to += &row.slice(s![..2]);
            to.mapv_inplace(f64::sin);
        }
        y
    } at (matrix(5, 3));

    zipped_with_itself(x: Array2<f64>) -> Array2<f64> {
        let mut y = x.clone();
        for k in 1..y.nrows() {
            let (before, mut now) = y.view_mut().split_at(Axis(0), k);
            Zip::from(&mut now.row_mut(0)).and(&before.row(k - 1)).for_each(|a, &b| *a = *a * b + b);
        }
        y
    } at (matrix(4, 2));

    a_matrix_of_states(x: Array1<f64>; n: usize) -> Array2<f64> {
        let mut states = Array2::zeros((n + 1, x.len()));
        states.row_mut(0).assign(x);
        for k in 0..n {
            let next = states.row(k).mapv(f64::cos) * (k as f64 + 1.0);
            states.row_mut(k + 1).assign(&next);
        }
        states
    } at (vector(2); 3);

    windows_of_what_changes(x: Array1<f64>) -> Array1<f64> {
        let mut y = x.clone();
        for _ in 0..2 {
            let smooth: Array1<f64> = y.windows(3).into_iter().map(|w| w.sum() / 3.0).collect();
            y.slice_mut(s![1..-1]).assign(&smooth);
        }
        y
    } at (vector(5));
}
