//! Statements and expressions.

use super::constants::keep_foreign;
use super::names::{Names, only_float};
use super::passive::lift;
use super::structs::Structs;
use super::types::{Variables, float_parameters, only_real, rewrite_signature};
use super::{Accessors, Definitions, name_of, unmarked};
use crate::capsule::Callees;
use crate::parse::{Function, is_compound};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, parse_quote};

/// Rewrites one function.
pub(super) struct Rewrite<'c> {
    pub(super) callees: &'c Callees,
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) function: &'c Function,
    pub(super) accessors: Accessors<'c>,
    pub(super) structs: Structs<'c>,
    pub(super) methods: &'c [usize],
    pub(super) names: Names,
    /// The type parameters that are floats.
    pub(super) floats: Vec<String>,
    /// The float of literals, where it is certain.
    float: Option<&'static str>,
    /// Whether arrays of `ndarray` occur: then an index may be one of those.
    pub(super) arrays: bool,
    /// Whether what is visited becomes part of an error, which carries no derivative.
    pub(super) in_error: bool,
    /// Annotated functions that were called.
    pub(super) called: Vec<usize>,
    /// How many lists of constants a `let` holds on to.
    pub(super) held: usize,
}

impl<'c> Rewrite<'c> {
    pub(super) fn new(
        callees: &'c Callees,
        id: usize,
        function: &'c Function,
        accessors: Accessors<'c>,
        definitions: Definitions<'c>,
    ) -> Self {
        let structs = Structs(definitions.structs);
        let names = Names::of(function, id, callees, structs);
        let arrays = !names.arrays.is_empty() || function.output.leaves().iter().any(is_array);
        Rewrite {
            callees,
            id,
            name: function.name(),
            function,
            accessors,
            structs,
            methods: definitions.methods,
            names,
            floats: function.floats.clone(),
            float: only_float(function),
            arrays,
            in_error: false,
            called: vec![],
            held: 0,
        }
    }

