//! Buffers that several values take in turn.
//!
//! A buffer is free again behind the last loop or product that touches its value.
//! An array that is computed element by element may even take the buffer of one that is read for
//! the last time there, in place: `h[i, j] = tanh(z[i, j] + b[j])`.

use super::{Element, Item, Ix, Storage, at};
use crate::ir::{DimId, Program, Stmt, ValueId};
use std::collections::{BTreeMap, HashMap};

/// For each value that takes another one's buffer, whose.
pub(super) fn share(
    items: &[Item],
    program: &Program,
    storage: &[Storage],
) -> BTreeMap<ValueId, ValueId> {
    let pass = Share {
        program,
        storage,
        statement: program.body.iter().map(|stmt| (stmt.dst, stmt)).collect(),
    };
    let mut lives: BTreeMap<ValueId, (usize, usize)> = BTreeMap::new();
    for (k, item) in items.iter().enumerate() {
        for element in pass.touched(item) {
            if matches!(storage[element.value.0 as usize], Storage::Buffer(_)) {
                lives.entry(element.value).or_insert((k, k)).1 = k;
            }
        }
    }
    let mut order: Vec<(ValueId, (usize, usize))> = lives.into_iter().collect();
    order.sort_by_key(|&(id, (first, _))| (first, id));
    let mut shared = BTreeMap::new();
    // The buffers there are: whose, who has it, and until when.
    let mut buffers: Vec<(ValueId, ValueId, usize)> = Vec::new();
    for (id, (first, last)) in order {
        let fits = |other: ValueId| pass.kind(other) == pass.kind(id);
        let in_place = |&(_, user, until): &(ValueId, ValueId, usize)| {
            until == first && fits(user) && pass.is_in_place(&items[first], id, user)
        };
        let free = |&(_, user, until): &(ValueId, ValueId, usize)| until < first && fits(user);
        let found = buffers.iter().position(in_place).or_else(|| buffers.iter().position(free));
        match found {
            Some(k) => {
                shared.insert(id, buffers[k].0);
                (buffers[k].1, buffers[k].2) = (id, last);
            }
            None => buffers.push((id, id, last)),
        }
    }
    shared
}

struct Share<'p> {
    program: &'p Program,
    storage: &'p [Storage],
    statement: HashMap<ValueId, &'p Stmt>,
}

impl Share<'_> {
    /// What buffers must have in common: the type of the elements, and the extents.
    fn kind(&self, id: ValueId) -> (String, Vec<DimId>) {
        let shape = self.kept(id).iter().map(|&axis| self.program.shape(id)[axis]).collect();
        (self.program.value(id).elem.to_string(), shape)
    }

    fn kept(&self, id: ValueId) -> &[usize] {
        match &self.storage[id.0 as usize] {
            Storage::Buffer(kept) => kept,
            _ => &[],
        }
    }

    fn index(&self, element: &Element) -> Vec<Ix> {
        self.kept(element.value).iter().map(|&axis| element.at[axis]).collect()
    }

    /// What an item reads and writes by itself.
    fn touched_here(&self, item: &Item) -> Vec<Element> {
        let operands = |element: &Element| {
            let operands =
                self.statement.get(&element.value).into_iter().flat_map(|s| s.operands());
            operands.map(|operand| at(operand, &element.at)).collect::<Vec<_>>()
        };
        match item {
            Item::Let(element) => operands(element),
            Item::Zero(element) => vec![element.clone()],
            Item::Store(element) => {
                let mut all = operands(element);
                all.push(element.clone());
                all
            }
            Item::Add { to, arg } => vec![to.clone(), arg.clone()],
            Item::Product(product) => (product.reads().chain([&product.to.read]))
                .map(|read| Element { value: read.value, at: vec![] })
                .collect(),
            Item::Loop(_) => vec![],
        }
    }

    fn touched(&self, item: &Item) -> Vec<Element> {
        match item {
            Item::Loop(inner) => inner.body.iter().flat_map(|item| self.touched(item)).collect(),
            item => self.touched_here(item),
        }
    }

    /// Whether, in a loop, each element of `new` is stored where the same element of `old` has been
    /// read for the last time.
    ///
    /// A loop around that does not go through the elements reads them all again.
    fn is_in_place(&self, item: &Item, new: ValueId, old: ValueId) -> bool {
        let Item::Loop(inner) = item else { return false };
        let goes_through = |element: &Element| self.index(element).contains(&Ix::Var(inner.var));
        let touches = |item: &Item, id: ValueId| self.touched(item).iter().any(|e| e.value == id);
        // Down to where it is stored.
        let stored = inner
            .body
            .iter()
            .position(|item| matches!(item, Item::Store(element) if element.value == new));
        let Some(stored) = stored else {
            let mut inside = inner.body.iter().filter(|item| touches(item, old));
            return match (inside.next(), inside.next()) {
                (Some(only), None) => {
                    let stores = self.touched(only).into_iter().filter(|e| e.value == new);
                    stores.into_iter().all(|e| goes_through(&e)) && self.is_in_place(only, new, old)
                }
                _ => false,
            };
        };
        let Item::Store(element) = &inner.body[stored] else { return false };
        if !goes_through(element) {
            return false;
        }
        let place = self.index(element);
        let reads_only_before = inner.body.iter().enumerate().all(|(k, item)| {
            let of_old = || self.touched_here(item).into_iter().filter(|e| e.value == old);
            match item {
                Item::Loop(_) => !touches(item, old),
                Item::Let(_) | Item::Store(_) => {
                    of_old().all(|e| k <= stored && self.index(&e) == place)
                }
                _ => of_old().next().is_none(),
            }
        });
        let written_before = inner.body[..stored].iter().any(|item| touches(item, new));
        reads_only_before && !written_before
    }
}
