//! What is refused is refused with a message, never with a panic.

mod common;

use common::refused;

#[test]
fn every_error_of_a_function_is_reported() {
    let messages = refused(
        "fn f(x: f64) -> f64 { let a = x.cubed(); let b = x.to_bits(); let c = x + 1.0; a + unknown(c) }",
    );
    assert_eq!(messages.len(), 3, "{messages:#?}");
    assert!(messages[0].contains("`cubed`"), "{messages:#?}");
    assert!(messages[1].contains("to_bits"), "{messages:#?}");
    assert!(messages[2].contains("`unknown`"), "{messages:#?}");
}

#[test]
fn no_source_makes_the_compiler_panic() {
    // Fragments in places where they do not belong; what comes out does not matter here.
    let pieces = [
        "x",
        "x.dot(x)",
        "x + y",
        "|e| e",
        "(x, y)",
        "x.0",
        "x[0]",
        "x[[0, 1]]",
        "Axis(0)",
        "x.sum()",
        "x.mean()",
        "x.mean().unwrap()",
        "x.mapv(|e| e * e)",
        "x.mapv(f64::exp)",
        "x.t()",
        "f64::max(x)",
        "f64::max(x, y, x)",
        "x.powi(y)",
        "x as usize",
        "K",
        "1",
        "1.0",
        "-x",
        "x.shape()[3]",
        "x.dim()",
        "{ let x = y; x }",
        "x.sum_axis(Axis(2))",
        "x.sum_axis(0)",
        "f(x)",
        "()",
        "x.powi(2.0)",
        "stop_gradient()",
        "x.sin_cos().0",
        "x.view().t().dot(&y)",
        "(|a, b| a + b)(x, y)",
        "x.mapv(|_| 1.0)",
        "x.mapv(|e| x.sum() + e)",
    ];
    let types = [
        "f64",
        "f32",
        "&Array1<f64>",
        "&Array2<f64>",
        "Array0<f64>",
        "(f64, f64)",
        "usize",
        "bool",
    ];
    for piece in pieces {
        for x in types {
            for y in ["f64", "&Array1<f64>", "usize"] {
                for output in ["f64", "Array1<f64>", "(f64, f64)"] {
                    refused(&format!(
                        "fn f(x: {x}, y: {y}) -> {output} {{ let mut a = {piece}; a += y; let b = a; b }}"
                    ));
                    refused(&format!("fn f(x: {x}, y: {y}) -> {output} {{ {piece} }}"));
                }
            }
        }
    }
}

/// Mistakes that rustc refuses too, at the function itself: what chainrule says beside it.
#[test]
fn beginners_are_told_what_to_write() {
    let says = |source: &str, words: &str| {
        let messages = refused(source);
        assert!(messages.iter().any(|said| said.contains(words)), "{source}: {messages:#?}");
    };
    says("fn f(x: f64) -> f64 { 2 * x }", "write `2.0`");
    says("fn f(x: &[f64]) -> f64 { let s: f64 = x.iter().sum(); s / x.len() }", "`.. as f64`");
    says("fn f(x: f32, y: f64) -> f64 { x * y }", "a float (`f32`) and a float (`f64`)");
    says("fn f(x: &[f64], i: i32) -> f64 { x[i] }", "an index is a `usize`, not an `i32`");
    says("fn f(x: &[f64]) -> f64 { x[x[0]] }", "an index must be an integer");
    says("fn f(x: f64) -> f64 { x.pow(2) }", "write `powi` or `powf`");
    says("fn f(x: f64) -> f64 { x ^ 2.0 }", "write `powi` or `powf`");
    says("fn f(x: f64) -> f64 { x.powi(2.0) }", "the exponent of `powi` is an `i32`");
    says("fn f(x: &[f64]) -> f64 { x.get(0) * 2.0 }", "not an `Option`");
    says("fn f(x: f64) -> f64 { let s = 0.0; s += x; s }", "declared without `mut`");
    says("fn f(x: f64) -> f64 { x * 2.0; }", "ends without a value");
    says(
        "fn f(x: f64) -> f64 { let g = |a: f64, b: f64| a * b; g(x) }",
        "takes 2 argument(s), not 1",
    );
}
