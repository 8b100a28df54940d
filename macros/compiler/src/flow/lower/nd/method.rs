//! Methods of arrays.

use super::{Arr, Each, Of};
use crate::flow::ir::V;
use crate::flow::lower::Lowerer;
use crate::flow::lower::val::{Held, Val};
use crate::primitives;
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
            ("std" | "var", [ddof]) => return self.spread_of(val, call, ddof),
            ("dot", [other]) => {
                let right = self.expr(other);
                return self.dot(val, right, (&call.receiver, other), span);
            }
            (
                "len" | "is_empty" | "nrows" | "ncols" | "dim" | "shape" | "raw_dim" | "ndim"
                | "len_of" | "is_square",
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
        if let Some(val) = self.relaid(&array, call) {
            return val;
        }
        if let Some(val) = self.view_method(&array, call) {
            return val;
        }
        if let Some(val) = self.axis_method(&array, call) {
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
            ("is_square", 2) => self.compare("==", extents[0], extents[1], span),
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
                    Held::Fresh if array.is_rows() => array.clone(),
                    _ => self.copy_of(array, span),
                };
                match name.as_str() {
                    "to_vec" => Val::Place(copy.place, Held::Fresh),
                    _ => Val::Array(Box::new(copy)),
                }
            }
            (
                "as_slice" | "as_slice_mut" | "as_slice_memory_order" | "as_slice_memory_order_mut",
                [],
            ) if array.is_rows() => {
                let held = if name.ends_with("mut") { Held::Mut } else { Held::Ref };
                Val::option(Val::Bool(true), Val::Place(array.place.clone(), held))
            }
            ("into_scalar", []) if array.rank() == 0 => {
                let place = self.element_place(array, &[], span);
                self.read_place(place, Held::Named, span)
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
            ("select", [axis, indices]) => self.selected(array, axis, indices, span),
            _ => {
                let instead = match name.as_str() {
                    "max" | "min" | "argmax" | "argmin" => {
                        "write a loop over the elements, or `fold` with `f64::max`"
                    }
                    "into_raw_vec_and_offset" | "into_raw_vec" => {
                        "take the elements in row-major order, `to_vec()` or `iter()`"
                    }
                    "uget" | "uget_mut" | "get_ptr" | "get_mut_ptr" | "as_ptr" | "as_mut_ptr"
                    | "raw_view" | "raw_view_mut" | "uswap" => {
                        "chainrule reads safe Rust only; index the array, `x[[i, j]]`"
                    }
                    "as_slice"
                    | "as_slice_mut"
                    | "as_slice_memory_order"
                    | "as_slice_memory_order_mut" => {
                        "this view may have gaps; copy it first, `to_owned()`, or index it"
                    }
                    "multi_slice_mut" => {
                        "take one `slice_mut` after the other, or `view_mut().split_at(Axis(0), k)`"
                    }
                    "into_dyn" | "into_dimensionality" => {
                        "the rank has to be known while compiling; write it out in the type"
                    }
                    "cell_view" | "to_shared" | "into_shared" => {
                        "take `view()`, or `view_mut()` to change elements"
                    }
                    "strides" | "stride_of" | "is_standard_layout" | "merge_axes" | "axes"
                    | "min_stride_axis" | "max_stride_axis" => {
                        "derivatives do not depend on the memory layout; write it without"
                    }
                    "slice_each_axis" | "slice_each_axis_mut" | "slice_each_axis_inplace" => {
                        "write the slice out, `slice(s![1.., 1..])`"
                    }
                    "par_map_collect" | "par_for_each" | "par_mapv_inplace" | "into_par_iter" => {
                        "leave the `par_` away"
                    }
                    "partition" | "sort_axis_by" => {
                        "sort a list of indices and gather through it, `select(Axis(0), &order)`"
                    }
                    "insert_axis" | "remove_index" => "build the array anew, by `concatenate!`",
                    _ => "write a loop over the elements",
                };
                self.error(&call.method, format!("`{name}` of an array is not supported in a function with loops or conditions: {instead}"))
            }
        }
    }

    /// A new array whose elements are what a step gives at their indices.
    pub(super) fn made_by(
        &mut self,
        extents: Vec<V>,
        name: &str,
        span: proc_macro2::Span,
        step: &mut dyn FnMut(&mut Self, &[V]) -> Val,
    ) -> Val {
        let zero = self.number(0.0, crate::flow::lower::Slot::Unknown, span);
        let array = self.filled_array(name, zero, extents.clone(), span);
        let of = array.clone();
        self.nested(&extents, &mut vec![], span, &mut |this, at| {
            let val = step(this, at);
            let Some(v) = this.scalar(val, span) else { return };
            if !this.unify(zero, v) {
                this.error(span, "this must give a number or a condition, always of one type");
            }
            let place = this.element_place(&of, at, span);
            this.emit(crate::flow::ir::Kind::Store(place, v, crate::flow::ir::Mode::Set), span);
        });
        Val::Array(Box::new(array))
    }

    /// A number as an array of any shape.
    pub(super) fn everywhere(v: V, extents: &[V]) -> Each {
        Each { extents: extents.to_vec(), of: Of::One(v) }
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
