//! Lists of which one or another of the parameters is chosen and only looked at: they are references.
//!
//! ```text
//! if: Vec<f64> = unset              let mut if_m2: &[f64] = &[];
//! if c { if = copy x }        ─▶    if c { if_m2 = &x_m0[..]; }
//! else { if = copy y }              else { if_m2 = &y_m1[..]; }
//! ```

use super::facts::Home;
use crate::flow::ir::{Init, Kind, MemId, Origin, Pass, Program};
use crate::flow::walk::{self, Access};
use crate::hash::{HashMap, HashSet};
use crate::parse::Type;

/// Those memories.
pub(super) fn borrowed(program: &Program, homes: &HashMap<MemId, Home>) -> HashSet<MemId> {
    let (mut chosen, mut made): (HashSet<MemId>, HashSet<MemId>) = Default::default();
    walk::all(&program.body, &mut |kind| {
        made.extend(walk::makes(kind));
        if let Kind::Alloc(mem, Init::Unset) = kind
            && is_list(program, *mem)
        {
            chosen.insert(*mem);
        }
    });
    // In most programs no list is chosen.
    if chosen.is_empty() {
        return chosen;
    }
    let mut owned = HashSet::default();
    // A reference that is made in a block may not live as long.
    let is_param = |mem: MemId| program.at(mem).origin == Origin::Shared && !made.contains(&mem);
    walk::all(&program.body, &mut |kind| match kind {
        Kind::Assign { to, from, moved: false } if to.proj.is_empty() => {
            if !is_param(from.mem) {
                owned.insert(to.mem);
            }
            owned.insert(from.mem);
        }
        Kind::Pass(_, Pass::Len(_), _) | Kind::Alloc(_, Init::ZerosLike(_)) => {}
        kind => walk::places(kind, &mut |mem, _, access| {
            if access != Access::Load {
                owned.insert(mem);
            }
        }),
    });
    if let Some(result) = &program.result {
        result.places(&mut |place| {
            owned.insert(place.mem);
        });
    }
    chosen.retain(|mem| !owned.contains(mem) && homes.get(mem).is_some_and(|home| !home.ahead));
    chosen
}

/// A list of floats or integers.
fn is_list(program: &Program, mem: MemId) -> bool {
    let of = program.at(mem);
    of.origin == Origin::Local
        && matches!(&of.ty, Type::Vec(of) if matches!(**of, Type::Float(_) | Type::Int(_)))
}
