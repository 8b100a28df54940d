//! Unpacking: a struct that holds arrays of `ndarray` is no memory, so that its fields become
//! parameters, and its name in the body stands for a struct of them.

use super::emit::owned;
use crate::capsule::Callees;
use crate::error::Errors;
use crate::ir::Elem;
use crate::parse::{Function, Packed, Param, Passing, Type, Unpacked, is_integer};
use quote::format_ident;
use std::collections::HashSet;

/// The root with its structs of arrays unpacked; `None` if it has none, or in error.
pub fn unpack(callees: &Callees, errors: &mut Errors) -> Option<Function> {
    let function = callees.function(callees.root())?;
    let holds_arrays = |ty: &Type| holds_arrays(callees, callees.root(), ty);
    if function.is_opaque() || !function.params.iter().any(|param| holds_arrays(&param.ty)) {
        return None;
    }
    let before = errors.count();
    check_options(function, errors);
    let mut unpacking =
        Unpacking { callees, errors, params: vec![], names: HashSet::new(), wrt: false };
    unpacking.names.extend(function.params.iter().map(|param| param.name.to_string()));
    let mut packed = Vec::new();
    for param in &function.params {
        match (&param.ty, param.passing) {
            (ty, _) if !holds_arrays(ty) => {
                packed.push(Packed::Param(unpacking.params.len()));
                unpacking.params.push(param.clone());
            }
            (ty @ Type::Struct(_), Passing::Shared) => {
                unpacking.wrt = param.wrt;
                packed.extend(unpacking.field(param, ty, &mut vec![]));
            }
            (Type::Struct(name), _) => unpacking.errors.at(&param.name, format!("a struct that holds arrays of `ndarray` is supported by shared reference: take `&{name}`")),
            _ => unpacking.errors.at(&param.name, "lists of structs that hold arrays of `ndarray` are not supported: take the structs, or their arrays, one by one"),
        }
    }
    let params = unpacking.params;
    if errors.count() > before {
        return None;
    }
    let unpacked = Unpacked { of: Box::new(function.clone()), params: packed };
    Some(Function { params, unpacked: Some(unpacked), ..function.clone() })
}

/// Reports the options that structs of arrays do not go with.
fn check_options(function: &Function, errors: &mut Errors) {
    let options = &function.options;
    let further = options.further().map(|option| (option.to_string(), option.span()));
    let tape = options.tape.then(|| ("tape".to_string(), function.item.sig.ident.span()));
    let check = options.check.as_ref().map(|check| ("check".to_string(), check.span));
    for (option, span) in further.chain(tape).chain(check) {
        errors.at(span, format!("the option `{option}` is not supported of a function with a struct that holds arrays of `ndarray`: leave it out, or take the arrays as parameters of their own"));
    }
}

/// Whether there are arrays in the structs that a type, as a function has it, is made of.
pub(super) fn holds_arrays(callees: &Callees, function: usize, ty: &Type) -> bool {
    match ty {
        Type::Struct(name) => callees.fields(function, name).is_some_and(|fields| {
            let holds =
                |ty: &Type| ty.mentions_arrays() || holds_arrays(callees, callees.root(), ty);
            fields.iter().any(|(_, ty)| holds(ty))
        }),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => holds_arrays(callees, function, of),
        Type::Tuple(parts) => parts.iter().any(|part| holds_arrays(callees, function, part)),
        _ => false,
    }
}

struct Unpacking<'c, 'e> {
    callees: &'c Callees,
    errors: &'e mut Errors,
    /// The parameters so far.
    params: Vec<Param>,
    /// The names that are taken.
    names: HashSet<String>,
    /// Whether the struct at hand is differentiated.
    wrt: bool,
}

impl Unpacking<'_, '_> {
    /// What is at the end of a path of fields.
    fn field(&mut self, param: &Param, ty: &Type, path: &mut Vec<String>) -> Option<Packed> {
        if let Type::Struct(name) = ty
            && let Some(fields) = self.callees.fields(self.callees.root(), name)
        {
            let mut packed = Vec::new();
            for (field, ty) in fields {
                path.push(field.clone());
                // What is no number is of use to the body only as a parameter of its own.
                let is_left_out = !ty.is_differentiable() && constant(&ty).is_none();
                let part = (!is_left_out).then(|| self.field(param, &ty, path));
                path.pop();
                if let Some(part) = part {
                    packed.push((field, part?));
                }
            }
            return Some(Packed::Struct(name.clone(), packed));
        }
        let (ty, passing, wrt) = match ty {
            Type::Float(_) => (ty.clone(), Passing::Value, self.wrt),
            Type::Array(..) => (ty.clone(), Passing::Shared, self.wrt),
            Type::Vec(of) | Type::Fixed(of, _) if matches!(**of, Type::Float(_)) => {
                (ty.clone(), Passing::Shared, self.wrt)
            }
            ty => match constant(ty) {
                Some(ty) => (ty, Passing::Value, false),
                None => return self.refuse(param, path),
            },
        };
        let mut name = format!("{}_{}", param.name, path.join("_"));
        while !self.names.insert(name.clone()) {
            name.push('_');
        }
        let name = format_ident!("{name}", span = param.name.span());
        let written = owned(&ty);
        let written = match passing {
            Passing::Shared => syn::parse_quote!(&#written),
            _ => syn::parse_quote!(#written),
        };
        // In the body it goes by the struct's name.
        let pat = syn::parse_quote!(_);
        self.params.push(Param { name, pat, written, ty, passing, wrt });
        Some(Packed::Param(self.params.len() - 1))
    }

    fn refuse(&mut self, param: &Param, path: &[String]) -> Option<Packed> {
        let place = format!("{}.{}", param.name, path.join("."));
        self.errors.at(&param.name, format!("`{place}` is of a type that is not supported in a struct that holds arrays of `ndarray`, which has floats, arrays, vectors of floats, structs of those, and constants: pass it as a parameter of its own, or take the derivative by `via = tape`"));
        None
    }
}

/// A field that carries no derivative as a parameter, if it is a number or a condition.
fn constant(ty: &Type) -> Option<Type> {
    let Type::Constant(written) = ty else {
        return matches!(ty, Type::Int(_)).then(|| ty.clone());
    };
    match written.as_str() {
        "bool" => Some(Type::Constant("bool".to_string())),
        "f32" => Some(Type::Float(Elem::F32)),
        "f64" => Some(Type::Float(Elem::F64)),
        integer if is_integer(integer) => Some(Type::Int(integer.to_string())),
        _ => None,
    }
}
