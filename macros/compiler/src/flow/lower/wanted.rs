//! What a method of another `impl` block returns: its signature stands where it is not seen, so the
//! type is the one that its caller asks for. Where that is wrong, rustc says so.

use super::val::Val;
use super::{Lowerer, Slot};
use crate::ir::Elem;
use crate::parse::Type;
use crate::primitives;
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, Member, Pat};

/// A type that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    /// A float.
    Float,
    /// A `Vec` of floats.
    List,
    /// The struct whose method it is.
    Own,
    /// A tuple.
    Parts(Vec<Wanted>),
    /// This one.
    Type(Type),
}

/// Methods that lists have and floats have not.
const OF_LISTS: &[&str] = &[
    "iter",
    "iter_mut",
    "into_iter",
    "len",
    "is_empty",
    "windows",
    "chunks",
    "chunks_exact",
    "first",
    "last",
    "get",
    "push",
    "pop",
    "extend",
    "extend_from_slice",
    "truncate",
    "resize",
    "swap",
    "reverse",
    "fill",
    "to_vec",
    "as_slice",
    "split_at",
    "copy_from_slice",
];

/// Methods that say nothing of what they belong to.
const OF_ALL: &[&str] = &["clone", "to_owned", "into", "borrow", "as_ref"];

impl Lowerer<'_> {
    /// Notes what is asked of an expression, in case it is the call of a method that is not seen.
    pub(super) fn want(&mut self, expr: &Expr, wanted: Wanted) {
        match expr {
            Expr::Paren(inner) => self.want(&inner.expr, wanted),
            Expr::Group(inner) => self.want(&inner.expr, wanted),
            Expr::Reference(inner) => self.want(&inner.expr, wanted),
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => {
                self.want(expr, wanted);
            }
            Expr::Block(block) => {
                if let Some(syn::Stmt::Expr(last, None)) = block.block.stmts.last() {
                    self.want(last, wanted);
                }
            }
            Expr::If(of) => {
                if let Some(syn::Stmt::Expr(last, None)) = of.then_branch.stmts.last() {
                    self.want(last, wanted.clone());
                }
                if let Some((_, other)) = &of.else_branch {
                    self.want(other, wanted);
                }
            }
            Expr::Match(of) => {
                of.arms.iter().for_each(|arm| self.want(&arm.body, wanted.clone()));
            }
            Expr::MethodCall(call) => {
                self.wanted.push((address(call), wanted));
            }
            Expr::Binary(binary) => {
                self.wanted.push((address(binary), wanted));
            }
            Expr::Call(call) => {
                self.wanted.push((address(call), wanted));
            }
            _ => {}
        }
    }

    /// Forgets what was asked within: what was asked about is gone, and its address may be another
    /// expression's next.
    pub(super) fn asking<R>(&mut self, within: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.wanted.len();
        let result = within(self);
        self.wanted.truncate(before);
        result
    }

    /// What was asked of a call or an operator.
    pub(super) fn wanted_of(&self, at: usize) -> Option<Wanted> {
        let mut last = self.wanted.iter().rev();
        last.find(|(address, _)| *address == at).map(|(_, wanted)| wanted.clone())
    }

    /// What the receiver of a method has to be.
    pub(super) fn want_receiver(&mut self, call: &ExprMethodCall) {
        let name = call.method.to_string();
        if let Some(wanted) = wanted_by_method(&name) {
            self.want(&call.receiver, wanted);
        }
    }

    /// What the uses of the names in a pattern ask for.
    pub(super) fn want_by_uses(&mut self, pat: &Pat, expr: &Expr) {
        let block = &self.frame().function.item.block;
        let wanted = match pat {
            Pat::Ident(name) => wanted_by_uses(block, &name.ident.to_string()),
            Pat::Tuple(of) => {
                let part = |pat: &Pat| match pat {
                    Pat::Ident(name) => {
                        wanted_by_uses(block, &name.ident.to_string()).unwrap_or(Wanted::Float)
                    }
                    Pat::Tuple(_) | Pat::Struct(_) => Wanted::Own,
                    _ => Wanted::Float,
                };
                Some(Wanted::Parts(of.elems.iter().map(part).collect()))
            }
            _ => None,
        };
        if let Some(wanted) = wanted {
            self.want(expr, wanted);
        }
    }

    /// What a value that an accumulator or a variable holds asks of the next one.
    pub(super) fn want_like(&mut self, expr: &Expr, held: &Val) {
        let ty = match held {
            Val::Place(place, _) => self.owned_type(place),
            Val::Struct(name, _) => Some(Type::Struct(name.clone())),
            _ => None,
        };
        if let Some(ty) = ty {
            self.want(expr, Wanted::Type(ty));
        }
    }

    /// The type of what a method returns that is not seen; `None` for a float.
    pub(super) fn returned(&mut self, call: &ExprMethodCall, owner: &str) -> Option<Type> {
        let wanted = self.wanted_of(address(call))?;
        match self.type_wanted(wanted, owner) {
            Type::Float(_) => None,
            ty => Some(ty),
        }
    }

    /// A float, of a type that its use tells.
    pub(super) fn float_type(&mut self) -> Type {
        Type::Float(Elem::Var(self.types.class(Slot::FloatLiteral)))
    }

    pub(super) fn type_wanted(&mut self, wanted: Wanted, owner: &str) -> Type {
        match wanted {
            Wanted::Float => self.float_type(),
            Wanted::List => Type::Vec(Box::new(self.type_wanted(Wanted::Float, owner))),
            Wanted::Own => Type::Struct(owner.to_string()),
            Wanted::Parts(parts) => {
                let parts = parts.into_iter().map(|part| self.type_wanted(part, owner));
                Type::Tuple(parts.collect())
            }
            Wanted::Type(ty) => ty,
        }
    }
}

