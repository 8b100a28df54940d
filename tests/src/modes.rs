//! All modes of functions of arrays: forward mode, pullbacks, matrices of derivatives.

use crate::Scalars;

/// The same with one float one and all others zero.
pub fn unit<P: Scalars + Clone>(like: &P, k: usize) -> P {
    let (mut unit, mut at) = (like.clone(), 0);
    unit.visit(&mut |x| {
        *x = if at == k { 1.0 } else { 0.0 };
        at += 1;
    });
    unit
}

/// What changes a list of numbers along a direction, by differences.
pub fn slopes<P: Scalars + Clone>(at: &P, along: &P, f: impl Fn(P) -> Vec<f64>) -> Vec<f64> {
    let moved = |step: f64| f(crate::forward::moved(at, along, step));
    let count = moved(0.0).len();
    (0..count).map(|k| crate::derivative(|step| moved(step)[k], 0.0)).collect()
}

/// The sum of products.
pub fn inner(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Asserts that a matrix is the same as its transpose, bit for bit.
#[track_caller]
pub fn assert_symmetric(rows: &[Vec<f64>]) {
    for (i, row) in rows.iter().enumerate() {
        for (j, entry) in row.iter().enumerate() {
            assert_eq!(entry.to_bits(), rows[j][i].to_bits(), "the Hessian at {i}, {j}");
        }
    }
}

/// `name: (parameter: type = value, …) -> result { body }`
///
/// The function has `pullback`, `jvp` and `jacobian`, and the weighted sum of its result's squares
/// `pullback`, `jvp`, `hvp` and `hessian`:
///
/// - `jvp` is what differences along the direction are, and the transpose of `vjp`;
/// - `pullback` is `vjp`, for one cotangent after another;
/// - a row of the Jacobian is `vjp` of a unit;
/// - `hvp` is what differences of the gradient along the direction are;
/// - the Hessian is symmetric bit for bit, and a column of it `hvp` of a unit;
/// - in every layout of everything all of these are the same bit for bit.
#[macro_export]
macro_rules! modes {
    ($($(#[$doc:meta])* $name:ident: ($($arg:ident: $ty:ty = $at:expr),+) -> $out:ty $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[chainrule::differentiate(pullback, jvp, jacobian)]
            fn operation($($arg: &$ty),+) -> $out $body

            #[chainrule::differentiate(wrt($($arg),+), pullback, jvp, hvp, hessian)]
            fn squares($($arg: &$ty,)+ weights: &$out) -> f64 {
                let y: $out = $body;
                (&y * &y * weights).sum()
            }

            let at: ($($ty,)+) = ($($at,)+);
            $crate::modes!(check at [$($arg)+] [$([$arg $ty])+]);
        }
    )*};
    (part $all:tt $of:ident $one:ident) => {{
        $crate::modes!(bind $all $of);
        $one.clone()
    }};
    (bind [$($arg:ident)+] $of:ident) => {
        #[allow(unused_variables, reason = "one of them is meant")]
        let ($($arg,)+) = &$of;
    };
    (check $at:ident $all:tt [$([$arg:ident $ty:ty])+]) => {
        use $crate::Scalars;
        use $crate::arrays::{DIFFERENCES, Layouts, ROUNDING};
        use $crate::modes::{assert_symmetric, inner, slopes, unit};
        type Args = ($($ty,)+);

        let along: Args = $crate::forward::direction(&$at, 0.4);
        let ($($arg,)+) = &$at;
        let value = operation($($arg),+);
        let weights = $crate::arrays::Cotangent::cotangent(&value);

        // Tangents.
        let jvp = |$at: &Args, along: &Args| {
            let ($($arg,)+) = $at;
            operation::jvp($($arg,)+ $($crate::modes!(part $all along $arg)),+)
        };
        let (again, tangent) = jvp(&$at, &along);
        $crate::assert_close("the value by `jvp`", &again, &value, ROUNDING);
        let by_differences =
            slopes(&$at, &along, |($($arg,)+)| operation($(&$arg),+).flat());
        $crate::assert_close("`jvp`, differences", &tangent.flat(), &by_differences, DIFFERENCES);
        let (_, pulled) = operation::vjp($($arg,)+ weights.clone());
        let (left, right) = (
            inner(&weights.flat(), &tangent.flat()),
            inner(&pulled.flat(), &along.flat()),
        );
        $crate::assert_close("⟨w, J v⟩, ⟨Jᵀ w, v⟩", &left, &right, ROUNDING);

        // Cotangents, one forward pass.
        let (again, back) = operation::pullback($($arg),+);
        $crate::assert_close("the value by `pullback`", &again, &value, ROUNDING);
        for cotangent in [weights.clone(), unit(&value, 0), weights.clone()] {
            let (_, expected) = operation::vjp($($arg,)+ cotangent.clone());
            $crate::assert_close("`pullback`, `vjp`", &back(cotangent), &expected, ROUNDING);
        }

        // The Jacobian.
        let widths = [$($arg.flat().len()),+];
        let height = value.flat().len();
        let jacobian = operation::jacobian($($arg),+);
        let rows = $crate::forward::rows(&jacobian.flat(), &[height], &widths).expect("a matrix");
        for (k, row) in rows.iter().enumerate() {
            let (_, expected) = operation::vjp($($arg,)+ unit(&value, k));
            $crate::assert_close("`jacobian`, `vjp`", row, &expected.flat(), ROUNDING);
        }

        // Second derivatives.
        let gradient_at = |$at: &Args| {
            let ($($arg,)+) = $at;
            squares::grad($($arg,)+ &weights)
        };
        let gradient = gradient_at(&$at);
        let (_, slope) = squares::jvp($($arg,)+ &weights $(, $crate::modes!(part $all along $arg))+);
        let directional = inner(&gradient.flat(), &along.flat());
        $crate::assert_close("the directional derivative", &slope, &directional, ROUNDING);
        let (_, back) = squares::pullback($($arg,)+ &weights);
        $crate::assert_close("the gradient by `pullback`", &back(1.0), &gradient, ROUNDING);
        let hvp = |along: &Args| {
            squares::hvp($($arg,)+ &weights $(, $crate::modes!(part $all along $arg))+)
        };
        let (again, product) = hvp(&along);
        $crate::assert_close("the gradient by `hvp`", &again, &gradient, ROUNDING);
        let by_differences = slopes(&$at, &along, |$at| gradient_at(&$at).flat());
        $crate::assert_close("`hvp`, differences", &product.flat(), &by_differences, DIFFERENCES);
        let hessian = squares::hessian($($arg,)+ &weights);
        let rows = $crate::forward::rows(&hessian.flat(), &widths, &widths).expect("a matrix");
        assert_symmetric(&rows);
        for (k, row) in rows.iter().enumerate() {
            let (_, expected) = hvp(&unit(&$at, k));
            $crate::assert_close("`hessian`, `hvp`", row, &expected.flat(), ROUNDING);
        }

        // The same operations in the same order: the same bits.
        let (_, back) = operation::pullback($($arg),+);
        let pulled = back(weights.clone());
        for k in 0..<f64 as Layouts>::COUNT {
            let $at: Args = ($(Layouts::layout($arg, k),)+);
            let along: Args = { let ($($arg,)+) = &along; ($(Layouts::layout($arg, k),)+) };
            let weights = Layouts::layout(&weights, k);
            let ($($arg,)+) = &$at;
            assert_eq!(jvp(&$at, &along).1, tangent, "`jvp` in layout {k}");
            let (_, back) = operation::pullback($($arg),+);
            assert_eq!(back(weights.clone()), pulled, "`pullback` in layout {k}");
            assert_eq!(operation::jacobian($($arg),+), jacobian, "`jacobian` in layout {k}");
            let by_hvp = squares::hvp(
                $($arg,)+ &weights $(, $crate::modes!(part $all along $arg))+
            );
            assert_eq!(by_hvp.1, product, "`hvp` in layout {k}");
            assert_eq!(squares::hessian($($arg,)+ &weights), hessian, "`hessian` in layout {k}");
        }
    };
}
