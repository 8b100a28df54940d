//! From a compiled function to Rust: `struct f`, its associated functions, its traits.
//!
//! Everything emitted is safe Rust that passes under `#![forbid(unsafe_code)]`; what would be long
//! lives in the runtime's `rt` module.

mod access;
mod api;
pub(crate) mod element;
mod kernel;
mod loops;
mod names;
pub(crate) mod objective;
mod shapes;
pub(crate) mod signature;
pub(crate) mod tape;

use crate::capsule::Callees;
use crate::driver::Compiled;
use crate::flow::emit::{owned, success, wrapped_type};
use crate::parse::{Function, Passing, Type};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use signature::{one_or_tuple, tangent_type};

/// The struct beside the function, with everything it offers.
pub fn emit(compiled: &Compiled<'_>, callees: &Callees) -> TokenStream {
    let function = compiled.function;
    let (name, vis) = (&function.item.sig.ident, &function.item.vis);
    let derivation = &compiled.derivation;
    let doc = format!("Derivatives of [`{name}`](fn@{name}).\n\n```text\n{derivation}```");
    let cfgs = conditions(function);
    let general = compiled.general.is_some().then_some("__general");
    let mut private = TokenStream::new();
    if let Some(gradient) = &compiled.gradient {
        private.extend(kernel::kernel(function, gradient, "__gradient", general));
    }
    private.extend(kernel::kernel(function, &compiled.pullback, "__pullback", general));
    if let Some(version) = &compiled.general {
        private.extend(kernel::kernel(function, version, "__general", None));
    }
    let mut public = api::functions(compiled);
    public.extend(tape::tape(compiled, callees));
    let objective = objective::objective(function);
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code)]
        #[derive(Clone, Copy, Debug, Default)]
        #vis struct #name {}

        #(#cfgs)*
        #[allow(
            dead_code, unused_variables, unused_mut, unused_parens, unused_braces, non_snake_case,
            clippy::all, clippy::pedantic
        )]
        impl #name {
            /// The equations, and those derived from them.
            pub const DERIVATION: &'static str = #derivation;
            #public
            #private
        }

        #(#cfgs)*
        const _: () = { #objective };
    }
}

/// What stands in for the derivatives of a function that was refused: its callers compile, so that
/// the user sees the one error and not those that follow from it.
pub fn stub(function: &Function) -> TokenStream {
    let (name, vis) = (&function.item.sig.ident, &function.item.vis);
    let cfgs = conditions(function);
    let generics = function.item.sig.generics.params.to_token_stream();
    let where_clause = function.item.sig.generics.where_clause.to_token_stream();
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let params = quote!(#(#params),*);
    let grads: Vec<TokenStream> = function.wrt().map(|p| tangent_type(&p.ty)).collect();
    let grad = one_or_tuple(&grads);
    let inner = success(&function.output);
    let plain = owned(inner);
    let value = owned(&function.output);
    let both = wrapped_type(&function.output, quote!((#plain, #grad)));
    let alone = wrapped_type(&function.output, grad);
    let outs = function.wrt().zip(&grads).map(|(p, ty)| {
        let out = Ident::new(&format!("d_{}", p.name), Span::call_site());
        quote!(#out: &mut #ty)
    });
    let outs = quote!(#(#outs),*);
    let tangent = tangent_type(inner);
    let cotangent = (*inner != Type::Unit).then(|| quote!(cotangent: #tangent,));
    let cotangents = function.wrt().zip(&grads).filter(|(p, _)| p.passing == Passing::Exclusive);
    let cotangents = cotangents.map(|(p, ty)| {
        let name = Ident::new(&format!("ct_{}", p.name), Span::call_site());
        quote!(#name: #ty,)
    });
    let comma = (!function.params.is_empty()).then(|| quote!(,));
    let message = "this function could not be differentiated";
    let scalar = matches!(inner, Type::Float(_)).then(|| {
        quote! {
            pub fn grad<#generics>(#params) -> #alone #where_clause { ::core::panic!(#message) }
            pub fn value_and_grad<#generics>(#params) -> #both #where_clause { ::core::panic!(#message) }
            pub fn value_and_grad_into<#generics>(#params #comma #outs) -> #value #where_clause { ::core::panic!(#message) }
            pub fn value_and_grad_add_into<#generics>(#params #comma #outs) -> #value #where_clause { ::core::panic!(#message) }
            pub fn tape_value_and_grad<#generics>(#params) -> #both #where_clause { ::core::panic!(#message) }
        }
    });
    let structs = function.params.iter().any(|param| !param.ty.structs().is_empty());
    let objective = if structs { TokenStream::new() } else { objective::objective(function) };
    quote! {
        #(#cfgs)*
        #[allow(non_camel_case_types, dead_code, missing_docs)]
        #[derive(Clone, Copy, Debug, Default)]
        #vis struct #name {}
        #(#cfgs)*
        #[allow(unused_variables, dead_code, missing_docs, clippy::all)]
        impl #name {
            pub const DERIVATION: &'static str = "";
            #scalar
            pub fn vjp<#generics>(#params #comma #cotangent #(#cotangents)*) -> #both #where_clause { ::core::panic!(#message) }
        }
        #(#cfgs)*
        const _: () = { #objective };
    }
}

/// The `#[cfg(..)]` attributes of the function, which hold for all that stands beside it.
pub(crate) fn conditions(function: &Function) -> Vec<&syn::Attribute> {
    function.item.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}
