//! How often values are read, and where: what is read once, in its own block, is written where it is
//! read.

use crate::flow::ir::{Adjoint, Block, Grad, Init, Kind, Over, Source, Tree, V};

/// How often each value is read.
pub(super) struct Uses {
    counts: Vec<u32>,
    /// The values that are read in another block than the one that defines them.
    shared: Vec<bool>,
    /// The block that defines a value, by its number, as far as the reader is.
    homes: Vec<u32>,
    blocks: u32,
}

/// No block.
const ELSEWHERE: u32 = 0;

impl Uses {
    /// Those of a program with its reverse sweep.
    pub(super) fn of(adjoint: &Adjoint) -> Uses {
        let values = adjoint.program.values.len();
        let mut uses = Uses {
            counts: vec![0; values],
            shared: vec![false; values],
            homes: vec![ELSEWHERE; values],
            blocks: ELSEWHERE,
        };
        uses.block(&adjoint.program.body);
        if let Some(result) = &adjoint.program.result {
            uses.tree(result);
        }
        for grad in &adjoint.grads {
            if let Grad::Value(Some(ct)) = grad {
                uses.counts[ct.0 as usize] += 1;
            }
        }
        uses
    }

    /// How often a value is read.
    pub(super) fn count(&self, v: V) -> u32 {
        self.counts[v.0 as usize]
    }

    /// Whether a value is read in another block than the one that defines it.
    pub(super) fn is_shared(&self, v: V) -> bool {
        self.shared[v.0 as usize]
    }

    fn used(&mut self, v: V, here: u32) {
        let v = v.0 as usize;
        self.counts[v] += 1;
        if here == ELSEWHERE || self.homes[v] != here {
            self.shared[v] = true;
        }
    }

    fn define(&mut self, v: V, here: u32) {
        self.homes[v.0 as usize] = here;
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Value(v) => self.counts[v.0 as usize] += 1,
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.tree(part)),
            Tree::Success(inner) => self.tree(inner),
            Tree::Unit | Tree::Place(_) | Tree::Array(..) => {}
        }
    }

    /// The number of the block.
    fn block(&mut self, block: &Block) -> u32 {
        self.blocks += 1;
        let here = self.blocks;
        let scalar = |source: &Source| match source {
            Source::Value(v) => Some(*v),
            Source::Place(_) => None,
        };
        let mut read = Vec::new();
        for stmt in &block.stmts {
            match &stmt.kind {
                Kind::Const(..) | Kind::DropLast(_) => {}
                Kind::Entry(_, row, column, v) => read.extend([row, column, v]),
                Kind::Prim(out, _, args) | Kind::Pass(out, _, args) => {
                    read.extend(args);
                    self.define(*out, here);
                }
                Kind::Cast(out, arg) => {
                    read.push(*arg);
                    self.define(*out, here);
                }
                Kind::Load(out, place) => {
                    read.extend(place.indices());
                    self.define(*out, here);
                }
                Kind::Store(place, v, _) | Kind::Fill(place, v) => {
                    read.extend(place.indices());
                    read.push(*v);
                }
                Kind::Push(_, Source::Value(v)) => read.push(*v),
                Kind::Alloc(_, Init::Filled(v, len)) => {
                    read.push(*v);
                    read.extend(len);
                }
                Kind::Alloc(_, Init::List(values)) => read.extend(values),
                Kind::If { cond, then, other, outs } => {
                    read.push(*cond);
                    let (in_then, in_other) = (self.block(then), self.block(other));
                    for out in outs {
                        match (out.then, out.other) {
                            (Some(a), Some(b)) => {
                                self.used(a, in_then);
                                self.used(b, in_other);
                            }
                            // Known to one branch alone: read behind it under the same name.
                            (one, other) => {
                                one.or(other).into_iter().for_each(|v| self.used(v, ELSEWHERE));
                            }
                        }
                    }
                }
                Kind::Loop(lp) => {
                    if let Over::Range { lo, hi, .. } = &lp.over {
                        read.extend([*lo, *hi]);
                    }
                    let inside = self.block(&lp.body);
                    for carried in &lp.carried {
                        read.push(carried.init);
                        self.used(carried.next, inside);
                    }
                    lp.exit.into_iter().for_each(|v| self.used(v, ELSEWHERE));
                }
                Kind::Keep(_, values, _) => {
                    for v in values {
                        self.used(*v, ELSEWHERE);
                    }
                }
                Kind::Opaque { out, code, .. } => {
                    let stand_ins = super::code::stand_ins(code);
                    read.extend(stand_ins.filter_map(|bind| scalar(&bind.what)));
                    if let (Some(out), true) = (out, code.part.is_some()) {
                        self.define(*out, here);
                    }
                }
                Kind::Call(call) => {
                    read.extend(call.args.iter().filter_map(|arg| scalar(&arg.source)));
                }
                Kind::Pull { call, ct, .. } => {
                    let args = call.args.iter().map(|arg| &arg.source);
                    read.extend(args.chain(ct).filter_map(scalar));
                }
                _ => {}
            }
            for v in read.drain(..) {
                self.used(v, here);
            }
        }
        here
    }
}
