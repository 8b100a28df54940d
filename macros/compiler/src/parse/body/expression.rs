//! Expressions: operators by how tightly they bind, and what stands between them.

use super::{Tokens, has_attributes, is_punct, parts};
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenTree};
use syn::{
    BinOp, Expr, ExprArray, ExprAssign, ExprBinary, ExprBlock, ExprBreak, ExprCall, ExprCast,
    ExprContinue, ExprField, ExprForLoop, ExprIf, ExprIndex, ExprLit, ExprLoop, ExprMethodCall,
    ExprParen, ExprPath, ExprRange, ExprReference, ExprRepeat, ExprReturn, ExprTry, ExprTuple,
    ExprUnary, ExprWhile, Index, Lit, LitBool, Member, Path, RangeLimits, Token, UnOp, token,
};

/// How tightly `=`, `+=` and the like bind, and what else is no binary operator.
const ASSIGN: u8 = 1;
const RANGE: u8 = 2;
const COMPARE: u8 = 5;
const CAST: u8 = 12;

/// What stands between two operands.
enum Infix {
    Binary(BinOp),
    Assign(Token![=]),
    Range(RangeLimits),
    Cast,
}

/// The words that are no names, by their length.
const WORDS: [&[&str]; 9] = [
    &[],
    &["_"],
    &["as", "do", "fn", "if", "in"],
    &["box", "dyn", "for", "let", "mod", "mut", "pub", "ref", "try", "use"],
    &["Self", "else", "enum", "impl", "loop", "move", "priv", "self", "true", "type"],
    &[
        "async", "await", "break", "const", "crate", "false", "final", "macro", "match", "super",
        "trait", "where", "while", "yield",
    ],
    &["become", "extern", "return", "static", "struct", "typeof", "unsafe"],
    &["unsized", "virtual"],
    &["abstract", "continue", "override"],
];

/// The word that an identifier is, if it is no name.
pub(super) fn word_of(ident: &Ident) -> Option<&'static str> {
    let text = ident.to_string();
    WORDS.get(text.len())?.iter().find(|word| **word == text).copied()
}

impl<'t> Tokens<'t> {
    /// An expression of operators that bind at least so tightly; `structs`: a brace behind a name
    /// belongs to it.
    pub(super) fn expression(&mut self, least: u8, structs: bool) -> Option<Expr> {
        let mut left = self.unary(structs)?;
        let mut compared = false;
        while let Some((infix, binds, length)) = self.infix()? {
            // A range is no operand.
            if binds < least || matches!(left, Expr::Range(_)) {
                break;
            }
            if binds == COMPARE && compared {
                return None;
            }
            compared = binds == COMPARE;
            self.at += length;
            left = match infix {
                Infix::Binary(op) => {
                    let right = if binds == ASSIGN { ASSIGN } else { binds + 1 };
                    let right = Box::new(self.expression(right, structs)?);
                    Expr::Binary(ExprBinary { attrs: vec![], left: Box::new(left), op, right })
                }
                Infix::Assign(eq_token) => {
                    let right = Box::new(self.expression(ASSIGN, structs)?);
                    let left = Box::new(left);
                    Expr::Assign(ExprAssign { attrs: vec![], left, eq_token, right })
                }
                Infix::Range(limits) => {
                    let end = Some(Box::new(self.expression(RANGE + 1, structs)?));
                    let start = Some(Box::new(left));
                    Expr::Range(ExprRange { attrs: vec![], start, limits, end })
                }
                Infix::Cast => {
                    let as_token = Token![as](self.word("as")?.span());
                    let ty = Box::new(self.ty()?);
                    // None of these may follow.
                    if self.is('.') || self.is('?') {
                        return None;
                    }
                    Expr::Cast(ExprCast { attrs: vec![], expr: Box::new(left), as_token, ty })
                }
            };
        }
        Some(left)
    }

