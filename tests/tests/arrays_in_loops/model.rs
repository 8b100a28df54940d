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
