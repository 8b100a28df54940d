//! What a statement touches: values it reads and defines, places it reads and writes, its blocks.

use super::ir::{
    Block, By, CallOut, Code, Init, Kind, Loop, MemId, Over, Pass, Place, Proj, Pulled, Source,
    Stmt, V,
};
use crate::hash::HashMap;

/// How a statement touches a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::flow) enum Access {
    /// Reads one float.
    Load,
    /// Writes one float.
    Store,
    /// Reads, in another way.
    Read,
    /// Changes, in another way, but never the length.
    Change,
    /// Changes and may change the length.
    Resize,
}

impl Access {
    /// Whether it changes the place.
    pub(in crate::flow) fn writes(self) -> bool {
        matches!(self, Access::Store | Access::Change | Access::Resize)
    }
}

/// Every place that a statement touches itself, not in its blocks.
pub(in crate::flow) fn places(kind: &Kind, f: &mut dyn FnMut(MemId, &[Proj], Access)) {
    let mut at = |place: &Place, access| f(place.mem, &place.proj, access);
    match kind {
        Kind::Pass(_, Pass::Len(place), _) => at(place, Access::Read),
        Kind::Const(..) | Kind::Prim(..) | Kind::Cast(..) | Kind::Pass(..) => {}
        Kind::Opaque { code, .. } | Kind::Fail(code) | Kind::Diverge(code) => {
            for bind in &code.binds {
                if let Source::Place(place) = &bind.what {
                    at(place, if bind.by == By::Mut { Access::Resize } else { Access::Read });
                }
            }
        }
        Kind::Load(_, place) => at(place, Access::Load),
        Kind::Store(place, ..) => at(place, Access::Store),
        Kind::Alloc(_, init) => match init {
            Init::FilledWith(place, _) | Init::Copy(place) | Init::ZerosLike(place) => {
                at(place, Access::Read);
            }
            Init::Move(place) => at(place, Access::Resize),
            Init::ListOf(places) => places.iter().for_each(|place| at(place, Access::Read)),
            Init::Fields(fields) => {
                fields.iter().for_each(|(_, source)| source_place(source, &mut at));
            }
            Init::Filled(..) | Init::List(_) | Init::Empty(_) | Init::Lent(_) | Init::Unset => {}
        },
        Kind::Assign { to, from, moved } => {
            at(to, Access::Resize);
            at(from, if *moved { Access::Resize } else { Access::Read });
        }
        Kind::Push(place, source) => {
            at(place, Access::Resize);
            source_place(source, &mut at);
        }
        Kind::Pop(_, place) => at(place, Access::Resize),
        Kind::Fill(place, _) => at(place, Access::Change),
        Kind::AddAll(to, from) => {
            at(to, Access::Change);
            at(from, Access::Read);
        }
        Kind::SumAll(_, place) => at(place, Access::Read),
        Kind::Swap(a, b) => {
            at(a, Access::Resize);
            at(b, Access::Resize);
        }
        Kind::If { .. } | Kind::Loop(_) => {}
        Kind::Call(call) => {
            for arg in &call.args {
                if let Source::Place(place) = &arg.source {
                    at(place, if arg.by == By::Mut { Access::Resize } else { Access::Read });
                }
            }
        }
        Kind::Pull { call, ct, outs, along } => {
            for arg in &call.args {
                if let Source::Place(place) = &arg.source {
                    at(place, if arg.by == By::Mut { Access::Resize } else { Access::Read });
                }
            }
            for tangent in along.iter().flat_map(|along| &along.args) {
                if let Source::Place(place) = tangent {
                    at(place, Access::Read);
                }
            }
            let of_ct = along.iter().filter_map(|along| along.ct.as_ref());
            for ct in ct.iter().chain(of_ct) {
                if let Source::Place(place) = ct {
                    at(place, Access::Resize);
                }
            }
            for out in outs.iter().chain(along.iter().flat_map(|along| &along.outs)) {
                match out {
                    Pulled::Not | Pulled::Value(_) => {}
                    Pulled::Into(place) => at(place, Access::Change),
                    Pulled::Through(place) => at(place, Access::Resize),
                }
            }
        }
        Kind::Declare(..) => {}
        Kind::Save(_, place) => at(place, Access::Read),
        Kind::Restore(_, place) => at(place, Access::Change),
        Kind::DropLast(place) => at(place, Access::Resize),
        Kind::Entry(list, ..) => f(*list, &[], Access::Resize),
        Kind::Keep(_, _, mems) | Kind::Recall(_, _, mems) => {
            mems.iter().for_each(|&mem| f(mem, &[], Access::Read));
        }
    }
}

