//! [`TensorExt`]: what model code wants and ndarray lacks.

use super::conv::{self, Images, Signals};
use super::lanes::{self, same_shape};
use crate::rt;
use ndarray::{Array, ArrayRef, Axis, Dimension, Ix1, LinalgScalar, RemoveAxis, Zip};
use num_traits::Float;

/// What model code wants and ndarray lacks, without overflow and without cancellation.
///
/// Differentiated functions may call every method; its derivative has a stable rule.
///
/// ```
/// use chainrule::differentiate;
/// use chainrule::tensor::{Array1, Array2, Axis, TensorExt};
///
/// #[differentiate(wrt(w))]
/// fn loss(x: &Array2<f64>, w: &Array2<f64>, targets: &Array2<f64>) -> f64 {
///     x.dot(w).cross_entropy(targets)
/// }
/// # let (x, w) = (Array2::<f64>::ones((2, 2)), Array2::<f64>::zeros((2, 2)));
/// # let targets = chainrule::tensor::array![[1.0, 0.0], [0.0, 1.0]];
/// let (value, slope) = loss::value_and_grad(&x, &w, &targets);
/// assert_eq!((value, slope.dim()), (2.0_f64.ln(), (2, 2)));
/// ```
pub trait TensorExt<F: Float, D: Dimension> {
    /// max(x, 0), NaN for NaN. Derivative 0 at 0.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![-1.0, 0.0, 2.0].relu(), array![0.0, 0.0, 2.0]);
    /// ```
    fn relu(&self) -> Array<F, D>;

    /// x where it is positive, else `slope` times x. Derivative `slope` at 0.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![-1.0, 2.0].leaky_relu(0.1), array![-0.1, 2.0]);
    /// ```
    fn leaky_relu(&self, slope: F) -> Array<F, D>;

