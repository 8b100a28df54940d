//! How a function is mutated.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use rand::RngExt;
use rand::rngs::StdRng;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Item, Pat, Stmt, Type};

/// What may take the place of something else.
#[derive(Default)]
pub(crate) struct Parts {
    exprs: Vec<Expr>,
    stmts: Vec<Stmt>,
    types: Vec<Type>,
    pats: Vec<Pat>,
    idents: Vec<Ident>,
}

impl<'ast> Visit<'ast> for Parts {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.exprs.push(expr.clone());
        visit::visit_expr(self, expr);
    }
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        self.stmts.push(stmt.clone());
        visit::visit_stmt(self, stmt);
    }
    fn visit_type(&mut self, ty: &'ast Type) {
        self.types.push(ty.clone());
        visit::visit_type(self, ty);
    }
    fn visit_pat(&mut self, pat: &'ast Pat) {
        self.pats.push(pat.clone());
        visit::visit_pat(self, pat);
    }
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.idents.push(ident.clone());
    }
}

/// One of a list that is not empty.
pub(crate) fn pick<'l, T>(list: &'l [T], rng: &mut StdRng) -> &'l T {
    &list[rng.random_range(0..list.len())]
}

/// Changes an item in one to three places and gives its text.
pub(crate) fn mutate(item: &mut Item, parts: &Parts, rng: &mut StdRng) -> String {
    let mut text = None;
    for _ in 0..rng.random_range(1..=3) {
        match rng.random_range(0..12) {
            0 | 1 => text = Some(tokens(item.to_token_stream(), parts, rng).to_string()),
            kind => {
                let mut count = Places { at: None, kind, parts, rng, seen: 0 };
                count.visit_item_mut(item);
                let seen = count.seen;
                if seen > 0 {
                    let at = Some(rng.random_range(0..seen));
                    Places { at, kind, parts, rng, seen: 0 }.visit_item_mut(item);
                }
            }
        }
    }
    text.unwrap_or_else(|| item.to_token_stream().to_string())
}

/// The places of one kind: counts them, and changes the one that is chosen.
struct Places<'p> {
    at: Option<usize>,
    kind: usize,
    parts: &'p Parts,
    rng: &'p mut StdRng,
    seen: usize,
}

impl Places<'_> {
    fn is_here(&mut self) -> bool {
        self.seen += 1;
        self.at == Some(self.seen - 1)
    }

    /// Something of the same kind in the same function, or from anywhere.
    fn changed(&mut self, expr: &Expr) -> Expr {
        let inner = expr.clone();
        let (n, name) =
            (self.rng.random_range(0..5usize), pick(&self.parts.idents, self.rng).clone());
        let tokens = match self.rng.random_range(0..18) {
            0 => quote!((-#inner)),
            1 => quote!((#inner as i32)),
            2 => quote!((#inner as f64)),
            3 => quote!(&#inner),
            4 => quote!((*#inner)),
            5 => quote!((#inner)[#n]),
            6 => quote!((#inner).#name()),
            7 => quote!((#inner).#name),
            8 => quote!({ #inner }),
            9 => quote!(if #n > 2 { #inner } else { #inner }),
            10 => quote!(&mut #inner),
            11 => quote!((#inner, #inner)),
            12 => quote!(#name(#inner)),
            13 => quote!(Some(#inner)),
            14 => quote!((#inner)?),
            15 => quote!(return #inner),
            16 => quote!(|#name| #inner),
            _ => quote!(!#inner),
        };
        // A name may be a keyword.
        syn::parse2(tokens).unwrap_or(inner)
    }

    fn literal(&mut self) -> syn::Lit {
        let texts = [
            "0",
            "1",
            "3usize",
            "18446744073709551615",
            "340282366920938463463374607431768211456",
            "0.0",
            "1e400",
            "1.5f32",
            "1e-320",
            "2_u8",
            "\"text\"",
            "'c'",
            "true",
            "0x10",
        ];
        syn::parse_str::<_>(pick::<&str>(&texts, self.rng)).expect("each is a literal")
    }
}

impl VisitMut for Places<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if matches!(self.kind, 2..=4) && self.is_here() {
            *expr = match self.kind {
                2 => pick(&self.parts.exprs, self.rng).clone(),
                _ => self.changed(expr),
            };
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }
    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        if matches!(self.kind, 5 | 6) && !block.stmts.is_empty() && self.is_here() {
            let at = self.rng.random_range(0..block.stmts.len());
            match self.rng.random_range(0..4) {
                0 => drop(block.stmts.remove(at)),
                1 => block.stmts.insert(at, block.stmts[at].clone()),
                2 => block.stmts.insert(at, pick(&self.parts.stmts, self.rng).clone()),
                _ => block.stmts.swap(at, 0),
            }
            return;
        }
        visit_mut::visit_block_mut(self, block);
    }
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if self.kind == 7 && self.is_here() {
            *ty = pick(&self.parts.types, self.rng).clone();
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }
    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        if self.kind == 8 && self.is_here() {
            *pat = pick(&self.parts.pats, self.rng).clone();
            return;
        }
        visit_mut::visit_pat_mut(self, pat);
    }
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if self.kind == 9 && self.is_here() {
            *ident = pick(&self.parts.idents, self.rng).clone();
        }
    }
    fn visit_lit_mut(&mut self, lit: &mut syn::Lit) {
        if self.kind == 10 && self.is_here() {
            *lit = self.literal();
        }
    }
    fn visit_bin_op_mut(&mut self, op: &mut syn::BinOp) {
        if self.kind == 11 && self.is_here() {
            let texts =
                ["+", "-", "*", "/", "%", "&&", "==", "<", "+=", "/=", "<<", "^", "|", ">="];
            *op = syn::parse_str::<_>(pick::<&str>(&texts, self.rng)).expect("each is an operator");
        }
    }
}

/// One token deleted, doubled, or replaced by a name, at any depth.
fn tokens(stream: TokenStream, parts: &Parts, rng: &mut StdRng) -> TokenStream {
    let mut trees: Vec<TokenTree> = stream.into_iter().collect();
    if trees.is_empty() {
        return TokenStream::new();
    }
    let at = rng.random_range(0..trees.len());
    if let TokenTree::Group(group) = &trees[at]
        && rng.random_range(0..8) > 0
    {
        trees[at] = Group::new(group.delimiter(), tokens(group.stream(), parts, rng)).into();
    } else {
        match rng.random_range(0..3) {
            0 => drop(trees.remove(at)),
            1 => trees.insert(at, trees[at].clone()),
            _ => trees[at] = pick(&parts.idents, rng).clone().into(),
        }
    }
    trees.into_iter().collect()
}
