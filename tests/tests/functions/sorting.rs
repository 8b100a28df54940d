//! Sorting, and what is made of sorted lists.

use chainrule::differentiate;
use chainrule_tests::cases;

/// The mean of the middle two, or the middle one.
#[differentiate(tape, jvp, hvp, hessian)]
fn median(x: &[f64]) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let n = sorted.len();
    let middle = match n % 2 {
        0 => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
        _ => sorted[n / 2],
    };
    middle * middle
}

/// Without the least and the greatest; the list is computed first.
#[differentiate(tape, jvp, hvp, hessian)]
fn trimmed(x: &[f64], k: f64) -> f64 {
    let mut scaled: Vec<f64> = x.iter().map(|v| v * v * k).collect();
    scaled.sort_unstable_by(|a, b| b.partial_cmp(a).unwrap());
    scaled[1..scaled.len() - 1].iter().map(|v| v * v).sum()
}

/// An array in each iteration, sorted by its distance from a differentiated value.
#[differentiate(tape, jvp, hvp, hessian)]
fn nearest(x: &[f64], to: f64) -> f64 {
    let mut sum = 0.0;
    for i in 2..x.len() {
        let mut three = [x[i], x[i - 1] * 2.0, x[i - 2] * x[i]];
        three.sort_by(|a, b| (a - to).abs().partial_cmp(&(b - to).abs()).unwrap());
        sum += three[0] * three[1] - three[2] * to;
    }
    sum
}

/// Pairs by their first part; a part of a list.
#[differentiate(tape, jvp, hvp, hessian)]
fn pairs(x: &[f64]) -> f64 {
    let mut pairs: Vec<(f64, f64)> = x.windows(2).map(|w| (w[0], w[0] * w[1])).collect();
    pairs.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
    let mut others: Vec<f64> = x.to_vec();
    others[1..].sort_by(|a, b| b.partial_cmp(a).unwrap());
    let weighted = pairs.iter().enumerate().map(|(i, pair)| pair.1 * (i as f64 + 1.0));
    weighted.sum::<f64>() + others[0] * others[1]
}

/// The k-th least.
#[differentiate(jvp, hvp, hessian)]
fn quantile(x: &[f64], k: usize) -> f64 {
    let mut list = x.to_vec();
    list.select_nth_unstable_by(k, f64::total_cmp);
    list[k].sin()
}

/// Elements put in and taken out.
#[differentiate(tape, jvp, hvp, hessian)]
fn insertion(x: &[f64], y: f64) -> f64 {
    let mut sorted: Vec<f64> = Vec::new();
    for v in x {
        let at = sorted.iter().position(|s| s > v).unwrap_or(sorted.len());
        sorted.insert(at, *v);
    }
    sorted.insert(1, y);
    let first = sorted.remove(0);
    let others: f64 = sorted.iter().enumerate().map(|(k, v)| v * v * (k as f64 + 1.0)).sum();
    others * first
}

cases! {
    taped {
        median(&x): (vec![0.7, -0.2, 1.4, 1.1]), (vec![0.7, -0.2, 1.4]), (vec![0.7]);
        trimmed(&x, k): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 1.3), (vec![0.7, 0.2], 1.3);
        nearest(&x, to): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 0.4);
        pairs(&x): (vec![0.7, -0.2, 1.4, 1.1, 0.6]), (vec![0.7, 1.3]);
        insertion(&x, y): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 0.4), (vec![0.7], 0.9);
    }
    untaped {
        quantile(&x, #k): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 2), (vec![0.7], 0);
    }
}
