//! Expressions.

use super::Lowerer;
use super::opaque::Mark;
use super::place::{Lv, either};
use super::region::Live;
use super::spans::Spanned;
use super::val::{Closure, Held, Val, start};
use crate::flow::ir::Place;
use proc_macro2::Span;
use std::rc::Rc;
use syn::{Expr, UnOp};

impl Lowerer<'_> {
    /// What an expression evaluates to.
    pub(super) fn expr(&mut self, expr: &Expr) -> Val {
        if let Some(attr) = attributes(expr).first()
            && !matches!(expr, Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_))
            && attr.path().is_ident("checkpoint")
        {
            return self.error(
                attr,
                "`#[checkpoint]` goes on a loop: `#[checkpoint] for i in 0..n { .. }`",
            );
        }
        // What is asked within is asked of parts of the expression.
        let before = self.wanted.len();
        let val = self.over_object(expr).unwrap_or_else(|| self.expr_within(expr));
        self.wanted.truncate(before);
        val
    }

    fn expr_within(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::Lit(lit) => self.literal(&lit.lit, false),
            Expr::Paren(inner) => self.expr(&inner.expr),
            Expr::Group(inner) => self.expr(&inner.expr),
            Expr::Path(path) => self.path(path),
            Expr::Unary(unary) => self.unary(unary),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Cast(cast) => self.cast(cast),
            Expr::Reference(reference) => self.reference(reference),
            Expr::Field(_) | Expr::Index(_) => {
                let mark = self.mark();
                match self.lvalue(expr) {
                    Some(lv) => self.read(lv, expr.span()),
                    None => self.opaque_instead(mark, expr),
                }
            }
            Expr::Tuple(tuple) => {
                if tuple.elems.is_empty() {
                    return Val::Unit;
                }
                let parts = tuple.elems.iter().map(|part| {
                    let val = self.expr(part);
                    self.settled(val, part.span())
                });
                Val::Tuple(parts.collect())
            }
            Expr::Array(array) => self.array(array),
            Expr::Repeat(repeat) => self.repeat(&repeat.expr, &repeat.len, false, repeat.span()),
            Expr::Struct(of) => self.struct_literal(of),
            Expr::Block(block) => self.block_expr(block),
            Expr::Assign(assign) => {
                self.assignment(assign);
                Val::Unit
            }
            Expr::If(conditional) => self.if_expr(conditional),
            Expr::Match(of) => self.match_expr(of),
            Expr::ForLoop(of) => self.for_loop(of),
            Expr::While(of) => self.while_loop(of),
            Expr::Loop(of) => self.endless_loop(of),
            Expr::Break(of) => self.break_expr(of),
            Expr::Continue(of) => self.continue_expr(of),
            Expr::Return(of) => self.return_expr(of),
            Expr::Closure(closure) => self.closure(closure),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Macro(of) => self.macro_call(&of.mac, false),
            Expr::Range(range) => self.range(range),
            Expr::Try(of) => self.question_mark(of),
            Expr::Let(of) => {
                let val = self.expr(&of.expr);
                self.test(&of.pat, &val)
            }
            Expr::Unsafe(of) => self.error(
                of,
                "`unsafe` code cannot be differentiated: chainrule reads safe Rust only",
            ),
            Expr::Async(of) => self.error(
                of,
                "`async` code cannot be differentiated: compute the value where it is needed",
            ),
            Expr::Await(of) => self.error(
                of,
                "`.await` cannot be differentiated: await before, and pass the value in",
            ),
            Expr::RawAddr(of) => self
                .error(of, "raw pointers cannot be differentiated: chainrule reads safe Rust only"),
            other => self.opaque(other),
        }
    }

    fn path(&mut self, path: &syn::ExprPath) -> Val {
        if let Some(name) = path.path.get_ident() {
            let name = name.to_string();
            if let Some(id) = self.lookup(&name) {
                return self.read(Lv::Var(id, vec![]), path.span());
            }
            if name == "None" {
                return Val::option(Val::Bool(false), Val::Undef);
            }
        }
        self.constant(path)
    }

    /// `&expr`: of a float its value, of memory a name for it.
    fn reference(&mut self, reference: &syn::ExprReference) -> Val {
        let span = reference.span();
        if reference.mutability.is_none() {
            let val = match place_in(&reference.expr) {
                Some(place) => {
                    let mark = self.mark();
                    if let Some(again) = self.lent_again(place) {
                        return again;
                    }
                    match self.lvalue(place) {
                        Some(lv) => self.read(lv, span),
                        // What only rustc knows is looked at where it is, not moved out of there.
                        None => return self.lent(mark, reference),
                    }
                }
                None => self.expr(&reference.expr),
            };
            return match val {
                Val::Place(place, Held::Fresh) => Val::Place(place, Held::Fresh),
                Val::Place(place, _) => Val::Place(place, Held::Ref),
                Val::Array(mut array) => {
                    if array.held != Held::Fresh {
                        array.held = Held::Ref;
                    }
                    Val::Array(array)
                }
                Val::Table(table) => self.reference_to_table(&table),
                other => other,
            };
        }
        match self.lvalue(&reference.expr) {
            Some(lv) => self.exclusive(lv),
            None if self.object_named(&reference.expr).is_some() => {
                self.error(reference, "a part of a value of which chainrule does not know what it is made of is borrowed here to be changed: change it where it is, `value.list[k] = ..`")
            }
            // `&mut [a, b]`: a temporary.
            None => match self.expr(&reference.expr) {
                Val::Place(place, _) => {
                    self.changing.insert(place.mem);
                    Val::Place(place, Held::Mut)
                }
                Val::Array(mut array) => {
                    self.changing.insert(array.place.mem);
                    array.held = Held::Mut;
                    Val::Array(array)
                }
                val => {
                    let val = self.plain(val, span);
                    let id = self.variable("temporary", val, true);
                    Val::Var(id, vec![])
                }
            },
        }
    }

    /// An exclusive reference to what a place names.
    pub(super) fn exclusive(&mut self, lv: Lv) -> Val {
        match lv {
            Lv::Place(place, _) => Val::Place(place, Held::Mut),
            Lv::Var(id, path) => match self.vars[id].val.at(&path) {
                Some(Val::Place(place, _)) => Val::Place(place.clone(), Held::Mut),
                Some(Val::Array(array)) => {
                    let mut array = array.clone();
                    array.held = Held::Mut;
                    Val::Array(array)
                }
                Some(Val::Var(id, path)) => Val::Var(*id, path.clone()),
                Some(Val::Either(cond, both)) => Val::Either(*cond, both.clone()),
                _ => Val::Var(id, path),
            },
            Lv::Val(Val::Place(place, _)) => Val::Place(place, Held::Mut),
            Lv::Val(val) => val,
            Lv::Either(cond, both) => {
                let (a, b) = *both;
                let both = (self.exclusive(a), self.exclusive(b));
                Val::Either(cond, Box::new(both))
            }
        }
    }

    fn assignment(&mut self, assign: &syn::ExprAssign) {
        let mark = self.mark();
        if let Expr::Path(path) = &*assign.left
            && let Some(id) = path.path.get_ident().and_then(|name| self.lookup(&name.to_string()))
        {
            let held = self.vars[id].val.clone();
            self.want_like(&assign.right, &held);
        }
        let val = self.expr(&assign.right);
        let val = self.settled(val, start(&assign.right));
        self.assign_to(&assign.left, val, assign, mark);
    }

    /// `mark`: where the assignment began.
    fn assign_to(&mut self, left: &Expr, val: Val, assign: &syn::ExprAssign, mark: Mark) {
        let span = start(left);
        match left {
            Expr::Infer(_) => {}
            Expr::Paren(inner) => self.assign_to(&inner.expr, val, assign, mark),
            Expr::Group(inner) => self.assign_to(&inner.expr, val, assign, mark),
            Expr::Tuple(tuple) => {
                let parts: Option<Vec<Val>> =
                    (0..tuple.elems.len()).map(|k| self.part(&val, &k.to_string(), span)).collect();
                let Some(parts) = parts else {
                    if !val.is_silent() {
                        self.error(left, "the two sides of this assignment have different shapes");
                    }
                    return;
                };
                for (part, val) in tuple.elems.iter().zip(parts) {
                    self.assign_to(part, val, assign, mark);
                }
            }
            Expr::Array(array) => {
                let parts: Vec<Val> =
                    (0..array.elems.len()).map(|k| self.element_at(&val, k, span)).collect();
                for (part, val) in array.elems.iter().zip(parts) {
                    self.assign_to(part, val, assign, mark);
                }
            }
            _ => match self.lvalue(left) {
                Some(lv) => {
                    let lv = match left {
                        Expr::Path(_) => lv,
                        _ => self.behind(lv),
                    };
                    self.write(lv, val, span);
                }
                None => {
                    if is_value(left) {
                        self.error(left, "this is a value and cannot be assigned to");
                    } else if self.take_back(mark, span) {
                        self.opaque_statement(&Expr::Assign(assign.clone()));
                    }
                }
            },
        }
    }

    /// A value that stays what it is when the memory it is named by changes.
    pub(super) fn settled(&mut self, val: Val, span: Span) -> Val {
        match val {
            Val::Place(place, Held::Named) if self.changing.contains(&place.mem) => {
                let val = self.read_place(place, Held::Named, span);
                match val {
                    Val::Place(place, _) => self.copied(&place, false, span),
                    val => val,
                }
            }
            Val::Array(array)
                if array.held == Held::Named && self.changing.contains(&array.place.mem) =>
            {
                Val::Array(Box::new(self.moved_or_copied(&array, false, span)))
            }
            Val::Each(each) => self.settled_each(&each, span),
            other => self.without_table(other, span),
        }
    }

    /// A part of a tuple or struct.
    pub(super) fn part(&mut self, val: &Val, name: &str, span: Span) -> Option<Val> {
        match val {
            Val::Place(place, held) => {
                let lv = self.field_of(Lv::Place(place.clone(), *held), name)?;
                let lv = match (lv, held) {
                    (Lv::Place(place, _), Held::Ref | Held::Mut) => Lv::Place(place, *held),
                    (lv, _) => lv,
                };
                match (lv, held) {
                    (Lv::Place(place, held), Held::Mut) => Some(Val::Place(place, held)),
                    (lv, _) => Some(self.read(lv, span)),
                }
            }
            Val::Var(id, path) => {
                let mut path = path.clone();
                path.push(name.to_string());
                self.vars[*id].val.at(&path)?;
                Some(Val::Var(*id, path))
            }
            Val::Either(cond, both) => {
                let lv = either(*cond, (**both).clone());
                let lv = self.field_of(lv, name)?;
                Some(self.exclusive(lv))
            }
            Val::Error | Val::Never => Some(Val::Error),
            val => val.field(name).cloned(),
        }
    }

    fn closure(&mut self, closure: &syn::ExprClosure) -> Val {
        if closure.asyncness.is_some() {
            return self.error(closure, "an `async` closure cannot be differentiated");
        }
        let frame = self.frame();
        let (id, elems) = (frame.id, frame.elems.clone());
        let (lengths, mut scopes) = (frame.lengths.clone(), frame.scopes.clone());
        if closure.capture.is_some() {
            // What is moved in is what it was, whatever becomes of the variable.
            let names: Vec<(String, usize)> =
                scopes.iter().flatten().map(|(name, id)| (name.clone(), *id)).collect();
            let mut own = crate::hash::HashMap::default();
            for (name, id) in names {
                if self.lookup(&name) == Some(id) && self.vars[id].mutable {
                    let held = self.vars[id].val.clone();
                    if matches!(
                        held,
                        Val::Scalar(_) | Val::Tuple(_) | Val::Struct(..) | Val::Bool(_)
                    ) {
                        let copy = self.variable(&name, held, true);
                        own.insert(name, copy);
                    }
                }
            }
            scopes.push(own);
        }
        let outer = self.outer.clone();
        Val::Closure(Rc::new(Closure { expr: closure.clone(), scopes, id, elems, lengths, outer }))
    }

    /// A memory as a value that a variable of its own holds.
    pub(super) fn fresh_place(&self, mem: crate::flow::ir::MemId) -> Val {
        Val::Place(Place::whole(mem), Held::Fresh)
    }

    /// Control ends here by a panic or a failure.
    pub(super) fn dead(&mut self) -> Val {
        self.leave(Live::Dead)
    }
}

