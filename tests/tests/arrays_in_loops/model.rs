//! `TensorExt` in functions with loops.

use crate::functions;
use crate::prelude::*;
use chainrule::tensor::TensorExt;
use ndarray::{Array3, Array4};

fn cube(a: usize, b: usize, c: usize) -> Array3<f64> {
    Array3::from_shape_fn((a, b, c), |(i, j, k)| number((i * b + j) * c + k))
}

fn cubes(a: usize, b: usize, c: usize, d: usize) -> Array4<f64> {
    Array4::from_shape_fn((a, b, c, d), |(i, j, k, l)| number(((i * b + j) * c + k) * d + l))
}

functions! { close;
    activations: (x: Array2<f64> = matrix(3, 4), slope: f64 = 0.1) {
        let mut s = 0.0;
        for i in 0..x.nrows() {
            let row = x.row(i);
            s += row.relu().sum() + row.leaky_relu(*slope).sum() * 0.5;
            s += (row.sigmoid() * row.softplus()).sum() + row.silu().sum() * row.gelu()[i];
        }
        s
    }
    norms_of_rows: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for row in x.rows() {
            s += row.norm_l1() * row.norm_l2();
        }
        s + x.norm_l2() + (x * 2.0).norm_l1()
    }
    softmax_of_each_axis: (x: Array2<f64> = matrix(3, 4), w: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for _ in 0..1 {
            s += (x.softmax(Axis(0)) * w).sum() + (x.softmax(Axis(1)) * w).sum();
            s += (x.log_softmax(Axis(0)) * w).sum() + (x.log_softmax(Axis(1)) * w).sum();
        }
        s
    }
    softmax_of_rows: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for (i, row) in x.outer_iter().enumerate() {
            s += row.softmax(Axis(0))[i] - row.log_softmax(Axis(0))[3];
        }
        s
    }
    log_sum_exp_of_each_axis: (x: Array2<f64> = matrix(3, 4)) {
        let (a, b) = (x.log_sum_exp(Axis(0)), x.log_sum_exp(Axis(1)));
        let mut s = 0.0;
        for i in 0..3 {
            s += a[i] * b[i];
        }
        s + a[3]
    }
    classes: (x: Array2<f64> = matrix(3, 4), w: Array2<f64> = matrix(4, 2), t: Array2<f64> = matrix(3, 2)) {
        let mut z = x.dot(w);
        for i in 0..z.nrows() {
            z[[i, 0]] += 0.5;
        }
        z.cross_entropy(t)
    }
}

functions! { close;
    extremes_of_each_axis: (x: Array2<f64> = matrix(3, 4), w: Array1<f64> = vector(4)) {
        (x.max_axis(Axis(0)) * w).sum() + (x.min_axis(Axis(0)) * w).sum()
            + x.max_axis(Axis(1)).product() - x.min_axis(Axis(1))[2]
    }
    normalised_layers: (x: Array2<f64> = matrix(3, 4), a: Array1<f64> = vector(4), b: Array1<f64> = vector(4), e: f64 = 0.1) {
        let y = x.layer_norm(a, b, *e);
        (&y * &y * x).sum() + x.row(1).layer_norm(a, b, 1e-3)[2]
    }
    matrices_of_matrices: (x: Array3<f64> = cube(2, 3, 4), y: Array3<f64> = cube(2, 4, 2), w: Array2<f64> = matrix(3, 2)) {
        let mut s = 0.0;
        for z in x.matmul(y).outer_iter() {
            s += (&z * &z * w).sum();
        }
        s + x.index_axis(Axis(0), 1).to_owned().matmul(&y.index_axis(Axis(0), 0))[[2, 1]]
    }
    signals: (x: Array3<f64> = cube(2, 3, 7), w: Array3<f64> = cube(2, 3, 3), t: Array3<f64> = cube(2, 2, 4)) {
        (x.conv1d(w, 2, 1) * t).sum() + x.conv1d(w, 1, 0).mapv(|e| e * e).sum()
    }
    images: (x: Array4<f64> = cubes(1, 2, 4, 5), w: Array4<f64> = cubes(2, 2, 3, 2)) {
        let y = x.conv2d(w, [2, 3], [1, 2]);
        let z = x.conv2d(w, [1, 1], [0, 0]);
        (&y * &y).sum() + (&z * &z).sum()
    }
    pools: (x: Array4<f64> = cubes(1, 2, 4, 5)) {
        let y = x.max_pool2d([2, 3], [2, 1]);
        (&y * &y * &y).sum()
    }
}

