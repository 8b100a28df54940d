//! Tensors are ndarray's arrays; existing ndarray code is annotated unchanged.
//!
//! ```
//! use chainrule::tensor::{Array1, Tensor, array};
//! use chainrule::ndarray::Ix1;
//!
//! let x: Tensor<f64, Ix1> = array![1.0, 2.0];
//! let y: Array1<f64> = x.mapv(f64::exp);
//! assert_eq!(y.len(), 2);
//! ```
//!
//! [`TensorExt`] adds what model code wants and ndarray lacks; the macro and the tape know its methods.

pub use ndarray::{
    Array, Array0, Array1, Array2, Array3, Array4, Array5, Array6, ArrayRef, ArrayRef1, ArrayRef2,
    ArrayView, ArrayView1, ArrayView2, Axis, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, array,
};
use ndarray::{Dimension, RemoveAxis};
use num_traits::Float;

use crate::rt;

/// An owned array of floats of rank `D`.
pub type Tensor<F, D> = Array<F, D>;

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
}

/// eˣ⁻ᵐ and m along an axis, m the greatest element, or 0 where that is infinite.
fn shifted<F: Float, D: RemoveAxis>(x: &ArrayRef<F, D>, axis: Axis) -> (Array<F, D>, Array<F, D>) {
    let greatest =
        x.map_axis(axis, |lane| lane.iter().fold(rt::least(), |m, &x| rt::greater(m, x)));
    let shift = greatest.mapv(rt::finite_part).insert_axis(axis);
    let mut off = x.to_owned();
    off.zip_mut_with(&broadcast(&shift, x), |x, &m| *x = *x - m);
    (off.mapv(F::exp), broadcast(&shift, x))
}

/// Stretched to the shape of `x`.
fn broadcast<F: Float, D: Dimension, E: Dimension>(
    a: &Array<F, E>,
    x: &ArrayRef<F, D>,
) -> Array<F, D> {
    match a.broadcast(x.raw_dim()) {
        Some(all) => all.to_owned(),
        None => Array::from_elem(x.raw_dim(), F::nan()),
    }
}

fn sums<F: Float, D: RemoveAxis>(e: &Array<F, D>, axis: Axis) -> Array<F, D::Smaller> {
    e.map_axis(axis, |lane| lane.iter().fold(F::zero(), |sum, &e| sum + e))
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
        let (mut e, _) = shifted(self, axis);
        let sum = sums(&e, axis).insert_axis(axis);
        let sum = broadcast(&sum, self);
        e.zip_mut_with(&sum, |e, &sum| *e = *e / sum);
        e
    }

    fn log_softmax(&self, axis: Axis) -> Array<F, D>
    where
        D: RemoveAxis,
    {
        let (e, shift) = shifted(self, axis);
        let log = sums(&e, axis).mapv(F::ln).insert_axis(axis);
        let log = broadcast(&log, self);
        let mut result = self.to_owned();
        result.zip_mut_with(&shift, |x, &m| *x = *x - m);
        result.zip_mut_with(&log, |x, &log| *x = *x - log);
        result
    }

    fn log_sum_exp(&self, axis: Axis) -> Array<F, D::Smaller>
    where
        D: RemoveAxis,
    {
        let (e, _) = shifted(self, axis);
        let greatest =
            self.map_axis(axis, |lane| lane.iter().fold(rt::least(), |m, &x| rt::greater(m, x)));
        let mut result = sums(&e, axis).mapv(F::ln);
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
}
