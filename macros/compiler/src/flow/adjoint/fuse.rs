//! Loops that run once.
//!
//! A loop that only accumulates (`s += f(i)`) needs no reversal: the cotangent of `s` is the same in
//! every iteration. If it is also known before the loop runs (the seed, `1 / n` of a mean), value and
//! gradient are computed in the same iteration, and nothing is kept.

use super::{Builder, LoopPatch, Standing};
use crate::flow::index::{BlockId, By_};
use crate::flow::ir::{Block, Carried, Kind, Loop, MemId, Origin, Over, Stmt, V};
use crate::hash::HashSet;
use crate::primitives;

/// How an active statement uses a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// As argument of this number.
    Arg(usize),
    /// As the start of what a loop carries.
    Init(usize),
    /// As the next of what a loop carries.
    Next(usize),
    /// As what leaves a conditional.
    Arm(usize),
    /// In any other way.
    Other,
}

impl<'p> Builder<'p> {
    /// Writes the loops of a block that run once.
    pub(super) fn fuse_all(&mut self, block: BlockId) {
        for (pos, stmt) in self.ix.within(block, self.src) {
            if let Kind::Loop(lp) = &stmt.kind {
                self.fuse(pos, lp, stmt);
            }
        }
    }

    /// What accumulates on the carried value `k` of a loop: all values from its parameter to its
    /// next, if each is the last plus or minus something.
    pub(super) fn accumulates(&self, lp: &Loop, k: usize) -> Option<HashSet<V>> {
        let carried = &lp.carried[k];
        let mut chain = HashSet::default();
        if !self.linear(carried.next, carried.param, &mut chain) {
            return None;
        }
        let all = chain.iter().all(|v| {
            self.active_uses(*v).into_iter().all(|(pos, how)| {
                let kind = &self.ix.stmts[pos].0.kind;
                match (kind, how) {
                    (Kind::Prim(out, row, args), Use::Arg(k)) => {
                        let other = args.get(1 - k.min(1));
                        chain.contains(out)
                            && (**row == primitives::ADD || **row == primitives::SUB && k == 0)
                            && !other.is_some_and(|v| chain.contains(v))
                    }
                    (Kind::If { outs, .. }, Use::Arm(k)) => chain.contains(&outs[k].value),
                    (Kind::Loop(inner), Use::Init(k)) => chain.contains(&inner.carried[k].out),
                    (Kind::Loop(inner), Use::Next(j)) => {
                        chain.contains(&inner.carried[j].param) && inner.carried[j].next == *v
                    }
                    _ => false,
                }
            })
        });
        all.then_some(chain)
    }

    fn linear(&self, v: V, param: V, chain: &mut HashSet<V>) -> bool {
        if v == param || chain.contains(&v) {
            chain.insert(v);
            return true;
        }
        let found = match self.def(v).by {
            By_::Stmt(stmt) => match &stmt.kind {
                Kind::Prim(_, row, args) if **row == primitives::ADD => {
                    self.linear(args[0], param, chain) || self.linear(args[1], param, chain)
                }
                Kind::Prim(_, row, args) if **row == primitives::SUB => {
                    self.linear(args[0], param, chain)
                }
                _ => false,
            },
            By_::IfOut(stmt, k) => match &stmt.kind {
                Kind::If { outs, .. } => match (outs[k].then, outs[k].other) {
                    (Some(a), Some(b)) => {
                        self.linear(a, param, chain) && self.linear(b, param, chain)
                    }
                    _ => false,
                },
                _ => false,
            },
            By_::LoopOut(inner, k) => inner.carried.get(k).is_some_and(|carried| {
                self.linear(carried.init, param, chain)
                    && self.linear(carried.next, carried.param, chain)
            }),
            _ => false,
        };
        if found {
            chain.insert(v);
        }
        found
    }

    /// The statements through which a derivative flows from a value.
    fn active_uses(&self, v: V) -> Vec<(usize, Use)> {
        let mut found = Vec::new();
        let mut last = usize::MAX;
        for site in &self.ix.uses[v.0 as usize] {
            if site.pos == last {
                continue;
            }
            last = site.pos;
            let mut note = |how| found.push((site.pos, how));
            match &self.ix.stmts[site.pos].0.kind {
                Kind::Prim(out, _, args) => {
                    if self.act.value(*out) {
                        let of = args.iter().enumerate().filter(|(_, arg)| **arg == v);
                        of.for_each(|(k, _)| note(Use::Arg(k)));
                    }
                }
                Kind::Cast(out, _) => {
                    if self.act.value(*out) {
                        note(Use::Arg(0));
                    }
                }
                Kind::If { outs, .. } => {
                    for (k, out) in outs.iter().enumerate() {
                        if self.act.value(out.value)
                            && (out.then == Some(v) || out.other == Some(v))
                        {
                            note(Use::Arm(k));
                        }
                    }
                }
                Kind::Loop(lp) => {
                    for (k, carried) in lp.carried.iter().enumerate() {
                        if carried.init == v && self.is_active(carried) {
                            note(Use::Init(k));
                        }
                        if carried.next == v && self.is_active(carried) {
                            note(Use::Next(k));
                        }
                    }
                }
                Kind::Pass(..) | Kind::Opaque { .. } | Kind::Fail(_) | Kind::Diverge(_) => {}
                Kind::Load(..) | Kind::Const(..) => {}
                Kind::Alloc(mem, _) if !self.act.mem(*mem) => {}
                Kind::Store(place, ..) | Kind::Fill(place, _) | Kind::Push(place, _)
                    if !self.act.mem(place.mem) => {}
                _ => note(Use::Other),
            }
        }
        found
    }

