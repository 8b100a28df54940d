//! `insert` and `remove`: the elements behind move along, one by one.

use super::Lowerer;
use super::loops::{Header, Run};
use super::val::Val;
use crate::flow::ir::{Bind, By, Code, Kind, Place, Proj, Source, V};
use proc_macro2::{Ident, Span};
use quote::quote;

impl Lowerer<'_> {
    /// `list.insert(at, value)`
    pub(super) fn inserted(&mut self, place: &Place, at: V, val: Val, span: Span) {
        let len = self.length(place, span);
        let said = "insertion index (is {}) should be <= len (is {})";
        self.diverging_if((">", said), at, len, span);
        self.push_to(place, val, span);
        self.swapped_along(place, (at, len), true, span);
    }

    /// `list.remove(at)`: what is taken out comes to the end first.
    pub(super) fn removed(&mut self, place: &Place, at: V, span: Span) -> Val {
        let len = self.length(place, span);
        self.diverging_if((">=", "removal index (is {}) should be < len (is {})"), at, len, span);
        let one = self.int(1, span);
        let last = self.int_op("-", len, one, span);
        self.swapped_along(place, (at, last), false, span);
        match self.pop(place, span) {
            Val::Opt(opt) => opt.some,
            other => other,
        }
    }

    /// Panics as std does where an index compares so with the length.
    fn diverging_if(&mut self, how: (&'static str, &str), at: V, len: V, span: Span) {
        let (symbol, said) = how;
        let beyond = self.compare(symbol, at, len, span);
        let bind = |name: &str, v: V| Bind {
            name: Ident::new(name, Span::call_site()),
            what: Source::Value(v),
            by: By::Value,
        };
        let code = Code::new(
            quote!(::core::panic!(#said, __at, __len)),
            vec![bind("__at", at), bind("__len", len)],
        );
        self.branch(
            beyond,
            span,
            |this| {
                this.emit(Kind::Diverge(code), span);
                this.dead()
            },
            |_| Val::Unit,
        );
    }

    /// Swaps each element of a range with the next one.
    fn swapped_along(&mut self, place: &Place, range: (V, V), backwards: bool, span: Span) {
        let (header, run) = (Header::default(), Run::Range(range.0, range.1, backwards));
        self.looped(run, &header, span, &mut |this, k| {
            let Some(k) = k else { return };
            let next = this.plus_one(k, span);
            let at = |v: V| {
                let mut place = place.clone();
                place.proj.push(Proj::Index(v));
                place
            };
            this.emit(Kind::Swap(at(k), at(next)), span);
        });
    }
}
