//! How memories are declared, and what they are on a record.

use super::block::{Body, Declared, one_or_tuple};
use super::names;
use super::types::{self, owned};
use crate::emit::element::elem_type;
use crate::flow::ir::{MemId, Origin, Program, RecId};
use crate::ir::Elem;
use crate::parse::Type;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

impl Body<'_> {
    /// The memories that are made in a block inside but used behind it.
    pub(super) fn declare_ahead(&mut self, at: usize, out: &mut Vec<TokenTree>) {
        if self.facts.homes.is_empty() {
            return;
        }
        let mut mems: Vec<MemId> = (self.facts.homes.iter())
            .filter(|(_, home)| home.ahead && home.stmt == at && home.block == self.path)
            .map(|(mem, _)| *mem)
            .collect();
        mems.sort();
        for mem in mems {
            let ty = &self.program.at(mem).ty;
            let value = match types::anything(ty) {
                Some(value) if !self.lazy.contains_key(&mem) => value,
                _ => quote!(::core::option::Option::None),
            };
            let declared = self.declared_mem(mem);
            out.extend(self.bind(declared, &value));
        }
    }

    /// The declaration of a local memory.
    pub(super) fn declared_mem(&self, mem: MemId) -> Declared {
        let of = self.program.at(mem);
        let ty = match of.origin {
            _ if self.facts.borrowed.contains(&mem) => types::reference(&slice_of(&of.ty)),
            Origin::Shared => types::reference(&of.ty),
            _ => self.owned_type(mem),
        };
        let ty = self.perhaps(mem, ty);
        Declared { name: names::mem(self.program, mem), ty, mutable: true }
    }

    /// The type of a memory on a record, which owns what it keeps.
    pub(super) fn kept_type(&self, mem: MemId) -> TokenStream {
        self.perhaps(mem, self.owned_type(mem))
    }

    pub(super) fn owned_type(&self, mem: MemId) -> TokenStream {
        let ty = &self.program.at(mem).ty;
        match is_lent(self.program, mem) || self.unnamed.contains(&mem) {
            true => types::unnamed(ty),
            false => owned(ty),
        }
    }

    fn perhaps(&self, mem: MemId, ty: TokenStream) -> TokenStream {
        match self.lazy.contains_key(&mem) {
            true => quote!(::core::option::Option<#ty>),
            false => ty,
        }
    }

    /// The type of what a record keeps.
    pub(super) fn entry_type(&self, record: RecId) -> TokenStream {
        if let Some(place) = self.facts.saved.get(&record) {
            let float = self.type_at(place).and_then(|ty| types::float(&ty));
            return elem_type(&float.unwrap_or(Elem::F64));
        }
        let Some((values, mems)) = self.facts.records.get(&record) else { return quote!(()) };
        let values = values.iter().map(|v| self.type_of(*v));
        let mems = mems.iter().map(|mem| self.kept_type(*mem));
        one_or_tuple(&values.chain(mems).collect::<Vec<_>>())
    }
}

/// Whether a memory is a reference to what only rustc knows.
pub(super) fn is_lent(program: &Program, mem: MemId) -> bool {
    program.at(mem).origin == Origin::Shared
}

/// The type of what a list is a slice of.
fn slice_of(ty: &Type) -> Type {
    match ty {
        Type::Vec(of) => Type::Slice(of.clone()),
        ty => ty.clone(),
    }
}
