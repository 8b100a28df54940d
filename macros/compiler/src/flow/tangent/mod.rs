//! Forward mode: a program in, the program that carries tangents beside its values out.
//!
//! Statement by statement, in the order of the program: a value that carries a derivative gets a
//! tangent, a memory a memory of tangents of the same shape, which undergoes what the memory does. A
//! value without tangent is a structural zero, and nothing is written for it. What a loop keeps on a
//! record is kept with its tangent, so that a program with a reverse sweep is as good as any other:
//! its tangents are second derivatives.

mod call;
mod gradient;
mod guard;
mod hessian;
mod memory;
mod records;
pub(in crate::flow) mod rule;
mod sites;
mod spans;
mod sparse;
mod unguarded;
mod units;
mod wide;
mod wild;

pub use gradient::{gradient, seeded};
pub use hessian::hessian;
pub use sparse::{Entries, jacobian};
pub use unguarded::unguarded;
pub use units::by_units;
pub use wide::wide;

use super::activity::{Activity, Records, activity_again};
use super::adjoint::pullback::can_be_infinite;
use super::ir::{
    Block, Call, Carried, Kind, Loop, MemId, Origin, Out, ParamIs, Pass, Place, Program, RecId,
    Stmt, Tree, Ty, V,
};
use super::walk;
use crate::error::Errors;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use crate::primitives::{self, Prim, Sym};
use proc_macro2::Span;
use wild::Wild;

/// A program with tangents in so many directions.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The program. Its result is a tuple: what the program had as its result, then for each
    /// direction the tangent of that where it is not `()`, and of each exclusive parameter (input
    /// and output) with a tangent, in order, what it holds at the end. What carries no derivative
    /// has the tangent `()`.
    pub program: Program,
    /// For each direction and each parameter its tangent, if it has one: a float, or a memory,
    /// [`Origin::Shared`] where the parameter is, else [`Origin::Owned`].
    pub tangents: Vec<Vec<Option<ParamIs>>>,
}

/// Adds tangents in so many directions to a program, by the parameters in `wrt`.
///
/// Reports calls whose derivative is not known to be a program.
pub fn differentiate(
    program: &Program,
    wrt: &[bool],
    directions: usize,
    errors: &mut Errors,
) -> Forward {
    let activity = activity_again(program, wrt);
    let mut builder = Builder::new(program, &activity, directions, errors);
    builder.index();
    builder.program(wrt)
}

/// The tangents in one direction.
#[derive(Default)]
struct Column {
    /// The tangents so far.
    tangents: HashMap<V, V>,
    /// The memories of tangents.
    mems: HashMap<MemId, MemId>,
    /// Where the tangents go of what is saved on a record.
    saved: HashMap<RecId, RecId>,
}

