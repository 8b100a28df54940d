//! Room for lists: where the first loop that fills one runs over a range, and each iteration puts so
//! many elements on it, it is made with room for all.

use super::ir::{Block, Init, Kind, Loop, MemId, Over, Pass, Program, Stmt, Ty, V};
use super::walk;
use crate::hash::HashMap;
use crate::ir::Literal;
use crate::parse::Type;
use proc_macro2::Span;

/// Beyond so many floats lists grow as they are filled: a range may be longer than what is run of it.
const MOST: usize = 1 << 24;

/// Makes lists where it is known how many elements they get.
pub fn room(program: &mut Program) {
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
    walk::all(&entries, &mut |kind| match kind {
        Kind::Entry(list, ..) => lists.push(*list),
        Kind::Push(place, _) if place.proj.is_empty() => lists.push(place.mem),
        _ => {}
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
                        && let Some(all) = program.all(lp, (mem, count(mem, &lp.body)), &stmt)
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

/// How many elements an iteration puts on a list, but for loops in it: entries at most, others at
/// least, as a condition may hold rarely.
fn count(list: MemId, block: &Block) -> usize {
    let of = |stmt: &Stmt| match &stmt.kind {
        Kind::Entry(to, ..) => usize::from(*to == list),
        Kind::Push(to, _) => usize::from(to.mem == list && to.proj.is_empty()),
        Kind::If { then, other, .. } => {
            let [then, other] = [then, other].map(|arm| (count(list, arm), arm));
            let entries = [then, other].iter().any(|(_, arm)| has_entries(list, arm));
            if entries { then.0.max(other.0) } else { then.0.min(other.0) }
        }
        _ => 0,
    };
    block.stmts.iter().map(of).sum()
}

fn has_entries(list: MemId, block: &Block) -> bool {
    let mut found = false;
    walk::all(block, &mut |kind| found |= matches!(kind, Kind::Entry(to, ..) if *to == list));
    found
}

/// How many floats an element of a list is made of, as far as its type tells.
fn floats(ty: &Type) -> usize {
    match ty {
        Type::Vec(of) => floats(of),
        Type::Fixed(of, len) => {
            let len = len.trim().trim_end_matches("usize").parse().unwrap_or(1);
            floats(of).saturating_mul(len).clamp(1, MOST)
        }
        _ => 1,
    }
}

impl Program {
    /// The number of elements that a loop puts on a list, as a value ahead of it.
    fn all(&mut self, lp: &Loop, (list, each): (MemId, usize), at: &Stmt) -> Option<V> {
        let Over::Range { lo, hi, .. } = lp.over else { return None };
        let index = |v: V| match &self.of(v).ty {
            Ty::Int(name) => name.as_ref().is_none_or(|name| name == "usize"),
            _ => false,
        };
        if each == 0 || lp.exit.is_some() || !index(lo) || !index(hi) {
            return None;
        }
        let most = (MOST / floats(&self.at(list).ty)) as i128;
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
        let most = put(&|v| Kind::Const(v, Literal::Int(most)));
        Some(put(&|v| Kind::Pass(v, method("min"), vec![all, most])))
    }
}
