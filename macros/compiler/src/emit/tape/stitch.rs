//! Under `via = tape`: calls of annotated functions, whose derivatives are known.
//!
//! The function is computed on plain values, by its `vjp`, and stands on the tape as one entry with
//! its partial derivatives. Its source is of no use here, only its signature.
//!
//! ```text
//! {
//!     let __argument_0 = x;
//!     let __plain_0 = ::chainrule::rt::OnTape::plain(&__argument_0);
//!     let (__value, __gradient) = f::vjp(__plain_0, ::chainrule::rt::unit());
//!     let mut __links = ::chainrule::tape::Links::default();
//!     ::chainrule::rt::Linked::link(&__argument_0, &__gradient, &mut __links);
//!     __links.variable(__value)
//! }
//! ```

use super::closures::takes_floats;
use super::rewrite::Rewrite;
use crate::parse::{Function, Param, Passing, Type, strip};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, parse_quote};

/// Whether a call of this function can stand on the tape.
pub(super) fn serves(callee: &Function) -> bool {
    let is_plain = |ty: &Type| !ty.mentions_arrays() && ty.structs().is_empty();
    matches!(callee.output, Type::Float(_))
        && !callee.params.iter().any(|p| takes_floats(&p.written, callee))
        && callee.params.iter().all(|p| {
            !p.ty.is_differentiable() || (is_plain(&p.ty) && p.passing != Passing::Exclusive)
        })
}

/// An argument of the tape's, as the function takes it.
fn lent(param: &Param, plain: &Ident) -> TokenStream {
    match strip(&param.written) {
        syn::Type::Reference(_) => quote!(&#plain),
        _ => quote!(#plain),
    }
}

impl Rewrite<'_> {
    /// A call by path of an annotated function, its arguments rewritten.
    pub(super) fn stitched(callee: &Function, path: &syn::Path, args: &[Expr]) -> Expr {
        let (mut before, mut after) = (TokenStream::new(), TokenStream::new());
        let mut passed = Vec::new();
        let single = callee.wrt().count() == 1;
        let mut place = 0;
        let name = callee.name();
        for (k, (param, arg)) in callee.params.iter().zip(args).enumerate() {
            let (argument, plain) = (format_ident!("__argument_{k}"), format_ident!("__plain_{k}"));
            before.extend(quote!(let #argument = #arg;));
            if !param.ty.is_differentiable() {
                passed.push(quote!(#argument));
                continue;
            }
            before.extend(quote!(let #plain = ::chainrule::rt::OnTape::plain(&#argument);));
            passed.push(lent(param, &plain));
            if !param.wrt {
                before.extend(quote!(::chainrule::rt::expect_constant(&#argument, #name);));
                continue;
            }
            let at = proc_macro2::Literal::usize_unsuffixed(place);
            let gradient = match single {
                true => quote!(&__gradient),
                false => quote!(&__gradient.#at),
            };
            after.extend(
                quote!(::chainrule::rt::Linked::link(&#argument, #gradient, &mut __links);),
            );
            place += 1;
        }
        parse_quote!({
            #before
            let (__value, __gradient) = #path::vjp(#(#passed,)* ::chainrule::rt::unit());
            let mut __links = ::chainrule::tape::Links::default();
            #after
            __links.variable(__value)
        })
    }

    /// The annotated function that is stitched in where its name stands, if it is not rewritten.
    pub(super) fn is_stitched(&self, id: usize) -> bool {
        id != self.id && self.is_by_tape()
    }
}
