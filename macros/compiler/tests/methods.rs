//! `#[derive(Differentiable)]` and `#[differentiate]` on `impl` blocks, as tokens.

use chainrule_compiler::driver::{assemble, differentiate};
use chainrule_compiler::structs::derive;
use proc_macro2::TokenStream;
use quote::quote;

/// The items that tokens are, formatted.
fn items(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error}: {tokens}"));
    prettyplease::unparse(&file)
}

fn block() -> TokenStream {
    quote! {
        impl Line {
            /// The value at a place.
            pub fn at(&self, x: f64) -> f64 {
                #[constant]
                let k = table(3);
                self.slope * x * k
            }
            #[differentiate(wrt(self))]
            fn twice(&self, x: f64) -> f64 { self.at(self.at(x)) }
            fn name(&self) -> &'static str { "line" }
        }
    }
}

#[test]
fn a_block_stays_as_it_is_and_its_source_goes_on() {
    let expanded = items(differentiate(TokenStream::new(), block()));
    let (block, chain) = expanded.split_once("Line! {").expect("the struct's capsule is called");
    // Attributes that are chainrule's own mean nothing to rustc.
    assert!(!block.contains("#[differentiate") && !block.contains("#[constant]"), "{block}");
    assert!(
        block.contains("pub fn at(&self, x: f64) -> f64") && block.contains("fn name"),
        "{block}"
    );
    // The capsules' last link needs them.
    assert!(chain.contains("differentiate(wrt(self))") && chain.contains("#[constant]"), "{chain}");
    assert!(chain.contains("::chainrule::__differentiate"), "{chain}");
}

#[test]
fn every_method_has_its_derivatives_or_what_stands_in_for_them() {
    let block = block();
    let arrived = quote! {
        { "id" {} { Line } { #block } }
        { { "line" structure [] {} { pub struct Line { slope: f64 } } } }
    };
    let expanded = items(assemble(arrived));
    for name in
        ["at_grad", "at_value_and_grad", "at_value_and_grad_into", "at_vjp", "AT_DERIVATION"]
    {
        assert!(expanded.contains(name), "{name}: {expanded}");
    }
    assert!(
        expanded.contains("pub fn at_vjp") && !expanded.contains("pub fn twice_vjp"),
        "{expanded}"
    );
    assert!(expanded.contains("fn twice_vjp") && !expanded.contains("name_vjp"), "{expanded}");
    assert_eq!(expanded.matches("\nimpl Line {").count(), 2, "a block for each: {expanded}");
}

#[test]
fn a_method_refused_leaves_the_others_alone() {
    let block = quote! {
        impl Line {
            fn good(&self, x: f64) -> f64 { self.slope * x }
            #[differentiate(wrt(z))]
            fn bad(&self, x: f64) -> f64 { self.slope * x }
            fn calls_bad(&self, x: f64) -> f64 { self.bad(x) }
        }
    };
    let expanded = items(differentiate(TokenStream::new(), block.clone()));
    assert_eq!(expanded.matches("compile_error").count(), 1, "{expanded}");
    assert!(expanded.contains("no parameter is called `z`"), "{expanded}");
    let arrived = quote! {
        { "id" {} { Line } { #block } }
        { { "line" structure [] {} { pub struct Line { slope: f64 } } } }
    };
    let expanded = items(assemble(arrived));
    assert!(expanded.contains("good_vjp") && expanded.contains("calls_bad_vjp"), "{expanded}");
    assert!(!expanded.contains("no parameter"), "it was reported before: {expanded}");
}

#[test]
fn a_struct_hands_out_its_fields() {
    let expanded = items(derive(quote! {
        /// A line.
        pub struct Line { #[serde(skip)] slope: f64, #[constant] of: Kind }
    }));
    assert!(expanded.contains("impl ::chainrule::rt::Tangent for Line"), "{expanded}");
    assert!(expanded.contains("::chainrule::Differentiable for Line"), "{expanded}");
    assert!(expanded.contains("#[macro_export]") && expanded.contains(" as Line;"), "{expanded}");
    // Neither documentation nor foreign attributes travel.
    let capsule = &expanded[expanded.find("macro_rules").expect("a capsule")..];
    assert!(!capsule.contains("serde") && !capsule.contains("A line"), "{capsule}");
    assert!(capsule.contains("#[constant] of : Kind"), "{capsule}");
}

#[test]
fn a_struct_of_structs_asks_for_theirs() {
    let expanded = derive(quote! {
        struct Network<T> { first: shapes::Layer<T>, lines: Vec<Line>, own: Vec<Network<T>> }
    })
    .to_string();
    assert!(expanded.contains("shapes :: Layer ! {"), "{expanded}");
    assert!(expanded.contains("{ shapes :: Layer , Line }"), "{expanded}");
}

#[test]
fn a_struct_named_like_a_derive_has_no_capsule() {
    let expanded = derive(quote!(
        struct Hash(f64);
    ))
    .to_string();
    assert!(!expanded.contains("macro_rules"), "{expanded}");
}
