//! Calls whose derivatives are calls: what is emitted for programs built by hand.
//!
//! The file that is compared with is compiled and run by `tests/tests/flow_calls.rs`.

mod build;
mod programs;

use build::{Build, constant, float, of, value, whole};
use chainrule_compiler::capsule::Callees;
use chainrule_compiler::error::Errors;
use chainrule_compiler::flow::activity::activity;
use chainrule_compiler::flow::adjoint::differentiate;
use chainrule_compiler::flow::emit::{Programs, emit, primal};
use chainrule_compiler::flow::explain::explain;
use chainrule_compiler::flow::ir::{By, Origin, Program, V};
use chainrule_compiler::parse::{Options, Type, parse_function};
use expect_test::{expect, expect_file};
use quote::quote;

/// A module with the value as a function `f` and, in `struct f`, its `vjp`.
fn module(name: &str, x: &str, program: &Program) -> syn::Item {
    let signature = format!("fn f(x: {x}, k: f64) -> f64 {{ 0.0 }}");
    let item = syn::parse_str(&signature).expect("it is a function");
    let mut errors = Errors::new();
    let function = parse_function(Options::default(), item, &mut errors).expect("it is accepted");
    let activity = activity(program, &[true, true], &mut errors);
    assert!(!errors.any(), "{name}: {:?}", errors.messages().collect::<Vec<_>>());
    let programs = Programs::of(differentiate(program, &[true, true], &activity));
    let callees = Callees::alone("id", proc_macro2::TokenStream::new(), function.clone());
    let file: syn::File =
        syn::parse2(emit(&function, &programs, "", &callees)).expect("Rust is emitted");
    let functions = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Impl(block) if block.trait_.is_none() => Some(block.items),
        _ => None,
    });
    let functions = functions.flatten().filter_map(|item| match item {
        syn::ImplItem::Fn(mut f) if f.sig.ident == "vjp" || f.sig.ident == "__adjoint" => {
            f.attrs.clear();
            Some(f)
        }
        _ => None,
    });
    let mut value: syn::ItemFn = syn::parse2(primal(&function, program)).expect("Rust is emitted");
    value.attrs.clear();
    value.sig.ident = quote::format_ident!("f");
    let name = quote::format_ident!("{name}");
    syn::parse_quote! {
        pub(crate) mod #name {
            use super::*;
            pub(crate) #value
            pub(crate) struct f {}
            impl f { #(#functions)* }
        }
    }
}

#[test]
fn kernels() {
    let shared = programs::of_a_slice();
    let shared = shared.iter().map(|(name, program)| module(name, "&[f64]", program));
    let outputs = programs::of_an_output();
    let outputs = outputs.iter().map(|(name, x, program)| module(name, x, program));
    let items: Vec<syn::Item> = shared.chain(outputs).collect();
    let file = syn::parse2(quote!(#(#items)*)).expect("these are items");
    let text =
        "// Written by `UPDATE_EXPECT=1 cargo test -p chainrule-compiler --test flow_calls`.\n\n"
            .to_string()
            + &prettyplease::unparse(&file);
    expect_file!["../../../../tests/tests/flow_calls/kernels.rs"].assert_eq(&text);
}

#[test]
fn a_derivation_shows_calls_and_their_reverse() {
    let (_, program) = programs::of_a_slice().swap_remove(20);
    let activity = activity(&program, &[true, true], &mut Errors::new());
    let adjoint = differentiate(&program, &[true, true], &activity);
    expect![[r#"
        (x, k) = s
          p = { w: x, b: k }
          s = k
          for i in 0..2:
            p2 = p
            r = p.apply(s)
            p3 = p
            r2 = p.bump(r)
            p4 = p
            made = p.take(r2)
            sum = Σ made
            r3 = sum.bent(r2)
            keep sum, r2, r, s, made, p4, p3, p2
            s = r3
          p̄ = 0
          s̄ = 1
          for i2 in 0..2 reversed:
            recall sum2, r4, r5, s2, made2, p5, p6, p7
            madē = 0
            (arḡ, arḡ2) = sum2.bent_vjp(r4; s̄)
            all = 0
            all[..] = arḡ
            madē += all
            (+p̄, arḡ3) = p5.take_vjp(r4; madē)
            (p̄, arḡ4) = p6.bump_vjp(r5; arḡ2 + arḡ3)
            (+p̄, arḡ5) = p7.apply_vjp(s2; arḡ4)
            s̄ = arḡ5
          x̄ += p̄.w
          t1 = p̄.b
        k̄ = s̄ + t1

        stores 4 f64, 1 Vec<f64>, 3 Scaler in each iteration: sum, r, s, made, p
    "#]]
    .assert_eq(&explain(&adjoint, &["x".to_string(), "k".to_string()]));
}

/// The messages about a program.
fn refused(make: impl FnOnce(&mut Build, V) -> V) -> String {
    let (mut b, _, k) = Build::new(Type::Slice(Box::new(float())), Origin::Shared);
    let result = make(&mut b, k);
    let mut errors = Errors::new();
    activity(&b.finish(result), &[true, true], &mut errors);
    errors.messages().collect::<Vec<_>>().join("\n")
}

#[test]
fn a_constant_that_the_call_changes_is_refused_where_it_carries_a_derivative() {
    let message = refused(|b, k| {
        let y = b.local("y", float(), chainrule_compiler::flow::ir::Init::Unset);
        b.set(whole(y), k);
        b.run("bend", vec![constant(of(By::Mut, whole(y))), value(k)]);
        b.load(whole(y))
    });
    expect!["`bend` changes `y`, which carries a derivative, but takes it as a constant: add it to the `wrt(..)` of `bend`"].assert_eq(&message);
}

#[test]
fn a_result_that_carries_a_derivative_in_part_is_refused() {
    let message = refused(|b, k| {
        let ty = Type::Tuple(vec![float(), Type::Int("usize".into())]);
        let pair = b.make("pair", vec![value(k)], ty);
        b.load(build::at(pair, &[build::field("0")]))
    });
    expect!["the result of `pair` has parts that carry a derivative and others that cannot, so that the derivative would be lost: let it return them separately"].assert_eq(&message);
}
