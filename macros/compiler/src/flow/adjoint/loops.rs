//! Reversed loops.

use super::checkpoint::Sum;
use super::{Builder, LoopPatch, Standing};
use crate::flow::index::{BlockId, By_, Def};
use crate::flow::ir::{
    Block, Carried, Kind, Loop, MemId, Mode, Over, Pass, Place, Proj, RecId, Stmt, Ty, V,
};
use crate::flow::print::type_text;
use crate::flow::visit::{Names, Rename, rename};
use crate::hash::HashMap;
use crate::primitives;
use proc_macro2::Span;

impl<'p> Builder<'p> {
    pub(super) fn reverse_loop(&mut self, pos: usize, lp: &'p Loop, block: BlockId) {
        if self.patches.loops.get(&pos).is_some_and(|patch| patch.instead.is_some()) {
            for carried in &lp.carried {
                self.cot.remove(&carried.out);
            }
            return;
        }
        match lp.checkpoint {
            // What keeps nothing needs no checkpoints.
            _ if self.by_tangents(pos, lp, block) => {}
            Some(every) => self.checkpointed(pos, lp, every),
            None => {
                let patch = self.reversed(pos, lp, block, None);
                self.patches.loops.insert(pos, patch);
            }
        }
    }

    /// Writes the reverse of a loop; what the forward loop has to do for it. Of a stretch of a
    /// checkpointed loop, sums that are added to a place go on `through` all stretches.
    pub(super) fn reversed(
        &mut self,
        pos: usize,
        lp: &Loop,
        block: BlockId,
        mut through: Option<&mut Vec<Sum>>,
    ) -> LoopPatch {
        let body = self.ix.inner(pos)[0];
        let arrived: Vec<Option<V>> =
            lp.carried.iter().map(|carried| self.cot.remove(&carried.out)).collect();
        let active = |k: &usize| self.is_active(&lp.carried[*k]);
        let (sums, others): (Vec<usize>, Vec<usize>) =
            (0..lp.carried.len()).filter(active).partition(|k| self.accumulates(lp, *k).is_some());
        let touched = self.outer_values(pos);

        // What goes round: cotangents of what the loop carries, and of what it reads from outside.
        let mut round: Vec<(V, V, V)> = Vec::new();
        let mut entering = Vec::new();
        for &k in &others {
            let carried = &lp.carried[k];
            let init = match arrived[k] {
                Some(ct) => ct,
                None => self.number(0.0, self.elem(carried.param)),
            };
            let name = format!("d_{}", self.out.of(carried.param).name);
            let param = self.fresh(&name, carried.param);
            round.push((carried.param, param, init));
            entering.push((carried.next, param));
        }
        for &k in &sums {
            entering.extend(arrived[k].map(|ct| (lp.carried[k].next, ct)));
        }
        for v in &touched {
            let init = match self.cot.remove(v) {
                Some(ct) => ct,
                None => self.number(0.0, self.elem(*v)),
            };
            let name = format!("d_{}", self.out.of(*v).name);
            let param = self.fresh(&name, *v);
            round.push((*v, param, init));
        }

        self.open(body, Standing::Reversed);
        let r = self.regions.len() - 1;
        let variable = match &lp.over {
            Over::Range { var, .. } => {
                let here = self.fresh("i", *var);
                let name = self.out.of(*var).name.clone();
                self.out.values[here.0 as usize].name = name;
                let base = self.regions[r].base;
                self.regions[r].define(*var, here, base);
                Some((*var, here))
            }
            Over::Forever => None,
        };
        self.plan(r);
        for (v, param, _) in round.iter().skip(others.len()) {
            self.cot.insert(*v, *param);
        }
        for (v, ct) in entering {
            self.contribute(v, ct);
        }
        self.declare_shadows(body);
        self.reverse(body);
        for k in &sums {
            self.cot.remove(&lp.carried[*k].param);
        }
        let mut carried: Vec<Carried> = Vec::new();
        let mut leaving = Vec::new();
        let mut same = HashMap::default();
        for (v, param, init) in round {
            let next = match self.cot.remove(&v) {
                Some(ct) => ct,
                None => self.number(0.0, self.elem(v)),
            };
            if next == param {
                // No iteration changes it: it is what it was before the first.
                same.insert(param, init);
                leaving.push((v, init));
                continue;
            }
            let name = format!("d_{}", self.out.of(v).name);
            let out = self.fresh(&name, v);
            self.out.unordered.push(param);
            carried.push(Carried { param, init, next, out });
            leaving.push((v, out));
        }
        let mut region = self.close();
        let mut code = self.code.pop().unwrap_or_default();
        let mut outside = Names(&same);
        code.iter_mut().for_each(|stmt| rename(stmt, &mut outside));
        carried.iter_mut().for_each(|of| outside.value(&mut of.next));
        region.sums.iter_mut().for_each(|(.., next)| outside.value(next));
        let nothing = code.is_empty() && carried.is_empty() && region.sums.is_empty();

        // Cotangents leave.
        let settle = |this: &mut Self| {
            let (of_carried, of_outside) = leaving.split_at(others.len());
            let flows = |this: &Self, ct: V| this.number_of(ct) != Some(0.0);
            for (v, ct) in of_outside {
                if flows(this, *ct) {
                    this.cot.insert(*v, *ct);
                }
            }
            for (k, (_, ct)) in others.iter().zip(of_carried) {
                if flows(this, *ct) {
                    this.contribute(lp.carried[*k].init, *ct);
                }
            }
            for &k in &sums {
                if let Some(ct) = arrived[k] {
                    this.contribute(lp.carried[k].init, ct);
                }
            }
        };
        if nothing {
            settle(self);
            return LoopPatch::default();
        }

        let mut stmts = Vec::new();
        let mut patch = LoopPatch::default();
        let (values, here): (Vec<V>, Vec<V>) = region.kept.iter().copied().unzip();
        let (mems, mems_here) = region.kept_mems.iter().copied().unzip();
        let unordered = values.is_empty()
            && region.kept_mems.is_empty()
            && region.restored.is_empty()
            && others.is_empty()
            && !uses_records(&code)
            && self.order_is_free(pos, body);
        let counted = lp.exit.is_some() || matches!(lp.over, Over::Forever);
        let mut kept_variable = None;
        if counted && let Some((var, here)) = variable {
            // Where the loop ended is not known ahead: its variable is kept.
            kept_variable = Some((var, here));
        }
        if !values.is_empty() || !region.kept_mems.is_empty() || kept_variable.is_some() {
            let rec = self.record(pos, lp, block);
            let (mut values, mut here) = (values, here);
            if let Some((var, name)) = kept_variable {
                values.push(var);
                here.push(name);
            }
            self.note_stores(&here, &region.kept_mems);
            stmts.push(self.stmt(Kind::Recall(rec, here, mems_here)));
            patch.keep = Some((rec, values, mems));
        }
        for mem in &region.restored {
            let rec = self.new_record();
            self.declares.push(self.stmt(Kind::Declare(rec, vec![])));
            let here = self.primal_mem(*mem);
            stmts.push(self.stmt(Kind::Restore(rec, Place::whole(here))));
            patch.save.push((rec, Place::whole(*mem)));
            self.stores.push(format!("the contents of {}", self.src.at(*mem).name));
        }
        stmts.extend(code);

        let int = || Ty::Int(Some("usize".to_string()));
        let (over, ran) = match (&lp.over, counted) {
            (Over::Range { lo, hi, reversed, .. }, false) => {
                let var = variable.map_or(*lo, |(_, here)| here);
                let (lo, hi) = (self.primal(*lo), self.primal(*hi));
                let reversed = *reversed == unordered;
                (Over::Range { var, lo, hi, reversed }, ("<", lo, hi))
            }
            _ => {
                let count = match lp.count {
                    Some(count) => count,
                    None => {
                        let count = self.out.value("count", int(), Span::call_site());
                        let def = Def { block, pos, by: By_::Variable };
                        self.later.insert(count, def);
                        patch.count = Some(count);
                        count
                    }
                };
                let var = self.out.value("k", int(), Span::call_site());
                let (lo, hi) = (self.int(0), self.primal(count));
                (Over::Range { var, lo, hi, reversed: true }, ("<", lo, hi))
            }
        };
        let mut after = Vec::new();
        for (place, shadow, param, next) in region.sums {
            let out = self.fresh("sum", param);
            self.out.unordered.push(param);
            let init = match &mut through {
                Some(sums) => {
                    let start = self.fresh("sum", param);
                    sums.push(Sum { place, start, end: out });
                    start
                }
                None => {
                    after.push((shadow, out));
                    self.number(0.0, self.elem(param))
                }
            };
            carried.push(Carried { param, init, next, out });
        }
        let body = Block { stmts };
        let lp_reverse = Loop { over, carried, body, exit: None, checkpoint: None, count: None };
        self.emit(Kind::Loop(Box::new(lp_reverse)));
        if !after.is_empty() {
            // Without an iteration there is perhaps no such place.
            let cond = self.out.value("ran", Ty::Bool, Span::call_site());
            self.emit(Kind::Pass(cond, Pass::Binary(ran.0), vec![ran.1, ran.2]));
            let stores = after.into_iter().map(|(place, sum)| Stmt {
                kind: Kind::Store(place, sum, Mode::Add),
                span: Span::call_site(),
            });
            let then = Block { stmts: stores.collect() };
            self.emit(Kind::If { cond, then, other: Block::default(), outs: vec![] });
        }
        settle(self);
        patch
    }

