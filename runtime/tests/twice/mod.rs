//! Twice the precision of `f64`: sums of two floats, and a few functions by their series.

use std::ops::{Add, Div, Mul, Sub};

/// A number as the sum of a float and what is left of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twice(f64, f64);

/// ln 2, and what is left of it.
const LN_2: Twice = Twice(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);

fn sum(a: f64, b: f64) -> Twice {
    let high = a + b;
    let part = high - a;
    Twice(high, (a - (high - part)) + (b - part))
}

fn product(a: f64, b: f64) -> Twice {
    let high = a * b;
    Twice(high, a.mul_add(b, -high))
}

impl Add for Twice {
    type Output = Twice;
    fn add(self, other: Twice) -> Twice {
        let (high, low) = (sum(self.0, other.0), sum(self.1, other.1));
        let first = sum(high.0, high.1 + low.0);
        sum(first.0, first.1 + low.1)
    }
}

impl Sub for Twice {
    type Output = Twice;
    fn sub(self, other: Twice) -> Twice {
        self + Twice(-other.0, -other.1)
    }
}

impl Mul for Twice {
    type Output = Twice;
    fn mul(self, other: Twice) -> Twice {
        let high = product(self.0, other.0);
        sum(high.0, high.1 + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Twice {
    type Output = Twice;
    fn div(self, other: Twice) -> Twice {
        let first = self.0 / other.0;
        let rest = self - other * Twice(first, 0.0);
        let second = rest.0 / other.0;
        let rest = rest - other * Twice(second, 0.0);
        sum(first, second) + Twice(rest.0 / other.0, 0.0)
    }
}

impl From<f64> for Twice {
    fn from(x: f64) -> Twice {
        Twice(x, 0.0)
    }
}

impl Twice {
    /// The nearest float.
    pub(crate) fn high(&self) -> f64 {
        self.0
    }

    /// How far a float is away.
    pub(crate) fn distance(&self, found: f64) -> f64 {
        ((found - self.0) - self.1).abs()
    }

    /// How far the sum of two floats is away.
    pub(crate) fn distance_to(&self, high: f64, low: f64) -> f64 {
        let off = *self - Twice(high, low);
        (off.0 + off.1).abs()
    }

    /// `eˣ` of a sum that is not small and not large.
    fn exp_of(x: Twice) -> Twice {
        let n = (x.0 / LN_2.0).round();
        let r = x - LN_2 * n.into();
        let mut sum = Twice(1.0, 0.0);
        for k in (1..=27).rev() {
            sum = Twice(1.0, 0.0) + sum * r / f64::from(k).into();
        }
        let scale = f64::powi(2.0, n as i32 / 2) * f64::powi(2.0, n as i32 - n as i32 / 2);
        Twice(sum.0 * scale, sum.1 * scale)
    }

    pub(crate) fn exp(x: f64) -> Twice {
        Twice::exp_of(x.into())
    }

    /// One of Halley's steps from std's logarithm.
    pub(crate) fn ln(x: f64) -> Twice {
        let near = x.ln();
        let (power, x) = (Twice::exp(near), Twice::from(x));
        Twice::from(near) + Twice(2.0, 0.0) * (x - power) / (x + power)
    }

    pub(crate) fn tanh(x: f64) -> Twice {
        if x.abs() < 1e-3 {
            // x - x³/3 + 2x⁵/15 - 17x⁷/315 + 62x⁹/2835
            let (x, z) = (Twice::from(x), product(x, x));
            let mut sum = Twice::from(62.0) / 2835.0.into();
            for (a, b) in [(-17.0, 315.0), (2.0, 15.0), (-1.0, 3.0), (1.0, 1.0)] {
                sum = Twice::from(a) / Twice::from(b) + sum * z;
            }
            return x * sum;
        }
        let power = Twice::exp_of(Twice(2.0 * x, 0.0));
        (power - 1.0.into()) / (power + 1.0.into())
    }

    pub(crate) fn sigmoid(x: f64) -> Twice {
        Twice::from(1.0) / (Twice::from(1.0) + Twice::exp(-x))
    }
}
