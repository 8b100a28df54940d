//! Recurrences of few variables: tangents are carried along.
//!
//! To reverse `s = a * s + x` takes all states of `s`. Its derivatives by `a` and `x` are two
//! recurrences more, which keep nothing and run beside the first. So a loop that carries little, and
//! reads little from outside, is differentiated forwards; behind it the cotangent of what it carries
//! times those derivatives goes on backwards.

use super::{Builder, LoopPatch, Standing};
use crate::flow::index::BlockId;
use crate::flow::ir::{Block, Carried, Kind, Loop, Out, Pass, Stmt, V};
use crate::flow::tangent::rule::{self, Write};
use crate::hash::HashMap;
use crate::ir::{Elem, Literal};
use crate::primitives::{self, Prim, Sym};

/// How many derivatives may be carried.
const FEW: usize = 3;

/// How many may be by how many inputs in straight-line code. A tangent costs about what reversing the
/// loop costs; but reversing waits for a second chain of dependent operations, keeps a record and
/// computes again from it, where tangents run beside the first chain, and LLVM takes two at a time
/// where no branch is in between.
const FEW_IN_A_LINE: usize = 9;
const FEW_INPUTS: usize = 3;

/// The derivatives of values by each of the loop's inputs; `None` where there is none.
type Tangents = HashMap<V, Vec<Option<V>>>;

impl<'p> Builder<'p> {
    /// Differentiates a loop forwards, if that is possible and of use.
    pub(super) fn by_tangents(&mut self, pos: usize, lp: &'p Loop, block: BlockId) -> bool {
        let rows: Vec<usize> =
            (0..lp.carried.len()).filter(|k| self.is_active(&lp.carried[*k])).collect();
        let mut columns = self.outer_values(pos);
        for k in &rows {
            let init = lp.carried[*k].init;
            if self.act.value(init) && !columns.contains(&init) {
                columns.push(init);
            }
        }
        let at_home = self
            .regions
            .last()
            .is_some_and(|region| region.standing == Standing::Same && region.root == block);
        let arrives = rows.iter().any(|k| self.cot.contains_key(&lp.carried[*k].out));
        let recurs = rows.iter().any(|k| self.accumulates(lp, *k).is_none());
        if !at_home
            || !arrives
            || !recurs
            || !self.are_few(pos, rows.len(), columns.len())
            || !(pos + 1..self.ix.end(pos)).all(|k| self.is_plain(&self.ix.stmts[k].0.kind))
            || self.reads_at_checkpoints(pos)
        {
            return false;
        }
        let Some(first) = columns.first() else { return false };
        let elem = self.elem(*first);
        let one_type = |v: &V| self.elem(*v) == elem;
        let outs = rows.iter().map(|k| lp.carried[*k].out);
        if !columns.iter().all(one_type) || !outs.clone().all(|v| one_type(&v)) {
            return false;
        }

        let one = self.number(1.0, elem);
        let mut tangents = Tangents::default();
        for (j, v) in columns.iter().enumerate() {
            let unit = (0..columns.len()).map(|k| (k == j).then_some(one)).collect();
            tangents.insert(*v, unit);
        }
        let span = self.ix.stmts[pos].0.span;
        let stmt = self.loop_with_tangents(lp, &mut tangents, columns.len());
        let stmt = Stmt { kind: stmt, span };
        let patch = LoopPatch { instead: Some(vec![stmt]), ..LoopPatch::default() };
        self.patches.loops.insert(pos, patch);
        self.tangents |= columns.len() > 1 && rows.len() > 1;
        for k in rows {
            let out = lp.carried[k].out;
            let Some(ct) = self.cot.remove(&out) else { continue };
            for (j, v) in columns.iter().enumerate() {
                if let Some(tangent) = tangents.get(&out).and_then(|tangents| tangents[j]) {
                    let product = self.apply(&primitives::MUL, vec![ct, tangent], out);
                    let product = self.apply(&primitives::GUARD, vec![ct, product], out);
                    self.contribute(*v, product);
                }
            }
        }
        true
    }

    /// Whether the derivatives of so many variables of a loop by so many inputs are worth carrying.
    fn are_few(&self, pos: usize, variables: usize, inputs: usize) -> bool {
        let mut kinds = (pos + 1..self.ix.end(pos)).map(|k| &self.ix.stmts[k].0.kind);
        let mut in_a_line = || !kinds.any(|kind| matches!(kind, Kind::If { .. }));
        let all = variables * inputs;
        all <= FEW || all <= FEW_IN_A_LINE && inputs <= FEW_INPUTS && in_a_line()
    }

