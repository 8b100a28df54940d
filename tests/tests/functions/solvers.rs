//! Linear algebra in loops.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(jvp, jacobian)]
fn matrix_product(a: &[[f64; 2]; 3], b: &[[f64; 3]; 2]) -> [[f64; 3]; 3] {
    let mut c = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            for k in 0..2 {
                c[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    c
}

#[differentiate(tape, jvp, hvp, hessian)]
fn norm_of_a_product(a: &[f64], b: &[f64], n: usize) -> f64 {
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let mut s = 0.0;
            for k in 0..n {
                s += a[i * n + k] * b[k * n + j];
            }
            c[i * n + j] = s;
        }
    }
    c.iter().map(|e| e * e).sum::<f64>().sqrt()
}

/// A system with three unknowns by Gauss' elimination, without exchanging rows.
#[differentiate(tape, jvp, hvp, hessian)]
fn lu_solve(a: [[f64; 3]; 3], b: [f64; 3]) -> f64 {
    let mut a = a;
    let mut x = b;
    for k in 0..3 {
        for i in k + 1..3 {
            let factor = a[i][k] / a[k][k];
            for j in k..3 {
                a[i][j] -= factor * a[k][j];
            }
            x[i] -= factor * x[k];
        }
    }
    for i in (0..3).rev() {
        for j in i + 1..3 {
            x[i] -= a[i][j] * x[j];
        }
        x[i] /= a[i][i];
    }
    x[0] + 2.0 * x[1] + 3.0 * x[2]
}

/// The same with the greatest pivot, rows exchanged.
#[differentiate(tape, jvp, hvp, hessian)]
fn solve_with_pivots(a: [[f64; 3]; 3], b: [f64; 3]) -> f64 {
    let (mut a, mut b) = (a, b);
    for k in 0..3 {
        let mut pivot = k;
        for i in k + 1..3 {
            if a[i][k].abs() > a[pivot][k].abs() {
                pivot = i;
            }
        }
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in k + 1..3 {
            let factor = a[i][k] / a[k][k];
            for j in k..3 {
                a[i][j] -= factor * a[k][j];
            }
            b[i] -= factor * b[k];
        }
    }
    let mut x = [0.0; 3];
    for i in (0..3).rev() {
        let mut s = b[i];
        for j in i + 1..3 {
            s -= a[i][j] * x[j];
        }
        x[i] = s / a[i][i];
    }
    x[0] * x[1] + x[2]
}

/// The logarithm of a determinant by Cholesky's factors.
#[differentiate(tape, jvp, hvp, hessian)]
fn cholesky_log_det(a: &[f64], n: usize) -> f64 {
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let mut s = a[i * n + j];
            for k in 0..j {
                s -= l[i][k] * l[j][k];
            }
            if i == j {
                l[i][i] = s.sqrt();
            } else {
                l[i][j] = s / l[j][j];
            }
        }
    }
    let mut sum = 0.0;
    for i in 0..n {
        sum += l[i][i].ln();
    }
    2.0 * sum
}

#[differentiate(tape, jvp, hvp, hessian)]
fn determinant_by_elimination(a: &[[f64; 3]; 3]) -> f64 {
    let mut m = *a;
    let mut det = 1.0;
    for k in 0..3 {
        det *= m[k][k];
        for i in k + 1..3 {
            let f = m[i][k] / m[k][k];
            for j in k + 1..3 {
                m[i][j] -= f * m[k][j];
            }
        }
    }
    det
}

