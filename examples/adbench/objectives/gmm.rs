//! Fitting a mixture of Gaussians: the log-likelihood of points, with a Wishart prior on the
//! precisions.
//!
//! A component's precision is QᵀQ, with Q lower triangular. A row of `icf` holds the logarithms of
//! Q's diagonal, then what is strictly below it, column by column.

use chainrule::differentiate;
use std::f64::consts::{LN_2, PI};

/// The logarithm of the mixture's posterior, up to a constant.
///
/// `alphas` has an entry for each component, `means` and `icf` have a row for each, and `x` has a
/// row of `d` numbers for each point. The prior has the scale `gamma` and `m` further degrees of
/// freedom.
#[differentiate(wrt(alphas, means, icf), hvp)]
pub(crate) fn gmm(
    alphas: &[f64],
    means: &[f64],
    icf: &[f64],
    x: &[f64],
    d: usize,
    gamma: f64,
    m: u32,
) -> f64 {
    let k = alphas.len();
    let n = x.len() / d;
    let icf_len = d * (d + 1) / 2;

    let mut diagonals = vec![0.0; k * d];
    let mut log_determinants = vec![0.0; k];
    for c in 0..k {
        let logarithms = &icf[c * icf_len..c * icf_len + d];
        let diagonal = &mut diagonals[c * d..(c + 1) * d];
        for (q, &log) in diagonal.iter_mut().zip(logarithms) {
            *q = log.exp();
        }
        log_determinants[c] = logarithms.iter().sum();
    }

    let mut centered = vec![0.0; d];
    let mut scaled = vec![0.0; d];
    let mut terms = vec![0.0; k];
    let mut likelihood = 0.0;
    for point in x.chunks_exact(d) {
        for c in 0..k {
            let mean = &means[c * d..(c + 1) * d];
            let diagonal = &diagonals[c * d..(c + 1) * d];
            let below = &icf[c * icf_len + d..(c + 1) * icf_len];
            subtract(point, mean, &mut centered);
            multiply_lower(diagonal, below, &centered, &mut scaled);
            terms[c] = alphas[c] + log_determinants[c] - 0.5 * squared_norm(&scaled);
        }
        likelihood += log_sum_exp(&terms);
    }

    let mut prior = 0.0;
    for c in 0..k {
        let diagonal = &diagonals[c * d..(c + 1) * d];
        let below = &icf[c * icf_len + d..(c + 1) * icf_len];
        let frobenius = squared_norm(diagonal) + squared_norm(below);
        prior += 0.5 * gamma * gamma * frobenius - m as f64 * log_determinants[c];
    }

    let constant = -0.5 * (n * d) as f64 * (2.0 * PI).ln() - k as f64 * ln_wishart(d, gamma, m);
    likelihood - n as f64 * log_sum_exp(alphas) + prior + constant
}

/// `difference` = `a` - `b`.
#[differentiate]
fn subtract(a: &[f64], b: &[f64], difference: &mut [f64]) {
    for ((difference, &a), &b) in difference.iter_mut().zip(a).zip(b) {
        *difference = a - b;
    }
}

/// `product` = Q `x`, where Q is lower triangular: its diagonal, and the columns below that.
#[differentiate]
fn multiply_lower(diagonal: &[f64], below: &[f64], x: &[f64], product: &mut [f64]) {
    let d = x.len();
    for ((product, &q), &x) in product.iter_mut().zip(diagonal).zip(x) {
        *product = q * x;
    }
    for i in 0..d {
        let start = i * (2 * d - i - 1) / 2;
        let column = &below[start..start + d - i - 1];
        let factor = x[i];
        for (product, &l) in product[i + 1..].iter_mut().zip(column) {
            *product += l * factor;
        }
    }
}

#[differentiate]
fn squared_norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// ln Σ exp(x), without overflow.
#[differentiate]
fn log_sum_exp(x: &[f64]) -> f64 {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = x.iter().map(|x| (x - max).exp()).sum();
    sum.ln() + max
}

/// The logarithm of the prior's normalisation.
fn ln_wishart(d: usize, gamma: f64, m: u32) -> f64 {
    let p = d as f64;
    let freedom = d as u32 + m + 1;
    let ln_gammas: f64 = (0..d as u32).map(|j| ln_gamma_of_half(freedom - j)).sum();
    let ln_multivariate_gamma = 0.25 * p * (p - 1.0) * PI.ln() + ln_gammas;
    f64::from(freedom) * p * (gamma.ln() - 0.5 * LN_2) - ln_multivariate_gamma
}

/// ln Γ(n / 2), by Γ(z + 1) = z Γ(z) from Γ(1/2) = √π or Γ(1) = 1.
fn ln_gamma_of_half(n: u32) -> f64 {
    let start = if n % 2 == 1 { 0.5 * PI.ln() } else { 0.0 };
    let first = if n % 2 == 1 { 1 } else { 2 };
    (first..n).step_by(2).map(|j| (0.5 * f64::from(j)).ln()).fold(start, |sum, ln| sum + ln)
}
