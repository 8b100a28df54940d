//! `ndarray` arrays at the border of the kernel, which sees their extents and their elements in
//! row-major order.

use super::names::local;
use crate::parse::{Function, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// What the kernel gets for a parameter: its extents and its elements.
pub(super) fn arguments(k: usize) -> Vec<TokenStream> {
    let (extents, elements) = (extents(k), elements(k));
    vec![quote!(#extents), quote!(#elements)]
}

/// Brings the parameters that are arrays into row-major order: what comes ahead of the kernel, and
/// what comes after it.
pub(super) fn around(function: &Function) -> (TokenStream, TokenStream) {
    let (mut before, mut after) = (TokenStream::new(), TokenStream::new());
    let arrays = function.params.iter().enumerate();
    for (k, param) in arrays.filter(|(_, param)| matches!(param.ty, Type::Array(..))) {
        let (name, extents, elements) = (&param.name, extents(k), elements(k));
        let ordered = local(&format!("ordered_{k}"));
        before.extend(match param.passing {
            Passing::Exclusive => quote! {
                let #extents = ::chainrule::rt::extents(#name);
                let mut #ordered = ::chainrule::rt::reordered(#name);
                let #elements = ::chainrule::rt::flat_mut(&mut #ordered, #name);
            },
            _ => quote! {
                let #ordered = #name.as_standard_layout();
                let #extents = ::chainrule::rt::extents(&#ordered);
                let #elements = ::chainrule::rt::flat(&#ordered);
            },
        });
        if param.passing == Passing::Exclusive {
            after.extend(quote!(::chainrule::rt::put_back(#ordered, #name);));
        }
    }
    (before, after)
}

/// A gradient buffer of the caller's, in whatever layout: what comes ahead of the kernel, what the
/// kernel gets, and what comes after it.
pub(super) fn buffer(grad: &Ident, out: &Ident) -> (TokenStream, TokenStream, TokenStream) {
    let ordered = format_ident!("{grad}_ordered");
    (
        quote!(let mut #ordered = ::chainrule::rt::reordered(#out);),
        quote!(::chainrule::rt::flat_mut(&mut #ordered, #out)),
        quote!(::chainrule::rt::put_back(#ordered, #out);),
    )
}

fn extents(k: usize) -> Ident {
    local(&format!("extents_{k}"))
}

fn elements(k: usize) -> Ident {
    local(&format!("elements_{k}"))
}
