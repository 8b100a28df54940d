//! The user's expressions as error messages quote them.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// An expression on one line, spaced as rustfmt would, cut where it gets long.
pub(crate) fn text(expr: &impl ToTokens) -> String {
    let mut out = String::new();
    write(expr.to_token_stream(), &mut out);
    if out.chars().count() > 60 {
        out = out.chars().take(57).collect::<String>() + "...";
    }
    out
}

fn write(tokens: TokenStream, out: &mut String) {
    let mut glue = true;
    let (mut binary, mut bar) = (false, false);
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                if group.delimiter() == Delimiter::Brace && !glue {
                    out.push(' ');
                }
                out.push_str(open);
                write(group.stream(), out);
                out.push_str(close);
                (glue, binary) = (false, true);
            }
            TokenTree::Punct(punct) => {
                let c = punct.as_char();
                match c {
                    ',' => out.push_str(", "),
                    '.' | ':' | '?' | '!' | '\'' => out.push(c),
                    // The bars of a closure; after the second, its body.
                    '|' if bar => {
                        out.push_str("| ");
                        bar = false;
                    }
                    '|' if !binary => {
                        out.push(c);
                        bar = true;
                    }
                    _ if binary && punct.spacing() == Spacing::Alone => {
                        out.push(' ');
                        out.push(c);
                        out.push(' ');
                    }
                    _ => out.push(c),
                }
                (glue, binary) = (true, false);
            }
            other => {
                if !glue {
                    out.push(' ');
                }
                out.push_str(&other.to_string());
                (glue, binary) = (false, true);
            }
        }
    }
}
