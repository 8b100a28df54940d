//! What vanishes with a cotangent is left out where that is zero.
//!
//! All that is left of an iteration may be to add multiples of one cotangent. Where that is zero (a
//! component that has no share in a point, a unit that is off, a candidate that is not the nearest)
//! nothing changes, and the loops in it need not run:
//!
//! ```text
//! for c in 0..k rev:              for c in 0..k rev:
//!   ct = d_terms[c]                 ct = d_terms[c]
//!   for i in 0..n:                  if ct != 0:
//!     d_w[c][i] += ct * x[i]          for i in 0..n:
//!                                       d_w[c][i] += ct * x[i]
//! ```
//!
//! A zero cotangent passes on zero even where a factor is infinite or NaN, as by the guards
//! (`primitives::Guard`).

use super::ir::{Adjoint, Block, Kind, Loop, MemId, Mode, Over, Pass, Program, Stmt, Ty, V};
use super::{fresh, underflow, walk};
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;
use crate::primitives::{ADD, DIV, GUARD, MUL, NEG, Prim, SUB};
use proc_macro2::Span;

/// How many cotangents of an iteration are tried.
const TRIED: usize = 4;

/// Puts what vanishes with a cotangent under the condition that it is not zero, where that spares
/// loops. The memories `within` hand nothing from one iteration of their loop to the next.
pub fn vanish(adjoint: &mut Adjoint, within: &HashSet<MemId>) {
    let program = &mut adjoint.program;
    let mut body = std::mem::take(&mut program.body);
    let zeros = fresh::zeros(&body).floats;
    let accesses = walk::accesses(&body.stmts);
    let consts = Vec::new();
    let mut conditions = Conditions { program, within, zeros, accesses, consts, scales: true };
    conditions.block(&mut body);
    let mut stmts = conditions.consts;
    adjoint.reverse += stmts.len();
    stmts.append(&mut body.stmts);
    program.body.stmts = stmts;
}

struct Conditions<'a> {
    program: &'a mut Program,
    within: &'a HashSet<MemId>,
    zeros: HashSet<V>,
    /// How often the whole program touches each memory.
    accesses: HashMap<MemId, usize>,
    consts: Vec<Stmt>,
    /// Whether small cotangents are scaled, if that is possible: not inside of where they are.
    scales: bool,
}

/// What vanishes with a cotangent.
struct Found {
    /// The number of the first statement of that.
    behind: usize,
    /// The cotangent.
    ct: V,
    /// Memories that nothing else touches.
    own: HashSet<MemId>,
    /// Whether all of it is a multiple of the cotangent.
    linear: bool,
}

