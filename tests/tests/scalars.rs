//! Straight-line scalar code: the statements and expressions of Rust, one test each, by macro, by
//! tape and against the derivative worked out by hand or by differences.

#![forbid(unsafe_code)]
#![allow(
    clippy::let_and_return,
    clippy::assign_op_pattern,
    clippy::unnecessary_cast,
    clippy::too_many_arguments,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::{differentiate, stop_gradient};
use chainrule_tests::{assert_close, differences};

/// A few roundings; the expected numbers are worked out in another order of operations.
const ROUNDING: f64 = 16.0 * f64::EPSILON;
const F32_ROUNDING: f64 = 16.0 * f32::EPSILON as f64;
/// What `differences` are good to, with a margin.
const DIFFERENCES: f64 = 1e-9;

/// Macro, tape and differences agree on a function of floats, and the value is the function's.
macro_rules! agree {
    ($f:ident($($arg:ident = $at:expr),+)) => {{
        $(let $arg: f64 = $at;)+
        let (value, gradient) = $f::value_and_grad($($arg),+);
        assert_eq!(value.to_bits(), $f($($arg),+).to_bits(), "the value");
        let (taped, by_tape) = $f::tape_value_and_grad($($arg),+);
        assert_eq!(value.to_bits(), taped.to_bits(), "the tape's value");
        assert_close("by tape", &gradient, &by_tape, ROUNDING);
        let slope = differences(|&($($arg,)+)| $f($($arg),+), &($($arg,)+));
        assert_close("by differences", &gradient, &slope, DIFFERENCES);
        gradient
    }};
}

// Bindings.

/// PITFALLS: one program silently dropped the compound assignment and gave 0.7648.
#[test]
fn a_compound_assignment_is_not_dropped() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut y = x;
        y *= 2.0;
        y.sin()
    }
    let slope = agree!(f(x = 0.7));
    assert_close("2 cos 1.4", &slope, &0.339_934_285_800_481_84, ROUNDING);
}

#[test]
fn every_compound_assignment() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let mut a = x * y;
        a += x;
        a -= y * 0.5;
        a *= x;
        a /= y;
        a %= 0.75;
        a
    }
    agree!(f(x = 1.3, y = 0.7));
}

#[test]
fn shadowing() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let x = x * 2.0;
        let x = x.sin();
        let x = {
            let x = x * x;
            x + 1.0
        };
        x * 3.0
    }
    agree!(f(x = 0.4));
}

/// An inner `let` of the same name ends with its block; an assignment does not.
#[test]
fn shadowing_and_assignment_in_a_block() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut y = x;
        let z = x * 3.0;
        {
            let z = y * 2.0;
            y = z.sin();
        }
        y * z
    }
    agree!(f(x = 0.4));
}

#[test]
fn blocks_as_values() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let a = {
            let b = x * y;
            b.exp()
        };
        a * { y.sin() } + {
            let c = x;
            c
        }
    }
    agree!(f(x = 0.4, y = 1.2));
}

#[test]
fn a_variable_read_before_and_after_its_assignment() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut y = x.sin();
        let before = y;
        y = y * y + before;
        let after = y;
        y = 2.0 * x;
        before * after * y
    }
    agree!(f(x = 0.4));
}

#[test]
fn bindings_without_use_and_wildcards() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let _unused = x.ln();
        let _ = x.sqrt();
        let (y, _) = (x * 2.0, x.exp());
        y * y
    }
    // The unused logarithm of −1 is NaN and touches nothing.
    assert_eq!(f::value_and_grad(-1.0), (4.0, -8.0));
    assert_eq!(f::tape_value_and_grad(-1.0), (4.0, -8.0));
}

#[test]
fn type_annotations() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let h: f64 = 0.5;
        let (a, b): (f64, f64) = (x * h, h);
        let n: i32 = 3;
        a.powi(n) + b
    }
    agree!(f(x = 1.5));
}

// Tuples.

