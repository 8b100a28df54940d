//! Patterns that may not fit: the condition under which they do.

use super::pattern::{is_rest, last_name};
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Kind, Pass, Source, V};
use crate::parse::Type;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Member, Pat};

impl Lowerer<'_> {
    /// Whether a value fits a pattern.
    pub(super) fn test(&mut self, pat: &Pat, val: &Val) -> Val {
        let span = pat.span();
        if let Val::Table(table) = val {
            if names_any(pat) {
                return Val::Bool(true);
            }
            let val = self.table_value(table, span);
            return self.test(pat, &val);
        }
        if let (Val::Scalar(v), Some(_)) = (val, of_option(pat))
            && let Some(opt) = self.option_passed(*v, span)
        {
            return self.test(pat, &Val::Opt(Box::new(opt)));
        }
        match pat {
            Pat::Wild(_) | Pat::Rest(_) => Val::Bool(true),
            Pat::Ident(name) => match (&name.subpat, val) {
                (Some((_, inner)), _) => self.test(inner, val),
                (None, Val::Opt(opt)) if name.ident == "None" => {
                    let tag = opt.tag.clone();
                    self.not(tag, span)
                }
                (None, Val::Scalar(v))
                    if name.ident.to_string().starts_with(|c: char| c.is_ascii_uppercase()) =>
                {
                    self.test_opaque(pat, Source::Value(*v))
                }
                _ => Val::Bool(true),
            },
            Pat::Paren(inner) => self.test(&inner.pat, val),
            Pat::Type(typed) => self.test(&typed.pat, val),
            Pat::Reference(inner) => match val {
                Val::Scalar(v) if !self.is_plain(*v) => self.test_opaque(pat, Source::Value(*v)),
                Val::Place(place, held) => {
                    let val = self.read_place(place.clone(), *held, span);
                    self.test(&inner.pat, &val)
                }
                other => self.test(&inner.pat, other),
            },
            Pat::Tuple(tuple) => {
                let parts: Vec<&Pat> = tuple.elems.iter().collect();
                self.test_parts(pat, &parts, val, span)
            }
            Pat::TupleStruct(of) => {
                let parts: Vec<&Pat> = of.elems.iter().collect();
                match (val, last_name(&of.path).as_str(), &parts[..]) {
                    (Val::Opt(opt), "Some" | "Ok", [inner]) => {
                        let opt = opt.clone();
                        self.branch(
                            opt.tag,
                            span,
                            |this| this.test(inner, &opt.some),
                            |_| Val::Bool(false),
                        )
                    }
                    (Val::Opt(opt), "Err", [inner]) => {
                        let opt = opt.clone();
                        self.branch(
                            opt.tag,
                            span,
                            |_| Val::Bool(false),
                            |this| this.test(inner, &opt.err),
                        )
                    }
                    _ => self.test_parts(pat, &parts, val, span),
                }
            }
            Pat::Struct(of) => {
                if let Val::Scalar(v) = val {
                    return self.test_opaque(pat, Source::Value(*v));
                }
                let mut all = Val::Bool(true);
                for field in &of.fields {
                    let name = match &field.member {
                        Member::Named(name) => name.to_string(),
                        Member::Unnamed(index) => index.index.to_string(),
                    };
                    if let Some(part) = self.part(val, &name, span) {
                        all = self.and_test(all, &field.pat, &part);
                    }
                }
                all
            }
            Pat::Path(path) => match val {
                Val::Opt(opt) if last_name(&path.path) == "None" => {
                    let tag = opt.tag.clone();
                    self.not(tag, span)
                }
                Val::Scalar(v) => self.test_opaque(pat, Source::Value(*v)),
                val => self.test_scalar(pat, val),
            },
            Pat::Lit(lit) => {
                let (lit, negative) = (&lit.lit, false);
                self.test_literal(lit, negative, val, pat)
            }
            Pat::Range(_) => self.test_scalar(pat, val),
            Pat::Or(of) => {
                let mut any = Val::Bool(false);
                for case in &of.cases {
                    any = self.branch(any, span, |_| Val::Bool(true), |this| this.test(case, val));
                }
                any
            }
            Pat::Slice(slice) => self.test_slice(slice, val, span),
            Pat::Guard(of) => self.test(&of.pat, val),
            other => self.test_scalar(other, val),
        }
    }

    fn and_test(&mut self, all: Val, pat: &Pat, part: &Val) -> Val {
        let span = pat.span();
        self.branch(all, span, |this| this.test(pat, part), |_| Val::Bool(false))
    }

    fn test_parts(&mut self, pat: &Pat, parts: &[&Pat], val: &Val, span: Span) -> Val {
        match val {
            Val::Scalar(v) => return self.test_opaque(pat, Source::Value(*v)),
            Val::Error | Val::Never => return Val::Error,
            Val::Undef => return Val::Undef,
            _ => {}
        }
        let mut all = Val::Bool(true);
        for (k, pat) in parts.iter().enumerate() {
            if matches!(pat, Pat::Rest(_)) {
                break;
            }
            match self.part(val, &k.to_string(), span) {
                Some(part) => all = self.and_test(all, pat, &part),
                None => {
                    return self.error(*pat, unfit(val));
                }
            }
        }
        all
    }

    fn test_literal(&mut self, lit: &syn::Lit, negative: bool, val: &Val, pat: &Pat) -> Val {
        let span = lit.span();
        if let (Val::Bool(have), syn::Lit::Bool(want)) = (val, lit) {
            return Val::Bool(*have == want.value);
        }
        if !matches!(lit, syn::Lit::Int(_) | syn::Lit::Float(_) | syn::Lit::Bool(_)) {
            return self.test_scalar(pat, val);
        }
        let Some(v) = self.scalar(val.clone(), span) else { return Val::Error };
        if let syn::Lit::Bool(want) = lit {
            return if want.value { Val::Scalar(v) } else { self.negated(v, span) };
        }
        if !self.is_plain(v) {
            return self.test_opaque(pat, Source::Value(v));
        }
        let literal = self.literal(lit, negative);
        let Some(literal) = self.scalar(literal, span) else { return Val::Error };
        self.unify(v, literal);
        self.compare("==", v, literal, span)
    }

    fn test_scalar(&mut self, pat: &Pat, val: &Val) -> Val {
        let span = pat.span();
        match val {
            Val::Error | Val::Never => Val::Error,
            val => match self.scalar(val.clone(), span) {
                Some(v) => self.test_opaque(pat, Source::Value(v)),
                None => Val::Error,
            },
        }
    }

    /// A comparison of two values.
    pub(super) fn compare(&mut self, symbol: &'static str, a: V, b: V, span: Span) -> Val {
        let out = self.fresh("c", Slot::Bool, span);
        self.emit(Kind::Pass(out, Pass::Binary(symbol), vec![a, b]), span);
        Val::Scalar(out)
    }

    fn test_slice(&mut self, slice: &syn::PatSlice, val: &Val, span: Span) -> Val {
        let Val::Place(place, held) = val else {
            return match val {
                Val::Scalar(v) => self.test_opaque(&Pat::Slice(slice.clone()), Source::Value(*v)),
                _ => Val::Error,
            };
        };
        let (place, held) = (place.clone(), *held);
        let rest = slice.elems.iter().position(is_rest);
        let mut all = Val::Bool(true);
        if !matches!(self.place_type(&place), Some(Type::Fixed(..))) {
            let least = slice.elems.len() - usize::from(rest.is_some());
            let len = self.length(&place, span);
            let least = self.int(least as i128, span);
            self.unify(len, least);
            all = self.compare(if rest.is_some() { ">=" } else { "==" }, len, least, span);
        }
        for (k, pat) in slice.elems.iter().enumerate() {
            if rest.is_some_and(|rest| k >= rest) {
                // What comes behind the rest is not looked at: only plain names are taken there.
                if !is_rest(pat) && !is_irrefutable(pat) {
                    return self
                        .error(pat, "behind `..` only names are supported in a slice pattern");
                }
                continue;
            }
            if is_irrefutable(pat) {
                continue;
            }
            let whole =
                Val::Place(place.clone(), if held == Held::Mut { Held::Named } else { held });
            all = self.branch(
                all,
                span,
                |this| {
                    let part = this.element_at(&whole, k, span);
                    this.test(pat, &part)
                },
                |_| Val::Bool(false),
            );
        }
        all
    }
}

