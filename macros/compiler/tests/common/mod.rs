//! Shared by the compiler's tests.
#![allow(dead_code, reason = "each test binary uses its part")]

use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::{Compiled, Scalars, Tensors, compile};
use chainrule_compiler::error::Errors;
use chainrule_compiler::ir::Program;
use chainrule_compiler::ir::eval::{Array, eval};

/// The annotated functions of a source; panics with the messages of what is refused.
pub(crate) fn parsed(source: &str) -> Callees {
    let file = syn::parse_str(source).expect("the test's source is Rust");
    let mut errors = Errors::new();
    let callees = Callees::of_file(&file, &mut errors);
    assert!(!errors.any(), "{:?}", errors.messages().collect::<Vec<_>>());
    callees.expect("the test's source has a function")
}

/// Compiles the last function of a source and hands it on.
pub(crate) fn compiled<R>(source: &str, then: impl FnOnce(&Compiled<'_>) -> R) -> R {
    let callees = parsed(source);
    let mut errors = Errors::new();
    let compiled = compile(&callees, &mut errors);
    assert!(!errors.any(), "{:?}", errors.messages().collect::<Vec<_>>());
    then(&compiled.expect("no error was reported"))
}

/// The same of a function of arrays.
pub(crate) fn tensors<R>(source: &str, then: impl FnOnce(&Tensors<'_>) -> R) -> R {
    compiled(source, |compiled| then(compiled.tensors().expect("a function of arrays")))
}

/// The same of scalar code.
pub(crate) fn scalars<R>(source: &str, then: impl FnOnce(&Scalars<'_>) -> R) -> R {
    compiled(source, |compiled| then(compiled.scalars().expect("scalar code")))
}

/// The messages of what is refused in a source.
pub(crate) fn refused(source: &str) -> Vec<String> {
    let file = syn::parse_str(source).expect("the test's source is Rust");
    let mut errors = Errors::new();
    if let Some(callees) = Callees::of_file(&file, &mut errors) {
        compile(&callees, &mut errors);
    }
    errors.messages().collect()
}

/// The loss of a linear regression, as three functions.
pub(crate) const LOSS: &str = "
    #[differentiate]
    fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
        x.dot(w) + b
    }
    #[differentiate]
    fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
        (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
    }
    #[differentiate(wrt(w, b))]
    fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
        mean_squared_error(&linear_regression(x, w, b), y)
    }
";

/// Evaluates a program without constants of the user's.
pub(crate) fn run(program: &Program, params: &[Array]) -> Vec<Array> {
    eval(program, params, &[])
}

/// The derivative of `f` at `x`: central differences, extrapolated to fourth order.
pub(crate) fn derivative(x: f64, f: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3 * x.abs().max(1.0);
    let central = |h: f64| (f(x + h) - f(x - h)) / (2.0 * h);
    (4.0 * central(h / 2.0) - central(h)) / 3.0
}
