//! The bodies of functions.
//!
//! A macro runs unoptimised in most builds, where `syn` takes longer over a long function than all
//! that is done with it: at every token it asks for each of the many things that may stand there.
//! What nearly all code is made of is read here by looking at the token there is, to the same syntax
//! tree; every other statement is left to `syn`, as far as the next semicolon.
//! A parser here returns `None` on what it does not know, and wherever it is in doubt.

mod expression;

use expression::word_of;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{
    Block, Expr, ItemFn, Local, LocalInit, LocalModifiers, Pat, PatIdent, PatTuple, PatType,
    PatWild, Stmt, Token, Type, TypePath, token,
};

/// A function.
///
/// ```
/// use chainrule_compiler::parse::item_fn;
///
/// let tokens: proc_macro2::TokenStream = "fn f(x: f64) -> f64 { let y = x * x; y.sin() }".parse()?;
/// assert_eq!(item_fn(tokens.clone())?, syn::parse2(tokens)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If it is none.
pub fn item_fn(tokens: TokenStream) -> syn::Result<ItemFn> {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let body = match trees.last() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group.clone(),
        _ => return syn::parse2(trees.into_iter().collect()),
    };
    let inside: Vec<TokenTree> = body.stream().into_iter().collect();
    if has_attributes(&inside) {
        return syn::parse2(trees.into_iter().collect());
    }
    let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
    empty.set_span(body.span());
    trees.pop();
    trees.push(empty.into());
    let mut item: ItemFn = syn::parse2(trees.into_iter().collect())?;
    item.block.brace_token = token::Brace(body.delim_span());
    item.block.stmts = statements(&inside)?;
    Ok(item)
}

/// An item, of which a function is the likeliest.
///
/// # Errors
/// If it is none.
pub fn item(tokens: TokenStream) -> syn::Result<syn::Item> {
    let is_function = tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "fn",
        _ => false,
    });
    match is_function {
        true => match item_fn(tokens.clone()) {
            Ok(function) => Ok(syn::Item::Fn(function)),
            Err(_) => syn::parse2(tokens),
        },
        false => syn::parse2(tokens),
    }
}

/// Whether a block begins with attributes of its own.
fn has_attributes(inside: &[TokenTree]) -> bool {
    matches!(inside.first(), Some(TokenTree::Punct(first)) if first.as_char() == '#')
}

/// The statements of a block.
fn statements(trees: &[TokenTree]) -> syn::Result<Vec<Stmt>> {
    let mut out = Vec::new();
    let mut tokens = Tokens { trees, at: 0 };
    while tokens.at < trees.len() {
        let start = tokens.at;
        if let Some(stmt) = tokens.statement() {
            out.push(stmt);
            continue;
        }
        let end = trees[start..].iter().position(|tree| is_punct(tree, ';'));
        let end = end.map_or(trees.len(), |end| start + end + 1);
        let others: TokenStream = trees[start..end].iter().cloned().collect();
        out.extend(Block::parse_within.parse2(others)?);
        tokens.at = end;
    }
    Ok(out)
}

fn is_punct(tree: &TokenTree, symbol: char) -> bool {
    match tree {
        TokenTree::Punct(punct) => punct.as_char() == symbol,
        _ => false,
    }
}

/// Tokens, and how far they are read.
struct Tokens<'t> {
    trees: &'t [TokenTree],
    at: usize,
}

