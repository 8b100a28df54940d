//! Records: how they are declared, and how entries go on them and come off.

use super::block::{Body, Declared, one_or_tuple};
use super::facts::GROUP;
use super::names;
use super::types;
use crate::flow::ir::{MemId, Place, RecId, Ty, V};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

impl Body<'_> {
    pub(super) fn declare(&mut self, record: RecId, room: &[V]) -> TokenStream {
        // Each vector with the number of its values in an entry.
        let vectors: Vec<(Ident, TokenStream, usize)> = if self.facts.streamed.contains(&record) {
            let values = &self.facts.records[&record].0;
            let vectors = self.facts.vectors(self.program, record).into_iter().enumerate();
            let vector = |(k, of): (usize, Vec<usize>)| {
                (names::part(record, k), self.type_of(values[of[0]]), of.len())
            };
            vectors.map(vector).collect()
        } else if self.facts.is_wide(record) {
            let groups = self.facts.records[&record].0.chunks(GROUP).enumerate();
            let entry = |group: &[V]| {
                one_or_tuple(&group.iter().map(|v| self.type_of(*v)).collect::<Vec<_>>())
            };
            groups.map(|(j, group)| (names::part(record, j), entry(group), 1)).collect()
        } else {
            vec![(names::record(record), self.entry_type(record), 1)]
        };
        let vectors = vectors.into_iter().map(|(name, entry, values)| {
            let factors = (values > 1).then(|| quote!(#values));
            let factors = factors.into_iter().chain(room.iter().map(|v| self.index(*v)));
            let product = factors.reduce(|a, b| quote!(usize::saturating_mul(#a, #b)));
            let value = match product.filter(|_| !room.is_empty()) {
                Some(room) => quote!(::std::vec::Vec::with_capacity(#room)),
                None => quote!(::std::vec::Vec::new()),
            };
            let ty = quote!(::std::vec::Vec<#entry>);
            self.bind(Declared { name, ty, mutable: true }, &value)
        });
        vectors.collect()
    }

    pub(super) fn keep(&self, record: RecId, values: &[V], mems: &[MemId]) -> TokenStream {
        if let Some(entry) = self.streams.get(&record) {
            let values = values.iter().map(|v| self.value(*v));
            return quote!(#(#entry = #values;)*);
        }
        let name = names::record(record);
        if self.facts.is_wide(record) {
            let groups = 0..values.len().div_ceil(GROUP);
            return groups.map(|group| self.keep_group(record, values, group)).collect();
        }
        let values = values.iter().map(|v| self.kept(*v));
        let mems = mems.iter().map(|&mem| {
            let place = Place::whole(mem);
            let movable = !self.is_reference(mem)
                && self.facts.homes.get(&mem).is_some_and(|home| {
                    self.path
                        .split_last()
                        .is_some_and(|(&at, block)| home.block == block && home.last == at)
                });
            let name = names::mem(self.program, mem);
            if self.is_reference(mem) && self.lazy.contains_key(&mem) {
                let held = names::local("held");
                let copy = types::copy(Some(&self.program.at(mem).ty), &quote!((*#held)));
                return quote!(#name.map(|#held| #copy));
            }
            match (movable, self.lazy.contains_key(&mem)) {
                (true, true) => quote!(#name.take()),
                (false, true) => quote!(::core::clone::Clone::clone(&#name)),
                (true, false) => self.place(&place),
                (false, false) => types::copy(Some(&self.program.at(mem).ty), &self.place(&place)),
            }
        });
        let entry = one_or_tuple(&values.chain(mems).collect::<Vec<_>>());
        quote!(#name.push(#entry);)
    }

    /// A value, as it is put on a record.
    fn kept(&self, v: V) -> TokenStream {
        match self.facts.optional.contains(&v) {
            true => {
                let name = self.name(v);
                quote!(::core::clone::Clone::clone(&#name))
            }
            false => self.moved(v),
        }
    }

    /// Puts a group of an entry's values on the record.
    pub(super) fn keep_group(&self, record: RecId, values: &[V], group: usize) -> TokenStream {
        let name = names::part(record, group);
        let values: Vec<V> = values.iter().skip(group * GROUP).take(GROUP).copied().collect();
        let entry = match values.iter().all(|v| self.program.of(*v).ty != Ty::Opaque) {
            true => self.list(&values),
            false => one_or_tuple(&values.iter().map(|v| self.kept(*v)).collect::<Vec<_>>()),
        };
        quote!(#name.push(#entry);)
    }

    /// Takes a group of an entry's values off the record.
    pub(super) fn recall_group(
        &mut self,
        record: RecId,
        values: &[V],
        group: usize,
    ) -> TokenStream {
        let name = names::part(record, group);
        let values: Vec<V> = values.iter().skip(group * GROUP).take(GROUP).copied().collect();
        let mut out = Vec::new();
        self.bind_values(&values, &mut out);
        out.extend(quote!(::chainrule::rt::recall(&mut #name);));
        out.into_iter().collect()
    }

    pub(super) fn recall(&mut self, record: RecId, values: &[V], mems: &[MemId]) -> TokenStream {
        if let Some(entry) = self.streams.get(&record).cloned() {
            let pairs = values.iter().zip(&entry);
            return pairs.map(|(v, entry)| self.bind(self.declared(*v), entry)).collect();
        }
        if self.facts.is_wide(record) {
            let groups = 0..values.len().div_ceil(GROUP);
            return groups.map(|group| self.recall_group(record, values, group)).collect();
        }
        let name = names::record(record);
        let mut declared: Vec<Declared> = values.iter().map(|v| self.declared(*v)).collect();
        let mut after = TokenStream::new();
        for (k, &mem) in mems.iter().enumerate() {
            if self.is_home(mem) {
                declared.push(self.declared_mem(mem));
                continue;
            }
            let kept = self.facts.records.get(&record).and_then(|(_, mems)| mems.get(k).copied());
            let (recalled, ty) = (self.fresh("recalled"), self.kept_type(kept.unwrap_or(mem)));
            after.extend(match kept.is_some_and(|kept| self.lazy.contains_key(&kept)) {
                true => {
                    let name = names::mem(self.program, mem);
                    quote!(#name = #recalled;)
                }
                false => self.made(mem, Some(quote!(#recalled))),
            });
            declared.push(Declared { name: recalled, ty, mutable: false });
        }
        let out = self.bind_all(declared, &quote!(::chainrule::rt::recall(&mut #name)));
        quote!(#out #after)
    }
}
