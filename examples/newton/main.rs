//! Newton's method on a logistic regression: gradient and Hessian are compiled.
//!
//! ```text
//! cargo run --example newton
//! ```
//!
//! The method doubles the number of right digits with each step. That it is done in fewer than ten
//! is asserted.

use chainrule::differentiate;

/// Features of a sample.
const FEATURES: usize = 3;
/// Weights: one for each feature, and one for all samples alike.
const WEIGHTS: usize = FEATURES + 1;

/// The negative log-likelihood of labels, 1 or -1, with a small penalty that keeps weights finite.
#[differentiate(wrt(w), hessian)]
fn loss(samples: &[[f64; FEATURES]], labels: &[f64], w: &[f64; WEIGHTS]) -> f64 {
    let mut sum = 0.0;
    for (sample, label) in samples.iter().zip(labels) {
        let mut score = w[FEATURES];
        for k in 0..FEATURES {
            score += w[k] * sample[k];
        }
        sum += (-label * score).exp().ln_1p();
    }
    let mut penalty = 0.0;
    for e in w {
        penalty += e * e;
    }
    sum + 0.01 * penalty
}

/// Samples whose labels mostly follow a plane.
fn samples() -> (Vec<[f64; FEATURES]>, Vec<f64>) {
    let at = |k: usize, phase: f64| (k as f64 * 12.9898 + phase).sin() * 1.5;
    let samples: Vec<[f64; FEATURES]> =
        (0..200).map(|k| [at(k, 0.0), at(k, 1.1), at(2 * k + 1, 2.7)]).collect();
    let label = |(k, [a, b, c]): (usize, &[f64; FEATURES])| {
        let noise = (k as f64 * 78.233).cos();
        (2.0 * a - b + 0.5 * c + 0.3 + noise).signum()
    };
    let labels = samples.iter().enumerate().map(label).collect();
    (samples, labels)
}

/// The x with A x = b, for a symmetric A with positive eigenvalues: by Cholesky's L Lᵀ = A.
fn solved<const N: usize>(a: &[[f64; N]; N], b: &[f64; N]) -> [f64; N] {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let rest = a[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
            l[i][j] = if i == j { rest.sqrt() } else { rest / l[j][j] };
        }
    }
    let mut x = *b;
    for i in 0..N {
        x[i] = (x[i] - (0..i).map(|k| l[i][k] * x[k]).sum::<f64>()) / l[i][i];
    }
    for i in (0..N).rev() {
        x[i] = (x[i] - (i + 1..N).map(|k| l[k][i] * x[k]).sum::<f64>()) / l[i][i];
    }
    x
}

fn main() {
    let (samples, labels) = samples();
    let mut w = [0.0; WEIGHTS];
    let mut steps = 0;
    println!("step         loss   largest entry of the gradient");
    loop {
        let (value, gradient) = loss::value_and_grad(&samples, &labels, &w);
        let largest = gradient.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
        println!("{steps:4} {value:12.6}   {largest:.1e}");
        if largest < 1e-9 {
            break;
        }
        let step = solved(&loss::hessian(&samples, &labels, &w), &gradient);
        for (w, step) in w.iter_mut().zip(step) {
            *w -= step;
        }
        steps += 1;
        assert!(steps < 10, "Newton's method did not converge");
    }
    println!("converged in {steps} steps: w = {w:.4?}");
}
