//! The arguments of the attribute: `#[differentiate(wrt(w, b), tape)]`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Token, parenthesized};

/// What the attribute asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The parameters to differentiate by; all that can be where not given.
    pub wrt: Option<Vec<Ident>>,
    /// Whether `tape_value_and_grad` is generated.
    pub tape: bool,
    /// Whether `pullback` is generated.
    pub pullback: bool,
}

const LATER: &[&str] = &["jvp", "hvp", "hessian", "jacobian", "via", "vjp", "check", "partials"];

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "wrt" => {
                    if options.wrt.is_some() {
                        return Err(syn::Error::new(name.span(), "`wrt` is given twice"));
                    }
                    let list;
                    parenthesized!(list in input);
                    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(
                        &list,
                        Ident::parse_any,
                    )?;
                    if names.is_empty() {
                        return Err(syn::Error::new(
                            name.span(),
                            "`wrt()` names no parameter: name at least one, or leave `wrt` out to differentiate by all",
                        ));
                    }
                    options.wrt = Some(names.into_iter().collect());
                }
                "tape" => options.tape = true,
                "pullback" => options.pullback = true,
                later if LATER.contains(&later) => {
                    return Err(syn::Error::new(
                        name.span(),
                        format!(
                            "the option `{later}` is not supported yet; supported are `wrt(..)`, `tape` and `pullback`"
                        ),
                    ));
                }
                other => {
                    return Err(syn::Error::new(
                        name.span(),
                        format!(
                            "unknown option `{other}`; supported are `wrt(..)`, `tape` and `pullback`"
                        ),
                    ));
                }
            }
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(options)
    }
}
