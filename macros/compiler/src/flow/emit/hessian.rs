//! `f::hessian`: a program whose result it is, or one with tangents in several directions, which is
//! run until there are all columns.
//!
//! ```text
//! let n = x.len();
//! let mut all = Symmetric::new(n, 0.0);
//! for first in (0..n).step_by(4) {
//!     let t_0 = …; let t_1 = …;          // one at `first`, at `first + 1`
//!     let (_, h_0, h_1, …) = Self::__hessian(x, &t_0, &t_1, …);
//!     …                                  // all.put(row, first, h_0[row])
//! }
//! …                                      // all.at(row, column), in the structure of the result
//! ```

use super::block::one_or_tuple;
use super::forward::kernel;
use super::kernel::{arguments, succeeded, turbofish, wrapped, wrapped_type};
use super::names::local;
use super::nested::{block, count, each};
use super::types::owned;
use super::{Hessian, arrays, matrix, sparse};
use crate::emit::element::zero;
use crate::emit::names::named;
use crate::flow::ir::ParamIs;
use crate::flow::tangent::Forward;
use crate::parse::{Function, Type};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The type of a Hessian.
pub(crate) fn hessian_type(function: &Function) -> TokenStream {
    let parts: Vec<&Type> = function.wrt().map(|param| &param.ty).collect();
    if function.options.is_sparse("hessian") {
        return sparse::type_of(parts.len(), function);
    }
    matrix::type_of(&parts, function)
}

/// The public function and the private one that it calls.
pub(super) fn hessian(function: &Function, hessian: &Hessian) -> TokenStream {
    let returned = wrapped_type(&function.output, hessian_type(function));
    let private = named(function, "__hessian");
    let (body, kernel) = match hessian {
        Hessian::Sites(program) => {
            let (arguments, turbofish) = (arguments(function, program), turbofish(function));
            let run = quote!(Self::#private #turbofish (#(#arguments),*));
            (by_sites(function, &run), kernel(function, program, &[], &private, &inside(function)))
        }
        Hessian::Sparse(program) => sparse::hessian(function, program, &private),
        Hessian::Columns(forward) => {
            let inputs: Vec<&ParamIs> = forward.tangents.iter().flatten().flatten().collect();
            let parts = function.wrt().map(|p| owned(&arrays::flat(&p.ty)));
            let gradient = one_or_tuple(&parts.collect::<Vec<_>>());
            let columns = forward.tangents.iter().map(|_| &gradient);
            let tuple = wrapped_type(&function.output, quote!((#gradient, #(#columns,)*)));
            let body = by_columns(function, forward, &private);
            (body, kernel(function, &forward.program, &inputs, &private, &tuple))
        }
    };
    let doc = " The Hessian: the derivatives of the gradient by the differentiated parameters.";
    let public = matrix::public(function, ("hessian", doc), &returned, &body);
    quote!(#public #kernel)
}

/// The type of a Hessian in which arrays are their elements.
fn inside(function: &Function) -> TokenStream {
    let params: Vec<Type> = function.wrt().map(|param| arrays::flat(&param.ty)).collect();
    let rows = params.iter().map(|row| {
        one_or_tuple(&params.iter().map(|column| block(row, column)).collect::<Vec<_>>())
    });
    wrapped_type(&function.output, one_or_tuple(&rows.collect::<Vec<_>>()))
}

/// What the private function results in, as the public one returns it.
fn by_sites(function: &Function, run: &TokenStream) -> TokenStream {
    let (before, _) = arrays::around(function);
    if before.is_empty() {
        return run.clone();
    }
    let (all, run) = (local("all"), succeeded(function, run));
    let done = matrix::shaped(function, &rows(function), &quote!(#all));
    let done = wrapped(&function.output, done);
    quote! {
        #before
        let #all = #run;
        #done
    }
}

/// The rows: the differentiated parameters.
fn rows(function: &Function) -> Vec<(&Type, TokenStream)> {
    function.wrt().map(|param| (&param.ty, matrix::place(param))).collect()
}

/// Runs the private function until there are all columns.
fn by_columns(function: &Function, forward: &Forward, private: &Ident) -> TokenStream {
    let [first, all, n, row] = ["first", "all", "n", "row"].map(local);
    let zero = zero(&matrix::elem(function));
    let counts = function.wrt().map(|param| count(&param.ty, &matrix::place(param)));
    let columns = forward.tangents.len();
    let (seeds, further) = matrix::seeds(function, forward, &first);
    let outs: Vec<Ident> = (0..columns).map(|k| local(&format!("column_{k}"))).collect();
    let parts: Vec<&Type> = function.wrt().map(|param| &param.ty).collect();
    let mut taken = TokenStream::new();
    for (k, out) in outs.iter().enumerate() {
        let put = |value: &TokenStream| {
            quote! {
                #all.put(#row, #first + #k, #value);
                #row += 1;
            }
        };
        taken.extend(quote!(let mut #row = 0usize;));
        taken.extend(matrix::parts(&parts, &quote!(#out)).map(|(ty, part)| each(ty, &part, &put)));
    }
    let run = matrix::again(function, &forward.program, private, &further);
    let result = matrix::blocks(function, &rows(function), &all);
    let (before, _) = arrays::around(function);
    quote! {
        #before
        let #n: usize = 0usize #(+ #counts)*;
        let mut #all = ::chainrule::rt::Symmetric::new(#n, #zero);
        let mut #first = 0usize;
        // Also where there is nothing to differentiate by, the function is run.
        loop {
            #seeds
            let (_, #(#outs,)*) = #run;
            #taken
            #first += #columns;
            if #first >= #n { break; }
        }
        #result
    }
}
