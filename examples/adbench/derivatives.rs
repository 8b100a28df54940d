//! The objectives' derivatives, as `#[differentiate]` derives them.

use crate::objectives::{ba, gmm, lstm};
use crate::read::{Gmm, Lstm};

/// The mixture's posterior, and its gradient: alphas, means, inverse covariance factors.
pub(crate) fn gmm(data: &Gmm) -> (f64, Vec<f64>) {
    let Gmm { d, alphas, means, icf, x, gamma, m } = data;
    let (value, (d_alphas, d_means, d_icf)) =
        gmm::gmm::value_and_grad(alphas, means, icf, x, *d, *gamma, *m);
    (value, [d_alphas, d_means, d_icf].concat())
}

/// The network's loss, and its gradient: main parameters, extra parameters.
pub(crate) fn lstm(data: &Lstm) -> (f64, Vec<f64>) {
    let Lstm { l, c, b, main, extra, state, sequence } = data;
    let (value, (d_main, d_extra)) =
        lstm::lstm::value_and_grad(main, extra, state, sequence, *l, *b, *c);
    (value, [d_main, d_extra].concat())
}

/// An observation's error, and two rows of derivatives: by camera, point and weight.
pub(crate) fn reprojection(
    cam: &[f64; 11],
    point: &[f64; 3],
    w: f64,
    feat: &[f64; 2],
) -> ([f64; 2], [[f64; 15]; 2]) {
    let mut rows = [[0.0; 15]; 2];
    // One forward pass for both rows.
    let (error, pullback) = ba::reprojection::pullback(cam, point, w, feat);
    for (seed, row) in [[1.0, 0.0], [0.0, 1.0]].into_iter().zip(&mut rows) {
        let (by_cam, by_point, by_w) = pullback(seed);
        row[..11].copy_from_slice(&by_cam);
        row[11..14].copy_from_slice(&by_point);
        row[14] = by_w;
    }
    (error, rows)
}

/// A weight's error, and its derivative.
pub(crate) fn weight_error(w: f64) -> (f64, f64) {
    ba::weight_error::value_and_grad(w)
}
