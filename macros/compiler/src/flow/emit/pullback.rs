//! `f::pullback`: the forward code once, and a closure that runs the reverse code for any cotangent.
//!
//! ```text
//! fn __pullback(x_m0: &[f64]) -> ([f64; 2], impl Fn([f64; 2]) -> (Vec<f64>,)) {
//!     …                                        // forward
//!     let value = …;
//!     (value, move |mut seed_m3| {
//!         let mut kept_r0 = kept_r0.clone();   // what the reverse code uses up
//!         let mut grad_0 = vec![0.0; x_m0.len()];
//!         …                                    // reverse
//!         (grad_0,)
//!     })
//! }
//! ```
//!
//! The rows of a small Jacobian are in the forward code (`flow/rows/`); the closure begins with
//!
//! ```text
//!     if finite_8 && seed_m3[0] == 1.0 && seed_m3[1] == 0.0 {
//!         return (d_x_m4.clone(),);
//!     }
//! ```

use super::arrays;
use super::block::{Body, one_or_tuple};
use super::facts::GROUP;
use super::kernel::{self, arguments, success, turbofish, wrapped, wrapped_type};
use super::names::{self, local};
use super::types::{self, owned};
use crate::emit::element::{elem_type, literal, zero};
use crate::emit::names::named;
use crate::emit::signature::tangent_type;
use crate::flow::ir::{Adjoint, Grad, Init, Kind, MemId, Origin, ParamIs, Place, RecId, Stmt};
use crate::flow::rows::{Part, Row, Rows};
use crate::flow::walk;
use crate::ir::{Elem, Literal};
use crate::parse::Function;
use proc_macro2::{Ident, Literal as Token, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::BTreeSet;

/// The public function and the private one that it calls.
pub(super) fn pullback(function: &Function, adjoint: &Adjoint, rows: Option<&Rows>) -> TokenStream {
    let program = &adjoint.program;
    let mut body = Body::new(program, &adjoint.used_behind());
    // The reverse code needs the elements of arrays too.
    let kept = |name: &Ident| format_ident!("{name}_kept");
    let inputs = kernel::parameters_with(function, program, &mut body, &|name, _, elem| {
        let name = kept(name);
        quote!(#name: ::std::borrow::Cow<'_, [#elem]>)
    });
    let arrays = function.params.iter().zip(&program.params);
    let lent: TokenStream = arrays
        .filter_map(|(param, is)| match (arrays::element(&param.ty), is) {
            (Some(elem), ParamIs::Mem(mem)) => {
                let name = names::mem(program, *mem);
                let kept = kept(&name);
                Some(quote!(let #name: &[#elem] = &#kept;))
            }
            _ => None,
        })
        .collect();
    let mut seeds = Vec::new();
    kernel::seeds(program, &adjoint.seed, &mut seeds);
    let name = function.name();
    if let Some(result) = &program.result {
        kernel::seed_checks(&name, &adjoint.seed, result, &mut body);
    }
    let (forward_end, end) = (adjoint.reverse, program.body.stmts.len());
    let checks = std::mem::take(&mut body.checks);
    let forward = body.part(&program.body, 0..forward_end);
    body.checks = checks;
    let value = kernel::copied_result(program, &body);
    let used_up = used_up(adjoint, &body);

    // The gradients' memories are new for every cotangent.
    let (mut ahead, mut fresh, mut grads, mut grad_types) =
        (TokenStream::new(), TokenStream::new(), Vec::new(), Vec::new());
    let params = function.params.iter().zip(&program.params).zip(&adjoint.grads);
    for (k, ((param, is), grad)) in params.enumerate() {
        match (grad, is) {
            (Grad::Not, _) => {}
            (Grad::Value(value), _) => {
                let elem = types::float(&param.ty).unwrap_or(Elem::F64);
                grad_types.push(elem_type(&elem));
                grads.push((*value, elem, None));
            }
            (Grad::Mem(shadow), ParamIs::Mem(mem)) => {
                let (shape, grad) = (local(&format!("shape_{k}")), local(&format!("grad_{k}")));
                let inside = arrays::flat(&param.ty);
                let ty = owned(&inside);
                let zeros = types::zeros_like(&inside, &body.place(&Place::whole(*mem)));
                let ident = names::mem(program, *shadow);
                let passed = kernel::shadow_type(param.passing, *shadow, program, &body);
                if program.at(*mem).origin == Origin::Shared {
                    fresh.extend(quote!(let mut #grad: #ty = #zeros;));
                } else {
                    // The forward code may change it.
                    ahead.extend(quote!(let #shape: #ty = #zeros;));
                    fresh
                        .extend(quote!(let mut #grad: #ty = ::core::clone::Clone::clone(&#shape);));
                }
                fresh.extend(quote!(let #ident: &mut #passed = &mut #grad;));
                grad_types.push(owned(&param.ty));
                grads.push((None, Elem::F64, Some(arrays::of_kernel(param, &quote!(#grad)))));
            }
            (Grad::Mem(_), ParamIs::Value(_)) => {}
        }
    }
    let rows_out = rows.map(|rows| handed_out(function, rows, &body));
    let reverse = body.part(&program.body, forward_end..end);
    let late: TokenStream = std::mem::take(&mut body.checks).into_values().collect();
    let grads: Vec<TokenStream> = (grads.into_iter())
        .map(|(value, elem, memory)| match (value, memory) {
            (_, Some(memory)) => memory,
            (Some(value), None) => body.value(value),
            (None, None) => zero(&elem),
        })
        .collect();
    let (grads, grad_type) = (one_or_tuple(&grads), one_or_tuple(&grad_types));
    let seed_types: Vec<TokenStream> = kernel::seed_types(program, &adjoint.seed);
    let output = success(&function.output);
    let value_type = owned(output);
    let (value_name, back) = (local("value"), local("back"));
    let both = quote!((#value_type, impl ::core::ops::Fn(#(#seed_types),*) -> #grad_type));
    let returned = wrapped_type(&function.output, both);
    let ending = wrapped(&function.output, quote!((#value_name, #back)));
    let generics = &function.item.sig.generics;
    let (params, where_clause) = (&generics.params, kernel::where_clause(function));
    let private = named(function, "__pullback");
    let items = program.items.iter().map(|(_, item)| item);
    let closure = quote!(move |#(#seeds),*| {
        #lent
        #rows_out
        #used_up
        #fresh
        #reverse
        #late
        #grads
    });
    let (inline, closure) = inlined(rows, &closure);
    let public = public(function, adjoint, &grad_type, rows);
    quote! {
        #public

        #inline
        #[track_caller]
        fn #private<#params>(#(#inputs),*) -> #returned #where_clause {
            #(#items)*
            #lent
            #ahead
            #forward
            let #value_name: #value_type = #value;
            let #back = #closure;
            #ending
        }
    }
}

fn public(
    function: &Function,
    adjoint: &Adjoint,
    grad_type: &TokenStream,
    rows: Option<&Rows>,
) -> TokenStream {
    let vis = match &function.owner {
        Some(_) => function.item.vis.to_token_stream(),
        None => quote!(pub),
    };
    let generics = &function.item.sig.generics;
    let (generic_params, where_clause) = (&generics.params, kernel::where_clause(function));
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let output = success(&function.output);
    let (value_type, tangent) = (owned(output), tangent_type(output));
    let both = quote!((#value_type, impl ::core::ops::Fn(#tangent) -> #grad_type));
    let returned = wrapped_type(&function.output, both);
    let (value, back, cotangent) = (local("value"), local("back"), local("cotangent"));
    let mut parts = Vec::new();
    kernel::seed_arguments(&adjoint.seed, &quote!(#cotangent), &mut parts);
    let (arguments, turbofish) = (arguments(function, &adjoint.program), turbofish(function));
    let (name, private) = (named(function, "pullback"), named(function, "__pullback"));
    let run = quote!(Self::#private #turbofish (#(#arguments),*));
    let run = match &function.output {
        crate::parse::Type::Option(_) | crate::parse::Type::Result(..) => quote!(#run?),
        _ => run,
    };
    let closure = quote!(move |#cotangent: #tangent| #back(#(#parts),*));
    let (inline, closure) = inlined(rows, &closure);
    let ending = wrapped(&function.output, quote!((#value, #closure)));
    let kept = arrays::kept(function);
    quote! {
        /// The value, and a function from a cotangent to the gradient of its product with the
        /// result: one forward pass serves any number of cotangents.
        #inline
        #[track_caller]
        #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
        #vis fn #name<#generic_params>(#(#params),*) -> #returned #where_clause {
            #kept
            let (#value, #back) = #run;
            #ending
        }
    }
}

/// The attribute of a function that makes a closure, and the closure. What has rows is short, and a
/// closure that is not inlined is made in memory, with all that it captures.
fn inlined(rows: Option<&Rows>, closure: &TokenStream) -> (TokenStream, TokenStream) {
    match rows {
        Some(_) => (quote!(#[inline(always)]), quote!({ #[inline(always)] #closure })),
        None => (quote!(#[inline]), closure.clone()),
    }
}

/// Returns the row of a cotangent that is one in one part and zero in all others.
fn handed_out(function: &Function, rows: &Rows, body: &Body<'_>) -> TokenStream {
    let finite = body.value(rows.finite);
    let asked = rows.rows.iter().map(|row| {
        let parts = rows.rows.iter().map(|other| {
            let (part, elem) = part(&other.part, body);
            let number = Literal::Float(if std::ptr::eq(row, other) { 1.0 } else { 0.0 }, None);
            let number = literal(&number, &elem);
            quote!(#part == #number)
        });
        let grads = row_of(function, row, body);
        quote!(if #finite #(&& #parts)* { return #grads; })
    });
    asked.collect()
}

/// A part of the cotangent, and its type.
fn part(part: &Part, body: &Body<'_>) -> (TokenStream, Elem) {
    match part {
        Part::Value(v) => (body.value(*v), body.program.float(*v).cloned().unwrap_or(Elem::F64)),
        Part::Element(mem, path, elem) => {
            let (name, path) = (names::mem(body.program, *mem), path.iter());
            let path = path.map(|at| Token::usize_unsuffixed(*at));
            (quote!(#name #([#path])*), elem.clone())
        }
    }
}

/// The gradients that a row consists of.
fn row_of(function: &Function, row: &Row, body: &Body<'_>) -> TokenStream {
    let params = function.params.iter().zip(&row.grads);
    let grads: Vec<TokenStream> = params
        .filter_map(|(param, grad)| match grad {
            Grad::Not => None,
            Grad::Value(Some(v)) => Some(body.value(*v)),
            Grad::Value(None) => Some(zero(&types::float(&param.ty).unwrap_or(Elem::F64))),
            Grad::Mem(mem) => Some(arrays::of_kernel(param, &body.copied(&Place::whole(*mem)))),
        })
        .collect();
    one_or_tuple(&grads)
}

/// Copies of what the forward code leaves and the reverse code changes, moves or empties.
fn used_up(adjoint: &Adjoint, body: &Body<'_>) -> TokenStream {
    let program = &adjoint.program;
    let (forward, reverse) = program.body.stmts.split_at(adjoint.reverse);
    let mut made: BTreeSet<MemId> = (0..program.mems.len() as u32)
        .map(MemId)
        .filter(|mem| program.at(*mem).origin == Origin::Owned)
        .filter(|mem| program.params.contains(&ParamIs::Mem(*mem)))
        .collect();
    let mut records: BTreeSet<RecId> = BTreeSet::new();
    each(forward, &mut |kind| {
        made.extend(walk::makes(kind));
        if let Kind::Declare(record, _) = kind {
            records.insert(*record);
        }
    });
    let (mut mems, mut emptied) = (BTreeSet::new(), BTreeSet::new());
    each(reverse, &mut |kind| {
        walk::places(kind, &mut |mem, _, access| {
            if access.writes() && made.contains(&mem) {
                mems.insert(mem);
            }
        });
        let moved = match kind {
            Kind::Assign { from, moved: true, .. } => Some(from.mem),
            Kind::Alloc(_, Init::Move(from)) => Some(from.mem),
            _ => None,
        };
        mems.extend(moved.filter(|mem| made.contains(mem)));
        if let Kind::Recall(record, ..) | Kind::Restore(record, _) = kind
            && records.contains(record)
        {
            emptied.insert(*record);
        }
    });
    let names = mems.into_iter().map(|mem| names::mem(program, mem));
    let records = emptied.into_iter().flat_map(|record| record_names(record, body));
    let copies = names.chain(records);
    copies.map(|name| quote!(let mut #name = ::core::clone::Clone::clone(&#name);)).collect()
}

/// The variables that hold a record.
fn record_names(record: RecId, body: &Body<'_>) -> Vec<Ident> {
    let vectors = if body.facts.streamed.contains(&record) {
        body.facts.vectors(body.program, record).len()
    } else if body.facts.is_wide(record) {
        let count = body.facts.records.get(&record).map_or(0, |(values, _)| values.len());
        count.div_ceil(GROUP)
    } else {
        return vec![names::record(record)];
    };
    (0..vectors).map(|k| names::part(record, k)).collect()
}

/// All statements, those inside included.
fn each(stmts: &[Stmt], f: &mut dyn FnMut(&Kind)) {
    for stmt in stmts {
        f(&stmt.kind);
        walk::blocks(&stmt.kind).into_iter().for_each(|block| walk::all(block, &mut *f));
    }
}
