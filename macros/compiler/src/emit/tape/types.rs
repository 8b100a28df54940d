//! Types: of the rewritten source, and of gradients.

use super::super::element::elem_type;
use super::closures::trait_on_variables;
use super::structs::Structs;
use crate::error::Errors;
use crate::parse::{Type, elem_of, type_of};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse_quote;
use syn::visit_mut::{self, VisitMut};

/// Writes variables for floats and arrays.
pub(super) struct Variables<'f> {
    /// The type parameters that are floats.
    pub(super) floats: &'f [String],
    /// Structs that stand again with variables.
    pub(super) structs: Structs<'f>,
}

impl VisitMut for Variables<'_> {
    fn visit_type_mut(&mut self, ty: &mut syn::Type) {
        if let Some(elem) = elem_of(ty, self.floats).filter(|elem| elem.is_float()) {
            let elem = elem_type(&elem);
            *ty = parse_quote!(::chainrule::tape::Var<'__t, #elem>);
            return;
        }
        if let Some(array) = array(ty, self.floats) {
            *ty = parse_quote!(::chainrule::tape::Var<'__t, #array>);
            return;
        }
        if let syn::Type::Path(path) = ty
            && let Some(def) = self.structs.find(&path.path)
        {
            let mut segment = path.path.segments[path.path.segments.len() - 1].clone();
            visit_mut::visit_path_segment_mut(self, &mut segment);
            if self.structs.holds_variables(def) {
                match &mut segment.arguments {
                    syn::PathArguments::AngleBracketed(list) => {
                        list.args.insert(0, parse_quote!('__t));
                    }
                    arguments => {
                        *arguments = syn::PathArguments::AngleBracketed(parse_quote!(<'__t>));
                    }
                }
            }
            *ty = parse_quote!(#segment);
            return;
        }
        if let syn::Type::Array(fixed) = ty {
            // The length is no code that runs.
            return self.visit_type_mut(&mut fixed.elem);
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_path_segment_mut(&mut self, segment: &mut syn::PathSegment) {
        // An error carries no derivative.
        if segment.ident == "Result"
            && let syn::PathArguments::AngleBracketed(list) = &mut segment.arguments
        {
            list.args.iter_mut().take(1).for_each(|of| self.visit_generic_argument_mut(of));
            return;
        }
        visit_mut::visit_path_segment_mut(self, segment);
    }

    fn visit_expr_mut(&mut self, _: &mut syn::Expr) {}
}

/// The owned array that a type of `ndarray` shows.
fn array(ty: &syn::Type, floats: &[String]) -> Option<TokenStream> {
    let syn::Type::Path(path) = ty else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    if !name.starts_with("Array") && !name.starts_with("Tensor") {
        return None;
    }
    match type_of(ty, floats, &mut Errors::new()) {
        Some(ty @ Type::Array(..)) => tangent(&ty, Structs::default()),
        _ => None,
    }
}

/// The tangent type; `None` where there is none.
pub(super) fn tangent(ty: &Type, structs: Structs<'_>) -> Option<TokenStream> {
    Some(match ty {
        Type::Float(elem) => elem_type(elem),
        Type::Array(elem, rank) => {
            let (elem, array) = (elem_type(elem), format_ident!("Array{rank}"));
            quote!(::chainrule::rt::#array<#elem>)
        }
        Type::Tuple(parts) => {
            let parts =
                parts.iter().map(|part| tangent(part, structs)).collect::<Option<Vec<_>>>()?;
            quote!((#(#parts,)*))
        }
        Type::Fixed(of, len) => {
            let (of, len) = (tangent(of, structs)?, len.parse::<TokenStream>().ok()?);
            quote!([#of; #len])
        }
        Type::Slice(of) | Type::Vec(of) => {
            let of = tangent(of, structs)?;
            quote!(::std::vec::Vec<#of>)
        }
        Type::Struct(text) => {
            let ty: syn::TypePath = syn::parse_str(text).ok()?;
            structs.find(&ty.path)?;
            quote!(#ty)
        }
        _ => return None,
    })
}

/// Whether a type as it is written mentions a float or an array of `ndarray`.
pub(super) fn mentions_floats(ty: &syn::Type, floats: &[String], structs: Structs<'_>) -> bool {
    let mut rewritten = ty.clone();
    Variables { floats, structs }.visit_type_mut(&mut rewritten);
    rewritten != *ty
}

/// A signature on the tape: types of variables, the tape as first parameter.
///
/// Of a method the lifetime of the tape is that of the block around it.
pub(super) fn rewrite_signature(
    sig: &mut syn::Signature,
    floats: &[String],
    structs: Structs<'_>,
    in_block: bool,
) {
    let mut variables = Variables { floats, structs };
    only_real(&mut sig.generics, floats);
    Bounds { floats, structs }.visit_generics_mut(&mut sig.generics);
    for input in &mut sig.inputs {
        if let syn::FnArg::Typed(typed) = input {
            variables.visit_type_mut(&mut typed.ty);
        }
    }
    variables.visit_return_type_mut(&mut sig.output);
    name_elided(sig);
    let is_method = sig.receiver().is_some();
    if !in_block {
        let is_lifetime = |p: &&syn::GenericParam| matches!(p, syn::GenericParam::Lifetime(_));
        let at = sig.generics.params.iter().take_while(is_lifetime).count();
        sig.generics.params.insert(at, parse_quote!('__t));
    }
    let tape = parse_quote!(__tape: &'__t ::chainrule::tape::Tape);
    sig.inputs.insert(usize::from(is_method), tape);
    sig.constness = None;
}

/// A float is known to be one of the tape's. The user's bounds go: their names mean something
/// where the function stands only, and what they ask for a variable has.
pub(super) fn only_real(generics: &mut syn::Generics, floats: &[String]) {
    let is_float = |ty: &syn::Type| {
        let mut ty = ty;
        while let syn::Type::Reference(reference) = ty {
            ty = &reference.elem;
        }
        elem_of(ty, floats).is_some_and(|elem| elem.is_float())
    };
    for param in generics.type_params_mut() {
        if floats.iter().any(|f| param.ident == f) {
            param.bounds = parse_quote!(::chainrule::tape::Real);
        }
    }
    if let Some(clause) = &mut generics.where_clause {
        let kept = clause.predicates.iter().filter(|predicate| {
            !matches!(predicate, syn::WherePredicate::Type(p) if is_float(&p.bounded_ty))
        });
        clause.predicates = kept.cloned().collect();
    }
}

/// Bounds on closures, and by traits that are generic over a float, speak of variables, all others
/// of the floats themselves.
struct Bounds<'f> {
    floats: &'f [String],
    structs: Structs<'f>,
}

impl VisitMut for Bounds<'_> {
    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        let mut variables = Variables { floats: self.floats, structs: self.structs };
        trait_on_variables(&mut bound.path, &mut variables);
    }
}

/// A reference in the result borrows from the parameters; beside the tape it needs a name.
fn name_elided(sig: &mut syn::Signature) {
    struct Elided {
        name: bool,
        found: bool,
    }
    impl VisitMut for Elided {
        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            visit_mut::visit_type_reference_mut(self, reference);
            if reference.lifetime.is_none() {
                self.found = true;
                if self.name {
                    reference.lifetime = Some(syn::Lifetime::new("'__r", Span::call_site()));
                }
            }
        }
    }
    let mut look = Elided { name: false, found: false };
    look.visit_return_type_mut(&mut sig.output);
    if !look.found {
        return;
    }
    let mut elided = Elided { name: true, found: false };
    elided.visit_return_type_mut(&mut sig.output);
    for input in &mut sig.inputs {
        elided.visit_fn_arg_mut(input);
    }
    sig.generics.params.insert(0, parse_quote!('__r));
}

/// The type parameters of a function inside a body that are floats.
pub(super) fn float_parameters(sig: &syn::Signature) -> Vec<String> {
    let is_float = |bound: &syn::TypeParamBound| {
        matches!(bound, syn::TypeParamBound::Trait(bound)
            if bound.path.segments.last().is_some_and(|s| s.ident == "Float"))
    };
    let in_where = |name: &Ident| {
        sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(|predicate| {
            matches!(predicate, syn::WherePredicate::Type(p)
                if matches!(&p.bounded_ty, syn::Type::Path(t) if t.path.is_ident(name))
                    && p.bounds.iter().any(is_float))
        })
    };
    sig.generics
        .type_params()
        .filter(|param| param.bounds.iter().any(is_float) || in_where(&param.ident))
        .map(|param| param.ident.to_string())
        .collect()
}
