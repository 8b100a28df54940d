//! Edits that make a program smaller.
//!
//! Statements and expressions are counted in the order in which they are written, whatever holds
//! what, so that several edits can be made one after the other from the last to the first.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Stmt};

/// One edit: what is done with the statement or expression of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: usize,
    pub(super) what: Change,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The statement goes.
    Drop,
    /// The declared variable goes, and what names it is a constant.
    Forget,
    /// What holds a block becomes the contents of its first or second block.
    Unwrap(usize),
    /// The expression becomes its part of this number.
    Part(usize),
    /// The expression becomes a constant.
    Constant,
}

/// The constant that takes the place of expressions.
fn constant() -> Expr {
    syn::parse_quote!(0.3_f64)
}

/// All edits of a function, with how many tokens each of them takes away, the most first.
pub(super) fn edits(item: &syn::ItemFn) -> Vec<(Edit, usize)> {
    let mut found = Found::default();
    found.visit_block(&item.block);
    found.edits.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    found.edits
}

/// Makes edits, of which no two are at one place.
pub(super) fn edited(item: &syn::ItemFn, edits: &[Edit]) -> syn::ItemFn {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.at));
    let mut item = item.clone();
    for edit in edits {
        let mut editor = Editor { edit, next: 0, forgotten: None };
        editor.visit_block_mut(&mut item.block);
        if let Some(name) = editor.forgotten {
            Forgetter(name).visit_block_mut(&mut item.block);
        }
    }
    item
}

/// How many tokens something has.
pub(super) fn size(of: &impl ToTokens) -> usize {
    fn count(tokens: proc_macro2::TokenStream) -> usize {
        let size = |tree| match tree {
            proc_macro2::TokenTree::Group(group) => 2 + count(group.stream()),
            _ => 1,
        };
        tokens.into_iter().map(size).sum()
    }
    count(of.to_token_stream())
}

/// The blocks that a statement or expression holds.
fn blocks(expr: &Expr) -> Vec<syn::Block> {
    match expr {
        Expr::Block(of) => vec![of.block.clone()],
        Expr::ForLoop(of) => vec![of.body.clone()],
        Expr::While(of) => vec![of.body.clone()],
        Expr::Loop(of) => vec![of.body.clone()],
        Expr::If(of) => {
            let mut all = vec![of.then_branch.clone()];
            if let Some((_, other)) = &of.else_branch
                && let Expr::Block(other) = &**other
            {
                all.push(other.block.clone());
            }
            all
        }
        _ => vec![],
    }
}

/// The expressions that could stand for one.
fn parts(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::Binary(of) => vec![(*of.left).clone(), (*of.right).clone()],
        Expr::Paren(of)
            if !matches!(*of.expr, Expr::Binary(_) | Expr::Unary(_) | Expr::Cast(_)) =>
        {
            vec![(*of.expr).clone()]
        }
        Expr::Unary(of) => vec![(*of.expr).clone()],
        Expr::MethodCall(of) => {
            let mut all = vec![(*of.receiver).clone()];
            all.extend(of.args.iter().cloned());
            all
        }
        Expr::Call(of) => of.args.iter().cloned().collect(),
        Expr::If(_) => blocks(expr)
            .into_iter()
            .filter_map(|block| match block.stmts.as_slice() {
                [Stmt::Expr(value, None)] => Some(value.clone()),
                _ => None,
            })
            .collect(),
        Expr::Match(of) => of.arms.iter().map(|arm| (*arm.body).clone()).collect(),
        Expr::Tuple(of) => of.elems.iter().cloned().collect(),
        _ => vec![],
    }
}

/// The name that a plain `let` declares.
fn declared(stmt: &Stmt) -> Option<String> {
    let Stmt::Local(local) = stmt else { return None };
    match &local.pat {
        syn::Pat::Ident(pat) => Some(pat.ident.to_string()),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(_))
}

#[derive(Default)]
struct Found {
    next: usize,
    edits: Vec<(Edit, usize)>,
}

