//! Gradients by tapes: chainrule's, and those of the crates `echidna` and `easy-ml`, of three
//! functions that are written once for all of them.

use chainrule::tape::{Tape, Var};
use easy_ml::differentiation::{Record, WengertList};
use easy_ml::numeric::extra::{Exp, Ln};
use num_traits::Float;
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::LazyLock;

/// What the functions do with a number.
///
/// Each tape's own operators: none pays for a conversion that its users would not write.
pub trait Number:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// A constant.
    fn constant(value: f64) -> Self;
    /// ln(1 + eˣ).
    fn softplus(self) -> Self;
}

impl Number for f64 {
    fn constant(value: f64) -> Self {
        value
    }

    fn softplus(self) -> Self {
        self.exp().ln_1p()
    }
}

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

/// Rosenbrock's function of any number of variables.
fn rosenbrock<T: Number>(x: &[T]) -> T {
    x.windows(2).fold(T::constant(0.0), |sum, pair| {
        let bend = pair[1] - pair[0] * pair[0];
        let gap = pair[0] - 1.0;
        sum + bend * bend * 100.0 + gap * gap
    })
}

/// The sum of the Lorenz system's state after 1000 steps by Runge and Kutta's method, of its three
/// parameters.
fn lorenz<T: Number>(parameters: &[T]) -> T {
    const STEP: f64 = 1e-3;
    let [sigma, rho, beta] = [0, 1, 2].map(|k| parameters[k]);
    let slope =
        |s: [T; 3]| [sigma * (s[1] - s[0]), s[0] * (rho - s[2]) - s[1], s[0] * s[1] - beta * s[2]];
    let moved = |s: [T; 3], h: f64, k: [T; 3]| [s[0] + k[0] * h, s[1] + k[1] * h, s[2] + k[2] * h];
    let mut s = [T::constant(1.0); 3];
    for _ in 0..1000 {
        let k1 = slope(s);
        let k2 = slope(moved(s, 0.5 * STEP, k1));
        let k3 = slope(moved(s, 0.5 * STEP, k2));
        let k4 = slope(moved(s, STEP, k3));
        for i in 0..3 {
            s[i] = s[i] + (k1[i] + k2[i] * 2.0 + k3[i] * 2.0 + k4[i]) * (STEP / 6.0);
        }
    }
    s[0] + s[1] + s[2]
}

/// The negative log-likelihood of 1000 labels, given rows of 20 numbers.
fn logistic<T: Number>(w: &[T]) -> T {
    static ROWS: LazyLock<Vec<f64>> = LazyLock::new(|| waves(20_000, 0.73));
    let rows = ROWS.chunks_exact(w.len()).enumerate();
    rows.fold(T::constant(0.0), |sum, (k, row)| {
        let products = row.iter().zip(w).map(|(&x, &w)| w * x);
        let z = products.fold(T::constant(0.0), |z, product| z + product);
        sum + (if k % 3 == 0 { -z } else { z }).softplus()
    })
}

/// Numbers between -1 and 1.
fn waves(n: u32, slope: f64) -> Vec<f64> {
    (0..n).map(|k| (slope * <f64 as From<u32>>::from(k)).sin()).collect()
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
