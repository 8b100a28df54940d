//! Operators between structs: methods of their own blocks, by the names that `traits.rs` gives them.

use super::Lowerer;
use super::place::Lv;
use super::val::{Held, Val};
use super::wanted::{Wanted, address};
use crate::flow::ir::By;
use crate::parse::{Type, last_name};
use crate::traits::{operator_name, reversed_name};
use proc_macro2::Span;
use quote::{format_ident, quote};
use syn::{BinOp, Expr, ExprBinary};

impl Lowerer<'_> {
    /// The struct that a value is.
    fn struct_of(&self, val: &Val) -> Option<String> {
        match val {
            Val::Struct(name, _) => Some(name.clone()),
            Val::Place(place, _) => match self.place_type(place) {
                Some(Type::Struct(name)) => Some(name),
                _ => None,
            },
            Val::Var(id, path) => self.struct_of(self.vars[*id].val.at(path)?),
            _ => None,
        }
    }

    /// `left + right`, where one of the two is a struct; `None` where neither is.
    pub(super) fn operator(
        &mut self,
        name: &str,
        (left, right): (&Val, &Val),
        (left_expr, right_expr): (&Expr, &Expr),
        wanted: Option<Wanted>,
        span: Span,
    ) -> Option<Val> {
        let (owner, operand) = (self.struct_of(left), self.struct_of(right));
        let (left_ref, right_ref) = (is_referred(left, left_expr), is_referred(right, right_expr));
        let (method, args, owner) = match (owner, operand) {
            (Some(owner), operand) => {
                let operand = operand.as_deref().map_or("float", base);
                let method = operator_name(name, left_ref, Some((right_ref, operand)));
                let args = [(left, left_ref), (right, right_ref)];
                (method, args, owner)
            }
            (None, Some(owner)) => {
                let method = reversed_name(name, "float", right_ref);
                (method, [(right, right_ref), (left, left_ref)], owner)
            }
            (None, None) => return None,
        };
        let args = args.map(|(val, referred)| {
            let by = if referred { By::Ref } else { By::Value };
            (self.plain_operand(val.clone(), span), by)
        });
        Some(self.call_operator(&method, args.into(), &owner, wanted, span))
    }

    /// What an operator of structs asks of its left operand, in case that is a method's result.
    pub(super) fn want_left(&mut self, binary: &ExprBinary) {
        let right = match &*binary.right {
            Expr::Path(path) => {
                path.path.get_ident().and_then(|name| self.lookup(&name.to_string()))
            }
            _ => None,
        };
        let right = right.and_then(|id| self.struct_of(&self.vars[id].val));
        let wanted = match (self.struct_wanted(binary), right) {
            (Some(wanted), _) if !matches!(&*binary.left, Expr::Lit(_)) => Some(wanted),
            (_, Some(name)) if is_sum(&binary.op) => Some(Wanted::Type(Type::Struct(name))),
            _ => None,
        };
        if let Some(wanted) = wanted {
            self.want(&binary.left, wanted);
        }
    }

    /// What it asks of the right one.
    pub(super) fn want_right(&mut self, binary: &ExprBinary, left: &Val) {
        let wanted = match (self.struct_of(left), is_sum(&binary.op)) {
            (Some(name), true) => Some(Wanted::Type(Type::Struct(name))),
            (None, false) => self.struct_wanted(binary),
            _ => None,
        };
        if let Some(wanted) = wanted {
            self.want(&binary.right, wanted);
        }
    }

    /// The struct that is asked of an operator.
    fn struct_wanted(&self, binary: &ExprBinary) -> Option<Wanted> {
        let wanted = self.wanted_of(address(binary))?;
        matches!(wanted, Wanted::Own | Wanted::Type(Type::Struct(_))).then_some(wanted)
    }

    /// `-operand`, if that is a struct.
    pub(super) fn negated_struct(&mut self, val: &Val, expr: &Expr, span: Span) -> Option<Val> {
        let owner = self.struct_of(val)?;
        let referred = is_referred(val, expr);
        let by = if referred { By::Ref } else { By::Value };
        let val = self.plain_operand(val.clone(), span);
        let method = operator_name("neg", referred, None);
        Some(self.call_operator(&method, vec![(val, by)], &owner, None, span))
    }

    /// The struct that stands at a place.
    pub(super) fn struct_at(&self, lv: &Lv) -> Option<String> {
        match lv {
            Lv::Place(place, held) => self.struct_of(&Val::Place(place.clone(), *held)),
            Lv::Var(id, path) => self.struct_of(self.vars[*id].val.at(path)?),
            Lv::Val(_) | Lv::Either(..) => None,
        }
    }

    /// `left += right`, where `left` is a struct.
    pub(super) fn operator_assign(
        &mut self,
        name: &str,
        (to, owner): (&Lv, &str),
        right: Val,
        span: Span,
    ) {
        let receiver = match to {
            Lv::Var(id, path) => self.exclusive(Lv::Var(*id, path.clone())),
            Lv::Place(place, held) => self.exclusive(Lv::Place(place.clone(), *held)),
            _ => Val::Error,
        };
        let operand = self.struct_of(&right);
        let operand = operand.as_deref().map_or("float", base);
        let referred = matches!(right, Val::Place(_, Held::Ref));
        let method = operator_name(&format!("{name}_assign"), false, Some((referred, operand)));
        let by = if referred { By::Ref } else { By::Value };
        let right = self.plain_operand(right, span);
        let args = vec![(receiver, By::Mut), (right, by)];
        self.call_operator(&method, args, owner, Some(Wanted::Type(Type::Unit)), span);
    }

    fn call_operator(
        &mut self,
        method: &str,
        args: Vec<(Val, By)>,
        owner: &str,
        wanted: Option<Wanted>,
        span: Span,
    ) -> Val {
        let out = match wanted {
            Some(wanted) => match self.type_wanted(wanted, owner) {
                Type::Float(_) => None,
                ty => Some(ty),
            },
            None => Some(Type::Struct(owner.to_string())),
        };
        let value = format_ident!("{method}", span = span);
        let vjp = format_ident!("{method}_vjp", span = span);
        self.call_out(quote!(#value), quote!(#vjp), true, args, out, span)
    }

    /// A variable that may change, as what it holds now.
    fn plain_operand(&mut self, val: Val, span: Span) -> Val {
        match val {
            val @ (Val::Var(..) | Val::Either(..)) => self.plain(val, span),
            val => val,
        }
    }
}

/// A struct's name without its module and arguments.
fn base(name: &str) -> &str {
    last_name(name.split('<').next().unwrap_or(name))
}

fn is_referred(val: &Val, expr: &Expr) -> bool {
    matches!(val, Val::Place(_, Held::Ref)) || matches!(expr, Expr::Reference(_))
}

fn is_sum(op: &BinOp) -> bool {
    matches!(op, BinOp::Add(_) | BinOp::Sub(_))
}
