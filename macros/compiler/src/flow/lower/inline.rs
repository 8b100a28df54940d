//! Calls of annotated functions: their bodies in place, or their pullbacks.

use super::extent::MAX_DEPTH;
use super::val::{Held, Val};
use super::{Frame, Lowerer, Outer, Slot, TargetKind};
use crate::emit::names::named;
use crate::error::arity;
use crate::flow::ir::{By, Call, CallOut, Kind};
use crate::hash::HashMap;
use crate::ir::Elem;
use crate::parse::{Function, Passing, Type, last_name};
use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;

/// So often a function of functions is inlined within itself, as in `twice(|x| twice(f, x), x)`.
const MAX_NESTED: usize = 6;

impl<'a> Lowerer<'a> {
    /// A call of an annotated function by its path.
    pub(super) fn call_annotated(
        &mut self,
        callee: usize,
        path: &syn::Path,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let Some(function) = self.callees.function(callee) else { return Val::Error };
        if args.len() != function.params.len() {
            let called = format!("`{}`", function.name());
            return self.error(span, arity(&called, function.params.len(), args.len()));
        }
        self.inline_or_call(callee, path, args, span)
    }

    /// A call of an annotated function or method.
    pub(super) fn inline_or_call(
        &mut self,
        callee: usize,
        path: &syn::Path,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let callees = self.callees;
        let Some(function) = callees.function(callee) else { return Val::Error };
        if function.is_opaque() {
            return self.call_pullback(function, path, args, span);
        }
        let closures = args.iter().any(|arg| matches!(arg, Val::Closure(_) | Val::Function(_)));
        // What is passed a function may be called within that, but not for ever.
        let most = if closures { MAX_NESTED } else { 1 };
        let running = self.frames.iter().filter(|frame| frame.id == callee).count() >= most;
        // Inside of an inlined function the decision was made where it is called.
        let nested = self.outer.is_some();
        let fits =
            closures || self.extent(callee).is_some_and(|extent| nested || extent.is_small());
        if running || self.depth > MAX_DEPTH || !fits {
            return self.call_pullback(function, path, args, span);
        }
        self.inlined(callee, function, path, args, span)
    }

    /// Whether a function takes structs whose fields its callers may not be able to name.
    pub(super) fn has_private_fields(&self, function: &Function) -> bool {
        let private = |text: &str| {
            self.callees.numbers().filter_map(|n| self.callees.structure(n)).any(|def| {
                def.ident == last_name(text)
                    && def.fields.iter().any(|f| matches!(f.vis, syn::Visibility::Inherited))
            })
        };
        function.params.iter().flat_map(|param| param.ty.structs()).any(private)
    }

    pub(super) fn inlined(
        &mut self,
        callee: usize,
        function: &'a Function,
        path: &syn::Path,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let (elems, mut lengths) = self.parameters_of(function, &args);
        self.given_arguments(function, path, &elems, &mut lengths);
        // What a method of the same block names is at hand here too.
        let is_outer = self.outer.is_none() && function.owner.is_none();
        if is_outer {
            let mut plain = path.clone();
            for segment in &mut plain.segments {
                segment.arguments = syn::PathArguments::None;
            }
            self.outer = Some(Outer { span: path.span(), path: plain.into_token_stream() });
        }
        self.depth += 1;
        self.frames.push(Frame {
            function,
            id: callee,
            scopes: vec![HashMap::default()],
            elems,
            lengths,
            targets: self.targets.len() + 1,
            output: None,
        });
        let output = self.resolved(&function.output);
        self.frame_mut().output = Some(output.clone());
        let val = self.target(TargetKind::Frame, None, |this| {
            for (param, arg) in function.params.iter().zip(args) {
                let ty = this.resolved(&param.ty);
                let arg = match (param.passing, arg) {
                    (Passing::Shared, Val::Place(place, Held::Named | Held::Fresh)) => {
                        Val::Place(place, Held::Ref)
                    }
                    (Passing::Shared, Val::Array(mut array)) => {
                        array.held = Held::Ref;
                        Val::Array(array)
                    }
                    (_, arg) => arg,
                };
                let arg = match param.passing {
                    Passing::Exclusive => arg,
                    passing => {
                        let arg = this.without_table(arg, span);
                        this.as_memory(arg, &ty, passing, span)
                    }
                };
                if !this.expect_type(&arg, &ty, span) {
                    continue;
                }
                this.bind(&param.pat, arg);
            }
            let val = this.body(&function.item.block, &function.output);
            this.settled(val, span)
        });
        self.frames.pop();
        self.depth -= 1;
        if is_outer {
            self.outer = None;
        }
        val
    }

