//! The reverse of what a gradient inside the program remembers.
//!
//! What is taken off a record is what was put on it, so that its cotangent has to get from where it
//! is taken off to where it was put on. The reverse sweep comes by there first, and by the entries in
//! the opposite order: the cotangents go on a record of their own, and are taken off from its end.

use super::Builder;
use crate::flow::ir::{Init, Kind, MemId, Origin, Place, RecId, V};
use crate::hash::HashSet;
use proc_macro2::Span;

impl Builder<'_> {
    /// The record of the cotangents of what another one keeps or saves.
    fn record_of_cotangents(&mut self, record: RecId) -> RecId {
        if let Some(found) = self.of_cotangents.get(&record) {
            return *found;
        }
        let made = self.new_record();
        self.declares.push(self.stmt(Kind::Declare(made, vec![])));
        self.of_cotangents.insert(record, made);
        made
    }

    /// The reverse of taking an entry off.
    pub(super) fn recalled(&mut self, record: RecId, values: &[V], mems: &[MemId]) {
        let (of_values, of_mems) = self.records.active(record, self.act);
        if of_values.is_empty() && of_mems.is_empty() {
            return;
        }
        let record = self.record_of_cotangents(record);
        let mut cts = Vec::new();
        for k in of_values {
            cts.push(match self.cot.remove(&values[k]) {
                Some(ct) => ct,
                None => self.number(0.0, self.elem(values[k])),
            });
        }
        let shadows = of_mems.into_iter().map(|k| self.shadow_place(&Place::whole(mems[k])).mem);
        let shadows = shadows.collect();
        self.emit(Kind::Keep(record, cts, shadows));
    }

    /// The reverse of putting an entry on.
    pub(super) fn kept(&mut self, record: RecId, values: &[V], mems: &[MemId]) {
        let (of_values, of_mems) = self.records.active(record, self.act);
        if of_values.is_empty() && of_mems.is_empty() {
            return;
        }
        let record = self.record_of_cotangents(record);
        let cts: Vec<V> = of_values.iter().map(|k| self.fresh("ct", values[*k])).collect();
        let parts: Vec<MemId> = of_mems.iter().map(|k| self.cotangents_of(mems[*k])).collect();
        self.emit(Kind::Recall(record, cts.clone(), parts.clone()));
        for (k, ct) in of_values.into_iter().zip(cts) {
            self.contribute(values[k], ct);
        }
        for (k, part) in of_mems.into_iter().zip(parts) {
            if self.act.mem(mems[k]) {
                let to = self.shadow_place(&Place::whole(mems[k]));
                self.emit(Kind::AddAll(to, Place::whole(part)));
            }
        }
    }

    /// A memory for cotangents, of the type of another.
    fn cotangents_of(&mut self, mem: MemId) -> MemId {
        let of = self.src.at(mem).clone();
        self.out.mem(format!("d_{}", of.name), of.ty, Origin::Local, Span::call_site())
    }

    /// The reverse of putting saved floats back into a place: what it held before gets nothing.
    pub(super) fn restored(&mut self, record: RecId, place: &Place) {
        if !self.records.saves_active(record, self.act) {
            return;
        }
        let record = self.record_of_cotangents(record);
        let shadow = self.shadow_place(place);
        self.emit(Kind::Save(record, shadow.clone()));
        let zero = self.number(0.0, super::memory::leaf(&self.type_of(place)));
        self.emit(Kind::Fill(shadow, zero));
    }

    /// The reverse of saving the floats of a place.
    pub(super) fn saved(&mut self, record: RecId, place: &Place) {
        if !self.records.saves_active(record, self.act) {
            return;
        }
        let record = self.record_of_cotangents(record);
        let (ty, like) = (self.type_of(place), self.primal_place(place));
        let cts = self.out.mem("cts", ty, Origin::Local, Span::call_site());
        self.emit(Kind::Alloc(cts, Init::ZerosLike(like)));
        self.emit(Kind::Restore(record, Place::whole(cts)));
        if self.act.mem(place.mem) {
            let to = self.shadow_place(place);
            self.emit(Kind::AddAll(to, Place::whole(cts)));
        }
    }

    /// Whether what a loop puts on records is taken off in the same iteration, so that the records
    /// do not tell one iteration from another.
    pub(super) fn records_stay_inside(&self, pos: usize) -> bool {
        let (mut declared, mut used) = (HashSet::default(), HashSet::default());
        for k in pos + 1..self.ix.end(pos) {
            match &self.ix.stmts[k].0.kind {
                Kind::Declare(record, _) => {
                    declared.insert(*record);
                }
                Kind::Keep(record, ..)
                | Kind::Recall(record, ..)
                | Kind::Save(record, _)
                | Kind::Restore(record, _) => {
                    used.insert(*record);
                }
                _ => {}
            }
        }
        used.is_subset(&declared)
    }
}
