//! The public associated functions of `struct f`.

use super::element::elem_type;
use super::generics_of;
use super::names::{Further, ident, named};
use super::signature::{Leaf, assemble, leaves, leaves_of, one_or_tuple, tangent_type};
use crate::driver::Tensors;
use crate::parse::{Function, Type};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::HashSet;

/// What every associated function is made of.
struct Api<'f> {
    function: &'f Function,
    leaves: Vec<Leaf<'f>>,
    has_arrays: bool,
}

/// The associated functions.
pub(super) fn functions(compiled: &Tensors<'_>) -> TokenStream {
    let function = compiled.function;
    let has_arrays = compiled.pullback.program.values.iter().any(|v| !v.shape.is_empty());
    let api = Api { function, leaves: leaves(function), has_arrays };
    let mut out = constants(compiled);
    if compiled.gradient.is_some() {
        out.extend(api.value_and_grad());
        out.extend(api.in_place("value_and_grad_into", false));
        out.extend(api.in_place("value_and_grad_add_into", true));
    }
    out.extend(api.vjp());
    out
}

/// Accessors of the user's constant expressions, through which callers reach them from elsewhere.
fn constants(compiled: &Tensors<'_>) -> TokenStream {
    let function = compiled.function;
    let (mut out, mut done) = (TokenStream::new(), HashSet::new());
    for foreign in &compiled.lowered.foreign {
        let program = &compiled.lowered;
        let name = &foreign.accessor;
        if !done.insert(name.to_string()) {
            continue;
        }
        let ty = elem_type(&program.value(foreign.value).elem);
        let locals: Vec<(Ident, TokenStream)> = (foreign.locals.iter())
            .map(|(name, id)| (ident(name), elem_type(&program.value(*id).elem)))
            .collect();
        let params = locals.iter().map(|(name, ty)| quote!(#name: #ty));
        let body = match &foreign.through {
            None => foreign.source.clone(),
            Some(path) => {
                let names = locals.iter().map(|(name, _)| name);
                quote!(#path(#(#names),*))
            }
        };
        let (params_of, where_of) = generics_of(function, quote!(#ty #body));
        out.extend(quote! {
            #[doc(hidden)]
            #[inline(always)]
            pub fn #name<#params_of>(#(#params),*) -> #ty #where_of { #body }
        });
    }
    out
}

impl Api<'_> {
    fn name(&self) -> String {
        self.function.name()
    }

    /// The parameters as the user wrote them, under plain names.
    fn params(&self) -> TokenStream {
        let params = self.function.params.iter().map(|p| {
            let (name, ty) = (&p.name, &p.written);
            quote!(#name: #ty)
        });
        quote!(#(#params),*)
    }

    fn generics(&self) -> (TokenStream, TokenStream) {
        let generics = &self.function.item.sig.generics;
        (generics.params.to_token_stream(), generics.where_clause.to_token_stream())
    }

    fn grad_type(&self) -> TokenStream {
        let parts: Vec<TokenStream> = self.function.wrt().map(|p| tangent_type(&p.ty)).collect();
        one_or_tuple(&parts)
    }

    fn array_leaves(&self) -> impl Iterator<Item = &Leaf<'_>> {
        self.leaves.iter().filter(|leaf| leaf.wrt && leaf.is_array())
    }

    fn scalar_leaves(&self) -> impl Iterator<Item = &Leaf<'_>> {
        self.leaves.iter().filter(|leaf| leaf.wrt && !leaf.is_array())
    }

    /// The call of a private function; `outs` are the places of array gradients.
    fn run(
        &self,
        kernel: &str,
        add: bool,
        seeds: &[TokenStream],
        outs: &[TokenStream],
    ) -> TokenStream {
        let kernel = Ident::new(kernel, Span::call_site());
        let arguments = self.leaves.iter().map(Leaf::argument);
        let floats = self.function.floats.iter().map(|f| ident(f));
        let turbofish = match (self.has_arrays, self.function.floats.is_empty()) {
            (true, _) => quote!(::<#(#floats,)* #add>),
            (false, false) => quote!(::<#(#floats),*>),
            (false, true) => quote!(),
        };
        quote!(Self::#kernel #turbofish(#(#arguments,)* #(#seeds,)* #(#outs),*))
    }

    /// Names for the returned leaves: results first, then gradients that are scalars.
    fn returned(&self) -> (Vec<Ident>, Vec<Ident>) {
        let results =
            (0..self.function.output.leaves().len()).map(|k| format_ident!("__result_{k}"));
        let scalars = (0..self.scalar_leaves().count()).map(|k| format_ident!("__grad_{k}"));
        (results.collect(), scalars.collect())
    }

    /// Runs a private function into fresh buffers and returns value and gradient.
    fn with_fresh_buffers(&self, kernel: &str, seeds: &[TokenStream]) -> TokenStream {
        let buffers: Vec<Ident> =
            (0..self.array_leaves().count()).map(|k| format_ident!("__buffer_{k}")).collect();
        let shapes = self.array_leaves().map(Leaf::argument);
        let outs: Vec<TokenStream> = buffers.iter().map(|b| quote!(&mut #b)).collect();
        let run = self.run(kernel, false, seeds, &outs);
        let (results, scalars) = self.returned();
        let mut result_leaves = results.iter().map(|name| quote!(#name));
        let value = assemble(&self.function.output, &mut result_leaves);
        let (mut next_buffer, mut next_scalar) = (buffers.iter(), scalars.iter());
        let mut leaves = self.leaves.iter().filter(|leaf| leaf.wrt).map(|leaf| {
            if leaf.is_array() {
                let name = next_buffer.next();
                quote!(#name)
            } else {
                let name = next_scalar.next();
                quote!(#name)
            }
        });
        let parts: Vec<TokenStream> =
            self.function.wrt().map(|p| assemble(&p.ty, &mut leaves)).collect();
        let grad = one_or_tuple(&parts);
        quote! {
            #(let mut #buffers = ::chainrule::rt::zeros_like(#shapes);)*
            let (#(#results,)* #(#scalars,)*) = #run;
            (#value, #grad)
        }
    }

    fn value_and_grad(&self) -> TokenStream {
        let (generics, where_clause) = self.generics();
        let (params, grad) = (self.params(), self.grad_type());
        let value = tangent_type(&self.function.output);
        let body = self.with_fresh_buffers("__gradient", &[]);
        let names = self.function.params.iter().map(|p| &p.name);
        let [both_of, grad_of] = ["value_and_grad", "grad"].map(|base| named(self.function, base));
        quote! {
            /// The value, and the gradient by the differentiated parameters.
            #[inline]
            #[track_caller]
            #[must_use]
            #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
            pub fn #both_of<#generics>(#params) -> (#value, #grad) #where_clause { #body }

            /// The gradient by the differentiated parameters.
            #[inline]
            #[track_caller]
            #[must_use]
            #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
            pub fn #grad_of<#generics>(#params) -> #grad #where_clause { Self::#both_of(#(#names),*).1 }
        }
    }

    fn in_place(&self, name: &str, add: bool) -> TokenStream {
        let (generics, where_clause) = self.generics();
        let params = self.params();
        let value = tangent_type(&self.function.output);
        let mut further = Further::beside(self.function);
        let mut out_params = TokenStream::new();
        let (mut outs, mut checks, mut assigned) =
            (Vec::new(), TokenStream::new(), TokenStream::new());
        let (results, scalars) = self.returned();
        let mut next_scalar = scalars.iter();
        for param in self.function.wrt() {
            let out = further.of("d_", &param.name);
            let ty = tangent_type(&param.ty);
            out_params.extend(quote!(, #out: &mut #ty));
            for leaf in leaves_of(param) {
                let place = leaf.place(&out);
                if leaf.is_array() {
                    let (function, argument) = (self.name(), leaf.argument());
                    let shown = format!("`{}`", leaf.shown);
                    let buffer = format!("the gradient buffer of {shown}");
                    checks.extend(quote! {
                        if #place.raw_dim() != (#argument).raw_dim() {
                            ::chainrule::rt::fail_shape(#function, #buffer, #place.shape(), #shown, (#argument).shape());
                        }
                    });
                    outs.push(if leaf.path.is_empty() { place } else { quote!(&mut #place) });
                } else {
                    let target = match (leaf.ty, leaf.path.is_empty()) {
                        (Type::Array(_, 0), _) => quote!(#place[()]),
                        (_, true) => quote!(*#place),
                        _ => place,
                    };
                    let scalar = next_scalar.next();
                    assigned.extend(match add {
                        true => quote!(#target = #target + #scalar;),
                        false => quote!(#target = #scalar;),
                    });
                }
            }
        }
        let run = self.run("__gradient", add, &[], &outs);
        let mut result_leaves = results.iter().map(|name| quote!(#name));
        let result = assemble(&self.function.output, &mut result_leaves);
        let doc = if add {
            "The value; the gradient is added to the given buffers.\n\n# Panics\nIf a buffer has another shape than its parameter."
        } else {
            "The value; the given buffers are overwritten with the gradient.\n\n# Panics\nIf a buffer has another shape than its parameter."
        };
        let name = named(self.function, name);
        quote! {
            #[doc = #doc]
            #[inline]
            #[track_caller]
            #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
            pub fn #name<#generics>(#params #out_params) -> #value #where_clause {
                #checks
                let (#(#results,)* #(#scalars,)*) = #run;
                #assigned
                #result
            }
        }
    }

    fn vjp(&self) -> TokenStream {
        let (generics, where_clause) = self.generics();
        let (params, grad) = (self.params(), self.grad_type());
        let value = tangent_type(&self.function.output);
        let cotangent = Further::beside(self.function).name("cotangent");
        let mut seeds = Vec::new();
        cotangent_leaves(&self.function.output, &quote!(#cotangent), &mut seeds);
        let body = self.with_fresh_buffers("__vjp", &seeds);
        let name = named(self.function, "vjp");
        quote! {
            /// The value, and the vector-Jacobian product: the gradient of the result's product
            /// with `cotangent`.
            #[inline]
            #[track_caller]
            #[must_use]
            #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
            pub fn #name<#generics>(#params, #cotangent: #value) -> (#value, #grad) #where_clause { #body }
        }
    }
}

fn cotangent_leaves(ty: &Type, place: &TokenStream, out: &mut Vec<TokenStream>) {
    match ty {
        Type::Tuple(parts) => {
            for (k, part) in parts.iter().enumerate() {
                let k = proc_macro2::Literal::usize_unsuffixed(k);
                cotangent_leaves(part, &quote!(#place.#k), out);
            }
        }
        Type::Array(_, 0) => out.push(quote!(#place[()])),
        Type::Array(..) => out.push(quote!(&#place)),
        _ => out.push(place.clone()),
    }
}
