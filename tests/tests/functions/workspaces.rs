//! Workspaces that loops fill anew, and loops over the same range one after the other.

use chainrule::differentiate;
use chainrule_tests::{Fixed, cases};

/// A workspace for each pair of loops' iterations.
#[differentiate(tape, jvp, hvp, hessian)]
fn filled_in_each_iteration(x: &[f64], m: &[f64]) -> f64 {
    let mut w = vec![0.0; x.len()];
    let mut s = 0.0;
    for c in 0..m.len() {
        for i in 0..w.len() {
            w[i] = x[i] - m[c];
        }
        let mut norm = 0.0;
        for i in 0..w.len() {
            norm += w[i] * w[i];
        }
        s += (-norm).exp() * m[c];
    }
    s * s
}

/// What the workspace holds at last is used behind the loop.
#[differentiate(tape, jvp, hvp, hessian)]
fn read_behind_the_loop(x: &[f64], m: &[f64]) -> f64 {
    let mut w = vec![1.0; x.len()];
    let mut s = 0.0;
    for c in 0..m.len() {
        for i in 0..w.len() {
            w[i] = x[i] * m[c];
        }
        let mut sum = 0.0;
        for e in &w {
            sum += e * e * e;
        }
        s += sum.sin();
    }
    s + w.iter().sum::<f64>() * s
}

/// A range that does not begin with nought, and one that may be empty.
#[differentiate(tape, jvp, hvp, hessian)]
fn from_the_second_on(x: &[f64], from: usize, to: usize) -> f64 {
    let mut w = [0.0; 3];
    let mut s = 1.0;
    for c in from..to {
        for i in 0..3 {
            w[i] = x[c] * (i as f64 + 0.5);
        }
        let mut p = 1.0;
        for i in 0..3 {
            p *= w[i].cos();
        }
        s = s * p + x[c];
    }
    s
}

/// A workspace inside a loop over rows of data, for the log-likelihood of a mixture.
#[differentiate(wrt(m, l), tape, jvp, hvp, hessian)]
fn mixture(x: &[f64], m: &[f64], l: &[f64], d: usize) -> f64 {
    let k = m.len() / d;
    let mut centered = vec![0.0; d];
    let mut scaled = vec![0.0; d];
    let mut terms = vec![0.0; k];
    let mut s = 0.0;
    for point in x.chunks_exact(d) {
        for c in 0..k {
            for i in 0..d {
                centered[i] = point[i] - m[c * d + i];
            }
            for i in 0..d {
                scaled[i] = centered[i] * 0.7;
            }
            for i in 0..d {
                let start = i * (2 * d - i - 1) / 2;
                let factor = centered[i];
                for (out, l) in scaled[i + 1..].iter_mut().zip(&l[start..start + d - i - 1]) {
                    *out += l * factor;
                }
            }
            terms[c] = -scaled.iter().map(|e| e * e).sum::<f64>();
        }
        s += terms.iter().map(|t| t.exp()).sum::<f64>().ln();
    }
    s
}

/// A matrix times a vector by columns, which all begin at the top.
#[differentiate(tape, jvp, hvp, hessian)]
fn by_columns(a: &[f64], x: &[f64]) -> f64 {
    let n = x.len();
    let mut y = vec![0.25; n];
    for c in 0..n {
        let factor = x[c].sin();
        let column = &a[c * n..(c + 1) * n];
        for i in 0..n {
            y[i] += column[i] * factor;
        }
    }
    y.iter().map(|y| y * y).sum()
}

/// Columns that begin one further down, subtracted.
#[differentiate(tape, jvp, hvp, hessian)]
fn by_shorter_columns(l: &[f64], x: &[f64]) -> f64 {
    let n = x.len();
    let mut y = x.to_vec();
    for c in 0..n {
        let factor = x[c] * x[c];
        let rest = &mut y[c + 1..];
        for i in 0..rest.len() {
            rest[i] -= l[c] * factor * (i as f64 + 1.0);
        }
    }
    y.iter().map(|y| y * y).sum()
}

/// Each iteration needs what the one before has left: forward substitution.
#[differentiate(tape, jvp, hvp, hessian)]
fn substitution(l: &[f64], b: &[f64]) -> f64 {
    let n = b.len();
    let mut y = b.to_vec();
    for c in 0..n {
        let factor = y[c];
        let start = c * (2 * n - c - 1) / 2;
        let column = &l[start..start + n - c - 1];
        let rest = &mut y[c + 1..];
        for i in 0..rest.len() {
            rest[i] -= column[i] * factor;
        }
    }
    y.iter().map(|y| y * y * y).sum()
}

/// Columns that begin one further up each time.
#[differentiate(tape, jvp, hvp, hessian)]
fn by_longer_columns(x: &[f64]) -> f64 {
    let n = x.len();
    let mut y = vec![0.0; n];
    for c in 0..n {
        let factor = x[c];
        for i in 0..c {
            y[i] += factor * x[i];
        }
    }
    y.iter().map(|y| y * y).sum()
}

/// Loops over one range, the second of which needs only its own element of the first.
#[differentiate(tape, jvp, hvp, hessian)]
fn one_after_the_other(x: &[f64]) -> f64 {
    let n = x.len();
    let (mut a, mut b, mut c) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        a[i] = x[i].exp();
    }
    for i in 0..n {
        b[i] = a[i] * x[i];
    }
    for i in 0..n {
        a[i] = b[i] - a[i];
        c[i] += a[i] * b[i];
    }
    (0..n).map(|i| a[i] * c[i]).sum()
}

