//! The chain of capsules: its first link and its last.

use super::alias::Aliases;
use super::callees::path_text;
use super::entry::{Entry, Meaning, Source};
use super::sources::Callees;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit_mut::VisitMut;
use syn::{Token, braced};

/// The first link of the chain: the call of the first capsule, with this item as state.
pub fn chain(
    id: &str,
    options: &TokenStream,
    item: &impl ToTokens,
    paths: &[syn::Path],
) -> TokenStream {
    let Some((first, rest)) = paths.split_first() else {
        return TokenStream::new();
    };
    quote! {
        #first! {
            #([#rest])* [::chainrule::__differentiate]
            { #id { #options } { #(#paths),* } { #item } }
        }
    }
}

/// The arguments of the last link: the item, then the capsule of each path.
pub struct Assembly {
    /// The unique name of the item.
    pub id: String,
    /// The attribute's arguments.
    pub options: TokenStream,
    /// The item itself.
    pub item: syn::Item,
    /// Its tokens.
    pub(super) tokens: TokenStream,
    /// What its paths mean.
    pub(super) calls: Vec<(String, String)>,
    /// What came with the capsules, each entry once.
    pub(super) entries: Vec<Entry>,
}

impl Assembly {
    /// An item that needs no other's source.
    pub fn alone(id: &str, options: TokenStream, item: syn::Item) -> Assembly {
        let tokens = item.to_token_stream();
        Assembly { id: id.to_string(), options, item, tokens, calls: vec![], entries: vec![] }
    }

    fn aliases(&self) -> Aliases<'_> {
        Aliases { calls: &self.calls, entries: &self.entries }
    }

    /// An `impl` block with what aliases in it stand for.
    pub(crate) fn without_aliases(&self, block: &syn::ItemImpl) -> syn::ItemImpl {
        self.aliases().replaced(block.clone(), Aliases::visit_item_impl_mut)
    }

    /// The structs among what the item's paths mean.
    pub(crate) fn structs(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().filter_map(|(path, id)| {
            let entry = self.entries.iter().find(|entry| entry.id == *id)?;
            matches!(entry.source, Source::Struct { .. }).then_some(path.as_str())
        })
    }

    /// The sources behind a function or a struct.
    pub fn callees(&self) -> Callees {
        let item = self.tokens.clone();
        let source = match &self.item {
            syn::Item::Struct(_) => Source::Struct { item },
            syn::Item::Type(_) => Source::Alias { item },
            _ => Source::Function { options: self.options.clone(), item },
        };
        let root = Entry { id: self.id.clone(), calls: self.calls.clone(), source };
        let first = match &self.item {
            syn::Item::Fn(item) => {
                let item = self.aliases().replaced(item.clone(), Aliases::visit_item_fn_mut);
                Meaning::of_function(&self.options, item)
            }
            _ => root.understood(&self.entries),
        };
        let others = self.entries.iter().map(|entry| entry.understood(&self.entries));
        let meanings = [first].into_iter().chain(others).collect();
        let entries: Vec<Entry> = [root].into_iter().chain(self.entries.iter().cloned()).collect();
        Callees::new(entries, meanings)
    }
}

impl Parse for Assembly {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (head, options, list, item);
        braced!(head in input);
        let id: syn::LitStr = head.parse()?;
        braced!(options in head);
        braced!(list in head);
        braced!(item in head);
        let options = options.parse()?;
        let paths = list.parse_terminated(syn::Path::parse_mod_style, Token![,])?;
        let tokens: TokenStream = item.fork().parse()?;
        let item = item.parse()?;
        let (mut calls, mut entries) = (Vec::new(), Vec::new());
        for path in &paths {
            let capsule;
            braced!(capsule in input);
            let mut first = None;
            while !capsule.is_empty() {
                let entry: Entry = capsule.parse()?;
                first.get_or_insert_with(|| entry.id.clone());
                // Callees of an item under `recursive` carry that item too.
                let is_root = entry.id == id.value();
                if !is_root && !entries.iter().any(|e: &Entry| e.id == entry.id) {
                    entries.push(entry);
                }
            }
            calls.push((path_text(path), first.unwrap_or_default()));
        }
        Ok(Assembly { id: id.value(), options, item, tokens, calls, entries })
    }
}
