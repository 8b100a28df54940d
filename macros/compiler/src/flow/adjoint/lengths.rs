//! Lengths as polynomials: `(c + 1) * d - c * d` is `d`.
//!
//! Whether a loop fills a workspace is a question about lengths: whether the range it runs over, the
//! shortest of what it zips, is as long as the workspace.

use super::Builder;
use crate::flow::index::By_;
use crate::flow::ir::{Init, Kind, MemId, Origin, Pass, Place, Proj, V};
use crate::flow::polynomial::{Atom, Polynomial};
use crate::parse::Type;

/// Beyond this many terms nothing is gained by looking on.
const TERMS: usize = 16;
/// Nor beyond this many steps.
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
        (found.terms() <= TERMS).then_some(found)
    }

    /// How long a place is, if that does not change.
    fn length(&self, place: &Place, depth: usize) -> Option<Polynomial> {
        let mem = place.mem.0 as usize;
        let of = self.src.at(place.mem);
        let constant = self.ix.writes[mem]
            .iter()
            .all(|site| matches!(self.ix.stmts[site.pos].0.kind, Kind::Store(..) | Kind::Fill(..)));
        let (mut ty, mut len) = (of.ty.clone(), None);
        if constant && of.origin != Origin::Local {
            len = Some(Polynomial::atom(Atom::Length(place.mem)));
        }
        if let (true, Some(made)) = (constant, self.ix.made[mem])
            && let Kind::Alloc(_, Init::Filled(_, Some(count))) = &self.ix.stmts[made.pos].0.kind
        {
            len = self.polynomial(*count, depth + 1);
        }
        for proj in &place.proj {
            let elem = match ty {
                Type::Vec(elem) | Type::Slice(elem) => *elem,
                Type::Fixed(elem, count) => {
                    len = count.trim().parse().ok().map(Polynomial::number);
                    *elem
                }
                _ => return None,
            };
            (ty, len) = match proj {
                Proj::Index(_) => (elem, None),
                Proj::Range(from, to) => {
                    let from = self.polynomial(*from, depth + 1)?;
                    let to = match to {
                        Some(to) => self.polynomial(*to, depth + 1)?,
                        None => len?,
                    };
                    (Type::Slice(Box::new(elem)), Some(to.plus(&from, -1)))
                }
                Proj::Field(_) => return None,
            };
        }
        match &ty {
            Type::Fixed(_, count) => count.trim().parse().ok().map(Polynomial::number).or(len),
            Type::Vec(_) | Type::Slice(_) => len,
            _ => None,
        }
    }
}
