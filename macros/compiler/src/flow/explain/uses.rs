//! How often values are read, and where: what is read once, in its own block, is written where it is
//! read.

use crate::flow::ir::{Adjoint, Block, Grad, Init, Kind, Over, Source, Tree, V};
use crate::hash::{HashMap, HashSet};

/// How often each value is read.
#[derive(Default)]
pub(super) struct Uses {
    counts: HashMap<V, usize>,
    /// The values that are read in another block than the one that defines them.
    shared: HashSet<V>,
}

impl Uses {
    /// Those of a program with its reverse sweep.
    pub(super) fn of(adjoint: &Adjoint) -> Uses {
        let mut uses = Uses::default();
        uses.block(&adjoint.program.body);
        if let Some(result) = &adjoint.program.result {
            uses.tree(result);
        }
        for grad in &adjoint.grads {
            if let Grad::Value(Some(ct)) = grad {
                *uses.counts.entry(*ct).or_default() += 1;
            }
        }
        uses
    }

    /// How often a value is read.
    pub(super) fn count(&self, v: V) -> usize {
        self.counts.get(&v).copied().unwrap_or(0)
    }

    /// Whether a value is read in another block than the one that defines it.
    pub(super) fn is_shared(&self, v: V) -> bool {
        self.shared.contains(&v)
    }

    fn used(&mut self, v: V, here: &HashSet<V>) {
        *self.counts.entry(v).or_default() += 1;
        if !here.contains(&v) {
            self.shared.insert(v);
        }
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Value(v) => *self.counts.entry(*v).or_default() += 1,
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.tree(part)),
            Tree::Success(inner) => self.tree(inner),
            Tree::Unit | Tree::Place(_) | Tree::Array(..) => {}
        }
    }

    /// The values that the block defines.
    fn block(&mut self, block: &Block) -> HashSet<V> {
        let mut here = HashSet::default();
        let scalar = |source: &Source| match source {
            Source::Value(v) => Some(*v),
            Source::Place(_) => None,
        };
        for stmt in &block.stmts {
            let mut read = Vec::new();
            match &stmt.kind {
                Kind::Const(..) | Kind::DropLast(_) => {}
                Kind::Entry(_, row, column, v) => read.extend([row, column, v]),
                Kind::Prim(out, _, args) | Kind::Pass(out, _, args) => {
                    read.extend(args);
                    here.insert(*out);
                }
                Kind::Cast(out, arg) => {
                    read.push(*arg);
                    here.insert(*out);
                }
                Kind::Load(out, place) => {
                    read.extend(place.indices());
                    here.insert(*out);
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
                                self.used(a, &in_then);
                                self.used(b, &in_other);
                            }
                            // Known to one branch alone: read behind it under the same name.
                            (one, other) => {
                                one.or(other)
                                    .into_iter()
                                    .for_each(|v| self.used(v, &HashSet::default()));
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
                        self.used(carried.next, &inside);
                    }
                    lp.exit.into_iter().for_each(|v| self.used(v, &HashSet::default()));
                }
                Kind::Keep(_, values, _) => {
                    for v in values {
                        self.used(*v, &HashSet::default());
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
            for v in read {
                self.used(v, &here);
            }
        }
        here
    }
}
