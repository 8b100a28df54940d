//! Functions of `ndarray` arrays with loops, conditions, element access and arrays that are changed
//! in place, as users write them: each against central differences and in every memory layout.

#![deny(unsafe_code)]
#![allow(clippy::reversed_empty_ranges, reason = "ends of slices count from the back")]

use chainrule::differentiate;
use chainrule_tests::{assert_close, differences};
use ndarray::{Array, Array1, Array2, Array3, Array4, ArrayView1, ArrayView2, Axis, Zip, array, s};

mod arrays_in_loops {
    mod changed;
    mod elements;
    mod expressions;
    mod interface;
    mod model;
}

/// Sums of up to some dozen products, in an order of the macro's choice.
pub const ROUNDING: f64 = 256.0 * f64::EPSILON;
/// What `differences` are good to, with a margin.
pub const DIFFERENCES: f64 = 1e-8;

/// Numbers without a pattern, of both signs, away from 0 and from each other.
pub fn number(k: usize) -> f64 {
    let x = ((k + 1) as f64 * 0.618_033_988_749_895).fract() + 0.3;
    if k % 3 == 1 { -x } else { x }
}
/// A vector of them.
pub fn vector(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| number(i + 3))
}
/// A matrix of them.
pub fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| number(i * m + j + 11))
}
/// A matrix whose eigenvalues are positive.
pub fn definite(n: usize) -> Array2<f64> {
    let a = matrix(n, n);
    a.t().dot(&a) + Array2::<f64>::eye(n) * 2.0
}

/// The same value in other memory layouts.
pub trait Layouts: Sized {
    /// Column by column.
    fn in_columns(&self) -> Self;
    /// Every other element of a larger array, the last first.
    fn scattered(&self) -> Self;
}
impl Layouts for f64 {
    fn in_columns(&self) -> f64 {
        *self
    }
    fn scattered(&self) -> f64 {
        *self
    }
}
impl Layouts for Array1<f64> {
    fn in_columns(&self) -> Self {
        self.clone()
    }
    fn scattered(&self) -> Self {
        let n = self.len();
        let mut large = Array1::from_elem(2 * n, f64::NAN);
        large.slice_mut(s![..;-2]).assign(self);
        large.slice_move(s![..;-2])
    }
}
macro_rules! of_higher_rank {
    ($Array:ident $scattered:expr) => {
        impl Layouts for $Array<f64> {
            fn in_columns(&self) -> Self {
                self.t().to_owned().reversed_axes()
            }
            fn scattered(&self) -> Self {
                let mut large = $Array::from_elem(self.raw_dim() * 2, f64::NAN);
                large.slice_mut($scattered).assign(self);
                large.slice_move($scattered)
            }
        }
    };
}
of_higher_rank!(Array3 s![..;2, ..;-2, ..;2]);
of_higher_rank!(Array4 s![..;2, ..;-2, ..;2, ..;-2]);
impl Layouts for Array2<f64> {
    fn in_columns(&self) -> Self {
        self.t().to_owned().reversed_axes()
    }
    fn scattered(&self) -> Self {
        let (n, m) = self.dim();
        let mut large = Array2::from_elem((2 * n, 3 * m), f64::NAN);
        large.slice_mut(s![..;-2, ..;3]).assign(self);
        large.slice_move(s![..;-2, ..;3])
    }
}

/// `name: (parameter: type = value, …) { body }` with a float as the result: the function's value,
/// its gradient against differences, and both in other layouts.
#[macro_export]
macro_rules! functions {
    ($close:ident; $($(#[$doc:meta])* $name:ident: ($($arg:ident: $ty:ty = $at:expr),+) $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[differentiate]
            fn function($($arg: &$ty),+) -> f64 $body

            $(let $arg: $ty = $at;)+
            let expected = function($(&$arg),+);
            let (value, gradient) = function::value_and_grad($(&$arg),+);
            $crate::$close(value, expected);

            let at = ($($arg.clone(),)+);
            let slope = differences(|($($arg,)+)| function($($arg),+), &at);
            assert_close("macro, differences", &gradient, &slope, DIFFERENCES);

            // In other layouts the same bits.
            {
                $(let $arg = $arg.in_columns();)+
                let other = function::value_and_grad($(&$arg),+);
                assert_close("in columns", &other, &(value, gradient.clone()), 0.0);
            }
            {
                $(let $arg = $arg.scattered();)+
                let other = function::value_and_grad($(&$arg),+);
                assert_close("scattered", &other, &(value, gradient), 0.0);
            }
        }
    )*};
}

/// The value is the function's, bit for bit.
pub fn exact(value: f64, expected: f64) {
    assert_eq!(value.to_bits(), expected.to_bits(), "{value} is not {expected}");
}

/// The value is the function's but for the order of sums.
pub fn close(value: f64, expected: f64) {
    assert_close("the value", &value, &expected, ROUNDING);
}

/// The same with an array as the result, weighted to a float by what the function is fused into.
#[macro_export]
macro_rules! maps {
    ($($(#[$doc:meta])* $name:ident: ($($arg:ident: $ty:ty = $at:expr),+) -> $out:ty $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[differentiate]
            fn function($($arg: &$ty),+) -> $out $body

            $(let $arg: $ty = $at;)+
            let expected = function($(&$arg),+);
            let mut k = 100;
            let weights = expected.mapv(|_| {
                k += 1;
                number(k)
            });
            let (value, gradient) = function::vjp($(&$arg,)+ weights.clone());
            assert_close("the value", &value, &expected, ROUNDING);

            let at = ($($arg.clone(),)+);
            let slope =
                differences(|($($arg,)+)| (function($($arg),+) * &weights).sum(), &at);
            assert_close("macro, differences", &gradient, &slope, DIFFERENCES);

            $(let $arg = $arg.scattered();)+
            let other = function::vjp($(&$arg,)+ weights.in_columns());
            assert_close("in other layouts", &other, &(value, gradient), 0.0);
        }
    )*};
}

/// What the modules use.
pub(crate) mod prelude {
    pub(crate) use super::{
        Array, Array1, Array2, ArrayView1, ArrayView2, Axis, DIFFERENCES, Layouts, ROUNDING, Zip,
        array, assert_close, definite, differences, differentiate, matrix, number, s, vector,
    };
}
