//! The gradients of the objectives: by hand against central differences of the plain function, and
//! the macro's against those by hand.

#![forbid(unsafe_code)]

use chainrule_benches::objectives::{self, Objective};

/// Asserts that two numbers agree, up to a part of `scale`.
#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64, scale: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * scale, "{what}: {found} instead of {expected}");
}

/// Central differences of five points, whose error is of the order of the step's fourth power.
fn difference(f: impl Fn(f64) -> f64, step: f64) -> f64 {
    (8.0 * (f(step) - f(-step)) - (f(2.0 * step) - f(-2.0 * step))) / (12.0 * step)
}

fn check_by_differences(objective: &Objective) {
    let Objective { name, start, plain, by_hand, .. } = objective;
    let mut gradient = objective.blank();
    let value = by_hand(start, &mut gradient);
    let gradient = gradient.concat();
    assert_eq!(value, plain(start), "{name}");
    let scale = gradient.iter().fold(1.0_f64, |max, g| max.max(g.abs()));
    for (i, &found) in gradient.iter().enumerate() {
        let at = |step: f64| {
            let mut moved = start.clone();
            moved[i] += step;
            plain(&moved)
        };
        // Truncation and rounding leave some 1e-11 of the gradient. In the recurrence, a is raised
        // to the power of a million.
        let step = if name.contains("recurrence") { 1e-6 } else { 1e-3 };
        let expected = difference(at, step);
        assert_close(found, expected, 1e-8, scale, &format!("{name}, parameter {i}"));
    }
}

#[test]
fn gradients_by_hand_are_those_of_the_plain_functions() {
    objectives::small().iter().for_each(check_by_differences);
}

#[test]
fn gradients_by_the_macro_are_those_by_hand() {
    let (measured, reordered) = (objectives::measured().unwrap(), objectives::reordered().unwrap());
    for objective in objectives::small().iter().chain(&measured).chain(&reordered) {
        let Objective { name, start, plain, by_macro, by_hand, .. } = objective;
        let (mut expected, mut found) = (objective.blank(), objective.blank());
        let value = by_hand(start, &mut expected);
        // Whoever takes the gradient gives the function's own value, bit for bit.
        assert_eq!(value, plain(start), "{name}");
        assert_eq!(by_macro(start, &mut found), plain(start), "{name}");
        let (found, expected) = (found.concat(), expected.concat());
        let scale = expected.iter().fold(1.0_f64, |max, g| max.max(g.abs()));
        for (i, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
            assert_close(found, expected, 1e-9, scale, &format!("{name}, entry {i}"));
        }
    }
}