    /// Whether a statement inside the loop touches no memory that carries a derivative.
    fn is_plain(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Prim(..) | Kind::Cast(..) | Kind::If { .. } | Kind::Loop(_) => true,
            Kind::Const(..) | Kind::Pass(..) | Kind::Fail(_) | Kind::Diverge(_) => true,
            Kind::Load(out, _) => !self.act.value(*out),
            Kind::Store(place, ..) => !self.act.mem(place.mem),
            Kind::Opaque { out, pure, .. } => *pure && out.is_none_or(|out| !self.act.value(out)),
            _ => false,
        }
    }

    /// Whether a loop with checkpoints reads memory: what is read may be the user's code, which runs
    /// as often as the attribute says.
    fn reads_at_checkpoints(&self, pos: usize) -> bool {
        let mut kinds = (pos..self.ix.end(pos)).map(|k| &self.ix.stmts[k].0.kind);
        let checkpoints =
            kinds.clone().any(|kind| matches!(kind, Kind::Loop(lp) if lp.checkpoint.is_some()));
        checkpoints && kinds.any(|kind| matches!(kind, Kind::Load(..) | Kind::Opaque { .. }))
    }

    fn block_with_tangents(
        &mut self,
        block: &Block,
        tangents: &mut Tangents,
        columns: usize,
    ) -> Vec<Stmt> {
        self.code.push(Vec::new());
        for stmt in &block.stmts {
            let kind = match &stmt.kind {
                Kind::If { cond, then, other, outs } => {
                    let then = Block { stmts: self.block_with_tangents(then, tangents, columns) };
                    let other = Block { stmts: self.block_with_tangents(other, tangents, columns) };
                    let outs = self.outs_with_tangents(outs, tangents, columns);
                    Kind::If { cond: *cond, then, other, outs }
                }
                Kind::Loop(lp) => self.loop_with_tangents(lp, tangents, columns),
                other => other.clone(),
            };
            self.push(Stmt { kind, span: stmt.span });
            match &stmt.kind {
                Kind::Prim(out, row, args) if self.act.value(*out) => {
                    let known = |v, j: usize| tangents.get(&v).and_then(|tangents| tangents[j]);
                    let of = rule::tangents(self, row, args, *out, columns, &known);
                    tangents.insert(*out, of);
                }
                Kind::Cast(out, arg) if self.act.value(*out) => {
                    let of = (0..columns).map(|j| {
                        let tangent = tangents.get(arg)?[j]?;
                        let here = self.fresh("t", *out);
                        self.emit(Kind::Cast(here, tangent));
                        Some(here)
                    });
                    let of = of.collect();
                    tangents.insert(*out, of);
                }
                _ => {}
            }
        }
        self.code.pop().unwrap_or_default()
    }

    fn outs_with_tangents(
        &mut self,
        outs: &[Out],
        tangents: &mut Tangents,
        columns: usize,
    ) -> Vec<Out> {
        let mut all = outs.to_vec();
        for out in outs.iter().filter(|out| self.act.value(out.value)) {
            let of = (0..columns).map(|j| {
                let arm = |arm: Option<V>| arm.and_then(|v| tangents.get(&v)?[j]);
                let (then, other) = (arm(out.then), arm(out.other));
                if then.is_none() && other.is_none() {
                    return None;
                }
                let zero = self.number(0.0, self.elem(out.value));
                let value = self.fresh(&format!("t_{}", self.out.of(out.value).name), out.value);
                let then = out.then.map(|_| then.unwrap_or(zero));
                let other = out.other.map(|_| other.unwrap_or(zero));
                all.push(Out { value, then, other });
                Some(value)
            });
            let of = of.collect();
            tangents.insert(out.value, of);
        }
        all
    }

    fn loop_with_tangents(&mut self, lp: &Loop, tangents: &mut Tangents, columns: usize) -> Kind {
        let active: Vec<&Carried> = lp.carried.iter().filter(|c| self.is_active(c)).collect();
        let mut started = Vec::new();
        for c in &active {
            let of = (0..columns).map(|j| {
                let init = tangents.get(&c.init).and_then(|tangents| tangents[j]);
                let init = init.unwrap_or_else(|| self.number(0.0, self.elem(c.param)));
                let param = self.fresh(&format!("t_{}", self.out.of(c.param).name), c.param);
                (param, init)
            });
            let of: Vec<(V, V)> = of.collect();
            tangents.insert(c.param, of.iter().map(|(param, _)| Some(*param)).collect());
            started.push(of);
        }
        let stmts = self.block_with_tangents(&lp.body, tangents, columns);
        let mut carried = lp.carried.clone();
        for (c, of) in active.iter().zip(started) {
            let mut outs = Vec::new();
            for (j, (param, init)) in of.into_iter().enumerate() {
                let next = tangents.get(&c.next).and_then(|tangents| tangents[j]);
                let next = next.unwrap_or_else(|| self.number(0.0, self.elem(c.param)));
                let out = self.fresh(&format!("t_{}", self.out.of(c.out).name), c.out);
                carried.push(Carried { param, init, next, out });
                outs.push(Some(out));
            }
            tangents.insert(c.out, outs);
        }
        let body = Block { stmts };
        Kind::Loop(Box::new(Loop { carried, body, checkpoint: None, ..lp.clone() }))
    }
}

impl Write for Builder<'_> {
    fn apply(&mut self, row: Prim, args: Vec<V>, like: V) -> V {
        Builder::apply(self, row, args, like)
    }

    fn number(&mut self, value: f64, elem: Elem) -> V {
        Builder::number(self, value, elem)
    }

    fn number_of(&self, v: V) -> Option<f64> {
        Builder::number_of(self, v)
    }

    fn elem(&self, v: V) -> Elem {
        Builder::elem(self, v)
    }

    fn is_integer(&self, v: V) -> bool {
        self.out.float(v).is_none()
    }

    fn to_float(&mut self, v: V, like: V) -> V {
        let float = self.fresh("n", like);
        self.emit(Kind::Cast(float, v));
        float
    }

    fn one_less(&mut self, v: V) -> V {
        let (less, one) = (self.fresh("n", v), self.fresh("k", v));
        let literal = self.stmt(Kind::Const(one, Literal::Int(1)));
        self.consts.push(literal);
        self.emit(Kind::Pass(less, Pass::Method("saturating_sub".to_string()), vec![v, one]));
        less
    }

    fn is_wild(&self, _: V) -> bool {
        false
    }

    fn mark_wild(&mut self, _: V) {}

    fn is_singular(&self, partial: &Sym, args: &[V]) -> bool {
        Builder::is_singular(self, partial, args)
    }
}
