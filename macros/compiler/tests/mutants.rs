//! Mutated source text: a short, fixed slice. `cargo run --release -p chainrule-compiler --example
//! mutants` runs as many as one likes.

#[path = "mutants/mod.rs"]
mod mutants;

use mutants::{Corpus, Verdict, verdict};

#[test]
fn the_compiler_never_breaks() {
    let corpus = Corpus::of_tests().expect("the tests' functions stand in the repository");
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..800 {
        let source = corpus.mutant(3, number);
        match verdict(&source) {
            Verdict::Accepted => accepted += 1,
            Verdict::Refused => refused += 1,
            Verdict::NotRust => {}
            Verdict::Broken(what) => panic!("{what}\n{source}"),
        }
    }
    // Mutants that are all refused, or all accepted, would show nothing.
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
}

/// The same seed and number give the same mutant, another number another.
#[test]
fn mutants_are_reproducible() {
    let corpus = Corpus::of_tests().expect("the tests' functions stand in the repository");
    assert_eq!(corpus.mutant(7, 3), corpus.mutant(7, 3));
    assert_ne!(corpus.mutant(7, 3), corpus.mutant(7, 4));
}

/// What mutants once broke the compiler with.
#[test]
fn what_was_found_stays_mended() {
    for source in [
        // A constant as the place that is changed.
        "#[differentiate(tape)]
        fn f(x: f64) -> f64 { let f64 = 0; let mut y = x; y *= 0.3; LIMIT += 0.3; y }",
        // Calls itself twice and is passed a closure each time, which was inlined for ever.
        "#[differentiate(tape)]
        fn f(x: f64, n: f64) -> f64 { if n * 0 { 1.0 } else { f(|i| x, n - 1) - f(x, n - 2) } }",
        // A length whose words would run together, and a block that is no statement of its own.
        "#[differentiate]
        fn f(x: &[f64; ('c' as i32)]) -> f64 { x[0] }",
        "#[differentiate]
        fn f(x: f64, n: usize) -> f64 {
            let mut s = x;
            let mut k = 0;
            #[checkpoint]
            for i in 0..n { ({ k } += 1, { k } += 1); s = s * x; }
            s
        }",
        "#[differentiate]
        fn f(x: f64, n: usize) -> f64 { let k = match n { 0 => table.one, _ => table.two } - 1; x * k }",
        // Indices and lengths beyond all bounds.
        "#[differentiate(jacobian)]
        fn f(s: [f64; 3], p: [f64; 3]) -> [f64; 2] { [p[0] * (s[0x10] - s[0]), s[1]] }",
        "#[differentiate(jacobian)]
        fn f(s: [f64; 3], p: [f64; 3]) -> [f64; 2] { [s[18446744073709551615] * p[1], s[1]] }",
        "#[differentiate(jvp, jacobian)]
        fn f(a: &[[f64; 18446744073709551615]; 3], b: &[f64; 3]) -> [f64; 3] {
            let mut c = [0.0; 3];
            for i in 0..3 { c[i] += a[i][i] * b[i]; }
            c
        }",
    ] {
        let found = verdict(source);
        assert!(!matches!(found, Verdict::Broken(_)), "{found:?}\n{source}");
    }
}
