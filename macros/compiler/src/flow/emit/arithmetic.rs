//! Arithmetic as tokens: what most of a long function comes to.
//!
//! In long programs a value that is used once, by the statement behind it, is written where it is
//! used:
//!
//! ```text
//! let y_8: f64 = x_0 + mul_3 * (1.0f64 - x_0 * x_0);
//! ```
//!
//! So rustc has fewer variables to look after, and the order of the operations stays what it is.
//! `quote!` would make each token anew, and each with a call of rustc; here names, operators and
//! literals are made once, and the tokens of a block go to rustc together.

use super::block::Body;
use super::names;
use crate::emit::element::{elem_type, literal, primitive, zero};
use crate::flow::ir::{Block, Kind, Pass, Stmt, Ty, V};
use crate::hash::HashMap;
use crate::ir::{Elem, Literal};
use crate::primitives::{Prim, Spelling};
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use std::cell::RefCell;
use std::ops::Range;

/// In programs of more statements than this a value that is used once is written where it is used:
/// in shorter ones nobody waits for rustc, and LLVM finds its vectors in the order of the statements.
const LONG: usize = 1000;

/// Expressions are at most so deep.
const DEPTH: usize = 6;

/// How tightly calls bind.
const CALL: u8 = 5;

/// How tightly operators of one operand bind.
const UNARY: u8 = 4;

/// How tightly an operator of two operands binds.
fn binds(symbol: &str) -> u8 {
    match symbol {
        "*" | "/" | "%" => 3,
        "+" | "-" => 2,
        _ => 1,
    }
}

/// The comparisons, which cannot fail.
const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "==", "!="];

/// What is written where it is used.
#[derive(Clone)]
enum Term {
    Primitive(Prim, Vec<V>),
    Comparison(&'static str, Vec<V>),
}

/// Tokens that are there already, and what is written where it is used.
pub(super) struct Terms {
    names: RefCell<Vec<Option<Ident>>>,
    literals: RefCell<HashMap<V, TokenStream>>,
    nested: Vec<bool>,
    terms: Vec<Option<Term>>,
    words: Words,
}

struct Words {
    let_: Ident,
    mut_: Ident,
    if_: Ident,
    else_: Ident,
    f32: Ident,
    f64: Ident,
}

impl Terms {
    pub(super) fn new(values: usize) -> Terms {
        let word = |word: &str| Ident::new(word, Span::call_site());
        Terms {
            names: RefCell::new(vec![None; values]),
            literals: RefCell::default(),
            nested: vec![false; values],
            terms: vec![None; values],
            words: Words {
                let_: word("let"),
                mut_: word("mut"),
                if_: word("if"),
                else_: word("else"),
                f32: word("f32"),
                f64: word("f64"),
            },
        }
    }
}

impl Body<'_> {
    /// The identifier of a value that is no literal.
    pub(super) fn name(&self, v: V) -> Ident {
        let v = self.facts.slots.get(&v).copied().unwrap_or(v);
        let mut names = self.terms.names.borrow_mut();
        names[v.0 as usize].get_or_insert_with(|| names::value(self.program, v)).clone()
    }

