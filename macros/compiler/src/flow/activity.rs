//! Which values and memories carry a derivative: those the differentiated parameters reach and that
//! reach the result.

use super::ir::{
    Block, By, Call, CallOut, Init, Kind, MemId, Origin, ParamIs, Place, Program, Pulled, RecId,
    Source, Stmt, Tree, V,
};
use super::{lost, walk};
use crate::error::Errors;
use crate::hash::HashMap;
use crate::parse::Type;
use crate::primitives::{Prim, Sym};

/// What carries a derivative.
pub struct Activity {
    values: Vec<bool>,
    mems: Vec<bool>,
}

impl Activity {
    /// Whether a value does.
    pub fn value(&self, v: V) -> bool {
        self.values.get(v.0 as usize).copied().unwrap_or(false)
    }

    /// Whether a memory does.
    pub fn mem(&self, m: MemId) -> bool {
        self.mems.get(m.0 as usize).copied().unwrap_or(false)
    }

    /// Whether a derivative flows through a call.
    pub(super) fn call(&self, call: &Call) -> bool {
        let of_out = match call.out {
            CallOut::Unit => false,
            CallOut::Value(out) => self.value(out),
            CallOut::Mem(mem) => self.mem(mem),
        };
        of_out || changed_by(call).any(|place| self.mem(place.mem))
    }

    /// Whether a derivative flows through the reverse of a call, to what it hands out.
    pub(super) fn pulled(&self, outs: &[Pulled]) -> bool {
        outs.iter().any(|out| match out {
            Pulled::Not => false,
            Pulled::Value(v) => self.value(*v),
            Pulled::Into(place) | Pulled::Through(place) => self.mem(place.mem),
        })
    }

    /// Whether a source does.
    pub fn source(&self, source: &Source) -> bool {
        match source {
            Source::Value(v) => self.value(*v),
            Source::Place(place) => self.mem(place.mem),
        }
    }
}

/// The partial derivatives of a primitive.
pub fn partials(row: Prim) -> Vec<Sym> {
    let symbols: Vec<Sym> = (0..row.arity).map(Sym::Arg).collect();
    (row.partials)(&symbols, &Sym::Out)
}

/// Finds what carries a derivative, where `wrt` says which parameters are differentiated.
///
/// Reports what would make a derivative silently wrong: a differentiated value that disappears into
/// an integer or into a function that is not annotated.
pub fn activity(program: &Program, wrt: &[bool], errors: &mut Errors) -> Activity {
    let records = Records::of(program);
    let varied = varied(program, wrt, &records);
    lost::report(program, &varied, errors);
    useful(program, &varied, &records)
}

/// The same for a program that was differentiated: what it takes from the function was looked at
/// before.
pub fn activity_again(program: &Program, wrt: &[bool]) -> Activity {
    let records = Records::of(program);
    useful(program, &varied(program, wrt, &records), &records)
}

fn varied<'p>(program: &'p Program, wrt: &[bool], records: &'p Records) -> Varied<'p> {
    let mut varied = Varied {
        program,
        records,
        values: vec![false; program.values.len()],
        mems: vec![false; program.mems.len()],
        mixed: vec![false; program.mems.len()],
        changed: false,
    };
    for (param, wrt) in program.params.iter().zip(wrt) {
        match param {
            ParamIs::Value(v) if *wrt => varied.value(*v, program.float(*v).is_some()),
            ParamIs::Mem(m) if *wrt => varied.mem(*m, true),
            _ => {}
        }
    }
    loop {
        varied.changed = false;
        varied.block(&program.body);
        if !varied.changed {
            return varied;
        }
    }
}

fn useful(program: &Program, varied: &Varied<'_>, records: &Records) -> Activity {
    let (values, mems) = (&varied.values, &varied.mems);
    let mut useful = Useful {
        varied: (values, mems),
        records,
        values: vec![false; values.len()],
        mems: vec![false; mems.len()],
        changed: false,
    };
    if let Some(result) = &program.result {
        useful.tree(result);
    }
    for (k, mem) in program.mems.iter().enumerate() {
        if mem.origin == Origin::Exclusive {
            useful.mem(MemId(k as u32), true);
        }
    }
    loop {
        useful.changed = false;
        useful.block(&program.body);
        if !useful.changed {
            break;
        }
    }
    Activity { values: useful.values, mems: useful.mems }
}

