//! The smaller objectives, as a user writes them.

use chainrule::differentiate;

/// Rosenbrock's function of any number of variables.
#[differentiate(hessian)]
pub(crate) fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for pair in x.windows(2) {
        let bend = pair[1] - pair[0] * pair[0];
        let gap = 1.0 - pair[0];
        sum += 100.0 * bend * bend + gap * gap;
    }
    sum
}

/// The sum of the Lorenz system's state after `steps` steps of length `h` by Runge and Kutta's
/// method.
#[differentiate(wrt(sigma, rho, beta), hessian)]
pub(crate) fn lorenz(sigma: f64, rho: f64, beta: f64, steps: usize, h: f64) -> f64 {
    let mut s = [1.0, 1.0, 1.0];
    for _ in 0..steps {
        let k1 = slope(s, sigma, rho, beta);
        let k2 = slope(moved(s, 0.5 * h, k1), sigma, rho, beta);
        let k3 = slope(moved(s, 0.5 * h, k2), sigma, rho, beta);
        let k4 = slope(moved(s, h, k3), sigma, rho, beta);
        for i in 0..3 {
            s[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }
    s[0] + s[1] + s[2]
}

#[differentiate]
fn slope(s: [f64; 3], sigma: f64, rho: f64, beta: f64) -> [f64; 3] {
    [sigma * (s[1] - s[0]), s[0] * (rho - s[2]) - s[1], s[0] * s[1] - beta * s[2]]
}

#[differentiate]
fn moved(s: [f64; 3], h: f64, k: [f64; 3]) -> [f64; 3] {
    [s[0] + h * k[0], s[1] + h * k[1], s[2] + h * k[2]]
}

/// The negative log-likelihood of labels `y`, 1 or -1, given the rows of `x`.
#[differentiate(wrt(w), hessian)]
pub(crate) fn logistic(x: &[f64], y: &[f64], w: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (row, &label) in x.chunks_exact(w.len()).zip(y) {
        let z: f64 = row.iter().zip(w).map(|(x, w)| x * w).sum();
        sum += (-label * z).exp().ln_1p();
    }
    sum
}

/// A sum over two loops, `n` times `n` iterations.
#[differentiate(hessian)]
pub(crate) fn nested_sum(x: f64, y: f64, n: usize) -> f64 {
    let mut s = 0.0;
    for i in 0..n {
        for j in 0..n {
            let (i, j) = (i as f64, j as f64);
            s += (x * i - y * j) * (x * j + y * i);
        }
    }
    s
}

/// A recurrence through two loops, `n` times `n` iterations.
#[differentiate]
pub(crate) fn nested_recurrence(a: f64, x: f64, n: usize) -> f64 {
    let mut s = 0.0;
    for i in 0..n {
        for j in 0..n {
            s = a * s + x * (i as f64 - j as f64);
        }
    }
    s
}
