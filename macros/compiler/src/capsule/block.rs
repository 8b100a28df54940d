//! The methods of an `impl` block: what each of them sees.

use super::assembly::Assembly;
use super::entry::{Entry, Meaning, Source};
use super::sources::Callees;
use crate::parse::Function;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;

/// A method of a block that has something to differentiate.
pub(crate) enum Method {
    /// Understood.
    Accepted(Box<Function>),
    /// Refused and reported, by its name.
    Refused(Ident),
}

impl Method {
    /// What it is called.
    pub(crate) fn name(&self) -> &Ident {
        match self {
            Method::Accepted(function) => &function.item.sig.ident,
            Method::Refused(name) => name,
        }
    }
}

impl Assembly {
    /// The sources behind a method of the block: itself, the methods of the block that it names,
    /// and what came with the capsules.
    pub(crate) fn callees_of(&self, root: &Function, methods: &[Method]) -> Callees {
        let (mut entries, mut meanings) = (Vec::new(), Vec::new());
        for name in reached(root, methods) {
            let Some(method) = methods.iter().find(|method| *method.name() == name) else {
                continue;
            };
            let id = format!("{}.{name}", self.id);
            match method {
                Method::Accepted(function) => {
                    let (options, item) = (TokenStream::new(), function.item.to_token_stream());
                    let source = Source::Function { options, item };
                    entries.push(Entry { id, calls: self.calls.clone(), source });
                    meanings.push(Meaning::Function(function.clone()));
                }
                Method::Refused(_) => {
                    entries.push(Entry::broken(&id));
                    meanings.push(Meaning::Broken);
                }
            }
        }
        entries.extend(self.entries.iter().cloned());
        meanings.extend(self.entries.iter().map(Entry::understood));
        Callees::new(entries, meanings)
    }
}

/// The method, the methods that its body names, those that theirs name, and so on.
fn reached(root: &Function, methods: &[Method]) -> Vec<Ident> {
    let mut names = vec![root.item.sig.ident.clone()];
    let mut bodies = vec![root.item.block.to_token_stream()];
    while let Some(body) = bodies.pop() {
        for method in methods {
            let name = method.name();
            if !names.contains(name) && mentions(body.clone(), name) {
                names.push(name.clone());
                if let Method::Accepted(function) = method {
                    bodies.push(function.item.block.to_token_stream());
                }
            }
        }
    }
    names
}

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
