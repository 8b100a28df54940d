//! Products of matrices, which are calls of a GEMM where they are large and loops where they are
//! small: every transposition, slices, in-place forms, special values.

// `s!` allows unsafe code for itself, which cannot be forbidden then.
#![deny(unsafe_code)]
#![allow(clippy::reversed_empty_ranges, reason = "a slice that runs backwards")]

use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use ndarray::{Array1, Array2, ShapeBuilder, array, s};

#[differentiate(tape)]
fn plain(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    x.dot(y).mapv(|e| e * e).sum()
}

#[differentiate(tape)]
fn left_transposed(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    x.t().dot(y).mapv(|e| e * e).sum()
}

#[differentiate(tape)]
fn right_transposed(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    x.dot(&y.t()).mapv(|e| e * e).sum()
}

#[differentiate(tape)]
fn both_transposed(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    x.t().dot(&y.t()).mapv(|e| e * e).sum()
}

#[differentiate(tape)]
fn result_transposed(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    (&x.dot(y).t().exp() * 0.5).sum()
}

#[differentiate(tape)]
fn of_slices(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let (x, y) = (x.slice(s![1..-1, ..;-1]), y.slice(s![..;2, ..-1]));
    x.dot(&y.t()).mapv(|e| e * e).sum()
}

#[differentiate(tape)]
fn with_itself(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let gram = x.dot(&x.t());
    gram.dot(y).mapv(f64::tanh).sum() + gram.sum()
}

#[differentiate(tape)]
fn of_what_is_computed(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let hidden = (x.dot(y) - 0.25).tanh();
    let again = hidden.dot(&y.t()).sigmoid();
    (again * x).sum()
}

/// The same sum, written without `dot`.
#[differentiate(tape)]
fn written_out(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let products =
        &x.view().insert_axis(ndarray::Axis(2)) * &y.view().insert_axis(ndarray::Axis(0));
    products.sum_axis(ndarray::Axis(1)).mapv(|e| e * e).sum()
}

type Plain = fn(&Array2<f64>, &Array2<f64>) -> f64;
type Gradient = fn(&Array2<f64>, &Array2<f64>) -> (f64, (Array2<f64>, Array2<f64>));
type Into = fn(&Array2<f64>, &Array2<f64>, &mut Array2<f64>, &mut Array2<f64>) -> f64;

/// Small, just too large for loops, of vectors, larger than a block of the GEMM.
const SIZES: [[usize; 3]; 8] = [
    [1, 1, 1],
    [2, 3, 4],
    [8, 8, 8],
    [9, 13, 11],
    [1, 40, 30],
    [33, 1, 40],
    [30, 37, 5],
    [70, 64, 65],
];

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7 + j * 3) as f64 * 0.37).sin() + 0.1)
}

fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    let size = b.iter().fold(1.0_f64, |size, e| size.max(e.abs()));
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * size)
}

macro_rules! check {
    ($f:ident, |$n:ident, $k:ident, $m:ident| $x:expr, $y:expr) => {
        let (value, gradient, by_tape): (Plain, Gradient, Gradient) =
            ($f, $f::value_and_grad, $f::tape_value_and_grad);
        let (into, add_into): (Into, Into) = ($f::value_and_grad_into, $f::value_and_grad_add_into);
        for [$n, $k, $m] in SIZES {
            let (x, y) = (matrix($x.0, $x.1), matrix($y.0, $y.1));
            let (found, (dx, dy)) = gradient(&x, &y);
            let (expected, (tx, ty)) = by_tape(&x, &y);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
            let at = format!("{} {}×{}×{}", stringify!($f), $n, $k, $m);
            assert!(
                near(found, expected) && near(found, value(&x, &y)),
                "{at}: {found} {expected}"
            );
            assert!(close(&dx, &tx) && close(&dy, &ty), "{at}\n{dx}\n{tx}\n{dy}\n{ty}");
            // Other layouts, and buffers that hold something.
            let (columns_first, reversed) = (in_columns(&x), reversed(&y));
            let (mut ax, mut ay) = (in_columns(&x), y.clone());
            into(&columns_first, &reversed, &mut ax, &mut ay);
            assert!(close(&ax, &tx) && close(&ay, &ty), "{at} into");
            let (mut ax, mut ay) = (x.clone(), y.clone());
            add_into(&x, &y, &mut ax, &mut ay);
            assert!(close(&ax, &(&tx + &x)) && close(&ay, &(&ty + &y)), "{at} added");
        }
    };
}

