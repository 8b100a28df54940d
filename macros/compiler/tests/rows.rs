//! Rows of small Jacobians in `pullback`: which functions have them, and what is left out of them.

use chainrule_compiler::driver::differentiate;
use proc_macro2::TokenStream;

/// The pullback of a function, as it is emitted: the forward code with the rows, and the closure.
fn pullback(source: &str) -> (String, String) {
    let tokens: TokenStream = source.parse().expect("the source of the test");
    let emitted = differentiate("pullback".parse().expect("an option"), tokens).to_string();
    let (start, end) = (emitted.find("fn __pullback"), emitted.find("fn __adjoint"));
    let text = &emitted[start.expect("a pullback")..end.expect("a kernel")];
    let (forward, closure) = text.split_once("move |").expect("a closure");
    (forward.to_string(), closure.to_string())
}

/// How many rows a function has.
fn count(source: &str) -> usize {
    pullback(source).1.matches("return").count()
}

const ROTATED: &str = "fn rotated(r: &[f64; 2], x: &[f64; 2]) -> [f64; 2] {
    let angle = (r[0] * r[0] + r[1] * r[1]).sqrt();
    let axis = [r[0] / angle, r[1] / angle];
    [x[0] * angle.cos() + axis[0] * x[1], x[1] / angle.sin() - axis[1] * x[0]]
}";

#[test]
fn rows_are_of_few_results_and_short_reverse_code_without_loops() {
    assert_eq!(count(ROTATED), 2);
    assert_eq!(count("fn f(x: f64, y: f64) -> (f64, f64) { (x * y, x / y) }"), 2);
    assert_eq!(count("fn f(x: f64) -> (f64, [f64; 3]) { (x, [x * x, x.sin(), 1.0]) }"), 4);
    assert_eq!(count("fn f(x: f64) -> f64 { x * x }"), 0);
    assert_eq!(count("fn f(x: f64) -> [f64; 5] { [x, x * x, x.sin(), x.cos(), x.exp()] }"), 0);
    let reversed = "fn f(x: &[f64; 200]) -> [f64; 2] {
        let mut y = 1.0;
        for v in x { y = y.sin() * v; }
        [y, y * y]
    }";
    assert_eq!(count(reversed), 0);
    // Tangents run beside this loop.
    let forwards = "fn f(x: f64, n: usize) -> [f64; 2] {
        let mut y = x;
        for _ in 0..n { y = y.sin() * x; }
        [y, y * y]
    }";
    assert_eq!(count(forwards), 2);
    let long = (0..300).map(|k| format!("let y = y.sin() * x + {k}.5;")).collect::<String>();
    assert_eq!(count(&format!("fn f(x: f64) -> [f64; 2] {{ let y = x; {long} [y, y * x] }}")), 0);
}

#[test]
fn finite_results_spare_guards() {
    let (forward, closure) = pullback(ROTATED);
    assert!(!forward.contains("guard"), "{forward}");
    assert!(closure.contains("guard"));
}

#[test]
fn what_may_be_infinite_all_the_same_is_guarded() {
    // The root is finite at zero, where its derivative is not.
    let (forward, _) = pullback("fn f(x: f64, y: f64) -> [f64; 2] { [x.sqrt() * y, x * y] }");
    assert_eq!(forward.matches("let guard").count(), 1, "{forward}");
    // An infinite divisor makes a finite quotient, and is not guarded where it stands by itself.
    let (forward, _) = pullback("fn f(x: f64, y: f64) -> [f64; 2] { [x / (1.0 / y), x + y] }");
    assert!(forward.contains("let guard"), "{forward}");
}

#[test]
fn zeros_and_ones_are_not_computed_with() {
    let (forward, _) = pullback("fn f(x: f64, y: f64, z: f64) -> [f64; 2] { [x * y, y + z] }");
    // The value's product and the check alone.
    assert_eq!(forward.matches(" * ").count(), 1, "{forward}");
}
