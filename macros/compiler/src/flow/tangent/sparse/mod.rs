//! A sparse Jacobian: derivatives put down, with their row and column, where they come about.
//!
//! ```text
//! for i in 1..n - 1                          for i in 1..n - 1
//!   a = u[i - 1]                               a = u[i - 1]
//!   b = u[i + 1]                 ─jacobian─▶   b = u[i + 1]
//!   out[i] = a · b                             entry (i, i - 1) is b
//!                                              entry (i, i + 1) is a
//! ```
//!
//! Each reading of a parameter's element is a *site*, a direction of its own (`reach.rs` finds them),
//! whose *column* is a value beside it. Tangents by the sites of one iteration are those that
//! coloured columns would give, so that a stencil of k points costs k tangents, whatever its size;
//! where a site is within a condition, its column leaves that with the value.
//!
//! Where few rows are made of many sites they are taken backwards instead (`backwards.rs`), and lists
//! are made with room for what a loop puts on them (`flow/room.rs`).
//!
//! An element of the result that may be set again begins anew: an entry without column says so.

mod backwards;
mod reach;

use super::Builder;
use super::rule::Write;
use crate::error::Errors;
use crate::flow::activity::activity_again;
use crate::flow::ir::{
    Block, Init, Kind, MemId, Mode, Origin, Out, ParamIs, Pass, Place, Program, Proj, Source, Stmt,
    Tree, Ty, V,
};
use crate::flow::room::room;
use crate::hash::HashMap;
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use proc_macro2::Span;
use quote::quote;
use reach::Reach;

/// The column of a site.
#[derive(Clone, Copy)]
pub(super) struct Column {
    at: V,
    /// Whether it may be none: the site is within a condition that did not hold.
    may_be_none: bool,
}

/// For each site its column, if it has been read.
pub(super) type Scope = Vec<Option<Column>>;

/// What the entries of a program are written with.
pub(super) struct Sparse {
    reach: Reach,
    /// The columns of sites that are in scope.
    columns: Scope,
    /// The entries of a part of the result by a parameter.
    sinks: HashMap<(usize, usize), MemId>,
    /// The column that is none.
    none: V,
    /// What rows taken backwards are made of.
    rows: backwards::Rows,
    /// Whether rows begin anew.
    resets: bool,
}

/// A program that results in the entries of a sparse matrix.
#[derive(Clone, Debug)]
pub struct Entries {
    /// The program.
    pub program: Program,
    /// Whether some entries say that their row begins anew.
    pub resets: bool,
}

/// The Jacobian of a program as one that results in a tuple: for each part of the result the number
/// of its rows and, for each parameter in `wrt`, its entries: rows, columns and numbers.
///
/// Reports what keeps the rows from being told apart.
pub fn jacobian(program: &Program, wrt: &[bool], errors: &mut Errors) -> Option<Entries> {
    let activity = activity_again(program, wrt);
    let mut reach = match Reach::of(program, wrt, &activity) {
        Ok(reach) => reach,
        Err((span, message)) => {
            errors.at(span, message);
            return None;
        }
    };
    let backwards = backwards::rows(program, &activity, &mut reach);
    let again = backwards.as_ref().map(|(program, _)| activity_again(program, wrt));
    let (program, activity) = match (&backwards, &again) {
        (Some((program, _)), Some(activity)) => (program, activity),
        _ => (program, &activity),
    };
    let rows = backwards.as_ref().map_or_else(HashMap::default, |(_, rows)| rows.clone());
    let mut builder = Builder::new(program, activity, reach.sites.len(), errors);
    builder.index();
    builder.code.push(Vec::new());
    let none = builder.out.value("none", index(), Span::call_site());
    let path = Pass::Path(quote!(::core::primitive::usize::MAX));
    builder.consts.push(statement(Kind::Pass(none, path, vec![])));
    let params: Vec<usize> = (0..wrt.len()).filter(|k| wrt[*k]).collect();
    let mut sinks = HashMap::default();
    for part in 0..reach.parts.len() {
        for param in &params {
            let sink = builder.sink(&program.params[*param]);
            sinks.insert((part, *param), sink);
        }
    }
    let columns = vec![None; reach.sites.len()];
    let seeds = reach.sites.iter().enumerate().filter(|(_, site)| site.place.is_none());
    let seeds: Vec<(usize, usize)> = seeds.map(|(k, site)| (k, site.param)).collect();
    builder.sparse = Some(Sparse { reach, columns, sinks, none, rows, resets: false });
    for (site, param) in seeds {
        if let ParamIs::Value(v) = &program.params[param] {
            builder.seeded(*v, site);
            let zero = builder.integer(0);
            builder.reached(site, zero);
        }
    }
    builder.block(&program.body);
    let result = builder.by_parts(&params);
    builder.out.result = Some(result);
    let resets = builder.sparse.as_ref().is_some_and(|sparse| sparse.resets);
    let mut program = builder.finish();
    room(&mut program);
    Some(Entries { program, resets })
}

