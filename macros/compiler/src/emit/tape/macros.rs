//! std's macros: their arguments are expressions, which syn does not look into.

use super::passive::lift;
use super::rewrite::Rewrite;
use crate::parse::{Matches, Repeated};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, Token, parse_quote};

/// Macros whose arguments are expressions, formats among them.
const OF_EXPRESSIONS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "write",
    "writeln",
];

impl Rewrite<'_> {
    /// Rewrites the arguments where they can be read, and leaves the macro alone where not.
    pub(super) fn macro_arguments(&mut self, mac: &mut syn::Macro) {
        let name = mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let tokens = mac.tokens.clone();
        let rewritten = match name.as_str() {
            "vec" => self.repeated(tokens.clone()).or_else(|| self.list(tokens)),
            "matches" => self.matches(tokens),
            name if OF_EXPRESSIONS.contains(&name) => self.list(tokens),
            _ => None,
        };
        if let Some(rewritten) = rewritten {
            mac.tokens = rewritten;
        }
    }

    /// `concatenate![Axis(0), x, y]` and `stack!` of arrays.
    pub(super) fn joined(&mut self, mac: &syn::Macro) -> Option<Expr> {
        let name = mac.path.segments.last().map(|s| s.ident.clone())?;
        if !self.arrays || (name != "concatenate" && name != "stack") {
            return None;
        }
        let list = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
        let mut list = list.into_iter();
        let axis = list.next()?;
        let arrays = list.map(|mut array| {
            self.visit_expr_mut(&mut array);
            quote!((#array).view())
        });
        let arrays: Vec<TokenStream> = arrays.collect();
        Some(parse_quote!(::chainrule::tape::#name(#axis, &[#(#arrays),*]).unwrap()))
    }

    /// `array![..]`: with variables in it, it becomes one.
    pub(super) fn array_macro(&mut self, mac: &mut syn::Macro) -> Option<Expr> {
        let rewritten = self.list(mac.tokens.clone())?;
        mac.tokens = rewritten;
        let lifted = lift(&quote!(#mac));
        Some(parse_quote!(#lifted))
    }

    fn list(&mut self, tokens: TokenStream) -> Option<TokenStream> {
        let mut list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens).ok()?;
        for arg in &mut list {
            match arg {
                // `println!("{x}", x = y)`
                Expr::Assign(assign) => self.visit_expr_mut(&mut assign.right),
                arg => self.visit_expr_mut(arg),
            }
        }
        Some(list.into_token_stream())
    }

    fn repeated(&mut self, tokens: TokenStream) -> Option<TokenStream> {
        let Repeated(mut of, mut n) = syn::parse2(tokens).ok()?;
        self.visit_expr_mut(&mut of);
        self.visit_expr_mut(&mut n);
        Some(quote!(#of; #n))
    }

    fn matches(&mut self, tokens: TokenStream) -> Option<TokenStream> {
        let Matches(mut of, pat, mut guard) = syn::parse2(tokens).ok()?;
        self.visit_expr_mut(&mut of);
        let guard = guard.as_mut().map(|guard| {
            self.visit_expr_mut(guard);
            quote!(if #guard)
        });
        Some(quote!(#of, #pat #guard))
    }
}