struct Builder<'p> {
    src: &'p Program,
    act: &'p Activity,
    records: Records,
    out: Program,
    columns: Vec<Column>,
    /// The direction whose tangents are being written.
    at: usize,
    /// Of a Hessian by sites: there is a direction for each.
    blocks: Option<hessian::Blocks<'p>>,
    /// Of a sparse Jacobian: there is a direction for each site.
    sparse: Option<sparse::Sparse>,
    /// Of directions that are units: the first one of each array, and what it is.
    units: HashMap<MemId, (usize, &'p Type)>,
    /// The primitives of the program, by their results.
    prims: HashMap<V, (Prim, &'p [V])>,
    /// Products under a guard that nothing else reads: the guard's tangent is written without theirs.
    links: HashSet<V>,
    /// Tangents that may be infinite where what they were made of is not: zero times these is zero.
    wild: HashSet<V>,
    /// The values with such tangents, those that come out of a loop or a memory among them.
    source: Wild,
    /// Whether products are guarded, and whether one was to be that is not.
    guarded: bool,
    spared: bool,
    /// The values that are literals.
    numbers: HashMap<V, f64>,
    /// Literals that were made, so that each is made once.
    literals: HashMap<(u64, Elem), V>,
    consts: Vec<Stmt>,
    /// The blocks being written, outermost first.
    code: Vec<Vec<Stmt>>,
    errors: &'p mut Errors,
}

impl<'p> Builder<'p> {
    fn new(
        program: &'p Program,
        act: &'p Activity,
        directions: usize,
        errors: &'p mut Errors,
    ) -> Self {
        Builder {
            src: program,
            act,
            records: Records::of(program),
            out: program.clone(),
            columns: (0..directions).map(|_| Column::default()).collect(),
            at: 0,
            blocks: None,
            sparse: None,
            units: HashMap::default(),
            prims: HashMap::default(),
            links: HashSet::default(),
            wild: HashSet::default(),
            source: Wild::default(),
            guarded: true,
            spared: false,
            numbers: HashMap::default(),
            literals: HashMap::default(),
            consts: Vec::new(),
            code: Vec::new(),
            errors,
        }
    }

    /// The same for each direction.
    fn each<R>(&mut self, mut write: impl FnMut(&mut Self) -> R) -> Vec<R> {
        (0..self.columns.len())
            .map(|at| {
                self.at = at;
                write(self)
            })
            .collect()
    }

    /// Notes literals, primitives, and what guards alone read.
    fn index(&mut self) {
        let mut uses: HashMap<V, usize> = HashMap::default();
        let mut guards = Vec::new();
        walk::all(&self.src.body, &mut |kind| {
            walk::values(kind, &mut |v| *uses.entry(v).or_default() += 1);
            match kind {
                Kind::Const(v, literal) => {
                    let value = match literal {
                        Literal::Float(value, _) => *value,
                        Literal::Int(value) => *value as f64,
                    };
                    self.numbers.insert(*v, value);
                }
                Kind::Prim(out, row, args) => {
                    self.prims.insert(*out, (*row, args));
                    if **row == primitives::GUARD {
                        guards.push((args[0], args[1]));
                    }
                }
                _ => {}
            }
        });
        self.source = Wild::of(self.src, self.act, &self.numbers);
        if let Some(result) = &self.src.result {
            result.values(&mut |v| *uses.entry(v).or_default() += 1);
        }
        for (ct, value) in guards {
            // The last one is read by the guard, each other one by the next.
            let links = self.chain(ct, value).unwrap_or_default();
            let alone = links.iter().rev().take_while(|link| uses.get(&link.out) == Some(&1));
            self.links.extend(alone.map(|link| link.out).collect::<Vec<_>>());
        }
    }

    fn program(&mut self, wrt: &[bool]) -> Forward {
        let tangents = self.each(|this| this.inputs(wrt));
        self.code.push(Vec::new());
        self.block(&self.src.body);
        let result = self.src.result.clone().unwrap_or(Tree::Unit);
        let of_result = self.each(|this| this.results(&result, &tangents[this.at]));
        let parts = std::iter::once(result).chain(of_result.into_iter().flatten()).collect();
        self.out.result = Some(Tree::Tuple(parts));
        let program = self.finish();
        Forward { program, tangents }
    }

    fn finish(&mut self) -> Program {
        let mut stmts = std::mem::take(&mut self.consts);
        stmts.append(&mut self.code.pop().unwrap_or_default());
        self.out.body = Block { stmts };
        std::mem::take(&mut self.out)
    }

    /// The parameters' tangents.
    fn inputs(&mut self, wrt: &[bool]) -> Vec<Option<ParamIs>> {
        let mut tangents = Vec::new();
        for (param, wrt) in self.src.params.iter().zip(wrt) {
            tangents.push(match param {
                _ if !wrt => None,
                ParamIs::Value(v) => {
                    let tangent = self.fresh(*v);
                    self.define(*v, Some(tangent));
                    Some(ParamIs::Value(tangent))
                }
                ParamIs::Mem(m) => {
                    let origin = match self.src.at(*m).origin {
                        Origin::Shared => Origin::Shared,
                        _ => Origin::Owned,
                    };
                    Some(ParamIs::Mem(self.memory_like(*m, origin)))
                }
            });
        }
        tangents
    }

    /// The tangents of the result and of what is changed in place.
    fn results(&mut self, result: &Tree, inputs: &[Option<ParamIs>]) -> Vec<Tree> {
        let mut parts = Vec::new();
        let tangent = self.tree(result);
        parts.extend((!result.is_unit()).then_some(tangent));
        for (param, tangent) in self.src.params.iter().zip(inputs) {
            if let (ParamIs::Mem(m), Some(ParamIs::Mem(tangent))) = (param, tangent)
                && self.src.at(*m).origin == Origin::Exclusive
            {
                parts.push(Tree::Place(Place::whole(*tangent)));
            }
        }
        parts
    }

    /// The tangent of a result, in its structure.
    fn tree(&mut self, tree: &Tree) -> Tree {
        match tree {
            Tree::Unit => Tree::Unit,
            Tree::Value(v) => match self.src.float(*v) {
                Some(_) => Tree::Value(self.tangent_or_zero(*v)),
                None => Tree::Unit,
            },
            Tree::Place(place) if self.src.type_of(place).is_differentiable() => {
                Tree::Place(self.tangent_place_or_zeros(place))
            }
            Tree::Array(place, extents) => {
                Tree::Array(self.tangent_place_or_zeros(place), extents.clone())
            }
            Tree::Place(_) => Tree::Unit,
            Tree::Tuple(parts) => Tree::Tuple(parts.iter().map(|part| self.tree(part)).collect()),
            Tree::Success(inner) => self.tree(inner),
        }
    }

    // Values.

    /// A value like another, for its tangent.
    fn fresh(&mut self, like: V) -> V {
        let of = self.out.of(like).clone();
        let tangent = self.out.value(format!("t_{}", of.name), of.ty, of.span);
        if self.source.value(like) {
            self.wild.insert(tangent);
        }
        tangent
    }

    fn tangent(&self, v: V) -> Option<V> {
        self.columns[self.at].tangents.get(&v).copied()
    }

    fn tangent_or_zero(&mut self, v: V) -> V {
        match self.tangent(v) {
            Some(tangent) => tangent,
            None => self.zero(v),
        }
    }

    fn zero(&mut self, like: V) -> V {
        let elem = rule::Write::elem(self, like);
        rule::Write::number(self, 0.0, elem)
    }

    fn define(&mut self, v: V, tangent: Option<V>) {
        if let Some(tangent) = tangent {
            self.columns[self.at].tangents.insert(v, tangent);
        }
    }

    fn emit(&mut self, kind: Kind) {
        let stmt = Stmt { kind, span: Span::call_site() };
        self.code.last_mut().expect("a block is open").push(stmt);
    }

    // Statements.

    fn block(&mut self, block: &'p Block) {
        block.stmts.iter().for_each(|stmt| self.statement(stmt));
    }

    fn inner(&mut self, block: &'p Block) -> Vec<Stmt> {
        self.code.push(Vec::new());
        self.block(block);
        self.code.pop().unwrap_or_default()
    }

    fn statement(&mut self, stmt: &'p Stmt) {
        if self.second(&stmt.kind) || self.unit(&stmt.kind) || self.entry(stmt) {
            return;
        }
        let push = |this: &mut Self, kind: Kind| {
            let stmt = Stmt { kind, span: stmt.span };
            this.code.last_mut().expect("a block is open").push(stmt);
        };
        match &stmt.kind {
            Kind::If { cond, then, other, outs } => {
                let before = self.scope();
                let then = Block { stmts: self.inner(then) };
                let of_then = self.back_to(before.clone());
                let other = Block { stmts: self.inner(other) };
                let of_other = self.back_to(before);
                let columns = self.columns_of(outs, of_then, of_other);
                let outs = self.outs(outs).into_iter().chain(columns).collect();
                push(self, Kind::If { cond: *cond, then, other, outs });
            }
            Kind::Loop(lp) => {
                let lp = self.repeated(lp);
                push(self, Kind::Loop(Box::new(lp)));
            }
            Kind::Keep(record, values, mems) => {
                let kind = self.kept(*record, values, mems);
                push(self, kind);
            }
            Kind::Recall(record, values, mems) => {
                let kind = self.recalled(*record, values, mems);
                push(self, kind);
            }
            Kind::Call(call) if self.act.call(call) => {
                if !self.called(call, stmt.span) {
                    self.refused(call, "no tangents", "a derivative of forward mode", stmt.span);
                    push(self, stmt.kind.clone());
                }
            }
            Kind::Pull { call, ct, outs, .. } if self.act.pulled(outs) => {
                if !self.pulled(call, ct.as_ref(), outs) {
                    self.refused(call, "no second derivative", "a second derivative", stmt.span);
                    push(self, stmt.kind.clone());
                }
            }
            kind => {
                push(self, kind.clone());
                match kind {
                    // What has no tangents by any site.
                    Kind::Prim(out, ..) | Kind::Cast(out, _) if !self.reaches_any(*out) => {}
                    Kind::Prim(out, row, args) if **row == primitives::GUARD => {
                        self.each(|this| this.guard(*out, args[0], args[1], stmt.span));
                    }
                    Kind::Prim(out, row, args) => {
                        if self.act.value(*out) && !self.links.contains(out) {
                            self.primitive(*out, row, args);
                        }
                    }
                    Kind::Cast(out, arg) if self.act.value(*out) => {
                        self.each(|this| {
                            let Some(tangent) = this.tangent(*arg) else { return };
                            let here = this.fresh(*out);
                            this.emit(Kind::Cast(here, tangent));
                            this.define(*out, Some(here));
                        });
                    }
                    kind => {
                        self.each(|this| this.memory(kind));
                    }
                }
            }
        }
    }

    /// A primitive, in all directions at once: they share its partials.
    fn primitive(&mut self, out: V, row: Prim, args: &[V]) {
        let columns = std::mem::take(&mut self.columns);
        let of = |v: V, column: usize| columns[column].tangents.get(&v).copied();
        let tangents = rule::tangents(self, row, args, out, columns.len(), &of);
        self.columns = columns;
        for (column, tangent) in self.columns.iter_mut().zip(tangents) {
            column.tangents.extend(tangent.map(|tangent| (out, tangent)));
        }
    }

    /// Reports a call whose derivative is a call.
    fn refused(&mut self, call: &Call, lacks: &str, wanted: &str, span: Span) {
        let callee = call.value.to_string().replace(' ', "");
        if call.rule {
            let message = match lacks {
                "no tangents" => format!(
                    "`{callee}` has a rule for `vjp` alone, where {wanted} is wanted: give it `jvp = rule`, too, or `partials = rule`, which serves both"
                ),
                _ => format!(
                    "`{callee}` has a rule by hand, where {wanted} is wanted: write it as a function of floats with the options `partials = rule, hvp`, where the rule itself is under `#[differentiate(jvp)]`, or as one that can be inlined"
                ),
            };
            self.errors.at(span, message);
            return;
        }
        let by_itself = match lacks {
            "no tangents" => ", give it the option `jvp`, or",
            _ => ", give it the option `vjp_jvp`, or",
        };
        self.errors.at(span, format!(
            "`{callee}` is called by its `vjp` here, which has {lacks}: it is a method, calls itself, has a rule of its own, or uses what its callers cannot name; where {wanted} is wanted{by_itself} write it as a plain function that can be inlined, recursion as a loop"
        ));
    }

    fn outs(&mut self, outs: &[Out]) -> Vec<Out> {
        let mut all = outs.to_vec();
        for out in outs.iter().filter(|out| self.act.value(out.value)) {
            let tangents = self.each(|this| {
                let arm = |arm: Option<V>| arm.and_then(|v| this.tangent(v));
                if arm(out.then).is_none() && arm(out.other).is_none() {
                    return None;
                }
                let value = this.fresh(out.value);
                let then = out.then.map(|v| this.tangent_or_zero(v));
                let other = out.other.map(|v| this.tangent_or_zero(v));
                this.define(out.value, Some(value));
                Some(Out { value, then, other })
            });
            all.extend(tangents.into_iter().flatten());
        }
        all
    }

    fn repeated(&mut self, lp: &'p Loop) -> Loop {
        let active = |c: &&Carried| self.act.value(c.param) || self.act.value(c.out);
        let active: Vec<&Carried> = lp.carried.iter().filter(active).collect();
        let started = self.each(|this| {
            let start = |c: &&Carried| {
                if !this.follows(c.param) && !this.follows(c.out) {
                    return None;
                }
                let init = this.tangent_or_zero(c.init);
                let param = this.fresh(c.param);
                this.define(c.param, Some(param));
                if this.src.unordered.contains(&c.param) {
                    this.out.unordered.push(param);
                }
                Some((param, init))
            };
            active.iter().map(start).collect::<Vec<_>>()
        });
        let before = self.scope();
        let stmts = self.inner(&lp.body);
        let _ = self.back_to(before);
        let ended = self.each(|this| {
            let mut carried = Vec::new();
            for (c, started) in active.iter().zip(&started[this.at]) {
                let Some((param, init)) = *started else { continue };
                let next = this.tangent_or_zero(c.next);
                let out = this.fresh(c.out);
                carried.push(Carried { param, init, next, out });
                this.define(c.out, Some(out));
            }
            carried
        });
        let carried = lp.carried.iter().cloned().chain(ended.into_iter().flatten()).collect();
        // Nothing is kept, so that nothing has to be saved.
        Loop { carried, body: Block { stmts }, checkpoint: None, ..lp.clone() }
    }
}

impl rule::Write for Builder<'_> {
    fn apply(&mut self, row: Prim, args: Vec<V>, like: V) -> V {
        let numbers: Option<Vec<f64>> = args.iter().map(|v| self.number_of(*v)).collect();
        if let Some(result) = numbers.and_then(|numbers| primitives::fold(row, &numbers)) {
            return self.number(result, self.elem(like));
        }
        if *row == primitives::GUARD
            && let Some(ct) = self.number_of(args[0])
        {
            return if ct == 0.0 { self.zero(like) } else { args[1] };
        }
        let elem = self.elem(like);
        let out = self.out.value(row.name, Ty::Float(elem), Span::call_site());
        self.emit(Kind::Prim(out, row, args));
        out
    }

    fn number(&mut self, value: f64, elem: Elem) -> V {
        if let Some(v) = self.literals.get(&(value.to_bits(), elem.clone())) {
            return *v;
        }
        let v = self.out.value("c", Ty::Float(elem.clone()), Span::call_site());
        self.numbers.insert(v, value);
        self.literals.insert((value.to_bits(), elem), v);
        let kind = Kind::Const(v, Literal::Float(value, None));
        self.consts.push(Stmt { kind, span: Span::call_site() });
        v
    }

    fn number_of(&self, v: V) -> Option<f64> {
        self.numbers.get(&v).copied()
    }

    fn elem(&self, v: V) -> Elem {
        self.out.float(v).cloned().unwrap_or(Elem::F64)
    }

    fn is_integer(&self, v: V) -> bool {
        self.out.float(v).is_none()
    }

    fn to_float(&mut self, v: V, like: V) -> V {
        let elem = self.elem(like);
        if let Some(number) = self.number_of(v) {
            return self.number(number, elem);
        }
        let float = self.out.value("n", Ty::Float(elem), Span::call_site());
        self.emit(Kind::Cast(float, v));
        float
    }

    fn one_less(&mut self, v: V) -> V {
        let ty = self.out.of(v).ty.clone();
        let literal = |this: &mut Self, value: i128| {
            let v = this.out.value("k", ty.clone(), Span::call_site());
            this.numbers.insert(v, value as f64);
            let kind = Kind::Const(v, Literal::Int(value));
            this.consts.push(Stmt { kind, span: Span::call_site() });
            v
        };
        if let Some(number) = self.number_of(v) {
            return literal(self, number as i128 - 1);
        }
        let one = literal(self, 1);
        let less = self.out.value("n", ty, Span::call_site());
        self.emit(Kind::Pass(less, Pass::Method("saturating_sub".to_string()), vec![v, one]));
        less
    }

    fn guards(&mut self) -> bool {
        self.spared |= !self.guarded;
        self.guarded
    }

    fn is_wild(&self, tangent: V) -> bool {
        self.wild.contains(&tangent)
    }

    fn mark_wild(&mut self, tangent: V) {
        self.wild.insert(tangent);
    }

    fn is_singular(&self, partial: &Sym, args: &[V]) -> bool {
        let Sym::Arg(k) = partial else { return false };
        self.prims.get(&args[*k]).is_some_and(|(row, args)| {
            can_be_infinite(row, args.get(1).and_then(|v| self.number_of(*v)))
        })
    }
}
