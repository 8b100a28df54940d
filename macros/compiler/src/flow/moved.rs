//! A memory that is copied to a new one and not used again is the new one: nothing is copied.
//!
//! ```text
//! both = …                        both = …
//! relative = copy of both   ─▶
//! x = relative[i]                 x = both[i]
//! ```

use super::ir::{Block, Init, Kind, MemId, Origin, Program, V};
use super::visit::{Rename, rename_block, rename_tree};
use super::walk;
use crate::hash::{HashMap, HashSet};

/// Spares copies of what is not used again.
pub fn moved(program: &mut Program) {
    // What the result is made of, and what several statements make.
    let mut kept: HashSet<MemId> = HashSet::default();
    if let Some(result) = &program.result {
        result.places(&mut |place| {
            kept.insert(place.mem);
        });
    }
    let mut body = std::mem::take(&mut program.body);
    let (mut once, mut again): (HashSet<MemId>, HashSet<MemId>) = Default::default();
    walk::all(&body, &mut |kind| {
        let made = walk::makes(kind).iter().copied();
        again.extend(made.filter(|mem| !once.insert(*mem)));
    });
    kept.extend(again.iter().copied());
    let mut names = HashMap::default();
    block(program, &mut body, (&kept, &again), &mut names);
    let mut to = Memories(&names);
    rename_block(&mut body, &mut to);
    if let Some(result) = &mut program.result {
        rename_tree(result, &mut to);
    }
    program.body = body;
}

/// New names for memories, of which each may have a new name again.
struct Memories<'n>(&'n HashMap<MemId, MemId>);

impl Rename for Memories<'_> {
    fn value(&mut self, _: &mut V) {}

    fn mem(&mut self, m: &mut MemId) {
        while let Some(name) = self.0.get(m) {
            *m = *name;
        }
    }
}

fn block(
    program: &Program,
    of: &mut Block,
    (kept, again): (&HashSet<MemId>, &HashSet<MemId>),
    names: &mut HashMap<MemId, MemId>,
) {
    // How often each memory is named from a statement on.
    let mut left: HashMap<MemId, usize> = HashMap::default();
    for stmt in &of.stmts {
        each(&stmt.kind, &mut |mem| *left.entry(mem).or_default() += 1);
    }
    let mut made: HashSet<MemId> = HashSet::default();
    let mut stmts = Vec::new();
    for mut stmt in std::mem::take(&mut of.stmts) {
        each(&stmt.kind, &mut |mem| {
            left.entry(mem).and_modify(|n| *n -= 1);
        });
        if let Kind::Alloc(to, Init::Copy(place) | Init::Move(place)) = &stmt.kind {
            let from = place.mem;
            let local = |mem| program.at(mem).origin == Origin::Local;
            let same = program.at(*to).ty == program.at(from).ty;
            if place.proj.is_empty()
                && made.contains(&from)
                && left.get(&from) == Some(&0)
                && !kept.contains(&from)
                && !again.contains(to)
                && local(from)
                && local(*to)
                && same
            {
                names.insert(*to, from);
                made.insert(*to);
                continue;
            }
        }
        made.extend(walk::makes(&stmt.kind));
        for inner in walk::blocks_mut(&mut stmt.kind) {
            block(program, inner, (kept, again), names);
        }
        stmts.push(stmt);
    }
    of.stmts = stmts;
}

/// Every memory that a statement names, its blocks included, once for each time.
fn each(kind: &Kind, f: &mut dyn FnMut(MemId)) {
    let mut look = |kind: &Kind| {
        walk::places(kind, &mut |mem, _, _| f(mem));
        walk::makes(kind).iter().for_each(|mem| f(*mem));
    };
    look(kind);
    walk::blocks(kind).into_iter().for_each(|block| walk::all(block, &mut look));
}
