//! Functions that are written once for every crate's numbers.

use crate::objectives::{LORENZ_STEP, LORENZ_STEPS};
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::LazyLock;

/// What the functions do with a number.
///
/// Each crate's own operators: none pays for a conversion that its users would not write.
pub(crate) trait Number:
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

/// Rosenbrock's function of any number of variables.
pub(crate) fn rosenbrock<T: Number>(x: &[T]) -> T {
    x.windows(2).fold(T::constant(0.0), |sum, pair| {
        let bend = pair[1] - pair[0] * pair[0];
        let gap = pair[0] - 1.0;
        sum + bend * bend * 100.0 + gap * gap
    })
}

/// The sum of the Lorenz system's state after 1000 steps by Runge and Kutta's method, of its three
/// parameters.
pub(crate) fn lorenz<T: Number>(parameters: &[T]) -> T {
    const STEP: f64 = LORENZ_STEP;
    let [sigma, rho, beta] = [0, 1, 2].map(|k| parameters[k]);
    let slope =
        |s: [T; 3]| [sigma * (s[1] - s[0]), s[0] * (rho - s[2]) - s[1], s[0] * s[1] - beta * s[2]];
    let moved = |s: [T; 3], h: f64, k: [T; 3]| [s[0] + k[0] * h, s[1] + k[1] * h, s[2] + k[2] * h];
    let mut s = [T::constant(1.0); 3];
    for _ in 0..LORENZ_STEPS {
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

/// The rows of [`logistic`], one after the other.
pub(crate) static ROWS: LazyLock<Vec<f64>> = LazyLock::new(|| waves(20_000, 0.73));

/// The negative log-likelihood of 1000 labels, given rows of 20 numbers.
pub(crate) fn logistic<T: Number>(w: &[T]) -> T {
    let rows = ROWS.chunks_exact(w.len()).enumerate();
    rows.fold(T::constant(0.0), |sum, (k, row)| {
        let products = row.iter().zip(w).map(|(&x, &w)| w * x);
        let z = products.fold(T::constant(0.0), |z, product| z + product);
        sum + (if k % 3 == 0 { -z } else { z }).softplus()
    })
}

/// Numbers between -1 and 1.
pub(crate) fn waves(n: u32, slope: f64) -> Vec<f64> {
    (0..n).map(|k| (slope * <f64 as From<u32>>::from(k)).sin()).collect()
}

/// Iterations of each of two nested loops: fewer than the objectives have, since dual numbers are
/// slow where nothing is optimised.
pub(crate) const NESTED: usize = 200;

/// A sum over two loops.
pub(crate) fn nested_sum<T: Number>(at: &[T]) -> T {
    let (x, y, mut sum) = (at[0], at[1], T::constant(0.0));
    for i in 0..NESTED {
        for j in 0..NESTED {
            let (i, j) = (i as f64, j as f64);
            sum = sum + (x * i - y * j) * (x * j + y * i);
        }
    }
    sum
}
