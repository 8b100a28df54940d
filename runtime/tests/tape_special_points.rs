//! What the documentation promises where functions are not smooth, one promise a test.
#![forbid(unsafe_code)]

use chainrule::tape::{Tape, Var};
use ndarray::{Array1, array};

type Scalar<'t> = Var<'t, f64>;
type Vector<'t> = Var<'t, Array1<f64>>;

/// The derivative of one function on a scalar and on an array; they must agree.
fn slope(
    at: f64,
    scalar: impl for<'t> Fn(Scalar<'t>) -> Scalar<'t>,
    vector: impl for<'t> Fn(Vector<'t>) -> Vector<'t>,
) -> f64 {
    let tape = Tape::new();
    let (x, v) = (tape.var(at), tape.var(array![at]));
    scalar(x).backward();
    vector(v).sum().backward();
    let (s, a) = (x.grad(), v.grad()[0]);
    assert!(s == a || s.is_nan() && a.is_nan(), "scalar {s}, array {a} at {at}");
    s
}

macro_rules! slope {
    ($at:expr, |$x:ident| $f:expr) => {
        slope($at, |$x| $f, |$x| $f)
    };
}

/// Both partial derivatives of a function, on scalars and on arrays.
macro_rules! slopes {
    ($a:expr, $b:expr, |$x:ident, $y:ident| $f:expr) => {{
        let (a, b): (f64, f64) = ($a, $b);
        let tape = Tape::new();
        let ($x, $y) = (tape.var(array![a]), tape.var(array![b]));
        ($f).sum().backward();
        let array = ($x.grad()[0], $y.grad()[0]);
        let ($x, $y) = (tape.var(a), tape.var(b));
        ($f).backward();
        let scalar = ($x.grad(), $y.grad());
        assert_eq!(format!("{scalar:?}"), format!("{array:?}"));
        scalar
    }};
}

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

#[test]
fn abs_is_flat_at_both_zeros() {
    assert_eq!(slope!(0.0, |x| x.abs()), 0.0);
    assert_eq!(slope!(-0.0, |x| x.abs()), 0.0);
    assert_eq!(slope!(-3.0, |x| x.abs()), -1.0);
}

#[test]
fn ties_split_evenly() {
    assert_eq!(slopes!(2.0, 2.0, |x, y| x.max(y)), (0.5, 0.5));
    assert_eq!(slopes!(2.0, 2.0, |x, y| x.min(y)), (0.5, 0.5));
    assert_eq!(slopes!(-0.0, 0.0, |x, y| x.max(y)), (0.5, 0.5));
    assert_eq!(slopes!(INF, INF, |x, y| x.max(y)), (0.5, 0.5));
    assert_eq!(slope!(2.0, |x| x.max(x)), 1.0);
    assert_eq!(slope!(0.0, |x| x.max(0.0)), 0.5);
}

#[test]
fn the_number_beside_a_nan_gets_all() {
    assert_eq!(slopes!(NAN, 1.0, |x, y| x.max(y)), (0.0, 1.0));
    assert_eq!(slopes!(1.0, NAN, |x, y| x.max(y)), (1.0, 0.0));
    assert_eq!(slopes!(NAN, 1.0, |x, y| x.min(y)), (0.0, 1.0));
    assert_eq!(slopes!(1.0, NAN, |x, y| x.min(y)), (1.0, 0.0));
}

#[test]
fn clamp_on_and_beside_its_bounds() {
    assert_eq!(slope!(0.5, |x| x.clamp(0.0, 1.0)), 1.0);
    assert_eq!(slope!(0.0, |x| x.clamp(0.0, 1.0)), 0.5);
    assert_eq!(slope!(1.0, |x| x.clamp(0.0, 1.0)), 0.5);
    assert_eq!(slope!(2.0, |x| x.clamp(0.0, 1.0)), 0.0);
    assert_eq!(slope!(-INF, |x| x.clamp(0.0, 1.0)), 0.0);
    assert_eq!(slope!(NAN, |x| x.clamp(0.0, 1.0)), 1.0);
}

