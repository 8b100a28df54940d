//! What model code calls, for arrays of dual numbers: by its definition, shifted by a constant where it
//! would overflow.

use super::{Dual, Real};
use chainrule::ndarray::{Array, ArrayRef, Axis, Dimension, RemoveAxis};
use num_traits::Float;

/// The greatest of the values as a constant, by which exponents are shifted.
fn greatest<'a, T: Real>(of: impl IntoIterator<Item = &'a Dual<T>>) -> Dual<T> {
    let values = of.into_iter().map(|x| x.value());
    Dual::constant(values.fold(f64::NEG_INFINITY, f64::max))
}

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
        self.mapv(|x| match x.value() < 0.0 {
            true => x.exp() / (x.exp() + Dual::constant(1.0)),
            false => ((-x).exp() + Dual::constant(1.0)).recip(),
        })
    }

    fn softplus(&self) -> Array<Dual<T>, D> {
        self.mapv(|x| match x.value() > 0.0 {
            true => x + ((-x).exp() + Dual::constant(1.0)).ln(),
            false => (x.exp() + Dual::constant(1.0)).ln(),
        })
    }

    fn softmax(&self, axis: Axis) -> Array<Dual<T>, D>
    where
        D: RemoveAxis,
    {
        let mut x = self.to_owned();
        for mut lane in x.lanes_mut(axis) {
            let shift = greatest(&lane);
            lane.mapv_inplace(|x| (x - shift).exp());
            let sum = lane.sum();
            lane.mapv_inplace(|e| e / sum);
        }
        x
    }

    fn log_softmax(&self, axis: Axis) -> Array<Dual<T>, D>
    where
        D: RemoveAxis,
    {
        let mut x = self.to_owned();
        for mut lane in x.lanes_mut(axis) {
            let shift = greatest(&lane);
            let log = lane.mapv(|x| (x - shift).exp()).sum().ln();
            lane.mapv_inplace(|x| x - shift - log);
        }
        x
    }
}
