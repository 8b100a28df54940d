//! `Tangent` for a struct, field by field.

use super::Parameters;
use super::field::{bounded, carried_parameters, clones, rebuilt};
use proc_macro2::TokenStream;
use quote::quote;

/// The implementation:
///
/// ```text
/// impl Tangent for Line {
///     fn zeros_like(&self) -> Self { Self { slope: Tangent::zeros_like(&self.slope), .. } }
///     fn set_zero(&mut self) { Tangent::set_zero(&mut self.slope); .. }
///     ..
/// }
/// ```
pub(super) fn tangent(parameters: &Parameters<'_>) -> TokenStream {
    let this = quote!(::chainrule::rt::Tangent);
    let name = &parameters.def.ident;
    let names: Vec<&TokenStream> = parameters.carrying().map(|field| &field.name).collect();
    let zeros = rebuilt(parameters, |name| quote!(#this::zeros_like(&self.#name)));
    let mut bounds = clones(parameters);
    bounds.extend(carried_parameters(parameters).iter().map(|parameter| {
        let bound: syn::WherePredicate = syn::parse_quote!(#parameter: #this);
        bound
    }));
    let generics = bounded(parameters.def, bounds);
    let (of_impl, of_type, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, private_bounds, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        impl #of_impl #this for #name #of_type #where_clause {
            #[inline]
            fn zeros_like(&self) -> Self {
                #zeros
            }
            #[inline]
            fn set_zero(&mut self) {
                #(#this::set_zero(&mut self.#names);)*
            }
            #[inline]
            fn add_assign(&mut self, __other: &Self) {
                #(#this::add_assign(&mut self.#names, &__other.#names);)*
            }
            #[inline]
            fn mismatch(&self, __other: &Self)
                -> ::core::option::Option<(::core::primitive::usize, ::core::primitive::usize)>
            {
                #(if let ::core::option::Option::Some(__found) =
                    #this::mismatch(&self.#names, &__other.#names)
                {
                    return ::core::option::Option::Some(__found);
                })*
                ::core::option::Option::None
            }
            #[inline]
            fn save(&self, __visit: &mut dyn ::core::ops::FnMut(::core::primitive::f64)) {
                #(#this::save(&self.#names, __visit);)*
            }
            #[inline]
            fn restore(&mut self, __next: &mut dyn ::core::ops::FnMut() -> ::core::primitive::f64) {
                #(#this::restore(&mut self.#names, __next);)*
            }
        }
    }
}

/// An implementation that stands in for that of a struct which was refused.
pub(super) fn stub(name: &syn::Ident, generics: &syn::Generics) -> TokenStream {
    let (of_impl, of_type, where_clause) = generics.split_for_impl();
    let fail = quote!(::core::panic!("this type could not be made differentiable"));
    quote! {
        #[automatically_derived]
        #[allow(deprecated, unused_variables)]
        impl #of_impl ::chainrule::rt::Tangent for #name #of_type #where_clause {
            fn zeros_like(&self) -> Self { #fail }
            fn set_zero(&mut self) { #fail }
            fn add_assign(&mut self, _: &Self) { #fail }
            fn mismatch(&self, _: &Self)
                -> ::core::option::Option<(::core::primitive::usize, ::core::primitive::usize)>
            { #fail }
            fn save(&self, _: &mut dyn ::core::ops::FnMut(::core::primitive::f64)) { #fail }
            fn restore(&mut self, _: &mut dyn ::core::ops::FnMut() -> ::core::primitive::f64) { #fail }
        }
    }
}