#[test]
fn a_tuple_swap() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let (mut a, mut b) = (x.sin(), y * y);
        (a, b) = (b, a);
        a = a * 2.0;
        a / b
    }
    agree!(f(x = 0.4, y = 1.2));
}

#[test]
fn nested_tuples_and_fields() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let pair = (x * y, (y, x.exp()));
        let (a, (b, c)) = pair;
        a * b + c * pair.0 - (pair.1).0
    }
    agree!(f(x = 0.4, y = 1.2));
}

/// A tuple parameter has a tuple of partials; the other parameter's comes after it.
#[test]
fn tuples_as_parameters() {
    #[differentiate(tape)]
    fn f((x, y): (f64, f64), s: f64) -> f64 {
        x * y.sin() * s
    }
    let expected = (2.0_f64.sin() * 0.5, 3.0 * 2.0_f64.cos() * 0.5);
    let (value, (pair, ds)) = f::value_and_grad((3.0, 2.0), 0.5);
    assert_eq!(value, f((3.0, 2.0), 0.5));
    assert_close("the pair", &pair, &expected, ROUNDING);
    assert_close("the scale", &ds, &(3.0 * 2.0_f64.sin()), ROUNDING);
    assert_close("tape", &f::tape_value_and_grad((3.0, 2.0), 0.5).1, &(pair, ds), ROUNDING);
}

#[test]
fn tuples_by_name_and_by_reference() {
    #[differentiate]
    fn f(p: &(f64, (f64, f64))) -> f64 {
        p.0 * (p.1).0 + (p.1).1.powi(2)
    }
    let point = (2.0, (3.0, 5.0));
    assert_eq!(f::value_and_grad(&point), (31.0, (3.0, (2.0, 10.0))));
}

/// A result of several floats takes a cotangent for each.
#[test]
fn tuples_as_results() {
    #[differentiate]
    fn polar(r: f64, phi: f64) -> (f64, (f64, f64)) {
        let (sin, cos) = phi.sin_cos();
        (r, (r * cos, r * sin))
    }
    let (r, phi) = (2.0_f64, 0.6_f64);
    assert_eq!(polar(r, phi).0, 2.0);
    let (value, (dr, dphi)) = polar::vjp(r, phi, (0.5, (2.0, 3.0)));
    assert_eq!(value, (r, (r * phi.cos(), r * phi.sin())));
    assert_close("by r", &dr, &(0.5 + 2.0 * phi.cos() + 3.0 * phi.sin()), ROUNDING);
    assert_close("by φ", &dphi, &(r * (3.0 * phi.cos() - 2.0 * phi.sin())), ROUNDING);
}

#[test]
fn one_result_twice() {
    #[differentiate]
    fn twice(x: f64) -> (f64, f64) {
        let y = x * x;
        (y, y)
    }
    assert_eq!(twice(3.0), (9.0, 9.0));
    assert_eq!(twice::vjp(3.0, (1.0, 10.0)), ((9.0, 9.0), 66.0));
}

// Constants.

const HALF: f64 = 0.5;

mod physics {
    pub(crate) mod si {
        pub(crate) const GRAVITY: f64 = 9.81;
    }
    pub(crate) const SCALES: (f64, f64) = (2.0, 3.0);
    pub(crate) struct Lens;
    impl Lens {
        pub(crate) const FOCUS: f64 = 0.25;
    }
}

#[test]
fn constants_of_the_module() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        HALF * x * x + physics::si::GRAVITY * x + self::HALF - crate::physics::Lens::FOCUS
    }
    assert_close("slope", &agree!(f(x = 2.0)), &(2.0 + 9.81), ROUNDING);
    // The point is that it is a tuple elsewhere; differentiated code takes floats.
    assert_eq!(physics::SCALES.0 * HALF, 1.0);
}

#[test]
fn constants_of_the_body() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        const RATE: f64 = 0.1;
        const STEPS: i32 = 3;
        (x * RATE).exp() * x.powi(STEPS)
    }
    agree!(f(x = 2.0));
}

