//! Array expressions inside of loops and conditions.

use crate::prelude::*;
use crate::{functions, maps};

functions! { close;
    power_iteration: (a: Array2<f64> = definite(3), v: Array1<f64> = vector(3)) {
        let mut v = v.to_owned();
        for _ in 0..5 {
            v = a.dot(&v);
            let n = v.dot(&v).sqrt();
            v /= n;
        }
        v.dot(&a.dot(&v))
    }
    logistic_row_by_row: (w: Array1<f64> = vector(3), x: Array2<f64> = matrix(5, 3), y: Array1<f64> = vector(5)) {
        let mut loss = 0.0;
        for (i, row) in x.outer_iter().enumerate() {
            let z = row.dot(w);
            loss += if y[i] > 0.0 { (1.0 + (-z).exp()).ln() } else { (1.0 + z.exp()).ln() };
        }
        loss / x.nrows() as f64
    }
    attention_by_rows: (q: Array2<f64> = matrix(3, 2), k: Array2<f64> = matrix(4, 2), v: Array2<f64> = matrix(4, 2)) {
        let mut total = 0.0;
        for query in q.rows() {
            let scores = k.dot(&query) / 2f64.sqrt();
            let weights = scores.mapv(f64::exp);
            let out = weights.dot(v) / weights.sum();
            total += out.dot(&out);
        }
        total
    }
    recurrent_network: (w: Array2<f64> = matrix(3, 3), u: Array2<f64> = matrix(3, 2), x: Array2<f64> = matrix(4, 2)) {
        let mut h = Array1::<f64>::zeros(3);
        for t in 0..x.nrows() {
            h = (w.dot(&h) + u.dot(&x.row(t))).mapv(f64::tanh);
        }
        h.sum()
    }
    gradient_descent_inside: (a: Array2<f64> = definite(3), b: Array1<f64> = vector(3)) {
        let mut x = Array1::<f64>::zeros(b.len());
        for _ in 0..6 {
            let r = a.dot(&x) - b;
            x = &x - &(&r * 0.05);
        }
        let r = a.dot(&x) - b;
        0.5 * r.dot(&r)
    }
    conjugate_gradients: (a: Array2<f64> = definite(3), b: Array1<f64> = vector(3)) {
        let mut x = Array1::<f64>::zeros(b.len());
        let mut r = b.clone();
        let mut p = r.clone();
        let mut rr = r.dot(&r);
        for _ in 0..2 {
            let ap = a.dot(&p);
            let alpha = rr / p.dot(&ap);
            x.scaled_add(alpha, &p);
            r.scaled_add(-alpha, &ap);
            let next = r.dot(&r);
            p = &r + &(&p * (next / rr));
            rr = next;
        }
        x.sum()
    }
    layer_norm_by_rows: (x: Array2<f64> = matrix(3, 5)) {
        let mut s = 0.0;
        for row in x.rows() {
            let mean = row.mean().unwrap();
            let centred = &row - mean;
            let variance = centred.mapv(|v| v * v).sum() / row.len() as f64;
            s += (centred / (variance + 1e-3).sqrt()).mapv(|v| v.powi(3)).sum();
        }
        s
    }
    in_place_arithmetic: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3)) {
        let mut z = x.clone();
        for k in 0..3 {
            z += y;
            z *= x;
            z -= k as f64;
            z.mapv_inplace(|v| v * 0.5);
        }
        z.sum()
    }
    sums_along_axes: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for _ in 0..2 {
            let rows = x.sum_axis(Axis(1));
            let columns = x.mean_axis(Axis(0)).unwrap();
            s += rows.dot(&rows) * columns.dot(&columns);
        }
        s
    }
    products_of_matrices: (a: Array2<f64> = matrix(3, 3)) {
        let mut p = a.clone();
        for _ in 0..2 {
            p = p.dot(a) * 0.5;
        }
        (&p * &p.t()).sum()
    }
    blocks: (x: Array2<f64> = matrix(4, 4)) {
        let mut s = 0.0;
        for k in 0..3 {
            let block = x.slice(s![k..k + 2, ..]);
            s += block.dot(&block.t()).sum() * block.column(k).sum();
        }
        s
    }
    zipped: (x: Array1<f64> = vector(4), y: Array1<f64> = matrix(4, 1).column(0).to_owned()) {
        let mut z = Array1::<f64>::zeros(4);
        for _ in 0..2 {
            Zip::from(&mut z).and(x).and(y).for_each(|z, &x, &y| {
                *z += if x > y { x * y } else { x - y };
            });
        }
        z.sum() + Zip::from(x).and(y).fold(0.0, |s, &x, &y| s + x * y)
    }
    broadcast_columns: (x: Array2<f64> = matrix(3, 2), y: Array1<f64> = vector(3)) {
        let mut s = 0.0;
        for _ in 0..2 {
            let column = y.view().insert_axis(Axis(1));
            s += (x * &column).mapv(f64::sin).sum();
        }
        s
    }
    spread: (x: Array1<f64> = vector(5)) {
        let mut s = 0.0;
        for _ in 0..2 {
            s += x.std(1.0) + x.var(0.0) * x.mean().unwrap();
        }
        s
    }
}

maps! {
    jacobi: (a: Array2<f64> = definite(3), b: Array1<f64> = vector(3)) -> Array1<f64> {
        let d = a.diag().to_owned();
        let mut x = Array1::<f64>::zeros(b.len());
        for _ in 0..4 {
            let r = b - &a.dot(&x);
            x = &x + &(&r / &d * 0.5);
        }
        x
    }
    whitened: (x: Array2<f64> = matrix(4, 3)) -> Array2<f64> {
        let mut y = x.clone();
        for j in 0..x.ncols() {
            let mean = x.column(j).mean().unwrap();
            let mut column = y.column_mut(j);
            column -= mean;
            column *= 2.0;
        }
        y
    }
    clipped: (x: Array1<f64> = vector(6)) -> Array1<f64> {
        let norm = x.dot(x).sqrt();
        if norm > 1.0 { x / norm } else { x.clone() }
    }
    collected: (x: Array2<f64> = matrix(3, 4)) -> Array1<f64> {
        let sums: Vec<f64> = x.rows().into_iter().map(|row| row.mapv(|v| v * v).sum()).collect();
        Array::from_vec(sums)
    }
}
