//! What model code wants and ndarray lacks: the methods of [`crate::tensor::TensorExt`].

use ndarray::{Array, Axis, Dimension, RemoveAxis};

use super::array::record;
use super::error::or_panic;
use super::graph::Pullback;
use super::operand::Operand;
use super::replay::Fresh;
use super::rules;
use super::value::{Part, Real, Value};
use super::var::Var;
use crate::tensor::TensorExt;

macro_rules! elementwise {
    ($($method:ident, $rule:ident, $what:literal, $derivative:literal;)+) => {
        impl<'t, T: Value> Var<'t, T> {$(
            #[doc = concat!($what, ".")]
            ///
            #[doc = concat!("Derivative: ", $derivative, ".")]
            ///
            /// ```
            /// # use chainrule::tape::Tape;
            /// let tape = Tape::new();
            /// let x = tape.var(1.25_f64);
            #[doc = concat!("x.", stringify!($method), "().backward();")]
            /// ```
            #[must_use]
            pub fn $method(self) -> Self {
                T::unary(self, rules::$rule)
            }
        )+}
    };
}

elementwise! {
    relu, Relu, "max(x, 0)", "1 where x is positive, else 0";
    sigmoid, Sigmoid, "1/(1 + e⁻ˣ)", "σ(x) σ(−x)";
    softplus, Softplus, "ln(1 + eˣ)", "σ(x)";
    silu, Silu, "x σ(x)", "σ(x) (1 + x σ(−x))";
    gelu, Gelu, "½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))", "by the product rule";
}

impl<'t, T: Value> Var<'t, T> {
    /// x where it is positive, else `slope` times x.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(-2.0);
    /// x.leaky_relu(0.1).backward();
    /// assert_eq!(x.grad(), 0.1);
    /// ```
    ///
    /// # Panics
    /// If the operands live on two tapes.
    #[track_caller]
    #[must_use]
    pub fn leaky_relu<R: Operand<'t, T>>(self, slope: R) -> Var<'t, R::Output> {
        or_panic(slope.apply(self, rules::LeakyRelu))
    }
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The sum of the absolute values. Derivative: the signs; 0 at 0.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![3.0, 0.0, -4.0]);
    /// x.norm_l1().backward();
    /// assert_eq!(x.grad(), array![1.0, 0.0, -1.0]);
    /// ```
    #[must_use]
    pub fn norm_l1(self) -> Var<'t, F> {
        let sign = |x: F| if x == F::zero() { x } else { x.signum() };
        self.moment(self.data().norm_l1(), move |elements| {
            elements.iter().map(|&x| sign(x)).collect()
        })
        .replayed_as(&[self.node], {
            let of = self.handle();
            move |tape| of.on::<Array<F, D>>(tape).abs().sum()
        })
    }

    /// The Euclidean norm. Derivative: x/‖x‖; 0 at the zero vector.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![3.0, -4.0]);
    /// x.norm_l2().backward();
    /// assert_eq!(x.grad(), array![0.6, -0.8]);
    /// ```
    #[must_use]
    pub fn norm_l2(self) -> Var<'t, F> {
        let norm = self.data().norm_l2();
        self.moment(norm, move |elements| {
            let part = |&x: &F| if norm == F::zero() { norm } else { x / norm };
            elements.iter().map(part).collect()
        })
        .replayed_as(&[self.node], {
            let of = self.handle();
            move |tape| {
                let of: Var<'_, Array<F, D>> = of.on(tape);
                if norm == F::zero() {
                    return Var::constant(Some(tape), norm);
                }
                // Scaled, so that squares neither overflow nor vanish.
                let unit = Array::binary(
                    Part::Whole(of),
                    Part::Scalar(Var::constant(None, norm)),
                    rules::Div,
                );
                Array::unary(unit, rules::Square).sum().sqrt() * norm
            }
        })
    }

    /// The mean over all but the last axis of −Σ targets · ln softmax along the last one.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![[0.0, 0.0]]);
    /// x.cross_entropy(tape.constant(array![[1.0, 0.0]])).backward();
    /// assert_eq!(x.grad(), array![[-0.5, 0.5]]);
    /// ```
    ///
    /// # Panics
    /// If the targets have another shape.
    #[track_caller]
    #[must_use]
    pub fn cross_entropy(self, targets: impl std::borrow::Borrow<Self>) -> Var<'t, F>
    where
        D: RemoveAxis,
        Self: Operand<'t, Array<F, D>, Output = Array<F, D>>,
    {
        let last = Axis(self.ndim().saturating_sub(1));
        let rows = F::from_usize(self.len() / self.len_of(last).max(1)).unwrap_or_else(F::nan);
        let log = self.log_softmax(last);
        let weighted = or_panic(targets.borrow().apply(log, rules::Mul));
        -weighted.sum() / rows
    }
}