    /// What stands between two operands here, if anything does, how tightly it binds, and of how
    /// many tokens it is; a word is left to be read.
    fn infix(&self) -> Option<Option<(Infix, u8, usize)>> {
        let first = match self.peek() {
            Some(TokenTree::Punct(first)) => first,
            Some(TokenTree::Ident(word)) if word_of(word) == Some("as") => {
                return Some(Some((Infix::Cast, CAST, 0)));
            }
            // A macro fragment.
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => return None,
            _ => return Some(None),
        };
        let second = self.joined(first, 1);
        let third = second.and_then(|second| self.joined(second, 2));
        let symbol = |punct: Option<&Punct>| punct.map_or(' ', Punct::as_char);
        let (a, b, c) = (first.as_char(), symbol(second), symbol(third));
        let one = first.span();
        let span = |punct: Option<&Punct>| punct.map_or(one, Punct::span);
        let two = [one, span(second)];
        let three = [one, span(second), span(third)];
        let (op, binds) = match (a, b) {
            ('+', '=') => (BinOp::AddAssign(Token![+=](two)), ASSIGN),
            ('-', '=') => (BinOp::SubAssign(Token![-=](two)), ASSIGN),
            ('*', '=') => (BinOp::MulAssign(Token![*=](two)), ASSIGN),
            ('/', '=') => (BinOp::DivAssign(Token![/=](two)), ASSIGN),
            ('%', '=') => (BinOp::RemAssign(Token![%=](two)), ASSIGN),
            ('^', '=') => (BinOp::BitXorAssign(Token![^=](two)), ASSIGN),
            ('&', '=') => (BinOp::BitAndAssign(Token![&=](two)), ASSIGN),
            ('|', '=') => (BinOp::BitOrAssign(Token![|=](two)), ASSIGN),
            ('<', '<') if c == '=' => (BinOp::ShlAssign(Token![<<=](three)), ASSIGN),
            ('>', '>') if c == '=' => (BinOp::ShrAssign(Token![>>=](three)), ASSIGN),
            ('|', '|') => (BinOp::Or(Token![||](two)), 3),
            ('&', '&') => (BinOp::And(Token![&&](two)), 4),
            ('=', '=') => (BinOp::Eq(Token![==](two)), COMPARE),
            ('!', '=') => (BinOp::Ne(Token![!=](two)), COMPARE),
            ('<', '=') => (BinOp::Le(Token![<=](two)), COMPARE),
            ('>', '=') => (BinOp::Ge(Token![>=](two)), COMPARE),
            ('<', '<') => (BinOp::Shl(Token![<<](two)), 9),
            ('>', '>') => (BinOp::Shr(Token![>>](two)), 9),
            // No operators.
            ('<', '-') | ('-', '>') => return None,
            ('=', '>') => return Some(None),
            ('=', _) => return Some(Some((Infix::Assign(Token![=](one)), ASSIGN, 1))),
            ('.', '.') => {
                let limits = match c {
                    '=' => RangeLimits::Closed(Token![..=](three)),
                    '.' => return None,
                    _ => RangeLimits::HalfOpen(Token![..](two)),
                };
                let length = if c == '=' { 3 } else { 2 };
                return Some(Some((Infix::Range(limits), RANGE, length)));
            }
            ('<', _) => (BinOp::Lt(Token![<](one)), COMPARE),
            ('>', _) => (BinOp::Gt(Token![>](one)), COMPARE),
            ('|', _) => (BinOp::BitOr(Token![|](one)), 6),
            ('^', _) => (BinOp::BitXor(Token![^](one)), 7),
            ('&', _) => (BinOp::BitAnd(Token![&](one)), 8),
            ('+', _) => (BinOp::Add(Token![+](one)), 10),
            ('-', _) => (BinOp::Sub(Token![-](one)), 10),
            ('*', _) => (BinOp::Mul(Token![*](one)), 11),
            ('/', _) => (BinOp::Div(Token![/](one)), 11),
            ('%', _) => (BinOp::Rem(Token![%](one)), 11),
            _ => return Some(None),
        };
        let length = match op {
            BinOp::ShlAssign(_) | BinOp::ShrAssign(_) => 3,
            _ if b == '=' => 2,
            BinOp::Or(_) | BinOp::And(_) | BinOp::Shl(_) | BinOp::Shr(_) => 2,
            _ => 1,
        };
        Some(Some((Infix::Binary(op), binds, length)))
    }

