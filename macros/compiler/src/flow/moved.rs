//! A memory that is copied to a new one and not used again is the new one: nothing is copied.
//!
//! ```text
//! both = …                        both = …
//! relative = copy of both   ─▶
//! x = relative[i]                 x = both[i]
//! ```
//!
//! So is a parameter that the function owns.
//!
//! One that becomes a part of another (pushed, an element of a list) is moved there, and a part that
//! is copied and overwritten next is taken out.

use super::ir::{Block, Init, Kind, MemId, Origin, Place, Program, Source, Stmt, V};
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
    let uses = Uses { kept, again, all: named(&body) };
    let (mut names, mut moved) = (HashMap::default(), Vec::new());
    let mems = (0..program.mems.len()).map(|k| MemId(k as u32));
    let owned = mems.filter(|mem| program.at(*mem).origin == Origin::Owned).collect();
    block(program, &mut body, owned, &uses, &mut names, &mut moved);
    let mut to = Memories(&names);
    moved.iter_mut().for_each(|mem| to.mem(mem));
    program.moved = moved;
    rename_block(&mut body, &mut to);
    if let Some(result) = &mut program.result {
        rename_tree(result, &mut to);
    }
    program.body = body;
}

/// How memories are used in the program as a whole.
struct Uses {
    /// Of these another has to be a copy.
    kept: HashSet<MemId>,
    /// What several statements make.
    again: HashSet<MemId>,
    /// How often each is named.
    all: HashMap<MemId, usize>,
}

/// How often statements name each memory.
fn named(block: &Block) -> HashMap<MemId, usize> {
    let mut times: HashMap<MemId, usize> = HashMap::default();
    for stmt in &block.stmts {
        each(&stmt.kind, &mut |mem| *times.entry(mem).or_default() += 1);
    }
    times
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

/// `made`: the memories that are there ahead of the block and are made nowhere else.
fn block(
    program: &Program,
    of: &mut Block,
    mut made: HashSet<MemId>,
    uses: &Uses,
    names: &mut HashMap<MemId, MemId>,
    moved: &mut Vec<MemId>,
) {
    taken_out(&mut of.stmts);
    // How often each memory is named from a statement on.
    let mut left = named(of);
    // What a branch makes may be used behind it, by the reverse code of the same branch.
    let inside: HashSet<MemId> =
        left.keys().copied().filter(|mem| uses.all.get(mem) == left.get(mem)).collect();
    let spared = |mem: MemId, left: &HashMap<MemId, usize>| {
        let own = matches!(program.at(mem).origin, Origin::Local | Origin::Owned);
        own && left.get(&mem) == Some(&0) && inside.contains(&mem) && !uses.kept.contains(&mem)
    };
    let mut stmts = Vec::new();
    for mut stmt in std::mem::take(&mut of.stmts) {
        each(&stmt.kind, &mut |mem| {
            left.entry(mem).and_modify(|n| *n -= 1);
        });
        if let Kind::Alloc(to, Init::Copy(place) | Init::Move(place)) = &stmt.kind {
            let from = place.mem;
            let same = program.at(*to).ty == program.at(from).ty;
            if place.proj.is_empty()
                && made.contains(&from)
                && spared(from, &left)
                && !uses.again.contains(to)
                && program.at(*to).origin == Origin::Local
                && same
            {
                names.insert(*to, from);
                made.insert(*to);
                continue;
            }
        }
        for mem in parts(&stmt.kind) {
            let mut times = 0;
            each(&stmt.kind, &mut |other| times += usize::from(other == mem));
            if times == 1 && made.contains(&mem) && spared(mem, &left) {
                moved.push(mem);
            }
        }
        made.extend(walk::makes(&stmt.kind));
        for inner in walk::blocks_mut(&mut stmt.kind) {
            block(program, inner, HashSet::default(), uses, names, moved);
        }
        stmts.push(stmt);
    }
    of.stmts = stmts;
}

/// The memories that a statement makes parts of another.
fn parts(kind: &Kind) -> Vec<MemId> {
    let whole = |place: &Place| place.proj.is_empty().then_some(place.mem);
    let of_source = |source: &Source| match source {
        Source::Place(place) => whole(place),
        Source::Value(_) => None,
    };
    match kind {
        Kind::Push(_, source) => of_source(source).into_iter().collect(),
        Kind::Alloc(_, Init::ListOf(places)) => places.iter().filter_map(whole).collect(),
        Kind::Alloc(_, Init::Fields(fields)) => {
            fields.iter().filter_map(|(_, source)| of_source(source)).collect()
        }
        _ => Vec::new(),
    }
}

/// Has a part that is copied taken out where the next that is done to the whole is to overwrite it.
fn taken_out(stmts: &mut [Stmt]) {
    for k in 0..stmts.len() {
        let (head, rest) = stmts.split_at_mut(k + 1);
        let Some(Stmt { kind: Kind::Alloc(_, init), .. }) = head.last_mut() else { continue };
        let Init::Copy(place) = init else { continue };
        let names = |kind: &Kind| {
            let mut named = 0;
            each(kind, &mut |mem| named += usize::from(mem == place.mem));
            named
        };
        let next = rest.iter().map(|stmt| &stmt.kind).find(|kind| names(kind) > 0);
        let overwritten = matches!(next, Some(Kind::Assign { to, .. }) if to == place)
            && next.is_some_and(|kind| names(kind) == 1);
        if overwritten && !place.proj.is_empty() {
            *init = Init::Move(place.clone());
        }
    }
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
