//! Pieces of the user's code, and what the names in them stand for.

use super::block::Body;
use super::names;
use crate::flow::ir::{Bind, By, Code};
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

impl Body<'_> {
    /// A piece of the user's code, with the names in it.
    pub(super) fn code(&self, code: &Code) -> TokenStream {
        let binds = code.binds.iter().map(|bind| self.bound(bind));
        let tokens = in_scope(&code.tokens, &code.binds);
        // Behind a `;` a block would be a statement, whatever follows it.
        let tokens = match begins_with_block(&tokens) {
            true => quote!((#tokens)),
            false => tokens,
        };
        quote!({ #(#binds)* #tokens })
    }

    fn bound(&self, bind: &Bind) -> TokenStream {
        let value = self.lent(&bind.what, bind.by);
        let name = match bind.name == "self" {
            true => this(),
            false => visible(&bind.name),
        };
        let mutable = (bind.name == Code::TEMPORARY).then(|| quote!(mut));
        quote!(let #mutable #name = #value;)
    }
}

fn begins_with_block(tokens: &TokenStream) -> bool {
    match tokens.clone().into_iter().next() {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
        Some(TokenTree::Ident(word)) => {
            ["if", "match", "loop", "while", "for", "unsafe"].iter().any(|block| word == block)
        }
        Some(TokenTree::Punct(punct)) => punct.as_char() == '\'',
        _ => false,
    }
}

/// What `self` is called in the kernel, where it is a parameter like others.
fn this() -> Ident {
    names::local("this")
}

/// A name that is resolved at the place of generated code.
fn visible(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(here(name.span()));
    name
}

fn here(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// Code in which the bound names mean what they are bound to. What a capsule brought along has the
/// hygiene of that macro, which local variables of this place are invisible to; `self` cannot be
/// bound by any `let`, and has another name.
fn in_scope(tokens: &TokenStream, binds: &[Bind]) -> TokenStream {
    match binds.is_empty() {
        true => tokens.clone(),
        false => reborrowed(tokens, binds).map(|token| token_in_scope(token, binds)).collect(),
    }
}

/// Code in which `&mut x` of a name that is bound to an exclusive reference is that reference,
/// `&mut *x`.
fn reborrowed<'b>(tokens: &TokenStream, binds: &'b [Bind]) -> impl Iterator<Item = TokenTree> + 'b {
    let (mut before, mut tokens) = ([false; 2], tokens.clone().into_iter().peekable());
    let is_exclusive =
        |name: &Ident| binds.iter().any(|bind| bind.name == *name && bind.by == By::Mut);
    let is_part = |next: &TokenTree| match next {
        TokenTree::Punct(punct) => punct.as_char() == '.',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Bracket,
        _ => false,
    };
    std::iter::from_fn(move || {
        let token = tokens.next()?;
        let whole = match &token {
            TokenTree::Ident(name) => {
                before == [true; 2] && is_exclusive(name) && !tokens.peek().is_some_and(is_part)
            }
            _ => false,
        };
        before = match &token {
            TokenTree::Punct(punct) => [punct.as_char() == '&', false],
            TokenTree::Ident(word) if before[0] && word == "mut" => [true; 2],
            _ => [false; 2],
        };
        let star = whole.then(|| TokenTree::Punct(Punct::new('*', Spacing::Alone)));
        Some(star.into_iter().chain([token]))
    })
    .flatten()
}

fn token_in_scope(token: TokenTree, binds: &[Bind]) -> TokenTree {
    match token {
        TokenTree::Ident(name)
            if name == "self" && binds.iter().any(|bind| bind.name == "self") =>
        {
            TokenTree::Ident(this())
        }
        TokenTree::Ident(name) if binds.iter().any(|bind| bind.name == name) => {
            TokenTree::Ident(visible(&name))
        }
        // `"{name}"`
        TokenTree::Literal(mut literal) => {
            literal.set_span(here(literal.span()));
            TokenTree::Literal(literal)
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), in_scope(&group.stream(), binds));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    }
}
