//! A small Jacobian, row by row, ahead of the reverse code of `pullback`.
//!
//! Whoever calls a pullback once for each part of the result, with a one there and zeros elsewhere,
//! asks for the rows of the Jacobian. Where the result has two or three parts and the reverse code is
//! without loops and neither long nor very short, they are computed with the forward code, side by side, and handed out:
//!
//! ```text
//! ct0 = seed[0]          row 0:           row 1:
//! ct1 = seed[1]
//! a = ct0 · w            (w)
//! b = ct1 · w                             (w)
//! c = a · x + b · y      c = w · x        c = w · y
//! d_cam[7] += b                           d_cam[7] = w
//! ```
//!
//! A part of the cotangent that is zero is a structural zero there, and nothing is multiplied by one.
//! The rows are handed out where the results are finite, so that the guards which do nothing there are
//! left out of them (`finite.rs`): a row is what the reverse code makes of its cotangent, but for the
//! sign of zeros. All other cotangents take the reverse code.

use super::finite;
use super::ir::{
    Adjoint, Block, Grad, Init, Kind, MemId, Mode, Origin, Out, ParamIs, Pass, Place, Program,
    Proj, Stmt, Tree, Ty, V,
};
use super::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use crate::primitives::{ADD, DIV, GUARD, MUL, NEG, Prim, SUB};
use proc_macro2::Span;

/// More parts of a result than this have no rows: who asks for one product only would pay for all.
const PARTS: usize = 3;

/// Reverse code of fewer statements runs as fast as its rows are handed out.
const WORTHWHILE: usize = 100;

/// The statements of the forward code and all rows together are at most so many.
const STATEMENTS: usize = 1000;

/// The rows of a Jacobian, in a program ahead of its reverse sweep.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The condition under which they hold.
    pub finite: V,
    /// For each part of the cotangent its row.
    pub rows: Vec<Row>,
}

/// One row of a Jacobian.
#[derive(Clone, Debug)]
pub struct Row {
    /// The part of the cotangent that is one.
    pub part: Part,
    /// For each parameter of the function its gradient: a value, or a memory of its own.
    pub grads: Vec<Grad>,
}

/// A float in the cotangent of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A cotangent that is a float.
    Value(V),
    /// An element of one that is an array.
    Element(MemId, Vec<usize>, Elem),
}

/// Puts the rows of a small Jacobian ahead of the reverse sweep, whose forward code stands alone.
pub fn rows(adjoint: &mut Adjoint) -> Option<Rows> {
    let program = &adjoint.program;
    let mut parts = Vec::new();
    parts_of(program, &adjoint.seed, &mut parts)?;
    let (forward, reverse) = program.body.stmts.split_at(adjoint.reverse);
    let shadows: Vec<MemId> = (adjoint.grads.iter())
        .filter_map(|grad| match grad {
            Grad::Mem(shadow) => Some(*shadow),
            Grad::Not | Grad::Value(_) => None,
        })
        .collect();
    let seeds = parts.iter().filter_map(|part| match part {
        Part::Element(mem, ..) => Some(*mem),
        Part::Value(_) => None,
    });
    let scope = Scope { seeds: seeds.collect(), shadows, integers: integers(&program.body) };
    let statements = count(forward) + parts.len() * count(reverse);
    let fits = (2..=PARTS).contains(&parts.len())
        && count(reverse) >= WORTHWHILE
        && statements <= STATEMENTS;
    let fixed = scope.shadows.iter().all(|shadow| is_fixed(&program.at(*shadow).ty));
    if !fits || !fixed || !scope.takes(reverse, &parts) {
        return None;
    }
    let seeds: Vec<V> = (parts.iter())
        .filter_map(|part| match part {
            Part::Value(v) => Some(*v),
            Part::Element(..) => None,
        })
        .collect();
    let is_seed = |mem| scope.seeds.contains(&mem);
    let zeros = finite::zeros(adjoint, &is_seed, &seeds)?;
    let reverse = reverse.to_vec();
    let stmts = forward.to_vec();
    let mut writer = Writer {
        program: &mut adjoint.program,
        scope: &scope,
        idle: &zeros.idle,
        parts: &parts,
        names: HashMap::default(),
        mems: HashMap::default(),
        written: HashSet::default(),
        conditional: 0,
        code: vec![stmts],
    };
    let grads = writer.rows(&adjoint.grads, &reverse);
    let mut stmts = writer.code.pop().unwrap_or_default();
    let factors = zeros.factors.iter().map(|v| writer.passive(*v)).collect();
    let finite = all_finite(&mut adjoint.program, &parts, factors, &mut stmts)?;
    adjoint.reverse = stmts.len();
    stmts.extend(reverse);
    adjoint.program.body.stmts = stmts;
    let rows = parts.into_iter().zip(grads).map(|(part, grads)| Row { part, grads }).collect();
    Some(Rows { finite, rows })
}

