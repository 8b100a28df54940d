//! `f::jacobian`: tangents in several directions beside one value, again and again until there are
//! all columns, or `f::vjp` for each row.

use super::arrays;
use super::block::one_or_tuple;
use super::forward::kernel;
use super::kernel::{succeeded, success, turbofish, wrapped, wrapped_type};
use super::matrix::{self, MOST_AT_ONCE};
use super::names::local;
use super::nested::{count, each, formed, known_count, like, zipped};
use super::sparse;
use super::types::{constant_zero, owned};
use crate::emit::element::{literal, zero};
use crate::emit::names::named;
use crate::flow::ir::ParamIs;
use crate::flow::tangent::{Entries, Forward};
use crate::ir::Literal;
use crate::parse::{Function, Type};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// So many rows are taken one by one where the number of columns is not known.
const FEW_ROWS: usize = 16;

/// What a Jacobian is made of.
pub enum Jacobian {
    /// Value and tangents in several directions: as many columns.
    Columns(Box<Forward>),
    /// `f::vjp`, row by row.
    Rows,
    /// The entries of a sparse one.
    Sparse(Box<Entries>),
}

/// How the Jacobian is taken: by columns, so many at once, or by rows. A row costs about as much as
/// three columns.
pub(crate) fn at_once(function: &Function) -> Option<usize> {
    let by_columns = match (matrix::inputs(function), known_count(success(&function.output))) {
        (Some(inputs), Some(outputs)) => inputs + inputs.div_ceil(MOST_AT_ONCE) <= 3 * outputs,
        (None, Some(outputs)) => outputs > FEW_ROWS,
        (_, None) => true,
    };
    by_columns.then(|| matrix::columns(function))
}

/// How many numbers each parameter is made of, where their types tell that, and they are few.
pub(crate) fn few(function: &Function) -> Option<Vec<usize>> {
    let few = matrix::inputs(function).is_some_and(|all| all <= MOST_AT_ONCE);
    let size = |param: &crate::parse::Param| known_count(&param.ty).unwrap_or(0);
    few.then(|| function.params.iter().map(size).collect())
}

/// The parts of the result.
fn outputs(function: &Function) -> Vec<&Type> {
    match success(&function.output) {
        Type::Tuple(parts) => parts.iter().collect(),
        one => vec![one],
    }
}

/// The type of a Jacobian.
pub(crate) fn jacobian_type(function: &Function) -> TokenStream {
    if function.options.is_sparse("jacobian") {
        return sparse::type_of(outputs(function).len(), function);
    }
    matrix::type_of(&outputs(function), function)
}

