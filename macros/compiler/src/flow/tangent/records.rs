//! What a loop keeps for its reversal is kept with its tangent, in the same entry; what it saves of
//! a memory's contents, on a record of its own.

use super::Builder;
use crate::flow::ir::{Init, Kind, MemId, Origin, Place, RecId, V};

impl Builder<'_> {
    pub(super) fn kept(&mut self, record: RecId, values: &[V], mems: &[MemId]) -> Kind {
        let (with, mems_with) = self.records.active(record, self.act);
        let (mut all, mut all_mems) = (values.to_vec(), mems.to_vec());
        self.each(|this| {
            all.extend(with.iter().map(|k| this.tangent_or_zero(values[*k])));
            for k in &mems_with {
                all_mems.push(this.tangent_place_or_zeros(&Place::whole(mems[*k])).mem);
            }
        });
        Kind::Keep(record, all, all_mems)
    }

    pub(super) fn recalled(&mut self, record: RecId, values: &[V], mems: &[MemId]) -> Kind {
        let (with, mems_with) = self.records.active(record, self.act);
        let (mut all, mut all_mems) = (values.to_vec(), mems.to_vec());
        self.each(|this| {
            for k in &with {
                let tangent = this.fresh(values[*k]);
                this.define(values[*k], Some(tangent));
                all.push(tangent);
            }
            all_mems.extend(mems_with.iter().map(|k| this.memory_like(mems[*k], Origin::Local)));
        });
        Kind::Recall(record, all, all_mems)
    }

    /// The record of the tangents of what another one saves, if that is restored to where there are
    /// tangents.
    fn record_of(&mut self, record: RecId) -> Option<RecId> {
        if !self.records.saves_active(record, self.act) {
            return None;
        }
        let records = &mut self.out.records;
        Some(*self.columns[self.at].saved.entry(record).or_insert_with(|| {
            *records += 1;
            RecId(*records - 1)
        }))
    }

    pub(super) fn declare(&mut self, record: RecId) {
        if let Some(record) = self.record_of(record) {
            self.emit(Kind::Declare(record, vec![]));
        }
    }

    pub(super) fn save(&mut self, record: RecId, place: &Place) {
        if let Some(record) = self.record_of(record) {
            let tangent = self.tangent_place_or_zeros(place);
            self.emit(Kind::Save(record, tangent));
        }
    }

    pub(super) fn restore(&mut self, record: RecId, place: &Place) {
        let Some(record) = self.record_of(record) else { return };
        let to = match self.tangent_place(place) {
            Some(to) => to,
            // It is taken off all the same.
            None => Place::whole(self.zeros_like(place)),
        };
        self.emit(Kind::Restore(record, to));
    }

    /// A memory of zeros in the shape of a place.
    pub(super) fn zeros_like(&mut self, place: &Place) -> MemId {
        let (ty, span) = (self.src.type_of(place), self.src.at(place.mem).span);
        let zeros = self.out.mem("zeros", ty, Origin::Local, span);
        self.emit(Kind::Alloc(zeros, Init::ZerosLike(place.clone())));
        zeros
    }
}
