//! Capsules as they are emitted: the hidden macro, and its alias under the item's name.

use super::entry::{Entry, Source};
use super::known::has_capsule;
use super::sources::Callees;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

/// The capsule of an item with everything it needs; of one that was refused a broken one.
pub fn capsule(callees: &Callees, broken: bool) -> TokenStream {
    let mut entries = callees.entries().to_vec();
    let Some(root) = entries.first_mut() else { return TokenStream::new() };
    let (name, vis) = match (callees.function(callees.root()), callees.structure(callees.root())) {
        (Some(function), _) => {
            // Documentation and lints of an item are of no use in the capsule.
            let syn::ItemFn { attrs, vis, sig, .. } = &function.item;
            if let (Source::Function { item, .. }, false) = (&mut root.source, attrs.is_empty()) {
                let body = item.clone().into_iter().last();
                *item = quote!(#vis #sig #body);
            }
            (sig.ident.clone(), vis.clone())
        }
        (None, Some(def)) => {
            let item = bare(def);
            root.source = Source::Struct { item: item.to_token_stream() };
            (item.ident, item.vis)
        }
        (None, None) => match callees.alias(callees.root()) {
            Some(alias) => {
                let mut alias = alias.clone();
                alias.attrs.clear();
                root.source = Source::Alias { item: alias.to_token_stream() };
                (alias.ident, alias.vis)
            }
            None => return TokenStream::new(),
        },
    };
    if broken {
        root.source = Source::Broken;
        entries.truncate(1);
    }
    let id = entries[0].id.clone();
    named(&id, &name, &vis, &entries)
}

/// The capsule of a function whose callers call its derivative: it is there before those of the
/// function's callees are, which may wait for it.
pub fn capsule_alone(id: &str, options: &TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(function) = syn::parse2::<syn::ItemFn>(item.clone()) else { return TokenStream::new() };
    let syn::ItemFn { vis, sig, block, .. } = &function;
    let item = quote!(#vis #sig #block);
    let source = Source::Function { options: options.clone(), item };
    named(id, &sig.ident, vis, &[Entry { id: id.to_string(), calls: vec![], source }])
}

/// The capsule of an item that was not understood.
pub fn broken_capsule(id: &str, name: &Ident, vis: &syn::Visibility) -> TokenStream {
    named(id, name, vis, &[Entry::broken(id)])
}

/// A struct without what its capsule does not need.
fn bare(def: &syn::ItemStruct) -> syn::ItemStruct {
    let mut def = def.clone();
    def.attrs.clear();
    for field in &mut def.fields {
        field.attrs.retain(|attr| attr.path().is_ident("constant"));
    }
    def
}

fn named(id: &str, name: &Ident, vis: &syn::Visibility, entries: &[Entry]) -> TokenStream {
    if !has_capsule(&name.to_string()) {
        return TokenStream::new();
    }
    let hidden = format_ident!("{id}");
    let export = matches!(vis, syn::Visibility::Public(_)).then(|| quote!(#[macro_export]));
    quote! {
        #[doc(hidden)]
        #[allow(unused_macros, non_local_definitions)]
        #export
        macro_rules! #hidden {
            ([$($then:tt)*] $($state:tt)*) => { $($then)*! { $($state)* { #(#entries)* } } };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        #vis use #hidden as #name;
    }
}
