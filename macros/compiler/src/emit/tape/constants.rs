//! Structs that are held constant: parameters that `wrt(..)` leaves out.
//!
//! They stay the user's own, for code that is not rewritten and for their methods. Where they meet
//! variables, a struct with constants of the tape for floats stands for them: in all code that is
//! rewritten, if it is known what the struct is made of; else where a struct of variables is asked
//! for, as an argument of an annotated function or a part of a struct literal.
//!
//! ```text
//! type __ConstantBody = Body;
//! {
//!     struct Body<'__t> { at: Var<'__t, f64> }
//!     fn __tape_0<'__t>(__tape: &'__t Tape, a: Var<'__t, f64>, body: &__ConstantBody) -> … {
//!         let __constant_body = &Body { at: Enter::enter(&body.at, &__tape, false) };
//! ```

use super::names::{Names, is_foreign};
use super::passive::lift;
use super::rewrite::Rewrite;
use super::structs::{Structs, element, fields};
use super::types::mentions_floats;
use crate::capsule::Callees;
use crate::emit::names::{ident, unraw};
use crate::parse::{Function, Param, Passing, strip, text_of};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashMap;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, parse_quote};

/// Methods that every struct may have, and structs of variables have.
const OF_COPIES: &[&str] = &["clone", "to_owned"];

/// The user's struct beside the block in which its name means one of variables.
fn alias(def: &syn::ItemStruct) -> Ident {
    format_ident!("__Constant{}", def.ident)
}

/// Names for the structs that a function's constants are.
pub(super) fn aliases(function: &Function, structs: Structs<'_>) -> TokenStream {
    struct Found<'s>(Structs<'s>, HashMap<String, TokenStream>);
    impl<'ast> Visit<'ast> for Found<'_> {
        fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
            if let Some(def) = self.0.find(&ty.path) {
                let (alias, mut generics, mut path) =
                    (alias(def), def.generics.clone(), ty.path.clone());
                generics.where_clause = None;
                generics.type_params_mut().for_each(|param| {
                    param.bounds.clear();
                    param.default = None;
                });
                generics.const_params_mut().for_each(|param| param.default = None);
                let of = generics.split_for_impl().1;
                if let Some(last) = path.segments.last_mut() {
                    last.arguments = syn::PathArguments::None;
                }
                let written = quote!(#[allow(dead_code)] type #alias #generics = #path #of;);
                self.1.entry(def.ident.to_string()).or_insert(written);
            }
            visit::visit_type_path(self, ty);
        }
    }
    let mut found = Found(structs, HashMap::new());
    for param in function.params.iter().filter(|param| is_foreign(param, function)) {
        found.visit_type(&super::entry::owned_type(param, function));
    }
    let mut names: Vec<(String, TokenStream)> = found.1.into_iter().collect();
    names.sort_by(|one, other| one.0.cmp(&other.0));
    names.into_iter().map(|(_, written)| written).collect()
}

/// Values of types that the macro does not know stay what they are, also with floats in them.
///
/// Of a function that is called, structs of constants are structs of variables like any others.
pub(super) fn keep_foreign(
    sig: &mut syn::Signature,
    function: &Function,
    structs: Structs<'_>,
    is_root: bool,
) {
    struct Aliased<'s>(Structs<'s>);
    impl VisitMut for Aliased<'_> {
        fn visit_type_path_mut(&mut self, ty: &mut syn::TypePath) {
            visit_mut::visit_type_path_mut(self, ty);
            if let Some(def) = self.0.find(&ty.path)
                && let Some(mut last) = ty.path.segments.last().cloned()
            {
                last.ident = alias(def);
                ty.path = last.into();
            }
        }
    }
    let is_tape = |input: &&mut syn::FnArg| {
        matches!(&**input, syn::FnArg::Typed(typed)
            if matches!(&*typed.pat, syn::Pat::Ident(pat) if pat.ident == "__tape"))
    };
    for (input, param) in
        sig.inputs.iter_mut().filter(|input| !is_tape(input)).zip(&function.params)
    {
        let syn::FnArg::Typed(typed) = input else { continue };
        if !is_foreign(param, function) {
            continue;
        }
        let mut ty = super::entry::owned_type(param, function);
        match (structs.are_in(&ty), is_root) {
            (true, true) => {
                Aliased(structs).visit_type_mut(&mut ty);
                *typed.ty = ty;
            }
            (true, false) => {}
            (false, _) => *typed.ty = param.written.clone(),
        }
    }
}

