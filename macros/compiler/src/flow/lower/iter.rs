//! Iterators: what they run over, and what is done to their items on the way.

use super::nd::{Arr, Parts};
use super::pattern::last_name;
use super::table::Table;
use super::val::{Held, Val, VarId};
use super::{Lowerer, Slot};
use crate::flow::ir::{Bind, By, Kind, Pass, Place, Source, V};
use crate::parse::Type;
use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote};
use std::rc::Rc;
use syn::Expr;
use syn::spanned::Spanned;

/// An iterator.
#[derive(Clone)]
pub(super) enum It {
    /// `lo..hi`, `lo..`
    Range(V, Option<V>),
    /// The elements of an array, slice or `Vec`.
    Elements(Place, Held),
    /// `windows(size)`
    Windows(Place, V),
    /// `chunks(size)`; `chunks_exact(size)` if the flag is set.
    Chunks(Place, Held, V, bool),
    /// Two side by side.
    Zip(Rc<It>, Rc<It>),
    /// With a count.
    Enumerate(Rc<It>),
    /// From the end.
    Rev(Rc<It>),
    /// Items through a function.
    Map(Rc<It>, Val),
    /// Items passed by to a function.
    Inspect(Rc<It>, Val),
    /// Items that fit.
    Filter(Rc<It>, Val),
    /// Items through a function, where it returns some.
    FilterMap(Rc<It>, Val),
    /// Items up to the first that does not fit.
    TakeWhile(Rc<It>, Val),
    /// Items from the first that does not fit.
    SkipWhile(Rc<It>, Val),
    /// Items of items.
    FlatMap(Rc<It>, Option<Val>),
    /// Without the first so many.
    Skip(Rc<It>, V),
    /// The first so many.
    Take(Rc<It>, V),
    /// Every so many.
    StepBy(Rc<It>, V),
    /// One behind the other.
    Chain(Rc<It>, Rc<It>),
    /// One item for ever.
    Repeat(Rc<Val>),
    /// The items of an indexed one again and again.
    Cycle(Rc<It>),
    /// Items through a function with a state.
    Scan(Rc<It>, VarId, Val),
    /// What other code iterates over, collected; its items are passive.
    Collected(V),
    /// The items of a table, or so many of them at a time.
    Table(Rc<Table>, Option<V>),
    /// What is left of one, from a position that a variable holds.
    Cursor(Rc<It>, VarId),
    /// The elements of an array in logical order.
    All(Rc<Arr>),
    /// The parts of an array along an axis: rows, columns.
    Parts(Rc<Arr>, usize),
    /// The elements of an array with their indices.
    Indexed(Rc<Arr>),
    /// Parts of an array that have axes of their own: lanes, windows, chunks.
    Shaped(Rc<Parts>),
}

