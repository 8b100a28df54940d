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

/// A function of floats, long enough for rows.
fn long(params: &str, result: &str, body: &str) -> String {
    let steps = "let z = (z * x).sin() + z * x;".repeat(20);
    format!("fn f({params}) -> {result} {{ let z = x; {steps} {body} }}")
}

#[test]
fn rows_are_of_few_results_and_reverse_code_without_loops() {
    let of = |result: &str, body: &str| count(&long("x: f64, y: f64", result, body));
    assert_eq!(of("[f64; 2]", "[z * y, z / y]"), 2);
    assert_eq!(of("(f64, [f64; 2])", "(z, [x * y, y])"), 3);
    assert_eq!(of("f64", "z * y"), 0);
    assert_eq!(of("[f64; 4]", "[z, z * y, x, y]"), 0);
    assert_eq!(of("Vec<f64>", "vec![z * y, z / y]"), 0);
    let with_a_loop = "let mut s = 1.0; for v in a { s = s.sin() * v; } [s, z]";
    assert_eq!(count(&long("x: f64, a: &[f64; 200]", "[f64; 2]", with_a_loop)), 0);
    // Tangents run beside this one.
    let with_tangents = "let mut s = z; for _ in 0..n { s = s.sin() * y; } [s, z]";
    assert_eq!(count(&long("x: f64, y: f64, n: usize", "[f64; 2]", with_tangents)), 2);
}

#[test]
fn they_are_not_of_code_that_is_very_short_or_long() {
    assert_eq!(count("fn f(x: f64, y: f64) -> (f64, f64) { (x * y, x / y) }"), 0);
    let steps = (0..300).map(|k| format!("let y = y.sin() * x + {k}.5;")).collect::<String>();
    assert_eq!(count(&format!("fn f(x: f64) -> [f64; 2] {{ let y = x; {steps} [y, y * x] }}")), 0);
}

/// How a guard begins.
const GUARD: &str = "== 0.0f64 { 0.0f64 } else";

/// How many guards the rows of two results have.
fn guards(body: &str) -> usize {
    let source = long("x: f64, y: f64", "[f64; 2]", body);
    assert_eq!(count(&source), 2);
    let (forward, closure) = pullback(&source);
    assert!(closure.contains(GUARD));
    forward.matches(GUARD).count()
}

#[test]
fn finite_results_spare_guards() {
    assert_eq!(guards("[z, x / y]"), 0);
    let through_a_branch = "let u = if x > 0.0 { (y / x).sin() / x } else { y };
        let v = u * u;
        [v * z, v - x]";
    assert_eq!(guards(through_a_branch), 0);
}

#[test]
fn what_may_be_infinite_all_the_same_is_guarded() {
    // The root is finite at zero, where its derivative is not.
    assert_eq!(guards("let r = (x * y).sqrt(); [r * y, r * z]"), 2);
    // An infinite divisor makes a finite quotient.
    assert_eq!(guards("let q = 1.0 / y; [x / q, z / q]"), 2);
    // One branch tells of a value from outside, the other does not.
    let hidden = "let p = y * (1.0 / x); let u = if y > 0.0 { p } else { y }; [u * z, u]";
    assert!(guards(hidden) >= 2);
    let told = "let p = y * (1.0 / x); let u = if y > 0.0 { p } else { p - y }; [u * z, u]";
    assert_eq!(guards(told), 0);
}

#[test]
fn zeros_and_ones_are_not_computed_with() {
    let (forward, _) = pullback(&long("x: f64, y: f64", "[f64; 2]", "[x * y, z]"));
    let (one, _) = pullback(&long("x: f64, y: f64", "[f64; 2]", "[x + y, z]"));
    // The product of the value; its derivatives are there.
    let products = |text: &str| text.matches(" * ").count();
    assert_eq!(products(&forward), products(&one) + 1);
}
