//! `#[checkpoint]`: recomputation for memory.
//!
//! The forward loop keeps its state every so many iterations only. The reverse sweep takes the
//! stretches between two such states from the last to the first: it runs a stretch again, this time
//! keeping what its reversal needs, and reverses it. With stretches of `√n` iterations, what is kept
//! at any time is of the order of `√n` (Griewank and Walther, *Evaluating Derivatives*, section
//! 12.2).
//!
//! Where the number of iterations is not known ahead, each stretch is one iteration longer than the
//! one before: after `n` iterations there are about `√2n` of them, none longer than that.
//!
//! A stretch that runs again has names of its own for all that is made in it, and works on copies
//! of the memories it changes: the function's result, what it leaves in its parameters, and the
//! next iteration of a loop around it are not touched.

use super::{Builder, LoopPatch};
use crate::flow::index::{BlockId, By_, Def, Site};
use crate::flow::ir::{
    Bind, Block, By, Carried, Code, Kind, Loop, MemId, Mode, Origin, Out, Over, Pass, Place,
    Source, Stmt, Ty, V,
};
use crate::flow::replay::runs_once;
use crate::flow::visit::{Rename, rename, rename_block};
use crate::flow::walk;
use crate::hash::HashMap;
use proc_macro2::{Ident, Span};
use quote::quote;
use std::collections::BTreeSet;

use super::stable::Stability;

/// What the forward loop does for the checkpoints, as the reverse code sees it.
struct Kept {
    /// The record of the states.
    record: super::RecId,
    /// How many there are.
    stretches: V,
    /// Where the last stretch ends.
    end: V,
    /// The memories that belong to the state.
    mems: Vec<MemId>,
}

/// A sum that goes round all stretches, of what is added to a place of a shadow.
pub(super) struct Sum {
    /// The place, in the program.
    pub(super) place: Place,
    /// The sum before a stretch, and behind it.
    pub(super) start: V,
    pub(super) end: V,
}

