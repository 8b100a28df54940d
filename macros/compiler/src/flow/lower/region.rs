//! Regions: the stretches of code between which control flow joins.
//!
//! A jump (`break`, `continue`, `return`) ends a region; what follows the conditional it stands in
//! goes into the other branch, which stays *open* until the region around it ends. Where control
//! may or may not have left, the rest goes under a condition. A jump's target therefore is where
//! its region ends, and everything it takes along is an ordinary variable.

use super::val::{Val, VarId};
use super::{Lowerer, Slot};
use crate::flow::ir::{Block, Kind, Out, Pass, Stmt, V};
use proc_macro2::Span;
use quote::quote;
use std::collections::BTreeMap;

/// Whether control reaches the end of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// It does.
    Falls,
    /// It does if this condition holds; else it went to a jump's target further out.
    Maybe(V),
    /// It went to a jump's target.
    Jumped,
    /// It left the function with an error, or panicked.
    Dead,
}

/// A region being built.
pub(super) struct Region {
    /// Its statements so far.
    pub(super) stmts: Vec<Stmt>,
    /// The variables it changed, with what they held before.
    pub(super) journal: BTreeMap<VarId, Val>,
    /// Where control cannot get any further, why.
    pub(super) gone: Option<Live>,
    /// Whether control gets to the end, once that is known.
    tail: Live,
    /// If it is the branch of a conditional that goes on: the other branch.
    open: Option<Open>,
    pub(super) marks: Marks,
}

/// What existed when a region began: all below these numbers is visible outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) values: u32,
    pub(super) mems: u32,
    pub(super) vars: usize,
}

struct Open {
    cond: V,
    then_open: bool,
    other: Arm,
    span: Span,
}

/// A finished region.
pub(super) struct Arm {
    /// Its statements.
    pub(super) stmts: Vec<Stmt>,
    /// The variables it changed, with what they hold at its end.
    pub(super) changed: BTreeMap<VarId, Val>,
    /// Whether control gets to the end.
    pub(super) live: Live,
    pub(super) marks: Marks,
}

/// The join of two arms, being built.
pub(super) struct Join {
    pub(super) cond: V,
    pub(super) then: Arm,
    pub(super) other: Arm,
    pub(super) before: Vec<Stmt>,
    pub(super) after: Vec<Stmt>,
    pub(super) outs: Vec<Out>,
    pub(super) span: Span,
}

