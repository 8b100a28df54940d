//! What is made of a type float by float: matrices of derivatives, of which each float of one type
//! is what another type is. An array of `ndarray` is its elements in row-major order here.

use super::names::local;
use super::types::{field, owned, tokens};
use crate::parse::Type;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// A matrix of derivatives of something of one type by something of another: the one with the other
/// in the place of its floats; of an array by an array the array with the axes of both.
pub(super) fn block(row: &Type, column: &Type) -> TokenStream {
    match (row, column) {
        (Type::Array(elem, rows), Type::Array(_, columns)) => {
            owned(&Type::Array(elem.clone(), rows + columns))
        }
        (Type::Array(_, rank), column) => {
            let (array, of) = (format_ident!("Array{rank}"), owned(column));
            quote!(::chainrule::rt::#array<#of>)
        }
        (Type::Fixed(of, len), column) => {
            let (of, len) = (block(of, column), tokens(len));
            quote!([#of; #len])
        }
        (Type::Slice(of) | Type::Vec(of), column) => {
            let of = block(of, column);
            quote!(::std::vec::Vec<#of>)
        }
        (Type::Tuple(parts), column) => {
            let parts = parts.iter().map(|part| block(part, column));
            quote!((#(#parts,)*))
        }
        (_, column) => owned(column),
    }
}

/// Something like a place, each float of it the value of an expression, which is evaluated in their
/// order.
pub(super) fn like(ty: &Type, place: &TokenStream, leaf: &TokenStream) -> TokenStream {
    match ty {
        Type::Fixed(of, _) => {
            let part = local("part");
            let inner = like(of, &quote!((*#part)), leaf);
            quote!(#place.each_ref().map(|#part| #inner))
        }
        Type::Slice(of) | Type::Vec(of) => {
            let part = local("part");
            let inner = like(of, &quote!((*#part)), leaf);
            quote!(#place.iter().map(|#part| #inner).collect::<::std::vec::Vec<_>>())
        }
        Type::Array(..) => {
            let part = local("part");
            quote!(#place.iter().map(|#part| #leaf).collect::<::std::vec::Vec<_>>())
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate();
            let parts = parts.map(|(k, part)| like(part, &field(place, &k.to_string()), leaf));
            quote!((#(#parts,)*))
        }
        _ => leaf.clone(),
    }
}

/// Statements for each float of a place, in order.
pub(super) fn each(
    ty: &Type,
    place: &TokenStream,
    then: &dyn Fn(&TokenStream) -> TokenStream,
) -> TokenStream {
    match ty {
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => {
            let part = local("part");
            let inner = each(of, &quote!((*#part)), then);
            quote!(for #part in #place.iter() { #inner })
        }
        Type::Array(..) => {
            let part = local("part");
            let inner = then(&quote!((*#part)));
            quote!(for #part in #place.iter() { #inner })
        }
        Type::Tuple(parts) => (parts.iter().enumerate())
            .map(|(k, part)| each(part, &field(place, &k.to_string()), then))
            .collect(),
        _ => then(place),
    }
}

/// Adds to a variable the products of the floats of two places, as statements.
pub(super) fn products(ty: &Type, a: &TokenStream, b: &TokenStream, sum: &Ident) -> TokenStream {
    let (x, y) = (local("x"), local("y"));
    let (one, other) = (quote!((*#x)), quote!((*#y)));
    let inner = match ty {
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => products(of, &one, &other, sum),
        Type::Array(elem, _) => products(&Type::Float(elem.clone()), &one, &other, sum),
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate().map(|(k, part)| {
                let k = k.to_string();
                products(part, &field(a, &k), &field(b, &k), sum)
            });
            return parts.collect();
        }
        _ => return quote!(#sum = #sum + ::chainrule::rt::product(#a, #b);),
    };
    quote!(for (#x, #y) in #a.iter().zip(#b.iter()) { #inner })
}

/// How many floats there are in a place, as an expression.
pub(super) fn count(ty: &Type, place: &TokenStream) -> TokenStream {
    match ty {
        Type::Float(_) => quote!(1usize),
        Type::Array(..) => quote!(#place.len()),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => match &**of {
            Type::Float(_) => quote!(#place.len()),
            of => {
                let part = local("part");
                let inner = count(of, &quote!((*#part)));
                quote!(#place.iter().map(|#part| #inner).sum::<usize>())
            }
        },
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate();
            let parts = parts.map(|(k, part)| count(part, &field(place, &k.to_string())));
            quote!((0usize #(+ #parts)*))
        }
        _ => quote!(0usize),
    }
}

/// More floats than this are as many as one likes.
const MANY: usize = 1 << 24;

/// The same, where the type tells it, and they are not too many to matter.
pub(super) fn known_count(ty: &Type) -> Option<usize> {
    match ty {
        Type::Float(_) => Some(1),
        Type::Fixed(of, len) => {
            let len = len.trim().trim_end_matches("usize").parse::<usize>().ok()?;
            len.checked_mul(known_count(of)?).filter(|count| *count <= MANY)
        }
        Type::Tuple(parts) => parts.iter().map(known_count).sum(),
        _ => None,
    }
}

/// Something like several places of one type, float by float: the expression for their floats.
pub(super) fn zipped(
    ty: &Type,
    places: &[TokenStream],
    depth: usize,
    leaf: &dyn Fn(&[TokenStream]) -> TokenStream,
) -> TokenStream {
    let k = local(&format!("k_{depth}"));
    let parts = |of: &Type| {
        let parts: Vec<TokenStream> = places.iter().map(|place| quote!(#place[#k])).collect();
        zipped(of, &parts, depth + 1, leaf)
    };
    match ty {
        Type::Fixed(of, len) => {
            let (inner, len) = (parts(of), tokens(len));
            quote!(::core::array::from_fn::<_, { #len }, _>(|#k| #inner))
        }
        Type::Slice(of) | Type::Vec(of) => {
            let (inner, first) = (parts(of), &places[0]);
            quote!((0..#first.len()).map(|#k| #inner).collect::<::std::vec::Vec<_>>())
        }
        Type::Array(..) => {
            let flat = places.iter().map(|place| quote!(::chainrule::rt::flat(&#place)[#k]));
            let (inner, first) = (leaf(&flat.collect::<Vec<_>>()), &places[0]);
            quote!((0..#first.len()).map(|#k| #inner).collect::<::std::vec::Vec<_>>())
        }
        Type::Tuple(types) => {
            let types = types.iter().enumerate().map(|(k, ty)| {
                let part = |place| field(place, &k.to_string());
                zipped(ty, &places.iter().map(part).collect::<Vec<_>>(), depth, leaf)
            });
            quote!((#(#types,)*))
        }
        _ => leaf(places),
    }
}

/// Something whose type tells how many floats it is made of, of these floats.
pub(super) fn formed(
    ty: &Type,
    floats: &mut dyn Iterator<Item = &TokenStream>,
) -> Option<TokenStream> {
    Some(match ty {
        Type::Fixed(of, _) => {
            let each = known_count(of)?.max(1);
            let parts = (0..known_count(ty)? / each).map(|_| formed(of, floats));
            let parts = parts.collect::<Option<Vec<_>>>()?;
            quote!([#(#parts),*])
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().map(|part| formed(part, floats));
            let parts = parts.collect::<Option<Vec<_>>>()?;
            quote!((#(#parts,)*))
        }
        _ => floats.next()?.clone(),
    })
}
