//! A short, fixed slice of the hunt: the compiler accepts what the generator writes, and does not
//! panic on it. `cargo run --release -p chainrule-tests --bin hunt` runs programs too.

#![forbid(unsafe_code)]

use chainrule_tests::hunt::crates::Workspace;
use chainrule_tests::hunt::emit::Modes;
use chainrule_tests::hunt::program::{Family, Kind, Program, program};
use chainrule_tests::hunt::run::{Finding, How, refusal, repository};
use chainrule_tests::hunt::shrink::shrink;

#[test]
fn two_hundred_programs_are_accepted() {
    let (mut all, mut family): (Vec<Program>, Family) = (vec![], Family::default());
    for number in 0..200 {
        let candidate = program(5, number, &family);
        if let Some(message) = refusal(&candidate, &all) {
            panic!("{message}\n{}", candidate.source);
        }
        family.add(&candidate);
        all.push(candidate);
    }
    let has = |kind| all.iter().any(|program| program.kind == kind);
    let kinds = [Kind::Scalar, Kind::Term, Kind::Several, Kind::StraightArrays, Kind::Arrays];
    assert!(kinds.into_iter().all(has));
}

/// The same seed and number give the same program, another seed another.
#[test]
fn programs_are_reproducible() {
    let alone = Family::default();
    assert_eq!(program(7, 3, &alone).source, program(7, 3, &alone).source);
    assert_ne!(program(7, 3, &alone).source, program(8, 3, &alone).source);
}

/// A program with something in it that is refused: of the rest hardly anything stays.
#[test]
fn what_is_refused_is_shrunk() {
    const REFUSED: &str = "let a = a + (a * 3.0) as i64 as f64;";
    let mut programs = (0..).map(|number| program(5, number, &Family::default()));
    let is_long = |of: &Program| of.kind == Kind::Scalar && of.source.len() > 500;
    let mut long = programs.find(is_long).expect("some are long");
    long.source = long.source.replacen("{\n", &format!("{{\n    {REFUSED}\n"), 1);
    let message = refusal(&long, &[]).expect("a float becomes an integer, and a float again");
    let how = How::Refused(message);
    let finding = Finding { programs: vec![long], modes: Modes::Reverse, how };
    let directory = std::env::temp_dir().join("chainrule-hunt");
    let workspace = Workspace::new(&repository(), &directory).expect("a directory for manifests");
    let shrunk = shrink(&finding, &workspace).expect("candidates are compiled");
    let shrunk = shrunk.expect("it is refused alone");
    assert!(shrunk.source.contains("as i64"), "{}", shrunk.source);
    assert!(shrunk.rounds > 0, "what rustc refuses anyway is nothing to learn from");
    let (before, after) = shrunk.tokens;
    assert!(before > 100 && after < 40, "{before} tokens, then {after}: {}", shrunk.source);
}
