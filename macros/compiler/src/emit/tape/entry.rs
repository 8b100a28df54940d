//! The associated function, `tape_value_and_grad` or `__by_tape`: parameters enter the tape, gradients leave it.

use super::super::signature::one_or_tuple;
use super::rewrite::Rewrite;
use super::structs::{Structs, entry_name};
use super::types::{Variables, mentions_floats, tangent};
use super::{Accessors, Definitions, name_of};
use crate::capsule::Callees;
use crate::emit::names::{ident, named};
use crate::parse::{Function, Param, Type, strip};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeSet;
use syn::visit_mut::VisitMut;

/// `tape_value_and_grad`, with the rewritten functions inside.
pub(super) fn entry(
    function: &Function,
    callees: &Callees,
    accessors: Accessors<'_>,
    definitions: Definitions<'_>,
) -> TokenStream {
    let structs = Structs(definitions.structs);
    if closure(function).is_some() {
        return TokenStream::new();
    }
    let by_tape = function.options.derivative.is_by_tape();
    let Some(result) = result(function, by_tape) else { return TokenStream::new() };
    let tangents = function.wrt().map(|p| tangent(&p.ty, structs));
    let Some(tangents) = tangents.collect::<Option<Vec<TokenStream>>>() else {
        return TokenStream::new();
    };
    let (mirrored, functions) = (structs.mirrored(), functions(callees, accessors, definitions));
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let entered: Vec<Entered<'_>> = (function.params.iter().enumerate())
        .map(|(k, p)| Entered::new(k, p, function, structs))
        .collect();
    if entered.iter().any(Entered::is_struct_changed) {
        return TokenStream::new();
    }
    let enter = entered.iter().map(Entered::enter);
    let write_back = entered.iter().map(Entered::write_back);
    let wrt: Vec<&Entered<'_>> = entered.iter().filter(|e| e.param.wrt).collect();
    let gradients: Vec<TokenStream> = wrt.iter().map(|e| e.gradient()).collect();
    let rebuilt: Vec<TokenStream> = (wrt.iter().enumerate())
        .map(|(k, e)| {
            let k = Literal::usize_unsuffixed(k);
            structs.rebuilt(&e.ty, &quote!(__gradient.#k))
        })
        .collect();
    let (grad, rebuilt) = (one_or_tuple(&tangents), one_or_tuple(&rebuilt));
    let called = call_root(function, callees, &entered, structs);
    let (generics, clauses) = generics(function);
    let value = &result.value;
    let returns = result.wrap(&quote!((#value, #grad)));
    let computed = quote! {
        #mirrored
        #functions
        let __tape = ::chainrule::tape::Tape::new();
        #(#enter)*
        let __result = #called;
        #(#write_back)*
    };
    let taken = match by_tape {
        false => quote! {{
            __result.backward();
            (__result.value(), (#(#gradients,)*))
        }},
        true => quote! {{
            ::chainrule::rt::weighted(&__result, &__cotangent).backward();
            (::chainrule::rt::OnTape::plain(&__result), (#(#gradients,)*))
        }},
    };
    let (taken, given) = match result.wrapper {
        Wrapper::None => {
            (quote!(let (__value, __gradient) = { #computed #taken };), quote!((__value, #rebuilt)))
        }
        _ => (
            quote!(let __taken = { #computed __result.map(|__result| #taken) };),
            quote!(__taken.map(|(__value, __gradient)| (__value, #rebuilt))),
        ),
    };
    if by_tape {
        let name = named(function, "__by_tape");
        return quote! {
            #[track_caller]
            fn #name<#generics>(#(#params,)* __cotangent: #value) -> #returns #clauses {
                #taken
                #given
            }
        };
    }
    let name = entry_name(function.owner.as_ref().map(|_| &function.item.sig.ident));
    quote! {
        /// The value and the gradient by the run-time tape: an independent witness.
        #[track_caller]
        #[must_use]
        pub fn #name<#generics>(#(#params),*) -> #returns #clauses {
            #taken
            #given
        }
    }
}

/// The call of the rewritten root function.
fn call_root(
    function: &Function,
    callees: &Callees,
    entered: &[Entered<'_>],
    structs: Structs<'_>,
) -> TokenStream {
    let root = name_of(callees, callees.root());
    let mut path = quote!(#root);
    if let Some(owner) = &function.owner {
        let mut ty = owner.ty.clone();
        Variables { floats: &function.floats, structs }.visit_type_mut(&mut ty);
        // Where it is called the lifetime has no name.
        let ty = unnamed(quote!(#ty));
        path = quote!(<#ty>::#root);
    }
    let receives = usize::from(function.item.sig.receiver().is_some());
    let mut arguments: Vec<TokenStream> = entered.iter().map(Entered::lent).collect();
    arguments.insert(receives, quote!(&__tape));
    quote!(#path(#(#arguments),*))
}

fn unnamed(tokens: TokenStream) -> TokenStream {
    let text = tokens.to_string().replace("'__t", "'_");
    text.parse().unwrap_or(tokens)
}

/// The first parameter that is a closure.
pub(super) fn closure(function: &Function) -> Option<&Ident> {
    function.params.iter().find(|p| is_closure(p, function)).map(|p| &p.name)
}

/// A closure of floats cannot be asked for its derivative while the program runs.
fn is_closure(param: &Param, function: &Function) -> bool {
    let names_closure = |name: &Ident| {
        let generics = &function.item.sig.generics;
        function.floats.iter().all(|f| name != f)
            && generics.type_params().any(|p| p.ident == *name)
    };
    match strip(&param.written) {
        syn::Type::Path(path) => path.path.get_ident().is_some_and(names_closure),
        ty => {
            matches!(param.ty, Type::Constant(_) | Type::Passive(..))
                && mentions_floats(ty, &function.floats, Structs::default())
        }
    }
}

/// The root function and all that it calls, rewritten.
fn functions(
    callees: &Callees,
    accessors: Accessors<'_>,
    definitions: Definitions<'_>,
) -> TokenStream {
    let mut open = vec![callees.root()];
    open.extend(definitions.methods);
    let mut done = BTreeSet::new();
    let mut functions = TokenStream::new();
    while let Some(id) = open.pop() {
        if done.insert(id)
            && let Some(function) = callees.function(id)
        {
            let mut rewrite = Rewrite::new(callees, id, function, accessors, definitions);
            functions.extend(rewrite.function());
            open.append(&mut rewrite.called);
        }
    }
    functions
}

/// The generics of the function; its type parameters must also be floats of the tape.
fn generics(function: &Function) -> (TokenStream, TokenStream) {
    let generics = &function.item.sig.generics;
    let params = &generics.params;
    let given = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let floats = function.floats.iter().map(|f| {
        let f = ident(f);
        quote!(#f: ::chainrule::tape::Real)
    });
    let clauses: Vec<TokenStream> = given.map(|p| quote!(#p)).chain(floats).collect();
    let clauses = match clauses.is_empty() {
        true => TokenStream::new(),
        false => quote!(where #(#clauses),*),
    };
    (quote!(#params), clauses)
}

/// What the float of the result comes in.
enum Wrapper {
    None,
    Option,
    Result(TokenStream),
}

struct Outcome {
    value: TokenStream,
    wrapper: Wrapper,
}

impl Outcome {
    fn wrap(&self, pair: &TokenStream) -> TokenStream {
        match &self.wrapper {
            Wrapper::None => pair.clone(),
            Wrapper::Option => quote!(::core::option::Option<#pair>),
            Wrapper::Result(error) => quote!(::core::result::Result<#pair, #error>),
        }
    }
}

fn result(function: &Function, by_tape: bool) -> Option<Outcome> {
    let (of, wrapper) = match &function.output {
        Type::Option(of) => (&**of, Wrapper::Option),
        Type::Result(of, error) => {
            (&**of, Wrapper::Result(written_error(function).or_else(|| error.parse().ok())?))
        }
        of => (of, Wrapper::None),
    };
    let is_scalar = matches!(of, Type::Float(_) | Type::Array(_, 0));
    (is_scalar || by_tape)
        .then(|| tangent(of, Structs::default()))
        .flatten()
        .map(|value| Outcome { value, wrapper })
}

/// `E` of a `Result<T, E>` as it is written.
fn written_error(function: &Function) -> Option<TokenStream> {
    let syn::ReturnType::Type(_, ty) = &function.item.sig.output else { return None };
    let syn::Type::Path(path) = strip(ty) else { return None };
    let syn::PathArguments::AngleBracketed(list) = &path.path.segments.last()?.arguments else {
        return None;
    };
    list.args.get(1).map(|error| quote!(#error))
}

/// A parameter on the tape.
struct Entered<'f> {
    param: &'f Param,
    /// Its type, `Self` written out.
    ty: syn::Type,
    floats: &'f [String],
    structs: Structs<'f>,
    /// What entered, whose gradient is asked for.
    variable: Ident,
    /// What the function works on.
    working: Ident,
    /// Whether there is a float in it.
    active: bool,
}

impl<'f> Entered<'f> {
    fn new(k: usize, param: &'f Param, function: &'f Function, structs: Structs<'f>) -> Self {
        let mut ty = param.written.clone();
        if let Some(owner) = &function.owner {
            Owned(&owner.ty).visit_type_mut(&mut ty);
        }
        let floats = &function.floats;
        let active = mentions_floats(&ty, floats, structs)
            && !matches!(param.ty, Type::Constant(_) | Type::Passive(..));
        let (variable, working) = (format_ident!("__variable_{k}"), format_ident!("__working_{k}"));
        Entered { param, ty, floats, structs, variable, working, active }
    }

    /// A struct is not written back.
    fn is_struct_changed(&self) -> bool {
        self.is_exclusive() && self.structs.are_in(&self.ty)
    }

    fn is_exclusive(&self) -> bool {
        matches!(strip(&self.param.written), syn::Type::Reference(r) if r.mutability.is_some())
    }

    fn enter(&self) -> TokenStream {
        let Entered { param, variable, working, .. } = self;
        let name = &param.name;
        if !self.active {
            return TokenStream::new();
        }
        let entered = self.structs.enter(&self.ty, &quote!(#name), param.wrt, self.floats);
        let enter = quote!(let #variable = #entered;);
        match self.is_exclusive() {
            true => quote!(#enter let mut #working = #variable.clone();),
            false => enter,
        }
    }

    fn lent(&self) -> TokenStream {
        let (name, variable, working) = (&self.param.name, &self.variable, &self.working);
        if !self.active {
            return quote!(#name);
        }
        match self.is_exclusive() {
            true => quote!(&mut #working),
            false => lend(&self.param.written, &quote!(#variable)),
        }
    }

    /// A `&mut` parameter receives what the function left in it.
    fn write_back(&self) -> TokenStream {
        let Entered { param, working, .. } = self;
        if !self.active || !self.is_exclusive() {
            return TokenStream::new();
        }
        let name = &param.name;
        match &param.ty {
            Type::Slice(_) => quote! {
                #name.clone_from_slice(&::chainrule::rt::OnTape::plain(&#working));
            },
            _ => quote!(*#name = ::chainrule::rt::OnTape::plain(&#working);),
        }
    }

    fn gradient(&self) -> TokenStream {
        let variable = &self.variable;
        self.structs.gradient(&self.ty, &quote!(#variable), self.floats)
    }
}

/// `Self` as the type that it is.
struct Owned<'o>(&'o syn::Type);

impl VisitMut for Owned<'_> {
    fn visit_type_mut(&mut self, ty: &mut syn::Type) {
        match ty {
            syn::Type::Path(path) if path.path.is_ident("Self") => *ty = self.0.clone(),
            ty => syn::visit_mut::visit_type_mut(self, ty),
        }
    }
}

/// What entered, in the form the parameter has: by reference where it is one.
fn lend(written: &syn::Type, place: &TokenStream) -> TokenStream {
    match strip(written) {
        syn::Type::Reference(_) => quote!(&#place),
        syn::Type::Tuple(tuple) => {
            let parts = tuple.elems.iter().enumerate().map(|(k, part)| {
                let k = Literal::usize_unsuffixed(k);
                lend(part, &quote!(#place.#k))
            });
            quote!((#(#parts,)*))
        }
        _ => quote!(#place.clone()),
    }
}