fn index() -> Ty {
    Ty::Int(Some("usize".to_string()))
}

fn statement(kind: Kind) -> Stmt {
    Stmt { kind, span: Span::call_site() }
}

impl<'p> Builder<'p> {
    /// An empty list of entries by a parameter.
    pub(super) fn sink(&mut self, param: &ParamIs) -> MemId {
        let elem = match param {
            ParamIs::Value(v) => self.src.float(*v).cloned(),
            ParamIs::Mem(mem) => float_in(&self.src.at(*mem).ty),
        };
        let float = crate::emit::element::elem_type(&elem.unwrap_or(Elem::F64));
        let entry = Type::Constant(quote!((u32, u32, #float)).to_string());
        let ty = Type::Vec(Box::new(entry));
        let mem = self.out.mem("entries", ty, Origin::Local, Span::call_site());
        self.emit(Kind::Alloc(mem, Init::Empty(None)));
        mem
    }

    pub(super) fn integer(&mut self, value: usize) -> V {
        let v = self.out.value("k", index(), Span::call_site());
        self.consts.push(statement(Kind::Const(v, Literal::Int(value as i128))));
        v
    }

    fn passive(&mut self, pass: Pass, args: Vec<V>) -> V {
        let ty = match &pass {
            Pass::Binary("!=") => Ty::Bool,
            _ => index(),
        };
        let v = self.out.value("at", ty, Span::call_site());
        self.emit(Kind::Pass(v, pass, args));
        v
    }

    /// The length of an array type, as a value.
    fn extent(&mut self, len: &str) -> V {
        match len.trim().trim_end_matches("usize").parse::<usize>() {
            Ok(len) => self.integer(len),
            Err(_) => {
                let len: proc_macro2::TokenStream = len.parse().unwrap_or_default();
                self.passive(Pass::Path(quote!({ #len })), vec![])
            }
        }
    }

    /// How many floats there are in something of a type, all of which have one shape.
    fn floats(&mut self, ty: &Type) -> V {
        match ty {
            Type::Fixed(of, len) => {
                let (len, each) = (self.extent(len), self.floats(of));
                self.passive(Pass::Binary("*"), vec![len, each])
            }
            _ => self.integer(1),
        }
    }

    /// The number of a float in a memory, in row-major order.
    pub(super) fn number_of_place(&mut self, place: &Place, ty: &Type) -> V {
        let (mut ty, mut number, mut from) = (ty, None, None);
        for proj in &place.proj {
            match proj {
                Proj::Range(start, _) => {
                    from = Some(match from {
                        None => *start,
                        Some(before) => self.passive(Pass::Binary("+"), vec![before, *start]),
                    });
                }
                Proj::Index(at) => {
                    let at = match from.take() {
                        None => *at,
                        Some(from) => self.passive(Pass::Binary("+"), vec![from, *at]),
                    };
                    number = Some(match number {
                        None => at,
                        Some(before) => {
                            let Type::Fixed(_, len) = ty else { continue };
                            let len = self.extent(len);
                            let before = self.passive(Pass::Binary("*"), vec![before, len]);
                            self.passive(Pass::Binary("+"), vec![before, at])
                        }
                    });
                    if let Type::Fixed(of, _) | Type::Vec(of) | Type::Slice(of) = ty {
                        ty = of;
                    }
                }
                Proj::Field(_) => {}
            }
        }
        match number {
            Some(number) => number,
            None => self.integer(0),
        }
    }

    /// Notes the column of a site.
    fn reached(&mut self, site: usize, at: V) {
        if let Some(sparse) = &mut self.sparse {
            sparse.columns[site] = Some(Column { at, may_be_none: false });
        }
    }

    /// The columns in scope, to be put back by [`Builder::back_to`].
    pub(super) fn scope(&self) -> Option<Scope> {
        self.sparse.as_ref().map(|sparse| sparse.columns.clone())
    }

    /// Puts columns back; those that were in scope.
    pub(super) fn back_to(&mut self, scope: Option<Scope>) -> Option<Scope> {
        Some(std::mem::replace(&mut self.sparse.as_mut()?.columns, scope?))
    }

    /// The columns that leave a conditional, after which those of before are in scope.
    pub(super) fn columns_of(
        &mut self,
        outs: &[Out],
        then: Option<Scope>,
        other: Option<Scope>,
    ) -> Vec<Out> {
        let (Some(then), Some(other)) = (then, other) else { return Vec::new() };
        let Some(sparse) = &mut self.sparse else { return Vec::new() };
        let none = Column { at: sparse.none, may_be_none: true };
        let mut merged = Vec::new();
        for (site, (then, other)) in then.into_iter().zip(other).enumerate() {
            let leaves = outs.iter().any(|out| sparse.reach.follows(out.value, site));
            if sparse.columns[site].is_some() || !leaves || then.or(other).is_none() {
                continue;
            }
            let at = self.out.value("column", index(), Span::call_site());
            let (then, other) = (then.unwrap_or(none), other.unwrap_or(none));
            merged.push(Out { value: at, then: Some(then.at), other: Some(other.at) });
            let may_be_none = then.may_be_none || other.may_be_none;
            sparse.columns[site] = Some(Column { at, may_be_none });
        }
        merged
    }

    /// Whether a value has a tangent by the site at hand.
    pub(super) fn reaches(&self, v: V) -> bool {
        self.sparse.as_ref().is_none_or(|sparse| sparse.reach.follows(v, self.at))
    }

    /// Whether a statement reads a site or makes the result, and is written here.
    pub(super) fn entry(&mut self, stmt: &'p Stmt) -> bool {
        let Some(sparse) = &self.sparse else { return false };
        match &stmt.kind {
            Kind::Load(out, place) => {
                let Some(site) = sparse.reach.of.get(out).copied() else { return false };
                let ty = &self.src.at(place.mem).ty;
                self.emit(stmt.kind.clone());
                self.seeded(*out, site);
                let column = self.number_of_place(place, ty);
                self.reached(site, column);
            }
            Kind::Alloc(mem, init) => {
                let of_result = sparse.reach.outputs.contains_key(mem);
                if !of_result && !sparse.reach.lists.contains_key(mem) {
                    return false;
                }
                self.emit(stmt.kind.clone());
                if let (true, Init::List(values)) = (of_result, init) {
                    for (k, v) in values.iter().enumerate() {
                        let row = self.integer(k);
                        self.row_of_result(*mem, row, *v, Mode::Add);
                    }
                }
            }
            Kind::Store(place, v, mode) if sparse.reach.outputs.contains_key(&place.mem) => {
                let ty = &self.src.at(place.mem).ty;
                self.emit(stmt.kind.clone());
                let row = self.number_of_place(place, ty);
                self.row_of_result(place.mem, row, *v, *mode);
            }
            Kind::Push(place, source) if sparse.reach.outputs.contains_key(&place.mem) => {
                let row = self.passive(Pass::Len(place.clone()), vec![]);
                let ty = &self.src.at(place.mem).ty;
                self.emit(stmt.kind.clone());
                match (source, ty) {
                    (Source::Value(v), _) => self.row_of_result(place.mem, row, *v, Mode::Add),
                    (Source::Place(from), Type::Vec(of)) => {
                        let each = self.floats(of);
                        let first = self.passive(Pass::Binary("*"), vec![row, each]);
                        self.rows_of_list(place.mem, first, from.mem, Mode::Add);
                    }
                    _ => {}
                }
            }
            Kind::Assign { to, from, .. } if sparse.reach.outputs.contains_key(&to.mem) => {
                let ty = self.src.type_of(to);
                let whole = &self.src.at(to.mem).ty;
                self.emit(stmt.kind.clone());
                let before = self.number_of_place(to, whole);
                let each = self.floats(&ty);
                let first = self.passive(Pass::Binary("*"), vec![before, each]);
                self.rows_of_list(to.mem, first, from.mem, Mode::Set);
            }
            _ => return false,
        }
        true
    }

    /// The rows from a number on, of a small array.
    fn rows_of_list(&mut self, to: MemId, first: V, list: MemId, mode: Mode) {
        let values = self.sparse.as_ref().and_then(|sparse| sparse.reach.lists.get(&list).cloned());
        for (k, v) in values.unwrap_or_default().into_iter().enumerate() {
            let k = self.integer(k);
            let row = self.passive(Pass::Binary("+"), vec![first, k]);
            self.row_of_result(to, row, v, mode);
        }
    }

    /// What a value that goes into the result adds to its row.
    fn row_of_result(&mut self, to: MemId, row: V, v: V, mode: Mode) {
        let Some(sparse) = &self.sparse else { return };
        let part = sparse.reach.outputs[&to];
        if mode == Mode::Set && !sparse.reach.once.contains(&to) {
            let mut sinks: Vec<MemId> = (sparse.sinks.iter())
                .filter(|((of, _), _)| *of == part)
                .map(|(_, sink)| *sink)
                .collect();
            sinks.sort();
            let none = sparse.none;
            let elem = self.elem(v);
            let zero = self.number(0.0, elem);
            sinks.into_iter().for_each(|sink| self.emit(Kind::Entry(sink, row, none, zero)));
            if let Some(sparse) = &mut self.sparse {
                sparse.resets = true;
            }
        }
        self.entries(part, row, v, mode);
    }

    fn entries(&mut self, part: usize, row: V, v: V, mode: Mode) {
        let Some(sparse) = &self.sparse else { return };
        let derivatives: Vec<(usize, V)> = match sparse.rows.get(&v) {
            Some(backwards) => backwards.clone(),
            None => (self.columns.iter().enumerate())
                .filter_map(|(site, column)| Some((site, *column.tangents.get(&v)?)))
                .collect(),
        };
        for (site, derivative) in derivatives {
            let Some(sparse) = &self.sparse else { return };
            let Some(Column { at: column, may_be_none }) = sparse.columns[site] else { continue };
            let none = sparse.none;
            let sink = sparse.sinks[&(part, sparse.reach.sites[site].param)];
            let derivative = match mode {
                Mode::Sub => self.apply(&crate::primitives::NEG, vec![derivative], v),
                Mode::Set | Mode::Add => derivative,
            };
            let entry = Kind::Entry(sink, row, column, derivative);
            if !may_be_none {
                self.emit(entry);
                continue;
            }
            let cond = self.passive(Pass::Binary("!="), vec![column, none]);
            let then = Block { stmts: vec![statement(entry)] };
            self.emit(Kind::If { cond, then, other: Block::default(), outs: vec![] });
        }
    }

    /// Whether a value has tangents by any site.
    pub(super) fn reaches_any(&self, v: V) -> bool {
        self.sparse.as_ref().is_none_or(|sparse| sparse.reach.count(v) > 0)
    }

    /// The result.
    fn by_parts(&mut self, params: &[usize]) -> Tree {
        let parts = match &self.sparse {
            Some(sparse) => sparse.reach.parts.clone(),
            None => Vec::new(),
        };
        let mut all = Vec::new();
        for (k, part) in parts.iter().enumerate() {
            let rows = match part {
                Tree::Value(v) => {
                    let row = self.integer(0);
                    self.entries(k, row, *v, Mode::Add);
                    self.integer(1)
                }
                Tree::Place(place) | Tree::Array(place, _) => {
                    match self.src.at(place.mem).ty.clone() {
                        Type::Vec(of) | Type::Slice(of) => {
                            let len = self.passive(Pass::Len(place.clone()), vec![]);
                            let each = self.floats(&of);
                            self.passive(Pass::Binary("*"), vec![len, each])
                        }
                        ty => self.floats(&ty),
                    }
                }
                _ => self.integer(0),
            };
            let Some(sparse) = &self.sparse else { continue };
            let sinks = params.iter().map(|param| sparse.sinks[&(k, *param)]);
            let sinks = sinks.map(|sink| Tree::Place(Place::whole(sink)));
            all.push(Tree::Tuple(std::iter::once(Tree::Value(rows)).chain(sinks).collect()));
        }
        Tree::Tuple(all)
    }
}

/// The float that something is made of.
fn float_in(ty: &Type) -> Option<Elem> {
    match ty {
        Type::Float(elem) => Some(elem.clone()),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => float_in(of),
        _ => None,
    }
}
