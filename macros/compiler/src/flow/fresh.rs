//! Cotangents of workspaces are written where they are first added to.
//!
//! The shadow of a workspace that every iteration fills anew is zero at the start of each iteration
//! of the reverse loop: the iteration adds to it, reads it, and sets it to zero. Where the first
//! addition reaches every element, it may as well overwrite what is there, so that no zeros need to
//! be left behind:
//!
//! ```text
//! for c in 0..k rev:              for c in 0..k rev:
//!   for i in 0..n: d_w[i] += a      for i in 0..n: d_w[i] = a
//!   …                               …
//!   for i in 0..n:                  for i in 0..n:
//!     ct = d_w[i]                     ct = d_w[i]
//!     d_w[i] = 0
//! ```

use super::index::Index;
use super::ir::{Block, Init, Kind, Loop, MemId, Mode, Origin, Over, Place, Program, Proj, V};
use super::lengths::Lengths;
use super::walk::{self, Access};
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;

/// Spares shadows their zeros where that is possible. Returns these and other shadows that hand
/// nothing from one iteration to the next: each writes all of their elements before it reads any,
/// or leaves all of them zero.
pub fn fresh(program: &mut Program) -> HashSet<MemId> {
    if program.mems.is_empty() {
        return HashSet::default();
    }
    let index = Index::new(program);
    let finder =
        Finder { lengths: Lengths { program, index: &index }, zeros: zeros(&program.body) };
    let mut found = Found::default();
    finder.block(&program.body, &finder.elsewhere(program), &mut found);
    let mut body = std::mem::take(&mut program.body);
    rewrite(&mut body, &found.refilled);
    program.body = body;
    found.cleared.extend(found.refilled);
    found.cleared
}

/// Shadows that each iteration of a loop leaves zero.
#[derive(Default)]
struct Found {
    /// Those that it adds to, all of their elements, before it does anything else.
    refilled: HashSet<MemId>,
    /// The others.
    cleared: HashSet<MemId>,
}

/// The floats that are literally zero, and the integers.
pub(super) struct Zeros {
    pub(super) floats: HashSet<V>,
    integers: HashSet<V>,
}

pub(super) fn zeros(block: &Block) -> Zeros {
    let mut zeros = Zeros { floats: HashSet::default(), integers: HashSet::default() };
    walk::all(block, &mut |kind| match kind {
        Kind::Const(v, Literal::Float(number, _)) if *number == 0.0 => {
            zeros.floats.insert(*v);
        }
        Kind::Const(v, Literal::Int(0)) => {
            zeros.integers.insert(*v);
        }
        _ => {}
    });
    zeros
}

struct Finder<'a, 'p> {
    lengths: Lengths<'a, 'p>,
    zeros: Zeros,
}

/// How often memories are accessed, float by float.
type Counts = HashMap<MemId, usize>;

impl Finder<'_, '_> {
    /// How often each shadow that begins as zeros is accessed, if it is not touched otherwise.
    fn elsewhere(&self, program: &Program) -> Counts {
        let mut counts = Counts::default();
        let mut otherwise = HashSet::default();
        let mut zeros = HashSet::default();
        walk::all(&program.body, &mut |kind| {
            if let Kind::Alloc(mem, Init::ZerosLike(_)) = kind
                && !zeros.insert(*mem)
            {
                otherwise.insert(*mem);
            }
            walk::places(kind, &mut |mem, _, access| match access {
                Access::Load | Access::Store => *counts.entry(mem).or_default() += 1,
                _ => {
                    otherwise.insert(mem);
                }
            });
        });
        counts.retain(|mem, _| {
            let of = program.at(*mem);
            let shadow = of.origin == Origin::Local && of.shadows.is_some();
            shadow && zeros.contains(mem) && !otherwise.contains(mem)
        });
        counts
    }

