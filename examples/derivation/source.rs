//! From a source text to what the compiler takes, and from its errors to lines of the text.

use chainrule_compiler::capsule::{Assembly, callee_paths, path_text};
use chainrule_compiler::error::Errors;
use chainrule_compiler::parse::{Options, parse_function};
use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemFn, LitStr, Meta, Path};

/// A line of the source, from 1, and what is wrong there.
pub(crate) type Mistake = (usize, String);

/// One function under `#[differentiate(options)]`, without the attribute.
struct Annotated {
    options: TokenStream,
    item: ItemFn,
    /// What it calls.
    paths: Vec<Path>,
}

/// The annotated functions of a source text, the last one as the one to be compiled.
pub(crate) fn read(text: &str) -> Result<Assembly, Vec<Mistake>> {
    let mut errors = Errors::new();
    let file = syn::parse_file(text).map_err(|error| located_error(&error))?;
    let mut functions = Vec::new();
    for item in file.items {
        if let Item::Fn(item) = item {
            functions.extend(annotated(item, &mut errors));
        }
    }
    if errors.any() {
        return Err(located(errors));
    }
    let Some((root, rest)) = functions.split_last() else {
        return Err(vec![(1, "there is no function under `#[differentiate]`".to_owned())]);
    };
    let Annotated { options, item, paths } = root;
    let capsules = paths.iter().map(|path| capsule(path, rest));
    let capsules = capsules.collect::<Result<Vec<_>, _>>()?;
    // What the capsules of the functions hand to the macro's last link.
    let name = item.sig.ident.to_string();
    let tokens = quote!({ #name { #options } { #(#paths),* } { #item } } #({ #capsules })*);
    syn::parse2(tokens).map_err(|error| located_error(&error))
}

/// The function, if it carries the attribute and is understood.
fn annotated(mut item: ItemFn, errors: &mut Errors) -> Option<Annotated> {
    let is_ours = |attr: &Attribute| {
        attr.path().segments.last().is_some_and(|name| name.ident == "differentiate")
    };
    let position = item.attrs.iter().position(is_ours)?;
    let options = match item.attrs.remove(position).meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    let parsed = syn::parse2::<Options>(options.clone()).map_err(|error| errors.push(error));
    let function = parse_function(parsed.ok()?, item.clone(), errors)?;
    Some(Annotated { options, item, paths: callee_paths(&function) })
}

/// The entry of the function that a path means, one of those above its caller, and the entries of
/// what it calls.
fn capsule(path: &Path, above: &[Annotated]) -> Result<TokenStream, Vec<Mistake>> {
    let name = path.segments.last().map(|segment| &segment.ident);
    let Some(position) = above.iter().rposition(|f| Some(&f.item.sig.ident) == name) else {
        let message = format!("`{}` is not annotated above its caller", path_text(path));
        return Err(vec![(path.span().start().line, message)]);
    };
    let Annotated { options, item, paths } = &above[position];
    let calls = paths.iter().flat_map(|path| {
        let target = path.segments.last().map(|segment| segment.ident.to_string());
        [path_text(path), target.unwrap_or_default()]
    });
    let callees = paths.iter().map(|path| capsule(path, &above[..position]));
    let callees = callees.collect::<Result<Vec<_>, _>>()?;
    let name = item.sig.ident.to_string();
    Ok(quote!({ #name function [#(#calls)*] { #options } { #item } } #(#callees)*))
}

/// The mistakes that the compiler reported, with their lines.
pub(crate) fn located(errors: Errors) -> Vec<Mistake> {
    // Each is a `compile_error!` at the span of the mistake.
    let file = syn::parse2::<syn::File>(errors.into_tokens());
    let items = file.map(|file| file.items).unwrap_or_default().into_iter();
    let mistake = |item: Item| match item {
        Item::Macro(item) => {
            let message: LitStr = item.mac.parse_body().ok()?;
            Some((item.mac.path.span().start().line, message.value()))
        }
        _ => None,
    };
    items.filter_map(mistake).collect()
}

/// The mistakes that a parser found.
fn located_error(error: &syn::Error) -> Vec<Mistake> {
    let mistakes = error.clone().into_iter();
    mistakes.map(|error| (error.span().start().line, error.to_string())).collect()
}
