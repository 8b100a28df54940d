//! What is computed along an axis.

use super::check::Said;
use super::{Arr, Each};
use crate::flow::ir::{Kind, Mode, V};
use crate::flow::lower::loops::{Header, Run};
use crate::flow::lower::val::{Held, Val};
use crate::flow::lower::{Lowerer, Slot};
use crate::primitives;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

impl<'a> Lowerer<'a> {
    /// A method along an axis; nothing if it is no such method.
    pub(super) fn axis_method(&mut self, array: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let known = matches!(
            (name.as_str(), args.len()),
            ("sum_axis" | "mean_axis" | "product_axis" | "cumprod", 1)
                | ("var_axis" | "std_axis" | "map_axis" | "map_axis_mut", 2)
                | ("accumulate_axis_inplace", 2)
                | ("fold_axis", 3)
        );
        if !known {
            return None;
        }
        let Some(axis) = self.axis(args[0], array.rank()) else { return Some(Val::Error) };
        Some(match (name.as_str(), &args[1..]) {
            ("sum_axis", _) => Val::Array(Box::new(self.sums(array, axis, span))),
            ("mean_axis", _) => self.means(array, axis, span),
            ("product_axis", _) => {
                self.by_lanes(array, axis, "products", span, &mut |this, lane| {
                    this.reduced(&Each::of(lane), 1.0, &primitives::MUL, span)
                })
            }
            ("var_axis" | "std_axis", [ddof]) => {
                let val = self.expr(ddof);
                let Some(ddof) = self.scalar(val, ddof.span()) else { return Some(Val::Error) };
                let shown = Said::source(&call.receiver, &Val::Array(Box::new(array.clone())));
                let along = array.extents[axis];
                self.freedom(along, array, &shown, ddof, span);
                self.by_lanes(array, axis, "spread", span, &mut |this, lane| {
                    this.spread(&lane, name == "std_axis", ddof, span)
                })
            }
            ("map_axis" | "map_axis_mut", [f]) => {
                let f = self.function_value(f);
                let held = if name == "map_axis" { Held::Ref } else { Held::Mut };
                let array = Arr { held, ..array.clone() };
                self.by_lanes(&array, axis, "mapped", span, &mut |this, lane| {
                    this.apply(&f, vec![Val::Array(Box::new(lane))], span)
                })
            }
            ("fold_axis", [init, f]) => {
                let init = self.expr(init);
                let f = self.function_value(f);
                self.by_lanes(array, axis, "folded", span, &mut |this, lane| {
                    let it = this.elements_iterator(&lane, Held::Ref);
                    this.fold(&it, init.clone(), span, &mut |this, acc, item| {
                        this.apply(&f, vec![acc, item], span)
                    })
                })
            }
            ("accumulate_axis_inplace", [f]) => {
                let f = self.function_value(f);
                self.along_in_place(array, axis, span, &mut |this, before, current| {
                    this.apply(&f, vec![before, current], span);
                });
                Val::Unit
            }
            ("cumprod", _) => {
                let products = match array.held {
                    Held::Fresh if array.is_rows() => array.clone(),
                    _ => self.copy_of(array, span),
                };
                self.along_in_place(&products, axis, span, &mut |this, before, current| {
                    let Val::Place(place, _) = current else { return };
                    let own = this.read_place(place.clone(), Held::Named, span);
                    let (Some(a), Some(b)) = (this.scalar(before, span), this.scalar(own, span))
                    else {
                        return;
                    };
                    if let Some(v) = this.arithmetic(&primitives::MUL, a, b, span) {
                        this.emit(Kind::Store(place, v, Mode::Set), span);
                    }
                });
                Val::Array(Box::new(products))
            }
            _ => return None,
        })
    }

    /// An array of what a step gives for each lane along an axis.
    fn by_lanes(
        &mut self,
        array: &Arr,
        axis: usize,
        name: &str,
        span: Span,
        step: &mut dyn FnMut(&mut Self, Arr) -> Val,
    ) -> Val {
        let mut extents = array.extents.clone();
        extents.remove(axis);
        self.made_by(extents, name, span, &mut |this, at| {
            let lane = this.lane(array, axis, at, span);
            step(this, lane)
        })
    }

    /// Calls a step with what is at an index of an axis and the place behind it, from the first on.
    fn along_in_place(
        &mut self,
        array: &Arr,
        axis: usize,
        span: Span,
        step: &mut dyn FnMut(&mut Self, Val, Val),
    ) {
        let mut others = array.extents.clone();
        let along = others.remove(axis);
        let one = self.index(1, span);
        self.looped(Run::Range(one, along, false), &Header::default(), span, &mut |this, i| {
            let Some(i) = i else { return };
            let before = this.int_op("-", i, one, span);
            this.nested(&others, &mut vec![], span, &mut |this, at| {
                let (mut from, mut to) = (at.to_vec(), at.to_vec());
                from.insert(axis, before);
                to.insert(axis, i);
                let from = this.element_place(array, &from, span);
                let from = this.read_place(from, Held::Named, span);
                let to = this.element_place(array, &to, span);
                step(this, from, Val::Place(to, Held::Mut));
            });
        });
    }

    /// `sum_axis`
    fn sums(&mut self, array: &Arr, axis: usize, span: Span) -> Arr {
        let zero = self.number(0.0, Slot::Unknown, span);
        let class = self.element_class(array);
        let own = self.class(zero);
        self.types.unify(own, class);
        let mut extents = array.extents.clone();
        extents.remove(axis);
        let sums = self.filled_array("sums", zero, extents, span);
        let (of, to) = (array.clone(), sums.clone());
        self.nested(&array.extents.clone(), &mut vec![], span, &mut |this, at| {
            let place = this.element_place(&of, at, span);
            let v = this.read_place(place, Held::Named, span);
            let Some(v) = this.scalar(v, span) else { return };
            let mut at = at.to_vec();
            at.remove(axis);
            let place = this.element_place(&to, &at, span);
            this.emit(Kind::Store(place, v, Mode::Add), span);
        });
        sums
    }

    /// `mean_axis`: of no elements there is none.
    fn means(&mut self, array: &Arr, axis: usize, span: Span) -> Val {
        let along = array.extents[axis];
        let sums = self.sums(array, axis, span);
        let none = self.index(0, span);
        let tag = self.compare(">", along, none, span);
        let zero = self.number(0.0, Slot::Unknown, span);
        let class = self.element_class(&sums);
        let own = self.class(zero);
        self.types.unify(own, class);
        let n = self.as_float_like(along, zero, span);
        let extents = sums.extents.clone();
        let count = Self::everywhere(n, &extents);
        let mean = super::Of::Prim(&primitives::DIV, vec![Each::of(sums), count]);
        let mean = self.computed(&Each { extents, of: mean }, "mean", span);
        Val::option(tag, Val::Array(Box::new(mean)))
    }

    /// Panics where a variance does not exist.
    pub(super) fn freedom(&mut self, count: V, array: &Arr, shown: &Said<'_>, ddof: V, span: Span) {
        let class = self.element_class(array);
        let own = self.class(ddof);
        if !self.types.unify(own, class) {
            self.error(span, "`ddof` must be a float of the elements' type");
            return;
        }
        let n = self.as_float_like(count, ddof, span);
        let zero = self.number(0.0, Slot::Unknown, span);
        self.unify(zero, ddof);
        let above = self.compare(">=", ddof, zero, span);
        let fits = self.branch(
            above,
            span,
            |this| this.compare("<=", ddof, n, span),
            |_| Val::Bool(false),
        );
        self.check_freedom(fits, shown, ddof, span);
    }
}