impl Conditions<'_> {
    fn block(&mut self, block: &mut Block) {
        let outside = self.scales;
        for stmt in &mut block.stmts {
            if let Kind::Loop(lp) = &mut stmt.kind
                && let Some(found) = self.last_cotangent(lp)
            {
                let rest = lp.body.stmts.split_off(found.behind);
                self.under(&found, rest, &mut lp.body.stmts);
            }
            walk::blocks_mut(&mut stmt.kind).into_iter().for_each(|inner| self.block(inner));
            self.scales = outside;
        }
    }

    /// Writes statements under the condition that a cotangent is not zero, a second time for small
    /// ones if that pays.
    fn under(&mut self, found: &Found, rest: Vec<Stmt>, out: &mut Vec<Stmt>) {
        let ct = found.ct;
        if !(self.scales && found.linear && underflow::pays(self.program, ct, &rest)) {
            return self.unless_zero(ct, rest, out);
        }
        self.scales = false;
        let (program, consts) = (&mut *self.program, &mut self.consts);
        let scaled = underflow::scaled(program, consts, ct, &rest, &found.own);
        let cond = underflow::is_small(program, consts, ct, out);
        let mut then = Block::default();
        self.unless_zero(ct, scaled, &mut then.stmts);
        let kind = Kind::If { cond, then, other: Block { stmts: rest }, outs: vec![] };
        out.push(Stmt { kind, span: Span::call_site() });
    }

    fn unless_zero(&mut self, ct: V, stmts: Vec<Stmt>, out: &mut Vec<Stmt>) {
        let span = Span::call_site();
        let zero = self.program.value("c", self.program.of(ct).ty.clone(), span);
        self.consts.push(Stmt { kind: Kind::Const(zero, Literal::Float(0.0, None)), span });
        let cond = self.program.value("any", Ty::Bool, span);
        out.push(Stmt { kind: Kind::Pass(cond, Pass::Binary("!="), vec![ct, zero]), span });
        let (then, other) = (Block { stmts }, Block::default());
        out.push(Stmt { kind: Kind::If { cond, then, other, outs: vec![] }, span });
    }

    /// A cotangent with which vanishes all that an iteration does behind it, loops among that.
    fn last_cotangent(&self, lp: &Loop) -> Option<Found> {
        let stmts = &lp.body.stmts;
        let other =
            |at: &usize| self.effect(&stmts[*at].kind) == Effect::Other && !self.clears(stmts, *at);
        let from = (0..stmts.len()).rfind(other).map_or(0, |last| last + 1);
        let adds = |stmt: &Stmt| self.effect(&stmt.kind) == Effect::Adds;
        let first = from + stmts[from..].iter().position(adds)?;
        let cotangents = (from..first).rev().filter_map(|at| match &stmts[at].kind {
            Kind::Load(v, place) if self.program.at(place.mem).shadows.is_some() => {
                // It holds that zero: to set it to zero changes nothing.
                Some((at + 1 + usize::from(self.clears(stmts, at + 1)), *v))
            }
            Kind::Prim(v, row, _) if **row == GUARD => Some((at + 1, *v)),
            _ => None,
        });
        cotangents.take(TRIED).find_map(|(behind, ct)| {
            let rest = &stmts[behind..];
            let spares_loops = rest.iter().any(|stmt| matches!(stmt.kind, Kind::Loop(_)));
            if !spares_loops || leaves(lp, rest) {
                return None;
            }
            let own = self.own(rest);
            let mut vanishing = Vanishing {
                own: &own,
                zeros: self.zeros.clone(),
                multiples: HashSet::from_iter([ct]),
                linear: true,
            };
            vanishing.zeros.insert(ct);
            let vanishes = vanishing.statements(rest);
            let linear = vanishing.linear;
            vanishes.then_some(Found { behind, ct, own, linear })
        })
    }

    /// Whether a statement sets to zero what the one before it has read.
    fn clears(&self, stmts: &[Stmt], at: usize) -> bool {
        match (at.checked_sub(1).map(|before| &stmts[before].kind), stmts.get(at)) {
            (Some(Kind::Load(_, read)), Some(stmt)) => match &stmt.kind {
                Kind::Store(place, v, Mode::Set) => place == read && self.zeros.contains(v),
                _ => false,
            },
            _ => false,
        }
    }

    /// What a statement changes.
    fn effect(&self, kind: &Kind) -> Effect {
        let of_block = |block: &Block| {
            block.stmts.iter().map(|stmt| self.effect(&stmt.kind)).max().unwrap_or(Effect::None)
        };
        match kind {
            Kind::Const(..)
            | Kind::Prim(..)
            | Kind::Cast(..)
            | Kind::Pass(..)
            | Kind::Load(..)
            | Kind::Opaque { out: Some(_), pure: true, .. } => Effect::None,
            Kind::Store(_, _, Mode::Add | Mode::Sub) => Effect::Adds,
            Kind::Store(place, _, Mode::Set) if self.within.contains(&place.mem) => Effect::Adds,
            Kind::If { then, other, .. } => of_block(then).max(of_block(other)),
            Kind::Loop(lp) => match **lp {
                Loop {
                    over: Over::Range { .. },
                    exit: None,
                    checkpoint: None,
                    count: None,
                    ..
                } => of_block(&lp.body),
                _ => Effect::Other,
            },
            _ => Effect::Other,
        }
    }

    /// Those of them that nothing but these statements touches.
    fn own(&self, stmts: &[Stmt]) -> HashSet<MemId> {
        let inside = walk::accesses(stmts);
        let own = inside.into_iter().filter(|(mem, count)| {
            self.within.contains(mem) && self.accesses.get(mem) == Some(count)
        });
        own.map(|(mem, _)| mem).collect()
    }
}

/// Whether a loop itself asks for what statements of its body define.
fn leaves(lp: &Loop, stmts: &[Stmt]) -> bool {
    let asks = |v: V| lp.exit == Some(v) || lp.carried.iter().any(|carried| carried.next == v);
    let mut leaves = false;
    for stmt in stmts {
        walk::defines(&stmt.kind, &mut |v| leaves |= asks(v));
    }
    leaves
}