fn source_place(source: &Source, at: &mut dyn FnMut(&Place, Access)) {
    if let Source::Place(place) = source {
        at(place, Access::Read);
    }
}

/// Every value that a statement reads itself, not in its blocks; those that leave its blocks are
/// read by it.
pub(in crate::flow) fn values(kind: &Kind, f: &mut dyn FnMut(V)) {
    places(kind, &mut |_, proj, _| {
        for proj in proj {
            match proj {
                Proj::Field(_) => {}
                Proj::Index(at) => f(*at),
                Proj::Range(from, to) => {
                    f(*from);
                    to.iter().for_each(|to| f(*to));
                }
            }
        }
    });
    let source = |source: &Source, f: &mut dyn FnMut(V)| {
        if let Source::Value(v) = source {
            f(*v);
        }
    };
    let code = |code: &Code, f: &mut dyn FnMut(V)| {
        code.binds.iter().for_each(|bind| source(&bind.what, f));
    };
    match kind {
        Kind::Prim(_, _, args) | Kind::Pass(_, _, args) | Kind::Keep(_, args, _) => {
            args.iter().for_each(|arg| f(*arg));
        }
        Kind::Cast(_, arg) | Kind::Store(_, arg, _) | Kind::Fill(_, arg) => f(*arg),
        Kind::Opaque { code: tokens, .. } | Kind::Fail(tokens) | Kind::Diverge(tokens) => {
            code(tokens, f);
        }
        Kind::Alloc(_, init) => match init {
            Init::Filled(v, len) => {
                f(*v);
                len.iter().for_each(|v| f(*v));
            }
            Init::FilledWith(_, len) | Init::Empty(len) => len.iter().for_each(|v| f(*v)),
            Init::List(values) => values.iter().for_each(|v| f(*v)),
            Init::Lent(v) => f(*v),
            Init::Fields(fields) => fields.iter().for_each(|(_, part)| source(part, f)),
            Init::ListOf(_) | Init::Copy(_) | Init::Move(_) | Init::ZerosLike(_) | Init::Unset => {}
        },
        Kind::Push(_, part) => source(part, f),
        Kind::If { cond, outs, .. } => {
            f(*cond);
            outs.iter().flat_map(|out| [out.then, out.other]).flatten().for_each(f);
        }
        Kind::Loop(lp) => {
            if let Over::Range { lo, hi, .. } = lp.over {
                f(lo);
                f(hi);
            }
            for carried in &lp.carried {
                f(carried.init);
                f(carried.next);
            }
            lp.exit.iter().for_each(|v| f(*v));
        }
        Kind::Call(call) => call.args.iter().for_each(|arg| source(&arg.source, f)),
        Kind::Pull { call, ct, along, .. } => {
            let tangents = along.iter().flat_map(|along| along.args.iter().chain(&along.ct));
            let args = call.args.iter().map(|arg| &arg.source);
            args.chain(ct).chain(tangents).for_each(|part| source(part, f));
        }
        Kind::Declare(_, room) => room.iter().for_each(|v| f(*v)),
        Kind::Entry(_, row, column, v) => [row, column, v].into_iter().for_each(|v| f(*v)),
        Kind::Const(..)
        | Kind::Load(..)
        | Kind::Assign { .. }
        | Kind::Pop(..)
        | Kind::AddAll(..)
        | Kind::SumAll(..)
        | Kind::Swap(..)
        | Kind::Save(..)
        | Kind::Restore(..)
        | Kind::DropLast(_)
        | Kind::Recall(..) => {}
    }
}

