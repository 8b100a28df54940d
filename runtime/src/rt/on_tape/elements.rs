//! Elements of arrays, whatever holds them: a variable, an array of variables, a slice.
//!
//! A variable's own methods go first; these traits serve everything else by the same names.

use crate::tape::{ElementIndex, Real, Var};
use ndarray::{Array, ArrayBase, Data, DataMut, Dimension, NdIndex};

/// What is no variable has its elements by itself.
pub trait ByElement {
    /// Itself.
    fn elements(&self) -> &Self {
        self
    }

    /// Itself.
    fn elements_mut(&mut self) -> &mut Self {
        self
    }
}

impl<T: ?Sized> ByElement for T {}

/// One element.
pub trait ReadElement<I> {
    /// What an element is.
    type Element;

    /// The element at an index.
    ///
    /// # Panics
    /// If there is none.
    fn at(&self, index: I) -> Self::Element;
}

impl<T: Clone> ReadElement<usize> for [T] {
    type Element = T;

    #[track_caller]
    fn at(&self, index: usize) -> T {
        self[index].clone()
    }
}

impl<T: Clone, S: Data<Elem = T>, D: Dimension, I: NdIndex<D>> ReadElement<I> for ArrayBase<S, D> {
    type Element = T;

    #[track_caller]
    fn at(&self, index: I) -> T {
        self[index].clone()
    }
}

/// One element that is changed.
pub trait ChangeElement<I, T> {
    /// Gives the element at an index another value.
    ///
    /// # Panics
    /// If there is none.
    fn set_element(&mut self, index: I, value: T);
}

impl<'t, F: Real, D: Dimension + 'static, I: ElementIndex<D>> ChangeElement<I, Var<'t, F>>
    for Var<'t, Array<F, D>>
{
    #[track_caller]
    fn set_element(&mut self, index: I, value: Var<'t, F>) {
        self.set(index, value);
    }
}

impl<T> ChangeElement<usize, T> for [T] {
    #[track_caller]
    fn set_element(&mut self, index: usize, value: T) {
        self[index] = value;
    }
}

impl<T, S: DataMut<Elem = T>, D: Dimension, I: NdIndex<D>> ChangeElement<I, T> for ArrayBase<S, D> {
    #[track_caller]
    fn set_element(&mut self, index: I, value: T) {
        self[index] = value;
    }
}
