//! `#[differentiate]` on a type alias: the type that it stands for, in a capsule under its name.

use crate::capsule::{self, Assembly};
use crate::driver::unique;
use crate::error::Errors;
use crate::parse::is_taken;
use proc_macro2::TokenStream;
use quote::quote;

/// `#[differentiate] type Point = [f64; 3];`: the alias as it stands, and its capsule; if it names
/// other aliases, by way of theirs.
pub(crate) fn expand(attr: TokenStream, alias: &syn::ItemType) -> TokenStream {
    let mut errors = Errors::new();
    if !attr.is_empty() {
        errors.at(&attr, "an alias has no options: write `#[differentiate]` alone");
    }
    if is_taken(&alias.ident.to_string()) {
        errors.at(&alias.ident, format!("an alias called `{0}` would be taken for the `{0}` of std wherever it is named: give it another name", alias.ident));
    }
    let id = unique(&quote!(#alias).to_string(), &alias.ident);
    let paths = capsule::alias_paths(alias);
    let capsule = match (errors.any(), paths.is_empty()) {
        (true, _) => capsule::broken_capsule(&id, &alias.ident, &alias.vis),
        (false, true) => {
            let item = syn::Item::Type(alias.clone());
            let assembly = Assembly::alone(&id, TokenStream::new(), item);
            capsule::capsule(&assembly.callees(), false)
        }
        (false, false) => capsule::chain(&id, &TokenStream::new(), alias, &paths),
    };
    let errors = errors.into_tokens();
    quote!(#alias #capsule #errors)
}

/// The last link of the chain.
pub(crate) fn finish(assembly: &Assembly, alias: &syn::ItemType) -> TokenStream {
    let mut errors = Errors::new();
    if let Some(name) = assembly.structs().next() {
        errors.at(&alias.ty, format!("`{name}` is a struct, and an alias of one is not followed: write `{name}` itself where this alias is used"));
    }
    let callees = assembly.callees();
    let capsule = capsule::capsule(&callees, errors.any() || callees.any_broken());
    let errors = errors.into_tokens();
    quote!(#capsule #errors)
}
