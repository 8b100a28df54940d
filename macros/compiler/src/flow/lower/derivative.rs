//! Calls of derivatives: `g::grad(x)`, `g::value_and_grad(x)`.
//!
//! The body of `g` is lowered under a condition that always holds, its differentiated parameters
//! copies of the arguments. [`inner`](crate::flow::inner) puts its gradient there once types are known.

use super::Lowerer;
use super::nd::Arr;
use super::region::Live;
use super::val::{Held, Val};
use crate::capsule::gradient_of;
use crate::error::arity;
use crate::flow::ir::{Block, Init, Inner, InnerGrad, Kind, MemId, Out, ParamIs, Place, V};
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::Span;

/// A parameter of the function, as its body sees it.
struct Passed {
    is: ParamIs,
    /// How many elements an array has along each axis.
    extents: Option<Vec<V>>,
    owned: bool,
    wrt: bool,
    name: String,
}

impl<'a> Lowerer<'a> {
    /// The function whose gradient a path means, and its own path.
    pub(super) fn gradient_of(&self, path: &syn::Path) -> Option<(usize, syn::Path)> {
        let of = gradient_of(path)?;
        let callee = match self.callees.callee(self.frame().id, &of) {
            Some(callee) => callee,
            None if self.is_own_name(&of) => self.frame().id,
            None => return None,
        };
        Some((callee, of))
    }

    /// A call of `grad` or `value_and_grad`.
    pub(super) fn gradient(
        &mut self,
        callee: usize,
        of: &syn::Path,
        with_value: bool,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let callees = self.callees;
        let Some(function) = callees.function(callee) else { return Val::Error };
        let name = function.name();
        if args.len() != function.params.len() {
            let called = format!("the gradient of `{name}`");
            return self.error(span, arity(&called, function.params.len(), args.len()));
        }
        if self.frames.iter().any(|frame| frame.id == callee) {
            return self.error(
                span,
                format!("the gradient of `{name}` inside of `{name}` is not supported"),
            );
        }
        if let Some(why) = unsupported(function) {
            return self.error(span, format!("the gradient of `{name}` is not differentiated again, since {why}: pass constants to it"));
        }
        if !self.extent(callee).is_some_and(|extent| self.outer.is_some() || extent.is_small()) {
            return self.error(span, format!("the gradient of `{name}` is not differentiated again, since it cannot be inlined here (it, or what it calls, calls itself, has a rule of its own, takes structs with private fields, uses types of its own place, or is too large): pass constants to it"));
        }
        let (mut passed, mut vals) = (Vec::new(), Vec::new());
        for (param, arg) in function.params.iter().zip(args) {
            let Some(val) = self.passed(param, arg, &mut passed, span) else { return Val::Error };
            vals.push(val);
        }
        let (arm, val) = self.region(|this| this.inlined(callee, function, of, vals, span));
        let result = match self.plain(val, span) {
            Val::Scalar(v) if arm.live == Live::Falls => v,
            val if val.is_silent() => return Val::Error,
            _ => {
                return self.error(span, format!("the gradient of `{name}` is not differentiated again, since its value cannot be followed: pass constants to it"));
            }
        };
        let cond = self.boolean(true, span);
        let (mut outs, mut mems) = (Vec::new(), Vec::new());
        let mut behind = |this: &mut Self, name: &str, v| {
            let class = this.class(v);
            let value = this.of_class(name, class, span);
            outs.push(Out { value, then: Some(v), other: None });
            value
        };
        let value = with_value.then(|| behind(self, "value", result));
        let (mut grads, mut parts) = (Vec::new(), Vec::new());
        for Passed { is, name, extents, .. } in passed.iter().filter(|passed| passed.wrt) {
            let name = format!("grad_{name}");
            match is {
                ParamIs::Value(v) => {
                    let grad = behind(self, &name, *v);
                    grads.push(InnerGrad::Value(grad));
                    parts.push(Val::Scalar(grad));
                }
                ParamIs::Mem(of) => {
                    let ty = self.program.at(*of).ty.clone();
                    let mem = self.memory(&name, ty, span);
                    self.changing.insert(mem);
                    mems.push((mem, *of));
                    grads.push(InnerGrad::Mem(mem));
                    parts.push(match extents {
                        None => self.fresh_place(mem),
                        Some(extents) => {
                            let array = Arr::whole(mem, Held::Fresh, extents.clone());
                            Val::Array(Box::new(array))
                        }
                    });
                }
            }
        }
        let then = Block { stmts: arm.stmts };
        self.emit(Kind::If { cond, then, other: Block::default(), outs }, span);
        for (mem, of) in mems {
            self.emit(Kind::Alloc(mem, Init::Copy(Place::whole(of))), span);
        }
        let grad = if parts.len() == 1 { parts.remove(0) } else { Val::Tuple(parts) };
        self.program.inner.push(Inner {
            cond,
            name,
            owned: passed.iter().map(|passed| passed.owned).collect(),
            params: passed.into_iter().map(|passed| (passed.is, passed.wrt)).collect(),
            result,
            value,
            grads,
            span,
        });
        match value {
            Some(value) => Val::Tuple(vec![Val::Scalar(value), grad]),
            None => grad,
        }
    }