impl<'t, F: Real, D: RemoveAxis + 'static> Var<'t, Array<F, D>> {
    /// eˣ over its sum along an axis. Derivative: y (ct − Σ ct y).
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let y = tape.var(array![[1000.0, 1000.0]]).softmax(Axis(1));
    /// assert_eq!(y.value(), array![[0.5, 0.5]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn softmax(self, axis: Axis) -> Self {
        let value = self.data().softmax(axis);
        self.by_lanes(axis, value, |ct, y| {
            let mean = ct.iter().zip(y).fold(F::zero(), |sum, (&ct, &y)| sum + ct * y);
            ct.iter().zip(y).map(|(&ct, &y)| y * (ct - mean)).collect()
        })
        .replayed_as(&[self.node], {
            let of = self.handle();
            move |tape| {
                let (_, parts) = of.on::<Array<F, D>>(tape).shifted(axis);
                parts.with(parts.lane_sums(axis), rules::Div)
            }
        })
    }

    /// The logarithm of the softmax. Derivative: ct − eʸ Σ ct.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let y = tape.var(array![[-1000.0, -1000.0]]).log_softmax(Axis(1));
    /// assert_eq!(y.value(), array![[-2.0_f64.ln(), -2.0_f64.ln()]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn log_softmax(self, axis: Axis) -> Self {
        let value = self.data().log_softmax(axis);
        self.by_lanes(axis, value, |ct, y| {
            let sum = ct.iter().fold(F::zero(), |sum, &ct| sum + ct);
            ct.iter().zip(y).map(|(&ct, &y)| ct - y.exp() * sum).collect()
        })
        .replayed_as(&[self.node], {
            let of = self.handle();
            move |tape| {
                let (off, parts) = of.on::<Array<F, D>>(tape).shifted(axis);
                off.with(parts.lane_sums(axis).ln(), rules::Sub)
            }
        })
    }

    /// The elements less the greatest along the axis, a constant; and the exponentials of these.
    fn shifted(self, axis: Axis) -> (Self, Self) {
        let data = self.data();
        let mut greatest: Array<F, D> = Array::zeros(data.raw_dim());
        for (mut to, lane) in greatest.lanes_mut(axis).into_iter().zip(data.lanes(axis)) {
            let most = lane.iter().copied().fold(F::neg_infinity(), F::max);
            to.fill(if most.is_finite() { most } else { F::zero() });
        }
        let off = self.with(self.home().constant(greatest), rules::Sub);
        (off, off.exp())
    }

    /// An operation along an axis that keeps it, given how a lane's cotangents come from those of
    /// the result and the result.
    fn by_lanes(
        self,
        axis: Axis,
        value: Array<F, D>,
        lane: impl Fn(&[F], &[F]) -> Vec<F> + Send + 'static,
    ) -> Fresh<'t, Array<F, D>> {
        let (node, result) = (self.node, value.clone());
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<F, D>();
            let mut all: Array<F, D> = Array::zeros(result.raw_dim());
            let lanes = ct.lanes(axis).into_iter().zip(result.lanes(axis));
            for (mut to, (ct, y)) in all.lanes_mut(axis).into_iter().zip(lanes) {
                let of = lane(&ct.to_vec(), &y.to_vec());
                to.iter_mut().zip(of).for_each(|(to, of)| *to = of);
            }
            sink.add_array(node, all);
        });
        record(self.home(), value.into_shared(), node.is_tracked().then_some(pullback))
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// ln Σ eˣ along an axis, which disappears. Derivative: the softmax.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Axis};
    /// let tape = Tape::new();
    /// let y = tape.var(array![[1000.0, 1000.0]]).log_sum_exp(Axis(1));
    /// assert_eq!(y.value(), array![1000.0 + 2.0_f64.ln()]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, as ndarray does.
    #[track_caller]
    #[must_use]
    pub fn log_sum_exp(self, axis: Axis) -> Var<'t, Array<F, D::Smaller>> {
        let value = self.data().log_sum_exp(axis);
        // Not `exp(x - value)`: of large elements the value has lost the digits of the logarithm.
        self.along(axis, value, |elements, _| {
            let greatest = elements.iter().copied().fold(F::neg_infinity(), F::max);
            if greatest == F::neg_infinity() {
                return vec![F::zero(); elements.len()];
            }
            let parts: Vec<F> = elements.iter().map(|&x| (x - greatest).exp()).collect();
            let sum = parts.iter().fold(F::zero(), |sum, &part| sum + part);
            parts.into_iter().map(|part| part / sum).collect()
        })
        .replayed_as(&[self.node], {
            let of = self.handle();
            // Less the greatest element: a constant, which no derivative sees.
            move |tape| {
                let (_, parts) = of.on::<Array<F, D>>(tape).shifted(axis);
                parts.lane_sums(axis).ln().without(axis)
            }
        })
    }
}
