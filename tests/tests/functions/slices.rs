//! Slices by index.

use chainrule::differentiate;
use chainrule_tests::{Fixed, cases};

#[differentiate(tape, jvp, hvp, hessian)]
fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let mut s = 0.0;
    for i in 0..x.len() {
        s += x[i] * y[i];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rosenbrock(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in 0..x.len() - 1 {
        let a = x[i + 1] - x[i] * x[i];
        let b = 1.0 - x[i];
        s += 100.0 * a * a + b * b;
    }
    s
}

/// One element is read many times.
#[differentiate(tape, jvp, hvp, hessian)]
fn gathered(x: &[f64], idx: &[usize]) -> f64 {
    let mut s = 0.0;
    for k in 0..idx.len() {
        s += x[idx[k]] * x[idx[k]];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn shifted(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in 1..x.len() {
        s += x[i - 1] * x[i];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn from_both_ends(x: &[f64]) -> f64 {
    let n = x.len();
    let mut s = 0.0;
    for i in 0..n / 2 {
        s += x[i] * x[n - 1 - i].sin();
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn wrapped_around(x: &[f64], shift: usize) -> f64 {
    let n = x.len();
    let mut s = 0.0;
    for i in 0..n {
        s += x[i] * x[(i + shift) % n].exp();
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn sub_slices(x: &[f64], m: usize) -> f64 {
    let (head, tail) = (&x[..m], &x[m..]);
    let mut s = 0.0;
    for h in head {
        for t in tail {
            s += h * t * t;
        }
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn split(x: &[f64], m: usize) -> f64 {
    let (left, right) = x.split_at(m);
    let mut s = 0.0;
    for (l, r) in left.iter().zip(right) {
        s += l / r;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn middle(x: &[f64]) -> f64 {
    let inner = &x[1..x.len() - 1];
    inner.iter().map(|e| e * e).sum::<f64>() * x[0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn first_and_last(x: &[f64]) -> f64 {
    let first = *x.first().unwrap();
    let last = x.last().unwrap();
    first * last + x[x.len() - 1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_length(x: &[f64]) -> f64 {
    if x.is_empty() {
        return 0.0;
    }
    let mut s = 0.0;
    for e in x {
        s += e;
    }
    s / x.len() as f64
}

/// The index of the greatest is an integer: the element is what is differentiated.
#[differentiate(tape, jvp, hvp, hessian)]
fn greatest_by_index(x: &[f64]) -> f64 {
    let mut best = 0;
    for i in 1..x.len() {
        if x[i] > x[best] {
            best = i;
        }
    }
    x[best] * x[0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn polynomial(c: &[f64], x: f64) -> f64 {
    let mut y = 0.0;
    for k in (0..c.len()).rev() {
        y = y * x + c[k];
    }
    y
}

/// Two passes over the data, the second by what the first found.
#[differentiate(tape, jvp, hvp, hessian)]
fn variance(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mut mean = 0.0;
    for i in 0..x.len() {
        mean += x[i];
    }
    mean /= n;
    let mut s = 0.0;
    for i in 0..x.len() {
        s += (x[i] - mean) * (x[i] - mean);
    }
    s / n
}

#[differentiate(tape, jvp, hvp, hessian)]
fn pairwise(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for i in 0..x.len() {
        for j in i + 1..x.len() {
            let d = x[i] - x[j];
            s += 1.0 / (d * d + 0.1);
        }
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn vec_by_reference(x: &Vec<f64>, k: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..x.len() {
        s += x[i] * k;
    }
    s.tanh()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn vec_by_value(x: Vec<f64>) -> f64 {
    let mut s = 0.0;
    for e in &x {
        s += e * e * e;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rows_of_a_matrix_in_a_slice(a: &[f64], x: &[f64]) -> f64 {
    let m = x.len();
    let mut s = 0.0;
    for row in a.chunks_exact(m) {
        let mut r = 0.0;
        for j in 0..m {
            r += row[j] * x[j];
        }
        s += r * r;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn constants_beside(x: &[f64], table: &[i32], flags: &[bool]) -> f64 {
    let mut s = 0.0;
    for i in 0..x.len() {
        if flags[i] {
            s += x[i] * table[i] as f64;
        }
    }
    s * s
}

#[differentiate(wrt(w), tape, jvp, hvp, hessian)]
fn data_held_constant(x: &[f64], w: &[f64]) -> f64 {
    x.iter().zip(w).map(|(x, w)| (x * w - 1.0).powi(2)).sum()
}

/// A convolution: the inner loops multiply, the outer ones go on with what they leave.
#[differentiate(tape, jvp, hvp, hessian)]
fn convolution(x: &[f64], k: &[f64], n: usize) -> f64 {
    let m = k.len() / 2;
    let mut s = 0.0;
    for i in 0..n - 1 {
        for j in 0..n - m + 1 {
            let mut y = 1.0;
            for a in 0..2 {
                for b in 0..m {
                    y *= 1.0 + 0.1 * x[(i + a) * n + j + b] * k[a * m + b];
                }
            }
            s += y * y;
        }
    }
    s
}

cases! {
    taped {
        convolution(&x, &k, #n):
            (vec![0.7, 1.3, -0.2, 0.4, 0.9, -1.1, 0.3, 0.8, 0.5], vec![0.6, -0.3, 0.2, 1.1], 3),
            (vec![0.7, 1.3, -0.2, 0.4, 0.9, -1.1, 0.3, 0.8, 0.5], vec![0.6, -0.3], 3);
        dot(&x, &y): (vec![], vec![]), (vec![0.7], vec![1.3]), (vec![0.7, -0.2], vec![1.3, 0.4]);
        rosenbrock(&x): (vec![0.7]), (vec![0.7, 0.4]), (vec![0.7, 0.4, -0.3, 1.2]);
        gathered(&x, @idx): (vec![0.7, 1.3, -0.2], vec![0, 0, 2]), (vec![0.7], vec![]);
        shifted(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        from_both_ends(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]), (vec![0.7, 1.3, -0.2, 2.0]);
        wrapped_around(&x, #shift): (vec![0.7], 3), (vec![0.7, 1.3, -0.2], 1), (vec![0.7, 1.3], 0);
        sub_slices(&x, #m): (vec![0.7, 1.3, -0.2], 1), (vec![0.7, 1.3], 0), (vec![0.7, 1.3], 2);
        split(&x, #m): (vec![0.7, 1.3, 0.2, 2.0], 2), (vec![0.7, 1.3], 2);
        middle(&x): (vec![0.7, 1.3]), (vec![0.7, 1.3, -0.2, 2.0]);
        first_and_last(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        by_length(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        greatest_by_index(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        polynomial(&c, x): (vec![], 0.5), (vec![0.7], 0.5), (vec![0.7, 1.3, -0.2], 0.5);
        variance(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        pairwise(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2, 2.0]);
        vec_by_reference(&x, k): (vec![0.7, -0.2], 1.3);
        vec_by_value(x): (vec![]), (vec![0.7, -0.2]);
        rows_of_a_matrix_in_a_slice(&a, &x): (vec![1.0, 2.0, 3.0, 4.0], vec![0.7, -0.2]);
        constants_beside(&x, @table, @flags):
            (vec![0.7, 1.3, -0.2], vec![3, -1, 4], vec![true, false, true]);
        data_held_constant(!x, &w): (Fixed(&[2.0, 3.0]), vec![0.25, 1.0]);
    }
}
