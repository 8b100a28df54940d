//! From tokens to a [`Function`]: options, signature and types, each checked.

mod options;
mod types;

pub use options::Options;
pub use types::{Type, elem_of, type_of};

use crate::error::Errors;
use proc_macro2::{Ident, Span};
use quote::format_ident;

/// A function under `#[differentiate]`, its signature understood.
#[derive(Clone)]
pub struct Function {
    /// The item as the user wrote it.
    pub item: syn::ItemFn,
    /// What the attribute asks for.
    pub options: Options,
    /// The parameters, in order.
    pub params: Vec<Param>,
    /// The type of the result.
    pub output: Type,
    /// The type parameters bounded by `Float`.
    pub floats: Vec<String>,
}

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// By value.
    Value,
    /// By `&`.
    Shared,
    /// By `&mut`: input and output.
    Exclusive,
}

/// One parameter.
#[derive(Clone)]
pub struct Param {
    /// What generated signatures call it: the user's name where it is a plain one.
    pub name: Ident,
    /// The pattern it binds in the body.
    pub pat: syn::Pat,
    /// Its type as written.
    pub written: syn::Type,
    /// Its type as understood.
    pub ty: Type,
    /// How it is passed.
    pub passing: Passing,
    /// Whether it is differentiated.
    pub wrt: bool,
}

impl Function {
    /// The function's name.
    pub fn name(&self) -> String {
        self.item.sig.ident.to_string()
    }

    /// The differentiated parameters.
    pub fn wrt(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|p| p.wrt)
    }

    /// Whether the result is a single float, so that the function has a gradient.
    pub fn is_scalar(&self) -> bool {
        matches!(self.output, Type::Float(_))
    }
}

/// Understands the options and the signature.
pub fn parse_function(
    options: Options,
    item: syn::ItemFn,
    errors: &mut Errors,
) -> Option<Function> {
    let before = errors.count();
    let sig = &item.sig;
    if let Some(token) = &sig.asyncness {
        errors.at(token, "an `async` function cannot be differentiated: take the `async` off, or differentiate the function it awaits");
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        errors.at(
            token,
            "an `unsafe` function cannot be differentiated: chainrule reads safe Rust only",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            "an `extern` function cannot be differentiated: annotate a Rust function that calls it",
        );
    }
    let primitives = ["f32", "f64", "bool", "char", "str"];
    let name = sig.ident.to_string();
    if primitives.contains(&name.as_str()) || types::INTEGERS.contains(&name.as_str()) {
        errors.at(
            &sig.ident,
            format!("the struct beside a function named `{name}` would hide the type of that name: rename the function"),
        );
    }
    let floats = type_parameters(sig, errors);
    let mut params = Vec::new();
    for (k, input) in sig.inputs.iter().enumerate() {
        match input {
            syn::FnArg::Receiver(receiver) => errors.at(
                receiver,
                "methods are not supported yet: write a free function that takes the fields it needs",
            ),
            syn::FnArg::Typed(typed) => {
                if let Some(ty) = type_of(&typed.ty, &floats, errors) {
                    let name = match &*typed.pat {
                        syn::Pat::Ident(pat) => pat.ident.clone(),
                        _ => format_ident!("arg{k}"),
                    };
                    let (pat, written) = ((*typed.pat).clone(), (*typed.ty).clone());
                    let passing = match &written {
                        syn::Type::Reference(r) if r.mutability.is_some() => Passing::Exclusive,
                        syn::Type::Reference(_) => Passing::Shared,
                        _ => Passing::Value,
                    };
                    params.push(Param { name, pat, written, ty, passing, wrt: false });
                }
            }
        }
    }
    let output = match &sig.output {
        syn::ReturnType::Default => {
            errors.at(
                &sig.ident,
                "nothing to differentiate: the function returns no value; give it a float, array or tuple result",
            );
            None
        }
        syn::ReturnType::Type(_, ty) => {
            let output = type_of(ty, &floats, errors);
            if let Some(Type::Constant(_) | Type::Int(_)) = output {
                errors.at(ty, "nothing to differentiate: the result is not a float, an array of floats or a tuple of those");
            }
            output
        }
    };
    if options.tape && (!floats.is_empty() || !matches!(output, None | Some(Type::Float(_)))) {
        errors.at(
            &sig.ident,
            "the option `tape` needs a function that returns a float and has no type parameters",
        );
    }
    if errors.count() == before {
        choose_wrt(&options, &mut params, sig.ident.span(), errors);
    }
    match output {
        Some(output) if errors.count() == before => {
            Some(Function { item, options, params, output, floats })
        }
        _ => None,
    }
}

/// Marks the differentiated parameters: those the option names, or all that can be.
fn choose_wrt(options: &Options, params: &mut [Param], span: Span, errors: &mut Errors) {
    let Some(names) = &options.wrt else {
        for param in params.iter_mut() {
            param.wrt = param.ty.is_differentiable();
        }
        if !params.iter().any(|p| p.wrt) {
            errors.at(
                span,
                "nothing to differentiate: no parameter is a float or an array of floats",
            );
        }
        return;
    };
    for name in names {
        match params.iter_mut().find(|p| p.name == *name) {
            None => {
                let list: Vec<_> = params.iter().map(|p| format!("`{}`", p.name)).collect();
                errors.at(name, format!("no parameter is called `{name}`; the parameters are {}", list.join(", ")));
            }
            Some(param) if !param.ty.is_differentiable() => errors.at(
                name,
                format!("`{name}` cannot carry a derivative: it is not a float, an array of floats or a tuple of those"),
            ),
            Some(param) => param.wrt = true,
        }
    }
}

/// The type parameters, each of which must be a float.
fn type_parameters(sig: &syn::Signature, errors: &mut Errors) -> Vec<String> {
    let mut floats = Vec::new();
    for param in &sig.generics.params {
        match param {
            syn::GenericParam::Type(param) => {
                let of_where = (sig.generics.where_clause.iter())
                    .flat_map(|clause| &clause.predicates)
                    .filter_map(|predicate| match predicate {
                        syn::WherePredicate::Type(p) => Some(p),
                        _ => None,
                    })
                    .filter(|p| matches!(&p.bounded_ty, syn::Type::Path(t) if t.path.is_ident(&param.ident)))
                    .flat_map(|p| &p.bounds);
                // Also an unbounded one counts as a float from here on, so that it is reported once.
                floats.push(param.ident.to_string());
                if !param.bounds.iter().chain(of_where).any(is_float_bound) {
                    errors.at(&param.ident, format!("the type parameter `{0}` is not known to be a float: bound it, `{0}: num_traits::Float`", param.ident));
                }
            }
            syn::GenericParam::Const(param) => errors.at(
                &param.ident,
                "const generics are not supported yet: pass the size as an argument",
            ),
            _ => {}
        }
    }
    floats
}

fn is_float_bound(bound: &syn::TypeParamBound) -> bool {
    matches!(bound, syn::TypeParamBound::Trait(bound)
        if bound.path.segments.last().is_some_and(|s| s.ident == "Float"))
}