#[test]
fn constants_of_std() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        use_pi(x) + x * std::f64::consts::E + f64::MIN_POSITIVE * x + core::f64::consts::LN_2
    }
    #[differentiate]
    fn use_pi(x: f64) -> f64 {
        use_tau(x) * std::f64::consts::PI
    }
    #[differentiate]
    fn use_tau(x: f64) -> f64 {
        x.sin() * std::f64::consts::TAU * f64::EPSILON.recip() * f64::EPSILON
    }
    agree!(f(x = 0.3));
}

/// A constant of `f32` keeps `f32`, and one of no stated type takes the type of its use.
#[test]
fn constants_in_f32() {
    const RATE: f32 = 0.1;
    #[differentiate(tape)]
    fn f(x: f32) -> f32 {
        x * RATE + x * std::f32::consts::PI
    }
    assert_eq!(f::value_and_grad(2.0), (f(2.0), RATE + std::f32::consts::PI));
    assert_eq!(f::tape_value_and_grad(2.0), f::value_and_grad(2.0));
}

/// Functions of constants are called as they stand.
#[test]
fn calls_without_a_differentiable_argument() {
    fn table(n: usize) -> f64 {
        [1.0, 10.0, 100.0][n]
    }
    #[differentiate(tape)]
    fn f(x: f64, n: usize) -> f64 {
        let k: f64 = table(n);
        x * k + table(0)
    }
    assert_eq!(f::value_and_grad(3.0, 1), (31.0, 10.0));
    assert_eq!(f::tape_value_and_grad(3.0, 1), (31.0, 10.0));
    assert_eq!(f::value_and_grad(3.0, 2), (301.0, 100.0));
}

// Literals, casts, integers.

/// 0.1 in `f32` is not 0.1 in `f64`: a hidden `f64` would show in the last bit.
#[test]
fn literals_take_the_type_of_their_use() {
    #[differentiate(tape)]
    fn f(x: f32) -> f32 {
        let tenth = 0.1;
        x * tenth + 0.2 * x - 1e-3 + 3.0 * x * 1f32
    }
    let x = 0.7_f32;
    let (value, slope) = f::value_and_grad(x);
    assert_eq!(value.to_bits(), f(x).to_bits());
    assert_close("slope", &slope, &(0.1_f32 + 0.2 + 3.0), F32_ROUNDING);
    assert_eq!(f::tape_value_and_grad(x).0.to_bits(), value.to_bits());
}

#[test]
fn literals_in_every_form() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        x * 1. + x * 2e0 + x * 1_000.000_1 + x * 3f64 + x * 0.25_f64 + x * 1e-2 - 1E1
    }
    agree!(f(x = 0.7));
}

#[test]
fn casts_of_integers() {
    #[differentiate(tape)]
    fn f(x: f64, n: usize, k: i32) -> f64 {
        x * n as f64 + (k as f64).sin() * x + x.powi(k) + f64::from(k)
    }
    let expected = 4.0 + (-2.0_f64).sin() - 2.0 * 0.5_f64.powi(-3);
    let (value, slope) = f::value_and_grad(0.5, 4, -2);
    assert_eq!(value.to_bits(), f(0.5, 4, -2).to_bits());
    assert_close("slope", &slope, &expected, ROUNDING);
    assert_eq!(f::tape_value_and_grad(0.5, 4, -2).0.to_bits(), value.to_bits());
    assert_close("tape", &f::tape_value_and_grad(0.5, 4, -2).1, &expected, ROUNDING);
}

/// Integers divide as integers, wrap a cast as `as` does and keep the sign of a remainder.
#[test]
fn integer_arithmetic_is_of_integers() {
    #[differentiate(tape)]
    fn f(x: f64, n: i32) -> f64 {
        let half = n / 2;
        let rest = n % 4;
        let byte = n as u8;
        x * half as f64 + x * rest as f64 * 100.0 + x * byte as f64 * 10_000.0
    }
    for n in [7, -7, 300] {
        let expected = f(1.0, n);
        assert_eq!(f::value_and_grad(1.0, n), (expected, expected), "n = {n}");
        assert_eq!(f::tape_value_and_grad(1.0, n), (expected, expected), "n = {n}");
    }
    assert_eq!(f(1.0, -7), -3.0 - 300.0 + 249.0 * 10_000.0);
}

