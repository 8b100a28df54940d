//! The parser of bodies against `syn`: the same trees with the same spans, or both refuse.

use chainrule_compiler::parse::item_fn;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::path::{Path, PathBuf};

/// Compares the two on a function; whether it is one.
fn check(tokens: &TokenStream) -> bool {
    let (ours, theirs) = (item_fn(tokens.clone()), syn::parse2::<syn::ItemFn>(tokens.clone()));
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours, theirs, "{tokens}");
            // What is compared above has no spans; what is printed has.
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{tokens}");
            true
        }
        (Err(ours), Err(theirs)) => {
            assert_eq!(ours.to_string(), theirs.to_string(), "{tokens}");
            false
        }
        (ours, theirs) => panic!("{tokens}\n{:?}\n{:?}", ours.err(), theirs.err()),
    }
}

/// Compares the two on every function in some tokens; how many there are.
fn check_all(tokens: TokenStream) -> usize {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = 0;
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => found += check_all(group.stream()),
            TokenTree::Ident(word) if word == "fn" => {
                let is_body = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
                if let Some(end) = trees[at..].iter().position(is_body) {
                    found += usize::from(check(&trees[at..=at + end].iter().cloned().collect()));
                }
            }
            _ => {}
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_function_of_this_repository_is_what_syn_makes_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["macros", "runtime", "examples", "tests", "benches"] {
        sources(&root.join(folder), &mut files);
    }
    let mut functions = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).expect("the file is there");
        if let Ok(tokens) = text.parse() {
            functions += check_all(tokens);
        }
    }
    assert!(functions > 3000, "{functions} functions");
}

#[test]
fn operators_and_their_precedence_are_those_of_syn() {
    for body in [
        "a + b * c - d / e % f",
        "a << b >> c & d ^ e | f && g || h",
        "a = b = c",
        "a += b -= c",
        "a <<= b >> 1; a >>= 2; a |= b | c; a &= b & c; a ^= b ^ c; a %= 3",
        "a..b + 1",
        "a..=b",
        "a..",
        "..b",
        "..",
        "a == b && c != d || e <= f && g >= h",
        "a < b == c",
        "a as f64 * b as usize as f32",
        "a as Vec<f64>",
        "a as f64 < b",
        "a as std::f64::Consts",
        "-a as f64 + !b - *c - &d - &mut e - &&f",
        "a--b-- -c",
        "a<-b",
        "a < -b",
        "a**b&&&c",
        "a.0.1 + a.0 .1 + a.b.0",
        "-a.b(c, d,)[e](f)?.g()",
        "a.b::<f64>(c)",
        "a.await",
        "f64::sin(x) + std::f64::consts::PI",
        "<f64 as Float>::sin(x)",
        "Vec::<f64>::new()",
        "::std::mem::swap(a, b)",
        "S { a: 1, b }",
        "if a == b { c } else if d { e } else { f }",
        "if S == b { c }",
        "if let Some(a) = b && c { d }",
        "if a { b } - 1",
        "if a { b }.c()",
        "if a { b } c",
        "a = if b { c } else { d } + 1",
        "{ a }; { b } { c }.d()",
        "for a in 0..b { c += a } d",
        "for (a, mut b) in c.iter().zip(d) { e }",
        "for (k, &a) in c { e }",
        "for _ in a { #![allow(unused)] b }",
        "for a in b { break } loop { continue; } while a < b { return; }",
        "'a: loop { break 'a; }",
        "loop { break a; }",
        "return a + b",
        "a(return, b)",
        "let a; let a: f64 = b; let mut a: &[f64] = b; let (a, mut b) = c; let ((a, _), b) = c;",
        "let (a) = b; let (a,) = b; let ref a = b; let a @ b = c; let A(a) = b; let A::B = c;",
        "let A { a } = b; let [a, b] = c; let &a = b; let a..=b = c; let Some(a) = b else { c };",
        "let a: Vec<f64>= b; let a: [f64; 3] = b; let a: m!() = b; let a: fn() = b;",
        "#[constant] let a = b; #[cfg(x)] a();",
        "let a = |b| b + c; let a = move |b: f64| -> f64 { b };",
        "match a { 0 => b, _ => c } d = e",
        "assert!(a < b); vec![a; b]; println! { a } b",
        "a! = b; a != b",
        "[a, b, c][0] + [a; n][1] + [][0] + [a, [b]; n]",
        "() + (a) + (a,) + (a, b)",
        "union = a; auto = b; default = c; raw = d; &raw const a; &raw",
        "const A: f64 = 1.0; fn g() {} use a::b; static B: u8 = 0; a",
        "unsafe { a } async { b } const { c }",
        "a; ; b",
        ";",
        "a b",
        "a +",
        "a => b",
        "a -> b",
        "self.a + Self::b + super::c + crate::d",
        "1 + 1.0e-3_f32 + 0x1f + b'a' as u8 + true as u8 + \"a\".len()",
        "a ... b",
        "a[b c]",
        "a(b c)",
        "_ = a",
    ] {
        let text = format!("fn f(x: f64) {{ {body} }}");
        check(&text.parse().expect("these are tokens"));
    }
}

#[test]
fn fragments_of_macros_are_left_to_syn() {
    let group = |text: &str| {
        let inside = text.parse().expect("these are tokens");
        TokenTree::from(proc_macro2::Group::new(Delimiter::None, inside))
    };
    let (a, b) = (group("1 + 2"), group("x"));
    check(&quote::quote!(fn f(x: f64) { let y = #a * 3; y as #b; #b(#a); #b.sin() + x #b; x }));
}
