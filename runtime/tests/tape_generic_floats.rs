//! Variables as `num_traits::Float`: generic functions compute on them what they compute on floats.

use chainrule::tape::{Tape, Var};
use num_traits::{Float, FloatConst, NumCast, One, ToPrimitive, Zero};

/// One value for every method of the trait.
fn everything<T: Float>(x: T, y: T) -> Vec<T> {
    let (sin, cos) = x.sin_cos();
    vec![
        x + y,
        x - y,
        x * y,
        x / y,
        x % y,
        -x,
        T::nan(),
        T::infinity(),
        T::neg_infinity(),
        T::neg_zero(),
        T::min_value(),
        T::min_positive_value(),
        T::max_value(),
        T::epsilon(),
        T::zero(),
        T::one(),
        T::from(3).unwrap(),
        x.floor(),
        x.ceil(),
        x.round(),
        x.trunc(),
        x.fract(),
        x.abs(),
        x.signum(),
        x.mul_add(y, x),
        x.recip(),
        x.powi(3),
        x.abs().powf(y),
        x.abs().sqrt(),
        x.exp(),
        x.exp2(),
        x.abs().ln(),
        x.abs().log(y.abs()),
        x.abs().log2(),
        x.abs().log10(),
        x.to_degrees(),
        x.to_radians(),
        x.max(y),
        x.min(y),
        x.clamp(T::zero(), T::one()),
        x.cbrt(),
        x.hypot(y),
        sin,
        cos,
        x.sin(),
        x.cos(),
        x.tan(),
        x.fract().asin(),
        x.fract().acos(),
        x.atan(),
        x.atan2(y),
        x.exp_m1(),
        x.abs().ln_1p(),
        x.sinh(),
        x.cosh(),
        x.tanh(),
        x.asinh(),
        (x.abs() + T::one()).acosh(),
        x.fract().atanh(),
        x.copysign(y),
    ]
}

#[test]
fn generic_code_computes_the_same() {
    for (x, y) in [(0.7_f64, -1.3), (-2.6, 0.4), (0.0, 5.0)] {
        let tape = Tape::new();
        let plain = everything(x, y);
        let on_tape = everything(tape.var(x), tape.var(y));
        for (k, (a, b)) in plain.iter().zip(&on_tape).enumerate() {
            assert_eq!(a.to_bits(), b.value().to_bits(), "number {k} at {x}, {y}: {a} and {b}");
        }
    }
}

#[test]
fn gradients_flow_through_generic_code() {
    fn mean_of_squares<T: Float>(xs: &[T]) -> T {
        let sum = xs.iter().fold(T::zero(), |sum, &x| sum + x * x);
        sum / T::from(xs.len()).unwrap()
    }
    let tape = Tape::new();
    let xs = [tape.var(1.0_f32), tape.var(-2.0)];
    mean_of_squares(&xs).backward();
    assert_eq!(xs.map(Var::grad), [1.0, -2.0]);
}

#[test]
fn integers_and_tests_are_by_value() {
    let tape = Tape::new();
    let x = tape.var(2.75_f64);
    assert_eq!((x.to_usize(), x.to_i32(), x.to_u128()), (Some(2), Some(2), Some(2)));
    assert!(Float::is_finite(x) && !Float::is_nan(x) && !x.is_zero() && !x.is_one());
    assert_eq!(Float::integer_decode(x), 2.75_f64.integer_decode());
    let constant = tape.constant(f64::PI());
    assert_eq!(constant.to_f64(), Some(f64::PI()));
    let cast: Option<Var<'_, f32>> = NumCast::from(constant);
    assert_eq!(cast.map(Var::value), Some(f32::PI()));
}

#[test]
#[should_panic(expected = "a tracked variable is converted to a plain float")]
fn a_derivative_is_not_lost_in_a_conversion() {
    let tape = Tape::new();
    let _ = tape.var(2.75_f64).to_f64();
}
