//! `#[differentiate(check)]`: the test of the gradient, which `cargo test` finds beside the function.

use super::objective::{is_objective, pass};
use super::signature::{one_or_tuple, tangent_type};
use super::{conditions, names::unraw};
use crate::error::Errors;
use crate::parse::{Check, Function, Param, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Reports why the test cannot be written.
pub(crate) fn possible(function: &Function, errors: &mut Errors) {
    let Some(check) = &function.options.check else { return };
    if function.owner.is_some() {
        errors.at(
            check.span,
            "the option `check` is not for methods: test a function that calls the method",
        );
        return;
    }
    if !is_objective(function) {
        errors.at(check.span, "the option `check` needs a function that returns a float, has no type parameters and changes none of its parameters, all of the same float");
        return;
    }
    for (name, _) in &check.values {
        if function.params.iter().all(|param| param.name != *name) {
            errors.at(name, format!("no parameter is called `{name}`"));
        }
    }
    for param in &function.params {
        let name = &param.name;
        if param.passing == Passing::Exclusive {
            errors.at(check.span, format!("the option `check` calls the function again and again, and `{name}` would be another each time"));
        } else if value(check, param).is_none() {
            errors.at(check.span, format!("the option `check` cannot make up a value for `{name}`: give one, `check({name} = ..)`"));
        }
    }
}

/// The test.
pub(super) fn test(function: &Function) -> TokenStream {
    let Some(check) = &function.options.check else { return TokenStream::new() };
    let (cfgs, name) = (conditions(function), &function.item.sig.ident);
    let test = format_ident!("gradient_of_{}", unraw(&name.to_string()), span = check.span);
    let local = |k: usize| format_ident!("__value_{k}");
    let bound = function.params.iter().enumerate().map(|(k, param)| {
        let (local, value) = (local(k), value(check, param));
        let ty = owned(param).map(|ty| quote!(: #ty));
        let lent = (ty.is_some() && !param.wrt).then(|| quote!(let #local = &#local;));
        quote!(let #local #ty = #value; #lent)
    });
    let (mut inputs, mut params) = (Vec::new(), Vec::new());
    for (k, param) in function.params.iter().enumerate() {
        let local = local(k);
        match param.wrt {
            true => params.push(quote!(#local)),
            false => inputs.push(lent(param, &local)),
        }
    }
    let (inputs, params) = (one_or_tuple(&inputs), one_or_tuple(&params));
    quote! {
        ::chainrule::__objective! {
            #(#cfgs)*
            #[cfg(test)]
            #[::core::prelude::v1::test]
            #[allow(clippy::all, unused_variables)]
            fn #test() {
                for __sample in 0..::chainrule::check::SAMPLES {
                    let mut __numbers = ::chainrule::check::Numbers::new(__sample);
                    #(#bound)*
                    if let ::core::result::Result::Err(__mismatch) =
                        ::chainrule::check::check_grad::<#name>(#inputs, &#params)
                    {
                        ::core::panic!("{__mismatch}");
                    }
                }
            }
        }
    }
}

/// The type of the value that is kept for a parameter; constants of other types are as they are
/// given.
fn owned(param: &Param) -> Option<TokenStream> {
    match &param.ty {
        Type::Constant(_) | Type::Passive(..) => None,
        Type::Int(name) => {
            let name = Ident::new(name, param.name.span());
            Some(quote!(#name))
        }
        ty => Some(tangent_type(ty)),
    }
}

/// The value for a parameter: as it is given, or a sample.
fn value(check: &Check, param: &Param) -> Option<TokenStream> {
    if let Some((_, value)) = check.values.iter().find(|(name, _)| *name == param.name) {
        return Some(quote!(#value));
    }
    let structs = !param.ty.structs().is_empty();
    match &param.ty {
        Type::Constant(_) | Type::Passive(..) => None,
        _ if structs => None,
        _ => Some(quote!(::chainrule::check::Sampled::sample(&mut __numbers))),
    }
}

/// An input, as the function takes it.
fn lent(param: &Param, local: &Ident) -> TokenStream {
    match (&param.ty, param.passing) {
        (Type::Constant(_) | Type::Passive(..), _) => quote!(#local),
        (Type::Slice(_), Passing::Shared) => quote!(&#local[..]),
        _ => pass(param, Some(local)),
    }
}
