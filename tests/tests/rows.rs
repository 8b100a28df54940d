//! Rows of small Jacobians, which `f::pullback` computes ahead: each is what `f::vjp` gives for a
//! cotangent that is one in one part and zero in the others, also where partials are infinite.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use num_traits::Float;

#[differentiate]
fn step<T: Float>(t: T, u: T, v: T) -> T {
    let a = (t * u + v).sin();
    let b = (a * v - u).cos();
    let c = (b * t + a * u).sin();
    (c * b - a * t).cos()
}

/// A bounded function with as much reverse code as rows are computed for.
#[differentiate]
fn long<T: Float>(x: T, y: T) -> T {
    let (u, v) = (x.sin(), y.cos());
    let t = step(step(step(v, u, v), u, v), u, v);
    step(step(step(t, u, v), u, v), u, v)
}

/// Conditionals, quotients, roots.
#[differentiate(pullback)]
fn turned(r: &[f64; 2], x: &[f64; 3], w: f64) -> [f64; 2] {
    let squared = r[0] * r[0] + r[1] * r[1];
    let (a, b) = if squared != 0.0 {
        let angle = squared.sqrt();
        let (sin, cos) = angle.sin_cos();
        let axis = [r[0] / angle, r[1] / angle];
        (x[0] * cos + axis[0] * sin, x[1] * cos - axis[1] * sin * x[2])
    } else {
        (x[0] + r[0], x[1] - r[1] * x[2])
    };
    [w * a / x[2], w * (b / x[2] - a) + long(r[0], w)]
}

/// The results are finite where partials are not.
#[differentiate(pullback)]
fn singular(x: f64, y: f64) -> (f64, f64) {
    (x.sqrt() * y + long(y, x), x / (1.0 / y) + y.cbrt())
}

/// What is infinite shows in one branch only.
#[differentiate(pullback)]
fn hidden(x: f64, y: f64) -> [f64; 2] {
    let product = y * (1.0 / x);
    let u = if y > 0.0 { product } else { y };
    [u * long(x, y), u + x.max((-y).sqrt())]
}

#[differentiate(pullback)]
fn powers(x: f64, y: f64) -> [f64; 2] {
    [x.powf(y) * long(x, y), (x * y).exp().ln_1p() + x.max(y)]
}

/// No result depends on all parameters, one on none.
#[differentiate(pullback)]
fn apart(x: &[f64; 2], y: (f64, f64)) -> (f64, [f64; 2]) {
    (x[0] * y.0 + long(y.0, y.1), [x[1].sin(), 3.0])
}

#[differentiate(pullback)]
fn columns(a: &[[f32; 2]; 2], x: f64) -> ([[f32; 1]; 2], f64) {
    let (sin, cos) = ((x as f32).sin(), (x as f32).cos());
    let turned = [[a[0][0] * cos - a[1][0] * sin], [a[0][1] * cos - a[1][1] * sin]];
    (turned, f64::from(a[0][0]) * x / long(x, 0.3))
}

#[differentiate(pullback)]
fn generic<T: Float>(x: T, y: T) -> [T; 2] {
    [(x * y).tanh() / y, x - y.ln() * long(x, y)]
}

