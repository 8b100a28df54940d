//! Pieces of the user's code that are taken as they stand: what no derivative flows through.

use super::place::Lv;
use super::scan::{self, Use, Uses};
use super::val::{Held, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Accessor, Bind, By, Code, Kind, Origin, Place, Source, V};
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;
use syn::spanned::Spanned;

impl Lowerer<'_> {
    /// An expression that is taken as it stands, for its value.
    pub(super) fn opaque(&mut self, expr: &Expr) -> Val {
        let uses = scan::uses(expr);
        if uses.leaves {
            return self.error(expr, "control leaves this expression in a way that cannot be followed: compute the value first, then use it");
        }
        let Some(binds) = self.binds(&uses, expr.span()) else { return Val::Error };
        let foreign = self.is_foreign(&uses);
        self.taken(expr.to_token_stream(), binds, !uses.acts, foreign, expr.span())
    }

    /// A statement that is taken as it stands.
    pub(super) fn opaque_statement(&mut self, expr: &Expr) {
        let uses = scan::uses(expr);
        if uses.leaves {
            self.error(expr, "control leaves this statement in a way that cannot be followed");
            return;
        }
        let Some(binds) = self.binds(&uses, expr.span()) else { return };
        if self.outer.is_some() && self.is_foreign(&uses) {
            self.error(expr, "this statement uses names of the place it stands at, which the caller cannot reach: pass what it needs as arguments");
            return;
        }
        let code = Code { tokens: expr.to_token_stream(), binds };
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
        let out = self.fresh("constant", Slot::Unknown, span);
        let code = Code { tokens, binds };
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
            || (uses.names.keys()).any(|name| {
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
        let out = self.fresh("constant", Slot::Unknown, span);
        let mut tokens = tokens;
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
        self.emit(Kind::Opaque { out: Some(out), code: Code { tokens, binds }, pure }, span);
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
            let Some(id) = self.lookup(name) else { continue };
            let val = self.read(Lv::Var(id, vec![]), span);
            let ident = syn::parse_str::<Ident>(name)
                .unwrap_or_else(|_| Ident::new_raw(name.trim_start_matches("r#"), span));
            let (what, by) = self.bound(name, val, *how, span)?;
            binds.push(Bind { name: ident, what, by });
        }
        Some(binds)
    }

    fn bound(&mut self, name: &str, val: Val, how: Use, span: Span) -> Option<(Source, By)> {
        Some(match val {
            Val::Scalar(v) if self.program.of(v).object => (Source::Value(v), By::Mut),
            Val::Scalar(v) => {
                let by = match (self.is_plain(v), how) {
                    (false, Use::Base) => By::Ref,
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
        let absolute = segments.len() > 1 && scan::is_absolute(&path.path);
        let foreign = !(constant_parameter || absolute || self.is_item(&segments[0]));
        let out = self.taken(path.to_token_stream(), vec![], true, foreign, path.span());
        if let (Val::Scalar(v), Some(slot)) = (&out, constant_slot(&segments)) {
            let (own, class) = (self.class(*v), self.types.class(slot));
            self.types.unify(own, class);
        }
        if let (Val::Scalar(v), true) = (&out, constant_parameter) {
            self.as_index(*v);
        }
        if let (Val::Scalar(v), Some(last)) = (&out, segments.last()) {
            self.program.values[v.0 as usize].name = last.clone();
        }
        out
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
