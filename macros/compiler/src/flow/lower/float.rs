//! Functions and methods of floats.

use super::spans::Spanned;
use super::val::{Opt, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Bind, By, Kind, Pass, Source, V};
use crate::ir::Elem;
use crate::primitives;
use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote};

/// Methods of floats that give no float.
const PASSIVE: &[&str] = &[
    "is_nan",
    "is_finite",
    "is_infinite",
    "is_sign_negative",
    "is_sign_positive",
    "is_normal",
    "is_subnormal",
    "total_cmp",
    "partial_cmp",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "classify",
];

/// Methods of floats that give their bits.
pub(crate) const BITS: &[&str] = &["to_bits", "to_ne_bytes", "to_le_bytes", "to_be_bytes"];

impl Lowerer<'_> {
    /// `f64::max(x, y)`, `f64::from(x)`, `T::one()`.
    pub(super) fn float_function(
        &mut self,
        path: &syn::Path,
        elem: Elem,
        name: &str,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let slot = Slot::Float(elem.clone());
        let number = match name {
            "zero" => Some(0.0),
            "one" => Some(1.0),
            "infinity" => Some(f64::INFINITY),
            "neg_infinity" => Some(f64::NEG_INFINITY),
            "nan" => Some(f64::NAN),
            _ => None,
        };
        if let (Some(number), []) = (number, &args[..]) {
            return match number.is_finite() {
                true => {
                    let v = self.fresh("c", self.float_slot(&elem), span);
                    let literal = crate::ir::Literal::Float(number, None);
                    self.emit(Kind::Const(v, literal), span);
                    Val::Scalar(v)
                }
                false => self.limit(name, &elem, span),
            };
        }
        if args.is_empty() {
            return self.limit(name, &elem, span);
        }
        let mut values = Vec::new();
        for arg in args {
            match self.scalar(arg, span) {
                Some(v) => values.push(v),
                None => return Val::Error,
            }
        }
        if let ("from", [v]) = (name, &values[..]) {
            let out = self.cast_to(*v, elem.clone(), span);
            let ty = path.segments.iter().rev().nth(1).map(|segment| segment.ident.to_string());
            // `num_traits`' `T::from` returns an `Option`, std's `f64::from` does not.
            return match ty.as_deref() {
                Some("f32" | "f64") => Val::Scalar(out),
                _ => Val::option(Val::Bool(true), Val::Scalar(out)),
            };
        }
        let _ = slot;
        self.float_method(name, &values, span, path)
    }

    fn float_slot(&self, elem: &Elem) -> Slot {
        match elem {
            Elem::Var(class) => Slot::Is(*class),
            elem => Slot::Float(elem.clone()),
        }
    }

    /// A constant of a float type: `T::epsilon()`.
    fn limit(&mut self, name: &str, elem: &Elem, span: Span) -> Val {
        let out = self.fresh("c", self.float_slot(elem), span);
        let method = Ident::new(name, Span::call_site());
        let code = crate::flow::ir::Code::new(quote!(::chainrule::rt::Float::#method()), vec![]);
        self.emit(Kind::Opaque { out: Some(out), code, pure: true }, span);
        Val::Scalar(out)
    }

    /// A method of a float, the receiver first.
    pub(super) fn float_method(
        &mut self,
        name: &str,
        args: &[V],
        span: Span,
        at: &impl ToTokens,
    ) -> Val {
        if name == "sin_cos" {
            let parts = [&primitives::SIN, &primitives::COS].map(|row| {
                let class = self.class(args[0]);
                let out = self.of_class(row.name, class, span);
                self.emit(Kind::Prim(out, row, vec![args[0]]), span);
                Val::Scalar(out)
            });
            return Val::Tuple(parts.to_vec());
        }
        if let ("powi", [x, n]) = (name, args) {
            let class = self.class(*x);
            let int = self.types.class(Slot::Int(Some("i32".to_string())));
            let own = self.class(*n);
            if !self.types.unify(own, int) {
                return self.error(at, "the exponent of `powi` is an `i32`");
            }
            let out = self.of_class("powi", class, span);
            self.emit(Kind::Prim(out, &primitives::POWI, vec![*x, *n]), span);
            return Val::Scalar(out);
        }
        if PASSIVE.contains(&name) {
            for arg in &args[1..] {
                self.unify(args[0], *arg);
            }
            let slot = match name {
                "total_cmp" | "partial_cmp" | "classify" => Slot::Other,
                _ => Slot::Bool,
            };
            let out = self.fresh(name, slot, span);
            self.emit(Kind::Pass(out, Pass::Method(name.to_string()), args.to_vec()), span);
            if name == "partial_cmp" {
                // There is an order unless one of them is not a number.
                let bind = |what: V| Bind {
                    name: Ident::new("__order", Span::call_site()),
                    what: Source::Value(what),
                    by: By::Value,
                };
                let tag =
                    self.opaque_tokens(quote!(__order.is_some()), vec![bind(out)], true, span);
                let tokens = quote!(__order.unwrap_or(::core::cmp::Ordering::Equal));
                let some = self.opaque_tokens(tokens, vec![bind(out)], true, span);
                for (val, slot) in [(&tag, Slot::Bool), (&some, Slot::Other)] {
                    if let Val::Scalar(v) = val {
                        self.is_a(*v, slot);
                    }
                }
                return Val::Opt(Box::new(Opt { result: false, tag, some, err: Val::Unit }));
            }
            return Val::Scalar(out);
        }
        if let ([x], true) = (args, name == "to_string" || BITS.contains(&name)) {
            // Taken as it stands: what is read back from a text or from bits has no derivative.
            let receiver = Ident::new("__number", Span::call_site().located_at(span));
            let method = Ident::new(name, Span::call_site().located_at(span));
            let bind = Bind { name: receiver.clone(), what: Source::Value(*x), by: By::Value };
            let val = self.opaque_tokens(quote!(#receiver.#method()), vec![bind], true, span);
            if let (Val::Scalar(v), "to_string") = (&val, name) {
                self.is_a(*v, Slot::Other);
            }
            return val;
        }
        if name == "pow" {
            return self.error(at, "`pow` is a method of integers: write `powi` or `powf`");
        }
        let Some(row) = primitives::method(name) else {
            return self.error(at, format!("`{name}` is not a method of floats that chainrule knows: if it is one of your own, make it a function under `#[differentiate]`"));
        };
        if row.arity != args.len() {
            return self.error(
                at,
                format!(
                    "`{name}` takes {} argument(s) besides the number it is applied to, not {}",
                    row.arity - 1,
                    args.len().saturating_sub(1)
                ),
            );
        }
        for arg in &args[1..] {
            if !self.unify(args[0], *arg) {
                return self
                    .error(span, format!("the arguments of `{name}` are of different types"));
            }
        }
        let class = self.class(args[0]);
        let out = self.of_class(row.name, class, span);
        self.emit(Kind::Prim(out, row, args.to_vec()), span);
        Val::Scalar(out)
    }

    /// A method of an integer or a condition.
    pub(super) fn int_method(&mut self, v: V, call: &syn::ExprMethodCall) -> Val {
        let name = call.method.to_string();
        let span = call.method.span();
        let same = [
            "abs",
            "pow",
            "min",
            "max",
            "clamp",
            "signum",
            "rem_euclid",
            "div_euclid",
            "div_ceil",
            "wrapping_add",
            "wrapping_sub",
            "wrapping_mul",
            "saturating_add",
            "saturating_sub",
            "saturating_mul",
            "isqrt",
            "next_power_of_two",
            "rotate_left",
            "rotate_right",
            "swap_bytes",
            "reverse_bits",
            "next_multiple_of",
        ];
        let truth = [
            "is_positive",
            "is_negative",
            "is_power_of_two",
            "is_multiple_of",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
        ];
        let count = [
            "count_ones",
            "count_zeros",
            "leading_zeros",
            "trailing_zeros",
            "ilog2",
            "ilog10",
            "ilog",
        ];
        let unsigned = ["abs_diff", "unsigned_abs"];
        if matches!(name.as_str(), "clone" | "to_owned") && call.args.is_empty() {
            return Val::Scalar(v);
        }
        let slot = if same.contains(&name.as_str()) {
            None
        } else if truth.contains(&name.as_str()) {
            Some(Slot::Bool)
        } else if count.contains(&name.as_str()) {
            Some(Slot::Int(Some("u32".into())))
        } else if unsigned.contains(&name.as_str()) {
            Some(Slot::Unknown)
        } else if matches!(name.as_str(), "cmp" | "partial_cmp") {
            Some(Slot::Other)
        } else {
            return self.opaque_method(v, call);
        };
        let mut args = vec![v];
        for arg in &call.args {
            let val = self.expr(arg);
            let Some(a) = self.scalar(val, arg.span()) else { return Val::Error };
            let exponent = matches!(name.as_str(), "pow" | "rotate_left" | "rotate_right");
            match exponent {
                true => {
                    self.is_a(a, Slot::Int(Some("u32".into())));
                }
                false => {
                    self.unify(v, a);
                }
            }
            args.push(a);
        }
        let out = match slot {
            None => {
                let class = self.class(v);
                self.of_class("k", class, span)
            }
            Some(slot) => self.fresh("k", slot, span),
        };
        self.emit(Kind::Pass(out, Pass::Method(name), args), span);
        Val::Scalar(out)
    }
}