    fn block(&self, block: &Block, counts: &Counts, found: &mut Found) {
        for stmt in &block.stmts {
            if let Kind::Loop(lp) = &stmt.kind {
                for (mem, count) in walk::accesses(&lp.body.stmts) {
                    if counts.get(&mem) != Some(&count) || !self.is_cleared(&lp.body, mem) {
                        continue;
                    }
                    if self.is_refilled(&lp.body, mem) {
                        found.refilled.insert(mem);
                    } else {
                        found.cleared.insert(mem);
                    }
                }
            }
            walk::blocks(&stmt.kind).into_iter().for_each(|b| self.block(b, counts, found));
        }
    }

    /// Whether the statements of a loop's body set all of a memory to zero last.
    fn is_cleared(&self, body: &Block, mem: MemId) -> bool {
        let last = body.stmts.iter().rfind(|stmt| touches(&stmt.kind, mem));
        let kinds = last.and_then(|last| self.element_by_element(&last.kind, mem));
        kinds.is_some_and(|kinds| kinds.last().is_some_and(|kind| self.clears(kind)))
    }

    /// Whether they add to all of it first.
    fn is_refilled(&self, body: &Block, mem: MemId) -> bool {
        let first = body.stmts.iter().find(|stmt| touches(&stmt.kind, mem));
        let kinds = first.and_then(|first| self.element_by_element(&first.kind, mem));
        kinds.is_some_and(|kinds| adds(kinds.first()))
    }

    /// The accesses of a memory in a loop over all of its elements, if each iteration touches its
    /// own element only, unconditionally.
    fn element_by_element<'b>(&self, kind: &'b Kind, mem: MemId) -> Option<Vec<&'b Kind>> {
        let Kind::Loop(lp) = kind else { return None };
        let Loop { over: Over::Range { var, lo, hi, .. }, exit: None, .. } = &**lp else {
            return None;
        };
        if !self.zeros.integers.contains(lo) || !self.lengths.is_length(*hi, mem) {
            return None;
        }
        let own = |place: &Place| place.proj == [Proj::Index(*var)];
        let mut kinds = Vec::new();
        for stmt in lp.body.stmts.iter().filter(|stmt| touches(&stmt.kind, mem)) {
            match &stmt.kind {
                Kind::Load(_, place) | Kind::Store(place, ..) if own(place) => {
                    kinds.push(&stmt.kind);
                }
                _ => return None,
            }
        }
        Some(kinds)
    }

    fn clears(&self, kind: &Kind) -> bool {
        matches!(kind, Kind::Store(_, v, Mode::Set) if self.zeros.floats.contains(v))
    }
}

fn adds(kind: Option<&&Kind>) -> bool {
    matches!(kind, Some(Kind::Store(_, _, Mode::Add)))
}

fn touches(kind: &Kind, mem: MemId) -> bool {
    let mut found = false;
    let mut look = |kind: &Kind| walk::places(kind, &mut |m, _, _| found |= m == mem);
    look(kind);
    for block in walk::blocks(kind) {
        walk::all(block, &mut look);
    }
    found
}

/// The first addition overwrites, the last zero is left out.
fn rewrite(body: &mut Block, found: &HashSet<MemId>) {
    let mut last: HashMap<MemId, usize> = HashMap::default();
    let mut count = 0;
    walk::all(body, &mut |kind| {
        count += 1;
        if let Kind::Store(place, _, Mode::Set) = kind
            && found.contains(&place.mem)
        {
            last.insert(place.mem, count);
        }
    });
    let mut rewriting = Rewriting { found, last, seen: HashSet::default(), count: 0 };
    rewriting.block(body);
}

struct Rewriting<'f> {
    found: &'f HashSet<MemId>,
    last: HashMap<MemId, usize>,
    seen: HashSet<MemId>,
    count: usize,
}

impl Rewriting<'_> {
    fn block(&mut self, block: &mut Block) {
        block.stmts.retain_mut(|stmt| {
            self.count += 1;
            if let Kind::Store(place, _, mode) = &mut stmt.kind
                && self.found.contains(&place.mem)
            {
                if self.last.get(&place.mem) == Some(&self.count) {
                    return false;
                }
                if self.seen.insert(place.mem) {
                    *mode = Mode::Set;
                }
            }
            for inner in walk::blocks_mut(&mut stmt.kind) {
                self.block(inner);
            }
            true
        });
    }
}
