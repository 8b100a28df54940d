//! `f::jvp` and `f::hvp`: a program with tangents as a private function, and the public one around
//! it.
//!
//! ```text
//! fn __jvp(x_m0: &[f64], b_1: f64, t_x_m4: &[f64], t_b_9: f64) -> (f64, f64) {
//!     …
//!     (s_7, t_s_12)
//! }
//! ```

use super::Jvp;
use super::api::{self, attributes};
use super::arrays;
use super::block::{Body, one_or_tuple};
use super::call::Itself;
use super::kernel::{self, arguments, succeeded, success, turbofish, wrapped, wrapped_type};
use super::names::{self, local};
use super::nested::each;
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
pub(super) fn jvp(function: &Function, jvp: &Jvp) -> TokenStream {
    let Jvp { guarded, unguarded } = jvp;
    let parts = parts_of_jvp(function);
    let doc = about_jvp(function);
    match unguarded {
        None => functions(function, guarded, None, ["jvp", "__jvp"], doc, &parts),
        Some(unguarded) => {
            let guarded = Some((guarded, "__jvp_guarded"));
            functions(function, unguarded, guarded, ["jvp", "__jvp"], doc, &parts)
        }
    }
}

/// Whether a private function with tangents may run behind another of the same arguments: they are
/// copied or shared, and what comes out of them is made of floats.
pub(crate) fn may_run_again(function: &Function) -> bool {
    let copied = |param: &Param| match param.passing {
        Passing::Value => is_copied(&param.ty),
        Passing::Shared => true,
        Passing::Exclusive => false,
    };
    function.params.iter().all(copied) && is_of_floats(success(&function.output))
}

fn is_copied(ty: &Type) -> bool {
    match ty {
        Type::Float(_) | Type::Int(_) => true,
        Type::Constant(name) => name == "bool",
        Type::Fixed(of, _) => is_copied(of),
        Type::Tuple(parts) => parts.iter().all(is_copied),
        _ => false,
    }
}

fn is_of_floats(ty: &Type) -> bool {
    match ty {
        Type::Float(_) | Type::Array(..) => true,
        Type::Fixed(of, _) | Type::Vec(of) => is_of_floats(of),
        Type::Tuple(parts) => !parts.is_empty() && parts.iter().all(is_of_floats),
        _ => false,
    }
}

/// What a `jvp` returns.
fn parts_of_jvp(function: &Function) -> Vec<Part<'_>> {
    let output = success(&function.output);
    let mut parts = vec![Part::of(owned(output))];
    parts.extend((*output != Type::Unit).then(|| Part::of(tangent_type(output))));
    let exclusive = function.wrt().filter(|p| p.passing == Passing::Exclusive);
    parts.extend(exclusive.map(Part::of_param));
    parts
}

