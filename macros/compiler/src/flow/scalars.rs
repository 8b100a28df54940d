//! Small arrays as scalars.
//!
//! A local array of a few floats whose elements are all named by literals is as many variables:
//! what is stored in an element is a value, loops carry it and conditionals hand it out. Nothing of
//! it is memory then, neither here nor in the reverse sweep.

use super::index::Index;
use super::ir::{
    Block, Carried, Init, Kind, MemId, Mode, Origin, Out, Pass, Place, Program, Proj, Stmt, Tree,
    Ty, V,
};
use super::visit::{Names, rename_block, rename_tree};
use super::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use crate::primitives;
use proc_macro2::Span;
use std::collections::BTreeMap;

/// Longer arrays stay memory.
const LONGEST: usize = 16;

/// Makes scalars of the arrays that can be such.
pub fn scalars(program: &mut Program) {
    let arrays = arrays(program);
    if arrays.is_empty() {
        return;
    }
    let body = std::mem::take(&mut program.body);
    let original = Program { body, ..program.clone() };
    let index = Index::new(&original);
    let mut promotion = Promotion {
        program,
        index: &index,
        arrays,
        literals: literals(&original.body),
        held: BTreeMap::new(),
        names: HashMap::default(),
        pos: 0,
        consts: Vec::new(),
    };
    let stmts = promotion.block(&original.body);
    let Promotion { mut names, mut consts, .. } = promotion;
    let ends: Vec<(V, V)> = names.keys().map(|v| (*v, end(&names, *v))).collect();
    names.extend(ends);
    consts.extend(stmts);
    let mut body = Block { stmts: consts };
    rename_block(&mut body, &mut Names(&names));
    program.body = body;
    if let Some(result) = &mut program.result {
        rename_tree(result, &mut Names(&names));
    }
}

/// The last of a chain of names.
fn end(names: &HashMap<V, V>, mut v: V) -> V {
    while let Some(next) = names.get(&v) {
        v = *next;
    }
    v
}

/// What an array is made of, and how many.
fn array(ty: &Type) -> Option<(Elem, usize)> {
    let Type::Fixed(elem, count) = ty else { return None };
    let Type::Float(elem) = &**elem else { return None };
    let count: usize = count.trim().parse().ok()?;
    (1..=LONGEST).contains(&count).then(|| (elem.clone(), count))
}

/// The integers that are literals.
pub(super) fn literals(block: &Block) -> HashMap<V, i128> {
    let mut literals = HashMap::default();
    walk::all(block, &mut |kind| {
        if let Kind::Const(v, Literal::Int(number)) = kind {
            literals.insert(*v, *number);
        }
    });
    literals
}

/// The local arrays that are touched in no way but those understood here.
fn arrays(program: &Program) -> HashMap<MemId, (Elem, usize)> {
    let literals = literals(&program.body);
    let index = Index::new(program);
    let mut arrays: HashMap<MemId, (Elem, usize)> = HashMap::default();
    for (k, mem) in program.mems.iter().enumerate() {
        if let (Origin::Local, Some(array), Some(_)) = (mem.origin, array(&mem.ty), index.made[k]) {
            arrays.insert(MemId(k as u32), array);
        }
    }
    if let Some(result) = &program.result {
        within_tree(result, &mut |mem| {
            arrays.remove(&mem);
        });
    }
    let is_array =
        |place: &Place| place.proj.is_empty() && array(&program.at(place.mem).ty).is_some();
    for (stmt, block) in &index.stmts {
        let made_around = |mem: MemId| {
            let made = index.made[mem.0 as usize];
            made.is_some_and(|made| index.encloses(made.block, *block))
        };
        let mut fits: Vec<MemId> = Vec::new();
        let element = |place: &Place| match (place.proj.as_slice(), arrays.get(&place.mem)) {
            ([Proj::Index(at)], Some((_, count))) => {
                literals.get(at).is_some_and(|at| (0..*count as i128).contains(at))
            }
            _ => false,
        };
        match &stmt.kind {
            Kind::Load(_, place) | Kind::Store(place, ..) if element(place) => {
                fits.push(place.mem);
            }
            Kind::Pass(_, Pass::Len(place), _) | Kind::Fill(place, _) if is_array(place) => {
                fits.push(place.mem);
            }
            Kind::Alloc(mem, init) => match init {
                Init::List(_) | Init::Unset | Init::Filled(_, None) => fits.push(*mem),
                Init::Copy(from) | Init::Move(from) if is_array(from) => {
                    fits.extend([*mem, from.mem]);
                }
                _ => {}
            },
            Kind::Assign { to, from, .. } if is_array(to) && is_array(from) => {
                fits.extend([to.mem, from.mem]);
            }
            _ => {}
        }
        let mut touched: Vec<MemId> = walk::makes(&stmt.kind).to_vec();
        walk::places(&stmt.kind, &mut |mem, _, _| touched.push(mem));
        for mem in touched {
            if !fits.contains(&mem) || !made_around(mem) {
                arrays.remove(&mem);
            }
        }
    }
    arrays
}

