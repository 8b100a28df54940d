//! `f::jacobian`: tangents in several directions beside one value, again and again until there are
//! all columns, or `f::vjp` for each row.

use super::arrays;
use super::block::one_or_tuple;
use super::forward::{kernel, passed};
use super::kernel::{succeeded, success, turbofish, wrapped, wrapped_type};
use super::matrix::{self, MOST_AT_ONCE};
use super::names::local;
use super::nested::{block, count, each, formed, known_count, like, zipped};
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

/// So many directions are an axis where the number of all is not known.
const WIDE: usize = 8;
/// So many at most where it is.
const WIDEST: usize = 32;

/// What a Jacobian is made of.
pub enum Jacobian {
    /// Value and tangents in several directions: as many columns.
    Columns(Box<Forward>),
    /// Value and tangents in so many directions, which are their innermost axis.
    Wide(Box<Forward>, usize),
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

/// How many directions are taken at once as an axis, if this is worth it.
pub(crate) fn directions(function: &Function) -> Option<usize> {
    match matrix::inputs(function) {
        None => Some(WIDE),
        Some(all) if all > MOST_AT_ONCE => Some(all.div_ceil(all.div_ceil(WIDEST))),
        Some(_) => None,
    }
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
        Jacobian::Wide(forward, directions) => {
            let output = owned(success(&function.output));
            let tangents = block(success(&function.output), &row_type(function, *directions));
            let tuple = wrapped_type(&function.output, quote!((#output, #tangents)));
            let inputs: Vec<&ParamIs> = forward.tangents.iter().flatten().flatten().collect();
            let kernel = kernel(function, &forward.program, &inputs, &private, &tuple);
            (wide(function, (forward, *directions), &private), Some(kernel))
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
    let columns = forward.tangents.len();
    let (seeds, further) = matrix::seeds(function, forward, &first);
    let outs: Vec<Ident> = (0..columns).map(|k| local(&format!("column_{k}"))).collect();
    let output = success(&function.output);
    let taken = outs.iter().enumerate().map(|(k, out)| {
        let taken = each(output, &quote!(#out), &|entry| quote!(#all.push(#entry);));
        quote!(if #first + #k < #n { #taken })
    });
    let run = matrix::again(function, &forward.program, private, &further);
    let pass = quote! {
        #seeds
        let (#value, #(#outs,)*) = #run;
        #(#taken)*
    };
    in_passes(function, columns, &pass, &|height| quote!(by_columns(#all, #height)))
}

/// The Jacobian from as many passes as it takes, each in so many directions: what a pass does, with
/// the directions from `first` on, and how all entries are sorted.
fn in_passes(
    function: &Function,
    directions: usize,
    pass: &TokenStream,
    sorted: &dyn Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let [first, all, n, value] = ["first", "all", "n", "value"].map(local);
    let counts = function.wrt().map(|param| count(&param.ty, &matrix::place(param)));
    let (types, value_place) = (outputs(function), quote!(#value));
    let rows: Vec<(&Type, TokenStream)> = matrix::parts(&types, &value_place).collect();
    let sorted = sorted(count(success(&function.output), &value_place));
    let result = matrix::blocks(function, &rows, &all);
    let (before, _) = arrays::around(function);
    quote! {
        #before
        let #n: usize = 0usize #(+ #counts)*;
        let mut #all = ::std::vec::Vec::new();
        let mut #first = 0usize;
        // Also where there is nothing to differentiate by, the function is run.
        let #value = loop {
            #pass
            #first += #directions;
            if #first >= #n { break #value; }
        };
        let #all = ::chainrule::rt::Entries::#sorted;
        #result
    }
}

/// What stands for a float in all directions.
fn row_type(function: &Function, directions: usize) -> Type {
    Type::Fixed(Box::new(Type::Float(matrix::elem(function))), directions.to_string())
}

/// Directions side by side, all at once where there are as many.
fn wide(
    function: &Function,
    (forward, directions): (&Forward, usize),
    private: &Ident,
) -> TokenStream {
    let [first, row, all, value, wide, unit] =
        ["first", "row", "all", "value", "wide", "unit"].map(local);
    let elem = matrix::elem(function);
    let (zero, one) = (zero(&elem), literal(&Literal::Float(1.0, None), &elem));
    let entry = quote!({
        let mut #unit = [#zero; #directions];
        if #row >= #first && #row - #first < #directions { #unit[#row - #first] = #one; }
        #row += 1;
        #unit
    });
    let (mut seeds, mut further) = (quote!(let mut #row = 0usize;), Vec::new());
    let inputs = forward.tangents.iter().flatten().flatten();
    for (p, (param, is)) in function.wrt().zip(inputs).enumerate() {
        let seed = local(&format!("seed_{p}"));
        let value = like(&param.ty, &matrix::place(param), &entry);
        seeds.extend(quote!(let #seed = #value;));
        further.push(passed(is, &seed, &forward.program));
    }
    let run = matrix::again(function, &forward.program, private, &further);
    if matrix::inputs(function) == Some(directions) {
        let (before, _) = arrays::around(function);
        let done = wrapped(&function.output, of_all(function, directions, &wide));
        return quote! {
            #before
            let #first = 0usize;
            #seeds
            let (_, #wide) = #run;
            #done
        };
    }
    let output = success(&function.output);
    let taken = each(output, &quote!(#wide), &|row| quote!(#all.extend_from_slice(&#row[..]);));
    let pass = quote! {
        #seeds
        let (#value, #wide) = #run;
        #taken
    };
    let sorted = |height| quote!(by_blocks(#all, #height, #directions));
    in_passes(function, directions, &pass, &sorted)
}

/// The blocks of the Jacobian, where a row has all directions.
fn of_all(function: &Function, directions: usize, wide: &Ident) -> TokenStream {
    let params: Vec<&Type> = function.wrt().map(|param| &param.ty).collect();
    if let [Type::Fixed(of, _)] = params[..]
        && matches!(**of, Type::Float(_))
    {
        // A row is what the parameter is.
        return quote!(#wide);
    }
    let (types, wide) = (outputs(function), quote!(#wide));
    let mut rows = Vec::new();
    for (ty, place) in matrix::parts(&types, &wide) {
        let (mut blocks, mut before) = (Vec::new(), 0);
        for param in &params {
            let width = known_count(param).unwrap_or(directions);
            let leaf = |row: &[TokenStream]| {
                let row = row.first().cloned().unwrap_or_default();
                let floats: Vec<TokenStream> =
                    (before..before + width).map(|k| quote!(#row[#k])).collect();
                formed(param, &mut floats.iter()).unwrap_or_default()
            };
            blocks.push(zipped(ty, std::slice::from_ref(&place), 0, &leaf));
            before += width;
        }
        rows.push(one_or_tuple(&blocks));
    }
    one_or_tuple(&rows)
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
