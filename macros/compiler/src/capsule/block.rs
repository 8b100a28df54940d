//! The methods of an `impl` block: what each of them sees.

use super::assembly::Assembly;
use super::entry::{Entry, Meaning, Source};
use super::sources::Callees;
use crate::hash::HashSet;
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

/// The methods of a block, and what came with the capsules.
pub(crate) struct Block<'b> {
    assembly: &'b Assembly,
    methods: &'b [Method],
    /// The methods that the body of each names.
    named: Vec<Vec<usize>>,
    /// The items of the capsules, understood.
    meanings: Vec<Meaning>,
}

impl<'b> Block<'b> {
    pub(crate) fn new(assembly: &'b Assembly, methods: &'b [Method]) -> Self {
        let named = |method: &Method| {
            let mut words = HashSet::default();
            if let Method::Accepted(function) = method {
                collect(function.item.block.to_token_stream(), &mut words);
            }
            (0..methods.len()).filter(|&k| words.contains(methods[k].name())).collect()
        };
        let meanings =
            (assembly.entries.iter()).map(|entry| entry.understood(&assembly.entries)).collect();
        Block { assembly, methods, named: methods.iter().map(named).collect(), meanings }
    }

    /// The sources behind a method: itself, the methods of the block that it names, those that they
    /// name and so on, and what came with the capsules.
    pub(crate) fn callees_of(&self, root: usize) -> Callees {
        let mut reached = vec![root];
        let mut done = 0;
        while let Some(&method) = reached.get(done) {
            let new: Vec<usize> =
                self.named[method].iter().copied().filter(|k| !reached.contains(k)).collect();
            reached.extend(new);
            done += 1;
        }
        let (mut entries, mut meanings) = (Vec::new(), Vec::new());
        for method in reached.iter().map(|&k| &self.methods[k]) {
            let id = format!("{}.{}", self.assembly.id, method.name());
            match method {
                Method::Accepted(function) => {
                    let (options, item) = (TokenStream::new(), function.item.to_token_stream());
                    let source = Source::Function { options, item };
                    entries.push(Entry { id, calls: self.assembly.calls.clone(), source });
                    meanings.push(Meaning::Function(function.clone()));
                }
                Method::Refused(_) => {
                    entries.push(Entry::broken(&id));
                    meanings.push(Meaning::Broken);
                }
            }
        }
        entries.extend(self.assembly.entries.iter().cloned());
        meanings.extend(self.meanings.iter().cloned());
        Callees::new(entries, meanings)
    }
}

/// The identifiers among tokens.
fn collect(tokens: TokenStream, words: &mut HashSet<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                words.insert(ident);
            }
            TokenTree::Group(group) => collect(group.stream(), words),
            _ => {}
        }
    }
}