/// The type of what a `jvp` returns.
pub(super) fn type_of_jvp(function: &Function) -> TokenStream {
    let parts = parts_of_jvp(function);
    let types = parts.iter().map(|part| &part.ty);
    wrapped_type(&function.output, quote!((#(#types,)*)))
}

/// The documentation of a `jvp`.
pub(super) fn about_jvp(function: &Function) -> &'static str {
    match function.wrt().any(|p| p.passing == Passing::Exclusive) {
        false => {
            "The value, and the Jacobian-vector product: the derivative of the result in the direction\nof the tangents."
        }
        true => {
            "The value, and the Jacobian-vector product: the derivative, in the direction of the\ntangents, of the result (if there is one) and of what each exclusive reference holds at the\nend."
        }
    }
}

/// Gradient and Hessian-vector product.
pub(super) fn hvp(function: &Function, forward: &Forward) -> TokenStream {
    let doc = "The gradient, and the Hessian-vector product: the derivative of the gradient in the\ndirection of the tangents.";
    functions(
        function,
        forward,
        None,
        ["hvp", "__hvp"],
        doc,
        &[Part::gradient(function), Part::gradient(function)],
    )
}

/// A part of what the functions return.
struct Part<'f> {
    /// Its type.
    ty: TokenStream,
    /// Its type in the private function.
    inside: TokenStream,
    /// What the public function makes of that.
    out: Box<dyn Fn(&TokenStream) -> TokenStream + 'f>,
}

impl<'f> Part<'f> {
    /// What the private function has as the public one.
    fn of(ty: TokenStream) -> Self {
        Part { inside: ty.clone(), ty, out: Box::new(TokenStream::clone) }
    }

    /// What is like a parameter.
    fn of_param(param: &'f Param) -> Self {
        let inside = owned(&arrays::flat(&param.ty));
        Part { ty: owned(&param.ty), inside, out: Box::new(|value| arrays::of_param(param, value)) }
    }

    /// What is like all differentiated parameters.
    fn gradient(function: &'f Function) -> Self {
        let all = |part: &dyn Fn(&Param) -> TokenStream| {
            one_or_tuple(&function.wrt().map(part).collect::<Vec<_>>())
        };
        Part {
            ty: all(&|p| owned(&p.ty)),
            inside: all(&|p| owned(&arrays::flat(&p.ty))),
            out: Box::new(|value| arrays::of_all(function, value)),
        }
    }
}

/// The public function and the private one that it calls; where the second part of what that returns
/// has a NaN, `otherwise` is called.
fn functions(
    function: &Function,
    forward: &Forward,
    otherwise: Option<(&Forward, &str)>,
    [public, private]: [&str; 2],
    doc: &str,
    parts: &[Part<'_>],
) -> TokenStream {
    let (types, inside) = (parts.iter().map(|p| &p.ty), parts.iter().map(|p| &p.inside));
    let returned = wrapped_type(&function.output, quote!((#(#types,)*)));
    let inside = wrapped_type(&function.output, quote!((#(#inside,)*)));
    let (generics, where_clause) = api::generics(function);
    let (vis, attributes) = (api::vis(function), attributes(&function.output, true));
    let tangents = tangents(function);
    let params = api::params(function);
    let tangent_params = tangents.iter().map(|(param, name)| {
        let ty = owned(&param.ty);
        quote!(#name: #ty)
    });
    let checks = tangents.iter().map(|(param, name)| check(function, param, name));
    let ordered = tangents.iter().filter(|(param, _)| matches!(param.ty, Type::Array(..)));
    let ordered = ordered.map(|(_, name)| quote!(let #name = ::chainrule::rt::into_flat(#name);));
    let turbofish = turbofish(function);
    // The gradient is made of calls of other functions.
    let calls_itself = public == "jvp";
    let [public, private] = [public, private].map(|name| named(function, name));
    let call = |forward: &Forward, private: &Ident| {
        let program = &forward.program;
        let of_one = forward.tangents.iter().flatten().flatten().zip(&tangents);
        let passed = of_one.map(|(is, (_, name))| passed(is, name, program));
        let arguments = arguments(function, program);
        quote!(Self::#private #turbofish (#(#arguments,)* #(#passed),*))
    };
    let kernel_of = |forward: &Forward, private: &Ident| {
        let (program, mut body) = (&forward.program, Body::new(&forward.program, &[]));
        let inputs: Vec<&ParamIs> = forward.tangents.iter().flatten().flatten().collect();
        body.itself = itself(function, program, &inputs, private).filter(|_| calls_itself);
        plain_kernel(function, &mut body, &inputs, private, &inside)
    };
    let mut kernels = kernel_of(forward, &private);
    kernels = quote!(#[inline] #kernels);
    let mut run = call(forward, &private);
    if let Some((otherwise, name)) = otherwise {
        let name = named(function, name);
        let kernel = kernel_of(otherwise, &name);
        kernels.extend(quote!(#[cold] #[inline(never)] #kernel));
        let (copies, again) = (copies(function, &tangents), call(otherwise, &name));
        run = unless_nan(function, &run, &quote!({ #copies #again }));
    }
    let (before, after) = arrays::around(function);
    let run = match before.is_empty() {
        true => run,
        false => {
            let outcome = local("outcome");
            let done = succeeded(function, &quote!(#outcome));
            let names: Vec<Ident> = (0..parts.len()).map(|k| local(&format!("part_{k}"))).collect();
            let parts = parts.iter().zip(&names).map(|(part, name)| (part.out)(&quote!(#name)));
            let ending = wrapped(&function.output, quote!((#(#parts,)*)));
            quote! {
                #before
                let #outcome = #run;
                #after
                let (#(#names,)*) = #done;
                #ending
            }
        }
    };
    quote! {
        #[doc = #doc]
        #attributes
        #vis fn #public<#generics>(#params #(#tangent_params),*) -> #returned #where_clause {
            #(#checks)*
            #(#ordered)*
            #run
        }

        #kernels
    }
}

/// Copies of all arrays, under their names. What is called with arrays has them in memory; what runs
/// before it has them wherever this takes least, unless LLVM sees that a copy is one.
fn copies(function: &Function, tangents: &[(&Param, Ident)]) -> TokenStream {
    let is_array = |p: &Param| matches!(p.ty, Type::Fixed(..)) && is_copied(&p.ty);
    let of_params = function.params.iter().filter(|p| is_array(p)).map(|p| {
        let name = &p.name;
        match p.passing {
            Passing::Value => quote!(let #name = ::core::hint::black_box(#name);),
            _ => quote!(let #name = &::core::hint::black_box(*#name);),
        }
    });
    let of_tangents = tangents.iter().filter(|(p, _)| is_array(p));
    let of_tangents = of_tangents.map(|(_, t)| quote!(let #t = ::core::hint::black_box(#t);));
    of_params.chain(of_tangents).collect()
}

/// What a call with tangents returns, or where one of them is NaN another call.
fn unless_nan(function: &Function, run: &TokenStream, otherwise: &TokenStream) -> TokenStream {
    let [outcome, done, nan] = ["outcome", "done", "nan"].map(local);
    let look = each(
        success(&function.output),
        &quote!(#done.1),
        &|float| quote!(#nan |= ::chainrule::rt::is_nan(#float);),
    );
    let checked = quote! {
        let mut #nan = false;
        #look
    };
    match function.output {
        // Not looked at where it is: it would be in memory, and be loaded again right behind the
        // stores that put it there.
        Type::Option(_) | Type::Result(..) => {
            let some = wrapped(&function.output, quote!(#done));
            quote! {
                match #run {
                    #some => {
                        #checked
                        if #nan { #otherwise } else { #some }
                    }
                    #outcome => #outcome,
                }
            }
        }
        _ => quote! {{
            let #done = #run;
            #checked
            if #nan { #otherwise } else { #done }
        }},
    }
}

/// The differentiated parameters, and what their tangents are called.
pub(crate) fn tangents(function: &Function) -> Vec<(&Param, Ident)> {
    let mut further = Further::beside(function);
    function.wrt().map(|param| (param, further.of("t_", &param.name))).collect()
}

/// Checks that a tangent has the shape of its parameter.
pub(super) fn check(function: &Function, param: &Param, tangent: &Ident) -> TokenStream {
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
    match is_shared(is, program) {
        true => quote!(&#name),
        false => quote!(#name),
    }
}

/// Whether the private function takes a parameter by reference.
fn is_shared(is: &ParamIs, program: &Program) -> bool {
    matches!(is, ParamIs::Mem(mem) if program.at(*mem).origin == Origin::Shared)
}

/// A program whose parameters are the function's, and further ones, as a private function.
pub(super) fn kernel(
    function: &Function,
    program: &Program,
    further: &[&ParamIs],
    name: &Ident,
    returned: &TokenStream,
) -> TokenStream {
    let kernel = plain_kernel(function, &mut Body::new(program, &[]), further, name, returned);
    quote!(#[inline] #kernel)
}

/// How the private function calls itself: with what it was passed itself, as far as that is what the
/// user's code passes.
fn itself(
    function: &Function,
    program: &Program,
    tangents: &[&ParamIs],
    private: &Ident,
) -> Option<Itself> {
    let is_same = |k: usize| {
        let param = &function.params[k];
        !matches!(param.ty, Type::Array(..) | Type::Passive(..))
            && param.passing != Passing::Exclusive
            && !kernel::is_dereferenced(function, program, k)
    };
    (0..function.params.len()).all(is_same).then(|| Itself {
        kernel: private.clone(),
        by_reference: tangents.iter().map(|is| is_shared(is, program)).collect(),
    })
}

/// The same without an attribute that says where it is compiled.
fn plain_kernel(
    function: &Function,
    body: &mut Body<'_>,
    further: &[&ParamIs],
    name: &Ident,
    returned: &TokenStream,
) -> TokenStream {
    let program = body.program;
    let mut inputs = kernel::parameters(function, program, body);
    inputs.extend(further.iter().map(|is| input(is, program, body)));
    let statements = body.block(&program.body);
    let ending = wrapped(&function.output, kernel::result(program, body));
    let (generics, where_clause) = api::generics(function);
    let items = program.items.iter().map(|(_, item)| item);
    quote! {
        #[track_caller]
        fn #name<#generics>(#(#inputs),*) -> #returned #where_clause {
            #(#items)*
            #statements
            #ending
        }
    }
}

/// A tangent as a parameter.
pub(super) fn input(is: &ParamIs, program: &Program, body: &Body<'_>) -> TokenStream {
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
