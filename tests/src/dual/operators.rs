//! Arithmetic of dual numbers, by value and by reference, and with arrays on the right.

use super::{Dual, Real};
use chainrule::ndarray::{Array, ArrayBase, Data, Dimension};
use num_traits::{Num, One, Zero};
use std::iter::{Product, Sum};
use std::ops::{
    Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign,
};

macro_rules! operators {
    ($($Op:ident $op:ident $OpAssign:ident $op_assign:ident |$x:ident, $y:ident| $body:expr;)*) => {$(
        impl<T: Real> $Op for Dual<T> {
            type Output = Self;

            fn $op(self, other: Self) -> Self {
                let ($x, $y) = (self, other);
                $body
            }
        }
        impl<T: Real> $Op<&Dual<T>> for Dual<T> {
            type Output = Dual<T>;

            fn $op(self, other: &Dual<T>) -> Dual<T> {
                $Op::$op(self, *other)
            }
        }
        impl<T: Real> $Op<Dual<T>> for &Dual<T> {
            type Output = Dual<T>;

            fn $op(self, other: Dual<T>) -> Dual<T> {
                $Op::$op(*self, other)
            }
        }
        impl<T: Real> $Op<&Dual<T>> for &Dual<T> {
            type Output = Dual<T>;

            fn $op(self, other: &Dual<T>) -> Dual<T> {
                $Op::$op(*self, *other)
            }
        }
        impl<T: Real> $OpAssign for Dual<T> {
            fn $op_assign(&mut self, other: Self) {
                *self = $Op::$op(*self, other);
            }
        }
        impl<T: Real> $OpAssign<&Dual<T>> for Dual<T> {
            fn $op_assign(&mut self, other: &Dual<T>) {
                *self = $Op::$op(*self, *other);
            }
        }
        impl<T: Real, D: Dimension> $Op<Array<Dual<T>, D>> for Dual<T> {
            type Output = Array<Dual<T>, D>;

            fn $op(self, other: Array<Dual<T>, D>) -> Array<Dual<T>, D> {
                other.mapv_into(|element| $Op::$op(self, element))
            }
        }
        impl<T: Real, S: Data<Elem = Dual<T>>, D: Dimension> $Op<&ArrayBase<S, D>> for Dual<T> {
            type Output = Array<Dual<T>, D>;

            fn $op(self, other: &ArrayBase<S, D>) -> Array<Dual<T>, D> {
                other.mapv(|element| $Op::$op(self, element))
            }
        }
    )*};
}
operators! {
    Add add AddAssign add_assign |x, y| {
        Dual { at: (x.at + y.at).rounded(), by: (x.by.rounded() + y.by.rounded()).rounded() }
    };
    Sub sub SubAssign sub_assign |x, y| {
        Dual { at: (x.at - y.at).rounded(), by: (x.by.rounded() - y.by.rounded()).rounded() }
    };
    Mul mul MulAssign mul_assign |x, y| {
        let by = (x.by * y.at).rounded() + (x.at * y.by).rounded();
        Dual { at: (x.at * y.at).rounded(), by: by.rounded() }
    };
    Div div DivAssign div_assign |x, y| {
        let at = (x.at / y.at).rounded();
        Dual { at, by: ((x.by - (at * y.by).rounded()) / y.at).rounded() }
    };
    Rem rem RemAssign rem_assign |x, y| {
        let whole = T::constant((x.value() / y.value()).trunc());
        Dual { at: x.at % y.at, by: x.by - whole * y.by }
    };
}

impl<T: Real> Neg for Dual<T> {
    type Output = Self;

    fn neg(self) -> Self {
        Dual { at: -self.at, by: -self.by }
    }
}

impl<T: Real> Neg for &Dual<T> {
    type Output = Dual<T>;

    fn neg(self) -> Dual<T> {
        -*self
    }
}

impl<T: Real> Zero for Dual<T> {
    fn zero() -> Self {
        Dual::constant(0.0)
    }

    fn is_zero(&self) -> bool {
        self.value() == 0.0
    }
}

impl<T: Real> One for Dual<T> {
    fn one() -> Self {
        Dual::constant(1.0)
    }
}

impl<T: Real> Num for Dual<T> {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;

    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Dual::constant)
    }
}

// Sums begin as those of floats do: with zero of either sign.
impl<T: Real> Sum for Dual<T> {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Dual::constant(std::iter::empty::<f64>().sum()), |sum, x| sum + x)
    }
}

impl<'a, T: Real> Sum<&'a Dual<T>> for Dual<T> {
    fn sum<I: Iterator<Item = &'a Dual<T>>>(iter: I) -> Self {
        iter.copied().sum()
    }
}

impl<T: Real> Product for Dual<T> {
    fn product<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Dual::constant(1.0), |product, x| product * x)
    }
}

impl<'a, T: Real> Product<&'a Dual<T>> for Dual<T> {
    fn product<I: Iterator<Item = &'a Dual<T>>>(iter: I) -> Self {
        iter.copied().product()
    }
}
