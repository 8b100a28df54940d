//! Room for entries: where the first loop that lists them runs over a range, and each iteration lists
//! so many, the list is made with room for all.

use crate::flow::ir::{Block, Init, Kind, Loop, MemId, Over, Pass, Program, Stmt, Ty, V};
use crate::flow::walk;
use crate::hash::HashMap;
use crate::ir::Literal;
use proc_macro2::Span;

/// Beyond so many entries lists grow as they are filled: a range may be longer than what is run of it.
const MOST: i128 = 1 << 24;

/// Makes lists of entries where their number is known.
pub(in crate::flow::tangent) fn room(program: &mut Program) {
    let mut empty: HashMap<MemId, Stmt> = HashMap::default();
    let mut body = std::mem::take(&mut program.body.stmts);
    let listed = |kind: &Kind| {
        let mut lists = Vec::new();
        walk::places(kind, &mut |mem, _, _| lists.push(mem));
        for block in walk::blocks(kind) {
            walk::all(block, &mut |kind| walk::places(kind, &mut |mem, _, _| lists.push(mem)));
        }
        lists
    };
    let mut lists = Vec::new();
    let entries = Block { stmts: body };
    walk::all(&entries, &mut |kind| {
        if let Kind::Entry(list, ..) = kind {
            lists.push(*list);
        }
    });
    body = entries.stmts;
    for stmt in body {
        match &stmt.kind {
            Kind::Alloc(mem, Init::Empty(None)) if lists.contains(mem) => {
                empty.insert(*mem, stmt);
                continue;
            }
            kind => {
                for mem in listed(kind) {
                    let Some(mut made) = empty.remove(&mem) else { continue };
                    if let (Kind::Loop(lp), Kind::Alloc(_, init)) = (kind, &mut made.kind)
                        && let Some(all) = program.all(lp, count(mem, &lp.body), &stmt)
                    {
                        *init = Init::Empty(Some(all));
                    }
                    program.body.stmts.push(made);
                }
            }
        }
        program.body.stmts.push(stmt);
    }
    let mut unused: Vec<(MemId, Stmt)> = empty.into_iter().collect();
    unused.sort_by_key(|(mem, _)| *mem);
    program.body.stmts.extend(unused.into_iter().map(|(_, stmt)| stmt));
}

/// How many entries an iteration lists at most, but for loops in it.
fn count(list: MemId, block: &Block) -> usize {
    let of = |stmt: &Stmt| match &stmt.kind {
        Kind::Entry(to, ..) => usize::from(*to == list),
        Kind::If { then, other, .. } => count(list, then).max(count(list, other)),
        _ => 0,
    };
    block.stmts.iter().map(of).sum()
}

impl Program {
    /// The number of entries of a loop, as a value ahead of it.
    fn all(&mut self, lp: &Loop, each: usize, at: &Stmt) -> Option<V> {
        let Over::Range { lo, hi, .. } = lp.over else { return None };
        let index = |v: V| match &self.of(v).ty {
            Ty::Int(name) => name.as_ref().is_none_or(|name| name == "usize"),
            _ => false,
        };
        if each == 0 || lp.exit.is_some() || !index(lo) || !index(hi) {
            return None;
        }
        let ty = Ty::Int(Some("usize".to_string()));
        let mut put = |kind: &dyn Fn(V) -> Kind| {
            let v = self.value("room", ty.clone(), Span::call_site());
            self.body.stmts.push(Stmt { kind: kind(v), span: at.span });
            v
        };
        let method = |name: &str| Pass::Method(name.to_string());
        let n = put(&|v| Kind::Pass(v, method("saturating_sub"), vec![hi, lo]));
        let each = put(&|v| Kind::Const(v, Literal::Int(each as i128)));
        let all = put(&|v| Kind::Pass(v, method("saturating_mul"), vec![n, each]));
        let most = put(&|v| Kind::Const(v, Literal::Int(MOST)));
        Some(put(&|v| Kind::Pass(v, method("min"), vec![all, most])))
    }
}
