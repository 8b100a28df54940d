//! Mutated source text for the compiler: it never panics, never runs on, and ends in tokens or in
//! errors with a place.
//!
//! [`mutate`](mod@mutate) changes a function of the [`Corpus`] in one to three places; [`verdict`]
//! says what the compiler makes of it.

mod mutate;

use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::compile;
use chainrule_compiler::emit::emit;
use chainrule_compiler::error::Errors;
use proc_macro2::Ident;
use quote::{ToTokens, quote};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{fs, io};
use syn::parse::{Parse, ParseStream};
use syn::visit::Visit;
use syn::{Item, Token, parse_quote};

/// The functions that mutants are made of: those of the tests.
pub(crate) struct Corpus {
    /// File by file, what is annotated: functions, structs and blocks.
    files: Vec<Vec<Item>>,
    /// All expressions, statements and types in them, which take each other's places.
    parts: mutate::Parts,
}

impl Corpus {
    /// The annotated items of all Rust files in some directories, those of subdirectories too.
    ///
    /// # Errors
    /// If a directory cannot be read, or none holds an annotated function.
    pub(crate) fn of_directories(directories: &[PathBuf]) -> io::Result<Corpus> {
        let mut files = Vec::new();
        for directory in directories {
            read(directory, &mut files)?;
        }
        let mut parts = mutate::Parts::default();
        files.iter().flatten().for_each(|item| parts.visit_item(item));
        match files.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::NotFound, "no annotated function")),
            false => Ok(Corpus { files, parts }),
        }
    }

    /// The functions that the tests run.
    ///
    /// # Errors
    /// If their source is not there.
    pub(crate) fn of_tests() -> io::Result<Corpus> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
        Corpus::of_directories(&[root.join("tests/functions"), root.join("tests/arrays_in_loops")])
    }

    /// The mutant of this number.
    pub(crate) fn mutant(&self, seed: u64, number: u64) -> String {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let items = mutate::pick(&self.files, &mut rng);
        let roots: Vec<usize> = (0..items.len()).filter(|&k| is_annotated_fn(&items[k])).collect();
        let root = *mutate::pick(&roots, &mut rng);
        let mut chosen = vec![root];
        mentioned(items, root, &mut chosen);
        let mut needed: Vec<Item> =
            chosen[1..].iter().rev().map(|&item| items[item].clone()).collect();
        let mut mutated = items[root].clone();
        let text = mutate::mutate(&mut mutated, &self.parts, &mut rng);
        needed.sort_by_key(|item| matches!(item, Item::Fn(_)));
        let others = needed.iter().map(|item| item.to_token_stream().to_string() + "\n");
        others.collect::<String>() + &text
    }
}

/// The items that one mentions by name, and those that they mention.
fn mentioned(items: &[Item], of: usize, chosen: &mut Vec<usize>) {
    let text = format!(" {} ", items[of].to_token_stream());
    for (k, item) in items.iter().enumerate() {
        let name = match item {
            Item::Fn(f) => f.sig.ident.to_string(),
            Item::Struct(s) => s.ident.to_string(),
            Item::Impl(block) => block.self_ty.to_token_stream().to_string(),
            _ => continue,
        };
        let is_word = |at: usize| {
            let outside = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            outside(text[..at].chars().next_back())
                && outside(text[at + name.len()..].chars().next())
        };
        if !chosen.contains(&k) && text.match_indices(&name).any(|(at, _)| is_word(at)) {
            chosen.push(k);
            mentioned(items, k, chosen);
        }
    }
}

fn read(directory: &Path, files: &mut Vec<Vec<Item>>) -> io::Result<()> {
    let mut paths: Vec<_> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && let Ok(file) = syn::parse_file(&fs::read_to_string(&path)?)
        {
            let items = file.items.into_iter().flat_map(|item| match item {
                Item::Macro(mac) => syn::parse2(mac.mac.tokens).map_or(vec![], |Listed(list)| list),
                item => vec![item],
            });
            let items: Vec<Item> = items.filter(is_annotated).collect();
            if items.iter().any(is_annotated_fn) {
                files.push(items);
            }
        }
    }
    Ok(())
}

/// `name: (parameter: type = value, …) -> type { body }`, as the tests of arrays list functions.
struct Listed(Vec<Item>);

impl Parse for Listed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek2(Token![;]) {
            input.parse::<Ident>()?;
            input.parse::<Token![;]>()?;
        }
        let mut items = Vec::new();
        while !input.is_empty() {
            input.call(syn::Attribute::parse_outer)?;
            let name: Ident = input.parse()?;
            input.parse::<Token![:]>()?;
            let inside;
            syn::parenthesized!(inside in input);
            let parameter = |input: ParseStream<'_>| {
                let (name, _) = (input.parse::<Ident>()?, input.parse::<Token![:]>()?);
                let (ty, _) = (input.parse::<syn::Type>()?, input.parse::<Token![=]>()?);
                input.parse::<syn::Expr>()?;
                Ok(quote!(#name: &#ty))
            };
            let params = inside.parse_terminated(parameter, Token![,])?;
            let output = match input.parse()? {
                syn::ReturnType::Default => syn::parse_quote!(-> f64),
                output => output,
            };
            let body: syn::Block = input.parse()?;
            items.push(parse_quote!(#[differentiate] fn #name(#params) #output #body));
        }
        Ok(Listed(items))
    }
}

fn is_annotated(item: &Item) -> bool {
    let attrs = match item {
        Item::Fn(f) => &f.attrs,
        Item::Struct(s) => &s.attrs,
        Item::Impl(block) => &block.attrs,
        _ => return false,
    };
    attrs.iter().any(|attr| {
        attr.path().is_ident("differentiate")
            || attr.to_token_stream().to_string().contains("Differentiable")
    })
}

fn is_annotated_fn(item: &Item) -> bool {
    matches!(item, Item::Fn(_)) && is_annotated(item)
}

/// What the compiler makes of a source text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is no Rust: the compiler does not see it.
    NotRust,
    /// Derivatives.
    Accepted,
    /// Errors, each with a message.
    Refused,
    /// What must not be: a panic, tokens that are no Rust, neither tokens nor errors.
    Broken(String),
}

/// Runs every stage of the compiler on a source text.
pub(crate) fn verdict(source: &str) -> Verdict {
    let Ok(file) = syn::parse_file(source) else { return Verdict::NotRust };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut errors = Errors::new();
        let Some(callees) = Callees::of_file(&file, &mut errors) else {
            return match errors.any() {
                true => Verdict::Refused,
                false => Verdict::NotRust,
            };
        };
        let compiled = match errors.any() {
            true => None,
            false => compile(&callees, &mut errors),
        };
        match compiled {
            _ if errors.any() => Verdict::Refused,
            None => Verdict::Broken("neither derivatives nor errors".to_string()),
            Some(compiled) => match syn::parse2::<syn::File>(emit(&compiled, &callees)) {
                Ok(_) => Verdict::Accepted,
                Err(error) => Verdict::Broken(format!("what is emitted is no Rust: {error}")),
            },
        }
    }));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Verdict::Broken(format!("a panic: {}", text.unwrap_or_default()))
    })
}
