//! Operations along an axis, and of the matrices that the last two axes hold.

use crate::rt;
use ndarray::linalg::general_mat_mul;
use ndarray::{
    Array, Array3, ArrayRef, Axis, Dimension, Ix1, Ix3, LinalgScalar, RemoveAxis, ShapeBuilder, Zip,
};
use num_traits::{Float, Zero};

/// eˣ⁻ᵐ and m along an axis, m the greatest element, or 0 where that is infinite.
pub(super) fn shifted<F: Float, D: RemoveAxis>(
    x: &ArrayRef<F, D>,
    axis: Axis,
) -> (Array<F, D>, Array<F, D>) {
    let greatest =
        x.map_axis(axis, |lane| lane.iter().fold(rt::least(), |m, &x| rt::greater(m, x)));
    let shift = greatest.mapv(rt::finite_part).insert_axis(axis);
    let mut off = x.to_owned();
    off.zip_mut_with(&broadcast(&shift, x), |x, &m| *x = *x - m);
    (off.mapv(F::exp), broadcast(&shift, x))
}

/// Stretched to the shape of `x`.
pub(super) fn broadcast<F: Float, D: Dimension, E: Dimension>(
    a: &Array<F, E>,
    x: &ArrayRef<F, D>,
) -> Array<F, D> {
    match a.broadcast(x.raw_dim()) {
        Some(all) => all.to_owned(),
        None => Array::from_elem(x.raw_dim(), F::nan()),
    }
}

pub(super) fn sums<F: Float, D: RemoveAxis>(e: &Array<F, D>, axis: Axis) -> Array<F, D::Smaller> {
    e.map_axis(axis, |lane| lane.iter().fold(F::zero(), |sum, &e| sum + e))
}

/// Panics where two shapes that should be the same are not.
#[track_caller]
pub(crate) fn same_shape(method: &str, left: &[usize], right: &[usize]) {
    assert!(left == right, "`{method}` of arrays of the shapes {left:?} and {right:?}");
}

/// Where along an axis the element is that comes before all others, the first of equal ones, and
/// what it is; a NaN comes before all numbers.
#[track_caller]
pub(crate) fn extreme<F: Float, D: RemoveAxis>(
    x: &ArrayRef<F, D>,
    axis: Axis,
    method: &str,
    before: impl Fn(F, F) -> bool,
) -> (Array<usize, D::Smaller>, Array<F, D::Smaller>) {
    let at = x.map_axis(axis, |lane| {
        let mut best = 0;
        for (k, &e) in lane.iter().enumerate() {
            if before(e, lane[best]) || (e.is_nan() && !lane[best].is_nan()) {
                best = k;
            }
        }
        best
    });
    assert!(x.len_of(axis) > 0 || at.is_empty(), "`{method}` along an axis without elements");
    let mut values = Array::from_elem(at.raw_dim(), F::nan());
    for ((to, &k), lane) in values.iter_mut().zip(&at).zip(x.lanes(axis)) {
        *to = lane[k];
    }
    (at, values)
}

/// For each index the element that it names along an axis; `fill` is never seen.
#[track_caller]
pub(crate) fn gather<T: Copy, D: RemoveAxis>(
    x: &ArrayRef<T, D>,
    axis: Axis,
    index: &ArrayRef<usize, D>,
    fill: T,
) -> Array<T, D> {
    let (mut left, mut right) = (x.shape().to_vec(), index.shape().to_vec());
    (left[axis.0], right[axis.0]) = (0, 0);
    assert!(
        left == right,
        "`gather` along axis {} of an array of the shape {:?} by indices of the shape {:?}",
        axis.0,
        x.shape(),
        index.shape()
    );
    let mut result = index.mapv(|_| fill);
    let lanes = result.lanes_mut(axis).into_iter().zip(index.lanes(axis));
    for ((mut to, index), lane) in lanes.zip(x.lanes(axis)) {
        for (to, &k) in to.iter_mut().zip(index) {
            assert!(k < lane.len(), "`gather` by the index {k} along an axis of {}", lane.len());
            *to = lane[k];
        }
    }
    result
}

/// The products of the matrices that the last two axes hold.
#[track_caller]
pub(crate) fn matmul<F: LinalgScalar, D: Dimension>(
    x: &ArrayRef<F, D>,
    y: &ArrayRef<F, D>,
) -> Array<F, D> {
    let (left, right) = (x.shape(), y.shape());
    let fits = match (left, right) {
        ([batch @ .., _, k], [other @ .., l, _]) => k == l && batch == other,
        _ => false,
    };
    assert!(fits, "`matmul` of arrays of the shapes {left:?} and {right:?}");
    let rank = x.ndim();
    let mut shape = x.raw_dim();
    shape[rank - 1] = right[rank - 1];
    let (x, y) = (matrices(x), matrices(y));
    let mut result = Array3::zeros((x.dim().0, x.dim().1, y.dim().2));
    for ((x, y), mut to) in x.outer_iter().zip(y.outer_iter()).zip(result.outer_iter_mut()) {
        general_mat_mul(F::one(), &x, &y, F::zero(), &mut to);
    }
    reshaped(result, shape)
}

/// An array of a shape with these elements, in logical order.
pub(crate) fn reshaped<T: Zero, S: ShapeBuilder>(
    elements: impl IntoIterator<Item = T>,
    shape: S,
) -> Array<T, S::Dim> {
    let mut elements = elements.into_iter();
    Array::from_shape_simple_fn(shape, || elements.next().unwrap_or_else(T::zero))
}

/// An array as a sequence of matrices.
pub(crate) fn matrices<F: LinalgScalar, D: Dimension>(x: &ArrayRef<F, D>) -> Array<F, Ix3> {
    let [batch @ .., n, m] = x.shape() else { return Array3::zeros((0, 0, 0)) };
    reshaped(x.iter().copied(), (batch.iter().product(), *n, *m))
}

/// `(x − μ) / √(σ² + ε) · scale + shift` along the last axis.
#[track_caller]
pub(super) fn layer_norm<F: Float, D: RemoveAxis>(
    x: &ArrayRef<F, D>,
    scale: &ArrayRef<F, Ix1>,
    shift: &ArrayRef<F, Ix1>,
    epsilon: F,
) -> Array<F, D> {
    let last = Axis(x.ndim() - 1);
    let length = x.len_of(last);
    same_shape("layer_norm", &[length], scale.shape());
    same_shape("layer_norm", &[length], shift.shape());
    let n = F::from(length).unwrap_or_else(F::nan);
    let mut result = x.to_owned();
    for mut lane in result.lanes_mut(last) {
        let mean = lane.iter().fold(F::zero(), |sum, &x| sum + x) / n;
        let square = lane.iter().fold(F::zero(), |sum, &x| sum + (x - mean) * (x - mean));
        let by = (square / n + epsilon).sqrt();
        Zip::from(&mut lane).and(scale).and(shift).for_each(|x, &scale, &shift| {
            *x = (*x - mean) / by * scale + shift;
        });
    }
    result
}
