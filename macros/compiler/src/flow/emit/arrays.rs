//! `ndarray` arrays at the border of the kernel, which sees their extents and their elements in
//! row-major order.

use super::block::one_or_tuple;
use super::kernel::shape_of;
use super::matrix;
use super::names::local;
use super::types::{field, owned};
use crate::emit::element::elem_type;
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Whether a type is that of an array, of whatever elements.
pub(super) fn is_array(ty: &Type) -> bool {
    matches!(ty, Type::Array(..) | Type::Passive(..))
}

/// The type of an array's elements.
pub(super) fn element(ty: &Type) -> Option<TokenStream> {
    match ty {
        Type::Array(elem, _) => Some(elem_type(elem)),
        Type::Passive(of, _) => Some(owned(of)),
        _ => None,
    }
}

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
    for (k, param) in arrays.filter(|(_, param)| is_array(&param.ty)) {
        let (name, extents, elements) = (&param.name, extents(k), elements(k));
        let ordered = local(&format!("ordered_{k}"));
        if param.passing == Passing::Exclusive && param.is_view() {
            let view = local(&format!("view_{k}"));
            before.extend(quote!(let mut #view = #name; let #name = &mut *#view;));
        }
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

/// What a type is inside of the kernel.
pub(super) fn flat(ty: &Type) -> Type {
    match ty {
        Type::Array(elem, _) => Type::Vec(Box::new(Type::Float(elem.clone()))),
        other => other.clone(),
    }
}

/// Parameters for a kernel that keeps its arrays: what comes ahead of it. The elements that
/// [`arguments`] names are borrowed from the caller where they are in row-major order.
pub(super) fn kept(function: &Function) -> TokenStream {
    let arrays = function.params.iter().enumerate();
    let arrays = arrays.filter(|(_, param)| is_array(&param.ty));
    let bound = arrays.map(|(k, param)| {
        let (name, extents, elements) = (&param.name, extents(k), elements(k));
        let (of, all) = match (param.passing, param.is_view()) {
            (Passing::Value, true) => (quote!(&#name), quote!(elements_of_view(#name))),
            (Passing::Value, false) => (quote!(&#name), quote!(elements_of_array(#name))),
            _ => (quote!(#name), quote!(elements_of(#name))),
        };
        quote! {
            let #extents = ::chainrule::rt::extents(#of);
            let #elements = ::chainrule::rt::#all;
        }
    });
    bound.collect()
}

/// A value that the kernel has for a parameter (its tangent, its gradient) as the caller has it.
pub(super) fn of_param(param: &Param, value: &TokenStream) -> TokenStream {
    match &param.ty {
        Type::Array(..) => array(axes(&param.ty, &matrix::place(param)), value),
        _ => value.clone(),
    }
}

/// The same inside of the kernel, where the extents have a name.
pub(super) fn of_kernel(param: &Param, value: &TokenStream) -> TokenStream {
    match &param.ty {
        Type::Array(..) => {
            let shape = shape_of(param);
            quote!(::chainrule::rt::from_flat(#shape, #value))
        }
        _ => value.clone(),
    }
}

/// The same of all differentiated parameters, whose values make a tuple if there are several.
pub(super) fn of_all(function: &Function, value: &TokenStream) -> TokenStream {
    let several = function.wrt().count() > 1;
    let parts = function.wrt().enumerate().map(|(k, param)| match several {
        true => of_param(param, &field(value, &k.to_string())),
        false => of_param(param, value),
    });
    one_or_tuple(&parts.collect::<Vec<_>>())
}

/// A block of a matrix of derivatives, of something by a parameter, as the caller has it: arrays
/// were their elements in row-major order, the places tell their extents.
pub(super) fn block(
    (row, of_row): (&Type, &TokenStream),
    column: &Param,
    value: &TokenStream,
) -> TokenStream {
    let place = matrix::place(column);
    let part = local("part");
    match (row, &column.ty) {
        (Type::Array(..), Type::Array(..)) => {
            let extents = axes(row, of_row).chain(axes(&column.ty, &place));
            array(extents, &quote!(#value.concat()))
        }
        (Type::Array(..), _) => array(axes(row, of_row), value),
        (Type::Float(_), Type::Array(..)) => array(axes(&column.ty, &place), value),
        (Type::Tuple(parts), _) if row.mentions_arrays() || column.ty.mentions_arrays() => {
            let parts = parts.iter().enumerate().map(|(k, part)| {
                let k = k.to_string();
                block((part, &field(of_row, &k)), column, &field(value, &k))
            });
            quote!((#(#parts,)*))
        }
        (Type::Fixed(of, _), Type::Array(..)) => {
            let inner = block((of, of_row), column, &quote!(#part));
            quote!(#value.map(|#part| #inner))
        }
        (Type::Slice(of) | Type::Vec(of), Type::Array(..)) => {
            let inner = block((of, of_row), column, &quote!(#part));
            quote!(#value.into_iter().map(|#part| #inner).collect::<::std::vec::Vec<_>>())
        }
        _ => value.clone(),
    }
}

/// The extents of a place.
fn axes(ty: &Type, place: &TokenStream) -> impl Iterator<Item = TokenStream> {
    let rank = if let Type::Array(_, rank) = ty { *rank } else { 0 };
    (0..rank).map(move |axis| quote!(#place.shape()[#axis]))
}

/// An array of its elements.
fn array(extents: impl Iterator<Item = TokenStream>, elements: &TokenStream) -> TokenStream {
    quote!(::chainrule::rt::from_flat([#(#extents),*], #elements))
}

fn extents(k: usize) -> Ident {
    local(&format!("extents_{k}"))
}

fn elements(k: usize) -> Ident {
    local(&format!("elements_{k}"))
}
