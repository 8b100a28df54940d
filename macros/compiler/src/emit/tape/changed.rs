//! What code that stays as it is written changes by `&mut`: plain values stand for it, and become
//! constants of the tape again.

use super::names::Names;
use super::passive::is_place;
use super::rewrite::Rewrite;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{Expr, parse_quote};

/// Places that a call is handed by `&mut`.
#[derive(Default)]
pub(super) struct Places {
    /// Each under its name, as the rewritten code writes it.
    list: Vec<(Ident, Expr)>,
}

impl Places {
    /// Keeps their plain values. What is not to be handed over is found out with the source.
    pub(super) fn kept(&self, source: &TokenStream) -> TokenStream {
        let kept = self.list.iter().map(|(name, place)| {
            quote!(let mut #name = ::chainrule::rt::PlainMut::new(#place, #source).kept();)
        });
        match self.list.is_empty() {
            true => TokenStream::new(),
            false => quote! {
                #[allow(unused_imports)]
                use ::chainrule::rt::{ChangeOther as _, ChangeVariables as _};
                #(#kept)*
            },
        }
    }

    /// The value of code, behind which they are put back.
    pub(super) fn around(&self, code: &Expr) -> TokenStream {
        let back = self.list.iter().map(|(name, _)| quote!(#name.put_back(__tape);));
        match self.list.is_empty() {
            true => quote!(#code),
            false => quote!(let __result = #code; #(#back)* __result),
        }
    }
}

impl Rewrite<'_> {
    /// Takes `&mut ..`, and names of such references, out of the arguments of a call.
    ///
    /// Of a name alone that is not known to be a list, rustc may have to learn from the call what
    /// it is: it stays.
    pub(super) fn changed(&mut self, call: &mut Expr) -> Places {
        let mut places = Places::default();
        let args = match call {
            Expr::Call(call) => &mut call.args,
            Expr::MethodCall(call) => &mut call.args,
            _ => return places,
        };
        for arg in args {
            let is_known = match &*arg {
                Expr::Reference(reference) if reference.mutability.is_some() => {
                    match &*reference.expr {
                        Expr::Path(_) => Names::hangs_on(&reference.expr, &self.names.slices),
                        place => names_place(place) && !self.names.is_foreign(place),
                    }
                }
                Expr::Path(_) => Names::hangs_on(arg, &self.names.exclusive),
                _ => false,
            };
            if is_known {
                let name = format_ident!("__changed_{}", places.list.len());
                let mut place = std::mem::replace(arg, parse_quote!(#name.shown()));
                if let Expr::Path(_) = &place {
                    place = parse_quote!(&mut *#place);
                }
                self.visit_expr_mut(&mut place);
                places.list.push((name, place));
            }
        }
        places
    }
}

/// Whether an expression names a place, which may be behind a reference.
fn names_place(expr: &Expr) -> bool {
    match expr {
        Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) => is_place(expr),
        other => is_place(other),
    }
}
