//! Arrays of the function's own: made, filled, assigned, returned.

use crate::prelude::*;
use crate::{functions, maps};

functions! { exact;
    prefix_sums: (x: Array1<f64> = vector(6)) {
        let mut c = Array1::zeros(x.len());
        let mut sum = 0.0;
        for i in 0..x.len() {
            sum += x[i];
            c[i] = sum * sum;
        }
        let mut s = 0.0;
        for &v in c.iter() {
            s += v;
        }
        s
    }
    gauss: (a: Array2<f64> = definite(4), b: Array1<f64> = vector(4)) {
        let n = b.len();
        let (mut a, mut b) = (a.clone(), b.clone());
        for k in 0..n {
            for i in k + 1..n {
                let f = a[[i, k]] / a[[k, k]];
                for j in k..n {
                    a[[i, j]] -= f * a[[k, j]];
                }
                b[i] -= f * b[k];
            }
        }
        let mut x = Array1::<f64>::zeros(n);
        for i in (0..n).rev() {
            let mut s = b[i];
            for j in i + 1..n {
                s -= a[[i, j]] * x[j];
            }
            x[i] = s / a[[i, i]];
        }
        x[0] * x[1] + x[n - 1]
    }
    cholesky: (a: Array2<f64> = definite(3)) {
        let n = a.nrows();
        let mut l = Array2::<f64>::zeros((n, n));
        let mut log_det = 0.0;
        for i in 0..n {
            for j in 0..=i {
                let mut s = a[[i, j]];
                for k in 0..j {
                    s -= l[[i, k]] * l[[j, k]];
                }
                if i == j {
                    l[[i, i]] = s.sqrt();
                    log_det += 2.0 * l[[i, i]].ln();
                } else {
                    l[[i, j]] = s / l[[j, j]];
                }
            }
        }
        log_det
    }
    heat: (u: Array1<f64> = vector(6), k: f64 = 0.2) {
        let mut u = u.to_owned();
        for _ in 0..4 {
            let old = u.clone();
            for i in 1..u.len() - 1 {
                u[i] = old[i] + k * (old[i - 1] - 2.0 * old[i] + old[i + 1]);
            }
        }
        u[2] * u[3]
    }
    shortest_path: (w: Array2<f64> = matrix(4, 4).mapv(f64::abs)) {
        let n = w.nrows();
        let mut d = Array1::from_elem(n, f64::INFINITY);
        d[0] = 0.0;
        for _ in 0..n {
            for i in 0..n {
                for j in 0..n {
                    if d[i] + w[[i, j]] < d[j] {
                        d[j] = d[i] + w[[i, j]];
                    }
                }
            }
        }
        d[n - 1]
    }
    leapfrog: (q: Array1<f64> = vector(3), p: Array1<f64> = vector(3)) {
        let (mut q, mut p) = (q.to_owned(), p.to_owned());
        let dt = 0.1;
        for _ in 0..5 {
            for i in 0..q.len() {
                p[i] -= dt * q[i].sin();
            }
            for (x, v) in q.iter_mut().zip(p.iter()) {
                *x += dt * v;
            }
        }
        q[0] + p[1] * q[2]
    }
    in_rows: (x: Array2<f64> = matrix(3, 4)) {
        let mut y = x.clone();
        for i in 0..y.nrows() {
            let mut row = y.row_mut(i);
            for j in 1..row.len() {
                row[j] += row[j - 1] * 0.5;
            }
        }
        for mut row in y.rows_mut() {
            row[0] *= 2.0;
        }
        let mut s = 0.0;
        for &v in y.iter() {
            s += v * v;
        }
        s
    }
    filled_and_assigned: (x: Array2<f64> = matrix(3, 3), a: f64 = 0.7) {
        let mut y = Array2::zeros((3, 3));
        y.fill(*a);
        for i in 0..2 {
            y.row_mut(i).assign(&x.column(i + 1));
        }
        y.slice_mut(s![1.., ..2]).fill(a * a);
        let mut s = 0.0;
        for ((i, j), &v) in y.indexed_iter() {
            s += v * x[[j, i]];
        }
        s
    }
    swapped_elements: (x: Array1<f64> = vector(5)) {
        let mut y = x.clone();
        for i in 0..y.len() - 1 {
            for j in 0..y.len() - 1 - i {
                if y[j] > y[j + 1] {
                    y.swap(j, j + 1);
                }
            }
        }
        y[0] * 2.0 + y[2] * y[2]
    }
    of_a_vector: (x: Array1<f64> = vector(4)) {
        let mut list = Vec::new();
        for &v in x.iter() {
            if v > 0.0 {
                list.push(v.sqrt());
            }
        }
        let y = Array1::from_vec(list);
        let mut s = 0.0;
        for i in 0..y.len() {
            s += y[i] * x[i];
        }
        s
    }
    written_out: (a: f64 = 0.4) {
        let rotation = array![[a.cos(), -a.sin()], [a.sin(), a.cos()]];
        let mut p = array![1.0, 2.0];
        for _ in 0..3 {
            let q = p.clone();
            for i in 0..2 {
                p[i] = rotation[[i, 0]] * q[0] + rotation[[i, 1]] * q[1];
            }
        }
        p[0] * p[1]
    }
}

