//! `TensorExt` in functions with loops.

use crate::functions;
use crate::prelude::*;
use chainrule::tensor::TensorExt;

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
