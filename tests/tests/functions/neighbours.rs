//! Loops whose iterations share elements of the gradient, and recurrences of few variables.

use chainrule::differentiate;
use chainrule_tests::cases;

/// Each element and the next.
#[differentiate(tape, jvp, hvp, hessian)]
fn pairs(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for pair in x.windows(2) {
        let bend = pair[1] - pair[0] * pair[0];
        sum += 10.0 * bend * bend - (1.0 - pair[0]) * pair[1];
    }
    sum
}

/// Elements at several distances, one of them twice, beside elements of its own.
#[differentiate(tape, jvp, hvp, hessian)]
fn at_distances(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 1.0;
    for i in 3..x.len() {
        let slope = x[i] - x[i - 2];
        sum -= slope * slope * y[i] - x[i - 3] * x[i - 2] / y[i - 1];
    }
    sum
}

/// More elements are shared than are handed on.
#[differentiate(tape, jvp, hvp, hessian)]
fn far_apart(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len().saturating_sub(5) {
        sum += x[i] * x[i + 5] * x[i + 1];
    }
    sum
}

/// Only some iterations add.
#[differentiate(tape, jvp, hvp, hessian)]
fn some_pairs(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 1..x.len() {
        if x[i] > x[i - 1] {
            sum += x[i] * x[i] * x[i - 1];
        }
    }
    sum
}

/// Rows: the elements are arrays.
#[differentiate(tape, jvp, hvp, hessian)]
fn rows(x: &[[f64; 2]]) -> f64 {
    let mut sum = 0.0;
    for i in 1..x.len() {
        let (dx, dy) = (x[i][0] - x[i - 1][0], x[i][1] - x[i - 1][1]);
        sum += dx * dx * dy;
    }
    sum
}

/// Two variables by two inputs.
#[differentiate(tape, jvp, hvp, hessian)]
fn spring(k: f64, damping: f64, n: usize) -> f64 {
    let (mut x, mut v) = (1.0, 0.0);
    for _ in 0..n {
        let a = -k * x - damping * v;
        x += 0.1 * v;
        v += 0.1 * a;
    }
    x * x + v
}

/// Three variables by three inputs, which are their starts as well, with functions that ask for
/// their own values and for both arguments.
#[differentiate(tape, jvp, hvp, hessian)]
fn three_by_three(a: f64, b: f64, c: f64, n: usize) -> f64 {
    let (mut x, mut y, mut z) = (a, b * a, 0.5);
    for k in 0..n {
        let next = (x * y).sin() - c / (2.0 + z);
        y = (a - y) * 0.3 + x.powi(2) * (k as f64 - 1.0) * 0.1;
        z = (z * z + x * x).sqrt();
        x = next;
    }
    x + y * z
}

/// More slices in a loop than a compiler compares, and fewer elements in each round.
#[differentiate(tape, jvp, hvp, hessian)]
fn many_at_once(x: &[f64], y: &[f64], z: &[f64]) -> f64 {
    let n = x.len();
    let mut product = vec![0.5; n];
    let mut mixed = vec![1.0; n];
    let mut sum = 0.0;
    for round in 0..n {
        for i in 0..n - round {
            product[i] = x[i] * y[i] * product[i];
            mixed[i] = product[i] * z[i] - x[i] * mixed[i];
        }
        for i in 0..n {
            sum += product[i] * mixed[i];
        }
    }
    sum
}

/// A recurrent cell whose rows lie one after the other, weights before biases, the state's too.
#[differentiate(tape, jvp, hvp, hessian)]
fn rows_one_after_the_other(p: &[f64], x: &[f64], steps: usize) -> f64 {
    let n = x.len();
    let mut state = vec![0.5; 2 * n];
    for _ in 0..steps {
        let (weights, biases) = (&p[..3 * n], &p[3 * n..6 * n]);
        for i in 0..n {
            let gate = x[i] * weights[i] + biases[i];
            let change = state[i] * weights[n + i] + biases[n + i];
            state[n + i] = state[n + i] * gate + change * weights[2 * n + i];
            state[i] = state[n + i].sin() + biases[2 * n + i];
        }
    }
    state.iter().map(|s| s * s).sum()
}

