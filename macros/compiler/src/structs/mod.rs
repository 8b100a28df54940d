//! `#[derive(Differentiable)]`: a struct of parameters as its own tangent.
//!
//! Three things are emitted: `Tangent`, by which generated code handles the struct; the runtime's
//! `Differentiable`, by which optimisers do, where the runtime has it; and the capsule that tells
//! the macro the fields.

mod field;
mod leaves;
mod tangent;

use crate::capsule;
use crate::driver::unique;
use crate::error::Errors;
use crate::parse::is_taken;
use field::Field;
use proc_macro2::TokenStream;
use quote::quote;

/// A struct, its fields understood.
struct Parameters<'d> {
    def: &'d syn::ItemStruct,
    fields: Vec<Field<'d>>,
}

impl<'d> Parameters<'d> {
    /// The fields that carry a derivative.
    fn carrying(&self) -> impl Iterator<Item = &Field<'d>> {
        self.fields.iter().filter(|field| field.carries)
    }
}

/// `#[derive(Differentiable)] item`.
pub fn derive(item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    match syn::parse2::<syn::Item>(item) {
        Ok(syn::Item::Struct(def)) => of_struct(&def, errors),
        Ok(syn::Item::Enum(item)) => {
            errors.at(
                &item.ident,
                "`#[derive(Differentiable)]` goes on structs: an enum has no fixed set of floats; hold its floats in a struct, and the enum as a field marked `#[constant]`",
            );
            refused(&item.ident, &item.vis, &item.generics, errors)
        }
        Ok(syn::Item::Union(item)) => {
            errors.at(
                &item.ident,
                "`#[derive(Differentiable)]` goes on structs: which field of a union is valid is not known to safe Rust; make it a struct",
            );
            refused(&item.ident, &item.vis, &item.generics, errors)
        }
        Ok(other) => {
            errors.at(&other, "`#[derive(Differentiable)]` goes on structs");
            errors.into_tokens()
        }
        Err(error) => error.to_compile_error(),
    }
}

fn of_struct(def: &syn::ItemStruct, mut errors: Errors) -> TokenStream {
    if is_taken(&def.ident.to_string()) {
        errors.at(&def.ident, format!("a struct called `{0}` would be taken for the `{0}` of std wherever it is named: give it another name", def.ident));
    }
    let parameters = Parameters { def, fields: field::fields(def, &mut errors) };
    if !errors.any() {
        field::check(&parameters, &mut errors);
    }
    if errors.any() {
        return refused(&def.ident, &def.vis, &def.generics, errors);
    }
    let (tangent, leaves) = (tangent::tangent(&parameters), leaves::leaves(&parameters));
    let id = unique(&quote!(#def).to_string(), &def.ident);
    let paths = capsule::field_paths(def);
    let capsule = match paths.is_empty() {
        true => {
            let item = syn::Item::Struct(def.clone());
            let assembly = capsule::Assembly::alone(&id, TokenStream::new(), item);
            capsule::capsule(&assembly.callees(), false)
        }
        false => capsule::chain(&id, &TokenStream::new(), def, &paths),
    };
    quote!(#tangent #leaves #capsule)
}

/// What stands in for a struct that was refused, so that nothing follows from the one error.
fn refused(
    name: &syn::Ident,
    vis: &syn::Visibility,
    generics: &syn::Generics,
    errors: Errors,
) -> TokenStream {
    let (tangent, leaves) = (tangent::stub(name, generics), leaves::stub(name, generics));
    let capsule =
        capsule::broken_capsule(&unique(&quote!(#name #generics).to_string(), name), name, vis);
    let errors = errors.into_tokens();
    quote!(#tangent #leaves #capsule #errors)
}
