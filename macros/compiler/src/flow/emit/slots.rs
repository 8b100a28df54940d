//! Values that conditionals hand out through several levels.
//!
//! The reverse sweep reads values of conditionals within conditionals; each level would hand out
//! all that the levels within it do, which is quadratic in the depth. Such a value gets one
//! variable instead, ahead of the outermost conditional, which is assigned where the value is
//! known:
//!
//! ```text
//! let mut y_9: f64 = 0.0f64;
//! if c_1 { … if c_2 { … if c_3 { let y_4: f64 = …; y_9 = y_4; } } }
//! ```

use crate::flow::ir::{Block, Kind, Out, Program, Ty, V};
use crate::flow::walk;
use crate::hash::HashMap;

/// A value through fewer levels than this is handed out by each.
const LEVELS: usize = 3;

/// For each value of a chain, the outermost one, whose variable it is.
pub(super) fn slots(program: &Program) -> HashMap<V, V> {
    let mut outer: HashMap<V, V> = HashMap::default();
    walk::all(&program.body, &mut |kind| {
        let Kind::If { then, other, outs, .. } = kind else { return };
        if outs.is_empty() {
            return;
        }
        let (in_then, in_other) = (handed_out(then, program), handed_out(other, program));
        for out in outs.iter().filter(|out| is_plain(program, out.value)) {
            let from = match one_sided(out) {
                Some((true, from)) if in_then.contains_key(&from) => from,
                Some((false, from)) if in_other.contains_key(&from) => from,
                _ => continue,
            };
            outer.entry(from).or_insert(out.value);
        }
    });
    let root = |v: V| {
        let (mut root, mut levels) = (v, 1);
        while let Some(next) = outer.get(&root) {
            (root, levels) = (*next, levels + 1);
        }
        (root, levels)
    };
    // How deep the chain of each outermost value goes.
    let mut depth: HashMap<V, usize> = HashMap::default();
    let mut roots: HashMap<V, V> = HashMap::default();
    for from in outer.keys() {
        let (root, levels) = root(*from);
        let depth = depth.entry(root).or_default();
        *depth = levels.max(*depth);
        roots.insert(*from, root);
        roots.insert(root, root);
    }
    roots.retain(|_, root| depth[root] >= LEVELS);
    roots
}

/// The value of an `out` that only one of the branches has, and whether that is the first one.
fn one_sided(out: &Out) -> Option<(bool, V)> {
    match (out.then, out.other) {
        (Some(v), None) => Some((true, v)),
        (None, Some(v)) => Some((false, v)),
        _ => None,
    }
}

/// What the conditionals of a block hand out of one of their branches.
fn handed_out(block: &Block, program: &Program) -> HashMap<V, ()> {
    let outs = block.stmts.iter().flat_map(|stmt| match &stmt.kind {
        Kind::If { outs, .. } => outs.as_slice(),
        _ => &[],
    });
    let outs = outs.filter(|out| one_sided(out).is_some() && is_plain(program, out.value));
    outs.map(|out| (out.value, ())).collect()
}

/// Whether something can stand in for the value before it is known.
fn is_plain(program: &Program, v: V) -> bool {
    let of = program.of(v);
    matches!(of.ty, Ty::Float(_) | Ty::Bool | Ty::Int(Some(_))) && !of.object
}
