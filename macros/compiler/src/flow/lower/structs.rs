//! Structs: literals, constructors, and methods of other `impl` blocks.

use super::place::Lv;
use super::val::{Held, Val};
use super::wanted::Wanted;
use super::{Lowerer, Slot};
use crate::flow::ir::{By, Call, CallArg, CallOut, Init, Kind, Mode, Place, Source};
use crate::ir::Elem;
use crate::parse::{Passing, Type, text_of};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, Member};

impl Lowerer<'_> {
    /// `Line { slope, offset: 1.0, ..other }`
    pub(super) fn struct_literal(&mut self, of: &syn::ExprStruct) -> Val {
        let span = of.span();
        let written = self.struct_name(&of.path);
        let Some(fields) = self.fields_of(&written) else {
            return self.opaque(&syn::Expr::Struct(of.clone()));
        };
        let mut vals = Vec::new();
        for field in &of.fields {
            let name = match &field.member {
                Member::Named(name) => name.to_string(),
                Member::Unnamed(index) => index.index.to_string(),
            };
            let ty = fields.iter().find(|(field, _)| *field == name).map(|(_, ty)| ty.clone());
            let val = match &ty {
                Some(ty) => self.expr_of_type(&field.expr, ty),
                None => self.expr(&field.expr),
            };
            let val = self.owned(val, false, span);
            if let Some(ty) = &ty {
                self.expect_type(&val, ty, field.span());
            }
            vals.push((name, val));
        }
        if let Some(rest) = &of.rest {
            let mut base = self.expr(rest);
            let root = self.callees.root();
            if self.callees.parameters(root, &written).unwrap_or_default().is_empty() {
                // What only rustc knows: it is of this type, too.
                let ty = Type::Struct(written.clone());
                base = self.as_memory(base, &ty, Passing::Value, span);
            }
            for (name, _) in &fields {
                if vals.iter().all(|(field, _)| field != name)
                    && let Some(part) = self.part(&base, name, span)
                {
                    let part = self.owned(part, false, span);
                    vals.push((name.clone(), part));
                }
            }
        }
        // In the order of the type.
        vals.sort_by_key(|(name, _)| fields.iter().position(|(field, _)| field == name));
        let name = self.literal_type(&written, &vals);
        Val::Struct(name, vals)
    }

    /// The type of a struct literal; of a generic one, the arguments follow from the fields.
    fn literal_type(&self, written: &str, vals: &[(String, Val)]) -> String {
        let root = self.callees.root();
        let params = self.callees.parameters(root, written).unwrap_or_default();
        if params.is_empty() || written.contains('<') {
            return written.to_string();
        }
        let fields = self.fields_of(written).unwrap_or_default();
        let argument = |param: &String| {
            let is_field = |name: &str| {
                fields.iter().any(|(field, ty)| field == name && *ty == Type::Struct(param.clone()))
            };
            let val = vals.iter().find(|(name, _)| is_field(name)).map(|(_, val)| val);
            match val {
                Some(Val::Scalar(v)) => match self.slot(*v) {
                    Slot::Float(Elem::Var(_)) | Slot::Unknown | Slot::Other => "_".to_string(),
                    Slot::Float(elem) => elem.to_string(),
                    Slot::FloatLiteral => "f64".to_string(),
                    Slot::Int(name) => name.unwrap_or_else(|| "i32".to_string()),
                    Slot::Bool => "bool".to_string(),
                    Slot::Is(_) => "_".to_string(),
                },
                Some(Val::Struct(name, _)) => name.clone(),
                _ => "_".to_string(),
            }
        };
        let arguments: Vec<String> = params.iter().map(argument).collect();
        format!("{written}<{}>", arguments.join(","))
    }

    /// A struct's type as a path in the function at hand means it.
    fn struct_name(&self, path: &syn::Path) -> String {
        if path.is_ident("Self")
            && let Some(owner) = &self.frame().function.owner
        {
            return text_of(&owner.ty);
        }
        text_of(path)
    }

    /// Whether a path names a struct whose fields are known.
    pub(super) fn is_struct(&self, path: &syn::Path) -> bool {
        let uppercase = path
            .segments
            .last()
            .is_some_and(|segment| segment.ident.to_string().starts_with(char::is_uppercase));
        uppercase && self.fields_of(&self.struct_name(path)).is_some()
    }

    /// `Angle(phi)`
    pub(super) fn tuple_struct(&mut self, path: &syn::Path, args: Vec<Val>, span: Span) -> Val {
        let name = self.struct_name(path);
        let types = self.fields_of(&name).unwrap_or_default();
        let mut fields = Vec::new();
        for (k, arg) in args.into_iter().enumerate() {
            let val = self.owned(arg, false, span);
            if let Some((_, ty)) = types.get(k) {
                self.expect_type(&val, ty, span);
            }
            fields.push((k.to_string(), val));
        }
        Val::Struct(name, fields)
    }

    /// The struct whose associated function a path means: `Body::at_rest`.
    pub(super) fn method_of_path(&self, path: &syn::Path) -> Option<String> {
        if path.segments.len() < 2 {
            return None;
        }
        let mut owner = path.clone();
        owner.segments.pop();
        owner.segments.pop_punct();
        let name = self.struct_name(&owner);
        // A function of the same block is known whatever the block belongs to.
        let function = super::pattern::last_name(path);
        let known = self.fields_of(&name).is_some()
            || self.callees.method(self.frame().id, &name, &function).is_some();
        known.then_some(name)
    }

    /// An associated function of a struct.
    pub(super) fn call_associated(
        &mut self,
        owner: &str,
        path: &syn::Path,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let name = super::pattern::last_name(path);
        let id = self.frame().id;
        if let Some(callee) = self.callees.method(id, owner, &name) {
            return self.inline_or_call(callee, path, args, span);
        }
        let known = ["default", "new"];
        if known.contains(&name.as_str()) && args.is_empty() {
            return self.error(span, format!("`{name}` of `{owner}` is not known here: write the struct out, `{owner} {{ .. }}`"));
        }
        // It is not known what it returns: a value of its own type, as constructors do.
        let (value, vjp) = (path.to_token_stream(), sibling(path));
        let args = args.into_iter().map(|arg| (arg, By::Value)).collect();
        self.call_out(value, vjp, false, args, Some(Type::Struct(owner.to_string())), span)
    }

    /// A method of a struct.
    pub(super) fn call_method(&mut self, receiver: Val, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let owner = match &receiver {
            Val::Struct(name, _) => Some(name.clone()),
            Val::Place(place, _) => match self.place_type(place) {
                Some(Type::Struct(name)) => Some(name),
                _ => None,
            },
            Val::Var(id, path) => match self.vars[*id].val.at(path) {
                Some(Val::Struct(name, _)) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        let Some(owner) = owner else {
            return self
                .error(&call.method, format!("`{name}` is not a method that chainrule knows"));
        };
        let changes = self.statement_call == std::ptr::from_ref(call) as usize;
        let mut args = Vec::new();
        for arg in &call.args {
            if matches!(arg, Expr::Reference(_)) {
                self.want(arg, Wanted::List);
            }
            let val = self.expr(arg);
            args.push(match (arg, self.settled(val, arg.span())) {
                (Expr::Reference(_), Val::Place(place, Held::Fresh)) => {
                    Val::Place(place, Held::Ref)
                }
                (_, val) => val,
            });
        }
        let id = self.frame().id;
        if let Some(callee) = self.callees.method(id, &owner, &name) {
            args.insert(0, receiver);
            let path = syn::Path::from(call.method.clone());
            return self.inline_or_call(callee, &path, args, span);
        }
        // A method of another block: its derivative stands beside it. Whether it changes its
        // receiver is not known; as a statement it can do nothing else.
        let receiver = match (receiver, changes) {
            (val @ (Val::Var(..) | Val::Either(..)), false) => self.plain(val, span),
            (val, _) => val,
        };
        let method = &call.method;
        let turbofish = &call.turbofish;
        let value = quote!(#method #turbofish);
        let vjp = format_ident!("{}_vjp", name.trim_start_matches("r#"), span = method.span());
        let mut passed = vec![(receiver, if changes { By::Mut } else { By::Ref })];
        passed.extend(args.into_iter().map(|arg| (arg, By::Value)));
        let out = match self.returned(call, &owner) {
            _ if changes => Some(Type::Unit),
            out => out,
        };
        self.call_out(value, quote!(#vjp #turbofish), true, passed, out, span)
    }

    /// A call whose derivative is a call, by the types of its arguments: nothing else is known of
    /// the callee. Without `out` it returns a float.
    pub(super) fn call_out(
        &mut self,
        value: TokenStream,
        vjp: TokenStream,
        method: bool,
        args: Vec<(Val, By)>,
        out: Option<Type>,
        span: Span,
    ) -> Val {
        let (mut list, mut after) = (Vec::new(), Vec::new());
        for (arg, by) in args {
            let Some(arg) = self.call_arg(arg, by, &mut after, span) else { return Val::Error };
            list.push(arg);
        }
        let out = match out {
            Some(Type::Unit) => CallOut::Unit,
            Some(ty) => {
                let mem = self.memory("result", ty, span);
                self.changing.insert(mem);
                CallOut::Mem(mem)
            }
            None => CallOut::Value(self.fresh("result", Slot::FloatLiteral, span)),
        };
        self.emit(
            Kind::Call(Box::new(Call {
                value,
                // If forward mode is wanted, the method has it by the same option.
                jvp: Some(ending(&vjp, "_jvp")),
                vjp_jvp: Some(ending(&vjp, "_vjp_jvp")),
                vjp,
                second: None,
                rule: false,
                itself: false,
                method,
                guessed: true,
                args: list,
                out,
            })),
            span,
        );
        self.write_back(after, span);
        match out {
            CallOut::Unit => Val::Unit,
            CallOut::Value(v) => Val::Scalar(v),
            CallOut::Mem(mem) => self.fresh_place(mem),
        }
    }

    /// One argument of a call. A variable that is no memory is put into one, and read back
    /// afterwards.
    pub(super) fn call_arg(
        &mut self,
        arg: Val,
        by: By,
        after: &mut Vec<(Val, Place)>,
        span: Span,
    ) -> Option<CallArg> {
        match (arg, by) {
            (Val::Place(place, held), by) => {
                let ty = self.place_type(&place);
                if let (Some(Type::Float(_) | Type::Int(_) | Type::Constant(_)), false) =
                    (&ty, held == Held::Mut)
                {
                    let val = self.read_place(place, held, span);
                    return self.call_arg(val, by, after, span);
                }
                let by = match held {
                    Held::Mut => By::Mut,
                    Held::Ref => By::Ref,
                    _ => by,
                };
                let wrt = ty.as_ref().is_none_or(|ty| self.carries(ty));
                Some(CallArg { source: Source::Place(place), by, wrt })
            }
            (val @ (Val::Var(..) | Val::Either(..)), _) => {
                let plain = self.plain(val.clone(), span);
                match self.call_memory(plain.clone(), span) {
                    Some(mem) => {
                        let place = Place::whole(mem);
                        after.push((val, place.clone()));
                        Some(CallArg { source: Source::Place(place), by: By::Mut, wrt: true })
                    }
                    None => {
                        self.error(
                            span,
                            "this variable cannot be changed by a function that is called here",
                        );
                        None
                    }
                }
            }
            (val @ (Val::Tuple(_) | Val::Struct(..)), by) => {
                let (mem, _) = self.materialised(val, "argument", span)?;
                let by = if by == By::Mut { By::Mut } else { by };
                Some(CallArg { source: Source::Place(Place::whole(mem)), by, wrt: true })
            }
            (Val::Closure(_) | Val::Function(_) | Val::Iter(_) | Val::Opt(_), _) => {
                self.error(span, "a closure, an iterator or an `Option` cannot be passed to a function whose derivative is a call: annotate the function so that it can be inlined");
                None
            }
            (val, _) => {
                let v = self.scalar(val, span)?;
                let wrt = self.is_float(v);
                Some(CallArg { source: Source::Value(v), by: By::Value, wrt })
            }
        }
    }

    fn call_memory(&mut self, val: Val, span: Span) -> Option<crate::flow::ir::MemId> {
        match val {
            Val::Scalar(v) if self.is_float(v) => {
                let ty = Type::Float(Elem::Var(self.class(v)));
                let mem = self.memory("argument", ty, span);
                self.emit(Kind::Alloc(mem, Init::Unset), span);
                self.emit(Kind::Store(Place::whole(mem), v, Mode::Set), span);
                Some(mem)
            }
            val @ (Val::Tuple(_) | Val::Struct(..)) => {
                Some(self.materialised(val, "argument", span)?.0)
            }
            _ => None,
        }
    }

    /// Variables take back what a call has made of the memory they were put into.
    pub(super) fn write_back(&mut self, after: Vec<(Val, Place)>, span: Span) {
        for (reference, place) in after {
            let val = self.unpacked(place, span);
            self.write_through(&reference, val, span);
        }
    }

    /// The parts of a memory as values.
    fn unpacked(&mut self, place: Place, span: Span) -> Val {
        match self.place_type(&place) {
            Some(Type::Struct(name)) => {
                let fields = self.fields_of(&name).unwrap_or_default();
                let fields = fields.into_iter().map(|(field, _)| {
                    let lv = self.field_of(Lv::Place(place.clone(), Held::Named), &field);
                    let val = match lv {
                        Some(Lv::Place(place, _)) => self.unpacked(place, span),
                        _ => Val::Error,
                    };
                    (field, val)
                });
                Val::Struct(name.clone(), fields.collect())
            }
            Some(Type::Tuple(parts)) => {
                let parts = (0..parts.len()).map(|k| {
                    match self.field_of(Lv::Place(place.clone(), Held::Named), &k.to_string()) {
                        Some(Lv::Place(place, _)) => self.unpacked(place, span),
                        _ => Val::Error,
                    }
                });
                Val::Tuple(parts.collect())
            }
            _ => self.read_place(place, Held::Named, span),
        }
    }

    /// The parts of a place as values, where it is a tuple or a struct.
    pub(super) fn explode(&mut self, place: &Place, span: Span) -> Val {
        self.unpacked(place.clone(), span)
    }

    /// Whether a type has floats in it.
    pub(super) fn carries(&self, ty: &Type) -> bool {
        match ty {
            Type::Float(Elem::Var(class)) => self.types.is_float(*class),
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => self.carries(of),
            ty => ty.is_differentiable(),
        }
    }
}

/// The derivative beside an associated function: `Body::at_rest_vjp`.
fn sibling(path: &syn::Path) -> TokenStream {
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut() {
        let name = format!("{}_vjp", last.ident.to_string().trim_start_matches("r#"));
        last.ident = Ident::new(&name, last.ident.span());
    }
    path.to_token_stream()
}

/// The derivative of forward mode that stands beside a `_vjp`.
fn ending(vjp: &TokenStream, suffix: &str) -> TokenStream {
    let renamed = |token: TokenTree| match &token {
        TokenTree::Ident(name) => match name.to_string().strip_suffix("_vjp") {
            Some(base) => Ident::new(&format!("{base}{suffix}"), name.span()).into(),
            None => token,
        },
        _ => token,
    };
    vjp.clone().into_iter().map(renamed).collect()
}