/// Equal ones share the derivative of a maximum along an axis; the first gets that of a pool.
#[test]
fn ties() {
    #[differentiate]
    fn greatest(x: &Array2<f64>) -> f64 {
        x.max_axis(Axis(1)).sum() + x.min_axis(Axis(0)).sum()
    }
    #[differentiate]
    fn pooled(x: &Array4<f64>) -> f64 {
        x.max_pool2d([2, 2], [1, 1]).sum()
    }
    let x = array![[2.0, 2.0, 1.0, 2.0], [f64::NEG_INFINITY, f64::NEG_INFINITY, 3.0, 3.0]];
    let third = 1.0 / 3.0;
    let expected = array![[third, third, 1.0, third + 1.0], [1.0, 1.0, 0.5, 0.5]];
    assert_close("shares", &greatest::grad(&x), &expected, ROUNDING);
    let x = Array4::from_shape_vec((1, 1, 2, 3), vec![1.0, 5.0, 5.0, 5.0, 0.0, f64::NAN]).unwrap();
    let (value, slope) = pooled::value_and_grad(&x);
    assert!(value.is_nan() && pooled(&x).is_nan());
    assert_eq!(slope.into_raw_vec_and_offset().0, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
}

/// A masked logit takes no part, neither in the value nor in the gradient.
#[test]
fn masked_logits() {
    #[differentiate]
    fn attention(x: &Array2<f64>, seen: usize) -> f64 {
        let mut logits = x.clone();
        for i in 0..x.nrows() {
            for j in seen..x.ncols() {
                logits[[i, j]] = f64::NEG_INFINITY;
            }
        }
        let p = logits.softmax(Axis(1));
        (&p * x).sum() + logits.log_sum_exp(Axis(1)).sum()
    }
    let x = matrix(3, 4);
    let (value, slope) = attention::value_and_grad(&x, 2);
    assert_close("the value", &value, &attention(&x, 2), ROUNDING);
    let expected = differences(|x| attention(x, 2), &x);
    assert_close("macro, differences", &slope, &expected, DIFFERENCES);
    // Nothing is seen: 0/0.
    assert!(attention::value_and_grad(&x, 0).0.is_nan());
}

/// Macro against tape and differences, of the operations that have a rule of their own there.
macro_rules! against_tape {
    ($($name:ident: ($($arg:ident: $ty:ty = $at:expr),+) $body:block)*) => {$(
        #[test]
        fn $name() {
            #[differentiate(tape)]
            fn function($($arg: &$ty),+) -> f64 $body

            $(let $arg: $ty = $at;)+
            let (value, gradient) = function::value_and_grad($(&$arg),+);
            let (taped, by_tape) = function::tape_value_and_grad($(&$arg),+);
            assert_close("the tape's value", &taped, &value, ROUNDING);
            assert_close("macro, tape", &gradient, &by_tape, ROUNDING);
            let at = ($($arg,)+);
            let slope = differences(|($($arg,)+)| function($($arg),+), &at);
            assert_close("macro, differences", &gradient, &slope, DIFFERENCES);
        }
    )*};
}

against_tape! {
    extremes_by_tape: (x: Array3<f64> = cube(2, 3, 2), w: Array2<f64> = matrix(2, 2)) {
        let y = x.max_axis(Axis(1)) - x.min_axis(Axis(1)) * 0.5;
        (y * w).sum()
    }
    layers_by_tape: (x: Array3<f64> = cube(2, 2, 3), a: Array1<f64> = vector(3), b: Array1<f64> = vector(3), e: f64 = 0.1) {
        let y = x.layer_norm(a, b, *e);
        (&y * &y * x).sum()
    }
    matrices_by_tape: (x: Array3<f64> = cube(2, 3, 4), y: Array3<f64> = cube(2, 4, 2)) {
        x.matmul(y).mapv(|e| e * e).sum()
    }
    signals_by_tape: (x: Array3<f64> = cube(2, 2, 5), w: Array3<f64> = cube(2, 2, 3)) {
        x.conv1d(w, 2, 1).mapv(|e| e * e).sum()
    }
    images_by_tape: (x: Array4<f64> = cubes(1, 2, 3, 4), w: Array4<f64> = cubes(2, 2, 2, 2)) {
        x.conv2d(w, [2, 1], [1, 0]).mapv(|e| e * e).sum()
    }
    pools_by_tape: (x: Array4<f64> = cubes(1, 2, 3, 4)) {
        x.max_pool2d([2, 2], [1, 2]).mapv(|e| e * e).sum()
    }
}

/// What integers and conditions choose.
#[test]
fn chosen_elements() {
    #[differentiate(tape)]
    fn gathered(x: &Array2<f64>, index: &Array2<usize>) -> f64 {
        x.gather(Axis(1), index).mapv(|e| e * e).sum() + x.gather(Axis(0), index)[[1, 0]]
    }
    #[differentiate(tape)]
    fn selected(x: &Array2<f64>, y: &Array2<f64>, mask: &Array2<bool>) -> f64 {
        x.where_select(mask, y).mapv(|e| e * e).sum()
    }
    #[differentiate]
    fn of_the_greater(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        let mask = x.mapv(|e| e > 0.0);
        let greatest = x.argmax_axis(Axis(1));
        let mut s = x.where_select(&mask, &y.mapv(f64::ln)).sum();
        for i in 0..greatest.len() {
            s += y[[i, greatest[i]]] * x[[i, x.argmin_axis(Axis(1))[i]]];
        }
        s
    }
    #[differentiate(wrt(x))]
    fn classified(x: &Array2<f64>, labels: &Array1<usize>) -> f64 {
        x.cross_entropy(&chainrule::tensor::one_hot(labels, 4))
    }

    let (x, y) = (matrix(2, 4), matrix(2, 4).mapv(f64::abs));
    let index = array![[1, 1, 0, 1], [0, 1, 1, 0]];
    let (value, slope) = gathered::value_and_grad(&x, &index);
    assert_close("the value", &value, &gathered(&x, &index), ROUNDING);
    let expected = differences(|x| gathered(x, &index), &x);
    assert_close("gather, differences", &slope, &expected, DIFFERENCES);
    let by_tape = gathered::tape_value_and_grad(&x, &index);
    assert_close("gather, tape", &by_tape, &(value, slope), ROUNDING);

    let mask = x.mapv(|e| e > 0.0);
    let got = selected::value_and_grad(&x, &y, &mask);
    assert_close(
        "where_select, tape",
        &selected::tape_value_and_grad(&x, &y, &mask),
        &got,
        ROUNDING,
    );
    let expected = differences(|(x, y)| selected(x, y, &mask), &(x.clone(), y.clone()));
    assert_close("where_select, differences", &got.1, &expected, DIFFERENCES);

    let slope = of_the_greater::grad(&x, &y);
    let expected = differences(|(x, y)| of_the_greater(x, y), &(x.clone(), y.clone()));
    assert_close("by argmax, differences", &slope, &expected, DIFFERENCES);
    // An arm that is not taken contributes nothing, not even NaN.
    assert!(
        of_the_greater::grad(&x, &(&y - 5.0 * &mask.mapv(f64::from)))
            .0
            .iter()
            .all(|e| e.is_finite())
    );

    let labels = array![3, 0];
    let (value, slope) = classified::value_and_grad(&x, &labels);
    assert_close("the value", &value, &classified(&x, &labels), ROUNDING);
    let expected = differences(|x| classified(x, &labels), &x);
    assert_close("one_hot, differences", &slope, &expected, DIFFERENCES);
}

/// Parts and joins of arrays by macro, tape and differences.
#[test]
fn parts_and_joins_by_tape() {
    #[differentiate(tape)]
    fn function(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        let both = ndarray::concatenate(Axis(0), &[x.view(), y.view()]).unwrap();
        let deep = ndarray::stack(Axis(2), &[x.view(), y.view()]).unwrap();
        let more = ndarray::concatenate![Axis(1), *x, both.select(Axis(0), &[3, 0])];
        let mut s = deep.sum_axis(Axis(2)).product() + more.diag().sum();
        for (k, row) in both.outer_iter().enumerate() {
            s += row.sum() * row[0] * k as f64;
        }
        s + x.clone().into_shape_with_order(6).unwrap()[4]
    }
    let (x, y) = (matrix(2, 3), matrix(2, 3) + 0.25);
    let (value, slope) = function::value_and_grad(&x, &y);
    assert_close("the value", &value, &function(&x, &y), ROUNDING);
    let by_tape = function::tape_value_and_grad(&x, &y);
    let expected = differences(|(x, y)| function(x, y), &(x, y));
    assert_close("differences", &slope, &expected, DIFFERENCES);
    assert_close("tape", &by_tape, &(value, slope), ROUNDING);
}