/// Whether an expression is a value, and no place that could be assigned to.
pub(super) fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(inner) => is_value(&inner.expr),
        Expr::Group(inner) => is_value(&inner.expr),
        Expr::Block(_) | Expr::If(_) | Expr::Match(_) | Expr::Loop(_) | Expr::Unsafe(_) => true,
        Expr::Binary(_) | Expr::Call(_) | Expr::Cast(_) | Expr::Closure(_) | Expr::Lit(_) => true,
        _ => false,
    }
}

/// A field, an element or what is behind a reference, in parentheses or not.
fn place_in(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Paren(inner) => place_in(&inner.expr),
        Expr::Group(inner) => place_in(&inner.expr),
        Expr::Field(_)
        | Expr::Index(_)
        | Expr::Unary(syn::ExprUnary { op: UnOp::Deref(_), .. }) => Some(expr),
        _ => None,
    }
}

/// The attributes of an expression.
fn attributes(expr: &Expr) -> &[syn::Attribute] {
    match expr {
        Expr::Block(of) => &of.attrs,
        Expr::If(of) => &of.attrs,
        Expr::Match(of) => &of.attrs,
        Expr::Call(of) => &of.attrs,
        Expr::MethodCall(of) => &of.attrs,
        Expr::Assign(of) => &of.attrs,
        Expr::Binary(of) => &of.attrs,
        Expr::Unary(syn::ExprUnary { op: UnOp::Deref(_), attrs, .. }) => attrs,
        _ => &[],
    }
}
