//! The runtime's `Differentiable` for a struct: its leaves are those of its fields, in order.

use super::Parameters;
use super::field::{
    Field, bounded, carried_parameters, clones, element_parameter, float_in, parameters_in, rebuilt,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The implementation, inside a macro that drops it where the runtime has no such trait.
pub(super) fn leaves(parameters: &Parameters<'_>) -> TokenStream {
    let this = quote!(::chainrule::Differentiable);
    let name = &parameters.def.ident;
    let Some(first) = parameters.carrying().next() else { return TokenStream::new() };
    let scalar = scalar(parameters, first);
    let float = scalar.written();
    let names: Vec<&TokenStream> = parameters.carrying().map(|field| &field.name).collect();
    let zeros = rebuilt(parameters, |name| quote!(#this::zeros_like(&self.#name)));
    let mut bounds = clones(parameters);
    for parameter in carried_parameters(parameters) {
        bounds.push(match &scalar {
            Scalar::Of(first) if *first == parameter => syn::parse_quote!(#parameter: #this),
            Scalar::Is(element) if *element == parameter => syn::parse_quote! {
                #parameter: #this<Scalar = #parameter> + ::chainrule::rt::Float
                    + ::core::marker::Send + ::core::marker::Sync + 'static
            },
            _ => syn::parse_quote!(#parameter: #this<Scalar = #float>),
        });
    }
    // The supertrait, which `#[derive(Clone)]` implements under bounds of its own.
    if parameters.def.generics.type_params().next().is_some() {
        bounds.push(syn::parse_quote!(Self: ::core::clone::Clone));
    }
    let generics = bounded(parameters.def, bounds);
    let (of_impl, of_type, where_clause) = generics.split_for_impl();
    quote! {
        ::chainrule::__objective! {
            #[automatically_derived]
            #[allow(deprecated, private_bounds, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
            impl #of_impl #this for #name #of_type #where_clause {
                type Scalar = #float;
                fn zeros_like(&self) -> Self {
                    #zeros
                }
                #[inline]
                fn for_each_leaf(&self, __visit: &mut impl ::core::ops::FnMut(&[Self::Scalar])) {
                    #(#this::for_each_leaf(&self.#names, __visit);)*
                }
                #[inline]
                fn for_each_leaf_mut(
                    &mut self,
                    __visit: &mut impl ::core::ops::FnMut(&mut [Self::Scalar]),
                ) {
                    #(#this::for_each_leaf_mut(&mut self.#names, __visit);)*
                }
                #[inline]
                fn zip_leaves_mut(
                    &mut self,
                    __other: &Self,
                    __visit: &mut impl ::core::ops::FnMut(&mut [Self::Scalar], &[Self::Scalar]),
                ) {
                    #(#this::zip_leaves_mut(&mut self.#names, &__other.#names, __visit);)*
                }
            }
        }
    }
}

/// An implementation that stands in for that of a type which was refused.
pub(super) fn stub(name: &Ident, generics: &syn::Generics) -> TokenStream {
    let (of_impl, of_type, where_clause) = generics.split_for_impl();
    let fail = quote!(::core::panic!("this type could not be made differentiable"));
    let (scalar, fn_mut) = (quote!(::core::primitive::f64), quote!(::core::ops::FnMut));
    quote! {
        ::chainrule::__objective! {
            #[automatically_derived]
            impl #of_impl ::chainrule::Differentiable for #name #of_type #where_clause {
                type Scalar = #scalar;
                fn zeros_like(&self) -> Self { #fail }
                fn for_each_leaf(&self, _: &mut impl #fn_mut(&[#scalar])) { #fail }
                fn for_each_leaf_mut(&mut self, _: &mut impl #fn_mut(&mut [#scalar])) { #fail }
                fn zip_leaves_mut(
                    &mut self,
                    _: &Self,
                    _: &mut impl #fn_mut(&mut [#scalar], &[#scalar]),
                ) { #fail }
            }
        }
    }
}

/// The float of all leaves.
enum Scalar<'d> {
    /// A float that is written out.
    Float(&'static str),
    /// A type parameter that is a float, because there is an array of it.
    Is(Ident),
    /// That of a type parameter.
    Of(Ident),
    /// That of a field.
    OfField(&'d syn::Type),
}

impl Scalar<'_> {
    fn written(&self) -> TokenStream {
        match self {
            Scalar::Float(float) => {
                let float = Ident::new(float, Span::call_site());
                quote!(::core::primitive::#float)
            }
            Scalar::Is(parameter) => quote!(#parameter),
            Scalar::Of(parameter) => {
                quote!(<#parameter as ::chainrule::Differentiable>::Scalar)
            }
            Scalar::OfField(ty) => quote!(<#ty as ::chainrule::Differentiable>::Scalar),
        }
    }
}

fn scalar<'d>(parameters: &Parameters<'d>, first: &Field<'d>) -> Scalar<'d> {
    let written = parameters.carrying().find_map(|field| float_in(field.ty));
    // That of a field without type parameters is known; the others have to be the same.
    let is_plain = |field: &&Field<'d>| parameters_in(field.ty, parameters.def).is_empty();
    let plain = parameters.carrying().find(is_plain).map(|field| field.ty);
    let of_first = || parameters_in(first.ty, parameters.def).into_iter().next();
    written
        .map(Scalar::Float)
        .or_else(|| element_parameter(parameters).map(Scalar::Is))
        .or_else(|| plain.map(Scalar::OfField))
        .or_else(|| of_first().map(Scalar::Of))
        .unwrap_or(Scalar::OfField(first.ty))
}