/// The second loop needs its neighbour's element of the first.
#[differentiate(tape, jvp, hvp, hessian)]
fn the_neighbour(x: &[f64]) -> f64 {
    let n = x.len();
    let mut a = vec![0.0; n + 1];
    let mut b = vec![0.0; n];
    for i in 0..n {
        a[i] = x[i] * x[i];
    }
    for i in 0..n {
        b[i] = a[i] * a[i + 1];
    }
    for i in 0..n {
        a[i] = b[n - 1 - i] * x[i];
    }
    (0..n).map(|i| a[i] * b[i] * x[i]).sum()
}

/// Between the loops an element of what the first has written is read.
#[differentiate(tape, jvp, hvp, hessian)]
fn something_between(x: &[f64]) -> f64 {
    let n = x.len();
    let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        a[i] = x[i].sin();
    }
    let last = a[n - 1];
    a[0] = 2.0 * last;
    for i in 0..n {
        b[i] = a[i] * last;
    }
    (0..n).map(|i| a[i] * b[i]).sum()
}

/// Each point belongs to the nearest centre, the others get nothing of it.
#[differentiate(tape, jvp, hvp, hessian)]
fn nearest_centres(centres: &[f64], points: &[f64], d: usize) -> f64 {
    let k = centres.len() / d;
    let mut distances = vec![0.0; k];
    let mut total = 0.0;
    for point in points.chunks_exact(d) {
        for c in 0..k {
            let centre = &centres[c * d..(c + 1) * d];
            distances[c] = point.iter().zip(centre).map(|(a, b)| (a - b) * (a - b)).sum();
        }
        total += distances.iter().copied().fold(f64::INFINITY, f64::min);
    }
    total
}

/// Two layers of units of which some are off.
#[differentiate(tape, jvp, hvp, hessian)]
fn layers_of_units(inner: &[f64], outer: &[f64], x: &[f64]) -> f64 {
    let mut hidden = vec![0.0; outer.len()];
    for j in 0..hidden.len() {
        let mut sum = 0.0;
        for i in 0..x.len() {
            sum += inner[j * x.len() + i] * x[i];
        }
        hidden[j] = sum.max(0.0);
    }
    let mut sum = 0.0;
    for j in 0..outer.len() {
        sum += outer[j] * hidden[j];
    }
    sum * sum
}

cases! {
    taped {
        filled_in_each_iteration(&x, &m):
            (vec![], vec![0.3]), (vec![0.7, -0.2], vec![]), (vec![0.7, -0.2, 0.4], vec![0.3, 0.9]);
        read_behind_the_loop(&x, &m):
            (vec![0.7, -0.2], vec![]), (vec![0.7, -0.2, 0.4], vec![0.3, 0.9, -1.1]);
        from_the_second_on(&x, #from, #to):
            (vec![0.7, -0.2, 0.4], 1, 3), (vec![0.7, -0.2], 1, 1), (vec![0.7, -0.2], 2, 1);
        mixture(!x, &m, &l, #d):
            (Fixed(&[0.1, 0.2, 0.3, -0.4]), vec![0.5], vec![], 1),
            (Fixed(&[0.1, 0.2, 0.3, -0.4]), vec![0.5, -0.5, 0.25, 0.0], vec![0.6], 2),
            (Fixed(&[0.1, 0.2, 0.3, -0.4]), vec![0.5, -0.5, 0.25], vec![0.6, -0.3, 0.2], 3),
            (Fixed(&[0.1, 0.2, 0.3, -0.4]), vec![0.5, -0.5, 0.25, 0.0], vec![0.6, -0.3, 0.2, 0.1, 0.5, -0.6], 4);
        by_columns(&a, &x):
            (vec![], vec![]), (vec![0.7], vec![0.3]), (vec![0.7, -0.2, 0.4, 1.1], vec![0.3, 0.9]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8, 0.1, 0.2], vec![0.3, 0.9, -0.4]);
        by_shorter_columns(&l, &x):
            (vec![], vec![]), (vec![0.7], vec![0.3]), (vec![0.7, -0.2], vec![0.3, 0.9]),
            (vec![0.7, -0.2, 0.4], vec![0.3, 0.9, -0.4]),
            (vec![0.7, -0.2, 0.4, 0.1], vec![0.3, 0.9, -0.4, 0.6]);
        substitution(&l, &b):
            (vec![], vec![0.3]), (vec![0.7], vec![0.3, 0.9]),
            (vec![0.7, -0.2, 0.4], vec![0.3, 0.9, -0.4]),
            (vec![0.7, -0.2, 0.4, 0.1, 0.5, -0.6], vec![0.3, 0.9, -0.4, 0.6]);
        by_longer_columns(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3]), (vec![0.7, 1.3, -0.2, 0.4, 0.6]);
        one_after_the_other(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        the_neighbour(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        something_between(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        nearest_centres(&centres, &points, #d):
            (vec![0.3, 1.9, -1.1], vec![0.7, -0.2, 2.2], 1),
            (vec![0.0, 0.1, 2.0, 2.3, -1.5, 0.4], vec![0.3, 0.4, 1.8, 2.0, 0.2, -0.3, -1.0, 0.9], 2);
        layers_of_units(&inner, &outer, &x):
            (vec![0.7], vec![1.1], vec![0.3]),
            (vec![0.7, -0.9, -0.4, -0.8, 0.5, 0.6, -1.1, 0.2, 0.9, 0.3], vec![1.1, 0.7, -0.3, 0.4, 1.3], vec![0.3, 0.9]);
    }
}
