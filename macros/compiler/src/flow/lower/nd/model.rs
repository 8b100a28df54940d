//! What model code wants and ndarray lacks: the methods of `chainrule::tensor::TensorExt`.
//!
//! Each is written as a user would write it, in Rust, for the rank at hand; the source is lowered
//! like any closure, so that no stage knows of these methods.

use super::{Arr, windows};
use crate::flow::lower::val::{Closure, Val};
use crate::flow::lower::{Lowerer, Slot};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

impl Lowerer<'_> {
    /// A method of `TensorExt`; nothing if it is none.
    pub(super) fn model_method(&mut self, val: &Val, call: &ExprMethodCall) -> Option<Val> {
        // Names in our source are those of generated code, wherever the method is called.
        let span = Span::call_site().located_at(call.method.span());
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        if let (Some(element), []) = (of_element(&name, span), &args[..]) {
            let f = self.source(element, span);
            return Some(self.each_applied(val.clone(), f, span));
        }
        match (name.as_str(), &args[..]) {
            ("leaky_relu", [slope]) => {
                let slope = self.expr(slope);
                let given = self.source(
                    quote_spanned!(span=> |slope| move |x| ::chainrule::rt::leaky_relu(x, slope)),
                    span,
                );
                let f = self.apply(&given, vec![slope], span);
                Some(self.each_applied(val.clone(), f, span))
            }
            ("norm_l1", []) => Some(self.all_of(val, quote_spanned!(span=> |x| x.abs()), span)),
            ("norm_l2", []) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let array = Val::Array(Box::new(array));
                let squares = self.all_of(&array, quote_spanned!(span=> |x| x * x), span);
                let root = self.source(quote_spanned!(span=> |s| ::chainrule::rt::root(s)), span);
                Some(self.apply(&root, vec![squares], span))
            }
            ("softmax" | "log_softmax" | "log_sum_exp", [axis]) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let Some(axis) = self.axis(axis, array.rank()) else { return Some(Val::Error) };
                let lanes = Lanes { rank: array.rank(), axis, span };
                let source = match name.as_str() {
                    "softmax" => lanes.softmax(),
                    "log_softmax" => lanes.log_softmax(),
                    _ => lanes.log_sum_exp(),
                };
                Some(self.of_array(array, source, vec![], span))
            }
            ("cross_entropy", [targets]) => {
                let targets = self.expr(targets);
                let pair = (self.in_memory(val.clone(), span), self.in_memory(targets, span));
                let (Some(array), Some(targets)) = pair else { return Some(Val::Error) };
                let rank = array.rank();
                if rank == 0 || targets.rank() != rank {
                    return Some(self.error(span, "`cross_entropy` takes an array of the same shape: the probability of each class"));
                }
                let (left, right) = (self.said(&array), self.said(&targets));
                self.same_shape(&left, &right, span);
                let rows = self.count_all(&array.extents[..rank - 1], span);
                let rows = self.count_like(rows, &array, span);
                let source = Lanes { rank, axis: rank - 1, span }.cross_entropy();
                let args = vec![Val::Array(Box::new(targets)), rows];
                Some(self.of_array(array, source, args, span))
            }
            ("max_axis" | "min_axis" | "argmax_axis" | "argmin_axis", [axis]) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let Some(axis) = self.axis(axis, array.rank()) else { return Some(Val::Error) };
                let lanes = Lanes { rank: array.rank(), axis, span };
                Some(self.of_array(array, lanes.extreme(&name), vec![], span))
            }
            ("gather", [axis, index]) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let Some(axis) = self.axis(axis, array.rank()) else { return Some(Val::Error) };
                let lanes = Lanes { rank: array.rank(), axis, span };
                let index = self.expr(index);
                Some(self.of_array(array, lanes.gather(), vec![index], span))
            }
            ("where_select", [mask, other]) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let (mask, other) = (self.expr(mask), self.expr(other));
                let source = Lanes { rank: array.rank(), axis: array.rank(), span }.select();
                Some(self.of_array(array, source, vec![mask, other], span))
            }
            ("layer_norm", [scale, shift, epsilon]) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let rank = array.rank();
                let Some(last) = rank.checked_sub(1) else {
                    return Some(
                        self.error(span, "`layer_norm` takes arrays of at least one axis"),
                    );
                };
                let mut args = [scale, shift, epsilon].map(|arg| self.expr(arg)).to_vec();
                args.push(self.count_like(array.extents[last], &array, span));
                let source = Lanes { rank, axis: last, span }.layer_norm();
                Some(self.of_array(array, source, args, span))
            }
            ("matmul", [other]) => {
                let Some(array) = self.in_memory(val.clone(), span) else {
                    return Some(Val::Error);
                };
                let Some(source) = windows::matmul(array.rank(), span) else {
                    return Some(self.error(span, "`matmul` takes arrays of rank 2 and more: the last two axes hold the matrices"));
                };
                let other = self.expr(other);
                Some(self.of_array(array, source, vec![other], span))
            }
            ("conv1d" | "conv2d", [kernel, stride, padding]) => {
                let source = match name.as_str() {
                    "conv1d" => windows::conv1d(span),
                    _ => windows::conv2d(span),
                };
                let args = [kernel, stride, padding].map(|arg| self.expr(arg)).to_vec();
                let Some(array) =
                    self.of_rank(val, if name == "conv1d" { 3 } else { 4 }, &name, span)
                else {
                    return Some(Val::Error);
                };
                Some(self.of_array(array, source, args, span))
            }
            ("max_pool2d", [size, stride]) => {
                let args = [size, stride].map(|arg| self.expr(arg)).to_vec();
                let Some(array) = self.of_rank(val, 4, &name, span) else {
                    return Some(Val::Error);
                };
                Some(self.of_array(array, windows::max_pool2d(span), args, span))
            }
            _ => None,
        }
    }

    /// `one_hot(labels, classes)`
    pub(in crate::flow::lower) fn one_hot(&mut self, labels: Val, classes: Val, span: Span) -> Val {
        let span = Span::call_site().located_at(span);
        match self.in_memory(labels, span) {
            Some(labels) => {
                let source = Lanes { rank: labels.rank(), axis: labels.rank(), span }.one_hot();
                self.of_array(labels, source, vec![classes], span)
            }
            None => Val::Error,
        }
    }

    /// An array of this rank.
    fn of_rank(&mut self, val: &Val, rank: usize, name: &str, span: Span) -> Option<Arr> {
        let array = self.in_memory(val.clone(), span)?;
        if array.rank() != rank {
            let have = array.rank();
            self.error(span, format!("`{name}` takes arrays of rank {rank}, not {have}"));
            return None;
        }
        Some(array)
    }

    /// A closure of our own; its names mean what they mean anywhere.
    fn source(&mut self, tokens: TokenStream, span: Span) -> Val {
        match syn::parse2::<syn::ExprClosure>(tokens) {
            Ok(expr) => Val::Closure(Rc::new(Closure {
                expr,
                scopes: vec![],
                id: self.frame().id,
                elems: self.frame().elems.clone(),
                lengths: self.frame().lengths.clone(),
                outer: self.outer.clone(),
            })),
            Err(error) => self.error(span, error.to_string()),
        }
    }

    /// A function of our own, applied to an array and more.
    fn of_array(&mut self, array: Arr, f: TokenStream, more: Vec<Val>, span: Span) -> Val {
        let f = self.source(f, span);
        let mut args = vec![Val::Array(Box::new(array))];
        args.extend(more);
        self.apply(&f, args, span)
    }

    /// The sum of a function of the elements.
    fn all_of(&mut self, val: &Val, f: TokenStream, span: Span) -> Val {
        let f = self.source(f, span);
        let each = self.each_applied(val.clone(), f, span);
        self.sum_of(each, span)
    }

    /// An extent as a float of the type of an array's elements.
    fn count_like(&mut self, count: crate::flow::ir::V, array: &Arr, span: Span) -> Val {
        let like = self.number(0.0, Slot::Unknown, span);
        let (own, class) = (self.class(like), self.element_class(array));
        self.types.unify(own, class);
        Val::Scalar(self.as_float_like(count, like, span))
    }
}

