//! Programs of arrays, each against its own value, central differences and itself in other layouts:
//! what [`operations!`](crate::operations) is for array code that the tape's rewriting takes too.

use crate::arrays::Layouts;
use crate::{Leaves, assert_close, differences};
use chainrule::Differentiable;
use chainrule::ndarray::{Array, Dimension};

/// Sums of up to some dozen products, in an order of the macro's choice.
const ROUNDING: f64 = 256.0 * f64::EPSILON;
/// What `differences` are good to, with a margin.
const DIFFERENCES: f64 = 1e-8;

/// What a program returns, and what is passed for its cotangent.
pub trait Returned: Leaves {
    /// Numbers of both signs, in the shape of this.
    fn cotangent(&self) -> Self;
    /// The same in layout `k`.
    fn in_layout(&self, k: usize) -> Self;
}

/// What a program is differentiated by.
pub trait Point: Differentiable<Scalar = f64> + Leaves + Clone {
    /// The same in layout `k`.
    fn in_layout(&self, k: usize) -> Self;
}

impl Returned for f64 {
    fn cotangent(&self) -> f64 {
        -1.7
    }
    fn in_layout(&self, _: usize) -> f64 {
        *self
    }
}

impl<D: Dimension> Returned for Array<f64, D> {
    fn cotangent(&self) -> Self {
        let mut k = 0.0;
        self.mapv(|_| {
            k += 1.0;
            (k * 1.7_f64).sin() - 0.3
        })
    }
    fn in_layout(&self, k: usize) -> Self {
        self.layout(k)
    }
}

macro_rules! tuples {
    ($(($($Part:ident),*))*) => {$(
        #[allow(non_snake_case, reason = "the parts are named after their types")]
        impl<$($Part: Returned),*> Returned for ($($Part,)*) {
            fn cotangent(&self) -> Self {
                let ($($Part,)*) = self;
                ($($Part.cotangent(),)*)
            }
            fn in_layout(&self, k: usize) -> Self {
                let ($($Part,)*) = self;
                ($($Part.in_layout(k),)*)
            }
        }
        #[allow(non_snake_case, reason = "the parts are named after their types")]
        impl<$($Part: Layouts + Clone),*> Point for ($($Part,)*)
        where
            Self: Differentiable<Scalar = f64> + Leaves + Clone,
        {
            fn in_layout(&self, k: usize) -> Self {
                let ($($Part,)*) = self;
                ($($Part.layout(k),)*)
            }
        }
    )*};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) }

/// Runs a program at a point: its value is the function's, its pullback that of differences, and in
/// every layout of parameters and cotangents the bits are the same.
pub fn agree<P: Point, R: Returned, G: Leaves>(
    at: P,
    program: impl Fn(P) -> R,
    vjp: impl Fn(P, R) -> (R, G),
) {
    let expected = program(at.clone());
    let cotangent = expected.cotangent();
    let (value, gradient) = vjp(at.clone(), cotangent.in_layout(0));
    assert_close("the value", &value.leaves(), &expected.leaves(), ROUNDING);
    let weights = cotangent.leaves();
    let slope = differences(
        |at| program(at.clone()).leaves().iter().zip(&weights).map(|(a, b)| (a * b).sum()).sum(),
        &at,
    );
    assert_close("macro, differences", &gradient.leaves(), &slope, DIFFERENCES);
    for k in 0..<f64 as Layouts>::COUNT {
        let other = vjp(at.in_layout(k), cotangent.in_layout(k));
        let what = format!("in layout {k}");
        assert_close(&what, &other.0.leaves(), &value.leaves(), 0.0);
        assert_close(&what, &other.1.leaves(), &gradient.leaves(), 0.0);
    }
}

/// `name(parameter: type, …; constant: type, …) -> result { body } at (value, …; constant, …), …;`
///
/// Parameters are passed by reference, constants as they are written; the function is run at each
/// point. A loop that does nothing makes every body a program: what the macro makes of straight-line
/// code of arrays is tested by [`operations!`](crate::operations).
#[macro_export]
macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),+ $(; $($constant:ident: $of:ty),+)?) -> $out:ty $body:block
        at $(($($at:expr),+ $(; $($fixed:expr),+)?)),+;)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[chainrule::differentiate(wrt($($arg),+))]
            fn program($($arg: &$ty,)+ $($($constant: $of),+)?) -> $out {
                for _ in 0..1 {}
                $body
            }
            let value = |($($arg,)+): ($($ty,)+), ($($($constant,)+)?): ($($($of,)+)?)| {
                program($(&$arg,)+ $($($constant),+)?)
            };
            let vjp = |($($arg,)+): ($($ty,)+), ($($($constant,)+)?): ($($($of,)+)?), cotangent| {
                program::vjp($(&$arg,)+ $($($constant,)+)? cotangent)
            };
            for (at, constants) in [$((($($at,)+), ($($($fixed,)+)?))),+] {
                $crate::programs::agree(at, |at| value(at, constants), |at, ct| vjp(at, constants, ct));
            }
        }
    )*};
}
