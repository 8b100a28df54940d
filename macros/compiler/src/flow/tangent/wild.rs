//! Which tangents may be infinite where what they were made of is not: behind a root at zero, say. A
//! zero partial times such a tangent is zero, and has to be guarded.

use crate::flow::activity::Activity;
use crate::flow::adjoint::pullback::can_be_infinite;
use crate::flow::ir::{Block, Kind, MemId, Program, V};
use crate::flow::walk;
use crate::hash::{HashMap, HashSet};
use crate::primitives;

/// Values and memories with such tangents.
#[derive(Default)]
pub(super) struct Wild {
    values: HashSet<V>,
    mems: HashSet<MemId>,
    /// Whether one goes through a record.
    records: bool,
}

impl Wild {
    /// Finds them in a program, where `numbers` are its literals.
    pub(super) fn of(program: &Program, act: &Activity, numbers: &HashMap<V, f64>) -> Self {
        let mut wild = Wild::default();
        loop {
            let before = (wild.values.len(), wild.mems.len(), wild.records);
            wild.block(&program.body, act, numbers);
            if before == (wild.values.len(), wild.mems.len(), wild.records) {
                return wild;
            }
        }
    }

    /// Whether the tangent of a value is one.
    pub(super) fn value(&self, v: V) -> bool {
        self.values.contains(&v)
    }

    fn block(&mut self, block: &Block, act: &Activity, numbers: &HashMap<V, f64>) {
        for stmt in &block.stmts {
            self.statement(&stmt.kind, act, numbers);
            for block in walk::blocks(&stmt.kind) {
                self.block(block, act, numbers);
            }
        }
    }

    fn add(&mut self, v: V, act: &Activity) {
        if act.value(v) {
            self.values.insert(v);
        }
    }

    fn statement(&mut self, kind: &Kind, act: &Activity, numbers: &HashMap<V, f64>) {
        match kind {
            Kind::If { outs, .. } => {
                for out in outs {
                    if out.then.iter().chain(&out.other).any(|v| self.value(*v)) {
                        self.add(out.value, act);
                    }
                }
                return;
            }
            Kind::Loop(lp) => {
                for c in &lp.carried {
                    if self.value(c.init) || self.value(c.next) {
                        self.add(c.param, act);
                        self.add(c.out, act);
                    }
                }
                return;
            }
            _ => {}
        }
        let mut wild = match kind {
            Kind::Prim(_, row, args) => {
                primitives::choosing(row).is_none()
                    && can_be_infinite(row, args.get(1).and_then(|v| numbers.get(v).copied()))
            }
            // What they do is not known here.
            Kind::Call(_) | Kind::Pull { .. } => true,
            Kind::Recall(..) | Kind::Restore(..) => self.records,
            _ => false,
        };
        walk::values(kind, &mut |v| wild |= self.value(v));
        walk::places(kind, &mut |mem, _, _| wild |= self.mems.contains(&mem));
        if !wild {
            return;
        }
        self.records |= matches!(kind, Kind::Keep(..) | Kind::Save(..));
        walk::defines(kind, &mut |v| self.add(v, act));
        let mut written: Vec<MemId> = walk::makes(kind).to_vec();
        walk::places(kind, &mut |mem, _, access| {
            if access.writes() {
                written.push(mem);
            }
        });
        self.mems.extend(written.into_iter().filter(|mem| act.mem(*mem)));
    }
}