impl<'t> Tokens<'t> {
    fn peek(&self) -> Option<&'t TokenTree> {
        self.trees.get(self.at)
    }

    /// The token that begins `ahead` tokens further on.
    fn ahead(&self, ahead: usize) -> Option<&'t TokenTree> {
        self.trees.get(self.at + ahead)
    }

    fn is(&self, symbol: char) -> bool {
        match self.trees.get(self.at) {
            Some(tree) => is_punct(tree, symbol),
            None => false,
        }
    }

    /// Steps over a word.
    fn word(&mut self, word: &str) -> Option<proc_macro2::Ident> {
        match self.peek()? {
            TokenTree::Ident(ident) if ident == word => {
                self.at += 1;
                Some(ident.clone())
            }
            _ => None,
        }
    }

    /// Steps over a name.
    fn name(&mut self) -> Option<proc_macro2::Ident> {
        match self.peek()? {
            TokenTree::Ident(ident) if word_of(ident).is_none() => {
                self.at += 1;
                Some(ident.clone())
            }
            _ => None,
        }
    }

    /// Steps over a symbol of one character.
    fn symbol(&mut self, symbol: char) -> Option<proc_macro2::Span> {
        match self.peek()? {
            TokenTree::Punct(punct) if punct.as_char() == symbol => {
                self.at += 1;
                Some(punct.span())
            }
            _ => None,
        }
    }

    /// Steps over a group.
    fn group(&mut self, delimiter: Delimiter) -> Option<&'t Group> {
        match self.peek()? {
            TokenTree::Group(group) if group.delimiter() == delimiter => {
                self.at += 1;
                Some(group)
            }
            _ => None,
        }
    }

    /// `{ … }`
    fn block(&mut self) -> Option<Block> {
        let group = self.group(Delimiter::Brace)?;
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        if has_attributes(&inside) {
            return None;
        }
        let stmts = statements(&inside).ok()?;
        Some(Block { brace_token: token::Brace(group.delim_span()), stmts })
    }

    fn statement(&mut self) -> Option<Stmt> {
        let is_block = match self.peek()? {
            TokenTree::Ident(first) => match word_of(first) {
                Some("let") => return self.local(),
                Some("if" | "for" | "while" | "loop") => true,
                _ => false,
            },
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        let expr = match is_block {
            true => self.block_like()?,
            false => self.expression(0, true)?,
        };
        if let Some(semi) = self.symbol(';') {
            return Some(Stmt::Expr(expr, Some(Token![;](semi))));
        }
        // A block is a statement already, unless it is what a method is called on.
        let ends = match self.peek() {
            None => true,
            Some(next) => is_block && !is_punct(next, '.') && !is_punct(next, '?'),
        };
        ends.then_some(Stmt::Expr(expr, None))
    }

    /// `let x: f64 = …;`
    fn local(&mut self) -> Option<Stmt> {
        let let_token = Token![let](self.word("let")?.span());
        let mut pat = self.pattern()?;
        if self.is(':') {
            let colon_token = Token![:](self.symbol(':')?);
            let ty = Box::new(self.ty()?);
            pat = Pat::Type(PatType { attrs: vec![], pat: Box::new(pat), colon_token, ty });
        }
        let init = match self.is('=') {
            true => {
                let eq_token = Token![=](self.symbol('=')?);
                let expr = Box::new(self.expression(0, true)?);
                Some(LocalInit { eq_token, expr, diverge: None })
            }
            false => None,
        };
        let semi_token = Token![;](self.symbol(';')?);
        let modifiers = LocalModifiers::default();
        Some(Stmt::Local(Local { attrs: vec![], let_token, modifiers, pat, init, semi_token }))
    }

    /// A name, `mut name`, `_`, or a tuple of those.
    fn pattern(&mut self) -> Option<Pat> {
        let pat = match self.peek()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                self.at += 1;
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut parts = Tokens { trees: &inside, at: 0 };
                let elems = parts.list(Tokens::pattern)?;
                if elems.len() == 1 && !elems.trailing_punct() {
                    return None;
                }
                let paren_token = token::Paren(group.delim_span());
                return Some(Pat::Tuple(PatTuple { attrs: vec![], paren_token, elems }));
            }
            TokenTree::Ident(word) => match word_of(word) {
                Some("_") => {
                    self.at += 1;
                    let underscore_token = Token![_](word.span());
                    Pat::Wild(PatWild { attrs: vec![], underscore_token })
                }
                Some("mut") => {
                    self.at += 1;
                    self.bound(Some(Token![mut](word.span())))?
                }
                Some(_) => return None,
                None => self.bound(None)?,
            },
            _ => return None,
        };
        // What is longer than that is another pattern.
        match self.peek() {
            None => Some(pat),
            Some(TokenTree::Punct(next)) if matches!(next.as_char(), ',' | '=' | ';') => Some(pat),
            Some(TokenTree::Punct(next)) if next.as_char() == ':' => {
                (!self.ahead(1).is_some_and(|tree| is_punct(tree, ':'))).then_some(pat)
            }
            Some(TokenTree::Ident(next)) => (next == "in").then_some(pat),
            Some(_) => None,
        }
    }

    fn bound(&mut self, mutability: Option<Token![mut]>) -> Option<Pat> {
        let ident = self.name()?;
        Some(Pat::Ident(PatIdent { attrs: vec![], by_ref: None, mutability, ident, subpat: None }))
    }

    /// A type that is one name.
    fn ty(&mut self) -> Option<Type> {
        let path = self.name()?.into();
        match self.peek() {
            // Arguments, another segment, a macro.
            Some(TokenTree::Group(_)) => return None,
            Some(TokenTree::Punct(next)) if matches!(next.as_char(), '<' | ':' | '!') => {
                return None;
            }
            _ => {}
        }
        Some(Type::Path(TypePath { attrs: vec![], qself: None, path }))
    }

    /// Parts with commas between them, up to the end.
    fn list<T>(
        &mut self,
        part: impl Fn(&mut Tokens<'t>) -> Option<T>,
    ) -> Option<Punctuated<T, Token![,]>> {
        let mut list = Punctuated::new();
        while self.at < self.trees.len() {
            list.push_value(part(self)?);
            if self.at < self.trees.len() {
                list.push_punct(Token![,](self.symbol(',')?));
            }
        }
        Some(list)
    }
}

/// The parts of a group, with commas between them.
fn parts(group: &Group) -> Option<Punctuated<Expr, Token![,]>> {
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    Tokens { trees: &inside, at: 0 }.list(|tokens| tokens.expression(0, true))
}
