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
use chainrule_tests::{ROUNDING, agree, assert_close};

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
