//! Arguments of macros of std that are no lists of expressions.

use syn::parse::{Parse, ParseStream};
use syn::{Expr, Pat, Token};

/// `vec![x; n]`
pub(crate) struct Repeated(pub(crate) Expr, pub(crate) Expr);

impl Parse for Repeated {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let of = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(Repeated(of, input.parse()?))
    }
}

/// `matches!(x, pattern if guard)`
pub(crate) struct Matches(pub(crate) Expr, pub(crate) Pat, pub(crate) Option<Expr>);

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let of = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        let guard = match input.parse::<Option<Token![if]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        input.parse::<Option<Token![,]>>()?;
        Ok(Matches(of, pat, guard))
    }
}
