//! Arrays that are changed in place.

use super::check::Said;
use super::{Arr, Each, Layout, Of};
use crate::flow::ir::{Kind, Mode, Place};
use crate::flow::lower::Lowerer;
use crate::flow::lower::place::Lv;
use crate::flow::lower::val::{Held, Opt, Val, VarId};
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
            Val::Array(array) if array.held == Held::Fresh && array.is_rows() => *array,
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
            let (left, right) = (self.said(old), self.said(&new));
            self.same_shape(&left, &right, span);
            self.store_all(old, &Each::of(new), None, (&left, &right), span);
            return;
        }
        let kind = Kind::Assign { to: old.place.clone(), from: new.place.clone(), moved: true };
        self.emit(kind, span);
        let array = Arr { extents: new.extents, ..old.clone() };
        let whole = self.vars[id].val.clone();
        self.set(id, whole.with(path, Val::Array(Box::new(array))));
    }

    /// `y.assign(&x)`, `y += &x`: element by element.
    pub(super) fn store_all(
        &mut self,
        to: &Arr,
        each: &Each,
        row: Option<Prim>,
        (left, right): (&Said<'_>, &Said<'_>),
        span: Span,
    ) {
        // What is read while it is written is computed before.
        let each = match Self::reads(each, to.place.mem) && !Self::reads_in_place(each, to) {
            true => Each::of(self.computed(each, "computed", span)),
            false => each.clone(),
        };
        if each.extents.len() > to.rank() {
            self.error(span, "an array of a higher rank does not fit in here");
            return;
        }
        let fits = self.is_stretched(&each.extents, &to.extents, span);
        self.fit(fits, "fail_broadcast", left, right, span);
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

    /// Whether what is read of an array's own memory is the very element that is written.
    fn reads_in_place(each: &Each, to: &Arr) -> bool {
        match &each.of {
            Of::One(_) => true,
            Of::View(array) => {
                array.place.mem != to.place.mem || {
                    array.place == to.place
                        && array.extents == to.extents
                        && array.layout == to.layout
                }
            }
            Of::Prim(_, args) | Of::Method(_, args) => {
                args.iter().all(|arg| Self::reads_in_place(arg, to))
            }
            Of::Apply(..) => false,
        }
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
        said: (&Said<'_>, &Said<'_>),
        span: Span,
    ) {
        if let Some(each) = self.elements_of(val, span) {
            self.store_all(to, &each, Some(row), said, span);
        }
    }

    /// A method that changes an array; nothing if it is no such method.
    pub(super) fn changing_method(&mut self, array: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&syn::Expr> = call.args.iter().collect();
        let own = Said::source(&call.receiver, &Val::Array(Box::new(array.clone())));
        match (name.as_str(), &args[..]) {
            ("assign", [from]) => {
                let val = self.expr(from);
                let said = Said::source(from, &val);
                if let Some(each) = self.elements_of(val, span) {
                    self.store_all(array, &each, None, (&own, &said), span);
                }
            }
            ("assign_to", [to]) => {
                let val = self.expr(to);
                let said = Said::source(to, &val);
                let Some(to) = self.in_memory(val, span) else { return Some(Val::Error) };
                self.same_shape(&said, &own, span);
                self.store_all(&to, &Each::of(array.clone()), None, (&said, &own), span);
            }
            ("fill", [value]) => {
                let val = self.expr(value);
                let Some(v) = self.scalar(val, value.span()) else { return Some(Val::Error) };
                let class = self.element_class(array);
                let of = self.class(v);
                if !self.types.unify(of, class) {
                    return Some(
                        self.error(*value, "the value is of another type than the elements"),
                    );
                }
                if array.is_rows() {
                    self.emit(Kind::Fill(array.place.clone(), v), span);
                } else {
                    let each = Each { extents: array.extents.clone(), of: Of::One(v) };
                    self.store_all(array, &each, None, (&own, &own), span);
                }
            }
            ("zip_mut_with", [other, f]) => {
                let val = self.expr(other);
                let said = Said::source(other, &val);
                let f = self.function_value(f);
                let Some(each) = self.elements_of(val, span) else { return Some(Val::Error) };
                if each.extents.len() > array.rank() {
                    return Some(
                        self.error(*other, "an array of a higher rank does not fit in here"),
                    );
                }
                let fits = self.is_stretched(&each.extents, &array.extents, span);
                self.fit(fits, "fail_broadcast", &own, &said, span);
                let each = match Self::reads(&each, array.place.mem) {
                    true => Each::of(self.computed(&each, "computed", span)),
                    false => each,
                };
                let each = self.stretched(each, &array.extents, span);
                self.run_over(&each, std::slice::from_ref(array), span, &mut |this, v, places| {
                    let place = Val::Place(places[0].clone(), Held::Mut);
                    this.apply(&f, vec![place, Val::Scalar(v)], span);
                });
            }
            ("push_row" | "push_column", [other]) if array.rank() == 2 => {
                let val = self.expr(other);
                let Some(other) = self.in_memory(val, span) else { return Some(Val::Error) };
                let axis = usize::from(name == "push_column");
                let other = self.with_axis(&other, axis, span);
                return Some(self.append(array, &other, axis, call));
            }
            ("append" | "push", [axis, other]) => {
                let Some(axis) = self.axis(axis, array.rank()) else { return Some(Val::Error) };
                let val = self.expr(other);
                let Some(other) = self.in_memory(val, span) else { return Some(Val::Error) };
                let other = match name == "push" {
                    true => self.with_axis(&other, axis, span),
                    false => other,
                };
                if other.rank() != array.rank() {
                    return Some(self.error(&call.method, "these arrays are of different ranks"));
                }
                return Some(self.append(array, &other, axis, call));
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
                let val = self.expr(other);
                let said = Said::source(other, &val);
                let one = Said::source(other, &Val::Unit);
                let product =
                    self.elementwise(&crate::primitives::MUL, (factor, val), (&one, &said), span);
                self.compound_assign_array(
                    array,
                    &crate::primitives::ADD,
                    product,
                    (&own, &said),
                    span,
                );
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

    /// `push_row`, `append`: an array of its own grows along an axis.
    fn append(&mut self, array: &Arr, other: &Arr, axis: usize, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = &call.method;
        let owned = !matches!(array.held, Held::Ref | Held::Mut);
        let lv = self.lvalue(&call.receiver);
        let Some(Lv::Var(id, path)) = lv.filter(|_| owned) else {
            return self.error(name, format!("`{name}` is supported of an array that a `let mut` binds: build the array by `concatenate!` and return it"));
        };
        let (fits, arrays) = self.appended(array, other, axis, span);
        self.branch(
            fits.clone(),
            span,
            |this| {
                let grown = this.laid_out(&arrays, axis, span);
                this.write(Lv::Var(id, path), grown, span);
                Val::Unit
            },
            |_| Val::Unit,
        );
        Val::Opt(Box::new(Opt { result: true, tag: fits, some: Val::Unit, err: Val::Undef }))
    }

    /// `std::mem::swap(&mut a, &mut b)`
    pub(in crate::flow::lower) fn swap_arrays(&mut self, a: &Arr, b: &Arr, span: Span) {
        let owner = |this: &Self, array: &Arr| {
            this.vars.iter().rposition(|var| {
                matches!(&var.val, Val::Array(of) if of.held == Held::Fresh && of.place == array.place)
            })
        };
        if let (Some(x), Some(y)) = (owner(self, a), owner(self, b)) {
            self.emit(Kind::Swap(a.place.clone(), b.place.clone()), span);
            let with = |array: &Arr, extents: &Arr| {
                let extents = extents.extents.clone();
                Val::Array(Box::new(Arr { extents, held: Held::Fresh, ..array.clone() }))
            };
            self.set(x, with(a, b));
            self.set(y, with(b, a));
            return;
        }
        // What lies behind a reference has the shape it has.
        let (left, right) = (self.said(a), self.said(b));
        self.same_shape(&left, &right, span);
        let kept = self.copy_of(a, span);
        self.store_all(a, &Each::of(b.clone()), None, (&left, &right), span);
        self.store_all(b, &Each::of(kept), None, (&right, &left), span);
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
