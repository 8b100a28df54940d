//! The forward code, with what the reverse code needs of it: values handed out of conditionals,
//! records filled, loops that run once put in their place.

use super::Builder;
use crate::flow::index::BlockId;
use crate::flow::ir::{Block, Kind, Stmt};

impl Builder<'_> {
    pub(super) fn forward(&mut self, block: BlockId) -> Vec<Stmt> {
        let mut out = Vec::new();
        for (pos, stmt) in self.ix.within(block, self.src) {
            out.extend(self.patches.before.remove(&pos).unwrap_or_default());
            let kind = match &stmt.kind {
                Kind::If { cond, outs, .. } => {
                    let [then, other] = self.ix.inner(pos);
                    let (then, other) = (self.forward(then), self.forward(other));
                    let mut outs = outs.clone();
                    outs.extend(self.patches.outs.remove(&pos).unwrap_or_default());
                    Kind::If {
                        cond: *cond,
                        then: Block { stmts: then },
                        other: Block { stmts: other },
                        outs,
                    }
                }
                Kind::Loop(lp) => {
                    let patch = self.patches.loops.remove(&pos).unwrap_or_default();
                    if let Some(instead) = patch.instead {
                        out.extend(instead);
                        continue;
                    }
                    let mut lp = (**lp).clone();
                    lp.carried.extend(patch.carried);
                    lp.body.stmts = patch.start;
                    lp.body.stmts.extend(self.forward(self.ix.inner(pos)[0]));
                    for (rec, place) in patch.save {
                        lp.body.stmts.push(Stmt { kind: Kind::Save(rec, place), span: stmt.span });
                    }
                    if let Some((rec, values, mems)) = patch.keep {
                        let kind = Kind::Keep(rec, values, mems);
                        lp.body.stmts.push(Stmt { kind, span: stmt.span });
                    }
                    lp.count = lp.count.or(patch.count);
                    lp.checkpoint = None;
                    Kind::Loop(Box::new(lp))
                }
                other => other.clone(),
            };
            out.push(Stmt { kind, span: stmt.span });
            out.extend(self.patches.after.remove(&pos).unwrap_or_default());
        }
        out
    }
}
