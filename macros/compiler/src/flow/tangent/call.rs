//! A call whose derivative is a call: of a callee with a `jvp`, value and tangent are its result.
//!
//! ```text
//! y = f(&x, k)     ─tangent─▶     pair = f::jvp(&x, k, t_x, t_k); y = pair.0; t_y = pair.1
//! ```
//!
//! The reverse of one, of a callee with a `vjp_jvp`, which gives the gradient and its tangent:
//!
//! ```text
//! (d_x, _) = f::vjp(&x, k, ct)     ─tangent─▶
//!     ((d_x, _), (t_d_x, _)) = f::vjp_jvp(&x, k, ct, t_x, t_k, t_ct)
//! ```

use super::Builder;
use crate::flow::activity::changed_by;
use crate::flow::ir::{
    Along, By, Call, CallArg, CallOut, Init, Kind, Origin, Place, Proj, Pulled, Source, Ty,
};
use crate::parse::Type;
use proc_macro2::Span;

impl Builder<'_> {
    /// Writes a call and its tangents, if the callee has them.
    pub(super) fn called(&mut self, call: &Call, span: Span) -> bool {
        let Some(jvp) = &call.jvp else { return false };
        let last = self.columns.len().saturating_sub(1);
        if last > 0 && call.args.iter().any(is_changed_object) {
            return false;
        }
        let of_out = match call.out {
            CallOut::Value(out) => match &self.src.of(out).ty {
                Ty::Float(elem) => Some(Type::Float(elem.clone())),
                _ => return false,
            },
            CallOut::Mem(mem) => Some(self.src.at(mem).ty.clone()),
            CallOut::Unit => None,
        };
        let exclusive: Vec<Place> = changed_by(call).cloned().collect();
        let ty = match &of_out {
            Some(ty) if exclusive.is_empty() => Type::Tuple(vec![ty.clone(), ty.clone()]),
            // As many parts as there are exclusive parameters, whose types the callee knows.
            _ => Type::Struct("_".to_string()),
        };
        let results = self.each(|this| {
            let tangents: Vec<Source> = (call.args.iter().filter(|arg| arg.wrt))
                .map(|arg| this.source(&arg.source))
                .collect();
            let mut args = match this.at == last {
                true => call.args.clone(),
                false => this.copied_where_changed(&call.args),
            };
            let of_tangent = |source| CallArg { source, by: By::Tangent, wrt: false };
            args.extend(tangents.into_iter().map(of_tangent));
            let result = this.out.mem("pair", ty.clone(), Origin::Local, span);
            let call = Call { value: jvp.clone(), args, out: CallOut::Mem(result), ..call.clone() };
            this.emit(Kind::Call(Box::new(call)));
            result
        });
        for (column, result) in results.into_iter().enumerate() {
            self.at = column;
            let part = |k: usize| Place { mem: result, proj: vec![Proj::Field(k.to_string())] };
            match call.out {
                CallOut::Value(out) => {
                    if column == last {
                        self.emit(Kind::Load(out, part(0)));
                    }
                    let here = self.fresh(out);
                    self.emit(Kind::Load(here, part(1)));
                    self.define(out, Some(here));
                }
                CallOut::Mem(mem) => {
                    if column == last {
                        self.emit(Kind::Alloc(mem, Init::Move(part(0))));
                    }
                    let here = self.memory_like(mem, Origin::Local);
                    self.emit(Kind::Alloc(here, Init::Move(part(1))));
                }
                CallOut::Unit => {}
            }
            let first = if of_out.is_some() { 2 } else { 1 };
            for (k, place) in exclusive.iter().enumerate() {
                if let Some(to) = self.tangent_place(place) {
                    self.emit(Kind::Assign { to, from: part(first + k), moved: true });
                }
            }
        }
        true
    }

    /// The arguments of a call ahead of the last one, which takes what it changes.
    fn copied_where_changed(&mut self, args: &[CallArg]) -> Vec<CallArg> {
        let mut args = args.to_vec();
        for arg in &mut args {
            if let (Source::Place(place), By::Mut) = (&mut arg.source, arg.by) {
                *place = self.copy(place);
            }
        }
        args
    }

    /// Writes the reverse of a call and its tangents, if the callee has them.
    pub(super) fn pulled(&mut self, call: &Call, ct: Option<&Source>, outs: &[Pulled]) -> bool {
        let last = self.columns.len().saturating_sub(1);
        if call.vjp_jvp.is_none() || (last > 0 && call.args.iter().any(is_changed_object)) {
            return false;
        }
        self.each(|this| {
            let args = call.args.iter().filter(|arg| arg.wrt);
            let args = args.map(|arg| this.source(&arg.source)).collect();
            let of_ct = ct.map(|ct| this.source(ct));
            let of_outs = outs.iter().map(|out| match out {
                Pulled::Not => Pulled::Not,
                Pulled::Value(v) => {
                    let tangent = this.fresh(*v);
                    this.define(*v, Some(tangent));
                    Pulled::Value(tangent)
                }
                Pulled::Into(place) => this.tangent_place(place).map_or(Pulled::Not, Pulled::Into),
                Pulled::Through(place) => Pulled::Through(this.tangent_place_or_zeros(place)),
            });
            let along = Some(Box::new(Along { args, ct: of_ct, outs: of_outs.collect() }));
            let (call, ct, outs) = match this.at == last {
                true => (call.clone(), ct.cloned(), outs.to_vec()),
                false => this.ahead(call, ct, outs),
            };
            this.emit(Kind::Pull { call: Box::new(call), ct, outs, along });
        });
        true
    }

    /// The same call ahead of the last one, which takes what it changes and hands out the gradient.
    fn ahead(
        &mut self,
        call: &Call,
        ct: Option<&Source>,
        outs: &[Pulled],
    ) -> (Call, Option<Source>, Vec<Pulled>) {
        let call = Call { args: self.copied_where_changed(&call.args), ..call.clone() };
        let ct = ct.map(|ct| match ct {
            Source::Value(v) => Source::Value(*v),
            Source::Place(place) => Source::Place(self.copy(place)),
        });
        let outs = outs.iter().map(|out| match out {
            Pulled::Through(place) => Pulled::Through(self.copy(place)),
            _ => Pulled::Not,
        });
        (call, ct, outs.collect())
    }

    fn copy(&mut self, place: &Place) -> Place {
        let (ty, span) = (self.src.type_of(place), self.src.at(place.mem).span);
        let copy = self.out.mem("copy", ty, Origin::Local, span);
        self.emit(Kind::Alloc(copy, Init::Copy(place.clone())));
        Place::whole(copy)
    }
}

/// Whether an argument is an object of the user's that is changed: it can be handed over once.
fn is_changed_object(arg: &CallArg) -> bool {
    arg.by == By::Mut && matches!(arg.source, Source::Value(_))
}
