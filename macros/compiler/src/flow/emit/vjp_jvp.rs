//! `f::vjp_jvp`, the gradient by any cotangent and its tangent: what the `hvp` of a function calls
//! whose derivative calls `f::vjp`.
//!
//! ```text
//! fn __vjp_jvp(x_m0: &[f64], k_1: f64, ct_9: f64, t_x_m4: &[f64], t_k_9: f64, t_ct_12: f64)
//!     -> ((Vec<f64>, f64), (Vec<f64>, f64)) {
//!     …
//!     ((d_x_m3, ct_12), (t_d_x_m8, t_ct_17))
//! }
//! ```

use super::api::{self, attributes};
use super::block::{Body, one_or_tuple};
use super::forward::{check, input, passed, tangents};
use super::kernel::{
    self, arguments, exclusive_check, late_checks, seed_arguments, seed_checks, turbofish,
};
use super::types::{self, Shown, owned};
use crate::emit::names::{Further, named};
use crate::emit::signature::tangent_type;
use crate::flow::ir::{ParamIs, Program, Tree};
use crate::flow::tangent::Forward;
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The gradient with its cotangents as parameters, and its tangent.
pub struct VjpJvp {
    /// The program.
    pub forward: Forward,
    /// Its further parameters.
    pub cotangents: Vec<ParamIs>,
    /// The cotangent of the result, of which these are parts.
    pub seed: Tree,
    /// The result.
    pub result: Option<Tree>,
}

/// A cotangent as a parameter of the public function, and its tangent.
struct Cotangent<'f> {
    name: Ident,
    tangent: Ident,
    ty: TokenStream,
    /// The type, and what it is the cotangent of.
    of: (&'f Type, String),
}

pub(super) fn vjp_jvp(function: &Function, of: &VjpJvp) -> TokenStream {
    let program = &of.forward.program;
    let (generics, where_clause) = api::generics(function);
    let (vis, attributes) = (api::vis(function), attributes(&function.output, true));
    let gradient = one_or_tuple(&function.wrt().map(|p| owned(&p.ty)).collect::<Vec<_>>());
    let returned = quote!((#gradient, #gradient));
    let params = api::params(function);
    let along = tangents(function);
    let cotangents = cotangents(function, of, &along);
    let typed = |name: &Ident, ty: &TokenStream| quote!(#name: #ty);
    let ahead = cotangents.iter().map(|ct| typed(&ct.name, &ct.ty));
    let of_params = along.iter().map(|(param, name)| typed(name, &owned(&param.ty)));
    let behind = cotangents.iter().map(|ct| typed(&ct.tangent, &ct.ty));
    let further = ahead.chain(of_params).chain(behind);
    let checks: TokenStream =
        along.iter().map(|(param, name)| check(function, param, name)).collect();
    let of_cotangents = cotangents.iter().map(|ct| {
        let shown = |name: &Ident, text: String| Shown { place: quote!(#name), text };
        let tangent = shown(&ct.tangent, format!("the tangent of {}", ct.of.1));
        types::check(ct.of.0, &function.name(), &tangent, &shown(&ct.name, ct.of.1.clone()))
    });
    let of_cotangents: TokenStream = of_cotangents.collect();
    let given = |of_one: &dyn Fn(&Cotangent<'_>) -> Ident| {
        let mut parts = Vec::new();
        let (of_result, of_params) = match of.seed.is_unit() {
            true => (None, &cotangents[..]),
            false => (cotangents.first(), cotangents.get(1..).unwrap_or_default()),
        };
        if let Some(ct) = of_result {
            let name = of_one(ct);
            seed_arguments(&of.seed, &quote!(#name), &mut parts);
        }
        parts.extend(of_params.iter().map(of_one).map(|name| quote!(#name)));
        parts
    };
    let arguments = arguments(function, program);
    let (seeds, of_seeds) = (given(&|ct| ct.name.clone()), given(&|ct| ct.tangent.clone()));
    let of_all = of.forward.tangents.iter().flatten().take(function.params.len()).flatten();
    let of_params = of_all.zip(&along).map(|(is, (_, name))| passed(is, name, program));
    let turbofish = turbofish(function);
    let [public, private] = ["vjp_jvp", "__vjp_jvp"].map(|name| named(function, name));
    let kernel = kernel(function, of, &private, &returned);
    quote! {
        /// The gradient of the result's product with `cotangent`, and its derivative in the
        /// direction of the tangents: those of the parameters and of the cotangent.
        #attributes
        #vis fn #public<#generics>(#params #(#further),*) -> #returned #where_clause {
            #checks
            #of_cotangents
            Self::#private #turbofish (#(#arguments,)* #(#seeds,)* #(#of_params,)* #(#of_seeds),*)
        }

        #kernel
    }
}

/// The cotangents of the result and of exclusive parameters.
fn cotangents<'f>(
    function: &'f Function,
    of: &VjpJvp,
    along: &[(&'f Param, Ident)],
) -> Vec<Cotangent<'f>> {
    let mut further = Further::beside(function);
    along.iter().for_each(|(param, _)| drop(further.of("t_", &param.name)));
    let mut cotangents = Vec::new();
    if !of.seed.is_unit() {
        let (name, tangent) = (further.name("cotangent"), further.name("t_cotangent"));
        let (ty, of) = (tangent_type(&function.output), "`cotangent`".to_string());
        cotangents.push(Cotangent { name, tangent, ty, of: (&function.output, of) });
    }
    for param in function.wrt().filter(|param| param.passing == Passing::Exclusive) {
        let (name, tangent) = (further.of("ct_", &param.name), further.of("t_ct_", &param.name));
        let of = (&param.ty, format!("the cotangent of `{}`", param.name));
        cotangents.push(Cotangent { name, tangent, ty: owned(&param.ty), of });
    }
    cotangents
}

/// The private function.
fn kernel(function: &Function, of: &VjpJvp, name: &Ident, returned: &TokenStream) -> TokenStream {
    let program = &of.forward.program;
    let mut body = Body::new(program, &[]);
    let mut inputs = kernel::parameters(function, program, &mut body);
    let tangents = of.forward.tangents.iter().flatten().flatten();
    inputs.extend(of.cotangents.iter().chain(tangents).map(|is| input(is, program, &body)));
    if let Some(result) = &of.result {
        seed_checks(&function.name(), &of.seed, result, &mut body);
    }
    exclusive_checks(function, of, &mut body);
    let statements = body.block(&program.body);
    let late = late_checks(&mut body);
    let ending = kernel::result(program, &body);
    let (generics, where_clause) = api::generics(function);
    let items = program.items.iter().map(|(_, item)| item);
    quote! {
        #[inline]
        #[track_caller]
        fn #name<#generics>(#(#inputs),*) -> #returned #where_clause {
            #(#items)*
            #statements
            #late
            #ending
        }
    }
}

/// Checks that cotangents have the shapes of what exclusive parameters hold at the end.
fn exclusive_checks(function: &Function, of: &VjpJvp, body: &mut Body<'_>) {
    let program: &Program = &of.forward.program;
    let params = function.params.iter().zip(&program.params);
    let params: Vec<_> =
        params.filter(|(param, _)| param.wrt && param.passing == Passing::Exclusive).collect();
    let first = of.cotangents.len().saturating_sub(params.len());
    for ((param, is), ct) in params.into_iter().zip(&of.cotangents[first..]) {
        let (ParamIs::Mem(mem), ParamIs::Mem(ct)) = (is, ct) else { continue };
        exclusive_check(function, param, *mem, *ct, body);
    }
}
