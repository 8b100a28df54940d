//! Calls of methods.

use super::given::is_of_options;
use super::looks::{is_temporary, leaves};
use super::val::{Held, Val};
use super::{Lowerer, Slot, scan};
use crate::flow::ir::{Bind, By, Code, Kind, Pass, Source, V};
use crate::parse::Type;
use crate::primitives;
use proc_macro2::{Ident, Span};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

impl Lowerer<'_> {
    pub(super) fn method_call(&mut self, call: &ExprMethodCall) -> Val {
        if self.object_handed_out(&call.receiver).is_some() {
            return self.opaque(&Expr::MethodCall(call.clone()));
        }
        let mark = self.mark();
        self.want_receiver(call);
        let receiver = match call.method.to_string().as_str() {
            "iter" | "into_iter" | "windows" => self.expr_or_table(&call.receiver),
            _ => self.expr(&call.receiver),
        };
        self.receiver_mark = mark;
        let name = call.method.to_string();
        if name == "next"
            && let Val::Iter(it) = &receiver
        {
            return self.next(&it.clone(), call);
        }
        if name == "peek"
            && let Val::Iter(it) = &receiver
        {
            return self.peek(&it.clone(), call);
        }
        self.method_of(receiver, call)
    }

    pub(super) fn method_of(&mut self, receiver: Val, call: &ExprMethodCall) -> Val {
        let name = call.method.to_string();
        let span = call.method.span();
        match receiver {
            Val::Iter(it) => {
                if is_of_options(&name) && self.is_indexed(&it) {
                    let first = self.int(0, span);
                    self.as_index(first);
                    let option = self.item_if_any(&it, first, span);
                    return self.method_of(option, call);
                }
                if let Some(val) = self.adaptor(&it, call) {
                    return val;
                }
                match self.consumer(&it, call).or_else(|| self.spelled(call)) {
                    Some(val) => val,
                    None => self.error(&call.method, format!("`{name}` of an iterator is not supported here: use a loop, or collect the items into a `Vec` first")),
                }
            }
            val @ (Val::Array(_) | Val::Each(_)) => self.array_method(val, call),
            Val::Zip(arrays) => self.zip_method(arrays, call),
            Val::Table(table) => match self.table_method(&table, call) {
                Some(val) => val,
                None => {
                    let val = self.table_value(&table, span);
                    self.method_of(val, call)
                }
            },
            Val::Opt(opt) => self.option_method(*opt, call),
            Val::Place(place, held) => match self.place_type(&place) {
                Some(Type::Float(_) | Type::Int(_) | Type::Constant(_)) => {
                    let val = self.read_place(place, Held::Named, span);
                    self.method_of(val, call)
                }
                Some(Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)) => {
                    self.memory_method(place, held, call)
                }
                _ if matches!(name.as_str(), "clone" | "to_owned") => {
                    self.copied(&place, false, span)
                }
                _ => self.call_method(Val::Place(place, held), call),
            },
            Val::Scalar(v) => self.scalar_method(v, call),
            Val::Bool(value) if matches!(name.as_str(), "then" | "then_some" | "clone") => {
                if name == "clone" {
                    return Val::Bool(value);
                }
                self.then(Val::Bool(value), call)
            }
            Val::Bool(value) => {
                let v = self.boolean(value, span);
                self.scalar_method(v, call)
            }
            Val::Var(..) | Val::Either(..) => match self.plain(receiver.clone(), span) {
                Val::Struct(..) => self.call_method(receiver, call),
                plain => self.method_of(plain, call),
            },
            val @ (Val::Tuple(_) | Val::Closure(_) | Val::Function(_))
                if matches!(name.as_str(), "clone" | "to_owned") =>
            {
                self.cloned(val, span)
            }
            Val::Tuple(parts) if matches!(name.as_str(), "into" | "as_ref") => Val::Tuple(parts),
            val @ Val::Struct(..) => match name.as_str() {
                "clone" | "to_owned" => self.cloned(val, span),
                _ => {
                    // A variable that may change is passed by its name.
                    let receiver = match self.lvalue(&call.receiver) {
                        Some(lv @ super::place::Lv::Var(..)) => self.exclusive(lv),
                        _ => val,
                    };
                    self.call_method(receiver, call)
                }
            },
            Val::Error | Val::Never | Val::Undef => {
                call.args.iter().for_each(|arg| {
                    self.expr(arg);
                });
                Val::Error
            }
            other => self.error(
                &call.method,
                format!("`{name}` is not a method of {} that chainrule knows", other.described()),
            ),
        }
    }

    fn scalar_method(&mut self, v: V, call: &ExprMethodCall) -> Val {
        let name = call.method.to_string();
        let span = call.method.span();
        if let Some(opt) = self.option_passed(v, span) {
            return self.option_method(opt, call);
        }
        if self.program.of(v).object {
            return self.opaque(&Expr::MethodCall(call.clone()));
        }
        if self.gives_items(v, call) {
            return match self.given(v, call, span) {
                Some(it) => self.method_of(Val::Iter(it), call),
                None => Val::Error,
            };
        }
        match self.slot(v) {
            Slot::Float(_) | Slot::FloatLiteral => {
                if matches!(name.as_str(), "clone" | "to_owned" | "into") && call.args.is_empty() {
                    return Val::Scalar(v);
                }
                let Some(args) = self.scalars(v, call) else { return Val::Error };
                self.float_method(&name, &args, span, &call.method)
            }
            Slot::Int(_) => self.int_method(v, call),
            Slot::Bool => match name.as_str() {
                "then" | "then_some" => self.then(Val::Scalar(v), call),
                "clone" => Val::Scalar(v),
                _ => self.opaque_method(v, call),
            },
            Slot::Unknown if primitives::method(&name).is_some() => {
                let both = matches!(
                    name.as_str(),
                    "abs" | "min" | "max" | "signum" | "clamp" | "rem_euclid" | "div_euclid"
                );
                let Some(args) = self.scalars(v, call) else { return Val::Error };
                if !both {
                    return self.float_method(&name, &args, span, &call.method);
                }
                for arg in &args[1..] {
                    self.unify(v, *arg);
                }
                let class = self.class(v);
                let out = self.of_class(&name, class, span);
                self.emit(Kind::Pass(out, Pass::Method(name), args), span);
                Val::Scalar(out)
            }
            _ => self.opaque_method(v, call),
        }
    }

    fn scalars(&mut self, v: V, call: &ExprMethodCall) -> Option<Vec<V>> {
        let mut args = vec![v];
        for arg in &call.args {
            let val = self.expr(arg);
            args.push(self.scalar(val, arg.span())?);
        }
        Some(args)
    }

    /// `condition.then(|| x)`
    fn then(&mut self, cond: Val, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let Some(arg) = call.args.first() else { return Val::Error };
        let lazy = call.method == "then";
        let some = self.branch(
            cond.clone(),
            span,
            |this| {
                let val = this.expr(arg);
                if lazy { this.apply(&val, vec![], span) } else { val }
            },
            |_| Val::Undef,
        );
        Val::option(cond, some)
    }

    /// A method of something that only rustc knows, whose receiver is evaluated already.
    pub(super) fn opaque_method(&mut self, v: V, call: &ExprMethodCall) -> Val {
        let val = self.opaque_method_of(v, call);
        self.note_iterator(&val, v, call);
        val
    }

    fn opaque_method_of(&mut self, v: V, call: &ExprMethodCall) -> Val {
        if is_variable(&call.receiver) {
            if !self.take_back(self.receiver_mark, call.span()) {
                return Val::Error;
            }
            return self.opaque(&Expr::MethodCall(call.clone()));
        }
        let span = call.span();
        let mut stand_in = call.clone();
        let at = Span::call_site().located_at(call.receiver.span());
        // Perhaps the method changes what it is called on.
        let changes = is_temporary(&call.receiver) && !leaves(&call.method.to_string());
        let name = if changes { Code::TEMPORARY } else { "__receiver" };
        let receiver = Ident::new(name, at);
        *stand_in.receiver = syn::parse_quote!(#receiver);
        let (whole, stopped) = self.stopped(&Expr::MethodCall(stand_in));
        let mut uses = scan::uses(&whole);
        uses.names.remove(name);
        if uses.leaves {
            return self.error(call, "control leaves this expression in a way that cannot be followed: compute the value first, then use it");
        }
        let Some(mut binds) = self.binds(&uses, span) else { return Val::Error };
        binds.extend(stopped);
        binds.push(Bind { name: receiver, what: Source::Value(v), by: By::Value });
        let foreign = self.is_foreign(&uses);
        self.taken(quote!(#whole), binds, !uses.acts, foreign, span)
    }
}

/// Whether an expression is a variable or a field of one, which can be evaluated twice.
fn is_variable(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_variable(&field.base),
        Expr::Paren(inner) => is_variable(&inner.expr),
        _ => false,
    }
}
