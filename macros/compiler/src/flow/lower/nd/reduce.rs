//! Sums and means.

use super::{Arr, Each, Of};
use crate::flow::ir::{Kind, Mode, V};
use crate::flow::lower::val::Val;
use crate::flow::lower::{Lowerer, Slot};
use crate::primitives::{self, Prim};
use proc_macro2::Span;
use std::rc::Rc;
use syn::Expr;
use syn::spanned::Spanned;

impl<'a> Lowerer<'a> {
    pub(super) fn sum_of(&mut self, val: Val, span: Span) -> Val {
        match self.elements_of(val, span) {
            Some(each) => self.reduced(&each, 0.0, &primitives::ADD, span),
            None => Val::Error,
        }
    }

    pub(super) fn product_of(&mut self, val: Val, span: Span) -> Val {
        match self.elements_of(val, span) {
            Some(each) => self.reduced(&each, 1.0, &primitives::MUL, span),
            None => Val::Error,
        }
    }

    /// All elements, put together by an operation.
    pub(super) fn reduced(&mut self, each: &Each, start: f64, row: Prim, span: Span) -> Val {
        let zero = self.number(start, Slot::Unknown, span);
        let sum = self.variable("sum", Val::Scalar(zero), true);
        self.run_over(each, &[], span, &mut |this, v, _| this.put_in(sum, row, v, span));
        self.vars[sum].val.clone()
    }

    /// A variable gets what it holds and a value, put together.
    pub(super) fn put_in(&mut self, variable: usize, row: Prim, v: V, span: Span) {
        let Val::Scalar(old) = self.vars[variable].val else { return };
        if let Some(new) = self.arithmetic(row, old, v, span) {
            self.set(variable, Val::Scalar(new));
        }
    }

    /// A number of elements as a float of the type of another.
    pub(super) fn as_float_like(&mut self, count: V, like: V, span: Span) -> V {
        let class = self.class(like);
        let out = self.of_class("n", class, span);
        self.emit(Kind::Cast(out, count), span);
        out
    }

    /// `mean`: of no elements there is none.
    pub(super) fn mean_of(&mut self, val: Val, span: Span) -> Val {
        let Some(each) = self.elements_of(val, span) else { return Val::Error };
        let count = self.count_all(&each.extents, span);
        let zero = self.index(0, span);
        let tag = self.compare(">", count, zero, span);
        let some = match self.reduced(&each, 0.0, &primitives::ADD, span) {
            Val::Scalar(sum) => {
                let n = self.as_float_like(count, sum, span);
                match self.arithmetic(&primitives::DIV, sum, n, span) {
                    Some(mean) => Val::Scalar(mean),
                    None => Val::Error,
                }
            }
            val => val,
        };
        Val::option(tag, some)
    }

    /// `var`, `std`
    pub(super) fn spread_of(&mut self, val: Val, name: &str, ddof: &Expr, span: Span) -> Val {
        let Some(each) = self.elements_of(val, span) else { return Val::Error };
        // The elements are looked at twice.
        let array = self.in_memory(Val::Each(Rc::new(each)), span);
        let Some(array) = array else { return Val::Error };
        let each = Each::of(array);
        let ddof_val = self.expr(ddof);
        let Some(ddof) = self.scalar(ddof_val, ddof.span()) else { return Val::Error };
        let Val::Scalar(sum) = self.reduced(&each, 0.0, &primitives::ADD, span) else {
            return Val::Error;
        };
        let count = self.count_all(&each.extents, span);
        let n = self.as_float_like(count, sum, span);
        let Some(mean) = self.arithmetic(&primitives::DIV, sum, n, span) else {
            return Val::Error;
        };
        let extents = each.extents.clone();
        let one = |of: Of| Each { extents: extents.clone(), of };
        let off = one(Of::Prim(&primitives::SUB, vec![each.clone(), one(Of::One(mean))]));
        let square = one(Of::Prim(&primitives::MUL, vec![off.clone(), off]));
        let Val::Scalar(squares) = self.reduced(&square, 0.0, &primitives::ADD, span) else {
            return Val::Error;
        };
        let Some(by) = self.arithmetic(&primitives::SUB, n, ddof, span) else {
            return Val::Error;
        };
        match self.arithmetic(&primitives::DIV, squares, by, span) {
            Some(v) if name == "std" => {
                self.float_method("sqrt", &[v], span, &proc_macro2::Ident::new("sqrt", span))
            }
            Some(v) => Val::Scalar(v),
            None => Val::Error,
        }
    }

    /// `sum_axis`, `mean_axis`
    pub(super) fn along_axis(&mut self, array: &Arr, axis: usize, name: &str, span: Span) -> Val {
        if array.rank() < 2 {
            return self.error(span, format!("`{name}` of an array of rank 1 gives one of rank 0, which is not supported here: use `{}`", name.trim_end_matches("_axis")));
        }
        let zero = self.number(0.0, Slot::Unknown, span);
        let class = self.element_class(array);
        let own = self.class(zero);
        self.types.unify(own, class);
        let mut extents = array.extents.clone();
        let along = extents.remove(axis);
        let sums = self.filled_array("sums", zero, extents, span);
        let (of, to) = (array.clone(), sums.clone());
        self.nested(&array.extents.clone(), &mut vec![], span, &mut |this, at| {
            let place = this.element_place(&of, at, span);
            let v = this.read_place(place, crate::flow::lower::val::Held::Named, span);
            let Some(v) = this.scalar(v, span) else { return };
            let mut at = at.to_vec();
            at.remove(axis);
            let place = this.element_place(&to, &at, span);
            this.emit(Kind::Store(place, v, Mode::Add), span);
        });
        if name == "sum_axis" {
            return Val::Array(Box::new(sums));
        }
        let none = self.index(0, span);
        let tag = self.compare(">", along, none, span);
        let n = self.as_float_like(along, zero, span);
        let extents = sums.extents.clone();
        let count = Each { extents: extents.clone(), of: Of::One(n) };
        let mean = Of::Prim(&primitives::DIV, vec![Each::of(sums), count]);
        let mean = self.computed(&Each { extents, of: mean }, "mean", span);
        Val::option(tag, Val::Array(Box::new(mean)))
    }
}
