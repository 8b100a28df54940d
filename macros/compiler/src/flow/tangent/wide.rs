//! Directions as an innermost axis: a program with tangents in one direction becomes one in several,
//! where each float of a tangent is a row of as many, and what stands between two loops or conditions
//! is done for all of them in one loop.
//!
//! ```text
//! a = x[i]                          a = x[i]
//! t_a = t_x[i]                      s = sin a
//! s = sin a                         c = cos a
//! c = cos a             ─wide─▶     for d in 0..8
//! t_s = t_a · c                       t_a = t_x[i][d]
//! out[i] = s                          t_s = t_a · c
//! t_out[i] = t_s                      t_out[i][d] = t_s
//!                                   out[i] = s
//! ```
//!
//! The rows lie side by side in memory and are as long as is known here, so that LLVM takes several
//! directions in each vector. What a tangent needs of the function itself does not depend on it, so
//! that it is computed ahead of the loop, once.
//!
//! A tangent that is used behind its loop has a *home*, a row of its own.

use super::{Forward, spans};
use crate::flow::ir::{
    Block, Carried, Init, Kind, Loop, MemId, Mode, Origin, Out, Over, ParamIs, Place, Program,
    Proj, Source, Stmt, Tree, Ty, V,
};
use crate::flow::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use proc_macro2::Span;

/// From so many directions on it is worth it to find out which a value depends on.
const NARROWED: usize = 12;

/// Gives tangents in one direction an axis of so many; `of` is the program without tangents. Nothing
/// comes of it where a program does more than this understands.
pub fn wide(forward: &Forward, of: &Program, directions: usize) -> Option<Forward> {
    let [inputs] = &forward.tangents[..] else { return None };
    let mut writer = Writer {
        out: forward.program.clone(),
        directions,
        first: of.mems.len() as u32,
        varying: HashSet::default(),
        homes: HashMap::default(),
        run: Vec::new(),
        code: Vec::new(),
        ahead: Vec::new(),
        bounds: None,
    };
    writer.memories()?;
    let tangents = inputs.iter().map(|is| is.as_ref().map(|is| writer.input(is))).collect();
    writer.vary(&forward.program.body);
    let body = writer.block(&forward.program.body)?;
    let result = match &forward.program.result {
        Some(Tree::Tuple(parts)) => {
            let (value, of_value) = parts.split_first()?;
            let mut all = vec![value.clone()];
            for part in of_value {
                all.push(writer.tree(part)?);
            }
            Tree::Tuple(all)
        }
        _ => return None,
    };
    let mut stmts = std::mem::take(&mut writer.ahead);
    stmts.extend(body);
    let mut body = Block { stmts };
    put_home(&mut body, &writer.homes);
    writer.out.body = body;
    writer.out.result = Some(result);
    let mut forward = Forward { program: writer.out, tangents: vec![tangents] };
    if let Some(bounds) = writer.bounds
        && directions >= NARROWED
        && let Some(narrowed) = spans::narrowed(&forward, writer.first, bounds, directions)
    {
        forward.program = narrowed;
    }
    Some(forward)
}

struct Writer {
    out: Program,
    directions: usize,
    /// The first memory that holds tangents.
    first: u32,
    /// The values that differ by direction.
    varying: HashSet<V>,
    /// The rows of those that are used behind their loop.
    homes: HashMap<V, MemId>,
    /// What is to be done for each direction, up to here.
    run: Vec<Stmt>,
    /// The blocks being written, outermost first.
    code: Vec<Vec<Stmt>>,
    /// What is done first of all.
    ahead: Vec<Stmt>,
    /// The first direction and the one behind the last.
    bounds: Option<[V; 2]>,
}

fn stmt(kind: Kind) -> Stmt {
    Stmt { kind, span: Span::call_site() }
}

fn index() -> Ty {
    Ty::Int(Some("usize".to_string()))
}