/// The same of literals, which a compiler may be tempted to compute as floats.
#[test]
fn integer_literals_divide_as_integers() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        x * (7 / 2) as f64 + x * (-7 % 4) as f64 + x * (2.9 as i32) as f64 + x * (300 as u16) as f64
    }
    assert_eq!(f(1.0), 3.0 - 3.0 + 2.0 + 300.0);
    assert_eq!(f::value_and_grad(1.0), (302.0, 302.0));
    assert_eq!(f::tape_value_and_grad(1.0), (302.0, 302.0));
}

#[test]
fn casts_between_the_floats() {
    #[differentiate(tape)]
    fn f(x: f32, y: f64) -> f64 {
        x as f64 * y + f64::from(x) * (y as f32) as f64
    }
    let (value, (dx, dy)) = f::value_and_grad(0.5, 3.0);
    assert_eq!((value, dx, dy), (3.0, 6.0_f32, 1.0_f64));
    assert_eq!(f::tape_value_and_grad(0.5, 3.0), (value, (dx, dy)));
}

/// A cast of a value that carries no derivative may go through an integer.
#[test]
fn a_constant_cast_to_an_integer() {
    #[differentiate(wrt(x), tape)]
    fn f(x: f64, level: f64) -> f64 {
        x * (level as i64) as f64
    }
    assert_eq!(f::value_and_grad(2.0, 3.9), (6.0, 3.0));
    assert_eq!(f::tape_value_and_grad(2.0, 3.9), (6.0, 3.0));
}

// Closures.

#[test]
fn closures_bound_by_let() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let scale = y.exp();
        let square = |e: f64| e * e * scale;
        let both = |a: f64, b: f64| square(a) - b;
        both(x, y) * square(y)
    }
    agree!(f(x = 0.4, y = 0.2));
}

/// A `move` closure keeps the value of when it was made.
#[test]
fn a_closure_captures_the_value_of_its_making() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut k = x * 2.0;
        let by_k = move |e: f64| e * k;
        k = x;
        by_k(x) + k
    }
    assert_eq!(f::value_and_grad(3.0), (21.0, 13.0));
    assert_eq!(f::tape_value_and_grad(3.0), (21.0, 13.0));
}

/// On the tape a float literal is no variable, but stands where one stands.
#[test]
fn literals_in_the_place_of_variables() {
    #[differentiate]
    fn square(x: f64) -> f64 {
        x * x
    }
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let by_x = |e: f64| e * x;
        let mut k = by_x(x) * by_x(2.0) + square(3.0);
        let before = k;
        k = 1.0;
        before + k * x
    }
    agree!(f(x = 0.4));
}

// What is differentiated.

#[test]
fn stopped_gradients() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let k = stop_gradient(x.sin());
        k * x * y + chainrule::stop_gradient(y)
    }
    let k = 0.4_f64.sin();
    let expected = (k * 1.2, k * 0.4);
    assert_close("macro", &f::grad(0.4, 1.2), &expected, ROUNDING);
    assert_close("tape", &f::tape_value_and_grad(0.4, 1.2).1, &expected, ROUNDING);
}

/// `wrt` leaves partials out and changes no other; the order is that of the parameters.
#[test]
fn a_subset_of_the_parameters() {
    macro_rules! body {
        ($x:ident, $y:ident, $z:ident) => {
            ($x * $y).sin() * $z + $z / $x
        };
    }
    // User macros are not looked into, so each body is written out.
    #[differentiate]
    fn all(x: f64, y: f64, z: f64) -> f64 {
        (x * y).sin() * z + z / x
    }
    #[differentiate(wrt(z, x))]
    fn some(x: f64, y: f64, z: f64) -> f64 {
        (x * y).sin() * z + z / x
    }
    #[differentiate(wrt(y))]
    fn one(x: f64, y: f64, z: f64) -> f64 {
        (x * y).sin() * z + z / x
    }
    let (x, y, z) = (0.4, 1.2, 2.0);
    let (value, (dx, dy, dz)) = all::value_and_grad(x, y, z);
    assert_eq!(value, body!(x, y, z));
    assert_eq!(some::value_and_grad(x, y, z), (value, (dx, dz)));
    assert_eq!(one::value_and_grad(x, y, z), (value, dy));
}

