//! A stiff differential equation, solved by the implicit Euler method with a sparse Jacobian.
//!
//! ```text
//! cargo run --release --example stiff_ode
//! ```
//!
//! The Brusselator with diffusion, a chemical reaction along a tube (Hairer and Wanner, *Solving
//! Ordinary Differential Equations II*, section IV.10, problem BRUSS):
//!
//! ```text
//! u' = 1 + u² v − 4 u + α u_xx        u = 1, v = 3 at both ends
//! v' = 3 u − u² v + α v_xx            u = 1 + sin 2πx, v = 3 at the start
//! ```
//!
//! Each step solves y − y₀ − h f(y) = 0 by Newton's method, whose matrix 1 − h ∂f/∂y has four numbers
//! in a row. `jacobian(sparse)` computes these and nothing else.

use chainrule::differentiate;
use chainrule::sparse::Triplets;
use sprs::CsVec;
use sprs::linalg::bicgstab::BiCGSTAB;
use std::f64::consts::PI;

/// Points inside the tube.
const POINTS: usize = 200;
/// How fast the substances spread.
const ALPHA: f64 = 1.0 / 50.0;
/// When to stop.
const END: f64 = 1.0;

/// How fast the two substances change at each point.
#[differentiate(jacobian(sparse))]
fn rate(y: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let n = y.len();
    let spread = ALPHA * ((n + 1) * (n + 1)) as f64;
    let mut rate = vec![[0.0; 2]; n];
    for i in 0..n {
        let [u, v] = y[i];
        let (u_left, v_left) = if i > 0 { (y[i - 1][0], y[i - 1][1]) } else { (1.0, 3.0) };
        let (u_right, v_right) = if i + 1 < n { (y[i + 1][0], y[i + 1][1]) } else { (1.0, 3.0) };
        let reaction = u * u * v;
        rate[i][0] = 1.0 + reaction - 4.0 * u + spread * (u_left - 2.0 * u + u_right);
        rate[i][1] = 3.0 * u - reaction + spread * (v_left - 2.0 * v + v_right);
    }
    rate
}

fn start() -> Vec<[f64; 2]> {
    let at = |i: usize| (i + 1) as f64 / (POINTS + 1) as f64;
    (0..POINTS).map(|i| [1.0 + (2.0 * PI * at(i)).sin(), 3.0]).collect()
}

/// The x with A x = b.
fn solved(a: &Triplets<f64>, b: &[f64]) -> Result<Vec<f64>, String> {
    let n = b.len();
    let b = CsVec::new(n, (0..n).collect(), b.to_vec());
    let start = CsVec::new(n, (0..n).collect(), vec![0.0; n]);
    let a = a.to_sprs();
    let done = BiCGSTAB::<f64, _, _>::solve(a.view(), start.view(), b.view(), 1e-10, 10 * n)
        .map_err(|stuck| format!("the linear system was not solved: residual {}", stuck.err()))?;
    let mut x = vec![0.0; n];
    done.x().iter().for_each(|(k, value)| x[k] = *value);
    Ok(x)
}

/// One step by Newton's method; also how many of its iterations were needed.
fn step(before: &[[f64; 2]], h: f64) -> Result<(Vec<[f64; 2]>, usize), String> {
    let mut y = before.to_vec();
    for iteration in 1..=20 {
        let missed: Vec<f64> = (y.as_flattened().iter())
            .zip(before.as_flattened())
            .zip(rate(&y).as_flattened())
            .map(|((y, before), rate)| y - before - h * rate)
            .collect();
        let jacobian = rate::jacobian(&y);
        let scaled = jacobian.iter().map(|(i, j, d)| (i as u32, j as u32, -h * d));
        let ones = (0..missed.len() as u32).map(|i| (i, i, 1.0));
        let matrix = Triplets::new(jacobian.shape(), scaled.chain(ones).collect());
        let change = solved(&matrix, &missed)?;
        y.as_flattened_mut().iter_mut().zip(&change).for_each(|(y, change)| *y -= change);
        if change.iter().all(|change| change.abs() < 1e-8) {
            return Ok((y, iteration));
        }
    }
    Err("Newton's method did not converge in 20 iterations".to_string())
}

/// The state at the end after so many steps, and the iterations of Newton's method in all.
fn implicit(steps: usize) -> Result<(Vec<[f64; 2]>, usize), String> {
    let (mut y, mut all) = (start(), 0);
    for _ in 0..steps {
        let (next, iterations) = step(&y, END / steps as f64)?;
        (y, all) = (next, all + iterations);
    }
    Ok((y, all))
}

/// The state at the end by so many steps of the classical Runge-Kutta method, which is explicit:
/// it wants steps of less than 2.8 / (4 α (n + 1)²).
fn explicit(steps: usize) -> Vec<[f64; 2]> {
    let h = END / steps as f64;
    let moved = |y: &[[f64; 2]], by: f64, k: &[[f64; 2]]| -> Vec<[f64; 2]> {
        y.iter().zip(k).map(|(y, k)| [y[0] + by * k[0], y[1] + by * k[1]]).collect()
    };
    let mut y = start();
    for _ in 0..steps {
        let a = rate(&y);
        let b = rate(&moved(&y, h / 2.0, &a));
        let c = rate(&moved(&y, h / 2.0, &b));
        let d = rate(&moved(&y, h, &c));
        for (k, weight) in [(a, 1.0), (b, 2.0), (c, 2.0), (d, 1.0)] {
            y = moved(&y, weight * h / 6.0, &k);
        }
    }
    y
}

fn main() -> Result<(), String> {
    let jacobian = rate::jacobian(&start()).to_csr();
    let (rows, columns) = jacobian.shape();
    println!(
        "the Jacobian: {rows} × {columns}, of which {} numbers are computed",
        jacobian.values().len()
    );
    let steps = 3000;
    let exact = explicit(steps);
    println!("explicit, {steps} steps: u = {:.6} in the middle", exact[POINTS / 2][0]);
    let mut before = None;
    for steps in [50, 100, 200] {
        let (y, iterations) = implicit(steps)?;
        let off = (y.as_flattened().iter().zip(exact.as_flattened()))
            .fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        let smaller = before.map(|before: f64| format!(", {:.2} times smaller", before / off));
        println!(
            "implicit, {steps} steps, {iterations} of Newton's iterations: u = {:.6}, off by {off:.1e} at most{}",
            y[POINTS / 2][0],
            smaller.unwrap_or_default()
        );
        before = Some(off);
    }
    Ok(())
}
