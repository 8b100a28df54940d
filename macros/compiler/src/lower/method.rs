//! Method calls: the floats' own, and ndarray's.

use super::text::text;
use super::{Lowerer, Ref, Val};
use crate::ir::{Check, Elem};
use crate::primitives::{self, Prim};
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

/// What an array can be asked for, for messages.
const ARRAY_METHODS: &str = "arithmetic, `dot`, `t`, `permuted_axes`, `insert_axis`, `index_axis`, `row`, `column`, `slice`, `broadcast`, `mapv`, `map`, `sum`, `mean`, `var`, `std` and these along an axis, `assign`, `fill`, `mapv_inplace`, `scaled_add`, `view`, `to_owned`, indexing by constants, the float methods and those of `chainrule::tensor::TensorExt`";

impl Lowerer<'_> {
    pub(super) fn method_call(&mut self, call: &ExprMethodCall) -> Option<Val> {
        let name = call.method.to_string();
        if let Some(val) = self.in_place(call, &name)? {
            return Some(val);
        }
        let receiver = self.expr(&call.receiver)?;
        let receiver = match receiver {
            Val::Option(value, array, dims) => {
                return self.option_method(call, *value, array, dims);
            }
            Val::Tuple(vals) if name == "clone" => return Some(Val::Tuple(vals)),
            val => self.reference(val, &call.receiver)?,
        };
        let receiver_text = text(&call.receiver);
        match (name.as_str(), call.args.len()) {
            ("view" | "to_owned" | "clone" | "into_owned", 0) => Some(Val::Ref(receiver)),
            ("dim" | "raw_dim" | "shape", 0) if self.own_rank(receiver) == 0 => {
                Some(Val::Tuple(vec![]))
            }
            // Of an array of rank 0; a float has none of these methods.
            ("sum" | "into_scalar" | "t" | "reversed_axes", 0) if self.own_rank(receiver) == 0 => {
                Some(Val::Ref(receiver))
            }
            ("mean" | "mapv" | "map" | "mapv_into" | "broadcast" | "insert_axis", _) => {
                self.array_method(call, &name, receiver, &receiver_text)
            }
            _ if self.own_rank(receiver) > 0 => {
                self.array_method(call, &name, receiver, &receiver_text)
            }
            _ => self.float_method(call, &name, receiver, &receiver_text),
        }
    }

    /// `Option`s arise from means only: they are unwrapped.
    fn option_method(
        &mut self,
        call: &ExprMethodCall,
        value: Val,
        array: crate::ir::Described,
        dims: Vec<crate::ir::DimId>,
    ) -> Option<Val> {
        match call.method.to_string().as_str() {
            "unwrap" | "expect" => {
                if !dims.is_empty() {
                    self.program.checks.push(Check::NotEmpty { array, dims });
                }
                Some(value)
            }
            other => self.error(
                &call.method,
                format!(
                    "`{other}` on an `Option` is not supported in functions of `ndarray` arrays yet: use `unwrap()` or `expect(..)`"
                ),
            ),
        }
    }

    /// A method that floats have, or that works element by element on an array.
    fn float_method(
        &mut self,
        call: &ExprMethodCall,
        name: &str,
        receiver: Ref,
        receiver_text: &str,
    ) -> Option<Val> {
        if name == "sin_cos" && call.args.is_empty() {
            let sin = self.elementwise(
                &primitives::SIN,
                &[(receiver, receiver_text)],
                false,
                call.span(),
            )?;
            let cos = self.elementwise(
                &primitives::COS,
                &[(receiver, receiver_text)],
                false,
                call.span(),
            )?;
            return Some(Val::Tuple(vec![Val::Ref(sin), Val::Ref(cos)]));
        }
        if !self.context.is_empty()
            && call.args.is_empty()
            && let Some(val) = self.condition_method(name, receiver, call.span())?
        {
            return Some(val);
        }
        if let Some(val) = self.model_method(call, name, receiver, receiver_text)? {
            return Some(val);
        }
        if self.elems.is_int(&self.elem(receiver)) {
            return self.error(&call.method, format!("the integer method `{name}` is not supported in a differentiated function: compute it outside"));
        }
        let Some(row) = primitives::method(name) else {
            return self.unknown_method(call, name);
        };
        let mut args = vec![receiver];
        for arg in &call.args {
            args.push(self.operand(arg)?);
        }
        let texts: Vec<String> = call.args.iter().map(text).collect();
        self.primitive(row, &args, receiver_text, &texts, call)
    }

    /// Applies a row to arguments after counting them.
    pub(super) fn primitive(
        &mut self,
        row: Prim,
        args: &[Ref],
        first: &str,
        rest: &[String],
        at: &(impl Spanned + quote::ToTokens),
    ) -> Option<Val> {
        if args.len() != row.arity {
            return self.error(
                at,
                format!(
                    "`{}` takes {} argument(s) here, not {}",
                    row.name,
                    row.arity - 1,
                    args.len().saturating_sub(1)
                ),
            );
        }
        let texts = std::iter::once(first).chain(rest.iter().map(String::as_str));
        let args: Vec<(Ref, &str)> = args.iter().copied().zip(texts).collect();
        Some(Val::Ref(self.elementwise(row, &args, false, at.span())?))
    }

    fn unknown_method(&mut self, call: &ExprMethodCall, name: &str) -> Option<Val> {
        let why = match name {
            "to_bits" | "next_up" | "next_down" | "to_int_unchecked" | "to_le_bytes"
            | "to_be_bytes" | "to_ne_bytes" => {
                "works on the bits of a float, so it has no derivative: apply it outside, or to a `stop_gradient(..)`ed value outside this function"
            }
            "is_nan" | "is_finite" | "is_infinite" | "is_sign_positive" | "is_sign_negative"
            | "is_normal" | "total_cmp" | "partial_cmp" | "classify" => {
                "gives no float, and conditions are supported on elements only in functions of `ndarray` arrays, comparisons, `is_nan`, `is_finite` and `is_infinite` in the closure of a `mapv`: use `max`, `min`, `abs` or `clamp` where they serve"
            }
            "abs_sub" => "is deprecated: write `(x - y).max(0.0)`",
            "max_by" | "min_by" | "iter" | "for_each" | "fold" | "into_iter" | "outer_iter" => {
                "is not supported in functions of `ndarray` arrays yet"
            }
            _ => {
                "is not a method chainrule knows on floats: supported are the differentiable methods of `f32` and `f64`"
            }
        };
        self.error(&call.method, format!("`{name}` {why}"))
    }

    fn array_method(
        &mut self,
        call: &ExprMethodCall,
        name: &str,
        array: Ref,
        array_text: &str,
    ) -> Option<Val> {
        let span = call.span();
        let own = self.own_shape(array);
        let all: Vec<usize> = (0..own.len()).collect();
        let args: Vec<&Expr> = call.args.iter().collect();
        if let Some(val) = self.model_method(call, name, array, array_text)? {
            return Some(val);
        }
        if let Some(val) = self.view_method(call, name, array, array_text)? {
            return Some(val);
        }
        match (name, args.as_slice()) {
            ("dot", [other]) => {
                let right = self.operand(other)?;
                let right_text = text(other);
                Some(Val::Ref(self.dot((array, array_text), (right, &right_text), span)?))
            }
            ("sum", []) => Some(Val::Ref(self.sum("sum", array, &all, span))),
            ("mean", []) => self.mean(array, &all, array_text, span),
            ("sum_axis", [axis]) => {
                let axis = self.axis(axis, own.len())?;
                Some(Val::Ref(self.sum("sum", array, &[axis], span)))
            }
            ("mean_axis", [axis]) => {
                let axis = self.axis(axis, own.len())?;
                self.mean(array, &[axis], array_text, span)
            }
            ("var" | "std", [ddof]) => {
                let ddof = self.ddof(ddof)?;
                let at = (array_text, span);
                Some(Val::Ref(self.variance(array, &all, ddof, name == "std", at)?))
            }
            ("var_axis" | "std_axis", [axis, ddof]) => {
                let axis = self.axis(axis, own.len())?;
                let ddof = self.ddof(ddof)?;
                let at = (array_text, span);
                Some(Val::Ref(self.variance(array, &[axis], ddof, name == "std_axis", at)?))
            }
            ("len", []) => {
                let mut len = self.size(own[0], span);
                for &dim in &own[1..] {
                    let size = self.size(dim, span);
                    len = self.elementwise(&primitives::MUL, &[(len, ""), (size, "")], false, span)?;
                }
                Some(Val::Ref(len))
            }
            ("nrows", []) => Some(Val::Ref(self.size(own[0], span))),
            ("ncols", []) if own.len() == 2 => Some(Val::Ref(self.size(own[1], span))),
            ("dim" | "raw_dim", []) if own.len() == 1 => Some(Val::Ref(self.size(own[0], span))),
            ("len_of", [axis]) => {
                let axis = self.axis(axis, own.len())?;
                Some(Val::Ref(self.size(own[axis], span)))
            }
            ("dim" | "shape" | "raw_dim", []) => {
                Some(Val::Tuple(own.iter().map(|&dim| Val::Ref(self.size(dim, span))).collect()))
            }
            ("pow2", []) => {
                Some(Val::Ref(self.elementwise(&primitives::MUL, &[(array, array_text), (array, array_text)], false, span)?))
            }
            ("mapv" | "map" | "mapv_into", [closure]) => self.map_closure(array, closure, span),
            _ if primitives::method(name).is_some() => self.float_method(call, name, array, array_text),
            ("product", []) => self.error(&call.method, "the array method `product` is not supported yet: take the product in a function of slices, `x.iter().product()`"),
            _ => self.error(&call.method, format!("the array method `{name}` is not supported yet; supported are {ARRAY_METHODS}")),
        }
    }

    /// `mapv` and `map`: the closure, or the path of a float function, applied to each element.
    pub(super) fn map_closure(
        &mut self,
        array: Ref,
        function: &Expr,
        span: proc_macro2::Span,
    ) -> Option<Val> {
        if let Expr::Path(path) = function {
            let local = path.path.get_ident().and_then(|name| self.lookup(&name.to_string()));
            if !matches!(local, Some(Val::Closure(_))) {
                let call_path = path.path.clone();
                let result = self.mapped(array, span, |this, e| {
                    this.call_path(&call_path, vec![Val::Ref(e)], &[function], span)
                })?;
                return Some(Val::Ref(result));
            }
        }
        let Val::Closure(closure) = self.expr(function)? else {
            return self.error(function, "a closure is expected here: `|e| e * e`");
        };
        let result =
            self.mapped(array, span, |this, e| this.apply(&closure, vec![Val::Ref(e)], span))?;
        Some(Val::Ref(result))
    }

    /// The degrees of freedom that a variance takes off.
    fn ddof(&mut self, expr: &Expr) -> Option<f64> {
        let number = match expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(lit), .. }) => lit.base10_parse().ok(),
            // Of any float type.
            Expr::Call(syn::ExprCall { func, args, .. }) if args.is_empty() => match &**func {
                Expr::Path(path) if path.path.segments.last()?.ident == "one" => Some(1.0),
                Expr::Path(path) if path.path.segments.last()?.ident == "zero" => Some(0.0),
                _ => None,
            },
            _ => None,
        };
        match number {
            Some(number) => Some(number),
            None => self
                .error(expr, "the degrees of freedom must be written out: `var(0.0)`, `var(1.0)`"),
        }
    }

    pub(super) fn axis(&mut self, expr: &Expr, rank: usize) -> Option<usize> {
        match self.expr(expr)? {
            Val::Axis(axis) if axis < rank => Some(axis),
            Val::Axis(axis) => self
                .error(expr, format!("`Axis({axis})` does not exist in an array of rank {rank}")),
            _ => self.error(expr, "an axis must be written out: `Axis(0)`"),
        }
    }

    /// The element type a type parameter or float type in a path stands for.
    pub(super) fn path_elem(&self, name: &str) -> Option<Elem> {
        match name {
            "f32" => Some(Elem::F32),
            "f64" => Some(Elem::F64),
            other => self.frame().elems.get(other).cloned(),
        }
    }
}