    /// Whether a derivative flows through what a loop carries. Its parameter alone does not tell:
    /// each iteration may replace what the last one left.
    pub(super) fn is_active(&self, carried: &Carried) -> bool {
        self.act.value(carried.param) || self.act.value(carried.out)
    }

    pub(super) fn new_record(&mut self) -> RecId {
        let rec = RecId(self.out.records);
        self.out.records += 1;
        rec
    }

    /// A record for a loop: with room for all of it where the number of iterations is known ahead.
    fn record(&mut self, pos: usize, lp: &Loop, block: BlockId) -> RecId {
        let rec = self.new_record();
        match self.room(pos, lp, block) {
            Some((outermost, room)) => {
                let declare = self.stmt(Kind::Declare(rec, room));
                self.patches.before.entry(outermost).or_default().push(declare);
            }
            None => {
                let declare = self.stmt(Kind::Declare(rec, vec![]));
                self.declares.push(declare);
            }
        }
        rec
    }

    /// How many entries a loop's record has, as a product, where that is known before the
    /// outermost loop around: the number of that statement. The record is emptied where the reverse
    /// code follows the forward code, so that loops around that do not count.
    fn room(&self, pos: usize, lp: &Loop, block: BlockId) -> Option<(usize, Vec<V>)> {
        let same = |block: BlockId| {
            let mut regions = self.regions.iter();
            regions.any(|region| region.root == block && region.standing == Standing::Same)
        };
        let (mut counts, mut emptied) = (vec![self.count(lp)?], same(block));
        let (mut outermost, mut around) = (pos, block);
        while around != BlockId(0) {
            let info = self.ix.at(around);
            let Some(Stmt { kind: Kind::Loop(outer), .. }) = info.stmt else { return None };
            if !emptied {
                counts.push(self.count(outer)?);
            }
            (outermost, around) = (info.pos, info.parent?);
            emptied |= same(around);
        }
        let known = |v: &V| {
            let def = self.def(*v);
            matches!(def.by, By_::Param) || def.block == BlockId(0) && def.pos < outermost
        };
        counts.iter().all(known).then_some((outermost, counts))
    }

