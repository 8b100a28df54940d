//! The loss of a linear regression after every pass, as text. `UPDATE_EXPECT=1` blesses.

mod common;

use common::{LOSS, compiled};
use expect_test::{Expect, expect};

fn check(found: &str, expected: Expect) {
    expected.assert_eq(found);
}

#[test]
fn lowered() {
    compiled(LOSS, |c| check(&c.lowered.to_string(), expect![[""]]));
}

#[test]
fn primal() {
    compiled(LOSS, |c| check(&c.primal.to_string(), expect![[""]]));
}

#[test]
fn reverse() {
    compiled(LOSS, |c| check(&c.gradient.as_ref().unwrap().reverse.to_string(), expect![[""]]));
}

#[test]
fn simplified() {
    compiled(LOSS, |c| check(&c.gradient.as_ref().unwrap().simplified.to_string(), expect![[""]]));
}

#[test]
fn nest() {
    compiled(LOSS, |c| {
        let gradient = c.gradient.as_ref().unwrap();
        check(&gradient.nest.show(&gradient.program), expect![[""]]);
    });
}

#[test]
fn at_run_time_broadcasting() {
    compiled(LOSS, |c| check(&c.general.as_ref().unwrap().program.to_string(), expect![[""]]));
}

#[test]
fn derivation() {
    compiled(LOSS, |c| check(&c.derivation, expect![[""]]));
}

#[test]
fn emitted_scalar_code() {
    let source =
        "#[differentiate] fn f(x: f64, y: f64) -> f64 { let s = x.sin(); s * y + (x / y).sqrt() }";
    let file: syn::File = syn::parse_str(source).unwrap();
    let mut errors = chainrule_compiler::error::Errors::new();
    let callees = chainrule_compiler::capsule::Callees::of_file(&file, &mut errors).unwrap();
    let compiled = chainrule_compiler::driver::compile(&callees, &mut errors).unwrap();
    let text = prettyplease::unparse(
        &syn::parse2(chainrule_compiler::emit::emit(&compiled, &callees)).unwrap(),
    );
    let start = text.find("fn __gradient").unwrap();
    let end = start + text[start..].find("\n    }\n").unwrap();
    check(&text[start..end], expect![[""]]);
}
