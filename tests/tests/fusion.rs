//! Loops that are merged, shared and kept in locals: the ways in which a plan can go wrong.
#![forbid(unsafe_code)]

use chainrule::differentiate;
use ndarray::{Array1, Array2, Axis};

/// A value that a sum and a transposed gradient both read, in one loop.
#[differentiate(tape)]
fn shared_by_a_transpose(x: &Array2<f64>, z: &Array1<f64>, s: f64) -> f64 {
    let shifted = (&x.t() - z) * s;
    let again = &shifted - &shifted * s;
    shifted.sum() + again.mapv(|e| e * e).mean().unwrap()
}

/// A row-wise sum that a second loop over the same rows needs, after a sum over all of them.
#[differentiate(tape)]
fn two_passes_by_nature(x: &Array2<f64>, z: &Array1<f64>, s: f64) -> f64 {
    let rows = x.sum_axis(Axis(1)).mapv(|e| (e * s).tanh());
    let norm = rows.mapv(|e| e * e).sum().sqrt();
    (&rows / norm).dot(&x.dot(z))
}

/// Elementwise functions that are dear, read by a product that would compute them for every row.
#[differentiate(tape)]
fn dear_in_an_inner_loop(x: &Array2<f64>, z: &Array1<f64>, s: f64) -> f64 {
    let weights = z.mapv(|e| (e * s).exp());
    x.dot(&weights).mapv(|e| e.sin()).dot(&x.dot(&weights.mapv(|w| w.ln())))
}

/// A matrix product and both its factors' gradients.
#[differentiate(tape)]
fn matrix_product(x: &Array2<f64>, z: &Array1<f64>, s: f64) -> f64 {
    let gram = x.t().dot(x);
    (gram.dot(z) * s).dot(z) + gram[[0, 0]]
}

/// Row by row, a cotangent of a product that is the same for all rows: its buffer is read again in
/// the next row.
#[differentiate(tape)]
fn read_again_in_each_row(x: &Array2<f64>, z: &Array1<f64>, s: f64) -> f64 {
    let weights = Array2::from_elem((x.ncols(), x.ncols()), s);
    x.dot(&weights).sin().sum_axis(Axis(0)).dot(&(z * 2.0).sin())
}

type Plain = fn(&Array2<f64>, &Array1<f64>, f64) -> f64;
type Gradient = fn(&Array2<f64>, &Array1<f64>, f64) -> (f64, (Array2<f64>, Array1<f64>, f64));

fn check(
    rows: impl Fn(usize, usize) -> usize,
    plain: Plain,
    by_macro: Gradient,
    by_tape: Gradient,
) {
    for (n, m) in [(1, 1), (1, 4), (3, 4), (4, 4), (5, 1), (9, 17), (13, 40)] {
        let x = Array2::from_shape_fn((n, m), |(i, j)| ((i * 7 + j * 3) as f64 * 0.37).sin() + 0.1);
        let z = Array1::from_shape_fn(rows(n, m), |k| (k as f64 * 0.53).cos() + 1.5);
        let (value, (dx, dz, ds)) = by_macro(&x, &z, 0.7);
        let (tape_value, (tx, tz, ts)) = by_tape(&x, &z, 0.7);
        // Sums are added up in another order: a few roundings of numbers of the gradient's size.
        let size = tx.iter().chain(&tz).fold(ts.abs().max(value.abs()), |a, b| a.max(b.abs()));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * size.max(1.0);
        assert!(close(value, plain(&x, &z, 0.7)) && close(value, tape_value), "{n}×{m}: value");
        assert!(dx.iter().zip(&tx).all(|(a, b)| close(*a, *b)), "{n}×{m}: x\n{dx}\n{tx}");
        assert!(dz.iter().zip(&tz).all(|(a, b)| close(*a, *b)), "{n}×{m}: z\n{dz}\n{tz}");
        assert!(close(ds, ts), "{n}×{m}: s {ds} {ts}");
    }
}

#[test]
fn plans_agree_with_the_tape() {
    let (rows, columns) = (|n, _| n, |_, m| m);
    check(
        rows,
        shared_by_a_transpose,
        shared_by_a_transpose::value_and_grad,
        shared_by_a_transpose::tape_value_and_grad,
    );
    check(
        columns,
        two_passes_by_nature,
        two_passes_by_nature::value_and_grad,
        two_passes_by_nature::tape_value_and_grad,
    );
    check(
        columns,
        dear_in_an_inner_loop,
        dear_in_an_inner_loop::value_and_grad,
        dear_in_an_inner_loop::tape_value_and_grad,
    );
    check(
        columns,
        matrix_product,
        matrix_product::value_and_grad,
        matrix_product::tape_value_and_grad,
    );
    check(
        columns,
        read_again_in_each_row,
        read_again_in_each_row::value_and_grad,
        read_again_in_each_row::tape_value_and_grad,
    );
}
