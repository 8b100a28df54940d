//! The private function that computes value and gradient in one go.
//!
//! ```text
//! fn __adjoint(x_m0: &[f64], b_1: f64, ct_9: f64, d_x_m3: &mut [f64]) -> (f64, (f64,)) {
//!     …
//!     (s_7, (ct_12,))
//! }
//! ```

use super::block::Body;
use super::names::{self, local};
use super::types::{self, Shown, owned};
use crate::emit::element::{elem_type, zero};
use crate::emit::names::{ident, named};
use crate::flow::ir::{Adjoint, Grad, MemId, Origin, ParamIs, Place, Program, Tree, Ty, V};
use crate::ir::Elem;
use crate::parse::{Function, Param, Passing, Type, strip};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;

/// What a function returns where it does not fail.
pub(crate) fn success(output: &Type) -> &Type {
    match output {
        Type::Option(of) | Type::Result(of, _) => of,
        other => other,
    }
}

/// A type or expression in the `Option` or `Result` that the function returns.
pub(crate) fn wrapped_type(output: &Type, ty: TokenStream) -> TokenStream {
    match output {
        Type::Option(_) => quote!(::core::option::Option<#ty>),
        Type::Result(_, error) => {
            let error = types::tokens(error);
            quote!(::core::result::Result<#ty, #error>)
        }
        _ => ty,
    }
}

/// A value in the `Some` or `Ok` that the function returns.
pub(crate) fn wrapped(output: &Type, value: TokenStream) -> TokenStream {
    match output {
        Type::Option(_) => quote!(::core::option::Option::Some(#value)),
        Type::Result(..) => quote!(::core::result::Result::Ok(#value)),
        _ => value,
    }
}

/// What a function results in; a failure leaves the one around it.
pub(super) fn succeeded(function: &Function, run: &TokenStream) -> TokenStream {
    let (done, error) = (local("done"), local("error"));
    match &function.output {
        Type::Option(_) => quote!(match #run {
            ::core::option::Option::Some(#done) => #done,
            ::core::option::Option::None => return ::core::option::Option::None,
        }),
        Type::Result(..) => quote!(match #run {
            ::core::result::Result::Ok(#done) => #done,
            ::core::result::Result::Err(#error) => return ::core::result::Result::Err(#error),
        }),
        _ => run.clone(),
    }
}

/// The kernel of an adjoint.
pub(super) fn adjoint(function: &Function, adjoint: &Adjoint) -> TokenStream {
    let program = &adjoint.program;
    let mut body = Body::new(program, &adjoint.used_behind());
    let mut inputs = parameters(function, program, &mut body);
    seeds(program, &adjoint.seed, &mut inputs);
    let name = function.name();
    if let Some(result) = &program.result {
        seed_checks(&name, &adjoint.seed, result, &mut body);
    }
    let (mut grads, mut grad_types) = (Vec::new(), Vec::new());
    let mut endings = Vec::new();
    let params = function.params.iter().zip(&program.params).zip(&adjoint.grads);
    for ((param, is), grad) in params {
        match (grad, is) {
            (Grad::Not, _) => {}
            (Grad::Value(value), _) => {
                let elem = types::float(&param.ty).unwrap_or(Elem::F64);
                grad_types.push(elem_type(&elem));
                endings.push((*value, elem));
            }
            (Grad::Mem(shadow), is) => {
                let ident = names::mem(program, *shadow);
                let ty = shadow_type(param.passing, *shadow, program, &body);
                grads.push(quote!(#ident: &mut #ty));
                if let (Passing::Exclusive, ParamIs::Mem(mem)) = (param.passing, is) {
                    exclusive_check(function, param, *mem, *shadow, &mut body);
                }
            }
        }
    }
    let statements = body.block(&program.body);
    let late = late_checks(&mut body);
    let scalars = endings.iter().map(|(value, elem)| match value {
        Some(value) => body.value(*value),
        None => zero(elem),
    });
    let scalars: Vec<TokenStream> = scalars.collect();
    let output = success(&function.output);
    let (result, result_type) = (result(program, &body), owned(output));
    let ending = match output {
        Type::Float(elem) if adjoint.tangents && endings.iter().all(|(_, of)| of == elem) => {
            side_by_side(&result, &scalars, &mut body)
        }
        _ => quote!((#result, (#(#scalars,)*))),
    };
    let ending = wrapped(&function.output, ending);
    let returned = wrapped_type(&function.output, quote!((#result_type, (#(#grad_types,)*))));
    let generics = &function.item.sig.generics;
    let (params, where_clause) = (&generics.params, where_clause(function));
    let name = named(function, "__adjoint");
    let items = program.items.iter().map(|(_, item)| item);
    quote! {
        #[inline]
        #[track_caller]
        fn #name<#params>(#(#inputs,)* #(#grads),*) -> #returned #where_clause {
            #(#items)*
            #statements
            #late
            #ending
        }
    }
}

/// Has the cotangent of an exclusive parameter checked to have the shape of what that holds at the
/// end.
pub(super) fn exclusive_check(
    function: &Function,
    param: &Param,
    mem: MemId,
    cotangent: MemId,
    body: &mut Body<'_>,
) {
    let shown = |mem: MemId, text: String| Shown { place: body.place(&Place::whole(mem)), text };
    let check = types::check(
        &body.program.at(mem).ty,
        &function.name(),
        &shown(cotangent, format!("the cotangent of `{}`", param.name)),
        &shown(mem, format!("`{}`", param.name)),
    );
    body.checks.insert(cotangent, check);
}

/// The checks of cotangents that no statement uses.
pub(super) fn late_checks(body: &mut Body<'_>) -> TokenStream {
    let mut late: Vec<_> = std::mem::take(&mut body.checks).into_iter().collect();
    late.sort_by_key(|(mem, _)| *mem);
    late.into_iter().map(|(_, check)| check).collect()
}

/// Value and derivatives, put down side by side.
///
/// Where tangents go round in a loop LLVM takes their operations by twos, beginning at where the
/// results are stored. Were that left to the caller, who may store the derivatives alone, it would
/// pair each tangent with the wrong one and shuffle in the loop: Lorenz takes 1.8 times the plain
/// function's time this way and 2.1 the other.
fn side_by_side(value: &TokenStream, scalars: &[TokenStream], body: &mut Body<'_>) -> TokenStream {
    let (kept, of) = (body.fresh("value"), scalars.iter().map(|_| body.fresh("d")));
    let of: Vec<Ident> = of.collect();
    quote!({
        let [#kept, #(#of),*] = ::core::hint::black_box([#value, #(#scalars),*]);
        (#kept, (#(#of,)*))
    })
}

/// A program as a function that only computes the value: `fn __primal(…)`, with the signature of
/// the function.
pub(super) fn primal(function: &Function, program: &Program) -> TokenStream {
    let mut body = Body::new(program, &[]);
    let inputs = parameters(function, program, &mut body);
    let statements = body.block(&program.body);
    let ending = wrapped(&function.output, result(program, &body));
    let returned = wrapped_type(&function.output, owned(success(&function.output)));
    let generics = &function.item.sig.generics;
    let (params, where_clause) = (&generics.params, where_clause(function));
    let outer = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let arguments = arguments(function, program);
    let turbofish = turbofish(function);
    quote! {
        fn __primal<#params>(#(#outer),*) -> #returned #where_clause {
            #[inline]
            fn __value<#params>(#(#inputs),*) -> #returned #where_clause {
                #statements
                #ending
            }
            __value #turbofish (#(#arguments),*)
        }
    }
}

/// The `where` clause of what is generated: floats inside structs have tangents of their own.
pub(super) fn where_clause(function: &Function) -> Option<syn::WhereClause> {
    let mut generics = function.item.sig.generics.clone();
    let structs = function.params.iter().any(|param| !param.ty.structs().is_empty())
        || !function.output.structs().is_empty();
    if structs && function.owner.is_none() && !function.floats.is_empty() {
        let clause = generics.make_where_clause();
        for float in &function.floats {
            let float = ident(float);
            clause.predicates.push(syn::parse_quote!(#float: ::chainrule::rt::Tangent));
        }
    }
    if function.options.derivative.is_by_tape() {
        crate::emit::tape::generics_on_variables(&mut generics, &function.floats);
        for float in function.floats.iter().filter(|_| function.owner.is_none()) {
            let float = ident(float);
            let clause = generics.make_where_clause();
            clause.predicates.push(syn::parse_quote!(#float: ::chainrule::tape::Real));
        }
    }
    generics.where_clause
}

/// Whether a parameter travels by value though it is written as a reference.
pub(super) fn is_dereferenced(function: &Function, program: &Program, k: usize) -> bool {
    match &program.params[k] {
        ParamIs::Value(v) => {
            function.params[k].passing == Passing::Shared
                && matches!(program.of(*v).ty, Ty::Float(_) | Ty::Bool | Ty::Int(_))
        }
        ParamIs::Mem(_) => false,
    }
}

/// The extents of a parameter that is an `ndarray` array, as the kernel takes them.
pub(crate) fn shape_of(param: &Param) -> Ident {
    names::local(&format!("{}_shape", param.name.unraw()))
}

/// The parameters as the kernel takes them: an `ndarray` array as its extents and its elements in
/// row-major order.
pub(super) fn parameters(
    function: &Function,
    program: &Program,
    body: &mut Body<'_>,
) -> Vec<TokenStream> {
    parameters_with(function, program, body, &|name, mutable, elem| {
        let mutable = mutable.then(|| quote!(mut));
        quote!(#name: &#mutable [#elem])
    })
}

/// The same, where the elements of arrays are taken in another way: given are their name, whether
/// they are changed, and their type.
pub(super) fn parameters_with(
    function: &Function,
    program: &Program,
    body: &mut Body<'_>,
    elements: &dyn Fn(&Ident, bool, TokenStream) -> TokenStream,
) -> Vec<TokenStream> {
    let mut inputs = Vec::new();
    for (k, (param, is)) in function.params.iter().zip(&program.params).enumerate() {
        let written = param.written.to_token_stream();
        let input = match is {
            ParamIs::Value(v) => {
                let name = names::value(program, *v);
                let of = program.of(*v);
                let ty = match (&of.ty, is_dereferenced(function, program, k)) {
                    (Ty::Float(elem), _) if param.passing != Passing::Exclusive => elem_type(elem),
                    (Ty::Bool, true) => quote!(bool),
                    (Ty::Int(Some(name)), true) => elem_type(&Elem::Int(name.clone())),
                    (_, true) => pointee(&param.written),
                    _ => written,
                };
                if param.passing == Passing::Exclusive {
                    body.reborrowed.push(*v);
                }
                if is_abstract(function, &param.written) {
                    body.lent.push(*v);
                }
                let mutable = of.object.then(|| quote!(mut));
                quote!(#mutable #name: #ty)
            }
            ParamIs::Mem(mem) if super::arrays::is_array(&param.ty) => {
                let (name, shape) = (names::mem(program, *mem), shape_of(param));
                let (Type::Array(_, rank) | Type::Passive(_, rank)) = &param.ty else { continue };
                let Some(elem) = super::arrays::element(&param.ty) else { continue };
                let rank = Literal::usize_unsuffixed(*rank);
                inputs.push(quote!(#shape: [usize; #rank]));
                elements(&name, param.passing == Passing::Exclusive, elem)
            }
            ParamIs::Mem(mem) => {
                let name = names::mem(program, *mem);
                let mutable = (program.at(*mem).origin == Origin::Owned).then(|| quote!(mut));
                quote!(#mutable #name: #written)
            }
        };
        inputs.push(input);
    }
    inputs
}

/// Whether a type is `impl Trait` or a type parameter that is no float.
fn is_abstract(function: &Function, ty: &syn::Type) -> bool {
    match strip(ty) {
        syn::Type::ImplTrait(_) => true,
        syn::Type::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| function.passive.iter().any(|(param, _)| name == param)),
        _ => false,
    }
}

/// The type behind a reference.
fn pointee(ty: &syn::Type) -> TokenStream {
    match strip(ty) {
        syn::Type::Reference(reference) => reference.elem.to_token_stream(),
        other => other.to_token_stream(),
    }
}

/// The parameters of the function as arguments of the kernel.
pub(super) fn arguments(function: &Function, program: &Program) -> Vec<TokenStream> {
    (0..function.params.len()).flat_map(|k| argument(function, program, k)).collect()
}

/// One parameter as arguments of the kernel.
pub(super) fn argument(function: &Function, program: &Program, k: usize) -> Vec<TokenStream> {
    let (name, ty) = (&function.params[k].name, &function.params[k].ty);
    match (ty, is_dereferenced(function, program, k)) {
        (Type::Array(..) | Type::Passive(..), _) => super::arrays::arguments(k),
        (_, true) => vec![quote!(*#name)],
        (_, false) => vec![quote!(#name)],
    }
}

/// The generic arguments of the kernel; where there is an `impl Trait` they are inferred.
pub(super) fn turbofish(function: &Function) -> TokenStream {
    let mut names = Vec::new();
    for param in &function.item.sig.generics.params {
        match param {
            syn::GenericParam::Type(param) => names.push(&param.ident),
            syn::GenericParam::Const(param) => names.push(&param.ident),
            syn::GenericParam::Lifetime(_) => {}
        }
    }
    match names.is_empty() {
        true => TokenStream::new(),
        false => quote!(::<#(#names),*>),
    }
}

/// The type behind the reference by which a gradient's memory is passed.
pub(super) fn shadow_type(
    passing: Passing,
    shadow: MemId,
    program: &Program,
    body: &Body<'_>,
) -> TokenStream {
    let ty = &program.at(shadow).ty;
    let grows = passing == Passing::Exclusive || body.facts.resized.contains(&shadow);
    match ty {
        Type::Slice(of) => {
            let of = owned(of);
            quote!([#of])
        }
        Type::Vec(of) if !grows => {
            let of = owned(of);
            quote!([#of])
        }
        ty => owned(ty),
    }
}

/// The parts of the result's cotangent as parameters.
pub(super) fn seeds(program: &Program, seed: &Tree, inputs: &mut Vec<TokenStream>) {
    match seed {
        Tree::Unit => {}
        Tree::Value(v) => {
            let name = names::value(program, *v);
            let ty = program.float(*v).map(elem_type);
            inputs.push(quote!(#name: #ty));
        }
        Tree::Place(place) => {
            let name = names::mem(program, place.mem);
            let ty = owned(&program.at(place.mem).ty);
            inputs.push(quote!(mut #name: #ty));
        }
        Tree::Array(place, extents) => {
            let (shape, rank) = (seed_shape(program, place.mem), extents.len());
            inputs.push(quote!(#shape: [usize; #rank]));
            seeds(program, &Tree::Place(place.clone()), inputs);
        }
        Tree::Tuple(parts) => parts.iter().for_each(|part| seeds(program, part, inputs)),
        Tree::Success(inner) => seeds(program, inner, inputs),
    }
}

/// The extents of a cotangent that is an array.
fn seed_shape(program: &Program, seed: MemId) -> Ident {
    format_ident!("{}_shape", names::mem(program, seed))
}

pub(super) fn seed_checks(function: &str, seed: &Tree, result: &Tree, body: &mut Body<'_>) {
    match (seed, result) {
        (Tree::Success(seed), result) => seed_checks(function, seed, result, body),
        (seed, Tree::Success(result)) => seed_checks(function, seed, result, body),
        (Tree::Tuple(seeds), Tree::Tuple(results)) => {
            for (seed, result) in seeds.iter().zip(results) {
                seed_checks(function, seed, result, body);
            }
        }
        (Tree::Array(seed, _), Tree::Array(_, extents)) => {
            let shape = seed_shape(body.program, seed.mem);
            let extents: Vec<TokenStream> = extents.iter().map(|v| body.value(*v)).collect();
            let check = quote!(::chainrule::rt::check_shape(#function, "`cotangent`", &#shape, "the result", &[#(#extents),*]););
            body.checks.insert(seed.mem, check);
        }
        (Tree::Place(seed), Tree::Place(result)) => {
            let shown = |place: &Place, text: &str| Shown {
                place: body.place(place),
                text: text.to_string(),
            };
            let (seed_shown, result) = (shown(seed, "`cotangent`"), shown(result, "the result"));
            let ty = &body.program.at(seed.mem).ty;
            let check = types::check(ty, function, &seed_shown, &result);
            body.checks.insert(seed.mem, check);
        }
        _ => {}
    }
}

/// What the program returns.
pub(super) fn result(program: &Program, body: &Body<'_>) -> TokenStream {
    let mut mems = Vec::new();
    let Some(tree) = &program.result else { return quote!(()) };
    tree.places(&mut |place| mems.push(place.mem));
    built(tree, &mems, body)
}

/// The same as copies, where what it is made of is used again.
pub(super) fn copied_result(program: &Program, body: &Body<'_>) -> TokenStream {
    fn copied(tree: &Tree, body: &Body<'_>) -> TokenStream {
        match tree {
            Tree::Unit => quote!(()),
            Tree::Value(v) => body.moved(*v),
            Tree::Place(place) => body.copied(place),
            Tree::Array(place, extents) => array(extents, &body.copied(place), body),
            Tree::Tuple(parts) => {
                let parts = parts.iter().map(|part| copied(part, body));
                quote!((#(#parts,)*))
            }
            Tree::Success(inner) => copied(inner, body),
        }
    }
    program.result.as_ref().map_or_else(|| quote!(()), |tree| copied(tree, body))
}

/// The types of the parts of the result's cotangent.
pub(super) fn seed_types(program: &Program, seed: &Tree) -> Vec<TokenStream> {
    match seed {
        Tree::Unit => vec![],
        Tree::Value(v) => program.float(*v).map(elem_type).into_iter().collect(),
        Tree::Place(place) => vec![owned(&program.at(place.mem).ty)],
        Tree::Array(place, extents) => {
            let rank = extents.len();
            vec![quote!([usize; #rank]), owned(&program.at(place.mem).ty)]
        }
        Tree::Tuple(parts) => parts.iter().flat_map(|part| seed_types(program, part)).collect(),
        Tree::Success(inner) => seed_types(program, inner),
    }
}

/// An array from its elements.
fn array(extents: &[V], elements: &TokenStream, body: &Body<'_>) -> TokenStream {
    let rank = Literal::usize_unsuffixed(extents.len());
    let extents = extents.iter().map(|v| body.value(*v));
    quote!(::chainrule::rt::from_flat::<_, #rank, _>([#(#extents),*], #elements))
}

fn built(tree: &Tree, mems: &[MemId], body: &Body<'_>) -> TokenStream {
    match tree {
        Tree::Unit => quote!(()),
        Tree::Value(v) => body.moved(*v),
        Tree::Place(place) => {
            let owned = matches!(body.program.at(place.mem).origin, Origin::Local | Origin::Owned);
            let once = mems.iter().filter(|mem| **mem == place.mem).count() == 1;
            match place.proj.is_empty() && owned && once && !body.lazy.contains_key(&place.mem) {
                true => body.place(place),
                false => body.copied(place),
            }
        }
        Tree::Array(place, extents) => {
            array(extents, &built(&Tree::Place(place.clone()), mems, body), body)
        }
        Tree::Tuple(parts) => {
            let parts = parts.iter().map(|part| built(part, mems, body));
            quote!((#(#parts,)*))
        }
        Tree::Success(inner) => built(inner, mems, body),
    }
}

/// The parts of a cotangent, taken from a value of the result's tangent type, in order.
pub(super) fn seed_arguments(seed: &Tree, from: &TokenStream, out: &mut Vec<TokenStream>) {
    match seed {
        Tree::Unit => {}
        Tree::Value(_) | Tree::Place(_) => out.push(from.clone()),
        Tree::Array(..) => {
            out.push(quote!(::chainrule::rt::extents(&#from)));
            out.push(quote!(::chainrule::rt::into_flat(#from)));
        }
        Tree::Tuple(parts) => {
            for (k, part) in parts.iter().enumerate() {
                seed_arguments(part, &types::field(from, &k.to_string()), out);
            }
        }
        Tree::Success(inner) => seed_arguments(inner, from, out),
    }
}
