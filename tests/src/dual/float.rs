//! The functions of dual numbers.

use super::{Dual, Real};
use num_traits::{Float, FromPrimitive, NumCast, ToPrimitive};
use std::num::FpCategory;

impl<T: Real> ToPrimitive for Dual<T> {
    fn to_i64(&self) -> Option<i64> {
        self.value().to_i64()
    }

    fn to_u64(&self) -> Option<u64> {
        self.value().to_u64()
    }

    fn to_f64(&self) -> Option<f64> {
        Some(self.value())
    }
}

impl<T: Real> NumCast for Dual<T> {
    fn from<N: ToPrimitive>(n: N) -> Option<Self> {
        n.to_f64().map(Dual::constant)
    }
}

impl<T: Real> FromPrimitive for Dual<T> {
    fn from_i64(n: i64) -> Option<Self> {
        n.to_f64().map(Dual::constant)
    }

    fn from_u64(n: u64) -> Option<Self> {
        n.to_f64().map(Dual::constant)
    }

    fn from_f64(x: f64) -> Option<Self> {
        Some(Dual::constant(x))
    }
}

macro_rules! constants {
    ($($name:ident)*) => {$(
        fn $name() -> Self {
            Dual::constant(f64::$name())
        }
    )*};
}

macro_rules! questions {
    ($($name:ident -> $Answer:ty;)*) => {$(
        fn $name(self) -> $Answer {
            Float::$name(self.value())
        }
    )*};
}

/// Functions that are constant between their jumps.
macro_rules! steps {
    ($($name:ident)*) => {$(
        fn $name(self) -> Self {
            Dual::constant(Float::$name(self.value()))
        }
    )*};
}

/// Functions of one number by their slopes.
macro_rules! functions {
    ($($name:ident |$x:ident, $y:ident| $slope:expr;)*) => {$(
        fn $name(self) -> Self {
            let ($x, $y) = (self.at, self.at.$name());
            let _ = $y;
            self.chain($y, $slope)
        }
    )*};
}

fn one<T: Real>() -> T {
    T::constant(1.0)
}

fn square<T: Real>(x: T) -> T {
    x * x
}

impl<T: Real> Float for Dual<T> {
    constants! {
        nan infinity neg_infinity neg_zero min_value min_positive_value max_value epsilon
    }

    questions! {
        is_nan -> bool;
        is_infinite -> bool;
        is_finite -> bool;
        is_normal -> bool;
        is_sign_positive -> bool;
        is_sign_negative -> bool;
        classify -> FpCategory;
        integer_decode -> (u64, i16, i8);
    }

    steps! { floor ceil round trunc signum }

    functions! {
        fract |_x, y| one::<T>();
        recip |_x, y| -(y * y);
        sqrt |_x, y| T::constant(0.5) / y;
        cbrt |_x, y| T::constant(1.0 / 3.0) / (y * y);
        exp |_x, y| y;
        exp2 |_x, y| y * T::constant(std::f64::consts::LN_2);
        exp_m1 |x, y| x.exp();
        ln |x, y| one::<T>() / x;
        log2 |x, y| T::constant(std::f64::consts::LOG2_E) / x;
        log10 |x, y| T::constant(std::f64::consts::LOG10_E) / x;
        ln_1p |x, y| one::<T>() / (one::<T>() + x);
        sin |x, y| x.cos();
        cos |x, y| -x.sin();
        tan |_x, y| one::<T>() + square(y);
        asin |x, y| one::<T>() / (one::<T>() - square(x)).sqrt();
        acos |x, y| -one::<T>() / (one::<T>() - square(x)).sqrt();
        atan |x, y| one::<T>() / (one::<T>() + square(x));
        sinh |x, y| x.cosh();
        cosh |x, y| x.sinh();
        tanh |_x, y| one::<T>() - square(y);
        asinh |x, y| one::<T>() / (square(x) + one()).sqrt();
        acosh |x, y| one::<T>() / (square(x) - one()).sqrt();
        atanh |x, y| one::<T>() / (one::<T>() - square(x));
        to_degrees |_x, y| T::constant(180.0 / std::f64::consts::PI);
        to_radians |_x, y| T::constant(std::f64::consts::PI / 180.0);
        abs |x, y| {
            let value = x.value();
            T::constant(if value == 0.0 { 0.0 } else { value.signum() })
        };
    }

    fn mul_add(self, a: Self, b: Self) -> Self {
        let by = self.by * a.at + self.at * a.by + b.by;
        Dual { at: self.at.mul_add(a.at, b.at), by }
    }

    fn powi(self, n: i32) -> Self {
        let slope = match n {
            0 => T::constant(0.0),
            _ => T::constant(n.into()) * self.at.powi(n - 1),
        };
        self.chain(self.at.powi(n), slope)
    }

    fn powf(self, n: Self) -> Self {
        let at = self.at.powf(n.at);
        let by_base = self.chain(at, n.at * self.at.powf(n.at - one()));
        let by_exponent = n.chain(at, at * self.at.ln());
        Dual { at, by: by_base.by + by_exponent.by }
    }

    fn log(self, base: Self) -> Self {
        let at = self.at.log(base.at);
        let by_self = self.chain(at, one::<T>() / (self.at * base.at.ln()));
        let by_base = base.chain(at, -(self.at.ln() / (base.at * square(base.at.ln()))));
        Dual { at, by: by_self.by + by_base.by }
    }

    fn max(self, other: Self) -> Self {
        let (x, y) = (self.value(), other.value());
        match () {
            () if x > y || y.is_nan() => self,
            () if y > x || x.is_nan() => other,
            () => tie(self, other, self.at.max(other.at)),
        }
    }

    fn min(self, other: Self) -> Self {
        let (x, y) = (self.value(), other.value());
        match () {
            () if x < y || y.is_nan() => self,
            () if y < x || x.is_nan() => other,
            () => tie(self, other, self.at.min(other.at)),
        }
    }

    fn abs_sub(self, other: Self) -> Self {
        if self.value() <= other.value() { Dual::constant(0.0) } else { self - other }
    }

    fn hypot(self, other: Self) -> Self {
        let at = self.at.hypot(other.at);
        Dual { at, by: self.chain(at, self.at / at).by + other.chain(at, other.at / at).by }
    }

    fn atan2(self, other: Self) -> Self {
        let at = self.at.atan2(other.at);
        let norm = square(self.at) + square(other.at);
        let by = self.chain(at, other.at / norm).by - other.chain(at, self.at / norm).by;
        Dual { at, by }
    }

    fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }
}

/// Two equal numbers share the slope.
fn tie<T: Real>(x: Dual<T>, y: Dual<T>, at: T) -> Dual<T> {
    Dual { at, by: (x.by + y.by) * T::constant(0.5) }
}
