//! A foreign function: C's `erf`, here as the crate `libm` has it.

use chainrule::check::{GradMismatch, check_grad};
use chainrule::differentiate;
use std::f64::consts::FRAC_2_SQRT_PI;

/// The error function. Its body is not differentiated; a call by FFI could stand there as well.
#[differentiate(partials = erf_partials)]
pub(crate) fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// The arguments; the value and its partial derivatives.
fn erf_partials(x: f64) -> (f64, f64) {
    (libm::erf(x), FRAC_2_SQRT_PI * (-x * x).exp())
}

/// The normal distribution's cumulative function: an ordinary function that calls it.
#[differentiate]
fn normal(x: f64, mean: f64, deviation: f64) -> f64 {
    0.5 * (1.0 + erf((x - mean) / (deviation * 2.0_f64.sqrt())))
}

pub(crate) fn show() -> Result<(), GradMismatch> {
    // The derivative of the cumulative function is the density.
    let (value, (density, _, _)) = normal::value_and_grad(1.0, 0.0, 1.0);
    assert!((value - 0.841_344_746_068_543).abs() < 1e-14);
    assert!((density - 0.241_970_724_519_143).abs() < 1e-14);
    println!("normal distribution at 1 {value:.6}, its density {density:.6}");
    check_grad::<normal>((), &(0.3, -0.2, 1.5))?;
    Ok(())
}