/// What goes through the records of a program that was differentiated.
#[derive(Default)]
pub(super) struct Records {
    /// What is kept on a record, and under which names it is taken off. A loop that was written out
    /// does so in several places.
    kept: HashMap<RecId, Vec<Entry>>,
    recalled: HashMap<RecId, Vec<Entry>>,
    /// The memories whose floats are saved on a record, and those they are restored to.
    saved: HashMap<RecId, Vec<MemId>>,
    restored: HashMap<RecId, Vec<MemId>>,
}

/// What is put on a record in one go: values and memories.
type Entry = (Vec<V>, Vec<MemId>);

impl Records {
    pub(super) fn of(program: &Program) -> Self {
        let mut records = Records::default();
        walk::all(&program.body, &mut |kind| match kind {
            Kind::Keep(record, values, mems) => {
                records.kept.entry(*record).or_default().push((values.clone(), mems.clone()));
            }
            Kind::Recall(record, values, mems) => {
                records.recalled.entry(*record).or_default().push((values.clone(), mems.clone()));
            }
            Kind::Save(record, place) => {
                records.saved.entry(*record).or_default().push(place.mem);
            }
            Kind::Restore(record, place) => {
                records.restored.entry(*record).or_default().push(place.mem);
            }
            _ => {}
        });
        records
    }

    /// Which of a record's values and memories are taken off with a derivative, by their places.
    pub(super) fn active(&self, record: RecId, act: &Activity) -> (Vec<usize>, Vec<usize>) {
        let entries = self.recalled.get(&record).map_or(&[][..], Vec::as_slice);
        let (values, mems) = entries.first().map_or((0, 0), |(v, m)| (v.len(), m.len()));
        let value = |k: &usize| entries.iter().any(|(values, _)| act.value(values[*k]));
        let mem = |k: &usize| entries.iter().any(|(_, mems)| act.mem(mems[*k]));
        ((0..values).filter(value).collect(), (0..mems).filter(mem).collect())
    }

    /// Whether the contents of memories that are saved on a record carry a derivative where they are
    /// put back.
    pub(super) fn saves_active(&self, record: RecId, act: &Activity) -> bool {
        self.restored.get(&record).is_some_and(|mems| mems.iter().any(|mem| act.mem(*mem)))
    }
}

/// What the parameters reach.
pub(super) struct Varied<'p> {
    program: &'p Program,
    records: &'p Records,
    values: Vec<bool>,
    mems: Vec<bool>,
    /// Memories of floats beside other things: they carry no derivative, so that a float must not
    /// be read back from them.
    mixed: Vec<bool>,
    changed: bool,
}

