//! `tape_value_and_grad`: the function's source, rewritten to run on the tape's variables.
//!
//! The rewrite knows names only, no derivatives: it shares nothing with lowering and the rules, so
//! that tape and macro are independent witnesses.
//! Its one principle: in the rewritten source every float is a variable. Types become types of
//! variables, literals and constants become constants of the tape, and so does what comes out of
//! functions that are not annotated; with that, control flow, iterators and containers stay as
//! they are, because a variable behaves as a float does. Annotated functions are rewritten too and
//! become nested functions.

mod call;
mod changed;
mod closures;
mod constants;
mod elements;
mod entry;
mod foreign;
mod macros;
mod method;
mod names;
mod passive;
mod rewrite;
mod stitch;
mod structs;
mod types;

use crate::capsule::Callees;
use crate::driver::Tensors;
use crate::emit::names::ident;
use crate::error::Errors;
use crate::parse::Function;
pub(crate) use closures::{generics_on_variables, on_variables, takes_floats};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::format_ident;
use syn::ext::IdentExt;

/// The associated function, if the option asks for it.
pub(crate) fn tape(compiled: &Tensors<'_>, callees: &Callees) -> TokenStream {
    let function = compiled.function;
    let local = |(name, _): &(String, _)| ident(name);
    let list: Vec<(Ident, Vec<Ident>)> = (compiled.primal.foreign.iter())
        .map(|foreign| (foreign.accessor.clone(), foreign.locals.iter().map(local).collect()))
        .collect();
    let accessors = Accessors { list: &list, owner: &function.item.sig.ident };
    match function.options.tape {
        true => entry::entry(function, callees, accessors, Definitions::default()),
        false => TokenStream::new(),
    }
}

/// `tape_value_and_grad` of a function whose result is a float, perhaps in an `Option` or
/// `Result`; nothing for any other.
///
/// What means something at a callee's place only is reached through the accessors in `list`. Of a
/// method it is called `m_tape_value_and_grad`.
pub(crate) fn tape_of(
    function: &Function,
    callees: &Callees,
    list: &[(Ident, Vec<Ident>)],
) -> TokenStream {
    let is_method = |id: &usize| callees.function(*id).is_some_and(|f| f.owner.is_some());
    let methods: Vec<usize> = callees.numbers().filter(is_method).collect();
    let structs: Vec<syn::ItemStruct> =
        callees.numbers().filter_map(|id| callees.structure(id)).cloned().collect();
    let definitions = Definitions { structs: &structs, methods: &methods };
    let accessors = Accessors { list, owner: &function.item.sig.ident };
    entry::entry(function, callees, accessors, definitions)
}

/// `__by_tape` of a function under `via = tape`: the arguments and the cotangent of the result in,
/// value and gradient out.
pub(crate) fn by_tape(function: &Function, callees: &Callees) -> TokenStream {
    let is_method = |id: &usize| callees.function(*id).is_some_and(|f| f.owner.is_some());
    let methods: Vec<usize> = callees.numbers().filter(is_method).collect();
    let structs: Vec<syn::ItemStruct> =
        callees.numbers().filter_map(|id| callees.structure(id)).cloned().collect();
    let definitions = Definitions { structs: &structs, methods: &methods };
    let accessors = Accessors { list: &[], owner: &function.item.sig.ident };
    entry::entry(function, callees, accessors, definitions)
}

/// Reports the calls of a function under `via = tape` that the tape cannot take.
pub(crate) fn check(function: &Function, callees: &Callees, errors: &mut Errors) {
    if !function.options.derivative.is_by_tape() {
        return;
    }
    for id in callees.numbers().filter(|id| *id != callees.root()) {
        let Some(callee) = callees.function(id) else { continue };
        if callee.owner.is_some() && callee.options.derivative.rule().is_some() {
            errors.at(&function.item.sig.ident, format!("the tape cannot use the rule of the method `{}`: make it a function beside the block", callee.name()));
        } else if callee.params.iter().any(|p| takes_floats(&p.written, callee)) {
            errors.at(&function.item.sig.ident, format!("`{0}` takes a function of floats, and is called under `via = tape`: leave `{0}` without the attribute, generic over `T: Float`, and call `{0}::<f64>(..)`", callee.name()));
        } else if callee.owner.is_none() && !stitch::serves(callee) {
            errors.at(&function.item.sig.ident, format!("`{}` cannot be called under `via = tape`: of annotated functions the tape takes those that return a float and take floats, slices, `Vec`s, arrays and tuples of floats without changing them", callee.name()));
        }
    }
}

/// What a function's source mentions beside annotated functions.
#[derive(Clone, Copy, Default)]
pub(crate) struct Definitions<'d> {
    /// The structs under `#[derive(Differentiable)]`.
    pub(crate) structs: &'d [syn::ItemStruct],
    /// The numbers of the annotated functions that are methods or associated functions.
    pub(crate) methods: &'d [usize],
}

/// The constants of inlined functions, which `struct f` offers by hidden functions.
#[derive(Clone, Copy)]
struct Accessors<'c> {
    /// Their names, with the locals they take.
    list: &'c [(Ident, Vec<Ident>)],
    owner: &'c Ident,
}

/// The rewritten function of this number.
fn name_of(callees: &Callees, id: usize) -> Ident {
    match callees.function(callees.root()) {
        // Several methods of a type have their functions beside each other.
        Some(root) if root.owner.is_some() => {
            format_ident!("__tape_{id}_of_{}", root.item.sig.ident.unraw())
        }
        _ => format_ident!("__tape_{id}"),
    }
}

/// The tokens of a capsule are marked as its own; here all names meet in one function.
fn unmarked(tokens: TokenStream) -> TokenStream {
    let token = |token: TokenTree| match token {
        TokenTree::Ident(mut ident) if ident != "$crate" => {
            ident.set_span(ident.span().resolved_at(Span::call_site()));
            TokenTree::Ident(ident)
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), unmarked(group.stream()));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    };
    tokens.into_iter().map(token).collect()
}