    fn fuse(&mut self, pos: usize, lp: &'p Loop, stmt: &Stmt) {
        let body = self.ix.inner(pos)[0];
        let active: Vec<usize> =
            (0..lp.carried.len()).filter(|k| self.is_active(&lp.carried[*k])).collect();
        if active.is_empty() || !self.memory_allows(pos, body) || !self.records_stay_inside(pos) {
            return;
        }
        let chains: Option<Vec<HashSet<V>>> =
            active.iter().map(|k| self.accumulates(lp, *k)).collect();
        let Some(chains) = chains else { return };

        // Everything that goes ahead of the loop.
        self.code.push(Vec::new());
        let seeds: Option<Vec<V>> =
            active.iter().map(|k| self.early(lp.carried[*k].out, pos)).collect();
        let Some(seeds) = seeds else {
            self.code.pop();
            return;
        };
        for m in 0..self.src.mems.len() {
            let mem = MemId(m as u32);
            let inside = |block| self.ix.encloses(body, block);
            let used = self.ix.reads[m].iter().chain(&self.ix.writes[m]).any(|s| inside(s.block));
            let outside = !self.ix.made[m].is_some_and(|made| inside(made.block));
            if self.act.mem(mem) && used && outside && !self.shadows.contains_key(&mem) {
                self.declare_shadow(mem);
            }
        }
        let ahead = self.code.pop().unwrap_or_default();
        self.patches.before.entry(pos).or_default().extend(ahead);

        let touched = self.outer_values(pos);
        let aside: Vec<Option<V>> = touched.iter().map(|v| self.cot.remove(v)).collect();
        let mut round = Vec::new();
        for v in &touched {
            let name = format!("d_{}", self.out.of(*v).name);
            let param = self.fresh(&name, *v);
            let init = self.number(0.0, self.elem(*v));
            self.cot.insert(*v, param);
            self.out.unordered.push(param);
            round.push((*v, param, init));
        }
        self.open(body, Standing::Same);
        let r = self.regions.len() - 1;
        for ((chain, seed), k) in chains.iter().zip(&seeds).zip(&active) {
            self.regions[r].known.extend(chain.iter().map(|v| (*v, *seed)));
            self.cot.remove(&lp.carried[*k].next);
            self.contribute(lp.carried[*k].next, *seed);
        }
        self.fuse_all(body);
        self.declare_shadows(body);
        self.reverse(body);
        let mut carried = lp.carried.clone();
        let mut leaving = Vec::new();
        for (v, param, init) in round {
            let next = self.cot.remove(&v).unwrap_or(param);
            if next != param {
                let name = format!("d_{}", self.out.of(v).name);
                let out = self.fresh(&name, v);
                carried.push(Carried { param, init, next, out });
                leaving.push((v, out));
            }
        }
        for k in &active {
            self.cot.remove(&lp.carried[*k].param);
        }
        self.close();
        let reverse = self.code.pop().unwrap_or_default();
        let mut stmts = self.forward(body);
        stmts.extend(reverse);
        let fused = Loop {
            over: lp.over.clone(),
            carried,
            body: Block { stmts },
            exit: lp.exit,
            checkpoint: None,
            count: lp.count,
        };
        if let Over::Range { var, .. } = &lp.over {
            self.out.once.push(*var);
        }
        let fused = Stmt { kind: Kind::Loop(Box::new(fused)), span: stmt.span };
        let patch = LoopPatch { instead: Some(vec![fused]), ..LoopPatch::default() };
        self.patches.loops.insert(pos, patch);
        for (v, old) in touched.iter().zip(aside) {
            if let Some(old) = old {
                self.cot.insert(*v, old);
            }
        }
        for (v, out) in leaving {
            self.contribute(v, out);
        }
        for (k, seed) in active.iter().zip(&seeds) {
            self.contribute(lp.carried[*k].init, *seed);
        }
    }

