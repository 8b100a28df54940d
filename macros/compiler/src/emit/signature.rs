//! Parameters and results as generated signatures write them.

use crate::parse::{Function, Param, Type, strip};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// A float or array that a parameter, a result or a tangent is made of.
pub(crate) struct Leaf<'f> {
    /// The parameter's name.
    pub(crate) root: Ident,
    /// The fields from the parameter to the leaf.
    pub(crate) path: Vec<usize>,
    /// Its type.
    pub(crate) ty: &'f Type,
    /// Whether the parameter is differentiated.
    pub(crate) wrt: bool,
    /// Whether the parameter is a reference.
    pub(crate) by_ref: bool,
    /// The name of the parameter as the user wrote it.
    pub(crate) shown: String,
}

impl Leaf<'_> {
    /// Whether it is kept in an array with axes.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.ty, Type::Array(_, rank) if *rank > 0)
    }

    /// The place of the leaf inside something that has the parameter's structure.
    pub(crate) fn place(&self, root: &Ident) -> TokenStream {
        let path = self.path.iter().map(|&k| proc_macro2::Literal::usize_unsuffixed(k));
        quote!(#root #(.#path)*)
    }

    /// The leaf of the parameter itself: an array by reference, a scalar by value.
    pub(crate) fn argument(&self) -> TokenStream {
        let place = self.place(&self.root);
        match self.ty {
            Type::Array(_, 0) => quote!(#place[()]),
            Type::Array(..) => quote!(&#place),
            _ if self.by_ref && self.path.is_empty() => quote!(*#place),
            _ => place,
        }
    }
}

/// The leaves of all parameters that the compiler computes with.
pub(crate) fn leaves(function: &Function) -> Vec<Leaf<'_>> {
    function.params.iter().flat_map(leaves_of).collect()
}

/// The leaves of one parameter.
pub(crate) fn leaves_of(param: &Param) -> Vec<Leaf<'_>> {
    let by_ref = matches!(strip(&param.written), syn::Type::Reference(_));
    let mut out = Vec::new();
    collect(&param.ty, &mut vec![], &mut |path, ty| {
        if matches!(ty, Type::Float(_) | Type::Array(..) | Type::Int(_)) {
            let shown = path.iter().fold(param.name.to_string(), |name, k| format!("{name}.{k}"));
            let (root, path) = (param.name.clone(), path.to_vec());
            out.push(Leaf { root, path, ty, wrt: param.wrt, by_ref, shown });
        }
    });
    out
}

fn collect<'t>(ty: &'t Type, path: &mut Vec<usize>, visit: &mut impl FnMut(&[usize], &'t Type)) {
    match ty {
        Type::Tuple(parts) => {
            for (k, part) in parts.iter().enumerate() {
                path.push(k);
                collect(part, path, visit);
                path.pop();
            }
        }
        leaf => visit(path, leaf),
    }
}

/// The tangent type.
pub(crate) fn tangent_type(ty: &Type) -> TokenStream {
    match ty {
        Type::Int(_) | Type::Constant(_) | Type::Passive(..) => quote!(()),
        Type::Tuple(parts) => {
            let parts = parts.iter().map(tangent_type);
            quote!((#(#parts,)*))
        }
        other => crate::flow::emit::owned(other),
    }
}

/// A value of a tangent type from its leaves, in order.
pub(crate) fn assemble(ty: &Type, leaves: &mut impl Iterator<Item = TokenStream>) -> TokenStream {
    match ty {
        Type::Tuple(parts) => {
            let parts: Vec<TokenStream> = parts.iter().map(|part| assemble(part, leaves)).collect();
            quote!((#(#parts,)*))
        }
        Type::Array(_, 0) => {
            let scalar = leaves.next().unwrap_or_default();
            quote!(::chainrule::rt::arr0(#scalar))
        }
        _ => leaves.next().unwrap_or_default(),
    }
}

/// One type: itself; several: the tuple of them.
pub(crate) fn one_or_tuple(parts: &[TokenStream]) -> TokenStream {
    match parts {
        [one] => one.clone(),
        several => quote!((#(#several),*)),
    }
}
