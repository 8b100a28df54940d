//! References to values that only rustc knows: what they are becomes known where they are used.

use super::opaque::Mark;
use super::signature::is_memory;
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Bind, By, Code, Init, Kind, Origin, ParamIs, Place, Source, V};
use crate::parse::{Passing, Type};
use proc_macro2::{Ident, Span};
use quote::quote;
use syn::Expr;

impl Lowerer<'_> {
    /// A reference to what only rustc knows. Should it turn out to be a number, it is that number.
    pub(super) fn lent(&mut self, mark: Mark, reference: &syn::ExprReference) -> Val {
        let val = self.opaque_instead(mark, &Expr::Reference(reference.clone()));
        if let Val::Scalar(v) = val {
            self.lent.insert(v);
            self.program.values[v.0 as usize].shared = true;
        }
        val
    }

    /// `&*t` of a reference to what only rustc knows: that reference.
    pub(super) fn lent_again(&self, place: &Expr) -> Option<Val> {
        let Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) = place else {
            return None;
        };
        let Expr::Path(path) = &**expr else { return None };
        match &self.vars[self.lookup(&path.path.get_ident()?.to_string())?].val {
            val @ Val::Scalar(v) if self.lent.contains(v) && !self.is_plain(*v) => {
                Some(val.clone())
            }
            _ => None,
        }
    }

    /// What a reference refers to that may turn out to be a number.
    pub(super) fn behind_lent(&mut self, v: V, span: Span) -> Val {
        let class = self.class(v);
        let out = self.of_class("behind", class, span);
        let name = Ident::new("__lent", Span::call_site());
        let bind = Bind { name, what: Source::Value(v), by: By::Value };
        let code = Code::new(quote!(*__lent), vec![bind]);
        self.emit(Kind::Opaque { out: Some(out), code, pure: true }, span);
        self.behind.push(out);
        Val::Scalar(out)
    }

    /// What only rustc knows as a memory, where its type is that of one.
    pub(super) fn as_memory(&mut self, val: Val, ty: &Type, passing: Passing, span: Span) -> Val {
        let Val::Scalar(v) = val else { return val };
        if self.is_plain(v) || self.program.of(v).object || !is_memory(ty) || !self.is_sized(ty) {
            return val;
        }
        let name = self.program.of(v).name.clone();
        let v = match (ty, passing) {
            (Type::Struct(_), Passing::Value) => self.reference_to(v, span),
            // Perhaps it is a reference to a struct, perhaps the struct.
            (Type::Struct(_), _) if !self.is_reference(v) => return val,
            _ => v,
        };
        self.is_a(v, Slot::Other);
        let mem = self.program.mem(&name, ty.clone(), Origin::Shared, span);
        self.emit(Kind::Alloc(mem, Init::Lent(v)), span);
        let held = if passing == Passing::Value { Held::Frozen } else { Held::Ref };
        Val::Place(Place::whole(mem), held)
    }

    /// What only rustc knows as a value like another: of its type, by Rust's rules.
    pub(super) fn as_other(&mut self, val: Val, other: &Val, span: Span) -> Val {
        let is_unknown = matches!(&val, Val::Scalar(v) if !self.is_plain(*v));
        let (ty, passing) = match other {
            _ if !is_unknown => return val,
            Val::Place(_, Held::Mut) => return val,
            Val::Place(place, Held::Ref) => match self.place_type(place) {
                // All of a `Vec` may be meant as a slice.
                Some(Type::Vec(of)) => (Some(Type::Slice(of)), Passing::Shared),
                ty => (ty, Passing::Shared),
            },
            Val::Place(place, _) => (self.place_type(place), Passing::Value),
            Val::Tuple(_) | Val::Struct(..) => (self.type_of_val(other, span), Passing::Value),
            _ => return val,
        };
        let Some(ty) = ty else { return val };
        match self.as_memory(val, &ty, passing, span) {
            Val::Place(place, _) if matches!(ty, Type::Tuple(_) | Type::Struct(_)) => {
                self.explode(&place, span)
            }
            val => val,
        }
    }

    /// Whether a value is known to be a shared reference.
    fn is_reference(&self, v: V) -> bool {
        let function = self.frames.first().map(|frame| frame.function);
        let mut params = function.into_iter().flat_map(|f| &f.params).zip(&self.program.params);
        self.lent.contains(&v)
            || params.any(|(param, is)| {
                *is == ParamIs::Value(v)
                    && match crate::parse::strip(&param.written) {
                        syn::Type::Reference(of) => {
                            of.mutability.is_none() && !matches!(*of.elem, syn::Type::Reference(_))
                        }
                        _ => false,
                    }
            })
    }

    fn reference_to(&mut self, v: V, span: Span) -> V {
        let out = self.fresh("lent", Slot::Other, span);
        let name = Ident::new("__value", Span::call_site());
        let bind = Bind { name, what: Source::Value(v), by: By::Ref };
        let code = Code::new(quote!(__value), vec![bind]);
        self.emit(Kind::Opaque { out: Some(out), code, pure: true }, span);
        out
    }

    /// Whether a reference to a type can be written down: it holds no slices, and no length in it is
    /// a parameter that nothing has told yet.
    fn is_sized(&self, ty: &Type) -> bool {
        fn parts<'t>(ty: &'t Type, lengths: &mut Vec<&'t str>) -> bool {
            match ty {
                Type::Slice(_) => false,
                Type::Fixed(of, len) => {
                    lengths.push(len);
                    parts(of, lengths)
                }
                Type::Vec(of) => parts(of, lengths),
                Type::Tuple(list) => list.iter().all(|part| parts(part, lengths)),
                _ => true,
            }
        }
        let mut lengths = Vec::new();
        let whole = match ty {
            Type::Slice(of) => parts(of, &mut lengths),
            ty => parts(ty, &mut lengths),
        };
        let is_open = |len: &str| {
            let mut names = len.split(|c: char| !c.is_alphanumeric() && c != '_');
            let generics = &self.frame().function.item.sig.generics;
            names.any(|name| generics.const_params().any(|param| param.ident == name))
        };
        whole && (self.outer.is_none() || !lengths.into_iter().any(is_open))
    }
}
