//! Dimensions and the checks on them, ahead of every loop.

use super::names::Symbols;
use crate::ir::{Check, Described, Dim, DimId, Program, Slice, ValueId};
use crate::parse::Function;
use proc_macro2::TokenStream;
use quote::quote;

/// Binds the dimensions: those of the parameters, then those they broadcast to.
pub(super) fn dimensions<'v>(
    program: &Program,
    symbols: &Symbols,
    params: impl Iterator<Item = &'v ValueId>,
) -> TokenStream {
    let known: Vec<ValueId> = params.copied().collect();
    let mut out = TokenStream::new();
    for (d, dim) in program.dims.iter().enumerate() {
        let name = symbols.dim(DimId(d as u32));
        match dim {
            Dim::Of { value, axis } if known.contains(value) => {
                let param = symbols.param(*value);
                out.extend(quote!(let #name = #param.shape()[#axis];));
            }
            Dim::Of { .. } => {}
            Dim::Broadcast(a, b) => {
                let (a, b) = (symbols.dim(*a), symbols.dim(*b));
                out.extend(quote!(let #name = ::chainrule::rt::broadcast(#a, #b);));
            }
            Dim::Const(k) => out.extend(quote!(let #name: usize = #k;)),
            Dim::Given(value) => {
                let param = symbols.param(*value);
                out.extend(quote!(let #name: usize = #param;));
            }
            Dim::Slice(of, slice) => {
                let (of, slice) = (symbols.dim(*of), slice_tokens(*slice));
                out.extend(quote!(let #name = ::chainrule::rt::slice_len(#of, #slice);));
            }
        }
    }
    out
}

/// Start, end and step.
fn slice_tokens(slice: Slice) -> TokenStream {
    let Slice { start, end, step } = slice;
    let end = match end {
        Some(end) => quote!(::core::option::Option::Some(#end)),
        None => quote!(::core::option::Option::None),
    };
    quote!(#start, #end, #step)
}

fn described(array: &Described, symbols: &Symbols) -> TokenStream {
    let text = &array.text;
    let dims = array.shape.iter().map(|&dim| symbols.dim(dim));
    quote!(#text, &[#(#dims),*])
}

/// The checks on shapes, each of which panics with both shapes at the caller's line.
pub(super) fn checks(function: &Function, program: &Program, symbols: &Symbols) -> TokenStream {
    let name = function.name();
    let check = |check: &Check| match check {
        Check::Inner { left, right, a, b } => {
            let (a, b) = (symbols.dim(*a), symbols.dim(*b));
            let (left, right) = (described(left, symbols), described(right, symbols));
            quote!(if #a != #b { ::chainrule::rt::fail_inner(#name, #left, #right); })
        }
        Check::Broadcast { left, right, a, b, into_left } => {
            if program.assumed.contains(&(*a, *b)) {
                return TokenStream::new();
            }
            let (a, b) = (symbols.dim(*a), symbols.dim(*b));
            let (left, right) = (described(left, symbols), described(right, symbols));
            let also = (!into_left).then(|| quote!(&& #a != 1));
            quote!(if #a != #b && #b != 1 #also { ::chainrule::rt::fail_broadcast(#name, #left, #right); })
        }
        Check::Inside { array, dim, index, axis } => {
            let (dim, array) = (symbols.dim(*dim), described(array, symbols));
            let constant = index.constant;
            let index = match index.extent {
                None => quote!(#constant),
                Some((scale, of)) => {
                    let of = symbols.dim(of);
                    quote!(::chainrule::rt::place(#of, #scale, #constant))
                }
            };
            quote!(if !(0..#dim as isize).contains(&#index) { ::chainrule::rt::fail_index(#name, #array, #axis, #index); })
        }
        Check::Slice { array, dim, slice, axis } => {
            let (dim, array, shown) =
                (symbols.dim(*dim), described(array, symbols), slice.to_string());
            let (start, end) = (slice.start, slice.end.unwrap_or(0));
            quote! {
                if !::chainrule::rt::in_slice(#dim, #start, #end) {
                    ::chainrule::rt::fail_slice(#name, #array, #axis, #shown);
                }
            }
        }
        Check::Freedom { array, dims, ddof } => {
            let dims = dims.iter().map(|&dim| symbols.dim(dim));
            let array = described(array, symbols);
            quote!(if #ddof > (1 #(* #dims)*) as f64 { ::chainrule::rt::fail_freedom(#name, #array, #ddof); })
        }
        Check::NotEmpty { array, dims } => {
            let dims = dims.iter().map(|&dim| symbols.dim(dim));
            let array = described(array, symbols);
            quote!(if #(#dims == 0)||* { ::chainrule::rt::fail_empty(#name, #array); })
        }
    };
    program.checks.iter().map(check).collect()
}
