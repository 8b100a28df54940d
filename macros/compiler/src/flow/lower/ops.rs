//! Operators, casts and literals.

use super::expr::is_value;
use super::nd::Said;
use super::place::Lv;
use super::spans::Spanned;
use super::val::{Held, Val, start};
use super::wanted::address;
use super::{Lowerer, Slot};
use crate::flow::ir::{Kind, Mode, Pass, V};
use crate::ir::{Elem, Literal};
use crate::parse::{Type, elem_of};
use crate::primitives::{self, Prim};
use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::{BinOp, Expr, UnOp};

/// What a binary operator does.
enum Operation {
    /// A primitive of floats, a passive operation of integers.
    Arithmetic(Prim),
    /// Gives a condition.
    Comparison(&'static str),
    /// Of integers and conditions only.
    Bits(&'static str),
    /// Of integers, where the operands may be of different types.
    Shift(&'static str),
}

/// The operator, and whether it assigns.
fn operation(op: &BinOp) -> Option<(Operation, bool)> {
    use Operation::{Arithmetic, Bits, Comparison, Shift};
    Some(match op {
        BinOp::Add(_) => (Arithmetic(&primitives::ADD), false),
        BinOp::Sub(_) => (Arithmetic(&primitives::SUB), false),
        BinOp::Mul(_) => (Arithmetic(&primitives::MUL), false),
        BinOp::Div(_) => (Arithmetic(&primitives::DIV), false),
        BinOp::Rem(_) => (Arithmetic(&primitives::REM), false),
        BinOp::AddAssign(_) => (Arithmetic(&primitives::ADD), true),
        BinOp::SubAssign(_) => (Arithmetic(&primitives::SUB), true),
        BinOp::MulAssign(_) => (Arithmetic(&primitives::MUL), true),
        BinOp::DivAssign(_) => (Arithmetic(&primitives::DIV), true),
        BinOp::RemAssign(_) => (Arithmetic(&primitives::REM), true),
        BinOp::Eq(_) => (Comparison("=="), false),
        BinOp::Ne(_) => (Comparison("!="), false),
        BinOp::Lt(_) => (Comparison("<"), false),
        BinOp::Le(_) => (Comparison("<="), false),
        BinOp::Gt(_) => (Comparison(">"), false),
        BinOp::Ge(_) => (Comparison(">="), false),
        BinOp::BitAnd(_) => (Bits("&"), false),
        BinOp::BitOr(_) => (Bits("|"), false),
        BinOp::BitXor(_) => (Bits("^"), false),
        BinOp::BitAndAssign(_) => (Bits("&"), true),
        BinOp::BitOrAssign(_) => (Bits("|"), true),
        BinOp::BitXorAssign(_) => (Bits("^"), true),
        BinOp::Shl(_) => (Shift("<<"), false),
        BinOp::Shr(_) => (Shift(">>"), false),
        BinOp::ShlAssign(_) => (Shift("<<"), true),
        BinOp::ShrAssign(_) => (Shift(">>"), true),
        _ => return None,
    })
}

impl Lowerer<'_> {
    pub(super) fn binary(&mut self, binary: &syn::ExprBinary) -> Val {
        let span = start(&binary.left);
        match binary.op {
            BinOp::And(_) => {
                let left = self.expr(&binary.left);
                let left = self.plain(left, span);
                return self.branch(
                    left,
                    span,
                    |this| this.expr(&binary.right),
                    |_| Val::Bool(false),
                );
            }
            BinOp::Or(_) => {
                let left = self.expr(&binary.left);
                let left = self.plain(left, span);
                return self.branch(
                    left,
                    span,
                    |_| Val::Bool(true),
                    |this| this.expr(&binary.right),
                );
            }
            _ => {}
        }
        let Some((operation, assigns)) = operation(&binary.op) else {
            return self.error(&binary.op, "this operator is not supported");
        };
        if assigns {
            self.compound_assign(binary, &operation);
            return Val::Unit;
        }
        let mark = self.mark();
        self.want_left(binary);
        let left = self.expr(&binary.left);
        self.want_right(binary, &left);
        let right = self.expr(&binary.right);
        if let (Operation::Comparison(_), true) = (&operation, self.is_aggregate(&left)) {
            return self.opaque_instead(mark, &Expr::Binary(binary.clone()));
        }
        if let (Operation::Arithmetic(row), true) =
            (&operation, is_array(&left) || is_array(&right))
        {
            return match left.is_silent() || right.is_silent() {
                true => Val::Error,
                false => {
                    let said =
                        (Said::source(&binary.left, &left), Said::source(&binary.right, &right));
                    self.elementwise(row, (left, right), (&said.0, &said.1), span)
                }
            };
        }
        if let Operation::Arithmetic(row) = &operation {
            let wanted = self.wanted_of(address(binary));
            let exprs = (&*binary.left, &*binary.right);
            if let Some(val) = self.operator(row.name, (&left, &right), exprs, wanted, span) {
                return val;
            }
        }
        let left = self.scalar(left, span);
        let right = self.scalar(right, start(&binary.right));
        match (left, right) {
            (Some(left), Some(right)) => self.operate(&operation, left, right, span),
            _ => Val::Error,
        }
    }

    fn is_aggregate(&self, val: &Val) -> bool {
        match val {
            Val::Place(place, _) => !matches!(
                self.place_type(place),
                Some(Type::Float(_) | Type::Int(_) | Type::Constant(_))
            ),
            _ => false,
        }
    }

    fn operate(&mut self, operation: &Operation, a: V, b: V, span: Span) -> Val {
        match operation {
            Operation::Arithmetic(row) => match self.arithmetic(row, a, b, span) {
                Some(v) => Val::Scalar(v),
                None => Val::Error,
            },
            Operation::Comparison(symbol) => {
                if !self.comparable(a, b) {
                    return self
                        .error(span, "the two sides of this comparison are of different types");
                }
                let out = self.fresh("c", Slot::Bool, span);
                self.emit(Kind::Pass(out, Pass::Binary(symbol), vec![a, b]), span);
                Val::Scalar(out)
            }
            Operation::Bits(symbol) => {
                if self.is_float(a) && *symbol == "^" {
                    return self.error(span, "`^` is no power of floats: write `powi` or `powf`");
                }
                if self.is_float(a) || !self.comparable(a, b) {
                    return self.error(
                        span,
                        format!("`{symbol}` is an operator of integers and conditions"),
                    );
                }
                let class = self.class(a);
                let out = self.of_class("k", class, span);
                self.emit(Kind::Pass(out, Pass::Binary(symbol), vec![a, b]), span);
                Val::Scalar(out)
            }
            Operation::Shift(symbol) => {
                let class = self.class(a);
                let out = self.of_class("k", class, span);
                self.emit(Kind::Pass(out, Pass::Binary(symbol), vec![a, b]), span);
                Val::Scalar(out)
            }
        }
    }

    /// Makes the types of two operands one; what is known to rustc only may be anything.
    fn comparable(&mut self, a: V, b: V) -> bool {
        let other = |this: &Self, v: V| matches!(this.slot(v), Slot::Other);
        other(self, a) || other(self, b) || self.unify(a, b)
    }

    /// Reports two operands of different types.
    fn differing(&mut self, name: &str, a: V, b: V, span: Span) {
        let kind = |slot: &Slot| match slot {
            Slot::Float(elem) => Some(format!("a float (`{elem}`)")),
            Slot::FloatLiteral => Some("a float".to_string()),
            Slot::Int(Some(name)) => Some(format!("an integer (`{name}`)")),
            Slot::Int(None) => Some("an integer".to_string()),
            Slot::Bool => Some("a condition".to_string()),
            _ => None,
        };
        let (left, right) = (self.slot(a), self.slot(b));
        let literal = [a, b].into_iter().find_map(|v| self.known.get(&v).copied());
        let message = match (kind(&left), kind(&right), literal) {
            (Some(left), Some(right), Some(number)) => {
                format!("the two sides of this operator are {left} and {right}: write `{number}.0`")
            }
            (Some(left), Some(right), None) => format!(
                "the two sides of this operator are {left} and {right}: convert one of them, `.. as f64`"
            ),
            _ => format!("the two sides of `{name}` are of different types"),
        };
        self.error(span, message);
    }

    /// An arithmetic operation of two values of one type.
    pub(super) fn arithmetic(&mut self, row: Prim, a: V, b: V, span: Span) -> Option<V> {
        if matches!(self.slot(a), Slot::Other) || matches!(self.slot(b), Slot::Other) {
            let out = self.fresh("t", Slot::Unknown, span);
            self.emit(Kind::Prim(out, row, vec![a, b]), span);
            return Some(out);
        }
        if !self.unify(a, b) {
            self.differing(row.name, a, b, span);
            return None;
        }
        let class = self.class(a);
        let out = self.of_class(row.name, class, span);
        // Where nothing is known of the type yet, the end of lowering decides what it is.
        self.emit(Kind::Prim(out, row, vec![a, b]), span);
        Some(out)
    }

    fn compound_assign(&mut self, binary: &syn::ExprBinary, operation: &Operation) {
        let span = start(&binary.left);
        let mark = self.mark();
        let right = self.expr(&binary.right);
        if is_array(&right) {
            let to = self.lvalue(&binary.left).and_then(|lv| self.array_named(&lv));
            match (operation, to) {
                (Operation::Arithmetic(row), Some(to)) => {
                    let own = Val::Array(Box::new(to.clone()));
                    let said =
                        (Said::source(&binary.left, &own), Said::source(&binary.right, &right));
                    self.compound_assign_array(&to, row, right, (&said.0, &said.1), span);
                }
                _ => {
                    self.error(span, "an array is combined with something that is none here");
                }
            }
            return;
        }
        let lv = self.lvalue(&binary.left);
        if let (Operation::Arithmetic(row), Some(lv)) = (operation, &lv)
            && let Some(owner) = self.struct_at(lv)
        {
            self.operator_assign(row.name, (lv, &owner), right, span);
            return;
        }
        let right = self.scalar(right, binary.right.span());
        let Some(lv) = lv else {
            if is_value(&binary.left) {
                self.error(&binary.left, "this is a value and cannot be assigned to");
            } else if self.take_back(mark, span) {
                self.opaque_statement(&Expr::Binary(binary.clone()));
            }
            return;
        };
        let Some(right) = right else { return };
        if matches!(&lv, Lv::Val(val) if val.is_silent()) {
            return;
        }
        if let (Operation::Arithmetic(row), Some(to)) = (operation, self.array_named(&lv)) {
            let own = Val::Array(Box::new(to.clone()));
            let said = (Said::source(&binary.left, &own), Said::source(&binary.right, &Val::Unit));
            self.compound_assign_array(&to, row, Val::Scalar(right), (&said.0, &said.1), span);
            return;
        }
        if let Lv::Var(id, path) = &lv
            && let Some(Val::Scalar(v)) = self.vars[*id].val.at(path)
            && self.program.of(*v).object
        {
            if self.take_back(mark, span) {
                self.opaque_statement(&Expr::Binary(binary.clone()));
            }
            return;
        }
        let lv = self.behind(lv);
        if let (Operation::Arithmetic(row), Lv::Place(place, _)) = (operation, &lv) {
            let mode = match row.name {
                "add" => Some(Mode::Add),
                "sub" => Some(Mode::Sub),
                _ => None,
            };
            if let (Some(mode), Some(Type::Float(elem))) = (mode, self.place_type(place)) {
                if !self.expect_elem(right, &elem) {
                    let old = self.fresh("old", Slot::Float(elem), span);
                    self.differing(row.name, old, right, span);
                    return;
                }
                self.emit(Kind::Store(place.clone(), right, mode), span);
                return;
            }
        }
        let (to, from) = match duplicated(lv) {
            Some(both) => both,
            None => {
                self.error(span, "this cannot be assigned to");
                return;
            }
        };
        let old = self.read(from, span);
        let Some(old) = self.scalar(old, span) else { return };
        let new = self.operate(operation, old, right, span);
        self.write(to, new, span);
    }

    /// A variable that is an exclusive reference stands for what it refers to where it is changed.
    pub(super) fn behind(&self, lv: Lv) -> Lv {
        match &lv {
            Lv::Var(id, path) => match self.vars[*id].val.at(path) {
                Some(Val::Place(place, Held::Fresh | Held::Mut)) => {
                    Lv::Place(place.clone(), Held::Named)
                }
                Some(Val::Var(id, path)) => self.behind(Lv::Var(*id, path.clone())),
                _ => lv,
            },
            _ => lv,
        }
    }

    pub(super) fn unary(&mut self, unary: &syn::ExprUnary) -> Val {
        let span = unary.span();
        match unary.op {
            UnOp::Deref(_) => {
                let expr = Expr::Unary(unary.clone());
                let mark = self.mark();
                match self.lvalue(&expr) {
                    Some(lv) => self.read(lv, span),
                    None => self.opaque_instead(mark, &expr),
                }
            }
            UnOp::Neg(_) => {
                if let Expr::Lit(syn::ExprLit { lit, .. }) = &*unary.expr {
                    return self.literal(lit, true);
                }
                let val = self.expr(&unary.expr);
                if is_array(&val) {
                    return self.negated_array(val, span);
                }
                if let Some(val) = self.negated_struct(&val, &unary.expr, span) {
                    return val;
                }
                let Some(v) = self.scalar(val, unary.expr.span()) else { return Val::Error };
                let class = self.class(v);
                let out = self.of_class("neg", class, span);
                self.emit(Kind::Prim(out, &primitives::NEG, vec![v]), span);
                Val::Scalar(out)
            }
            UnOp::Not(_) => {
                let val = self.expr(&unary.expr);
                match self.plain(val, unary.expr.span()) {
                    Val::Bool(value) => Val::Bool(!value),
                    val => {
                        let Some(v) = self.scalar(val, unary.expr.span()) else {
                            return Val::Error;
                        };
                        self.negated(v, span)
                    }
                }
            }
            _ => self.error(unary, "this operator is not supported"),
        }
    }

    /// `!v`
    pub(super) fn negated(&mut self, v: V, span: Span) -> Val {
        let slot = match self.slot(v) {
            Slot::Int(name) => Slot::Int(name),
            _ => Slot::Bool,
        };
        let out = self.fresh("not", slot, span);
        self.emit(Kind::Pass(out, Pass::Unary("!"), vec![v]), span);
        Val::Scalar(out)
    }

    /// The opposite of a condition.
    pub(super) fn not(&mut self, cond: Val, span: Span) -> Val {
        match cond {
            Val::Bool(value) => Val::Bool(!value),
            Val::Scalar(v) => self.negated(v, span),
            other => other,
        }
    }

    pub(super) fn cast(&mut self, cast: &syn::ExprCast) -> Val {
        let span = start(&cast.expr);
        let val = self.expr(&cast.expr);
        let Some(v) = self.scalar(val, cast.expr.span()) else { return Val::Error };
        let floats = self.frame().function.floats.clone();
        match elem_of(&cast.ty, &floats) {
            Some(Elem::Int(name)) => {
                let out = self.fresh("k", Slot::Int(Some(name)), span);
                let ty = cast.ty.to_token_stream();
                self.emit(Kind::Pass(out, Pass::Cast(ty), vec![v]), span);
                Val::Scalar(out)
            }
            Some(elem) => {
                let elem = self.resolved_elem(&elem);
                Val::Scalar(self.cast_to(v, elem, span))
            }
            None if matches!(*cast.ty, syn::Type::Infer(_)) => self.error(
                &cast.ty,
                "write out the type that is cast to: the compiler of derivatives has to know it",
            ),
            None => {
                let out = self.fresh("k", Slot::Other, span);
                let ty = cast.ty.to_token_stream();
                self.emit(Kind::Pass(out, Pass::Cast(ty), vec![v]), span);
                Val::Scalar(out)
            }
        }
    }

    /// A value as a float of this type.
    pub(super) fn cast_to(&mut self, v: V, elem: Elem, span: Span) -> V {
        let name = self.program.of(v).name.clone();
        let class = self.types.of_elem(&elem);
        let out = self.of_class(&name, class, span);
        self.emit(Kind::Cast(out, v), span);
        out
    }

    pub(super) fn literal(&mut self, lit: &syn::Lit, negative: bool) -> Val {
        let span = lit.span();
        let sign = if negative { -1.0 } else { 1.0 };
        match lit {
            syn::Lit::Float(float) => {
                let slot = match float.suffix() {
                    "f32" => Slot::Float(Elem::F32),
                    "f64" => Slot::Float(Elem::F64),
                    _ => Slot::FloatLiteral,
                };
                self.float_literal(float.base10_digits(), sign, slot, span)
            }
            syn::Lit::Int(int) if matches!(int.suffix(), "f32" | "f64") => {
                let elem = if int.suffix() == "f32" { Elem::F32 } else { Elem::F64 };
                self.float_literal(int.base10_digits(), sign, Slot::Float(elem), span)
            }
            syn::Lit::Int(int) => {
                let Ok(value) = int.base10_parse::<i128>() else {
                    return self.opaque_tokens(lit.to_token_stream(), vec![], true, span);
                };
                let value = if negative { -value } else { value };
                let suffix = (!int.suffix().is_empty()).then(|| int.suffix().to_string());
                let v = self.fresh("k", Slot::Int(suffix), span);
                self.emit(Kind::Const(v, Literal::Int(value)), span);
                self.known.insert(v, value);
                Val::Scalar(v)
            }
            syn::Lit::Bool(truth) => Val::Bool(truth.value),
            other => {
                let val = self.opaque_tokens(quote!(#other), vec![], true, span);
                if let Val::Scalar(v) = val {
                    self.is_a(v, Slot::Other);
                }
                val
            }
        }
    }

    fn float_literal(&mut self, digits: &str, sign: f64, slot: Slot, span: Span) -> Val {
        let Ok(value) = digits.parse::<f64>() else {
            return self.error(span, "this number is not understood");
        };
        let v = self.fresh("c", slot, span);
        let literal = Literal::Float(sign * value, Some(digits.to_string()));
        self.emit(Kind::Const(v, literal), span);
        Val::Scalar(v)
    }

    /// A number of a float type that its use tells.
    pub(super) fn number(&mut self, value: f64, slot: Slot, span: Span) -> V {
        let v = self.fresh("c", slot, span);
        self.emit(Kind::Const(v, Literal::Float(value, None)), span);
        v
    }
}

/// Whether a value is an array of `ndarray`.
fn is_array(val: &Val) -> bool {
    matches!(val, Val::Array(_) | Val::Each(_))
}

/// The same place twice: to be read, then written.
fn duplicated(lv: Lv) -> Option<(Lv, Lv)> {
    Some(match lv {
        Lv::Place(place, held) => (Lv::Place(place.clone(), held), Lv::Place(place, held)),
        Lv::Var(id, path) => (Lv::Var(id, path.clone()), Lv::Var(id, path)),
        Lv::Either(cond, both) => {
            let (a, b) = (duplicated(both.0)?, duplicated(both.1)?);
            (Lv::Either(cond, Box::new((a.0, b.0))), Lv::Either(cond, Box::new((a.1, b.1))))
        }
        Lv::Val(_) => return None,
    })
}
