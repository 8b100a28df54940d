//! Visits to every value and memory that a statement names, to rename them.

use super::ir::{
    Block, Call, CallOut, Code, Init, Kind, MemId, Over, Pass, Place, Program, Proj, Pulled,
    Source, Stmt, Tree, V,
};
use super::walk;
use crate::hash::HashMap;

/// Something that renames.
pub trait Rename {
    /// A value, where it is defined or read.
    fn value(&mut self, v: &mut V);
    /// A memory.
    fn mem(&mut self, m: &mut MemId);
}

/// New names for some values.
pub struct Names<'n>(pub &'n HashMap<V, V>);

impl Rename for Names<'_> {
    fn value(&mut self, v: &mut V) {
        *v = self.0.get(v).copied().unwrap_or(*v);
    }

    fn mem(&mut self, _: &mut MemId) {}
}

/// Renames all that the statements of a block name, the blocks inside included.
pub fn rename_block(block: &mut Block, to: &mut impl Rename) {
    for stmt in &mut block.stmts {
        rename(stmt, to);
    }
}

/// A copy of a block in which everything that it defines has another name.
pub fn again(program: &mut Program, block: &Block) -> Block {
    let mut names = HashMap::default();
    walk::all(block, &mut |kind| {
        walk::defines(kind, &mut |v| {
            names.insert(v, v);
        });
    });
    for new in names.values_mut() {
        let of = program.of(*new).clone();
        *new = program.value(of.name, of.ty, of.span);
    }
    let mut copy = block.clone();
    rename_block(&mut copy, &mut Names(&names));
    copy
}

/// Renames all that a statement names.
pub fn rename(stmt: &mut Stmt, to: &mut impl Rename) {
    match &mut stmt.kind {
        Kind::Const(v, _) => to.value(v),
        Kind::Prim(out, _, args) => {
            to.value(out);
            args.iter_mut().for_each(|v| to.value(v));
        }
        Kind::Cast(out, arg) => {
            to.value(out);
            to.value(arg);
        }
        Kind::Pass(out, pass, args) => {
            to.value(out);
            if let Pass::Len(place) = pass {
                rename_place(place, to);
            }
            args.iter_mut().for_each(|v| to.value(v));
        }
        Kind::Opaque { out, code: tokens, .. } => {
            out.iter_mut().for_each(|v| to.value(v));
            code(tokens, to);
        }
        Kind::Load(v, place) | Kind::Pop(v, place) | Kind::SumAll(v, place) => {
            to.value(v);
            rename_place(place, to);
        }
        Kind::Store(place, v, _) | Kind::Fill(place, v) => {
            rename_place(place, to);
            to.value(v);
        }
        Kind::Alloc(mem, init) => {
            to.mem(mem);
            rename_init(init, to);
        }
        Kind::Assign { to: target, from, .. } => {
            rename_place(target, to);
            rename_place(from, to);
        }
        Kind::Push(place, what) => {
            rename_place(place, to);
            source(what, to);
        }
        Kind::AddAll(a, b) | Kind::Swap(a, b) => {
            rename_place(a, to);
            rename_place(b, to);
        }
        Kind::If { cond, then, other, outs } => {
            to.value(cond);
            rename_block(then, to);
            rename_block(other, to);
            for out in outs {
                to.value(&mut out.value);
                out.then.iter_mut().chain(&mut out.other).for_each(|v| to.value(v));
            }
        }
        Kind::Loop(lp) => {
            if let Over::Range { var, lo, hi, .. } = &mut lp.over {
                [var, lo, hi].into_iter().for_each(|v| to.value(v));
            }
            for carried in &mut lp.carried {
                to.value(&mut carried.param);
                to.value(&mut carried.init);
                to.value(&mut carried.next);
                to.value(&mut carried.out);
            }
            rename_block(&mut lp.body, to);
            lp.exit.iter_mut().chain(&mut lp.count).for_each(|v| to.value(v));
            lp.checkpoint.iter_mut().flatten().for_each(|v| to.value(v));
        }
        Kind::Call(of) => call(of, to),
        Kind::Pull { call: of, ct, outs, along } => {
            call(of, to);
            ct.iter_mut().for_each(|ct| source(ct, to));
            let mut all: Vec<&mut Pulled> = outs.iter_mut().collect();
            if let Some(along) = along {
                along.args.iter_mut().chain(&mut along.ct).for_each(|part| source(part, to));
                all.extend(&mut along.outs);
            }
            for out in all {
                match out {
                    Pulled::Not => {}
                    Pulled::Value(v) => to.value(v),
                    Pulled::Into(place) | Pulled::Through(place) => rename_place(place, to),
                }
            }
        }
        Kind::Fail(tokens) | Kind::Diverge(tokens) => code(tokens, to),
        Kind::Declare(_, len) => len.iter_mut().for_each(|v| to.value(v)),
        Kind::Keep(_, values, mems) | Kind::Recall(_, values, mems) => {
            values.iter_mut().for_each(|v| to.value(v));
            mems.iter_mut().for_each(|m| to.mem(m));
        }
        Kind::Entry(list, row, column, v) => {
            to.mem(list);
            [row, column, v].into_iter().for_each(|v| to.value(v));
        }
        Kind::Save(_, place) | Kind::Restore(_, place) | Kind::DropLast(place) => {
            rename_place(place, to);
        }
    }
}

