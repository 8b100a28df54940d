//! The macro's gradients and Hessians are those of `num-dual`'s dual numbers.

#![forbid(unsafe_code)]

use chainrule_benches::duals::functions;

/// Asserts that two lists of numbers agree, up to a part of their greatest.
#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f64, |max, x| max.max(x.abs()));
    for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= 1e-11 * scale, "{what}, number {k}: {found} instead of {expected}");
    }
}

#[test]
fn the_macro_and_dual_numbers_agree() {
    for function in functions() {
        let at = &function.at;
        let [(value, gradient), (expected_value, expected)] =
            [0, 1].map(|k| (function.gradients[k])(at));
        assert_close(&[value], &[expected_value], function.name);
        assert_close(&gradient, &expected, function.name);
        let [hessian, expected] = [0, 1].map(|k| (function.hessians[k])(at));
        assert_close(&hessian.concat(), &expected.concat(), function.name);
    }
}
