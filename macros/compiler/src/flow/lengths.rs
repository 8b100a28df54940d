//! Lengths as polynomials: `(c + 1) * d - c * d` is `d`.
//!
//! Whether a loop runs over all of a workspace is a question about lengths: whether its range, the
//! shortest of what it zips, is as long as the workspace.

use super::index::{By_, Index};
use super::ir::{Init, Kind, MemId, Origin, Pass, Place, Program, V};
use super::polynomial::{Atom, Polynomial, length};
use crate::ir::Literal;
use crate::parse::Type;

/// Beyond this many steps nothing is gained by looking on.
const DEPTH: usize = 24;

/// The lengths of a program's memories, and the values that are as large.
pub(super) struct Lengths<'a, 'p> {
    pub(super) program: &'a Program,
    pub(super) index: &'a Index<'p>,
}

impl Lengths<'_, '_> {
    /// Whether an index is as large as a memory of one dimension is long.
    pub(super) fn is_length(&self, v: V, mem: MemId) -> bool {
        let one_dimension = match &self.program.at(mem).ty {
            Type::Vec(elem) | Type::Slice(elem) | Type::Fixed(elem, _) => {
                matches!(**elem, Type::Float(_))
            }
            _ => false,
        };
        one_dimension
            && match (self.polynomial(v, 0), self.length(&Place::whole(mem), 0)) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            }
    }

    /// An integer, by what it is computed from.
    pub(super) fn polynomial(&self, v: V, depth: usize) -> Option<Polynomial> {
        let atom = || Some(Polynomial::atom(Atom::Value(v)));
        if v.0 as usize >= self.index.defs.len() {
            return atom();
        }
        let By_::Stmt(stmt) = self.index.def(v).by else { return atom() };
        if depth > DEPTH {
            return None;
        }
        let of = |v: &V| self.polynomial(*v, depth + 1);
        let found = match &stmt.kind {
            Kind::Const(_, Literal::Int(number)) => Polynomial::number(*number),
            Kind::Pass(_, Pass::Binary("+"), args) => of(&args[0])?.plus(&of(&args[1])?, 1),
            Kind::Pass(_, Pass::Binary("-"), args) => of(&args[0])?.plus(&of(&args[1])?, -1),
            Kind::Pass(_, Pass::Binary("*"), args) => of(&args[0])?.times(&of(&args[1])?),
            Kind::Pass(_, Pass::Method(name), args) if name == "min" && args.len() == 2 => {
                let (a, b) = (of(&args[0])?, of(&args[1])?);
                if a == b { a } else { Polynomial::atom(Atom::Value(v)) }
            }
            Kind::Pass(_, Pass::Len(place), _) => self.length(place, depth + 1)?,
            _ => Polynomial::atom(Atom::Value(v)),
        };
        found.is_short().then_some(found)
    }

    /// How long a place is, if that does not change.
    fn length(&self, place: &Place, depth: usize) -> Option<Polynomial> {
        let of = self.program.at(place.mem);
        let constant = self.index.keeps_length(place.mem);
        let mut whole = None;
        if constant && of.origin != Origin::Local {
            whole = Some(Polynomial::atom(Atom::Length(place.mem)));
        }
        if let (true, Some(made)) = (constant, self.index.made[place.mem.0 as usize]) {
            whole = match &self.index.stmts[made.pos].0.kind {
                Kind::Alloc(_, Init::Filled(_, Some(count))) => self.polynomial(*count, depth + 1),
                Kind::Alloc(_, Init::ZerosLike(like)) if depth < DEPTH => {
                    self.length(like, depth + 1)
                }
                _ => whole,
            };
        }
        length(&of.ty, whole, &place.proj, |v| self.polynomial(v, depth + 1))
    }
}