    /// What a function's type and constant parameters stand for: floats to be inferred, and the
    /// lengths that the arguments' types have.
    fn parameters_of(
        &mut self,
        function: &Function,
        args: &[Val],
    ) -> (HashMap<String, Elem>, HashMap<String, String>) {
        let floats = function.floats.iter();
        let elems = floats.map(|f| (f.clone(), Elem::Var(self.types.class(Slot::Unknown))));
        let elems = elems.collect();
        let mut lengths = HashMap::default();
        for (param, arg) in function.params.iter().zip(args) {
            self.lengths_of(&param.ty, arg, &mut lengths);
        }
        (elems, lengths)
    }

    /// The lengths that constant parameters stand for, by the arguments' types.
    fn lengths_of(&self, ty: &Type, arg: &Val, lengths: &mut HashMap<String, String>) {
        let have = match arg {
            Val::Place(place, _) => self.place_type(place),
            Val::Var(id, path) => match self.vars[*id].val.at(path) {
                Some(Val::Place(place, _)) => self.place_type(place),
                _ => None,
            },
            _ => None,
        };
        if let Some(have) = have {
            match_lengths(ty, &have, lengths);
        }
    }

    /// What is given in `f::<f64, 3>`.
    fn given_arguments(
        &mut self,
        function: &Function,
        path: &syn::Path,
        elems: &HashMap<String, Elem>,
        lengths: &mut HashMap<String, String>,
    ) {
        let Some(syn::PathArguments::AngleBracketed(list)) =
            path.segments.last().map(|segment| &segment.arguments)
        else {
            return;
        };
        let params = function.item.sig.generics.params.iter();
        let params = params.filter(|param| !matches!(param, syn::GenericParam::Lifetime(_)));
        let given =
            list.args.iter().filter(|arg| !matches!(arg, syn::GenericArgument::Lifetime(_)));
        for (param, given) in params.zip(given) {
            match (param, given) {
                (syn::GenericParam::Type(param), syn::GenericArgument::Type(ty)) => {
                    if let (Some(Type::Float(elem)), Some(Elem::Var(class))) =
                        (self.written_type(ty), elems.get(&param.ident.to_string()))
                    {
                        let own = self.types.of_elem(&elem);
                        self.types.unify(*class, own);
                    }
                }
                (syn::GenericParam::Const(param), given) => {
                    let text = self.resolved_length(&given.to_token_stream().to_string());
                    lengths.insert(param.ident.to_string(), text);
                }
                _ => {}
            }
        }
    }

