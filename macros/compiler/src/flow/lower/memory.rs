//! Arrays, slices and `Vec`s: how they are made, and their methods.

use super::iter::It;
use super::loops::{Header, Run};
use super::spans::Spanned;
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Init, Kind, Mode, Place, Proj, V};
use crate::ir::Elem;
use crate::parse::Type;
use proc_macro2::Span;
use quote::ToTokens;
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

/// Methods of lists of integers that compare by a closure.
const ORDERS: &[&str] = &[
    "sort_by",
    "sort_by_key",
    "sort_by_cached_key",
    "sort_unstable_by",
    "sort_unstable_by_key",
    "select_nth_unstable_by",
    "retain",
    "binary_search_by",
    "partition_point",
];

impl Lowerer<'_> {
    /// `[a, b, c]`
    pub(super) fn array(&mut self, array: &syn::ExprArray) -> Val {
        let span = array.span();
        let vals: Vec<Val> = array.elems.iter().map(|elem| self.expr(elem)).collect();
        let len = vals.len().to_string();
        self.list(vals, Some(len), span)
    }

    /// A new array or `Vec` of these values.
    pub(super) fn list(&mut self, vals: Vec<Val>, len: Option<String>, span: Span) -> Val {
        let fixed = |of: Type| match &len {
            Some(len) => Type::Fixed(Box::new(of), len.clone()),
            None => Type::Vec(Box::new(of)),
        };
        let vals: Vec<Val> = vals.into_iter().map(|val| self.plain(val, span)).collect();
        if vals.iter().any(Val::is_silent) {
            return Val::Error;
        }
        let scalars = vals.iter().all(|val| matches!(val, Val::Scalar(_) | Val::Undef));
        if scalars {
            let mut list = Vec::new();
            for val in vals {
                let Some(v) = self.scalar(val, span) else { return Val::Error };
                list.push(v);
            }
            if list.iter().any(|v| matches!(self.slot(*v), Slot::Bool | Slot::Other)) {
                return self.opaque_list(&list, len.is_some(), span);
            }
            let class = match list.first() {
                Some(first) => self.class(*first),
                None => self.types.class(Slot::Unknown),
            };
            for v in &list {
                let own = self.class(*v);
                if !self.types.unify(class, own) {
                    return self.error(span, "the elements of this array are of different types");
                }
            }
            let mem = self.memory("list", fixed(Type::Float(Elem::Var(class))), span);
            let init = if list.is_empty() { Init::Empty(None) } else { Init::List(list) };
            self.emit(Kind::Alloc(mem, init), span);
            return self.fresh_place(mem);
        }
        if vals.iter().any(|val| matches!(val, Val::Bool(_))) {
            let list: Vec<Option<V>> = vals.into_iter().map(|val| self.scalar(val, span)).collect();
            let Some(list) = list.into_iter().collect::<Option<Vec<V>>>() else {
                return Val::Error;
            };
            return self.opaque_list(&list, len.is_some(), span);
        }
        let mut places = Vec::new();
        let mut of = None;
        for val in vals {
            let place = match val {
                Val::Place(place, _) => {
                    of = of.or_else(|| self.owned_type(&place));
                    place
                }
                val => match self.materialised(val, "part", span) {
                    Some((mem, ty)) => {
                        of = of.or(Some(ty));
                        Place::whole(mem)
                    }
                    None => return Val::Error,
                },
            };
            places.push(place);
        }
        let Some(of) = of else { return Val::Error };
        let first = Val::Place(places[0].clone(), Held::Named);
        for place in &places[1..] {
            let val = Val::Place(place.clone(), Held::Named);
            if let Some(ty) = self.type_of_val(&val, span) {
                self.expect_type(&first, &ty, span);
            }
        }
        let mem = self.memory("list", fixed(of), span);
        self.emit(Kind::Alloc(mem, Init::ListOf(places)), span);
        self.fresh_place(mem)
    }

    /// A list of conditions and other things that carry no derivative.
    fn opaque_list(&mut self, list: &[V], fixed: bool, span: Span) -> Val {
        let (mut binds, mut names) = (Vec::new(), Vec::new());
        for (k, v) in list.iter().enumerate() {
            let name = quote::format_ident!("__part{k}");
            let what = crate::flow::ir::Source::Value(*v);
            binds.push(crate::flow::ir::Bind {
                name: name.clone(),
                what,
                by: crate::flow::ir::By::Value,
            });
            names.push(name);
        }
        let tokens = match fixed {
            true => quote::quote!([#(#names),*]),
            false => quote::quote!(::std::vec![#(#names),*]),
        };
        let val = self.opaque_tokens(tokens, binds, true, span);
        if let Val::Scalar(v) = val {
            self.is_a(v, Slot::Other);
        }
        val
    }

    /// `[value; len]`, `vec![value; len]`
    pub(super) fn repeat(&mut self, value: &Expr, len: &Expr, is_vec: bool, span: Span) -> Val {
        let val = self.expr(value);
        let val = self.plain(val, span);
        let text = self.resolved_length(&crate::parse::text_of(&len.to_token_stream()));
        let mut count = None;
        if is_vec {
            let len_val = self.expr(len);
            let Some(v) = self.scalar(len_val, len.span()) else { return Val::Error };
            self.as_index(v);
            count = Some(v);
        }
        let whole = |of: Type| match is_vec {
            true => Type::Vec(Box::new(of)),
            false => Type::Fixed(Box::new(of), text.clone()),
        };
        match val {
            Val::Error | Val::Never => Val::Error,
            Val::Bool(_) => self.opaque_repeat(val, &text, count, span),
            Val::Scalar(v) if matches!(self.slot(v), Slot::Bool | Slot::Other) => {
                self.opaque_repeat(Val::Scalar(v), &text, count, span)
            }
            Val::Scalar(v) => {
                let elem = Type::Float(Elem::Var(self.class(v)));
                let mem = self.memory("array", whole(elem), span);
                self.emit(Kind::Alloc(mem, Init::Filled(v, count)), span);
                self.changing.insert(mem);
                self.fresh_place(mem)
            }
            val => {
                let (place, of) = match val {
                    Val::Place(place, _) => match self.owned_type(&place) {
                        Some(of) => (place, of),
                        None => return Val::Error,
                    },
                    val => match self.materialised(val, "part", span) {
                        Some((mem, of)) => (Place::whole(mem), of),
                        None => return Val::Error,
                    },
                };
                let mem = self.memory("array", whole(of), span);
                self.emit(Kind::Alloc(mem, Init::FilledWith(place, count)), span);
                self.changing.insert(mem);
                self.fresh_place(mem)
            }
        }
    }

    fn opaque_repeat(&mut self, val: Val, len: &str, count: Option<V>, span: Span) -> Val {
        let Some(v) = self.scalar(val, span) else { return Val::Error };
        let bind = |name: &str, v: V| crate::flow::ir::Bind {
            name: proc_macro2::Ident::new(name, Span::call_site()),
            what: crate::flow::ir::Source::Value(v),
            by: crate::flow::ir::By::Value,
        };
        let val = match count {
            Some(count) => self.opaque_tokens(
                quote::quote!(::std::vec![__value; __count]),
                vec![bind("__value", v), bind("__count", count)],
                true,
                span,
            ),
            None => {
                let len: proc_macro2::TokenStream = len.parse().unwrap_or_default();
                self.opaque_tokens(
                    quote::quote!([__value; #len]),
                    vec![bind("__value", v)],
                    true,
                    span,
                )
            }
        };
        if let Val::Scalar(v) = val {
            self.is_a(v, Slot::Other);
        }
        val
    }

    /// A method of an array, slice or `Vec`.
    pub(super) fn memory_method(&mut self, place: Place, held: Held, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let shared = |held: Held| match held {
            Held::Mut => Held::Ref,
            Held::Fresh => Held::Named,
            held => held,
        };
        let iter = |it: It| Val::Iter(Rc::new(it));
        match (name.as_str(), &args[..]) {
            ("len", []) => Val::Scalar(self.length(&place, span)),
            ("is_empty", []) => {
                let len = self.length(&place, span);
                let zero = self.int(0, span);
                self.unify(len, zero);
                self.compare("==", len, zero, span)
            }
            ("iter", []) => iter(It::Elements(place, Held::Ref)),
            ("iter_mut", []) => iter(It::Elements(place, Held::Mut)),
            ("into_iter", []) => match self.iterator(Val::Place(place, held), span) {
                Some(it) => Val::Iter(it),
                None => Val::Error,
            },
            (
                "as_slice" | "as_ref" | "borrow" | "as_mut_slice" | "as_mut" | "by_ref" | "deref",
                [],
            ) => Val::Place(place, if name.contains("mut") { Held::Mut } else { Held::Ref }),
            ("windows" | "chunks" | "chunks_exact" | "chunks_mut" | "chunks_exact_mut", [size]) => {
                let Some(size) = self.index_value(size) else { return Val::Error };
                iter(match name.as_str() {
                    "windows" => It::Windows(place, size),
                    name => {
                        let held = if name.ends_with("mut") { Held::Mut } else { Held::Ref };
                        It::Chunks(place, held, size, name.contains("exact"))
                    }
                })
            }
            ("first" | "last" | "first_mut" | "last_mut", []) => {
                let len = self.length(&place, span);
                let zero = self.int(0, span);
                self.unify(len, zero);
                let tag = self.compare(">", len, zero, span);
                let held = if name.ends_with("mut") { Held::Mut } else { Held::Ref };
                if name.starts_with("first") {
                    return self.maybe_element(tag, &place, held, zero);
                }
                let one = self.int(1, span);
                let last = self.index_method("saturating_sub", len, one, span);
                self.maybe_element(tag, &place, held, last)
            }
            ("get" | "get_mut", [at]) if !matches!(at, Expr::Range(_)) => {
                let Some(at) = self.index_value(at) else { return Val::Error };
                let len = self.length(&place, span);
                let tag = self.compare("<", at, len, span);
                let held = if name == "get" { Held::Ref } else { Held::Mut };
                self.maybe_element(tag, &place, held, at)
            }
            ("split_at" | "split_at_mut", [at]) => {
                let Some(at) = self.index_value(at) else { return Val::Error };
                let held = if name == "split_at" { shared(Held::Mut) } else { Held::Mut };
                let zero = self.int(0, span);
                let (a, b) =
                    (self.sub_slice(&place, zero, Some(at)), self.sub_slice(&place, at, None));
                Val::Tuple(vec![Val::Place(a, held), Val::Place(b, held)])
            }
            ("split_first" | "split_last", []) => {
                let len = self.length(&place, span);
                let (zero, one) = (self.int(0, span), self.int(1, span));
                self.unify(len, zero);
                let tag = self.compare(">", len, zero, span);
                let last = self.index_method("saturating_sub", len, one, span);
                let (at, rest) = match name.as_str() {
                    "split_first" => {
                        let from = self.index_method("min", one, len, span);
                        (zero, self.sub_slice(&place, from, None))
                    }
                    _ => (last, self.sub_slice(&place, zero, Some(last))),
                };
                let mut element = place;
                element.proj.push(Proj::Index(at));
                let pair = vec![Val::Place(element, Held::Ref), Val::Place(rest, Held::Ref)];
                Val::option(tag, Val::Tuple(pair))
            }
            ("to_vec" | "clone" | "to_owned" | "into_vec", []) => {
                let of = self.place_type(&place);
                let ty = match (&of, name.as_str()) {
                    (Some(Type::Fixed(of, _)), "to_vec") => Type::Vec(of.clone()),
                    (Some(Type::Slice(of)), _) => Type::Vec(of.clone()),
                    (Some(ty), _) => ty.clone(),
                    (None, _) => return Val::Error,
                };
                let name = self.program.at(place.mem).name.clone();
                let mem = self.memory(&name, ty, span);
                self.emit(Kind::Alloc(mem, Init::Copy(place)), span);
                self.changing.insert(mem);
                self.fresh_place(mem)
            }
            ("map", [f]) if matches!(self.place_type(&place), Some(Type::Fixed(..))) => {
                self.mapped_array(&place, f, span)
            }
            ("swap", [i, j]) => {
                let (Some(i), Some(j)) = (self.index_value(i), self.index_value(j)) else {
                    return Val::Error;
                };
                let at = |v: V| {
                    let mut place = place.clone();
                    place.proj.push(Proj::Index(v));
                    place
                };
                let (a, b) = (at(i), at(j));
                self.emit(Kind::Swap(a, b), span);
                Val::Unit
            }
            ("reverse", []) => self.reversed_in_place(&place, span),
            ("fill", [value]) => {
                let val = self.expr(value);
                self.filled(&place, val, span);
                Val::Unit
            }
            ("push", [value]) => {
                let val = self.expr(value);
                self.push_to(&place, val, span);
                Val::Unit
            }
            ("pop", []) => self.pop(&place, span),
            ("truncate", [len]) => {
                let Some(len) = self.index_value(len) else { return Val::Error };
                self.truncate(&place, len, span);
                Val::Unit
            }
            ("insert", [at, value]) if is_whole_vec(self, &place) => {
                let Some(at) = self.index_value(at) else { return Val::Error };
                let val = self.expr(value);
                self.inserted(&place, at, val, span);
                Val::Unit
            }
            ("remove", [at]) if is_whole_vec(self, &place) => {
                let Some(at) = self.index_value(at) else { return Val::Error };
                self.removed(&place, at, span)
            }
            ("clear", []) => {
                let zero = self.int(0, span);
                self.as_index(zero);
                self.truncate(&place, zero, span);
                Val::Unit
            }
            ("resize", [len, value]) => {
                let Some(len) = self.index_value(len) else { return Val::Error };
                let val = self.expr(value);
                self.truncate(&place, len, span);
                let from = self.length(&place, span);
                self.looped(
                    Run::Range(from, len, false),
                    &Header::default(),
                    span,
                    &mut |this, _| {
                        this.push_to(&place, val.clone(), span);
                    },
                );
                Val::Unit
            }
            ("extend_from_slice" | "extend" | "append", [items]) if name != "append" => {
                let val = self.expr(items);
                let Some(it) = self.iterator(val, items.span()) else { return Val::Error };
                self.for_each(&it, &Header::default(), span, &mut |this, item| {
                    this.push_to(&place, item, span);
                });
                Val::Unit
            }
            ("copy_from_slice" | "clone_from_slice", [from]) => {
                let val = self.expr(from);
                match val {
                    Val::Place(from, _) => {
                        let zero = self.int(0, span);
                        let to = match place.proj.last() {
                            Some(Proj::Range(..)) => place,
                            _ => self.sub_slice(&place, zero, None),
                        };
                        if let Some(ty) = self.place_type(&from) {
                            self.expect_type(&Val::Place(to.clone(), Held::Named), &ty, span);
                        }
                        self.emit(Kind::Assign { to, from, moved: false }, span);
                        Val::Unit
                    }
                    val if val.is_silent() => Val::Error,
                    _ => self.error(*from, "a slice is expected here"),
                }
            }
            _ => self.unknown_memory_method(place, call),
        }
    }

    fn unknown_memory_method(&mut self, place: Place, call: &ExprMethodCall) -> Val {
        let name = call.method.to_string();
        let integers = match self.element_type(&place) {
            Some(Type::Int(_)) => true,
            Some(Type::Float(Elem::Var(class))) => matches!(self.types.slot(class), Slot::Int(_)),
            _ => false,
        };
        let looks = matches!(
            name.as_str(),
            "contains" | "starts_with" | "ends_with" | "as_ptr" | "capacity" | "reserve"
        );
        if integers || looks {
            let val = self.opaque(&Expr::MethodCall(call.clone()));
            // What integers are put in order by, and what is only looked for, is lost to nothing.
            if let (Val::Scalar(v), true) = (&val, looks || ORDERS.contains(&name.as_str())) {
                self.program.constants.push(*v);
            }
            return val;
        }
        if let Some(val) = self.sorted(&place, call) {
            return val;
        }
        if let Some(val) = self.spelled(call) {
            return val;
        }
        let instead = match name.as_str() {
            "sort_unstable"
            | "sort_unstable_by"
            | "sort_unstable_by_key"
            | "select_nth_unstable_by" => {
                "where it leaves elements that are equal is not known; use `sort_by` or `sort_by_key`, which are stable"
            }
            "dedup_by" | "dedup_by_key" | "append" | "swap_remove" | "split_off" => {
                "build a new `Vec` by `push` in a loop"
            }
            _ => "write a loop over the elements",
        };
        self.error(
            &call.method,
            format!("`{name}` of an array, slice or `Vec` is not supported: {instead}"),
        )
    }

    pub(super) fn index_value(&mut self, expr: &Expr) -> Option<V> {
        let val = self.expr(expr);
        let v = self.scalar(val, expr.span())?;
        self.as_index(v);
        Some(v)
    }

    /// An element that may not be there: it is read where it is used.
    fn maybe_element(&mut self, tag: Val, place: &Place, held: Held, at: V) -> Val {
        self.as_index(at);
        let mut place = place.clone();
        place.proj.push(Proj::Index(at));
        Val::option(tag, Val::Place(place, held))
    }

    fn mapped_array(&mut self, place: &Place, f: &Expr, span: Span) -> Val {
        let Some(Type::Fixed(_, len)) = self.place_type(place) else { return Val::Error };
        let f = self.function_value(f);
        let zero = self.number(0.0, Slot::Unknown, span);
        let class = self.class(zero);
        let ty = Type::Fixed(Box::new(Type::Float(Elem::Var(class))), len);
        let mem = self.memory("mapped", ty, span);
        self.emit(Kind::Alloc(mem, Init::Filled(zero, None)), span);
        let it = Rc::new(It::Enumerate(Rc::new(It::Elements(place.clone(), Held::Ref))));
        self.for_each(&it, &Header::default(), span, &mut |this, item| {
            let Val::Tuple(parts) = item else { return };
            let mut parts = parts.into_iter();
            let (Some(Val::Scalar(at)), Some(item)) = (parts.next(), parts.next()) else { return };
            let val = this.apply(&f, vec![item], span);
            if let Some(v) = this.scalar(val, span) {
                if !this.unify(zero, v) {
                    this.error(span, "this closure must return a number");
                }
                let place = Place { mem, proj: vec![Proj::Index(at)] };
                this.emit(Kind::Store(place, v, Mode::Set), span);
            }
        });
        self.fresh_place(mem)
    }

    fn reversed_in_place(&mut self, place: &Place, span: Span) -> Val {
        let len = self.length(place, span);
        let (zero, two) = (self.int(0, span), self.int(2, span));
        let half = self.int_op("/", len, two, span);
        self.as_index(zero);
        self.looped(Run::Range(zero, half, false), &Header::default(), span, &mut |this, var| {
            let Some(i) = var else { return };
            let one = this.int(1, span);
            let last = this.int_op("-", len, one, span);
            let j = this.int_op("-", last, i, span);
            let (mut a, mut b) = (place.clone(), place.clone());
            a.proj.push(Proj::Index(i));
            b.proj.push(Proj::Index(j));
            this.emit(Kind::Swap(a, b), span);
        });
        Val::Unit
    }

    fn filled(&mut self, place: &Place, val: Val, span: Span) {
        let val = self.plain(val, span);
        let Some(elem) = self.element_type(place) else { return };
        if matches!(elem, Type::Float(_)) {
            self.expect_type(&val, &elem, span);
            if let Some(v) = self.scalar(val, span) {
                self.emit(Kind::Fill(place.clone(), v), span);
            }
            return;
        }
        let it = Rc::new(It::Elements(place.clone(), Held::Mut));
        self.for_each(&it, &Header::default(), span, &mut |this, item| {
            if let Val::Place(to, _) = item {
                this.write_place(to, val.clone(), span);
            }
        });
    }

    pub(super) fn pop(&mut self, place: &Place, span: Span) -> Val {
        let len = self.length(place, span);
        let zero = self.int(0, span);
        self.unify(len, zero);
        let tag = self.compare(">", len, zero, span);
        let elem = self.element_type(place);
        let some = self.branch(
            tag.clone(),
            span,
            |this| match &elem {
                Some(Type::Float(elem)) => {
                    let class = this.types.of_elem(elem);
                    let out = this.of_class("last", class, span);
                    this.emit(Kind::Pop(out, place.clone()), span);
                    Val::Scalar(out)
                }
                Some(Type::Int(name)) => {
                    let out = this.fresh("last", Slot::Int(Some(name.clone())), span);
                    this.emit(Kind::Pop(out, place.clone()), span);
                    Val::Scalar(out)
                }
                _ => {
                    // What a memory holds is copied out, then dropped.
                    let len = this.length(place, span);
                    let one = this.int(1, span);
                    let last = this.int_op("-", len, one, span);
                    let mut at = place.clone();
                    at.proj.push(Proj::Index(last));
                    let Some(ty) = this.owned_type(&at) else { return Val::Error };
                    let mem = this.memory("last", ty, span);
                    this.emit(Kind::Alloc(mem, Init::Copy(at)), span);
                    this.truncate(place, last, span);
                    this.fresh_place(mem)
                }
            },
            |_| Val::Undef,
        );
        Val::option(tag, some)
    }

    /// Keeps the first elements only.
    fn truncate(&mut self, place: &Place, len: V, span: Span) {
        let have = self.length(place, span);
        let shorter = self.compare("<", len, have, span);
        self.branch(
            shorter,
            span,
            |this| {
                let zero = this.int(0, span);
                let kept = this.sub_slice(place, zero, Some(len));
                let Some(ty) = this.owned_type(&kept) else { return Val::Unit };
                let mem = this.memory("kept", ty, span);
                this.emit(Kind::Alloc(mem, Init::Copy(kept)), span);
                let from = Place::whole(mem);
                this.emit(Kind::Assign { to: place.clone(), from, moved: true }, span);
                Val::Unit
            },
            |_| Val::Unit,
        );
    }
}

fn is_whole_vec(lowerer: &Lowerer<'_>, place: &Place) -> bool {
    matches!(lowerer.place_type(place), Some(Type::Vec(_)))
}
