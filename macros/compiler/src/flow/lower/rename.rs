//! Replaces values in finished statements.

use crate::flow::ir::{
    Block, Call, Code, Init, Kind, Over, Pass, Place, Proj, Pulled, Source, V,
};

/// Applies a function to every value that a block uses or defines.
pub(super) fn rename(block: &mut Block, map: &mut impl FnMut(&mut V)) {
    for stmt in &mut block.stmts {
        kind(&mut stmt.kind, map);
    }
}

fn place(place: &mut Place, map: &mut impl FnMut(&mut V)) {
    for proj in &mut place.proj {
        match proj {
            Proj::Field(_) => {}
            Proj::Index(at) => map(at),
            Proj::Range(from, to) => {
                map(from);
                if let Some(to) = to {
                    map(to);
                }
            }
        }
    }
}

fn source(of: &mut Source, map: &mut impl FnMut(&mut V)) {
    match of {
        Source::Value(v) => map(v),
        Source::Place(p) => place(p, map),
    }
}

fn code(code: &mut Code, map: &mut impl FnMut(&mut V)) {
    for bind in &mut code.binds {
        source(&mut bind.what, map);
    }
}

fn call(call: &mut Call, map: &mut impl FnMut(&mut V)) {
    for arg in &mut call.args {
        source(&mut arg.source, map);
    }
    map(&mut call.out);
}

fn init(of: &mut Init, map: &mut impl FnMut(&mut V)) {
    match of {
        Init::Filled(v, len) => {
            map(v);
            len.iter_mut().for_each(map);
        }
        Init::FilledWith(p, len) => {
            place(p, map);
            len.iter_mut().for_each(map);
        }
        Init::List(list) => list.iter_mut().for_each(map),
        Init::ListOf(list) => list.iter_mut().for_each(|p| place(p, map)),
        Init::Empty(len) => len.iter_mut().for_each(map),
        Init::Copy(p) | Init::Move(p) | Init::ZerosLike(p) => place(p, map),
        Init::Unset => {}
        Init::Fields(fields) => fields.iter_mut().for_each(|(_, s)| source(s, map)),
    }
}

fn kind(of: &mut Kind, map: &mut impl FnMut(&mut V)) {
    match of {
        Kind::Const(v, _) => map(v),
        Kind::Prim(v, _, args) => {
            map(v);
            args.iter_mut().for_each(map);
        }
        Kind::Cast(v, arg) => {
            map(v);
            map(arg);
        }
        Kind::Pass(v, pass, args) => {
            map(v);
            if let Pass::Len(p) = pass {
                place(p, map);
            }
            args.iter_mut().for_each(map);
        }
        Kind::Opaque { out, code: c, .. } => {
            out.iter_mut().for_each(&mut *map);
            code(c, map);
        }
        Kind::Load(v, p) | Kind::Pop(v, p) | Kind::SumAll(v, p) => {
            map(v);
            place(p, map);
        }
        Kind::Store(p, v, _) | Kind::Fill(p, v) => {
            place(p, map);
            map(v);
        }
        Kind::Alloc(_, of) => init(of, map),
        Kind::Assign { to, from, .. } => {
            place(to, map);
            place(from, map);
        }
        Kind::Push(p, s) => {
            place(p, map);
            source(s, map);
        }
        Kind::AddAll(a, b) | Kind::Swap(a, b) => {
            place(a, map);
            place(b, map);
        }
        Kind::If { cond, then, other, outs } => {
            map(cond);
            rename(then, map);
            rename(other, map);
            for out in outs {
                map(&mut out.value);
                out.then.iter_mut().for_each(&mut *map);
                out.other.iter_mut().for_each(&mut *map);
            }
        }
        Kind::Loop(of) => {
            if let Over::Range { var, lo, hi, .. } = &mut of.over {
                map(var);
                map(lo);
                map(hi);
            }
            for carried in &mut of.carried {
                map(&mut carried.param);
                map(&mut carried.init);
                map(&mut carried.next);
                map(&mut carried.out);
            }
            rename(&mut of.body, map);
            of.exit.iter_mut().for_each(&mut *map);
            of.checkpoint.iter_mut().flatten().for_each(&mut *map);
            of.count.iter_mut().for_each(map);
        }
        Kind::Call(of) => call(of, map),
        Kind::Pull { call: of, ct, outs } => {
            call(of, map);
            map(ct);
            for out in outs {
                match out {
                    Pulled::Not => {}
                    Pulled::Value(v) => map(v),
                    Pulled::Into(p) => place(p, map),
                }
            }
        }
        Kind::Fail(c) | Kind::Diverge(c) => code(c, map),
        Kind::Declare(_, size) => size.iter_mut().for_each(map),
        Kind::Keep(_, values, _) | Kind::Recall(_, values, _) => values.iter_mut().for_each(map),
    }
}