    /// A call whose derivative is the callee's pullback.
    fn call_pullback(
        &mut self,
        function: &Function,
        path: &syn::Path,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        if matches!(function.output, Type::Option(_) | Type::Result(..)) && function.is_opaque() {
            return self.error(span, format!("`{}` returns an `Option` or `Result`, and its derivative is {}: such a call is not supported, make it return a plain value", function.name(), function.origin()));
        }
        if matches!(function.output, Type::Option(_) | Type::Result(..)) {
            return self.error(span, format!("`{}` returns an `Option` or `Result` and cannot be inlined here (it calls itself, or uses types of its own place): make it return a plain value", function.name()));
        }
        if function.mentions_arrays() {
            return self.error(span, format!("`{}` cannot be inlined here (it calls itself, or uses types of its own place), which functions of `ndarray` arrays have to be: take slices, `&[f64]`, instead of arrays", function.name()));
        }
        let own = path.get_ident().is_some_and(|name| *name == self.frame().function.name());
        let path = match &self.outer {
            // Inside of an inlined function its own names do not reach: only the call itself does.
            Some(outer) if own => outer.path.clone(),
            Some(_) => {
                return self.error(span, format!("`{}` cannot be reached from here: call it from the differentiated function itself", function.name()));
            }
            None => path.to_token_stream(),
        };
        let method = function.owner.is_some();
        let (elems, lengths) = self.parameters_of(function, &args);
        let saved = (
            std::mem::replace(&mut self.frame_mut().elems, elems),
            std::mem::replace(&mut self.frame_mut().lengths, lengths),
        );
        let types: Vec<Type> =
            function.params.iter().map(|param| self.resolved(&param.ty)).collect();
        let output = self.resolved(&function.output);
        (self.frame_mut().elems, self.frame_mut().lengths) = saved;
        let (mut list, mut after) = (Vec::new(), Vec::new());
        for ((param, ty), arg) in function.params.iter().zip(&types).zip(args) {
            self.expect_type(&arg, ty, span);
            let by = match param.passing {
                Passing::Value => By::Value,
                Passing::Shared => By::Ref,
                Passing::Exclusive => By::Mut,
            };
            let passive = matches!(ty, Type::Constant(_));
            let Some(mut arg) = self.call_arg(arg, by, &mut after, span) else { return Val::Error };
            arg.wrt = param.wrt;
            let reference = matches!(crate::parse::strip(&param.written), syn::Type::Reference(_));
            if let crate::flow::ir::Source::Value(v) = &arg.source {
                let known = self.is_plain(*v);
                arg.by = if reference && (known || !passive) { by } else { By::Value };
            }
            list.push(arg);
        }
        let out = match &output {
            Type::Unit => CallOut::Unit,
            Type::Float(elem) => {
                let class = self.types.of_elem(elem);
                CallOut::Value(self.of_class("result", class, span))
            }
            ty => {
                let mem = self.memory("result", ty.clone(), span);
                self.changing.insert(mem);
                CallOut::Mem(mem)
            }
        };
        let receiver = function.params.first().is_some_and(|param| param.name == "self");
        let of_type = (method && !receiver).then(|| quote!(Self::));
        let beside = |base: &str| {
            let name = named(function, base);
            if method { quote!(#of_type #name) } else { quote!(#path::#name) }
        };
        let name = &function.item.sig.ident;
        let call = Call {
            value: if method { quote!(#of_type #name) } else { quote!(#path) },
            vjp: beside("vjp"),
            jvp: function.has_jvp().then(|| beside("jvp")),
            second: function.has_second_by_rule().then(|| ["grad", "hvp"].map(beside)),
            vjp_jvp: function.has_vjp_jvp().then(|| beside("vjp_jvp")),
            rule: function.options.derivative.rule().is_some(),
            itself: own && !method && self.outer.is_none(),
            method: method && receiver,
            guessed: false,
            args: list,
            out,
        };
        self.emit(Kind::Call(Box::new(call)), span);
        self.write_back(after, span);
        match out {
            CallOut::Unit => Val::Unit,
            CallOut::Value(v) => Val::Scalar(v),
            CallOut::Mem(mem) => self.fresh_place(mem),
        }
    }
}

fn match_lengths(param: &Type, arg: &Type, lengths: &mut HashMap<String, String>) {
    match (param, arg) {
        (Type::Fixed(a, len), Type::Fixed(b, have)) => {
            let is_name = len.chars().all(|c| c.is_alphanumeric() || c == '_')
                && len.starts_with(|c: char| c.is_alphabetic());
            if is_name {
                lengths.insert(len.clone(), have.clone());
            }
            match_lengths(a, b, lengths);
        }
        (
            Type::Slice(a) | Type::Vec(a) | Type::Fixed(a, _),
            Type::Slice(b) | Type::Vec(b) | Type::Fixed(b, _),
        ) => match_lengths(a, b, lengths),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.iter().zip(b).for_each(|(a, b)| match_lengths(a, b, lengths));
        }
        _ => {}
    }
}
