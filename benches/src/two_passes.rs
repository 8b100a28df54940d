//! The gradient by ndarray's own operations: one pass over the batch for the residuals, another
//! for the gradient by the weights.

use crate::Case;
use ndarray::linalg::general_mat_vec_mul;

/// The training step by `x.dot(&w)` and `x.t().dot(&r)`.
pub fn step(case: &mut Case) -> f32 {
    let Case { x, y, w, b, dw, db, .. } = case;
    let n = y.len() as f32;
    let mut residual = x.dot(w);
    residual.zip_mut_with(y, |r, y| *r += *b - y);
    let value = residual.fold(0.0, |sum, r| sum + r * r) / n;
    residual.mapv_inplace(|r| 2.0 / n * r);
    general_mat_vec_mul(1.0, &x.t(), &residual, 0.0, dw);
    *db = residual.sum();
    case.update();
    value
}
