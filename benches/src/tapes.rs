//! Gradients by tapes: chainrule's, and those of the crates `echidna` and `easy-ml`, of three
//! functions that are written once for all of them.

use crate::generic::{Number, logistic, lorenz, rosenbrock, waves};
use chainrule::tape::{Tape, Var};
use easy_ml::differentiation::{Record, WengertList};
use easy_ml::numeric::extra::{Exp, Ln};
use num_traits::Float;

impl Number for Var<'_, f64> {
    fn constant(value: f64) -> Self {
        <Self as num_traits::NumCast>::from(value).unwrap_or_default()
    }

    fn softplus(self) -> Self {
        self.exp().ln_1p()
    }
}

impl Number for echidna::Reverse<f64> {
    fn constant(value: f64) -> Self {
        value.into()
    }

    fn softplus(self) -> Self {
        Float::ln_1p(Float::exp(self))
    }
}

impl Number for Record<'_, f64> {
    fn constant(value: f64) -> Self {
        Record::constant(value)
    }

    /// The crate has no `ln_1p`.
    fn softplus(self) -> Self {
        (self.exp() + 1.0).ln()
    }
}

/// The value and the gradient at a point.
pub type Gradient = fn(&[f64]) -> (f64, Vec<f64>);

/// A function with its gradients.
#[derive(Debug)]
pub struct Function {
    /// Its name, as tables show it.
    pub name: &'static str,
    /// Where it is evaluated.
    pub start: Vec<f64>,
    /// Its value alone.
    pub plain: fn(&[f64]) -> f64,
    /// Its gradients by the tapes of [`NAMES`].
    pub tapes: [Gradient; 3],
}

/// The tapes, the first of which is chainrule's.
pub const NAMES: [&str; 3] = ["chainrule", "echidna", "easy-ml"];

macro_rules! function {
    ($name:literal, $f:ident, $start:expr) => {
        Function {
            name: $name,
            start: $start,
            plain: $f::<f64>,
            tapes: [
                |at| {
                    let tape = Tape::new();
                    let x: Vec<_> = at.iter().map(|&x| tape.var(x)).collect();
                    let y = $f(&x);
                    y.backward();
                    (y.value(), x.iter().map(|x| x.grad()).collect())
                },
                |at| {
                    let mut value = 0.0;
                    let gradient = echidna::grad(
                        |x: &[echidna::Reverse<f64>]| {
                            let y = $f(x);
                            value = echidna::Scalar::value(&y);
                            y
                        },
                        at,
                    );
                    (value, gradient)
                },
                |at| {
                    let list = WengertList::new();
                    let x: Vec<_> = at.iter().map(|&x| Record::variable(x, &list)).collect();
                    let y = $f(&x);
                    let gradient = y.derivatives();
                    (y.number, x.iter().map(|x| gradient[x]).collect())
                },
            ],
        }
    };
}

/// The functions that are measured.
#[must_use]
pub fn functions() -> [Function; 3] {
    [
        function!("Rosenbrock n = 1000", rosenbrock, waves(1000, 0.37)),
        function!("RK4 Lorenz 1000 steps", lorenz, vec![10.0, 28.0, 8.0 / 3.0]),
        function!("logistic regression 1000×20", logistic, waves(20, 0.11)),
    ]
}
