//! Gradients and Hessians by the macro, and by the dual numbers of the crate `num-dual`.

use crate::generic::{NESTED, Number, ROWS, logistic, lorenz, nested_sum, waves};
use crate::objectives::{LORENZ_STEP, LORENZ_STEPS, plain};
use nalgebra::{DVector, SVector};
use num_dual::{Dual2SVec64, DualNum, DualSVec64};
use std::fmt;

macro_rules! numbers {
    ($($number:ident)+) => {$(
        impl<const N: usize> Number for $number<N> {
            fn constant(value: f64) -> Self {
                value.into()
            }

            fn softplus(self) -> Self {
                self.exp().ln_1p()
            }
        }
    )+};
}
numbers! { DualSVec64 Dual2SVec64 }

/// Rosenbrock's function, for numbers whose length is not known while they are compiled.
fn rosenbrock<T: DualNum<Primitive = f64>>(x: &DVector<T>) -> T {
    let mut sum = T::from(0.0);
    for pair in x.as_slice().windows(2) {
        let bend = pair[1].clone() - pair[0].clone() * &pair[0];
        let gap = pair[0].clone() - 1.0;
        sum += bend.clone() * &bend * 100.0 + gap.clone() * &gap;
    }
    sum
}

/// The value and the gradient.
pub type Gradient = Box<dyn Fn(&[f64]) -> (f64, Vec<f64>)>;

/// The Hessian.
pub type Hessian = Box<dyn Fn(&[f64]) -> Vec<Vec<f64>>>;

/// A function's derivatives by the macro and by dual numbers.
pub struct Function {
    /// Its name, as tables show it.
    pub name: &'static str,
    /// Where it is evaluated.
    pub at: Vec<f64>,
    /// By `#[differentiate]`, and by `num-dual`.
    pub gradients: [Gradient; 2],
    /// By `#[differentiate(hessian)]`, and by `num-dual`.
    pub hessians: [Hessian; 2],
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The derivatives of a function of `N` numbers by dual numbers.
macro_rules! by_duals {
    ($f:ident, $n:literal) => {{
        let gradient: Gradient = Box::new(|at| {
            let at = SVector::<f64, $n>::from_column_slice(at);
            let (value, gradient) =
                num_dual::gradient(|x: SVector<DualSVec64<$n>, $n>| $f(x.as_slice()), &at);
            (value, gradient.as_slice().to_vec())
        });
        let hessian: Hessian = Box::new(|at| {
            let at = SVector::<f64, $n>::from_column_slice(at);
            let (_, _, hessian) =
                num_dual::hessian(|x: SVector<Dual2SVec64<$n>, $n>| $f(x.as_slice()), &at);
            hessian.row_iter().map(|row| row.iter().copied().collect()).collect()
        });
        (gradient, hessian)
    }};
}

/// The functions that are measured.
#[must_use]
pub fn functions() -> Vec<Function> {
    let labels = || (0..1000).map(|k| if k % 3 == 0 { 1.0 } else { -1.0 }).collect::<Vec<_>>();
    let (first, second) = (labels(), labels());
    let (lorenz_gradient, lorenz_hessian) = by_duals!(lorenz, 3);
    let (logistic_gradient, logistic_hessian) = by_duals!(logistic, 20);
    let (sum_gradient, sum_hessian) = by_duals!(nested_sum, 2);
    vec![
        Function {
            name: "Rosenbrock n = 100",
            at: waves(100, 0.37),
            gradients: [
                Box::new(plain::rosenbrock::value_and_grad),
                Box::new(|at| {
                    let at = DVector::from_column_slice(at);
                    let (value, gradient) = num_dual::gradient(|x| rosenbrock(&x), &at);
                    (value, gradient.as_slice().to_vec())
                }),
            ],
            hessians: [
                Box::new(plain::rosenbrock::hessian),
                Box::new(|at| {
                    let at = DVector::from_column_slice(at);
                    let (_, _, hessian) = num_dual::hessian(|x| rosenbrock(&x), &at);
                    hessian.row_iter().map(|row| row.iter().copied().collect()).collect()
                }),
            ],
        },
        Function {
            name: "RK4 Lorenz 1000 steps",
            at: vec![10.0, 28.0, 8.0 / 3.0],
            gradients: [
                Box::new(|at| {
                    let (value, (a, b, c)) = plain::lorenz::value_and_grad(
                        at[0],
                        at[1],
                        at[2],
                        LORENZ_STEPS,
                        LORENZ_STEP,
                    );
                    (value, vec![a, b, c])
                }),
                lorenz_gradient,
            ],
            hessians: [
                Box::new(|at| {
                    let (a, b, c) =
                        plain::lorenz::hessian(at[0], at[1], at[2], LORENZ_STEPS, LORENZ_STEP);
                    [a, b, c].map(|(a, b, c)| vec![a, b, c]).to_vec()
                }),
                lorenz_hessian,
            ],
        },
        Function {
            name: "logistic regression 1000×20",
            at: waves(20, 0.11),
            gradients: [
                Box::new(move |w| plain::logistic::value_and_grad(&ROWS, &first, w)),
                logistic_gradient,
            ],
            hessians: [
                Box::new(move |w| plain::logistic::hessian(&ROWS, &second, w)),
                logistic_hessian,
            ],
        },
        Function {
            name: "nested loop, a sum, 4·10⁴",
            at: vec![0.75, 0.5],
            gradients: [
                Box::new(|at| {
                    let (value, (a, b)) = plain::nested_sum::value_and_grad(at[0], at[1], NESTED);
                    (value, vec![a, b])
                }),
                sum_gradient,
            ],
            hessians: [
                Box::new(|at| {
                    let (a, b) = plain::nested_sum::hessian(at[0], at[1], NESTED);
                    [a, b].map(|(a, b)| vec![a, b]).to_vec()
                }),
                sum_hessian,
            ],
        },
    ]
}
