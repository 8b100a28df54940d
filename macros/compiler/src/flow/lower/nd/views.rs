//! Methods that give a part of an array, or its elements in another shape.

use super::{Arr, Layout, Step};
use crate::flow::ir::V;
use crate::flow::lower::Lowerer;
use crate::flow::lower::iter::It;
use crate::flow::lower::place::Lv;
use crate::flow::lower::val::{Held, Opt, Val};
use proc_macro2::Span;
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

/// In which order elements are read and put down again.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Rows,
    Columns,
}

impl Lowerer<'_> {
    /// A method that gives a part of an array; nothing if it is no such method.
    pub(super) fn view_method(&mut self, array: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let mutable = name.ends_with("_mut") || (array.held == Held::Mut && is_moved(&name));
        let base = Arr { held: if mutable { Held::Mut } else { Held::Ref }, ..array.clone() };
        // What is moved into another form is owned as before.
        let owner = match array.held {
            Held::Ref | Held::Mut => None,
            held => is_moved(&name).then_some(held),
        };
        let view = |array: Arr| {
            let held = owner.unwrap_or(array.held);
            Some(Val::Array(Box::new(Arr { held, ..array })))
        };
        let rank = array.rank();
        if let Some(parts) = self.parts_method(&base, call) {
            return Some(parts);
        }
        match (name.as_str(), &args[..]) {
            (
                "view" | "view_mut" | "by_ref" | "as_ref" | "borrow" | "reborrow" | "into_view"
                | "into_view_mut",
                [],
            ) => view(base),
            ("t" | "reversed_axes", []) => {
                let order: Vec<usize> = (0..rank).rev().collect();
                let array = self.permuted(&base, &order, span);
                view(array)
            }
            ("row" | "row_mut" | "column" | "column_mut", [at]) if rank == 2 => {
                let axis = usize::from(name.starts_with("column"));
                {
                    let Some(at) = self.index_value(at) else { return Some(Val::Error) };
                    self.check_index(at, &base, axis, span);
                    let array = self.sub_array(&base, axis, at, span);
                    view(array)
                }
            }
            ("index_axis" | "index_axis_mut" | "index_axis_move", [axis, at]) if rank > 0 => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                {
                    let Some(at) = self.index_value(at) else { return Some(Val::Error) };
                    self.check_index(at, &base, axis, span);
                    let array = self.sub_array(&base, axis, at, span);
                    view(array)
                }
            }
            ("slice" | "slice_mut" | "slice_move", [arg]) => match self.sliced(&base, arg) {
                Some(array) => view(array),
                None => Some(Val::Error),
            },
            ("slice_axis" | "slice_axis_mut" | "slice_axis_move", [axis, slice]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                match self.sliced_axis(&base, axis, slice) {
                    Some(array) => view(array),
                    None => Some(Val::Error),
                }
            }
            ("split_at", [axis, at]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let Some(at) = self.index_value(at) else { return Some(Val::Error) };
                let all = array.extents[axis];
                let inside = self.compare("<=", at, all, span);
                self.check_slice(inside, array, (axis, "split_at"), span);
                let zero = self.index(0, span);
                let rest = self.int_op("-", all, at, span);
                let half = |this: &mut Self, from: V, len: V| {
                    let mut taken = vec![None; rank];
                    taken[axis] = Some((from, len));
                    Val::Array(Box::new(this.sub_block(&base, &taken, span)))
                };
                let (a, b) = (half(self, zero, at), half(self, at, rest));
                Some(Val::Tuple(vec![a, b]))
            }
            ("insert_axis", [axis]) => {
                let Some(axis) = self.axis(axis, rank + 1) else { return Some(Val::Error) };
                let array = self.with_axis(&base, axis, span);
                view(array)
            }
            ("remove_axis", [axis]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let zero = self.index(0, span);
                let array = self.sub_array(&base, axis, zero, span);
                view(array)
            }
            ("permuted_axes", [order]) => {
                let order = self.order_of_axes(order, rank);
                match order {
                    Some(order) => {
                        let array = self.permuted(&base, &order, span);
                        view(array)
                    }
                    None => Some(Val::Error),
                }
            }
            ("diag" | "diag_mut" | "into_diag", []) if rank > 0 => self.diagonal(&base, span),
            ("broadcast", [shape]) => {
                let shape = self.expr(shape);
                let Some(to) = self.shape(shape, None, span) else { return Some(Val::Error) };
                if to.len() < rank {
                    return Some(Val::option(Val::Bool(false), Val::Undef));
                }
                let tag = self.is_stretched(&array.extents, &to, span);
                let array = self.stretched_view(&base, &to, span);
                Some(Val::option(tag, Val::Array(Box::new(array))))
            }
            (
                "into_shape_with_order"
                | "to_shape"
                | "into_shape"
                | "into_shape_clone"
                | "reshape",
                [shape],
            ) => {
                let (shape, order) = with_order(shape);
                let Some(order) = order else {
                    return Some(self.error(shape, "write the order of the elements out: `Order::RowMajor` or `Order::ColumnMajor`"));
                };
                let shape = self.expr(shape);
                let Some(extents) = self.shape(shape, None, span) else { return Some(Val::Error) };
                Some(self.reshaped(array, extents, order, &name, span))
            }
            ("flatten" | "into_flat" | "flatten_with_order", rest) if rest.len() < 2 => {
                let order = match rest {
                    [] => Order::Rows,
                    [order, ..] => match order_named(order) {
                        Some(order) => order,
                        None => return Some(self.error(*order, "write the order of the elements out: `Order::RowMajor` or `Order::ColumnMajor`")),
                    },
                };
                let all = self.count_all(&array.extents, span);
                match self.reshaped(array, vec![all], order, &name, span) {
                    Val::Opt(opt) => Some(opt.some),
                    val => Some(val),
                }
            }
            ("iter" | "iter_mut" | "into_iter", []) => {
                let held = if mutable { Held::Mut } else { Held::Ref };
                Some(Val::Iter(self.elements_iterator(array, held)))
            }
            ("indexed_iter" | "indexed_iter_mut", []) => {
                Some(Val::Iter(Rc::new(It::Indexed(Rc::new(base)))))
            }
            ("first" | "last" | "first_mut" | "last_mut", []) => {
                let zero = self.index(0, span);
                let count = self.count_all(&array.extents, span);
                let tag = self.compare(">", count, zero, span);
                let at: Vec<V> = match name.starts_with("first") {
                    true => vec![zero; rank],
                    false => {
                        let one = self.index(1, span);
                        let last =
                            |extent: &V| self.index_method("saturating_sub", *extent, one, span);
                        array.extents.iter().map(last).collect()
                    }
                };
                let place = self.element_place(array, &at, span);
                Some(Val::option(tag, Val::Place(place, base.held)))
            }
            ("get" | "get_mut", [index]) => {
                // Not there where an index is too large.
                let Some(at) = self.indices_of(array, index) else { return Some(Val::Error) };
                let mut tag = Val::Bool(true);
                for (at, extent) in at.iter().zip(&array.extents) {
                    let (at, extent) = (*at, *extent);
                    tag = self.branch(
                        tag,
                        span,
                        |this| this.compare("<", at, extent, span),
                        |_| Val::Bool(false),
                    );
                }
                let place = self.element_place(array, &at, span);
                Some(Val::option(tag, Val::Place(place, base.held)))
            }
            _ => None,
        }
    }

    /// An array with one more axis, of one element.
    pub(super) fn with_axis(&mut self, array: &Arr, axis: usize, span: Span) -> Arr {
        let mut of = array.clone();
        let one = self.index(1, span);
        of.extents.insert(axis, one);
        if let Layout::Strided(_, steps) = &mut of.layout {
            let stride = self.index(0, span);
            steps.insert(axis, Step { stride, back: false });
        }
        of
    }

    /// `[1, 0]`
    pub(super) fn order_of_axes(&mut self, order: &Expr, rank: usize) -> Option<Vec<usize>> {
        let list: Option<Vec<usize>> = match order {
            Expr::Array(list) => list.elems.iter().map(axis_number).collect(),
            Expr::Tuple(list) => list.elems.iter().map(axis_number).collect(),
            _ => None,
        };
        let valid = list.filter(|list| {
            let mut sorted = list.clone();
            sorted.sort_unstable();
            sorted.into_iter().eq(0..rank)
        });
        if valid.is_none() {
            self.error(order, "write the order of the axes out, each once: `[1, 0]`");
        }
        valid
    }

    /// An array in another shape, or nothing where the numbers of elements differ.
    fn reshaped(
        &mut self,
        array: &Arr,
        extents: Vec<V>,
        order: Order,
        method: &str,
        span: Span,
    ) -> Val {
        // Read by columns it is its transpose read by rows; put down by columns likewise.
        let read = match order {
            Order::Rows => array.clone(),
            Order::Columns => {
                let back: Vec<usize> = (0..array.rank()).rev().collect();
                let of = Arr { held: Held::Ref, ..array.clone() };
                self.permuted(&of, &back, span)
            }
        };
        let exclusive = array.held == Held::Mut && is_moved(method);
        if exclusive && !read.is_rows() {
            return self.error(span, format!("`{method}` of an exclusive view with gaps or in another order is not supported: write to the array itself"));
        }
        let rows = match method {
            "into_shape_clone" => self.copy_of(&read, span),
            _ if !read.is_rows() => self.copy_of(&read, span),
            "to_shape" | "flatten" | "flatten_with_order" if read.held != Held::Fresh => {
                Arr { held: Held::Ref, ..read }
            }
            _ => read,
        };
        let (have, want) = (self.count_all(&rows.extents, span), self.count_all(&extents, span));
        let tag = match self.is_same(have, want) {
            true => Val::Bool(true),
            false => self.compare("==", have, want, span),
        };
        let shaped = match order {
            Order::Rows => Arr { extents, ..rows },
            Order::Columns => {
                let back: Vec<usize> = (0..extents.len()).rev().collect();
                let extents = extents.into_iter().rev().collect();
                let shaped = self.permuted(&Arr { extents, ..rows }, &back, span);
                match shaped.is_rows() {
                    true => shaped,
                    false => self.copy_of(&shaped, span),
                }
            }
        };
        let some = Val::Array(Box::new(shaped));
        Val::Opt(Box::new(Opt { result: true, tag, some, err: Val::Undef }))
    }

    /// Whether an array of these extents broadcasts to others.
    pub(super) fn is_stretched(&mut self, have: &[V], to: &[V], span: Span) -> Val {
        let mut fits = Val::Bool(true);
        let skipped = to.len().saturating_sub(have.len());
        for (have, want) in have.iter().zip(&to[skipped..]) {
            if self.is_same(*have, *want) || self.known.get(have) == Some(&1) {
                continue;
            }
            let (have, want) = (*have, *want);
            fits = self.branch(
                fits,
                span,
                |this| {
                    let same = this.compare("==", have, want, span);
                    this.branch(
                        same,
                        span,
                        |_| Val::Bool(true),
                        |this| {
                            let one = this.index(1, span);
                            this.compare("==", have, one, span)
                        },
                    )
                },
                |_| Val::Bool(false),
            );
        }
        fits
    }

    fn indices_of(&mut self, array: &Arr, index: &Expr) -> Option<Vec<V>> {
        let parts: Vec<&Expr> = match index {
            Expr::Array(list) => list.elems.iter().collect(),
            Expr::Tuple(tuple) => tuple.elems.iter().collect(),
            other => vec![other],
        };
        if parts.len() != array.rank() {
            let rank = array.rank();
            self.error(index, format!("an array of rank {rank} takes {rank} indices here"));
            return None;
        }
        parts.into_iter().map(|part| self.index_value(part)).collect()
    }

    fn diagonal(&mut self, array: &Arr, span: Span) -> Option<Val> {
        let mut extents = array.extents.iter().copied();
        let first = extents.next()?;
        let n = extents.fold(first, |n, extent| match self.is_same(n, extent) {
            true => n,
            false => self.index_method("min", n, extent, span),
        });
        let (mut offset, steps) = self.strided(array, span);
        let back = steps[0].back;
        if steps.iter().any(|step| step.back != back) {
            if array.held == Held::Mut {
                return Some(self.error(
                    span,
                    "the diagonal of a view with a reversed axis cannot be written here: write a loop over the elements",
                ));
            }
            return Some(self.gathered_diagonal(array, n, span));
        }
        let mut stride = steps[0].stride;
        for step in &steps[1..] {
            stride = self.plus(stride, step.stride, span);
        }
        if back {
            // The last of the diagonal is that many from the last of the axis.
            for (step, extent) in steps.iter().zip(&array.extents) {
                let left = self.index_method("saturating_sub", *extent, n, span);
                let distance = self.times(left, step.stride, span);
                offset = self.plus(offset, distance, span);
            }
        }
        let step = Step { stride, back };
        Some(Val::Array(Box::new(self.view(array, vec![n], offset, vec![step], span))))
    }

    fn gathered_diagonal(&mut self, array: &Arr, n: V, span: Span) -> Val {
        let index: Vec<usize> = vec![0; array.rank()];
        self.made_by(vec![n], "diag", span, &mut |this, at| {
            let at: Vec<V> = index.iter().map(|axis| at[*axis]).collect();
            let place = this.element_place(array, &at, span);
            this.read_place(place, Held::Named, span)
        })
    }

    /// A method that changes how an array's own axes lie; nothing if it is no such method.
    pub(super) fn relaid(&mut self, array: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let rank = array.rank();
        let held = if array.held == Held::Mut { Held::Mut } else { Held::Ref };
        let base = Arr { held, ..array.clone() };
        let new = match (name.as_str(), &args[..]) {
            ("swap_axes", [a, b]) => match (axis_number(a), axis_number(b)) {
                (Some(a), Some(b)) if a < rank && b < rank => {
                    let mut order: Vec<usize> = (0..rank).collect();
                    order.swap(a, b);
                    self.permuted(&base, &order, span)
                }
                _ => {
                    return Some(self.error(
                        &call.method,
                        format!(
                            "the axes must be written out, two of 0 to {}",
                            rank.saturating_sub(1)
                        ),
                    ));
                }
            },
            ("permute_axes", [order]) => match self.order_of_axes(order, rank) {
                Some(order) => self.permuted(&base, &order, span),
                None => return Some(Val::Error),
            },
            ("reverse_axes", []) => {
                let order: Vec<usize> = (0..rank).rev().collect();
                self.permuted(&base, &order, span)
            }
            ("invert_axis", [axis]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let (offset, mut steps) = self.strided(&base, span);
                steps[axis].back = !steps[axis].back;
                self.view(&base, base.extents.clone(), offset, steps, span)
            }
            ("slice_collapse", [arg]) => self.sliced_keeping(&base, arg)?,
            ("slice_axis_inplace", [axis, slice]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                match self.sliced_axis(&base, axis, slice) {
                    Some(array) => array,
                    None => return Some(Val::Error),
                }
            }
            ("collapse_axis", [axis, at]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let Some(at) = self.index_value(at) else { return Some(Val::Error) };
                self.check_index(at, array, axis, span);
                let one = self.index(1, span);
                let mut taken = vec![None; rank];
                taken[axis] = Some((at, one));
                self.sub_block(&base, &taken, span)
            }
            _ => return None,
        };
        Some(self.relay(array, new, call))
    }

    /// A variable's array gets another layout: a view becomes another view, an array of its own is
    /// put down in the new order.
    fn relay(&mut self, old: &Arr, new: Arr, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = &call.method;
        let Some(lv @ Lv::Var(..)) = self.lvalue(&call.receiver) else {
            return self.error(
                name,
                format!(
                    "`{name}` changes what a variable holds: bind the array with `let mut` first"
                ),
            );
        };
        match old.held {
            Held::Ref | Held::Mut => {
                let origin = self.program.at(old.place.mem).origin;
                let whole = old.place.proj.is_empty() && old.is_rows();
                if old.held == Held::Mut && whole && origin == crate::flow::ir::Origin::Exclusive {
                    return self.error(name, format!("`{name}` of an array behind `&mut` is not supported: call it on a view, `let mut v = x.view_mut();`"));
                }
                let Lv::Var(id, path) = lv else { return Val::Error };
                let whole = self.vars[id].val.clone();
                self.set(id, whole.with(&path, Val::Array(Box::new(new))));
            }
            _ => {
                let copy = self.copy_of(&new, span);
                self.write(lv, Val::Array(Box::new(copy)), span);
            }
        }
        Val::Unit
    }
}

