//! The sources that a compilation sees, and what names mean in them.

use super::callees::{callee_paths, path_text};
use super::entry::{Entry, Meaning, Source};
use super::structs::{alias_paths, field_paths};
use crate::error::Errors;
use crate::parse::{Function, Options, Owner, parse_function, parse_method};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The functions, methods and structs that a compilation sees, each under a number.
pub struct Callees {
    entries: Vec<Entry>,
    meanings: Vec<Meaning>,
}

impl Callees {
    pub(super) fn new(entries: Vec<Entry>, meanings: Vec<Meaning>) -> Callees {
        Callees { entries, meanings }
    }

    /// A function that needs no other source, with its attribute's arguments.
    pub fn alone(id: &str, options: TokenStream, function: Function) -> Callees {
        let item = function.item.to_token_stream();
        Callees::of_source(id, options, function, item)
    }

    /// The same, with the function's tokens.
    pub(crate) fn of_source(
        id: &str,
        options: TokenStream,
        function: Function,
        item: TokenStream,
    ) -> Callees {
        let source = Source::Function { options, item };
        let entry = Entry { id: id.to_string(), calls: vec![], source };
        Callees::new(vec![entry], vec![Meaning::Function(Box::new(function))])
    }

    /// The same sources, with another function in the place of the one being compiled.
    pub(crate) fn with_root(&self, function: Function) -> Callees {
        let mut meanings = self.meanings.clone();
        meanings[self.root()] = Meaning::Function(Box::new(function));
        Callees::new(self.entries.clone(), meanings)
    }

    /// Whether a function here takes or returns arrays of `ndarray`: all others are scalar code.
    pub fn any_arrays(&self) -> bool {
        self.meanings.iter().any(|meaning| match meaning {
            Meaning::Function(function) => function.mentions_arrays(),
            _ => false,
        })
    }

    /// Whether the derivative of a function here is a rule by hand or taken by the tape.
    pub fn any_opaque(&self) -> bool {
        self.meanings.iter().any(|meaning| match meaning {
            Meaning::Function(function) => function.is_opaque(),
            _ => false,
        })
    }

    /// Whether a function here, other than the one being compiled, is under `recursive`.
    pub fn any_recursive(&self) -> bool {
        self.meanings.iter().skip(1).any(|meaning| match meaning {
            Meaning::Function(function) => function.options.recursive.is_some(),
            _ => false,
        })
    }

    /// Whether a function here has loops, conditions, variables that change, indices that are
    /// computed or types of scalar code.
    pub fn any_statements(&self) -> bool {
        self.meanings.iter().any(|meaning| match meaning {
            Meaning::Function(function) => {
                !function.is_of_tensors() || has_statements(&function.item.block)
            }
            _ => false,
        })
    }

    /// The annotated items of one file, which name each other by plain names; the last function or
    /// method is the one to compile.
    ///
    /// Nothing is expanded here: this is how examples and tests reach the compiler.
    pub fn of_file(file: &syn::File, errors: &mut Errors) -> Option<Callees> {
        let mut found: Vec<(String, Meaning)> = Vec::new();
        for item in &file.items {
            match item {
                syn::Item::Fn(item) => {
                    let mut item = item.clone();
                    let options = options(&mut item.attrs, errors);
                    let function =
                        options.and_then(|options| parse_function(options, item, errors));
                    let named = |f: Function| (f.name(), Meaning::Function(Box::new(f)));
                    found.extend(function.map(named));
                }
                syn::Item::Struct(def) => {
                    found.push((def.ident.to_string(), Meaning::Struct(Box::new(def.clone()))));
                }
                syn::Item::Impl(block) => {
                    let owner =
                        Owner { ty: (*block.self_ty).clone(), generics: block.generics.clone() };
                    for item in &block.items {
                        let syn::ImplItem::Fn(method) = item else { continue };
                        let mut method = method.clone();
                        let Some(options) = options(&mut method.attrs, errors) else { continue };
                        let function = parse_method(options, &method, &owner, errors);
                        let id =
                            |f: &Function| format!("{}.{}", owner.ty.to_token_stream(), f.name());
                        let named = |f: Function| (id(&f), Meaning::Function(Box::new(f)));
                        found.extend(function.map(named));
                    }
                }
                _ => {}
            }
        }
        found.reverse();
        // The functions first, so that the last of them is the first.
        found.sort_by_key(|(_, meaning)| matches!(meaning, Meaning::Struct(_)));
        let ids: Vec<String> = found.iter().map(|(id, _)| id.clone()).collect();
        let entry = |(id, meaning): &(String, Meaning)| {
            let (paths, source) = match meaning {
                Meaning::Function(function) => {
                    let item = function.item.to_token_stream();
                    (callee_paths(function), Source::Function { options: TokenStream::new(), item })
                }
                Meaning::Struct(def) => {
                    (field_paths(def), Source::Struct { item: def.to_token_stream() })
                }
                Meaning::Alias(alias) => {
                    (alias_paths(alias), Source::Alias { item: alias.to_token_stream() })
                }
                Meaning::Broken => (vec![], Source::Broken),
            };
            let calls = (paths.iter().map(path_text))
                .filter(|path| ids.contains(path))
                .map(|path| (path.clone(), path))
                .collect();
            Entry { id: id.clone(), calls, source }
        };
        let entries: Vec<Entry> = found.iter().map(entry).collect();
        let meanings = found.into_iter().map(|(_, meaning)| meaning).collect();
        let callees = Callees::new(entries, meanings);
        callees.function(callees.root()).is_some().then_some(callees)
    }