maps! {
    product_by_loops: (a: Array2<f64> = matrix(3, 2), b: Array2<f64> = matrix(2, 4)) -> Array2<f64> {
        let (n, m, l) = (a.nrows(), b.ncols(), b.nrows());
        let mut c = Array2::zeros((n, m));
        for i in 0..n {
            for j in 0..m {
                for k in 0..l {
                    c[[i, j]] += a[[i, k]] * b[[k, j]];
                }
            }
        }
        c
    }
    softmax_by_rows: (x: Array2<f64> = matrix(3, 4)) -> Array2<f64> {
        let mut y = Array2::zeros(x.dim());
        for (i, row) in x.rows().into_iter().enumerate() {
            let mut sum = 0.0;
            for &v in row {
                sum += v.exp();
            }
            for j in 0..row.len() {
                y[[i, j]] = row[j].exp() / sum;
            }
        }
        y
    }
    moving_average: (x: Array1<f64> = vector(7)) -> Array1<f64> {
        let mut y = Array1::zeros(x.len() - 2);
        for i in 0..y.len() {
            for k in 0..3 {
                y[i] += x[i + k] / 3.0;
            }
        }
        y
    }
    outer_product: (x: Array1<f64> = vector(3), y: Array1<f64> = vector(2)) -> Array2<f64> {
        let mut z = Array2::zeros((x.len(), y.len()));
        for i in 0..x.len() {
            for j in 0..y.len() {
                z[[i, j]] = x[i] * y[j];
            }
        }
        z
    }
    from_a_function: (x: Array1<f64> = vector(4)) -> Array2<f64> {
        Array2::from_shape_fn((x.len(), 3), |(i, j)| if i > j { x[i].powi(j as i32 + 1) } else { x[j] })
    }
    exponential_smoothing: (x: Array1<f64> = vector(5), a: f64 = 0.3) -> Array1<f64> {
        let mut y = x.clone();
        for i in 1..x.len() {
            y[i] = a * x[i] + (1.0 - a) * y[i - 1];
        }
        y
    }
    chosen: (x: Array1<f64> = vector(4), y: Array1<f64> = vector(4)) -> Array1<f64> {
        let z = if x[0] > 0.0 { x * y } else { x.clone() };
        let mut w = y.clone();
        if z[1] < 10.0 {
            w = &z + &w;
        }
        w
    }
    grows_in_a_loop: (x: Array1<f64> = vector(2)) -> Array1<f64> {
        let mut y = x.clone();
        for _ in 0..2 {
            let mut z = Array1::zeros(y.len() + 1);
            for i in 0..y.len() {
                z[i] += y[i];
                z[i + 1] += 0.5 * y[i];
            }
            y = z;
        }
        y
    }
}
