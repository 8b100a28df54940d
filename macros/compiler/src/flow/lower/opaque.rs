//! Pieces of the user's code that are taken as they stand: what no derivative flows through.

use super::place::Lv;
use super::scan::{self, Use, Uses};
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::emit::names::ident;
use crate::flow::ir::{Accessor, Bind, By, Code, Kind, Origin, ParamIs, Place, Source, V};
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use std::rc::Rc;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Token};

impl Lowerer<'_> {
    /// An expression that is taken as it stands, for its value.
    pub(super) fn opaque(&mut self, expr: &Expr) -> Val {
        let uses = scan::uses(expr);
        if uses.leaves {
            return self.error(expr, "control leaves this expression in a way that cannot be followed: compute the value first, then use it");
        }
        let (expr, stopped) = self.stopped(expr);
        let uses = scan::uses(&expr);
        let Some(mut binds) = self.binds(&uses, expr.span()) else { return Val::Error };
        binds.extend(stopped);
        let foreign = self.is_foreign(&uses);
        self.taken(expr.to_token_stream(), binds, !uses.acts, foreign, expr.span())
    }

    /// An expression that is taken as it stands after all: what was lowered of it since the mark is
    /// taken back, so that nothing in it happens twice.
    pub(super) fn opaque_instead(&mut self, mark: Mark, expr: &Expr) -> Val {
        match self.take_back(mark, expr.span()) {
            true => self.opaque(expr),
            false => Val::Error,
        }
    }

    /// Where lowering is, to come back to by [`Lowerer::take_back`].
    pub(super) fn mark(&self) -> Mark {
        let statements = self.regions.last().map_or(0, |region| region.stmts.len());
        Mark { regions: self.regions.len(), statements }
    }

    /// Takes back the statements since a mark; reports where control may have left in between.
    pub(super) fn take_back(&mut self, mark: Mark, span: Span) -> bool {
        let here = self.regions.len() == mark.regions;
        match self.regions.last_mut() {
            Some(region) if here => region.stmts.truncate(mark.statements),
            _ => {
                self.error(span, "control leaves this expression in a way that cannot be followed: compute the value first, then use it");
            }
        }
        here
    }

    /// An expression with the `stop_gradient(..)` in it evaluated ahead, and what stands for them.
    pub(super) fn stopped(&mut self, expr: &Expr) -> (Expr, Vec<Bind>) {
        let mut expr = expr.clone();
        let mut found = Stopped::default();
        found.visit_expr_mut(&mut expr);
        (expr, self.stopped_values(found))
    }

    /// The same in the arguments of a macro.
    pub(super) fn stopped_in_macro(&mut self, mac: &syn::Macro) -> (syn::Macro, Vec<Bind>) {
        let mut mac = mac.clone();
        let mut found = Stopped::default();
        found.visit_macro_mut(&mut mac);
        (mac, self.stopped_values(found))
    }

    fn stopped_values(&mut self, found: Stopped) -> Vec<Bind> {
        let mut binds = Vec::new();
        for (name, arg) in found.values {
            let span = arg.span();
            let val = self.expr(&arg);
            let val = self.stop_gradient(val, span);
            if let Some(v) = self.scalar(val, span) {
                binds.push(Bind { name, what: Source::Value(v), by: By::Value });
            }
        }
        binds
    }

    /// A statement that is taken as it stands.
    pub(super) fn opaque_statement(&mut self, expr: &Expr) {
        let uses = scan::uses(expr);
        if uses.leaves {
            self.error(expr, "control leaves this statement in a way that cannot be followed");
            return;
        }
        let (expr, stopped) = self.stopped(expr);
        let uses = scan::uses(&expr);
        let Some(mut binds) = self.binds(&uses, expr.span()) else { return };
        binds.extend(stopped);
        if self.outer.is_some() && self.is_foreign(&uses) {
            self.error(&expr, "this statement uses names of the place it stands at, which the caller cannot reach: pass what it needs as arguments");
            return;
        }
        let code = Code::new(expr.to_token_stream(), binds);
        self.emit(Kind::Opaque { out: None, code, pure: false }, expr.span());
    }

    /// A value from tokens that mean the same everywhere.
    pub(super) fn opaque_tokens(
        &mut self,
        tokens: TokenStream,
        binds: Vec<Bind>,
        pure: bool,
        span: Span,
    ) -> Val {
        self.opaque_code(Code::new(tokens, binds), pure, span)
    }

    /// The same, where that is a part of a constant, written like this.
    pub(super) fn opaque_part(
        &mut self,
        tokens: TokenStream,
        binds: Vec<Bind>,
        text: &str,
        span: Span,
    ) -> Val {
        self.opaque_code(Code { tokens, binds, part: Some(text.into()) }, true, span)
    }

    fn opaque_code(&mut self, code: Code, pure: bool, span: Span) -> Val {
        let out = self.fresh("constant", Slot::Unknown, span);
        self.emit(Kind::Opaque { out: Some(out), code, pure }, span);
        Val::Scalar(out)
    }

    /// Whether a piece of code mentions names that are no variables and mean something at its place
    /// only.
    pub(super) fn is_foreign(&self, uses: &Uses) -> bool {
        let generics = &self.frame().function.item.sig.generics;
        let is_parameter = |name: &str| {
            self.outer.is_none() && generics.const_params().any(|param| param.ident == name)
        };
        uses.foreign
            || (uses.names.keys()).filter(|name| !name.starts_with("__stopped")).any(|name| {
                self.lookup(name).is_none() && !self.is_item(name) && !is_parameter(name)
            })
    }

    /// A value from code at the function's own place. Where the function is inlined, it is reached
    /// through the accessor that stands beside it.
    pub(super) fn taken(
        &mut self,
        tokens: TokenStream,
        binds: Vec<Bind>,
        pure: bool,
        foreign: bool,
        span: Span,
    ) -> Val {
        self.taken_as(tokens, binds, pure, foreign, None, span)
    }

    /// The same, where that is a part of a constant.
    pub(super) fn taken_part(
        &mut self,
        tokens: TokenStream,
        binds: Vec<Bind>,
        foreign: bool,
        span: Span,
    ) -> Val {
        let text = tokens.to_string().replace(' ', "");
        self.taken_as(tokens, binds, true, foreign, Some(text.into()), span)
    }

    fn taken_as(
        &mut self,
        tokens: TokenStream,
        binds: Vec<Bind>,
        pure: bool,
        foreign: bool,
        part: Option<Rc<str>>,
        span: Span,
    ) -> Val {
        let out = self.fresh("constant", Slot::Unknown, span);
        let mut tokens = tokens;
        if foreign && self.outer.is_some() {
            let function = self.frame().function;
            let mut lengths = function.item.sig.generics.const_params();
            if let Some(param) = lengths.find(|param| mentions(&tokens, &param.ident)) {
                let (length, name) = (&param.ident, function.name());
                return self.error(span, format!("which number `{length}` is follows from what `{name}` is passed, whose type chainrule does not know: bind that first with its type, `let list: &[f64; 3] = ..`"));
            }
        }
        if foreign {
            let name = self.callees.accessor(self.frame().id, &tokens);
            let values: Option<Vec<(Ident, V)>> = (binds.iter())
                .map(|bind| match (&bind.what, bind.by) {
                    (Source::Value(v), By::Value) => Some((bind.name.clone(), *v)),
                    _ => None,
                })
                .collect();
            match (&self.outer, values) {
                (None, Some(params)) => {
                    let body = tokens.clone();
                    self.program.accessors.push(Accessor { name, params, out, body });
                }
                (None, None) => {}
                (Some(outer), Some(params)) => {
                    let (path, names) = (&outer.path, params.iter().map(|(name, _)| name));
                    let body = quote!(#path::#name(#(#names),*));
                    tokens = body.clone();
                    if !self.program.accessors.iter().any(|accessor| accessor.name == name) {
                        self.program.accessors.push(Accessor { name, params, out, body });
                    }
                }
                (Some(_), None) => {
                    return self.error(span, "this uses names of the place it stands at, which the caller cannot reach: pass what it needs as arguments");
                }
            }
        }
        let pure = pure && binds.iter().all(|bind| self.is_lasting(&bind.what));
        self.emit(Kind::Opaque { out: Some(out), code: Code { tokens, binds, part }, pure }, span);
        Val::Scalar(out)
    }

    /// Whether code that looks at this finds the same when it is run again later.
    fn is_lasting(&self, what: &Source) -> bool {
        match what {
            Source::Value(v) => !self.program.of(*v).object,
            Source::Place(place) => self.program.at(place.mem).origin == Origin::Shared,
        }
    }

    /// What the names in a piece of code stand for; `None` where one cannot be handed to it.
    pub(super) fn binds(&mut self, uses: &Uses, span: Span) -> Option<Vec<Bind>> {
        let mut binds = Vec::new();
        for (name, how) in &uses.names {
            let Some(id) = self.lookup(name).filter(|_| !self.is_item(name)) else { continue };
            let val = self.read(Lv::Var(id, vec![]), span);
            let (what, by) = self.bound(name, val, *how, span)?;
            binds.push(Bind { name: ident(name), what, by });
        }
        Some(binds)
    }

    fn bound(&mut self, name: &str, val: Val, how: Use, span: Span) -> Option<(Source, By)> {
        let is_copied = match &val {
            Val::Scalar(v) => self.is_plain(*v),
            Val::Tuple(_) | Val::Struct(..) | Val::Bool(_) | Val::Var(..) | Val::Either(..) => true,
            _ => false,
        };
        if how == Use::Borrowed && is_copied {
            self.error(span, format!("this changes `{name}` through a `&mut` in a way that cannot be seen through: put `#[differentiate]` on the function that is called, or let it return the new value"));
            return None;
        }
        if how == Use::Assigned && is_copied {
            self.error(span, format!("this assigns `{name}` within code that is taken as it stands, since chainrule does not know the types in it: assign it in a statement of its own"));
            return None;
        }
        let how = how.min(Use::Mut);
        Some(match val {
            Val::Scalar(v) if self.program.of(v).object => {
                // Of what is only looked at, several may be held at once. A parameter is a `&mut`.
                let is_own = !self.program.params.contains(&ParamIs::Value(v));
                let by = if how == Use::Base && is_own { By::Ref } else { By::Mut };
                (Source::Value(v), by)
            }
            Val::Scalar(v) => {
                // A reference is itself: of a reference to it, `clone` would be a reference.
                let shared = self.program.of(v).shared;
                let by = match (self.is_plain(v), how) {
                    (false, Use::Base) if !shared => By::Ref,
                    _ => By::Value,
                };
                (Source::Value(v), by)
            }
            Val::Bool(value) => (Source::Value(self.boolean(value, span)), By::Value),
            Val::Place(place, held) => match self.place_type(&place) {
                Some(Type::Float(_) | Type::Int(_) | Type::Constant(_)) if held != Held::Mut => {
                    let val = self.read_place(place, held, span);
                    (Source::Value(self.scalar(val, span)?), By::Value)
                }
                _ => {
                    let changed = how == Use::Mut
                        && (held == Held::Mut || self.changing.contains(&place.mem));
                    (Source::Place(place), if changed { By::Mut } else { By::Ref })
                }
            },
            val @ (Val::Tuple(_) | Val::Struct(..)) => {
                let (mem, _) = self.materialised(val, name, span)?;
                (Source::Place(Place::whole(mem)), By::Value)
            }
            Val::Var(..) | Val::Either(..) => {
                let plain = self.plain(val, span);
                return self.bound(name, plain, how, span);
            }
            Val::Table(table) => {
                let val = self.table_value(&table, span);
                return self.bound(name, val, how, span);
            }
            Val::Error | Val::Never => return None,
            Val::Undef => return None,
            other => {
                self.error(span, format!("`{name}` is {} that the compiler follows, and cannot be handed to code that it does not understand", other.described()));
                return None;
            }
        })
    }

    /// A path that is no variable: a constant of the user's or of std.
    pub(super) fn constant(&mut self, path: &syn::ExprPath) -> Val {
        let segments: Vec<String> =
            path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [name] = &segments[..]
            && let Some(len) = self.frame().lengths.get(name).cloned()
        {
            return self.length_constant(&len, path.span());
        }
        if self.is_function(&path.path) {
            return Val::Function(std::rc::Rc::new(path.path.clone()));
        }
        let constant_parameter = segments.len() == 1
            && self.outer.is_none()
            && (self.frame().function.item.sig.generics.const_params())
                .any(|param| param.ident == segments[0]);
        let foreign = !constant_parameter && self.is_of_its_place(&path.path);
        let out = self.taken(path.to_token_stream(), vec![], true, foreign, path.span());
        if let (Val::Scalar(v), Some(slot)) = (&out, constant_slot(&segments)) {
            self.is_a(*v, slot);
        }
        if let (Val::Scalar(v), true) = (&out, constant_parameter) {
            self.as_index(*v);
        }
        if let (Val::Scalar(v), Some(last)) = (&out, segments.last()) {
            self.program.values[v.0 as usize].name = last.clone();
        }
        out
    }

    /// Whether a path that is no variable means something at the function's own place only.
    pub(super) fn is_of_its_place(&self, path: &syn::Path) -> bool {
        let first = path.segments.first().map(|first| first.ident.to_string());
        let absolute = path.segments.len() > 1 && scan::is_absolute(path);
        !absolute && !first.is_some_and(|first| self.is_item(&first))
    }

    /// The number that a constant parameter stands for.
    fn length_constant(&mut self, len: &str, span: Span) -> Val {
        if let Ok(number) = len.trim().parse::<i128>() {
            let v = self.int(number, span);
            self.as_index(v);
            return Val::Scalar(v);
        }
        let tokens: TokenStream = len.parse().unwrap_or_default();
        let val = self.opaque_tokens(tokens, vec![], true, span);
        if let Val::Scalar(v) = val {
            self.as_index(v);
        }
        val
    }
}

