//! Polynomials with whole coefficients, in which lengths and indices are compared.

use super::ir::{MemId, Proj, V};
use crate::parse::Type;
use std::collections::BTreeMap;

/// Beyond this many terms nothing is gained by looking on.
const TERMS: usize = 16;

/// What a polynomial's variables are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Atom {
    /// A value of the program.
    Value(V),
    /// The length of a memory.
    Length(MemId),
}

/// A sum of products with whole coefficients, none of them zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Polynomial(BTreeMap<Vec<Atom>, i128>);

impl Polynomial {
    pub(super) fn number(value: i128) -> Self {
        let mut sum = Polynomial::default();
        sum.add(vec![], value);
        sum
    }

    pub(super) fn atom(atom: Atom) -> Self {
        Polynomial([(vec![atom], 1)].into())
    }

    /// The number, if it is one.
    pub(super) fn as_number(&self) -> Option<i128> {
        match self.0.first_key_value() {
            None => Some(0),
            Some((product, factor)) if product.is_empty() && self.0.len() == 1 => Some(*factor),
            Some(_) => None,
        }
    }

    /// Whether nothing is subtracted.
    pub(super) fn is_sum(&self) -> bool {
        self.0.values().all(|factor| *factor > 0)
    }

    /// The variables that occur alone, once: `i` in `i + 2 * n`.
    pub(super) fn single(&self) -> impl Iterator<Item = &Atom> + '_ {
        self.0.iter().filter_map(|(product, factor)| match product.as_slice() {
            [atom] if *factor == 1 => Some(atom),
            _ => None,
        })
    }

    /// All variables, some of them several times.
    pub(super) fn atoms(&self) -> impl Iterator<Item = &Atom> + '_ {
        self.0.keys().flatten()
    }

    /// The polynomial with a variable greater by one.
    pub(super) fn after(&self, variable: &Atom) -> Self {
        let next = Polynomial::atom(variable.clone()).plus(&Polynomial::number(1), 1);
        let mut out = Polynomial::default();
        for (product, factor) in &self.0 {
            let term = product.iter().fold(Polynomial::number(*factor), |term, atom| match atom {
                _ if atom == variable => term.times(&next),
                other => term.times(&Polynomial::atom(other.clone())),
            });
            out = out.plus(&term, 1);
        }
        out
    }

    /// Whether it has few enough terms that something is gained by looking on.
    pub(super) fn is_short(&self) -> bool {
        self.0.len() <= TERMS
    }

    fn add(&mut self, product: Vec<Atom>, factor: i128) {
        let sum = self.0.entry(product.clone()).or_insert(0);
        *sum = sum.saturating_add(factor);
        if *sum == 0 {
            self.0.remove(&product);
        }
    }

    pub(super) fn plus(mut self, other: &Polynomial, sign: i128) -> Self {
        for (product, factor) in &other.0 {
            self.add(product.clone(), factor.saturating_mul(sign));
        }
        self
    }

    pub(super) fn times(&self, other: &Polynomial) -> Self {
        let mut out = Polynomial::default();
        for (a, x) in &self.0 {
            for (b, y) in &other.0 {
                let mut product = [a.as_slice(), b.as_slice()].concat();
                product.sort();
                out.add(product, x.saturating_mul(*y));
            }
        }
        out
    }
}

/// How long a place is in a memory of this type, whose own length is `whole`; `of` says what an
/// index is.
pub(super) fn length(
    ty: &Type,
    whole: Option<Polynomial>,
    proj: &[Proj],
    of: impl Fn(V) -> Option<Polynomial>,
) -> Option<Polynomial> {
    let number = |count: &str| count.trim().parse().ok().map(Polynomial::number);
    let (mut ty, mut len) = (ty.clone(), whole);
    for proj in proj {
        let elem = match ty {
            Type::Vec(elem) | Type::Slice(elem) => *elem,
            Type::Fixed(elem, count) => {
                len = number(&count);
                *elem
            }
            _ => return None,
        };
        (ty, len) = match proj {
            Proj::Index(_) => (elem, None),
            Proj::Range(from, to) => {
                let from = of(*from)?;
                let to = match to {
                    Some(to) => of(*to)?,
                    None => len?,
                };
                (Type::Slice(Box::new(elem)), Some(to.plus(&from, -1)))
            }
            Proj::Field(_) => return None,
        };
    }
    match &ty {
        Type::Fixed(_, count) => number(count).or(len),
        Type::Vec(_) | Type::Slice(_) => len,
        _ => None,
    }
}
