//! Tables: constants whose type is known to rustc only, by the way their parts are named.
//!
//! `NODES.iter().map(|&(x, w)| ..)` says nothing of what `NODES` is, and need not: an item is
//! `NODES[k]`, its parts are `NODES[k].0` and `NODES[k].1`, and each of these is a constant like any
//! other, whose type follows from its use.

use super::iter::It;
use super::pattern::last_name;
use super::place::Lv;
use super::val::{Opt, Val};
use super::{Lowerer, Slot};
use crate::emit::names::ident;
use crate::flow::ir::{Bind, By, ParamIs, Source, V};
use crate::primitives;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, Member, Pat};

/// A constant, or a part of one.
#[derive(Clone)]
pub(super) struct Table {
    /// The place that it is.
    place: TokenStream,
    /// What the names in it stand for: indices, and an option at its root.
    indices: Vec<(V, By)>,
    /// Whether its name means something at the function's own place only.
    foreign: bool,
    /// Whether the value is a reference to it.
    referred: bool,
}

impl Table {
    fn part(&self, member: &impl ToTokens) -> Table {
        let place = &self.place;
        Table { place: quote!(#place.#member), ..self.clone() }
    }

    /// An element, by the code for its index.
    fn indexed(&self, index: TokenStream, indices: &[V], referred: bool) -> Table {
        let place = &self.place;
        Table {
            place: quote!(#place[#index]),
            indices: (self.indices.iter().copied())
                .chain(indices.iter().map(|v| (*v, By::Value)))
                .collect(),
            referred,
            ..self.clone()
        }
    }

    /// A name for the index that comes next, and for the one behind it.
    fn next(&self) -> [proc_macro2::Ident; 2] {
        let count = self.indices.len();
        [count, count + 1].map(|k| ident(&format!("__k{k}")))
    }

    fn binds(&self) -> Vec<Bind> {
        let named = self.indices.iter().enumerate();
        let bind = |(k, (v, by)): (usize, &(V, By))| Bind {
            name: ident(&format!("__k{k}")),
            what: Source::Value(*v),
            by: *by,
        };
        named.map(bind).collect()
    }

    fn at(&self, at: V) -> Table {
        let [index, _] = self.next();
        self.indexed(quote!(#index), &[at], self.referred)
    }

    fn between(&self, from: V, to: V) -> Table {
        let [lo, hi] = self.next();
        self.indexed(quote!(#lo..#hi), &[from, to], true)
    }
}

impl Lowerer<'_> {
    /// The table that an expression names, with nothing evaluated where it names none.
    pub(super) fn table(&mut self, expr: &Expr) -> Option<Table> {
        match expr {
            Expr::Paren(inner) => self.table(&inner.expr),
            Expr::Group(inner) => self.table(&inner.expr),
            Expr::Path(path) => self.table_named(path),
            Expr::Reference(reference) if reference.mutability.is_none() => {
                let mut table = self.table(&reference.expr)?;
                table.referred = true;
                Some(table)
            }
            Expr::Field(field) => {
                let table = self.table(&field.base)?;
                Some(table.part(&field.member))
            }
            Expr::Index(index) => {
                let table = self.table(&index.expr)?;
                self.table_indexed(&table, &index.index)
            }
            _ => None,
        }
    }

    fn table_named(&mut self, path: &syn::ExprPath) -> Option<Table> {
        let last = path.path.segments.last()?;
        if path.qself.is_some() || !last.arguments.is_none() {
            return None;
        }
        let name = last.ident.to_string();
        if path.path.segments.len() == 1
            && let Some(id) = self.lookup(&name)
        {
            return match &self.vars[id].val {
                Val::Table(table) => Some((**table).clone()),
                _ => None,
            };
        }
        let is_constant = name.chars().all(|c| !c.is_lowercase())
            && name.chars().any(char::is_uppercase)
            && !self.frame().lengths.contains_key(&name);
        let parameters = &self.frame().function.item.sig.generics;
        if !is_constant || parameters.const_params().any(|param| param.ident == name) {
            return None;
        }
        Some(Table {
            place: path.to_token_stream(),
            indices: vec![],
            foreign: self.is_of_its_place(&path.path),
            referred: false,
        })
    }

    fn table_indexed(&mut self, table: &Table, index: &Expr) -> Option<Table> {
        if let Some(bounds) = self.range_of(index) {
            let [lo, hi] = table.next();
            let (from, to) = bounds.ok()?;
            from.into_iter().chain(to).for_each(|v| self.as_index(v));
            let range = match (from, to) {
                (Some(_), Some(_)) => quote!(#lo..#hi),
                (Some(_), None) => quote!(#lo..),
                (None, Some(_)) => quote!(..#lo),
                (None, None) => quote!(..),
            };
            let bounds: Vec<V> = from.into_iter().chain(to).collect();
            return Some(table.indexed(range, &bounds, false));
        }
        let at = self.expr(index);
        let at = self.scalar(at, index.span())?;
        self.as_index(at);
        let [name, _] = table.next();
        Some(table.indexed(quote!(#name), &[at], false))
    }

    /// An `Option` that a parameter is, of whatever type: what is in it is a constant.
    pub(super) fn option_passed(&mut self, v: V, span: Span) -> Option<Opt> {
        let function = self.frames.first().map(|frame| frame.function);
        let mut params = function.into_iter().flat_map(|f| &f.params).zip(&self.program.params);
        let is_option = params.any(|(param, is)| {
            *is == ParamIs::Value(v)
                && matches!(crate::parse::strip(&param.written), syn::Type::Path(path)
                    if last_name(&path.path) == "Option")
        });
        if !is_option {
            return None;
        }
        let held = Table {
            place: quote!((*__k0.as_ref().unwrap())),
            indices: vec![(v, By::Ref)],
            foreign: false,
            referred: false,
        };
        let tag = self.opaque_tokens(quote!(__k0.is_some()), held.binds(), true, span);
        if let Val::Scalar(tag) = tag {
            self.is_a(tag, Slot::Bool);
        }
        let some = Val::Table(Rc::new(held));
        Some(Opt { result: false, tag, some, err: Val::Unit })
    }

    /// What is iterated over, or stands before a method of iterators.
    pub(super) fn expr_or_table(&mut self, expr: &Expr) -> Val {
        match self.table(expr) {
            Some(table) => Val::Table(Rc::new(table)),
            None => self.expr(expr),
        }
    }

    /// A table, or a part of one, as a value that only rustc knows.
    pub(super) fn table_value(&mut self, table: &Table, span: Span) -> Val {
        let place = &table.place;
        let tokens = if table.referred { quote!(&#place) } else { quote!(#place) };
        let val = self.taken_part(tokens, table.binds(), table.foreign, span);
        if let (Val::Scalar(v), true) = (&val, table.referred) {
            self.lent.insert(*v);
        }
        val
    }

    /// A part of a table as a number.
    pub(super) fn table_number(&mut self, table: &Table, span: Span) -> Val {
        self.taken_part(table.place.clone(), table.binds(), table.foreign, span)
    }

    /// A value with nothing left of tables: what only rustc knows in their place.
    pub(super) fn without_table(&mut self, val: Val, span: Span) -> Val {
        match val {
            Val::Table(table) => self.table_value(&table, span),
            other => other,
        }
    }

    pub(super) fn table_length(&mut self, table: &Table, span: Span) -> Option<V> {
        let place = &table.place;
        match self.taken_part(quote!(#place.len()), table.binds(), table.foreign, span) {
            Val::Scalar(v) => {
                self.as_index(v);
                Some(v)
            }
            _ => None,
        }
    }

    /// The items of a table from one on, `size` of them where that is given.
    pub(super) fn table_item(&mut self, table: &Table, size: Option<V>, at: V, span: Span) -> Val {
        self.as_index(at);
        let item = match size {
            None => table.at(at),
            Some(size) => {
                let to = self.int_op("+", at, size, span);
                table.between(at, to)
            }
        };
        Val::Table(Rc::new(item))
    }

    /// `copied`, `cloned`: the items instead of references to them.
    pub(super) fn copied_items(&self, it: &It) -> Rc<It> {
        match it {
            It::Table(table, None) => {
                let table = Table { referred: false, ..(**table).clone() };
                Rc::new(It::Table(Rc::new(table), None))
            }
            other => Rc::new(other.clone()),
        }
    }

    /// A method of a table; `None` where it is one that says nothing of what the table is made of.
    pub(super) fn table_method(&mut self, table: &Table, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let mut table = table.clone();
        match (name.as_str(), call.args.first()) {
            ("iter" | "as_slice", None) => {
                table.referred = true;
                Some(match name.as_str() {
                    "iter" => Val::Iter(Rc::new(It::Table(Rc::new(table), None))),
                    _ => Val::Table(Rc::new(table)),
                })
            }
            ("into_iter", None) => Some(Val::Iter(Rc::new(It::Table(Rc::new(table), None)))),
            ("windows", Some(size)) => {
                let val = self.expr(size);
                let Some(size) = self.scalar(val, span) else { return Some(Val::Error) };
                self.as_index(size);
                Some(Val::Iter(Rc::new(It::Table(Rc::new(table), Some(size)))))
            }
            ("len", None) => self.table_length(&table, span).map(Val::Scalar),
            (name, _) if primitives::method(name).is_some() => {
                let number = self.table_number(&table, span);
                Some(self.method_of(number, call))
            }
            _ => None,
        }
    }

    /// Binds the names of a pattern that takes a table apart; what is left of it is bound otherwise.
    pub(super) fn bind_table(&mut self, pat: &Pat, table: &Table) -> Option<Val> {
        let is_rest = |pat: &&Pat| super::pattern::is_rest(pat);
        let whole = || Some(Val::Table(Rc::new(table.clone())));
        match pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.mutability.is_none() => whole(),
            Pat::Ident(_) => Some(self.table_value(table, pat.span())),
            Pat::Paren(_) | Pat::Type(_) | Pat::Wild(_) => whole(),
            Pat::Reference(inner) => {
                let behind = Table { referred: false, ..table.clone() };
                self.bind(&inner.pat, Val::Table(Rc::new(behind)));
                None
            }
            Pat::Tuple(of) if !of.elems.iter().any(|pat| is_rest(&pat)) => {
                for (k, pat) in of.elems.iter().enumerate() {
                    let part = table.part(&Member::Unnamed(k.into()));
                    self.bind(pat, Val::Table(Rc::new(part)));
                }
                None
            }
            Pat::Struct(of) => {
                for field in &of.fields {
                    self.bind(&field.pat, Val::Table(Rc::new(table.part(&field.member))));
                }
                None
            }
            Pat::Slice(of) if !of.elems.iter().any(|pat| is_rest(&pat)) => {
                for (k, pat) in of.elems.iter().enumerate() {
                    let at = self.int(k as i128, pat.span());
                    self.as_index(at);
                    self.bind(pat, Val::Table(Rc::new(table.at(at))));
                }
                None
            }
            _ => Some(self.table_value(table, pat.span())),
        }
    }

    /// A field of a table, an element of it, what is behind a reference to it.
    pub(super) fn part_of_table(&self, table: &Table, name: &str) -> Option<Lv> {
        let member: Member = match name.parse::<u32>() {
            Ok(k) => Member::Unnamed((k as usize).into()),
            Err(_) => Member::Named(ident(name)),
        };
        Some(Lv::Val(Val::Table(Rc::new(Table { referred: false, ..table.part(&member) }))))
    }

    pub(super) fn element_of_table(&mut self, table: &Table, index: &Expr) -> Option<Lv> {
        match self.table_indexed(table, index) {
            Some(part) => Some(Lv::Val(Val::Table(Rc::new(part)))),
            None => Some(Lv::Val(Val::Error)),
        }
    }

    pub(super) fn behind_table(&self, table: &Table) -> Lv {
        Lv::Val(Val::Table(Rc::new(Table { referred: false, ..table.clone() })))
    }

    pub(super) fn reference_to_table(&self, table: &Table) -> Val {
        Val::Table(Rc::new(Table { referred: true, ..table.clone() }))
    }
}
