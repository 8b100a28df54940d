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

mod writer;

use super::finite;
use super::ir::{
    Adjoint, Block, Grad, Kind, MemId, Mode, Pass, Place, Program, Proj, Stmt, Tree, Ty, V,
};
use super::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use crate::primitives::{ADD, SUB};
use proc_macro2::Span;
use writer::Writer;

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

/// Puts rows in the place of the reverse sweep, whose forward code stands alone, of a function from
/// floats to a tuple of floats: for each part of the result its derivatives by the parameters. All
/// guards stay, so that nothing is asked of the results.
pub(in crate::flow) fn instead(adjoint: &mut Adjoint) -> Option<Vec<Vec<Grad>>> {
    let program = &adjoint.program;
    let mut parts = Vec::new();
    parts_of(program, &adjoint.seed, &mut parts)?;
    let (forward, reverse) = program.body.stmts.split_at(adjoint.reverse);
    let scope = Scope { seeds: vec![], shadows: vec![], integers: HashMap::default() };
    let statements = count(forward) + parts.len() * count(reverse);
    let floats = adjoint.grads.iter().all(|grad| !matches!(grad, Grad::Mem(_)));
    if statements > STATEMENTS || !floats || !scope.takes(reverse, &parts) {
        return None;
    }
    let (forward, reverse) = (forward.to_vec(), reverse.to_vec());
    let mut writer = Writer {
        program: &mut adjoint.program,
        scope: &scope,
        idle: &HashSet::default(),
        parts: &parts,
        names: HashMap::default(),
        mems: HashMap::default(),
        written: HashSet::default(),
        conditional: 0,
        code: vec![forward],
    };
    let rows = writer.rows(&adjoint.grads, &reverse);
    adjoint.program.body.stmts = writer.code.pop().unwrap_or_default();
    adjoint.reverse = adjoint.program.body.stmts.len();
    Some(rows)
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