fn in_columns(x: &Array2<f64>) -> Array2<f64> {
    let mut out = Array2::zeros(x.dim().f());
    out.assign(x);
    out
}

/// The same elements, laid out backwards.
fn reversed(x: &Array2<f64>) -> Array2<f64> {
    let mut out = x.slice(s![..;-1, ..;-1]).to_owned();
    out.invert_axis(ndarray::Axis(0));
    out.invert_axis(ndarray::Axis(1));
    out
}

#[test]
fn every_transposition_and_size_agrees_with_the_tape() {
    check!(plain, |n, k, m| (n, k), (k, m));
    check!(left_transposed, |n, k, m| (k, n), (k, m));
    check!(right_transposed, |n, k, m| (n, k), (m, k));
    check!(both_transposed, |n, k, m| (k, n), (m, k));
    check!(result_transposed, |n, k, m| (n, k), (k, m));
    check!(of_slices, |n, k, m| (n + 2, k), (2 * m, k + 1));
    check!(with_itself, |n, k, m| (n, k), (n, m));
    check!(of_what_is_computed, |n, k, m| (n, k), (k, m));
    check!(written_out, |n, k, m| (n, k), (k, m));
}

/// Without rows, inner axis or columns there is nothing to add up.
#[test]
fn of_empty_matrices() {
    for [n, k, m] in [[0, 20, 30], [20, 0, 30], [20, 30, 0]] {
        let (x, y) = (matrix(n, k), matrix(k, m));
        let (value, (dx, dy)) = plain::value_and_grad(&x, &y);
        assert_eq!((value, dx, dy), (0.0, Array2::zeros((n, k)), Array2::zeros((k, m))));
        let (mut dx, mut dy) = (x.clone(), y.clone());
        plain::value_and_grad_add_into(&x, &y, &mut dx, &mut dy);
        assert_eq!((dx, dy), (x, y));
    }
}

/// Arrays that are returned are products, too.
#[differentiate]
fn projected(x: &Array2<f64>, y: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let product = x.dot(y);
    let bent = product.dot(&y.t()).mapv(f64::sin);
    (product, bent)
}

#[test]
fn products_as_results() {
    let (x, y) = (matrix(20, 11), matrix(11, 16));
    let (a, b) = (matrix(20, 16), matrix(20, 11));
    let ((product, bent), (dx, dy)) = projected::vjp(&x, &y, (a.clone(), b.clone()));
    assert!(close(&product, &x.dot(&y)));
    assert!(close(&bent, &x.dot(&y).dot(&y.t()).mapv(f64::sin)));
    let ct = &b * &x.dot(&y).dot(&y.t()).mapv(f64::cos);
    let through = &a + &ct.dot(&y);
    assert!(close(&dx, &through.dot(&y.t())));
    assert!(close(&dy, &(x.t().dot(&through) + ct.t().dot(&x.dot(&y)))));
}

/// A bound, a weight that appears twice, an activation whose result is a factor.
#[differentiate(tape)]
fn tied(x: &Array2<f64>, w: &Array2<f64>, b: &Array1<f64>) -> f64 {
    let code = (x.dot(w) + b).relu();
    let decoded = code.dot(&w.t());
    (decoded - x).mapv(|e| e * e).mean().unwrap()
}

