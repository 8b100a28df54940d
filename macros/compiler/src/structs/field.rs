//! Which fields of a struct carry a derivative, and which are kept as they are.

use super::Parameters;
use crate::capsule::is_constant;
use crate::error::Errors;
use crate::parse::type_arguments;
use crate::parse::{Names, Type, strip, text_of, understand};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};

/// A field of a struct.
pub(super) struct Field<'d> {
    /// Its name, or its number in a tuple struct.
    pub(super) name: TokenStream,
    /// Its type.
    pub(super) ty: &'d syn::Type,
    /// Whether it carries a derivative.
    pub(super) carries: bool,
}

/// The fields of a struct; reports those that are neither differentiable nor plainly constant.
pub(super) fn fields<'d>(def: &'d syn::ItemStruct, errors: &mut Errors) -> Vec<Field<'d>> {
    for lifetime in def.generics.lifetimes() {
        errors.at(
            lifetime,
            "a struct that borrows cannot be its own tangent: hold owned values in it (`Vec<f64>` for `&[f64]`)",
        );
    }
    let parameters: Vec<String> = def.generics.type_params().map(|p| p.ident.to_string()).collect();
    let mut fields = Vec::new();
    for (k, field) in def.fields.iter().enumerate() {
        let name = match &field.ident {
            Some(name) => name.to_token_stream(),
            None => Literal::usize_unsuffixed(k).to_token_stream(),
        };
        let carries = match is_constant(&field.attrs) {
            true => Some(Holding::Constants),
            false => holding(&field.ty, &parameters, errors),
        };
        if let Some(holding) = carries {
            let carries = holding == Holding::Floats;
            fields.push(Field { name, ty: &field.ty, carries });
        }
    }
    fields
}

/// What a type holds.
#[derive(Clone, Copy, PartialEq)]
enum Holding {
    Floats,
    Constants,
}

/// What a type holds, as far as its spelling tells; a type parameter is taken for a float, a name
/// that is not known for a struct of parameters. `None` after reporting that it cannot be told.
fn holding(ty: &syn::Type, parameters: &[String], errors: &mut Errors) -> Option<Holding> {
    let unclear = |errors: &mut Errors| {
        errors.at(
            ty,
            format!("`{}` cannot be differentiated: hold floats, arrays, `Vec`s or structs of them, or mark the field `#[constant]`", text_of(ty)),
        );
        None
    };
    match strip(ty) {
        syn::Type::Array(inner) => holding(&inner.elem, parameters, errors),
        syn::Type::Tuple(tuple) => {
            let parts: Vec<_> =
                tuple.elems.iter().map(|part| holding(part, parameters, errors)).collect();
            let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
            let Some((first, rest)) = parts.split_first() else {
                return Some(Holding::Constants);
            };
            if rest.iter().any(|part| part != first) {
                errors.at(ty, "a tuple of floats and constants cannot be differentiated: make fields of their own of them");
                return None;
            }
            Some(*first)
        }
        syn::Type::Reference(reference) => {
            let is_static = reference.lifetime.as_ref().is_some_and(|l| l.ident == "static");
            match is_static && reference.mutability.is_none() {
                true => Some(Holding::Constants),
                // The lifetime was reported.
                false => None,
            }
        }
        syn::Type::Path(path) if path.qself.is_none() => {
            let arguments = type_arguments(&path.path);
            let names = Names { floats: parameters, ..Names::default() };
            let last = path.path.segments.last().map(|segment| segment.ident.to_string());
            match understand(ty, names, &mut Errors::new()) {
                Some(Type::Float(_) | Type::Array(..) | Type::Struct(_)) => Some(Holding::Floats),
                Some(Type::Int(_)) => Some(Holding::Constants),
                understood => match (last.as_deref()?, arguments.first()) {
                    ("PhantomData", _) => Some(Holding::Constants),
                    ("Vec", Some(of)) => holding(of, parameters, errors),
                    (name, Some(of)) if is_owned_array(name) => holding(of, parameters, errors),
                    _ => {
                        let mut ignored = Errors::new();
                        let mut held =
                            arguments.iter().map(|of| holding(of, parameters, &mut ignored));
                        let only_constants = held.all(|held| held == Some(Holding::Constants));
                        match understood {
                            Some(_) if only_constants => Some(Holding::Constants),
                            _ => unclear(errors),
                        }
                    }
                },
            }
        }
        _ => unclear(errors),
    }
}

/// Whether a name is that of an array of `ndarray` that owns its elements, of any rank.
fn is_owned_array(name: &str) -> bool {
    let rank = name.strip_prefix("Array").or_else(|| name.strip_prefix("Tensor"));
    rank.is_some_and(|rank| rank.is_empty() || rank == "D" || rank.parse::<u8>().is_ok())
}