/// What is said where a pattern does not fit.
pub(super) fn unfit(val: &Val) -> String {
    match val.is_exclusive() {
        true => "what is behind this `&mut` cannot be taken apart by a pattern here: match on the value itself, and assign a new one".to_string(),
        false => format!("this pattern does not fit {}", val.described()),
    }
}

/// Whether a pattern fits everything.
fn is_irrefutable(pat: &Pat) -> bool {
    match pat {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(name) => name.subpat.is_none(),
        Pat::Reference(inner) => is_irrefutable(&inner.pat),
        Pat::Paren(inner) => is_irrefutable(&inner.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(is_irrefutable),
        _ => false,
    }
}

/// What a pattern takes out of an `Option`, if it is one of `Option`.
pub(super) fn of_option(pat: &Pat) -> Option<&Pat> {
    match pat {
        Pat::Paren(inner) => of_option(&inner.pat),
        Pat::TupleStruct(of) if last_name(&of.path) == "Some" => of.elems.first(),
        Pat::Ident(name) if name.ident == "None" => Some(pat),
        Pat::Path(path) if last_name(&path.path) == "None" => Some(pat),
        _ => None,
    }
}

/// Whether a pattern fits everything and looks at nothing: `_`, or a name that is no constant's.
fn names_any(pat: &Pat) -> bool {
    match pat {
        Pat::Wild(_) => true,
        Pat::Paren(inner) => names_any(&inner.pat),
        Pat::Reference(inner) => names_any(&inner.pat),
        Pat::Ident(name) => {
            name.subpat.is_none()
                && !name.ident.to_string().starts_with(|c: char| c.is_ascii_uppercase())
        }
        _ => false,
    }
}
