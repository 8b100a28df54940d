//! What the tests of array functions share: numbers, layouts, and operations as tests.

use chainrule::ndarray::{
    Array, Array0, Array1, Array2, Axis, Dimension, IntoDimension, ShapeBuilder, Slice, arr0,
};

/// Sums of up to a dozen products, in an order of the macro's choice, of numbers of order 1.
pub const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// What `differences` are good to, with a margin.
pub const DIFFERENCES: f64 = 1e-9;

/// Numbers without a pattern, away from 0 and from each other.
pub fn number(k: usize) -> f64 {
    0.5 + ((k + 1) as f64 * 0.618_033_988_749_895).fract()
}
/// A number.
pub fn scalar() -> f64 {
    1.7
}
/// An array of rank 0.
pub fn zero_dim() -> Array0<f64> {
    arr0(1.3)
}
/// A vector of such numbers.
pub fn vector(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| number(i + 3))
}
/// A matrix of such numbers.
pub fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| number(i * m + j + 11))
}
/// An array of any rank of such numbers.
pub fn array_of<D: Dimension>(shape: impl IntoDimension<Dim = D>) -> Array<f64, D> {
    let mut k = 40;
    Array::from_shape_simple_fn(shape.into_dimension(), || {
        k += 1;
        number(k)
    })
}

/// A cotangent of the shape of a result.
pub trait Cotangent {
    /// Numbers of both signs.
    fn cotangent(&self) -> Self;
}
impl Cotangent for f64 {
    fn cotangent(&self) -> f64 {
        -1.7
    }
}
impl<D: Dimension> Cotangent for Array<f64, D> {
    fn cotangent(&self) -> Self {
        let mut k = 100;
        self.mapv(|_| {
            k += 1;
            number(k) - 1.0
        })
    }
}

/// The layouts of a matrix: C, F, a transposed one, reversed axes, every other element.
pub fn layouts(x: &Array2<f64>) -> Vec<(&'static str, Array2<f64>)> {
    let mut fortran = Array2::zeros(x.dim().f());
    fortran.assign(x);
    let mut transposed = x.t().as_standard_layout().into_owned();
    transposed.swap_axes(0, 1);
    let mut rows_reversed = x.clone();
    rows_reversed.invert_axis(Axis(0));
    rows_reversed.assign(x);
    let mut all_reversed = x.clone();
    all_reversed.invert_axis(Axis(0));
    all_reversed.invert_axis(Axis(1));
    all_reversed.assign(x);
    let (n, m) = x.dim();
    let mut strided = Array2::from_elem((2 * n, 3 * m), f64::NAN);
    strided.slice_axis_inplace(Axis(0), Slice::from(0..).step_by(2));
    strided.slice_axis_inplace(Axis(1), Slice::from(1..).step_by(3));
    strided.assign(x);
    vec![
        ("C order", x.clone()),
        ("F order", fortran),
        ("transposed", transposed),
        ("rows reversed", rows_reversed),
        ("all reversed", all_reversed),
        ("strided", strided),
    ]
}

/// A vector as it is, reversed, and with gaps.
pub fn vector_layouts(x: &Array1<f64>) -> Vec<(&'static str, Array1<f64>)> {
    let mut reversed = x.clone();
    reversed.invert_axis(Axis(0));
    reversed.assign(x);
    let mut strided = Array1::from_elem(2 * x.len(), f64::NAN);
    strided.slice_axis_inplace(Axis(0), Slice::from(1..).step_by(2));
    strided.assign(x);
    vec![("contiguous", x.clone()), ("reversed", reversed), ("strided", strided)]
}

/// The same numbers in other layouts: F order, reversed axes, gaps.
pub trait Layouts {
    /// How many layouts there are.
    const COUNT: usize = 3;

    /// The same in layout `k`.
    fn layout(&self, k: usize) -> Self;
}
impl Layouts for f64 {
    fn layout(&self, _: usize) -> f64 {
        *self
    }
}
impl<D: Dimension> Layouts for Array<f64, D> {
    fn layout(&self, k: usize) -> Self {
        let axes = || (0..self.ndim()).map(Axis);
        let mut other = match k {
            0 => Array::zeros(self.raw_dim().f()),
            1 => {
                let mut reversed = self.clone();
                axes().for_each(|axis| reversed.invert_axis(axis));
                reversed
            }
            _ => {
                let mut shape = self.raw_dim();
                shape.slice_mut().iter_mut().for_each(|n| *n = 2 * *n + 1);
                let mut large = Array::from_elem(shape, f64::NAN);
                axes().for_each(|axis| {
                    large.slice_axis_inplace(axis, Slice::from(1..).step_by(2));
                });
                large
            }
        };
        other.assign(self);
        other
    }
}

/// `name: (parameter: type = value, …) -> result { body }`
///
/// The function is tested by `vjp`, and, weighted to a scalar by another function that it is fused
/// into, by `value_and_grad`, by the tape and by differences, and in every layout. A gradient has its parameter's shape.
#[macro_export]
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: ($($arg:ident: $ty:ty = $at:expr),+) -> $out:ty $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[chainrule::differentiate]
            fn operation($($arg: &$ty),+) -> $out $body

            #[chainrule::differentiate(wrt($($arg),+), tape)]
            fn weighted($($arg: &$ty,)+ weights: &$out) -> f64 {
                (operation($($arg),+) * weights).sum()
            }

            $(let $arg: $ty = $at;)+
            let expected = operation($(&$arg),+);
            let weights = $crate::arrays::Cotangent::cotangent(&expected);
            let (value, pulled) = operation::vjp($(&$arg,)+ weights.clone());
            $crate::assert_close("the value", &value, &expected, $crate::arrays::ROUNDING);

            let (sum, gradient) = weighted::value_and_grad($(&$arg,)+ &weights);
            $crate::assert_close("the weighted value", &sum, &weighted($(&$arg,)+ &weights), $crate::arrays::ROUNDING);
            $crate::assert_close("`vjp` and the fused gradient", &pulled, &gradient, $crate::arrays::ROUNDING);

            // The same operations in the same order: the same bits.
            for k in 0..<f64 as $crate::arrays::Layouts>::COUNT {
                $(let $arg = $crate::arrays::Layouts::layout(&$arg, k);)+
                let weights = $crate::arrays::Layouts::layout(&weights, k);
                let got = operation::vjp($(&$arg,)+ weights);
                assert_eq!(got, (value.clone(), pulled.clone()), "in layout {k}");
            }

            let (_, by_tape) = weighted::tape_value_and_grad($(&$arg,)+ &weights);
            $crate::assert_close("macro, tape", &gradient, &by_tape, $crate::arrays::ROUNDING);

            let at = ($($arg,)+);
            let slope = $crate::differences(|($($arg,)+)| weighted($($arg,)+ &weights), &at);
            $crate::assert_close("macro, differences", &gradient, &slope, $crate::arrays::DIFFERENCES);
        }
    )*};
}
