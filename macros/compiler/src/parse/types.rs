//! The types of signatures and annotations, as far as the compiler understands them.

use crate::error::Errors;
use crate::ir::Elem;

/// A type in a signature.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A float, by value or by reference.
    Float(Elem),
    /// An array of floats: owned, borrowed or a view.
    Array(Elem, usize),
    /// A tuple.
    Tuple(Vec<Type>),
    /// `[T; N]`: the elements, and the length as it is written.
    Fixed(Box<Type>, String),
    /// `[T]`, behind a reference.
    Slice(Box<Type>),
    /// `Vec<T>`
    Vec(Box<Type>),
    /// A struct under `#[derive(Differentiable)]`: the type as it is written.
    Struct(String),
    /// `Option<T>`, as a result.
    Option(Box<Type>),
    /// `Result<T, E>`, as a result; the error type as it is written.
    Result(Box<Type>, String),
    /// `()`, as a result.
    Unit,
    /// An integer.
    Int(String),
    /// Anything else that cannot carry a derivative, by its description.
    Constant(String),
}

impl Type {
    /// Whether a value of this type can carry a derivative.
    pub fn is_differentiable(&self) -> bool {
        match self {
            Type::Float(_) | Type::Array(..) => true,
            Type::Tuple(parts) => !parts.is_empty() && parts.iter().all(Type::is_differentiable),
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => of.is_differentiable(),
            Type::Struct(_) => true,
            Type::Option(of) | Type::Result(of, _) => of.is_differentiable(),
            Type::Int(_) | Type::Constant(_) | Type::Unit => false,
        }
    }

    /// The floats and arrays it is made of, in order.
    pub fn leaves(&self) -> Vec<&Type> {
        match self {
            Type::Tuple(parts) => parts.iter().flat_map(Type::leaves).collect(),
            leaf => vec![leaf],
        }
    }
}

pub(super) const INTEGERS: &[&str] =
    &["i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"];

/// The element type a type stands for, if it is a float or integer by name.
pub fn elem_of(ty: &syn::Type, floats: &[String]) -> Option<Elem> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let name = path.path.get_ident().map(ToString::to_string);
    match name.as_deref()? {
        "f32" => Some(Elem::F32),
        "f64" => Some(Elem::F64),
        name if INTEGERS.contains(&name) => Some(Elem::Int(name.to_string())),
        name if floats.iter().any(|f| f == name) => Some(Elem::Param(name.to_string())),
        _ => None,
    }
}

/// Understands a type; reports one that is not accepted.
pub fn type_of(ty: &syn::Type, floats: &[String], errors: &mut Errors) -> Option<Type> {
    match ty {
        syn::Type::Paren(inner) => type_of(&inner.elem, floats, errors),
        syn::Type::Group(inner) => type_of(&inner.elem, floats, errors),
        syn::Type::Reference(reference) => {
            if let Some(token) = &reference.mutability {
                errors.at(
                    token,
                    "`&mut` parameters are not supported yet: return the new value instead",
                );
                return None;
            }
            type_of(&reference.elem, floats, errors)
        }
        syn::Type::Tuple(tuple) => {
            let parts: Vec<_> =
                tuple.elems.iter().map(|part| type_of(part, floats, errors)).collect();
            let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
            Some(Type::Tuple(parts))
        }
        syn::Type::Path(path) if path.qself.is_none() => named(ty, path, floats, errors),
        syn::Type::Array(_) | syn::Type::Slice(_) => {
            errors.at(
                ty,
                "fixed arrays and slices are not supported yet: take an `ndarray` array or view",
            );
            None
        }
        other => {
            errors.at(other, "this type is not understood: supported are floats, integers, `ndarray` arrays and views of rank 0 to 2, and tuples of those");
            None
        }
    }
}

fn named(
    ty: &syn::Type,
    path: &syn::TypePath,
    floats: &[String],
    errors: &mut Errors,
) -> Option<Type> {
    match elem_of(ty, floats) {
        Some(Elem::Int(name)) => return Some(Type::Int(name)),
        Some(elem) => return Some(Type::Float(elem)),
        None => {}
    }
    let segment = path.path.segments.last()?;
    let name = segment.ident.to_string();
    let arguments: Vec<&syn::Type> = match &segment.arguments {
        syn::PathArguments::AngleBracketed(list) => (list.args.iter())
            .filter_map(|arg| match arg {
                syn::GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => vec![],
    };
    match name.as_str() {
        "bool" | "str" | "char" | "String" => return Some(Type::Constant(name)),
        "Vec" => {
            errors.at(ty, "`Vec` is not supported yet: take an `ndarray` array or view");
            return None;
        }
        "Option" | "Result" => {
            errors.at(ty, format!("`{name}` is not supported yet: take and return plain values"));
            return None;
        }
        "ArrayBase" | "CowArray" | "ArcArray" | "ArrayD" | "ArrayViewD" => {
            errors.at(ty, format!("`{name}` is not supported yet: take `&Array`, `ArrayView` or `&ArrayRef` of rank 0 to 2"));
            return None;
        }
        _ => {}
    }
    let Some(rest) = ["ArrayView", "ArrayRef", "Array", "Tensor"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
    else {
        errors.at(
            ty,
            format!("the type `{name}` is not understood: supported are floats, integers, `ndarray` arrays and views of rank 0 to 2, and tuples of those (write a type alias out; pass a struct's fields as parameters or as a tuple)"),
        );
        return None;
    };
    let rank = match (rest, arguments.get(1)) {
        ("", Some(syn::Type::Path(dimension))) => {
            let dimension = dimension.path.segments.last()?.ident.to_string();
            dimension.strip_prefix("Ix").and_then(|n| n.parse().ok())
        }
        (digits, None) => digits.parse().ok(),
        _ => None,
    };
    let Some(rank @ 0..=2) = rank else {
        errors.at(
            ty,
            format!(
                "`{name}` is not known to be an array of rank 0 to 2, which are supported so far"
            ),
        );
        return None;
    };
    match arguments.first().and_then(|elem| elem_of(elem, floats)) {
        Some(elem) if elem.is_float() => Some(Type::Array(elem, rank)),
        _ => {
            errors.at(
                ty,
                "an array's elements must be `f32`, `f64` or a type parameter bounded by `Float`",
            );
            None
        }
    }
}
