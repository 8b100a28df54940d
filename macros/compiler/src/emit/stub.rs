//! What stands in for the derivatives of a function or method that was refused: its callers
//! compile, so that the user sees the one error and not those that follow from it.

use super::names::{Further, derivation_of_method, named};
use super::objective;
use super::signature::{one_or_tuple, tangent_type};
use super::{conditions, head_of_block};
use crate::flow::emit::{
    hessian_type, jacobian_type, owned, success, tangents, wrapped, wrapped_type,
};
use crate::parse::{Function, Passing, Type};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The struct beside a function; of a method, an `impl` block.
pub fn stub(function: &Function) -> TokenStream {
    let (name, vis) = (&function.item.sig.ident, &function.item.vis);
    let cfgs = conditions(function);
    let functions = functions(function);
    let quiet = quote! {
        #[allow(unused_variables, dead_code, missing_docs, unreachable_code, clippy::all)]
    };
    if let Some(owner) = &function.owner {
        let (head, constant) = (head_of_block(function, owner), derivation_of_method(function));
        return quote! {
            #(#cfgs)*
            #quiet
            #head {
                pub const #constant: &'static str = "";
                #(#vis #functions)*
            }
        };
    }
    let structs = function.params.iter().any(|param| !param.ty.structs().is_empty());
    let objective = if structs { TokenStream::new() } else { objective::objective(function) };
    quote! {
        #(#cfgs)*
        #[allow(non_camel_case_types, dead_code, missing_docs)]
        #[derive(Clone, Copy, Debug, Default)]
        #vis struct #name {}
        #(#cfgs)*
        #quiet
        impl #name {
            pub const DERIVATION: &'static str = "";
            #(pub #functions)*
        }
        #(#cfgs)*
        const _: () = { #objective };
    }
}

/// The functions, without their visibility.
fn functions(function: &Function) -> Vec<TokenStream> {
    let generics = function.item.sig.generics.params.to_token_stream();
    let where_clause = function.item.sig.generics.where_clause.to_token_stream();
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let params = quote!(#(#params),*);
    let grads: Vec<TokenStream> = function.wrt().map(|p| tangent_type(&p.ty)).collect();
    let grad = one_or_tuple(&grads);
    let grad_type = grad.clone();
    let inner = success(&function.output);
    let plain = owned(inner);
    let value = owned(&function.output);
    let both = wrapped_type(&function.output, quote!((#plain, #grad)));
    let alone = wrapped_type(&function.output, grad);
    let mut further = Further::beside(function);
    let outs = function.wrt().zip(&grads).map(|(p, ty)| {
        let out = further.of("d_", &p.name);
        quote!(#out: &mut #ty)
    });
    let outs = quote!(#(#outs),*);
    let tangent = tangent_type(inner);
    let mut further = Further::beside(function);
    let cotangent = (*inner != Type::Unit).then(|| {
        let cotangent = further.name("cotangent");
        quote!(#cotangent: #tangent,)
    });
    let cotangents = function.wrt().zip(&grads).filter(|(p, _)| p.passing == Passing::Exclusive);
    let cotangents = cotangents.map(|(p, ty)| {
        let name = further.of("ct_", &p.name);
        quote!(#name: #ty,)
    });
    let comma = (!function.params.is_empty()).then(|| quote!(,));
    let stub = |base: &str, params: TokenStream, result: &TokenStream| {
        let name = named(function, base);
        quote! {
            fn #name<#generics>(#params) -> #result #where_clause {
                ::core::panic!("this function could not be differentiated")
            }
        }
    };
    let mut functions = Vec::new();
    if matches!(inner, Type::Float(_)) {
        functions.push(stub("grad", params.clone(), &alone));
        functions.push(stub("value_and_grad", params.clone(), &both));
        functions.push(stub("value_and_grad_into", quote!(#params #comma #outs), &value));
        functions.push(stub("value_and_grad_add_into", quote!(#params #comma #outs), &value));
        functions.push(stub("tape_value_and_grad", params.clone(), &both));
    }
    functions.push(stub("vjp", quote!(#params #comma #cotangent #(#cotangents)*), &both));
    if function.options.pullback.is_some() {
        let back = quote!((#plain, impl ::core::ops::Fn(#tangent) -> #grad_type));
        let (name, both) = (named(function, "pullback"), wrapped_type(&function.output, back));
        let panic = quote!(::core::panic!("this function could not be differentiated"));
        let ending = wrapped(&function.output, quote!((#panic, back)));
        functions.push(quote! {
            fn #name<#generics>(#params) -> #both #where_clause {
                let back = |_: #tangent| -> #grad_type { #panic };
                #ending
            }
        });
    }
    let tangents = tangents(function).into_iter().map(|(param, name)| {
        let ty = tangent_type(&param.ty);
        quote!(#name: #ty)
    });
    let tangents = quote!(#(#tangents),*);
    if function.options.jvp.is_some() {
        let exclusive = function.wrt().filter(|p| p.passing == Passing::Exclusive);
        let exclusive = exclusive.map(|p| tangent_type(&p.ty));
        let of_result = (*inner != Type::Unit).then(|| quote!(#tangent,));
        let all = quote!((#plain, #of_result #(#exclusive,)*));
        let all = wrapped_type(&function.output, all);
        functions.push(stub("jvp", quote!(#params #comma #tangents), &all));
    }
    if function.options.hvp.is_some() {
        let twice = wrapped_type(&function.output, quote!((#grad_type, #grad_type)));
        functions.push(stub("hvp", quote!(#params #comma #tangents), &twice));
    }
    if function.has_vjp_jvp() {
        let (value, exclusive): (Vec<_>, Vec<_>) = {
            let of_result = (*inner != Type::Unit).then(|| tangent.clone());
            let exclusive = function.wrt().filter(|p| p.passing == Passing::Exclusive);
            (of_result.into_iter().collect(), exclusive.map(|p| tangent_type(&p.ty)).collect())
        };
        let cotangents = || value.iter().chain(&exclusive).map(|ty| quote!(_: #ty,));
        let (ahead, behind) = (cotangents(), cotangents());
        let further = quote!(#params #comma #(#ahead)* #tangents, #(#behind)*);
        functions.push(stub("vjp_jvp", further, &quote!((#grad_type, #grad_type))));
    }
    if function.options.hessian.is_some() {
        let hessian = wrapped_type(&function.output, hessian_type(function));
        functions.push(stub("hessian", params.clone(), &hessian));
    }
    if function.options.jacobian.is_some() {
        let jacobian = wrapped_type(&function.output, jacobian_type(function));
        functions.push(stub("jacobian", params.clone(), &jacobian));
    }
    functions
}
