//! Calls: annotated functions are inlined, functions of floats are primitives, and what depends on
//! no differentiable value is taken as a constant.

use super::text::text;
use super::{Frame, Lowerer, OuterCall, Ref, Val};
use crate::capsule::{STD_MACROS, is_known_function, tainted_call};
use crate::error::arity;
use crate::ir::{Elem, Foreign, Kind, Literal, Op};
use crate::parse::{Function, Type};
use crate::primitives;
use proc_macro2::Span;
use quote::{ToTokens, quote};
use std::collections::HashMap;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall};

impl<'a> Lowerer<'a> {
    pub(super) fn call(&mut self, call: &ExprCall) -> Option<Val> {
        let Expr::Path(function) = &*call.func else {
            return self.error(
                &call.func,
                "only functions called by name and local closures can be called here",
            );
        };
        let name = function.path.get_ident().map(ToString::to_string);
        if let Some(Val::Closure(closure)) = name.and_then(|name| self.lookup(&name).cloned()) {
            let args = self.arguments(call)?;
            return self.apply(&closure, args, call.span());
        }
        if let Some(val) = self.constructor(call, &function.path)? {
            return Some(val);
        }
        if function.path.segments.last().is_some_and(|s| s.ident == "Axis") {
            return self.axis_literal(call);
        }
        if function
            .path
            .segments
            .last()
            .is_some_and(|s| s.ident.to_string().starts_with(char::is_uppercase))
        {
            return self.unannotated(&function.path);
        }
        if !is_known_function(&function.path, &self.frame().function.floats)
            && self.callees.callee(self.frame().id, &function.path).is_none()
        {
            return self.unknown_call(call, &function.path);
        }
        let args = self.arguments(call)?;
        let exprs: Vec<&Expr> = call.args.iter().collect();
        self.call_path(&function.path, args, &exprs, call.span())
    }

    fn arguments(&mut self, call: &ExprCall) -> Option<Vec<Val>> {
        let args: Vec<_> = call.args.iter().map(|arg| self.expr(arg)).collect();
        args.into_iter().collect()
    }

