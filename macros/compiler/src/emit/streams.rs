//! What a loop hands out part by part: rows to the loops inside it, elements to its body.

use super::loops::Loops;
use crate::ir::{Affine, DimId, ValueId};
use crate::nest::{Element, Item, Ix, Loop};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// So many pairs of slices LLVM compares ahead of a loop. What has more of them is loaded and stored
/// in lanes.
const COMPARED: usize = 8;

/// An array that a loop hands out part by part.
pub(super) struct Stream {
    pub(super) value: ValueId,
    /// The index up to the loop's variable.
    pub(super) prefix: Vec<Ix>,
    /// How the loop's variable goes through the next axis.
    pub(super) index: Ix,
    /// The slice at that prefix, from the loop's first element on.
    pub(super) base: TokenStream,
    /// Whether the loop writes to it.
    pub(super) written: bool,
    /// The dimensions of each part.
    pub(super) rest: Vec<DimId>,
}

/// Whether LLVM vectorises a loop over such slices: only if it knows, or asks while the program runs,
/// that what is written does not overlap with the others.
pub(super) fn is_compared(streams: &[Stream]) -> bool {
    let written = streams.iter().filter(|stream| stream.written).count();
    let pairs = written * (streams.len() - written) + written * written.saturating_sub(1) / 2;
    pairs <= COMPARED
}

impl Loops<'_> {
    /// Every element of an array that the items touch, and whether it is written.
    fn touched(&self, items: &[Item], found: &mut BTreeSet<(Element, bool)>) {
        for item in items {
            match item {
                Item::Let(element) | Item::Store(element) => {
                    if matches!(item, Item::Store(_)) {
                        found.insert((element.clone(), true));
                    }
                    if let Some(stmt) = self.statement.get(&element.value) {
                        for operand in stmt.operands() {
                            found.insert((crate::nest::at(operand, &element.at), false));
                        }
                    }
                }
                Item::Add { to, arg } => {
                    found.insert((to.clone(), true));
                    found.insert((arg.clone(), false));
                }
                Item::Loop(inner) => self.touched(&inner.body, found),
                Item::Zero(_) | Item::Product(_) => {}
            }
        }
    }

    /// The arrays that a loop can hand out part by part: value, prefix, and whether mutably.
    pub(super) fn streams(&self, inner: &Loop) -> Vec<Stream> {
        let mut touched = BTreeSet::new();
        self.touched(&inner.body, &mut touched);
        let touched: Vec<(ValueId, Vec<Ix>, bool)> = touched
            .into_iter()
            .filter(|(element, _)| {
                self.is_array(element.value) && !self.locals.contains_key(element)
            })
            .map(|(element, written)| {
                (self.nest.buffer_of(element.value), self.kept_index(&element), written)
            })
            .collect();
        let mut streams: Vec<Stream> = Vec::new();
        for (value, at, _) in &touched {
            let follows = |ix: &Ix| ix.var() == Some(inner.var);
            let Some(k) = at.iter().position(follows) else { continue };
            let (prefix, index) = (at[..k].to_vec(), at[k]);
            if streams.iter().any(|s| s.value == *value && s.prefix == prefix && s.index == index) {
                continue;
            }
            let written = touched.iter().any(|(v, _, written)| v == value && *written);
            let exclusive = touched
                .iter()
                .filter(|(v, _, _)| v == value)
                .all(|(_, at, _)| at.get(k) == Some(&index) && at.starts_with(&prefix));
            if written && !exclusive {
                continue;
            }
            let Some(mut base) = self.part(*value, &prefix) else { continue };
            let rest = self.kept_shape(*value)[k + 1..].to_vec();
            match index {
                Ix::Var(_) => {}
                // Neighbours are a slice of their own.
                Ix::Affine(var, affine) if affine.step == 1 && rest.is_empty() => {
                    let dim = self.symbols.dim(inner.dim);
                    base = match affine {
                        Affine { constant: 0, extent: None, .. } => quote!(#base[..#dim]),
                        _ => {
                            let start = self.ix(Ix::Affine(var, Affine { step: 0, ..affine }));
                            quote!(#base[#start..][..#dim])
                        }
                    };
                }
                _ => continue,
            }
            streams.push(Stream { value: *value, prefix, index, base, written, rest });
        }
        streams
    }

    /// The part of an array at a prefix of its index: a slice that stands for it, or one of a slice.
    fn part(&self, value: ValueId, prefix: &[Ix]) -> Option<TokenStream> {
        let bound = self.bound.iter().filter(|(v, p, _)| *v == value && prefix.starts_with(p));
        let (_, known, base) = bound.max_by_key(|(_, p, _)| p.len())?;
        if known.len() == prefix.len() {
            return Some(base.clone());
        }
        let is_open = |ix: &Ix| ix.var().is_some_and(|var| !self.vars.contains_key(&var));
        if prefix[known.len()..].iter().any(is_open) {
            return None;
        }
        let first = self.flat(value, prefix, known.len());
        let len = self.count(&self.kept_shape(value)[prefix.len()..]);
        Some(quote!(#base[#first * (#len)..][..#len]))
    }

    pub(super) fn uses_var(&self, inner: &Loop, streams: &[Stream]) -> bool {
        let mut touched = BTreeSet::new();
        self.touched(&inner.body, &mut touched);
        touched.iter().any(|(element, _)| {
            self.is_array(element.value) && {
                let (array, at) = (self.nest.buffer_of(element.value), self.kept_index(element));
                // A part that is handed out stands for the index as it is there only.
                let streamed = |k: usize, ix: &Ix| {
                    let mut of_array = streams.iter().filter(|s| s.value == array);
                    of_array.any(|s| at[..k] == s.prefix[..] && s.index == *ix)
                };
                let mut parts = at.iter().enumerate();
                parts.any(|(k, ix)| ix.var() == Some(inner.var) && !streamed(k, ix))
            }
        })
    }
}
