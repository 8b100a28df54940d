//! Expressions.

use super::text::text;
use super::{Closure, Lowerer, Ref, Val};
use crate::error::arity;
use crate::ir::{Affine, Elem, Literal};
use crate::parse::elem_of;
use crate::primitives::{self, Prim};
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, Lit, UnOp};

impl Lowerer<'_> {
    /// The value of an expression; `None` after an error was reported.
    pub(super) fn expr(&mut self, expr: &Expr) -> Option<Val> {
        match expr {
            Expr::Lit(lit) => self.literal(&lit.lit),
            Expr::Path(path) => self.path(path),
            Expr::Paren(inner) => self.expr(&inner.expr),
            Expr::Group(inner) => self.expr(&inner.expr),
            Expr::Block(block) if block.label.is_none() => self.block(&block.block),
            Expr::Reference(inner) => match &inner.mutability {
                None => self.expr(&inner.expr),
                Some(token) => self
                    .error(token.span(), "`&mut` is not supported in functions of `ndarray` arrays yet: bind a new value instead"),
            },
            Expr::Unary(unary) => self.unary(unary),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Cast(cast) => self.cast_expr(cast),
            Expr::Tuple(tuple) if tuple.elems.is_empty() => Some(Val::Unit),
            Expr::Tuple(tuple) => {
                let vals: Vec<_> = tuple.elems.iter().map(|e| self.expr(e)).collect();
                Some(Val::Tuple(vals.into_iter().collect::<Option<_>>()?))
            }
            Expr::Field(field) => self.field(field),
            Expr::Index(index) => self.index(index),
            Expr::If(branch) => self.if_expr(branch),
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Call(call) => self.call(call),
            Expr::Closure(closure) => Some(Val::Closure(Rc::new(Closure {
                params: closure.inputs.iter().cloned().collect(),
                body: (*closure.body).clone(),
                scopes: self.frame().scopes.clone(),
            }))),
            Expr::Macro(mac) => self.macro_call(&mac.mac),
            Expr::Assign(assign) => {
                let val = self.expr(&assign.right)?;
                self.assign(&assign.left, val).map(|()| Val::Unit)
            }
            other => self.refused(other),
        }
    }

    /// Everything that is not accepted, by name and with the remedy.
    pub(super) fn refused(&mut self, expr: &Expr) -> Option<Val> {
        let what = match expr {
            Expr::If(_) => {
                "`if` is not supported in functions of `ndarray` arrays yet: use `max`, `min`, `abs` or `clamp` where they serve, or take slices, `&[f64]`, instead of arrays"
            }
            Expr::Match(_) => {
                "`match` is not supported in functions of `ndarray` arrays yet: use arithmetic that holds in every case, or take slices, `&[f64]`, instead of arrays"
            }
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                "loops are not supported in functions of `ndarray` arrays yet: use array operations, or take slices, `&[f64]`, instead of arrays"
            }
            Expr::Return(_) => {
                "an early `return` is not supported in functions of `ndarray` arrays yet: make the value the last expression, or take slices, `&[f64]`, instead of arrays"
            }
            Expr::Try(_) => {
                "`?` is not supported in functions of `ndarray` arrays yet: unwrap the value, or return it"
            }
            Expr::Unsafe(_) => {
                "`unsafe` code cannot be differentiated: move it to a function of constants"
            }
            Expr::Async(_) | Expr::Await(_) => "asynchronous code cannot be differentiated",
            Expr::Array(_) | Expr::Repeat(_) => {
                "array expressions are not supported in functions of `ndarray` arrays yet: take an `ndarray` array as parameter"
            }
            Expr::Struct(_) => {
                "struct expressions are not supported in functions of `ndarray` arrays yet: use a tuple"
            }
            Expr::Range(_) => "ranges are not supported in functions of `ndarray` arrays yet",
            Expr::Let(_) => {
                "`let` conditions are not supported in functions of `ndarray` arrays yet"
            }
            _ => "this expression is not supported in a differentiated function",
        };
        self.error(expr, what)
    }

    /// The scalar or array that a value is; an error for anything else.
    pub(super) fn reference(&mut self, val: Val, expr: &Expr) -> Option<Ref> {
        match val {
            Val::Ref(r) => Some(r),
            Val::Opaque(what) if what.is_empty() => None,
            Val::Opaque(what) => {
                self.error(expr, format!("{what} cannot be used in a differentiated expression"))
            }
            Val::Option(..) => self.error(expr, "this is an `Option`: unwrap it, `.unwrap()`"),
            Val::Tuple(_) => self.error(expr, "a tuple cannot be used here: take it apart first"),
            Val::Struct(_) => self.error(expr, "a struct cannot be used here: take its fields"),
            Val::Closure(_) => self.error(expr, "a closure cannot be used here: call it"),
            Val::Mask(_) => self.error(expr, "a condition cannot be used as a number: select with `if`, in the closure of a `mapv`"),
            Val::Unit | Val::Axis(_) => self.error(expr, "a float or an array is expected here"),
        }
    }

    /// The scalar or array that an expression evaluates to.
    pub(super) fn operand(&mut self, expr: &Expr) -> Option<Ref> {
        let val = self.expr(expr)?;
        self.reference(val, expr)
    }

    fn literal(&mut self, lit: &Lit) -> Option<Val> {
        let r =
            match lit {
                Lit::Float(lit) => self.float(lit.base10_digits(), lit.suffix(), lit.span())?,
                Lit::Int(lit) if matches!(lit.suffix(), "f32" | "f64") => {
                    self.float(lit.base10_digits(), lit.suffix(), lit.span())?
                }
                Lit::Int(lit) => {
                    let elem = match lit.suffix() {
                        "" => self.elems.int_literal(),
                        name => Elem::Int(name.to_string()),
                    };
                    match lit.base10_parse() {
                        Ok(value) => self.constant(Literal::Int(value), elem, lit.span()),
                        Err(_) => return self.error(lit, "this integer is too large"),
                    }
                }
                Lit::Bool(_) => return Some(Val::Opaque("a `bool`".into())),
                other => return self.error(
                    other,
                    "only float and integer literals are supported in a differentiated function",
                ),
            };
        Some(Val::Ref(r))
    }

    fn float(&mut self, digits: &str, suffix: &str, span: proc_macro2::Span) -> Option<Ref> {
        let elem = match suffix {
            "f32" => Elem::F32,
            "f64" => Elem::F64,
            _ => self.elems.float_literal(),
        };
        match digits.parse() {
            Ok(value) => {
                Some(self.constant(Literal::Float(value, Some(digits.to_string())), elem, span))
            }
            Err(_) => self.error(span, "this number cannot be read"),
        }
    }

    /// A local variable, or a constant.
    fn path(&mut self, path: &syn::ExprPath) -> Option<Val> {
        if let Some(ident) = path.path.get_ident() {
            match self.lookup_in_scope(&ident.to_string()) {
                Some((_, Val::Opaque(what))) if what.is_empty() => return None,
                Some((scope, val)) => {
                    let val = val.clone();
                    return self.entered(val, scope, path.span());
                }
                None => {}
            }
        }
        let elem = constant_type(&path.path);
        self.foreign(&Expr::Path(path.clone()), elem, vec![])
    }

    fn unary(&mut self, unary: &syn::ExprUnary) -> Option<Val> {
        match unary.op {
            UnOp::Deref(_) => self.expr(&unary.expr),
            UnOp::Neg(_) => {
                let arg = self.operand(&unary.expr)?;
                let text = text(&unary.expr);
                let result =
                    self.elementwise(&primitives::NEG, &[(arg, &text)], false, unary.span());
                Some(Val::Ref(result?))
            }
            UnOp::Not(_) if !self.context.is_empty() => {
                let mask = self.mask(&unary.expr)?;
                Some(Val::Mask(self.negated(mask, unary.span())?))
            }
            _ => self.error(unary, "`!` is not supported in functions of `ndarray` arrays yet"),
        }
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> Option<Val> {
        if super::stmt::compound(&binary.op).is_some() {
            return self.compound_assign(binary).map(|()| Val::Unit);
        }
        let is_condition = matches!(
            binary.op,
            BinOp::Lt(_)
                | BinOp::Le(_)
                | BinOp::Gt(_)
                | BinOp::Ge(_)
                | BinOp::Eq(_)
                | BinOp::Ne(_)
                | BinOp::And(_)
                | BinOp::Or(_)
        );
        if is_condition && !self.context.is_empty() {
            return self.condition(binary);
        }
        let row: Prim = match binary.op {
            BinOp::Add(_) => &primitives::ADD,
            BinOp::Sub(_) => &primitives::SUB,
            BinOp::Mul(_) => &primitives::MUL,
            BinOp::Div(_) => &primitives::DIV,
            BinOp::Rem(_) => &primitives::REM,
            _ => {
                return self.error(&binary.op, "only the arithmetic operators `+ - * / %` are supported in a differentiated expression so far");
            }
        };
        let (left, right) = (self.operand(&binary.left), self.operand(&binary.right));
        let texts = (text(&binary.left), text(&binary.right));
        let args = [(left?, texts.0.as_str()), (right?, texts.1.as_str())];
        Some(Val::Ref(self.elementwise(row, &args, false, binary.span())?))
    }

    fn cast_expr(&mut self, cast: &syn::ExprCast) -> Option<Val> {
        let arg = self.operand(&cast.expr)?;
        let floats = self.frame().function.floats.clone();
        match elem_of(&cast.ty, &floats) {
            Some(elem) => {
                let elem = self.substitute(&elem);
                Some(Val::Ref(self.cast(arg, elem, cast.span())))
            }
            None => self.error(&cast.ty, "only casts to floats and integers are supported"),
        }
    }

    fn field(&mut self, field: &syn::ExprField) -> Option<Val> {
        let base = self.expr(&field.base)?;
        match (base, &field.member) {
            (Val::Tuple(vals), syn::Member::Unnamed(index)) => {
                match vals.into_iter().nth(index.index as usize) {
                    Some(val) => Some(val),
                    None => self.error(field, "the tuple has no such field"),
                }
            }
            (Val::Struct(fields), member) => {
                let name = match member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                };
                match fields.into_iter().find(|(field, _)| *field == name) {
                    Some((_, val)) => Some(val),
                    None => self.error(field, "this field is no number: pass it as a parameter of its own"),
                }
            }
            (Val::Opaque(what), _) if what.is_empty() => None,
            _ => self.error(
                field,
                "the fields of a struct that is not differentiated are not known in a function of `ndarray` arrays: put `#[derive(chainrule::Differentiable)]` on it and add it to `wrt(..)`, or pass its fields as parameters",
            ),
        }
    }

    fn index(&mut self, index: &syn::ExprIndex) -> Option<Val> {
        let base = self.expr(&index.expr)?;
        let mut at = &*index.index;
        while let Expr::Paren(inner) = at {
            at = &inner.expr;
        }
        let parts: Vec<&Expr> = match at {
            Expr::Array(list) => list.elems.iter().collect(),
            Expr::Tuple(list) => list.elems.iter().collect(),
            single => vec![single],
        };
        let at: Vec<_> = parts.iter().map(|part| self.position(part)).collect();
        let at: Vec<Affine> = at.into_iter().collect::<Option<_>>()?;
        if let (Val::Tuple(vals), [k]) = (&base, at.as_slice()) {
            let (Ok(place), None) = (usize::try_from(k.constant), k.extent) else {
                return self.error(&index.index, "an axis of a shape must be written out");
            };
            return match vals.get(place) {
                Some(val) => Some(val.clone()),
                None => self.error(
                    index,
                    format!(
                        "the index {place} is out of bounds for a shape of {} axes",
                        vals.len()
                    ),
                ),
            };
        }
        let array = self.reference(base, &index.expr)?;
        let text = text(&index.expr);
        Some(Val::Ref(self.element(array, &at, &text, index.span())?))
    }

    /// Applies a closure to values.
    pub(super) fn apply(
        &mut self,
        closure: &Closure,
        args: Vec<Val>,
        span: proc_macro2::Span,
    ) -> Option<Val> {
        if closure.params.len() != args.len() {
            return self.error(span, arity("the closure", closure.params.len(), args.len()));
        }
        let frame = self.frame_mut();
        let outer = std::mem::replace(&mut frame.scopes, closure.scopes.clone());
        let captured = std::mem::replace(&mut frame.captured, closure.scopes.len());
        self.frame_mut().scopes.push(std::collections::HashMap::new());
        let bound =
            closure.params.iter().zip(args).try_for_each(|(pat, val)| self.bind(pat, val, None));
        let result = bound.and_then(|()| self.expr(&closure.body));
        let frame = self.frame_mut();
        (frame.scopes, frame.captured) = (outer, captured);
        result
    }
}

/// The type of a constant, where its path tells it: `f64::EPSILON`, `std::f32::consts::PI`.
fn constant_type(path: &syn::Path) -> Option<Elem> {
    path.segments.iter().rev().skip(1).find_map(|segment| {
        match segment.ident.to_string().as_str() {
            "f32" => Some(Elem::F32),
            "f64" => Some(Elem::F64),
            _ => None,
        }
    })
}
