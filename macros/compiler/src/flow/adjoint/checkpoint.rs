//! `#[checkpoint]`: recomputation for memory.
//!
//! The forward loop keeps its state every `k` iterations only. The reverse sweep takes the stretches
//! between two such states from the last to the first: it runs a stretch again, this time keeping
//! what its reversal needs, and reverses it. With `k = √n`, what is kept at any time is of the order
//! of `√n` (Griewank and Walther, *Evaluating Derivatives*, section 12.2).

use super::{Builder, LoopPatch};
use crate::flow::activity::is_effect;
use crate::flow::index::{By_, Def};
use crate::flow::ir::{
    Bind, Block, By, Carried, Code, Kind, Loop, MemId, Origin, Over, Pass, Place, Source, Stmt, Ty,
    V,
};
use proc_macro2::{Ident, Span};
use quote::quote;

impl<'p> Builder<'p> {
    pub(super) fn checkpointed(&mut self, pos: usize, lp: &'p Loop, every: Option<V>) {
        let block = self.ix.stmts[pos].1;
        let Over::Range { var, lo, hi, .. } = &lp.over else { return };
        let (var, lo, hi) = (*var, *lo, *hi);
        let int = Ty::Int(Some("usize".to_string()));
        let at = |this: &mut Self, v: V| {
            this.later.insert(v, Def { block, pos, by: By_::Variable });
        };

        // The forward loop counts, and keeps its state every so often.
        let every = match every {
            Some(every) => every,
            None => {
                let every = self.out.value("every", int.clone(), Span::call_site());
                at(self, every);
                let bind = |name: &str, v: V| Bind {
                    name: Ident::new(name, Span::call_site()),
                    what: Source::Value(v),
                    by: By::Value,
                };
                let code = Code {
                    tokens: quote!(::chainrule::rt::checkpoint_every(__hi as i128 - __lo as i128)),
                    binds: vec![bind("__lo", lo), bind("__hi", hi)],
                };
                let stmt = self.stmt(Kind::Opaque { out: Some(every), code, pure: true });
                self.patches.before.entry(pos).or_default().push(stmt);
                every
            }
        };
        let mut patch = LoopPatch::default();
        let (zero, one) = (self.int(0), self.int(1));
        let value =
            |this: &mut Self, name: &str| this.out.value(name, int.clone(), Span::call_site());
        let (step, next, steps) = (value(self, "step"), value(self, "step"), value(self, "steps"));
        let (phase, ready) =
            (value(self, "phase"), self.out.value("ready", Ty::Bool, Span::call_site()));
        at(self, steps);
        patch.carried.push(Carried { param: step, init: zero, next, out: steps });
        let state: Vec<V> = lp.carried.iter().map(|carried| carried.param).collect();
        let rec = self.new_record();
        self.declares.push(self.stmt(Kind::Declare(rec, None)));
        let mut kept = state.clone();
        kept.push(var);
        let mut keep = vec![self.stmt(Kind::Keep(rec, kept, vec![]))];
        let mut restore = Vec::new();
        for mem in self.state_memories(pos) {
            let rec = self.new_record();
            self.declares.push(self.stmt(Kind::Declare(rec, None)));
            keep.push(self.stmt(Kind::Save(rec, Place::whole(mem))));
            restore.push(self.stmt(Kind::Restore(rec, Place::whole(mem))));
        }
        patch.start.extend([
            self.stmt(Kind::Pass(phase, Pass::Binary("%"), vec![step, every])),
            self.stmt(Kind::Pass(ready, Pass::Binary("=="), vec![phase, zero])),
            self.stmt(Kind::If {
                cond: ready,
                then: Block { stmts: keep },
                other: Block::default(),
                outs: vec![],
            }),
            self.stmt(Kind::Pass(next, Pass::Binary("+"), vec![step, one])),
        ]);
        self.stores.push("the state every √n iterations, and what one such stretch needs".into());

        // How many stretches there are.
        let (every, steps) = (self.primal(every), self.primal(steps));
        let (more, less, stretches) =
            (value(self, "n"), value(self, "n"), value(self, "stretches"));
        self.emit(Kind::Pass(more, Pass::Binary("+"), vec![steps, every]));
        self.emit(Kind::Pass(less, Pass::Binary("-"), vec![more, one]));
        self.emit(Kind::Pass(stretches, Pass::Binary("/"), vec![less, every]));

        // The cotangents go round from stretch to stretch.
        let active: Vec<usize> =
            (0..lp.carried.len()).filter(|k| self.is_active(&lp.carried[*k])).collect();
        let touched = self.outer_values(pos);
        let mut round = Vec::new();
        let mut enter = |this: &mut Self, v: V, like: V| {
            let init = match this.cot.remove(&v) {
                Some(ct) => ct,
                None => this.number(0.0, this.elem(like)),
            };
            let name = format!("d_{}", this.out.of(like).name);
            let param = this.fresh(&name, like);
            round.push((param, init));
            param
        };
        let of_state: Vec<V> =
            active.iter().map(|k| enter(self, lp.carried[*k].out, lp.carried[*k].param)).collect();
        let of_outer: Vec<V> = touched.iter().map(|v| enter(self, *v, *v)).collect();
        self.begin();
        let first = self.fresh("first", var);
        let again: Vec<V> = state.iter().map(|v| self.fresh_like(*v)).collect();
        let mut recalled = again.clone();
        recalled.push(first);
        self.emit(Kind::Recall(rec, recalled, vec![]));
        for stmt in restore {
            self.push(stmt);
        }
        let (end, last) = (self.fresh("end", var), self.fresh("end", var));
        let width = self.fresh("width", var);
        self.emit(match &self.out.of(var).ty {
            Ty::Int(Some(name)) => {
                let name = Ident::new(name, Span::call_site());
                Kind::Pass(width, Pass::Cast(quote!(#name)), vec![every])
            }
            _ => Kind::Pass(width, Pass::Cast(quote!(usize)), vec![every]),
        });
        self.emit(Kind::Pass(end, Pass::Binary("+"), vec![first, width]));
        let hi = self.primal(hi);
        self.emit(Kind::Pass(last, Pass::Method("min".to_string()), vec![end, hi]));

        // The stretch again: the same names in another scope.
        let mut stretch = lp.clone();
        stretch.checkpoint = None;
        stretch.over = Over::Range { var, lo: first, hi: last, reversed: false };
        for (carried, init) in stretch.carried.iter_mut().zip(&again) {
            carried.init = *init;
            self.also_active.insert(*init);
        }
        for (k, ct) in active.iter().zip(&of_state) {
            self.cot.insert(lp.carried[*k].out, *ct);
        }
        for (v, ct) in touched.iter().zip(&of_outer) {
            self.cot.insert(*v, *ct);
        }
        for v in [first, last].iter().chain(&again) {
            self.later.insert(*v, Def { block, pos, by: By_::Variable });
        }
        let place_of_replay = self.code.last().map_or(0, Vec::len);
        let inner = self.reversed(pos, &stretch, block);
        let mut replay = stretch.clone();
        replay.body.stmts = self.forward(self.ix.inner(pos)[0]);
        without_effects(&mut replay.body);
        for (rec, place) in inner.save {
            replay.body.stmts.push(self.stmt(Kind::Save(rec, place)));
        }
        if let Some((rec, values, mems)) = inner.keep {
            replay.body.stmts.push(self.stmt(Kind::Keep(rec, values, mems)));
        }
        for carried in &mut replay.carried {
            carried.out = self.fresh_like(carried.out);
        }
        let replay = self.stmt(Kind::Loop(Box::new(replay)));
        if let Some(code) = self.code.last_mut() {
            code.insert(place_of_replay, replay);
        }
        let mut nexts = Vec::new();
        for k in &active {
            nexts.push(match self.cot.remove(&again[*k]) {
                Some(ct) => ct,
                None => self.number(0.0, self.elem(lp.carried[*k].param)),
            });
        }
        for (v, param) in touched.iter().zip(&of_outer) {
            nexts.push(self.cot.remove(v).unwrap_or(*param));
        }
        let stmts = self.end();
        let mut carried = Vec::new();
        let likes = active.iter().map(|k| lp.carried[*k].init).chain(touched.iter().copied());
        let mut leaving = Vec::new();
        for ((like, (param, init)), next) in likes.zip(round).zip(nexts) {
            let out = self.fresh_like(like);
            carried.push(Carried { param, init, next, out });
            leaving.push((like, out));
        }
        let (of_carried, of_outside) = leaving.split_at(active.len());
        self.cot.extend(of_outside.iter().copied());
        for (v, ct) in of_carried {
            self.contribute(*v, *ct);
        }
        let stretch = value(self, "stretch");
        let over = Over::Range { var: stretch, lo: zero, hi: stretches, reversed: true };
        let body = Block { stmts };
        let all = Loop { over, carried, body, exit: None, checkpoint: None, count: None };
        self.emit(Kind::Loop(Box::new(all)));
        self.patches.loops.insert(pos, patch);
    }

    fn fresh_like(&mut self, v: V) -> V {
        let name = self.out.of(v).name.clone();
        self.fresh(&name, v)
    }

    /// The memories that belong to the state of a loop: those it uses and that are written anywhere.
    fn state_memories(&self, pos: usize) -> Vec<MemId> {
        let body = self.ix.inner(pos)[0];
        let inside = |block| self.ix.encloses(body, block);
        (0..self.src.mems.len() as u32)
            .map(MemId)
            .filter(|mem| {
                let m = mem.0 as usize;
                let used =
                    self.ix.reads[m].iter().chain(&self.ix.writes[m]).any(|s| inside(s.block));
                let outside = !self.ix.made[m].is_some_and(|made| inside(made.block));
                used && outside
                    && !self.ix.writes[m].is_empty()
                    && self.src.at(*mem).origin != Origin::Shared
            })
            .collect()
    }
}

/// Takes out what must not happen twice: printing, assertions.
fn without_effects(block: &mut Block) {
    block.stmts.retain(|stmt: &Stmt| {
        !matches!(&stmt.kind, Kind::Opaque { out: None, code, .. } if is_effect(code))
    });
    for stmt in &mut block.stmts {
        match &mut stmt.kind {
            Kind::If { then, other, .. } => {
                without_effects(then);
                without_effects(other);
            }
            Kind::Loop(lp) => without_effects(&mut lp.body),
            _ => {}
        }
    }
}
