//! The comparison of the engines is itself tested: what is wrong must be found.

#![forbid(unsafe_code)]

use chainrule_tests::case::{Case, Outcome, check, gradient, pullback};
use chainrule_tests::{Scalars, cases};

fn complaints(outcome: &Outcome) -> String {
    outcome.complaints().join("\n")
}

/// x·y², and derivatives that are right or wrong.
fn f((x, y): (f64, f64)) -> f64 {
    x * y * y
}

#[test]
fn a_right_gradient_is_not_complained_of() {
    let right = |(x, y): (f64, f64)| (f((x, y)), (y * y, 2.0 * x * y));
    let outcome = gradient((0.7, 1.3), f, right);
    assert_eq!(complaints(&outcome), "");
    assert_eq!(outcome.by_differences.len(), 2);
}

#[test]
fn a_wrong_gradient_is_found() {
    let forgotten_factor = |(x, y): (f64, f64)| (f((x, y)), (y * y, x * y));
    let outcome = gradient((0.7, 1.3), f, forgotten_factor);
    assert!(complaints(&outcome).contains("differences"), "{outcome:?}");
    let one_missing = |(x, y): (f64, f64)| (f((x, y)), y * y);
    assert!(complaints(&gradient((0.7, 1.3), f, one_missing)).contains("differences"));
    let not_a_number = |(x, y): (f64, f64)| (f((x, y)), (y * y, f64::NAN));
    assert!(complaints(&gradient((0.7, 1.3), f, not_a_number)).contains("differences"));
}

#[test]
fn another_value_is_found_in_its_last_bit() {
    let off = |(x, y): (f64, f64)| (x * (y * y), (y * y, 2.0 * x * y));
    let at = (0.7, 1.3);
    assert_ne!(off(at).0, f(at));
    assert!(complaints(&gradient(at, f, off)).contains("the function's own"));
}

#[test]
fn another_failure_is_found() {
    let plain = |_: (f64,)| Err::<f64, &str>("empty");
    assert_eq!(complaints(&gradient((1.0,), plain, |_| Err::<(f64, f64), &str>("empty"))), "");
    let other = gradient((1.0,), plain, |_| Err::<(f64, f64), &str>("other"));
    assert!(complaints(&other).contains("own"));
    let succeeds = gradient((1.0,), plain, |_| Ok::<(f64, f64), &str>((1.0, 1.0)));
    assert!(complaints(&succeeds).contains("own"));
}

/// A point on a jump is reported as such.
#[test]
fn a_point_that_is_not_smooth_is_found() {
    let jump = |(x,): (f64,)| if x < 0.7 { 0.0 } else { 1.0 };
    let outcome = gradient((0.7,), jump, |(x,)| (jump((x,)), 0.0));
    assert!(complaints(&outcome).contains("good to"), "{outcome:?}");
}

#[test]
fn cotangents_differ_by_component() {
    let plain = |(x, y): (f64, f64)| vec![x * y, x + y];
    let right =
        |(x, y): (f64, f64), ct: Vec<f64>| (plain((x, y)), (ct[0] * y + ct[1], ct[0] * x + ct[1]));
    assert_eq!(complaints(&pullback((0.7, 1.3), plain, right)), "");
    let swapped =
        |(x, y): (f64, f64), ct: Vec<f64>| (plain((x, y)), (ct[1] * y + ct[0], ct[1] * x + ct[0]));
    assert!(complaints(&pullback((0.7, 1.3), plain, swapped)).contains("differences"));
}

#[test]
fn scalars_in_order() {
    let mut value = (1.0, vec![[2.0, 3.0], [4.0, 5.0]], 7_usize, (6.0_f32, true), "text");
    assert_eq!(value.flat(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    value.visit(&mut |x| *x *= 2.0);
    assert_eq!(value, (2.0, vec![[4.0, 6.0], [8.0, 10.0]], 7, (12.0, true), "text"));
}

/// A list over hand-written derivatives.
mod by_hand {
    use super::*;

    fn area(w: f64, h: &[f64]) -> f64 {
        w * h[0]
    }

    #[allow(non_camel_case_types, reason = "as the macro names it")]
    struct area {}

    impl area {
        fn value_and_grad(w: f64, h: &[f64]) -> (f64, (f64, Vec<f64>)) {
            (w * h[0], (h[0], if w > 1.0 { vec![0.0] } else { vec![w] }))
        }
    }

    cases! {
        reverse { area(w, &h): (0.5, vec![2.0]), (2.0, vec![3.0]); }
    }
}

#[test]
#[should_panic(expected = "1 of 2 points:\n\narea(2.0, vec")]
fn a_failure_names_function_and_point() {
    let cases: &[Case] = by_hand::CASES;
    check(cases);
}
