//! `Option` and `Result`: their methods, and `?`.

use super::val::{Held, Opt, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Code, Kind};
use proc_macro2::Span;
use quote::quote;
use syn::ExprMethodCall;
use syn::spanned::Spanned;

impl Lowerer<'_> {
    /// `expr?`
    pub(super) fn question_mark(&mut self, of: &syn::ExprTry) -> Val {
        let span = of.span();
        let val = self.expr(&of.expr);
        let opt = match self.plain(val, span) {
            Val::Opt(opt) => *opt,
            Val::Scalar(v) if !self.is_plain(v) => match self.unwrapped_by_code(v, span) {
                Some(opt) => opt,
                None => return Val::Error,
            },
            val if val.is_silent() => return Val::Error,
            other => {
                return self.error(
                    of,
                    format!("`?` needs an `Option` or a `Result`, not {}", other.described()),
                );
            }
        };
        let empty = Opt { tag: Val::Bool(false), some: Val::Undef, ..opt.clone() };
        self.branch(
            opt.tag,
            span,
            |_| Val::Unit,
            |this| this.return_value(Val::Opt(Box::new(empty)), span),
        );
        opt.some
    }

    /// An `Option` or `Result` that only rustc knows, before a `?`: which one it is, the function's
    /// own result tells.
    fn unwrapped_by_code(&mut self, v: crate::flow::ir::V, span: Span) -> Option<Opt> {
        use crate::flow::ir::{Bind, By, Source};
        let result = match &self.frame().output {
            Some(crate::parse::Type::Result(..)) => true,
            Some(crate::parse::Type::Option(_)) => false,
            _ => {
                self.error(span, "`?` is not supported here: the type of the result is not known");
                return None;
            }
        };
        let bind = || Bind {
            name: proc_macro2::Ident::new("__value", Span::call_site()),
            what: Source::Value(v),
            by: By::Value,
        };
        let taken = |this: &mut Self, tokens, slot: Slot| {
            let val = this.opaque_tokens(tokens, vec![bind()], true, span);
            if let Val::Scalar(v) = val {
                this.is_a(v, slot);
            }
            val
        };
        Some(match result {
            true => {
                let tag = taken(self, quote!(__value.is_ok()), Slot::Bool);
                let (some, err) = self.by_tag(
                    &tag,
                    span,
                    |this| taken(this, quote!(::chainrule::rt::ok(__value)), Slot::Unknown),
                    Some(quote!(::core::convert::From::from(::chainrule::rt::err(__value)))),
                    v,
                );
                Opt { result, tag, some, err }
            }
            false => {
                let tag = taken(self, quote!(__value.is_some()), Slot::Bool);
                let (some, _) = self.by_tag(
                    &tag,
                    span,
                    |this| taken(this, quote!(::chainrule::rt::some(__value)), Slot::Unknown),
                    None,
                    v,
                );
                Opt { result, tag, some, err: Val::Unit }
            }
        })
    }

    fn by_tag(
        &mut self,
        tag: &Val,
        span: Span,
        some: impl FnOnce(&mut Self) -> Val,
        err: Option<proc_macro2::TokenStream>,
        v: crate::flow::ir::V,
    ) -> (Val, Val) {
        use crate::flow::ir::{Bind, By, Source};
        let some = self.branch(tag.clone(), span, some, |_| Val::Undef);
        let err = match err {
            None => Val::Unit,
            Some(tokens) => {
                let bind = Bind {
                    name: proc_macro2::Ident::new("__value", Span::call_site()),
                    what: Source::Value(v),
                    by: By::Value,
                };
                self.branch(
                    tag.clone(),
                    span,
                    |_| Val::Undef,
                    |this| this.opaque_tokens(tokens, vec![bind], true, span),
                )
            }
        };
        (some, err)
    }

    pub(super) fn option_method(&mut self, opt: Opt, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&syn::Expr> = call.args.iter().collect();
        match (name.as_str(), &args[..]) {
            ("copied" | "cloned" | "as_ref" | "as_deref" | "iter" | "clone", []) => {
                Val::Opt(Box::new(opt))
            }
            // A reference to what is no memory would be one to a copy.
            ("as_mut" | "as_deref_mut", [])
                if opt.some.is_exclusive() || matches!(opt.some, Val::Place(..) | Val::Undef) =>
            {
                Val::Opt(Box::new(opt))
            }
            ("as_mut" | "as_deref_mut", []) => self.error(&call.method, format!("`{name}` of an `Option` or `Result` of numbers is not supported here: take the number out with `match` or `if let`, and assign a new `Some(..)` or `Ok(..)`")),
            ("is_some" | "is_ok", []) => opt.tag,
            ("is_none" | "is_err", []) => self.not(opt.tag, span),
            ("unwrap" | "expect", _) => {
                let message = args.first().map(|arg| quote!(#arg));
                let tokens = match message {
                    Some(message) => quote!(::core::panic!("{}", #message)),
                    None => match opt.result {
                        true => quote!(::core::panic!("called `Result::unwrap()` on an `Err` value")),
                        false => quote!(::core::panic!("called `Option::unwrap()` on a `None` value")),
                    },
                };
                self.or_panic(opt.tag, tokens, span);
                opt.some
            }
            ("unwrap_or", [other]) => {
                let other = self.expr(other);
                self.or_else(opt, span, |_| other)
            }
            ("unwrap_or_default", []) => self.or_else(opt, span, |this| {
                let zero = this.number(0.0, Slot::Unknown, span);
                Val::Scalar(zero)
            }),
            ("unwrap_or_else", [f]) => {
                let f = self.function_value(f);
                let args = if opt.result { vec![opt.err.clone()] } else { vec![] };
                self.or_else(opt, span, |this| this.apply(&f, args, span))
            }
            ("map_or" | "map_or_else", [other, f]) => {
                let lazy = name == "map_or_else";
                let other = if lazy { self.function_value(other) } else { self.expr(other) };
                let f = self.function_value(f);
                let some = opt.some.clone();
                self.branch(
                    opt.tag,
                    span,
                    |this| {
                        let some = this.loaded(some, span);
                        this.apply(&f, vec![some], span)
                    },
                    |this| if lazy { this.apply(&other, vec![], span) } else { other },
                )
            }
            ("map" | "and_then" | "is_some_and" | "is_none_or" | "filter", [f]) => {
                let f = self.function_value(f);
                let Opt { result, tag, some, err } = opt;
                match name.as_str() {
                    "map" => {
                        let some = self.branch(tag.clone(), span, |this| this.apply(&f, vec![some], span), |_| Val::Undef);
                        Val::Opt(Box::new(Opt { result, tag, some, err }))
                    }
                    "is_some_and" | "is_none_or" => self.branch(
                        tag,
                        span,
                        |this| {
                            let val = this.apply(&f, vec![some], span);
                            this.plain(val, span)
                        },
                        |_| Val::Bool(name == "is_none_or"),
                    ),
                    "filter" => {
                        let kept = some.clone();
                        let tag = self.branch(
                            tag,
                            span,
                            |this| {
                                let val = this.apply(&f, vec![kept], span);
                                this.plain(val, span)
                            },
                            |_| Val::Bool(false),
                        );
                        Val::Opt(Box::new(Opt { result, tag, some, err }))
                    }
                    _ => {
                        let empty = Opt { result, tag: Val::Bool(false), some: Val::Undef, err };
                        self.branch(tag, span, |this| this.apply(&f, vec![some], span), |_| Val::Opt(Box::new(empty)))
                    }
                }
            }
            ("or" | "or_else", [other]) => {
                let lazy = name == "or_else";
                let other = if lazy { self.function_value(other) } else { self.expr(other) };
                let whole = Val::Opt(Box::new(opt.clone()));
                self.branch(
                    opt.tag.clone(),
                    span,
                    |_| whole,
                    |this| if lazy { this.apply(&other, vec![], span) } else { other },
                )
            }
            ("ok", []) => Val::option(opt.tag, opt.some),
            ("ok_or" | "ok_or_else", [err]) => {
                let lazy = name == "ok_or_else";
                let err = if lazy { self.function_value(err) } else { self.expr(err) };
                let tag = opt.tag.clone();
                let err = match lazy {
                    true => self.branch(tag, span, |_| Val::Undef, |this| this.apply(&err, vec![], span)),
                    false => err,
                };
                Val::Opt(Box::new(Opt { result: true, tag: opt.tag, some: opt.some, err }))
            }
            ("map_err", [f]) => {
                let f = self.function_value(f);
                let Opt { result, tag, some, err } = opt;
                let err = self.branch(tag.clone(), span, |_| Val::Undef, |this| this.apply(&f, vec![err], span));
                Val::Opt(Box::new(Opt { result, tag, some, err }))
            }
            _ => self.error(&call.method, format!("`{name}` of an `Option` or `Result` is not supported here: use `match` or `if let`")),
        }
    }

    fn or_else(&mut self, opt: Opt, span: Span, other: impl FnOnce(&mut Self) -> Val) -> Val {
        let some = opt.some;
        self.branch(
            opt.tag,
            span,
            |this| this.loaded(some, span),
            |this| {
                let val = other(this);
                this.loaded(val, span)
            },
        )
    }

    /// A reference to a number as the number.
    fn loaded(&mut self, val: Val, span: Span) -> Val {
        match val {
            Val::Place(place, held) if held != Held::Mut => self.read_place(place, held, span),
            other => other,
        }
    }

    /// Panics where a condition does not hold.
    pub(super) fn or_panic(&mut self, cond: Val, tokens: proc_macro2::TokenStream, span: Span) {
        self.branch(
            cond,
            span,
            |_| Val::Unit,
            |this| {
                let code = Code::new(tokens, vec![]);
                this.emit(Kind::Diverge(code), span);
                this.dead()
            },
        );
    }
}