/// Rows that overlap if `shift` is smaller than the loop is long, written at both places.
#[differentiate(tape, jvp, hvp, hessian)]
fn rows_that_may_overlap(x: &[f64], shift: usize) -> f64 {
    let mut y = vec![0.0; x.len() + shift];
    for i in 0..x.len() {
        y[i] += x[i] * x[i];
        y[i + shift] -= 0.5 * y[i] * x[i];
    }
    y.iter().map(|y| y * y).sum()
}

cases! {
    taped {
        pairs(&x):
            (vec![]), (vec![0.7]), (vec![0.7, -0.2]), (vec![0.7, -0.2, 0.4, 1.1]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6]), (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8, 0.1, 0.2]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8, 0.1, 0.2, -0.9, 1.2, 0.3]);
        at_distances(&x, &y):
            (vec![0.7, -0.2, 0.4], vec![1.1, 0.6, 1.5]),
            (vec![0.7, -0.2, 0.4, 1.1], vec![1.1, 0.6, 1.5, 0.9]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8], vec![1.1, 0.6, 1.5, 0.9, 1.0, 0.7, 1.3]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8, 0.1, 0.2, -0.9, 1.2, 0.3, 0.5],
                vec![1.1, 0.6, 1.5, 0.9, 1.0, 0.7, 1.3, 0.8, 1.4, 0.9, 1.2, 0.6, 1.6]);
        far_apart(&x):
            (vec![0.7, -0.2, 0.4]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8, 0.1, 0.2, -0.9, 1.2, 0.3, 0.5]);
        some_pairs(&x):
            (vec![0.7]), (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8, 0.1, 0.2, -0.9, 1.2]);
        rows(&x):
            (vec![[0.7, -0.2]]),
            (vec![[0.7, -0.2], [0.4, 1.1], [0.6, -0.5], [0.8, 0.1], [0.2, -0.9], [1.2, 0.3]]);
        spring(k, damping, #n): (1.3, 0.2, 0), (1.3, 0.2, 1), (1.3, 0.2, 25);
        many_at_once(&x, &y, &z):
            (vec![], vec![], vec![]), (vec![0.7], vec![1.2], vec![-0.4]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6], vec![1.1, 0.6, 1.5, 0.9, 1.0],
                vec![0.7, 1.3, -0.8, 1.4, 0.9]),
            (vec![0.7, -0.2, 0.4, 1.1, 0.6, -0.5, 0.8], vec![1.1, 0.6, 1.5, 0.9, 1.0, 0.7, 1.3],
                vec![0.8, 1.4, -0.9, 1.2, 0.6, 1.6, 0.3]);
        rows_one_after_the_other(&p, &x, #steps):
            (vec![], vec![], 1), (vec![0.7, 1.3, -0.4, 0.2, 0.9, -0.6], vec![0.3], 2),
            (vec![0.7, 1.3, -0.4, 0.2, 0.9, -0.6, 0.8, 0.1, 1.2, -0.3, 0.5, 0.4, 1.1, -0.7, 0.6,
                0.2, -0.1, 0.3, 0.9, -0.8, 0.4, 0.5, 1.4, 0.6, -0.2, 0.7, 0.3, -0.5, 0.1, 0.8],
                vec![0.3, 0.8, -0.9, 0.4, 1.2], 2);
        rows_that_may_overlap(&x, #shift):
            (vec![], 0), (vec![0.7, -0.2, 0.4], 0), (vec![0.7, -0.2, 0.4], 1),
            (vec![0.7, -0.2, 0.4], 3), (vec![0.7, -0.2, 0.4], 5);
        three_by_three(a, b, c, #n): (0.7, 1.3, 0.4, 0), (0.7, 1.3, 0.4, 1), (0.7, 1.3, 0.4, 7);
    }
}
