//! Arrays of `ndarray` element by element: what is assigned to one, and what goes through all.
//!
//! A variable holds an array as a whole. `x[[i, j]] = y` sets an element of what it stands for, and
//! iterators go over an array of `ndarray` whose elements are variables:
//!
//! ```text
//! { let __element = y; x.set_element([i, j], __element); }
//! for e in x.elements().iter() { .. }
//! ```
//!
//! Whether `x` is such a variable or a `Vec` is left to method resolution.

use super::rewrite::{Rewrite, lifted, refusal};
use crate::parse::strip;
use syn::visit_mut::VisitMut;
use syn::{Expr, parse_quote};

/// Methods that hand out elements by reference.
const SHOWING: &[&str] = &["exact_chunks", "indexed_iter", "iter", "lanes", "windows"];

/// Methods through which elements are changed.
const CHANGING: &[&str] = &[
    "accumulate_axis_inplace",
    "axis_iter_mut",
    "columns_mut",
    "exact_chunks_mut",
    "indexed_iter_mut",
    "iter_mut",
    "lanes_mut",
    "map_inplace",
    "outer_iter_mut",
    "rows_mut",
];

/// Methods that give a part of an array to be changed.
const PARTS: &[&str] = &["column_mut", "diag_mut", "index_axis_mut", "row_mut", "slice_mut"];

