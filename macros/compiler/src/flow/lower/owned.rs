//! Memory that a variable owns: copies and moves.

use super::Lowerer;
use super::val::{Held, Val};
use crate::flow::ir::{Init, Kind, MemId, Origin, Place, Source};
use crate::parse::Type;
use proc_macro2::Span;

impl Lowerer<'_> {
    /// A value as a variable or a field owns it: named memory is copied or moved where it or what it
    /// is named by may change.
    pub(super) fn owned(&mut self, val: Val, mutable: bool, span: Span) -> Val {
        match val {
            Val::Place(place, Held::Named) => {
                let copies =
                    mutable || self.changing.contains(&place.mem) || !place.proj.is_empty();
                if !copies {
                    return Val::Place(place, Held::Frozen);
                }
                match self.place_type(&place) {
                    Some(Type::Float(_) | Type::Int(_) | Type::Constant(_)) => {
                        self.read_place(place, Held::Named, span)
                    }
                    _ => self.copied(&place, mutable, span),
                }
            }
            Val::Place(place, Held::Frozen) if mutable => self.copied(&place, true, span),
            Val::Place(place, Held::Fresh) => {
                if mutable {
                    self.changing.insert(place.mem);
                }
                Val::Place(place, Held::Fresh)
            }
            Val::Array(array) => Val::Array(Box::new(self.owned_array(*array, mutable, span))),
            Val::Each(each) => self.settled_each(&each, span),
            Val::Table(table) if mutable => self.table_value(&table, span),
            Val::Tuple(parts) => {
                Val::Tuple(parts.into_iter().map(|part| self.owned(part, mutable, span)).collect())
            }
            Val::Struct(name, fields) => {
                let fields = fields.into_iter().map(|(field, val)| {
                    let val = self.owned(val, mutable, span);
                    (field, val)
                });
                Val::Struct(name, fields.collect())
            }
            Val::Opt(mut opt) => {
                opt.some = self.owned(std::mem::replace(&mut opt.some, Val::Undef), mutable, span);
                Val::Opt(opt)
            }
            other => other,
        }
    }

    /// A memory of its own with what a place holds. A `Vec` that is moved out of its variable is
    /// the same memory under another name: the old one is not used again, unless it is filled anew.
    pub(super) fn copied(&mut self, place: &Place, mutable: bool, span: Span) -> Val {
        let Some(ty) = self.owned_type(place) else { return Val::Error };
        let is_vec = matches!(self.place_type(place), Some(Type::Vec(_)));
        let origin = self.program.at(place.mem).origin;
        let movable = matches!(origin, Origin::Local | Origin::Owned)
            && place.proj.is_empty()
            && !self.refilled.contains(&place.mem);
        if is_vec && movable {
            if mutable {
                self.changing.insert(place.mem);
            }
            return Val::Place(place.clone(), Held::Fresh);
        }
        let name = self.program.at(place.mem).name.clone();
        let mem = self.memory(&name, ty, span);
        self.emit(Kind::Alloc(mem, Init::Copy(place.clone())), span);
        if mutable {
            self.changing.insert(mem);
        }
        Val::Place(Place::whole(mem), Held::Fresh)
    }

    /// The same in memory of its own, part by part: what is cloned may change from there on, and is
    /// not moved.
    pub(super) fn cloned(&mut self, val: Val, span: Span) -> Val {
        match val {
            Val::Place(place, held) => match self.place_type(&place) {
                Some(Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)) => {
                    let Some(ty) = self.owned_type(&place) else { return Val::Error };
                    let name = self.program.at(place.mem).name.clone();
                    let mem = self.memory(&name, ty, span);
                    self.emit(Kind::Alloc(mem, Init::Copy(place)), span);
                    self.changing.insert(mem);
                    Val::Place(Place::whole(mem), Held::Fresh)
                }
                _ => Val::Place(place, held),
            },
            Val::Tuple(parts) => {
                Val::Tuple(parts.into_iter().map(|part| self.cloned(part, span)).collect())
            }
            Val::Struct(name, fields) => {
                let fields = fields.into_iter().map(|(field, val)| (field, self.cloned(val, span)));
                Val::Struct(name, fields.collect())
            }
            other => other,
        }
    }

    /// A memory with what a value holds.
    pub(super) fn materialised(
        &mut self,
        val: Val,
        name: &str,
        span: Span,
    ) -> Option<(MemId, Type)> {
        match val {
            Val::Place(place, held) => {
                let ty = self.owned_type(&place)?;
                if held == Held::Fresh && place.proj.is_empty() {
                    return Some((place.mem, ty));
                }
                match self.copied(&place, false, span) {
                    Val::Place(place, _) => Some((place.mem, ty)),
                    _ => None,
                }
            }
            val if val.is_struct_of_arrays() => {
                self.error(span, "a struct that holds arrays of `ndarray` is passed to functions under `#[differentiate]`, as `&Net`; it cannot be returned, kept in a list, passed to methods from outside of their block, or asked for a field that is no number: make a method a function, and pass what else is needed as a parameter of its own");
                None
            }
            val @ (Val::Tuple(_) | Val::Struct(..)) => {
                let ty = self.type_of_val(&val, span)?;
                let parts = match val {
                    Val::Tuple(parts) => parts
                        .into_iter()
                        .enumerate()
                        .map(|(k, part)| (k.to_string(), part))
                        .collect(),
                    Val::Struct(_, fields) => fields,
                    _ => vec![],
                };
                let mut fields = Vec::new();
                for (field, part) in parts {
                    let source = match self.plain(part, span) {
                        Val::Place(place, _) => Source::Place(place),
                        part @ (Val::Tuple(_) | Val::Struct(..)) => {
                            let (mem, _) = self.materialised(part, &field, span)?;
                            Source::Place(Place::whole(mem))
                        }
                        part => Source::Value(self.scalar(part, span)?),
                    };
                    fields.push((field, source));
                }
                let mem = self.memory(name, ty.clone(), span);
                self.emit(Kind::Alloc(mem, Init::Fields(fields)), span);
                Some((mem, ty))
            }
            val => {
                let what = val.described();
                match val {
                    val if val.is_silent() => {}
                    Val::Closure(_) | Val::Function(_) => {
                        self.error(span, format!("{what} cannot be held in an array, `Vec` or struct here: hold it in a variable, and choose between several with `if` or `match`, or put `#[differentiate(via = tape)]` on the function"));
                    }
                    Val::Opt(_) => {
                        self.error(span, format!("{what} cannot be held in an array, `Vec` or struct here: hold the numbers, and beside them which of them count, or put `#[differentiate(via = tape)]` on the function"));
                    }
                    _ => {
                        self.error(
                            span,
                            format!("an array, a struct or a tuple is expected here, not {what}"),
                        );
                    }
                }
                None
            }
        }
    }
}
