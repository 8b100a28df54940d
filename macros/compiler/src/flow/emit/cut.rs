//! Lists that get shorter. Lowering puts a copy of the first elements in place of the list, which
//! every pass understands; it is written as `list.truncate(n)`.
//!
//! ```text
//! kept = copy of list[0..n]
//! list = kept                  ─▶   list.truncate(n)
//! ```

use crate::flow::ir::{Block, Init, Kind, MemId, Place, Proj, V};
use crate::flow::walk;
use crate::hash::HashMap;
use crate::ir::Literal;

/// The copies that are not made, and how long the lists are instead of which they stand.
pub(super) fn cuts(body: &Block, consts: &HashMap<V, Literal>) -> HashMap<MemId, V> {
    let mut found = HashMap::default();
    let mut may_be = false;
    walk::all(body, &mut |kind| may_be |= copied_range(kind).is_some());
    // Most programs shorten nothing.
    if !may_be {
        return found;
    }
    let uses = walk::accesses(&body.stmts);
    walk::all(body, &mut |kind| {
        for block in walk::blocks(kind) {
            in_block(block, consts, &uses, &mut found);
        }
    });
    in_block(body, consts, &uses, &mut found);
    found
}

fn in_block(
    block: &Block,
    consts: &HashMap<V, Literal>,
    uses: &HashMap<MemId, usize>,
    found: &mut HashMap<MemId, V>,
) {
    for (at, stmt) in block.stmts.iter().enumerate() {
        let Some((kept, first, from, len)) = copied_range(&stmt.kind) else { continue };
        let from_start = matches!(consts.get(&from), Some(Literal::Int(0)));
        // The copy is put in place of the list, and nothing else is done with it.
        if !from_start || uses.get(&kept) != Some(&1) {
            continue;
        }
        for next in &block.stmts[at + 1..] {
            match &next.kind {
                Kind::Assign { to, from, moved: true }
                    if *from == Place::whole(kept) && is_of(first, to) =>
                {
                    found.insert(kept, len);
                    break;
                }
                kind if touches(kind, first.mem) => break,
                _ => {}
            }
        }
    }
}

/// A copy of a range of a list: its memory, the range as a place, where it begins and ends.
fn copied_range(kind: &Kind) -> Option<(MemId, &Place, V, V)> {
    match kind {
        Kind::Alloc(kept, Init::Copy(range)) => match range.proj.last() {
            Some(Proj::Range(from, Some(to))) => Some((*kept, range, *from, *to)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a place is a range of a list.
fn is_of(range: &Place, list: &Place) -> bool {
    range.mem == list.mem && range.proj.split_last().is_some_and(|(_, proj)| proj == list.proj)
}

/// Whether a statement, or one inside of it, touches a memory.
fn touches(kind: &Kind, mem: MemId) -> bool {
    let mut found = false;
    walk::places(kind, &mut |of, _, _| found |= of == mem);
    found
        || walk::blocks(kind).iter().any(|block| block.stmts.iter().any(|s| touches(&s.kind, mem)))
}
