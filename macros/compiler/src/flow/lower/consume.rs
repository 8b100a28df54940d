//! What iterators come to: sums, folds, searches.

use super::iter::It;
use super::loops::Header;
use super::place::Lv;
use super::val::{Held, Opt, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Bind, By, Source};
use crate::primitives::{self, Prim};
use proc_macro2::{Ident, Span};
use quote::quote;
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

/// Which of two items is kept.
#[derive(Clone, Copy, PartialEq)]
enum Extremum {
    Least,
    Greatest,
}

impl<'a> Lowerer<'a> {
    /// A method that runs over an iterator; `None` if it is no such method.
    pub(super) fn consumer(&mut self, it: &Rc<It>, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        Some(match (name.as_str(), &args[..]) {
            ("sum", []) => self.accumulated(it, -0.0, &primitives::ADD, call),
            ("product", []) => self.accumulated(it, 1.0, &primitives::MUL, call),
            ("fold", [init, f]) => {
                let init = self.expr(init);
                let f = self.function_value(f);
                self.fold(it, init, span, &mut |this, acc, item| {
                    if let Val::Closure(closure) = &f {
                        this.want_like(&closure.expr.body, &acc);
                    }
                    this.apply(&f, vec![acc, item], span)
                })
            }
            ("for_each", [f]) => {
                let f = self.function_value(f);
                self.for_each(it, &Header::default(), span, &mut |this, item| {
                    this.apply(&f, vec![item], span);
                });
                Val::Unit
            }
            ("count", []) => {
                if self.is_indexed(it)
                    && let Some(count) = self.count_of(it, span)
                {
                    return Some(Val::Scalar(count));
                }
                let zero = self.int(0, span);
                self.as_index(zero);
                self.fold(it, Val::Scalar(zero), span, &mut |this, acc, _| match acc {
                    Val::Scalar(acc) => Val::Scalar(this.plus_one(acc, span)),
                    other => other,
                })
            }
            ("any" | "all", [f]) => {
                let f = self.function_value(f);
                let any = name == "any";
                self.fold(it, Val::Bool(!any), span, &mut |this, acc, item| {
                    this.branch(
                        acc,
                        span,
                        |this| match any {
                            true => Val::Bool(true),
                            false => {
                                let val = this.apply(&f, vec![item.clone()], span);
                                this.plain(val, span)
                            }
                        },
                        |this| match any {
                            true => {
                                let val = this.apply(&f, vec![item.clone()], span);
                                this.plain(val, span)
                            }
                            false => Val::Bool(false),
                        },
                    )
                })
            }
            ("find" | "position", [f]) => {
                let f = self.function_value(f);
                self.search(it, &f, name == "position", span)
            }
            ("last", []) => {
                let none = Val::option(Val::Bool(false), Val::Undef);
                self.fold(it, none, span, &mut |_, _, item| Val::option(Val::Bool(true), item))
            }
            ("reduce", [f]) => {
                let f = self.function_value(f);
                let none = Val::option(Val::Bool(false), Val::Undef);
                self.fold(it, none, span, &mut |this, acc, item| {
                    let Val::Opt(acc) = acc else { return acc };
                    let first = item.clone();
                    let val = this.branch(
                        acc.tag.clone(),
                        span,
                        |this| this.apply(&f, vec![acc.some.clone(), item.clone()], span),
                        |_| first,
                    );
                    Val::option(Val::Bool(true), val)
                })
            }
            ("max" | "min", []) => {
                let which = if name == "max" { Extremum::Greatest } else { Extremum::Least };
                self.extremum(it, which, span, &mut |this, a, b| {
                    let (a, b) = (this.scalar(a, span)?, this.scalar(b, span)?);
                    if this.is_float(a) {
                        this.error(
                            span,
                            "floats have no `max` of an iterator: use `fold` with `f64::max`",
                        );
                        return None;
                    }
                    this.unify(a, b);
                    let symbol = if which == Extremum::Greatest { ">=" } else { "<" };
                    Some(this.compare(symbol, b, a, span))
                })
            }
            ("max_by" | "min_by", [f]) => {
                let which = if name == "max_by" { Extremum::Greatest } else { Extremum::Least };
                let f = self.function_value(f);
                self.extremum(it, which, span, &mut |this, kept, item| {
                    let order = this.apply(&f, vec![kept, item], span);
                    let order = this.scalar(order, span)?;
                    // Of equals, the last is the greatest and the first is the least.
                    let wanted = match which {
                        Extremum::Greatest => quote!(__order != ::core::cmp::Ordering::Greater),
                        Extremum::Least => quote!(__order == ::core::cmp::Ordering::Greater),
                    };
                    this.ordering(wanted, order, span)
                })
            }
            ("max_by_key" | "min_by_key", [f]) => {
                let which = if name == "max_by_key" { Extremum::Greatest } else { Extremum::Least };
                let f = self.function_value(f);
                self.extremum(it, which, span, &mut |this, kept, item| {
                    let kept = this.apply(&f, vec![kept], span);
                    let item = this.apply(&f, vec![item], span);
                    let (a, b) = (this.scalar(kept, span)?, this.scalar(item, span)?);
                    this.unify(a, b);
                    let symbol = if which == Extremum::Greatest { ">=" } else { "<" };
                    Some(this.compare(symbol, b, a, span))
                })
            }
            ("nth", [n]) => {
                let n = self.expr(n);
                let n = match self.scalar(n, span) {
                    Some(n) => n,
                    None => return Some(Val::Error),
                };
                self.as_index(n);
                if !self.is_indexed(it) {
                    return Some(self.error(
                        span,
                        "`nth` of this iterator is not supported: collect it into a `Vec` first",
                    ));
                }
                self.item_if_any(it, n, span)
            }
            ("next", []) => self.next(it, call),
            ("collect", []) => {
                let ty =
                    call.turbofish.as_ref().and_then(|turbofish| match turbofish.args.first() {
                        Some(syn::GenericArgument::Type(ty)) => Some(ty.clone()),
                        _ => None,
                    });
                let ty = match ty {
                    Some(ty) => self.collected_type(&ty),
                    None => None,
                };
                self.collect(it, ty.as_ref(), span)
            }
            ("unzip", []) => self.unzip(it, span),
            ("len", []) => match self.count_of(it, span) {
                Some(count) => Val::Scalar(count),
                None => return None,
            },
            ("is_empty", []) => {
                let count = self.count_of(it, span)?;
                let zero = self.int(0, span);
                self.unify(count, zero);
                self.compare("==", count, zero, span)
            }
            _ => return None,
        })
    }