/// Names an expression for as long as it is being lowered.
pub(super) fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of) as usize
}

fn wanted_by_method(name: &str) -> Option<Wanted> {
    if OF_LISTS.contains(&name) {
        return Some(Wanted::List);
    }
    match primitives::method(name).is_some() {
        true => Some(Wanted::Float),
        false if OF_ALL.contains(&name) => None,
        false => Some(Wanted::Own),
    }
}

/// What the first telling use of a name says of it.
fn wanted_by_uses(block: &syn::Block, name: &str) -> Option<Wanted> {
    let mut uses = Uses { name, wanted: None, borrowed: false, computed: false };
    uses.visit_block(block);
    match uses.wanted {
        None if uses.borrowed && !uses.computed => Some(Wanted::List),
        wanted => wanted,
    }
}

struct Uses<'n> {
    name: &'n str,
    wanted: Option<Wanted>,
    /// Whether a reference to it is handed on.
    borrowed: bool,
    /// Whether it is used as a number.
    computed: bool,
}

impl Uses<'_> {
    fn is(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => path.path.is_ident(self.name),
            Expr::Paren(inner) => self.is(&inner.expr),
            Expr::Reference(inner) => self.is(&inner.expr),
            _ => false,
        }
    }

    fn note(&mut self, wanted: Option<Wanted>) {
        self.wanted = self.wanted.take().or(wanted);
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if self.is(&call.receiver) {
            let name = call.method.to_string();
            self.computed |= primitives::method(&name).is_some();
            self.note(wanted_by_method(&name));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        if self.is(&index.expr) {
            self.note(Some(Wanted::List));
        }
        visit::visit_expr_index(self, index);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if self.is(&field.base) && matches!(field.member, Member::Named(_)) {
            self.note(Some(Wanted::Own));
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_expr_for_loop(&mut self, of: &'ast syn::ExprForLoop) {
        if self.is(&of.expr) {
            self.note(Some(Wanted::List));
        }
        visit::visit_expr_for_loop(self, of);
    }

    fn visit_expr_reference(&mut self, of: &'ast syn::ExprReference) {
        self.borrowed |= self.is(&of.expr);
        visit::visit_expr_reference(self, of);
    }

    fn visit_expr_binary(&mut self, of: &'ast syn::ExprBinary) {
        self.computed |= [&of.left, &of.right].into_iter().any(|side| self.is(side));
        visit::visit_expr_binary(self, of);
    }
}