#[test]
fn the_same_variable_twice() {
    #[differentiate]
    fn product(x: f64, y: f64) -> f64 {
        x.sin() * y
    }
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        product(x, x)
    }
    assert_eq!(product::grad(0.4, 0.4), (0.4_f64.cos() * 0.4, 0.4_f64.sin()));
    agree!(f(x = 0.4));
}

#[test]
fn arguments_without_influence() {
    #[differentiate(tape)]
    fn f(x: f64, _unused: f64, also: f64) -> f64 {
        let _ = also;
        x * 2.0
    }
    assert_eq!(f::value_and_grad(1.0, f64::NAN, f64::INFINITY), (2.0, (2.0, 0.0, 0.0)));
    assert_eq!(f::tape_value_and_grad(1.0, f64::NAN, f64::INFINITY), (2.0, (2.0, 0.0, 0.0)));
}

#[test]
fn constant_and_identity_functions() {
    #[differentiate(tape)]
    fn constant(_x: f64) -> f64 {
        4.5
    }
    #[differentiate(tape)]
    fn identity(x: f64) -> f64 {
        x
    }
    assert_eq!(constant::value_and_grad(1.0), (4.5, 0.0));
    assert_eq!(constant::tape_value_and_grad(1.0), (4.5, 0.0));
    assert_eq!(identity::value_and_grad(-0.0).0.to_bits(), (-0.0_f64).to_bits());
    assert_eq!(identity::value_and_grad(2.0), (2.0, 1.0));
    assert_eq!(identity::tape_value_and_grad(2.0), (2.0, 1.0));
}

#[test]
fn floats_by_reference() {
    #[differentiate(tape)]
    fn f(x: &f64, y: &f64) -> f64 {
        x * y + *x + x.sin()
    }
    let expected = (2.0 + 1.0 + 3.0_f64.cos(), 3.0);
    assert_close("macro", &f::grad(&3.0, &2.0), &expected, ROUNDING);
    assert_close("tape", &f::tape_value_and_grad(&3.0, &2.0).1, &expected, ROUNDING);
}

#[test]
fn other_constant_parameters() {
    #[differentiate]
    fn f(x: f64, _flag: bool, _name: &str, n: u8) -> f64 {
        x * n as f64
    }
    assert_eq!(f::value_and_grad(2.0, true, "unused", 3), (6.0, 3.0));
}

// Buffers of scalars.

#[test]
fn into_overwrites_and_add_into_adds() {
    #[differentiate]
    fn f(x: f64, p: (f64, f64)) -> f64 {
        x * p.0 + p.1 * p.1
    }
    let (mut dx, mut dp) = (f64::NAN, (f64::NAN, f64::NAN));
    assert_eq!(f::value_and_grad_into(2.0, (3.0, 4.0), &mut dx, &mut dp), 22.0);
    assert_eq!((dx, dp), (3.0, (2.0, 8.0)));
    assert_eq!(f::value_and_grad_add_into(2.0, (3.0, 4.0), &mut dx, &mut dp), 22.0);
    assert_eq!((dx, dp), (6.0, (4.0, 16.0)));
}

// Names.

