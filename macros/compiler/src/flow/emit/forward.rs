//! `f::jvp` and `f::hvp`: a program with tangents as a private function, and the public one around
//! it.
//!
//! ```text
//! fn __jvp(x_m0: &[f64], b_1: f64, t_x_m4: &[f64], t_b_9: f64) -> (f64, f64) {
//!     …
//!     (s_7, t_s_12)
//! }
//! ```

use super::api::{self, attributes};
use super::block::{Body, one_or_tuple};
use super::kernel::{self, arguments, success, turbofish, wrapped, wrapped_type};
use super::names;
use super::types::{self, Shown, owned};
use crate::emit::element::elem_type;
use crate::emit::names::{Further, named};
use crate::emit::signature::tangent_type;
use crate::flow::ir::{Origin, ParamIs, Program};
use crate::flow::tangent::Forward;
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Value and tangent.
pub(super) fn jvp(function: &Function, forward: &Forward) -> TokenStream {
    let output = success(&function.output);
    let mut types = vec![owned(output)];
    types.extend((*output != Type::Unit).then(|| tangent_type(output)));
    let exclusive = function.wrt().filter(|p| p.passing == Passing::Exclusive);
    let exclusive: Vec<TokenStream> = exclusive.map(|p| owned(&p.ty)).collect();
    let doc = match exclusive.len() {
        0 => {
            "The value, and the Jacobian-vector product: the derivative of the result in the direction\nof the tangents."
        }
        _ => {
            "The value, and the Jacobian-vector product: the derivative, in the direction of the\ntangents, of the result (if there is one) and of what each exclusive reference holds at the\nend."
        }
    };
    types.extend(exclusive);
    functions(function, forward, ["jvp", "__jvp"], doc, &types)
}

/// Gradient and Hessian-vector product.
pub(super) fn hvp(function: &Function, forward: &Forward) -> TokenStream {
    let parts: Vec<TokenStream> = function.wrt().map(|p| owned(&p.ty)).collect();
    let gradient = one_or_tuple(&parts);
    let doc = "The gradient, and the Hessian-vector product: the derivative of the gradient in the\ndirection of the tangents.";
    functions(function, forward, ["hvp", "__hvp"], doc, &[gradient.clone(), gradient])
}

/// The public function and the private one that it calls.
fn functions(
    function: &Function,
    forward: &Forward,
    [public, private]: [&str; 2],
    doc: &str,
    types: &[TokenStream],
) -> TokenStream {
    let program = &forward.program;
    let returned = wrapped_type(&function.output, quote!((#(#types,)*)));
    let (generics, where_clause) = api::generics(function);
    let (vis, attributes) = (api::vis(function), attributes(&function.output, true));
    let tangents = tangents(function);
    let params = api::params(function);
    let tangent_params = tangents.iter().map(|(param, name)| {
        let ty = owned(&param.ty);
        quote!(#name: #ty)
    });
    let checks = tangents.iter().map(|(param, name)| check(function, param, name));
    let of_one = forward.tangents.iter().flatten().flatten().zip(&tangents);
    let passed = of_one.map(|(is, (_, name))| passed(is, name, program));
    let (arguments, turbofish) = (arguments(function, program), turbofish(function));
    let [public, private] = [public, private].map(|name| named(function, name));
    let inputs: Vec<&ParamIs> = forward.tangents.iter().flatten().flatten().collect();
    let kernel = kernel(function, program, &inputs, &private, &returned);
    quote! {
        #[doc = #doc]
        #attributes
        #vis fn #public<#generics>(#params #(#tangent_params),*) -> #returned #where_clause {
            #(#checks)*
            Self::#private #turbofish (#(#arguments,)* #(#passed),*)
        }

        #kernel
    }
}

/// The differentiated parameters, and what their tangents are called.
pub(crate) fn tangents(function: &Function) -> Vec<(&Param, Ident)> {
    let mut further = Further::beside(function);
    function.wrt().map(|param| (param, further.of("t_", &param.name))).collect()
}

/// Checks that a tangent has the shape of its parameter.
fn check(function: &Function, param: &Param, tangent: &Ident) -> TokenStream {
    let (name, shown) = (&param.name, param.name.to_string());
    let place = match param.passing {
        Passing::Value => quote!(#name),
        Passing::Shared | Passing::Exclusive => quote!((*#name)),
    };
    types::check(
        &param.ty,
        &function.name(),
        &Shown { place: quote!(#tangent), text: format!("the tangent of `{shown}`") },
        &Shown { place, text: format!("`{shown}`") },
    )
}

/// A tangent as an argument of the private function.
pub(super) fn passed(is: &ParamIs, name: &Ident, program: &Program) -> TokenStream {
    match is {
        ParamIs::Mem(mem) if program.at(*mem).origin == Origin::Shared => quote!(&#name),
        _ => quote!(#name),
    }
}

/// A program whose parameters are the function's, and further ones, as a private function.
pub(super) fn kernel(
    function: &Function,
    program: &Program,
    further: &[&ParamIs],
    name: &Ident,
    returned: &TokenStream,
) -> TokenStream {
    let mut body = Body::new(program, &[]);
    let mut inputs = kernel::parameters(function, program, &mut body);
    inputs.extend(further.iter().map(|is| input(is, program, &body)));
    let statements = body.block(&program.body);
    let ending = wrapped(&function.output, kernel::result(program, &body));
    let (generics, where_clause) = api::generics(function);
    let items = program.items.iter().map(|(_, item)| item);
    quote! {
        #[inline]
        #[track_caller]
        fn #name<#generics>(#(#inputs),*) -> #returned #where_clause {
            #(#items)*
            #statements
            #ending
        }
    }
}

/// A tangent as a parameter.
fn input(is: &ParamIs, program: &Program, body: &Body<'_>) -> TokenStream {
    match is {
        ParamIs::Value(v) => {
            let (name, ty) = (names::value(program, *v), program.float(*v).map(elem_type));
            quote!(#name: #ty)
        }
        ParamIs::Mem(mem) => {
            let (name, of) = (names::mem(program, *mem), program.at(*mem));
            match of.origin {
                Origin::Shared => {
                    let ty = kernel::shadow_type(Passing::Shared, *mem, program, body);
                    quote!(#name: &#ty)
                }
                _ => {
                    let ty = owned(&of.ty);
                    quote!(mut #name: #ty)
                }
            }
        }
    }
}
