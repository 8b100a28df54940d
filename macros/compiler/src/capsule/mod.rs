//! Source capsules: how the macro sees the functions that a function calls.
//!
//! Every annotated function `f` also emits a hidden `macro_rules!` that carries the source of `f`
//! and of everything `f` calls, under `f`'s own name, so that a `use` of the function brings it
//! along. A function that calls `g` and `h` with differentiable arguments expands to
//!
//! ```text
//! g! { [h] [::chainrule::__differentiate] { this function } }
//! ```
//!
//! where `g` appends its source and hands on to `h`, `h` to `__differentiate`, which at last sees
//! every body at once.

mod callees;

pub use callees::{STD_MACROS, callee_paths, is_known_function, path_text, tainted_call};

use crate::error::Errors;
use crate::parse::{Function, Options, parse_function};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Token, braced, bracketed};

/// One function as a capsule carries it.
#[derive(Clone)]
struct Entry {
    /// Unique among all functions of all crates.
    id: String,
    /// Whether the function was refused: it was reported there and is not to be reported again.
    broken: bool,
    /// What its call paths mean.
    calls: Vec<(String, String)>,
    /// The attribute's arguments.
    options: TokenStream,
    /// The item.
    item: TokenStream,
}

/// The functions a compilation sees.
pub struct Callees {
    entries: Vec<Entry>,
    functions: Vec<Option<Function>>,
}

impl Callees {
    /// A function that calls no other annotated function.
    pub fn alone(id: &str, function: Function) -> Callees {
        let entry = Entry {
            id: id.to_string(),
            broken: false,
            calls: vec![],
            options: TokenStream::new(),
            item: function.item.to_token_stream(),
        };
        Callees { entries: vec![entry], functions: vec![Some(function)] }
    }

    /// The annotated functions of one file, which call each other by name; the last one is the one
    /// to compile.
    ///
    /// Nothing is expanded here: this is how examples and tests reach the compiler.
    pub fn of_file(file: &syn::File, errors: &mut Errors) -> Option<Callees> {
        let mut parsed: Vec<(TokenStream, Function)> = Vec::new();
        for item in &file.items {
            let syn::Item::Fn(item) = item else { continue };
            let mut item = item.clone();
            let is_ours = |attr: &syn::Attribute| attr.path().is_ident("differentiate");
            let attr = item.attrs.iter().find(|attr| is_ours(attr)).cloned();
            item.attrs.retain(|attr| !is_ours(attr));
            let options = match attr.map(|attr| attr.meta) {
                Some(syn::Meta::List(list)) => list.tokens,
                _ => TokenStream::new(),
            };
            match syn::parse2::<Options>(options.clone()) {
                Ok(understood) => {
                    let function = parse_function(understood, item, errors);
                    parsed.extend(function.map(|function| (options, function)));
                }
                Err(error) => errors.push(error),
            }
        }
        parsed.reverse();
        let names: Vec<String> = parsed.iter().map(|(_, function)| function.name()).collect();
        let entry = |(options, function): &(TokenStream, Function)| Entry {
            id: function.name(),
            broken: false,
            calls: (callee_paths(function).iter().map(path_text))
                .filter(|path| names.contains(path))
                .map(|path| (path.clone(), path))
                .collect(),
            options: options.clone(),
            item: function.item.to_token_stream(),
        };
        let entries: Vec<Entry> = parsed.iter().map(entry).collect();
        let functions = parsed.into_iter().map(|(_, function)| Some(function)).collect();
        (!entries.is_empty()).then_some(Callees { entries, functions })
    }

    /// The number of the function being compiled.
    pub fn root(&self) -> usize {
        0
    }

    /// The function of this number, unless it was refused.
    pub fn function(&self, id: usize) -> Option<&Function> {
        self.functions[id].as_ref()
    }

    /// The annotated function that a call path in the body of function `id` means.
    pub fn callee(&self, id: usize, path: &syn::Path) -> Option<usize> {
        let text = path_text(path);
        let (_, target) = self.entries[id].calls.iter().find(|(path, _)| *path == text)?;
        self.entries.iter().position(|entry| entry.id == *target)
    }

    /// Whether some function was refused where it stands.
    pub fn any_broken(&self) -> bool {
        self.functions.iter().any(Option::is_none)
    }
}

