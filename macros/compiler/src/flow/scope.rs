//! Where values are in scope, in any program, those with a reverse sweep included.

use super::ir::{Block, Kind, Program, V};
use super::walk;
use crate::hash::HashMap;

/// Where a statement is: numbers of statements and of their blocks, by turns. Statements count from
/// one; what a loop itself defines in its body stands at zero.
pub(super) type Path = Vec<usize>;

/// Where values are defined.
pub(super) struct Scope(HashMap<V, Path>);

impl Scope {
    pub(super) fn new(program: &Program) -> Self {
        let mut scope = Scope(HashMap::default());
        scope.block(&program.body, &mut vec![]);
        scope
    }

    /// Whether a value is in scope ahead of the statement at a path.
    pub(super) fn sees(&self, v: V, from: &Path) -> bool {
        // What is not defined by a statement is a parameter.
        let Some(path) = self.0.get(&v) else { return true };
        let Some((last, around)) = path.split_last() else { return true };
        from.len() >= path.len() && from.starts_with(around) && *last < from[around.len()]
    }

    fn block(&mut self, block: &Block, path: &mut Path) {
        for (k, stmt) in block.stmts.iter().enumerate() {
            path.push(k + 1);
            walk::defines(&stmt.kind, &mut |v| {
                self.0.insert(v, path.clone());
            });
            if let Kind::Loop(lp) = &stmt.kind {
                for v in walk::inside(lp) {
                    let start = [path.as_slice(), &[0, 0]].concat();
                    self.0.insert(v, start);
                }
            }
            for (branch, block) in walk::blocks(&stmt.kind).into_iter().enumerate() {
                path.push(branch);
                self.block(block, path);
                path.pop();
            }
            path.pop();
        }
    }
}

/// The blocks of statements and of their blocks, with the way to each.
pub(super) fn blocks<'p>(block: &'p Block, path: &mut Path, f: &mut dyn FnMut(&Path, &'p Block)) {
    f(path, block);
    for (k, stmt) in block.stmts.iter().enumerate() {
        for (branch, block) in walk::blocks(&stmt.kind).into_iter().enumerate() {
            path.extend([k + 1, branch]);
            blocks(block, path, f);
            path.truncate(path.len() - 2);
        }
    }
}