/// What statements change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Nothing.
    None,
    /// They add to memories, or change what no other iteration sees.
    Adds,
    /// Something else.
    Other,
}

/// What is zero where a cotangent is.
struct Vanishing<'a> {
    /// Memories that nothing else touches: all that is ever put in them is zero.
    own: &'a HashSet<MemId>,
    zeros: HashSet<V>,
    /// Those of them that are multiples of the cotangent.
    multiples: HashSet<V>,
    /// Whether all that is made of multiples so far are multiples.
    linear: bool,
}

impl Vanishing<'_> {
    /// Takes note of what is zero; whether nothing else is put into memories.
    fn statements(&mut self, stmts: &[Stmt]) -> bool {
        stmts.iter().all(|stmt| self.statement(&stmt.kind))
    }

    fn is_zero(&self, v: V) -> bool {
        self.zeros.contains(&v)
    }

    fn is_multiple(&self, v: V) -> bool {
        self.multiples.contains(&v)
    }

    /// Takes note of a value that is zero, if it is, and made of multiples.
    fn note(&mut self, v: V, zero: bool) {
        if zero {
            self.zeros.insert(v);
            self.multiples.insert(v);
        }
    }

    fn statement(&mut self, kind: &Kind) -> bool {
        match kind {
            Kind::Prim(out, row, args) => {
                self.primitive(*out, row, args);
                true
            }
            Kind::Load(out, place) => {
                self.note(*out, self.own.contains(&place.mem));
                true
            }
            Kind::Store(_, v, Mode::Add | Mode::Sub) => self.is_zero(*v),
            Kind::Store(place, v, Mode::Set) => self.own.contains(&place.mem) && self.is_zero(*v),
            Kind::If { cond, then, other, outs } => {
                self.linear &= !self.is_multiple(*cond);
                let vanish = self.statements(&then.stmts) && self.statements(&other.stmts);
                for out in outs {
                    let arms = || [out.then, out.other].into_iter().flatten();
                    let zero = arms().all(|v| self.is_zero(v));
                    self.linear &= zero || !arms().any(|v| self.is_multiple(v));
                    self.note(out.value, zero);
                }
                vanish
            }
            Kind::Loop(lp) => self.turns(lp),
            other => {
                let mut multiple = false;
                walk::values(other, &mut |v| multiple |= self.is_multiple(v));
                self.linear &= !multiple;
                true
            }
        }
    }

    fn primitive(&mut self, out: V, row: Prim, args: &[V]) {
        let (zero, linear) = match *args {
            [a] if *row == NEG => (self.is_zero(a), true),
            [a, b] if *row == ADD || *row == SUB => {
                let zero = self.is_zero(a) && self.is_zero(b);
                (zero, zero)
            }
            [a, b] if *row == MUL => {
                let both = self.is_multiple(a) && self.is_multiple(b);
                (self.is_zero(a) || self.is_zero(b), !both)
            }
            [a, b] if *row == DIV => (self.is_zero(a), !self.is_multiple(b)),
            [a, b] if *row == GUARD => (self.is_zero(a) || self.is_zero(b), self.is_zero(b)),
            _ => (false, false),
        };
        self.linear &= linear || !args.iter().any(|v| self.is_multiple(*v));
        self.note(out, zero);
    }

    /// A loop: what it carries is zero if it is before the first iteration, and after each in which
    /// it was before.
    fn turns(&mut self, lp: &Loop) -> bool {
        let mut zero: Vec<bool> = lp.carried.iter().map(|of| self.is_zero(of.init)).collect();
        loop {
            let before = (self.zeros.clone(), self.multiples.clone(), self.linear);
            for (carried, zero) in lp.carried.iter().zip(&zero) {
                self.note(carried.param, *zero);
            }
            if !self.statements(&lp.body.stmts) {
                return false;
            }
            let after: Vec<bool> = (lp.carried.iter().zip(&zero))
                .map(|(of, zero)| *zero && self.is_zero(of.next))
                .collect();
            if after == zero {
                break;
            }
            (self.zeros, self.multiples, self.linear) = before;
            zero = after;
        }
        for (carried, zero) in lp.carried.iter().zip(&zero) {
            let multiple = self.is_multiple(carried.init) || self.is_multiple(carried.next);
            self.linear &= *zero || !multiple;
            self.note(carried.out, *zero);
        }
        true
    }
}