impl Lowerer<'_> {
    pub(super) fn marks(&self) -> Marks {
        Marks {
            values: self.program.values.len() as u32,
            mems: self.program.mems.len() as u32,
            vars: self.vars.len(),
        }
    }

    fn push_region(&mut self, open: Option<Open>) {
        let marks = self.marks();
        self.regions.push(Region {
            stmts: Vec::new(),
            journal: BTreeMap::new(),
            gone: None,
            tail: Live::Falls,
            open,
            marks,
        });
    }

    /// Whether control cannot get here.
    pub(super) fn is_gone(&self) -> bool {
        self.regions.last().is_some_and(|region| region.gone.is_some())
    }

    /// Notes that control does not get any further in this region.
    pub(super) fn leave(&mut self, why: Live) -> Val {
        if let Some(region) = self.regions.last_mut() {
            region.gone.get_or_insert(why);
        }
        Val::Never
    }

    /// Lowers a region of its own; variables hold afterwards what they held before.
    pub(super) fn region(&mut self, step: impl FnOnce(&mut Self) -> Val) -> (Arm, Val) {
        let depth = self.regions.len();
        self.push_region(None);
        let mut val = step(self);
        while self.regions.len() > depth + 1 {
            val = self.close_open(val);
        }
        (self.pop_region(), val)
    }

    fn pop_region(&mut self) -> Arm {
        let Some(region) = self.regions.pop() else {
            let marks = self.marks();
            return Arm { stmts: vec![], changed: BTreeMap::new(), live: Live::Dead, marks };
        };
        let mut changed = BTreeMap::new();
        for (id, old) in region.journal {
            changed.insert(id, std::mem::replace(&mut self.vars[id].val, old));
        }
        let live = region.gone.unwrap_or(region.tail);
        Arm { stmts: region.stmts, changed, live, marks: region.marks }
    }

    /// Ends the innermost region, the open branch of a conditional.
    fn close_open(&mut self, val: Val) -> Val {
        let open = self.regions.last_mut().and_then(|region| region.open.take());
        let arm = self.pop_region();
        let Some(open) = open else { return val };
        let (val, live) = match open.then_open {
            true => self.emit_if(open.cond, arm, open.other, (val, Val::Undef), open.span),
            false => self.emit_if(open.cond, open.other, arm, (Val::Undef, val), open.span),
        };
        if let Some(region) = self.regions.last_mut() {
            match live {
                Live::Jumped | Live::Dead => region.gone = Some(live),
                live => region.tail = live,
            }
        }
        val
    }

    /// Goes on with what follows under a condition.
    pub(super) fn open_if(&mut self, cond: V, span: Span) {
        let other = Arm {
            stmts: vec![],
            changed: BTreeMap::new(),
            live: Live::Jumped,
            marks: self.marks(),
        };
        self.push_region(Some(Open { cond, then_open: true, other, span }));
    }

    /// A conditional of two regions.
    pub(super) fn branch(
        &mut self,
        cond: Val,
        span: Span,
        then: impl FnOnce(&mut Self) -> Val,
        other: impl FnOnce(&mut Self) -> Val,
    ) -> Val {
        let cond = match cond {
            Val::Bool(true) => return then(self),
            Val::Bool(false) => return other(self),
            cond => match self.condition(cond, span) {
                Some(cond) => cond,
                None => {
                    self.never_silent(&Val::Error, span);
                    // Looked at for their errors only.
                    self.region(then);
                    self.region(other);
                    return Val::Error;
                }
            },
        };
        if self.is_gone() {
            self.region(then);
            self.region(other);
            return Val::Never;
        }
        let (then, a) = self.region(then);
        let (other, b) = self.region(other);
        self.join(cond, then, other, (a, b), span)
    }

    fn join(&mut self, cond: V, then: Arm, other: Arm, vals: (Val, Val), span: Span) -> Val {
        let falls = |live: Live| matches!(live, Live::Falls | Live::Maybe(_));
        if then.live == Live::Jumped && falls(other.live) {
            self.go_on(cond, false, other, then, span);
            return vals.1;
        }
        if other.live == Live::Jumped && falls(then.live) {
            self.go_on(cond, true, then, other, span);
            return vals.0;
        }
        let (val, live) = self.emit_if(cond, then, other, vals, span);
        match live {
            Live::Falls => val,
            Live::Maybe(live) => {
                self.open_if(live, span);
                val
            }
            gone => self.leave(gone),
        }
    }

    /// Goes on in the one arm of a conditional that control can leave at its end.
    fn go_on(&mut self, cond: V, then_open: bool, arm: Arm, other: Arm, span: Span) {
        let marks = arm.marks;
        self.push_region(Some(Open { cond, then_open, other, span }));
        if let Some(region) = self.regions.last_mut() {
            region.stmts = arm.stmts;
            region.marks = marks;
        }
        for (id, val) in arm.changed {
            if id < self.vars.len() {
                self.set(id, val);
            }
        }
        if let Live::Maybe(live) = arm.live {
            self.open_if(live, span);
        }
    }

    /// Emits a conditional; what its value is and whether control gets past it.
    fn emit_if(
        &mut self,
        cond: V,
        then: Arm,
        other: Arm,
        vals: (Val, Val),
        span: Span,
    ) -> (Val, Live) {
        let vars = then.marks.vars.min(other.marks.vars);
        let mut changed: Vec<VarId> =
            then.changed.keys().chain(other.changed.keys()).copied().collect();
        changed.sort_unstable();
        changed.dedup();
        let mut join =
            Join { cond, then, other, before: vec![], after: vec![], outs: vec![], span };
        let mut set = Vec::new();
        for id in changed.into_iter().filter(|id| *id < vars) {
            let now = |arm: &Arm, this: &Self| {
                arm.changed.get(&id).cloned().unwrap_or_else(|| this.vars[id].val.clone())
            };
            let (a, b) = (now(&join.then, self), now(&join.other, self));
            let name = self.vars[id].name.clone();
            let val = self.merge(&mut join, a, b, &name);
            set.push((id, val));
        }
        let val = self.merge(&mut join, vals.0, vals.1, "if");
        let live = match (join.then.live, join.other.live) {
            (Live::Dead, Live::Dead) => Live::Dead,
            (Live::Dead | Live::Jumped, Live::Dead | Live::Jumped) => Live::Jumped,
            (Live::Falls | Live::Dead, Live::Falls | Live::Dead) => Live::Falls,
            (a, b) => {
                let flag = |live: Live| match live {
                    Live::Falls => Val::Bool(true),
                    Live::Maybe(live) => Val::Scalar(live),
                    Live::Jumped => Val::Bool(false),
                    Live::Dead => Val::Undef,
                };
                match self.merge(&mut join, flag(a), flag(b), "live") {
                    Val::Scalar(live) => Live::Maybe(live),
                    Val::Bool(false) => Live::Jumped,
                    _ => Live::Falls,
                }
            }
        };
        let Join { then, other, before, after, outs, .. } = join;
        let (then, other) = (Block { stmts: then.stmts }, Block { stmts: other.stmts });
        for stmt in before {
            self.emit(stmt.kind, stmt.span);
        }
        if !then.stmts.is_empty() || !other.stmts.is_empty() || !outs.is_empty() {
            self.emit(Kind::If { cond, then, other, outs }, span);
        }
        for stmt in after {
            self.emit(stmt.kind, stmt.span);
        }
        for (id, val) in set {
            self.set(id, val);
        }
        (val, live)
    }

    /// Emits into an arm that is finished already.
    pub(super) fn inside<R>(&mut self, arm: &mut Arm, step: impl FnOnce(&mut Self) -> R) -> R {
        self.push_region(None);
        if let Some(region) = self.regions.last_mut() {
            region.stmts = std::mem::take(&mut arm.stmts);
        }
        let result = step(self);
        arm.stmts = self.regions.pop().map(|region| region.stmts).unwrap_or_default();
        result
    }

    /// `true` or `false` as a value.
    pub(super) fn boolean(&mut self, value: bool, span: Span) -> V {
        let v = self.fresh(if value { "true" } else { "false" }, Slot::Bool, span);
        let path = if value { quote!(true) } else { quote!(false) };
        self.emit(Kind::Pass(v, Pass::Path(path), vec![]), span);
        v
    }

    /// The value that a condition is.
    pub(super) fn condition(&mut self, val: Val, span: Span) -> Option<V> {
        match val {
            Val::Bool(value) => Some(self.boolean(value, span)),
            Val::Scalar(v) if self.is_float(v) => {
                self.error(span, "a condition is expected here");
                None
            }
            Val::Scalar(v) => Some(v),
            val if val.is_silent() => None,
            Val::Place(..) => self.scalar(val, span),
            _ => {
                self.error(span, "a condition is expected here");
                None
            }
        }
    }
}