    /// Runs over an iterator with a value that each item changes.
    pub(super) fn fold(
        &mut self,
        it: &Rc<It>,
        init: Val,
        span: Span,
        step: &mut dyn FnMut(&mut Self, Val, Val) -> Val,
    ) -> Val {
        let init = self.owned(init, true, span);
        let acc = self.variable("acc", init, true);
        self.for_each(it, &Header::default(), span, &mut |this, item| {
            let held = this.vars[acc].val.clone();
            let next = step(this, held, item);
            if !next.is_silent() {
                let next = this.owned(next, true, span);
                match (&this.vars[acc].val, &next) {
                    // The accumulator's own memory takes what another one holds.
                    (Val::Place(old, _), Val::Place(new, Held::Fresh)) if old.mem != new.mem => {
                        this.write(Lv::Var(acc, vec![]), next, span);
                    }
                    _ => this.set(acc, next),
                }
            }
        });
        self.vars[acc].val.clone()
    }

    fn accumulated(&mut self, it: &Rc<It>, init: f64, row: Prim, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let init = self.number(init, Slot::Unknown, span);
        if let Some(syn::GenericArgument::Type(ty)) =
            call.turbofish.as_ref().and_then(|turbofish| turbofish.args.first())
            && let Some(ty) = self.written_type(ty)
        {
            self.expect_type(&Val::Scalar(init), &ty, span);
        }
        let val = self.fold(it, Val::Scalar(init), span, &mut |this, acc, item| match (
            acc,
            this.scalar(item, span),
        ) {
            (Val::Scalar(acc), Some(item)) => match this.arithmetic(row, acc, item, span) {
                Some(v) => Val::Scalar(v),
                None => Val::Error,
            },
            _ => Val::Error,
        });
        if let Val::Scalar(v) = &val {
            self.program.values[v.0 as usize].name =
                if row == &primitives::ADD { "sum".into() } else { "product".into() };
        }
        val
    }

