//! Macros of std in a body.

use super::scan;
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Code, Init, Kind, Place};
use crate::ir::Elem;
use crate::parse::{Matches, Repeated, Type};
use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Token};

impl Lowerer<'_> {
    pub(super) fn macro_call(&mut self, mac: &syn::Macro, statement: bool) -> Val {
        let span = mac.path.span();
        let name = mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        match name.as_str() {
            "vec" => self.vec_macro(mac, span),
            "array" => self.array_macro(mac, span),
            "concatenate" => self.joined_macro(mac, false),
            "stack" => self.joined_macro(mac, true),
            "azip" => self.azip(mac),
            "matches" => match mac.parse_body::<Matches>() {
                Ok(Matches(value, pat, guard)) => {
                    let val = self.expr(&value);
                    let cond = self.test(&pat, &val);
                    match guard {
                        None => cond,
                        Some(guard) => self.branch(
                            cond,
                            span,
                            |this| {
                                this.scoped(|this| {
                                    this.bind_matched(&pat, val);
                                    let val = this.expr(&guard);
                                    this.plain(val, span)
                                })
                            },
                            |_| Val::Bool(false),
                        ),
                    }
                }
                Err(_) => self.error(mac, "the arguments of `matches!` are not understood"),
            },
            "panic" | "unreachable" | "todo" | "unimplemented" => {
                let Some(code) = self.macro_code(mac) else { return Val::Error };
                self.emit(Kind::Diverge(code), span);
                self.dead()
            }
            "assert" | "debug_assert" => self.assertion(mac, &name, span),
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne"
                if self.has_arrays(mac) =>
            {
                self.compared(mac, name.ends_with("eq"), span)
            }
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" | "println"
            | "print" | "eprintln" | "eprint" => {
                let Some(code) = self.macro_code(mac) else { return Val::Error };
                self.emit(Kind::Opaque { out: None, code, pure: false }, span);
                Val::Unit
            }
            "dbg" => self.error(mac, "`dbg!` is not supported in a differentiated function: use `println!`"),
            "thread_local" => self.error(mac, "a `thread_local!` inside a differentiated function is not supported: its value would be lost to the derivative; pass the value in"),
            "cfg" | "concat" | "env" | "option_env" | "file" | "line" | "column" | "module_path"
            | "stringify" | "include_str" | "format" => {
                let Some(code) = self.macro_code(mac) else { return Val::Error };
                // A text that is made of the same is the same.
                let pure = name != "format" || !acts(mac);
                let val = self.opaque_tokens(code.tokens, code.binds, pure, span);
                if let Val::Scalar(v) = val {
                    let slot = if name == "cfg" { Slot::Bool } else { Slot::Other };
                    self.is_a(v, slot);
                }
                val
            }
            _ => {
                let _ = statement;
                self.error(&mac.path, format!("`{name}!` is not known to chainrule, which cannot see into it: write out what it stands for"))
            }
        }
    }

    /// A macro as it stands, with the variables in it.
    fn macro_code(&mut self, mac: &syn::Macro) -> Option<Code> {
        let (mac, stopped) = self.stopped_in_macro(mac);
        let uses = scan::uses_of_macro(&mac);
        if uses.leaves {
            self.error(
                &mac,
                "control leaves the arguments of this macro: compute the value first, then use it",
            );
            return None;
        }
        let mut binds = self.binds(&uses, mac.path.span())?;
        binds.extend(stopped);
        Some(Code::new(mac.to_token_stream(), binds))
    }

    fn assertion(&mut self, mac: &syn::Macro, name: &str, span: Span) -> Val {
        let list = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let Ok(args) = list else {
            return self.error(mac, "the arguments of this macro are not understood");
        };
        let Some(cond) = args.first() else { return Val::Unit };
        // Where all in it can be handed to the macro, it stands as it is.
        let plain = scan::uses_of_macro(mac).names.keys().all(|name| match self.lookup(name) {
            Some(id) => matches!(self.vars[id].val, Val::Scalar(_) | Val::Bool(_) | Val::Place(..)),
            None => true,
        });
        if plain {
            let Some(code) = self.macro_code(mac) else { return Val::Error };
            self.emit(Kind::Opaque { out: None, code, pure: false }, span);
            return Val::Unit;
        }
        if name == "debug_assert" {
            return Val::Unit;
        }
        let val = self.expr(cond);
        let val = self.plain(val, cond.span());
        let text = format!("assertion failed: {}", cond.to_token_stream());
        self.or_panic(val, quote!(::core::panic!(#text)), span);
        Val::Unit
    }

    /// Whether the arguments mention arrays of `ndarray`.
    fn has_arrays(&self, mac: &syn::Macro) -> bool {
        scan::uses_of_macro(mac).names.keys().any(|name| {
            let val = self.lookup(name).map(|id| &self.vars[id].val);
            matches!(val, Some(Val::Array(_)))
        })
    }

    /// `assert_eq!(x.len(), y.len())`
    fn compared(&mut self, mac: &syn::Macro, equal: bool, span: Span) -> Val {
        let list = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let sides = list.ok().map(|args| args.into_iter().take(2).collect::<Vec<Expr>>());
        let Some([left, right]) = sides.as_deref() else {
            return self.error(mac, "the arguments of this macro are not understood");
        };
        let text = format!("assertion failed: {}", mac.to_token_stream());
        let (left, right) = (self.expr(left), self.expr(right));
        let pairs = match (left, right) {
            (Val::Tuple(a), Val::Tuple(b)) if equal && a.len() == b.len() => {
                a.into_iter().zip(b).collect()
            }
            pair => vec![pair],
        };
        for (a, b) in pairs {
            let (Some(a), Some(b)) = (self.scalar(a, span), self.scalar(b, span)) else {
                return Val::Error;
            };
            self.unify(a, b);
            let cond = self.compare(if equal { "==" } else { "!=" }, a, b, span);
            self.or_panic(cond, quote!(::core::panic!(#text)), span);
        }
        Val::Unit
    }

    fn vec_macro(&mut self, mac: &syn::Macro, span: Span) -> Val {
        if let Ok(Repeated(value, len)) = mac.parse_body::<Repeated>() {
            return self.repeat(&value, &len, true, span);
        }
        let list = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let Ok(list) = list else {
            return self.error(mac, "the arguments of `vec!` are not understood");
        };
        if list.is_empty() {
            let class = self.types.class(Slot::Unknown);
            let ty = Type::Vec(Box::new(Type::Float(Elem::Var(class))));
            let mem = self.memory("vec", ty, span);
            self.emit(Kind::Alloc(mem, Init::Empty(None)), span);
            self.changing.insert(mem);
            return Val::Place(Place::whole(mem), Held::Fresh);
        }
        let vals: Vec<Val> = list.iter().map(|expr| self.expr(expr)).collect();
        self.list(vals, None, span)
    }
}

/// Whether the arguments of a macro do more than to look.
fn acts(mac: &syn::Macro) -> bool {
    let list = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
    list.map_or(true, |args| args.iter().any(|arg| scan::uses(arg).acts))
}