    /// 1/(1 + e⁻ˣ).
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![-1000.0, 0.0, 1000.0].sigmoid(), array![0.0, 0.5, 1.0]);
    /// ```
    fn sigmoid(&self) -> Array<F, D>;

    /// ln(1 + eˣ).
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![-1000.0, 1000.0].softplus(), array![0.0, 1000.0]);
    /// ```
    fn softplus(&self) -> Array<F, D>;

    /// x σ(x), also called swish.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![0.0, 1000.0].silu(), array![0.0, 1000.0]);
    /// ```
    fn silu(&self) -> Array<F, D>;

    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the form JAX uses unless told otherwise.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![0.0, 1000.0].gelu(), array![0.0, 1000.0]);
    /// ```
    fn gelu(&self) -> Array<F, D>;

    /// eˣ over its sum along an axis.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[1000.0, 1000.0]].softmax(Axis(1)), array![[0.5, 0.5]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    fn softmax(&self, axis: Axis) -> Array<F, D>
    where
        D: RemoveAxis;

    /// The logarithm of the softmax.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[0.0, -1000.0]].log_softmax(Axis(1)), array![[0.0, -1000.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    fn log_softmax(&self, axis: Axis) -> Array<F, D>
    where
        D: RemoveAxis;

    /// ln Σ eˣ along an axis, which disappears; −∞ where there is no element.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[1000.0, -1000.0]].log_sum_exp(Axis(1)), array![1000.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    fn log_sum_exp(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis;

    /// Σ |x|. Derivative 0 at 0.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![3.0, -4.0].norm_l1(), 7.0);
    /// ```
    fn norm_l1(&self) -> F;

    /// √Σ x². Derivative 0 at the zero vector.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![3.0, -4.0].norm_l2(), 5.0);
    /// ```
    fn norm_l2(&self) -> F;

    /// The mean over all but the last axis of −Σ `targets` · ln softmax along the last one: logits
    /// against the probability of each class.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// assert_eq!(array![[0.0, 0.0]].cross_entropy(&array![[1.0, 0.0]]), 2.0_f64.ln());
    /// ```
    ///
    /// # Panics
    /// If the targets do not fit the shape.
    #[track_caller]
    fn cross_entropy(&self, targets: &ArrayRef<F, D>) -> F
    where
        D: RemoveAxis;

    /// The elements where a mask holds, those of another array elsewhere.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// let (x, y) = (array![1.0, 2.0, 3.0], array![10.0, 20.0, 30.0]);
    /// assert_eq!(x.where_select(&array![true, false, true], &y), array![1.0, 20.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes are not the same.
    #[track_caller]
    fn where_select(&self, mask: &ArrayRef<bool, D>, other: &ArrayRef<F, D>) -> Array<F, D>;

    /// The greatest element along an axis, which disappears; NaN where there is one. Equal ones
    /// share the derivative evenly, as in JAX.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[1.0, 3.0], [2.0, 0.0]].max_axis(Axis(1)), array![3.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    fn max_axis(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis;

    /// The least element along an axis, which disappears; NaN where there is one. Equal ones share
    /// the derivative evenly, as in JAX.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[1.0, 3.0], [2.0, 0.0]].min_axis(Axis(0)), array![1.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    fn min_axis(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis;

    /// Where along an axis the greatest element is: the first of equal ones, and of NaNs.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[1.0, 3.0], [2.0, 2.0]].argmax_axis(Axis(1)), array![1, 0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    fn argmax_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis;

    /// Where along an axis the least element is: the first of equal ones, and of NaNs.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// assert_eq!(array![[1.0, 3.0], [2.0, 2.0]].argmin_axis(Axis(1)), array![0, 0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no element along it.
    #[track_caller]
    fn argmin_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis;

    /// For each index the element that it names along an axis: of rank 2 and the last axis
    /// `y[[i, j]] = x[[i, index[[i, j]]]]`, as PyTorch's `gather`. An element that is taken several
    /// times gets the sum of the derivatives.
    ///
    /// ```
    /// use chainrule::tensor::{Axis, TensorExt, array};
    /// let x = array![[1.0, 2.0], [3.0, 4.0]];
    /// assert_eq!(x.gather(Axis(1), &array![[1, 1], [0, 1]]), array![[2.0, 2.0], [3.0, 4.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, an index is too large, or another axis has another length.
    #[track_caller]
    fn gather(&self, axis: Axis, index: &ArrayRef<usize, D>) -> Array<F, D>
    where
        D: RemoveAxis;

    /// The products of the matrices that the last two axes hold, one for each index of the others,
    /// which have to be the same on both sides.
    ///
    /// ```
    /// use chainrule::tensor::{Array3, TensorExt, array};
    /// let (x, y) = (array![[[1.0, 2.0]], [[3.0, 4.0]]], array![[[1.0], [1.0]], [[2.0], [0.0]]]);
    /// assert_eq!(x.matmul(&y), array![[[3.0]], [[6.0]]]);
    /// ```
    ///
    /// # Panics
    /// If the rank is less than 2, or the shapes do not fit.
    #[track_caller]
    fn matmul(&self, other: &ArrayRef<F, D>) -> Array<F, D>
    where
        F: LinalgScalar;

    /// Each lane along the last axis with its mean taken off, divided by its standard deviation,
    /// times `scale` plus `shift`: `(x − μ) / √(σ² + ε) · scale + shift` with σ² the mean square.
    /// Ba, Kiros and Hinton, *Layer Normalization*, 2016.
    ///
    /// ```
    /// use chainrule::tensor::{Array1, TensorExt, array};
    /// let y = array![[1.0, 3.0]].layer_norm(&array![1.0, 1.0], &array![0.0, 5.0], 0.0);
    /// assert_eq!(y, array![[-1.0, 6.0]]);
    /// ```
    ///
    /// # Panics
    /// If `scale` or `shift` is not as long as the last axis.
    #[track_caller]
    fn layer_norm(
        &self,
        scale: &ArrayRef<F, Ix1>,
        shift: &ArrayRef<F, Ix1>,
        epsilon: F,
    ) -> Array<F, D>
    where
        D: RemoveAxis;

    /// The correlation of signals, `[batch, channels, length]`, with kernels, `[out, channels,
    /// size]`, as PyTorch's `conv1d`: `y[b, o, i] = Σ_c Σ_p x[b, c, stride·i + p − padding] ·
    /// kernel[o, c, p]`, where x is 0 outside.
    ///
    /// ```
    /// use chainrule::tensor::{TensorExt, array};
    /// let (x, kernel) = (array![[[1.0, 2.0, 4.0]]], array![[[-1.0, 1.0]]]);
    /// assert_eq!(x.conv1d(&kernel, 1, 0), array![[[1.0, 2.0]]]);
    /// ```
    ///
    /// # Panics
    /// If the channels are not as many, the kernel is longer than the signal with its padding, or
    /// the stride is 0.
    #[track_caller]
    fn conv1d(&self, kernel: &ArrayRef<F, D>, stride: usize, padding: usize) -> Array<F, D>
    where
        D: Signals;

    /// The correlation of images, `[batch, channels, height, width]`, with kernels, `[out, channels,
    /// height, width]`, as PyTorch's `conv2d`; outside the images are 0.
    ///
    /// ```
    /// use chainrule::tensor::{Array4, TensorExt};
    /// let (x, kernel) = (Array4::<f64>::ones((1, 2, 4, 5)), Array4::ones((3, 2, 3, 3)));
    /// let y = x.conv2d(&kernel, [1, 2], [1, 0]);
    /// assert_eq!((y.dim(), y[[0, 0, 1, 0]]), ((1, 3, 4, 2), 18.0));
    /// ```
    ///
    /// # Panics
    /// If the channels are not as many, the kernel is larger than the image with its padding, or a
    /// stride is 0.
    #[track_caller]
    fn conv2d(
        &self,
        kernel: &ArrayRef<F, D>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Array<F, D>
    where
        D: Images;

    /// The greatest element of each window of images, `[batch, channels, height, width]`; NaN where
    /// there is one. The derivative goes to the first of equal ones, as in PyTorch and JAX.
    ///
    /// ```
    /// use chainrule::tensor::{Array4, TensorExt};
    /// let x = Array4::from_shape_fn((1, 1, 4, 4), |(_, _, i, j)| (4 * i + j) as f64);
    /// let y = x.max_pool2d([2, 2], [2, 2]);
    /// assert_eq!(y.into_raw_vec_and_offset().0, [5.0, 7.0, 13.0, 15.0]);
    /// ```
    ///
    /// # Panics
    /// If the window is empty or larger than the image, or a stride is 0.
    #[track_caller]
    fn max_pool2d(&self, size: [usize; 2], stride: [usize; 2]) -> Array<F, D>
    where
        D: Images;
}