/// The floats that a cotangent is made of, if it is made of floats and arrays of known length.
fn parts_of(program: &Program, seed: &Tree, parts: &mut Vec<Part>) -> Option<()> {
    match seed {
        Tree::Unit => Some(()),
        Tree::Value(v) => {
            parts.push(Part::Value(*v));
            Some(())
        }
        Tree::Place(place) if place.proj.is_empty() => {
            elements_of(place.mem, &program.at(place.mem).ty, &mut Vec::new(), parts)
        }
        Tree::Place(_) | Tree::Array(..) => None,
        Tree::Tuple(inner) => inner.iter().try_for_each(|part| parts_of(program, part, parts)),
        Tree::Success(inner) => parts_of(program, inner, parts),
    }
}

fn elements_of(mem: MemId, ty: &Type, at: &mut Vec<usize>, parts: &mut Vec<Part>) -> Option<()> {
    match ty {
        Type::Float(elem) => {
            parts.push(Part::Element(mem, at.clone(), elem.clone()));
            Some(())
        }
        Type::Fixed(of, len) => {
            let len = len.parse::<usize>().ok().filter(|len| *len <= PARTS)?;
            for k in 0..len {
                at.push(k);
                elements_of(mem, of, at, parts)?;
                at.pop();
            }
            Some(())
        }
        _ => None,
    }
}

/// Whether a memory of a type is as large as the type says.
fn is_fixed(ty: &Type) -> bool {
    match ty {
        Type::Float(_) => true,
        Type::Fixed(of, _) => is_fixed(of),
        Type::Tuple(parts) => parts.iter().all(is_fixed),
        _ => false,
    }
}

fn count(stmts: &[Stmt]) -> usize {
    let inner =
        |stmt: &Stmt| walk::blocks(&stmt.kind).iter().map(|b| count(&b.stmts)).sum::<usize>();
    stmts.iter().map(|stmt| 1 + inner(stmt)).sum()
}

/// The integers that are literals.
fn integers(block: &Block) -> HashMap<V, usize> {
    let mut found = HashMap::default();
    walk::all(block, &mut |kind| {
        if let Kind::Const(v, Literal::Int(number)) = kind
            && let Ok(number) = usize::try_from(*number)
        {
            found.insert(*v, number);
        }
    });
    found
}

/// What reverse code works on.
struct Scope {
    /// The memories that hold the cotangent of the result.
    seeds: Vec<MemId>,
    /// The memories that take the gradients.
    shadows: Vec<MemId>,
    integers: HashMap<V, usize>,
}

impl Scope {
    /// The steps into a place, if all are indices that are literals.
    fn path(&self, place: &Place) -> Option<Vec<usize>> {
        (place.proj.iter())
            .map(|proj| match proj {
                Proj::Index(at) => self.integers.get(at).copied(),
                Proj::Field(_) | Proj::Range(..) => None,
            })
            .collect()
    }

    /// Which part of the cotangent a place is.
    fn part(&self, place: &Place, parts: &[Part]) -> Option<usize> {
        let path = self.path(place)?;
        parts.iter().position(
            |part| matches!(part, Part::Element(mem, at, _) if *mem == place.mem && *at == path),
        )
    }

    /// Whether statements are arithmetic, conditionals and additions to gradients alone.
    fn takes(&self, stmts: &[Stmt], parts: &[Part]) -> bool {
        stmts.iter().all(|stmt| match &stmt.kind {
            Kind::Const(..) | Kind::Prim(..) | Kind::Cast(..) => true,
            Kind::Pass(_, Pass::Len(_), _) => false,
            Kind::Pass(..) => true,
            Kind::Load(_, place) if self.seeds.contains(&place.mem) => {
                self.part(place, parts).is_some()
            }
            Kind::Load(_, place) => !self.shadows.contains(&place.mem),
            Kind::Store(place, _, mode) => {
                self.shadows.contains(&place.mem)
                    && *mode != Mode::Set
                    && self.path(place).is_some()
            }
            Kind::If { then, other, .. } => {
                self.takes(&then.stmts, parts) && self.takes(&other.stmts, parts)
            }
            _ => false,
        })
    }
}

