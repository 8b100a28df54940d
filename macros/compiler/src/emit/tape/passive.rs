//! What the rewrite cannot see into: functions that are not annotated, values of the user's own
//! types, statements under `#[constant]`.
//!
//! Such code stays as it is written. The variables it mentions are shadowed by their plain values,
//! and what comes out is lifted: floats, also in tuples and containers, become constants of the
//! tape, everything else stays what it is.

use super::names::{Names, mentioned};
use super::rewrite::{Rewrite, refusal};
use crate::emit::names::{ident, unraw};
use crate::parse::Type;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{Expr, parse_quote};

/// Methods of std's floats, slices, containers and iterators: they mean on variables what they mean
/// on floats, and leave a user's own type behind.
pub(super) const STD_METHODS: &[&str] = &[
    "abs",
    "acos",
    "all",
    "any",
    "as_ref",
    "as_slice",
    "asin",
    "atan",
    "atan2",
    "chunks",
    "chunks_exact",
    "clamp",
    "clone",
    "cloned",
    "contains",
    "copied",
    "cos",
    "cosh",
    "exp",
    "exp2",
    "exp_m1",
    "first",
    "floor",
    "get",
    "hypot",
    "into_iter",
    "is_empty",
    "is_finite",
    "is_nan",
    "iter",
    "last",
    "len",
    "ln",
    "ln_1p",
    "log10",
    "log2",
    "max",
    "min",
    "mul_add",
    "powf",
    "powi",
    "recip",
    "round",
    "signum",
    "sin",
    "sinh",
    "split_at",
    "sqrt",
    "tan",
    "tanh",
    "to_vec",
    "unwrap",
    "unwrap_or",
    "windows",
];

/// What has become of a chain of fields, indices and methods.
enum Chain {
    /// A place inside a user's value.
    Place,
    /// Rewritten.
    Done,
}