impl Lowerer<'_> {
    pub(super) fn range(&mut self, range: &syn::ExprRange) -> Val {
        let span = range.span();
        let Some(start) = &range.start else {
            return self.error(range, "a range without a start is an index here: use it in `[..]`");
        };
        let lo = self.expr(start);
        let Some(lo) = self.scalar(lo, start.span()) else { return Val::Error };
        let hi = match &range.end {
            None => None,
            Some(end) => {
                let val = self.expr(end);
                let Some(hi) = self.scalar(val, end.span()) else { return Val::Error };
                if !self.unify(lo, hi) {
                    return self.error(range, "the two ends of this range are of different types");
                }
                match range.limits {
                    syn::RangeLimits::Closed(_) => {
                        if matches!(&**end, Expr::Path(path) if last_name(&path.path) == "MAX") {
                            return self.error(range, super::finish::END_OF_TYPE);
                        }
                        let end = self.plus_one(hi, span);
                        self.inclusive.insert(end);
                        Some(end)
                    }
                    syn::RangeLimits::HalfOpen(_) => Some(hi),
                }
            }
        };
        if self.is_float(lo) {
            return self.error(range, "a range of floats cannot be iterated over");
        }
        Val::Iter(Rc::new(It::Range(lo, hi)))
    }

    /// What a value gives when it is iterated over.
    pub(super) fn iterator(&mut self, val: Val, span: Span) -> Option<Rc<It>> {
        match val {
            Val::Iter(it) => Some(it),
            Val::Table(table) => Some(Rc::new(It::Table(table, None))),
            Val::Array(array) => Some(self.elements_iterator(&array, array.held)),
            Val::Each(each) => {
                let val = self.settled_each(&each, span);
                self.iterator(val, span)
            }
            Val::Place(place, held) => match self.place_type(&place) {
                // An array that is iterated over by value is copied first.
                Some(Type::Fixed(..))
                    if held == Held::Named && self.changing.contains(&place.mem) =>
                {
                    let copy = self.copied(&place, false, span);
                    self.iterator(copy, span)
                }
                Some(Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)) => {
                    Some(Rc::new(It::Elements(place, held)))
                }
                _ => {
                    self.error(span, "this cannot be iterated over");
                    None
                }
            },
            Val::Var(..) | Val::Either(..) => match self.place_of(&val) {
                Some((place, _)) => Some(Rc::new(It::Elements(place, Held::Mut))),
                None => {
                    let plain = self.plain(val, span);
                    self.iterator(plain, span)
                }
            },
            Val::Scalar(v) if !self.is_plain(v) => {
                let iterated = quote!(::core::iter::IntoIterator::into_iter(__items));
                self.collected(v, quote!(::chainrule::rt::items!(#iterated)), span)
            }
            val => {
                if !val.is_silent() {
                    self.error(span, format!("{} cannot be iterated over", val.described()));
                }
                None
            }
        }
    }

    /// A method of an iterator that gives another one; `None` if it is no such method.
    pub(super) fn adaptor(&mut self, it: &Rc<It>, call: &syn::ExprMethodCall) -> Option<Val> {
        let name = call.method.to_string();
        let it = it.clone();
        let span = call.method.span();
        let mut args = call.args.iter();
        let first = args.next();
        let made = match (name.as_str(), first) {
            ("copied" | "cloned", None) if matches!(*it, It::Table(_, None)) => {
                return Some(Val::Iter(self.copied_items(&it)));
            }
            ("iter" | "into_iter" | "iter_mut" | "copied" | "cloned" | "by_ref" | "fuse", None) => {
                return Some(Val::Iter(it));
            }
            ("enumerate", None) => It::Enumerate(it),
            ("rev", None) => It::Rev(it),
            ("flatten", None) => It::FlatMap(it, None),
            ("zip" | "chain", Some(other)) => {
                let val = self.expr_or_table(other);
                let other = match self.iterator(val, other.span()) {
                    Some(other) => other,
                    None => return Some(Val::Error),
                };
                if name == "zip" { It::Zip(it, other) } else { It::Chain(it, other) }
            }
            ("skip" | "take" | "step_by", Some(count)) => {
                let val = self.expr(count);
                let Some(v) = self.scalar(val, count.span()) else { return Some(Val::Error) };
                self.as_index(v);
                match name.as_str() {
                    "skip" => It::Skip(it, v),
                    "take" => It::Take(it, v),
                    _ => It::StepBy(it, v),
                }
            }
            (
                "map" | "inspect" | "filter" | "filter_map" | "take_while" | "skip_while"
                | "flat_map",
                Some(f),
            ) => {
                let f = self.function_value(f);
                match name.as_str() {
                    "map" => It::Map(it, f),
                    "inspect" => It::Inspect(it, f),
                    "filter" => It::Filter(it, f),
                    "filter_map" => It::FilterMap(it, f),
                    "take_while" => It::TakeWhile(it, f),
                    "skip_while" => It::SkipWhile(it, f),
                    _ => It::FlatMap(it, Some(f)),
                }
            }
            ("scan", Some(state)) => {
                let val = self.expr(state);
                let val = self.owned(val, true, span);
                let id = self.variable("state", val, true);
                let f = match args.next() {
                    Some(f) => self.function_value(f),
                    None => return Some(Val::Error),
                };
                It::Scan(it, id, f)
            }
            ("cycle", None) if self.is_indexed(&it) && !self.is_endless(&it) => It::Cycle(it),
            ("peekable", None) if self.is_indexed(&it) => return Some(Val::Iter(it)),
            ("cycle" | "peekable", _) => {
                return Some(self.error(
                    &call.method,
                    format!("`{name}` is supported of iterators whose items can be numbered only: collect them into a `Vec` first"),
                ));
            }
            _ => return None,
        };
        Some(Val::Iter(Rc::new(made)))
    }

    /// An argument that is a function: a closure, a function by its name.
    pub(super) fn function_value(&mut self, expr: &syn::Expr) -> Val {
        match expr {
            syn::Expr::Path(path) => {
                if let Some(name) = path.path.get_ident()
                    && self.lookup(&name.to_string()).is_some()
                {
                    return self.expr(expr);
                }
                Val::Function(Rc::new(path.path.clone()))
            }
            other => self.expr(other),
        }
    }

    /// Whether the items of an iterator can be had by number.
    pub(super) fn is_indexed(&self, it: &It) -> bool {
        match it {
            It::Range(..)
            | It::Elements(..)
            | It::Windows(..)
            | It::Chunks(..)
            | It::Repeat(_)
            | It::Cycle(_)
            | It::All(_)
            | It::Parts(..)
            | It::Indexed(_)
            | It::Shaped(_)
            | It::Table(..)
            | It::Collected(_) => true,
            It::Zip(a, b) => self.is_indexed(a) && self.is_indexed(b),
            It::Chain(a, b) => self.is_indexed(a) && self.is_indexed(b) && !self.is_endless(a),
            It::Enumerate(of)
            | It::Map(of, _)
            | It::Inspect(of, _)
            | It::Skip(of, _)
            | It::Take(of, _)
            | It::StepBy(of, _)
            | It::Cursor(of, _) => self.is_indexed(of),
            It::Rev(of) => self.is_indexed(of) && !self.is_endless(of),
            It::Filter(..)
            | It::FilterMap(..)
            | It::TakeWhile(..)
            | It::SkipWhile(..)
            | It::FlatMap(..)
            | It::Scan(..) => false,
        }
    }

    /// Whether an iterator never ends.
    fn is_endless(&self, it: &It) -> bool {
        match it {
            It::Range(_, None) | It::Repeat(_) | It::Cycle(_) => true,
            It::Zip(a, b) => self.is_endless(a) && self.is_endless(b),
            It::Chain(a, b) => self.is_endless(a) || self.is_endless(b),
            It::Enumerate(of)
            | It::Map(of, _)
            | It::Inspect(of, _)
            | It::Skip(of, _)
            | It::StepBy(of, _)
            | It::Cursor(of, _)
            | It::Rev(of) => self.is_endless(of),
            _ => false,
        }
    }

    /// How many items an indexed iterator has; `None` if it does not end.
    pub(super) fn count_of(&mut self, it: &It, span: Span) -> Option<V> {
        Some(match it {
            It::Range(_, None) | It::Repeat(_) | It::Cycle(_) => return None,
            It::Range(lo, Some(hi)) => self.range_length(*lo, *hi, span),
            It::Elements(place, _) => self.length(place, span),
            It::All(array) | It::Indexed(array) => self.count_of_array(array, span),
            It::Parts(array, axis) => array.extents[*axis],
            It::Shaped(parts) => self.count_of_parts(parts, span),
            It::Windows(place, size) => {
                let len = self.length(place, span);
                self.windows_in(len, *size, span)
            }
            It::Chunks(place, _, size, exact) => {
                let len = self.length(place, span);
                match exact {
                    true => self.int_op("/", len, *size, span),
                    false => self.index_method("div_ceil", len, *size, span),
                }
            }
            It::Zip(a, b) => match (self.count_of(a, span), self.count_of(b, span)) {
                (Some(a), Some(b)) if a == b => a,
                (Some(a), Some(b)) => self.index_method("min", a, b, span),
                (a, b) => a.or(b)?,
            },
            It::Chain(a, b) => {
                let (a, b) = (self.count_of(a, span)?, self.count_of(b, span)?);
                self.int_op("+", a, b, span)
            }
            It::Enumerate(of) | It::Map(of, _) | It::Inspect(of, _) | It::Rev(of) => {
                self.count_of(of, span)?
            }
            It::Skip(of, count) => {
                let all = self.count_of(of, span)?;
                self.index_method("saturating_sub", all, *count, span)
            }
            It::Take(of, count) => match self.count_of(of, span) {
                Some(all) => self.index_method("min", all, *count, span),
                None => *count,
            },
            It::StepBy(of, step) => {
                let all = self.count_of(of, span)?;
                self.index_method("div_ceil", all, *step, span)
            }
            It::Table(table, None) => self.table_length(table, span)?,
            It::Table(table, Some(size)) => {
                let len = self.table_length(table, span)?;
                self.windows_in(len, *size, span)
            }
            It::Collected(items) => {
                let bind = self.items_bind(*items);
                let tokens = quote!(::chainrule::rt::Items::count(__items));
                match self.opaque_part(tokens, vec![bind], "__items.len()", span) {
                    Val::Scalar(v) => {
                        self.as_index(v);
                        v
                    }
                    _ => return None,
                }
            }
            It::Cursor(of, at) => {
                let all = self.count_of(of, span)?;
                let at = self.cursor(*at)?;
                self.index_method("saturating_sub", all, at, span)
            }
            _ => return None,
        })
    }

    fn windows_in(&mut self, len: V, size: V, span: Span) -> V {
        let more = self.plus_one(len, span);
        self.index_method("saturating_sub", more, size, span)
    }

    fn cursor(&self, at: VarId) -> Option<V> {
        match &self.vars[at].val {
            Val::Scalar(v) => Some(*v),
            _ => None,
        }
    }

    fn items_bind(&self, items: V) -> Bind {
        Bind {
            name: Ident::new("__items", Span::call_site()),
            what: Source::Value(items),
            by: By::Ref,
        }
    }

    pub(super) fn index_method(&mut self, name: &str, a: V, b: V, span: Span) -> V {
        self.as_index(a);
        self.as_index(b);
        let out = self.fresh("n", Slot::Int(Some("usize".to_string())), span);
        self.emit(Kind::Pass(out, Pass::Method(name.to_string()), vec![a, b]), span);
        out
    }

    /// How many integers lie in a range.
    fn range_length(&mut self, lo: V, hi: V, span: Span) -> V {
        if self.slot(hi) == Slot::Int(Some("usize".to_string())) {
            if self.is_zero(lo) {
                return hi;
            }
            return self.index_method("saturating_sub", hi, lo, span);
        }
        let bind = |name: &str, v: V| Bind {
            name: Ident::new(name, Span::call_site()),
            what: Source::Value(v),
            by: By::Value,
        };
        let tokens = quote!(if __lo < __hi { (__hi as i128 - __lo as i128) as usize } else { 0 });
        let val = self.opaque_tokens(tokens, vec![bind("__lo", lo), bind("__hi", hi)], true, span);
        match val {
            Val::Scalar(v) => {
                self.as_index(v);
                v
            }
            _ => lo,
        }
    }

    fn is_zero(&self, v: V) -> bool {
        self.known.get(&v) == Some(&0)
    }

    /// The item of an indexed iterator at a position.
    pub(super) fn item(&mut self, it: &It, at: V, span: Span) -> Val {
        match it {
            It::Range(lo, _) => {
                if self.is_zero(*lo) && self.slot(*lo) == Slot::Int(Some("usize".to_string())) {
                    return Val::Scalar(at);
                }
                let class = self.class(*lo);
                let offset = self.of_class("k", class, span);
                self.emit(Kind::Pass(offset, Pass::Cast(quote!(_)), vec![at]), span);
                Val::Scalar(self.int_op("+", *lo, offset, span))
            }
            It::Elements(place, held) => {
                let held = match held {
                    Held::Mut => Held::Mut,
                    Held::Ref => Held::Ref,
                    _ => Held::Named,
                };
                self.element(place, held, at, span)
            }
            It::All(array) => self.numbered_element(array, at, span),
            It::Indexed(array) => self.indexed_element(array, at, span),
            It::Parts(array, axis) => self.part_along(array, *axis, at, span),
            It::Shaped(parts) => self.numbered_part(parts, at, span),
            It::Windows(place, size) => {
                let to = self.int_op("+", at, *size, span);
                Val::Place(self.sub_slice(place, at, Some(to)), Held::Ref)
            }
            It::Chunks(place, held, size, exact) => {
                let from = self.int_op("*", at, *size, span);
                let to = self.int_op("+", from, *size, span);
                let to = match exact {
                    true => to,
                    false => {
                        let len = self.length(place, span);
                        self.index_method("min", to, len, span)
                    }
                };
                let held = if *held == Held::Mut { Held::Mut } else { Held::Ref };
                Val::Place(self.sub_slice(place, from, Some(to)), held)
            }
            It::Zip(a, b) => {
                let (a, b) = (self.item(a, at, span), self.item(b, at, span));
                Val::Tuple(vec![a, b])
            }
            It::Enumerate(of) => {
                let item = self.item(of, at, span);
                Val::Tuple(vec![Val::Scalar(at), item])
            }
            It::Rev(of) => {
                let Some(count) = self.count_of(of, span) else { return Val::Error };
                let one = self.int(1, span);
                let last = self.int_op("-", count, one, span);
                let at = self.int_op("-", last, at, span);
                self.item(of, at, span)
            }
            It::Map(of, f) => {
                let item = self.item(of, at, span);
                self.apply(f, vec![item], span)
            }
            It::Inspect(of, f) => {
                let item = self.item(of, at, span);
                self.apply(f, vec![item.clone()], span);
                item
            }
            It::Skip(of, count) => {
                let at = self.int_op("+", at, *count, span);
                self.item(of, at, span)
            }
            It::Take(of, _) => self.item(of, at, span),
            It::StepBy(of, step) => {
                let at = self.int_op("*", at, *step, span);
                self.item(of, at, span)
            }
            It::Chain(a, b) => {
                let Some(count) = self.count_of(a, span) else { return Val::Error };
                let cond = self.compare("<", at, count, span);
                let (a, b) = (a.clone(), b.clone());
                self.branch(
                    cond,
                    span,
                    |this| this.item(&a, at, span),
                    |this| {
                        let at = this.int_op("-", at, count, span);
                        this.item(&b, at, span)
                    },
                )
            }
            It::Repeat(val) => (**val).clone(),
            It::Cycle(of) => {
                let Some(count) = self.count_of(of, span) else { return Val::Error };
                let at = self.int_op("%", at, count, span);
                self.item(of, at, span)
            }
            It::Table(table, size) => self.table_item(table, *size, at, span),
            It::Collected(items) => {
                let at_bind = Bind {
                    name: Ident::new("__at", Span::call_site()),
                    what: Source::Value(at),
                    by: By::Value,
                };
                let tokens = quote!(::core::clone::Clone::clone(&::chainrule::rt::Items::item(
                    __items, __at
                )));
                let binds = vec![self.items_bind(*items), at_bind];
                self.opaque_part(tokens, binds, "__items[__at]", span)
            }
            It::Cursor(of, start) => {
                let Some(start) = self.cursor(*start) else { return Val::Error };
                let at = self.int_op("+", start, at, span);
                self.item(of, at, span)
            }
            _ => self.error(span, "the items of this iterator cannot be numbered"),
        }
    }

    /// An iterator that a variable holds and that is advanced: `it.next()`.
    pub(super) fn with_cursor(&mut self, it: &Rc<It>, span: Span) -> Val {
        if matches!(**it, It::Cursor(..)) || !self.is_indexed(it) {
            return Val::Iter(it.clone());
        }
        let zero = self.int(0, span);
        self.as_index(zero);
        let at = self.variable("at", Val::Scalar(zero), true);
        Val::Iter(Rc::new(It::Cursor(it.clone(), at)))
    }

    /// `it.peek()`
    pub(super) fn peek(&mut self, it: &Rc<It>, call: &syn::ExprMethodCall) -> Val {
        let span = call.method.span();
        let It::Cursor(of, at) = &**it else {
            return self.error(
                call.to_token_stream().span(),
                "`peek` is supported on an iterator that a `let mut` binds: use an index instead",
            );
        };
        let Some(position) = self.cursor(*at) else { return Val::Error };
        self.item_if_any(of, position, span)
    }

    /// `it.next()`
    pub(super) fn next(&mut self, it: &Rc<It>, call: &syn::ExprMethodCall) -> Val {
        let span = call.method.span();
        let It::Cursor(of, at) = &**it else {
            return self.error(call.to_token_stream().span(), "`next` is supported on an iterator that a `let mut` binds and whose items can be numbered: use a `for` loop instead");
        };
        let Some(position) = self.cursor(*at) else { return Val::Error };
        let item = self.item_if_any(of, position, span);
        let next = self.plus_one(position, span);
        self.set(*at, Val::Scalar(next));
        item
    }

    /// The item of that number of an indexed iterator, or `None` behind its end.
    pub(super) fn item_if_any(&mut self, it: &Rc<It>, number: V, span: Span) -> Val {
        let tag = match self.count_of(it, span) {
            Some(count) => self.compare("<", number, count, span),
            None => Val::Bool(true),
        };
        let item =
            self.branch(tag.clone(), span, |this| this.item(it, number, span), |_| Val::Undef);
        Val::option(tag, item)
    }
}
