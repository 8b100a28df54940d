//! Hessians as an engineer writes them: only what is not zero is computed.

/// Rosenbrock's function: each term has two variables.
pub(super) fn rosenbrock(x: &[f64]) -> Vec<Vec<f64>> {
    let n = x.len();
    let mut h = vec![vec![0.0; n]; n];
    for i in 0..n - 1 {
        h[i][i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
        h[i + 1][i + 1] += 200.0;
        h[i][i + 1] = -400.0 * x[i];
        h[i + 1][i] = h[i][i + 1];
    }
    h
}

/// The sum of σ (1 − σ) x xᵀ over the rows: one triangle, the other one copied.
pub(super) fn logistic(x: &[f64], y: &[f64], w: &[f64]) -> Vec<Vec<f64>> {
    let n = w.len();
    let mut h = vec![vec![0.0; n]; n];
    for (row, label) in x.chunks_exact(n).zip(y) {
        let z: f64 = row.iter().zip(w).map(|(x, w)| x * w).sum();
        let sigma = 1.0 / (1.0 + (-label * z).exp());
        let factor = sigma * (1.0 - sigma);
        for (i, line) in h.iter_mut().enumerate() {
            let scaled = factor * row[i];
            for (entry, x) in line[..=i].iter_mut().zip(row) {
                *entry += scaled * x;
            }
        }
    }
    for i in 1..n {
        let (above, line) = h.split_at_mut(i);
        for (row, entry) in above.iter_mut().zip(&line[0]) {
            row[i] = *entry;
        }
    }
    h
}
