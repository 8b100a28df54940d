//! Where accumulators begin.

use super::{Element, Item, Ix, Product, Storage};
use crate::ir::{Kind, Program, ValueId};

/// Puts the zeroing of accumulators where their scope begins.
pub(super) fn place_zeros(items: &mut Vec<Item>, program: &Program, storage: &[Storage]) {
    for stmt in &program.body {
        if matches!(stmt.kind, Kind::Map { .. }) {
            continue;
        }
        if let Some(product) = first_product(items, stmt.dst) {
            product.overwrites = true;
            continue;
        }
        match &storage[stmt.dst.0 as usize] {
            Storage::Output => items.insert(0, zero_of(stmt.dst, vec![])),
            Storage::Local => insert_zero(items, stmt.dst, &[]),
            Storage::Buffer(kept) => insert_zero(items, stmt.dst, kept),
            Storage::None => {}
        }
    }
}

/// The product that comes first of all that is added to a value, if it reaches every element.
fn first_product(items: &mut [Item], value: ValueId) -> Option<&mut Product> {
    match items.iter_mut().find(|item| adds(item, value).is_some()) {
        Some(Item::Product(product)) if product.covers() => Some(product),
        _ => None,
    }
}

fn zero_of(value: ValueId, at: Vec<Ix>) -> Item {
    Item::Zero(Element { value, at })
}

/// Inserts the zeroing before the first item that adds to the value, in the scope that all who
/// touch the value share: one loop deeper as long as that loop binds an axis that is not kept.
fn insert_zero(items: &mut Vec<Item>, value: ValueId, kept: &[usize]) {
    let first = items.iter().position(|item| adds(item, value).is_some()).unwrap_or(0);
    if let Some(Item::Loop(inner)) = items.get_mut(first) {
        let at = adds_in(&inner.body, value).unwrap_or_default();
        let binds = (at.iter().enumerate())
            .any(|(axis, ix)| *ix == Ix::Var(inner.var) && !kept.contains(&axis));
        if binds {
            insert_zero(&mut inner.body, value, kept);
            return;
        }
    }
    let at = items.get(first).and_then(|item| adds(item, value)).unwrap_or_default();
    items.insert(first, zero_of(value, at));
}

fn adds(item: &Item, value: ValueId) -> Option<Vec<Ix>> {
    match item {
        Item::Add { to, .. } if to.value == value => Some(to.at.clone()),
        Item::Product(product) if product.to.read.value == value => Some(vec![]),
        Item::Loop(inner) => adds_in(&inner.body, value),
        _ => None,
    }
}

fn adds_in(items: &[Item], value: ValueId) -> Option<Vec<Ix>> {
    items.iter().find_map(|item| adds(item, value))
}
