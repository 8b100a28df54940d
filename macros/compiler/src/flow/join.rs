//! Loops over the same range as one.
//!
//! Where one loop follows another, and what both touch they touch at the place of the iteration
//! alone, an iteration of the second may follow at once the same iteration of the first: what that
//! has written is still in a register. Both are innermost loops that carry nothing, so that the
//! joined loop is as good for vectors as they were.

use super::ir::{Block, Kind, Loop, MemId, Over, Pass, Program, Proj, RecId, Stmt, V};
use super::visit::{Names, rename_block};
use super::walk::{self, Access};
use crate::hash::{HashMap, HashSet};

/// Beyond this many statements a loop has no use for more: its values do not fit into registers.
const STATEMENTS: usize = 40;

/// Joins the loops of a program. `reverse` is the number of the statement with which the reverse
/// sweep begins: no loop is joined across it.
pub fn join(program: &mut Program, reverse: &mut usize) {
    let mut forward = std::mem::take(&mut program.body.stmts);
    let sweep = forward.split_off(*reverse);
    let forward = block(forward);
    *reverse = forward.len();
    program.body.stmts = forward;
    program.body.stmts.extend(block(sweep));
}

fn block(stmts: Vec<Stmt>) -> Vec<Stmt> {
    let mut out: Vec<Stmt> = Vec::with_capacity(stmts.len());
    for mut stmt in stmts {
        for inner in walk::blocks_mut(&mut stmt.kind) {
            inner.stmts = block(std::mem::take(&mut inner.stmts));
        }
        if let Kind::Loop(lp) = &stmt.kind
            && let Some(second) = Candidate::new(lp)
            && let Some(at) = partner(&out, lp, &second)
        {
            if let Kind::Loop(first) = &mut out[at].kind {
                append(first, lp);
            }
            // What stood between them now stands ahead.
            out[at..].rotate_left(1);
            continue;
        }
        out.push(stmt);
    }
    out
}

/// The earlier loop that a loop can be joined with; what stands between can stand ahead of both.
fn partner(before: &[Stmt], lp: &Loop, second: &Candidate) -> Option<usize> {
    let at = before.iter().rposition(|stmt| matches!(stmt.kind, Kind::Loop(_)))?;
    let Kind::Loop(first) = &before[at].kind else { return None };
    let candidate = Candidate::new(first)?;
    let movable = before[at + 1..].iter().all(|stmt| candidate.may_follow(&stmt.kind));
    (movable && same_range(first, lp) && candidate.joins(second)).then_some(at)
}

fn same_range(first: &Loop, second: &Loop) -> bool {
    match (&first.over, &second.over) {
        (
            Over::Range { lo, hi, reversed, .. },
            Over::Range { lo: from, hi: to, reversed: backwards, .. },
        ) => (lo, hi, reversed) == (from, to, backwards),
        _ => false,
    }
}

/// The second loop's body behind the first one's.
fn append(first: &mut Loop, second: &Loop) {
    let (Over::Range { var, .. }, Over::Range { var: other, .. }) = (&first.over, &second.over)
    else {
        return;
    };
    let mut body = second.body.clone();
    rename_block(&mut body, &mut Names(&HashMap::from_iter([(*other, *var)])));
    first.body.stmts.extend(body.stmts);
}

/// How a loop touches a memory.
#[derive(Default)]
struct Touch<'p> {
    /// The places, if all of them end in the loop's variable: what is before that.
    prefixes: Vec<&'p [Proj]>,
    elsewhere: bool,
    written: bool,
}

/// A loop that can be joined with another.
struct Candidate<'p> {
    touches: HashMap<MemId, Touch<'p>>,
    records: HashSet<RecId>,
    defined: HashSet<V>,
    statements: usize,
}

impl<'p> Candidate<'p> {
    fn new(lp: &'p Loop) -> Option<Self> {
        let Over::Range { var, .. } = lp.over else { return None };
        let plain = lp.carried.is_empty() && lp.exit.is_none() && lp.count.is_none();
        let mut this = Candidate {
            touches: HashMap::default(),
            records: HashSet::default(),
            defined: HashSet::from_iter([var]),
            statements: 0,
        };
        (plain && this.fits(&lp.body, var)).then_some(this)
    }

    fn fits(&mut self, block: &'p Block, var: V) -> bool {
        block.stmts.iter().all(|stmt| {
            self.statements += 1;
            walk::defines(&stmt.kind, &mut |v| {
                self.defined.insert(v);
            });
            match &stmt.kind {
                Kind::Const(..) | Kind::Prim(..) | Kind::Cast(..) => true,
                Kind::Pass(_, pass, _) => !matches!(pass, Pass::Len(_)),
                Kind::Load(_, place) | Kind::Store(place, ..) => {
                    let touch = self.touches.entry(place.mem).or_default();
                    touch.written |= matches!(stmt.kind, Kind::Store(..));
                    match place.proj.split_last() {
                        Some((Proj::Index(at), prefix)) if *at == var => {
                            touch.prefixes.push(prefix);
                        }
                        _ => touch.elsewhere = true,
                    }
                    true
                }
                Kind::Keep(record, _, mems) | Kind::Recall(record, _, mems) => {
                    self.records.insert(*record) && mems.is_empty()
                }
                Kind::If { then, other, .. } => self.fits(then, var) && self.fits(other, var),
                _ => false,
            }
        })
    }

    /// Whether a statement behind the loop may as well stand ahead of it.
    fn may_follow(&self, kind: &Kind) -> bool {
        let mut independent = matches!(
            kind,
            Kind::Const(..)
                | Kind::Prim(..)
                | Kind::Cast(..)
                | Kind::Pass(..)
                | Kind::Load(..)
                | Kind::Store(..)
        );
        walk::values(kind, &mut |v| independent &= !self.defined.contains(&v));
        walk::places(kind, &mut |mem, _, access| {
            independent &= match self.touches.get(&mem) {
                Some(touch) => !access.writes() && !touch.written || is_length(kind),
                None => access != Access::Resize,
            };
        });
        independent
    }

    /// Whether iterations of the two can follow each other.
    fn joins(&self, second: &Candidate) -> bool {
        self.statements + second.statements <= STATEMENTS
            && self.records.is_disjoint(&second.records)
            && second.touches.iter().all(|(mem, touch)| match self.touches.get(mem) {
                Some(of) if of.written || touch.written => {
                    let all = of.prefixes.iter().chain(&touch.prefixes);
                    !of.elsewhere
                        && !touch.elsewhere
                        && all.clone().all(|prefix| *prefix == of.prefixes[0])
                        && !all
                            .flat_map(|prefix| prefix.iter())
                            .any(|proj| self.varies(second, proj))
                }
                _ => true,
            })
    }

    /// Whether a step depends on what one of the loops defines.
    fn varies(&self, second: &Candidate, proj: &Proj) -> bool {
        let varies = |v: &V| self.defined.contains(v) || second.defined.contains(v);
        match proj {
            Proj::Field(_) => false,
            Proj::Index(at) => varies(at),
            Proj::Range(from, to) => varies(from) || to.as_ref().is_some_and(varies),
        }
    }
}

fn is_length(kind: &Kind) -> bool {
    matches!(kind, Kind::Pass(_, Pass::Len(_), _))
}