    /// The function, under its number.
    pub(super) fn function(&mut self) -> TokenStream {
        let mut sig = self.function.item.sig.clone();
        let owner = self.function.owner.clone();
        rewrite_signature(&mut sig, &self.floats, self.structs, owner.is_some());
        keep_foreign(&mut sig, self.function, self.structs, self.id == self.callees.root());
        sig.ident = name_of(self.callees, self.id);
        let mut block = (*self.function.item.block).clone();
        self.visit_block_mut(&mut block);
        if self.arrays {
            let traits = parse_quote! {
                #[allow(unused_imports)]
                use ::chainrule::rt::{ByElement as _, ChangeElement as _, ReadElement as _};
            };
            block.stmts.insert(0, traits);
        }
        let constants = self.entered_constants();
        if !constants.is_empty() {
            block = parse_quote!({ #constants #block });
        }
        let Some(owner) = owner else { return unmarked(quote!(#sig #block)) };
        let (mut ty, mut generics) = (owner.ty, owner.generics);
        self.visit_type_mut(&mut ty);
        only_real(&mut generics, &self.floats);
        generics.params.insert(0, parse_quote!('__t));
        let (params, clause) = (&generics.params, &generics.where_clause);
        unmarked(quote!(#[allow(non_local_definitions)] impl<#params> #ty #clause { #sig #block }))
    }

    /// What a pattern took out of a user's own value, as the value of a block: `*weight`.
    fn part(&self, expr: &Expr) -> Option<Expr> {
        let is_part = |expr: &Expr| {
            matches!(expr, Expr::Path(path) if path.path.get_ident()
                .is_some_and(|name| self.names.parts.contains(&name.to_string())))
        };
        match expr {
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr: inner, .. })
                if is_part(inner) =>
            {
                Some(lifted(expr))
            }
            _ if is_part(expr) => Some(lifted(expr)),
            _ => None,
        }
    }

    /// A function inside the body.
    fn inner_function(&mut self, item: &mut syn::ItemFn) {
        let names = self.names.inside(item);
        let outer = std::mem::replace(&mut self.names, names);
        let floats = std::mem::replace(&mut self.floats, float_parameters(&item.sig));
        rewrite_signature(&mut item.sig, &self.floats, self.structs, false);
        self.visit_block_mut(&mut item.block);
        self.names = outer;
        self.floats = floats;
    }

    /// A struct is found under its last name.
    pub(super) fn own_name(&self, path: &mut syn::Path) {
        if self.structs.find(path).is_some()
            && let Some(last) = path.segments.last().map(|s| s.ident.clone())
        {
            *path = syn::Path::from(last);
        }
    }

    /// A float as a constant of the tape.
    fn literal(&self, lit: &syn::LitFloat) -> Expr {
        let digits = lit.base10_digits();
        // `1.f64` would be a field.
        let zero = if digits.ends_with('.') { "0" } else { "" };
        match self.float.filter(|_| lit.suffix().is_empty()) {
            Some(float) => {
                let lit = syn::LitFloat::new(&format!("{digits}{zero}{float}"), lit.span());
                parse_quote!(__tape.constant(#lit))
            }
            None => parse_quote!(__tape.constant(#lit)),
        }
    }

    fn cast(&mut self, cast: &mut syn::ExprCast) -> Option<Expr> {
        let target = cast.ty.to_token_stream().to_string();
        let is_float = matches!(target.as_str(), "f32" | "f64");
        let ty = &cast.ty;
        match &*cast.expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(_), .. }) if is_float => {
                let expr = &cast.expr;
                return Some(parse_quote!(__tape.constant(#expr as #ty)));
            }
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(_), .. }) => {}
            Expr::Lit(_) => return None,
            // An enum as its number.
            Expr::Path(_) if Names::hangs_on(&cast.expr, &self.names.foreign) => return None,
            _ => {}
        }
        self.visit_expr_mut(&mut cast.expr);
        let (value, ty) = (&cast.expr, &cast.ty);
        match is_float {
            true if self.arrays => {
                Some(parse_quote!(::chainrule::rt::As::<#ty>::converted(#value)))
            }
            true => Some(parse_quote!(::chainrule::rt::float::<#ty>(#value))),
            false if crate::parse::elem_of(ty, &[]).is_some() => {
                Some(parse_quote!(::chainrule::rt::whole::<#ty>(#value)))
            }
            false => None,
        }
    }

    /// An element of an array of `ndarray`: it is computed, there is no place that holds it.
    fn index(&mut self, index: &mut syn::ExprIndex) -> Option<Expr> {
        let of_shape = matches!(&*index.expr, Expr::MethodCall(call) if call.method == "shape");
        let of_slice = Names::hangs_on(&index.expr, &self.names.slices);
        self.visit_expr_mut(&mut index.expr);
        self.visit_expr_mut(&mut index.index);
        let (base, at) = (&index.expr, &index.index);
        (self.arrays && !of_shape && !of_slice).then(|| parse_quote!(#base.at(#at)))
    }

    /// Whether an expression names an element of an array of `ndarray`.
    fn is_element(&self, place: &Expr) -> bool {
        matches!(place, Expr::Index(index)
            if self.arrays && !Names::hangs_on(&index.expr, &self.names.slices))
    }

    /// Between floats the right side is computed first, then the left side is borrowed; between
    /// variables it would be the other way round.
    fn compound(&mut self, binary: &mut syn::ExprBinary) -> Option<Expr> {
        self.visit_expr_mut(&mut binary.left);
        self.visit_expr_mut(&mut binary.right);
        let syn::ExprBinary { left, op, right, .. } = binary;
        let simple =
            matches!(&**right, Expr::Path(_) | Expr::Lit(_)) || matches!(&**left, Expr::Path(_));
        // A block at the start of a statement would be one; rustc says that it is no place.
        let left = match &**left {
            place @ (Expr::Path(_)
            | Expr::Field(_)
            | Expr::Index(_)
            | Expr::Unary(_)
            | Expr::MethodCall(_)
            | Expr::Paren(_)) => quote!(#place),
            other => quote!((#other)),
        };
        (!simple).then(|| parse_quote!({ let __right = #right; #left #op __right; }))
    }

    /// Float literals and ranges in patterns: a variable is compared in the guard.
    fn guard_floats(pat: &mut syn::Pat) {
        let mut guards = Vec::new();
        match pat {
            syn::Pat::Guard(guarded) => {
                guard_pattern(&mut guarded.pat, &mut guards);
                let guard = &guarded.guard;
                if !guards.is_empty() {
                    *guarded.guard = parse_quote!(#(#guards)&&* && (#guard));
                }
            }
            pat => {
                guard_pattern(pat, &mut guards);
                if !guards.is_empty() {
                    *pat = syn::Pat::Guard(syn::PatGuard {
                        attrs: vec![],
                        pat: Box::new(pat.clone()),
                        if_token: syn::token::If::default(),
                        guard: Box::new(parse_quote!(#(#guards)&&*)),
                    });
                }
            }
        }
    }
}

/// An error in place of an expression.
pub(super) fn refusal(at: &impl ToTokens, message: &str) -> Expr {
    let error = syn::Error::new_spanned(at, message).to_compile_error();
    parse_quote!({ #error })
}

fn is_array(ty: &&crate::parse::Type) -> bool {
    matches!(ty, crate::parse::Type::Array(..))
}

/// Replaces floats in a pattern by fresh names, with conditions on those.
fn guard_pattern(pat: &mut syn::Pat, guards: &mut Vec<TokenStream>) {
    let condition = condition(pat, &format_ident!("__matched_{}", guards.len()));
    match (condition, pat) {
        (Some(condition), pat) => {
            let name = format_ident!("__matched_{}", guards.len());
            *pat = parse_quote!(#name);
            guards.push(quote!((#condition)));
        }
        (None, syn::Pat::Tuple(tuple)) => {
            tuple.elems.iter_mut().for_each(|part| guard_pattern(part, guards));
        }
        (None, syn::Pat::TupleStruct(tuple)) => {
            tuple.elems.iter_mut().for_each(|part| guard_pattern(part, guards));
        }
        (None, syn::Pat::Paren(inner)) => guard_pattern(&mut inner.pat, guards),
        _ => {}
    }
}

/// What a pattern made of floats demands of a value.
fn condition(pat: &syn::Pat, name: &Ident) -> Option<TokenStream> {
    match pat {
        syn::Pat::Lit(lit) if is_float(&Expr::Lit(lit.clone())) => {
            Some(quote!(#name.value() == #lit))
        }
        syn::Pat::Range(range)
            if range.start.iter().chain(&range.end).any(|bound| is_float(bound)) =>
        {
            Some(quote!((#range).contains(&#name.value())))
        }
        syn::Pat::Paren(inner) => condition(&inner.pat, name),
        syn::Pat::Or(or) => {
            let cases = or.cases.iter().map(|case| condition(case, name));
            let cases = cases.collect::<Option<Vec<_>>>()?;
            Some(quote!(#(#cases)||*))
        }
        _ => None,
    }
}

fn is_float(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(lit) => matches!(lit.lit, syn::Lit::Float(_)),
        Expr::Unary(unary) => is_float(&unary.expr),
        _ => false,
    }
}

impl VisitMut for Rewrite<'_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
        let ours = ["checkpoint", "constant"];
        attributes.retain(|attr| {
            !attr.path().segments.last().is_some_and(|s| ours.iter().any(|name| s.ident == name))
        });
    }

    fn visit_type_mut(&mut self, ty: &mut syn::Type) {
        Variables { floats: &self.floats, structs: self.structs }.visit_type_mut(ty);
    }

    fn visit_expr_struct_mut(&mut self, expr: &mut syn::ExprStruct) {
        self.own_name(&mut expr.path);
        let path = expr.path.clone();
        for field in &mut expr.fields {
            let before = field.expr.clone();
            self.visit_expr_mut(&mut field.expr);
            if field.expr != before {
                // No longer the field's own name.
                field.colon_token.get_or_insert_default();
            }
        }
        if let Some(rest) = &mut expr.rest {
            let is_foreign = self.may_be_foreign(rest);
            self.visit_expr_mut(rest);
            let is_plain =
                self.structs.find(&path).is_some_and(|def| def.generics.params.is_empty());
            if is_foreign && is_plain {
                **rest = self.on_variables(&parse_quote!(#path), rest, &self.floats);
            }
        }
    }

    fn visit_pat_mut(&mut self, pat: &mut syn::Pat) {
        match pat {
            // Not code that runs.
            syn::Pat::Struct(of) => {
                self.own_name(&mut of.path);
                visit_mut::visit_pat_struct_mut(self, of);
            }
            syn::Pat::TupleStruct(of) => {
                self.own_name(&mut of.path);
                visit_mut::visit_pat_tuple_struct_mut(self, of);
            }
            syn::Pat::Lit(_) | syn::Pat::Range(_) | syn::Pat::Path(_) | syn::Pat::Const(_) => {}
            pat => visit_mut::visit_pat_mut(self, pat),
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        let part = self.part(&arm.body);
        visit_mut::visit_arm_mut(self, arm);
        Self::guard_floats(&mut arm.pat);
        if let Some(part) = part {
            *arm.body = part;
        }
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        let part = match block.stmts.last() {
            Some(syn::Stmt::Expr(last, None)) => self.part(last),
            _ => None,
        };
        for mut stmt in std::mem::take(&mut block.stmts) {
            block.stmts.extend(self.held(&mut stmt));
            self.visit_stmt_mut(&mut stmt);
            block.stmts.push(stmt);
        }
        if let (Some(part), Some(last)) = (part, block.stmts.last_mut()) {
            *last = syn::Stmt::Expr(part, None);
        }
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        let constant = local.attrs.iter().any(|attr| attr.path().is_ident("constant"));
        match (constant, &mut local.init) {
            (true, Some(init)) => {
                *init.expr = self.constant_by_decree(&init.expr);
                let mut pat = local.pat.clone();
                self.visit_pat_mut(&mut pat);
                local.pat = pat;
                self.visit_attributes_mut(&mut local.attrs);
            }
            _ => visit_mut::visit_local_mut(self, local),
        }
    }

    fn visit_item_mut(&mut self, item: &mut syn::Item) {
        if let syn::Item::Fn(item) = item {
            self.inner_function(item);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        self.macro_arguments(mac);
    }

    fn visit_expr_repeat_mut(&mut self, repeat: &mut syn::ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let place = match expr {
            Expr::Index(_) | Expr::Field(_) | Expr::MethodCall(_) => self.constant(expr),
            _ => None,
        };
        let replaced = place.or_else(|| self.change_of_foreign(expr)).or_else(|| self.behind(expr));
        let replaced = replaced.or_else(|| self.foreign(expr)).or_else(|| match &mut *expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(lit), .. }) => Some(self.literal(lit)),
            Expr::Lit(_) | Expr::Const(_) => None,
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Call(call) => self.call(call),
            Expr::Path(path) => self.path(path),
            Expr::Struct(of) if self.names.is_constant_struct(of) => {
                Some(self.passive(&Expr::Struct(of.clone())))
            }
            Expr::Cast(cast) => self.cast(cast),
            Expr::Index(index) => self.index(index),
            Expr::Assign(assign) if self.is_element(&assign.left) => {
                Some(self.set_element(&assign.left, &assign.right, None))
            }
            Expr::Binary(binary) if is_compound(&binary.op) && self.is_element(&binary.left) => {
                Some(self.set_element(&binary.left, &binary.right, Some(&binary.op)))
            }
            Expr::ForLoop(looped) => {
                self.by_elements(&mut looped.expr);
                visit_mut::visit_expr_for_loop_mut(self, looped);
                None
            }
            Expr::Binary(binary) if is_compound(&binary.op) => self.compound(binary),
            Expr::Macro(mac)
                if mac.mac.path.segments.last().is_some_and(|s| s.ident == "array") =>
            {
                self.array_macro(&mut mac.mac)
            }
            Expr::Macro(mac) => {
                let joined = self.joined(&mac.mac);
                if joined.is_none() {
                    self.visit_macro_mut(&mut mac.mac);
                }
                joined
            }
            Expr::Reference(reference) if reference.mutability.is_some() => {
                // A place that is changed is not lifted.
                if !self.names.is_foreign(&reference.expr) {
                    self.visit_expr_mut(&mut reference.expr);
                }
                None
            }
            other => {
                visit_mut::visit_expr_mut(self, other);
                None
            }
        });
        if let Some(replaced) = replaced {
            *expr = replaced;
        }
    }
}

/// A function by number as a value: a closure that hands on the tape.
pub(super) fn as_closure(name: &Ident, arity: usize) -> Expr {
    let args: Vec<Ident> = (0..arity).map(|k| format_ident!("__argument_{k}")).collect();
    parse_quote!(|#(#args),*| #name(__tape, #(#args),*))
}

/// A constant, variant or static: lifted if it is made of floats.
pub(super) fn lifted(value: &impl ToTokens) -> Expr {
    let lifted = lift(&value.to_token_stream());
    parse_quote!(#lifted)
}