/// Whether a method gives an exclusive view of what is one, without saying so by its name.
fn is_moved(name: &str) -> bool {
    matches!(
        name,
        "into_iter"
            | "split_at"
            | "index_axis_move"
            | "slice_move"
            | "slice_axis_move"
            | "insert_axis"
            | "remove_axis"
            | "permuted_axes"
            | "reversed_axes"
            | "into_diag"
            | "into_shape_with_order"
            | "into_shape"
            | "into_view_mut"
            | "by_ref"
    )
}

fn axis_number(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => n.base10_parse().ok(),
        _ => None,
    }
}

/// `((n, m), Order::C)` as shape and order; no order where it is a variable.
fn with_order(shape: &Expr) -> (&Expr, Option<Order>) {
    if let Expr::Tuple(tuple) = shape
        && let (2, Some(last)) = (tuple.elems.len(), tuple.elems.last())
        && let Expr::Path(path) = last
        && path.path.segments.iter().any(|segment| segment.ident == "Order")
    {
        return (&tuple.elems[0], order_named(last));
    }
    (shape, Some(Order::Rows))
}

fn order_named(expr: &Expr) -> Option<Order> {
    let Expr::Path(path) = expr else { return None };
    match path.path.segments.last()?.ident.to_string().as_str() {
        "C" | "RowMajor" => Some(Order::Rows),
        "F" | "ColumnMajor" => Some(Order::Columns),
        _ => None,
    }
}
