//! One item as a capsule carries it.

use super::alias::Aliases;
use crate::error::Errors;
use crate::parse::{Function, Options, parse_function};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit_mut::VisitMut;
use syn::{braced, bracketed};

/// One function or struct.
#[derive(Clone)]
pub(super) struct Entry {
    /// Unique among all items of all crates.
    pub(super) id: String,
    /// What its call paths, and the paths of the structs it names, mean.
    pub(super) calls: Vec<(String, String)>,
    /// What it is.
    pub(super) source: Source,
}

/// The source of an item.
#[derive(Clone)]
pub(super) enum Source {
    /// A function under `#[differentiate(options)]`.
    Function { options: TokenStream, item: TokenStream },
    /// A struct under `#[derive(Differentiable)]`.
    Struct { item: TokenStream },
    /// A type alias under `#[differentiate]`.
    Alias { item: TokenStream },
    /// An item that was refused: it was reported there and is not to be reported again.
    Broken,
}

/// An entry's item, understood.
#[derive(Clone)]
pub(super) enum Meaning {
    /// A function or method.
    Function(Box<Function>),
    /// A struct.
    Struct(Box<syn::ItemStruct>),
    /// A type alias.
    Alias(Box<syn::ItemType>),
    /// Refused where it stands.
    Broken,
}

impl Entry {
    /// An item that was refused.
    pub(super) fn broken(id: &str) -> Entry {
        Entry { id: id.to_string(), calls: vec![], source: Source::Broken }
    }

    /// The item among others; it was parsed once before, where it stands.
    pub(super) fn understood(&self, entries: &[Entry]) -> Meaning {
        let aliases = Aliases { calls: &self.calls, entries };
        match &self.source {
            Source::Function { options, item } => match syn::parse2(item.clone()) {
                Ok(item) => Meaning::of_function(
                    options,
                    aliases.replaced(item, Aliases::visit_item_fn_mut),
                ),
                Err(_) => Meaning::Broken,
            },
            Source::Struct { item } => match syn::parse2(item.clone()) {
                Ok(def) => {
                    let def = aliases.replaced(def, Aliases::visit_item_struct_mut);
                    Meaning::Struct(Box::new(def))
                }
                Err(_) => Meaning::Broken,
            },
            Source::Alias { item } => match syn::parse2(item.clone()) {
                Ok(alias) => Meaning::Alias(Box::new(alias)),
                Err(_) => Meaning::Broken,
            },
            Source::Broken => Meaning::Broken,
        }
    }
}

impl Meaning {
    /// A function that was understood before, where it stands.
    pub(super) fn of_function(options: &TokenStream, item: syn::ItemFn) -> Meaning {
        let options = syn::parse2::<Options>(options.clone()).ok();
        let function =
            options.and_then(|options| parse_function(options, item, &mut Errors::new()));
        function.map_or(Meaning::Broken, |function| Meaning::Function(Box::new(function)))
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        braced!(content in input);
        let id: syn::LitStr = content.parse()?;
        let kind: Ident = content.parse()?;
        let (calls, options, item);
        bracketed!(calls in content);
        let mut pairs = Vec::new();
        while !calls.is_empty() {
            let path: syn::LitStr = calls.parse()?;
            let target: syn::LitStr = calls.parse()?;
            pairs.push((path.value(), target.value()));
        }
        braced!(options in content);
        braced!(item in content);
        let (options, item) = (options.parse()?, item.parse()?);
        let source = match kind.to_string().as_str() {
            "function" => Source::Function { options, item },
            "structure" => Source::Struct { item },
            "alias" => Source::Alias { item },
            _ => Source::Broken,
        };
        Ok(Entry { id: id.value(), calls: pairs, source })
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let none = TokenStream::new();
        let (kind, options, item) = match &self.source {
            Source::Function { options, item } => ("function", options, item),
            Source::Struct { item } => ("structure", &none, item),
            Source::Alias { item } => ("alias", &none, item),
            Source::Broken => ("broken", &none, &none),
        };
        let (id, kind) = (&self.id, Ident::new(kind, Span::call_site()));
        let calls = self.calls.iter().map(|(path, target)| quote!(#path #target));
        tokens.extend(quote!({ #id #kind [#(#calls)*] { #options } { #item } }));
    }
}
