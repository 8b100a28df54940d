//! `#[differentiate]` on an `impl` block: the derivatives of its methods, in blocks of their own
//! beside it.
//!
//! The block passes through the chain of capsules as a whole, because its methods know each other;
//! then each of them is compiled as a function is.

use crate::capsule::{self, Assembly, Block, Method, add_path};
use crate::driver::{derivatives as derived, unique};
use crate::emit::{self, is_differentiate};
use crate::error::Errors;
use crate::parse::{Options, Owner, parse_method};
use crate::traits;
use proc_macro2::TokenStream;
use quote::quote;

/// `#[differentiate(attr)] impl ..`: the block as it stands, and its derivatives; if it needs other
/// items' sources, by way of their capsules.
pub(crate) fn expand(attr: TokenStream, block: syn::ItemImpl) -> TokenStream {
    let mut errors = Errors::new();
    let plain = plain(&block);
    if !attr.is_empty() {
        errors.at(
            &attr,
            "options are those of a method: write `#[differentiate(..)]` on the method in the block, and `#[differentiate]` alone on the block",
        );
    }
    if block.trait_.is_some() {
        let own = traits::own_block(&block, &mut errors);
        let errors = errors.into_tokens();
        return quote!(#plain #own #errors);
    }
    let methods = methods(&block, &mut errors);
    if methods.is_empty() && !errors.any() {
        errors.at(
            &block.self_ty,
            "nothing to differentiate: no method in this block takes and returns floats, arrays or structs of them",
        );
    }
    let mut paths = Vec::new();
    for method in &methods {
        if let Method::Accepted(function) = method {
            capsule::callee_paths(function).into_iter().for_each(|path| add_path(&mut paths, path));
        }
    }
    let id = unique(&quote!(#block).to_string(), &"impl");
    let beside = match paths.is_empty() {
        true => {
            let item = syn::Item::Impl(block.clone());
            let alone = Assembly::alone(&id, TokenStream::new(), item);
            derivatives(&alone, &block, &methods, errors)
        }
        false => {
            let chain = capsule::chain(&id, &TokenStream::new(), &block, &paths);
            // One method tells of all: what the block is of is in nearly all of them.
            let expectations = methods.iter().find_map(|method| match method {
                Method::Accepted(function) => Some(capsule::expectations(function)),
                Method::Refused(_) => None,
            });
            let errors = errors.into_tokens();
            quote!(#chain #expectations #errors)
        }
    };
    quote!(#plain #beside)
}

/// The last link of the chain. What was refused before was reported.
pub(crate) fn finish(assembly: &Assembly, block: &syn::ItemImpl) -> TokenStream {
    let block = assembly.without_aliases(block);
    let methods = methods(&block, &mut Errors::new());
    derivatives(assembly, &block, &methods, Errors::new())
}

/// Compiles every method: a block for each, with its derivatives.
fn derivatives(
    assembly: &Assembly,
    block: &syn::ItemImpl,
    methods: &[Method],
    mut errors: Errors,
) -> TokenStream {
    let cfgs: Vec<_> = block.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let sources = Block::new(assembly, methods);
    let mut derivatives = TokenStream::new();
    for (k, method) in methods.iter().enumerate() {
        let Method::Accepted(function) = method else { continue };
        let callees = sources.callees_of(k);
        let beside = derived(&callees, &mut errors);
        let beside = beside.unwrap_or_else(|| emit::stub(function));
        derivatives.extend(quote!(#(#cfgs)* #beside));
    }
    let errors = errors.into_tokens();
    quote!(#derivatives #errors)
}

/// The block as rustc is to see it.
fn plain(block: &syn::ItemImpl) -> syn::ItemImpl {
    let mut block = block.clone();
    for item in &mut block.items {
        if let syn::ImplItem::Fn(method) = item {
            *method = emit::plain_method(method);
            // A method may be used through its derivatives only.
            method.attrs.push(syn::parse_quote!(#[allow(dead_code)]));
        }
    }
    block
}

/// The methods that have something to differentiate; the others are helpers and left alone, unless
/// they carry the attribute themselves.
fn methods(block: &syn::ItemImpl, errors: &mut Errors) -> Vec<Method> {
    let owner = Owner { ty: (*block.self_ty).clone(), generics: block.generics.clone() };
    let mut methods = Vec::new();
    let rules = rules(block);
    for item in &block.items {
        let syn::ImplItem::Fn(method) = item else { continue };
        let attr = method.attrs.iter().find(|attr| is_differentiate(attr));
        let mut bare = method.clone();
        bare.attrs.retain(|attr| !is_differentiate(attr));
        if attr.is_none() && rules.contains(&method.sig.ident) {
            continue;
        }
        let options = attr.map_or_else(|| Ok(Options::default()), options);
        let mut found = Errors::new();
        let function = match options {
            Ok(options) => parse_method(options, &bare, &owner, &mut found),
            Err(error) => {
                found.push(error);
                None
            }
        };
        match function {
            Some(function) => methods.push(Method::Accepted(Box::new(function))),
            None if attr.is_none() && found.messages().all(|message| is_of_a_helper(&message)) => {}
            None => {
                methods.push(Method::Refused(method.sig.ident.clone()));
                found.iter().for_each(|error| errors.push(error.clone()));
            }
        }
    }
    methods
}

fn options(attr: &syn::Attribute) -> syn::Result<Options> {
    match &attr.meta {
        syn::Meta::List(list) => syn::parse2(list.tokens.clone()),
        _ => Ok(Options::default()),
    }
}

/// The functions of the block that are rules of its methods, `vjp = Self::rule`: they are taken as
/// they stand.
fn rules(block: &syn::ItemImpl) -> Vec<syn::Ident> {
    let of_block = |path: &syn::Path| {
        (path.segments.len() == 2 && path.segments[0].ident == "Self")
            .then(|| path.segments[1].ident.clone())
    };
    let rules = |attr: &syn::Attribute| {
        let options = options(attr).unwrap_or_default();
        options.rules().filter_map(of_block).collect::<Vec<_>>()
    };
    let methods = block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    let attrs = methods.flat_map(|method| &method.attrs);
    attrs.filter(|attr| is_differentiate(attr)).flat_map(rules).collect()
}

/// Whether the reason why a method was refused only means that there is nothing to differentiate.
fn is_of_a_helper(message: &str) -> bool {
    message.starts_with("nothing to differentiate")
        || message.starts_with("a result behind a reference")
}