    /// A literal.
    pub(super) fn constant(&self, v: V) -> Option<TokenStream> {
        let constant = self.facts.consts.get(&v)?;
        if let Some(tokens) = self.terms.literals.borrow().get(&v) {
            return Some(tokens.clone());
        }
        let tokens: TokenStream = match (&self.program.of(v).ty, constant) {
            (Ty::Float(elem), Literal::Int(number)) => {
                literal(&Literal::Float(*number as f64, None), elem)
            }
            (Ty::Float(elem), number) => literal(number, elem),
            (Ty::Bool, Literal::Int(number)) => {
                let truth = *number != 0;
                quote::quote!(#truth)
            }
            (Ty::Int(Some(name)), number) => literal(number, &Elem::Int(name.clone())),
            (_, Literal::Int(number)) if *number < 0 => {
                let number = literal(constant, &Elem::F64);
                quote::quote!((#number))
            }
            (_, number) => literal(number, &Elem::F64),
        };
        self.terms.literals.borrow_mut().insert(v, tokens.clone());
        Some(tokens)
    }

    /// What is written where it is used, in parentheses.
    pub(super) fn nested(&self, v: V) -> Option<TokenStream> {
        self.terms.terms[v.0 as usize].as_ref()?;
        let mut out = Vec::new();
        self.within(v, CALL, &mut out);
        Some(out.into_iter().collect())
    }

    /// A value where an expression stands alone.
    pub(super) fn alone(&self, v: V) -> TokenStream {
        match &self.terms.terms[v.0 as usize] {
            Some(term) => {
                let mut out = Vec::new();
                self.term(v, term, &mut out);
                out.into_iter().collect()
            }
            None => self.value(v),
        }
    }

    /// Finds what is written where it is used: of some statements of a block, each that is used
    /// once, by the statement behind it or by one behind others that are used there as well.
    pub(super) fn find_nested(&mut self, block: &Block, range: Range<usize>) {
        if self.facts.statements <= LONG {
            return;
        }
        let mut open: Vec<(V, usize)> = Vec::new();
        for stmt in &block.stmts[range] {
            let (args, takes): (&[V], bool) = match &stmt.kind {
                Kind::Const(..) => continue,
                // A guard's product is computed whatever the condition: LLVM would branch else.
                Kind::Prim(_, row, args) => (args, row.spelling != Spelling::Select),
                Kind::Pass(_, Pass::Binary(symbol), args) => (args, COMPARISONS.contains(symbol)),
                Kind::Store(_, v, _) | Kind::If { cond: v, .. } => (std::slice::from_ref(v), true),
                _ => (&[], false),
            };
            let mut depth = 1;
            while takes && open.last().is_some_and(|(v, _)| args.contains(v)) {
                let Some((v, of)) = open.pop() else { break };
                self.terms.nested[v.0 as usize] = true;
                depth = depth.max(of + 1);
            }
            match &stmt.kind {
                Kind::Prim(v, row, args) if self.may_nest(*v) => {
                    let operator = matches!(row.spelling, Spelling::Operator(_));
                    let is_constant = |v: &V| self.facts.consts.contains_key(v);
                    if operator && args.iter().all(is_constant) && self.facts.taken.contains(v) {
                        self.terms.nested[v.0 as usize] = true;
                        continue;
                    }
                    if depth < DEPTH {
                        open.push((*v, depth));
                        continue;
                    }
                }
                Kind::Pass(v, Pass::Binary(symbol), args)
                    if COMPARISONS.contains(symbol)
                        && self.program.of(*v).ty == Ty::Bool
                        && args.iter().all(|v| self.program.float(*v).is_some())
                        && self.may_nest(*v) =>
                {
                    open.push((*v, depth));
                    continue;
                }
                _ => {}
            }
            open.clear();
        }
    }

    fn may_nest(&self, v: V) -> bool {
        self.facts.uses.get(v.0 as usize) == Some(&1)
            && !self.pinned.contains(&v)
            && !self.program.of(v).object
    }

    /// Writes a statement, if it is arithmetic.
    pub(super) fn arithmetic(&mut self, stmt: &Stmt, out: &mut Vec<TokenTree>) -> bool {
        let (v, term) = match &stmt.kind {
            Kind::Prim(v, row, args) => (*v, Term::Primitive(row, args.clone())),
            Kind::Pass(v, Pass::Binary(symbol), args) if self.terms.nested[v.0 as usize] => {
                (*v, Term::Comparison(symbol, args.clone()))
            }
            _ => return false,
        };
        if self.terms.nested[v.0 as usize] {
            self.terms.terms[v.0 as usize] = Some(term);
            return true;
        }
        if self.pinned.contains(&v) || self.program.of(v).object {
            return false;
        }
        self.bind_values(&[v], out);
        self.term(v, &term, out);
        out.push(punct(';'));
        true
    }

    /// A primitive of values.
    pub(super) fn primitive(&self, v: V, row: Prim, args: &[V]) -> TokenStream {
        let mut out = Vec::new();
        self.term(v, &Term::Primitive(row, args.to_vec()), &mut out);
        out.into_iter().collect()
    }

    /// `let (a, b): (f64, f64) =`, or `(a, b) =` where variables are declared together; of one
    /// variable without the tuple.
    pub(super) fn bind_values(&mut self, values: &[V], out: &mut Vec<TokenTree>) {
        let (mut patterns, mut types, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (k, v) in values.iter().enumerate() {
            if k > 0 {
                for list in [&mut patterns, &mut types, &mut names] {
                    list.push(punct(','));
                }
            }
            let name = self.name(*v);
            if self.program.of(*v).object {
                patterns.push(self.terms.words.mut_.clone().into());
            }
            patterns.push(name.clone().into());
            names.push(name.into());
            self.type_into(*v, &mut types);
        }
        let listed = |list: Vec<TokenTree>, out: &mut Vec<TokenTree>| match values.len() {
            1 => out.extend(list),
            _ => out.push(tuple(list)),
        };
        match &mut self.together {
            Some(together) => {
                together.patterns.extend(patterns);
                together.patterns.push(punct(','));
                together.types.extend(types);
                together.types.push(punct(','));
                listed(names, out);
            }
            None => {
                out.push(self.terms.words.let_.clone().into());
                listed(patterns, out);
                out.push(punct(':'));
                listed(types, out);
            }
        }
        out.push(punct('='));
    }

    /// The type of a value, written.
    fn type_into(&self, v: V, out: &mut Vec<TokenTree>) {
        match &self.program.of(v).ty {
            Ty::Float(elem) if !self.facts.optional.contains(&v) => self.ty(elem, out),
            _ => out.extend(self.type_of(v)),
        }
    }

    /// Values in a tuple, or one alone.
    pub(super) fn list(&self, values: &[V]) -> TokenStream {
        let mut out = Vec::new();
        for (k, v) in values.iter().enumerate() {
            out.extend((k > 0).then(|| punct(',')));
            self.bare(*v, &mut out);
        }
        match values.len() {
            1 => out.into_iter().collect(),
            _ => tuple(out).into(),
        }
    }

    /// A float's type.
    fn ty(&self, elem: &Elem, out: &mut Vec<TokenTree>) {
        match elem {
            Elem::F32 => out.push(self.terms.words.f32.clone().into()),
            Elem::F64 => out.push(self.terms.words.f64.clone().into()),
            elem => out.extend(elem_type(elem)),
        }
    }

    fn term(&self, v: V, term: &Term, out: &mut Vec<TokenTree>) {
        match term {
            Term::Comparison(symbol, args) => self.binary(symbol, args, out),
            Term::Primitive(row, args) => {
                let elem = (args.first().and_then(|v| self.program.float(*v)))
                    .or_else(|| self.program.float(v))
                    .unwrap_or(&Elem::F64);
                match (row.spelling, &args[..], elem) {
                    (Spelling::Operator(symbol), [_, _], _) => self.binary(symbol, args, out),
                    (Spelling::Operator(symbol), [x], _) if symbol.len() == 1 => {
                        out.push(punct(char::from(symbol.as_bytes()[0])));
                        self.operand(*x, out);
                    }
                    // There are many of these, and a call of each takes rustc long.
                    (Spelling::Select, [x, y], Elem::F32 | Elem::F64) => {
                        let words = &self.terms.words;
                        let zero = zero(elem);
                        out.push(words.if_.clone().into());
                        self.operand(*x, out);
                        out.extend([joint('='), punct('=')]);
                        out.extend(zero.clone());
                        out.push(Group::new(Delimiter::Brace, zero).into());
                        out.push(words.else_.clone().into());
                        out.push(Group::new(Delimiter::Brace, self.value(*y)).into());
                    }
                    (Spelling::Method, args, Elem::F32 | Elem::F64) => {
                        self.ty(elem, out);
                        let name = Ident::new(row.name, Span::call_site());
                        out.extend([joint(':'), punct(':'), name.into()]);
                        let mut list = Vec::new();
                        for (k, arg) in args.iter().enumerate() {
                            list.extend((k > 0).then(|| punct(',')));
                            self.bare(*arg, &mut list);
                        }
                        out.push(tuple(list));
                    }
                    _ => {
                        let args: Vec<TokenStream> = args.iter().map(|v| self.value(*v)).collect();
                        out.extend(primitive(row, elem, &args));
                    }
                }
            }
        }
    }

    fn binary(&self, symbol: &str, args: &[V], out: &mut Vec<TokenTree>) {
        let [a, b] = args else { return };
        let binds = binds(symbol);
        self.within(*a, binds, out);
        let mut symbol = symbol.chars().peekable();
        while let Some(one) = symbol.next() {
            out.push(if symbol.peek().is_some() { joint(one) } else { punct(one) });
        }
        self.within(*b, binds + 1, out);
    }

    /// A value within an expression.
    fn operand(&self, v: V, out: &mut Vec<TokenTree>) {
        self.within(v, UNARY, out);
    }

    /// A value within an expression: in parentheses, if its operator binds less than it has to.
    fn within(&self, v: V, least: u8, out: &mut Vec<TokenTree>) {
        let Some(term) = &self.terms.terms[v.0 as usize] else { return self.bare(v, out) };
        let binds = match term {
            Term::Comparison(symbol, _) => binds(symbol),
            Term::Primitive(row, args) => match row.spelling {
                Spelling::Operator(_) if args.len() == 1 => UNARY,
                Spelling::Operator(symbol) => binds(symbol),
                Spelling::Method | Spelling::Runtime => CALL,
                Spelling::Select => 0,
            },
        };
        if binds >= least {
            return self.term(v, term, out);
        }
        let mut inner = Vec::new();
        self.term(v, term, &mut inner);
        out.push(tuple(inner));
    }

    /// The same, written.
    pub(super) fn bare(&self, v: V, out: &mut Vec<TokenTree>) {
        if let Some(term) = &self.terms.terms[v.0 as usize] {
            return self.term(v, term, out);
        }
        let plain = !self.facts.consts.contains_key(&v)
            && !self.facts.optional.contains(&v)
            && !self.replaced.contains_key(&v);
        match plain {
            true => out.push(self.name(v).into()),
            false => out.extend(self.value(v)),
        }
    }
}

/// `(…)`
pub(super) fn tuple(parts: Vec<TokenTree>) -> TokenTree {
    Group::new(Delimiter::Parenthesis, parts.into_iter().collect()).into()
}

/// `{ … }`
pub(super) fn braced(parts: Vec<TokenTree>) -> TokenTree {
    Group::new(Delimiter::Brace, parts.into_iter().collect()).into()
}

/// An operator of one character.
pub(super) fn punct(symbol: char) -> TokenTree {
    Punct::new(symbol, Spacing::Alone).into()
}

fn joint(symbol: char) -> TokenTree {
    Punct::new(symbol, Spacing::Joint).into()
}
