//! What a function returns, and the cotangents and tangents of that, which have its structure.

use super::ir::{Place, V};

/// What a function returns, as its type is built.
#[derive(Clone, Debug)]
pub enum Tree {
    /// `()`
    Unit,
    /// A scalar.
    Value(V),
    /// A memory or part of one.
    Place(Place),
    /// An `ndarray` array: its elements in row-major order, and its extents.
    Array(Place, Vec<V>),
    /// A tuple.
    Tuple(Vec<Tree>),
    /// `Ok(..)` or `Some(..)`: failures have left the function earlier.
    Success(Box<Tree>),
}

impl Tree {
    /// Its values: scalars, indices of places and extents.
    pub(super) fn values(&self, f: &mut dyn FnMut(V)) {
        match self {
            Tree::Unit => {}
            Tree::Value(v) => f(*v),
            Tree::Place(place) => place.indices().for_each(f),
            Tree::Array(place, extents) => {
                place.indices().chain(extents.iter().copied()).for_each(f);
            }
            Tree::Tuple(parts) => parts.iter().for_each(|part| part.values(f)),
            Tree::Success(inner) => inner.values(f),
        }
    }

    /// Its places.
    pub(super) fn places<'t>(&'t self, f: &mut dyn FnMut(&'t Place)) {
        match self {
            Tree::Unit | Tree::Value(_) => {}
            Tree::Place(place) | Tree::Array(place, _) => f(place),
            Tree::Tuple(parts) => parts.iter().for_each(|part| part.places(f)),
            Tree::Success(inner) => inner.places(f),
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_unit(&self) -> bool {
        match self {
            Tree::Unit => true,
            Tree::Success(inner) => inner.is_unit(),
            Tree::Tuple(parts) => parts.is_empty(),
            Tree::Value(_) | Tree::Place(_) | Tree::Array(..) => false,
        }
    }
}