/// Every value that a statement defines, in its blocks those of loops at their start.
pub(in crate::flow) fn defines(kind: &Kind, f: &mut dyn FnMut(V)) {
    match kind {
        Kind::Const(v, _)
        | Kind::Prim(v, ..)
        | Kind::Cast(v, _)
        | Kind::Pass(v, ..)
        | Kind::Load(v, _)
        | Kind::Pop(v, _)
        | Kind::SumAll(v, _) => f(*v),
        Kind::Opaque { out, .. } => out.iter().for_each(|v| f(*v)),
        Kind::If { outs, .. } => outs.iter().for_each(|out| f(out.value)),
        Kind::Loop(lp) => {
            if let Over::Range { var, .. } = lp.over {
                f(var);
            }
            lp.count.iter().for_each(|v| f(*v));
            for carried in &lp.carried {
                f(carried.param);
                f(carried.out);
            }
        }
        Kind::Call(call) => {
            if let CallOut::Value(v) = call.out {
                f(v);
            }
        }
        Kind::Pull { outs, along, .. } => {
            for out in outs.iter().chain(along.iter().flat_map(|along| &along.outs)) {
                if let Pulled::Value(v) = out {
                    f(*v);
                }
            }
        }
        Kind::Recall(_, values, _) => values.iter().for_each(|v| f(*v)),
        _ => {}
    }
}

/// What a loop itself defines in its body.
pub(in crate::flow) fn inside(lp: &Loop) -> impl Iterator<Item = V> + '_ {
    let var = match lp.over {
        Over::Range { var, .. } => Some(var),
        Over::Forever => None,
    };
    var.into_iter().chain(lp.carried.iter().map(|carried| carried.param))
}

/// The memories that a statement makes.
pub(in crate::flow) fn makes(kind: &Kind) -> &[MemId] {
    match kind {
        Kind::Alloc(mem, _) => std::slice::from_ref(mem),
        Kind::Recall(_, _, mems) => mems,
        Kind::Call(call) => match &call.out {
            CallOut::Mem(mem) => std::slice::from_ref(mem),
            CallOut::Unit | CallOut::Value(_) => &[],
        },
        _ => &[],
    }
}

/// The blocks of a statement.
pub(in crate::flow) fn blocks(kind: &Kind) -> Vec<&Block> {
    match kind {
        Kind::If { then, other, .. } => vec![then, other],
        Kind::Loop(lp) => vec![&lp.body],
        _ => vec![],
    }
}

/// The blocks of a statement, to be changed.
pub(in crate::flow) fn blocks_mut(kind: &mut Kind) -> Vec<&mut Block> {
    match kind {
        Kind::If { then, other, .. } => vec![then, other],
        Kind::Loop(lp) => vec![&mut lp.body],
        _ => vec![],
    }
}

/// Every statement of a block and the blocks in it.
pub(in crate::flow) fn all<'b>(block: &'b Block, f: &mut dyn FnMut(&'b Kind)) {
    each(&block.stmts, f);
}

/// Each of some statements, and those of the blocks in them.
pub(in crate::flow) fn each<'b>(stmts: &'b [Stmt], f: &mut dyn FnMut(&'b Kind)) {
    for stmt in stmts {
        f(&stmt.kind);
        match &stmt.kind {
            Kind::If { then, other, .. } => {
                all(then, f);
                all(other, f);
            }
            Kind::Loop(lp) => all(&lp.body, f),
            _ => {}
        }
    }
}

/// How often statements, and those of the blocks in them, touch each memory, making it aside.
pub(in crate::flow) fn accesses(stmts: &[Stmt]) -> HashMap<MemId, usize> {
    let mut counts = HashMap::default();
    each(stmts, &mut |kind| {
        places(kind, &mut |mem, _, _| *counts.entry(mem).or_default() += 1);
    });
    counts
}