/// The methods that work element by element.
fn of_element(name: &str, span: Span) -> Option<TokenStream> {
    Some(match name {
        "relu" => quote_spanned!(span=> |x| ::chainrule::rt::relu(x)),
        "sigmoid" => quote_spanned!(span=> |x| ::chainrule::rt::sigmoid(x)),
        "softplus" => quote_spanned!(span=> |x| ::chainrule::rt::softplus(x)),
        "silu" => quote_spanned!(span=> |x| x * ::chainrule::rt::sigmoid(x)),
        "gelu" => {
            let scale = (2.0 / std::f64::consts::PI).sqrt();
            quote_spanned!(span=> |x| {
                let inner = #scale * (x * (1.0 + 0.044715 * (x * x)));
                0.5 * x * (1.0 + inner.tanh())
            })
        }
        _ => return None,
    })
}

/// The lanes of an array along an axis.
struct Lanes {
    rank: usize,
    axis: usize,
    span: Span,
}

impl Lanes {
    /// Names for the indices along the other axes.
    fn others(&self) -> impl Iterator<Item = (usize, syn::Ident)> + '_ {
        let others = (0..self.rank).filter(|&axis| axis != self.axis);
        others.map(|axis| (axis, format_ident!("i{axis}", span = self.span)))
    }

    /// `x[[i0, k]]`: the element `k` of this lane of an array.
    fn element(&self, array: &str) -> TokenStream {
        let array = syn::Ident::new(array, self.span);
        let indices = (0..self.rank).map(|axis| match axis == self.axis {
            true => syn::Ident::new("k", self.span),
            false => format_ident!("i{axis}", span = self.span),
        });
        quote_spanned!(self.span=> #array[[#(#indices),*]])
    }

    /// `y[[i0]]`: the element of an array without the axis.
    fn reduced(&self, array: &str) -> TokenStream {
        let array = syn::Ident::new(array, self.span);
        let indices = self.others().map(|(_, index)| index);
        quote_spanned!(self.span=> #array[[#(#indices),*]])
    }

    /// The shape of an array without the axis.
    fn reduced_shape(&self) -> TokenStream {
        let extents = self.others().map(|(axis, _)| self.extent(axis));
        quote_spanned!(self.span=> (#(#extents,)*))
    }

    fn extent(&self, axis: usize) -> TokenStream {
        quote_spanned!(self.span=> x.len_of(::ndarray::Axis(#axis)))
    }

    /// Something for each lane.
    fn each(&self, body: TokenStream) -> TokenStream {
        let others: Vec<_> = self.others().collect();
        others.into_iter().rev().fold(body, |body, (axis, index)| {
            let extent = self.extent(axis);
            quote_spanned!(self.span=> for #index in 0..#extent { #body })
        })
    }

    /// Something for each element of a lane.
    fn along(&self, body: TokenStream) -> TokenStream {
        let extent = self.extent(self.axis);
        quote_spanned!(self.span=> for k in 0..#extent { #body })
    }

    /// `shift`: the greatest element of a lane, 0 where that is infinite. The results do not depend
    /// on it, so no derivative goes through it.
    fn shift(&self) -> TokenStream {
        let x = self.element("x");
        let greatest = self.along(quote_spanned!(self.span=>
            let v = ::chainrule::stop_gradient(#x);
            greatest = if k == 0 { v } else { greatest.max(v) };
        ));
        quote_spanned!(self.span=>
            let mut greatest = 0.0;
            #greatest
            let shift = ::chainrule::rt::finite_part(greatest);
        )
    }

    /// `shift`, and `sum` of `exp(x - shift)`.
    fn sum(&self) -> TokenStream {
        let (shift, x) = (self.shift(), self.element("x"));
        let sum = self.along(quote_spanned!(self.span=> sum += (#x - shift).exp();));
        quote_spanned!(self.span=> #shift let mut sum = 0.0; #sum)
    }

    fn softmax(&self) -> TokenStream {
        let (shift, x, e, y) =
            (self.shift(), self.element("x"), self.element("e"), self.element("y"));
        let exponentials = self.along(quote_spanned!(self.span=>
            let part = (#x - shift).exp();
            #e = part;
            sum += part;
        ));
        let quotients = self.along(quote_spanned!(self.span=> #y = #e / sum;));
        let lanes = self.each(quote_spanned!(self.span=>
            #shift
            let mut sum = 0.0;
            #exponentials
            #quotients
        ));
        quote_spanned!(self.span=> |x| {
            let mut e = ::ndarray::Array::zeros(x.raw_dim());
            let mut y = ::ndarray::Array::zeros(x.raw_dim());
            #lanes
            y
        })
    }

    fn log_softmax(&self) -> TokenStream {
        let (sum, x, y) = (self.sum(), self.element("x"), self.element("y"));
        let off = self.along(quote_spanned!(self.span=> #y = #x - shift - log;));
        let lanes = self.each(quote_spanned!(self.span=> #sum let log = sum.ln(); #off));
        quote_spanned!(self.span=> |x| {
            let mut y = ::ndarray::Array::zeros(x.raw_dim());
            #lanes
            y
        })
    }

    fn log_sum_exp(&self) -> TokenStream {
        let (sum, y, shape) = (self.sum(), self.reduced("y"), self.reduced_shape());
        let lanes = self.each(quote_spanned!(self.span=> #sum #y = shift + sum.ln();));
        quote_spanned!(self.span=> |x| {
            let mut y = ::ndarray::Array::zeros(#shape);
            #lanes
            y
        })
    }

    fn cross_entropy(&self) -> TokenStream {
        let (sum, x, t) = (self.sum(), self.element("x"), self.element("t"));
        let weighted = self.along(quote_spanned!(self.span=> total += (#x - shift - log) * #t;));
        let lanes = self.each(quote_spanned!(self.span=> #sum let log = sum.ln(); #weighted));
        quote_spanned!(self.span=> |x, t, rows| {
            let mut total = 0.0;
            #lanes
            -total / rows
        })
    }

    /// The greatest or least element, or where it is; equal ones share the derivative: each is
    /// `x - stop(x)` over their number.
    fn extreme(&self, method: &str) -> TokenStream {
        let (x, y, shape) = (self.element("x"), self.reduced("y"), self.reduced_shape());
        let length = self.extent(self.axis);
        let before = match method {
            "max_axis" | "argmax_axis" => quote_spanned!(self.span=> v > best),
            _ => quote_spanned!(self.span=> v < best),
        };
        let none = format!("`{method}` along an axis without elements");
        let search = self.along(quote_spanned!(self.span=>
            let v = ::chainrule::stop_gradient(#x);
            if k == 0 || #before || (v.is_nan() && !best.is_nan()) {
                best = v;
                at = k;
            }
        ));
        if method.starts_with("arg") {
            let lanes = self.each(quote_spanned!(self.span=>
                let mut best = 0.0;
                let mut at = 0;
                #search
                #y = at;
            ));
            return quote_spanned!(self.span=> |x| {
                let mut y = ::ndarray::Array::<usize, _>::zeros(#shape);
                assert!(#length > 0 || y.is_empty(), #none);
                #lanes
                y
            });
        }
        let ties = self.along(quote_spanned!(self.span=>
            if ::chainrule::stop_gradient(#x) == best {
                ties += 1.0;
            }
        ));
        let shares = self.along(quote_spanned!(self.span=>
            let v = ::chainrule::stop_gradient(#x);
            if v == best {
                value += (::chainrule::rt::finite_part(#x) - ::chainrule::rt::finite_part(v)) / ties;
            }
        ));
        let lanes = self.each(quote_spanned!(self.span=>
            let mut best = 0.0;
            let mut at = 0;
            #search
            let mut ties = 0.0;
            #ties
            let mut value = best;
            #shares
            #y = value;
        ));
        quote_spanned!(self.span=> |x| {
            let mut y = ::ndarray::Array::zeros(#shape);
            assert!(#length > 0 || y.is_empty(), #none);
            #lanes
            y
        })
    }

    fn gather(&self) -> TokenStream {
        let (index, y) = (self.element("index"), self.element("y"));
        let axis = self.axis;
        let indices = (0..self.rank).map(|axis| match axis == self.axis {
            true => quote_spanned!(self.span=> #index),
            false => format_ident!("i{axis}", span = self.span).into_token_stream(),
        });
        let lanes = self.each(quote_spanned!(self.span=>
            for k in 0..index.len_of(::ndarray::Axis(#axis)) {
                #y = x[[#(#indices),*]];
            }
        ));
        let checks = self.others().map(|(axis, _)| {
            let extent = self.extent(axis);
            quote_spanned!(self.span=> assert!(
                #extent == index.len_of(::ndarray::Axis(#axis)),
                "`gather` by indices of another shape"
            );)
        });
        quote_spanned!(self.span=> |x, index| {
            #(#checks)*
            let mut y = ::ndarray::Array::zeros(index.raw_dim());
            #lanes
            y
        })
    }

    /// Of lanes along no axis: each element is one.
    fn select(&self) -> TokenStream {
        let (x, y) = (self.element("x"), self.element("y"));
        let (mask, other) = (self.element("mask"), self.element("other"));
        let elements = self.each(quote_spanned!(self.span=> #y = if #mask { #x } else { #other };));
        let checks = self.others().map(|(axis, _)| {
            let extent = self.extent(axis);
            quote_spanned!(self.span=> assert!(
                #extent == mask.len_of(::ndarray::Axis(#axis))
                    && #extent == other.len_of(::ndarray::Axis(#axis)),
                "`where_select` of arrays of different shapes"
            );)
        });
        quote_spanned!(self.span=> |x, mask, other| {
            #(#checks)*
            let mut y = ::ndarray::Array::zeros(x.raw_dim());
            #elements
            y
        })
    }

    /// Of lanes along no axis, as `select`.
    fn one_hot(&self) -> TokenStream {
        let (x, shape) = (self.element("x"), self.others().map(|(axis, _)| self.extent(axis)));
        let indices = self.others().map(|(_, index)| index);
        let ones = self.each(quote_spanned!(self.span=>
            assert!(#x < classes, "`one_hot` of a label that is no class");
            y[[#(#indices,)* #x]] = 1.0;
        ));
        quote_spanned!(self.span=> |x, classes| {
            let mut y = ::ndarray::Array::zeros((#(#shape,)* classes));
            #ones
            y
        })
    }

    fn layer_norm(&self) -> TokenStream {
        let (x, y, length) = (self.element("x"), self.element("y"), self.extent(self.axis));
        let sum = self.along(quote_spanned!(self.span=> sum += #x;));
        let squares = self.along(quote_spanned!(self.span=> squares += (#x - mean) * (#x - mean);));
        let results =
            self.along(quote_spanned!(self.span=> #y = (#x - mean) / by * scale[k] + shift[k];));
        let lanes = self.each(quote_spanned!(self.span=>
            let mut sum = 0.0;
            #sum
            let mean = sum / n;
            let mut squares = 0.0;
            #squares
            let by = (squares / n + epsilon).sqrt();
            #results
        ));
        quote_spanned!(self.span=> |x, scale, shift, epsilon, n| {
            assert!(
                scale.len() == #length && shift.len() == #length,
                "`layer_norm` with a scale and shift of another length than the last axis"
            );
            let mut y = ::ndarray::Array::zeros(x.raw_dim());
            #lanes
            y
        })
    }
}
