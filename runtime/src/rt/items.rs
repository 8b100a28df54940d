//! What is iterated over whose type only rustc knows.

use std::slice::Iter;

/// The items of what can be iterated over: the slice itself where that is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __items {
    ($iterated:expr) => {{
        #[allow(unused_imports)]
        use $crate::rt::{OfAny as _, OfSlice as _};
        $crate::rt::Iterated(::core::iter::IntoIterator::into_iter($iterated)).items()
    }};
}

pub use crate::__items as items;

/// An iterator, to be asked for its items by [`OfSlice`] if it goes through a slice, and by
/// [`OfAny`] else: rustc looks for methods that take their receiver as it is first.
pub struct Iterated<I>(pub I);

/// The items of an iterator over a slice: the slice.
pub trait OfSlice {
    /// The slice.
    type Items;
    /// The items.
    fn items(self) -> Self::Items;
}

impl<'a, T> OfSlice for Iterated<Iter<'a, T>> {
    type Items = &'a [T];
    #[inline]
    fn items(self) -> &'a [T] {
        self.0.as_slice()
    }
}

/// The items of any other iterator, in a list.
pub trait OfAny {
    /// What the iterator gives.
    type Item;
    /// The items.
    fn items(&mut self) -> Vec<Self::Item>;
}

impl<I: Iterator> OfAny for Iterated<I> {
    type Item = I::Item;
    #[inline]
    fn items(&mut self) -> Vec<I::Item> {
        self.0.by_ref().collect()
    }
}

/// Items by their numbers.
pub trait Items {
    /// What the iterator gave.
    type Item;
    /// How many there are.
    fn count(&self) -> usize;
    /// An item; panics if there is none of that number.
    fn item(&self, number: usize) -> Self::Item;
}

impl<'a, T> Items for &'a [T] {
    type Item = &'a T;
    #[inline]
    fn count(&self) -> usize {
        self.len()
    }
    #[inline]
    #[track_caller]
    fn item(&self, number: usize) -> &'a T {
        &self[number]
    }
}

impl<I: Clone> Items for Vec<I> {
    type Item = I;
    #[inline]
    fn count(&self) -> usize {
        self.len()
    }
    #[inline]
    #[track_caller]
    fn item(&self, number: usize) -> I {
        self[number].clone()
    }
}