impl<F: Float, D: Dimension> TensorExt<F, D> for ArrayRef<F, D> {
    fn relu(&self) -> Array<F, D> {
        self.mapv(rt::relu)
    }

    fn leaky_relu(&self, slope: F) -> Array<F, D> {
        self.mapv(|x| rt::leaky_relu(x, slope))
    }

    fn sigmoid(&self) -> Array<F, D> {
        self.mapv(rt::sigmoid)
    }

    fn softplus(&self) -> Array<F, D> {
        self.mapv(rt::softplus)
    }

    fn silu(&self) -> Array<F, D> {
        self.mapv(|x| x * rt::sigmoid(x))
    }

    fn gelu(&self) -> Array<F, D> {
        let lit = rt::lit::<F>;
        let scale = lit((2.0 / std::f64::consts::PI).sqrt());
        self.mapv(|x| {
            let inner = scale * (x * (F::one() + lit(0.044_715) * (x * x)));
            lit(0.5) * x * (F::one() + inner.tanh())
        })
    }

    fn softmax(&self, axis: Axis) -> Array<F, D>
    where
        D: RemoveAxis,
    {
        let (mut e, _) = lanes::shifted(self, axis);
        let sum = lanes::sums(&e, axis).insert_axis(axis);
        let sum = lanes::broadcast(&sum, self);
        e.zip_mut_with(&sum, |e, &sum| *e = *e / sum);
        e
    }

