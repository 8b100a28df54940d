//! What a piece of source uses, by its names: asked before it is taken as it stands.

use super::looks::looks;
use crate::parse::{is_compound, names_of};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use syn::Expr;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::flow) enum Use {
    /// Something behind it is looked at: an element, a field, a method's answer.
    Base,
    /// As a value.
    Value,
    /// As the receiver of a method that is not known to leave it as it is.
    Mut,
    /// Assigned to, or to a part of it.
    Assigned,
    /// By `&mut`.
    Borrowed,
}

/// What a piece of source uses.
#[derive(Default)]
pub(in crate::flow) struct Uses {
    /// Names of variables.
    pub(in crate::flow) names: BTreeMap<String, Use>,
    /// Whether control may leave it: `return`, `break`, `?`.
    pub(super) leaves: bool,
    /// Whether it mentions something that is no variable and does not mean the same everywhere.
    pub(super) foreign: bool,
    /// Whether it does more than to look.
    pub(in crate::flow) acts: bool,
    hidden: Vec<String>,
}

/// Names that mean the same everywhere.
const EVERYWHERE: &[&str] =
    &["Some", "None", "Ok", "Err", "Vec", "String", "Box", "Option", "Default"];

/// What an expression uses.
pub(in crate::flow) fn uses(expr: &Expr) -> Uses {
    let mut uses = Uses::default();
    uses.visit_expr(expr);
    uses
}

/// What a macro's arguments use.
pub(super) fn uses_of_macro(mac: &syn::Macro) -> Uses {
    let mut uses = Uses::default();
    uses.visit_macro(mac);
    uses
}

impl Uses {
    fn note(&mut self, name: String, how: Use) {
        if !self.hidden.contains(&name) {
            let entry = self.names.entry(name).or_insert(how);
            *entry = (*entry).max(how);
        }
    }

    fn base(&mut self, expr: &Expr, how: Use) {
        match expr {
            Expr::Paren(inner) => self.base(&inner.expr, how),
            Expr::Path(path) if path.path.get_ident().is_some() => {
                if let Some(name) = path.path.get_ident() {
                    self.note(name.to_string(), how);
                }
            }
            Expr::Index(index) => {
                self.base(&index.expr, how);
                self.visit_expr(&index.index);
            }
            Expr::Field(field) => self.base(&field.base, how),
            other => self.visit_expr(other),
        }
    }

