//! Constants, literals, casts and integers in scalar code: of which type they are and what they are
//! worth, by macro and by tape.

#![forbid(unsafe_code)]
#![allow(clippy::unnecessary_cast, reason = "the forms that code is written in are what is tested")]

use chainrule::differentiate;
use chainrule_tests::{ROUNDING, agree, assert_close, derivative};

const F32_ROUNDING: f64 = 16.0 * f32::EPSILON as f64;

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
/// Changes a list, and returns what it became the last element.
#[differentiate]
fn stir(list: &mut [f64], k: f64) -> f64 {
    let mut s = 0.1;
    for i in 0..list.len() {
        list[i] = (list[i] * k + s).sin();
        s += list[i] * list[0];
    }
    s
}

/// Without annotation: only what carries no derivative may be passed.
fn push_sum(list: &mut Vec<f64>) {
    list.push(list.iter().sum());
}

/// Lists of constants are handed to calls that are taken as they stand, whole or in part, and are
/// used as they were left.
#[test]
#[allow(clippy::useless_vec, reason = "lists of both kinds are handed on")]
fn lists_that_calls_change() {
    #[differentiate(wrt(x), tape, jvp, hvp)]
    fn f(a: f64, x: f64, n: usize) -> f64 {
        let mut row = [a, 0.5, a * a];
        let mut list = vec![a; 3];
        let mut rows = vec![vec![a, 0.2], vec![0.3, a, a]];
        let mut grown = Vec::new();
        let mut s = 0.0;
        for k in 0..n {
            s += stir(&mut list[k % 3..], 0.5 * a) + stir(&mut row, s);
            let part = &mut rows[k % 2][1..];
            s += stir(part, a) + stir(&mut rows[1], list[0]);
            push_sum(&mut rows[0]);
            push_sum(&mut grown);
        }
        x * x * (s + row[1] + list[2] * rows[1][2] + rows[0][n + 1]) + grown.len() as f64
    }
    for n in [0, 1, 4] {
        let (value, slope) = f::value_and_grad(0.3, 0.7, n);
        assert_eq!(value, f(0.3, 0.7, n));
        assert_eq!(f::tape_value_and_grad(0.3, 0.7, n), (value, slope));
        assert!((slope - derivative(|x| f(0.3, x, n), 0.7)).abs() < 1e-9);
        assert_eq!(f::jvp(0.3, 0.7, n, 1.0), (value, slope));
        let second = derivative(|x| f::grad(0.3, x, n), 0.7);
        assert!((f::hvp(0.3, 0.7, n, 1.0).1 - second).abs() < 1e-9);
    }
}

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

/// Counters whose type only their uses tell, in calls of which nothing depends on the variables.
mod counters {
    use super::*;

    #[differentiate(tape)]
    fn first(a: f64, x: &[f64]) -> f64 {
        x[0].sin() * a
    }

    #[differentiate(tape)]
    fn by_constants(b: f64, n: usize) -> f64 {
        let table = [(n as f64 * 0.1).cos(), 0.4, 0.9];
        let (mut k, mut total) = (0, b);
        let mut m = 0;
        while m < 2 {
            m += 1;
            total *= first(table[m % table.len()].cos(), &table);
        }
        for i in 0..2 {
            total += b * first(table[i], &table[i..]);
            k += i;
        }
        total + table[k]
    }

    #[test]
    fn their_types_are_found() {
        let (value, by_b) = by_constants::value_and_grad(0.7, 3);
        let (taped, by_tape) = by_constants::tape_value_and_grad(0.7, 3);
        assert_eq!((value, value), (by_constants(0.7, 3), taped));
        assert!((by_b - by_tape).abs() < 1e-15);
        let slope = derivative(|b| by_constants(b, 3), 0.7);
        assert!((by_b - slope).abs() < 1e-10);
    }
}
