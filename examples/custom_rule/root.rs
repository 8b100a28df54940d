//! A root found by Newton's method, differentiated by the implicit-function rule.

use chainrule::check::{GradMismatch, check_grad, check_rule};
use chainrule::differentiate;

/// The y with y³ + a·y = b, for a > 0.
///
/// The derivative of the iteration would cost as much as the iteration, and be no better: where
/// F(y, a, b) = 0, dy = −(∂F/∂a·da + ∂F/∂b·db) / (∂F/∂y), whatever way the root was found.
#[differentiate(vjp = root_vjp)]
pub(crate) fn root(a: f64, b: f64) -> f64 {
    iterated(a, b)
}

/// The arguments, then the cotangent of the result; value and gradient.
fn root_vjp(a: f64, b: f64, cotangent: f64) -> (f64, (f64, f64)) {
    let y = root(a, b);
    let by_b = cotangent / (3.0 * y * y + a);
    (y, (-y * by_b, by_b))
}

/// The iteration itself under the macro: what the rule is compared with.
#[differentiate]
fn iterated(a: f64, b: f64) -> f64 {
    let mut y = b / a.max(1.0);
    for _ in 0..100 {
        let step = (y * y * y + a * y - b) / (3.0 * y * y + a);
        y -= step;
        if step.abs() <= 1e-15 * y.abs() {
            break;
        }
    }
    y
}

pub(crate) fn show() -> Result<(), GradMismatch> {
    // y = 1 solves y³ + 2y = 3, with ∂y/∂b = 1/(3 + 2).
    let (y, (da, db)) = root::value_and_grad(2.0, 3.0);
    assert!((y - 1.0).abs() < 1e-15 && (da + 0.2).abs() < 1e-15 && (db - 0.2).abs() < 1e-15);
    println!("root of y³ + 2y = 3      {y:.6}, by a {da:.6}, by b {db:.6}");

    let (_, (of_a, of_b)) = iterated::value_and_grad(2.0, 3.0);
    assert!((of_a - da).abs() < 1e-12 && (of_b - db).abs() < 1e-12);
    println!("  the same through the iteration: by a {of_a:.6}, by b {of_b:.6}");

    check_rule(|&(a, b)| root(a, b), |&(a, b), ct| root_vjp(a, b, ct), &(2.0, 3.0))?;
    check_grad::<root>((), &(0.5, -4.0))?;
    Ok(())
}