/// Whether all results are finite, and some further values: the sum of those of a type less itself is
/// zero then, and only then, but for sums that overflow.
fn all_finite(
    program: &mut Program,
    parts: &[Part],
    further: Vec<V>,
    stmts: &mut Vec<Stmt>,
) -> Option<V> {
    let mut put = |kind| stmts.push(Stmt { kind, span: Span::call_site() });
    let results = match finite::results(program) {
        Some(results) => results,
        None => loaded(program, parts, &mut put)?,
    };
    let mut sums: Vec<V> = Vec::new();
    for v in results.into_iter().chain(further) {
        let elem = program.float(v)?.clone();
        match sums.iter_mut().find(|sum| program.float(**sum) == Some(&elem)) {
            Some(sum) => {
                let next = program.value("sum", Ty::Float(elem), Span::call_site());
                put(Kind::Prim(next, &ADD, vec![*sum, v]));
                *sum = next;
            }
            None => sums.push(v),
        }
    }
    let mut finite: Option<V> = None;
    for sum in sums {
        let ty = program.of(sum).ty.clone();
        let [rest, zero] =
            ["rest", "c"].map(|name| program.value(name, ty.clone(), Span::call_site()));
        let [is, both] = ["finite"; 2].map(|name| program.value(name, Ty::Bool, Span::call_site()));
        put(Kind::Prim(rest, &SUB, vec![sum, sum]));
        put(Kind::Const(zero, Literal::Float(0.0, None)));
        put(Kind::Pass(is, Pass::Binary("=="), vec![rest, zero]));
        finite = Some(match finite {
            Some(others) => {
                put(Kind::Pass(both, Pass::Binary("&"), vec![others, is]));
                both
            }
            None => is,
        });
    }
    finite
}

/// The results, read where they are.
fn loaded(program: &mut Program, parts: &[Part], put: &mut dyn FnMut(Kind)) -> Option<Vec<V>> {
    let mut tree = program.result.clone()?;
    while let Tree::Success(inner) = tree {
        tree = *inner;
    }
    let Tree::Place(place) = tree else { return None };
    let read = parts.iter().map(|part| {
        let Part::Element(_, path, elem) = part else { return None };
        let mut place = place.clone();
        for at in path {
            let index = program.value("k", Ty::Int(Some("usize".to_string())), Span::call_site());
            put(Kind::Const(index, Literal::Int(*at as i128)));
            place.proj.push(Proj::Index(index));
        }
        let v = program.value("result", Ty::Float(elem.clone()), Span::call_site());
        put(Kind::Load(v, place));
        Some(v)
    });
    read.collect()
}

/// What a value of the reverse code is in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    /// No cotangent reaches it.
    Zero,
    /// The part of the cotangent that is one.
    One,
    /// This value.
    Value(V),
}

/// Writes the rows side by side: each statement of the reverse code for all of them, conditionals
/// once.
struct Writer<'a> {
    program: &'a mut Program,
    scope: &'a Scope,
    idle: &'a HashSet<V>,
    parts: &'a [Part],
    /// What values of the reverse code are in each row.
    names: HashMap<V, Vec<Is>>,
    /// The rows' own memories, by the shadows they stand for.
    mems: HashMap<MemId, Vec<MemId>>,
    /// Which elements of those have been written.
    written: HashSet<(MemId, Vec<usize>)>,
    /// How many conditionals are around.
    conditional: usize,
    /// The blocks being written, outermost first.
    code: Vec<Vec<Stmt>>,
}

