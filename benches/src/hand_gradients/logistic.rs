//! Logistic regression: one pass, each row's exponential used twice.

/// The value; overwrites `gradient`.
pub fn value_and_grad_into(x: &[f64], y: &[f64], w: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let mut sum = 0.0;
    add_rows(x, y, w, gradient, &mut sum);
    sum
}

/// [`value_and_grad_into`], four rows at a time: their dot products go side by side, and the
/// gradient is loaded and stored once for the four.
pub fn value_and_grad_in_blocks_into(x: &[f64], y: &[f64], w: &[f64], gradient: &mut [f64]) -> f64 {
    const ROWS: usize = 4;
    gradient.fill(0.0);
    let width = w.len();
    let mut sum = 0.0;
    let (blocks, last) = y.as_chunks::<ROWS>();
    let (x_blocks, x_last) = x.split_at(blocks.len() * ROWS * width);
    for (rows, labels) in x_blocks.chunks_exact(ROWS * width).zip(blocks) {
        let (r0, rest) = rows.split_at(width);
        let (r1, rest) = rest.split_at(width);
        let (r2, r3) = rest.split_at(width);
        let mut z = [0.0; ROWS];
        for ((((w, x0), x1), x2), x3) in w.iter().zip(r0).zip(r1).zip(r2).zip(r3) {
            z[0] += x0 * w;
            z[1] += x1 * w;
            z[2] += x2 * w;
            z[3] += x3 * w;
        }
        let mut factors = [0.0; ROWS];
        for i in 0..ROWS {
            factors[i] = add_row(labels[i], z[i], &mut sum);
        }
        let [f0, f1, f2, f3] = factors;
        for ((((slot, x0), x1), x2), x3) in gradient.iter_mut().zip(r0).zip(r1).zip(r2).zip(r3) {
            *slot += (f0 * x0 + f1 * x1) + (f2 * x2 + f3 * x3);
        }
    }
    add_rows(x_last, last, w, gradient, &mut sum);
    sum
}

/// Adds the rows' values and gradients, one by one.
#[inline]
fn add_rows(x: &[f64], y: &[f64], w: &[f64], gradient: &mut [f64], sum: &mut f64) {
    for (row, &label) in x.chunks_exact(w.len()).zip(y) {
        let z = row.iter().zip(w).map(|(x, w)| x * w).sum();
        let factor = add_row(label, z, sum);
        for (slot, &x) in gradient.iter_mut().zip(row) {
            *slot += factor * x;
        }
    }
}

/// Adds a row's value; returns the cotangent of its `z`.
#[inline]
fn add_row(label: f64, z: f64, sum: &mut f64) -> f64 {
    let odds = (-label * z).exp();
    *sum += odds.ln_1p();
    -label * (odds / (1.0 + odds))
}