    /// How often a loop runs, if it has no end but that of its range: `0..usize::MAX` with a `break`
    /// asks for no memory ahead.
    fn count(&self, lp: &Loop) -> Option<V> {
        let Over::Range { lo, hi, .. } = lp.over else { return None };
        let fits = lp.exit.is_none()
            && self.number_of(lo) == Some(0.0)
            && self.src.of(hi).ty == Ty::Int(Some("usize".to_string()));
        fits.then_some(hi)
    }

    /// Writes down, for people, what a loop keeps in an iteration.
    fn note_stores(
        &mut self,
        values: &[V],
        mems: &[(crate::flow::ir::MemId, crate::flow::ir::MemId)],
    ) {
        let value = |v: &V| {
            let of = self.out.of(*v);
            let ty = match &of.ty {
                Ty::Float(elem) => elem.to_string(),
                Ty::Int(name) => name.clone().unwrap_or_else(|| "i32".to_string()),
                Ty::Bool => "bool".to_string(),
                Ty::Opaque => "constant".to_string(),
            };
            (ty, of.name.clone())
        };
        let kept = values.iter().map(value).chain(mems.iter().map(|(m, _)| {
            let of = self.out.at(*m);
            (type_text(&of.ty), of.name.clone())
        }));
        let (mut types, mut names): (Vec<(String, usize)>, Vec<String>) = (vec![], vec![]);
        for (ty, name) in kept {
            match types.iter_mut().find(|(other, _)| *other == ty) {
                Some((_, count)) => *count += 1,
                None => types.push((ty, 1)),
            }
            // What has no name of the user's is called by its operation.
            let is_named = primitives::TABLE.iter().all(|row| row.name != name);
            if is_named && !names.contains(&name) {
                names.push(name);
            }
        }
        let types: Vec<String> = types.iter().map(|(ty, count)| format!("{count} {ty}")).collect();
        let names = match names.is_empty() {
            true => String::new(),
            false => format!(": {}", names.join(", ")),
        };
        self.stores.push(format!("{} in each iteration{names}", types.join(", ")));
    }

