//! Indices as functions of the axes of the statement that reads or writes.

use super::DimId;

/// One component of an index, as a function of the axes of the statement that reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// The statement's axis of this number.
    Axis(u8),
    /// A constant.
    At(usize),
    /// The statement's axis of this number, or 0 where the dimension is 1: run-time broadcasting.
    Stretch(u8, DimId),
    /// A multiple of the statement's axis of this number, from some element on: slices.
    Affine(u8, Affine),
}

/// `constant + scale · extent + step · axis`: what a slice makes of an axis.
///
/// A step of 0 is one element, counted from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Affine {
    /// From one element to the next.
    pub step: isize,
    /// The constant part of the first element.
    pub constant: isize,
    /// A multiple of an extent in the first element: what counts from the end.
    pub extent: Option<(isize, DimId)>,
}

impl Affine {
    /// A constant as such.
    pub const fn number(k: isize) -> Affine {
        Affine { step: 0, constant: k, extent: None }
    }

    /// The sum, or difference, of two elements' places; nothing where two dimensions are in it.
    pub fn plus(self, sign: isize, other: Affine) -> Option<Affine> {
        Affine { step: sign, ..self }.after(other).filter(|_| self.step == 0)
    }

    /// A multiple.
    pub fn times(self, k: isize) -> Affine {
        let extent = self.extent.map(|(scale, dim)| (k * scale, dim));
        let extent = extent.filter(|(scale, _)| *scale != 0);
        Affine { step: k * self.step, constant: k * self.constant, extent }
    }

    /// An axis as such.
    const IDENTITY: Affine = Affine { step: 1, constant: 0, extent: None };

    /// This function of that one; nothing where the extents of two dimensions are in it.
    pub fn after(self, inner: Affine) -> Option<Affine> {
        let scaled = inner.extent.map(|(scale, dim)| (self.step * scale, dim));
        let extent = match (self.extent, scaled) {
            (Some((a, dim)), Some((b, other))) if dim == other => Some((a + b, dim)),
            (Some(_), Some((0, _))) => self.extent,
            (Some(_), Some(_)) => return None,
            (own, inner) => own.or(inner),
        };
        Some(Affine {
            step: self.step * inner.step,
            constant: self.constant + self.step * inner.constant,
            extent: extent.filter(|(scale, _)| *scale != 0),
        })
    }
}

impl Index {
    /// One element.
    pub fn element(at: Affine) -> Index {
        match (at.extent, usize::try_from(at.constant)) {
            (None, Ok(k)) => Index::At(k),
            _ => Index::Affine(0, at),
        }
    }

    /// The axis this component follows, if any.
    pub fn axis(self) -> Option<u8> {
        match self {
            Index::Axis(axis) | Index::Stretch(axis, _) => Some(axis),
            Index::Affine(axis, affine) => (affine.step != 0).then_some(axis),
            Index::At(_) => None,
        }
    }

    /// The same component where the axes are renumbered by `rename`.
    pub fn renamed(self, rename: impl Fn(u8) -> u8) -> Index {
        match self {
            Index::Axis(axis) => Index::Axis(rename(axis)),
            Index::At(k) => Index::At(k),
            Index::Stretch(axis, dim) => Index::Stretch(rename(axis), dim),
            Index::Affine(axis, affine) if affine.step == 0 => Index::Affine(axis, affine),
            Index::Affine(axis, affine) => Index::Affine(rename(axis), affine),
        }
    }

    /// This component of a value whose axes are read at `inner`; nothing where no component says
    /// that.
    pub fn after(self, inner: &[Index]) -> Option<Index> {
        match self {
            Index::At(k) => Some(Index::At(k)),
            Index::Axis(axis) => inner.get(usize::from(axis)).copied(),
            Index::Stretch(axis, dim) => match *inner.get(usize::from(axis))? {
                Index::Axis(axis) | Index::Stretch(axis, _) => Some(Index::Stretch(axis, dim)),
                Index::At(_) | Index::Affine(..) => None,
            },
            Index::Affine(_, affine) if affine.step == 0 => Some(self),
            Index::Affine(axis, affine) => {
                let (axis, inner) = match *inner.get(usize::from(axis))? {
                    Index::Axis(axis) => (axis, Affine::IDENTITY),
                    Index::Affine(axis, inner) => (axis, inner),
                    Index::At(k) => (0, Affine::number(k as isize)),
                    Index::Stretch(..) => return None,
                };
                let affine = affine.after(inner)?;
                match (affine.extent, usize::try_from(affine.constant)) {
                    (None, Ok(k)) if affine.step == 0 => Some(Index::At(k)),
                    _ => Some(Index::Affine(axis, affine)),
                }
            }
        }
    }
}

/// The index `outer`, whose axes are those of a value read at `inner`.
pub fn compose(outer: &[Index], inner: &[Index]) -> Option<Vec<Index>> {
    outer.iter().map(|index| index.after(inner)).collect()
}

/// The index `[0, 1, …]` of a statement's own axes.
pub fn identity(rank: usize) -> Vec<Index> {
    (0..rank as u8).map(Index::Axis).collect()
}
