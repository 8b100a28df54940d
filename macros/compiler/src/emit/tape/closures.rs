//! Parameters that are functions of floats: closures, and values of traits that are generic over a
//! float.
//!
//! A closure of plain floats cannot be asked for its derivative. So under `via = tape` the generated
//! functions ask for the same closure of variables: what is `&dyn Fn(f64) -> f64` to the function is
//! `&dyn for<'__t> Fn(Var<'__t, f64>) -> Var<'__t, f64>` to its gradient. A closure that is written
//! as an argument serves both. Likewise `&dyn Law<f64>` is `&dyn for<'__t> Law<Var<'__t, f64>>`,
//! which a type with `impl<T: Float> Law<T>` serves.

use super::structs::Structs;
use super::types::Variables;
use crate::parse::{Function, strip};
use syn::parse_quote;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};

/// The type with closures of variables in place of those of floats.
pub(crate) fn on_variables(ty: &syn::Type, floats: &[String]) -> syn::Type {
    let mut ty = ty.clone();
    Closures { floats }.visit_type_mut(&mut ty);
    ty
}

/// The same in the bounds of type parameters.
pub(crate) fn generics_on_variables(generics: &mut syn::Generics, floats: &[String]) {
    Closures { floats }.visit_generics_mut(generics);
}

/// Whether a parameter of this type is a function of floats, or holds such functions.
pub(crate) fn takes_floats(ty: &syn::Type, function: &Function) -> bool {
    let is_of_floats = |generics: &syn::Generics, name: &proc_macro2::Ident| {
        let mut rewritten = generics.clone();
        generics_on_variables(&mut rewritten, &function.floats);
        let of = |generics: &syn::Generics| {
            let bounds: Vec<_> =
                generics.type_params().filter(|p| p.ident == *name).cloned().collect();
            let clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
            let predicates = clause.filter(|predicate| {
                matches!(predicate, syn::WherePredicate::Type(p)
                    if matches!(&p.bounded_ty, syn::Type::Path(t) if t.path.is_ident(name)))
            });
            (bounds, predicates.cloned().collect::<Vec<_>>())
        };
        of(generics) != of(&rewritten)
    };
    struct Names(Vec<proc_macro2::Ident>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.0.extend(path.get_ident().cloned());
            visit::visit_path(self, path);
        }
    }
    let mut names = Names(vec![]);
    names.visit_type(strip(ty));
    let generics = &function.item.sig.generics;
    on_variables(ty, &function.floats) != *ty
        || names.0.iter().any(|name| is_of_floats(generics, name))
}

struct Closures<'f> {
    floats: &'f [String],
}

impl Closures<'_> {
    fn variables(&self) -> Variables<'_> {
        Variables { floats: self.floats, structs: Structs::default() }
    }
}

/// Traits of std and of crates whose type arguments say what a value is made of or becomes: their
/// values are constants.
const OF_CONSTANTS: &[&str] = &[
    "Add",
    "AsMut",
    "AsRef",
    "Borrow",
    "BorrowMut",
    "Data",
    "DataMut",
    "Deref",
    "Distribution",
    "Div",
    "Extend",
    "From",
    "FromIterator",
    "Index",
    "IndexMut",
    "Into",
    "IntoIterator",
    "Iterator",
    "Mul",
    "PartialEq",
    "PartialOrd",
    "Product",
    "Rem",
    "Sub",
    "Sum",
    "TryFrom",
    "TryInto",
];

/// Rewrites the types that a trait's functions take and return, if there are floats among them.
pub(super) fn trait_on_variables(path: &mut syn::Path, variables: &mut Variables<'_>) -> bool {
    let Some(last) = path.segments.last_mut() else { return false };
    let before = last.arguments.clone();
    match &mut last.arguments {
        syn::PathArguments::Parenthesized(of) => {
            variables.visit_parenthesized_generic_arguments_mut(of);
        }
        syn::PathArguments::AngleBracketed(of)
            if !OF_CONSTANTS.contains(&last.ident.to_string().as_str()) =>
        {
            for arg in &mut of.args {
                if let syn::GenericArgument::Type(ty) = arg {
                    variables.visit_type_mut(ty);
                }
            }
        }
        _ => {}
    }
    last.arguments != before
}

impl VisitMut for Closures<'_> {
    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        match trait_on_variables(&mut bound.path, &mut self.variables()) {
            true => with_lifetime(&mut bound.lifetimes),
            false => visit_mut::visit_trait_bound_mut(self, bound),
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, of: &mut syn::TypeFnPtr) {
        let before = of.clone();
        self.variables().visit_type_fn_ptr_mut(of);
        if *of != before {
            with_lifetime(&mut of.lifetimes);
        }
    }
}

/// `for<'__t>`.
fn with_lifetime(lifetimes: &mut Option<syn::BoundLifetimes>) {
    match lifetimes {
        Some(bound) => bound.lifetimes.insert(0, parse_quote!('__t)),
        none => *none = Some(parse_quote!(for<'__t>)),
    }
}
