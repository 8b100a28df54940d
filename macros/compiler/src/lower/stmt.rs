//! Statements: bindings, assignments, blocks.

use super::text::text;
use super::{Lowerer, Val};
use crate::parse::{Type, type_of};
use crate::primitives::{self, Prim};
use std::collections::HashMap;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, Pat, Stmt};

impl Lowerer<'_> {
    /// A block's statements, in a scope of their own; its value is that of its last expression.
    ///
    /// After an error the statements that follow are still looked at, so that a user sees all
    /// errors at once; what an erroneous statement would have bound is left out silently.
    pub(super) fn block(&mut self, block: &syn::Block) -> Option<Val> {
        self.frame_mut().scopes.push(HashMap::new());
        let mut result = Some(Val::Unit);
        let mut sound = true;
        for (k, stmt) in block.stmts.iter().enumerate() {
            let last = k + 1 == block.stmts.len();
            let done = match stmt {
                Stmt::Local(local) => self.local(local),
                Stmt::Item(item) => self.item(item),
                Stmt::Expr(expr, None) if last => {
                    result = self.expr(expr);
                    result.as_ref().map(|_| ())
                }
                Stmt::Expr(expr, _) => self.statement(expr),
                Stmt::Macro(mac) => self.macro_call(&mac.mac),
            };
            sound &= done.is_some();
        }
        self.frame_mut().scopes.pop();
        result.filter(|_| sound)
    }

    fn local(&mut self, local: &syn::Local) -> Option<()> {
        for attr in &local.attrs {
            if attr.path().is_ident("constant") {
                return self.error(attr, "`#[constant]` is not supported in functions of `ndarray` arrays yet: bind the value outside and pass it as a parameter that is not in `wrt(..)`");
            }
        }
        let Some(init) = &local.init else {
            return self.error(
                local,
                "a `let` without a value is not supported: bind the value where it is declared",
            );
        };
        if let Some((token, _)) = &init.diverge {
            return self.error(token, "`let … else` is not supported in functions of `ndarray` arrays yet: unwrap the value");
        }
        let (pat, annotation) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        match self.expr(&init.expr) {
            Some(val) => self.bind(pat, val, annotation),
            None => {
                self.poison(pat);
                None
            }
        }
    }

    /// Binds a pattern to a value, in the innermost scope.
    pub(super) fn bind(
        &mut self,
        pat: &Pat,
        val: Val,
        annotation: Option<&syn::Type>,
    ) -> Option<()> {
        if let Some(ty) = annotation {
            self.annotate(&val, ty)?;
        }
        match (pat, val) {
            (Pat::Ident(pat), val) if pat.subpat.is_none() => {
                let name = pat.ident.to_string();
                if let Val::Ref(r) = val {
                    self.name(r.id, &name);
                }
                self.frame_mut().scopes.last_mut()?.insert(name, val);
                Some(())
            }
            (Pat::Wild(_), _) => Some(()),
            (Pat::Paren(pat), val) => self.bind(&pat.pat, val, None),
            (Pat::Reference(pat), val) => self.bind(&pat.pat, val, None),
            (Pat::Type(pat), val) => self.bind(&pat.pat, val, Some(&pat.ty)),
            (Pat::Tuple(pat), Val::Tuple(vals)) if pat.elems.len() == vals.len() => {
                for (pat, val) in pat.elems.iter().zip(vals) {
                    self.bind(pat, val, None)?;
                }
                Some(())
            }
            (pat, _) => {
                self.poison(pat);
                self.error(
                    pat,
                    "this pattern is not supported in functions of `ndarray` arrays yet: bind names, `_` and tuples of those",
                )
            }
        }
    }

    /// Marks the names of a pattern whose value is in error, so that their uses stay silent.
    fn poison(&mut self, pat: &Pat) {
        struct Names(Vec<String>);
        impl<'ast> syn::visit::Visit<'ast> for Names {
            fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
                self.0.push(pat.ident.to_string());
            }
        }
        let mut names = Names(vec![]);
        syn::visit::Visit::visit_pat(&mut names, pat);
        if let Some(scope) = self.frame_mut().scopes.last_mut() {
            for name in names.0 {
                scope.insert(name, Val::Opaque(String::new()));
            }
        }
    }

    /// Lets a `let`'s type annotation tell the type of what it binds.
    fn annotate(&mut self, val: &Val, ty: &syn::Type) -> Option<()> {
        if let syn::Type::Infer(_) = ty {
            return Some(());
        }
        let floats = self.frame().function.floats.clone();
        // An annotation that is not understood need not be: rustc checks it.
        let Some(ty) = type_of(ty, &floats, &mut crate::error::Errors::new()) else {
            return Some(());
        };
        self.annotated(val, &ty)
    }

    fn annotated(&mut self, val: &Val, ty: &Type) -> Option<()> {
        match (val, ty) {
            (Val::Tuple(vals), Type::Tuple(types)) => {
                vals.iter().zip(types).try_for_each(|(val, ty)| self.annotated(val, ty))
            }
            (Val::Ref(r), Type::Float(elem) | Type::Array(elem, _)) => {
                let (have, want) = (self.elem(*r), self.substitute(elem));
                let span = self.program.value(r.id).span;
                if self.elems.unify(&have, &want) {
                    Some(())
                } else {
                    self.error(span, "this value is not of the type its `let` gives")
                }
            }
            (Val::Ref(r), Type::Int(name)) => {
                let have = self.elem(*r);
                self.elems.unify(&have, &crate::ir::Elem::Int(name.clone()));
                Some(())
            }
            _ => Some(()),
        }
    }

    /// Items in a body: constants are values; functions may be called with constants only.
    fn item(&mut self, item: &syn::Item) -> Option<()> {
        match item {
            syn::Item::Const(item) => {
                let val = self.expr(&item.expr)?;
                self.annotate(&val, &item.ty)?;
                let name = item.ident.to_string();
                self.frame_mut().scopes.last_mut()?.insert(name, val);
                Some(())
            }
            syn::Item::Macro(item) => self.macro_call(&item.mac),
            syn::Item::Static(item) => self.error(item, "a `static` in a differentiated function is not supported: make it a `const`"),
            other => self.error(other, "items inside a differentiated function are not supported: move them out of the body"),
        }
    }

    pub(super) fn macro_call<T>(&mut self, mac: &syn::Macro) -> Option<T> {
        let name = text(&mac.path);
        let hint = match name.as_str() {
            "assert" | "assert_eq" | "assert_ne" | "debug_assert" | "panic" | "println"
            | "print" | "eprintln" | "dbg" => {
                "; call it before or after the differentiated function"
            }
            _ => "; write out what it expands to",
        };
        self.error(
            &mac.path,
            format!(
                "the macro `{name}!` is not supported in functions of `ndarray` arrays yet{hint}"
            ),
        )
    }

    /// An expression whose value is not used: an assignment, or nothing.
    fn statement(&mut self, expr: &Expr) -> Option<()> {
        self.expr(expr).map(|_| ())
    }

    pub(super) fn assign(&mut self, place: &Expr, val: Val) -> Option<()> {
        match place {
            Expr::Paren(place) => self.assign(&place.expr, val),
            Expr::Infer(_) => Some(()),
            Expr::Tuple(places) => match val {
                Val::Tuple(vals) if vals.len() == places.elems.len() => places
                    .elems
                    .iter()
                    .zip(vals)
                    .try_for_each(|(place, val)| self.assign(place, val)),
                _ => self
                    .error(places.span(), "only a tuple of the same length can be assigned here"),
            },
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string);
                let captured = self.frame().captured;
                let scopes = self.frame_mut().scopes.iter_mut().enumerate().rev();
                let slot = name.as_deref().and_then(|name| {
                    scopes.into_iter().find_map(|(depth, s)| Some((depth, s.get_mut(name)?)))
                });
                match slot {
                    Some((depth, _)) if depth < captured => {
                        let name = name.unwrap_or_default();
                        self.error(path, format!("a closure cannot assign `{name}`, which it captures: return the new value instead"))
                    }
                    Some((_, slot)) => {
                        let fresh = if let Val::Ref(r) = &val { Some(r.id) } else { None };
                        *slot = val;
                        if let (Some(id), Some(name)) = (fresh, name) {
                            self.name(id, &name);
                        }
                        Some(())
                    }
                    None => self.error(
                        path,
                        "only local variables can be assigned in a differentiated function",
                    ),
                }
            }
            other => self.error(
                other,
                "assigning to a part of a value is not supported in functions of `ndarray` arrays yet: bind a new value",
            ),
        }
    }

    pub(super) fn compound_assign(&mut self, binary: &syn::ExprBinary) -> Option<()> {
        let row = compound(&binary.op)?;
        let place = match &*binary.left {
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) => &**expr,
            place => place,
        };
        let left = self.expr(place)?;
        let right = self.expr(&binary.right)?;
        let (left, right) = (self.reference(left, place)?, self.reference(right, &binary.right)?);
        let texts = (text(place), text(&binary.right));
        let args = [(left, texts.0.as_str()), (right, texts.1.as_str())];
        let result = self.elementwise(row, &args, true, binary.span())?;
        self.assign(place, Val::Ref(result))
    }
}

/// The primitive of a compound assignment.
pub(super) fn compound(op: &BinOp) -> Option<Prim> {
    Some(match op {
        BinOp::AddAssign(_) => &primitives::ADD,
        BinOp::SubAssign(_) => &primitives::SUB,
        BinOp::MulAssign(_) => &primitives::MUL,
        BinOp::DivAssign(_) => &primitives::DIV,
        BinOp::RemAssign(_) => &primitives::REM,
        _ => return None,
    })
}
