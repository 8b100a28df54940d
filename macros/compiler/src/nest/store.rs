//! Which arrays are stored, and where each value is kept.

use super::plan::{Planner, walk};
use super::{Element, Item, Ix, Storage, Var};
use crate::ir::{Index, Operand, Stmt, ValueId, compose};
use std::collections::{BTreeSet, HashMap, HashSet};

/// From this cost in additions on, a value is stored rather than computed twice.
const DEAR: u32 = 8;

/// Where an element is touched: its index, and the loops around.
type Place = (Vec<Ix>, Vec<Var>);

impl Planner<'_> {
    /// Stores arrays that are read at indices through which their own operands cannot be read: a
    /// slice of what broadcasts while the program runs.
    pub(super) fn materialize_unreadable(&mut self) {
        while let Some(found) = self.unreadable() {
            self.stored.insert(found);
        }
    }

    fn unreadable(&self) -> Option<ValueId> {
        let reads = self.program.body.iter().flat_map(Stmt::operands).flat_map(|o| &o.at);
        if !{ reads }.any(|index| matches!(index, Index::Stretch(..) | Index::Affine(..))) {
            return None;
        }
        for stmt in &self.program.body {
            let mut open: Vec<Operand> = stmt.operands().cloned().collect();
            let mut seen: HashSet<Operand> = HashSet::new();
            while let Some(operand) = open.pop() {
                if self.is_scheduled(operand.value) || !seen.insert(operand.clone()) {
                    continue;
                }
                let Some(inner) = self.statement.get(&operand.value) else { continue };
                for read in inner.operands() {
                    match compose(&read.at, &operand.at) {
                        Some(at) => open.push(Operand { value: read.value, at }),
                        None => return Some(operand.value),
                    }
                }
            }
        }
        None
    }

    /// Stores dear arrays that would be computed anew in every turn of a loop around them.
    pub(super) fn materialize_recomputed(&mut self) {
        loop {
            let mut found = None;
            for work in self.works() {
                let mut spot = Vec::new();
                for root in work.roots(&self.statement) {
                    self.closure(&root, &mut spot);
                }
                found = spot.into_iter().find(|operand| {
                    let axes: Vec<u8> = operand.at.iter().filter_map(|i| i.axis()).collect();
                    let last = work.order.iter().rposition(|axis| axes.contains(axis));
                    let outer = last.map_or(0, |last| last + 1);
                    let repeated = work.order[..outer].iter().any(|axis| !axes.contains(axis));
                    repeated && self.cost(operand.value) >= DEAR
                });
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(operand) => self.stored.insert(operand.value),
                None => return,
            };
        }
    }

    /// Stores dear arrays that are computed in more than one loop; whether there were any.
    pub(super) fn materialize_repeated(&mut self, items: &[Item]) -> bool {
        let mut loops: HashMap<ValueId, BTreeSet<Vec<Var>>> = HashMap::new();
        walk(items, &mut vec![], &mut |item, path| {
            for element in self.needs(item) {
                let vars: Vec<Var> = element.at.iter().filter_map(|ix| ix.var()).collect();
                if let Some(last) = path.iter().rposition(|var| vars.contains(var)) {
                    loops.entry(element.value).or_default().insert(path[..=last].to_vec());
                }
            }
        });
        let mut again: Vec<ValueId> = (loops.into_iter())
            .filter(|(id, places)| {
                // Loops one inside the other compute it once, in the outer one.
                let outermost: Vec<_> = places
                    .iter()
                    .filter(|p| !places.iter().any(|q| q.len() < p.len() && p.starts_with(q)))
                    .collect();
                outermost.len() > 1 && self.cost(*id) >= DEAR
            })
            .map(|(id, _)| id)
            .collect();
        // The last of a chain is enough: what it is made of is then computed once.
        again.sort();
        let Some(&last) = again.last() else {
            return false;
        };
        self.stored.insert(last)
    }

    /// Decides where each scheduled value is kept.
    pub(super) fn storage(&self, items: &[Item]) -> Vec<Storage> {
        let mut touched: HashMap<ValueId, Vec<Place>> = HashMap::new();
        walk(items, &mut vec![], &mut |item, path| {
            let mut touch = |element: &Element| {
                let places = touched.entry(element.value).or_default();
                places.push((element.at.clone(), path.to_vec()));
            };
            match item {
                Item::Add { to, arg } => {
                    touch(to);
                    touch(arg);
                }
                Item::Store(element) => touch(element),
                Item::Product(product) => {
                    for read in product.reads().chain([&product.to.read]) {
                        let at = read.at.iter().map(|_| Ix::At(0)).collect();
                        touch(&Element { value: read.value, at });
                    }
                }
                _ => {}
            }
            let stored =
                if let Item::Store(element) = item { self.operands(element) } else { vec![] };
            stored.iter().for_each(&mut touch);
            for element in self.needs(item) {
                self.operands(&element).iter().for_each(&mut touch);
            }
        });
        // What the caller gets is read when all loops are over.
        for id in self.program.outputs() {
            let mut spot = Vec::new();
            for read in self.closure(&self.program.whole(id), &mut spot) {
                let at = read.at.iter().map(|_| Ix::At(0)).collect();
                touched.entry(read.value).or_default().push((at, vec![]));
            }
        }
        let storage = |k: usize| {
            let id = ValueId(k as u32);
            if !self.is_scheduled(id) {
                return Storage::None;
            }
            if self.outputs.contains(&id) {
                return Storage::Output;
            }
            let places = touched.get(&id).map_or(&[][..], Vec::as_slice);
            let Some((_, first)) = places.first() else {
                return Storage::Local;
            };
            let shared = (places.iter())
                .map(|(_, path)| first.iter().zip(path).take_while(|(a, b)| a == b).count())
                .min()
                .unwrap_or(0);
            let is_shared = |axis: &usize| {
                places.iter().all(
                    |(at, _)| matches!(at[*axis], Ix::Var(var) if first[..shared].contains(&var)),
                )
            };
            let kept: Vec<usize> =
                (0..self.program.rank(id)).filter(|axis| !is_shared(axis)).collect();
            if kept.is_empty() { Storage::Local } else { Storage::Buffer(kept) }
        };
        (0..self.program.values.len()).map(storage).collect()
    }
}
