//! The associated function, `tape_value_and_grad` or `__by_tape`: parameters enter the tape, gradients leave it.

use super::super::signature::{one_or_tuple, tangent_type};
use super::closures::{generics_on_variables, on_variables, takes_floats};
use super::constants::aliases;
use super::rewrite::Rewrite;
use super::structs::{Structs, entry_name};
use super::types::{Variables, mentions_floats, tangent};
use super::{Accessors, Definitions, name_of};
use crate::capsule::Callees;
use crate::emit::names::{ident, named};
use crate::flow::emit::owned;
use crate::parse::{Function, Param, Type, strip, type_arguments};
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
    let by_tape = function.options.derivative.is_by_tape();
    if !by_tape && function.params.iter().any(|p| takes_floats(&p.written, function)) {
        return TokenStream::new();
    }
    let Some(result) = result(function, by_tape) else { return TokenStream::new() };
    let tangents = function.wrt().map(|p| tangent(&p.ty, structs));
    let Some(tangents) = tangents.collect::<Option<Vec<TokenStream>>>() else {
        return TokenStream::new();
    };
    let (mirrored, functions) = (structs.mirrored(), functions(callees, accessors, definitions));
    let (mut plain_structs, shown) = structs.shown(&function.item);
    plain_structs.extend(aliases(function, structs));
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, on_variables(&p.written, &function.floats));
        quote!(#name: #ty)
    });
    let entered: Vec<Entered<'_>> = (function.params.iter().enumerate())
        .map(|(k, p)| Entered::new(k, p, function, structs))
        .collect();
    if !by_tape && entered.iter().any(Entered::is_struct_changed) {
        return TokenStream::new();
    }
    let enter = entered.iter().map(Entered::enter);
    let changed = entered.iter().filter(|e| e.is_changed());
    let (declared, (written, given_back)): (Vec<_>, (Vec<_>, Vec<_>)) =
        changed.map(|e| (e.declared(), (e.written(), e.given_back()))).unzip();
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
        #shown
        #functions
        let __tape = ::chainrule::tape::Tape::new();
        #(#enter)*
        let __result = #called;
        #(#written)*
    };
    let taken = match by_tape {
        false => quote! {{
            __result.backward();
            (__result.value(), (#(#gradients,)*))
        }},
        true => {
            let (plain, linked) = (result.plain(structs), result.linked(structs));
            let outgoing = entered.iter().filter(|e| e.is_output()).map(Entered::linked);
            quote! {{
                let mut __links = ::chainrule::tape::Links::default();
                #linked
                #(#outgoing)*
                __links.variable(0.0_f64).backward();
                (#plain, (#(#gradients,)*))
            }}
        }
    };
    let made = result.rebuilt(structs);
    let (taken, given) = match result.wrapper {
        Wrapper::None => {
            (quote!(let (__value, __gradient) = { #computed #taken };), quote!((#made, #rebuilt)))
        }
        _ => (
            quote!(let __taken = { #computed __result.map(|__result| #taken) };),
            quote!(__taken.map(|(__value, __gradient)| (#made, #rebuilt))),
        ),
    };
    if by_tape {
        let name = named(function, "__by_tape");
        let cotangents = result.cotangent.iter().map(|ty| quote!(__cotangent: #ty,)).chain(
            entered.iter().filter(|e| e.is_output()).map(|e| {
                let (name, ty) = (&e.cotangent, owned(&e.param.ty));
                quote!(#name: #ty,)
            }),
        );
        return quote! {
            #[track_caller]
            fn #name<#generics>(#(#params,)* #(#cotangents)*) -> #returns #clauses {
                #plain_structs
                #(#declared)*
                #taken
                #(#given_back)*
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
            #plain_structs
            #(#declared)*
            #taken
            #(#given_back)*
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
    let mut generics = function.item.sig.generics.clone();
    generics_on_variables(&mut generics, &function.floats);
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

struct Outcome<'f> {
    /// The type of the value, and that of its cotangent; none of `()`.
    value: TokenStream,
    cotangent: Option<TokenStream>,
    /// The type as written, if the function returns something.
    ty: Option<syn::Type>,
    wrapper: Wrapper,
    floats: &'f [String],
}

impl Outcome<'_> {
    fn wrap(&self, pair: &TokenStream) -> TokenStream {
        match &self.wrapper {
            Wrapper::None => pair.clone(),
            Wrapper::Option => quote!(::core::option::Option<#pair>),
            Wrapper::Result(error) => quote!(::core::result::Result<#pair, #error>),
        }
    }

    /// The plain value, structs as tuples.
    fn plain(&self, structs: Structs<'_>) -> TokenStream {
        let take = quote!(::chainrule::rt::OnTape::plain);
        match &self.ty {
            Some(ty) => structs.taken(ty, &quote!(__result), self.floats, &take),
            None => quote!(()),
        }
    }

    /// Links the result with its cotangent.
    fn linked(&self, structs: Structs<'_>) -> TokenStream {
        match &self.ty {
            Some(ty) => structs.linked(ty, &quote!(__result), &quote!(__cotangent), self.floats),
            None => TokenStream::new(),
        }
    }

    /// The value, structs being structs again.
    fn rebuilt(&self, structs: Structs<'_>) -> TokenStream {
        match &self.ty {
            Some(ty) => structs.rebuilt(ty, &quote!(__value)),
            None => quote!(__value),
        }
    }
}

fn result(function: &Function, by_tape: bool) -> Option<Outcome<'_>> {
    let (of, wrapper) = match &function.output {
        Type::Option(of) => (&**of, Wrapper::Option),
        Type::Result(of, error) => {
            (&**of, Wrapper::Result(written_error(function).or_else(|| error.parse().ok())?))
        }
        of => (of, Wrapper::None),
    };
    let is_scalar = matches!(of, Type::Float(_) | Type::Array(_, 0));
    if !is_scalar && !by_tape {
        return None;
    }
    let is_unit = *of == Type::Unit;
    let mut ty = written(function, !matches!(wrapper, Wrapper::None)).filter(|_| !is_unit);
    if let (Some(ty), Some(owner)) = (&mut ty, &function.owner) {
        Owned(&owner.ty).visit_type_mut(ty);
    }
    let cotangent = (!is_unit).then(|| tangent_type(of));
    Some(Outcome { value: owned(of), cotangent, ty, wrapper, floats: &function.floats })
}

/// The type of the result as it is written, or what it wraps.
fn written(function: &Function, wrapped: bool) -> Option<syn::Type> {
    let syn::ReturnType::Type(_, ty) = &function.item.sig.output else { return None };
    match (wrapped, strip(ty)) {
        (false, ty) => Some(ty.clone()),
        (true, syn::Type::Path(path)) => type_arguments(&path.path).first().map(|ty| (*ty).clone()),
        _ => None,
    }
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
    /// What the function works on, what it has left there, and the cotangent of that.
    working: Ident,
    changed: Ident,
    cotangent: Ident,
    /// Whether there is a float in it.
    active: bool,
}

impl<'f> Entered<'f> {
    fn new(k: usize, param: &'f Param, function: &'f Function, structs: Structs<'f>) -> Self {
        let ty = owned_type(param, function);
        let floats = &function.floats;
        // Of all constants only `self` has to be what its method is of.
        let is_constant = matches!(param.ty, Type::Constant(_) | Type::Passive(..));
        let is_receiver = param.name == "self" && structs.are_in(&ty);
        let active = mentions_floats(&ty, floats, structs) && (!is_constant || is_receiver);
        let [variable, working, changed, cotangent] =
            ["variable", "working", "changed", "cotangent"].map(|of| format_ident!("__{of}_{k}"));
        Entered { param, ty, floats, structs, variable, working, changed, cotangent, active }
    }

    fn is_struct_changed(&self) -> bool {
        self.is_exclusive() && self.structs.are_in(&self.ty)
    }

    /// Whether the function changes it.
    fn is_changed(&self) -> bool {
        self.active && self.is_exclusive()
    }

    /// Whether what the function leaves in it has a cotangent.
    fn is_output(&self) -> bool {
        self.is_changed() && self.param.wrt
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

    /// The place of what the function left in a `&mut` parameter.
    fn declared(&self) -> TokenStream {
        let changed = &self.changed;
        quote!(let #changed;)
    }

    /// What the function left in it, structs as tuples.
    fn written(&self) -> TokenStream {
        let (changed, working) = (&self.changed, &self.working);
        let take = quote!(::chainrule::rt::OnTape::plain);
        let plain = self.structs.taken(&self.ty, &quote!(#working), self.floats, &take);
        quote!(#changed = #plain;)
    }

    /// The parameter receives that.
    fn given_back(&self) -> TokenStream {
        let Entered { param, changed, .. } = self;
        let (name, value) = (&param.name, self.structs.rebuilt(&self.ty, &quote!(#changed)));
        match &param.ty {
            Type::Slice(_) => quote!(#name.clone_from_slice(&#value);),
            _ => quote!(*#name = #value;),
        }
    }

    /// Links what the function left in it with its cotangent.
    fn linked(&self) -> TokenStream {
        let (working, cotangent) = (&self.working, &self.cotangent);
        self.structs.linked(&self.ty, &quote!(#working), &quote!(#cotangent), self.floats)
    }

    fn gradient(&self) -> TokenStream {
        let variable = &self.variable;
        let take = quote!(::chainrule::rt::Entered::gradient);
        self.structs.taken(&self.ty, &quote!(#variable), self.floats, &take)
    }
}

/// The type of a parameter, `Self` written out.
pub(super) fn owned_type(param: &Param, function: &Function) -> syn::Type {
    let mut ty = param.written.clone();
    if let Some(owner) = &function.owner {
        Owned(&owner.ty).visit_type_mut(&mut ty);
    }
    ty
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
