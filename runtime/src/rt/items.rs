//! What is iterated over whose type only rustc knows.

use std::slice::Iter;

/// The items of an iterator: the slice itself where that is iterated over.
#[doc(hidden)]
#[macro_export]
macro_rules! __items {
    ($iterated:expr) => {{
        #[allow(unused_imports)]
        use $crate::rt::{OfAny as _, OfSlice as _};
        $crate::rt::Iterated($iterated).items()
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
        listed(self.0.by_ref())
    }
}

/// The items in a list; panics where there is no end of them.
fn listed<I: Iterator>(items: I) -> Vec<I::Item> {
    let endless = items.size_hint().0 == usize::MAX;
    assert!(
        !endless,
        "chainrule: the items of an iterator are taken out of it ahead of the closure, and this one does not end: `take` so many of them first"
    );
    items.collect()
}

/// What hands its items to the closures of its methods: an iterator, an option or a result, told
/// apart by `By`.
#[diagnostic::on_unimplemented(
    message = "what `{Self}` does with this closure is not known",
    label = "a method of a type that is no iterator, option or result takes a closure over differentiated values",
    note = "make it a struct under `#[derive(chainrule::Differentiable)]`, with `#[differentiate]` on the `impl` block, or write the method out as a loop"
)]
pub trait Gives<By> {
    /// What it hands out.
    type Item;
    /// All of that, in order.
    fn given(self) -> Vec<Self::Item>;
}

/// Of iterators.
pub enum ByIterator {}

/// Of options.
pub enum ByOption {}

impl<I: Iterator> Gives<ByIterator> for I {
    type Item = I::Item;
    #[inline]
    fn given(self) -> Vec<I::Item> {
        listed(self)
    }
}

impl<T> Gives<ByOption> for Option<T> {
    type Item = T;
    #[inline]
    fn given(self) -> Vec<T> {
        self.into_iter().collect()
    }
}

/// Of results, whose errors are no items.
pub enum ByResult {}

impl<T, E> Gives<ByResult> for Result<T, E> {
    type Item = T;
    #[inline]
    fn given(self) -> Vec<T> {
        self.into_iter().collect()
    }
}

/// The items of an iterator, option or result.
#[inline]
pub fn given<By, T: Gives<By>>(of: T) -> Vec<T::Item> {
    of.given()
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

/// A number of iterations as an integer of the type that its use tells; `like` is a literal.
#[inline]
#[track_caller]
pub fn counted<T: TryFrom<usize>>(like: T, number: usize) -> T {
    let _ = like;
    T::try_from(number)
        .unwrap_or_else(|_| panic!("chainrule: a loop counts further than its integers do"))
}
