//! `#[checkpoint]`: the same derivative with less memory.

use crate::cases;
use chainrule::differentiate;

#[differentiate(tape)]
fn iterated(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint]
    for _ in 0..n {
        y = (y * x).sin() + 0.5 * y;
    }
    y
}

#[differentiate(tape)]
fn every_third(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint(every = 3)]
    for k in 0..n {
        y = y.cos() * x + 0.1 * k as f64;
    }
    y
}

#[differentiate(tape)]
fn backwards_with_a_branch(x: f64, n: usize) -> f64 {
    let (mut y, mut z) = (x, 1.0);
    #[checkpoint]
    for k in (0..n).rev() {
        if y > z {
            z += y * 0.5;
        } else {
            y = y * z + k as f64 * 0.1;
        }
    }
    y * z
}

/// Memory that the loop changes is kept at the checkpoints too.
#[differentiate(tape)]
fn with_an_array(u: [f64; 3], n: usize) -> f64 {
    let mut u = u;
    #[checkpoint]
    for _ in 0..n {
        let old = u;
        for i in 0..3 {
            u[i] = old[i] + 0.1 * old[(i + 1) % 3] * old[(i + 2) % 3];
        }
    }
    u[0] + 2.0 * u[1] + 3.0 * u[2]
}

#[differentiate(tape)]
fn with_a_vec(u: &[f64], n: usize) -> f64 {
    let mut u = u.to_vec();
    #[checkpoint(every = 2)]
    for _ in 0..n {
        for i in 1..u.len() {
            u[i] += 0.1 * u[i - 1] * u[i];
        }
    }
    u.iter().map(|e| e * e).sum()
}

#[differentiate(tape)]
fn over_a_slice(xs: &[f64], w: f64) -> f64 {
    let (mut h, mut loss) = (0.0, 0.0);
    #[checkpoint]
    for &x in xs {
        h = (w * h + x).tanh();
        loss += h * h;
    }
    loss
}

#[differentiate(tape)]
fn while_loop(x: f64) -> f64 {
    let mut y = x;
    #[checkpoint]
    while y < 5.0 {
        y = y * 1.3 + x * 0.1;
    }
    y * x
}

#[differentiate(tape)]
fn nested(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint]
    for i in 0..n {
        #[checkpoint(every = 2)]
        for j in 0..i {
            y = (y + x * j as f64).sin();
        }
        y += 0.5 * x;
    }
    y
}

cases! {
    taped {
        iterated(x, n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 10);
        every_third(x, n): (0.7, 0), (0.7, 1), (0.7, 3), (0.7, 4), (0.7, 11);
        backwards_with_a_branch(x, n): (0.7, 0), (0.7, 1), (0.7, 7);
        with_an_array(u, n): ([0.7, 0.3, -0.2], 0), ([0.7, 0.3, -0.2], 1), ([0.7, 0.3, -0.2], 10);
        with_a_vec(&u, n): (vec![0.7, 0.3, -0.2], 0), (vec![0.7, 0.3, -0.2], 5), (vec![], 5);
        over_a_slice(&xs, w): (vec![], 0.4), (vec![0.7, 0.3, -0.2, 0.1, 0.9], 0.4);
        while_loop(x): (0.7), (6.0);
        nested(x, n): (0.7, 0), (0.7, 1), (0.7, 5);
    }
}