    /// The number of the function being compiled.
    pub fn root(&self) -> usize {
        0
    }

    /// The function of this number; `None` if it is a struct or was refused.
    pub fn function(&self, id: usize) -> Option<&Function> {
        match self.meanings.get(id) {
            Some(Meaning::Function(function)) => Some(function),
            _ => None,
        }
    }

    /// The struct of this number; `None` if it is a function or was refused.
    pub fn structure(&self, id: usize) -> Option<&syn::ItemStruct> {
        match self.meanings.get(id) {
            Some(Meaning::Struct(def)) => Some(def),
            _ => None,
        }
    }

    /// The type alias of this number; `None` if it is something else.
    pub(super) fn alias(&self, id: usize) -> Option<&syn::ItemType> {
        match self.meanings.get(id) {
            Some(Meaning::Alias(alias)) => Some(alias),
            _ => None,
        }
    }

    /// The numbers of all functions, methods and structs.
    pub fn numbers(&self) -> std::ops::Range<usize> {
        0..self.meanings.len()
    }

    /// The annotated function that a call path in the body of function `id` means.
    pub fn callee(&self, id: usize, path: &syn::Path) -> Option<usize> {
        let target = self.meant(id, &path_text(path))?;
        let is_type = matches!(self.meanings[target], Meaning::Struct(_) | Meaning::Alias(_));
        (!is_type).then_some(target)
    }

    /// Whether some item was refused where it stands.
    pub fn any_broken(&self) -> bool {
        self.meanings.iter().any(|meaning| matches!(meaning, Meaning::Broken))
    }

    /// The accessor of a piece of code in the body of function `id` that means something at its
    /// place only: `struct f` of that function has it, and that of each function which inlines it.
    pub(crate) fn accessor(&self, id: usize, code: &TokenStream) -> Ident {
        let mut hasher = DefaultHasher::new();
        self.entries.get(id).map(|entry| &entry.id).hash(&mut hasher);
        hash_code(code, &mut hasher);
        format_ident!("__constant_{:x}", hasher.finish())
    }

    /// The items as capsules carry them.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What a path, as [`path_text`] writes it, means in an item.
    pub(super) fn meant(&self, id: usize, text: &str) -> Option<usize> {
        let (_, target) = self.entries.get(id)?.calls.iter().find(|(path, _)| path == text)?;
        self.entries.iter().position(|entry| entry.id == *target)
    }
}

/// Hashes code by what it says: how tokens are spaced and grouped unseen differs between a function
/// and the capsule that carries it.
fn hash_code(code: &TokenStream, hasher: &mut DefaultHasher) {
    for token in code.clone() {
        match token {
            TokenTree::Group(group) => {
                let delimiter = match group.delimiter() {
                    Delimiter::Parenthesis => "(",
                    Delimiter::Brace => "{",
                    Delimiter::Bracket => "[",
                    Delimiter::None => "",
                };
                delimiter.hash(hasher);
                hash_code(&group.stream(), hasher);
                delimiter.hash(hasher);
            }
            token => token.to_string().hash(hasher),
        }
    }
}

/// The options of the attribute, which is taken off.
fn options(attrs: &mut Vec<syn::Attribute>, errors: &mut Errors) -> Option<Options> {
    let is_ours = |attr: &syn::Attribute| attr.path().is_ident("differentiate");
    let attr = attrs.iter().find(|attr| is_ours(attr)).cloned();
    attrs.retain(|attr| !is_ours(attr));
    let tokens = match attr.map(|attr| attr.meta) {
        Some(syn::Meta::List(list)) => list.tokens,
        _ => TokenStream::new(),
    };
    match syn::parse2(tokens) {
        Ok(options) => Some(options),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// Whether a body has loops, conditions, variables that change or indices that are computed.
fn has_statements(block: &syn::Block) -> bool {
    /// Whether an index mentions a variable.
    struct Computed(bool);
    impl<'ast> syn::visit::Visit<'ast> for Computed {
        fn visit_path(&mut self, _: &'ast syn::Path) {
            self.0 = true;
        }
    }
    struct Found(bool);
    impl<'ast> syn::visit::Visit<'ast> for Found {
        fn visit_expr(&mut self, expr: &'ast syn::Expr) {
            use syn::Expr;
            self.0 |= matches!(
                expr,
                Expr::ForLoop(_)
                    | Expr::While(_)
                    | Expr::Loop(_)
                    | Expr::If(_)
                    | Expr::Match(_)
                    | Expr::Return(_)
                    | Expr::Assign(_)
            );
            // Gradients are differentiated in scalar code only.
            if let Expr::Call(call) = expr
                && let Expr::Path(path) = &*call.func
            {
                self.0 |= super::gradient_of(&path.path).is_some();
            }
            if let Expr::Index(index) = expr {
                let mut computed = Computed(false);
                syn::visit::Visit::visit_expr(&mut computed, &index.index);
                self.0 |= computed.0;
            }
            syn::visit::visit_expr(self, expr);
        }
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0 |= pat.mutability.is_some();
        }
    }
    let mut found = Found(false);
    syn::visit::Visit::visit_block(&mut found, block);
    found.0
}