/// The first link of the chain: the call of the first callee's capsule, with this function as
/// state. `tail` is what the last link needs besides.
pub fn chain(
    id: &str,
    options: &TokenStream,
    function: &Function,
    paths: &[syn::Path],
) -> TokenStream {
    let item = &function.item;
    let plain = paths.iter().map(|path| {
        let mut path = path.clone();
        for segment in &mut path.segments {
            segment.arguments = syn::PathArguments::None;
        }
        path
    });
    let plain: Vec<syn::Path> = plain.collect();
    let Some((first, rest)) = plain.split_first() else {
        return TokenStream::new();
    };
    quote! {
        #first! {
            #([#rest])* [::chainrule::__differentiate]
            { #id { #options } { #(#paths),* } { #item } }
        }
    }
}

/// The arguments of the last link: this function, then each callee's capsule.
pub struct Assembly {
    /// The unique name of the function.
    pub id: String,
    /// The attribute's arguments.
    pub options: TokenStream,
    /// The functions, the root first.
    pub callees: Callees,
}

struct Head {
    id: String,
    options: TokenStream,
    paths: Vec<syn::Path>,
    item: TokenStream,
}

impl Parse for Head {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (options, paths, item);
        let id: syn::LitStr = input.parse()?;
        braced!(options in input);
        braced!(paths in input);
        braced!(item in input);
        let paths = paths.parse_terminated(syn::Path::parse_mod_style_with_arguments, Token![,])?;
        Ok(Head {
            id: id.value(),
            options: options.parse()?,
            paths: paths.into_iter().collect(),
            item: item.parse()?,
        })
    }
}

trait PathWithArguments: Sized {
    fn parse_mod_style_with_arguments(input: ParseStream<'_>) -> syn::Result<Self>;
}

impl PathWithArguments for syn::Path {
    fn parse_mod_style_with_arguments(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(input.parse::<syn::ExprPath>()?.path)
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        braced!(content in input);
        let id: syn::LitStr = content.parse()?;
        let broken: syn::LitBool = content.parse()?;
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
        Ok(Entry { id: id.value(), broken: broken.value, calls: pairs, options, item })
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Entry { id, broken, calls, options, item } = self;
        let calls = calls.iter().map(|(path, target)| quote!(#path #target));
        tokens.extend(quote!({ #id #broken [#(#calls)*] { #options } { #item } }));
    }
}

impl Parse for Assembly {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let head;
        braced!(head in input);
        let head: Head = head.parse()?;
        let mut root = Entry {
            id: head.id.clone(),
            broken: false,
            calls: vec![],
            options: head.options.clone(),
            item: head.item,
        };
        let mut entries = Vec::new();
        for path in &head.paths {
            let capsule;
            braced!(capsule in input);
            let mut first = None;
            while !capsule.is_empty() {
                let entry: Entry = capsule.parse()?;
                first.get_or_insert_with(|| entry.id.clone());
                if !entries.iter().any(|e: &Entry| e.id == entry.id) {
                    entries.push(entry);
                }
            }
            root.calls.push((path_text(path), first.unwrap_or_default()));
        }
        entries.insert(0, root);
        let functions = entries.iter().map(understood).collect();
        Ok(Assembly { id: head.id, options: head.options, callees: Callees { entries, functions } })
    }
}

/// The function an entry holds; it was parsed once before, where it stands.
fn understood(entry: &Entry) -> Option<Function> {
    if entry.broken {
        return None;
    }
    let options: Options = syn::parse2(entry.options.clone()).ok()?;
    let item = syn::parse2(entry.item.clone()).ok()?;
    parse_function(options, item, &mut Errors::new())
}

/// The capsule of a compiled function: the hidden macro, and its alias under the function's name.
pub fn capsule(assembly: &Assembly, broken: bool) -> TokenStream {
    let Some(function) = assembly.callees.function(0) else {
        return TokenStream::new();
    };
    emit(&assembly.id, function, assembly.callees.entries.clone(), broken)
}

/// The capsule of a function whose signature or options were refused.
pub fn broken_capsule(id: &str, item: &syn::ItemFn) -> TokenStream {
    let entry = Entry {
        id: id.to_string(),
        broken: true,
        calls: vec![],
        options: TokenStream::new(),
        item: TokenStream::new(),
    };
    emit_named(id, &item.sig.ident, &item.vis, &[entry])
}

fn emit(id: &str, function: &Function, mut entries: Vec<Entry>, broken: bool) -> TokenStream {
    // Documentation and lints of the function are of no use in the capsule.
    let mut item = function.item.clone();
    item.attrs.clear();
    entries[0].item = item.into_token_stream();
    if broken {
        entries.truncate(1);
        entries[0].broken = true;
        entries[0].item = TokenStream::new();
    }
    emit_named(id, &function.item.sig.ident, &function.item.vis, &entries)
}

fn emit_named(id: &str, name: &Ident, vis: &syn::Visibility, entries: &[Entry]) -> TokenStream {
    if STD_MACROS.contains(&name.to_string().as_str()) {
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
