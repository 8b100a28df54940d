//! A mixture of Gaussians: for each point, one pass over the components for their terms and one
//! for the gradient, from the stored products.
//!
//! In two forms. One is the adjoint of the objective as it stands. The other uses that Q is the
//! same for all points: the means' gradient is Qᵀ times a sum over the points, so that the
//! multiplication leaves the loop.

use std::f64::consts::{LN_2, PI};

/// A gradient by alphas, means and inverse covariance factors.
type Gradient = (Vec<f64>, Vec<f64>, Vec<f64>);

/// The value and the gradient; sizes as in the objective.
pub fn value_and_grad(
    alphas: &[f64],
    means: &[f64],
    icf: &[f64],
    x: &[f64],
    d: usize,
    gamma: f64,
    m: u32,
) -> (f64, Gradient) {
    let mut gradient = (vec![0.0; alphas.len()], vec![0.0; means.len()], vec![0.0; icf.len()]);
    let (d_alphas, d_means, d_icf) = &mut gradient;
    let value =
        value_and_grad_into((alphas, means, icf, x), (d, gamma, m), d_alphas, d_means, d_icf);
    (value, gradient)
}

/// The value, with the arguments and the constants bundled; overwrites the gradients.
pub fn value_and_grad_into(
    arguments: (&[f64], &[f64], &[f64], &[f64]),
    constants: (usize, f64, u32),
    d_alphas: &mut [f64],
    d_means: &mut [f64],
    d_icf: &mut [f64],
) -> f64 {
    evaluate::<false>(arguments, constants, d_alphas, d_means, d_icf)
}

/// [`value_and_grad_into`], with the multiplication by Qᵀ out of the loop over the points.
pub fn value_and_grad_by_sums_into(
    arguments: (&[f64], &[f64], &[f64], &[f64]),
    constants: (usize, f64, u32),
    d_alphas: &mut [f64],
    d_means: &mut [f64],
    d_icf: &mut [f64],
) -> f64 {
    evaluate::<true>(arguments, constants, d_alphas, d_means, d_icf)
}

fn evaluate<const BY_SUMS: bool>(
    (alphas, means, icf, x): (&[f64], &[f64], &[f64], &[f64]),
    (d, gamma, m): (usize, f64, u32),
    d_alphas: &mut [f64],
    d_means: &mut [f64],
    d_icf: &mut [f64],
) -> f64 {
    let k = alphas.len();
    let n = x.len() / d;
    let icf_len = d * (d + 1) / 2;

    let mut diagonals = vec![0.0; k * d];
    let mut log_determinants = vec![0.0; k];
    for ((row, diagonal), log_determinant) in
        icf.chunks_exact(icf_len).zip(diagonals.chunks_exact_mut(d)).zip(&mut log_determinants)
    {
        for (q, log) in diagonal.iter_mut().zip(&row[..d]) {
            *q = log.exp();
        }
        *log_determinant = row[..d].iter().sum();
    }

    d_alphas.fill(0.0);
    d_means.fill(0.0);
    d_icf.fill(0.0);
    let mut centered = vec![0.0; k * d];
    let mut scaled = vec![0.0; k * d];
    let mut weights = vec![0.0; k];
    let mut likelihood = 0.0;
    for point in x.chunks_exact(d) {
        for c in 0..k {
            let (from, to) = (c * d, (c + 1) * d);
            let below = &icf[c * icf_len + d..(c + 1) * icf_len];
            let (centered, scaled) = (&mut centered[from..to], &mut scaled[from..to]);
            for ((centered, x), mean) in centered.iter_mut().zip(point).zip(&means[from..to]) {
                *centered = x - mean;
            }
            multiply_lower(&diagonals[from..to], below, centered, scaled);
            let norm: f64 = scaled.iter().map(|s| s * s).sum();
            weights[c] = alphas[c] + log_determinants[c] - 0.5 * norm;
        }
        likelihood += softmax(&mut weights);
        for c in 0..k {
            let (from, to) = (c * d, (c + 1) * d);
            let below = &icf[c * icf_len + d..(c + 1) * icf_len];
            let weight = weights[c];
            d_alphas[c] += weight;
            let ct = &mut scaled[from..to];
            for ct in ct.iter_mut() {
                *ct *= -weight;
            }
            let (centered, d_mean) = (&centered[from..to], &mut d_means[from..to]);
            let (d_diagonal, d_below) = d_icf[c * icf_len..(c + 1) * icf_len].split_at_mut(d);
            if BY_SUMS {
                for (sum, ct) in d_mean.iter_mut().zip(&*ct) {
                    *sum += ct;
                }
                add_outer(centered, ct, d_diagonal, d_below);
            } else {
                let q = (&diagonals[from..to], below);
                pull_back(q, (centered, ct), d_mean, d_diagonal, d_below);
            }
        }
    }
    if BY_SUMS {
        for c in 0..k {
            let (from, to) = (c * d, (c + 1) * d);
            let below = &icf[c * icf_len + d..(c + 1) * icf_len];
            multiply_transposed(&diagonals[from..to], below, &mut d_means[from..to]);
        }
    }

    let mut prior = 0.0;
    for c in 0..k {
        let (diagonal, row) = (&diagonals[c * d..(c + 1) * d], c * icf_len..(c + 1) * icf_len);
        let (row, d_row) = (&icf[row.clone()], &mut d_icf[row]);
        let frobenius = squared_norm(diagonal) + squared_norm(&row[d..]);
        prior += 0.5 * gamma * gamma * frobenius - f64::from(m) * log_determinants[c];
        // Every logarithm enters through its exponential and through the determinant.
        let by_determinant = d_alphas[c] - f64::from(m);
        for (slot, q) in d_row.iter_mut().zip(diagonal) {
            *slot = (*slot + gamma * gamma * q) * q + by_determinant;
        }
        for (slot, l) in d_row[d..].iter_mut().zip(&row[d..]) {
            *slot += gamma * gamma * l;
        }
    }

    weights.copy_from_slice(alphas);
    let normalisation = softmax(&mut weights);
    for (slot, weight) in d_alphas.iter_mut().zip(&weights) {
        *slot -= n as f64 * weight;
    }
    let constant = -0.5 * (n * d) as f64 * (2.0 * PI).ln() - k as f64 * ln_wishart(d, gamma, m);
    likelihood - n as f64 * normalisation + prior + constant
}