impl<'p> Builder<'p> {
    pub(super) fn checkpointed(&mut self, pos: usize, lp: &'p Loop, every: Option<V>) {
        let block = self.ix.stmts[pos].1;
        // Where the reverse of the loop needs nothing of it, there is nothing to save.
        let before = self.clone();
        let patch = self.reversed(pos, lp, block, None);
        if self.out.records == before.out.records {
            self.patches.loops.insert(pos, patch);
            return;
        }
        *self = before;

        let kept = self.keep_states(pos, lp, every);
        let (values, mems) = mentioned(lp);
        let body = self.ix.inner(pos)[0];
        let filled: BTreeSet<MemId> =
            mems.iter().copied().filter(|mem| self.is_only_filled(*mem, body)).collect();
        let inside = |this: &Self, block: BlockId| this.ix.encloses(body, block);
        let stretches = self.primal(kept.stretches);
        let last_end = self.primal(kept.end);

        // The cotangents go round from stretch to stretch.
        let (sums, active): (Vec<usize>, Vec<usize>) = (0..lp.carried.len())
            .filter(|k| self.is_active(&lp.carried[*k]))
            .partition(|k| self.accumulates(lp, *k).is_some());
        let arrived: Vec<(usize, V)> = (sums.into_iter())
            .filter_map(|k| Some((k, self.cot.remove(&lp.carried[k].out)?)))
            .collect();
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
        let region = self.region_of(block);
        let level = self.code.len() - 1;
        // Where a stretch begins and ends: an index of the loop's range, or a number of iterations.
        let first = self.fresh("first", last_end);
        let end = self.fresh("end", last_end);
        let again: Vec<V> = lp.carried.iter().map(|c| self.fresh_like(c.param)).collect();
        for v in [first, end].iter().chain(&again) {
            self.later.insert(*v, Def { block, pos, by: By_::Variable });
            self.regions[region].define(*v, *v, level);
        }
        let mut names: HashMap<V, V> = HashMap::default();
        for v in values {
            if !inside(self, self.def(v).block) {
                names.insert(v, self.primal(v));
            }
        }
        let mut copies: HashMap<MemId, MemId> = HashMap::default();
        for m in mems {
            let made = self.ix.made[m.0 as usize];
            if !made.is_some_and(|made| inside(self, made.block))
                && !kept.mems.contains(&m)
                && !filled.contains(&m)
            {
                copies.insert(m, self.primal_mem(m));
            }
        }
        let recalled: Vec<MemId> = kept.mems.iter().map(|m| self.local_like(*m)).collect();
        copies.extend(kept.mems.iter().copied().zip(recalled.iter().copied()));
        let mut values = again.clone();
        values.push(first);
        self.emit(Kind::Recall(kept.record, values, recalled));

        // The stretch again.
        let mut stretch = lp.clone();
        stretch.checkpoint = None;
        stretch.exit = None;
        stretch.count = None;
        let var = match &lp.over {
            Over::Range { var, .. } => *var,
            Over::Forever => {
                let var = self.fresh("k", first);
                self.later.insert(var, Def { block: body, pos, by: By_::Variable });
                var
            }
        };
        stretch.over = Over::Range { var, lo: first, hi: end, reversed: false };
        for (carried, init) in stretch.carried.iter_mut().zip(&again) {
            carried.init = *init;
            self.also_active.insert(*init);
        }
        let of_state = active.iter().copied().zip(of_state);
        for (k, ct) in of_state.chain(arrived.iter().copied()) {
            self.cot.insert(lp.carried[k].out, ct);
        }
        for (v, ct) in touched.iter().zip(&of_outer) {
            self.cot.insert(*v, *ct);
        }
        let place_of_replay = self.code.last().map_or(0, Vec::len);
        let around = self.stand_ins.clone();
        self.stand_ins.extend(copies.iter().map(|(m, copy)| (*m, *copy)));
        let mut through = Vec::new();
        let inner = self.reversed(pos, &stretch, block, Some(&mut through));
        self.stand_ins = around;
        let mut replay = stretch;
        replay.body.stmts = self.forward(body);
        without_effects(&mut replay.body, &filled);
        for (rec, place) in inner.save {
            replay.body.stmts.push(self.stmt(Kind::Save(rec, place)));
        }
        if let Some((rec, values, mems)) = inner.keep {
            replay.body.stmts.push(self.stmt(Kind::Keep(rec, values, mems)));
        }
        let mut replay = Block { stmts: vec![self.stmt(Kind::Loop(Box::new(replay)))] };
        self.rename(&mut replay, names, copies);
        if let Some(code) = self.code.last_mut() {
            code.splice(place_of_replay..place_of_replay, replay.stmts);
        }

        for (k, _) in &arrived {
            self.cot.remove(&again[*k]);
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
        let out = self.fresh_like(end);
        let mut carried = vec![Carried { param: end, init: last_end, next: first, out }];
        let likes = active.iter().map(|k| lp.carried[*k].init).chain(touched.iter().copied());
        let mut leaving = Vec::new();
        for ((like, (param, init)), next) in likes.zip(round).zip(nexts) {
            let out = self.fresh_like(param);
            carried.push(Carried { param, init, next, out });
            leaving.push((like, if next == param { init } else { out }));
        }
        let mut after = Vec::new();
        for Sum { place, start, end } in through {
            let init = self.number(0.0, self.elem(start));
            let out = self.fresh_like(start);
            carried.push(Carried { param: start, init, next: end, out });
            after.push((place, out));
        }
        let zero = self.int(0);
        let var = self.usize("stretch");
        let over = Over::Range { var, lo: zero, hi: stretches, reversed: true };
        let body = Block { stmts };
        let all = Loop { over, carried, body, exit: None, checkpoint: None, count: None };
        self.emit(Kind::Loop(Box::new(all)));
        if !after.is_empty() {
            // Without an iteration there is perhaps no such place.
            let cond = self.out.value("ran", Ty::Bool, Span::call_site());
            self.emit(Kind::Pass(cond, Pass::Binary("<"), vec![zero, stretches]));
            self.begin();
            for (place, sum) in after {
                let shadow = self.shadow_place(&place);
                self.emit(Kind::Store(shadow, sum, Mode::Add));
            }
            let then = Block { stmts: self.end() };
            self.emit(Kind::If { cond, then, other: Block::default(), outs: vec![] });
        }
        let (of_carried, of_outside) = leaving.split_at(active.len());
        for (v, ct) in of_outside {
            if self.number_of(*ct) != Some(0.0) {
                self.cot.insert(*v, *ct);
            }
        }
        for (v, ct) in of_carried {
            if self.number_of(*ct) != Some(0.0) {
                self.contribute(*v, *ct);
            }
        }
        for (k, ct) in arrived {
            self.contribute(lp.carried[k].init, ct);
        }
        let spacing = match every.map(|every| self.number_of(every)) {
            None => "√n".to_string(),
            Some(Some(number)) => number.to_string(),
            Some(None) => "so many".to_string(),
        };
        let note = format!("the state every {spacing} iterations, and what one such stretch needs");
        self.stores.push(note);
    }

    /// The forward loop counts, and keeps its state every so often.
    fn keep_states(&mut self, pos: usize, lp: &Loop, every: Option<V>) -> Kept {
        let block = self.ix.stmts[pos].1;
        let mut patch = LoopPatch::default();
        let (zero, one) = (self.int(0), self.int(1));
        let known = match &lp.over {
            Over::Range { lo, hi, .. } if lp.exit.is_none() => Some((*lo, *hi)),
            _ => None,
        };
        // How far it is to the next state: known, or one more than to the last.
        let spacing = match (every, known) {
            (Some(every), _) => {
                let spacing = self.usize("every");
                let least = Pass::Method("max".to_string());
                Some((spacing, Kind::Pass(spacing, least, vec![every, one])))
            }
            (None, Some((lo, hi))) => {
                let spacing = self.usize("every");
                let bind = |name: &str, v: V| Bind {
                    name: Ident::new(name, Span::call_site()),
                    what: Source::Value(v),
                    by: By::Value,
                };
                let code = Code::new(
                    quote!(::chainrule::rt::checkpoint_every(__hi as i128 - __lo as i128)),
                    vec![bind("__lo", lo), bind("__hi", hi)],
                );
                Some((spacing, Kind::Opaque { out: Some(spacing), code, pure: true }))
            }
            (None, None) => None,
        };
        let spacing = spacing.map(|(spacing, kind)| {
            let stmt = self.stmt(kind);
            self.patches.before.entry(pos).or_default().push(stmt);
            spacing
        });
        let mut count = |this: &mut Self, name: &str| {
            let [param, next, out] = [(); 3].map(|()| this.usize(name));
            this.later.insert(out, Def { block, pos, by: By_::Variable });
            patch.carried.push(Carried { param, init: zero, next, out });
            (param, next, out)
        };
        let (step, next_step, steps) = count(self, "step");
        let (due, next_due, _) = count(self, "due");
        let (states, next_states, stretches) = count(self, "states");
        let ready = self.out.value("ready", Ty::Bool, Span::call_site());
        let (then_due, then_states) = (self.usize("due"), self.usize("states"));

        let mems = self.state_memories(pos, lp);
        let record = self.new_record();
        self.declares.push(self.stmt(Kind::Declare(record, vec![])));
        let mut values: Vec<V> = lp.carried.iter().map(|carried| carried.param).collect();
        let mut end = steps;
        let mut start = Vec::new();
        values.push(match &lp.over {
            Over::Range { var, lo, hi, .. } => {
                end = *hi;
                if lp.exit.is_some() {
                    let [param, next, out] = [(); 3].map(|()| self.fresh("upto", *var));
                    let unit = self.fresh("k", *var);
                    let literal = crate::ir::Literal::Int(1);
                    start.push(self.stmt(Kind::Const(unit, literal)));
                    start.push(self.stmt(Kind::Pass(next, Pass::Binary("+"), vec![*var, unit])));
                    self.later.insert(out, Def { block, pos, by: By_::Variable });
                    patch.carried.push(Carried { param, init: *lo, next, out });
                    end = out;
                }
                *var
            }
            Over::Forever => step,
        });
        let next = match spacing {
            Some(spacing) => {
                let add = Pass::Method("saturating_add".to_string());
                Kind::Pass(then_due, add, vec![due, spacing])
            }
            None => Kind::Pass(then_due, Pass::Binary("+"), vec![due, then_states]),
        };
        let then = vec![
            self.stmt(Kind::Keep(record, values, mems.clone())),
            self.stmt(Kind::Pass(then_states, Pass::Binary("+"), vec![states, one])),
            self.stmt(next),
        ];
        let outs = vec![
            Out { value: next_due, then: Some(then_due), other: Some(due) },
            Out { value: next_states, then: Some(then_states), other: Some(states) },
        ];
        start.extend([
            self.stmt(Kind::Pass(ready, Pass::Binary("=="), vec![step, due])),
            self.stmt(Kind::If {
                cond: ready,
                then: Block { stmts: then },
                other: Block::default(),
                outs,
            }),
            self.stmt(Kind::Pass(next_step, Pass::Binary("+"), vec![step, one])),
        ]);
        patch.start = start;
        self.patches.loops.insert(pos, patch);
        Kept { record, stretches, end, mems }
    }

    /// Gives all that a block makes names of its own, and what it uses the names it has here.
    fn rename(
        &mut self,
        block: &mut Block,
        mut names: HashMap<V, V>,
        mut copies: HashMap<MemId, MemId>,
    ) {
        let (mut values, mut mems) = (Vec::new(), Vec::new());
        walk::all(block, &mut |kind| {
            walk::defines(kind, &mut |v| values.push(v));
            mems.extend_from_slice(walk::makes(kind));
        });
        for v in values {
            let own = self.fresh_like(v);
            for list in [&mut self.out.unordered, &mut self.out.once] {
                if list.contains(&v) {
                    list.push(own);
                }
            }
            names.insert(v, own);
        }
        for m in mems {
            let own = self.local_like(m);
            copies.insert(m, own);
        }
        rename_block(block, &mut Renaming { values: names, mems: copies });
    }

    fn usize(&mut self, name: &str) -> V {
        self.out.value(name, Ty::Int(Some("usize".to_string())), Span::call_site())
    }

    fn fresh_like(&mut self, v: V) -> V {
        let name = self.out.of(v).name.clone();
        self.fresh(&name, v)
    }

    fn local_like(&mut self, mem: MemId) -> MemId {
        let of = self.out.at(mem).clone();
        let origin = match of.origin {
            Origin::Shared => Origin::Shared,
            _ => Origin::Local,
        };
        self.out.mem(of.name, of.ty, origin, of.span)
    }

    /// The memories that belong to the state of a loop: those it uses that do not hold the same when
    /// it runs again.
    fn state_memories(&self, pos: usize, lp: &Loop) -> Vec<MemId> {
        let block = self.ix.stmts[pos].1;
        let body = self.ix.inner(pos)[0];
        let (_, mems) = mentioned(lp);
        let is_state = |mem: &MemId| {
            let made = self.ix.made[mem.0 as usize];
            let outside = !made.is_some_and(|made| self.ix.encloses(body, made.block));
            let region = self.region_of(block);
            outside
                && self.src.at(*mem).origin != Origin::Shared
                && !self.is_only_filled(*mem, body)
                && self.stability(*mem, Site { block, pos }, region) != Stability::Stable
        };
        mems.into_iter().filter(is_state).collect()
    }

    /// Whether the body of a loop fills a memory made outside, and does nothing else with it.
    fn is_only_filled(&self, mem: MemId, body: BlockId) -> bool {
        let made = self.ix.made[mem.0 as usize];
        if made.is_some_and(|made| self.ix.encloses(body, made.block)) {
            return false;
        }
        let Kind::Loop(lp) = &self.ix.stmts[self.ix.at(body).pos].0.kind else { return false };
        let mut all = true;
        walk::all(&lp.body, &mut |kind| {
            let target = match kind {
                Kind::Store(place, ..) | Kind::Fill(place, _) => place.mem == mem,
                Kind::Push(place, source) => {
                    let from = match source {
                        Source::Place(from) => Some(from.mem),
                        Source::Value(_) => None,
                    };
                    place.mem == mem && from != Some(mem)
                }
                _ => false,
            };
            if !target && !matches!(kind, Kind::If { .. } | Kind::Loop(_)) {
                all &= !names(kind, mem);
            }
        });
        all
    }
}

/// All values and memories that the body of a loop names.
fn mentioned(lp: &Loop) -> (BTreeSet<V>, BTreeSet<MemId>) {
    struct Mentioned(BTreeSet<V>, BTreeSet<MemId>);
    impl Rename for Mentioned {
        fn value(&mut self, v: &mut V) {
            self.0.insert(*v);
        }
        fn mem(&mut self, m: &mut MemId) {
            self.1.insert(*m);
        }
    }
    let mut found = Mentioned(BTreeSet::new(), BTreeSet::new());
    rename_block(&mut lp.body.clone(), &mut found);
    found.0.extend(lp.carried.iter().map(|carried| carried.next));
    (found.0, found.1)
}

struct Renaming {
    values: HashMap<V, V>,
    mems: HashMap<MemId, MemId>,
}

impl Rename for Renaming {
    fn value(&mut self, v: &mut V) {
        *v = self.values.get(v).copied().unwrap_or(*v);
    }
    fn mem(&mut self, m: &mut MemId) {
        *m = self.mems.get(m).copied().unwrap_or(*m);
    }
}

/// Takes out what must not happen twice, printing and assertions, and what fills memories that a
/// stretch does not look at.
fn without_effects(block: &mut Block, filled: &BTreeSet<MemId>) {
    block.stmts.retain(|stmt: &Stmt| match &stmt.kind {
        Kind::Store(place, ..) | Kind::Fill(place, _) | Kind::Push(place, _) => {
            !filled.contains(&place.mem)
        }
        kind => !runs_once(kind),
    });
    for stmt in &mut block.stmts {
        match &mut stmt.kind {
            Kind::If { then, other, .. } => {
                without_effects(then, filled);
                without_effects(other, filled);
            }
            Kind::Loop(lp) => without_effects(&mut lp.body, filled),
            _ => {}
        }
    }
}

/// Whether a statement names a memory.
fn names(kind: &Kind, mem: MemId) -> bool {
    struct Names(MemId, bool);
    impl Rename for Names {
        fn value(&mut self, _: &mut V) {}
        fn mem(&mut self, m: &mut MemId) {
            self.1 |= *m == self.0;
        }
    }
    let mut found = Names(mem, false);
    rename(&mut Stmt { kind: kind.clone(), span: Span::call_site() }, &mut found);
    found.1
}