/// Whether a parameter is a struct of constants of which it is known what it is made of, under the
/// name that it has here.
pub(super) fn is_known(
    param: &Param,
    function: &Function,
    id: usize,
    callees: &Callees,
    structs: Structs<'_>,
) -> bool {
    struct Known<'s>(Structs<'s>, &'s Callees, usize, bool);
    impl<'ast> Visit<'ast> for Known<'_> {
        fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
            if self.0.find(&ty.path).is_some() {
                self.3 &= self.1.fields(self.2, &text_of(&ty.path)).is_some();
            }
            visit::visit_type_path(self, ty);
        }
    }
    let mut known = Known(structs, callees, id, structs.are_in(&param.written));
    known.visit_type(&param.written);
    is_foreign(param, function) && param.passing != Passing::Exclusive && known.3
}

impl Rewrite<'_> {
    /// What stands for the constants, ahead of the body; those that the body may change, or names
    /// again, under their own names.
    pub(super) fn entered_constants(&self) -> TokenStream {
        let entered = self.names.constants.iter().map(|(name, of)| {
            let place = ident(name);
            let made =
                self.structs.convert(&of.ty, &quote!(#place), &|ty, plain| match mentions_floats(
                    ty,
                    &self.floats,
                    self.structs,
                ) {
                    true => quote!(::chainrule::rt::Enter::enter(&#plain, __tape, false)),
                    false => quote!(#plain.clone()),
                });
            let borrow = matches!(strip(&of.ty), syn::Type::Reference(_)).then(|| quote!(&));
            let (standing, mutable) = match of.is_renamed {
                true => (renamed(name), None),
                false => (place.clone(), of.is_mutable.then(|| quote!(mut))),
            };
            quote! {
                #[allow(unused_variables)]
                let #mutable #standing = #borrow #made;
            }
        });
        entered.collect()
    }

    /// What stands for a name: the struct of constants of the tape.
    pub(super) fn constant_struct(&self, path: &syn::Path) -> Option<Expr> {
        let name = path.get_ident()?.to_string();
        self.names.constants.get(&name).filter(|of| of.is_renamed)?;
        let standing = renamed(&name);
        Some(parse_quote!(#standing))
    }

    /// A method of the user's own on a struct of constants.
    pub(super) fn method_of_constants(&self, call: &syn::ExprMethodCall) -> bool {
        !OF_COPIES.contains(&call.method.to_string().as_str())
            && !self.is_annotated(call)
            && self
                .type_of_constants(&call.receiver)
                .is_some_and(|ty| self.structs.of_type(&ty).is_some())
    }

    /// Whether an expression is a struct of constants, or a place in one that holds structs.
    pub(super) fn is_struct_of_constants(&self, expr: &Expr) -> bool {
        self.type_of_constants(expr).is_some_and(|ty| self.structs.are_in(&ty))
    }

    /// The type of a place in a struct of constants.
    fn type_of_constants(&self, place: &Expr) -> Option<syn::Type> {
        let stripped = |ty: &syn::Type| match strip(ty) {
            syn::Type::Reference(of) => strip(&of.elem).clone(),
            ty => ty.clone(),
        };
        match place {
            Expr::Path(path) => {
                let of = self.names.constants.get(&path.path.get_ident()?.to_string())?;
                of.is_renamed.then(|| stripped(&of.ty))
            }
            Expr::Field(field) => {
                let of = self.type_of_constants(&field.base)?;
                let member = &field.member;
                let name = quote!(#member).to_string();
                let (def, path) = self.structs.of_type(&of)?;
                let mut all = fields(def, path).into_iter();
                all.find(|(field, _)| field.to_string() == name).map(|(_, ty)| stripped(&ty))
            }
            Expr::Index(index) => match self.type_of_constants(&index.expr)? {
                syn::Type::Array(of) => Some(stripped(&of.elem)),
                syn::Type::Slice(of) => Some(stripped(&of.elem)),
                of => element(&of).map(stripped),
            },
            Expr::Paren(inner) => self.type_of_constants(&inner.expr),
            Expr::Reference(inner) if inner.mutability.is_none() => {
                self.type_of_constants(&inner.expr)
            }
            _ => None,
        }
    }

    /// Whether an expression may be one of the user's own structs, which is not known before.
    pub(super) fn may_be_foreign(&self, expr: &Expr) -> bool {
        Names::hangs_on(expr, &self.names.foreign)
            || Names::hangs_on(expr, &self.names.perhaps_foreign)
    }

    /// What may be the user's own struct as one of variables: field by field, which variables are
    /// the same by.
    pub(super) fn on_variables(&self, ty: &syn::Type, value: &Expr, floats: &[String]) -> Expr {
        let place = quote!(__own);
        let made = self.structs.convert(ty, &place, &|ty, place| match mentions_floats(
            ty,
            floats,
            self.structs,
        ) {
            true => lift(&quote!(&#place)),
            false => quote!(#place.clone()),
        });
        let borrow = matches!(strip(ty), syn::Type::Reference(_)).then(|| quote!(&));
        parse_quote!(#borrow { let __own = &#value; #made })
    }
}

fn renamed(name: &str) -> Ident {
    format_ident!("__constant_{}", unraw(name))
}
