//! Code growth: what is emitted grows linearly with the source, and is right.
//!
//! `cargo test -p chainrule-tests --test growth -- --nocapture` prints how long each expansion
//! takes in a debug build of the compiler; no test asserts a time.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::{self, compile};
use chainrule_compiler::emit::emit;
use chainrule_compiler::error::Errors;
use chainrule_tests::{ROUNDING, agree, assert_close, derivative};
use proc_macro2::{TokenStream, TokenTree};
use std::time::{Duration, Instant};

/// How many tokens there are.
fn size(tokens: TokenStream) -> usize {
    let token = |token| match token {
        TokenTree::Group(group) => 2 + size(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(token).sum()
}

/// Expands the last function of a source, as the macro does, and prints what it took.
fn expansion(what: &str, source: &str) -> usize {
    let file = syn::parse_str(source).expect("the test's source is Rust");
    let start = Instant::now();
    let tokens = expanded(&file);
    report(what, start.elapsed(), source, &tokens);
    let refusal = tokens.to_string();
    if let Some(at) = refusal.find("compile_error") {
        panic!("{what}: {}", refusal[at..].chars().take(300).collect::<String>());
    }
    size(tokens)
}

fn report(what: &str, time: Duration, source: &str, tokens: &TokenStream) {
    let (ms, lines) = (time.as_secs_f64() * 1e3, source.lines().count());
    println!("{what}: {ms:.1} ms, {lines} lines, {} tokens out", size(tokens.clone()));
}

/// One function goes the macro's way; with callees, that of the last link of their capsules.
fn expanded(file: &syn::File) -> TokenStream {
    if let [syn::Item::Fn(item)] = &file.items[..] {
        let mut item = item.clone();
        item.attrs.clear();
        return driver::differentiate(TokenStream::new(), quote::quote!(#item));
    }
    let mut errors = Errors::new();
    let callees = Callees::of_file(file, &mut errors).expect("the source has a function");
    let compiled = compile(&callees, &mut errors);
    assert!(!errors.any(), "{:?}", errors.messages().collect::<Vec<_>>());
    emit(&compiled.expect("no error was reported"), &callees)
}

/// Twice the source gives at most so many times the output.
const LINEAR: f64 = 2.3;

fn assert_linear(what: &str, sizes: &[usize]) {
    for pair in sizes.windows(2) {
        let growth = pair[1] as f64 / pair[0] as f64;
        assert!(growth <= LINEAR, "{what}: the output grows from {} to {}", pair[0], pair[1]);
    }
}

/// A function of `n` statements in a loop, some of them conditional.
fn statements(n: usize) -> String {
    let mut body = String::new();
    for k in 0..n {
        body += &match k % 4 {
            0 => format!("        a = a * 0.5 + (b + {k}.0 * 1e-4).sin();\n"),
            1 => "        b += 0.1 * a * b.cos();\n".to_owned(),
            2 => "        if a > b { a -= 0.01 * b; } else { b *= 0.9; }\n".to_owned(),
            _ => format!("        v[{}] = a * b + v[{}];\n", k % 5, (k + 1) % 5),
        };
    }
    format!(
        "#[differentiate]\nfn f(x: f64, y: f64, n: usize) -> f64 {{\n    let (mut a, mut b) = (x, y);\n    let mut v = [x; 5];\n    for _ in 0..n {{\n{body}    }}\n    a + b + v[0]\n}}\n"
    )
}

#[test]
fn two_thousand_statements_in_a_loop() {
    let sizes: Vec<usize> = [250, 500, 1000, 2000]
        .iter()
        .map(|&n| expansion(&format!("{n} statements in a loop"), &statements(n)))
        .collect();
    assert_linear("statements in a loop", &sizes);
}

#[test]
fn two_thousand_statements_in_a_row() {
    let source = |n: usize| {
        let body = "    y = y + 0.001 * x.sin() * (1.0 - y * y);\n".repeat(n);
        format!("#[differentiate]\nfn f(x: f64) -> f64 {{\n    let mut y = x;\n{body}    y\n}}\n")
    };
    let sizes: Vec<usize> = [500, 1000, 2000]
        .iter()
        .map(|&n| expansion(&format!("{n} statements"), &source(n)))
        .collect();
    assert_linear("statements", &sizes);
}

/// A product of 80 variables, multiplied one after the other in branches.
#[test]
fn product_of_eighty_variables() {
    let source = |n: usize| {
        let list = |part: &dyn Fn(usize) -> String| (0..n).map(part).collect::<String>();
        let params = list(&|k| format!("x{k}: f64, "));
        let body = list(&|k| format!("    if x{k} > 0.0 {{ p *= x{k}; }}\n"));
        format!(
            "#[differentiate]\nfn f({params}) -> f64 {{\n    let mut p = 1.0;\n{body}    p\n}}\n"
        )
    };
    let sizes: Vec<usize> = [20, 40, 80]
        .iter()
        .map(|&n| expansion(&format!("product of {n} variables"), &source(n)))
        .collect();
    assert_linear("variables", &sizes);
}

/// Loops within loops: each level may cost what it adds, not what it holds again.
#[test]
fn nested_loops() {
    let source = |depth: usize| {
        let mut body = "y = (y * x).sin() + 0.1 * x;\n".to_owned();
        for level in 0..depth {
            body = format!(
                "for k{level} in 0..n {{\ny = y * x + 0.01 * k{level} as f64;\n{body}y = y.cos();\n}}\n"
            );
        }
        format!("#[differentiate]\nfn f(x: f64, n: usize) -> f64 {{\nlet mut y = x;\n{body}y\n}}\n")
    };
    let sizes: Vec<usize> = [3, 6, 12]
        .iter()
        .map(|&depth| expansion(&format!("{depth} nested loops"), &source(depth)))
        .collect();
    // A level that recomputes the levels within it is quadratic in the depth; twice is not 4 times.
    assert!(sizes[2] <= 5 * sizes[1] && sizes[1] <= 5 * sizes[0], "nested loops: {sizes:?}");
}

#[test]
fn nested_branches() {
    let source = |depth: usize| {
        let mut body = "y = y * x;\n".to_owned();
        for level in 0..depth {
            body = format!(
                "if y > {level}.0 {{\ny = y.sin() + x;\n{body}}} else {{\ny = y * 0.5;\n}}\ny += 0.1 * x;\n"
            );
        }
        format!("#[differentiate]\nfn f(x: f64) -> f64 {{\nlet mut y = x;\n{body}y\n}}\n")
    };
    let sizes: Vec<usize> = [3, 6, 12]
        .iter()
        .map(|&depth| expansion(&format!("{depth} nested branches"), &source(depth)))
        .collect();
    assert_linear("nested branches", &sizes);
}

/// One early exit after the other: what follows each is conditional.
#[test]
fn early_exits_in_a_row() {
    let source = |n: usize| {
        let body = "    if y > 9.0 { return y * x; }\n    y = y * 1.01 + x;\n".repeat(n);
        format!("#[differentiate]\nfn f(x: f64) -> f64 {{\n    let mut y = x;\n{body}    y\n}}\n")
    };
    let sizes: Vec<usize> =
        [25, 50, 100].iter().map(|&n| expansion(&format!("{n} early exits"), &source(n))).collect();
    assert_linear("early exits", &sizes);
}

#[test]
fn chain_of_thirty_functions() {
    let source = |n: usize| {
        let mut all =
            "#[differentiate]\nfn f0(x: f64) -> f64 { if x > 0.0 { x.sin() } else { x } }\n"
                .to_owned();
        for k in 1..n {
            let before = k - 1;
            all += &format!(
                "#[differentiate]\nfn f{k}(x: f64) -> f64 {{ if x > 0.1 {{ f{before}(x) * 1.1 }} else {{ x * x }} }}\n"
            );
        }
        all
    };
    let sizes: Vec<usize> = [8, 15, 30]
        .iter()
        .map(|&n| expansion(&format!("chain of {n} functions"), &source(n)))
        .collect();
    assert_linear("functions", &sizes);
}

/// Each function calls the one before twice: what is inlined would double with every level.
#[test]
fn two_calls_in_each_of_many_functions() {
    let source = |n: usize| {
        let mut all = "#[differentiate]\nfn f0(x: f64) -> f64 { x.sin() * 1.1 }\n".to_owned();
        for k in 1..n {
            let before = k - 1;
            all += &format!(
                "#[differentiate]\nfn f{k}(x: f64) -> f64 {{ f{before}(x) * f{before}(x * 0.5) }}\n"
            );
        }
        all
    };
    let sizes: Vec<usize> = [15, 30]
        .iter()
        .map(|&n| expansion(&format!("two calls in each of {n} functions"), &source(n)))
        .collect();
    assert_linear("functions", &sizes);
}

// The same sizes by the macro itself, and right.

/// Five copies of statements, four times over.
macro_rules! long_loop {
    ($name:ident($x:ident, $n:ident, $y:ident) [$($s:tt)*]) => {
        long_loop!(@25 $name $x $n $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@25 $name:ident $x:ident $n:ident $y:ident [$($s:tt)*]) => {
        long_loop!(@125 $name $x $n $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@125 $name:ident $x:ident $n:ident $y:ident [$($s:tt)*]) => {
        long_loop!(@500 $name $x $n $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@500 $name:ident $x:ident $n:ident $y:ident [$($s:tt)*]) => {
        #[differentiate]
        fn $name($x: f64, $n: usize) -> f64 {
            let mut $y = $x;
            for _ in 0..$n {
                $($s)* $($s)* $($s)* $($s)*
            }
            $y
        }
    };
}
long_loop! { two_thousand(x, n, y) [
    y = y + 0.001 * x.sin() * (1.0 - y * y);
    y *= 0.999;
    if y > 0.6 { y -= 0.1 * x * y; }
    y += 0.002 * x;
] }

#[test]
fn two_thousand_statements_in_a_loop_are_right() {
    for n in [0, 1, 3] {
        let (x, mut y, mut dy) = (0.3_f64, 0.3, 1.0);
        for _ in 0..500 * n {
            dy = dy + 0.001 * (x.cos() * (1.0 - y * y) - x.sin() * 2.0 * y * dy);
            y = y + 0.001 * x.sin() * (1.0 - y * y);
            dy *= 0.999;
            y *= 0.999;
            if y > 0.6 {
                dy -= 0.1 * (y + x * dy);
                y -= 0.1 * x * y;
            }
            dy += 0.002;
            y += 0.002 * x;
        }
        let (value, slope) = two_thousand::value_and_grad(x, n);
        assert_eq!(value.to_bits(), y.to_bits());
        assert_close("slope", &slope, &dy, 1e-11);
    }
}

/// Twelve loops in one another: 2¹² steps.
#[differentiate(tape)]
fn twelve_loops(x: f64) -> f64 {
    let mut y = x;
    for a in 0..2 {
        y = y * x + 0.1 * a as f64;
        for b in 0..2 {
            y = (y + 0.1 * b as f64).sin();
            for c in 0..2 {
                y = y * x + 0.1 * c as f64;
                for d in 0..2 {
                    y = (y + 0.1 * d as f64).cos();
                    for e in 0..2 {
                        y = y * x + 0.1 * e as f64;
                        for f in 0..2 {
                            y = (y + 0.1 * f as f64).sin();
                            for g in 0..2 {
                                y = y * x + 0.1 * g as f64;
                                for h in 0..2 {
                                    y = (y + 0.1 * h as f64).cos();
                                    for i in 0..2 {
                                        y = y * x + 0.1 * i as f64;
                                        for j in 0..2 {
                                            y = (y + 0.1 * j as f64).sin();
                                            for k in 0..2 {
                                                y = y * x + 0.1 * k as f64;
                                                for l in 0..2 {
                                                    y = (y + 0.1 * l as f64).cos() * x;
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    y
}

#[test]
fn twelve_nested_loops_are_right() {
    let (value, slope) = twelve_loops::value_and_grad(0.7);
    assert_eq!(value.to_bits(), twelve_loops(0.7).to_bits());
    assert_close("tape", &slope, &twelve_loops::tape_value_and_grad(0.7).1, 1e-12);
    assert_close("differences", &slope, &derivative(twelve_loops, 0.7), 1e-8);
}

/// A chain of 30 functions, each with a branch.
macro_rules! chain {
    ($first:ident $($rest:ident)*) => {
        #[differentiate]
        fn $first(x: f64) -> f64 {
            if x > 0.0 { x.sin() } else { x }
        }
        chain!(@ $first $($rest)*);
    };
    (@ $before:ident $name:ident $($rest:ident)*) => {
        #[differentiate]
        fn $name(x: f64) -> f64 {
            if x > 0.1 { $before(x) * 1.05 } else { x * x }
        }
        chain!(@ $name $($rest)*);
    };
    (@ $last:ident) => {
        fn end_of_the_chain(x: f64) -> (f64, (f64, f64)) {
            ($last(x), $last::value_and_grad(x))
        }
    };
}
chain! {
    f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f11 f12 f13 f14 f15
    f16 f17 f18 f19 f20 f21 f22 f23 f24 f25 f26 f27 f28 f29 f30
}

#[test]
fn thirty_functions_are_right() {
    let (plain, (value, slope)) = end_of_the_chain(0.7);
    assert_eq!(value.to_bits(), plain.to_bits());
    assert_close("29 factors", &slope, &(0.7_f64.cos() * 1.05_f64.powi(29)), 1e-14);
    assert_eq!(end_of_the_chain(0.05).1, (0.05 * 0.05, 0.1));
}

/// 2¹⁶ sines by 17 functions, each with two calls of the one before.
macro_rules! doubled {
    ($($before:ident $name:ident)*) => {
        $(#[differentiate]
        fn $name(x: f64) -> f64 {
            0.5 * ($before(x) + $before(x * 0.9))
        })*
    };
}
#[differentiate]
fn d00(x: f64) -> f64 {
    x.sin()
}
doubled! {
    d00 d01 d01 d02 d02 d03 d03 d04 d04 d05 d05 d06 d06 d07 d07 d08
    d08 d09 d09 d10 d10 d11 d11 d12 d12 d13 d13 d14 d14 d15 d15 d16
}

#[test]
fn two_calls_in_each_of_many_functions_are_right() {
    let (value, slope) = d16::value_and_grad(0.7);
    assert_eq!(value.to_bits(), d16(0.7).to_bits());
    assert_close("differences", &slope, &derivative(d16, 0.7), 1e-10);
}

/// 80 factors from a slice.
#[test]
fn eighty_factors_in_a_loop() {
    #[allow(clippy::needless_range_loop, reason = "a counted loop is what is tested")]
    #[differentiate(tape)]
    fn product(x: &[f64]) -> f64 {
        let mut p = 1.0;
        for i in 0..x.len() {
            p *= x[i];
        }
        p
    }
    let mut x: Vec<f64> = (0..80).map(|k| 1.0 + 0.01 * f64::from(k % 7)).collect();
    let (value, gradient) = product::value_and_grad(&x);
    for (partial, x) in gradient.iter().zip(&x) {
        assert_close("partial", partial, &(value / x), 160.0 * f64::EPSILON);
    }
    // With one zero, all partials but one vanish: quotients of the product would be NaN.
    x[3] = 0.0;
    let (value, gradient) = product::value_and_grad(&x);
    assert_eq!(value, 0.0);
    assert!(gradient.iter().enumerate().all(|(k, g)| (*g == 0.0) == (k != 3)), "{gradient:?}");
    assert_eq!(product::tape_value_and_grad(&x).1.iter().filter(|g| **g != 0.0).count(), 1);
}

// Straight-line code, by its values.

/// A function of 2,000 times the same statement.
macro_rules! statements_2000 {
    ($name:ident, $x:ident, $y:ident, [$($statement:tt)*]) => {
        statements_2000!(@x4 $name $x $y [$($statement)*]);
    };
    (@x4 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x16 $name $x $y [$($s)* $($s)* $($s)* $($s)*]);
    };
    (@x16 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x80 $name $x $y [$($s)* $($s)* $($s)* $($s)*]);
    };
    (@x80 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x400 $name $x $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@x400 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        statements_2000!(@x2000 $name $x $y [$($s)* $($s)* $($s)* $($s)* $($s)*]);
    };
    (@x2000 $name:ident $x:ident $y:ident [$($s:tt)*]) => {
        #[differentiate]
        fn $name($x: f64) -> f64 {
            let mut $y = $x;
            $($s)* $($s)* $($s)* $($s)* $($s)*
            $y
        }
    };
}
statements_2000!(logistic_map, x, y, [y = y + 0.001 * x.sin() * (1.0 - y * y);]);

/// 2,000 statements: the derivative of the same recurrence, run forward by hand.
#[test]
fn derivative_of_two_thousand_statements() {
    let x = 0.3_f64;
    let (mut y, mut dy) = (x, 1.0);
    for _ in 0..2000 {
        dy = dy + 0.001 * (x.cos() * (1.0 - y * y) - x.sin() * 2.0 * y * dy);
        y = y + 0.001 * x.sin() * (1.0 - y * y);
    }
    let (value, slope) = logistic_map::value_and_grad(x);
    assert_eq!(value.to_bits(), y.to_bits());
    // 2,000 steps of a few roundings each, of numbers of order 1.
    assert_close("slope", &slope, &dy, 2000.0 * 4.0 * f64::EPSILON);
}

/// The classical example of expression swell: the gradient of a product of 80 variables.
macro_rules! product_of {
    ($name:ident: $first:ident $($rest:ident)*) => {
        #[differentiate]
        #[allow(clippy::too_many_arguments)]
        fn $name($first: f64, $($rest: f64),*) -> f64 {
            $first $(* $rest)*
        }

        /// Value and gradient at the given points, as one list each.
        fn product_and_gradient(at: &[f64]) -> (f64, Vec<f64>) {
            let [$first, $($rest),*] = *at else { panic!("80 variables") };
            #[allow(unused_mut)]
            let mut buffers = Buffers { $first: 0.0, $($rest: 0.0),* };
            let value = $name::value_and_grad_into(
                $first, $($rest,)* &mut buffers.$first, $(&mut buffers.$rest),*
            );
            (value, vec![buffers.$first, $(buffers.$rest),*])
        }

        struct Buffers { $first: f64, $($rest: f64),* }
    };
}
product_of! { speelpenning:
    x01 x02 x03 x04 x05 x06 x07 x08 x09 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20
    x21 x22 x23 x24 x25 x26 x27 x28 x29 x30 x31 x32 x33 x34 x35 x36 x37 x38 x39 x40
    x41 x42 x43 x44 x45 x46 x47 x48 x49 x50 x51 x52 x53 x54 x55 x56 x57 x58 x59 x60
    x61 x62 x63 x64 x65 x66 x67 x68 x69 x70 x71 x72 x73 x74 x75 x76 x77 x78 x79 x80
}

#[test]
fn gradient_of_eighty_variables() {
    let at: Vec<f64> = (0..80).map(|k| 1.0 + 0.01 * f64::from(k % 7)).collect();
    let (value, gradient) = product_and_gradient(&at);
    assert_close("value", &value, &at.iter().product::<f64>(), ROUNDING);
    for (partial, x) in gradient.iter().zip(&at) {
        // Each partial takes 79 products in an order of its own.
        assert_close("partial", partial, &(value / x), 160.0 * f64::EPSILON);
    }
}

/// A recurrence of twelve squarings: symbolic expansion would have 2¹² terms.
#[test]
fn twelve_squarings() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let a = x * x - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        let a = a * a - 0.3;
        a * a - 0.3
    }
    agree!(f(x = 1.1));
    assert!(f::DERIVATION.len() < 4000, "{}", f::DERIVATION.len());
}
