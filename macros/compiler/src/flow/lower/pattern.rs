//! Patterns that bind: what the names in them stand for.

use super::matching::{self, unfit};
use super::place::Lv;
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Bind, By, Place, Source};
use crate::parse::{Type, idents_of, names_of};
use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Member, Pat};

impl Lowerer<'_> {
    /// Binds the names of a pattern that was asked whether it fits: a name in uppercase may be a
    /// constant there, and is a variable everywhere else.
    pub(super) fn bind_matched(&mut self, pat: &Pat, val: Val) {
        self.matched = true;
        self.bind(pat, val);
        self.matched = false;
    }

    /// Binds the names of a pattern that fits.
    pub(super) fn bind(&mut self, pat: &Pat, val: Val) {
        let span = pat.span();
        let val = match val {
            Val::Table(table) => match self.bind_table(pat, &table) {
                Some(val) => val,
                None => return,
            },
            Val::Scalar(v) if matching::of_option(pat).is_some() => {
                match self.option_passed(v, span) {
                    Some(opt) => Val::Opt(Box::new(opt)),
                    None => Val::Scalar(v),
                }
            }
            val => val,
        };
        match pat {
            Pat::Ident(name) => self.bind_name(name, val),
            Pat::Wild(_) | Pat::Rest(_) | Pat::Lit(_) | Pat::Range(_) | Pat::Path(_) => {}
            Pat::Paren(inner) => self.bind(&inner.pat, val),
            Pat::Type(typed) => {
                if let Some(ty) = self.written_type(&typed.ty) {
                    self.expect_type(&val, &ty, span);
                }
                self.bind(&typed.pat, val);
            }
            Pat::Reference(inner) => {
                let val = match val {
                    Val::Scalar(v) if !self.is_plain(v) => {
                        self.bind_opaque(pat, Val::Scalar(v));
                        return;
                    }
                    Val::Place(place, _) => self.read_place(place, Held::Named, span),
                    other => other,
                };
                self.bind(&inner.pat, val);
            }
            Pat::Tuple(tuple) => {
                if let Val::Scalar(_) = val {
                    self.bind_opaque(pat, val);
                    return;
                }
                self.bind_parts(&tuple.elems.iter().collect::<Vec<_>>(), &val, span);
            }
            Pat::TupleStruct(of) => {
                let parts: Vec<&Pat> = of.elems.iter().collect();
                match (&val, last_name(&of.path).as_str(), &parts[..]) {
                    (Val::Opt(opt), "Some" | "Ok", [inner]) => {
                        let some = opt.some.clone();
                        self.bind(inner, some);
                    }
                    (Val::Opt(opt), "Err", [inner]) => {
                        let err = opt.err.clone();
                        self.bind(inner, err);
                    }
                    (Val::Error | Val::Never, ..) => self.bind_nothing(pat),
                    (Val::Undef, ..) => parts.iter().for_each(|part| self.bind(part, Val::Undef)),
                    (Val::Scalar(_), ..) => self.bind_opaque(pat, val),
                    _ => self.bind_parts(&parts, &val, span),
                }
            }
            Pat::Struct(of) => {
                if let Val::Scalar(_) = val {
                    self.bind_opaque(pat, val);
                    return;
                }
                for field in &of.fields {
                    let name = match &field.member {
                        Member::Named(name) => name.to_string(),
                        Member::Unnamed(index) => index.index.to_string(),
                    };
                    match self.part(&val, &name, span) {
                        Some(part) => self.bind(&field.pat, part),
                        None => {
                            self.bind_nothing(&field.pat);
                            if !val.is_silent() {
                                self.error(&field.member, format!("there is no field `{name}` here that the compiler knows: put `#[derive(Differentiable)]` on the struct"));
                            }
                        }
                    }
                }
            }
            Pat::Slice(slice) => self.bind_slice(slice, &val),
            Pat::Or(of) => {
                let mut names = Vec::new();
                names_of(pat, &mut names);
                match (&val, names.is_empty(), of.cases.first()) {
                    (_, true, _) => {}
                    (Val::Scalar(_), ..) => self.bind_opaque(pat, val),
                    (_, _, Some(first)) => {
                        self.bind_nothing(first);
                        self.error(pat, "names bound by alternatives of a pattern are not supported here: write one arm for each");
                    }
                    _ => {}
                }
            }
            Pat::Guard(of) => self.bind(&of.pat, val),
            other => {
                self.bind_nothing(other);
                self.error(other, "this pattern is not supported");
            }
        }
    }

    fn bind_name(&mut self, pat: &syn::PatIdent, val: Val) {
        let name = pat.ident.to_string();
        if pat.by_ref.is_some() && pat.mutability.is_some() {
            if matches!(val, Val::Scalar(_) | Val::Bool(_) | Val::Tuple(_) | Val::Struct(..)) {
                let val = self.error(pat, "`ref mut` of what is no array or `Vec` is not supported: assign to the variable itself");
                self.declare(&name, val, true);
                return;
            }
            self.declare(&name, val, false);
            return;
        }
        let mutable = pat.mutability.is_some();
        let span = pat.ident.span();
        self.never_silent(&val, span);
        let is_constant = self.matched
            && pat.subpat.is_none()
            && !mutable
            && name.starts_with(|c: char| c.is_ascii_uppercase());
        if is_constant && matches!(val, Val::Scalar(_) | Val::Opt(_)) {
            // A constant or a variant of an enum: nothing is bound.
            return;
        }
        let val = match pat.by_ref.is_some() {
            true => match val {
                Val::Place(place, Held::Named | Held::Frozen) => Val::Place(place, Held::Ref),
                other => other,
            },
            false => self.owned(val, mutable, span),
        };
        let val = match val {
            // What is referred to may move along the slice.
            Val::Place(place, Held::Ref) if mutable => {
                Val::Place(self.as_view(place, span), Held::Ref)
            }
            Val::Iter(it) if mutable => self.with_cursor(&it, span),
            val => val,
        };
        self.name_val(&val, &name);
        if let Some((_, inner)) = &pat.subpat {
            self.bind(inner, val.clone());
        }
        if mutable
            && let Some(place) = match &val {
                Val::Place(place, Held::Fresh) => Some(place),
                Val::Array(array) if array.held == Held::Fresh => Some(&array.place),
                _ => None,
            }
            && super::scan::is_assigned(&self.frame().function.item.block, &name)
        {
            self.refilled.insert(place.mem);
        }
        if mutable && let Val::Scalar(v) = &val {
            let function = self.frame().function;
            if !self.is_plain(*v)
                && !self.is_float(*v)
                && super::object::is_changed(&function.item.block, &name)
            {
                let object = self.object(*v, &name, span);
                self.declare(&name, Val::Scalar(object), true);
                return;
            }
        }
        self.declare(&name, val, mutable);
    }

    /// A name for what has no better one.
    pub(super) fn name_val(&mut self, val: &Val, name: &str) {
        let name = name.trim_start_matches("r#");
        match val {
            Val::Scalar(_) => self.name_scalar(val, name),
            Val::Place(place, Held::Fresh) if place.proj.is_empty() => {
                let mem = &mut self.program.mems[place.mem.0 as usize];
                if mem.origin == crate::flow::ir::Origin::Local {
                    mem.name = name.to_string();
                }
            }
            Val::Array(array) if array.held == Held::Fresh && array.place.proj.is_empty() => {
                let mem = &mut self.program.mems[array.place.mem.0 as usize];
                if mem.origin == crate::flow::ir::Origin::Local {
                    mem.name = name.to_string();
                }
            }
            Val::Struct(_, fields) => {
                for (field, val) in fields.clone() {
                    self.name_val(&val, &field);
                }
            }
            _ => {}
        }
    }

    fn bind_parts(&mut self, parts: &[&Pat], val: &Val, span: Span) {
        if val.is_silent() {
            parts.iter().for_each(|part| self.bind_nothing(part));
            return;
        }
        if matches!(val, Val::Undef) {
            parts.iter().for_each(|part| self.bind(part, Val::Undef));
            return;
        }
        let rest = parts.iter().position(|part| matches!(part, Pat::Rest(_)));
        let count = self.parts_of(val);
        for (k, pat) in parts.iter().enumerate() {
            let at = match rest {
                Some(rest) if k == rest => continue,
                Some(rest) if k > rest => match count {
                    Some(count) => count + k - parts.len(),
                    None => k,
                },
                _ => k,
            };
            match self.part(val, &at.to_string(), span) {
                Some(part) => self.bind(pat, part),
                None => {
                    self.bind_nothing(pat);
                    self.error(*pat, unfit(val));
                }
            }
        }
    }

    pub(super) fn parts_of(&self, val: &Val) -> Option<usize> {
        match val {
            Val::Tuple(parts) => Some(parts.len()),
            Val::Struct(_, fields) => Some(fields.len()),
            Val::Place(place, _) => match self.place_type(place)? {
                Type::Tuple(parts) => Some(parts.len()),
                Type::Struct(name) => Some(self.fields_of(&name)?.len()),
                _ => None,
            },
            Val::Var(id, path) => self.parts_of(self.vars[*id].val.at(path)?),
            _ => None,
        }
    }

    /// `[first, .., last]`
    fn bind_slice(&mut self, slice: &syn::PatSlice, val: &Val) {
        let span = slice.span();
        let Val::Place(place, held) = val else {
            slice.elems.iter().for_each(|pat| self.bind_nothing(pat));
            match val {
                Val::Scalar(_) => self.bind_opaque(&Pat::Slice(slice.clone()), val.clone()),
                val if val.is_silent() => {}
                val => {
                    self.error(slice, unfit(val));
                }
            }
            return;
        };
        let (place, held) = (place.clone(), *held);
        let rest = slice.elems.iter().position(is_rest);
        let after = rest.map_or(0, |rest| slice.elems.len() - 1 - rest);
        let mut from_end = None;
        if after > 0 || rest.is_some() {
            let len = self.length(&place, span);
            let after = self.int(after as i128, span);
            from_end = Some(self.int_op("-", len, after, span));
        }
        for (k, pat) in slice.elems.iter().enumerate() {
            match rest {
                Some(rest) if k == rest => {
                    if let Pat::Ident(name) = pat {
                        let from = self.int(k as i128, span);
                        let part = self.sub_slice(&place, from, from_end);
                        let held = if held == Held::Mut { Held::Mut } else { Held::Ref };
                        self.declare(&name.ident.to_string(), Val::Place(part, held), false);
                    }
                }
                Some(rest) if k > rest => {
                    let Some(end) = from_end else { continue };
                    let offset = self.int((k - rest - 1) as i128, span);
                    let at = self.int_op("+", end, offset, span);
                    self.as_index(at);
                    let val = self.element(&place, held, at, span);
                    self.bind(pat, val);
                }
                _ => {
                    let val = self.element_at(&Val::Place(place.clone(), held), k, span);
                    self.bind(pat, val);
                }
            }
        }
    }

    /// Names that are in error, so that nothing more is said of them.
    fn bind_nothing(&mut self, pat: &Pat) {
        let mut names = Vec::new();
        names_of(pat, &mut names);
        for name in names {
            self.declare(&name, Val::Error, true);
        }
    }

    /// Names in a value that only rustc knows the structure of.
    fn bind_opaque(&mut self, pat: &Pat, val: Val) {
        let span = pat.span();
        let Val::Scalar(v) = val else { return };
        for ident in idents_of(pat) {
            let name = ident.to_string();
            if self.matched && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                continue;
            }
            let tokens = quote!(match __value {
                #pat => #ident,
                _ => ::core::unreachable!(),
            });
            let bind = Bind {
                name: Ident::new("__value", Span::call_site()),
                what: Source::Value(v),
                by: By::Value,
            };
            let foreign = has_path(pat);
            if foreign && self.outer.is_some() {
                self.error(pat, "this pattern names something of the place it stands at, which the caller cannot reach");
            }
            let val = self.opaque_tokens(tokens, vec![bind], true, span);
            self.name_val(&val, &name);
            if let Val::Scalar(out) = val {
                self.program.values[out.0 as usize].name = name.clone();
                self.payloads.push((out, v, span));
            }
            self.declare(&name, val, false);
        }
    }

    /// The condition under which code says that a value fits a pattern.
    pub(super) fn test_opaque(&mut self, pat: &Pat, what: Source) -> Val {
        let span = pat.span();
        if has_path(pat) && self.outer.is_some() {
            return self.error(pat, "this pattern names something of the place it stands at, which the caller cannot reach");
        }
        let bind = Bind { name: Ident::new("__value", Span::call_site()), what, by: By::Value };
        let pat = pat.to_token_stream();
        let val =
            self.opaque_tokens(quote!(::core::matches!(__value, #pat)), vec![bind], true, span);
        if let Val::Scalar(v) = val {
            self.is_a(v, Slot::Bool);
            // Comparing loses no derivative.
            self.program.constants.push(v);
        }
        val
    }

    /// The place that a variable or reference means.
    pub(super) fn place_of(&mut self, val: &Val) -> Option<(Place, Held)> {
        match val {
            Val::Place(place, held) => Some((place.clone(), *held)),
            Val::Var(id, path) => match self.behind(Lv::Var(*id, path.clone())) {
                Lv::Place(place, _) => Some((place, Held::Mut)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The last name of a path.
pub(super) fn last_name(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// Whether a pattern names a type, a variant or a constant that is not known everywhere.
fn has_path(pat: &Pat) -> bool {
    let mut uses = super::scan::Uses::default();
    syn::visit::Visit::visit_pat(&mut uses, pat);
    uses.foreign
}

/// `..`, or `rest @ ..`.
pub(super) fn is_rest(pat: &Pat) -> bool {
    match pat {
        Pat::Rest(_) => true,
        Pat::Ident(name) => {
            matches!(&name.subpat, Some((_, inner)) if matches!(**inner, Pat::Rest(_)))
        }
        _ => false,
    }
}
