//! Arrays that are changed in place.

use super::{Arr, Each, Layout, Of};
use crate::flow::ir::{Kind, Mode, Place};
use crate::flow::lower::Lowerer;
use crate::flow::lower::place::Lv;
use crate::flow::lower::val::{Held, Val, VarId};
use crate::parse::Type;
use crate::primitives::Prim;
use proc_macro2::Span;
use std::rc::Rc;
use syn::ExprMethodCall;
use syn::spanned::Spanned;

impl Lowerer<'_> {
    /// `y = x` where both are arrays: the variable's memory gets the elements.
    pub(in crate::flow::lower) fn assign_array(
        &mut self,
        id: VarId,
        path: &[String],
        old: &Arr,
        val: Val,
        span: Span,
    ) {
        let new = match val {
            // Moved out of its variable, or borrowed: copied.
            Val::Array(array) if array.held == Held::Fresh => *array,
            Val::Array(array) => self.copy_of(&array, span),
            val => match self.in_memory(val, span) {
                Some(array) => array,
                None => return,
            },
        };
        if new.rank() != old.rank() {
            self.error(span, "an array of another rank than before is assigned here");
            return;
        }
        let (own, class) = (self.element_class(old), self.element_class(&new));
        if !self.types.unify(own, class) {
            self.error(span, "the value is of another type than the place it is assigned to");
            return;
        }
        let kept = old.held == Held::Mut || !old.is_rows();
        if kept {
            // What lies behind a reference has the shape it has.
            for (a, b) in old.extents.clone().into_iter().zip(new.extents.clone()) {
                self.same_extent(a, b, span);
            }
            self.store_all(old, &Each::of(new), None, span);
            return;
        }
        let kind = Kind::Assign { to: old.place.clone(), from: new.place.clone(), moved: true };
        self.emit(kind, span);
        let array = Arr { extents: new.extents, ..old.clone() };
        let whole = self.vars[id].val.clone();
        self.set(id, whole.with(path, Val::Array(Box::new(array))));
    }

    /// `y.assign(&x)`, `y += &x`: element by element.
    pub(super) fn store_all(&mut self, to: &Arr, each: &Each, row: Option<Prim>, span: Span) {
        // What is read while it is written is computed before.
        let each = match Self::reads(each, to.place.mem) && !matches!(each.of, Of::View(_)) {
            true => Each::of(self.computed(each, "computed", span)),
            false => each.clone(),
        };
        self.fits(&each, to, span);
        let each = self.stretched(each, &to.extents, span);
        let class = self.element_class(to);
        self.run_over(&each, std::slice::from_ref(to), span, &mut |this, v, places| {
            let own = this.class(v);
            if !this.types.unify(own, class) {
                this.error(span, "the value is of another type than the place it is assigned to");
                return;
            }
            this.store(&places[0], v, row, span);
        });
    }

    fn store(&mut self, place: &Place, v: crate::flow::ir::V, row: Option<Prim>, span: Span) {
        let mode = match row.map(|row| row.name) {
            None => Mode::Set,
            Some("add") => Mode::Add,
            Some("sub") => Mode::Sub,
            Some(_) => {
                let old = self.read_place(place.clone(), Held::Named, span);
                let (Some(old), Some(row)) = (self.scalar(old, span), row) else { return };
                if let Some(new) = self.arithmetic(row, old, v, span) {
                    self.emit(Kind::Store(place.clone(), new, Mode::Set), span);
                }
                return;
            }
        };
        self.emit(Kind::Store(place.clone(), v, mode), span);
    }

    /// Panics where elements do not broadcast into an array.
    fn fits(&mut self, each: &Each, to: &Arr, span: Span) {
        if each.extents.len() > to.rank() {
            self.error(span, "an array of a higher rank does not fit in here");
            return;
        }
        let skipped = to.rank() - each.extents.len();
        for (have, want) in each.extents.iter().zip(&to.extents[skipped..]) {
            if self.is_same(*have, *want) || self.known.get(have) == Some(&1) {
                continue;
            }
            let same = self.compare("==", *have, *want, span);
            let (have, want) = (*have, *want);
            let ok = self.branch(
                same,
                span,
                |_| Val::Bool(true),
                |this| {
                    let one = this.index(1, span);
                    let _ = want;
                    this.compare("==", have, one, span)
                },
            );
            let text = "ndarray: the shapes of two arrays do not fit";
            self.or_panic(ok, quote::quote!(::core::panic!(#text)), span);
        }
    }

    /// The array that a place names.
    pub(in crate::flow::lower) fn array_named(&mut self, lv: &Lv) -> Option<Arr> {
        match lv {
            Lv::Var(id, path) => match self.vars[*id].val.at(path)? {
                Val::Array(array) => Some((**array).clone()),
                Val::Var(id, path) => self.array_named(&Lv::Var(*id, path.clone())),
                _ => None,
            },
            Lv::Val(Val::Array(array)) => Some((**array).clone()),
            _ => None,
        }
    }

    /// `y += &x`, `y *= 2.0` of an array.
    pub(in crate::flow::lower) fn compound_assign_array(
        &mut self,
        to: &Arr,
        row: Prim,
        val: Val,
        span: Span,
    ) {
        if let Some(each) = self.elements_of(val, span) {
            self.store_all(to, &each, Some(row), span);
        }
    }

    /// A method that changes an array; nothing if it is no such method.
    pub(super) fn changing_method(&mut self, array: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&syn::Expr> = call.args.iter().collect();
        match (name.as_str(), &args[..]) {
            ("assign", [from]) => {
                let val = self.expr(from);
                if let Some(each) = self.elements_of(val, span) {
                    self.store_all(array, &each, None, span);
                }
            }
            ("fill", [value]) => {
                let val = self.expr(value);
                let Some(v) = self.scalar(val, value.span()) else { return Some(Val::Error) };
                let class = self.element_class(array);
                let own = self.class(v);
                if !self.types.unify(own, class) {
                    return Some(
                        self.error(*value, "the value is of another type than the elements"),
                    );
                }
                if array.is_rows() {
                    self.emit(Kind::Fill(array.place.clone(), v), span);
                } else {
                    let each = Each { extents: array.extents.clone(), of: Of::One(v) };
                    self.store_all(array, &each, None, span);
                }
            }
            ("mapv_inplace", [f]) => {
                let f = self.function_value(f);
                let each = Each {
                    extents: array.extents.clone(),
                    of: Of::Apply(f, Rc::new(Each::of(array.clone()))),
                };
                let class = self.element_class(array);
                self.run_over(&each, std::slice::from_ref(array), span, &mut |this, v, places| {
                    let own = this.class(v);
                    this.types.unify(own, class);
                    this.emit(Kind::Store(places[0].clone(), v, Mode::Set), span);
                });
            }
            ("map_inplace", [f]) => {
                let f = self.function_value(f);
                self.each_element(array, Held::Mut, &f, span);
            }
            ("scaled_add", [factor, other]) => {
                let factor = self.expr(factor);
                let other = self.expr(other);
                let product = self.elementwise(&crate::primitives::MUL, factor, other, span);
                self.compound_assign_array(array, &crate::primitives::ADD, product, span);
            }
            ("swap", [a, b]) => {
                let lv = |this: &mut Self, index: &syn::Expr| match this
                    .indexed_array(array, index, span)
                {
                    Some(Lv::Place(place, _)) => Some(place),
                    _ => None,
                };
                let (Some(a), Some(b)) = (lv(self, a), lv(self, b)) else {
                    return Some(Val::Error);
                };
                self.emit(Kind::Swap(a, b), span);
            }
            _ => return None,
        }
        Some(Val::Unit)
    }

    /// A memory of one dimension as an array.
    pub(super) fn array_of_slice(&mut self, place: &Place, held: Held, span: Span) -> Option<Arr> {
        let flat =
            matches!(self.place_type(place), Some(Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)));
        if !flat {
            return None;
        }
        let len = self.length(place, span);
        Some(Arr { place: place.clone(), held, extents: vec![len], layout: Layout::Rows })
    }
}
