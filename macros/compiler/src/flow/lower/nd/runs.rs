//! Arrays as iterators.

use super::{Arr, parts};
use crate::flow::ir::V;
use crate::flow::lower::Lowerer;
use crate::flow::lower::iter::It;
use crate::flow::lower::loops::Header;
use crate::flow::lower::val::{Held, Val};
use proc_macro2::Span;
use std::rc::Rc;

impl Lowerer<'_> {
    /// All elements, in logical order.
    pub(in crate::flow::lower) fn elements_iterator(&mut self, array: &Arr, held: Held) -> Rc<It> {
        match array.is_rows() {
            true => Rc::new(It::Elements(array.place.clone(), held)),
            false => Rc::new(It::All(Rc::new(Arr { held, ..array.clone() }))),
        }
    }

    /// Calls a function with every element, in logical order.
    pub(super) fn each_element(&mut self, array: &Arr, held: Held, f: &Val, span: Span) {
        let it = self.elements_iterator(array, held);
        self.for_each(&it, &Header::default(), span, &mut |this, item| {
            this.apply(f, vec![item], span);
        });
    }

    /// How many items there are.
    pub(in crate::flow::lower) fn count_of_array(&mut self, array: &Arr, span: Span) -> V {
        self.count_all(&array.extents.clone(), span)
    }

    /// The indices of what has this number in logical order.
    pub(super) fn numbered(&mut self, extents: &[V], number: V, span: Span) -> Vec<V> {
        let mut at = Vec::new();
        let mut rest = Some(number);
        for (axis, extent) in extents.iter().enumerate().rev() {
            let one = self.known.get(extent) == Some(&1);
            at.push(match (rest, one) {
                (None, _) | (_, true) => self.index(0, span),
                (Some(left), false) => {
                    // The first axis that has more than one element takes what is left.
                    let outer = &extents[..axis];
                    if outer.iter().all(|extent| self.known.get(extent) == Some(&1)) {
                        rest = None;
                        left
                    } else {
                        rest = Some(self.int_op("/", left, *extent, span));
                        self.int_op("%", left, *extent, span)
                    }
                }
            });
        }
        at.reverse();
        at
    }

    /// An element by its number in logical order.
    pub(in crate::flow::lower) fn numbered_element(
        &mut self,
        array: &Arr,
        number: V,
        span: Span,
    ) -> Val {
        let at = self.numbered(&array.extents, number, span);
        self.element_of_array(array, &at, span)
    }

    /// An element, to be read or to be changed.
    pub(super) fn element_of_array(&mut self, array: &Arr, at: &[V], span: Span) -> Val {
        let place = self.element_place(array, at, span);
        match array.held {
            Held::Mut => Val::Place(place, Held::Mut),
            held => self.read_place(place, held, span),
        }
    }

    /// An element by its number, with its indices.
    pub(in crate::flow::lower) fn indexed_element(
        &mut self,
        array: &Arr,
        number: V,
        span: Span,
    ) -> Val {
        let at = self.numbered(&array.extents, number, span);
        let element = self.element_of_array(array, &at, span);
        Val::Tuple(vec![parts::indices(&at), element])
    }
}
