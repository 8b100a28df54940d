//! Derivatives by hand, where the body has none to give, or a worse one.
//!
//! ```text
//! cargo run --example custom_rule
//! ```
//!
//! Each number is asserted, too.

mod erf;
mod root;
mod softplus;

use chainrule::check::{GradMismatch, check_grad};
use chainrule::differentiate;

/// All three together: the rules serve wherever their functions are called.
#[differentiate]
fn combined(x: f64) -> f64 {
    softplus::softplus(root::root(x, 2.0) * erf::erf(x))
}

fn main() -> Result<(), GradMismatch> {
    root::show()?;
    erf::show()?;
    softplus::show()?;

    let x = 0.7;
    check_grad::<combined>((), &x)?;
    let (value, grad) = combined::value_and_grad(x);
    println!("\nsoftplus(root(x, 2)·erf(x)) at {x}: {value:.6}, by x {grad:.6}");
    Ok(())
}