#[test]
fn a_weight_that_appears_twice() {
    for (n, d, h) in [(3, 4, 2), (40, 30, 12)] {
        let (x, w, b) = (matrix(n, d), matrix(d, h), Array1::linspace(-0.5, 0.5, h));
        let (value, (dx, dw, db)) = tied::value_and_grad(&x, &w, &b);
        let (expected, (tx, tw, tb)) = tied::tape_value_and_grad(&x, &w, &b);
        assert!((value - expected).abs() <= 1e-13 * expected);
        assert!(close(&dx, &tx) && close(&dw, &tw));
        assert!(db.iter().zip(&tb).all(|(a, b)| (a - b).abs() < 1e-13));
    }
}

/// Row 0 of `ln(x)` is infinite, and the cotangents that meet it are zero.
#[differentiate(wrt(x, y))]
fn of_logarithms(x: &Array2<f64>, y: &Array2<f64>, weight: &Array2<f64>) -> f64 {
    (x.mapv(f64::ln).dot(y) * weight).mapv(|e| if e.is_finite() { e } else { 0.0 }).sum()
}

/// A zero cotangent passes on zero where the other factor is infinite, in the GEMM's place as well.
#[test]
fn infinite_factors_where_the_cotangent_is_zero() {
    for n in [3, 20] {
        let mut x = matrix(n, n).mapv(|e| e.abs() + 0.5);
        x.row_mut(0).fill(0.0);
        let (y, weight) = (matrix(n, n), matrix(n, n));
        let (value, (dx, dy)) = of_logarithms::value_and_grad(&x, &y, &weight);
        assert!(value.is_finite() && dx.iter().chain(&dy).all(|d| d.is_finite()), "{n}\n{dy}");
        let rest = |a: &Array2<f64>| a.slice(s![1.., ..]).to_owned();
        let expected = rest(&x).mapv(f64::ln).t().dot(&rest(&weight));
        assert!(close(&dy, &expected), "{n}\n{dy}\n{expected}");
        assert_eq!(dx.row(0), Array1::<f64>::zeros(n));
    }
}

/// NaN of plain factors stays NaN, as in the function itself.
#[test]
fn not_a_number_stays() {
    let (mut x, y) = (matrix(20, 20), matrix(20, 20));
    x[[3, 4]] = f64::NAN;
    let (value, (dx, dy)) = plain::value_and_grad(&x, &y);
    assert!(value.is_nan() && dx[[3, 0]].is_nan() && dx[[2, 0]].is_finite() && dy[[0, 0]].is_nan());
}

/// The derivation says what is kept for large matrices and for small ones.
#[test]
fn what_is_stored() {
    assert!(
        plain::DERIVATION.ends_with("stores n q f64; of small matrices q f64\n"),
        "{}",
        plain::DERIVATION
    );
}

#[test]
fn a_small_product_by_hand() {
    let (value, (dx, dy)) = plain::value_and_grad(&array![[1.0, 2.0]], &array![[3.0], [4.0]]);
    assert_eq!((value, dx, dy), (121.0, array![[66.0, 88.0]], array![[22.0], [44.0]]));
}

/// Both weights have the same gradient, which is added to what each buffer holds.
#[differentiate(wrt(w, v))]
fn one_gradient_for_two(x: &Array2<f64>, w: &Array2<f64>, v: &Array2<f64>) -> f64 {
    (x.dot(w) + x.dot(v)).mapv(|e| e * e).sum()
}

#[test]
fn gradients_that_are_equal_are_added_to_buffers_that_are_not() {
    for n in [2, 20] {
        let (x, w, v) = (matrix(n, n), matrix(n, n), matrix(n, n) * 0.5);
        let (_, (dw, dv)) = one_gradient_for_two::value_and_grad(&x, &w, &v);
        let (mut aw, mut av) =
            (Array2::from_elem((n, n), 100.0), Array2::from_elem((n, n), 1000.0));
        one_gradient_for_two::value_and_grad_add_into(&x, &w, &v, &mut aw, &mut av);
        assert!(close(&aw, &(dw + 100.0)) && close(&av, &(dv + 1000.0)), "{av}");
    }
}
