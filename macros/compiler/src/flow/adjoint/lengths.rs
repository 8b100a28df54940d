//! Lengths as polynomials: `(c + 1) * d - c * d` is `d`.
//!
//! Whether a loop fills a workspace is a question about lengths: whether the range it runs over, the
//! shortest of what it zips, is as long as the workspace.

use super::Builder;
use crate::flow::index::By_;
use crate::flow::ir::{Init, Kind, MemId, Origin, Pass, Place, V};
use crate::flow::polynomial::{Atom, Polynomial, length};
use crate::parse::Type;

/// Beyond this many steps nothing is gained by looking on.
const DEPTH: usize = 24;

impl Builder<'_> {
    /// Whether an index is as large as a memory of one dimension is long.
    pub(super) fn is_length(&self, v: V, mem: MemId) -> bool {
        let one_dimension = match &self.src.at(mem).ty {
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

    fn polynomial(&self, v: V, depth: usize) -> Option<Polynomial> {
        if let Some(number) = self.number_of(v) {
            return (number.fract() == 0.0).then(|| Polynomial::number(number as i128));
        }
        let By_::Stmt(stmt) = self.def(v).by else { return Some(Polynomial::atom(Atom::Value(v))) };
        if depth > DEPTH {
            return None;
        }
        let of = |v: &V| self.polynomial(*v, depth + 1);
        let found = match &stmt.kind {
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
        let of = self.src.at(place.mem);
        let constant = self.ix.keeps_length(place.mem);
        let mut whole = None;
        if constant && of.origin != Origin::Local {
            whole = Some(Polynomial::atom(Atom::Length(place.mem)));
        }
        if let (true, Some(made)) = (constant, self.ix.made[place.mem.0 as usize])
            && let Kind::Alloc(_, Init::Filled(_, Some(count))) = &self.ix.stmts[made.pos].0.kind
        {
            whole = self.polynomial(*count, depth + 1);
        }
        length(&of.ty, whole, &place.proj, |v| self.polynomial(v, depth + 1))
    }
}
