//! Elements, rows and iterators of parameters; nothing is changed but floats.

use crate::functions;
use crate::prelude::*;

functions! { exact;
    sum_of_squares: (x: Array1<f64> = vector(5)) {
        let mut s = 0.0;
        for i in 0..x.len() {
            s += x[i] * x[i];
        }
        s
    }
    positive_part: (x: Array2<f64> = matrix(3, 4), y: Array1<f64> = vector(4)) {
        let (n, m) = x.dim();
        let mut s = 0.0;
        for i in 0..n {
            for j in 0..m {
                if x[[i, j]] > 0.0 {
                    s += x[[i, j]] * y[j];
                }
            }
        }
        s
    }
    trace_of_a_product: (a: Array2<f64> = matrix(3, 2), b: Array2<f64> = matrix(2, 3)) {
        let mut s = 0.0;
        for i in 0..a.nrows() {
            for k in 0..a.ncols() {
                s += a[(i, k)] * b[(k, i)];
            }
        }
        s
    }
    rosenbrock: (x: Array1<f64> = vector(6)) {
        let mut s = 0.0;
        for i in 0..x.len() - 1 {
            let (a, b) = (1.0 - x[i], x[i + 1] - x[i] * x[i]);
            s += a * a + 100.0 * b * b;
        }
        s
    }
    laplacian: (u: Array2<f64> = matrix(5, 4)) {
        let (n, m) = u.dim();
        let mut energy = 0.0;
        for i in 1..n - 1 {
            for j in 1..m - 1 {
                let l = u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]] - 4.0 * u[[i, j]];
                energy += l * l;
            }
        }
        energy
    }
    convolution: (x: Array2<f64> = matrix(4, 5), k: Array2<f64> = matrix(2, 3)) {
        let (n, m) = x.dim();
        let (h, w) = k.dim();
        let mut s = 0.0;
        for i in 0..=n - h {
            for j in 0..=m - w {
                let mut c = 0.0;
                for a in 0..h {
                    for b in 0..w {
                        c += k[[a, b]] * x[[i + a, j + b]];
                    }
                }
                s += c.tanh();
            }
        }
        s
    }
    springs: (p: Array2<f64> = matrix(4, 2), k: Array1<f64> = vector(3)) {
        let mut energy = 0.0;
        for i in 0..p.nrows() - 1 {
            let (dx, dy) = (p[[i + 1, 0]] - p[[i, 0]], p[[i + 1, 1]] - p[[i, 1]]);
            let d = (dx * dx + dy * dy).sqrt() - 0.5;
            energy += 0.5 * k[i] * d * d;
        }
        energy
    }
    lennard_jones: (p: Array2<f64> = matrix(4, 3) * 2.0) {
        let n = p.nrows();
        let mut energy = 0.0;
        for i in 0..n {
            for j in i + 1..n {
                let mut r2 = 0.0;
                for k in 0..3 {
                    let d = p[[i, k]] - p[[j, k]];
                    r2 += d * d;
                }
                let s6 = 1.0 / (r2 * r2 * r2);
                energy += 4.0 * (s6 * s6 - s6);
            }
        }
        energy
    }
    k_means: (x: Array2<f64> = matrix(6, 2), c: Array2<f64> = matrix(3, 2) * 0.7) {
        let mut total = 0.0;
        for i in 0..x.nrows() {
            let mut best = f64::INFINITY;
            for k in 0..c.nrows() {
                let mut d = 0.0;
                for j in 0..x.ncols() {
                    d += (x[[i, j]] - c[[k, j]]).powi(2);
                }
                if d < best {
                    best = d;
                }
            }
            total += best;
        }
        total
    }
    hinge_by_rows: (w: Array1<f64> = vector(3), x: Array2<f64> = matrix(5, 3), y: Array1<f64> = vector(5)) {
        let mut loss = 0.0;
        for (row, &t) in x.rows().into_iter().zip(y.iter()) {
            let mut z = 0.0;
            for (a, b) in row.iter().zip(w.iter()) {
                z += a * b;
            }
            let margin = 1.0 - t * z;
            if margin > 0.0 {
                loss += margin;
            }
        }
        loss / y.len() as f64
    }
    cumulative_product: (x: Array1<f64> = vector(5)) {
        let (mut p, mut s) = (1.0, 0.0);
        for &v in x.iter() {
            p *= v;
            s += p;
        }
        s
    }
    chain_of_iterators: (x: Array1<f64> = vector(6), y: Array1<f64> = vector(6)) {
        x.iter().zip(y.iter()).enumerate().filter(|(i, _)| i % 2 == 0).map(|(_, (a, b))| a * b.exp()).sum::<f64>()
    }
    elements_of_a_matrix: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for (k, v) in x.iter().enumerate() {
            s += *v * k as f64 * v.sin();
        }
        s
    }
    elements_with_their_indices: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for ((i, j), v) in x.indexed_iter() {
            if i <= j {
                s += v * v * (i + 2 * j) as f64;
            }
        }
        s
    }
    outer_iterator: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 1.0;
        for row in x.outer_iter() {
            let mut r = 0.0;
            for &v in row.iter() {
                r += v;
            }
            s *= 1.0 + r * r;
        }
        s
    }
    columns: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for column in x.columns() {
            let mut p = 1.0;
            for i in 0..column.len() {
                p *= column[i];
            }
            s += p;
        }
        s
    }
    axis_iterator: (x: Array2<f64> = matrix(3, 4)) {
        let mut s = 0.0;
        for (k, lane) in x.axis_iter(Axis(1)).enumerate() {
            s += lane[0] * lane[lane.len() - 1] * k as f64;
        }
        s
    }
    row_and_column: (x: Array2<f64> = matrix(3, 3)) {
        let mut s = 0.0;
        for i in 0..3 {
            let (r, c) = (x.row(i), x.column(2 - i));
            for j in 0..3 {
                s += r[j] * c[j];
            }
        }
        s
    }
    transposed: (x: Array2<f64> = matrix(3, 4)) {
        let t = x.t();
        let mut s = 0.0;
        for i in 0..t.nrows() {
            for j in 0..t.ncols() {
                s += t[[i, j]] * x[[j, i]] * (i + j) as f64;
            }
        }
        s
    }
    slices: (x: Array1<f64> = vector(8)) {
        let (head, tail, back) = (x.slice(s![..3]), x.slice(s![2..;2]), x.slice(s![..;-3]));
        let mut s = 0.0;
        for i in 0..3 {
            s += head[i] * tail[i] * back[i];
        }
        s
    }
    slices_of_a_matrix: (x: Array2<f64> = matrix(4, 5)) {
        let inner = x.slice(s![1..-1, 1..4;2]);
        let turned = x.slice(s![..;-2, 3]);
        let mut s = 0.0;
        for i in 0..inner.nrows() {
            for j in 0..inner.ncols() {
                s += inner[[i, j]] * inner[[i, j]];
            }
            s *= turned[i];
        }
        s
    }
    early_return: (x: Array1<f64> = vector(5), limit: f64 = 1.5) {
        let mut s = 0.0;
        for &v in x {
            s += v * v;
            if s > *limit {
                return s * 2.0;
            }
        }
        s
    }
    newton_until_it_converges: (a: Array1<f64> = array![2.0, 3.0, 7.0]) {
        let mut sum = 0.0;
        for &v in a.iter() {
            let mut x = v;
            while (x * x - v).abs() > 1e-12 {
                x = 0.5 * (x + v / x);
            }
            sum += x;
        }
        sum
    }
    variance_in_one_pass: (x: Array1<f64> = vector(6)) {
        let (mut mean, mut m2) = (0.0, 0.0);
        for (k, &v) in x.iter().enumerate() {
            let d = v - mean;
            mean += d / (k + 1) as f64;
            m2 += d * (v - mean);
        }
        m2 / (x.len() - 1) as f64
    }
    largest_by_a_fold: (x: Array2<f64> = matrix(3, 4)) {
        let top = x.iter().fold(f64::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        let mut s = 0.0;
        for &v in x.iter() {
            s += (v - top).exp();
        }
        top + s.ln()
    }
    edit_path: (cost: Array2<f64> = matrix(4, 4)) {
        let (mut i, mut j, mut s) = (0, 0, 0.0);
        while i < 3 || j < 3 {
            s += cost[[i, j]] * cost[[i, j]];
            if j == 3 || (i < 3 && cost[[i + 1, j]] < cost[[i, j + 1]]) {
                i += 1;
            } else {
                j += 1;
            }
        }
        s
    }
    captured_and_changed: (x: Array1<f64> = vector(4)) {
        let mut sum = 0.0;
        let mut add = |e: f64| sum += e * e;
        for &v in x {
            add(v);
        }
        sum
    }
    conditions_of_all_kinds: (x: Array1<f64> = vector(4)) {
        fn square(x: f64) -> f64 {
            x * x
        }
        let (mut s, mut k) = (0.0, 0);
        let last;
        while let Some(&v) = x.get(k) {
            s += match k {
                0 => v,
                1 if v < 0.0 => square(v),
                _ => v.sin(),
            };
            k += 1;
        }
        loop {
            s *= 2.0;
            if s.abs() > 3.0 {
                last = s;
                break;
            }
        }
        let Some(&first) = x.first() else { return 0.0 };
        last * first
    }
    asserted: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3)) {
        assert_eq!(x.ncols(), y.len(), "as many columns as elements");
        assert!(x.nrows() > 0);
        let mut s = 0.0;
        for j in 0..y.len() {
            s += x[[1, j]] * y[j];
        }
        s
    }
    computed_indices: (x: Array1<f64> = vector(7)) {
        let order = [3usize, 0, 6, 3];
        let mut s = 1.0;
        for &k in order.iter() {
            s *= x[k];
        }
        s + x[(order[0] + 1) % x.len()]
    }
    shapes: (x: Array2<f64> = matrix(2, 3)) {
        let mut s = 0.0;
        if !x.is_empty() && x.shape()[1] == 3 && x.len() == 6 {
            for j in 0..x.shape()[1] {
                s += x[[0, j]] * x[[x.nrows() - 1, j]];
            }
        }
        s * x.len_of(Axis(0)) as f64
    }
}
