//! The first steps with gradients, twice over: derived by the macro while the program is compiled,
//! and recorded by the tape while it runs.
//!
//! ```text
//! cargo run --example autograd_basics
//! ```
//!
//! Each number is asserted, too.

use chainrule::differentiate;
use chainrule::tape::Tape;
use ndarray::{Array1, array};

/// x² + 2x + 7.
#[differentiate]
fn parabola(x: f64) -> f64 {
    x.powi(2) + 2.0 * x + 7.0
}

/// The mean of x² + 2x + 7 over the elements of an array.
#[differentiate]
fn mean_parabola(x: &Array1<f64>) -> f64 {
    x.mapv(|x| x.powi(2) + 2.0 * x + 7.0).mean().unwrap()
}

fn main() {
    scalar();
    array();
    accumulation();
}

fn scalar() {
    let (value, grad) = parabola::value_and_grad(7.0);

    let tape = Tape::new();
    let x = tape.var(7.0_f64);
    let y = x.powi(2) + 2.0 * x + 7.0;
    y.backward();

    assert_eq!((value, grad), (70.0, 16.0));
    assert_eq!((y.value(), x.grad()), (70.0, 16.0));
    heading("y = x² + 2x + 7 at x = 7");
    row("y", value, y.value());
    row("dy/dx", grad, x.grad());
    println!("\nwhat the macro derived:\n{}", indented(parabola::DERIVATION));
}

fn array() {
    let at = array![1.0, 2.0, 3.0];
    let (value, grad) = mean_parabola::value_and_grad(&at);

    let tape = Tape::new();
    let x = tape.var(at);
    let y = (x.powi(2) + 2.0 * x + 7.0).mean().unwrap();
    y.backward();

    let expected = array![4.0 / 3.0, 2.0, 8.0 / 3.0];
    assert!((&grad - &expected).iter().all(|e| e.abs() < 1e-15));
    assert!((&x.grad() - &expected).iter().all(|e| e.abs() < 1e-15));
    assert!((value - y.value()).abs() < 1e-14);
    heading("y = mean of x² + 2x + 7 at x = [1, 2, 3]");
    row("y", format!("{value:.4}"), format!("{:.4}", y.value()));
    row("dy/dx", format!("{grad:.4}"), format!("{:.4}", x.grad()));
    println!("\nwhat the macro derived:\n{}", indented(mean_parabola::DERIVATION));
}

/// Gradients add up until they are set to zero: the macro's in a buffer of the caller's, the
/// tape's in the tape.
fn accumulation() {
    let mut grad = 0.0;

    let tape = Tape::new();
    let x = tape.var(7.0_f64);
    let y = x.powi(2) + 2.0 * x + 7.0;

    heading("gradients accumulate, and are zeroed");
    parabola::value_and_grad_add_into(7.0, &mut grad);
    y.backward();
    assert_eq!((grad, x.grad()), (16.0, 16.0));
    row("after a backward pass", grad, x.grad());

    parabola::value_and_grad_add_into(7.0, &mut grad);
    y.backward();
    assert_eq!((grad, x.grad()), (32.0, 32.0));
    row("after a second one", grad, x.grad());

    grad = 0.0;
    tape.zero_grad();
    assert_eq!((grad, x.grad()), (0.0, 0.0));
    row("zeroed", grad, x.grad());

    parabola::value_and_grad_add_into(7.0, &mut grad);
    y.backward();
    assert_eq!((grad, x.grad()), (16.0, 16.0));
    row("after a further one", grad, x.grad());
}

fn heading(title: &str) {
    println!("{title}\n{:22}  {:>24}  {:>24}", "", "by macro", "by tape");
}

fn row(name: &str, by_macro: impl ToString, by_tape: impl ToString) {
    println!("{name:22}  {:>24}  {:>24}", by_macro.to_string(), by_tape.to_string());
}

fn indented(text: &str) -> String {
    let indent = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    };
    text.lines().map(indent).collect()
}