/// `product` = Q `x`, where Q is lower triangular: its diagonal, and the columns below that.
#[inline]
fn multiply_lower(diagonal: &[f64], below: &[f64], x: &[f64], product: &mut [f64]) {
    for ((product, q), x) in product.iter_mut().zip(diagonal).zip(x) {
        *product = q * x;
    }
    let mut rest = below;
    for (i, &x) in x.iter().enumerate() {
        let product = &mut product[i + 1..];
        let (column, tail) = rest.split_at(product.len());
        rest = tail;
        for (product, l) in product.iter_mut().zip(column) {
            *product += l * x;
        }
    }
}

/// From the cotangent of Q (point - mean): takes the mean's gradient from `d_mean`, and adds Q's.
#[inline]
fn pull_back(
    (diagonal, below): (&[f64], &[f64]),
    (centered, ct): (&[f64], &[f64]),
    d_mean: &mut [f64],
    d_diagonal: &mut [f64],
    d_below: &mut [f64],
) {
    let (mut below, mut d_below) = (below, d_below);
    let columns = centered.iter().zip(diagonal).zip(d_mean.iter_mut().zip(d_diagonal));
    for (i, ((&x, q), (d_mean, d_q))) in columns.enumerate() {
        let own = ct[i];
        let ct = &ct[i + 1..];
        let (column, tail) = below.split_at(ct.len());
        let (d_column, d_tail) = d_below.split_at_mut(ct.len());
        (below, d_below) = (tail, d_tail);
        *d_q += own * x;
        *d_mean -= q * own + dot_and_add(column, ct, x, d_column);
    }
}

/// The dot product of `column` and `ct`, in lanes; adds `factor` times `ct` to `sum` on the way.
#[inline]
fn dot_and_add(column: &[f64], ct: &[f64], factor: f64, sum: &mut [f64]) -> f64 {
    const LANES: usize = 2;
    let mut lanes = [0.0; LANES];
    let ((columns, column), (cts, ct)) = (column.as_chunks::<LANES>(), ct.as_chunks::<LANES>());
    let (sums, sum) = sum.as_chunks_mut::<LANES>();
    for ((column, ct), sum) in columns.iter().zip(cts).zip(sums) {
        for i in 0..LANES {
            lanes[i] += column[i] * ct[i];
            sum[i] += factor * ct[i];
        }
    }
    let mut dot = lanes[0] + lanes[1];
    for ((column, ct), sum) in column.iter().zip(ct).zip(sum) {
        dot += column * ct;
        *sum += factor * ct;
    }
    dot
}

/// Adds Q's gradient, from the cotangent of Q (point - mean).
#[inline]
fn add_outer(centered: &[f64], ct: &[f64], d_diagonal: &mut [f64], d_below: &mut [f64]) {
    let mut rest = d_below;
    for (i, (&x, d_q)) in centered.iter().zip(d_diagonal).enumerate() {
        *d_q += ct[i] * x;
        let ct = &ct[i + 1..];
        let (d_column, tail) = rest.split_at_mut(ct.len());
        rest = tail;
        for (slot, ct) in d_column.iter_mut().zip(ct) {
            *slot += x * ct;
        }
    }
}

/// `product` = -Qᵀ `ct`, in place: an entry reads only those after it.
fn multiply_transposed(diagonal: &[f64], below: &[f64], ct: &mut [f64]) {
    let mut rest = below;
    for (i, q) in diagonal.iter().enumerate() {
        let (own, later) = ct[i..].split_at_mut(1);
        let (column, tail) = rest.split_at(later.len());
        rest = tail;
        let dot: f64 = column.iter().zip(&*later).map(|(l, ct)| l * ct).sum();
        own[0] = -(q * own[0] + dot);
    }
}

/// The logarithm of the sum of exponentials; leaves each term's share of that sum.
fn softmax(terms: &mut [f64]) -> f64 {
    let max = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for term in terms.iter_mut() {
        *term = (*term - max).exp();
        sum += *term;
    }
    for term in terms.iter_mut() {
        *term /= sum;
    }
    sum.ln() + max
}

fn squared_norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// The logarithm of the prior's normalisation.
fn ln_wishart(d: usize, gamma: f64, m: u32) -> f64 {
    let p = d as f64;
    let freedom = d as u32 + m + 1;
    let ln_gammas: f64 = (0..d as u32).map(|j| ln_gamma_of_half(freedom - j)).sum();
    f64::from(freedom) * p * (gamma.ln() - 0.5 * LN_2)
        - (0.25 * p * (p - 1.0) * PI.ln() + ln_gammas)
}

/// ln Γ(n / 2), by Γ(z + 1) = z Γ(z).
fn ln_gamma_of_half(n: u32) -> f64 {
    let (first, start) = if n % 2 == 1 { (1, 0.5 * PI.ln()) } else { (2, 0.0) };
    (first..n).step_by(2).fold(start, |sum, j| sum + (0.5 * f64::from(j)).ln())
}