    /// An argument as the function's body sees it: a copy where it can carry a derivative.
    fn passed(
        &mut self,
        param: &Param,
        arg: Val,
        passed: &mut Vec<Passed>,
        span: Span,
    ) -> Option<Val> {
        if !param.ty.is_differentiable() {
            return Some(arg);
        }
        let name = param.name.to_string();
        let owned = param.passing == Passing::Value;
        let place = match self.plain(arg, span) {
            Val::Scalar(v) => {
                let class = self.class(v);
                let copy = self.of_class(&name, class, span);
                self.emit(Kind::Cast(copy, v), span);
                let is = ParamIs::Value(copy);
                passed.push(Passed { is, extents: None, owned, wrt: param.wrt, name });
                return Some(Val::Scalar(copy));
            }
            val @ (Val::Array(_) | Val::Each(_)) => {
                let array = self.in_memory(val, span)?;
                let mut copy = self.copy_of(&array, span);
                copy.held = if owned { Held::Fresh } else { Held::Ref };
                let (is, extents) = (ParamIs::Mem(copy.place.mem), Some(copy.extents.clone()));
                passed.push(Passed { is, extents, owned, wrt: param.wrt, name });
                return Some(Val::Array(Box::new(copy)));
            }
            Val::Place(place, _) => place,
            val @ (Val::Tuple(_) | Val::Struct(..)) => {
                Place::whole(self.materialised(val, "argument", span)?.0)
            }
            val => {
                if !val.is_silent() {
                    self.error(span, format!("the argument `{name}` of a gradient that is differentiated again has to be a float, an array, a slice or a tuple of floats"));
                }
                return None;
            }
        };
        let ty = in_vectors(self.place_type(&place)?);
        let mem: MemId = self.memory(&name, ty, span);
        self.emit(Kind::Alloc(mem, Init::Copy(place)), span);
        self.changing.extend(owned.then_some(mem));
        let is = ParamIs::Mem(mem);
        passed.push(Passed { is, extents: None, owned, wrt: param.wrt, name });
        let held = if owned { Held::Fresh } else { Held::Ref };
        Some(Val::Place(Place::whole(mem), held))
    }
}

/// A slice in a vector of its own.
fn in_vectors(ty: Type) -> Type {
    match ty {
        Type::Slice(of) => Type::Vec(Box::new(in_vectors(*of))),
        other => other,
    }
}

/// Why the gradient of a function is not differentiated again.
fn unsupported(function: &Function) -> Option<&'static str> {
    let exclusive = function.params.iter().any(|p| p.passing == Passing::Exclusive);
    if function.is_opaque() {
        Some("it has a rule of its own or is by the tape")
    } else if function.options.recursive.is_some() {
        Some("it is under `recursive`")
    } else if !matches!(function.output, Type::Float(_)) {
        Some("it does not return a plain float")
    } else if exclusive {
        Some("it changes its arguments")
    } else if function.owner.is_some() {
        Some("it is a method")
    } else {
        None
    }
}
