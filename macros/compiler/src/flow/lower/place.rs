//! Places: what the left side of an assignment, a borrow or an index expression names.

use super::spans::Spanned;
use super::val::{Held, Val, VarId};
use super::wanted::Wanted;
use super::{Lowerer, Slot};
use crate::flow::ir::{Kind, Mode, Pass, Place, Proj, V};
use crate::ir::Literal;
use crate::parse::Type;
use proc_macro2::Span;
use syn::{Expr, Member};

/// What an expression names.
pub(super) enum Lv {
    /// A memory, or a part of one.
    Place(Place, Held),
    /// A variable, or a field of one.
    Var(VarId, Vec<String>),
    /// A temporary.
    Val(Val),
    /// One of two, by a condition.
    Either(V, Box<(Lv, Lv)>),
}

/// An error that was reported.
pub(super) struct Silent;

/// Where a range begins and ends, if that is given.
pub(super) type Bounds = (Option<V>, Option<V>);

impl Lowerer<'_> {
    /// What an expression names; `None` where that is not understood.
    pub(super) fn lvalue(&mut self, expr: &Expr) -> Option<Lv> {
        match expr {
            Expr::Paren(inner) => self.lvalue(&inner.expr),
            Expr::Group(inner) => self.lvalue(&inner.expr),
            Expr::Path(path) => {
                let name = path.path.get_ident()?.to_string();
                Some(Lv::Var(self.lookup(&name)?, vec![]))
            }
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr: inner, .. }) => {
                let inner = self.lvalue_or_value(inner)?;
                self.dereferenced(inner, expr.span())
            }
            Expr::Field(field) => {
                if let Member::Named(_) = field.member {
                    self.want(&field.base, Wanted::Own);
                }
                let base = self.lvalue_or_value(&field.base)?;
                let name = match &field.member {
                    Member::Named(name) => name.to_string(),
                    Member::Unnamed(index) => index.index.to_string(),
                };
                if let (Member::Unnamed(index), Some(len)) =
                    (&field.member, self.parts_named(&base))
                    && index.index as usize >= len
                {
                    self.error(
                        &field.member,
                        format!(
                            "there is no part {name} here: the last one is {}",
                            len.saturating_sub(1)
                        ),
                    );
                    return Some(Lv::Val(Val::Error));
                }
                self.field_of(base, &name)
            }
            Expr::Index(index) => {
                self.want(&index.expr, Wanted::List);
                let base = self.lvalue_or_value(&index.expr)?;
                self.element_of(base, &index.index, index.span())
            }
            _ => None,
        }
    }

    /// How many parts a tuple has that is named.
    fn parts_named(&self, lv: &Lv) -> Option<usize> {
        match lv {
            Lv::Place(place, held) => self.parts_of(&Val::Place(place.clone(), *held)),
            Lv::Var(id, path) => self.parts_of(self.vars[*id].val.at(path)?),
            Lv::Val(val) => self.parts_of(val),
            Lv::Either(..) => None,
        }
    }

    fn lvalue_or_value(&mut self, expr: &Expr) -> Option<Lv> {
        match expr {
            Expr::Paren(inner) => self.lvalue_or_value(&inner.expr),
            Expr::Group(inner) => self.lvalue_or_value(&inner.expr),
            Expr::Path(path) => {
                let known = path
                    .path
                    .get_ident()
                    .is_some_and(|name| self.lookup(&name.to_string()).is_some());
                if known { self.lvalue(expr) } else { None }
            }
            Expr::Field(_) | Expr::Index(_) => self.lvalue(expr),
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), .. }) => self.lvalue(expr),
            other => match self.expr(other) {
                Val::Place(place, held) => Some(Lv::Place(place, held)),
                Val::Var(id, path) => Some(Lv::Var(id, path)),
                val => Some(Lv::Val(val)),
            },
        }
    }

    /// What is behind a reference: a variable that is one stands for what it refers to.
    fn dereferenced(&mut self, lv: Lv, span: Span) -> Option<Lv> {
        match lv {
            Lv::Var(id, path) => match self.vars[id].val.at(&path) {
                Some(Val::Place(place, _)) => Some(Lv::Place(place.clone(), Held::Named)),
                Some(Val::Var(id, path)) => Some(Lv::Var(*id, path.clone())),
                Some(Val::Either(cond, both)) => {
                    let (cond, both) = (*cond, (**both).clone());
                    Some(either(cond, both))
                }
                Some(Val::Table(table)) => Some(self.behind_table(&table.clone())),
                Some(Val::Scalar(v)) => {
                    let v = *v;
                    match self.is_plain(v) {
                        true => Some(Lv::Var(id, path)),
                        false if self.lent.contains(&v) => Some(Lv::Val(self.behind_lent(v, span))),
                        false => None,
                    }
                }
                _ => Some(Lv::Var(id, path)),
            },
            Lv::Val(Val::Scalar(v)) if !self.is_plain(v) => match self.lent.contains(&v) {
                true => Some(Lv::Val(self.behind_lent(v, span))),
                false => None,
            },
            Lv::Val(Val::Table(table)) => Some(self.behind_table(&table)),
            other => Some(other),
        }
    }

    /// Whether a value is known to be a number or a condition, no reference of an unknown type.
    pub(super) fn is_plain(&self, v: V) -> bool {
        !self.program.of(v).object && !matches!(self.slot(v), Slot::Unknown | Slot::Other)
    }

    /// A field of what a place names.
    pub(super) fn field_of(&mut self, base: Lv, name: &str) -> Option<Lv> {
        match base {
            Lv::Place(mut place, _) => match self.place_type(&place) {
                Some(Type::Struct(_) | Type::Tuple(_)) | None => {
                    place.proj.push(Proj::Field(name.to_string()));
                    Some(Lv::Place(place, Held::Named))
                }
                _ => None,
            },
            Lv::Var(id, mut path) => match self.vars[id].val.at(&path).cloned()? {
                Val::Place(place, held) => self.field_of(Lv::Place(place, held), name),
                Val::Var(id, path) => self.field_of(Lv::Var(id, path), name),
                Val::Tuple(_) | Val::Struct(..) => {
                    path.push(name.to_string());
                    self.vars[id].val.at(&path)?;
                    Some(Lv::Var(id, path))
                }
                Val::Either(cond, both) => {
                    let Lv::Either(_, both) = either(cond, *both) else { return None };
                    let (a, b) = (self.field_of(both.0, name)?, self.field_of(both.1, name)?);
                    Some(Lv::Either(cond, Box::new((a, b))))
                }
                Val::Table(table) => self.part_of_table(&table, name),
                Val::Error | Val::Never => Some(Lv::Val(Val::Error)),
                _ => None,
            },
            Lv::Val(val) => match val {
                Val::Table(table) => self.part_of_table(&table, name),
                Val::Tuple(_) | Val::Struct(..) => Some(Lv::Val(val.field(name)?.clone())),
                Val::Error | Val::Never => Some(Lv::Val(Val::Error)),
                _ => None,
            },
            Lv::Either(cond, both) => {
                let (a, b) = (self.field_of(both.0, name)?, self.field_of(both.1, name)?);
                Some(Lv::Either(cond, Box::new((a, b))))
            }
        }
    }

    /// An element, or a sub-slice, of what a place names.
    fn element_of(&mut self, base: Lv, index: &Expr, span: Span) -> Option<Lv> {
        match base {
            Lv::Place(place, held) => {
                let sliced = matches!(
                    self.place_type(&place),
                    Some(Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)) | None
                );
                if !sliced {
                    return None;
                }
                let Some(place) = self.indexed(place, index, span) else {
                    return Some(Lv::Val(Val::Error));
                };
                let held = if held == Held::Ref { Held::Named } else { held };
                Some(Lv::Place(place, if held == Held::Fresh { Held::Named } else { held }))
            }
            Lv::Var(id, path) => match self.vars[id].val.at(&path).cloned()? {
                Val::Place(place, _) => self.element_of(Lv::Place(place, Held::Named), index, span),
                Val::Var(id, path) => self.element_of(Lv::Var(id, path), index, span),
                Val::Either(cond, both) => {
                    let Lv::Either(_, both) = either(cond, *both) else { return None };
                    let a = self.element_of(both.0, index, span)?;
                    let b = self.element_of(both.1, index, span)?;
                    Some(Lv::Either(cond, Box::new((a, b))))
                }
                Val::Array(array) => self.indexed_array(&array, index, span),
                Val::Table(table) => self.element_of_table(&table, index),
                val @ Val::Tuple(_) => self.element_of(Lv::Val(val), index, span),
                Val::Error | Val::Never => {
                    self.expr(index);
                    Some(Lv::Val(Val::Error))
                }
                _ => None,
            },
            Lv::Val(Val::Array(array)) => self.indexed_array(&array, index, span),
            Lv::Val(Val::Table(table)) => self.element_of_table(&table, index),
            Lv::Val(Val::Each(each)) => match self.settled_each(&each, span) {
                Val::Array(array) => self.indexed_array(&array, index, span),
                _ => None,
            },
            // `x.shape()[1]`
            Lv::Val(Val::Tuple(parts)) => match index {
                Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(k), .. }) => {
                    parts.get(k.base10_parse::<usize>().ok()?).cloned().map(Lv::Val)
                }
                _ if parts.iter().all(|part| matches!(part, Val::Scalar(_))) => {
                    let list = self.list(parts, None, span);
                    let Val::Place(place, held) = list else { return None };
                    self.element_of(Lv::Place(place, held), index, span)
                }
                _ => None,
            },
            Lv::Val(Val::Error | Val::Never) => {
                self.expr(index);
                Some(Lv::Val(Val::Error))
            }
            Lv::Val(_) => None,
            Lv::Either(cond, both) => {
                let a = self.element_of(both.0, index, span)?;
                let b = self.element_of(both.1, index, span)?;
                Some(Lv::Either(cond, Box::new((a, b))))
            }
        }
    }

    /// A place with an index or range expression behind it.
    pub(super) fn indexed(&mut self, mut place: Place, index: &Expr, span: Span) -> Option<Place> {
        if let Some(bounds) = self.range_of(index) {
            let (from, to) = bounds.ok()?;
            if from.is_none() && to.is_none() {
                return Some(place);
            }
            let from = from.unwrap_or_else(|| self.int(0, span));
            self.as_index(from);
            to.into_iter().for_each(|to| self.as_index(to));
            place.proj.push(Proj::Range(from, to));
            return Some(place);
        }
        let at = self.expr(index);
        let at = self.scalar(at, index.span())?;
        match self.slot(at) {
            Slot::Float(_) | Slot::FloatLiteral => {
                self.error(index, "an index must be an integer");
                return None;
            }
            Slot::Int(Some(name)) if name != "usize" => {
                self.error(
                    index,
                    format!("an index is a `usize`, not an `{name}`: write `[.. as usize]`"),
                );
                return None;
            }
            _ => {}
        }
        self.as_index(at);
        place.proj.push(Proj::Index(at));
        Some(place)
    }

    /// The first index of a range expression and the first behind it, where they are given.
    pub(super) fn range_of(&mut self, expr: &Expr) -> Option<Result<Bounds, Silent>> {
        match expr {
            Expr::Paren(inner) => self.range_of(&inner.expr),
            Expr::Group(inner) => self.range_of(&inner.expr),
            Expr::Range(range) => {
                let mut bound = |expr: &Option<Box<Expr>>| match expr {
                    None => Ok(None),
                    Some(expr) => {
                        let val = self.expr(expr);
                        self.scalar(val, expr.span()).map(Some).ok_or(Silent)
                    }
                };
                let (from, to) = (bound(&range.start), bound(&range.end));
                let closed = matches!(range.limits, syn::RangeLimits::Closed(_));
                Some(from.and_then(|from| {
                    let to = match to? {
                        Some(to) if closed => Some(self.plus_one(to, range.span())),
                        to => to,
                    };
                    Ok((from, to))
                }))
            }
            _ => None,
        }
    }

    /// A view of a view as one: what a variable refers to keeps its form while it moves along.
    pub(super) fn in_one_view(&mut self, mut place: Place, span: Span) -> Place {
        while let [.., Proj::Range(a, b), Proj::Range(c, d)] = place.proj[..] {
            let from = self.int_op("+", a, c, span);
            let to = match d {
                Some(d) => Some(self.int_op("+", a, d, span)),
                None => b,
            };
            place.proj.truncate(place.proj.len() - 2);
            place.proj.push(Proj::Range(from, to));
        }
        place
    }

    /// The whole of a slice as a view of it, where it is not one yet.
    pub(super) fn as_view(&mut self, place: Place, span: Span) -> Place {
        let place = self.in_one_view(place, span);
        let is_slice = matches!(
            self.place_type(&place),
            Some(Type::Slice(_) | Type::Vec(_) | Type::Fixed(..))
        );
        if !is_slice || matches!(place.proj.last(), Some(Proj::Range(_, Some(_)))) {
            return place;
        }
        let (zero, len) = (self.int(0, span), self.length(&place, span));
        match place.proj.last() {
            Some(Proj::Range(from, None)) => {
                let from = *from;
                let mut whole = place;
                whole.proj.pop();
                let end = self.length(&whole, span);
                self.sub_slice(&whole, from, Some(end))
            }
            _ => self.sub_slice(&place, zero, Some(len)),
        }
    }

    /// A value is used as an index.
    pub(super) fn as_index(&mut self, v: V) {
        self.is_a(v, Slot::Int(Some("usize".to_string())));
    }

    /// An integer of a type that its use tells.
    pub(super) fn int(&mut self, value: i128, span: Span) -> V {
        let v = self.fresh("k", Slot::Int(None), span);
        self.emit(Kind::Const(v, Literal::Int(value)), span);
        self.known.insert(v, value);
        v
    }

    /// A passive operation of integers of one type.
    pub(super) fn int_op(&mut self, symbol: &'static str, a: V, b: V, span: Span) -> V {
        self.unify(a, b);
        let class = self.class(a);
        let out = self.of_class("k", class, span);
        self.emit(Kind::Pass(out, Pass::Binary(symbol), vec![a, b]), span);
        out
    }

    pub(super) fn plus_one(&mut self, v: V, span: Span) -> V {
        let one = self.int(1, span);
        self.int_op("+", v, one, span)
    }

    /// The type of a place, where it is known.
    pub(super) fn place_type(&self, place: &Place) -> Option<Type> {
        let mut ty = self.program.at(place.mem).ty.clone();
        for step in &place.proj {
            ty = match (step, ty) {
                (Proj::Field(name), Type::Tuple(parts)) => {
                    parts.get(name.parse::<usize>().ok()?)?.clone()
                }
                (Proj::Field(name), Type::Struct(text)) => {
                    let fields = self.fields_of(&text)?;
                    let (_, ty) = fields.into_iter().find(|(field, _)| field == name)?;
                    ty
                }
                (Proj::Index(_), Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of)) => *of,
                (Proj::Range(..), Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of)) => {
                    Type::Slice(of)
                }
                _ => return None,
            };
        }
        Some(ty)
    }

    /// The type of a memory that can hold a copy of a place.
    pub(super) fn owned_type(&mut self, place: &Place) -> Option<Type> {
        match self.place_type(place) {
            Some(Type::Slice(of)) => Some(Type::Vec(of)),
            Some(ty) => Some(ty),
            None => {
                let name = self.program.at(place.mem).name.clone();
                let span = self.program.at(place.mem).span;
                self.error(span, format!("the type of a part of `{name}` is not known here"));
                None
            }
        }
    }

    /// Reads what a place names: a float or integer is loaded, a memory is named.
    pub(super) fn read(&mut self, lv: Lv, span: Span) -> Val {
        match lv {
            Lv::Place(place, held) => self.read_place(place, held, span),
            Lv::Var(id, path) => match self.vars[id].val.at(&path).cloned() {
                Some(Val::Place(place, Held::Fresh | Held::Frozen)) => {
                    Val::Place(place, Held::Named)
                }
                Some(Val::Scalar(v)) if self.program.of(v).object => Val::Scalar(v),
                Some(Val::Array(mut array)) => {
                    if matches!(array.held, Held::Fresh | Held::Frozen) {
                        array.held = Held::Named;
                    }
                    Val::Array(array)
                }
                Some(val) => val,
                None => Val::Error,
            },
            Lv::Val(val) => val,
            Lv::Either(cond, both) => {
                let (a, b) = *both;
                self.branch(
                    Val::Scalar(cond),
                    span,
                    |this| this.read(a, span),
                    |this| this.read(b, span),
                )
            }
        }
    }

    pub(super) fn read_place(&mut self, place: Place, held: Held, span: Span) -> Val {
        match self.place_type(&place) {
            Some(ty @ (Type::Float(_) | Type::Int(_))) => Val::Scalar(self.load(place, &ty, span)),
            Some(ty @ Type::Constant(_)) => Val::Scalar(self.load(place, &ty, span)),
            _ => Val::Place(place, held),
        }
    }

    fn load(&mut self, place: Place, ty: &Type, span: Span) -> V {
        let class = match ty {
            Type::Float(elem) => self.types.of_elem(elem),
            Type::Int(name) => self.types.class(Slot::Int(Some(name.clone()))),
            Type::Constant(name) if name == "bool" => self.types.class(Slot::Bool),
            _ => self.types.class(Slot::Unknown),
        };
        let name = self.place_name(&place);
        let v = self.of_class(&name, class, span);
        self.emit(Kind::Load(v, place), span);
        v
    }

    fn place_name(&self, place: &Place) -> String {
        match place.proj.last() {
            Some(Proj::Field(name)) if !name.starts_with(|c: char| c.is_ascii_digit()) => {
                name.clone()
            }
            _ => self.program.at(place.mem).name.clone(),
        }
    }

    /// What a value is behind references: scalars in memory are loaded.
    pub(super) fn plain(&mut self, val: Val, span: Span) -> Val {
        match val {
            Val::Place(place, held) => self.read_place(place, held, span),
            Val::Var(id, path) => {
                let val = self.read(Lv::Var(id, path), span);
                self.plain(val, span)
            }
            Val::Either(cond, both) => {
                let lv = either(cond, *both);
                let val = self.read(lv, span);
                self.plain(val, span)
            }
            Val::Table(table) => self.table_number(&table, span),
            other => other,
        }
    }

    /// The scalar that a value is.
    pub(super) fn scalar(&mut self, val: Val, span: Span) -> Option<V> {
        match self.plain(val, span) {
            Val::Scalar(v) => Some(v),
            Val::Bool(value) => Some(self.boolean(value, span)),
            Val::Error => {
                self.never_silent(&Val::Error, span);
                None
            }
            Val::Never => None,
            Val::Undef => {
                // In a loop that is lowered again this was a try; elsewhere the verifier refuses it.
                Some(self.fresh("nothing", Slot::Unknown, span))
            }
            Val::Iter(_) => {
                self.error(span, "a number is expected here, not an iterator: end it with `sum`, `fold` or another method that makes a number of its items");
                None
            }
            other => {
                self.error(span, format!("a number is expected here, not {}", other.described()));
                None
            }
        }
    }

    /// Writes to what a place names.
    pub(super) fn write(&mut self, lv: Lv, val: Val, span: Span) {
        if val.is_silent() {
            self.never_silent(&val, span);
            return;
        }
        let val = match &lv {
            Lv::Place(place, _) => {
                self.as_other(val, &Val::Place(place.clone(), Held::Named), span)
            }
            Lv::Var(id, path) => match self.vars[*id].val.at(path).cloned() {
                Some(old) => self.as_other(val, &old, span),
                None => val,
            },
            _ => val,
        };
        match lv {
            Lv::Place(place, _) => self.write_place(place, val, span),
            Lv::Var(id, path) => match (self.vars[id].val.at(&path).cloned(), &val) {
                (
                    Some(Val::Place(to, Held::Fresh)),
                    Val::Place(..) | Val::Tuple(_) | Val::Struct(..),
                ) => {
                    self.write_place(to, val, span);
                }
                (Some(Val::Array(old)), Val::Array(_) | Val::Each(_))
                    if old.held == Held::Fresh
                        || (old.held == Held::Mut
                            && !matches!(&val, Val::Array(new) if new.held == Held::Mut)) =>
                {
                    self.assign_array(id, &path, &old, val, span);
                }
                (Some(Val::Scalar(v)), _) if self.program.of(v).object => {
                    self.error(span, "a value that other code changes cannot be assigned here: bind it to a new variable");
                }
                (Some(old), _) if !self.vars[id].mutable && !matches!(old, Val::Undef) => {
                    let name = &self.vars[id].name;
                    let message = format!("`{name}` is assigned here, but declared without `mut`");
                    self.error(span, message);
                }
                _ => {
                    let val = match val {
                        Val::Place(place, Held::Ref) => {
                            Val::Place(self.as_view(place, span), Held::Ref)
                        }
                        val => self.owned(val, true, span),
                    };
                    let name = self.vars[id].name.clone();
                    self.name_scalar(&val, &name);
                    let whole = std::mem::replace(&mut self.vars[id].val, Val::Undef);
                    self.vars[id].val = whole.clone();
                    self.set(id, whole.with(&path, val));
                }
            },
            Lv::Either(cond, both) => {
                let (a, b) = *both;
                let other = val.clone();
                self.branch(
                    Val::Scalar(cond),
                    span,
                    |this| {
                        this.write(a, val, span);
                        Val::Unit
                    },
                    |this| {
                        this.write(b, other, span);
                        Val::Unit
                    },
                );
            }
            Lv::Val(Val::Error | Val::Never) => {}
            Lv::Val(_) => {
                self.error(span, "this cannot be assigned to");
            }
        }
    }

    pub(super) fn write_place(&mut self, place: Place, val: Val, span: Span) {
        let ty = self.place_type(&place);
        match (val, ty) {
            (Val::Place(from, held), ty) if !matches!(ty, Some(Type::Float(_) | Type::Int(_))) => {
                let moved = held == Held::Fresh && from.proj.is_empty();
                self.emit(Kind::Assign { to: place, from, moved }, span);
            }
            (Val::Tuple(parts), _) => {
                let parts = parts.into_iter().enumerate().map(|(k, part)| (k.to_string(), part));
                self.write_fields(&place, parts.collect(), span);
            }
            (Val::Struct(_, fields), _) => self.write_fields(&place, fields, span),
            (val, ty) => {
                let Some(v) = self.scalar(val, span) else { return };
                if let Some(Type::Float(elem)) = &ty
                    && !self.expect_elem(v, elem)
                {
                    self.error(
                        span,
                        "the value is of another type than the place it is assigned to",
                    );
                }
                if let Some(Type::Int(name)) = &ty {
                    self.expect_elem(v, &crate::ir::Elem::Int(name.clone()));
                }
                self.emit(Kind::Store(place, v, Mode::Set), span);
            }
        }
    }

    fn write_fields(&mut self, place: &Place, fields: Vec<(String, Val)>, span: Span) {
        for (name, val) in fields {
            let mut part = place.clone();
            part.proj.push(Proj::Field(name));
            self.write_place(part, val, span);
        }
    }

    /// A name for what has none yet.
    pub(super) fn name_scalar(&mut self, val: &Val, name: &str) {
        if let Val::Scalar(v) = val {
            let value = &mut self.program.values[v.0 as usize];
            if matches!(value.name.as_str(), "k" | "t" | "if" | "add" | "mul" | "sub" | "div") {
                value.name = name.to_string();
            }
        }
    }
}

/// One of two exclusive references, as what they refer to.
pub(super) fn either(cond: V, both: (Val, Val)) -> Lv {
    let one = |val: Val| match val {
        Val::Place(place, _) => Lv::Place(place, Held::Named),
        Val::Var(id, path) => Lv::Var(id, path),
        Val::Either(cond, both) => either(cond, *both),
        other => Lv::Val(other),
    };
    Lv::Either(cond, Box::new((one(both.0), one(both.1))))
}