#[differentiate(pullback)]
fn fallible(x: f64, y: f64) -> Option<(f64, f64)> {
    if x < 0.0 {
        return None;
    }
    Some((x.sqrt() * y, x + y * long(x, y)))
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

/// Structs are left to the reverse code.
#[differentiate(pullback)]
fn line(at: &Line, x: f64) -> [f64; 2] {
    let y = at.slope * x + at.offset;
    [y.sin(), y * x + long(x, x)]
}

/// Equal, or both not a number.
trait Same {
    fn same(&self, other: &Self) -> bool;
}

macro_rules! same_floats {
    ($($F:ty)*) => {$(
        impl Same for $F {
            fn same(&self, other: &Self) -> bool {
                self == other || self.is_nan() && other.is_nan()
            }
        }
    )*};
}
same_floats!(f32 f64);

impl<S: Same, const N: usize> Same for [S; N] {
    fn same(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

macro_rules! same_tuples {
    ($($($T:ident $k:tt)*;)*) => {$(
        impl<$($T: Same),*> Same for ($($T,)*) {
            fn same(&self, other: &Self) -> bool {
                $(self.$k.same(&other.$k))&&*
            }
        }
    )*};
}
same_tuples!(A 0 B 1; A 0 B 1 C 2;);

/// Compares `pullback` with `vjp` for some cotangents.
macro_rules! agree {
    ($f:ident($($arg:expr),*) for $cotangents:expr) => {
        let (value, back) = $f::pullback($($arg),*);
        for ct in $cotangents {
            let (expected, gradient) = $f::vjp($($arg,)* ct);
            assert!(value.same(&expected));
            let row = back(ct);
            assert!(row.same(&gradient), "{:?} {ct:?}: {row:?} {gradient:?}", ($($arg,)*));
        }
    };
}

const PAIRS: [[f64; 2]; 6] =
    [[1.0, 0.0], [0.0, 1.0], [-0.0, 1.0], [0.0, 0.0], [1.0, 1.0], [0.3, -2.0]];
const ENDS: [f64; 9] =
    [0.0, -0.0, 1.0, -2.5, 1e200, -1e-200, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

#[test]
fn a_row_is_the_product_with_its_cotangent() {
    for angle in [0.0, 1e-200, 0.4] {
        for depth in [1.5, 0.0, f64::INFINITY, f64::NAN, 1e-320] {
            for w in [0.7, 0.0, 1e300] {
                let (r, x) = ([angle, -0.5 * angle], [0.2, -1.0, depth]);
                agree!(turned(&r, &x, w) for PAIRS);
            }
        }
    }
    for x in [0.3, -0.0] {
        let x = [x, 2.0 * x];
        let units = [(1.0, [0.0, 0.0]), (0.0, [1.0, 0.0]), (0.0, [0.0, 1.0])];
        agree!(apart(&x, (0.4, -1.1)) for units.into_iter().chain([(2.0, [3.0, 4.0])]));
    }
    let a = [[0.2, -0.4], [1.1, 0.9]];
    let units = [([[1.0], [0.0]], 0.0), ([[0.0], [1.0]], 0.0), ([[0.0], [0.0]], 1.0)];
    agree!(columns(&a, 0.6) for units.into_iter().chain([([[1.0], [0.5]], 1.0)]));
    agree!(generic(0.4_f32, 0.7) for [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]);
    agree!(generic(0.4, 0.7) for PAIRS);
}

#[test]
fn where_partials_are_infinite_too() {
    for x in ENDS {
        for y in ENDS {
            agree!(singular(x, y) for PAIRS.map(|[a, b]| (a, b)));
            agree!(hidden(x, y) for PAIRS);
            agree!(powers(x, y) for PAIRS);
            agree!(generic(x, y) for PAIRS);
        }
    }
}

#[test]
fn of_results_in_options_and_gradients_in_structs() {
    assert!(fallible::pullback(-1.0, 0.5).is_none());
    for x in [0.0, 0.3] {
        let (value, back) = fallible::pullback(x, 0.5).unwrap();
        for ct in [(1.0, 0.0), (0.0, 1.0), (0.4, 0.6)] {
            assert_eq!(Some((value, back(ct))), fallible::vjp(x, 0.5, ct));
        }
    }
    let at = Line { slope: 0.7, offset: -0.2 };
    let (value, back) = line::pullback(&at, 0.5);
    for ct in [[1.0, 0.0], [0.0, 1.0]] {
        assert_eq!((value, back(ct)), line::vjp(&at, 0.5, ct));
    }
}

/// By hand: `∂(r, φ)/∂(x, y)`.
#[test]
fn a_jacobian_of_polar_coordinates() {
    #[differentiate(pullback)]
    fn polar(x: f64, y: f64) -> (f64, f64) {
        ((x * x + y * y).sqrt() + 0.0 * long(x, y), y.atan2(x))
    }
    let (x, y) = (0.3, -0.4);
    let ((r, _), back) = polar::pullback(x, y);

    let rows = [[x / r, y / r], [-y / (r * r), x / (r * r)]];
    for (row, expected) in [back((1.0, 0.0)), back((0.0, 1.0))].into_iter().zip(rows) {
        assert!((row.0 - expected[0]).abs() < 1e-15 && (row.1 - expected[1]).abs() < 1e-15);
    }
    // At the origin the guards of the reverse code take over.
    let (_, back) = polar::pullback(0.0, 0.0);
    assert!(back((1.0, 0.0)).same(&polar::vjp(0.0, 0.0, (1.0, 0.0)).1));
}
