//! Rust identifiers for values, memories and records: the user's names, made unique by their
//! numbers, invisible to the user's code.

use crate::flow::ir::{MemId, Program, RecId, V};
use proc_macro2::{Ident, Span};

/// The identifier of a value.
pub(super) fn value(program: &Program, v: V) -> Ident {
    local(&format!("{}_{}", clean(&program.of(v).name), v.0))
}

/// The identifier of a memory.
pub(super) fn mem(program: &Program, mem: MemId) -> Ident {
    local(&format!("{}_m{}", clean(&program.at(mem).name), mem.0))
}

/// What identifiers of slices of a memory start with.
pub(super) fn mem_base(program: &Program, mem: MemId) -> String {
    clean(&program.at(mem).name)
}

/// The identifier of a record.
pub(super) fn record(record: RecId) -> Ident {
    local(&format!("kept_r{}", record.0))
}

/// The identifier of a vector that keeps a record's values of one type.
pub(super) fn part(record: RecId, number: usize) -> Ident {
    local(&format!("kept_r{}_{number}", record.0))
}

/// An identifier that means something in generated code only.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A name for people, as the start of an identifier that is read as a variable.
fn clean(name: &str) -> String {
    let plain = |c: u8| c == b'_' || c.is_ascii_alphanumeric();
    let bytes = name.as_bytes();
    if bytes.len() <= 24
        && bytes.iter().all(|c| plain(*c))
        && bytes.iter().any(u8::is_ascii_lowercase)
        && !bytes[0].is_ascii_digit()
    {
        // As most names are.
        return name.to_string();
    }
    let mut clean: String = name
        .trim_start_matches("r#")
        .chars()
        .map(|c| if c == '_' || c.is_alphanumeric() { c } else { '_' })
        .collect();
    if clean.chars().count() > 24 || clean.chars().all(|c| c == '_') {
        clean = "v".into();
    }
    if !clean.chars().any(char::is_lowercase) {
        clean = clean.to_lowercase();
    }
    if !clean.starts_with(|c: char| c == '_' || c.is_alphabetic())
        || (!clean.is_ascii() && syn::parse_str::<Ident>(&format!("{clean}_0")).is_err())
    {
        clean =
            format!("v_{}", clean.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    }
    clean
}
