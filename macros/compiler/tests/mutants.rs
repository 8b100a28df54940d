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