    fn log_softmax(&self, axis: Axis) -> Array<F, D>
    where
        D: RemoveAxis,
    {
        let (e, shift) = lanes::shifted(self, axis);
        let log = lanes::sums(&e, axis).mapv(F::ln).insert_axis(axis);
        let log = lanes::broadcast(&log, self);
        let mut result = self.to_owned();
        result.zip_mut_with(&shift, |x, &m| *x = *x - m);
        result.zip_mut_with(&log, |x, &log| *x = *x - log);
        result
    }

    fn log_sum_exp(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis,
    {
        let (e, _) = lanes::shifted(self, axis);
        let greatest =
            self.map_axis(axis, |lane| lane.iter().fold(rt::least(), |m, &x| rt::greater(m, x)));
        let mut result = lanes::sums(&e, axis).mapv(F::ln);
        result.zip_mut_with(&greatest, |log, &m| *log = rt::finite_part(m) + *log);
        result
    }

    fn norm_l1(&self) -> F {
        self.iter().fold(F::zero(), |sum, &x| sum + x.abs())
    }

    fn norm_l2(&self) -> F {
        self.iter().fold(F::zero(), |sum, &x| sum + x * x).sqrt()
    }

    fn cross_entropy(&self, targets: &ArrayRef<F, D>) -> F
    where
        D: RemoveAxis,
    {
        let last = Axis(self.ndim() - 1);
        let mut weighted = self.log_softmax(last);
        weighted.zip_mut_with(targets, |log, &t| *log = *log * t);
        let rows: usize = self.shape()[..self.ndim() - 1].iter().product();
        let sum = weighted.iter().fold(F::zero(), |sum, &x| sum + x);
        -sum / F::from(rows).unwrap_or_else(F::nan)
    }

    fn where_select(&self, mask: &ArrayRef<bool, D>, other: &ArrayRef<F, D>) -> Array<F, D> {
        same_shape("where_select", self.shape(), mask.shape());
        same_shape("where_select", self.shape(), other.shape());
        let mut result = other.to_owned();
        Zip::from(&mut result).and(self).and(mask).for_each(|to, &x, &holds| {
            if holds {
                *to = x;
            }
        });
        result
    }

    fn max_axis(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis,
    {
        lanes::extreme(self, axis, "max_axis", |x, y| x > y).1
    }

    fn min_axis(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis,
    {
        lanes::extreme(self, axis, "min_axis", |x, y| x < y).1
    }

    fn argmax_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis,
    {
        lanes::extreme(self, axis, "argmax_axis", |x, y| x > y).0
    }

    fn argmin_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis,
    {
        lanes::extreme(self, axis, "argmin_axis", |x, y| x < y).0
    }

    fn gather(&self, axis: Axis, index: &ArrayRef<usize, D>) -> Array<F, D>
    where
        D: RemoveAxis,
    {
        lanes::gather(self, axis, index, F::nan())
    }

    fn matmul(&self, other: &ArrayRef<F, D>) -> Array<F, D>
    where
        F: LinalgScalar,
    {
        lanes::matmul(self, other)
    }

    fn layer_norm(
        &self,
        scale: &ArrayRef<F, Ix1>,
        shift: &ArrayRef<F, Ix1>,
        epsilon: F,
    ) -> Array<F, D>
    where
        D: RemoveAxis,
    {
        lanes::layer_norm(self, scale, shift, epsilon)
    }

    fn conv1d(&self, kernel: &ArrayRef<F, D>, stride: usize, padding: usize) -> Array<F, D>
    where
        D: Signals,
    {
        let (x, kernel) = (D::with_height(self), D::with_height(kernel));
        let y = conv::conv2d("conv1d", &x, &kernel, [1, stride], [0, padding]);
        D::without_height(y)
    }

    fn conv2d(
        &self,
        kernel: &ArrayRef<F, D>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Array<F, D>
    where
        D: Images,
    {
        let (x, kernel) = (D::of_rank_4(self), D::of_rank_4(kernel));
        D::of_same_rank(conv::conv2d("conv2d", &x, &kernel, stride, padding))
    }

    fn max_pool2d(&self, size: [usize; 2], stride: [usize; 2]) -> Array<F, D>
    where
        D: Images,
    {
        D::of_same_rank(conv::max_pool2d(&D::of_rank_4(self), size, stride).0)
    }
}
