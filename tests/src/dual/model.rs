//! What model code calls, for arrays of dual numbers: by its definition, stable or not.

use super::{Dual, Real};
use chainrule::ndarray::{Array, ArrayRef, Axis, Dimension, RemoveAxis};
use num_traits::Float;

/// The names of `chainrule::tensor::TensorExt`.
pub trait Model<T, D> {
    /// `max(x, 0)`, flat at 0.
    fn relu(&self) -> Array<Dual<T>, D>;

    /// `1 / (1 + exp(-x))`
    fn sigmoid(&self) -> Array<Dual<T>, D>;

    /// `ln(1 + exp(x))`
    fn softplus(&self) -> Array<Dual<T>, D>;

    /// `exp(x) / Σ exp(x)`
    fn softmax(&self, axis: Axis) -> Array<Dual<T>, D>
    where
        D: RemoveAxis;

    /// `x - ln Σ exp(x)`
    fn log_softmax(&self, axis: Axis) -> Array<Dual<T>, D>
    where
        D: RemoveAxis;
}

impl<T: Real, D: Dimension> Model<T, D> for ArrayRef<Dual<T>, D> {
    fn relu(&self) -> Array<Dual<T>, D> {
        self.mapv(|x| if x.value() > 0.0 { x } else { Dual::constant(0.0) })
    }

    fn sigmoid(&self) -> Array<Dual<T>, D> {
        self.mapv(|x| ((-x).exp() + Dual::constant(1.0)).recip())
    }

    fn softplus(&self) -> Array<Dual<T>, D> {
        self.mapv(|x| (x.exp() + Dual::constant(1.0)).ln())
    }

    fn softmax(&self, axis: Axis) -> Array<Dual<T>, D>
    where
        D: RemoveAxis,
    {
        let mut e = self.mapv(Float::exp);
        for mut lane in e.lanes_mut(axis) {
            let sum = lane.sum();
            lane.mapv_inplace(|e| e / sum);
        }
        e
    }

    fn log_softmax(&self, axis: Axis) -> Array<Dual<T>, D>
    where
        D: RemoveAxis,
    {
        let mut x = self.to_owned();
        for mut lane in x.lanes_mut(axis) {
            let log = lane.mapv(Float::exp).sum().ln();
            lane.mapv_inplace(|x| x - log);
        }
        x
    }
}