impl Varied<'_> {
    fn value(&mut self, v: V, varied: bool) {
        if varied && !self.values[v.0 as usize] && self.program.float(v).is_some() {
            self.values[v.0 as usize] = true;
            self.changed = true;
        }
    }

    fn mem(&mut self, m: MemId, varied: bool) {
        let ty = &self.program.at(m).ty;
        let marks = match ty.is_differentiable() {
            true => &mut self.mems,
            false if has_floats(ty) => &mut self.mixed,
            false => return,
        };
        if varied && !marks[m.0 as usize] {
            marks[m.0 as usize] = true;
            self.changed = true;
        }
    }

    /// Whether a value is reached.
    pub(super) fn is(&self, v: V) -> bool {
        self.values[v.0 as usize]
    }

    /// Whether a memory is reached that cannot carry a derivative.
    pub(super) fn is_mixed(&self, m: MemId) -> bool {
        self.mixed[m.0 as usize]
    }

    /// Whether a place is reached.
    pub(super) fn place(&self, place: &Place) -> bool {
        self.mems[place.mem.0 as usize] || self.is_mixed(place.mem)
    }

    /// Whether a source is reached.
    pub(super) fn source(&self, source: &Source) -> bool {
        match source {
            Source::Value(v) => self.is(*v),
            Source::Place(place) => self.place(place),
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            Kind::Prim(out, row, args) if !self.is(*out) && args.iter().any(|v| self.is(*v)) => {
                let partials = partials(row);
                let flows = args.iter().zip(&partials).any(|(v, p)| self.is(*v) && *p != Sym::Zero);
                self.value(*out, flows);
            }
            Kind::Cast(out, arg) => self.value(*out, self.is(*arg)),
            Kind::Load(out, place) | Kind::Pop(out, place) | Kind::SumAll(out, place) => {
                self.value(*out, self.place(place));
            }
            Kind::Store(place, v, _) | Kind::Fill(place, v) => self.mem(place.mem, self.is(*v)),
            Kind::Alloc(mem, init) => {
                let flows = match init {
                    Init::Filled(v, _) => self.is(*v),
                    Init::FilledWith(place, _) | Init::Copy(place) | Init::Move(place) => {
                        self.place(place)
                    }
                    Init::List(values) => values.iter().any(|v| self.is(*v)),
                    Init::ListOf(places) => places.iter().any(|place| self.place(place)),
                    Init::Empty(_) | Init::Lent(_) | Init::Unset | Init::ZerosLike(_) => false,
                    Init::Fields(fields) => fields.iter().any(|(_, source)| self.source(source)),
                };
                self.mem(*mem, flows);
            }
            Kind::Assign { to, from, .. } | Kind::AddAll(to, from) => {
                self.mem(to.mem, self.place(from));
            }
            Kind::Push(place, source) => self.mem(place.mem, self.source(source)),
            Kind::Swap(a, b) => {
                self.mem(a.mem, self.place(b));
                self.mem(b.mem, self.place(a));
            }
            Kind::If { then, other, outs, .. } => {
                self.block(then);
                self.block(other);
                for out in outs {
                    let flows = [out.then, out.other].into_iter().flatten().any(|v| self.is(v));
                    self.value(out.value, flows);
                }
            }
            Kind::Loop(lp) => {
                for carried in &lp.carried {
                    self.value(carried.param, self.is(carried.init) || self.is(carried.next));
                }
                self.block(&lp.body);
                for carried in &lp.carried {
                    let flows = self.is(carried.init) || self.is(carried.next);
                    self.value(carried.param, flows);
                    self.value(carried.out, flows);
                }
            }
            Kind::Call(call) => {
                let flows = call.args.iter().any(|arg| arg.wrt && self.source(&arg.source));
                match call.out {
                    CallOut::Unit => {}
                    CallOut::Value(out) => self.value(out, flows),
                    CallOut::Mem(mem) => self.mem(mem, flows),
                }
                changed_by(call).for_each(|place| self.mem(place.mem, flows));
            }
            Kind::Pull { call, ct, outs, .. } => {
                let args = call.args.iter().filter(|arg| arg.wrt).map(|arg| &arg.source);
                let through = outs.iter().filter_map(|out| match out {
                    Pulled::Through(place) => Some(place),
                    _ => None,
                });
                let flows = args.chain(ct).any(|source| self.source(source))
                    || through.into_iter().any(|place| self.place(place));
                for out in outs {
                    match out {
                        Pulled::Not => {}
                        Pulled::Value(v) => self.value(*v, flows),
                        Pulled::Into(place) | Pulled::Through(place) => self.mem(place.mem, flows),
                    }
                }
            }
            Kind::Recall(record, values, mems) => {
                for (kept, kept_mems) in self.records.kept.get(record).into_iter().flatten() {
                    values.iter().zip(kept).for_each(|(v, kept)| self.value(*v, self.is(*kept)));
                    for (mem, kept) in mems.iter().zip(kept_mems) {
                        self.mem(*mem, self.mems[kept.0 as usize]);
                    }
                }
            }
            Kind::Restore(record, place) => {
                let saved = self.records.saved.get(record);
                let flows = saved.is_some_and(|mems| mems.iter().any(|m| self.mems[m.0 as usize]));
                self.mem(place.mem, flows);
            }
            _ => {}
        }
    }
}

/// What reaches the result, among what varies.
struct Useful<'a> {
    varied: (&'a [bool], &'a [bool]),
    records: &'a Records,
    values: Vec<bool>,
    mems: Vec<bool>,
    changed: bool,
}