impl Found {
    fn add(&mut self, at: usize, what: Change, saved: usize) {
        if saved > 0 {
            self.edits.push((Edit { at, what }, saved));
        }
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        let (at, whole) = (self.next, size(stmt));
        self.next += 1;
        let is_value = matches!(stmt, Stmt::Expr(value, None) if blocks(value).is_empty());
        if !is_value {
            self.add(at, Change::Drop, whole);
        }
        if declared(stmt).is_some() {
            self.add(at, Change::Forget, whole);
        }
        if let Stmt::Expr(expr, _) = stmt {
            for (k, block) in blocks(expr).iter().enumerate() {
                self.add(at, Change::Unwrap(k), whole - size(block).min(whole));
            }
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let (at, whole) = (self.next, size(expr));
        self.next += 1;
        if !is_literal(expr) {
            self.add(at, Change::Constant, whole.saturating_sub(1).max(1));
        }
        for (k, part) in parts(expr).iter().enumerate() {
            self.add(at, Change::Part(k), whole.saturating_sub(size(part)));
        }
        visit::visit_expr(self, expr);
    }
}

struct Editor {
    edit: Edit,
    next: usize,
    forgotten: Option<String>,
}

impl VisitMut for Editor {
    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        for mut stmt in std::mem::take(&mut block.stmts) {
            let here = self.next == self.edit.at;
            self.next += 1;
            match self.edit.what {
                Change::Drop if here => continue,
                Change::Forget if here => {
                    self.forgotten = declared(&stmt);
                    continue;
                }
                Change::Unwrap(k) if here => {
                    if let Stmt::Expr(expr, _) = &stmt
                        && let Some(inner) = blocks(expr).get(k)
                    {
                        block.stmts.extend(inner.stmts.clone());
                        continue;
                    }
                }
                _ => {}
            }
            visit_mut::visit_stmt_mut(self, &mut stmt);
            block.stmts.push(stmt);
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let here = self.next == self.edit.at;
        self.next += 1;
        match self.edit.what {
            Change::Constant if here => *expr = constant(),
            Change::Part(k) if here => {
                if let Some(part) = parts(expr).get(k) {
                    *expr = part.clone();
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }
}

/// Puts a constant for a variable.
struct Forgetter(String);

impl VisitMut for Forgetter {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Path(path) if path.path.is_ident(&self.0) => *expr = constant(),
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }
}

/// Whether a function names a variable that it does not have, so that rustc need not be asked.
pub(super) fn is_open(item: &syn::ItemFn) -> bool {
    #[derive(Default)]
    struct Names {
        bound: Vec<String>,
        used: Vec<String>,
    }
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.bound.push(pat.ident.to_string());
            visit::visit_pat_ident(self, pat);
        }
        fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
            if let Some(name) = path.path.get_ident() {
                self.used.push(name.to_string());
            }
        }
        fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
            // Functions, and closures, which rustc knows about.
            call.args.iter().for_each(|arg| self.visit_expr(arg));
        }
    }
    let mut names = Names::default();
    names.visit_item_fn(item);
    let is_variable = |name: &&String| name.starts_with(|c: char| c.is_ascii_lowercase());
    names.used.iter().filter(is_variable).any(|name| !names.bound.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> syn::ItemFn {
        syn::parse_quote! {
            fn f(a: f64, n: usize) -> f64 {
                let mut v = a.sin();
                for i in 0..n {
                    v = (v * a).cos();
                }
                let w = v + a;
                (w * a).tanh()
            }
        }
    }

    fn text(item: &syn::ItemFn) -> String {
        item.block.to_token_stream().to_string().replace(' ', "")
    }

    fn after(wanted: Change, containing: &str) -> Vec<String> {
        let item = item();
        let all = edits(&item).into_iter().filter(|(edit, _)| edit.what == wanted);
        let all = all.map(|(edit, _)| text(&edited(&item, &[edit])));
        all.filter(|text| text.contains(containing)).collect()
    }

    #[test]
    fn each_edit_takes_something_away() {
        let item = item();
        for (edit, _) in edits(&item) {
            let smaller = edited(&item, &[edit]);
            assert!(text(&smaller) != text(&item), "{edit:?}");
            assert!(size(&smaller) <= size(&item) || edit.what == Change::Constant, "{edit:?}");
        }
    }

    #[test]
    fn statements_loops_and_expressions() {
        assert_eq!(after(Change::Unwrap(0), "v=(v*a).cos();letw").len(), 1);
        assert_eq!(after(Change::Forget, "(0.3_f64*a).tanh()").len(), 1);
        assert_eq!(after(Change::Part(1), "letw=a;").len(), 1);
        assert_eq!(after(Change::Constant, "letmutv=0.3_f64;").len(), 1);
        assert!(after(Change::Drop, "{letmutv=a.sin();letw=v+a;(w*a).tanh()}").len() == 1);
    }

    #[test]
    fn edits_are_made_together() {
        let item = item();
        let all = edits(&item);
        let find = |what: Change, result: &str| {
            let found = all.iter().find(|(edit, _)| {
                edit.what == what && text(&edited(&item, &[*edit])).contains(result)
            });
            found.expect("such an edit").0
        };
        let (unwrap, part) =
            (find(Change::Unwrap(0), "cos();letw"), find(Change::Part(0), "letw=v;"));
        let both = text(&edited(&item, &[unwrap, part]));
        assert_eq!(both, "{letmutv=a.sin();v=(v*a).cos();letw=v;(w*a).tanh()}");
    }

    #[test]
    fn variables_that_are_gone() {
        assert!(!is_open(&item()));
        assert!(is_open(&syn::parse_quote!(
            fn f(a: f64) -> f64 {
                a * v
            }
        )));
        assert!(!is_open(&syn::parse_quote!(
            fn f(a: f64) -> f64 {
                g(a)
            }
        )));
    }
}
