//! Mistakes and what the macro says about them: one mistake a file, named after it, the whole
//! message pinned beside it. `TRYBUILD=overwrite cargo test -p chainrule-tests --test errors`
//! writes them anew, to be read before they are kept.

#![forbid(unsafe_code)]

#[test]
fn every_mistake_has_its_message() {
    let mistakes = trybuild::TestCases::new();
    mistakes.compile_fail("tests/errors/*.rs");
    mistakes.compile_fail("tests/errors/control_flow/*.rs");
}
