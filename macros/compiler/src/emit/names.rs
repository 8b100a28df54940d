//! Rust identifiers: of the user's names, of what stands beside the user's function, and for values
//! and dimensions, made unique.

use crate::ir::print::Names;
use crate::ir::{DimId, Program, ValueId};
use crate::parse::Function;
use proc_macro2::{Ident, Span};
use quote::format_ident;
use std::collections::{HashMap, HashSet};
use syn::ext::IdentExt;

/// The identifier that a name is, be it a raw one.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(name) => Ident::new_raw(name, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A name without the `r#` of a raw one, as a part of other names.
pub(crate) fn unraw(name: &str) -> &str {
    name.trim_start_matches("r#")
}

/// What an associated function is called: of a method `m`, `m_grad` stands beside it in its block.
pub(crate) fn named(function: &Function, base: &str) -> Ident {
    let name = function.item.sig.ident.unraw();
    match (&function.owner, base.strip_prefix("__")) {
        // Beside it stands the function that takes the structs apart.
        (None, None) if function.unpacked.is_some() => ident(&format!("__unpacked_{base}")),
        (Some(_), None) if function.unpacked.is_some() => {
            format_ident!("__{name}_unpacked_{base}", span = Span::call_site())
        }
        (None, _) => ident(base),
        (Some(_), None) => format_ident!("{name}_{base}", span = Span::call_site()),
        (Some(_), Some(base)) => format_ident!("__{name}_{base}", span = Span::call_site()),
    }
}

/// The constant with the equations of a method.
pub(crate) fn derivation_of_method(function: &Function) -> Ident {
    ident(&format!("{}_DERIVATION", unraw(&function.name()).to_uppercase()))
}

/// Names for further parameters of a public function.
pub(crate) struct Further {
    taken: HashSet<String>,
}

impl Further {
    /// Beside the parameters of a function.
    pub(crate) fn beside(function: &Function) -> Further {
        Further { taken: function.params.iter().map(|p| p.name.unraw().to_string()).collect() }
    }

    /// This name, or one like it that no parameter has yet.
    pub(crate) fn name(&mut self, name: &str) -> Ident {
        let mut name = name.to_string();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        ident(&name)
    }

    /// The same, of what belongs to a parameter: `d_x`.
    pub(crate) fn of(&mut self, prefix: &str, param: &Ident) -> Ident {
        self.name(&format!("{prefix}{}", param.unraw()))
    }
}

/// Hands out identifiers that no one else in the function has.
#[derive(Clone, Default)]
pub(super) struct Namer {
    taken: HashMap<String, usize>,
}

impl Namer {
    /// An identifier made from a name for people.
    pub(super) fn fresh(&mut self, name: &str) -> Ident {
        let mut base: String = unraw(name)
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