fn within_tree(tree: &Tree, f: &mut impl FnMut(MemId)) {
    match tree {
        Tree::Unit | Tree::Value(_) => {}
        Tree::Place(place) | Tree::Array(place, _) => f(place.mem),
        Tree::Tuple(parts) => parts.iter().for_each(|part| within_tree(part, f)),
        Tree::Success(inner) => within_tree(inner, f),
    }
}

/// What each element of each array holds.
type Held = BTreeMap<(MemId, usize), V>;

struct Promotion<'p> {
    program: &'p mut Program,
    index: &'p Index<'p>,
    arrays: HashMap<MemId, (Elem, usize)>,
    literals: HashMap<V, i128>,
    held: Held,
    /// What values that were loaded are.
    names: HashMap<V, V>,
    /// The number of the next statement.
    pos: usize,
    consts: Vec<Stmt>,
}

impl Promotion<'_> {
    fn block(&mut self, block: &Block) -> Vec<Stmt> {
        let mut out = Vec::with_capacity(block.stmts.len());
        for stmt in &block.stmts {
            self.statement(stmt, &mut out);
        }
        out
    }

    fn name(&self, v: V) -> V {
        self.names.get(&v).copied().unwrap_or(v)
    }

    fn float(&mut self, mem: MemId) -> V {
        let of = self.program.at(mem).clone();
        let elem = self.arrays[&mem].0.clone();
        self.program.value(of.name, Ty::Float(elem), of.span)
    }

    fn is_scalar(&self, mem: MemId) -> bool {
        self.arrays.contains_key(&mem)
    }

    fn element(&self, place: &Place) -> Option<(MemId, usize)> {
        match place.proj.as_slice() {
            [Proj::Index(at)] if self.is_scalar(place.mem) => {
                Some((place.mem, *self.literals.get(at)? as usize))
            }
            _ => None,
        }
    }

    fn int(&mut self, value: usize) -> V {
        let int = Ty::Int(Some("usize".to_string()));
        let v = self.program.value("k", int, Span::call_site());
        let kind = Kind::Const(v, Literal::Int(value as i128));
        self.consts.push(Stmt { kind, span: Span::call_site() });
        v
    }

    /// The elements of an array, loaded if it is memory.
    fn elements(&mut self, from: MemId, span: Span, out: &mut Vec<Stmt>) -> Vec<V> {
        if let Some((_, count)) = self.arrays.get(&from) {
            return (0..*count).map(|k| self.held[&(from, k)]).collect();
        }
        let Some((elem, count)) = array(&self.program.at(from).ty) else { return vec![] };
        let name = self.program.at(from).name.clone();
        let mut load = |this: &mut Self, k| {
            let v = this.program.value(name.clone(), Ty::Float(elem.clone()), span);
            let place = Place { mem: from, proj: vec![Proj::Index(this.int(k))] };
            out.push(Stmt { kind: Kind::Load(v, place), span });
            v
        };
        (0..count).map(|k| load(self, k)).collect()
    }

    fn hold(&mut self, mem: MemId, values: Vec<V>) {
        for (k, v) in values.into_iter().enumerate() {
            let v = self.name(v);
            self.held.insert((mem, k), v);
        }
    }

    fn statement(&mut self, stmt: &Stmt, out: &mut Vec<Stmt>) {
        let at = self.pos;
        self.pos += 1;
        let span = stmt.span;
        let mut push = |kind| out.push(Stmt { kind, span });
        match &stmt.kind {
            Kind::Load(v, place) if self.element(place).is_some() => {
                if let Some(element) = self.element(place) {
                    let held = self.held[&element];
                    self.names.insert(*v, held);
                }
            }
            Kind::Store(place, v, mode) if self.element(place).is_some() => {
                let Some(element) = self.element(place) else { return };
                let row = match mode {
                    Mode::Set => {
                        let v = self.name(*v);
                        self.held.insert(element, v);
                        return;
                    }
                    Mode::Add => &primitives::ADD,
                    Mode::Sub => &primitives::SUB,
                };
                let new = self.float(element.0);
                push(Kind::Prim(new, row, vec![self.held[&element], self.name(*v)]));
                self.held.insert(element, new);
            }
            Kind::Fill(place, v) if self.is_scalar(place.mem) => {
                let count = self.arrays[&place.mem].1;
                self.hold(place.mem, vec![*v; count]);
            }
            Kind::Pass(v, Pass::Len(place), _) if self.is_scalar(place.mem) => {
                push(Kind::Const(*v, Literal::Int(self.arrays[&place.mem].1 as i128)));
            }
            Kind::Alloc(mem, init) if self.is_scalar(*mem) => {
                let count = self.arrays[mem].1;
                let values = match init {
                    Init::List(values) => values.clone(),
                    Init::Filled(v, _) => vec![*v; count],
                    Init::Copy(from) | Init::Move(from) => self.elements(from.mem, span, out),
                    _ => {
                        let zero = self.float(*mem);
                        push(Kind::Const(zero, Literal::Float(0.0, None)));
                        vec![zero; count]
                    }
                };
                self.hold(*mem, values);
            }
            Kind::Alloc(mem, Init::Copy(from) | Init::Move(from)) if self.is_scalar(from.mem) => {
                let values = self.elements(from.mem, span, out);
                out.push(Stmt { kind: Kind::Alloc(*mem, Init::List(values)), span });
            }
            Kind::Assign { to, from, .. } if self.is_scalar(to.mem) || self.is_scalar(from.mem) => {
                let values = self.elements(from.mem, span, out);
                if self.is_scalar(to.mem) {
                    self.hold(to.mem, values);
                    return;
                }
                for (k, v) in values.into_iter().enumerate() {
                    let place = Place { mem: to.mem, proj: vec![Proj::Index(self.int(k))] };
                    out.push(Stmt { kind: Kind::Store(place, v, Mode::Set), span });
                }
            }
            Kind::If { cond, then, other, outs } => {
                let before = self.held.clone();
                let then = Block { stmts: self.block(then) };
                let after_then = std::mem::replace(&mut self.held, before.clone());
                let other = Block { stmts: self.block(other) };
                let after_other = std::mem::replace(&mut self.held, before);
                let mut outs = outs.clone();
                let elements: Vec<(MemId, usize)> = self.held.keys().copied().collect();
                for element in elements {
                    let (a, b) = (after_then[&element], after_other[&element]);
                    if a != b {
                        let value = self.float(element.0);
                        outs.push(Out { value, then: Some(a), other: Some(b) });
                        self.held.insert(element, value);
                    } else {
                        self.held.insert(element, a);
                    }
                }
                push(Kind::If { cond: *cond, then, other, outs });
            }
            Kind::Loop(lp) => {
                let mut lp = (**lp).clone();
                let round = self.changed_inside(at);
                let mut going = Vec::new();
                for (element, init) in &round {
                    let param = self.float(element.0);
                    self.held.insert(*element, param);
                    going.push((*element, *init, param));
                }
                let before = self.held.clone();
                lp.body.stmts = self.block(&lp.body);
                let after = std::mem::replace(&mut self.held, before);
                for (element, init, param) in going {
                    let next = after[&element];
                    if next == param {
                        self.names.insert(param, init);
                        self.held.insert(element, init);
                        continue;
                    }
                    let out = self.float(element.0);
                    lp.carried.push(Carried { param, init, next, out });
                    self.held.insert(element, out);
                }
                push(Kind::Loop(Box::new(lp)));
            }
            other => push(other.clone()),
        }
    }

    /// The elements that a loop changes, and what they hold before it.
    fn changed_inside(&self, at: usize) -> Vec<((MemId, usize), V)> {
        let inside = at..self.index.end(at);
        let mut changed: HashSet<MemId> = HashSet::default();
        for mem in self.arrays.keys() {
            let writes = &self.index.writes[mem.0 as usize];
            if writes.iter().any(|site| inside.contains(&site.pos)) {
                changed.insert(*mem);
            }
        }
        let held = self.held.iter().filter(|((mem, _), _)| changed.contains(mem));
        held.map(|(element, v)| (*element, *v)).collect()
    }
}