    /// Whether what a loop does to memory allows to run it once: no iteration sees what another one
    /// wrote, and the cotangents of all that it reads are complete but for its own part.
    fn memory_allows(&self, pos: usize, body: BlockId) -> bool {
        let end = self.ix.end(pos);
        (0..self.src.mems.len()).all(|m| {
            let mem = MemId(m as u32);
            let inside = |block| self.ix.encloses(body, block);
            let made = self.ix.made[m];
            let written = self.ix.writes[m].iter().any(|site| inside(site.block));
            let used = written || self.ix.reads[m].iter().any(|site| inside(site.block));
            if !self.act.mem(mem) || !used || made.is_some_and(|made| inside(made.block)) {
                return true;
            }
            if self.is_moved(mem) {
                return false;
            }
            let later =
                |sites: &[crate::flow::index::Site]| sites.iter().any(|site| site.pos >= end);
            if written {
                return self.src.at(mem).origin == Origin::Local
                    && self.overwritten(mem, body)
                    && !later(&self.ix.reads[m])
                    && !self.is_result(mem);
            }
            !later(&self.ix.writes[m])
        })
    }

    fn is_result(&self, mem: MemId) -> bool {
        fn within(tree: &crate::flow::ir::Tree, mem: MemId) -> bool {
            use crate::flow::ir::Tree;
            match tree {
                Tree::Place(place) | Tree::Array(place, _) => place.mem == mem,
                Tree::Tuple(parts) => parts.iter().any(|part| within(part, mem)),
                Tree::Success(inner) => within(inner, mem),
                Tree::Unit | Tree::Value(_) => false,
            }
        }
        self.src.result.as_ref().is_some_and(|tree| within(tree, mem))
    }

    /// The cotangent of a value, if it is known ahead of the statement at `pos`.
    fn early(&mut self, v: V, pos: usize) -> Option<V> {
        let known = self.regions.last().and_then(|region| region.known.get(&v).copied());
        if known.is_some() && self.regions.len() > 1 {
            return known;
        }
        let mut sum = known;
        for (at, how) in self.active_uses(v) {
            if at <= pos && !matches!(how, Use::Init(_)) {
                return None;
            }
            let stmt = self.ix.stmts[at].0;
            let ct = match (&stmt.kind, how) {
                (Kind::Prim(out, row, args), Use::Arg(k)) => {
                    let ct = self.early(*out, pos)?;
                    if **row == primitives::ADD || **row == primitives::SUB && k == 0 {
                        ct
                    } else if **row == primitives::SUB || **row == primitives::NEG {
                        self.apply(&primitives::NEG, vec![ct], v)
                    } else if **row == primitives::MUL && !self.act.value(args[1 - k]) {
                        let factor = self.ahead(args[1 - k], pos)?;
                        self.apply(&primitives::MUL, vec![ct, factor], v)
                    } else if **row == primitives::DIV && k == 0 && !self.act.value(args[1]) {
                        let divisor = self.ahead(args[1], pos)?;
                        let quotient = self.apply(&primitives::DIV, vec![ct, divisor], v);
                        self.apply(&primitives::GUARD, vec![ct, quotient], v)
                    } else {
                        return None;
                    }
                }
                (Kind::Cast(out, _), Use::Arg(_)) => {
                    let ct = self.early(*out, pos)?;
                    let back = self.fresh("ct", v);
                    self.emit(Kind::Cast(back, ct));
                    back
                }
                (Kind::Loop(lp), Use::Init(k)) => {
                    self.accumulates(lp, k)?;
                    self.early(lp.carried[k].out, pos)?
                }
                _ => return None,
            };
            sum = Some(match sum {
                None => ct,
                Some(old) => self.apply(&primitives::ADD, vec![old, ct], v),
            });
        }
        sum
    }

    /// A value without derivative, ahead of the statement at `pos`.
    fn ahead(&mut self, v: V, pos: usize) -> Option<V> {
        let def = self.def(v);
        let root = self.regions.last().map_or(BlockId(0), |region| region.root);
        if matches!(def.by, By_::Param) {
            return Some(v);
        }
        if def.pos < pos {
            return self.ix.encloses(def.block, root).then_some(v);
        }
        let By_::Stmt(stmt) = def.by else { return None };
        let here = self.fresh("ahead", v);
        let kind = match &stmt.kind {
            Kind::Const(..) => return Some(v),
            Kind::Prim(_, row, args) => {
                let args: Option<Vec<V>> = args.iter().map(|v| self.ahead(*v, pos)).collect();
                Kind::Prim(here, row, args?)
            }
            Kind::Cast(_, arg) => Kind::Cast(here, self.ahead(*arg, pos)?),
            Kind::Pass(_, crate::flow::ir::Pass::Len(place), _) => {
                let fixed = self.ix.writes[place.mem.0 as usize].is_empty()
                    && self.ix.made[place.mem.0 as usize].is_none_or(|made| made.pos < pos);
                if !fixed || place.indices().next().is_some() {
                    return None;
                }
                Kind::Pass(here, crate::flow::ir::Pass::Len(place.clone()), vec![])
            }
            Kind::Pass(_, pass, args) => {
                let args: Option<Vec<V>> = args.iter().map(|v| self.ahead(*v, pos)).collect();
                Kind::Pass(here, pass.clone(), args?)
            }
            _ => return None,
        };
        self.emit(kind);
        Some(here)
    }
}
