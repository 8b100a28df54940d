//! The public associated functions of `struct f`.

use super::arrays;
use super::block::one_or_tuple;
use super::kernel::{
    arguments, seed_arguments, succeeded, success, turbofish, wrapped, wrapped_type,
};
use super::names::local;
use super::types::{self, Shown, owned};
use crate::emit::element::{literal, zero};
use crate::emit::names::{Further, named};
use crate::emit::signature::tangent_type;
use crate::flow::ir::{Adjoint, Grad};
use crate::ir::{Elem, Literal};
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

/// The associated functions.
pub(super) fn functions(function: &Function, adjoint: &Adjoint) -> TokenStream {
    let api = Api { function, adjoint };
    let mut out = TokenStream::new();
    if let Type::Float(elem) = success(&function.output) {
        let one = literal(&Literal::Float(1.0, None), elem);
        out.extend(api.value_and_grad(&one));
        out.extend(api.in_place("value_and_grad_into", &one, false));
        out.extend(api.in_place("value_and_grad_add_into", &one, true));
    }
    out.extend(api.vjp());
    out
}

struct Api<'f> {
    function: &'f Function,
    adjoint: &'f Adjoint,
}

/// A differentiated parameter.
struct Differentiated<'f> {
    param: &'f Param,
    grad: &'f Grad,
    /// The local that holds its gradient.
    name: Ident,
}

