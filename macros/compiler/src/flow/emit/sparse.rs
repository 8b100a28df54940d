//! Sparse matrices of derivatives: what a private function lists, as blocks of rows, columns and
//! numbers.
//!
//! ```text
//! let columns_0 = u.len();
//! let (((rows_0, entries_0_0),),) = Self::__jacobian(u);
//! Triplets::of_entries((rows_0, columns_0), entries_0_0, false)
//! ```

use super::arrays;
use super::block::one_or_tuple;
use super::forward::kernel;
use super::kernel::{arguments, succeeded, turbofish, wrapped, wrapped_type};
use super::matrix;
use super::names::local;
use super::nested::count;
use crate::emit::element::elem_type;
use crate::flow::ir::Program;
use crate::flow::tangent::Entries;
use crate::parse::Function;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The type of a matrix with so many parts as rows: of one part and one parameter a block, else
/// tuples of blocks.
pub(super) fn type_of(parts: usize, function: &Function) -> TokenStream {
    let elem = elem_type(&matrix::elem(function));
    let block = quote!(::chainrule::sparse::Triplets<#elem>);
    let row = one_or_tuple(&vec![block; function.wrt().count()]);
    one_or_tuple(&vec![row; parts])
}

/// The type of a list of entries.
fn entries(function: &Function) -> TokenStream {
    let elem = elem_type(&matrix::elem(function));
    quote!(::std::vec::Vec<(u32, u32, #elem)>)
}

/// The columns of each parameter, as statements, and their names.
fn columns(function: &Function) -> (TokenStream, Vec<Ident>) {
    let (mut statements, mut names) = (TokenStream::new(), Vec::new());
    for (k, param) in function.wrt().enumerate() {
        let name = local(&format!("columns_{k}"));
        let count = count(&param.ty, &matrix::place(param));
        statements.extend(quote!(let #name: usize = #count;));
        names.push(name);
    }
    (statements, names)
}

/// A call of the private function.
fn run(function: &Function, program: &Program, private: &Ident) -> TokenStream {
    let (arguments, turbofish) = (arguments(function, program), turbofish(function));
    succeeded(function, &quote!(Self::#private #turbofish (#(#arguments),*)))
}

/// The body of the public function, and the private one.
pub(super) fn jacobian(
    function: &Function,
    of: &Entries,
    private: &Ident,
) -> (TokenStream, TokenStream) {
    let parts = match super::kernel::success(&function.output) {
        crate::parse::Type::Tuple(parts) => parts.len(),
        _ => 1,
    };
    let (counted, columns) = columns(function);
    let (mut patterns, mut rows) = (Vec::new(), Vec::new());
    let resets = of.resets;
    for part in 0..parts {
        let height = local(&format!("rows_{part}"));
        let names: Vec<Ident> =
            (0..columns.len()).map(|k| local(&format!("entries_{part}_{k}"))).collect();
        let blocks = names.iter().zip(&columns).map(|(name, columns)| {
            quote!(::chainrule::sparse::Triplets::of_entries((#height, #columns), #name, #resets))
        });
        rows.push(one_or_tuple(&blocks.collect::<Vec<_>>()));
        patterns.push(quote!((#height, #(#names,)*)));
    }
    let entries = entries(function);
    let types = vec![entries; columns.len()];
    let part = quote!((usize, #(#types,)*));
    let inside = vec![part; parts];
    let inside = wrapped_type(&function.output, quote!((#(#inside,)*)));
    body(function, &of.program, private, (&counted, &quote!((#(#patterns,)*))), &rows, &inside)
}

/// The body of the public function, and the private one.
pub(super) fn hessian(
    function: &Function,
    program: &Program,
    private: &Ident,
) -> (TokenStream, TokenStream) {
    let (counted, columns) = columns(function);
    let (mut patterns, mut rows) = (Vec::new(), Vec::new());
    for (part, height) in columns.iter().enumerate() {
        let names: Vec<Ident> =
            (0..columns.len()).map(|k| local(&format!("entries_{part}_{k}"))).collect();
        let blocks = names.iter().zip(&columns).map(|(name, columns)| {
            quote!(::chainrule::sparse::Triplets::of_entries((#height, #columns), #name, false))
        });
        rows.push(one_or_tuple(&blocks.collect::<Vec<_>>()));
        let names: Vec<TokenStream> = names.iter().map(|name| quote!(#name)).collect();
        patterns.push(one_or_tuple(&names));
    }
    let entries = entries(function);
    let row = one_or_tuple(&vec![entries; columns.len()]);
    let inside = one_or_tuple(&vec![row; columns.len()]);
    let inside = wrapped_type(&function.output, inside);
    body(function, program, private, (&counted, &one_or_tuple(&patterns)), &rows, &inside)
}

/// Runs the private function and makes blocks of what it lists.
fn body(
    function: &Function,
    program: &Program,
    private: &Ident,
    (counted, pattern): (&TokenStream, &TokenStream),
    rows: &[TokenStream],
    inside: &TokenStream,
) -> (TokenStream, TokenStream) {
    let (before, _) = arrays::around(function);
    let run = run(function, program, private);
    let done = wrapped(&function.output, one_or_tuple(rows));
    let body = quote! {
        #counted
        #before
        let #pattern = #run;
        #done
    };
    (body, kernel(function, program, &[], private, inside))
}