#[test]
fn roots_at_zero() {
    assert_eq!(slope!(0.0, |x| x.sqrt()), INF);
    assert_eq!(slope!(-0.0, |x| x.sqrt()), INF);
    assert_eq!(slope!(0.0, |x| x.cbrt()), INF);
    assert!(slope!(-1.0, |x| x.sqrt()).is_nan());
    assert_eq!(slopes!(0.0, 0.0, |x, y| x.hypot(y)), (0.0, 0.0));
    assert_eq!(slopes!(0.0, 0.0, |x, y| x.atan2(y)), (0.0, 0.0));
    let (by_x, by_y) = slopes!(3e200, 4e200, |x, y| x.hypot(y));
    assert!((by_x - 0.6).abs() < 1e-15 && (by_y - 0.8).abs() < 1e-15);
    let (by_y, by_x) = slopes!(3e200, 4e200, |y, x| y.atan2(x));
    assert!((by_y - 1.6e-201).abs() < 1e-215 && (by_x + 1.2e-201).abs() < 1e-215);
}

#[test]
fn a_zero_cotangent_passes_on_zero() {
    assert_eq!(slope!(0.0, |x| x.sqrt() * 0.0), 0.0);
    assert_eq!(slope!(0.0, |x| x.cbrt() * 0.0), 0.0);
    assert_eq!(slope!(-1.0, |x| x.sqrt().max(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.ln().max(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.log2().max(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.log10().max(7.0)), 0.0);
    assert_eq!(slope!(-1.0, |x| x.ln_1p().max(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.log(2.0).max(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.recip().min(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| (x / 0.0).max(7.0)), 0.0);
    assert_eq!(slope!(1.0, |x| x.asin().max(7.0)), 0.0);
    assert_eq!(slope!(1.0, |x| x.acos().max(7.0)), 0.0);
    assert_eq!(slope!(1.0, |x| x.atanh().min(7.0)), 0.0);
    assert_eq!(slope!(1.0, |x| x.acosh().max(7.0)), 0.0);
    assert_eq!(slope!(-1.0, |x| x.powf(0.5).max(7.0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.powi(-1).min(7.0)), 0.0);
    assert_eq!(slope!(NAN, |x| x.tan().max(7.0)), 0.0);
    assert_eq!(slopes!(INF, INF, |x, y| x.atan2(y).max(7.0)), (0.0, 0.0));
    assert_eq!(slopes!(INF, INF, |x, y| x.hypot(y).min(7.0)), (0.0, 0.0));
}

#[test]
fn an_exact_zero_partial_stops_an_infinite_cotangent() {
    assert_eq!(slope!(1600.0, |x| (-x).exp().sqrt()), 0.0);
    assert_eq!(slope!(-2000.0, |x| x.exp2().sqrt()), 0.0);
    assert_eq!(slope!(0.0, |x| (x * 0.0 - 1600.0).exp().sqrt()), 0.0);
    assert_eq!(slope!(0.0, |x| x.powi(2).sqrt()), 0.0);
    assert_eq!(slope!(0.0, |x| x.powf(2.0).sqrt()), 0.0);
    assert_eq!(slope!(-1.0, |x| x.max(0.0).sqrt()), 0.0);
    assert_eq!(slope!(-1.0, |x| x.clamp(0.0, 1.0).sqrt()), 0.0);
    assert_eq!(slope!(0.3, |x| x.floor().sqrt()), 0.0);
}

#[test]
fn sigmoids_far_out_are_flat() {
    for at in [-1000.0, -750.0, 1000.0] {
        assert_eq!(slope!(at, |x| 1.0 / (1.0 + (-x).exp())), 0.0);
        assert_eq!(slope!(at, |x| ((-x).exp() + 1.0).recip()), 0.0);
        assert_eq!(slope!(at, |x| x.tanh()), 0.0);
    }
    assert_eq!(slope!(-1000.0, |x| x.exp().ln_1p()), 0.0);
    assert_eq!(slope!(-1000.0, |x| x.exp_m1()), 0.0);
    assert!((slope!(30.0, |x| x.tanh()) - 4.0 * (-60.0_f64).exp()).abs() < 1e-38);
}

#[test]
fn powers_of_zero_and_of_negatives() {
    assert_eq!(slopes!(0.0, 1.0, |x, y| x.powf(y)), (1.0, 0.0));
    assert_eq!(slopes!(0.0, 2.0, |x, y| x.powf(y)), (0.0, 0.0));
    assert_eq!(slopes!(0.0, 0.0, |x, y| x.powf(y)), (0.0, 0.0));
    assert_eq!(slope!(0.0, |x| x.powf(1.875)), 0.0);
    assert_eq!(slope!(-2.0, |x| x.powf(2.0)), -4.0);
    let (by_x, by_y) = slopes!(-2.0, 2.0, |x, y| x.powf(y));
    assert!(by_x == -4.0 && by_y.is_nan());
    assert_eq!(slope!(0.0, |x| x.powi(0)), 0.0);
    assert_eq!(slope!(3.0, |x| x.powi(0)), 0.0);
    assert_eq!(slope!(0.0, |x| x.powi(1)), 1.0);
    assert_eq!(slope!(2.0, |x| x.powi(-1)), -0.25);
    assert_eq!(slope!(1.0, |x| x.powi(i32::MIN)), f64::from(i32::MIN));
    assert_eq!(slope!(-1.0, |x| x.powi(i32::MIN)), -f64::from(i32::MIN));
    assert_eq!(slope!(2.0, |x| x.powi(i32::MIN)), 0.0);
}

#[test]
fn poles() {
    assert_eq!(slope!(0.0, |x| x.ln()), INF);
    assert_eq!(slope!(0.0, |x| x.recip()), -INF);
    assert_eq!(slope!(1.0, |x| x.asin()), INF);
    assert_eq!(slope!(-1.0, |x| x.acos()), -INF);
    assert_eq!(slope!(1.0, |x| x.acosh()), INF);
    assert!(slope!(-2.0, |x| x.acosh()).is_nan());
    assert!(slope!(std::f64::consts::FRAC_PI_2, |x| x.tan()) > 1e32);
}

#[test]
fn remainders() {
    assert_eq!(slopes!(7.5, 2.0, |x, y| x % y), (1.0, -3.0));
    assert_eq!(slopes!(-7.5, 2.0, |x, y| x % y), (1.0, 3.0));
    assert_eq!(slopes!(-7.5, 2.0, |x, y| x.rem_euclid(y)), (1.0, 4.0));
    assert_eq!(slopes!(-7.5, -2.0, |x, y| x.rem_euclid(y)), (1.0, -4.0));
    assert_eq!(slopes!(7.5, 2.0, |x, y| x.div_euclid(y)), (0.0, 0.0));
    // 1.0 / 0.1 rounds to 10, but the remainder is that of 9.
    assert_eq!(slopes!(1.0, 0.1, |x, y| x % y), (1.0, -9.0));
    assert_eq!(slopes!(1.0, 0.1, |x, y| x.rem_euclid(y)), (1.0, -9.0));
}

#[test]
fn steps_and_signs() {
    for at in [-1.5, -0.0, 0.0, 1.0, 2.5] {
        assert_eq!(slope!(at, |x| x.floor()), 0.0);
        assert_eq!(slope!(at, |x| x.ceil()), 0.0);
        assert_eq!(slope!(at, |x| x.round()), 0.0);
        assert_eq!(slope!(at, |x| x.round_ties_even()), 0.0);
        assert_eq!(slope!(at, |x| x.trunc()), 0.0);
        assert_eq!(slope!(at, |x| x.signum()), 0.0);
        assert_eq!(slope!(at, |x| x.fract()), 1.0);
    }
    assert_eq!(slopes!(2.0, -3.0, |x, s| x.copysign(s)), (-1.0, 0.0));
    assert_eq!(slopes!(-2.0, -3.0, |x, s| x.copysign(s)), (1.0, 0.0));
    assert_eq!(slopes!(0.0, -0.0, |x, s| x.copysign(s)), (-1.0, 0.0));
}

/// x·ln x at 0 is 0·(−∞), NaN as in plain Rust. Its derivative ln x + 1 is −∞: the infinite
/// partial of `ln` meets the zero cotangent x and passes on zero.
#[test]
fn entropy_at_zero() {
    assert_eq!(slope!(0.0, |x| x * x.ln()), -INF);
}

#[test]
fn a_branch_not_taken_contributes_nothing() {
    let tape = Tape::new();
    let x = tape.var(array![-1.0, 0.0, 4.0]);
    let y = x.mapv_each(|e| if e > 0.0 { e.sqrt() } else { tape.constant(0.0) });
    y.sum().backward();
    assert_eq!(x.grad(), array![0.0, 0.0, 0.25]);
}

#[test]
fn log_sum_exp_of_equal_terms() {
    let tape = Tape::new();
    let x = tape.var(array![1000.0, 1000.0]);
    let peak = x.detach().at(0);
    let y = (x - peak).exp().sum().ln() + peak;
    y.backward();
    assert_eq!((y.value(), x.grad()), (1000.0 + 2.0_f64.ln(), array![0.5, 0.5]));
}
