//! Type parameters: which are floats, which hold an array's data, and which are constants.

use super::types;
use crate::error::Errors;

/// The type parameters: those that are floats, and all others with their descriptions.
///
/// One that is used like a float but not known to be one is reported, where `errors` are asked for.
pub(super) fn type_parameters(
    generics: &syn::Generics,
    floats: &mut Vec<String>,
    passive: &mut Vec<(String, String)>,
    mut errors: Option<&mut Errors>,
) {
    for param in generics.type_params() {
        let bounds = bounds_of(param, generics);
        let name = param.ident.to_string();
        if bounds.iter().any(|bound| is_bound(bound, &["Float", "NdFloat"])) {
            floats.push(name);
            continue;
        }
        let number = ["Add", "Sub", "Mul", "Div", "Neg", "Num", "NumCast", "Real"];
        let is_unknown = bounds.is_empty() || bounds.iter().any(|bound| is_bound(bound, &number));
        match &mut errors {
            Some(errors) if is_unknown => {
                // It counts as a float from here on, so that it is reported once.
                floats.push(name);
                errors.at(&param.ident, format!("the type parameter `{0}` is not known to be a float: bound it, `{0}: num_traits::Float`", param.ident));
            }
            _ => passive.push((name, types::bounds_text(bounds))),
        }
    }
}

/// The bounds of a type parameter, wherever they stand.
fn bounds_of<'g>(
    param: &'g syn::TypeParam,
    generics: &'g syn::Generics,
) -> Vec<&'g syn::TypeParamBound> {
    let of_where = (generics.where_clause.iter())
        .flat_map(|clause| &clause.predicates)
        .filter_map(|predicate| match predicate {
            syn::WherePredicate::Type(p) => Some(p),
            _ => None,
        })
        .filter(|p| matches!(&p.bounded_ty, syn::Type::Path(t) if t.path.is_ident(&param.ident)))
        .flat_map(|p| &p.bounds);
    param.bounds.iter().chain(of_where).collect()
}

/// The type parameters that hold an array's data, `S: Data<Elem = f64>`, each with the type of its
/// elements.
pub(super) fn holders(generics: &syn::Generics) -> Vec<(String, syn::Type)> {
    let elem = |bound: &syn::TypeParamBound| {
        let syn::TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last()?;
        let syn::PathArguments::AngleBracketed(list) = &last.arguments else { return None };
        list.args.iter().find_map(|arg| match arg {
            syn::GenericArgument::AssocType(of) if of.ident == "Elem" => Some(of.ty.clone()),
            _ => None,
        })
    };
    let of = |param: &syn::TypeParam| {
        let elem = bounds_of(param, generics).into_iter().find_map(elem)?;
        Some((param.ident.to_string(), elem))
    };
    generics.type_params().filter_map(of).collect()
}

fn is_bound(bound: &syn::TypeParamBound, names: &[&str]) -> bool {
    matches!(bound, syn::TypeParamBound::Trait(bound)
        if bound.path.segments.last().is_some_and(|s| names.iter().any(|name| s.ident == name)))
}
