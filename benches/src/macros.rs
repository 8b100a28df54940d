//! The macro's gradient: model, loss and objective as a user writes them.

use crate::Case;
use chainrule::differentiate;
use ndarray::{Array1, Array2};

/// The model: x w + b.
#[differentiate]
pub fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
    x.dot(w) + b
}

/// The mean of the squared errors.
#[differentiate]
pub fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
    (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
}

/// The objective: the model's mean squared error on a batch.
#[differentiate(wrt(w, b))]
pub fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
    mean_squared_error(&linear_regression(x, w, b), y)
}

/// The training step by `loss::value_and_grad_into`.
pub fn step(case: &mut Case) -> f32 {
    let Case { x, y, w, b, dw, db, .. } = case;
    let value = loss::value_and_grad_into(x, y, w, *b, dw, db);
    case.update();
    value
}