/// Thomas' algorithm for a tridiagonal system.
#[differentiate(tape, jvp, hvp, hessian)]
fn tridiagonal(low: &[f64], diagonal: &[f64], up: &[f64], right: &[f64]) -> f64 {
    let n = diagonal.len();
    let mut c = vec![0.0; n];
    let mut d = right.to_vec();
    c[0] = up[0] / diagonal[0];
    d[0] /= diagonal[0];
    for i in 1..n {
        let m = diagonal[i] - low[i] * c[i - 1];
        c[i] = up[i] / m;
        d[i] = (d[i] - low[i] * d[i - 1]) / m;
    }
    for i in (0..n - 1).rev() {
        let next = d[i + 1];
        d[i] -= c[i] * next;
    }
    d.iter().map(|e| e * e).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn jacobi_iteration(a: [[f64; 2]; 2], b: [f64; 2], steps: usize) -> f64 {
    let mut x = [0.0; 2];
    for _ in 0..steps {
        let mut next = [0.0; 2];
        for i in 0..2 {
            let mut s = b[i];
            for j in 0..2 {
                if j != i {
                    s -= a[i][j] * x[j];
                }
            }
            next[i] = s / a[i][i];
        }
        x = next;
    }
    x[0] * x[0] + x[1]
}

/// In place: later rows see what earlier ones became.
#[differentiate(tape, jvp, hvp, hessian)]
fn gauss_seidel(a: &[[f64; 2]], b: &[f64], steps: usize) -> f64 {
    let mut x = [0.0; 2];
    for _ in 0..steps {
        for i in 0..2 {
            x[i] = (b[i] - a[i][1 - i] * x[1 - i]) / a[i][i];
        }
    }
    x[0] * x[1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn gram_schmidt(u: [f64; 3], v: [f64; 3]) -> f64 {
    let length: f64 = u.iter().map(|e| e * e).sum::<f64>().sqrt();
    let q = u.map(|e| e / length);
    let along: f64 = q.iter().zip(&v).map(|(a, b)| a * b).sum();
    let mut w = v;
    for i in 0..3 {
        w[i] -= along * q[i];
    }
    w.iter().map(|e| e * e).sum::<f64>().sqrt() * q[0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn conjugate_gradient(a: &[[f64; 2]; 2], b: &[f64; 2]) -> f64 {
    let dot = |u: &[f64; 2], v: &[f64; 2]| u[0] * v[0] + u[1] * v[1];
    let mut x = [0.0; 2];
    let mut r = *b;
    let mut p = r;
    let mut rr = dot(&r, &r);
    for _ in 0..2 {
        let ap = [dot(&a[0], &p), dot(&a[1], &p)];
        let alpha = rr / dot(&p, &ap);
        for i in 0..2 {
            x[i] += alpha * p[i];
            r[i] -= alpha * ap[i];
        }
        let next = dot(&r, &r);
        let beta = next / rr;
        rr = next;
        for i in 0..2 {
            p[i] = r[i] + beta * p[i];
        }
    }
    x[0] + 2.0 * x[1]
}

/// A convolution, then a pooled maximum.
#[differentiate(tape, jvp, hvp, hessian)]
fn convolution(x: &[f64], kernel: &[f64; 3]) -> f64 {
    let mut best = f64::NEG_INFINITY;
    for start in 0..=x.len() - 3 {
        let mut s = 0.0;
        for k in 0..3 {
            s += x[start + k] * kernel[k];
        }
        if s > best {
            best = s;
        }
    }
    best
}

/// A recurrent cell, unrolled over a sequence.
#[differentiate(tape, jvp, hvp, hessian)]
fn recurrent(w: &[[f64; 2]; 2], u: &[f64; 2], xs: &[f64]) -> f64 {
    let mut h = [0.0; 2];
    let mut loss = 0.0;
    for &x in xs {
        let mut next = [0.0; 2];
        for i in 0..2 {
            let mut s = u[i] * x;
            for j in 0..2 {
                s += w[i][j] * h[j];
            }
            next[i] = s.tanh();
        }
        h = next;
        loss += (h[0] - h[1] - x) * (h[0] - h[1] - x);
    }
    loss
}

cases! {
    taped {
        norm_of_a_product(&a, &b, #n):
            (vec![0.7], vec![1.3], 1),
            (vec![0.7, 1.3, -0.2, 0.4], vec![0.1, 0.9, 0.5, -0.6], 2);
        lu_solve(a, b): ([[4.0, 0.7, 1.3], [-0.2, 3.0, 0.4], [0.1, 0.9, 5.0]], [0.5, -0.6, 0.8]);
        solve_with_pivots(a, b):
            ([[0.2, 3.0, 0.4], [4.0, 0.7, 1.3], [0.1, 0.9, 5.0]], [0.5, -0.6, 0.8]),
            ([[4.0, 0.7, 1.3], [0.2, 0.5, 3.0], [0.1, 2.9, 1.0]], [0.5, -0.6, 0.8]);
        cholesky_log_det(&a, #n):
            (vec![2.0], 1),
            (vec![4.0, 0.0, 0.0, 1.0, 3.0, 0.0, 0.5, -0.7, 5.0], 3);
        determinant_by_elimination(&a): ([[4.0, 0.7, 1.3], [-0.2, 3.0, 0.4], [0.1, 0.9, 5.0]]);
        tridiagonal(&low, &diagonal, &up, &right):
            (vec![0.0], vec![2.0], vec![0.0], vec![0.7]),
            (vec![0.0, 0.4, -0.3], vec![2.0, 3.0, 2.5], vec![0.5, 0.6, 0.0], vec![0.7, 1.3, -0.2]);
        jacobi_iteration(a, b, #steps):
            ([[4.0, 0.7], [-0.2, 3.0]], [0.5, 0.8], 0),
            ([[4.0, 0.7], [-0.2, 3.0]], [0.5, 0.8], 4);
        gauss_seidel(&a, &b, #steps): (vec![[4.0, 0.7], [-0.2, 3.0]], vec![0.5, 0.8], 3);
        gram_schmidt(u, v): ([0.7, 1.3, -0.2], [0.4, 0.9, 0.5]);
        conjugate_gradient(&a, &b): ([[4.0, 0.7], [0.7, 3.0]], [0.5, 0.8]);
        convolution(&x, &kernel): (vec![0.7, 1.3, -0.2, 0.4, 0.9], [0.5, -0.6, 0.8]);
        recurrent(&w, &u, &xs):
            ([[0.7, 0.2], [-0.3, 0.4]], [0.5, -0.6], vec![]),
            ([[0.7, 0.2], [-0.3, 0.4]], [0.5, -0.6], vec![0.8, -0.1, 0.3]);
    }
    vjp {
        matrix_product(&a, &b):
            ([[0.7, 1.3], [-0.2, 0.4], [0.1, 0.9]], [[0.5, -0.6, 0.8], [0.3, 1.1, 0.2]]);
    }
}
