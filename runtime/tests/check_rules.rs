//! `check_rule` passes right rules and finds wrong ones.

use chainrule::check::{Verdict, check_rule};
use ndarray::{Array1, array};

fn rotated((x, angle): &([f64; 2], f64)) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    [cos * x[0] - sin * x[1], sin * x[0] + cos * x[1]]
}

type Pulled = ([f64; 2], ([f64; 2], f64));

fn rotated_vjp(at @ (_, angle): &([f64; 2], f64), ct: [f64; 2]) -> Pulled {
    let ((sin, cos), y) = (angle.sin_cos(), rotated(at));
    let dx = [cos * ct[0] + sin * ct[1], cos * ct[1] - sin * ct[0]];
    (y, (dx, ct[1] * y[0] - ct[0] * y[1]))
}

const POINT: ([f64; 2], f64) = ([1.0, 2.0], 0.3);

#[test]
fn a_right_rule_passes() {
    let report = check_rule(rotated, rotated_vjp, &POINT).unwrap();
    assert_eq!((report.rows().len(), report.count(Verdict::Agrees)), (3, 3));
    let norm = |x: &Array1<f64>| x.dot(x).sqrt();
    let rule = |x: &Array1<f64>, ct: f64| (norm(x), x * (ct / norm(x)));
    check_rule(norm, rule, &array![1.0, -2.0, 3.0]).unwrap();
    check_rule(|x: &f32| x.exp(), |x, ct| (x.exp(), ct * x.exp()), &0.5).unwrap();
}

#[test]
fn a_wrong_partial_is_named() {
    let wrong = |at: &([f64; 2], f64), ct| {
        let (y, (dx, angle)) = rotated_vjp(at, ct);
        (y, ([dx[0], -dx[1]], angle))
    };
    let mismatch = check_rule(rotated, wrong, &POINT).unwrap_err();
    let worst = mismatch.report().worst().unwrap();
    assert_eq!((worst.leaf, worst.index, worst.verdict), (0, 1, Verdict::Differs));
}

#[test]
fn a_cotangent_that_is_forgotten_is_found() {
    check_rule(|x: &f64| x.exp(), |x, _| (x.exp(), x.exp()), &0.5).unwrap_err();
    let swapped = |at: &([f64; 2], f64), ct: [f64; 2]| rotated_vjp(at, [ct[1], ct[0]]);
    check_rule(rotated, swapped, &POINT).unwrap_err();
}

#[test]
fn a_wrong_value_is_found() {
    check_rule(|x: &f64| x.exp(), |x, ct| (x.exp() + 1.0, ct * x.exp()), &0.5).unwrap_err();
}

#[test]
fn a_gradient_of_another_shape_is_found() {
    let sum = |x: &Vec<f64>| x.iter().sum::<f64>();
    let mismatch = check_rule(sum, |x, ct| (sum(x), vec![ct]), &vec![1.0, 2.0]).unwrap_err();
    assert!(mismatch.report().rows().iter().all(|row| row.gradient.is_nan()));
}
