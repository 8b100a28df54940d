//! A short, fixed slice of the hunt: the compiler accepts what the generator writes, and does not
//! panic on it. `cargo run --release -p chainrule-tests --bin hunt` runs programs too.

#![forbid(unsafe_code)]

use chainrule_tests::hunt::program::program;
use chainrule_tests::hunt::run::refusal;

#[test]
fn two_hundred_programs_are_accepted() {
    let mut alone = Vec::new();
    for number in 0..200 {
        let names: Vec<String> = alone
            .iter()
            .rev()
            .take(3)
            .map(|p: &chainrule_tests::hunt::program::Program| p.name.clone())
            .collect();
        let candidate = program(5, number, &names);
        if let Some(message) = refusal(&candidate, &alone) {
            panic!("{message}\n{}", candidate.source);
        }
        if !candidate.constructs.contains_key("call") {
            alone.push(candidate);
        }
    }
}

/// The same seed and number give the same program, another seed another.
#[test]
fn programs_are_reproducible() {
    assert_eq!(program(7, 3, &[]).source, program(7, 3, &[]).source);
    assert_ne!(program(7, 3, &[]).source, program(8, 3, &[]).source);
}