    fn axis_literal(&mut self, call: &ExprCall) -> Option<Val> {
        match call.args.first() {
            Some(Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(lit), .. })) => {
                Some(Val::Axis(lit.base10_parse().ok()?))
            }
            _ => self.error(call, "an axis must be written out: `Axis(0)`"),
        }
    }

    /// Calls what a path names with arguments that are already evaluated.
    pub(super) fn call_path(
        &mut self,
        path: &syn::Path,
        args: Vec<Val>,
        exprs: &[&Expr],
        span: Span,
    ) -> Option<Val> {
        if let Some(callee) = self.callees.callee(self.frame().id, path) {
            return self.inline(callee, path, args, exprs, span);
        }
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if segments.last() == Some(&"stop_gradient") {
            let refs = self.references(args, exprs, span)?;
            return self.primitive(&primitives::STOP_GRADIENT, &refs, &text(path), &[], path);
        }
        if let [.., ty, function] = segments.as_slice()
            && let Some(elem) = self.path_elem(ty)
        {
            return self.float_function(elem, function, args, exprs, path, span);
        }
        self.unannotated(path)
    }

    /// A call of something that is neither annotated nor known.
    fn unknown_call(&mut self, call: &ExprCall, path: &syn::Path) -> Option<Val> {
        let name = path.get_ident().map(ToString::to_string).unwrap_or_default();
        let differentiable = tainted_call(self.frame().function, call);
        if differentiable
            || STD_MACROS.contains(&name.as_str())
            || name == self.frame().function.name()
        {
            return self.unannotated(path);
        }
        self.constant_call(call)
    }

    fn unannotated(&mut self, path: &syn::Path) -> Option<Val> {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let name = text(path);
        if segments.last().is_some_and(|last| last.starts_with(char::is_uppercase)) {
            return self.error(
                path,
                format!("`{name}(..)` is not supported in functions of `ndarray` arrays yet: return the plain value, or a tuple"),
            );
        }
        if segments.len() == 1 && STD_MACROS.contains(&segments[0]) {
            return self.error(path, format!("`{name}` shares its name with a macro of std, so it cannot be fused into its caller: rename it"));
        }
        if segments == [self.frame().function.name().as_str()] {
            return self
                .error(path, format!("`{name}` calls itself: recursion is not supported in functions of `ndarray` arrays yet"));
        }
        self.error(path, format!("`{name}` is called with a differentiable argument but is not known: put `#[differentiate]` on it"))
    }

    fn references(&mut self, args: Vec<Val>, exprs: &[&Expr], span: Span) -> Option<Vec<Ref>> {
        let mut refs = Vec::new();
        for (k, arg) in args.into_iter().enumerate() {
            match (arg, exprs.get(k)) {
                (Val::Ref(r), _) => refs.push(r),
                (val, Some(expr)) => refs.push(self.reference(val, expr)?),
                _ => return self.error(span, "a float or an array is expected here"),
            }
        }
        Some(refs)
    }

    /// `f64::max(x, y)`, `f64::from(x)`, `T::one()`.
    fn float_function(
        &mut self,
        elem: Elem,
        function: &str,
        args: Vec<Val>,
        exprs: &[&Expr],
        path: &syn::Path,
        span: Span,
    ) -> Option<Val> {
        let refs = self.references(args, exprs, span)?;
        let number = match (function, refs.as_slice()) {
            ("zero", []) => Some(0.0),
            ("one", []) => Some(1.0),
            _ => None,
        };
        if let Some(value) = number {
            return Some(Val::Ref(self.constant(Literal::Float(value, None), elem, span)));
        }
        if let ("from", [arg]) = (function, refs.as_slice()) {
            let cast = Val::Ref(self.cast(*arg, elem.clone(), span));
            // `num_traits`' `T::from` returns an `Option`, std's `f64::from` does not.
            let generic =
                path.segments.first().is_some_and(|s| s.ident != "f32" && s.ident != "f64");
            let described = crate::ir::Described { text: text(path), shape: vec![] };
            return Some(if generic {
                Val::Option(Box::new(cast), described, vec![])
            } else {
                cast
            });
        }
        let Some(row) = primitives::method(function) else {
            return self.error(
                path,
                format!(
                    "`{}` is not a differentiable function of floats that chainrule knows",
                    text(path)
                ),
            );
        };
        for &r in &refs {
            let have = self.elem(r);
            let exponent = row.name == "powi" && Some(&r) == refs.get(1);
            if !exponent && !self.elems.unify(&have, &elem) {
                return self.error(span, format!("`{}` takes `{elem}`", text(path)));
            }
        }
        let texts: Vec<String> = exprs.iter().map(text).collect();
        let (first, rest) =
            texts.split_first().map_or((String::new(), &[][..]), |(f, r)| (f.clone(), r));
        self.primitive(row, &refs, &first, rest, path)
    }

    /// Lowers the body of an annotated function in place of a call of it.
    fn inline(
        &mut self,
        id: usize,
        path: &syn::Path,
        args: Vec<Val>,
        exprs: &[&Expr],
        span: Span,
    ) -> Option<Val> {
        let callees = self.callees;
        let function: &'a Function = callees.function(id)?;
        if function.is_opaque() {
            return self.error(
                path,
                format!("the derivative of `{}` is {}, and functions of `ndarray` arrays cannot call such functions yet: call it from a function of floats and slices, or differentiate its body", function.name(), function.origin()),
            );
        }
        if function.options.recursive.is_some() || self.frames.iter().any(|f| f.id == id) {
            return self.error(
                path,
                format!("`{}` calls itself: recursion is not supported in functions of `ndarray` arrays yet", function.name()),
            );
        }
        if args.len() != function.params.len() {
            let called = format!("`{}`", function.name());
            return self.error(span, arity(&called, function.params.len(), args.len()));
        }
        let elems: HashMap<String, Elem> =
            function.floats.iter().map(|f| (f.clone(), self.elems.free())).collect();
        if let Some(syn::PathArguments::AngleBracketed(list)) =
            path.segments.last().map(|s| &s.arguments)
        {
            let given = list.args.iter().filter_map(|arg| match arg {
                syn::GenericArgument::Type(syn::Type::Path(ty)) => {
                    ty.path.get_ident().map(ToString::to_string)
                }
                _ => None,
            });
            for (float, given) in function.floats.iter().zip(given) {
                if let (Some(var), Some(elem)) = (elems.get(float), self.path_elem(&given)) {
                    self.elems.unify(var, &elem);
                }
            }
        }
        for (k, (arg, param)) in args.iter().zip(&function.params).enumerate() {
            let at = exprs.get(k).map_or(span, |e| e.span());
            self.argument(arg, &param.ty, &elems, at)?;
        }
        let is_outer = self.outer_call.is_none();
        if is_outer {
            let mut path = path.clone();
            if let Some(last) = path.segments.last_mut() {
                last.arguments = syn::PathArguments::None;
            }
            self.outer_call = Some(OuterCall { span: path.span(), path: path.into_token_stream() });
        }
        self.frames.push(Frame { function, id, scopes: vec![HashMap::new()], captured: 0, elems });
        let result = self.inlined_body(function, args, span);
        self.frames.pop();
        if is_outer {
            self.outer_call = None;
        }
        result
    }

    fn inlined_body(&mut self, function: &'a Function, args: Vec<Val>, span: Span) -> Option<Val> {
        for (arg, param) in args.into_iter().zip(&function.params) {
            self.bind(&param.pat, arg, None)?;
        }
        let result = self.block(&function.item.block)?;
        self.results(&result, &function.output, span, &mut Vec::new())?;
        Some(result)
    }

    /// Checks an argument against the type of its parameter, and infers either from the other.
    fn argument(
        &mut self,
        arg: &Val,
        ty: &Type,
        elems: &HashMap<String, Elem>,
        span: Span,
    ) -> Option<()> {
        let (have, want, rank) = match (arg, ty) {
            (Val::Tuple(args), Type::Tuple(types)) if args.len() == types.len() => {
                return args
                    .iter()
                    .zip(types)
                    .try_for_each(|(arg, ty)| self.argument(arg, ty, elems, span));
            }
            (Val::Ref(r), Type::Float(elem)) => (*r, elem.clone(), 0),
            (Val::Ref(r), Type::Array(elem, rank)) => (*r, elem.clone(), *rank),
            (Val::Ref(r), Type::Int(name)) => (*r, Elem::Int(name.clone()), 0),
            (Val::Opaque(_), Type::Constant(_)) | (Val::Struct(_), Type::Struct(_)) => {
                return Some(());
            }
            _ => return self.error(span, "this argument is not of the parameter's type"),
        };
        let want = match &want {
            Elem::Param(name) => elems.get(name).cloned().unwrap_or(want),
            _ => want,
        };
        let elem = self.elem(have);
        if self.own_rank(have) != rank || !self.elems.unify(&elem, &want) {
            return self.error(span, "this argument is not of the parameter's type");
        }
        Some(())
    }

    /// The local variables an expression mentions, with their values.
    fn locals(&self, expr: &Expr) -> Vec<(String, Val)> {
        struct Idents(Vec<String>);
        impl<'ast> syn::visit::Visit<'ast> for Idents {
            fn visit_ident(&mut self, ident: &'ast proc_macro2::Ident) {
                self.0.push(ident.to_string());
            }
        }
        let mut idents = Idents(vec![]);
        syn::visit::Visit::visit_expr(&mut idents, expr);
        idents.0.sort();
        idents.0.dedup();
        idents
            .0
            .into_iter()
            .filter_map(|name| Some((name.clone(), self.lookup(&name)?.clone())))
            .collect()
    }

    /// A call that no differentiable value reaches: taken as it is.
    fn constant_call(&mut self, call: &ExprCall) -> Option<Val> {
        let expr = Expr::Call(call.clone());
        let mut locals = Vec::new();
        for (name, val) in self.locals(&expr) {
            match val {
                Val::Ref(r) if self.program.rank(r.id) == 0 => locals.push((name, r)),
                Val::Opaque(what) if what.is_empty() => return None,
                _ => return self.error(call, format!("`{name}` cannot be passed on: a function that is not annotated takes floats and integers only so far")),
            }
        }
        self.foreign(&expr, None, locals)
    }

    /// A constant expression of the user's. In the function that wrote it, it is used as it
    /// stands; where that function is inlined, names may mean something else, so it is reached
    /// through the accessor that stands beside the function.
    pub(super) fn foreign(
        &mut self,
        expr: &Expr,
        elem: Option<Elem>,
        locals: Vec<(String, Ref)>,
    ) -> Option<Val> {
        let elem = match elem {
            Some(elem) => elem,
            None => self.elems.free(),
        };
        let source = expr.to_token_stream();
        let number = self.program.foreign.len();
        let accessor = self.callees.accessor(self.frame().id, &source);
        let through = self.outer_call.as_ref().map(|outer| {
            let path = &outer.path;
            quote!(#path::#accessor)
        });
        let args = locals.iter().map(|(_, r)| self.program.whole(r.id)).collect();
        let kind = Kind::Map { op: Op::Foreign(number), args };
        let id = self.program.define(text(expr), elem, vec![], expr.span(), kind);
        let locals = locals.into_iter().map(|(name, r)| (name, r.id)).collect();
        self.program.foreign.push(Foreign { through, source, value: id, locals, accessor });
        Some(Val::Ref(Ref { id, context: 0 }))
    }
}