/// Names that generated code might use itself.
#[test]
fn hygiene() {
    #[differentiate(tape)]
    #[allow(non_snake_case)]
    fn f(
        x: f64,
        d_x: f64,
        cotangent: f64,
        n: f64,
        i: f64,
        ADD: f64,
        value: f64,
        r#type: f64,
    ) -> f64 {
        let tape = x * d_x;
        let __adj = tape + cotangent.sin();
        let d_d_x = __adj * n;
        let gradient = d_d_x + i * ADD;
        let μ = gradient * value;
        let ct_x = μ + r#type * x;
        let r#fn = ct_x;
        let __tape = r#fn * 1.5;
        let self_ = __tape;
        let lanes = self_;
        let rt = lanes;
        rt
    }
    agree!(f(
        x = 0.3,
        d_x = 0.4,
        cotangent = 0.5,
        n = 0.6,
        i = 0.7,
        adding = 0.8,
        value = 0.9,
        kind = 1.1
    ));
    let (mut a, mut b, mut c, mut d) = (0.0, 0.0, 0.0, 0.0);
    let (mut e, mut g, mut h, mut k) = (0.0, 0.0, 0.0, 0.0);
    let value = f::value_and_grad_into(
        0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, &mut a, &mut b, &mut c, &mut d, &mut e, &mut g,
        &mut h, &mut k,
    );
    assert_eq!(
        (value, (a, b, c, d, e, g, h, k)),
        f::value_and_grad(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1)
    );
}

/// Names of std and of the runtime that a user's module may shadow.
mod shadowed {
    use super::*;

    #[allow(dead_code)]
    type Option = ();
    #[allow(dead_code)]
    struct Array1;
    #[allow(dead_code)]
    fn drop() {}
    mod core {}
    mod std {}

    #[differentiate]
    fn f(x: f64) -> f64 {
        x * x
    }

    #[test]
    fn names_of_std() {
        assert_eq!(f::value_and_grad(3.0), (9.0, 6.0));
    }
}

/// A function whose name is a raw identifier, and one that is called like a parameter.
#[test]
fn names_of_functions() {
    #[differentiate]
    fn r#match(x: f64) -> f64 {
        x * x
    }
    #[differentiate(tape)]
    fn x(x: f64) -> f64 {
        r#match(x) * 2.0
    }
    assert_eq!(r#match::value_and_grad(3.0), (9.0, 6.0));
    assert_eq!(x::value_and_grad(3.0), (18.0, 12.0));
    assert_eq!(x::tape_value_and_grad(3.0), (18.0, 12.0));
}

// Calls again, from anywhere.

#[differentiate]
fn long_chain(x: f64, y: f64) -> f64 {
    let a = (x * y).sin() + x.exp();
    let b = a * y - (a * a + 1.0).ln();
    b.tanh() * a / (1.0 + b * b)
}

#[test]
fn a_second_call_gives_the_same() {
    let first = long_chain::value_and_grad(0.4, 1.2);
    let _ = long_chain::value_and_grad(5.0, -3.0);
    assert_eq!(long_chain::value_and_grad(0.4, 1.2), first);
}

#[test]
fn eight_threads_give_the_same() {
    let points: Vec<(f64, f64)> =
        (0..200).map(|k| (f64::from(k) * 0.01, 1.0 - f64::from(k) * 0.02)).collect();
    let run =
        || -> Vec<_> { points.iter().map(|&(x, y)| long_chain::value_and_grad(x, y)).collect() };
    let alone = run();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}

// Size: linear in the source.

/// A function of 2,000 times the same statement.
macro_rules! statements_2000 {
    ($name:ident, $x:ident, $y:ident, [$($statement:tt)*]) => {
        statements_2000!(@x4 $name $x $y [$($statement)*]);
    };
    (@x4 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x16 $name $x $y [$($s)* $($s)* $($s)* $($s)*]);
    };
    (@x16 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x80 $name $x $y [$($s)* $($s)* $($s)* $($s)*]);
    };
    (@x80 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x400 $name $x $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@x400 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x2000 $name $x $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@x2000 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        #[differentiate]
        fn $name($x: f64) -> f64 {
            let mut $y = $x;
            $($s)* $($s)* $($s)* $($s)* $($s)*
            $y
        }
    };
}
statements_2000!(logistic_map, x, y, [y = y + 0.001 * x.sin() * (1.0 - y * y);]);

