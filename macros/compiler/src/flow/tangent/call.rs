//! A call whose derivative is a call: of a callee with a `jvp`, value and tangent are its result.
//!
//! ```text
//! y = f(&x, k)     ─tangent─▶     pair = f::jvp(&x, k, t_x, t_k); y = pair.0; t_y = pair.1
//! ```

use super::Builder;
use crate::flow::ir::{By, Call, CallArg, CallOut, Init, Kind, Origin, Place, Proj, Source, Ty};
use crate::parse::Type;
use proc_macro2::Span;

impl Builder<'_> {
    /// Writes a call and its tangents, if the callee has them.
    pub(super) fn called(&mut self, call: &Call, span: Span) -> bool {
        let Some(jvp) = &call.jvp else { return false };
        let exclusive = call.args.iter().any(|arg| arg.wrt && arg.by == By::Mut);
        let ty = match call.out {
            CallOut::Value(out) => match &self.src.of(out).ty {
                Ty::Float(elem) => Type::Float(elem.clone()),
                _ => return false,
            },
            CallOut::Mem(mem) => self.src.at(mem).ty.clone(),
            CallOut::Unit => return false,
        };
        // What is changed in place comes back among the results, and is changed once.
        let changes = call.args.iter().any(|arg| arg.by == By::Mut);
        if exclusive || (changes && self.columns.len() > 1) {
            return false;
        }
        let tangents = self.each(|this| {
            let mut args = call.args.clone();
            for arg in call.args.iter().filter(|arg| arg.wrt) {
                let source = match &arg.source {
                    Source::Value(v) => Source::Value(this.tangent_or_zero(*v)),
                    Source::Place(place) => Source::Place(this.tangent_place_or_zeros(place)),
                };
                args.push(CallArg { source, by: By::Value, wrt: false });
            }
            let both = Type::Tuple(vec![ty.clone(), ty.clone()]);
            let pair = this.out.mem("pair", both, Origin::Local, span);
            let call = Call { value: jvp.clone(), args, out: CallOut::Mem(pair), ..call.clone() };
            this.emit(Kind::Call(Box::new(call)));
            let part = |k: &str| Place { mem: pair, proj: vec![Proj::Field(k.to_string())] };
            (part("0"), part("1"))
        });
        for (column, (value, tangent)) in tangents.into_iter().enumerate() {
            self.at = column;
            match call.out {
                CallOut::Value(out) => {
                    if column == 0 {
                        self.emit(Kind::Load(out, value));
                    }
                    let here = self.fresh(out);
                    self.emit(Kind::Load(here, tangent));
                    self.define(out, Some(here));
                }
                CallOut::Mem(mem) => {
                    if column == 0 {
                        self.emit(Kind::Alloc(mem, Init::Copy(value)));
                    }
                    let here = self.memory_like(mem, Origin::Local);
                    self.emit(Kind::Alloc(here, Init::Copy(tangent)));
                }
                CallOut::Unit => {}
            }
        }
        true
    }
}
