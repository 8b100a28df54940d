//! Scalars: types, literals, primitives as Rust writes them.

use super::names::ident;
use crate::ir::{Elem, Literal};
use crate::primitives::{Prim, Spelling, is_vectorised};
use proc_macro2::{Ident, Literal as Token, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

/// An element type.
pub(crate) fn elem_type(elem: &Elem) -> TokenStream {
    match elem {
        Elem::F32 => quote!(f32),
        Elem::F64 => quote!(f64),
        Elem::Param(name) | Elem::Int(name) => {
            let name = ident(name);
            quote!(#name)
        }
        Elem::Var(_) => quote!(_),
    }
}

/// Zero of a float type.
pub(crate) fn zero(elem: &Elem) -> TokenStream {
    literal(&Literal::Float(0.0, None), elem)
}

/// A literal of the given type.
pub(crate) fn literal(literal: &Literal, elem: &Elem) -> TokenStream {
    match (literal, elem) {
        (Literal::Int(value), Elem::Int(name)) => {
            let digits = format!("{}{name}", value.unsigned_abs());
            let token: TokenStream = digits.parse().unwrap_or_else(|_| quote!(0));
            if *value < 0 { quote!((-#token)) } else { token }
        }
        (Literal::Int(value), _) => {
            let token = Token::i128_unsuffixed(*value);
            quote!(#token)
        }
        (Literal::Float(value, digits), Elem::F32 | Elem::F64) => {
            let digits = match digits {
                // `1.f64` would be a field of `1`.
                Some(digits) if digits.ends_with('.') => format!("{digits}0"),
                Some(digits) if digits.contains(['.', 'e', 'E']) => digits.clone(),
                Some(digits) => format!("{digits}.0"),
                None => format!("{:?}", value.abs()),
            };
            let token: TokenStream =
                format!("{digits}{elem}").parse().unwrap_or_else(|_| quote!(f64::NAN));
            if value.is_sign_negative() { quote!((-#token)) } else { token }
        }
        (Literal::Float(value, _), _) => {
            let ty = elem_type(elem);
            let token = Token::f64_suffixed(value.abs());
            let number = quote!(::chainrule::rt::lit::<#ty>(#token));
            if value.is_sign_negative() { quote!((-#number)) } else { number }
        }
    }
}

/// A primitive applied to elements of arrays: some have functions that loops vectorise.
pub(crate) fn of_elements(row: Prim, elem: &Elem, args: &[TokenStream]) -> TokenStream {
    match elem {
        Elem::F32 | Elem::F64 if is_vectorised(row) => {
            let (ty, name) = (elem_type(elem), Ident::new(row.name, Span::call_site()));
            quote!(<#ty as ::chainrule::rt::Elementary>::#name(#(#args),*))
        }
        _ => primitive(row, elem, args),
    }
}

/// A primitive applied to Rust expressions.
pub(crate) fn primitive(row: Prim, elem: &Elem, args: &[TokenStream]) -> TokenStream {
    match row.spelling {
        Spelling::Operator(symbol) => {
            let symbol = operator(symbol);
            match args {
                [x] => quote!(#symbol #x),
                [x, y] => quote!(#x #symbol #y),
                _ => TokenStream::new(),
            }
        }
        Spelling::Method => {
            let ty = elem_type(elem);
            let name = Ident::new(row.name, Span::call_site());
            match elem {
                Elem::Param(_) => quote!(<#ty as ::chainrule::rt::Float>::#name(#(#args),*)),
                _ => quote!(#ty::#name(#(#args),*)),
            }
        }
        Spelling::Runtime | Spelling::Select => {
            let name = Ident::new(row.name, Span::call_site());
            quote!(::chainrule::rt::#name(#(#args),*))
        }
    }
}

/// An operator of one character; parsing each would take longer than all else.
fn operator(symbol: &str) -> TokenStream {
    match symbol.as_bytes() {
        [one] => TokenTree::from(Punct::new(char::from(*one), Spacing::Alone)).into(),
        _ => symbol.parse().unwrap_or_default(),
    }
}

/// A conversion between element types.
pub(crate) fn cast(from: &Elem, to: &Elem, arg: &TokenStream) -> TokenStream {
    let (source, target) = (elem_type(from), elem_type(to));
    match (from, to) {
        (Elem::Param(_), _) | (_, Elem::Param(_)) => {
            quote!(::chainrule::rt::cast::<#source, #target>(#arg))
        }
        _ => quote!((#arg as #target)),
    }
}