/// 2,000 statements: the derivative of the same recurrence, run forward by hand.
#[test]
fn two_thousand_statements() {
    let x = 0.3_f64;
    let (mut y, mut dy) = (x, 1.0);
    for _ in 0..2000 {
        dy = dy + 0.001 * (x.cos() * (1.0 - y * y) - x.sin() * 2.0 * y * dy);
        y = y + 0.001 * x.sin() * (1.0 - y * y);
    }
    let (value, slope) = logistic_map::value_and_grad(x);
    assert_eq!(value.to_bits(), y.to_bits());
    // 2,000 steps of a few roundings each, of numbers of order 1.
    assert_close("slope", &slope, &dy, 2000.0 * 4.0 * f64::EPSILON);
}

/// The classical example of expression swell: the gradient of a product of 80 variables.
macro_rules! product_of {
    ($name:ident: $first:ident $($rest:ident)*) => {
        #[differentiate]
        #[allow(clippy::too_many_arguments)]
        fn $name($first: f64, $($rest: f64),*) -> f64 {
            $first $(* $rest)*
        }

        /// Value and gradient at the given points, as one list each.
        fn product_and_gradient(at: &[f64]) -> (f64, Vec<f64>) {
            let [$first, $($rest),*] = *at else { panic!("80 variables") };
            #[allow(unused_mut)]
            let mut buffers = Buffers { $first: 0.0, $($rest: 0.0),* };
            let value = $name::value_and_grad_into(
                $first, $($rest,)* &mut buffers.$first, $(&mut buffers.$rest),*
            );
            (value, vec![buffers.$first, $(buffers.$rest),*])
        }

        struct Buffers { $first: f64, $($rest: f64),* }
    };
}
product_of! { speelpenning:
    x01 x02 x03 x04 x05 x06 x07 x08 x09 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20
    x21 x22 x23 x24 x25 x26 x27 x28 x29 x30 x31 x32 x33 x34 x35 x36 x37 x38 x39 x40
    x41 x42 x43 x44 x45 x46 x47 x48 x49 x50 x51 x52 x53 x54 x55 x56 x57 x58 x59 x60
    x61 x62 x63 x64 x65 x66 x67 x68 x69 x70 x71 x72 x73 x74 x75 x76 x77 x78 x79 x80
}

#[test]
fn product_of_eighty_variables() {
    let at: Vec<f64> = (0..80).map(|k| 1.0 + 0.01 * f64::from(k % 7)).collect();
    let (value, gradient) = product_and_gradient(&at);
    assert_close("value", &value, &at.iter().product::<f64>(), ROUNDING);
    for (partial, x) in gradient.iter().zip(&at) {
        // Each partial takes 79 products in an order of its own.
        assert_close("partial", partial, &(value / x), 160.0 * f64::EPSILON);
    }
}

/// A recurrence of twelve squarings: symbolic expansion would have 2¹² terms.
#[test]
fn twelve_squarings() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let a = x * x - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        a * a - 0.3
    }
    agree!(f(x = 1.1));
    assert!(f::DERIVATION.len() < 4000, "{}", f::DERIVATION.len());
}

// What stands beside the function.

/// The function is left as it was: attributes, documentation, `const`, `#[must_use]`, callable.
#[test]
fn the_function_stays() {
    /// Doubles.
    #[must_use]
    #[inline]
    #[differentiate]
    const fn double(x: f64) -> f64 {
        x * 2.0
    }
    const TWO: f64 = double(1.0);
    assert_eq!(TWO, 2.0);
    assert_eq!(double::value_and_grad(TWO), (4.0, 2.0));
}

/// `DERIVATION` states the forward equations and those derived from them.
#[test]
fn the_derivation_is_there() {
    assert!(long_chain::DERIVATION.contains("sin("), "{}", long_chain::DERIVATION);
    assert!(long_chain::DERIVATION.contains("cos("), "{}", long_chain::DERIVATION);
    assert!(long_chain::DERIVATION.lines().count() > 8);
}
