//! `tape_value_and_grad`: the function's source, rewritten to run on the tape's variables.
//!
//! The rewrite knows names only, no types and no derivatives: it shares nothing with lowering and
//! the rules, so that tape and macro are independent witnesses.
//! Parameters become variables, references and dereferences fall away, casts, constant indices and
//! the functions of floats become methods of variables, and calls of annotated functions become
//! calls of their rewritten sources, which are nested functions.

use super::element::elem_type;
use super::signature::{one_or_tuple, tangent_type};
use crate::capsule::{Callees, is_known_function};
use crate::driver::Compiled;
use crate::ir::Foreign;
use crate::parse::{Function, Param, Type};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use std::collections::BTreeSet;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, parse_quote};

/// The associated function, if the option asks for it.
pub(super) fn tape(compiled: &Compiled<'_>, callees: &Callees) -> TokenStream {
    let function = compiled.function;
    if !function.options.tape {
        return TokenStream::new();
    }
    let mut open = vec![callees.root()];
    let mut done = BTreeSet::new();
    let mut functions = TokenStream::new();
    while let Some(id) = open.pop() {
        if done.insert(id)
            && let Some(function) = callees.function(id)
        {
            let owner = &compiled.function.item.sig.ident;
            let foreign = &compiled.primal.foreign;
            let mut rewrite = Rewrite { callees, id, foreign, owner, called: vec![] };
            functions.extend(rewrite.function(function));
            open.append(&mut rewrite.called);
        }
    }
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let grads: Vec<TokenStream> = function.wrt().map(|p| tangent_type(&p.ty)).collect();
    let (value, grad) = (tangent_type(&function.output), one_or_tuple(&grads));
    let variables: Vec<Ident> =
        (0..function.params.len()).map(|k| format_ident!("__variable_{k}")).collect();
    let entered = function.params.iter().map(enter);
    let root = name_of(callees.root());
    let parts: Vec<TokenStream> = function
        .params
        .iter()
        .zip(&variables)
        .filter(|(p, _)| p.wrt)
        .map(|(p, variable)| gradient(&p.ty, &quote!(#variable)))
        .collect();
    let grad_value = one_or_tuple(&parts);
    let (generics, where_clause) =
        (&function.item.sig.generics.params, &function.item.sig.generics.where_clause);
    quote! {
        /// The value and the gradient by the run-time tape: an independent witness.
        #[track_caller]
        #[must_use]
        pub fn tape_value_and_grad<#generics>(#(#params),*) -> (#value, #grad) #where_clause {
            #functions
            let __tape = ::chainrule::tape::Tape::new();
            #(let #variables = #entered;)*
            let __result = #root(&__tape, #(#variables),*);
            __result.backward();
            (__result.value(), #grad_value)
        }
    }
}

fn name_of(id: usize) -> Ident {
    format_ident!("__tape_{id}")
}

/// A parameter's value as variables of the tape.
fn enter(param: &Param) -> TokenStream {
    let name = &param.name;
    let by_ref = matches!(super::signature::strip(&param.written), syn::Type::Reference(_));
    entered(&param.ty, &quote!(#name), by_ref, param.wrt)
}

fn entered(ty: &Type, place: &TokenStream, by_ref: bool, wrt: bool) -> TokenStream {
    let kind = if wrt { quote!(var) } else { quote!(constant) };
    match ty {
        Type::Float(_) if by_ref => quote!(__tape.#kind(*#place)),
        Type::Float(_) => quote!(__tape.#kind(#place)),
        Type::Array(..) => quote!(__tape.#kind(#place.to_owned())),
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate().map(|(k, part)| {
                let k = proc_macro2::Literal::usize_unsuffixed(k);
                entered(part, &quote!(#place.#k), false, wrt)
            });
            quote!((#(#parts,)*))
        }
        Type::Int(_) if by_ref => quote!(*#place),
        _ => place.clone(),
    }
}

/// The gradient of a parameter from its variables.
fn gradient(ty: &Type, place: &TokenStream) -> TokenStream {
    match ty {
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate().map(|(k, part)| {
                let k = proc_macro2::Literal::usize_unsuffixed(k);
                gradient(part, &quote!(#place.#k))
            });
            quote!((#(#parts,)*))
        }
        _ => quote!(#place.grad()),
    }
}

/// The type of a parameter or result on the tape.
fn variable_type(ty: &Type, written: &TokenStream) -> TokenStream {
    match ty {
        Type::Float(elem) => {
            let elem = elem_type(elem);
            quote!(::chainrule::tape::Var<'__t, #elem>)
        }
        Type::Array(..) => {
            let array = tangent_type(ty);
            quote!(::chainrule::tape::Var<'__t, #array>)
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().map(|part| variable_type(part, written));
            quote!((#(#parts,)*))
        }
        Type::Int(name) => {
            let name = Ident::new(name, Span::call_site());
            quote!(#name)
        }
        _ => written.clone(),
    }
}

struct Rewrite<'c> {
    callees: &'c Callees,
    id: usize,
    foreign: &'c [Foreign],
    owner: &'c Ident,
    called: Vec<usize>,
}

impl Rewrite<'_> {
    fn function(&mut self, function: &Function) -> TokenStream {
        let name = name_of(self.id);
        let params: Vec<TokenStream> = (function.params.iter())
            .map(|p| {
                let mut pat = p.pat.clone();
                self.visit_pat_mut(&mut pat);
                let ty = variable_type(&p.ty, &p.written.to_token_stream());
                quote!(#pat: #ty)
            })
            .collect();
        let output = variable_type(&function.output, &TokenStream::new());
        let mut block = (*function.item.block).clone();
        self.visit_block_mut(&mut block);
        if let Some(syn::Stmt::Expr(tail @ Expr::Lit(_), None)) = block.stmts.last_mut() {
            *tail = parse_quote!(__tape.constant(#tail));
        }
        let floats = function.floats.iter().map(|f| Ident::new(f, Span::call_site()));
        unmarked(quote! {
            fn #name<'__t, #(#floats: ::chainrule::tape::Real),*>(
                __tape: &'__t ::chainrule::tape::Tape, #(#params),*
            ) -> #output #block
        })
    }

    /// What a method call becomes.
    fn method_call(&mut self, call: &mut syn::ExprMethodCall) -> Option<Expr> {
        let name = call.method.to_string();
        if matches!(name.as_str(), "mapv" | "map" | "mapv_into") && call.args.len() == 1 {
            let mut branches = false;
            let closure: Expr = match &call.args[0] {
                Expr::Path(path) => {
                    branches = self.callees.callee(self.id, &path.path).is_some();
                    parse_quote!(|__e| #path(__e))
                }
                closure => {
                    let mut calls = Calls { rewrite: self, found: false };
                    syn::visit::Visit::visit_expr(&mut calls, closure);
                    branches |= calls.found;
                    closure.clone()
                }
            };
            call.args[0] = closure;
            call.method =
                Ident::new(if branches { "mapv_each" } else { "mapv" }, call.method.span());
        }
        visit_mut::visit_expr_method_call_mut(self, call);
        let receiver = &call.receiver;
        match name.as_str() {
            "view" | "to_owned" | "clone" | "into_owned" if call.args.is_empty() => {
                Some((**receiver).clone())
            }
            "reversed_axes" => Some(parse_quote!(#receiver.t())),
            "unwrap" | "expect" if self.is_generic_number(receiver) => {
                Some(parse_quote!(__tape.constant(#call)))
            }
            _ => None,
        }
    }

    /// `T::from(2.0)` for a type parameter `T`.
    fn is_generic_number(&self, expr: &Expr) -> bool {
        let Expr::Call(call) = expr else { return false };
        let Expr::Path(path) = &*call.func else {
            return false;
        };
        let floats = self.callees.function(self.id).map(|f| &f.floats[..]).unwrap_or_default();
        path.path.segments.first().is_some_and(|s| floats.iter().any(|f| s.ident == f))
    }

    /// What a call becomes.
    fn call(&mut self, call: &mut syn::ExprCall) -> Option<Expr> {
        let source = call.to_token_stream().to_string();
        let Expr::Path(function) = &*call.func else {
            visit_mut::visit_expr_call_mut(self, call);
            return None;
        };
        let path = function.path.clone();
        for arg in &mut call.args {
            self.visit_expr_mut(arg);
        }
        if let Some(id) = self.callees.callee(self.id, &path) {
            self.called.push(id);
            let (name, args) = (name_of(id), call.args.iter().map(lifted));
            return Some(parse_quote!(#name(__tape, #(#args),*)));
        }
        if let Some(constant) = self.constant(&source) {
            return Some(constant);
        }
        let floats = self.callees.function(self.id).map(|f| f.floats.clone()).unwrap_or_default();
        if path.get_ident().is_some() && !is_known_function(&path, &floats) {
            // A local closure, whose parameters are variables.
            call.args.iter_mut().for_each(|arg| *arg = lifted(arg));
            return None;
        }
        let args: Vec<&Expr> = call.args.iter().collect();
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let floats = self.callees.function(self.id).map(|f| f.floats.clone()).unwrap_or_default();
        match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [.., "stop_gradient"] => {
                Some(parse_quote!(::chainrule::rt::OnTape::stopped(#(#args),*)))
            }
            [.., ty @ ("f32" | "f64"), "from"] => {
                let ty = Ident::new(ty, Span::call_site());
                Some(parse_quote!(::chainrule::rt::As::<#ty>::converted(#(#args),*)))
            }
            [.., "f32" | "f64", method] => {
                let method = Ident::new(method, Span::call_site());
                let (receiver, rest) = args.split_first()?;
                Some(parse_quote!(#receiver.#method(#(#rest),*)))
            }
            [ty, method] if floats.iter().any(|f| f == ty) => match args.split_first() {
                Some(_) if *method == "from" => None,
                Some((receiver, rest)) => {
                    let method = Ident::new(method, Span::call_site());
                    Some(parse_quote!(#receiver.#method(#(#rest),*)))
                }
                None => Some(parse_quote!(__tape.constant(#call))),
            },
            _ => None,
        }
    }

    /// The accessor of a constant expression that an inlined function wrote.
    fn constant(&self, source: &str) -> Option<Expr> {
        let number = self.foreign.iter().position(|foreign| {
            foreign.origin == self.id && foreign.source.to_string() == source
        })?;
        let accessor = format_ident!("__constant_{number}");
        let owner = self.owner;
        let locals =
            self.foreign[number].locals.iter().map(|(name, _)| Ident::new(name, Span::call_site()));
        Some(parse_quote!(#owner::#accessor(#(::chainrule::rt::OnTape::plain(#locals)),*)))
    }
}

impl VisitMut for Rewrite<'_> {
    fn visit_pat_mut(&mut self, pat: &mut syn::Pat) {
        match pat {
            syn::Pat::Reference(inner) => *pat = (*inner.pat).clone(),
            syn::Pat::Type(inner) => *pat = (*inner.pat).clone(),
            syn::Pat::Paren(inner) => *pat = (*inner.pat).clone(),
            _ => {}
        }
        visit_mut::visit_pat_mut(self, pat);
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        visit_mut::visit_local_mut(self, local);
        let is_mut = matches!(&local.pat, syn::Pat::Ident(pat) if pat.mutability.is_some());
        if let (true, Some(init)) = (is_mut, &mut local.init) {
            *init.expr = lifted(&init.expr);
        }
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}

    fn visit_type_mut(&mut self, _: &mut syn::Type) {}

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let replaced = match &mut *expr {
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Call(call) => self.call(call),
            Expr::Path(path) if self.id != self.callees.root() || path.path.segments.len() > 1 => {
                self.constant(&path.to_token_stream().to_string())
            }
            Expr::Reference(inner) => {
                self.visit_expr_mut(&mut inner.expr);
                Some((*inner.expr).clone())
            }
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => {
                self.visit_expr_mut(&mut unary.expr);
                Some((*unary.expr).clone())
            }
            Expr::Assign(assign) => {
                self.visit_expr_mut(&mut assign.left);
                self.visit_expr_mut(&mut assign.right);
                *assign.right = lifted(&assign.right);
                None
            }
            Expr::Cast(cast) => {
                self.visit_expr_mut(&mut cast.expr);
                let (value, ty) = (&cast.expr, &cast.ty);
                Some(parse_quote!(::chainrule::rt::As::<#ty>::converted(#value)))
            }
            Expr::Index(index) => {
                self.visit_expr_mut(&mut index.expr);
                let (base, at) = (&index.expr, &index.index);
                let of_shape = matches!(&**base, Expr::MethodCall(call) if call.method == "shape");
                (!of_shape).then(|| parse_quote!(#base.at(#at)))
            }
            other => {
                visit_mut::visit_expr_mut(self, other);
                None
            }
        };
        if let Some(replaced) = replaced {
            *expr = replaced;
        }
    }
}

/// A value that a variable may be assigned to later, or the other way round: itself a variable.
fn lifted(value: &Expr) -> Expr {
    match value {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(_), .. }) => {
            parse_quote!(__tape.constant(#value))
        }
        Expr::Lit(_) | Expr::Closure(_) => value.clone(),
        Expr::Tuple(parts) => {
            let parts = parts.elems.iter().map(lifted);
            parse_quote!((#(#parts,)*))
        }
        _ => parse_quote!(::chainrule::tape::lift(__tape, #value)),
    }
}

/// The tokens of a capsule are marked as its own; here all names meet in one function.
fn unmarked(tokens: TokenStream) -> TokenStream {
    let token = |token: TokenTree| match token {
        TokenTree::Ident(mut ident) if ident != "$crate" => {
            ident.set_span(ident.span().resolved_at(Span::call_site()));
            TokenTree::Ident(ident)
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), unmarked(group.stream()));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    };
    tokens.into_iter().map(token).collect()
}

/// Looks for calls of annotated functions and for array operations in a closure.
struct Calls<'r, 'c> {
    rewrite: &'r Rewrite<'c>,
    found: bool,
}

/// Array operations: in the closure of a `mapv` they are another array's, so the closure must see
/// one element at a time.
const OF_ARRAYS: &[&str] =
    &["mapv", "map", "mapv_into", "sum", "mean", "dot", "sum_axis", "mean_axis", "t"];

impl<'ast> syn::visit::Visit<'ast> for Calls<'_, '_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.found |= OF_ARRAYS.contains(&call.method.to_string().as_str());
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*call.func {
            self.found |= self.rewrite.callees.callee(self.rewrite.id, &path.path).is_some();
        }
        syn::visit::visit_expr_call(self, call);
    }
}