impl Writer {
    /// The type of tangents in all directions.
    fn widened(&self, ty: &Type) -> Option<Type> {
        Some(match ty {
            Type::Float(_) => Type::Fixed(Box::new(ty.clone()), self.directions.to_string()),
            Type::Fixed(of, len) => Type::Fixed(Box::new(self.widened(of)?), len.clone()),
            Type::Vec(of) => Type::Vec(Box::new(self.widened(of)?)),
            Type::Slice(of) => Type::Slice(Box::new(self.widened(of)?)),
            Type::Tuple(parts) => {
                Type::Tuple(parts.iter().map(|part| self.widened(part)).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    fn memories(&mut self) -> Option<()> {
        for k in self.first as usize..self.out.mems.len() {
            self.out.mems[k].ty = self.widened(&self.out.mems[k].ty.clone())?;
        }
        Some(())
    }

    fn is_wide(&self, mem: MemId) -> bool {
        mem.0 >= self.first
    }

    /// A tangent of a parameter.
    fn input(&mut self, is: &ParamIs) -> ParamIs {
        match is {
            ParamIs::Mem(mem) => ParamIs::Mem(*mem),
            ParamIs::Value(v) => {
                self.varying.insert(*v);
                let home = self.home(*v);
                self.out.mems[home.0 as usize].origin = Origin::Shared;
                // It comes from outside.
                self.ahead
                    .retain(|stmt| !matches!(&stmt.kind, Kind::Alloc(mem, _) if *mem == home));
                ParamIs::Mem(home)
            }
        }
    }

    /// Finds what differs by direction.
    fn vary(&mut self, block: &Block) {
        loop {
            let before = self.varying.len();
            let mut found = Vec::new();
            walk::all(block, &mut |kind| {
                let varies = |v: &V| self.varying.contains(v);
                match kind {
                    Kind::If { outs, .. } => {
                        found.extend(outs.iter().filter_map(|out| {
                            out.then.iter().chain(&out.other).any(varies).then_some(out.value)
                        }));
                    }
                    Kind::Loop(lp) => {
                        for c in &lp.carried {
                            if varies(&c.init) || varies(&c.next) {
                                found.extend([c.param, c.out]);
                            }
                        }
                    }
                    Kind::Prim(out, _, args) if args.iter().any(varies) => found.push(*out),
                    Kind::Cast(out, arg) if varies(arg) => found.push(*out),
                    Kind::Load(out, place) | Kind::Pop(out, place) | Kind::SumAll(out, place)
                        if self.is_wide(place.mem) =>
                    {
                        found.push(*out);
                    }
                    _ => {}
                }
            });
            self.varying.extend(found);
            if self.varying.len() == before {
                return;
            }
        }
    }

    // Rows.

    fn row(&mut self, name: String, elem: Elem) -> MemId {
        let ty = Type::Fixed(Box::new(Type::Float(elem)), self.directions.to_string());
        self.out.mem(name, ty, Origin::Local, Span::call_site())
    }

    /// The row of a value that differs by direction.
    fn home(&mut self, v: V) -> MemId {
        if let Some(home) = self.homes.get(&v) {
            return *home;
        }
        let elem = self.out.float(v).cloned().unwrap_or(Elem::F64);
        let home = self.row(self.out.of(v).name.clone(), elem);
        self.ahead.push(stmt(Kind::Alloc(home, Init::Unset)));
        self.homes.insert(v, home);
        home
    }

    /// The row of any value; one that is the same in all directions is made where it is asked for.
    fn row_of(&mut self, v: V) -> MemId {
        if self.varying.contains(&v) {
            return self.home(v);
        }
        let elem = self.out.float(v).cloned().unwrap_or(Elem::F64);
        let row = self.row(self.out.of(v).name.clone(), elem);
        self.emit(Kind::Alloc(row, Init::Filled(v, None)));
        row
    }

    // Statements.

    fn emit(&mut self, kind: Kind) {
        self.emit_as(stmt(kind));
    }

    fn emit_as(&mut self, stmt: Stmt) {
        if let Some(code) = self.code.last_mut() {
            code.push(stmt);
        }
    }

    /// Whether a statement, or one in its blocks, has to do with tangents.
    fn touches(&self, kind: &Kind) -> bool {
        let mut touches = false;
        let mut look = |kind: &Kind| {
            walk::values(kind, &mut |v| touches |= self.varying.contains(&v));
            walk::places(kind, &mut |mem, _, _| touches |= self.is_wide(mem));
            walk::defines(kind, &mut |v| touches |= self.varying.contains(&v));
            touches |= walk::makes(kind).iter().any(|mem| self.is_wide(*mem));
        };
        look(kind);
        walk::blocks(kind).into_iter().for_each(|block| walk::all(block, &mut look));
        touches
    }

    /// A block, whose tangents are done at its end.
    fn block(&mut self, block: &Block) -> Option<Vec<Stmt>> {
        self.block_with(block, &[])
    }

    /// The same, at whose end some values go to rows.
    fn block_with(&mut self, block: &Block, leaving: &[(MemId, V)]) -> Option<Vec<Stmt>> {
        let around = std::mem::take(&mut self.run);
        self.code.push(Vec::new());
        for stmt in &block.stmts {
            self.statement(stmt)?;
        }
        for (to, v) in leaving {
            self.run.push(stmt(Kind::Store(Place::whole(*to), *v, Mode::Set)));
        }
        self.flush();
        self.run = around;
        self.code.pop()
    }

    fn statement(&mut self, of: &Stmt) -> Option<()> {
        if !self.touches(&of.kind) {
            self.emit_as(of.clone());
            return Some(());
        }
        match &of.kind {
            Kind::Prim(..) | Kind::Cast(..) | Kind::Load(..) | Kind::Store(..) => {
                self.run.push(of.clone());
            }
            Kind::If { cond, then, other, outs } => {
                self.flush();
                let (varying, passive): (Vec<Out>, Vec<Out>) =
                    outs.iter().cloned().partition(|out| self.varying.contains(&out.value));
                let mut leaving = [Vec::new(), Vec::new()];
                for out in &varying {
                    let home = self.home(out.value);
                    leaving[0].extend(out.then.map(|v| (home, v)));
                    leaving[1].extend(out.other.map(|v| (home, v)));
                }
                let then = Block { stmts: self.block_with(then, &leaving[0])? };
                let other = Block { stmts: self.block_with(other, &leaving[1])? };
                let kind = Kind::If { cond: *cond, then, other, outs: passive };
                self.emit_as(Stmt { kind, span: of.span });
            }
            Kind::Loop(lp) => {
                let (varying, carried): (Vec<Carried>, Vec<Carried>) =
                    lp.carried.iter().cloned().partition(|c| self.varying.contains(&c.param));
                let mut leaving = Vec::new();
                for c in &varying {
                    let home = self.home(c.param);
                    self.homes.insert(c.out, home);
                    leaving.push((home, c.next));
                    self.run.push(stmt(Kind::Store(Place::whole(home), c.init, Mode::Set)));
                }
                self.flush();
                let body = Block { stmts: self.block_with(&lp.body, &leaving)? };
                let lp = Loop { carried, body, ..(**lp).clone() };
                self.emit_as(Stmt { kind: Kind::Loop(Box::new(lp)), span: of.span });
            }
            Kind::Alloc(mem, init) if self.fresh(*mem, init) => {}
            kind => {
                self.flush();
                self.whole(kind)?;
            }
        }
        Some(())
    }

    /// Makes a memory that nothing else is asked for: nothing of what there is to do needs it.
    fn fresh(&mut self, mem: MemId, init: &Init) -> bool {
        let values: &[V] = match (init, &self.out.at(mem).ty) {
            (Init::Unset | Init::Empty(_) | Init::ZerosLike(_), _) => {
                self.emit(Kind::Alloc(mem, init.clone()));
                return true;
            }
            (Init::List(values), Type::Fixed(..)) => values,
            _ => return false,
        };
        self.emit(Kind::Alloc(mem, Init::Unset));
        for (k, v) in values.iter().enumerate() {
            let at = self.integer(k);
            let place = Place { mem, proj: vec![Proj::Index(at)] };
            self.run.push(stmt(Kind::Store(place, *v, Mode::Set)));
        }
        true
    }

    /// A statement on whole memories, each of whose floats is a row.
    fn whole(&mut self, kind: &Kind) -> Option<()> {
        let kind = match kind {
            Kind::Alloc(mem, init) => {
                let init = match init {
                    Init::Filled(v, len) => Init::FilledWith(Place::whole(self.row_of(*v)), *len),
                    Init::List(values) => {
                        let rows = values.iter().map(|v| Place::whole(self.row_of(*v)));
                        Init::ListOf(rows.collect())
                    }
                    Init::FilledWith(..) | Init::ListOf(_) | Init::Copy(_) | Init::Move(_) => {
                        init.clone()
                    }
                    _ => return None,
                };
                Kind::Alloc(*mem, init)
            }
            Kind::Push(place, Source::Value(v)) => {
                Kind::Push(place.clone(), Source::Place(Place::whole(self.row_of(*v))))
            }
            Kind::Fill(_, v) if self.varying.contains(v) => return None,
            Kind::Assign { .. }
            | Kind::Push(..)
            | Kind::Fill(..)
            | Kind::AddAll(..)
            | Kind::Swap(..)
            | Kind::DropLast(_) => kind.clone(),
            _ => return None,
        };
        self.emit(kind);
        Some(())
    }

    fn integer(&mut self, value: usize) -> V {
        let v = self.out.value("k", index(), Span::call_site());
        self.ahead.insert(0, stmt(Kind::Const(v, Literal::Int(value as i128))));
        v
    }

    /// Writes the loop over the directions for what there is to do.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.is_empty() {
            return;
        }
        let [lo, hi] = match self.bounds {
            Some(bounds) => bounds,
            None => [0, self.directions].map(|k| self.integer(k)),
        };
        self.bounds = Some([lo, hi]);
        let var = self.out.value("d", index(), Span::call_site());
        let mut defined: HashSet<V> = HashSet::default();
        let (mut loads, mut loaded) = (Vec::new(), HashMap::default());
        let mut stmts = Vec::new();
        for mut stmt in run {
            match &mut stmt.kind {
                Kind::Load(_, place) | Kind::Store(place, ..) => place.proj.push(Proj::Index(var)),
                _ => {}
            }
            let mut from_home = |this: &mut Self, v: &mut V| {
                if this.varying.contains(v) && !defined.contains(v) {
                    *v = *loaded.entry(*v).or_insert_with(|| {
                        let (home, of) = (this.home(*v), this.out.of(*v).clone());
                        let here = this.out.value(of.name, of.ty, of.span);
                        let place = Place { mem: home, proj: vec![Proj::Index(var)] };
                        loads.push(Stmt { kind: Kind::Load(here, place), span: of.span });
                        here
                    });
                }
            };
            match &mut stmt.kind {
                Kind::Prim(_, _, args) => args.iter_mut().for_each(|v| from_home(self, v)),
                Kind::Cast(_, v) | Kind::Store(_, v, _) => from_home(self, v),
                _ => {}
            }
            walk::defines(&stmt.kind, &mut |v| {
                defined.insert(v);
            });
            stmts.push(stmt);
        }
        loads.extend(stmts);
        let lp = Loop {
            over: Over::Range { var, lo, hi, reversed: false },
            carried: vec![],
            body: Block { stmts: loads },
            exit: None,
            checkpoint: None,
            count: None,
        };
        self.emit(Kind::Loop(Box::new(lp)));
    }

    /// The tangent of a result.
    fn tree(&mut self, tree: &Tree) -> Option<Tree> {
        Some(match tree {
            Tree::Unit => Tree::Unit,
            Tree::Value(v) if self.varying.contains(v) => Tree::Place(Place::whole(self.home(*v))),
            Tree::Place(place) if self.is_wide(place.mem) => tree.clone(),
            Tree::Tuple(parts) => {
                Tree::Tuple(parts.iter().map(|part| self.tree(part)).collect::<Option<_>>()?)
            }
            Tree::Success(inner) => self.tree(inner)?,
            Tree::Value(_) | Tree::Place(_) | Tree::Array(..) => return None,
        })
    }
}

/// Puts values that are used behind their loop into their rows.
fn put_home(block: &mut Block, homes: &HashMap<V, MemId>) {
    for of in &mut block.stmts {
        walk::blocks_mut(&mut of.kind).into_iter().for_each(|inner| put_home(inner, homes));
        let Kind::Loop(lp) = &mut of.kind else { continue };
        let Over::Range { var, .. } = lp.over else { continue };
        let mut stmts = Vec::new();
        for of in std::mem::take(&mut lp.body.stmts) {
            let mut found = Vec::new();
            if matches!(of.kind, Kind::Prim(..) | Kind::Cast(..) | Kind::Load(..)) {
                walk::defines(&of.kind, &mut |v| {
                    found.extend(homes.get(&v).map(|home| (*home, v)))
                });
            }
            stmts.push(of);
            for (mem, v) in found {
                let place = Place { mem, proj: vec![Proj::Index(var)] };
                stmts.push(stmt(Kind::Store(place, v, Mode::Set)));
            }
        }
        lp.body.stmts = stmts;
    }
}
