//! Elements and types of values.

use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Kind, Pass, Place, Proj, V};
use crate::ir::Elem;
use crate::parse::Type;
use proc_macro2::Span;

impl Lowerer<'_> {
    /// The element at a known index, as a pattern takes it.
    pub(super) fn element_at(&mut self, val: &Val, k: usize, span: Span) -> Val {
        match val {
            Val::Place(place, held) => {
                let at = self.int(k as i128, span);
                self.as_index(at);
                self.element(place, *held, at, span)
            }
            Val::Error | Val::Never => Val::Error,
            other => self.error(
                span,
                format!("an array or slice is expected here, not {}", other.described()),
            ),
        }
    }

    /// The element at an index.
    pub(super) fn element(&mut self, place: &Place, held: Held, at: V, span: Span) -> Val {
        let mut place = place.clone();
        place.proj.push(Proj::Index(at));
        match held {
            Held::Mut => Val::Place(place, Held::Mut),
            Held::Ref => self.read_place(place, Held::Ref, span),
            _ => self.read_place(place, Held::Named, span),
        }
    }

    /// A part of a slice.
    pub(super) fn sub_slice(&mut self, place: &Place, from: V, to: Option<V>) -> Place {
        self.as_index(from);
        to.into_iter().for_each(|to| self.as_index(to));
        let mut place = place.clone();
        place.proj.push(Proj::Range(from, to));
        place
    }

    /// The length of a place.
    pub(super) fn length(&mut self, place: &Place, span: Span) -> V {
        if let Some(Type::Fixed(_, len)) = self.place_type(place)
            && let Ok(len) = len.trim().parse::<i128>()
        {
            let v = self.int(len, span);
            self.as_index(v);
            return v;
        }
        let out = self.fresh("n", Slot::Int(Some("usize".to_string())), span);
        self.emit(Kind::Pass(out, Pass::Len(place.clone()), vec![]), span);
        out
    }

    /// The elements' type of something that has elements.
    pub(super) fn element_type(&self, place: &Place) -> Option<Type> {
        match self.place_type(place)? {
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => Some(*of),
            _ => None,
        }
    }

    /// The type of a value that is put into memory.
    pub(super) fn type_of_val(&mut self, val: &Val, span: Span) -> Option<Type> {
        match val {
            Val::Scalar(v) => Some(match self.slot(*v) {
                Slot::Int(Some(name)) => Type::Int(name),
                _ => Type::Float(Elem::Var(self.class(*v))),
            }),
            Val::Bool(_) => Some(Type::Constant("bool".to_string())),
            Val::Place(place, _) => self.owned_type(place),
            Val::Var(..) | Val::Either(..) => {
                let plain = self.plain(val.clone(), span);
                self.type_of_val(&plain, span)
            }
            Val::Tuple(parts) => {
                let parts: Vec<Option<Type>> =
                    parts.iter().map(|part| self.type_of_val(part, span)).collect();
                Some(Type::Tuple(parts.into_iter().collect::<Option<_>>()?))
            }
            Val::Struct(name, _) => Some(Type::Struct(name.clone())),
            Val::Error | Val::Never | Val::Undef => None,
            other => {
                self.error(span, format!("{} cannot be put into memory here", other.described()));
                None
            }
        }
    }

    /// Makes a value fit a type: floats and integers take it on, others are left as they are.
    pub(super) fn expect_type(&mut self, val: &Val, ty: &Type, span: Span) -> bool {
        match (val, ty) {
            (Val::Scalar(v), Type::Float(elem)) => {
                let fits = self.expect_elem(*v, elem);
                if !fits {
                    self.error(span, format!("a value of type `{elem}` is expected here"));
                }
                fits
            }
            (Val::Scalar(v), Type::Int(name)) => {
                let fits = self.expect_elem(*v, &Elem::Int(name.clone()));
                if !fits {
                    self.error(span, format!("a value of type `{name}` is expected here"));
                }
                fits
            }
            (Val::Scalar(v), Type::Constant(name)) if name == "bool" => {
                let (own, class) = (self.class(*v), self.types.class(Slot::Bool));
                self.types.unify(own, class)
            }
            (Val::Tuple(parts), Type::Tuple(types)) => {
                parts.iter().zip(types).all(|(part, ty)| self.expect_type(part, ty, span))
            }
            (Val::Opt(opt), Type::Option(of) | Type::Result(of, _)) => {
                self.expect_type(&opt.some, of, span)
            }
            (Val::Struct(_, fields), Type::Struct(name)) => {
                let types = self.fields_of(name).unwrap_or_default();
                fields.iter().all(|(field, val)| {
                    types
                        .iter()
                        .find(|(name, _)| name == field)
                        .is_none_or(|(_, ty)| self.expect_type(val, ty, span))
                })
            }
            (
                Val::Array(array),
                ty @ (Type::Array(..)
                | Type::Passive(..)
                | Type::Float(_)
                | Type::Int(_)
                | Type::Tuple(_)
                | Type::Vec(_)
                | Type::Slice(_)
                | Type::Fixed(..)),
            ) => self.expect_array(array, ty, span),
            (Val::Place(place, _), ty) => match self.place_type(place) {
                Some(have) => self.expect_same(&have, ty, place),
                None => true,
            },
            (Val::Var(id, path), ty) => match self.vars[*id].val.at(path).cloned() {
                Some(val) => self.expect_type(&val, ty, span),
                None => true,
            },
            _ => true,
        }
    }

    /// Makes the element types of two types one, as far as they have the same structure.
    fn expect_same(&mut self, have: &Type, want: &Type, place: &Place) -> bool {
        match (have, want) {
            (Type::Float(a), Type::Float(b)) => {
                let (a, b) = (self.types.of_elem(a), self.types.of_elem(b));
                self.types.unify(a, b)
            }
            (Type::Float(a), Type::Int(b)) => {
                let (a, b) = (self.types.of_elem(a), self.types.of_elem(&Elem::Int(b.clone())));
                self.types.unify(a, b)
            }
            (
                Type::Fixed(a, _) | Type::Slice(a) | Type::Vec(a),
                Type::Fixed(b, _) | Type::Slice(b) | Type::Vec(b),
            ) => {
                // An empty `Vec` learns what it holds.
                if let (Type::Float(Elem::Var(class)), true) = (&**a, place.proj.is_empty())
                    && matches!(self.types.slot(*class), Slot::Unknown)
                    && !matches!(**b, Type::Float(_) | Type::Int(_))
                {
                    self.program.mems[place.mem.0 as usize].ty = Type::Vec(b.clone());
                    return true;
                }
                let inner = Place { mem: place.mem, proj: vec![Proj::Field(String::new())] };
                self.expect_same(a, b, &inner)
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                let inner = Place { mem: place.mem, proj: vec![Proj::Field(String::new())] };
                a.iter().zip(b).all(|(a, b)| self.expect_same(a, b, &inner))
            }
            _ => true,
        }
    }

    /// The element type with type parameters of the function at hand replaced.
    pub(super) fn resolved_elem(&self, elem: &Elem) -> Elem {
        match elem {
            Elem::Param(name) => {
                self.frame().elems.get(name).cloned().unwrap_or_else(|| elem.clone())
            }
            other => other.clone(),
        }
    }

    /// A type with type and constant parameters of the function at hand replaced.
    pub(super) fn resolved(&self, ty: &Type) -> Type {
        let inner = |of: &Type| Box::new(self.resolved(of));
        match ty {
            Type::Float(elem) => Type::Float(self.resolved_elem(elem)),
            Type::Array(elem, rank) => Type::Array(self.resolved_elem(elem), *rank),
            Type::Tuple(parts) => {
                Type::Tuple(parts.iter().map(|part| self.resolved(part)).collect())
            }
            Type::Fixed(of, len) => Type::Fixed(inner(of), self.resolved_length(len)),
            Type::Slice(of) => Type::Slice(inner(of)),
            Type::Vec(of) => Type::Vec(inner(of)),
            Type::Option(of) => Type::Option(inner(of)),
            Type::Result(of, error) => Type::Result(inner(of), error.clone()),
            other => other.clone(),
        }
    }

    pub(super) fn resolved_length(&self, len: &str) -> String {
        self.frame().lengths.get(len.trim()).cloned().unwrap_or_else(|| len.to_string())
    }

    /// The fields of a struct, by its type as the root or the function at hand writes it.
    pub(super) fn fields_of(&self, written: &str) -> Option<Vec<(String, Type)>> {
        let root = self.callees.root();
        self.callees.fields(root, written).or_else(|| self.callees.fields(self.frame().id, written))
    }
}
