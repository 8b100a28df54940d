//! The runtime's traits for `struct f`, where `f` is not generic and returns a float.

use super::signature::{one_or_tuple, tangent_type};
use super::tape::takes_floats;
use crate::ir::Elem;
use crate::parse::{Function, Param, Passing, Type, strip};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::visit_mut::{self, VisitMut};

/// Whether the runtime's traits fit: a float result, parameters of the same float, and no more of
/// them than the runtime implements its traits for.
pub(crate) fn is_objective(function: &Function) -> bool {
    let Type::Float(float) = &function.output else { return false };
    let widest = |ty: &Type| if let Type::Tuple(parts) = ty { parts.len() } else { 1 };
    let generics = &function.item.sig.generics.params;
    let is_generic = generics.iter().any(|p| !matches!(p, syn::GenericParam::Lifetime(_)));
    let has_name = |ty: &syn::Type| {
        let mut ty = ty;
        while let syn::Type::Reference(reference) = strip(ty) {
            ty = &reference.elem;
        }
        !matches!(strip(ty), syn::Type::ImplTrait(_))
    };
    // Under `via = tape` the gradient takes other closures than the function.
    let of_functions = function.options.derivative.is_by_tape()
        && function.params.iter().any(|p| takes_floats(&p.written, function));
    !is_generic
        && !of_functions
        && function.wrt().all(|p| fits(&p.ty, float, 0) && p.passing != Passing::Exclusive)
        && function.wrt().count() <= MOST_PARAMS
        && function.wrt().all(|p| widest(&p.ty) <= MOST_PARAMS)
        && function.params.iter().all(|p| has_name(&p.written))
}

/// Whether an owned value of a parameter's type can be passed for it, and is `Differentiable` over
/// this float. Structs are taken to be.
fn fits(ty: &Type, float: &Elem, depth: usize) -> bool {
    match ty {
        Type::Float(elem) | Type::Array(elem, _) => elem == float,
        Type::Tuple(parts) => parts.iter().all(|part| fits(part, float, depth + 1)),
        Type::Fixed(of, _) | Type::Vec(of) => fits(of, float, depth + 1),
        // Of a slice inside a vector or a tuple, the owned value is of another type.
        Type::Slice(of) => depth == 0 && fits(of, float, depth + 1),
        Type::Struct(_) => true,
        _ => false,
    }
}

/// `Differentiable` is implemented for tuples up to this length.
const MOST_PARAMS: usize = 8;

/// `impl Objective for f`, inside a macro that drops it where the runtime has no such trait.
pub(crate) fn objective(function: &Function) -> TokenStream {
    if !is_objective(function) {
        return TokenStream::new();
    }
    let name = &function.item.sig.ident;
    let (inputs, params): (Vec<&Param>, Vec<&Param>) = function.params.iter().partition(|p| !p.wrt);
    let input_types: Vec<TokenStream> = inputs.iter().map(|p| with_lifetime(&p.written)).collect();
    let param_types: Vec<TokenStream> = params.iter().map(|p| tangent_type(&p.ty)).collect();
    let (inputs_type, params_type) = (one_or_tuple(&input_types), one_or_tuple(&param_types));
    let value_type = tangent_type(&function.output);

    let input_names: Vec<Ident> = (0..inputs.len()).map(|k| format_ident!("__input_{k}")).collect();
    let param_names: Vec<Ident> = (0..params.len()).map(|k| format_ident!("__param_{k}")).collect();
    let grad_names: Vec<Ident> = (0..params.len()).map(|k| format_ident!("__grad_{k}")).collect();
    let pattern = |names: &[Ident]| {
        let names: Vec<TokenStream> = names.iter().map(|name| quote!(#name)).collect();
        one_or_tuple(&names)
    };
    let (bind_inputs, bind_params, bind_grads) =
        (pattern(&input_names), pattern(&param_names), pattern(&grad_names));
    let (mut next_input, mut next_param) = (input_names.iter(), param_names.iter());
    let arguments: Vec<TokenStream> = (function.params.iter())
        .map(|p| if p.wrt { pass(p, next_param.next()) } else { quote_name(next_input.next()) })
        .collect();
    let by_tape = function.options.tape.then(|| {
        quote! {
            fn tape_value_and_grad(&self, #bind_inputs: Self::Inputs<'_>, __params: &Self::Params)
                -> ::core::option::Option<(#value_type, Self::Params)>
            {
                let #bind_params = __params;
                ::core::option::Option::Some(Self::tape_value_and_grad(#(#arguments),*))
            }
        }
    });
    let has_tape =
        function.options.tape.then(|| quote!(impl ::chainrule::tape::HasTape for #name {}));
    quote! {
        ::chainrule::__objective! {
            #[allow(clippy::unused_unit, clippy::clone_on_copy, unused_variables)]
            impl ::chainrule::Objective for #name {
                type Inputs<'__a> = #inputs_type;
                type Params = #params_type;
                fn value(&self, #bind_inputs: Self::Inputs<'_>, __params: &Self::Params) -> #value_type {
                    let #bind_params = __params;
                    #name(#(#arguments),*)
                }
                fn value_and_grad_into(
                    &self,
                    #bind_inputs: Self::Inputs<'_>,
                    __params: &Self::Params,
                    __grad: &mut Self::Params,
                ) -> #value_type {
                    let #bind_params = __params;
                    let #bind_grads = __grad;
                    Self::value_and_grad_into(#(#arguments,)* #(#grad_names),*)
                }
                #by_tape
            }
            #has_tape
        }
    }
}

fn quote_name(name: Option<&Ident>) -> TokenStream {
    quote!(#name)
}

/// An owned parameter as the function takes it.
pub(super) fn pass(param: &Param, name: Option<&Ident>) -> TokenStream {
    let is_view = |ty: &syn::Type| {
        matches!(ty, syn::Type::Path(path)
            if path.path.segments.last().is_some_and(|s| s.ident.to_string().starts_with("ArrayView")))
    };
    match strip(&param.written) {
        syn::Type::Reference(reference) if is_view(&reference.elem) => quote!(&#name.view()),
        syn::Type::Reference(_) => quote!(#name),
        view if is_view(view) => quote!(#name.view()),
        _ => quote!(::core::clone::Clone::clone(#name)),
    }
}

/// A parameter's type with every lifetime, also the elided ones, written `'__a`.
fn with_lifetime(ty: &syn::Type) -> TokenStream {
    struct Lifetimes(syn::Lifetime);
    impl VisitMut for Lifetimes {
        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            reference.lifetime = Some(self.0.clone());
            visit_mut::visit_type_reference_mut(self, reference);
        }
        fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
            *lifetime = self.0.clone();
        }
        fn visit_path_segment_mut(&mut self, segment: &mut syn::PathSegment) {
            visit_mut::visit_path_segment_mut(self, segment);
            if !segment.ident.to_string().starts_with("ArrayView") {
                return;
            }
            if let syn::PathArguments::AngleBracketed(list) = &mut segment.arguments {
                let elided =
                    !list.args.iter().any(|arg| matches!(arg, syn::GenericArgument::Lifetime(_)));
                if elided {
                    list.args.insert(0, syn::GenericArgument::Lifetime(self.0.clone()));
                }
            }
        }
    }
    let mut ty = ty.clone();
    Lifetimes(syn::Lifetime::new("'__a", Span::call_site())).visit_type_mut(&mut ty);
    quote!(#ty)
}