    /// The next character of an operator.
    fn joined(&self, punct: &Punct, ahead: usize) -> Option<&'t Punct> {
        match (punct.spacing(), self.ahead(ahead)) {
            (Spacing::Joint, Some(TokenTree::Punct(next))) => Some(next),
            _ => None,
        }
    }

    fn unary(&mut self, structs: bool) -> Option<Expr> {
        let Some(TokenTree::Punct(punct)) = self.peek() else { return self.postfix(structs) };
        let span = punct.span();
        let op = match punct.as_char() {
            '-' => UnOp::Neg(Token![-](span)),
            '!' => UnOp::Not(Token![!](span)),
            '*' => UnOp::Deref(Token![*](span)),
            '&' => {
                self.at += 1;
                let mutability = self.word("mut").map(|word| Token![mut](word.span()));
                if matches!(self.peek(), Some(TokenTree::Ident(word)) if word == "raw") {
                    return None;
                }
                let (and_token, expr) = (Token![&](span), Box::new(self.unary(structs)?));
                let attrs = vec![];
                return Some(Expr::Reference(ExprReference { attrs, and_token, mutability, expr }));
            }
            _ => return None,
        };
        self.at += 1;
        Some(Expr::Unary(ExprUnary { attrs: vec![], op, expr: Box::new(self.unary(structs)?) }))
    }

    /// An operand with its fields, indices and calls.
    fn postfix(&mut self, structs: bool) -> Option<Expr> {
        let mut expr = self.atom(structs)?;
        loop {
            let attrs = vec![];
            expr = match self.peek() {
                Some(TokenTree::Group(group)) => match group.delimiter() {
                    Delimiter::Parenthesis => {
                        self.at += 1;
                        let (func, args) = (Box::new(expr), parts(group)?);
                        let paren_token = token::Paren(group.delim_span());
                        Expr::Call(ExprCall { attrs, func, paren_token, args })
                    }
                    Delimiter::Bracket => {
                        self.at += 1;
                        let index = Box::new(whole(group)?);
                        let bracket_token = token::Bracket(group.delim_span());
                        Expr::Index(ExprIndex { attrs, expr: Box::new(expr), bracket_token, index })
                    }
                    Delimiter::Brace => return Some(expr),
                    Delimiter::None => return None,
                },
                Some(TokenTree::Punct(punct)) => match punct.as_char() {
                    '?' => {
                        self.at += 1;
                        let question_token = Token![?](punct.span());
                        Expr::Try(ExprTry { attrs, expr: Box::new(expr), question_token })
                    }
                    '.' if self.joined(punct, 1).is_none_or(|next| next.as_char() != '.') => {
                        self.at += 1;
                        self.member(expr, Token![.](punct.span()))?
                    }
                    _ => return Some(expr),
                },
                _ => return Some(expr),
            };
        }
    }

    /// What stands behind a dot.
    fn member(&mut self, of: Expr, dot_token: Token![.]) -> Option<Expr> {
        let attrs = vec![];
        if let Some(TokenTree::Literal(number)) = self.peek() {
            let index = number.to_string().parse().ok()?;
            let member = Member::Unnamed(Index { index, span: number.span() });
            self.at += 1;
            return Some(Expr::Field(ExprField { attrs, base: Box::new(of), dot_token, member }));
        }
        let method = self.name()?;
        match self.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                self.at += 1;
                Some(Expr::MethodCall(ExprMethodCall {
                    attrs,
                    receiver: Box::new(of),
                    dot_token,
                    method,
                    turbofish: None,
                    paren_token: token::Paren(group.delim_span()),
                    args: parts(group)?,
                }))
            }
            Some(next) if is_punct(next, ':') => None,
            _ => {
                let (base, member) = (Box::new(of), Member::Named(method));
                Some(Expr::Field(ExprField { attrs, base, dot_token, member }))
            }
        }
    }

    fn atom(&mut self, structs: bool) -> Option<Expr> {
        match self.peek()? {
            TokenTree::Literal(literal) => {
                self.at += 1;
                let lit = Lit::new(literal.clone());
                Some(Expr::Lit(ExprLit { attrs: vec![], lit }))
            }
            TokenTree::Ident(ident) => match word_of(ident) {
                None | Some("self") => self.path(structs),
                Some(word @ ("true" | "false")) => {
                    self.at += 1;
                    let lit = Lit::Bool(LitBool { value: word == "true", span: ident.span() });
                    Some(Expr::Lit(ExprLit { attrs: vec![], lit }))
                }
                Some("if" | "for" | "while" | "loop") => self.block_like(),
                Some(word @ ("return" | "break" | "continue")) => {
                    self.at += 1;
                    self.jump(word, ident.span())
                }
                Some(_) => None,
            },
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Parenthesis => {
                    self.at += 1;
                    let (mut elems, attrs) = (parts(group)?, vec![]);
                    let paren_token = token::Paren(group.delim_span());
                    if elems.len() == 1 && !elems.trailing_punct() {
                        let expr = Box::new(elems.pop()?);
                        return Some(Expr::Paren(ExprParen { attrs, paren_token, expr }));
                    }
                    Some(Expr::Tuple(ExprTuple { attrs, paren_token, elems }))
                }
                Delimiter::Bracket => {
                    self.at += 1;
                    array(group)
                }
                Delimiter::Brace => self.block_like(),
                Delimiter::None => None,
            },
            TokenTree::Punct(_) => None,
        }
    }

    /// `x`, `f64::sin`
    fn path(&mut self, structs: bool) -> Option<Expr> {
        let TokenTree::Ident(first) = self.peek()? else { return None };
        self.at += 1;
        let mut path = Path::from(first.clone());
        loop {
            match self.peek() {
                Some(TokenTree::Punct(punct)) => match (punct.as_char(), self.joined(punct, 1)) {
                    (':', Some(second)) if second.as_char() == ':' => {
                        let colons = Token![::]([punct.span(), second.span()]);
                        self.at += 2;
                        path.segments.push_punct(colons);
                        path.segments.push_value(self.name()?.into());
                        continue;
                    }
                    (':', _) => return None,
                    ('!', second) if second.is_none_or(|second| second.as_char() != '=') => {
                        return None;
                    }
                    _ => {}
                },
                // `S { … }`
                Some(TokenTree::Group(group))
                    if structs && group.delimiter() == Delimiter::Brace =>
                {
                    return None;
                }
                _ => {}
            }
            return Some(Expr::Path(ExprPath { attrs: vec![], qself: None, path }));
        }
    }

    /// What stands behind `return`, `break` and `continue`.
    fn jump(&mut self, word: &str, span: Span) -> Option<Expr> {
        let ends = self.peek().is_none_or(|next| is_punct(next, ';'));
        let (attrs, label) = (vec![], None);
        match word {
            "return" => {
                let expr = match ends {
                    true => None,
                    false => Some(Box::new(self.expression(0, true)?)),
                };
                Some(Expr::Return(ExprReturn { attrs, return_token: Token![return](span), expr }))
            }
            "break" if ends => {
                let break_token = Token![break](span);
                Some(Expr::Break(ExprBreak { attrs, break_token, label, expr: None }))
            }
            "continue" if ends => {
                let continue_token = Token![continue](span);
                Some(Expr::Continue(ExprContinue { attrs, continue_token, label }))
            }
            _ => None,
        }
    }

    /// A conditional, a loop or a block.
    pub(super) fn block_like(&mut self) -> Option<Expr> {
        let (attrs, label) = (vec![], None);
        let TokenTree::Ident(word) = self.peek()? else {
            return Some(Expr::Block(ExprBlock { attrs, label, block: self.block()? }));
        };
        let span = word.span();
        self.at += 1;
        match word_of(word)? {
            "if" => self.conditional(span),
            "for" => {
                let pat = Box::new(self.pattern()?);
                let in_token = Token![in](self.word("in")?.span());
                let expr = Box::new(self.expression(0, false)?);
                let (for_token, body) = (Token![for](span), self.block()?);
                Some(Expr::ForLoop(ExprForLoop {
                    attrs,
                    label,
                    for_token,
                    pat,
                    in_token,
                    expr,
                    body,
                }))
            }
            "while" => {
                let cond = Box::new(self.expression(0, false)?);
                let (while_token, body) = (Token![while](span), self.block()?);
                Some(Expr::While(ExprWhile { attrs, label, while_token, cond, body }))
            }
            "loop" => {
                let (loop_token, body) = (Token![loop](span), self.block()?);
                Some(Expr::Loop(ExprLoop { attrs, label, loop_token, body }))
            }
            _ => None,
        }
    }

    fn conditional(&mut self, span: Span) -> Option<Expr> {
        let if_token = Token![if](span);
        let cond = Box::new(self.expression(0, false)?);
        let then_branch = self.block()?;
        let else_branch = match self.word("else") {
            Some(word) => {
                let other = match self.peek()? {
                    TokenTree::Group(_) => self.block_like()?,
                    TokenTree::Ident(next) if next == "if" => self.block_like()?,
                    _ => return None,
                };
                Some((Token![else](word.span()), Box::new(other)))
            }
            None => None,
        };
        Some(Expr::If(ExprIf { attrs: vec![], if_token, cond, then_branch, else_branch }))
    }
}

/// The one expression in a group.
fn whole(group: &Group) -> Option<Expr> {
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut tokens = Tokens { trees: &inside, at: 0 };
    let expr = tokens.expression(0, true)?;
    (tokens.at == inside.len()).then_some(expr)
}

/// `[a, b]`, `[a; n]`
fn array(group: &Group) -> Option<Expr> {
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    if has_attributes(&inside) {
        return None;
    }
    let (mut tokens, attrs) = (Tokens { trees: &inside, at: 0 }, vec![]);
    let bracket_token = token::Bracket(group.delim_span());
    if !inside.iter().any(|tree| is_punct(tree, ';')) {
        let elems = tokens.list(|tokens| tokens.expression(0, true))?;
        return Some(Expr::Array(ExprArray { attrs, bracket_token, elems }));
    }
    let expr = Box::new(tokens.expression(0, true)?);
    let semi_token = Token![;](tokens.symbol(';')?);
    let len = Box::new(tokens.expression(0, true)?);
    (tokens.at == inside.len()).then_some(Expr::Repeat(ExprRepeat {
        attrs,
        bracket_token,
        expr,
        semi_token,
        len,
    }))
}