/// A place in the region at hand.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    regions: usize,
    statements: usize,
}

/// Finds each `stop_gradient(x)` in code that is taken as it stands, and puts a name in its place:
/// there `x` is no differentiated value any more.
#[derive(Default)]
struct Stopped {
    values: Vec<(Ident, Expr)>,
}

impl VisitMut for Stopped {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Call(call) = expr
            && let (Expr::Path(path), [arg]) =
                (&*call.func, &call.args.iter().collect::<Vec<_>>()[..])
            && path.path.segments.last().is_some_and(|segment| segment.ident == "stop_gradient")
        {
            let span = Span::call_site().located_at(path.span());
            let name = Ident::new(&format!("__stopped{}", self.values.len()), span);
            self.values.push((name.clone(), (*arg).clone()));
            *expr = Expr::Path(syn::ExprPath { attrs: vec![], qself: None, path: name.into() });
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    // What a closure binds has no value yet.
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let list = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let before = self.values.len();
        if let Ok(mut list) = list {
            list.iter_mut().for_each(|expr| self.visit_expr_mut(expr));
            if self.values.len() > before {
                mac.tokens = list.to_token_stream();
            }
        }
    }
}

/// Whether a name stands in code.
fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}

/// The type of a constant of std.
fn constant_slot(segments: &[String]) -> Option<Slot> {
    use crate::ir::Elem;
    let float = |name: &str| match name {
        "f32" => Some(Slot::Float(Elem::F32)),
        "f64" => Some(Slot::Float(Elem::F64)),
        _ => None,
    };
    match segments {
        [.., float_name, consts, _] if consts == "consts" => float(float_name),
        [.., ty, name] => match float(ty) {
            Some(slot) => match name.as_str() {
                "DIGITS" | "MANTISSA_DIGITS" | "RADIX" => Some(Slot::Int(Some("u32".into()))),
                "MAX_EXP" | "MIN_EXP" | "MAX_10_EXP" | "MIN_10_EXP" => {
                    Some(Slot::Int(Some("i32".into())))
                }
                _ => Some(slot),
            },
            None if crate::parse::is_integer(ty) => match name.as_str() {
                "BITS" => Some(Slot::Int(Some("u32".into()))),
                _ => Some(Slot::Int(Some(ty.clone()))),
            },
            None => None,
        },
        _ => None,
    }
}