impl Useful<'_> {
    fn value(&mut self, v: V, useful: bool) {
        if useful && self.varied.0[v.0 as usize] && !self.values[v.0 as usize] {
            self.values[v.0 as usize] = true;
            self.changed = true;
        }
    }

    fn mem(&mut self, m: MemId, useful: bool) {
        if useful && self.varied.1[m.0 as usize] && !self.mems[m.0 as usize] {
            self.mems[m.0 as usize] = true;
            self.changed = true;
        }
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Unit => {}
            Tree::Value(v) => self.value(*v, true),
            Tree::Place(place) | Tree::Array(place, _) => self.mem(place.mem, true),
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.tree(part)),
            Tree::Success(inner) => self.tree(inner),
        }
    }

    fn is(&self, v: V) -> bool {
        self.values[v.0 as usize]
    }

    fn place(&self, place: &Place) -> bool {
        self.mems[place.mem.0 as usize]
    }

    fn source(&mut self, source: &Source, useful: bool) {
        match source {
            Source::Value(v) => self.value(*v, useful),
            Source::Place(place) => self.mem(place.mem, useful),
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in block.stmts.iter().rev() {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            Kind::Prim(out, row, args) if self.is(*out) => {
                for (v, partial) in args.iter().zip(partials(row)) {
                    self.value(*v, partial != Sym::Zero);
                }
            }
            Kind::Cast(out, arg) => self.value(*arg, self.is(*out)),
            Kind::Load(out, place) | Kind::Pop(out, place) | Kind::SumAll(out, place) => {
                self.mem(place.mem, self.is(*out));
            }
            Kind::Store(place, v, _) | Kind::Fill(place, v) => self.value(*v, self.place(place)),
            Kind::Alloc(mem, init) => {
                let useful = self.mems[mem.0 as usize];
                match init {
                    Init::Filled(v, _) => self.value(*v, useful),
                    Init::FilledWith(place, _) | Init::Copy(place) | Init::Move(place) => {
                        self.mem(place.mem, useful)
                    }
                    Init::List(values) => values.iter().for_each(|v| self.value(*v, useful)),
                    Init::ListOf(places) => {
                        places.iter().for_each(|place| self.mem(place.mem, useful));
                    }
                    Init::Empty(_) | Init::Lent(_) | Init::Unset | Init::ZerosLike(_) => {}
                    Init::Fields(fields) => {
                        fields.iter().for_each(|(_, source)| self.source(source, useful));
                    }
                }
            }
            Kind::Assign { to, from, .. } | Kind::AddAll(to, from) => {
                self.mem(from.mem, self.place(to));
            }
            Kind::Push(place, source) => {
                let useful = self.place(place);
                self.source(source, useful);
            }
            Kind::Swap(a, b) => {
                self.mem(a.mem, self.place(b));
                self.mem(b.mem, self.place(a));
            }
            Kind::If { then, other, outs, .. } => {
                for out in outs {
                    for arm in [out.then, out.other].into_iter().flatten() {
                        self.value(arm, self.is(out.value));
                    }
                }
                self.block(other);
                self.block(then);
            }
            Kind::Loop(lp) => {
                let links = |this: &mut Self| {
                    for carried in &lp.carried {
                        let useful = this.is(carried.out) || this.is(carried.param);
                        this.value(carried.next, useful);
                        this.value(carried.init, useful);
                    }
                };
                links(self);
                self.block(&lp.body);
                links(self);
            }
            Kind::Call(call) => {
                let of_out = match call.out {
                    CallOut::Unit => false,
                    CallOut::Value(out) => self.is(out),
                    CallOut::Mem(mem) => self.mems[mem.0 as usize],
                };
                let useful = of_out || changed_by(call).any(|place| self.place(place));
                for arg in call.args.iter().filter(|arg| arg.wrt) {
                    self.source(&arg.source, useful);
                }
            }
            Kind::Pull { call, ct, outs, .. } => {
                let useful = outs.iter().any(|out| match out {
                    Pulled::Not => false,
                    Pulled::Value(v) => self.is(*v),
                    Pulled::Into(place) | Pulled::Through(place) => self.place(place),
                });
                let args = call.args.iter().filter(|arg| arg.wrt).map(|arg| &arg.source);
                args.chain(ct).for_each(|source| self.source(source, useful));
            }
            Kind::Keep(record, values, mems) => {
                for (to, to_mems) in self.records.recalled.get(record).into_iter().flatten() {
                    values.iter().zip(to).for_each(|(v, to)| self.value(*v, self.is(*to)));
                    for (mem, to) in mems.iter().zip(to_mems) {
                        self.mem(*mem, self.mems[to.0 as usize]);
                    }
                }
            }
            Kind::Save(record, place) => {
                let restored = self.records.restored.get(record);
                let useful =
                    restored.is_some_and(|mems| mems.iter().any(|m| self.mems[m.0 as usize]));
                self.mem(place.mem, useful);
            }
            _ => {}
        }
    }
}

/// The places that a call changes, those that carry derivatives.
pub(super) fn changed_by(call: &Call) -> impl Iterator<Item = &Place> {
    call.args.iter().filter_map(|arg| match (&arg.source, arg.by) {
        (Source::Place(place), By::Mut) if arg.wrt => Some(place),
        _ => None,
    })
}

/// Whether any part of a type is a float.
pub(super) fn has_floats(ty: &Type) -> bool {
    match ty {
        Type::Float(_) | Type::Array(..) | Type::Struct(_) => true,
        Type::Tuple(parts) => parts.iter().any(has_floats),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => has_floats(of),
        Type::Option(of) | Type::Result(of, _) => has_floats(of),
        Type::Int(_) | Type::Constant(_) | Type::Passive(..) | Type::Unit => false,
    }
}
