//! Matrices of derivatives: how many directions at once, the directions themselves, and the blocks of
//! the result.

use super::block::one_or_tuple;
use super::forward::passed;
use super::kernel::{self, succeeded, turbofish, wrapped};
use super::names::local;
use super::nested::{block, count, known_count, like};
use super::types::{field, float};
use super::{api, arrays};
use crate::emit::element::{literal, zero};
use crate::emit::names::named;
use crate::flow::ir::Program;
use crate::flow::tangent::Forward;
use crate::ir::{Elem, Literal};
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// So many directions are taken at once where the number of all is not known.
const AT_ONCE: usize = 4;
/// So many at most where it is.
pub(crate) const MOST_AT_ONCE: usize = 8;

/// How many numbers the differentiated parameters are made of, where their types tell it.
pub(crate) fn inputs(function: &Function) -> Option<usize> {
    function.wrt().map(|param| known_count(&param.ty)).sum()
}

/// How many directions are taken at once, by the differentiated parameters.
pub(crate) fn columns(function: &Function) -> usize {
    match inputs(function) {
        Some(all) if all > 0 => all.div_ceil(all.div_ceil(MOST_AT_ONCE)),
        _ => AT_ONCE,
    }
}

/// The type of a matrix whose rows belong to the parts of something, its columns to the
/// differentiated parameters: of one part and one parameter a block, else tuples of blocks.
pub(super) fn type_of(rows: &[&Type], function: &Function) -> TokenStream {
    let rows: Vec<TokenStream> = rows
        .iter()
        .map(|row| {
            let blocks = function.wrt().map(|column| block(row, &column.ty));
            one_or_tuple(&blocks.collect::<Vec<_>>())
        })
        .collect();
    one_or_tuple(&rows)
}

/// The float of the differentiated parameters.
pub(super) fn elem(function: &Function) -> Elem {
    function.wrt().find_map(|param| float(&param.ty)).unwrap_or(Elem::F64)
}

