//! Statements on memories: the memory of tangents undergoes the same.

use super::Builder;
use crate::flow::ir::{Init, Kind, MemId, Mode, Origin, Place, Proj, Source};

impl Builder<'_> {
    /// A memory for the tangents of another.
    pub(super) fn memory_like(&mut self, mem: MemId, origin: Origin) -> MemId {
        let of = self.src.at(mem).clone();
        let tangent = self.out.mem(format!("t_{}", of.name), of.ty, origin, of.span);
        self.out.mems[tangent.0 as usize].shadows = Some(of.shadows.unwrap_or(mem));
        self.columns[self.at].mems.insert(mem, tangent);
        tangent
    }

    /// The place of the tangents of a place, if it has any.
    pub(super) fn tangent_place(&self, place: &Place) -> Option<Place> {
        let mem = *self.columns[self.at].mems.get(&place.mem)?;
        Some(Place { mem, proj: place.proj.clone() })
    }

    pub(super) fn tangent_place_or_zeros(&mut self, place: &Place) -> Place {
        match self.tangent_place(place) {
            Some(tangent) => tangent,
            None => Place::whole(self.zeros_like(place)),
        }
    }

    /// What a statement that was written does to tangents.
    pub(super) fn memory(&mut self, kind: &Kind) {
        match kind {
            Kind::Load(out, place) if self.act.value(*out) => {
                if let Some(from) = self.tangent_place(place) {
                    let tangent = self.fresh(*out);
                    self.emit(Kind::Load(tangent, from));
                    self.define(*out, Some(tangent));
                }
            }
            Kind::Store(place, v, mode) => {
                let Some(to) = self.tangent_place(place) else { return };
                match (mode, self.tangent(*v)) {
                    (Mode::Set, _) => {
                        let tangent = self.tangent_or_zero(*v);
                        self.emit(Kind::Store(to, tangent, Mode::Set));
                    }
                    (mode, Some(tangent)) => self.emit(Kind::Store(to, tangent, *mode)),
                    (_, None) => {}
                }
            }
            Kind::Alloc(mem, init) if self.act.mem(*mem) => self.alloc(*mem, init),
            Kind::Assign { to, from, moved } => {
                let Some(target) = self.tangent_place(to) else { return };
                let (from, moved) = match self.tangent_place(from) {
                    Some(from) => (from, *moved),
                    None => (Place::whole(self.zeros_like(to)), true),
                };
                self.emit(Kind::Assign { to: target, from, moved });
            }
            Kind::Push(place, source) => {
                let Some(to) = self.tangent_place(place) else { return };
                let source = self.source(source);
                self.emit(Kind::Push(to, source));
            }
            Kind::Pop(out, place) => {
                let Some(from) = self.tangent_place(place) else { return };
                let tangent = self.fresh(*out);
                self.emit(Kind::Pop(tangent, from));
                self.define(*out, Some(tangent));
            }
            Kind::Fill(place, v) => {
                let Some(to) = self.tangent_place(place) else { return };
                let tangent = self.tangent_or_zero(*v);
                self.emit(Kind::Fill(to, tangent));
            }
            Kind::AddAll(to, from) => {
                if let (Some(to), Some(from)) = (self.tangent_place(to), self.tangent_place(from)) {
                    self.emit(Kind::AddAll(to, from));
                }
            }
            Kind::SumAll(out, place) if self.act.value(*out) => {
                if let Some(from) = self.tangent_place(place) {
                    let tangent = self.fresh(*out);
                    self.emit(Kind::SumAll(tangent, from));
                    self.define(*out, Some(tangent));
                }
            }
            Kind::Swap(a, b) => {
                // Activity makes both carry tangents if one does.
                if let (Some(a), Some(b)) = (self.tangent_place(a), self.tangent_place(b)) {
                    self.emit(Kind::Swap(a, b));
                }
            }
            Kind::DropLast(place) => {
                if let Some(place) = self.tangent_place(place) {
                    self.emit(Kind::DropLast(place));
                }
            }
            Kind::Declare(record, _) => self.declare(*record),
            Kind::Save(record, place) => self.save(*record, place),
            Kind::Restore(record, place) => self.restore(*record, place),
            _ => {}
        }
    }

    /// The tangent of a source.
    pub(super) fn source(&mut self, source: &Source) -> Source {
        match source {
            Source::Value(v) => Source::Value(self.tangent_or_zero(*v)),
            Source::Place(place) => Source::Place(self.tangent_place_or_zeros(place)),
        }
    }

    fn alloc(&mut self, mem: MemId, init: &Init) {
        let zeros = Init::ZerosLike(Place::whole(mem));
        let like = |this: &Self, place: &Place| this.tangent_place(place);
        let init = match init {
            Init::Filled(v, len) => match self.tangent(*v) {
                Some(tangent) => Init::Filled(tangent, *len),
                None => zeros,
            },
            Init::FilledWith(place, len) => {
                like(self, place).map_or(zeros, |from| Init::FilledWith(from, *len))
            }
            Init::List(values) => {
                Init::List(values.iter().map(|v| self.tangent_or_zero(*v)).collect())
            }
            Init::ListOf(places) => Init::ListOf(
                places.iter().map(|place| self.tangent_place_or_zeros(place)).collect(),
            ),
            Init::Empty(len) => Init::Empty(*len),
            Init::Copy(place) => like(self, place).map_or(zeros, Init::Copy),
            Init::Move(place) => like(self, place).map_or(zeros, Init::Move),
            Init::ZerosLike(_) => zeros,
            // What only rustc knows carries no derivative.
            Init::Lent(_) => zeros,
            Init::Unset => Init::Unset,
            Init::Fields(fields) => {
                let tangent = self.memory_like(mem, Origin::Local);
                self.emit(Kind::Alloc(tangent, zeros));
                fields.iter().for_each(|(name, source)| self.field(tangent, name, source));
                return;
            }
        };
        let tangent = self.memory_like(mem, Origin::Local);
        self.emit(Kind::Alloc(tangent, init));
    }

    /// A field of a struct or tuple of tangents, where it is not zero.
    fn field(&mut self, tangent: MemId, name: &str, source: &Source) {
        let to = Place { mem: tangent, proj: vec![Proj::Field(name.to_string())] };
        match source {
            Source::Value(v) => {
                if let Some(t) = self.tangent(*v) {
                    self.emit(Kind::Store(to, t, Mode::Set));
                }
            }
            Source::Place(place) => {
                if let Some(from) = self.tangent_place(place) {
                    self.emit(Kind::Assign { to, from, moved: false });
                }
            }
        }
    }
}