/// The public function and the private one that it calls.
pub(super) fn jacobian(function: &Function, jacobian: &Jacobian) -> TokenStream {
    let returned = wrapped_type(&function.output, jacobian_type(function));
    let private = named(function, "__jacobian");
    let (body, kernel) = match jacobian {
        Jacobian::Rows => (by_rows(function), None),
        Jacobian::Sparse(entries) => {
            let (body, kernel) = sparse::jacobian(function, entries, &private);
            (body, Some(kernel))
        }
        Jacobian::Columns(forward) => {
            let output = owned(success(&function.output));
            let columns = forward.tangents.iter().map(|_| &output);
            let tuple = wrapped_type(&function.output, quote!((#output, #(#columns,)*)));
            let inputs: Vec<&ParamIs> = forward.tangents.iter().flatten().flatten().collect();
            let kernel = kernel(function, &forward.program, &inputs, &private, &tuple);
            let body = match matrix::inputs(function) == Some(forward.tangents.len()) {
                true => in_one_pass(function, forward, &private),
                false => by_columns(function, forward, &private),
            };
            (body, Some(kernel))
        }
    };
    let doc = " The Jacobian: the derivatives of each number of the result by the differentiated \
               parameters.";
    let public = matrix::public(function, ("jacobian", doc), &returned, &body);
    quote!(#public #kernel)
}

/// All columns at once.
fn in_one_pass(function: &Function, forward: &Forward, private: &Ident) -> TokenStream {
    let first = local("first");
    let (seeds, further) = matrix::seeds(function, forward, &first);
    let columns: Vec<Ident> =
        (0..forward.tangents.len()).map(|k| local(&format!("column_{k}"))).collect();
    let run = matrix::again(function, &forward.program, private, &further);
    let types = outputs(function);
    let mut rows = Vec::new();
    // Any column tells the shape of the result.
    let some = columns.first().map_or_else(TokenStream::new, |column| quote!(#column));
    let places: Vec<TokenStream> = matrix::parts(&types, &some).map(|(_, place)| place).collect();
    for (part, ty) in types.iter().enumerate() {
        let (mut blocks, mut before) = (Vec::new(), 0);
        for param in function.wrt() {
            let width = known_count(&param.ty).unwrap_or(0);
            let in_part = |column: &Ident| {
                let column = quote!(#column);
                matrix::parts(&types, &column).nth(part).map(|(_, place)| place)
            };
            let of_param: Vec<TokenStream> =
                columns[before..before + width].iter().filter_map(in_part).collect();
            let leaf = |floats: &[TokenStream]| formed(&param.ty, &mut floats.iter());
            let leaf = |floats: &[TokenStream]| leaf(floats).unwrap_or_default();
            let all = zipped(ty, &of_param, 0, &leaf);
            blocks.push(arrays::block((ty, &places[part]), param, &all));
            before += width;
        }
        rows.push(one_or_tuple(&blocks));
    }
    let done = wrapped(&function.output, one_or_tuple(&rows));
    let (ordered, _) = arrays::around(function);
    quote! {
        #ordered
        let #first = 0usize;
        #seeds
        let (_, #(#columns,)*) = #run;
        #done
    }
}

/// Some columns at once, until there are all.
fn by_columns(function: &Function, forward: &Forward, private: &Ident) -> TokenStream {
    let [first, all, n, value] = ["first", "all", "n", "value"].map(local);
    let counts = function.wrt().map(|param| count(&param.ty, &matrix::place(param)));
    let columns = forward.tangents.len();
    let (seeds, further) = matrix::seeds(function, forward, &first);
    let outs: Vec<Ident> = (0..columns).map(|k| local(&format!("column_{k}"))).collect();
    let output = success(&function.output);
    let taken = outs.iter().enumerate().map(|(k, out)| {
        let taken = each(output, &quote!(#out), &|entry| quote!(#all.push(#entry);));
        quote!(if #first + #k < #n { #taken })
    });
    let run = matrix::again(function, &forward.program, private, &further);
    let types = outputs(function);
    let value_place = quote!(#value);
    let rows: Vec<(&Type, TokenStream)> = matrix::parts(&types, &value_place).collect();
    let height = count(output, &value_place);
    let result = matrix::blocks(function, &rows, &all);
    let (before, _) = arrays::around(function);
    quote! {
        #before
        let #n: usize = 0usize #(+ #counts)*;
        let mut #all = ::std::vec::Vec::new();
        let mut #first = 0usize;
        // Also where there is nothing to differentiate by, the function is run.
        let #value = loop {
            #seeds
            let (#value, #(#outs,)*) = #run;
            #(#taken)*
            #first += #columns;
            if #first >= #n { break #value; }
        };
        let #all = ::chainrule::rt::Entries::by_columns(#all, #height);
        #result
    }
}

/// Row by row.
fn by_rows(function: &Function) -> TokenStream {
    let [all, n, row, at, blank, seed, grad] =
        ["all", "n", "row", "at", "blank", "seed", "grad"].map(local);
    let output = success(&function.output);
    let height = known_count(output).unwrap_or(0);
    let elem = matrix::elem(function);
    let (zero, one) = (zero(&elem), literal(&Literal::Float(1.0, None), &elem));
    let blank_value = constant_zero(output);
    let entry = quote!({
        #at += 1;
        if #at == #row + 1 { #one } else { #zero }
    });
    let direction = like(output, &quote!(#blank), &entry);
    let arguments = function.params.iter().map(|param| {
        let name = &param.name;
        matrix::copied_argument(param, quote!(#name))
    });
    let (vjp, turbofish) = (named(function, "vjp"), turbofish(function));
    let run = quote!(Self::#vjp #turbofish (#(#arguments,)* #seed));
    let run = succeeded(function, &run);
    let parts: Vec<&Type> = function.wrt().map(|param| &param.ty).collect();
    let grad_place = quote!(#grad);
    let taken = matrix::parts(&parts, &grad_place)
        .map(|(ty, part)| each(ty, &part, &|entry| quote!(#all.push(#entry);)));
    let types = outputs(function);
    let blank_place = quote!(#blank);
    let rows: Vec<(&Type, TokenStream)> = matrix::parts(&types, &blank_place).collect();
    let counts = function.wrt().map(|param| count(&param.ty, &matrix::place(param)));
    let result = matrix::blocks(function, &rows, &all);
    quote! {
        let #blank = #blank_value;
        let #n: usize = 0usize #(+ #counts)*;
        let mut #all = ::std::vec::Vec::with_capacity(#n * #height);
        for #row in 0..#height {
            let mut #at = 0usize;
            let #seed = #direction;
            let (_, #grad) = #run;
            #(#taken)*
        }
        let #all = ::chainrule::rt::Entries::by_rows(#all, #n);
        #result
    }
}
