//! Calls of functions.

use super::from_fn;
use super::pattern::last_name;
use super::spans::Spanned;
use super::val::{Held, Opt, Val};
use super::wanted::{Wanted, address};
use super::{Lowerer, Slot};
use crate::error::arity;
use crate::flow::ir::{Bind, By, Init, Kind, Place, Source, V};
use crate::ir::Elem;
use crate::parse::Type;
use crate::primitives;
use proc_macro2::Span;
use quote::{ToTokens, format_ident};
use syn::{Expr, ExprCall};

impl Lowerer<'_> {
    pub(super) fn call(&mut self, call: &ExprCall) -> Val {
        let span = call.span();
        let Expr::Path(function) = &*call.func else {
            let mark = self.mark();
            let f = self.expr(&call.func);
            let args = self.arguments(call);
            return match f {
                Val::Closure(_) | Val::Function(_) => self.apply(&f, args, span),
                val if val.is_silent() => Val::Error,
                _ => self.opaque_instead(mark, &Expr::Call(call.clone())),
            };
        };
        let path = &unqualified(function);
        if let Some(name) = path.get_ident()
            && let Some(id) = self.lookup(&name.to_string())
        {
            let f = self.vars[id].val.clone();
            return match f {
                Val::Closure(_) | Val::Function(_) => {
                    let args = self.arguments(call);
                    self.apply(&f, args, span)
                }
                val if val.is_silent() => Val::Error,
                _ => self.opaque(&Expr::Call(call.clone())),
            };
        }
        if let Some((callee, of)) = self.gradient_of(path) {
            let args = self.arguments(call);
            if args.iter().any(Val::is_silent) {
                return Val::Error;
            }
            let with_value = last_name(path) == "value_and_grad";
            return self.gradient(callee, &of, with_value, args, span);
        }
        if from_fn::is_from_fn(path) {
            let wanted = self.wanted_of(address(call));
            return self.array_from_fn(call, path, wanted, span);
        }
        if super::makes_array(path) {
            match last_name(path).as_str() {
                "concatenate" => return self.joined(call, false),
                "stack" => return self.joined(call, true),
                "general_mat_mul" | "general_mat_vec_mul" => return self.general_product(call),
                _ => {}
            }
        }
        if !self.is_known_call(path) {
            return self.passive_call(call, path);
        }
        let args = self.arguments(call);
        self.call_path(path, args, span)
    }

    /// A call of a function that cannot be seen through: its arguments are evaluated, so that what
    /// they are made of counts, not what they mention.
    fn passive_call(&mut self, call: &ExprCall, path: &syn::Path) -> Val {
        let mark = self.mark();
        let (mut binds, mut stand_in) = (Vec::new(), call.clone());
        stand_in.args.clear();
        for (k, arg) in call.args.iter().enumerate() {
            let (inner, borrowed) = match arg {
                Expr::Reference(reference) if reference.mutability.is_some() => {
                    return self.opaque_instead(mark, &Expr::Call(call.clone()));
                }
                Expr::Reference(reference) => (&*reference.expr, true),
                arg => (arg, false),
            };
            let name = match inner {
                Expr::Path(path) => path.path.get_ident().filter(|name| *name != "self").cloned(),
                _ => None,
            };
            if matches!(inner, Expr::Path(path) if path.path.get_ident().is_none_or(|name| self.lookup(&name.to_string()).is_none()))
            {
                stand_in.args.push(arg.clone());
                continue;
            }
            // What only rustc knows is referred to where it is, not moved out of there.
            let val = self.expr(arg);
            let name = name.unwrap_or_else(|| {
                let span = Span::call_site().located_at(arg.span());
                format_ident!("__argument{k}", span = span)
            });
            let (what, by) = match self.plain(val, arg.span()) {
                Val::Scalar(v) if self.program.of(v).object => {
                    return self.opaque_instead(mark, &Expr::Call(call.clone()));
                }
                Val::Scalar(v) => {
                    let by = if borrowed && !self.lent.contains(&v) { By::Ref } else { By::Value };
                    (Source::Value(v), by)
                }
                Val::Bool(value) => (Source::Value(self.boolean(value, arg.span())), By::Value),
                Val::Place(place, held) => {
                    let by = match held {
                        Held::Mut => By::Mut,
                        Held::Ref => By::Ref,
                        _ if borrowed => By::Ref,
                        _ => By::Value,
                    };
                    (Source::Place(place), by)
                }
                val if val.is_silent() => return Val::Error,
                _ => return self.opaque_instead(mark, &Expr::Call(call.clone())),
            };
            stand_in.args.push(syn::parse_quote!(#name));
            binds.push(Bind { name, what, by });
        }
        let foreign = !super::scan::is_absolute(path) && !self.is_item(&last_name(path));
        self.taken(stand_in.to_token_stream(), binds, false, foreign, call.span())
    }

    fn arguments(&mut self, call: &ExprCall) -> Vec<Val> {
        let args = call.args.iter().map(|arg| {
            if matches!(arg, Expr::Reference(_)) {
                self.want(arg, Wanted::List);
            }
            let val = match arg {
                Expr::Path(path) => match path.path.get_ident() {
                    Some(name) if self.lookup(&name.to_string()).is_some() => self.expr(arg),
                    _ => self.function_or_value(arg),
                },
                arg => self.expr(arg),
            };
            self.settled(val, arg.span())
        });
        args.collect()
    }

    /// `f64::sin` as an argument is a function, `LIMIT` is a constant.
    fn function_or_value(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::Path(path) if self.is_function(&path.path) => {
                Val::Function(std::rc::Rc::new(path.path.clone()))
            }
            other => self.expr(other),
        }
    }

    /// Whether a path means a function that can be seen through.
    pub(super) fn is_function(&self, path: &syn::Path) -> bool {
        self.callees.callee(self.frame().id, path).is_some()
            || self.is_own_name(path)
            || self.float_function_of(path).is_some()
    }

    pub(super) fn is_own_name(&self, path: &syn::Path) -> bool {
        path.get_ident().is_some_and(|name| *name == self.frame().function.name())
    }

    /// The float type and the name in `f64::sin`, `T::sqrt`.
    fn float_function_of(&self, path: &syn::Path) -> Option<(Elem, String)> {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let [.., ty, name] = &names[..] else { return None };
        let elem = match ty.as_str() {
            "f32" => Elem::F32,
            "f64" => Elem::F64,
            "Float" | "Real" => Elem::F64,
            param => {
                let is_param = self.frame().function.floats.iter().any(|float| float == param);
                let elem = is_param.then(|| self.resolved_elem(&Elem::Param(param.to_string())));
                elem?
            }
        };
        let known = primitives::method(name).is_some()
            || matches!(
                name.as_str(),
                "from"
                    | "zero"
                    | "one"
                    | "sin_cos"
                    | "total_cmp"
                    | "partial_cmp"
                    | "is_nan"
                    | "epsilon"
                    | "infinity"
                    | "neg_infinity"
                    | "nan"
                    | "max_value"
                    | "min_value"
                    | "min_positive_value"
                    | "is_finite"
            );
        known.then(|| (elem, name.clone()))
    }

    fn is_known_call(&self, path: &syn::Path) -> bool {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match &names[..] {
            ["Some" | "Ok" | "Err"] | [.., "stop_gradient"] => true,
            // By its full path: another `one_hot` is something else.
            ["chainrule", "tensor", "one_hot"] => true,
            [.., "Vec", "new" | "with_capacity" | "from"] => true,
            [.., "mem", "swap" | "replace" | "take"] => true,
            [.., "iter", "repeat" | "repeat_n" | "once"] => true,
            [.., "black_box"] => true,
            _ if super::makes_array(path) => true,
            _ if primitives::runtime(path).is_some() => true,
            _ => {
                self.is_function(path)
                    || self.is_struct(path)
                    || self.method_of_path(path).is_some()
            }
        }
    }

    /// Calls what a path means with arguments that are evaluated.
    pub(super) fn call_path(&mut self, path: &syn::Path, args: Vec<Val>, span: Span) -> Val {
        if let Some(callee) = self.callees.callee(self.frame().id, path) {
            return self.call_annotated(callee, path, args, span);
        }
        if self.is_own_name(path) {
            return self.call_annotated(self.frame().id, path, args, span);
        }
        if let Some((elem, name)) = self.float_function_of(path) {
            return self.float_function(path, elem, &name, args, span);
        }
        if let Some(row) = primitives::runtime(path) {
            return self.applied_row(row, args, span);
        }
        if self.is_struct(path) {
            return self.tuple_struct(path, args, span);
        }
        if let Some(owner) = self.method_of_path(path) {
            return self.call_associated(&owner, path, args, span);
        }
        if super::makes_array(path) {
            return self.make_array(path, args, span);
        }
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut args = args.into_iter();
        match (&names[..], args.next(), args.next()) {
            ([.., name @ ("Some" | "Ok")], Some(val), None) => {
                let some = self.owned(val, false, span);
                let result = *name == "Ok";
                Val::Opt(Box::new(Opt { result, tag: Val::Bool(true), some, err: Val::Unit }))
            }
            ([.., "Err"], Some(err), None) => Val::Opt(Box::new(Opt {
                result: true,
                tag: Val::Bool(false),
                some: Val::Undef,
                err,
            })),
            ([.., "stop_gradient"], Some(val), None) => self.stop_gradient(val, span),
            (["chainrule", "tensor", "one_hot"], Some(labels), Some(classes)) => {
                self.one_hot(labels, classes, span)
            }
            ([.., "black_box"], Some(val), None) => val,
            ([.., "new"], None, None) => self.new_vec(None, span),
            ([.., "with_capacity"], Some(room), None) => {
                let Some(room) = self.scalar(room, span) else { return Val::Error };
                self.as_index(room);
                self.new_vec(Some(room), span)
            }
            ([.., "from"], Some(Val::Place(place, _)), None) => match self.element_type(&place) {
                Some(of) => {
                    let mem = self.memory("vec", Type::Vec(Box::new(of)), span);
                    self.emit(Kind::Alloc(mem, Init::Copy(place)), span);
                    self.changing.insert(mem);
                    self.fresh_place(mem)
                }
                None => self.error(span, "only arrays and slices are made into a `Vec` here"),
            },
            ([.., "iter", "repeat"], Some(val), None) => {
                Val::Iter(std::rc::Rc::new(super::iter::It::Repeat(std::rc::Rc::new(val))))
            }
            ([.., "iter", "repeat_n"], Some(val), Some(count)) => {
                let Some(count) = self.scalar(count, span) else { return Val::Error };
                self.repeated_times(val, count)
            }
            ([.., "iter", "once"], Some(val), None) => {
                let one = self.int(1, span);
                self.repeated_times(val, one)
            }
            ([.., "mem", "swap"], Some(a), Some(b)) => {
                self.swap(&a, &b, span);
                Val::Unit
            }
            ([.., "mem", "replace"], Some(place), Some(val)) => self.replaced(place, val, span),
            ([.., "mem", "take"], Some(place), None) => self.taken_out(place, span),
            _ => {
                let name = last_name(path);
                self.error(path, format!("`{name}` is called with a differentiable argument but is not known: put `#[differentiate]` on it"))
            }
        }
    }

    /// An iterator that gives a value so many times.
    fn repeated_times(&mut self, val: Val, count: V) -> Val {
        self.as_index(count);
        let repeat = super::iter::It::Repeat(std::rc::Rc::new(val));
        Val::Iter(std::rc::Rc::new(super::iter::It::Take(std::rc::Rc::new(repeat), count)))
    }

    /// A primitive of floats.
    fn applied_row(&mut self, row: primitives::Prim, args: Vec<Val>, span: Span) -> Val {
        let mut values = Vec::new();
        for arg in args {
            let Some(v) = self.scalar(arg, span) else { return Val::Error };
            values.push(v);
        }
        let Some(&first) = values.first().filter(|_| values.len() == row.arity) else {
            return self.error(span, arity(row.name, row.arity, values.len()));
        };
        for &v in &values[1..] {
            if !self.unify(first, v) {
                return self.error(span, "the floats here are of different types");
            }
        }
        let class = self.class(first);
        let out = self.of_class(row.name, class, span);
        self.emit(Kind::Prim(out, row, values), span);
        Val::Scalar(out)
    }

    fn new_vec(&mut self, room: Option<crate::flow::ir::V>, span: Span) -> Val {
        let class = self.types.class(Slot::Unknown);
        let mem = self.memory("vec", Type::Vec(Box::new(Type::Float(Elem::Var(class)))), span);
        self.emit(Kind::Alloc(mem, Init::Empty(room)), span);
        self.changing.insert(mem);
        self.fresh_place(mem)
    }

    /// The identity whose derivative is zero, of every float in a value.
    pub(super) fn stop_gradient(&mut self, val: Val, span: Span) -> Val {
        match self.plain(val, span) {
            Val::Scalar(v) => {
                let class = self.class(v);
                let out = self.of_class("stop", class, span);
                self.emit(Kind::Prim(out, &primitives::STOP_GRADIENT, vec![v]), span);
                Val::Scalar(out)
            }
            Val::Tuple(parts) => {
                Val::Tuple(parts.into_iter().map(|part| self.stop_gradient(part, span)).collect())
            }
            Val::Struct(name, fields) => {
                let fields = fields.into_iter().map(|(field, val)| {
                    let val = self.stop_gradient(val, span);
                    (field, val)
                });
                Val::Struct(name, fields.collect())
            }
            val @ (Val::Array(_) | Val::Each(_)) => self.stopped_array(val, span),
            Val::Bool(value) => Val::Bool(value),
            val if val.is_silent() => Val::Error,
            other => self.error(
                span,
                format!(
                    "`stop_gradient` is applied to {} here: apply it to the numbers in it",
                    other.described()
                ),
            ),
        }
    }

    /// `std::mem::swap(a, b)`
    pub(super) fn swap(&mut self, a: &Val, b: &Val, span: Span) {
        if let (Val::Array(a), Val::Array(b)) = (a, b) {
            self.swap_arrays(a, b, span);
            return;
        }
        match (self.place_of(a), self.place_of(b)) {
            (Some((a, _)), Some((b, _))) => {
                let scalar = matches!(self.place_type(&a), Some(Type::Float(_) | Type::Int(_)));
                if !scalar {
                    self.emit(Kind::Swap(a, b), span);
                    return;
                }
                let (x, y) = (
                    self.read_place(a.clone(), Held::Named, span),
                    self.read_place(b.clone(), Held::Named, span),
                );
                self.write_place(a, y, span);
                self.write_place(b, x, span);
            }
            _ => {
                let (x, y) = (self.plain(a.clone(), span), self.plain(b.clone(), span));
                let (x, y) = (self.settled(x, span), self.settled(y, span));
                self.write_through(a, y, span);
                self.write_through(b, x, span);
            }
        }
    }

    /// `*reference = val`
    pub(super) fn write_through(&mut self, reference: &Val, val: Val, span: Span) {
        use super::place::{Lv, either};
        let lv = match reference {
            Val::Place(place, _) => Lv::Place(place.clone(), Held::Named),
            Val::Var(id, path) => self.behind(Lv::Var(*id, path.clone())),
            Val::Either(cond, both) => either(*cond, (**both).clone()),
            val if val.is_silent() => return,
            _ => {
                self.error(span, "an exclusive reference is expected here");
                return;
            }
        };
        self.write(lv, val, span);
    }

    fn replaced(&mut self, place: Val, val: Val, span: Span) -> Val {
        let old = self.plain(place.clone(), span);
        let old = match old {
            Val::Place(place, _) => self.copied(&place, false, span),
            old => old,
        };
        self.write_through(&place, val, span);
        old
    }

    fn taken_out(&mut self, place: Val, span: Span) -> Val {
        match self.place_of(&place) {
            Some((of, _)) if matches!(self.place_type(&of), Some(Type::Vec(_))) => {
                let Some(ty) = self.owned_type(&of) else { return Val::Error };
                let empty = self.memory("empty", ty, span);
                self.emit(Kind::Alloc(empty, Init::Empty(None)), span);
                let empty = Val::Place(Place::whole(empty), Held::Fresh);
                self.replaced(place, empty, span)
            }
            _ => {
                let zero = self.number(0.0, Slot::Unknown, span);
                self.replaced(place, Val::Scalar(zero), span)
            }
        }
    }
}

/// `<f64>::sin` as `f64::sin`.
fn unqualified(function: &syn::ExprPath) -> syn::Path {
    match &function.qself {
        Some(qself) if qself.position == 0 => match crate::parse::strip(&qself.ty) {
            syn::Type::Path(of) if of.qself.is_none() => {
                let mut path = of.path.clone();
                path.segments.extend(function.path.segments.iter().cloned());
                path
            }
            _ => function.path.clone(),
        },
        _ => function.path.clone(),
    }
}
