//! Functions that call each other: one of each circle is under `recursive`, so that its source
//! travels before those of its callees do.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::{assert_close, differences};

/// What `differences` are good to, with a margin.
const DIFFERENCES: f64 = 1e-9;

/// Value and slope of `f(x, n)` agree with the plain function and with differences.
macro_rules! agree {
    ($($f:ident)::+ ($x:expr, $n:expr)) => {{
        let (x, n): (f64, usize) = ($x, $n);
        let (value, slope) = $($f)::+::value_and_grad(x, n);
        assert_eq!(value.to_bits(), $($f)::+(x, n).to_bits());
        let expected = differences(|&x| $($f)::+(x, n), &x);
        assert_close(stringify!($($f)::+), &slope, &expected, DIFFERENCES);
    }};
}

#[differentiate(recursive)]
fn even(x: f64, n: usize) -> f64 {
    if n == 0 { 1.0 } else { x * odd(x, n - 1) }
}

#[differentiate]
fn odd(x: f64, n: usize) -> f64 {
    if n == 0 { x } else { x.sin() * even(x, n - 1) }
}

/// Calls both, one of which is called by its derivative and the other for what it calls.
#[differentiate]
fn both(x: f64, n: usize) -> f64 {
    even(x * x, n) + odd(x, n).exp()
}

#[test]
fn two_functions_side_by_side() {
    for n in 0..6 {
        agree!(even(0.7, n));
        agree!(odd(0.7, n));
        agree!(both(0.7, n));
    }
    // x sin x · x sin x · x · x
    let (sin, cos) = 0.7_f64.sin_cos();
    let expected = 4.0 * 0.7_f64.powi(3) * sin * sin + 0.7_f64.powi(4) * 2.0 * sin * cos;
    assert_close("even", &even::grad(0.7, 5), &expected, 1e-14);
}

mod first {
    use super::third::of_third;
    use chainrule::differentiate;

    #[differentiate]
    pub(super) fn of_first(x: f64, n: usize) -> f64 {
        if n == 0 { x } else { x * super::second::of_second(x, n - 1) }
    }

    #[differentiate]
    pub(super) fn outside(x: f64, n: usize) -> f64 {
        of_third(x * x, n) - of_first(x, n)
    }
}

mod second {
    use crate::third::*;
    use chainrule::differentiate;

    #[differentiate]
    pub(super) fn of_second(x: f64, n: usize) -> f64 {
        if n == 0 { x.exp() } else { x.cos() * of_third(x, n - 1) }
    }
}

mod third {
    use chainrule::differentiate;

    #[differentiate(recursive)]
    pub(super) fn of_third(x: f64, n: usize) -> f64 {
        if n == 0 { x.sqrt() } else { 2.0 + x * crate::first::of_first(x, n - 1) }
    }
}

#[test]
fn three_functions_in_three_modules() {
    for n in 0..8 {
        agree!(first::of_first(0.7, n));
        agree!(second::of_second(0.7, n));
        agree!(third::of_third(0.7, n));
        agree!(first::outside(0.7, n));
    }
}

/// The one under `recursive` may come last, and inside of a function.
#[test]
fn items_of_a_function() {
    #[differentiate]
    fn up(x: f64, n: usize) -> f64 {
        if n == 0 { x } else { down(x * x, n - 1) }
    }
    #[differentiate(recursive)]
    fn down(x: f64, n: usize) -> f64 {
        if n == 0 { x.exp() } else { up(x.sin(), n - 1) }
    }
    for n in 0..6 {
        agree!(up(0.7, n));
        agree!(down(0.7, n));
    }
}

/// Slices go round, too, and what is added to their gradients adds up.
#[test]
fn slices() {
    #[differentiate(recursive)]
    fn sum_of_even(x: &[f64], k: usize) -> f64 {
        if k >= x.len() { 0.0 } else { x[k] * x[k] + sum_of_odd(x, k + 1) }
    }
    #[differentiate]
    fn sum_of_odd(x: &[f64], k: usize) -> f64 {
        if k >= x.len() { 0.0 } else { x[k] * x[0] + sum_of_even(x, k + 1) }
    }
    let x = [0.3, -1.2, 0.8, 2.0];
    let (value, slope) = sum_of_even::value_and_grad(&x, 0);
    assert_eq!(value.to_bits(), sum_of_even(&x, 0).to_bits());
    // x₀² + x₁x₀ + x₂² + x₃x₀
    assert_close("slices", &slope, &vec![2.0 * 0.3 - 1.2 + 2.0, 0.3, 1.6, 0.3], 1e-14);
}

/// Second derivatives: each is called by its `vjp_jvp`.
#[test]
fn second_derivatives() {
    #[differentiate(recursive, jvp, hvp)]
    fn even_power(x: f64, n: usize) -> f64 {
        if n == 0 { 1.0 } else { x * odd_power(x, n - 1) }
    }
    #[differentiate(jvp, hvp, vjp_jvp)]
    fn odd_power(x: f64, n: usize) -> f64 {
        if n == 0 { x } else { x * even_power(x, n - 1) }
    }
    // x⁵, x⁴
    let close = |got: (f64, f64), expected: (f64, f64)| {
        assert_close("first and second", &got, &expected, 1e-14);
    };
    close(odd_power::hvp(0.7, 4, 1.0), (5.0 * 0.7_f64.powi(4), 20.0 * 0.7_f64.powi(3)));
    close(even_power::hvp(0.7, 4, 1.0), (4.0 * 0.7_f64.powi(3), 12.0 * 0.7_f64.powi(2)));
    assert_close("jvp", &odd_power::jvp(0.7, 4, 1.0).1, &(5.0 * 0.7_f64.powi(4)), 1e-14);
}