impl Rewrite<'_> {
    /// The expression as it stands, on plain values that no derivative depends on.
    pub(super) fn passive(&mut self, expr: &Expr) -> Expr {
        let source = quote!(#expr).to_string();
        self.as_it_stands(expr, (!self.in_error).then_some(source))
    }

    /// The expression as it stands, declared to be a constant.
    pub(super) fn constant_by_decree(&mut self, expr: &Expr) -> Expr {
        self.as_it_stands(expr, None)
    }

    fn as_it_stands(&mut self, expr: &Expr, source: Option<String>) -> Expr {
        let mut expr = expr.clone();
        let places = self.changed(&mut expr);
        let source = optional(source);
        let shadows = self.shadows(&expr, &source, &places.kept(&source));
        let value = places.around(&expr);
        let lifted = lift(&quote!({ #shadows #value }));
        parse_quote!(#lifted)
    }

    /// The plain values of the variables that an expression mentions, under their own names. With
    /// its source, they must not depend on what is differentiated. What is to happen while the
    /// names still mean the variables stands between.
    fn shadows(&self, expr: &Expr, source: &TokenStream, between: &TokenStream) -> TokenStream {
        let names = &self.names;
        let shadowed = mentioned(expr).into_iter().filter(|(name, _)| {
            names.locals.contains(name)
                && !names.closures.contains(name)
                && !names.foreign.contains(name)
                && !names.constants.get(name).is_some_and(|of| of.is_renamed)
                // Plain already; a shadow would hide from rustc what type it is.
                && !names.counters.contains(name)
        });
        let none = optional(None);
        let (mut keeps, mut shadows) = (Vec::new(), Vec::new());
        for (name, values) in shadowed {
            let source = if values { source } else { &none };
            let (kept, name) = (format_ident!("__plain_{}", unraw(&name)), ident(&name));
            keeps.push(quote!(let #kept = ::chainrule::rt::Plain(&#name, #source).kept();));
            shadows.push(quote!(let #name = #kept.shown();));
        }
        match shadows.is_empty() {
            true => between.clone(),
            false => quote! {
                #[allow(unused_imports)]
                use ::chainrule::rt::{PlainCopy as _, PlainOther as _, PlainVariable as _};
                #(#keeps)*
                #between
                #(#shadows)*
            },
        }
    }

    /// The statement as it stands, likewise.
    pub(super) fn passive_statement(&mut self, expr: &Expr) -> Expr {
        let source = optional(Some(quote!(#expr).to_string()));
        let shadows = self.shadows(expr, &source, &TokenStream::new());
        parse_quote!({ #shadows #expr; })
    }

    /// The same expression on plain values, of which nothing is lifted.
    pub(super) fn passive_unlifted(&self, expr: &Expr) -> Expr {
        let shadows = self.shadows(expr, &optional(None), &TokenStream::new());
        parse_quote!({ #shadows #expr })
    }

    /// A chain that hangs on a user's own value.
    pub(super) fn foreign(&mut self, expr: &Expr) -> Option<Expr> {
        if let Expr::MethodCall(call) = expr
            && self.method_of_constants(call)
        {
            return Some(self.method_of_foreign(call));
        }
        let foreign = Names::hangs_on(expr, &self.names.foreign);
        let perhaps =
            matches!(expr, Expr::Field(_)) && Names::hangs_on(expr, &self.names.perhaps_foreign);
        if !(foreign || perhaps)
            || !matches!(expr, Expr::Field(_) | Expr::Index(_) | Expr::MethodCall(_))
        {
            return None;
        }
        let mut expr = expr.clone();
        match self.chain(&mut expr) {
            Chain::Place => {
                let lifted = lift(&quote!(&#expr));
                Some(parse_quote!(#lifted))
            }
            Chain::Done => Some(expr),
        }
    }

    /// Whether an expression carries a derivative whatever happens: it computes with a
    /// differentiated float parameter.
    fn is_surely_tracked(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => path.path.get_ident().is_some_and(|name| {
                let is_this = |p: &&crate::parse::Param| {
                    let is_immutable =
                        matches!(&p.pat, syn::Pat::Ident(pat) if pat.mutability.is_none());
                    p.wrt && p.name == *name && matches!(p.ty, Type::Float(_)) && is_immutable
                };
                self.is_by_tape()
                    && self.function.params.iter().any(|p| is_this(&p))
                    && !self.names.rebound.contains(&name.to_string())
            }),
            Expr::Paren(inner) => self.is_surely_tracked(&inner.expr),
            Expr::Reference(inner) => self.is_surely_tracked(&inner.expr),
            Expr::Unary(unary) => {
                !matches!(unary.op, syn::UnOp::Not(_)) && self.is_surely_tracked(&unary.expr)
            }
            Expr::Binary(binary) => {
                use syn::BinOp::{Add, Div, Mul, Sub};
                matches!(binary.op, Add(_) | Sub(_) | Mul(_) | Div(_))
                    && (self.is_surely_tracked(&binary.left)
                        || self.is_surely_tracked(&binary.right))
            }
            _ => false,
        }
    }

    /// A method of the user's own on a value of the user's own.
    fn method_of_foreign(&mut self, call: &syn::ExprMethodCall) -> Expr {
        let method = &call.method;
        if self.is_by_tape() && call.turbofish.is_some() {
            // A generic method, which takes variables as it takes floats.
            let mut call = call.clone();
            if let Some(turbofish) = &mut call.turbofish {
                self.visit_angle_bracketed_generic_arguments_mut(turbofish);
            }
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return Expr::MethodCall(call);
        }
        match call.args.iter().any(|arg| self.is_surely_tracked(arg)) {
            true => refusal(
                method,
                &format!(
                    "`{method}` computes with plain floats, in which the derivative is lost: make its trait generic over the float and take `&dyn Trait<f64>`, or make the method generic and call `{method}::<f64>(..)`"
                ),
            ),
            false => self.passive(&Expr::MethodCall(call.clone())),
        }
    }

    fn chain(&mut self, expr: &mut Expr) -> Chain {
        match expr {
            Expr::Field(field) => self.chain(&mut field.base),
            Expr::Paren(inner) => self.chain(&mut inner.expr),
            Expr::Index(index) => {
                self.visit_expr_mut(&mut index.index);
                self.chain(&mut index.expr)
            }
            Expr::MethodCall(call)
                if self.is_by_tape() && call.turbofish.is_some() && is_place(&call.receiver) =>
            {
                *expr = self.method_of_foreign(call);
                Chain::Done
            }
            Expr::MethodCall(call) => {
                let is_std = STD_METHODS.contains(&call.method.to_string().as_str());
                let of_field = !matches!(&*call.receiver, Expr::Path(_));
                if !is_std || !of_field {
                    if Names::hangs_on(&call.receiver, &self.names.foreign)
                        && is_place(&call.receiver)
                    {
                        *expr = self.method_of_foreign(call);
                        return Chain::Done;
                    }
                    self.visit_method_call(call);
                    return Chain::Done;
                }
                if let Chain::Place = self.chain(&mut call.receiver) {
                    let receiver = &call.receiver;
                    let lifted = lift(&quote!(&#receiver));
                    *call.receiver = parse_quote!(#lifted);
                }
                call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
                Chain::Done
            }
            _ => Chain::Place,
        }
    }
}

/// The source of code as an argument.
fn optional(source: Option<String>) -> TokenStream {
    match source {
        Some(source) => quote!(::core::option::Option::Some(#source)),
        None => quote!(::core::option::Option::None),
    }
}

/// Whether an expression names a variable, or a part of one.
pub(super) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Index(index) => is_place(&index.expr),
        Expr::Paren(inner) => is_place(&inner.expr),
        _ => false,
    }
}

/// A value with its floats as constants of the tape.
pub(super) fn lift(value: &TokenStream) -> TokenStream {
    quote! {{
        #[allow(unused_imports)]
        use ::chainrule::rt::{LiftFloats as _, LiftOther as _, PackVariables as _};
        ::chainrule::rt::Lifted::new(#value).on_tape(__tape)
    }}
}