    fn search(&mut self, it: &Rc<It>, f: &Val, position: bool, span: Span) -> Val {
        let none = Val::option(Val::Bool(false), Val::Undef);
        let zero = self.int(0, span);
        self.as_index(zero);
        let count = self.variable("position", Val::Scalar(zero), true);
        self.fold(it, none, span, &mut |this, acc, item| {
            let Val::Opt(acc) = acc else { return acc };
            let Val::Scalar(at) = this.vars[count].val else { return Val::Error };
            let next = this.plus_one(at, span);
            this.set(count, Val::Scalar(next));
            let found = this.branch(
                acc.tag.clone(),
                span,
                |_| Val::Bool(false),
                |this| {
                    let val = this.apply(f, vec![item.clone()], span);
                    this.plain(val, span)
                },
            );
            let what = if position { Val::Scalar(at) } else { item.clone() };
            this.branch(
                found,
                span,
                |_| Val::option(Val::Bool(true), what),
                |_| Val::Opt(acc.clone()),
            )
        })
    }

    fn extremum(
        &mut self,
        it: &Rc<It>,
        _which: Extremum,
        span: Span,
        replaces: &mut dyn FnMut(&mut Self, Val, Val) -> Option<Val>,
    ) -> Val {
        let none = Val::option(Val::Bool(false), Val::Undef);
        self.fold(it, none, span, &mut |this, acc, item| {
            let Val::Opt(acc) = acc else { return acc };
            let (kept, offered) = (acc.some.clone(), item.clone());
            let better = this.branch(
                acc.tag.clone(),
                span,
                |this| match kept {
                    Val::Undef => Val::Bool(true),
                    kept => replaces(this, kept, offered).unwrap_or(Val::Error),
                },
                |_| Val::Bool(true),
            );
            let some = this.branch(better, span, |_| item, |_| acc.some.clone());
            Val::Opt(Box::new(Opt { tag: Val::Bool(true), some, ..*acc }))
        })
    }

    /// A condition on an `Ordering`.
    fn ordering(
        &mut self,
        tokens: proc_macro2::TokenStream,
        order: crate::flow::ir::V,
        span: Span,
    ) -> Option<Val> {
        let bind = Bind {
            name: Ident::new("__order", Span::call_site()),
            what: Source::Value(order),
            by: By::Value,
        };
        let val = self.opaque_tokens(tokens, vec![bind], true, span);
        if let Val::Scalar(v) = val {
            self.is_a(v, Slot::Bool);
        }
        Some(val)
    }

    /// The type in `collect::<..>()`; `None` where it is left to the compiler.
    fn collected_type(&mut self, ty: &syn::Type) -> Option<crate::parse::Type> {
        if let syn::Type::Path(path) = ty
            && path.path.segments.last().is_some_and(|segment| {
                segment.ident == "Vec"
                    && matches!(&segment.arguments, syn::PathArguments::AngleBracketed(list)
                        if matches!(list.args.first(), Some(syn::GenericArgument::Type(syn::Type::Infer(_)))))
            })
        {
            return None;
        }
        let understood = self.written_type(ty);
        if understood.is_none() {
            self.error(ty.span(), "only `Vec`s can be collected into here");
        }
        understood
    }
}