impl Writer<'_> {
    fn count(&self) -> usize {
        self.parts.len()
    }

    fn rows(&mut self, grads: &[Grad], reverse: &[Stmt]) -> Vec<Vec<Grad>> {
        for (k, part) in self.parts.iter().enumerate() {
            if let Part::Value(v) = part {
                self.names.insert(*v, self.seeds(k));
            }
        }
        for (grad, param) in grads.iter().zip(self.program.params.clone()) {
            if let (Grad::Mem(shadow), ParamIs::Mem(param)) = (grad, param) {
                let of = self.program.at(*shadow).clone();
                let mut made = Vec::new();
                for _ in 0..self.count() {
                    let row = self.program.mem(&of.name, of.ty.clone(), Origin::Local, of.span);
                    self.put(Kind::Alloc(row, Init::ZerosLike(Place::whole(param))));
                    made.push(row);
                }
                self.mems.insert(*shadow, made);
            }
        }
        self.block(reverse);
        (0..self.count())
            .map(|k| grads.iter().map(|grad| self.gradient(k, grad)).collect())
            .collect()
    }

    /// A gradient in a row.
    fn gradient(&mut self, row: usize, grad: &Grad) -> Grad {
        match grad {
            Grad::Not => Grad::Not,
            Grad::Value(v) => Grad::Value(v.and_then(|v| match self.is(row, v) {
                Is::Zero => None,
                is => Some(self.value(is, v)),
            })),
            Grad::Mem(shadow) => Grad::Mem(self.memory(row, *shadow)),
        }
    }

    /// What a part of the cotangent is in each row.
    fn seeds(&self, part: usize) -> Vec<Is> {
        (0..self.count()).map(|row| if row == part { Is::One } else { Is::Zero }).collect()
    }

    fn put(&mut self, kind: Kind) {
        let stmt = Stmt { kind, span: Span::call_site() };
        self.code.last_mut().expect("a block is open").push(stmt);
    }

    fn is(&self, row: usize, v: V) -> Is {
        self.names.get(&v).map_or(Is::Value(v), |rows| rows[row])
    }

    /// What does not depend on the cotangent, as indices and conditions, is the same in all rows.
    fn passive(&self, v: V) -> V {
        match self.is(0, v) {
            Is::Value(v) => v,
            Is::Zero | Is::One => v,
        }
    }

    fn memory(&self, row: usize, mem: MemId) -> MemId {
        self.mems.get(&mem).map_or(mem, |rows| rows[row])
    }

    /// A value for what something is; `like` has its type.
    fn value(&mut self, is: Is, like: V) -> V {
        let number = match is {
            Is::Value(v) => return v,
            Is::Zero => 0.0,
            Is::One => 1.0,
        };
        let v = self.fresh(like);
        self.put(Kind::Const(v, Literal::Float(number, None)));
        v
    }

    fn fresh(&mut self, like: V) -> V {
        let of = self.program.of(like).clone();
        self.program.value(of.name, of.ty, of.span)
    }

    fn block(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.statement(&stmt.kind);
        }
    }

    /// Defines a value in all rows, from what `args` are there: once where they are the same.
    fn define(&mut self, v: V, args: &[V], write: &dyn Fn(&mut Self, &[Is]) -> Is) {
        let mut done: Vec<(Vec<Is>, Is)> = Vec::new();
        let mut rows = Vec::new();
        for row in 0..self.count() {
            let args: Vec<Is> = args.iter().map(|arg| self.is(row, *arg)).collect();
            let is = match done.iter().find(|(same, _)| *same == args) {
                Some((_, is)) => *is,
                None => {
                    let is = write(self, &args);
                    done.push((args, is));
                    is
                }
            };
            rows.push(is);
        }
        self.names.insert(v, rows);
    }

    /// Defines a value by a statement, in all rows.
    fn compute(&mut self, v: V, args: &[V], kind: &dyn Fn(V, Vec<V>) -> Kind) {
        self.define(v, args, &|writer, is| {
            let known = is.iter().zip(args).map(|(is, arg)| writer.value(*is, *arg)).collect();
            let new = writer.fresh(v);
            writer.put(kind(new, known));
            Is::Value(new)
        });
    }

    fn statement(&mut self, kind: &Kind) {
        match kind {
            Kind::Const(v, literal) => {
                self.compute(*v, &[], &|new, _| Kind::Const(new, literal.clone()));
            }
            Kind::Prim(v, row, args) => self.define(*v, args, &|writer, is| {
                writer.shorter(*v, row, args, is).unwrap_or_else(|| {
                    let known = is.iter().zip(args).map(|(is, arg)| writer.value(*is, *arg));
                    let known = known.collect();
                    let new = writer.fresh(*v);
                    writer.put(Kind::Prim(new, row, known));
                    Is::Value(new)
                })
            }),
            Kind::Cast(v, arg) => self.define(*v, &[*arg], &|writer, is| match is[0] {
                Is::Zero => Is::Zero,
                is => {
                    let (known, new) = (writer.value(is, *arg), writer.fresh(*v));
                    writer.put(Kind::Cast(new, known));
                    Is::Value(new)
                }
            }),
            Kind::Pass(v, pass, args) => {
                self.compute(*v, args, &|new, args| Kind::Pass(new, pass.clone(), args));
            }
            Kind::Load(v, place) => match self.scope.part(place, self.parts) {
                Some(part) => {
                    self.names.insert(*v, self.seeds(part));
                }
                None => {
                    let place = self.place(0, place);
                    self.compute(*v, &[], &|new, _| Kind::Load(new, place.clone()));
                }
            },
            Kind::Store(place, v, mode) => {
                (0..self.count()).for_each(|row| self.store(row, place, *v, *mode));
            }
            Kind::If { cond, then, other, outs } => self.conditional(*cond, then, other, outs),
            _ => {}
        }
    }

    /// What a primitive comes to without being computed.
    fn shorter(&mut self, v: V, row: Prim, args: &[V], is: &[Is]) -> Option<Is> {
        let (a, b) = (is[0], is.get(1).copied().unwrap_or(Is::Zero));
        match (row, a, b) {
            (row, Is::Zero, b) if *row == ADD => Some(b),
            (row, a, Is::Zero) if *row == ADD || *row == SUB => Some(a),
            (row, Is::Zero, b) if *row == SUB => {
                let (b, new) = (self.value(b, args[1]), self.fresh(v));
                self.put(Kind::Prim(new, &NEG, vec![b]));
                Some(Is::Value(new))
            }
            (row, Is::Zero, _) | (row, _, Is::Zero) if *row == MUL || *row == GUARD => {
                Some(Is::Zero)
            }
            (row, Is::One, other) | (row, other, Is::One) if *row == MUL => Some(other),
            (row, Is::Zero, _) if *row == DIV || *row == NEG => Some(Is::Zero),
            (row, Is::One, product) if *row == GUARD => Some(product),
            (row, _, product) if *row == GUARD && self.idle.contains(&v) => Some(product),
            _ => None,
        }
    }

    /// A place in a row; its indices are the same in all.
    fn place(&self, row: usize, place: &Place) -> Place {
        let proj = (place.proj.iter())
            .map(|proj| match proj {
                Proj::Index(at) => Proj::Index(self.passive(*at)),
                other => other.clone(),
            })
            .collect();
        Place { mem: self.memory(row, place.mem), proj }
    }

    /// The first addition to an element overwrites its zero.
    fn store(&mut self, row: usize, place: &Place, v: V, mode: Mode) {
        let is = self.is(row, v);
        if is == Is::Zero {
            return;
        }
        let v = self.value(is, v);
        let path = self.scope.path(place).unwrap_or_default();
        let place = self.place(row, place);
        let first = self.written.insert((place.mem, path));
        let mode = match mode {
            Mode::Add if first && self.conditional == 0 => Mode::Set,
            mode => mode,
        };
        self.put(Kind::Store(place, v, mode));
    }

    fn conditional(&mut self, cond: V, then: &Block, other: &Block, outs: &[Out]) {
        self.conditional += 1;
        let (then, then_ends) = self.arm(then, outs, &|out| out.then);
        let (other, other_ends) = self.arm(other, outs, &|out| out.other);
        self.conditional -= 1;
        let mut left = Vec::new();
        for (k, out) in outs.iter().enumerate() {
            let mut rows = Vec::new();
            for row in 0..self.count() {
                let ends = [then_ends[k].as_ref(), other_ends[k].as_ref()];
                let ends = ends.map(|rows| rows.map(|rows| rows[row]));
                if ends.iter().all(|end| end.is_none_or(|is| is == Is::Zero)) {
                    rows.push(Is::Zero);
                    continue;
                }
                let [then, other] = ends.map(|end| end.map(|is| self.value(is, out.value)));
                let value = self.fresh(out.value);
                left.push(Out { value, then, other });
                rows.push(Is::Value(value));
            }
            self.names.insert(out.value, rows);
        }
        if !(then.stmts.is_empty() && other.stmts.is_empty() && left.is_empty()) {
            let cond = self.passive(cond);
            self.put(Kind::If { cond, then, other, outs: left });
        }
    }

    /// A branch, and what leaves it in each row.
    fn arm(
        &mut self,
        block: &Block,
        outs: &[Out],
        end: &dyn Fn(&Out) -> Option<V>,
    ) -> (Block, Vec<Option<Vec<Is>>>) {
        self.code.push(Vec::new());
        self.block(&block.stmts);
        let rows = |v| (0..self.count()).map(|row| self.is(row, v)).collect();
        let ends = outs.iter().map(|out| end(out).map(rows)).collect();
        (Block { stmts: self.code.pop().unwrap_or_default() }, ends)
    }
}
