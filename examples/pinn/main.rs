//! A differential equation solved by a small network: u'' = f on [0, 1] with u(0) = u(1) = 0.
//!
//! ```text
//! cargo run --release --example pinn
//! ```
//!
//! The network's second derivative by its input is that of a function that returns a derivative;
//! the residuals' Jacobian by the weights is the third. Method: Raissi, Perdikaris and Karniadakis,
//! *Physics-informed neural networks*, J. Comput. Phys. 378, 2019; fitted by Levenberg's and
//! Marquardt's method. With f = -π² sin πx the solution is sin πx.

use chainrule::differentiate;
use std::f64::consts::PI;

/// Hidden units.
const UNITS: usize = 8;
/// For each unit a slope, a shift and a factor.
const WEIGHTS: usize = 3 * UNITS;
/// Points at which the equation is asked to hold.
const POINTS: usize = 24;
/// Those, and the two ends.
const RESIDUALS: usize = POINTS + 2;

/// One hidden layer.
#[differentiate(wrt(x))]
fn network(x: f64, w: &[f64; WEIGHTS]) -> f64 {
    let mut u = 0.0;
    for k in 0..UNITS {
        u += w[2 * UNITS + k] * (w[k] * x + w[UNITS + k]).tanh();
    }
    u
}

/// The network's derivative by its input.
#[differentiate(wrt(x))]
fn slope(x: f64, w: &[f64; WEIGHTS]) -> f64 {
    network::grad(x, w)
}

/// By how much the equation and the values at the ends are missed.
#[differentiate(jacobian)]
fn residuals(w: &[f64; WEIGHTS]) -> [f64; RESIDUALS] {
    let mut missed = [0.0; RESIDUALS];
    for (i, missed) in missed.iter_mut().take(POINTS).enumerate() {
        let x = i as f64 / (POINTS - 1) as f64;
        *missed = (slope::grad(x, w) + PI * PI * (PI * x).sin()) / 10.0;
    }
    missed[POINTS] = network(0.0, w);
    missed[POINTS + 1] = network(1.0, w);
    missed
}

fn squares(missed: &[f64; RESIDUALS]) -> f64 {
    missed.iter().map(|r| r * r).sum()
}

/// The x with A x = b, by Gauss's elimination; A is positive definite, so no pivot is needed.
fn solved(mut a: [[f64; WEIGHTS]; WEIGHTS], mut b: [f64; WEIGHTS]) -> [f64; WEIGHTS] {
    for k in 0..WEIGHTS {
        let (pivot, b_k) = (a[k], b[k]);
        for i in k + 1..WEIGHTS {
            let factor = a[i][k] / pivot[k];
            a[i].iter_mut().zip(pivot).for_each(|(e, p)| *e -= factor * p);
            b[i] -= factor * b_k;
        }
    }
    for k in (0..WEIGHTS).rev() {
        let known: f64 = (k + 1..WEIGHTS).map(|j| a[k][j] * b[j]).sum();
        b[k] = (b[k] - known) / a[k][k];
    }
    b
}

/// The step that makes the linearised residuals small, the shorter the greater `damping`.
fn step(
    jacobian: &[[f64; WEIGHTS]; RESIDUALS],
    missed: &[f64; RESIDUALS],
    damping: f64,
) -> [f64; WEIGHTS] {
    let (mut a, mut b) = ([[0.0; WEIGHTS]; WEIGHTS], [0.0; WEIGHTS]);
    for (row, r) in jacobian.iter().zip(missed) {
        for i in 0..WEIGHTS {
            b[i] += row[i] * r;
            for j in 0..WEIGHTS {
                a[i][j] += row[i] * row[j];
            }
        }
    }
    for (i, row) in a.iter_mut().enumerate() {
        row[i] += damping;
    }
    solved(a, b)
}

/// The greatest distance from the solution.
fn error(w: &[f64; WEIGHTS]) -> f64 {
    let off = |k: usize| {
        let x = k as f64 / 100.0;
        (network(x, w) - (PI * x).sin()).abs()
    };
    (0..=100).map(off).fold(0.0, f64::max)
}

fn main() {
    let mut w: [f64; WEIGHTS] = std::array::from_fn(|k| 2.0 * (k as f64 * 12.9898 + 1.0).sin());
    let (mut damping, mut missed) = (1e-2, residuals(&w));
    println!("step   sum of squares   greatest error");
    for count in 0..=60 {
        if count % 10 == 0 {
            println!("{count:4} {:16.3e} {:16.3e}", squares(&missed), error(&w));
        }
        let by = step(&residuals::jacobian(&w), &missed, damping);
        let next = std::array::from_fn(|k| w[k] - by[k]);
        let there = residuals(&next);
        if squares(&there) < squares(&missed) {
            (w, missed, damping) = (next, there, damping * 0.3);
        } else {
            damping *= 4.0;
        }
    }
    assert!(error(&w) < 1e-3, "the network does not solve the equation");
    println!("u(0.5) = {:.6}, sin(π/2) = 1", network(0.5, &w));
}
