//! From a compiled function to Rust: `struct f`, its associated functions, its traits.
//!
//! Everything emitted is safe Rust that passes under `#![forbid(unsafe_code)]`; what would be long
//! lives in the runtime's `rt` module.

mod access;
mod api;
pub(crate) mod check;
pub(crate) mod element;
mod kernel;
mod loops;
pub(crate) mod names;
pub(crate) mod objective;
mod parts;
mod plain;
mod product;
mod shapes;
pub(crate) mod signature;
mod streams;
mod stub;
pub(crate) mod tape;

pub use stub::stub;

pub(crate) use plain::{has_own_attributes, is_differentiate, plain_function, plain_method};

use crate::capsule::Callees;
use crate::driver::{Compiled, Tensors};
use crate::parse::{Function, Owner};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

/// The struct beside the function, with everything it offers; of a method, an `impl` block with its
/// derivatives.
pub fn emit(compiled: &Compiled<'_>, callees: &Callees) -> TokenStream {
    let (beside, test) = (derivatives(compiled, callees), check::test(compiled.function()));
    quote!(#beside #test)
}

fn derivatives(compiled: &Compiled<'_>, callees: &Callees) -> TokenStream {
    match compiled {
        Compiled::Tensors(compiled) => of_tensors(compiled, callees),
        Compiled::Scalars(of) => {
            crate::flow::emit::emit(of.function, &of.programs, &of.derivation, callees)
        }
        Compiled::Given(of) => crate::flow::emit::given(of.function, &of.derivation, callees),
    }
}

fn of_tensors(compiled: &Tensors<'_>, callees: &Callees) -> TokenStream {
    let function = compiled.function;
    let name = &function.item.sig.ident;
    let derivation = &text(&compiled.derivation);
    let companion = companion(function, derivation);
    let cfgs = conditions(function);
    let general = compiled.general.is_some().then_some("__general");
    let mut private = TokenStream::new();
    if let Some(gradient) = &compiled.gradient {
        private.extend(kernel::kernel(function, gradient, "__gradient", general));
    }
    private.extend(kernel::kernel(function, &compiled.pullback, "__vjp", general));
    if let Some(version) = &compiled.general {
        private.extend(kernel::kernel(function, version, "__general", None));
    }
    let mut public = api::functions(compiled);
    public.extend(tape::tape(compiled, callees));
    let (mut apart, mut whole) = (None, function);
    if let Some(unpacked) = &function.unpacked {
        whole = &unpacked.of;
        let of = std::mem::take(&mut public);
        apart = Some(quote! {
            #(#cfgs)*
            #[allow(clippy::all, clippy::pedantic)]
            #[doc(hidden)]
            impl #name { #of }
        });
        public = crate::flow::emit::packed(function, unpacked, true);
    }
    let objective = objective::objective(whole);
    let further = compiled.further.as_ref();
    let further = further.map(|programs| crate::flow::emit::further(function, programs));
    quote! {
        #companion

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

        #apart

        #further

        #(#cfgs)*
        const _: () = { #objective };
    }
}

/// The struct beside a function that has a derivative only where its callers pass functions that
/// are known.
pub fn without_derivative(function: &Function) -> TokenStream {
    let name = &function.item.sig.ident;
    let doc = format!("[`{name}`](fn@{name}) is differentiated where it is called with a closure.");
    structure(function, &doc)
}

/// A long text of several lines, as a literal.
///
/// In a macro rustc reads it: to escape it takes an unoptimised macro long, and so does the check
/// that `proc_macro2` makes of what it is to read.
pub(crate) fn text(text: &str) -> TokenStream {
    let raw = !text.contains("\"##") && !text.contains('\r') && proc_macro::is_available();
    let read = raw.then(|| format!("r##\"{text}\"##").parse::<proc_macro::TokenStream>().ok());
    match read.flatten() {
        Some(tokens) => tokens.into(),
        None => Literal::string(text).to_token_stream(),
    }
}

/// The struct beside a function, which has the derivatives.
pub(crate) fn companion(function: &Function, derivation: &TokenStream) -> TokenStream {
    let name = &function.item.sig.ident;
    let head = format!("Derivatives of [`{name}`](fn@{name}).\n\n```text\n");
    structure(function, &quote!(::core::concat!(#head, #derivation, "```")))
}

fn structure(function: &Function, doc: &impl ToTokens) -> TokenStream {
    let (name, vis) = (&function.item.sig.ident, &function.item.vis);
    let cfgs = conditions(function);
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code)]
        #[derive(Clone, Copy, Debug, Default)]
        #vis struct #name {}
    }
}

/// The head of an `impl` block beside that of a method. The floats among its parameters are known to
/// be differentiable there: gradients of the struct are made of them.
pub(crate) fn head_of_block(function: &Function, owner: &Owner) -> TokenStream {
    let (ty, mut generics) = (&owner.ty, owner.generics.clone());
    let is_float =
        |param: &&syn::TypeParam| function.floats.iter().any(|float| param.ident == float);
    let bounds: Vec<syn::WherePredicate> = (owner.generics.type_params().filter(is_float))
        .map(|param| {
            let name = &param.ident;
            syn::parse_quote!(#name: ::chainrule::rt::Tangent)
        })
        .collect();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    let (of_impl, _, where_clause) = generics.split_for_impl();
    quote!(impl #of_impl #ty #where_clause)
}

/// The generics and bounds of the function, if code mentions one of its floats.
pub(crate) fn generics_of(function: &Function, code: TokenStream) -> (TokenStream, TokenStream) {
    let text = code.to_string();
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    match words.any(|word| function.floats.iter().any(|float| names::unraw(float) == word)) {
        true => {
            let generics = &function.item.sig.generics;
            (generics.params.to_token_stream(), generics.where_clause.to_token_stream())
        }
        false => (TokenStream::new(), TokenStream::new()),
    }
}

/// The `#[cfg(..)]` attributes of the function, which hold for all that stands beside it.
pub(crate) fn conditions(function: &Function) -> Vec<&syn::Attribute> {
    function.item.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}
