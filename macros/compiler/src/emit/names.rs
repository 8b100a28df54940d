//! Rust identifiers for values and dimensions: the user's names, made unique.

use crate::ir::print::Names;
use crate::ir::{DimId, Program, ValueId};
use proc_macro2::{Ident, Span};
use std::collections::HashMap;

/// Hands out identifiers that no one else in the function has.
#[derive(Default)]
pub(super) struct Namer {
    taken: HashMap<String, usize>,
}

impl Namer {
    /// An identifier made from a name for people.
    pub(super) fn fresh(&mut self, name: &str) -> Ident {
        let mut base: String = name
            .trim_start_matches("r#")
            .chars()
            .map(|c| if c == '_' || unicode_word(c) { c } else { '_' })
            .collect();
        if base.len() > 24 || base.chars().all(|c| c == '_') {
            base = "v".into();
        }
        if !base.starts_with(|c: char| c == '_' || (unicode_word(c) && !c.is_numeric())) {
            base.insert(0, '_');
        }
        loop {
            let count = self.taken.entry(base.clone()).or_insert(0);
            *count += 1;
            let name = if *count == 1 { base.clone() } else { format!("{base}_{count}") };
            // Keywords and names that would be read as a constant pattern are no variables.
            let is_word = syn::parse_str::<Ident>(&name).is_ok();
            let is_constant =
                !name.chars().any(char::is_lowercase) && name.chars().any(char::is_uppercase);
            if is_word && !is_constant && (*count == 1 || !self.taken.contains_key(&name)) {
                self.taken.entry(name.clone()).or_insert(1);
                return Ident::new(&name, Span::call_site());
            }
            if is_constant {
                base = base.to_lowercase();
            }
        }
    }
}

fn unicode_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// The identifiers of dimensions and parameters, the same in a function and its kernels.
pub(super) struct Symbols {
    dims: Vec<Ident>,
    params: HashMap<ValueId, Ident>,
}

impl Symbols {
    pub(super) fn new(program: &Program, namer: &mut Namer) -> Symbols {
        let params =
            (program.params.iter()).map(|&id| (id, namer.fresh(&program.value(id).name))).collect();
        let names = Names::of(program);
        let dims =
            (0..program.dims.len()).map(|d| namer.fresh(names.dim(DimId(d as u32)))).collect();
        Symbols { dims, params }
    }

    pub(super) fn dim(&self, dim: DimId) -> &Ident {
        &self.dims[dim.0 as usize]
    }

    pub(super) fn param(&self, id: ValueId) -> &Ident {
        &self.params[&id]
    }
}