/// Of something with these parts, which is a tuple if it has several, the parts as places.
pub(super) fn parts<'t>(
    parts: &'t [&'t Type],
    of: &'t TokenStream,
) -> impl Iterator<Item = (&'t Type, TokenStream)> + 't {
    let one = parts.len() == 1;
    parts.iter().enumerate().map(move |(k, ty)| match one {
        true => (*ty, of.clone()),
        false => (*ty, field(of, &k.to_string())),
    })
}

/// A parameter as a place.
pub(super) fn place(param: &Param) -> TokenStream {
    let name = &param.name;
    match param.passing {
        Passing::Value => quote!(#name),
        Passing::Shared | Passing::Exclusive => quote!((*#name)),
    }
}

/// The directions from a number on, one after the other, as statements; and what passes them.
pub(super) fn seeds(
    function: &Function,
    forward: &Forward,
    first: &Ident,
) -> (TokenStream, Vec<TokenStream>) {
    let (row, elem) = (local("row"), elem(function));
    let (zero, one) = (zero(&elem), literal(&Literal::Float(1.0, None), &elem));
    let (mut seeds, mut further) = (TokenStream::new(), Vec::new());
    for (k, inputs) in forward.tangents.iter().enumerate() {
        let entry = quote!({
            #row += 1;
            if #row == #first + #k + 1 { #one } else { #zero }
        });
        seeds.extend(quote!(let mut #row = 0usize;));
        for (p, (param, is)) in function.wrt().zip(inputs.iter().flatten()).enumerate() {
            let seed = local(&format!("seed_{p}_{k}"));
            let value = like(&param.ty, &place(param), &entry);
            seeds.extend(quote!(let #seed = #value;));
            further.push(passed(is, &seed, &forward.program));
        }
    }
    (seeds, further)
}

/// A call of a private function that may be called again; a failure leaves the function around it.
pub(super) fn again(
    function: &Function,
    program: &Program,
    private: &Ident,
    further: &[TokenStream],
) -> TokenStream {
    let (arguments, turbofish) = (copied(function, program), turbofish(function));
    succeeded(function, &quote!(Self::#private #turbofish (#(#arguments,)* #(#further),*)))
}

/// The arguments of a function that is called again.
fn copied(function: &Function, program: &Program) -> Vec<TokenStream> {
    let passed = function.params.iter().enumerate();
    let passed = passed.flat_map(|(k, param)| {
        // Of an array its extents and a slice.
        let array = super::arrays::is_array(&param.ty);
        let arguments = kernel::argument(function, program, k).into_iter();
        arguments.map(move |of| if array { of } else { copied_argument(param, of) })
    });
    passed.collect()
}

/// An argument that is passed again later.
pub(super) fn copied_argument(param: &Param, argument: TokenStream) -> TokenStream {
    match (&param.passing, &param.ty) {
        (Passing::Value, Type::Float(_) | Type::Int(_)) => argument,
        (Passing::Value, _) => quote!(::core::clone::Clone::clone(&#argument)),
        _ => argument,
    }
}

/// The public function `base` with such a body, which takes what the function takes.
pub(super) fn public(
    function: &Function,
    (base, doc): (&str, &str),
    returned: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let (generics, where_clause) = api::generics(function);
    let (vis, attributes) = (api::vis(function), api::attributes(&function.output, true));
    let (public, params) = (named(function, base), api::params(function));
    quote! {
        #[doc = #doc]
        #attributes
        #vis fn #public<#generics>(#params) -> #returned #where_clause { #body }
    }
}

/// The blocks of a matrix, `all.at(row, column)`: what the function returns. The rows belong to
/// parts of which types and places are given.
pub(super) fn blocks(
    function: &Function,
    rows: &[(&Type, TokenStream)],
    all: &Ident,
) -> TokenStream {
    let [row, column, before, above, of_line] =
        ["row", "column", "before", "above", "line"].map(local);
    let mut statements = quote!(let mut #above = 0usize;);
    let mut done = Vec::new();
    for (p, (ty, of_row)) in rows.iter().enumerate() {
        statements.extend(quote!(let mut #before = 0usize;));
        let mut blocks = Vec::new();
        for (q, of_column) in function.wrt().enumerate() {
            let entry = quote!({ #column += 1; #all.at(#row, #column - 1) });
            let line = like(&of_column.ty, &place(of_column), &entry);
            let line = quote!({
                let mut #column = #before;
                let #of_line = #line;
                #row += 1;
                #of_line
            });
            let block = like(ty, of_row, &line);
            let (name, count) =
                (local(&format!("block_{p}_{q}")), count(&of_column.ty, &place(of_column)));
            statements.extend(quote! {
                let #name = { let mut #row = #above; #block };
                #before += #count;
            });
            blocks.push(arrays::block((ty, of_row), of_column, &quote!(#name)));
        }
        let count = count(ty, of_row);
        statements.extend(quote!(#above += #count;));
        done.push(one_or_tuple(&blocks));
    }
    let done = wrapped(&function.output, one_or_tuple(&done));
    quote!(#statements #done)
}

/// The same from blocks in which arrays are their elements, given as a place.
pub(super) fn shaped(
    function: &Function,
    rows: &[(&Type, TokenStream)],
    all: &TokenStream,
) -> TokenStream {
    let several = |of: usize, place: &TokenStream, k: usize| match of {
        1 => place.clone(),
        _ => field(place, &k.to_string()),
    };
    let columns = function.wrt().count();
    let done: Vec<TokenStream> =
        rows.iter()
            .enumerate()
            .map(|(p, (ty, of_row))| {
                let row = several(rows.len(), all, p);
                let blocks = function.wrt().enumerate().map(|(q, column)| {
                    arrays::block((ty, of_row), column, &several(columns, &row, q))
                });
                one_or_tuple(&blocks.collect::<Vec<_>>())
            })
            .collect();
    one_or_tuple(&done)
}
