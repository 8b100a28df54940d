//! Classes as numbers and as indicators.

use ndarray::{Array, ArrayRef, Dimension};
use num_traits::Float;

/// For each label an array along a new last axis: 1 at the label, else 0.
///
/// ```
/// use chainrule::tensor::{Array2, array, one_hot};
///
/// let classes: Array2<f64> = one_hot(&array![2, 0], 3);
/// assert_eq!(classes, array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
/// ```
///
/// Differentiated functions may call it by its full path, `chainrule::tensor::one_hot`.
///
/// # Panics
/// If a label is not less than the number of classes.
#[track_caller]
pub fn one_hot<F: Float, D: Dimension>(
    labels: &ArrayRef<usize, D>,
    classes: usize,
) -> Array<F, D::Larger> {
    let mut shape = D::Larger::zeros(labels.ndim() + 1);
    for (axis, &length) in labels.shape().iter().enumerate() {
        shape[axis] = length;
    }
    shape[labels.ndim()] = classes;
    let mut result = Array::zeros(shape);
    let mut labels = labels.iter();
    for mut lane in result.rows_mut() {
        let Some(&label) = labels.next() else { break };
        assert!(label < classes, "`one_hot` of the label {label} with {classes} classes");
        lane[label] = F::one();
    }
    result
}
