//! ln(1 + eˣ): a formula that overflows, and its derivative by hand, which does not.

use chainrule::check::{GradMismatch, check_grad};
use chainrule::differentiate;

/// ln(1 + eˣ), as x + ln(1 + e⁻ˣ) where x is positive.
#[differentiate(partials = softplus_partials)]
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn softplus_partials(x: f64) -> (f64, f64) {
    let e = (-x.abs()).exp();
    let slope = if x >= 0.0 { 1.0 } else { e } / (1.0 + e);
    (softplus(x), slope)
}

/// The formula as it is written down.
#[differentiate]
fn naive(x: f64) -> f64 {
    x.exp().ln_1p()
}

pub(crate) fn show() -> Result<(), GradMismatch> {
    println!("ln(1 + eˣ)               by the rule                by the formula");
    for x in [-800.0, 0.0, 1.0, 800.0] {
        let ((value, grad), (plain, of_plain)) =
            (softplus::value_and_grad(x), naive::value_and_grad(x));
        println!("  x = {x:<18} {value:<12.6} {grad:<13.6} {plain:<12.6} {of_plain:.6}");
        assert!(grad.is_finite() && (0.0..=1.0).contains(&grad));
    }
    assert_eq!(softplus::value_and_grad(800.0), (800.0, 1.0));
    // eˣ is infinite there, and 1/(1 + eˣ), by which the derivative is multiplied, 0.
    assert_eq!(naive::value_and_grad(800.0), (f64::INFINITY, 0.0));
    check_grad::<softplus>((), &-1.5)?;
    check_grad::<softplus>((), &2.5)?;
    Ok(())
}