/// Renames what a place names.
pub fn rename_place(place: &mut Place, to: &mut impl Rename) {
    to.mem(&mut place.mem);
    for proj in &mut place.proj {
        match proj {
            Proj::Field(_) => {}
            Proj::Index(at) => to.value(at),
            Proj::Range(from, until) => {
                to.value(from);
                until.iter_mut().for_each(|v| to.value(v));
            }
        }
    }
}

/// Renames what a result names.
pub fn rename_tree(tree: &mut Tree, to: &mut impl Rename) {
    match tree {
        Tree::Unit => {}
        Tree::Value(v) => to.value(v),
        Tree::Place(place) => rename_place(place, to),
        Tree::Array(place, extents) => {
            rename_place(place, to);
            extents.iter_mut().for_each(|v| to.value(v));
        }
        Tree::Tuple(parts) => parts.iter_mut().for_each(|part| rename_tree(part, to)),
        Tree::Success(inner) => rename_tree(inner, to),
    }
}

fn source(what: &mut Source, to: &mut impl Rename) {
    match what {
        Source::Value(v) => to.value(v),
        Source::Place(place) => rename_place(place, to),
    }
}

fn code(code: &mut Code, to: &mut impl Rename) {
    code.binds.iter_mut().for_each(|bind| source(&mut bind.what, to));
}

fn call(call: &mut Call, to: &mut impl Rename) {
    match &mut call.out {
        CallOut::Unit => {}
        CallOut::Value(v) => to.value(v),
        CallOut::Mem(m) => to.mem(m),
    }
    call.args.iter_mut().for_each(|arg| source(&mut arg.source, to));
}

fn rename_init(init: &mut Init, to: &mut impl Rename) {
    match init {
        Init::Filled(v, len) => {
            to.value(v);
            len.iter_mut().for_each(|v| to.value(v));
        }
        Init::FilledWith(place, len) => {
            rename_place(place, to);
            len.iter_mut().for_each(|v| to.value(v));
        }
        Init::List(values) => values.iter_mut().for_each(|v| to.value(v)),
        Init::ListOf(places) => places.iter_mut().for_each(|place| rename_place(place, to)),
        Init::Empty(len) => len.iter_mut().for_each(|v| to.value(v)),
        Init::Copy(place) | Init::Move(place) | Init::ZerosLike(place) => rename_place(place, to),
        Init::Lent(v) => to.value(v),
        Init::Unset => {}
        Init::Fields(fields) => fields.iter_mut().for_each(|(_, what)| source(what, to)),
    }
}
