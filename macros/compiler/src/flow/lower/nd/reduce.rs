//! Sums and means.

use super::check::Said;
use super::{Arr, Each, Of};
use crate::flow::ir::{Kind, V};
use crate::flow::lower::val::Val;
use crate::flow::lower::{Lowerer, Slot};
use crate::primitives::{self, Prim};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

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
    pub(super) fn spread_of(&mut self, val: Val, call: &ExprMethodCall, ddof: &Expr) -> Val {
        let span = call.method.span();
        let shown = Said::source(&call.receiver, &val);
        // The elements are looked at twice.
        let Some(array) = self.in_memory(val, span) else { return Val::Error };
        let ddof_val = self.expr(ddof);
        let Some(ddof) = self.scalar(ddof_val, ddof.span()) else { return Val::Error };
        let count = self.count_all(&array.extents, span);
        self.freedom(count, &array, &shown, ddof, span);
        self.spread(&array, call.method == "std", ddof, span)
    }

    /// The variance of all elements, or its root.
    pub(super) fn spread(&mut self, array: &Arr, root: bool, ddof: V, span: Span) -> Val {
        let each = Each::of(array.clone());
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
        let Some(variance) = self.arithmetic(&primitives::DIV, squares, by, span) else {
            return Val::Error;
        };
        if !root {
            return Val::Scalar(variance);
        }
        // Its derivative at zero is zero.
        let class = self.class(variance);
        let out = self.of_class("std", class, span);
        self.emit(Kind::Prim(out, &primitives::ROOT, vec![variance]), span);
        Val::Scalar(out)
    }
}
