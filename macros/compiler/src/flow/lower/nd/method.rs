//! Methods of arrays.

use super::{Arr, Layout};
use crate::flow::lower::Lowerer;
use crate::flow::lower::iter::It;
use crate::flow::lower::val::{Held, Opt, Val};
use crate::primitives;
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

impl Lowerer<'_> {
    /// A method of an array, or of what is computed element by element.
    pub(in crate::flow::lower) fn array_method(&mut self, val: Val, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        // What needs no array in memory.
        match (name.as_str(), &args[..]) {
            ("mapv" | "map" | "mapv_into" | "mapv_into_any", [_]) => return self.mapped(val, call),
            ("sum", []) => return self.sum_of(val, span),
            ("product", []) => return self.product_of(val, span),
            ("mean", []) => return self.mean_of(val, span),
            ("std" | "var", [ddof]) => return self.spread_of(val, &name, ddof, span),
            ("dot", [other]) => {
                let other = self.expr(other);
                return self.dot(val, other, span);
            }
            (
                "len" | "is_empty" | "nrows" | "ncols" | "dim" | "shape" | "raw_dim" | "ndim"
                | "len_of",
                _,
            ) => {
                return self.extent_method(&val, call);
            }
            (method, _) if is_of_floats(method) => return self.method_of_elements(val, call),
            _ => {}
        }
        if let Some(val) = self.model_method(&val, call) {
            return val;
        }
        let Some(array) = self.in_memory(val, span) else { return Val::Error };
        if let Some(val) = self.changing_method(&array, call) {
            return val;
        }
        if let Some(val) = self.view_method(&array, call) {
            return val;
        }
        self.other_method(&array, call)
    }

    /// A method that gives extents.
    fn extent_method(&mut self, val: &Val, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let extents = match val {
            Val::Array(array) => array.extents.clone(),
            Val::Each(each) => each.extents.clone(),
            _ => return Val::Error,
        };
        let all = || -> Vec<Val> { extents.iter().map(|v| Val::Scalar(*v)).collect() };
        match (call.method.to_string().as_str(), extents.len()) {
            ("len", _) => Val::Scalar(self.count_all(&extents, span)),
            ("is_empty", _) => {
                let len = self.count_all(&extents, span);
                let zero = self.index(0, span);
                self.compare("==", len, zero, span)
            }
            ("nrows", 2) => Val::Scalar(extents[0]),
            ("ncols", 2) => Val::Scalar(extents[1]),
            ("dim" | "raw_dim", 1) => Val::Scalar(extents[0]),
            ("dim" | "raw_dim" | "shape", _) => Val::Tuple(all()),
            ("ndim", rank) => Val::Scalar(self.index(rank as i128, span)),
            ("len_of", rank) => match call.args.first().and_then(|arg| self.axis(arg, rank)) {
                Some(axis) => Val::Scalar(extents[axis]),
                None => Val::Error,
            },
            (name, _) => {
                self.error(&call.method, format!("`{name}` is a method of arrays of rank 2"))
            }
        }
    }

    /// `Axis(1)`
    pub(super) fn axis(&mut self, arg: &Expr, rank: usize) -> Option<usize> {
        let literal = |expr: &Expr| match expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => n.base10_parse::<usize>().ok(),
            _ => None,
        };
        let number = match arg {
            Expr::Call(call) => match (&*call.func, call.args.first()) {
                (Expr::Path(path), Some(n)) => {
                    let last = path.path.segments.last();
                    last.filter(|segment| segment.ident == "Axis").and_then(|_| literal(n))
                }
                _ => None,
            },
            _ => None,
        };
        match number {
            Some(axis) if axis < rank => Some(axis),
            Some(axis) => {
                self.error(arg, format!("there is no axis {axis}: the array has rank {rank}"));
                None
            }
            None => {
                self.error(
                    arg,
                    "the axis must be written out, `Axis(0)`: it has to be known while compiling",
                );
                None
            }
        }
    }

    /// A method that gives a part of an array; nothing if it is no such method.
    fn view_method(&mut self, array: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let mutable = name.ends_with("_mut");
        let held = match (mutable, array.held) {
            (true, _) => Held::Mut,
            (false, Held::Fresh) => Held::Ref,
            (false, Held::Mut) => Held::Ref,
            (false, held) if held == Held::Frozen || held == Held::Named => Held::Ref,
            (false, held) => held,
        };
        let base = Arr { held, ..array.clone() };
        let view = |array: Arr| Some(Val::Array(Box::new(array)));
        let rank = array.rank();
        match (name.as_str(), &args[..]) {
            ("view" | "view_mut" | "by_ref" | "as_ref" | "borrow", []) => view(base),
            ("t", []) => {
                let order: Vec<usize> = (0..rank).rev().collect();
                let array = self.permuted(&base, &order, span);
                view(array)
            }
            ("reversed_axes", []) => {
                let order: Vec<usize> = (0..rank).rev().collect();
                let of = Arr { held: Held::Ref, ..array.clone() };
                let array = self.permuted(&of, &order, span);
                view(array)
            }
            ("row" | "row_mut" | "column" | "column_mut", [at]) if rank == 2 => {
                let axis = usize::from(name.starts_with("column"));
                let Some(at) = self.index_value(at) else { return Some(Val::Error) };
                self.check_index(at, array.extents[axis], span);
                let array = self.sub_array(&base, axis, at, span);
                view(array)
            }
            ("index_axis" | "index_axis_mut" | "index_axis_move", [axis, at]) if rank > 1 => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let Some(at) = self.index_value(at) else { return Some(Val::Error) };
                self.check_index(at, array.extents[axis], span);
                let array = self.sub_array(&base, axis, at, span);
                view(array)
            }
            ("slice" | "slice_mut" | "slice_move", [arg]) => match self.sliced(&base, arg) {
                Some(array) if array.rank() == 0 => Some(self.error(
                    *arg,
                    "a slice without a range is a single element: index it, `x[[i, j]]`",
                )),
                Some(array) => view(array),
                None => Some(Val::Error),
            },
            ("insert_axis", [axis]) => {
                let Some(axis) = self.axis(axis, rank + 1) else { return Some(Val::Error) };
                let mut of = base;
                let one = self.index(1, span);
                of.extents.insert(axis, one);
                if let Layout::Strided(_, steps) = &mut of.layout {
                    let stride = self.index(0, span);
                    steps.insert(axis, super::Step { stride, back: false });
                }
                view(of)
            }
            ("permuted_axes", [order]) => {
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
                match valid {
                    Some(list) => {
                        let array = self.permuted(&base, &list, span);
                        view(array)
                    }
                    None => Some(self.error(*order, "write the order of the axes out, `[1, 0]`")),
                }
            }
            (
                "rows" | "rows_mut" | "outer_iter" | "outer_iter_mut" | "axis_iter"
                | "axis_iter_mut" | "columns" | "columns_mut" | "lanes",
                _,
            ) => {
                let axis = match (name.trim_end_matches("_mut"), &args[..]) {
                    ("outer_iter", []) => 0,
                    ("rows", []) if rank == 2 => 0,
                    ("columns", []) if rank == 2 => 1,
                    ("axis_iter", [axis]) => match self.axis(axis, rank) {
                        Some(axis) => axis,
                        None => return Some(Val::Error),
                    },
                    ("lanes", [axis]) if rank == 2 => match self.axis(axis, rank) {
                        // Lanes lie along the axis: one for each index of the other.
                        Some(axis) => 1 - axis,
                        None => return Some(Val::Error),
                    },
                    _ => return None,
                };
                Some(Val::Iter(Rc::new(It::Parts(Rc::new(base), axis))))
            }
            ("iter" | "iter_mut" | "into_iter", []) => {
                let held = match name.as_str() {
                    "iter_mut" => Held::Mut,
                    "iter" => Held::Ref,
                    _ if array.held == Held::Mut => Held::Mut,
                    _ => Held::Ref,
                };
                Some(Val::Iter(self.elements_iterator(array, held)))
            }
            ("indexed_iter" | "indexed_iter_mut", []) => {
                Some(Val::Iter(Rc::new(It::Indexed(Rc::new(base)))))
            }
            ("first" | "last", []) if rank == 1 && array.is_rows() => {
                Some(self.memory_method(array.place.clone(), Held::Ref, call))
            }
            _ => None,
        }
    }

    fn other_method(&mut self, array: &Arr, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        match (name.as_str(), &args[..]) {
            ("to_owned" | "clone" | "into_owned" | "to_vec" | "as_standard_layout", []) => {
                // Views are copied by their description.
                if name == "clone"
                    && matches!(array.held, Held::Ref)
                    && !array.place.proj.is_empty()
                {
                    return Val::Array(Box::new(array.clone()));
                }
                let copy = match array.held {
                    Held::Fresh => array.clone(),
                    _ => self.copy_of(array, span),
                };
                match name.as_str() {
                    "to_vec" => Val::Place(copy.place, Held::Fresh),
                    _ => Val::Array(Box::new(copy)),
                }
            }
            ("as_slice" | "as_slice_mut", []) if array.is_rows() => {
                let held = if name == "as_slice" { Held::Ref } else { Held::Mut };
                Val::option(Val::Bool(true), Val::Place(array.place.clone(), held))
            }
            ("sum_axis" | "mean_axis", [axis]) => {
                let Some(axis) = self.axis(axis, array.rank()) else { return Val::Error };
                self.along_axis(array, axis, &name, span)
            }
            ("fold", [init, f]) => {
                let init = self.expr(init);
                let f = self.function_value(f);
                let it = self.elements_iterator(array, Held::Ref);
                self.fold(&it, init, span, &mut |this, acc, item| {
                    this.apply(&f, vec![acc, item], span)
                })
            }
            ("for_each", [f]) => {
                let f = self.function_value(f);
                self.each_element(array, Held::Ref, &f, span);
                Val::Unit
            }
            ("diag", []) if array.rank() == 2 => self.diagonal(array, span),
            ("into_shape_with_order" | "to_shape" | "into_shape", [shape]) => {
                let shape = self.expr(shape);
                let Some(extents) = self.shape(shape, None, span) else { return Val::Error };
                let rows = match array.is_rows() {
                    true => array.clone(),
                    false => self.copy_of(array, span),
                };
                let (have, want) =
                    (self.count_all(&rows.extents, span), self.count_all(&extents, span));
                let tag = self.compare("==", have, want, span);
                let some = Val::Array(Box::new(Arr { extents, ..rows }));
                Val::Opt(Box::new(Opt { result: true, tag, some, err: Val::Undef }))
            }
            ("get", [index]) => {
                // Not there where an index is too large.
                let Some(at) = self.indices_of(array, index) else { return Val::Error };
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
                Val::option(tag, Val::Place(place, Held::Ref))
            }
            _ => {
                let what = match name.as_str() {
                    "iter_axis" | "map_axis" | "fold_axis" | "select" | "broadcast" => {
                        "write a loop over the rows or elements"
                    }
                    "max" | "min" | "argmax" => {
                        "write a loop over the elements, or `fold` with `f64::max`"
                    }
                    _ => "write a loop over the elements",
                };
                self.error(&call.method, format!("`{name}` of an array is not supported in a function with loops or conditions: {what}"))
            }
        }
    }

    fn indices_of(&mut self, array: &Arr, index: &Expr) -> Option<Vec<crate::flow::ir::V>> {
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

    fn diagonal(&mut self, array: &Arr, span: proc_macro2::Span) -> Val {
        let n = match self.is_same(array.extents[0], array.extents[1]) {
            true => array.extents[0],
            false => self.index_method("min", array.extents[0], array.extents[1], span),
        };
        let (offset, steps) = self.strided(array, span);
        if steps.iter().any(|step| step.back) {
            return self.error(
                span,
                "`diag` of a reversed view is not supported here: write a loop over the elements",
            );
        }
        let stride = self.plus(steps[0].stride, steps[1].stride, span);
        let held = Arr { held: Held::Ref, ..array.clone() };
        let step = super::Step { stride, back: false };
        Val::Array(Box::new(self.view(&held, vec![n], offset, vec![step], span)))
    }
}

fn axis_number(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => n.base10_parse().ok(),
        _ => None,
    }
}

/// Whether a method of floats is one of arrays too, element by element.
fn is_of_floats(name: &str) -> bool {
    primitives::method(name).is_some()
        && !matches!(
            name,
            "max" | "min" | "product" | "sum" | "add" | "sub" | "mul" | "div" | "neg"
        )
}
