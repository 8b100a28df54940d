//! Loops of many statements: when the parts of a record's entry are kept and taken off.

use chainrule_compiler::driver::differentiate;
use proc_macro2::TokenStream;
use std::fmt::Write as _;

/// The kernel of a loop whose record keeps more values than one tuple takes.
fn kernel() -> String {
    let mut body = String::new();
    for k in 0..80 {
        let _ = writeln!(body, "a = (a * b + v[{}]).sin() + {k}.5; b = a / (b + {k}.25);", k % 5);
    }
    let text = format!(
        "fn f(x: f64, y: f64, v: [f64; 5], n: usize) -> f64 {{
            let (mut a, mut b) = (x, y);
            for _ in 0..n {{ {body} }}
            a + b
        }}"
    );
    let tokens: TokenStream = text.parse().expect("the source of the test");
    let emitted = differentiate(TokenStream::new(), tokens).to_string();
    let start = emitted.find("fn __adjoint").expect("a kernel");
    emitted[start..].to_string()
}

/// The texts between the places where `what` stands.
fn between<'t>(text: &'t str, what: &str) -> Vec<&'t str> {
    let parts: Vec<&str> = text.split(what).collect();
    assert!(parts.len() > 4, "`{what}` should stand several times");
    parts[1..parts.len() - 1].to_vec()
}

#[test]
fn groups_are_kept_as_soon_as_their_values_are_known() {
    let kernel = kernel();
    let pushes = between(&kernel, ". push (");
    assert!(pushes.iter().all(|between| between.contains("sin (")));
}

#[test]
fn groups_are_taken_off_when_their_values_are_used() {
    let kernel = kernel();
    let recalls = between(&kernel, "rt :: recall (");
    assert!(recalls.iter().all(|between| between.contains("cos (")));
}

#[test]
fn something_between_two_groups_is_pinned() {
    let kernel = kernel();
    let recalls = between(&kernel, "rt :: recall (");
    assert!(recalls.iter().all(|between| between.matches("black_box").count() == 1));
}
