//! The public functions of one whose structs of arrays are unpacked: they take the structs apart,
//! call those of the unpacked function, and put the gradient's parts into structs.

use super::api::{attributes, generics, overwrites, params, vis};
use super::block::one_or_tuple;
use super::kernel::{success, turbofish, wrapped_type};
use super::names::local;
use super::types::{owned, tokens};
use crate::emit::names::{Further, named};
use crate::emit::signature::tangent_type;
use crate::parse::{Function, Packed, Param, Passing, Type, Unpacked};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

/// The public functions, with the signatures of the function as the user wrote it; `vjp` takes a
/// cotangent of the result if there is one.
pub(crate) fn packed(function: &Function, unpacked: &Unpacked, has_cotangent: bool) -> TokenStream {
    let apart = Apart { function, unpacked };
    let mut out = TokenStream::new();
    if let Type::Float(_) = success(&function.output) {
        out.extend(apart.value_and_grad());
        out.extend(apart.in_place("value_and_grad_into", false));
        out.extend(apart.in_place("value_and_grad_add_into", true));
    }
    out.extend(apart.vjp(has_cotangent));
    out
}

struct Apart<'f> {
    /// The unpacked function.
    function: &'f Function,
    unpacked: &'f Unpacked,
}

impl<'f> Apart<'f> {
    fn of(&self) -> &'f Function {
        &self.unpacked.of
    }

    /// The parameters as the user wrote them, with what they are made of.
    fn packed(&self) -> impl Iterator<Item = (&'f Param, &'f Packed)> {
        self.of().params.iter().zip(&self.unpacked.params)
    }

    fn wrt(&self) -> impl Iterator<Item = (&'f Param, &'f Packed)> {
        self.packed().filter(|(param, _)| param.wrt)
    }

    /// The arguments of the unpacked function.
    fn arguments(&self) -> Vec<TokenStream> {
        let arguments = self.packed().flat_map(|(param, packed)| {
            let name = &param.name;
            packed.leaves().into_iter().map(move |(k, path)| {
                let place = place(name, &path);
                match (path.is_empty(), self.function.params[k].passing) {
                    (false, Passing::Shared) => quote!(&#place),
                    _ => place,
                }
            })
        });
        arguments.collect()
    }

    fn grad_type(&self) -> TokenStream {
        let parts: Vec<TokenStream> = self.wrt().map(|(param, _)| owned(&param.ty)).collect();
        one_or_tuple(&parts)
    }

    /// The gradient, of that of the unpacked function.
    fn gradient(&self, of: &Ident) -> TokenStream {
        let several = self.function.wrt().count() > 1;
        let mut next = 0;
        let mut part = || {
            let k = proc_macro2::Literal::usize_unsuffixed(next);
            next += 1;
            if several { quote!(#of.#k) } else { of.to_token_stream() }
        };
        let whole = local("whole");
        let mut parts = Vec::new();
        for (param, packed) in self.wrt() {
            let mut fields = TokenStream::new();
            for (k, path) in packed.leaves() {
                if self.function.params[k].wrt {
                    let (place, part) = (place(&whole, &path), part());
                    fields.extend(match path.is_empty() {
                        true => part,
                        false => quote!(#place = #part;),
                    });
                }
            }
            let (ty, name) = (owned(&param.ty), &param.name);
            parts.push(match packed {
                Packed::Param(_) => fields,
                Packed::Struct(..) => quote!({
                    let mut #whole: #ty = ::chainrule::rt::Tangent::zeros_like(#name);
                    #fields
                    #whole
                }),
            });
        }
        one_or_tuple(&parts)
    }

    /// A call of the unpacked function that returns value and gradient.
    fn both(&self, base: &str, further: &[TokenStream]) -> TokenStream {
        let (name, turbofish) = (named(self.function, base), turbofish(self.function));
        let arguments = self.arguments();
        let (value, parts) = (local("value"), local("parts"));
        let gradient = self.gradient(&parts);
        let call = quote!(Self::#name #turbofish (#(#arguments,)* #(#further),*));
        match self.of().output {
            Type::Option(_) | Type::Result(..) => {
                quote!(#call.map(|(#value, #parts)| (#value, #gradient)))
            }
            _ => quote!(let (#value, #parts) = #call; (#value, #gradient)),
        }
    }

    fn value_and_grad(&self) -> TokenStream {
        let of = self.of();
        let (vis, (generics, where_clause)) = (vis(of), generics(of));
        let (params, grad) = (params(of), self.grad_type());
        let value = owned(success(&of.output));
        let both = wrapped_type(&of.output, quote!((#value, #grad)));
        let grad = wrapped_type(&of.output, grad);
        let body = self.both("value_and_grad", &[]);
        let names = of.params.iter().map(|p| &p.name);
        let turbofish = turbofish(of);
        let (name, grad_of) = (named(of, "value_and_grad"), named(of, "grad"));
        let both_of = quote!(Self::#name #turbofish (#(#names),*));
        let part = match of.output {
            Type::Option(_) | Type::Result(..) => quote!(#both_of.map(|both| both.1)),
            _ => quote!(#both_of.1),
        };
        let attributes = attributes(&of.output, true);
        quote! {
            /// The value, and the gradient by the differentiated parameters.
            #attributes
            #vis fn #name<#generics>(#params) -> #both #where_clause { #body }

            /// The gradient by the differentiated parameters.
            #attributes
            #vis fn #grad_of<#generics>(#params) -> #grad #where_clause { #part }
        }
    }

    fn in_place(&self, base: &str, add: bool) -> TokenStream {
        let of = self.of();
        let (vis, (generics, where_clause)) = (vis(of), generics(of));
        let value = wrapped_type(&of.output, owned(success(&of.output)));
        let (mut params, mut arguments) = (params(of), self.arguments());
        let mut further = Further::beside(of);
        for (param, packed) in self.wrt() {
            let (out, ty) = (further.of("d_", &param.name), owned(&param.ty));
            params.extend(quote!(#out: &mut #ty,));
            let leaves = packed.leaves().into_iter();
            arguments.extend(leaves.filter(|(k, _)| self.function.params[*k].wrt).map(
                |(_, path)| match path.is_empty() {
                    true => out.to_token_stream(),
                    false => {
                        let place = place(&out, &path);
                        quote!(&mut #place)
                    }
                },
            ));
        }
        let (unpacked, turbofish) = (named(self.function, base), turbofish(of));
        let name = named(of, base);
        let (doc, attributes) = (overwrites(!add), attributes(&of.output, false));
        quote! {
            #[doc = #doc]
            #attributes
            #vis fn #name<#generics>(#params) -> #value #where_clause {
                Self::#unpacked #turbofish (#(#arguments),*)
            }
        }
    }

    fn vjp(&self, has_cotangent: bool) -> TokenStream {
        let of = self.of();
        let (vis, (generics, where_clause)) = (vis(of), generics(of));
        let (mut params, grad) = (params(of), self.grad_type());
        let value = owned(success(&of.output));
        let both = wrapped_type(&of.output, quote!((#value, #grad)));
        let (mut cotangents, mut further) = (Vec::new(), Further::beside(of));
        if has_cotangent {
            let (cotangent, ty) = (further.name("cotangent"), tangent_type(success(&of.output)));
            params.extend(quote!(#cotangent: #ty,));
            cotangents.push(cotangent.to_token_stream());
        }
        for (param, _) in self.wrt().filter(|(p, _)| p.passing == Passing::Exclusive) {
            let (name, ty) = (further.of("ct_", &param.name), owned(&param.ty));
            params.extend(quote!(#name: #ty,));
            cotangents.push(name.to_token_stream());
        }
        let (name, body) = (named(of, "vjp"), self.both("vjp", &cotangents));
        let attributes = attributes(&of.output, true);
        quote! {
            /// The value, and the vector-Jacobian product: the gradient of the result's product
            /// with `cotangent`.
            #attributes
            #vis fn #name<#generics>(#params) -> #both #where_clause { #body }
        }
    }
}

/// The field at the end of a path.
fn place(name: &Ident, path: &[&str]) -> TokenStream {
    let fields = path.iter().map(|field| tokens(field));
    quote!(#name #(.#fields)*)
}