impl Differentiated<'_> {
    /// The parameter, as a place.
    fn place(&self) -> TokenStream {
        let name = &self.param.name;
        match self.param.passing {
            Passing::Value => quote!(#name),
            _ => quote!((*#name)),
        }
    }

    fn is_memory(&self) -> bool {
        matches!(self.grad, Grad::Mem(_))
    }

    fn is_array(&self) -> bool {
        matches!(self.param.ty, Type::Array(..))
    }

    fn is_exclusive(&self) -> bool {
        self.param.passing == Passing::Exclusive
    }
}

impl<'f> Api<'f> {
    fn differentiated(&self) -> Vec<Differentiated<'f>> {
        let pairs = self.function.params.iter().zip(&self.adjoint.grads);
        pairs
            .filter(|(param, _)| param.wrt)
            .enumerate()
            .map(|(k, (param, grad))| {
                let name = local(&format!("grad_{k}"));
                Differentiated { param, grad, name }
            })
            .collect()
    }

    fn params(&self) -> TokenStream {
        params(self.function)
    }

    fn vis(&self) -> TokenStream {
        vis(self.function)
    }

    fn generics(&self) -> (TokenStream, TokenStream) {
        generics(self.function)
    }

    fn grad_type(&self) -> TokenStream {
        let parts: Vec<TokenStream> =
            self.differentiated().iter().map(|d| owned(&d.param.ty)).collect();
        one_or_tuple(&parts)
    }

    /// Runs the kernel: value and scalar gradients are bound; a failure leaves the function.
    fn run(&self, seeds: &[TokenStream], outs: &[TokenStream]) -> TokenStream {
        let (arguments, turbofish) =
            (arguments(self.function, &self.adjoint.program), turbofish(self.function));
        let kernel = named(self.function, "__adjoint");
        let run = quote!(Self::#kernel #turbofish (#(#arguments,)* #(#seeds,)* #(#outs),*));
        let value = local("value");
        let (before, after) = arrays::around(self.function);
        let outcome = local("outcome");
        let (before, run) = match after.is_empty() {
            true => (before, run),
            false => (quote!(#before let #outcome = #run; #after), quote!(#outcome)),
        };
        let run = succeeded(self.function, &run);
        let differentiated = self.differentiated();
        let scalars = differentiated.iter().filter(|d| matches!(d.grad, Grad::Value(_)));
        let scalars = scalars.map(|d| &d.name);
        quote!(#before let (#value, (#(#scalars,)*)) = #run;)
    }

    /// Runs the kernel into fresh buffers and returns value and gradient.
    fn with_fresh_buffers(&self, seeds: &[TokenStream], cotangents: &[Ident]) -> TokenStream {
        let differentiated = self.differentiated();
        let (mut buffers, mut outs) = (TokenStream::new(), Vec::new());
        let mut cotangents = cotangents.iter();
        for d in &differentiated {
            let (name, ty) = (&d.name, owned(&d.param.ty));
            let given = if d.is_exclusive() { cotangents.next() } else { None };
            match (d.grad, given) {
                (Grad::Value(_), _) => continue,
                (_, Some(cotangent)) if d.is_array() => {
                    let function = self.function.name();
                    let shown = d.param.name.to_string();
                    buffers.extend(types::check(
                        &d.param.ty,
                        &function,
                        &Shown {
                            place: quote!(#cotangent),
                            text: format!("the cotangent of `{shown}`"),
                        },
                        &Shown { place: d.place(), text: format!("`{shown}`") },
                    ));
                    buffers.extend(
                        quote!(let mut #name: #ty = ::chainrule::rt::standard(&#cotangent);),
                    );
                }
                (_, Some(cotangent)) => buffers.extend(quote!(let mut #name: #ty = #cotangent;)),
                (_, None) => {
                    let zeros = types::zeros_like(&d.param.ty, &d.place());
                    buffers.extend(quote!(let mut #name: #ty = #zeros;));
                }
            }
            match (d.is_memory(), d.is_array()) {
                (true, true) => outs.push(quote!(::chainrule::rt::slice_mut(&mut #name))),
                (true, false) => outs.push(quote!(&mut #name)),
                _ => {}
            }
        }
        let (run, value) = (self.run(seeds, &outs), local("value"));
        let names: Vec<&Ident> = differentiated.iter().map(|d| &d.name).collect();
        let grad = one_or_tuple(&names);
        let done = wrapped(&self.function.output, quote!((#value, #grad)));
        quote!(#buffers #run #done)
    }

    fn value_and_grad(&self, one: &TokenStream) -> TokenStream {
        let (vis, (generics, where_clause)) = (self.vis(), self.generics());
        let (params, grad) = (self.params(), self.grad_type());
        let output = &self.function.output;
        let value = owned(success(output));
        let both = wrapped_type(output, quote!((#value, #grad)));
        let grad = wrapped_type(output, grad);
        let body = self.with_fresh_buffers(std::slice::from_ref(one), &[]);
        let names: Vec<&Ident> = self.function.params.iter().map(|p| &p.name).collect();
        let turbofish = turbofish(self.function);
        let (name, grad_of) =
            (named(self.function, "value_and_grad"), named(self.function, "grad"));
        let both_of = quote!(Self::#name #turbofish (#(#names),*));
        let (value_name, grad_name) = (local("value"), local("grad"));
        let part = match output {
            Type::Option(_) | Type::Result(..) => {
                quote!(#both_of.map(|(#value_name, #grad_name)| #grad_name))
            }
            _ => quote!(#both_of.1),
        };
        let attributes = attributes(output, true);
        quote! {
            /// The value, and the gradient by the differentiated parameters.
            #attributes
            #vis fn #name<#generics>(#params) -> #both #where_clause { #body }

            /// The gradient by the differentiated parameters.
            #attributes
            #vis fn #grad_of<#generics>(#params) -> #grad #where_clause { #part }
        }
    }

    fn in_place(&self, name: &str, one: &TokenStream, add: bool) -> TokenStream {
        let (vis, (generics, where_clause)) = (self.vis(), self.generics());
        let (mut params, function) = (self.params(), self.function.name());
        let output = &self.function.output;
        let value = wrapped_type(output, owned(success(output)));
        let (mut before, mut after, mut outs) =
            (TokenStream::new(), TokenStream::new(), Vec::new());
        let mut further = Further::beside(self.function);
        for d in self.differentiated() {
            let shown = d.param.name.to_string();
            let out = further.of("d_", &d.param.name);
            let (ty, grad) = (owned(&d.param.ty), &d.name);
            params.extend(quote!(#out: &mut #ty,));
            let place = quote!((*#out));
            if let Grad::Value(_) = d.grad {
                after.extend(match add {
                    true => quote!(#place = #place + #grad;),
                    false => quote!(#place = #grad;),
                });
                continue;
            }
            before.extend(types::check(
                &d.param.ty,
                &function,
                &Shown { place: place.clone(), text: format!("the gradient buffer of `{shown}`") },
                &Shown { place: d.place(), text: format!("`{shown}`") },
            ));
            if add && d.is_exclusive() {
                // The kernel takes what such a buffer holds for a cotangent.
                let zeros = types::zeros_like(&d.param.ty, &d.place());
                before.extend(quote!(let mut #grad: #ty = #zeros;));
                after.extend(types::add_all(Some(&d.param.ty), &place, &quote!(#grad)));
                outs.push(match d.is_array() {
                    true => quote!(::chainrule::rt::slice_mut(&mut #grad)),
                    false => quote!(&mut #grad),
                });
                continue;
            }
            if !add {
                let zero = zero(&types::float(&d.param.ty).unwrap_or(Elem::F64));
                before.extend(types::fill(Some(&d.param.ty), &place, &zero));
            }
            match (d.is_memory(), d.is_array()) {
                (true, true) => {
                    let (ahead, given, behind) = arrays::buffer(grad, &out);
                    before.extend(ahead);
                    outs.push(given);
                    after.extend(behind);
                }
                (true, false) => outs.push(quote!(#out)),
                _ => {}
            }
        }
        let run = self.run(std::slice::from_ref(one), &outs);
        let done = local("value");
        let done = wrapped(output, quote!(#done));
        let doc = overwrites(!add);
        let (name, attributes) = (named(self.function, name), attributes(output, false));
        quote! {
            #[doc = #doc]
            #attributes
            #vis fn #name<#generics>(#params) -> #value #where_clause {
                #before
                #run
                #after
                #done
            }
        }
    }

    fn vjp(&self) -> TokenStream {
        let (vis, (generics, where_clause)) = (self.vis(), self.generics());
        let (mut params, grad) = (self.params(), self.grad_type());
        let output = &self.function.output;
        let value = owned(success(output));
        let both = wrapped_type(output, quote!((#value, #grad)));
        let (mut seeds, mut further) = (Vec::new(), Further::beside(self.function));
        if !self.adjoint.seed.is_unit() {
            let cotangent = further.name("cotangent");
            let tangent = tangent_type(success(output));
            params.extend(quote!(#cotangent: #tangent,));
            seed_arguments(&self.adjoint.seed, &quote!(#cotangent), &mut seeds);
        }
        let mut cotangents = Vec::new();
        for d in self.differentiated().iter().filter(|d| d.is_exclusive()) {
            let name = further.of("ct_", &d.param.name);
            let ty = owned(&d.param.ty);
            params.extend(quote!(#name: #ty,));
            cotangents.push(name);
        }
        let body = self.with_fresh_buffers(&seeds, &cotangents);
        let doc = match cotangents.is_empty() {
            true => {
                "The value, and the vector-Jacobian product: the gradient of the result's product\nwith `cotangent`."
            }
            false => {
                "The value, and the vector-Jacobian product: the gradient of the product of the result,\nand of what the exclusive references hold at the end, with their cotangents."
            }
        };
        let (name, attributes) = (named(self.function, "vjp"), attributes(output, true));
        quote! {
            #[doc = #doc]
            #attributes
            #vis fn #name<#generics>(#params) -> #both #where_clause { #body }
        }
    }
}

/// The documentation of a function that takes buffers, which it overwrites or adds to.
pub(super) fn overwrites(overwrites: bool) -> &'static str {
    match overwrites {
        true => {
            "The value; the given buffers are overwritten with the gradient.\n\n# Panics\nIf a buffer has another length than its parameter."
        }
        false => {
            "The value; the gradient is added to the given buffers.\n\n# Panics\nIf a buffer has another length than its parameter."
        }
    }
}

/// The parameters as the user wrote them, under plain names.
pub(super) fn params(function: &Function) -> TokenStream {
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty,)
    });
    params.collect()
}

/// A method's derivatives are as visible as the method; those of a function as its struct.
pub(super) fn vis(function: &Function) -> TokenStream {
    match &function.owner {
        Some(_) => function.item.vis.to_token_stream(),
        None => quote!(pub),
    }
}

/// The generic parameters, and the `where` clause.
pub(super) fn generics(function: &Function) -> (TokenStream, TokenStream) {
    let generics = &function.item.sig.generics;
    (generics.params.to_token_stream(), super::kernel::where_clause(function).to_token_stream())
}

/// The attributes of a public function.
pub(super) fn attributes(output: &Type, must_use: bool) -> TokenStream {
    let must_use = (must_use && !matches!(output, Type::Result(..))).then(|| quote!(#[must_use]));
    quote! {
        #[inline]
        #[track_caller]
        #must_use
        #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
    }
}