impl Rewrite<'_> {
    /// `x[index] = value`, or `x[index] += value`.
    pub(super) fn set_element(
        &mut self,
        place: &Expr,
        value: &Expr,
        op: Option<&syn::BinOp>,
    ) -> Expr {
        let Expr::Index(index) = place else { return place.clone() };
        if !is_kept(&index.expr) {
            return refusal(
                place,
                "an element of an array that is itself part of a value cannot be changed on the tape: give the array a name, change that, and put it back",
            );
        }
        let (mut array, mut at, mut value) =
            ((*index.expr).clone(), (*index.index).clone(), value.clone());
        self.visit_expr_mut(&mut array);
        self.visit_expr_mut(&mut at);
        self.visit_expr_mut(&mut value);
        match op {
            None => parse_quote!({
                let __element = #value;
                #array.set_element(#at, __element);
            }),
            Some(op) => parse_quote!({
                let __right = #value;
                let __at = #at;
                let mut __element = #array.at(__at);
                __element #op __right;
                #array.set_element(__at, __element);
            }),
        }
    }

    /// What a loop goes through, if it is an array by reference.
    pub(super) fn by_elements(&self, of: &mut Expr) {
        if !self.arrays {
            return;
        }
        match of {
            Expr::Reference(reference) if matches!(&*reference.expr, Expr::Path(_)) => {
                let place = &reference.expr;
                *of = match reference.mutability {
                    Some(_) => parse_quote!(#place.iter_mut()),
                    None => parse_quote!(#place.iter()),
                };
            }
            Expr::Path(path) => {
                let param = path.path.get_ident().and_then(|name| {
                    let is_this = |p: &&crate::parse::Param| p.name == *name;
                    self.function.params.iter().find(is_this)
                });
                let is_array = |p: &&crate::parse::Param| {
                    matches!(p.ty, crate::parse::Type::Array(..))
                        && !self.names.rebound.contains(&p.name.to_string())
                };
                let Some(param) = param.filter(is_array) else { return };
                *of = match strip(&param.written) {
                    syn::Type::Reference(by) if by.mutability.is_some() => {
                        parse_quote!(#path.iter_mut())
                    }
                    syn::Type::Reference(_) => parse_quote!(#path.iter()),
                    _ => parse_quote!(#path.into_iter()),
                };
            }
            _ => {}
        }
    }

    /// The receiver of a method that goes through elements.
    pub(super) fn receiver_by_elements(&self, name: &str, receiver: &Expr) -> Option<Expr> {
        if !self.arrays {
            return None;
        }
        if SHOWING.contains(&name) || (name == "into_iter" && self.is_array(receiver)) {
            return Some(parse_quote!(#receiver.elements()));
        }
        CHANGING.contains(&name).then(|| parse_quote!(#receiver.elements_mut()))
    }
}

/// What a `Zip` is made of and ends in: its parts are arrays of variables.
impl Rewrite<'_> {
    /// `Zip::from(..)` and `Zip::indexed(..)`.
    pub(super) fn is_zip(&self, path: &syn::Path) -> bool {
        let mut names = path.segments.iter().rev().map(|segment| segment.ident.to_string());
        let (last, of) = (names.next(), names.next());
        self.arrays
            && of.as_deref() == Some("Zip")
            && matches!(last.as_deref(), Some("from" | "indexed"))
    }

    /// Whether an expression is such a call, with more parts.
    fn makes_zip(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if self.is_zip(&path.path)),
            Expr::MethodCall(call) => {
                call.method.to_string().starts_with("and") && self.makes_zip(&call.receiver)
            }
            Expr::Paren(inner) => self.makes_zip(&inner.expr),
            _ => false,
        }
    }

    /// A method of a `Zip`, if it is one.
    pub(super) fn method_of_zip(&mut self, call: &mut syn::ExprMethodCall) -> Option<Expr> {
        if !self.makes_zip(&call.receiver) {
            return None;
        }
        let name = call.method.to_string();
        self.visit_expr_mut(&mut call.receiver);
        for (k, arg) in call.args.iter_mut().enumerate() {
            match name.starts_with("and") || name == "map_assign_into" && k == 0 {
                true => self.part_of_zip(arg),
                false => self.visit_expr_mut(arg),
            }
        }
        let call = Expr::MethodCall(call.clone());
        Some(match name == "map_collect" {
            true => lifted(&call),
            false => call,
        })
    }

    /// What a `Zip` goes through: the elements of a variable.
    pub(super) fn part_of_zip(&mut self, part: &mut Expr) {
        let by_lanes = ["rows", "columns", "lanes", "outer_iter", "axis_iter", "windows"];
        let changing = ["rows_mut", "columns_mut", "outer_iter_mut", "axis_iter_mut"];
        let exclusive = match part {
            Expr::Reference(reference) => reference.mutability.is_some(),
            Expr::Path(path) => self.function.params.iter().any(|p| {
                path.path.is_ident(&p.name)
                    && matches!(strip(&p.written), syn::Type::Reference(r) if r.mutability.is_some())
            }),
            Expr::MethodCall(call) => PARTS.contains(&call.method.to_string().as_str()),
            _ => false,
        };
        match part {
            Expr::MethodCall(call) if by_lanes.contains(&call.method.to_string().as_str()) => {
                self.visit_expr_mut(&mut call.receiver);
                call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
                let receiver = &call.receiver;
                *call.receiver = parse_quote!(#receiver.elements());
            }
            Expr::MethodCall(call) if changing.contains(&call.method.to_string().as_str()) => {
                self.visit_expr_mut(part);
            }
            Expr::Path(_) | Expr::Reference(_) | Expr::MethodCall(_) => {
                let mut of = match &*part {
                    Expr::Reference(reference) => (*reference.expr).clone(),
                    other => other.clone(),
                };
                self.visit_expr_mut(&mut of);
                *part = match exclusive {
                    true => parse_quote!(&mut *(#of).elements_mut()),
                    false => parse_quote!(&*(#of).elements()),
                };
            }
            other => self.visit_expr_mut(other),
        }
    }
}

/// Whether what is changed through an expression stays.
fn is_kept(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_kept(&field.base),
        Expr::Paren(inner) => is_kept(&inner.expr),
        Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr: inner, .. }) => is_kept(inner),
        Expr::MethodCall(call) => {
            PARTS.contains(&call.method.to_string().as_str()) && is_kept(&call.receiver)
        }
        _ => false,
    }
}
