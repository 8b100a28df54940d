//! `#[differentiate] impl Trait for Struct`: the implementation as it stands, and its methods once
//! more as the struct's own, in a block that is differentiated like any other.
//!
//! Methods of operators get names that say what they are between, so that several implementations
//! of one trait have room side by side: `a * 2.0` is `__differentiable_mul_float`. Lowering
//! (`operator.rs`) calls them by these names.

use crate::error::Errors;
use proc_macro2::TokenStream;
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, PathArguments, Type};

/// The traits of operators.
const OPERATORS: &[&str] = &[
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Rem",
    "Neg",
    "AddAssign",
    "SubAssign",
    "MulAssign",
    "DivAssign",
    "RemAssign",
];

/// The name of an operator's method between two operands: that of a struct, or `float`.
pub(crate) fn operator_name(method: &str, left: bool, right: Option<(bool, &str)>) -> String {
    let by = |reference: bool| if reference { "ref_" } else { "" };
    match right {
        Some((reference, name)) => {
            format!("__differentiable_{method}_{}{}{name}", by(left), by(reference))
        }
        None => format!("__differentiable_{method}_{}", by(left)),
    }
}

/// The same where the struct is on the right: `2.0 * v`.
pub(crate) fn reversed_name(method: &str, left: &str, right: bool) -> String {
    operator_name(&format!("reversed_{method}"), right, Some((false, left)))
}

/// The block of the struct's own.
pub(crate) fn own_block(block: &ItemImpl, errors: &mut Errors) -> Option<TokenStream> {
    let (path, _) = block.trait_.as_ref()?;
    let segment = path.segments.last()?;
    let is_operator = OPERATORS.contains(&segment.ident.to_string().as_str());
    let (referred, owner) = behind(&block.self_ty);
    let operand = match &segment.arguments {
        PathArguments::AngleBracketed(args) => args.args.iter().find_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        }),
        _ => None,
    };
    let operand = operand.unwrap_or_else(|| (*block.self_ty).clone());
    let params: Vec<&Ident> = block.generics.type_params().map(|param| &param.ident).collect();
    let name = |ty: &Type| name_of(ty, owner, &params);
    let (operand_referred, operand_owner) = behind(&operand);
    let reversed = is_operator && name(owner) == "float";
    let of_struct = |ty: &Type| matches!(ty, Type::Path(_)) && name(ty) != "float";
    let fits = match (is_operator, reversed) {
        (true, false) => of_struct(owner),
        (true, true) => !referred && of_struct(operand_owner),
        (false, _) => !referred && of_struct(owner),
    };
    if !fits {
        errors.at(&block.self_ty, "the methods of this implementation cannot have derivatives beside them: implement the trait for a struct under `#[derive(chainrule::Differentiable)]`");
        return None;
    }
    let mut methods = Vec::new();
    for item in &block.items {
        let ImplItem::Fn(method) = item else { continue };
        let mut method = method.clone();
        let mut within = Within { block, referred, reversed };
        within.visit_impl_item_fn_mut(&mut method);
        if is_operator {
            let base = method.sig.ident.to_string();
            let unary = method.sig.inputs.len() == 1;
            let named = match (reversed, unary) {
                (true, _) => reversed_name(&base, &name(owner), operand_referred),
                (_, true) => operator_name(&base, referred, None),
                _ => operator_name(&base, referred, Some((operand_referred, &name(operand_owner)))),
            };
            method.sig.ident = Ident::new(&named, method.sig.ident.span());
        }
        if reversed {
            turned(&mut method, owner, operand_referred);
        }
        if referred {
            by_reference(&mut method);
        }
        method.attrs.push(syn::parse_quote!(#[doc(hidden)]));
        method.attrs.push(syn::parse_quote!(#[allow(dead_code, non_snake_case, clippy::all)]));
        method.vis = syn::parse_quote!(pub);
        methods.push(method);
    }
    let (impl_generics, _, bounds) = block.generics.split_for_impl();
    let cfgs = block.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let owner = if reversed { operand_owner } else { owner };
    Some(quote!(
        #(#cfgs)*
        #[::chainrule::differentiate]
        impl #impl_generics #owner #bounds {
            #(#methods)*
        }
    ))
}

/// Whether a type is a reference, and the type behind it.
fn behind(ty: &Type) -> (bool, &Type) {
    match ty {
        Type::Reference(of) => (true, &of.elem),
        Type::Paren(of) => behind(&of.elem),
        Type::Group(of) => behind(&of.elem),
        ty => (false, ty),
    }
}

fn name_of(ty: &Type, owner: &Type, params: &[&Ident]) -> String {
    match ty {
        Type::Path(path) if path.path.is_ident("Self") => name_of(owner, owner, params),
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "f64" || last.ident == "f32" => "float".to_string(),
            Some(last) if params.contains(&&last.ident) => "float".to_string(),
            Some(last) => last.ident.to_string(),
            None => "other".to_string(),
        },
        _ => "other".to_string(),
    }
}

/// Writes what `Self` means in the implementation as the struct's own block means it.
struct Within<'b> {
    block: &'b ItemImpl,
    referred: bool,
    reversed: bool,
}

impl VisitMut for Within<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(path) = ty
            && path.qself.is_none()
            && path.path.segments.first().is_some_and(|first| first.ident == "Self")
        {
            let associated = path.path.segments.iter().nth(1).map(|second| second.ident.clone());
            let found = self.block.items.iter().find_map(|item| match item {
                ImplItem::Type(of) if Some(&of.ident) == associated.as_ref() => Some(&of.ty),
                _ => None,
            });
            match (associated, found) {
                (Some(_), Some(found)) => {
                    let mut found = found.clone();
                    self.visit_type_mut(&mut found);
                    *ty = found;
                    return;
                }
                (None, _) if self.referred || self.reversed => {
                    *ty = (*self.block.self_ty).clone();
                    return;
                }
                _ => {}
            }
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// `self` of a method of `&Struct` is `&self` of the struct's own.
fn by_reference(method: &mut ImplItemFn) {
    if let Some(FnArg::Receiver(receiver)) = method.sig.inputs.first_mut() {
        *receiver = syn::parse_quote!(&self);
    }
}

/// The method of a float as one of the struct on its right: `self` and the operand change places.
fn turned(method: &mut ImplItemFn, left: &Type, referred: bool) {
    struct Left;
    impl VisitMut for Left {
        fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
            if path.path.is_ident("self") {
                *path = syn::parse_quote!(__left);
            }
        }
    }
    let pat = method.sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => Some(typed.pat.clone()),
        FnArg::Receiver(_) => None,
    });
    let Some(pat) = pat else { return };
    Left.visit_block_mut(&mut method.block);
    let receiver: FnArg = match referred {
        true => syn::parse_quote!(&self),
        false => syn::parse_quote!(self),
    };
    let left: FnArg = syn::parse_quote!(__left: #left);
    method.sig.inputs = [receiver, left].into_iter().collect();
    method.block.stmts.insert(0, syn::parse_quote!(let #pat = self;));
}
