//! The reverse of a call whose derivative is a call.
//!
//! It runs the callee again, so that it needs all arguments as they were before the call: of a place
//! that the call or anything after it changes, the forward code keeps a copy.

use super::Builder;
use super::memory::is_fixed;
use super::stable::Stability;
use crate::flow::activity::changed_by;
use crate::flow::index::{By_, Def, Site};
use crate::flow::ir::{
    Bind, By, Call, CallArg, CallOut, Code, Init, Kind, MemId, Origin, Place, Proj, Pulled, Source,
    Stmt, V,
};
use crate::parse::Type;
use crate::primitives;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

impl Builder<'_> {
    pub(super) fn call(&mut self, pos: usize, call: &Call) {
        let arrived = match call.out {
            CallOut::Unit => None,
            CallOut::Value(out) => self.cot.remove(&out).map(Source::Value),
            CallOut::Mem(mem) if self.act.mem(mem) => {
                self.shadows.get(&mem).map(|shadow| Source::Place(Place::whole(*shadow)))
            }
            CallOut::Mem(_) => None,
        };
        if arrived.is_none() && !changed_by(call).any(|place| self.act.mem(place.mem)) {
            return;
        }
        let ct = arrived.or_else(|| self.no_cotangent(pos, call.out));
        if let (Some(second), Some(Source::Value(ct))) = (&call.second, &ct)
            && self.by_partials(pos, call, second, *ct)
        {
            return;
        }
        let mut pull = call.clone();
        let (mut outs, mut tangents) = (Vec::new(), Vec::new());
        for (arg, before) in call.args.iter().zip(&mut pull.args) {
            before.source = self.argument(pos, call, arg);
            if !arg.wrt {
                continue;
            }
            outs.push(match (&arg.source, arg.by) {
                (Source::Value(v), _) if self.act.value(*v) => {
                    let tangent = self.fresh("d_arg", *v);
                    tangents.push((*v, tangent));
                    Pulled::Value(tangent)
                }
                (Source::Place(place), By::Mut) => Pulled::Through(match self.act.mem(place.mem) {
                    true => self.shadow_place(place),
                    false => self.zeros_of(place, &before.source),
                }),
                (Source::Place(place), By::Ref | By::Value) if self.act.mem(place.mem) => {
                    Pulled::Into(self.shadow_place(place))
                }
                _ => Pulled::Not,
            });
        }
        let kind = Kind::Pull { call: Box::new(pull), ct, outs, along: None };
        self.push(Stmt { kind, span: self.ix.stmts[pos].0.span });
        for (v, tangent) in tangents {
            self.contribute(v, tangent);
        }
    }

    /// The same by a call of the gradient alone, whose derivative is a call again. Of floats only.
    fn by_partials(&mut self, pos: usize, call: &Call, second: &[TokenStream; 2], ct: V) -> bool {
        let floats: Option<Vec<V>> = (call.args.iter().filter(|arg| arg.wrt))
            .map(|arg| match arg.source {
                Source::Value(v) => Some(v),
                Source::Place(_) => None,
            })
            .collect();
        let changes = call.args.iter().any(|arg| arg.by == By::Mut);
        let (Some(floats), CallOut::Value(result), false) = (floats, call.out, changes) else {
            return false;
        };
        let [value, jvp] = second.clone();
        let args = call.args.iter().map(|arg| {
            let source = self.argument(pos, call, arg);
            CallArg { source, ..arg.clone() }
        });
        let args: Vec<CallArg> = args.collect();
        let span = self.ix.stmts[pos].0.span;
        let (out, partials) = match floats[..] {
            [one] => {
                let partial = self.fresh("partial", one);
                (CallOut::Value(partial), vec![partial])
            }
            _ => {
                let types = floats.iter().map(|v| Type::Float(self.elem(*v))).collect();
                let all = self.out.mem("partials", Type::Tuple(types), Origin::Local, span);
                (CallOut::Mem(all), floats.iter().map(|v| self.fresh("partial", *v)).collect())
            }
        };
        let jvp = Some(jvp);
        let vjp = TokenStream::new();
        let (second, vjp_jvp) = (None, None);
        let of_partials = Call { value, vjp, jvp, second, vjp_jvp, args, out, ..call.clone() };
        self.push(Stmt { kind: Kind::Call(Box::new(of_partials)), span });
        for (k, (v, partial)) in floats.iter().zip(partials).enumerate() {
            if !self.act.value(*v) {
                continue;
            }
            if let CallOut::Mem(all) = out {
                let proj = vec![Proj::Field(k.to_string())];
                self.emit(Kind::Load(partial, Place { mem: all, proj }));
            }
            let product = self.apply(&primitives::MUL, vec![ct, partial], result);
            let product = self.apply(&primitives::GUARD, vec![ct, product], result);
            self.contribute(*v, product);
        }
        true
    }

    /// The cotangent of a result that none reaches.
    fn no_cotangent(&mut self, pos: usize, out: CallOut) -> Option<Source> {
        match out {
            CallOut::Value(out) if self.src.float(out).is_some() => {
                Some(Source::Value(self.number(0.0, self.elem(out))))
            }
            CallOut::Mem(mem) if self.src.at(mem).ty.is_differentiable() => {
                Some(Source::Place(Place::whole(self.zeros_behind(pos, mem))))
            }
            CallOut::Unit | CallOut::Value(_) | CallOut::Mem(_) => None,
        }
    }

    /// Zeros in the shape that a memory has behind the statement at `pos`.
    fn zeros_behind(&mut self, pos: usize, mem: MemId) -> MemId {
        let ty = self.src.at(mem).ty.clone();
        let zeros = self.out.mem("zeros", ty.clone(), Origin::Local, Span::call_site());
        let alloc = Kind::Alloc(zeros, Init::ZerosLike(Place::whole(mem)));
        if is_fixed(&ty) {
            self.emit(alloc);
            return zeros;
        }
        let alloc = self.stmt(alloc);
        self.patches.after.entry(pos).or_default().push(alloc);
        let block = self.ix.stmts[pos].1;
        self.later_mem(zeros, block)
    }

    /// Zeros in the shape of an argument, where nothing depends on what the call makes of it.
    fn zeros_of(&mut self, place: &Place, before: &Source) -> Place {
        let ty = self.type_of(place);
        let zeros = self.out.mem("zeros", ty, Origin::Local, Span::call_site());
        if let Source::Place(before) = before {
            self.emit(Kind::Alloc(zeros, Init::ZerosLike(before.clone())));
        }
        Place::whole(zeros)
    }

    /// An argument as it was before the call.
    fn argument(&mut self, pos: usize, call: &Call, arg: &CallArg) -> Source {
        let place = match &arg.source {
            Source::Value(v) if self.src.of(*v).object => {
                return Source::Value(self.object_before(pos, *v));
            }
            Source::Value(v) => return Source::Value(self.primal(*v)),
            Source::Place(place) => place,
        };
        let changes = |other: &CallArg| match &other.source {
            Source::Place(of) => other.by == By::Mut && of.mem == place.mem,
            Source::Value(_) => false,
        };
        let site = Site { block: self.ix.stmts[pos].1, pos };
        // What is restored for loads are floats; a callee may read more than those.
        let holds = !call.args.iter().any(changes)
            && self.stability(place.mem, site, self.regions.len() - 1) == Stability::Stable;
        Source::Place(match holds {
            true => self.primal_place(place),
            false => Place::whole(self.copy_before(pos, place)),
        })
    }

    /// A copy of what a place holds before the statement at `pos`.
    fn copy_before(&mut self, pos: usize, place: &Place) -> MemId {
        let (ty, name) = (self.type_of(place), self.src.at(place.mem).name.clone());
        let copy = self.out.mem(name, ty, Origin::Local, Span::call_site());
        let alloc = self.stmt(Kind::Alloc(copy, Init::Copy(place.clone())));
        self.patches.before.entry(pos).or_default().push(alloc);
        let block = self.ix.stmts[pos].1;
        self.later_mem(copy, block)
    }

    /// A clone of an object as it is before the statement at `pos`.
    fn object_before(&mut self, pos: usize, object: V) -> V {
        let block = self.ix.stmts[pos].1;
        let copy = self.fresh("before", object);
        self.later.insert(copy, Def { block, pos, by: By_::Variable });
        let name = Ident::new("__object", Span::call_site());
        let tokens = quote!(::core::clone::Clone::clone(&*#name));
        let binds = vec![Bind { name, what: Source::Value(object), by: By::Ref }];
        let code = Code::new(tokens, binds);
        let stmt = self.stmt(Kind::Opaque { out: Some(copy), code, pure: false });
        self.patches.before.entry(pos).or_default().push(stmt);
        let here = self.primal(copy);
        for v in [copy, here] {
            self.out.values[v.0 as usize].object = true;
        }
        here
    }
}
