//! Windows over signals and images.

use ndarray::{
    Array, Array4, ArrayRef, ArrayRef4, ArrayView4, Axis, Dimension, Ix3, Ix4, RemoveAxis,
};
use num_traits::Float;

/// The rank of signals, `[batch, channels, length]`: 3.
///
/// ```
/// use chainrule::ndarray::Ix3;
/// fn rank<D: chainrule::tensor::Signals>() -> Option<usize> { D::NDIM }
/// assert_eq!(rank::<Ix3>(), Some(3));
/// ```
#[diagnostic::on_unimplemented(
    message = "signals are arrays of rank 3: [batch, channels, length]",
    label = "of another rank"
)]
pub trait Signals: Dimension {
    #[doc(hidden)]
    fn with_height<F>(x: &ArrayRef<F, Self>) -> ArrayView4<'_, F>;
    #[doc(hidden)]
    fn without_height<F: Float>(y: Array4<F>) -> Array<F, Self>;
}

/// The rank of images, `[batch, channels, height, width]`: 4.
///
/// ```
/// use chainrule::ndarray::Ix4;
/// fn rank<D: chainrule::tensor::Images>() -> Option<usize> { D::NDIM }
/// assert_eq!(rank::<Ix4>(), Some(4));
/// ```
#[diagnostic::on_unimplemented(
    message = "images are arrays of rank 4: [batch, channels, height, width]",
    label = "of another rank"
)]
pub trait Images: RemoveAxis {
    #[doc(hidden)]
    fn of_rank_4<F>(x: &ArrayRef<F, Self>) -> ArrayView4<'_, F>;
    #[doc(hidden)]
    fn of_same_rank<F>(y: Array4<F>) -> Array<F, Self>;
}

impl Signals for Ix3 {
    fn with_height<F>(x: &ArrayRef<F, Self>) -> ArrayView4<'_, F> {
        x.view().insert_axis(Axis(2))
    }
    fn without_height<F: Float>(y: Array4<F>) -> Array<F, Self> {
        y.remove_axis(Axis(2))
    }
}

impl Images for Ix4 {
    fn of_rank_4<F>(x: &ArrayRef<F, Self>) -> ArrayView4<'_, F> {
        x.view()
    }
    fn of_same_rank<F>(y: Array4<F>) -> Array<F, Self> {
        y
    }
}

/// How many windows fit along an axis.
#[track_caller]
pub(crate) fn windows(
    method: &str,
    length: usize,
    size: usize,
    stride: usize,
    padding: usize,
) -> usize {
    assert!(stride > 0, "`{method}` with a stride of 0");
    let padded = length + 2 * padding;
    assert!(
        size > 0 && size <= padded,
        "`{method}` with a window of {size} over {length} elements and {padding} around them"
    );
    (padded - size) / stride + 1
}

/// The correlation of images with kernels.
#[track_caller]
pub(crate) fn conv2d<F: Float>(
    method: &str,
    x: &ArrayRef4<F>,
    kernel: &ArrayRef4<F>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Array4<F> {
    let ((batch, channels, height, width), (out, of, p, q)) = (x.dim(), kernel.dim());
    assert!(
        channels == of,
        "`{method}` of arrays of the shapes {:?} and {:?}: the channels differ",
        x.shape(),
        kernel.shape()
    );
    let rows = windows(method, height, p, stride[0], padding[0]);
    let columns = windows(method, width, q, stride[1], padding[1]);
    let mut y = Array4::zeros((batch, out, rows, columns));
    for (to, from) in pairs([rows, columns], [p, q], [height, width], stride, padding) {
        let ([i, j], [k, l], [r, s]) = (to, from.0, from.1);
        for b in 0..batch {
            for o in 0..out {
                for c in 0..channels {
                    let product = x[[b, c, r, s]] * kernel[[o, c, k, l]];
                    y[[b, o, i, j]] = y[[b, o, i, j]] + product;
                }
            }
        }
    }
    y
}

/// A place of the result, and what of the kernel and of the image meets there.
type Pair = ([usize; 2], ([usize; 2], [usize; 2]));

/// What meets where, inside of the image.
pub(crate) fn pairs(
    results: [usize; 2],
    sizes: [usize; 2],
    lengths: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> impl Iterator<Item = Pair> {
    let along = move |axis: usize| {
        (0..results[axis]).flat_map(move |i| {
            (0..sizes[axis]).filter_map(move |k| {
                let at = (i * stride[axis] + k).checked_sub(padding[axis])?;
                (at < lengths[axis]).then_some((i, k, at))
            })
        })
    };
    along(0).flat_map(move |(i, k, r)| along(1).map(move |(j, l, s)| ([i, j], ([k, l], [r, s]))))
}

/// The greatest element of each window, and where it is: the first of equal ones, and of NaNs.
#[track_caller]
pub(crate) fn max_pool2d<F: Float>(
    x: &ArrayRef4<F>,
    size: [usize; 2],
    stride: [usize; 2],
) -> (Array4<F>, Array4<(usize, usize)>) {
    let (batch, channels, height, width) = x.dim();
    let rows = windows("max_pool2d", height, size[0], stride[0], 0);
    let columns = windows("max_pool2d", width, size[1], stride[1], 0);
    let at = Array4::from_shape_fn((batch, channels, rows, columns), |(b, c, i, j)| {
        let (top, left) = (i * stride[0], j * stride[1]);
        let mut best = (top, left);
        for r in top..top + size[0] {
            for s in left..left + size[1] {
                let (e, so_far) = (x[[b, c, r, s]], x[[b, c, best.0, best.1]]);
                if e > so_far || (e.is_nan() && !so_far.is_nan()) {
                    best = (r, s);
                }
            }
        }
        best
    });
    let value = Array4::from_shape_fn(at.dim(), |(b, c, i, j)| {
        let (r, s) = at[[b, c, i, j]];
        x[[b, c, r, s]]
    });
    (value, at)
}