/// Reports a struct without a float, and one with floats of two types.
pub(super) fn check(parameters: &Parameters<'_>, errors: &mut Errors) {
    if parameters.carrying().next().is_none() {
        let name = &parameters.def.ident;
        errors.at(
            name,
            format!("nothing to differentiate: `{name}` has no field that holds a float; a struct of constants needs no `#[derive(Differentiable)]`"),
        );
        return;
    }
    let mut floats = parameters.carrying().filter_map(|field| Some((field, float_in(field.ty)?)));
    if let Some((first, float)) = floats.next() {
        for (field, other) in floats.filter(|(_, other)| *other != float) {
            let first = &first.name;
            errors.at(
                field.ty,
                format!("the floats of a struct must be of one type, so that an optimiser can step through them: `{other}` here, but `{float}` in `{first}`"),
            );
        }
    }
}

/// The first float that a type names.
pub(super) fn float_in(ty: &syn::Type) -> Option<&'static str> {
    struct Floats(Option<&'static str>);
    impl<'ast> Visit<'ast> for Floats {
        fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
            let last = path.path.segments.last().map(|segment| segment.ident.to_string());
            let found = match last.as_deref() {
                Some("f32") => Some("f32"),
                Some("f64") => Some("f64"),
                _ => None,
            };
            self.0 = self.0.or(found);
            visit::visit_type_path(self, path);
        }
    }
    let mut floats = Floats(None);
    floats.visit_type(ty);
    floats.0
}

/// The type parameters of the struct that a type names, in order.
pub(super) fn parameters_in(ty: &syn::Type, def: &syn::ItemStruct) -> Vec<syn::Ident> {
    struct Mentions<'d>(&'d syn::ItemStruct, Vec<syn::Ident>);
    impl<'ast> Visit<'ast> for Mentions<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            if let Some(first) = path.segments.first()
                && self.0.generics.type_params().any(|p| p.ident == first.ident)
            {
                self.1.push(first.ident.clone());
            }
            visit::visit_path(self, path);
        }
    }
    let mut mentions = Mentions(def, vec![]);
    mentions.visit_type(ty);
    mentions.1
}

/// The type parameters that the differentiable fields name, each once, in order.
pub(super) fn carried_parameters(parameters: &Parameters<'_>) -> Vec<syn::Ident> {
    let mut found: Vec<syn::Ident> = Vec::new();
    for field in parameters.carrying() {
        for parameter in parameters_in(field.ty, parameters.def) {
            if !found.contains(&parameter) {
                found.push(parameter);
            }
        }
    }
    found
}

/// The type parameter that is the element type of a field's `ndarray` array.
pub(super) fn element_parameter(parameters: &Parameters<'_>) -> Option<syn::Ident> {
    struct Elements<'d>(&'d syn::ItemStruct, Option<syn::Ident>);
    impl<'ast> Visit<'ast> for Elements<'_> {
        fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
            if ty.path.segments.last().is_some_and(|s| is_owned_array(&s.ident.to_string()))
                && let Some(of) = type_arguments(&ty.path).first()
                && let Some(parameter) = parameters_in(of, self.0).first()
            {
                self.1.get_or_insert_with(|| parameter.clone());
            }
            visit::visit_type_path(self, ty);
        }
    }
    let mut elements = Elements(parameters.def, None);
    parameters.carrying().for_each(|field| elements.visit_type(field.ty));
    elements.1
}

/// The generics of the struct with these bounds on the types of its fields.
pub(super) fn bounded(def: &syn::ItemStruct, bounds: Vec<syn::WherePredicate>) -> syn::Generics {
    let mut generics = def.generics.clone();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}

/// `Clone` for generic fields that are kept.
pub(super) fn clones(parameters: &Parameters<'_>) -> Vec<syn::WherePredicate> {
    let kept = parameters.fields.iter().filter(|field| !field.carries);
    let generic = kept.filter(|field| !parameters_in(field.ty, parameters.def).is_empty());
    generic
        .map(|field| {
            let ty = field.ty;
            syn::parse_quote!(#ty: ::core::clone::Clone)
        })
        .collect()
}

/// The struct with every field made by `carried`, the others cloned.
pub(super) fn rebuilt(
    parameters: &Parameters<'_>,
    carried: impl Fn(&TokenStream) -> TokenStream,
) -> TokenStream {
    let fields = parameters.fields.iter().map(|field| {
        let name = &field.name;
        let value = match field.carries {
            true => carried(name),
            false => quote!(::core::clone::Clone::clone(&self.#name)),
        };
        quote!(#name: #value)
    });
    quote!(Self { #(#fields),* })
}