    /// The names inside of `"{name:.3}"`.
    fn format_string(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            rest = &rest[at + 1..];
            if let Some(escaped) = rest.strip_prefix('{') {
                rest = escaped;
                continue;
            }
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                self.note(name, Use::Value);
            }
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut before_dot = false;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if !before_dot => self.note(name.to_string(), Use::Value),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(punct) => {
                    before_dot = punct.as_char() == '.';
                    continue;
                }
                _ => {}
            }
            before_dot = false;
        }
    }
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        match path.path.get_ident() {
            Some(name) if EVERYWHERE.iter().any(|known| name == known) => {}
            Some(name) => self.note(name.to_string(), Use::Value),
            None => self.foreign |= !is_absolute(&path.path),
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_struct(&mut self, of: &'ast syn::ExprStruct) {
        self.foreign = true;
        visit::visit_expr_struct(self, of);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        let known = path.path.segments.last().is_some_and(|segment| {
            let name = segment.ident.to_string();
            EVERYWHERE.contains(&name.as_str()) || name.starts_with(|c: char| c.is_lowercase())
        });
        self.foreign |= !known;
        visit::visit_type_path(self, path);
    }

    fn visit_pat(&mut self, pat: &'ast syn::Pat) {
        match pat {
            syn::Pat::TupleStruct(of) => {
                let known = of
                    .path
                    .get_ident()
                    .is_some_and(|name| EVERYWHERE.iter().any(|known| name == known));
                self.foreign |= !known;
            }
            syn::Pat::Struct(_) | syn::Pat::Path(_) => self.foreign = true,
            _ => {}
        }
        visit::visit_pat(self, pat);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        let before = self.hidden.len();
        for input in &closure.inputs {
            names_of(input, &mut self.hidden);
        }
        let leaves = self.leaves;
        visit::visit_expr_closure(self, closure);
        // A `return` or `?` inside of a closure stays in it.
        self.leaves = leaves;
        self.hidden.truncate(before);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.within(Some(&arm.pat), |this| visit::visit_arm(this, arm));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.within(None, |this| visit::visit_block(this, block));
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        visit::visit_local(self, local);
        names_of(&local.pat, &mut self.hidden);
    }

    fn visit_expr_let(&mut self, of: &'ast syn::ExprLet) {
        visit::visit_expr_let(self, of);
        names_of(&of.pat, &mut self.hidden);
    }

    fn visit_expr_if(&mut self, of: &'ast syn::ExprIf) {
        self.within(None, |this| {
            this.visit_expr(&of.cond);
            this.visit_block(&of.then_branch);
        });
        of.else_branch.iter().for_each(|(_, branch)| self.visit_expr(branch));
    }

    fn visit_expr_while(&mut self, of: &'ast syn::ExprWhile) {
        self.within(None, |this| visit::visit_expr_while(this, of));
    }

    fn visit_expr_for_loop(&mut self, of: &'ast syn::ExprForLoop) {
        self.visit_expr(&of.expr);
        self.within(Some(&of.pat), |this| {
            this.visit_pat(&of.pat);
            this.visit_block(&of.body);
        });
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let looks = looks(call);
        self.acts |= !looks;
        self.base(&call.receiver, if looks { Use::Base } else { Use::Mut });
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        self.base(&index.expr, Use::Base);
        self.visit_expr(&index.index);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        self.base(&field.base, Use::Base);
    }

    fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
        let how = if reference.mutability.is_some() { Use::Borrowed } else { Use::Base };
        self.acts |= reference.mutability.is_some();
        self.base(&reference.expr, how);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        self.acts = true;
        self.left(&assign.left);
        self.visit_expr(&assign.right);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if is_compound(&binary.op) {
            self.acts = true;
            self.left(&binary.left);
        } else {
            self.visit_expr(&binary.left);
        }
        self.visit_expr(&binary.right);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.acts = true;
        match &*call.func {
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if EVERYWHERE.iter().any(|known| name == known) => {}
                Some(name) => {
                    self.note(name.to_string(), Use::Value);
                }
                None => {
                    self.foreign |= !is_absolute(&path.path);
                    visit::visit_expr_path(self, path);
                }
            },
            other => self.visit_expr(other),
        }
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    fn visit_expr_return(&mut self, of: &'ast syn::ExprReturn) {
        self.leaves = true;
        visit::visit_expr_return(self, of);
    }

    fn visit_expr_break(&mut self, of: &'ast syn::ExprBreak) {
        self.leaves = true;
        visit::visit_expr_break(self, of);
    }

    fn visit_expr_continue(&mut self, _: &'ast syn::ExprContinue) {
        self.leaves = true;
    }

    fn visit_expr_try(&mut self, of: &'ast syn::ExprTry) {
        self.leaves = true;
        visit::visit_expr_try(self, of);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.acts = true;
        self.foreign |= !mac
            .path
            .get_ident()
            .is_some_and(|name| crate::capsule::STD_MACROS.contains(&name.to_string().as_str()));
        let list = mac.parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated);
        match list {
            Ok(args) => {
                for arg in args {
                    if let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &arg {
                        self.format_string(&text.value());
                        continue;
                    }
                    // `width = w` names an argument of a format string.
                    let value = match &arg {
                        Expr::Assign(named) => (*named.right).clone(),
                        other => other.clone(),
                    };
                    let (names, inner) = (std::mem::take(&mut self.hidden), uses(&value));
                    self.hidden = names;
                    for (name, how) in inner.names {
                        self.note(name, how);
                    }
                    self.leaves |= inner.leaves;
                    self.foreign |= inner.foreign;
                }
            }
            Err(_) => self.tokens(mac.tokens.clone()),
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

impl Uses {
    /// What is assigned to.
    fn left(&mut self, expr: &Expr) {
        let expr = match expr {
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) => expr,
            other => other,
        };
        self.base(expr, Use::Assigned);
    }

    /// Looks at code in which names are bound that mean something there only.
    fn within(&mut self, pat: Option<&syn::Pat>, look: impl FnOnce(&mut Self)) {
        let before = self.hidden.len();
        if let Some(pat) = pat {
            names_of(pat, &mut self.hidden);
        }
        look(self);
        self.hidden.truncate(before);
    }
}

/// Whether a path of several names means the same in every module.
pub(super) fn is_absolute(path: &syn::Path) -> bool {
    if path.segments.iter().nth(1).is_some_and(|second| second.ident == "consts") {
        // `f64::consts::PI` needs a `use std::f64`.
        return false;
    }
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    let first = first.as_deref().unwrap_or_default();
    path.leading_colon.is_some()
        || matches!(
            first,
            "std"
                | "core"
                | "alloc"
                | "f32"
                | "f64"
                | "bool"
                | "char"
                | "str"
                | "Vec"
                | "String"
                | "Option"
                | "Result"
                | "Some"
        )
        || crate::parse::is_integer(first)
}

/// Whether a variable is assigned as a whole.
pub(super) fn is_assigned(block: &syn::Block, name: &str) -> bool {
    struct Assigned<'n>(&'n str, bool);
    impl Assigned<'_> {
        fn left(&mut self, expr: &Expr) {
            match expr {
                Expr::Path(path) => self.1 |= path.path.is_ident(self.0),
                Expr::Tuple(tuple) => tuple.elems.iter().for_each(|part| self.left(part)),
                Expr::Array(array) => array.elems.iter().for_each(|part| self.left(part)),
                Expr::Paren(inner) => self.left(&inner.expr),
                _ => {}
            }
        }
    }
    impl<'ast> Visit<'ast> for Assigned<'_> {
        fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
            self.left(&assign.left);
            visit::visit_expr_assign(self, assign);
        }
        fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
            // By a reference it may be replaced too.
            if reference.mutability.is_some() {
                self.left(&reference.expr);
            }
            visit::visit_expr_reference(self, reference);
        }
    }
    let mut assigned = Assigned(name, false);
    assigned.visit_block(block);
    assigned.1
}