    /// Whether the iterations of a reversed loop can run in any order: they only add to shadows.
    fn order_is_free(&self, pos: usize, body: BlockId) -> bool {
        (0..self.src.mems.len()).all(|m| {
            let mem = MemId(m as u32);
            let made_inside =
                self.ix.made[m].is_some_and(|made| self.ix.encloses(body, made.block));
            if !self.act.mem(mem) || made_inside {
                return true;
            }
            let inside =
                |site: &&crate::flow::index::Site| (pos..self.ix.end(pos)).contains(&site.pos);
            let mut writes = self.ix.writes[m].iter().filter(inside).peekable();
            if writes.peek().is_none() {
                return true;
            }
            let adds = writes.all(|site| {
                matches!(self.ix.stmts[site.pos].0.kind, Kind::Store(_, _, Mode::Add | Mode::Sub))
            });
            adds && !self.ix.reads[m].iter().any(|site| inside(&site))
                || self.is_elementwise(mem, pos, body)
        })
    }

    /// Whether each iteration of a loop touches but one element of a memory, by its variable.
    fn is_elementwise(&self, mem: MemId, pos: usize, body: BlockId) -> bool {
        let Kind::Loop(lp) = &self.ix.stmts[pos].0.kind else { return false };
        let Over::Range { var, .. } = lp.over else { return false };
        let fixed = |v: V| !self.ix.encloses(body, self.ix.def(v).block);
        let mut array: Option<&[Proj]> = None;
        let mut sites = self.ix.writes[mem.0 as usize].iter().chain(&self.ix.reads[mem.0 as usize]);
        sites.all(|site| {
            if !(pos..self.ix.end(pos)).contains(&site.pos) {
                return true;
            }
            let (Kind::Store(place, ..) | Kind::Load(_, place)) = &self.ix.stmts[site.pos].0.kind
            else {
                return false;
            };
            let Some((Proj::Index(at), rest)) = place.proj.split_last() else { return false };
            let outer = Place { mem, proj: rest.to_vec() };
            place.mem == mem
                && *at == var
                && *array.get_or_insert(rest) == rest
                && outer.indices().all(fixed)
        })
    }

    /// Adds to a place of a shadow that is the same in every iteration of the reversed loop being
    /// written, by way of a sum. `false` if it is no such place.
    pub(super) fn sum_up(&mut self, place: &Place, shadow: &Place, ct: V) -> bool {
        let r = self.regions.len() - 1;
        let region = &self.regions[r];
        let root = region.root;
        if region.standing != Standing::Reversed || self.code.len() - 1 != region.base {
            return false;
        }
        let inside = |block: BlockId| self.ix.encloses(root, block);
        let mem = place.mem.0 as usize;
        let fits = place.indices().all(|v| !inside(self.def(v).block) || self.is_number(v))
            && !self.ix.made[mem].is_some_and(|made| inside(made.block))
            && !self.ix.writes[mem].iter().any(|site| inside(site.block));
        if !fits {
            return false;
        }
        let found = self.regions[r].sums.iter().position(|(_, place, ..)| place == shadow);
        let old = match found {
            Some(k) => self.regions[r].sums[k].3,
            None => {
                let elem = self.elem(ct);
                let param = self.float("sum", elem);
                self.regions[r].sums.push((place.clone(), shadow.clone(), param, param));
                param
            }
        };
        let sum = self.apply(&primitives::ADD, vec![old, ct], ct);
        let k = found.unwrap_or(self.regions[r].sums.len() - 1);
        self.regions[r].sums[k].3 = sum;
        true
    }

    fn is_number(&self, v: V) -> bool {
        self.number_of(v).is_some()
    }
}

/// Whether something is taken off a record, whose last entry comes first, or put on one.
fn uses_records(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|stmt| {
        let inside = crate::flow::walk::blocks(&stmt.kind);
        let of_record = matches!(
            stmt.kind,
            Kind::Keep(..) | Kind::Recall(..) | Kind::Save(..) | Kind::Restore(..)
        );
        of_record || inside.into_iter().any(|block| uses_records(&block.stmts))
    })
}
