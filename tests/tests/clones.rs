//! What was cloned stays as it was when the original changes, and the other way round.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::derivative;

/// A body that moves.
#[derive(Clone, Debug, PartialEq, Differentiable)]
pub struct Body {
    /// Where it is.
    pub at: f64,
    /// How it moves.
    pub speed: [f64; 2],
    /// Where it was.
    pub trail: Vec<f64>,
}

#[differentiate(tape)]
fn original_changes(a: f64, b: f64) -> f64 {
    let mut body = Body { at: a.sin(), speed: [b, a], trail: vec![a * b, b] };
    let old = body.clone();
    body.speed = [old.at, b.cos()];
    body.trail[0] = a.cos();
    body.at = b;
    old.speed[0] * body.speed[1] + old.trail[0] * body.trail[0] + old.at * body.at
}

#[differentiate(tape)]
fn copy_changes(a: f64, b: f64) -> f64 {
    let body = Body { at: a.sin(), speed: [b, a], trail: vec![a * b, b] };
    let mut copy = body.clone();
    copy.speed = [body.at, b.cos()];
    copy.trail[0] = a.cos();
    copy.at = b;
    body.speed[0] * copy.speed[1] + body.trail[0] * copy.trail[0] + body.at * copy.at
}

#[test]
fn clones_stand_alone() {
    let (a, b) = (0.7_f64, -0.4_f64);
    let expected = b * b.cos() + a * b * a.cos() + a.sin() * b;
    let all = [
        (original_changes::value_and_grad(a, b), original_changes::tape_value_and_grad(a, b)),
        (copy_changes::value_and_grad(a, b), copy_changes::tape_value_and_grad(a, b)),
    ];
    for ((value, (by_a, by_b)), (taped, by_tape)) in all {
        assert!((value - expected).abs() < 1e-15 && value == taped);
        let slopes =
            (derivative(|a| original_changes(a, b), a), derivative(|b| original_changes(a, b), b));
        assert!((by_a - slopes.0).abs() < 1e-10 && (by_b - slopes.1).abs() < 1e-10);
        assert!((by_a - by_tape.0).abs() < 1e-14 && (by_b - by_tape.1).abs() < 1e-14);
    }
}
