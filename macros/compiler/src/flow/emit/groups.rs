//! When the parts of a record's entry are put on it and taken off.
//!
//! An entry of many values is kept in groups, each on a vector of its own. A group is put on as soon
//! as its values are known, and taken off just before the first of them is used: so few values are
//! live at a time, and no block without branches gets so long that LLVM's vectorizers take minutes
//! over it. LLVM would move all that is computed between two groups behind the last one, where the
//! results are used: a value on the way is pinned to its place.

use super::block::Body;
use super::facts::GROUP;
use crate::flow::ir::{Block, Kind, RecId, Stmt, Ty, V};
use crate::flow::walk;
use crate::hash::{HashMap, HashSet};
use proc_macro2::TokenTree;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Groups of the statement with a number, by their numbers.
type Pieces = Vec<(usize, usize)>;

/// Which groups stand before each statement of a block instead of where their statement is.
#[derive(Default)]
pub(super) struct Schedule {
    pieces: BTreeMap<usize, Pieces>,
    /// The statements that stand in pieces.
    moved: BTreeSet<usize>,
    /// What is to be computed where it stands.
    pub(super) pinned: HashSet<V>,
}

impl Schedule {
    /// For some statements of a block; what is used behind them stands before their end.
    pub(super) fn new(body: &Body<'_>, block: &Block, range: &Range<usize>) -> Schedule {
        let mut schedule = Schedule::default();
        let stmts = &block.stmts[range.clone()];
        let is_apart = |stmt: &&Stmt| apart(body, &stmt.kind).is_some();
        if !stmts.iter().any(|stmt| is_apart(&stmt)) {
            return schedule;
        }
        let of = Uses::new(block, range);
        for at in range.clone() {
            let kind = &block.stmts[at].kind;
            let Some((record, values)) = apart(body, kind) else { continue };
            let touched = &of.touched[&record];
            let mut since = at;
            for (group, values) in values.chunks(GROUP).enumerate() {
                let place = if matches!(kind, Kind::Keep(..)) {
                    let known = values.iter().filter_map(|v| of.defined.get(v)).max();
                    let before = touched.iter().rev().find(|other| **other < at);
                    let earliest = |after: Option<&usize>| after.map_or(range.start, |at| at + 1);
                    earliest(known).max(earliest(before))
                } else {
                    let used = values.iter().filter_map(|v| of.used.get(v)).min();
                    let next = touched.iter().find(|other| **other > at);
                    let latest = |at: Option<&usize>| at.copied().unwrap_or(range.end);
                    let place = latest(used).min(latest(next));
                    // What leads on from before the last group was pinned for that.
                    schedule.pinned.extend(of.on_the_way(body, block, since.min(place)..place));
                    since = since.max(place);
                    place
                };
                schedule.pieces.entry(place).or_default().push((at, group));
            }
            schedule.moved.insert(at);
        }
        schedule
    }

    /// Whether a statement stands in pieces.
    pub(super) fn moves(&self, at: usize) -> bool {
        self.moved.contains(&at)
    }

    /// The groups before a statement.
    pub(super) fn before(
        &mut self,
        body: &mut Body<'_>,
        block: &Block,
        at: usize,
        out: &mut Vec<TokenTree>,
    ) {
        for (stmt, group) in self.pieces.remove(&at).unwrap_or_default() {
            match &block.stmts[stmt].kind {
                Kind::Keep(record, values, _) => {
                    out.extend(body.keep_group(*record, values, group))
                }
                Kind::Recall(record, values, _) => {
                    out.extend(body.recall_group(*record, values, group));
                }
                _ => {}
            }
        }
    }
}

/// What a statement keeps or takes off, if its groups may stand apart: what only Rust knows the type
/// of may be changed in place.
fn apart<'k>(body: &Body<'_>, kind: &'k Kind) -> Option<(RecId, &'k [V])> {
    let (Kind::Keep(record, values, _) | Kind::Recall(record, values, _)) = kind else {
        return None;
    };
    let plain = |v: &V| {
        let of = body.program.of(*v);
        of.ty != Ty::Opaque && !of.object
    };
    (body.facts.is_wide(*record) && values.iter().all(plain)).then_some((*record, values))
}

/// What the statements of a part of a block touch, those inside them included.
#[derive(Default)]
struct Uses {
    /// The first statement that uses a value.
    used: HashMap<V, usize>,
    /// The last one.
    last: HashMap<V, usize>,
    /// How many steps lead to a value.
    steps: HashMap<V, usize>,
    /// The statement that defines a value.
    defined: HashMap<V, usize>,
    /// The statements that touch a record, in order.
    touched: HashMap<RecId, Vec<usize>>,
}

impl Uses {
    fn new(block: &Block, range: &Range<usize>) -> Uses {
        let mut uses = Uses::default();
        for at in range.clone() {
            let kind = &block.stmts[at].kind;
            let mut steps = uses.statement(at, kind);
            for inner in walk::blocks(kind) {
                walk::all(inner, &mut |kind| steps = steps.max(uses.statement(at, kind)));
            }
            walk::defines(kind, &mut |v| {
                uses.defined.insert(v, at);
                uses.steps.insert(v, steps + 1);
            });
        }
        uses
    }

    /// Of the floats of some statements that are used behind them, the one that most steps lead to.
    fn on_the_way(&self, body: &Body<'_>, block: &Block, of: Range<usize>) -> Option<V> {
        let end = of.end;
        let computed = block.stmts[of].iter().filter_map(|stmt| match &stmt.kind {
            Kind::Prim(v, ..) => Some(*v),
            _ => None,
        });
        let used = computed.filter(|v| self.last.get(v).is_some_and(|last| *last >= end));
        used.filter(|v| body.program.float(*v).is_some()).max_by_key(|v| self.steps.get(v))
    }

    /// How many steps lead to what the statement reads.
    fn statement(&mut self, at: usize, kind: &Kind) -> usize {
        let mut steps = 0;
        walk::values(kind, &mut |v| {
            self.used.entry(v).or_insert(at);
            self.last.insert(v, at);
            steps = steps.max(self.steps.get(&v).copied().unwrap_or_default());
        });
        if let Kind::Declare(record, _)
        | Kind::Keep(record, ..)
        | Kind::Recall(record, ..)
        | Kind::Save(record, _)
        | Kind::Restore(record, _) = kind
        {
            let touched = self.touched.entry(*record).or_default();
            if touched.last() != Some(&at) {
                touched.push(at);
            }
        }
        steps
    }
}
