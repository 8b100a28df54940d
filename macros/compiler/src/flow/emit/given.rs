//! The public functions of a function whose derivative is a rule by hand, or taken by the tape.
//!
//! The rule is bound to a variable of the type that it must have, so that one of another type is
//! rustc's error where the attribute names it.
//!
//! ```text
//! pub fn vjp(x: f64, cotangent: f64) -> (f64, f64) {
//!     let rule: fn(f64, f64) -> (f64, f64) = softplus_vjp;
//!     rule(x, cotangent)
//! }
//! ```

use super::api::{attributes, overwrites};
use super::block::one_or_tuple;
use super::forward::{about_jvp, check, tangents, type_of_jvp};
use super::hessian::hessian_type;
use super::kernel::{succeeded, success, turbofish, where_clause, wrapped, wrapped_type};
use super::names::local;
use super::nested::{count, each, like, products};
use super::types::{self, Shown, owned};
use super::{arrays, matrix};
use crate::emit::element::{literal, zero};
use crate::emit::names::{Further, named};
use crate::emit::signature::tangent_type;
use crate::emit::tape::{generics_on_variables, on_variables};
use crate::ir::{Elem, Literal};
use crate::parse::{Derivative, Function, Param, Passing, Type};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;

/// The associated functions.
pub(super) fn functions(function: &Function) -> TokenStream {
    let api = Given { function };
    let mut out = TokenStream::new();
    if let Type::Float(_) = success(&function.output) {
        out.extend(api.value_and_grad());
        out.extend(api.in_place(false));
        out.extend(api.in_place(true));
    }
    out.extend(api.vjp());
    out.extend(function.has_jvp().then(|| api.jvp()));
    if let (Derivative::Partials(path), true) =
        (&function.options.derivative, function.has_second_by_rule())
    {
        out.extend(api.hvp(path));
        out.extend(function.options.hessian.is_some().then(|| api.hessian()));
    }
    out
}

struct Given<'f> {
    function: &'f Function,
}

/// A public function.
struct Public {
    doc: &'static str,
    base: &'static str,
    params: TokenStream,
    result: TokenStream,
    body: TokenStream,
    must_use: bool,
}

impl<'f> Given<'f> {
    /// The differentiated parameters, each with the local that holds its gradient.
    fn differentiated(&self) -> Vec<(&'f Param, Ident)> {
        let name = |k| local(&format!("grad_{k}"));
        self.function.wrt().enumerate().map(|(k, param)| (param, name(k))).collect()
    }

    fn public(&self, of: Public) -> TokenStream {
        let function = self.function;
        let vis = match &function.owner {
            Some(_) => function.item.vis.to_token_stream(),
            None => quote!(pub),
        };
        let (mut generics, bounds) = (function.item.sig.generics.clone(), where_clause(function));
        if function.options.derivative.is_by_tape() {
            generics_on_variables(&mut generics, &function.floats);
        }
        let generics = &generics.params;
        let Public { doc, base, params, result, body, must_use } = of;
        let (name, attributes) = (named(function, base), attributes(&function.output, must_use));
        quote! {
            #[doc = #doc]
            #attributes
            #vis fn #name<#generics>(#params) -> #result #bounds { #body }
        }
    }

    fn params(&self) -> TokenStream {
        let params = self.function.params.iter().map(|p| {
            let (name, ty) = (&p.name, &p.written);
            match self.function.options.derivative.is_by_tape() {
                true => {
                    let ty = on_variables(ty, &self.function.floats);
                    quote!(#name: #ty,)
                }
                false => quote!(#name: #ty,),
            }
        });
        params.collect()
    }

    /// The arguments, passed on.
    fn arguments(&self) -> Vec<TokenStream> {
        self.function.params.iter().map(|p| p.name.to_token_stream()).collect()
    }

    fn grad(&self) -> TokenStream {
        let parts: Vec<TokenStream> = self.function.wrt().map(|p| owned(&p.ty)).collect();
        one_or_tuple(&parts)
    }

    /// The types of value and gradient, together.
    fn both(&self) -> TokenStream {
        let (value, grad) = (owned(success(&self.function.output)), self.grad());
        wrapped_type(&self.function.output, quote!((#value, #grad)))
    }

    /// One of the other functions beside this one.
    fn sibling(&self, base: &str, arguments: &[TokenStream]) -> TokenStream {
        let (name, turbofish) = (named(self.function, base), turbofish(self.function));
        quote!(Self::#name #turbofish (#(#arguments),*))
    }

    /// A call of the rule for value and gradient, with further arguments of these types.
    fn rule(&self, path: &syn::Path, more: &[(TokenStream, TokenStream)]) -> TokenStream {
        self.rule_of(path, self.arguments(), more, &self.both())
    }

    /// A call of a rule that returns this type.
    fn rule_of(
        &self,
        path: &syn::Path,
        mut arguments: Vec<TokenStream>,
        more: &[(TokenStream, TokenStream)],
        returned: &TokenStream,
    ) -> TokenStream {
        arguments.extend(more.iter().map(|(argument, _)| argument.clone()));
        let written = self.function.params.iter().map(|p| p.written.to_token_stream());
        let types: Vec<TokenStream> =
            written.chain(more.iter().map(|(_, ty)| ty.clone())).collect();
        // The type of a pointer cannot be written with `impl Trait`.
        if types.iter().any(|ty| mentions(ty.clone(), "impl")) {
            return quote!(#path(#(#arguments),*));
        }
        let rule = local("rule");
        quote!({
            let #rule: fn(#(#types),*) -> #returned = #path;
            #rule(#(#arguments),*)
        })
    }

    fn vjp(&self) -> TokenStream {
        let function = self.function;
        let (mut params, mut further) = (self.params(), Further::beside(function));
        let mut more = Vec::new();
        let inner = success(&function.output);
        let cotangent = further.name("cotangent");
        if *inner != Type::Unit {
            more.push((cotangent.to_token_stream(), tangent_type(inner)));
        }
        for param in function.wrt().filter(|p| p.passing == Passing::Exclusive) {
            let name = further.of("ct_", &param.name);
            more.push((name.to_token_stream(), owned(&param.ty)));
        }
        params.extend(more.iter().map(|(name, ty)| quote!(#name: #ty,)));
        let body = match &function.options.derivative {
            Derivative::Vjp(path) => self.rule(path, &more),
            Derivative::Partials(path) => {
                let differentiated = self.differentiated();
                let scaled = differentiated.iter().map(|(param, grad)| {
                    types::scale(&param.ty, &grad.to_token_stream(), &quote!(#cotangent))
                });
                let names = differentiated.iter().map(|(_, grad)| quote!(mut #grad));
                let value = local("value");
                let bound = self.bound(&value, &names.collect::<Vec<_>>(), &self.rule(path, &[]));
                let grads: Vec<_> = differentiated.iter().map(|(_, grad)| grad).collect();
                let grad = one_or_tuple(&grads);
                let done = wrapped(&function.output, quote!((#value, #grad)));
                quote!(#bound #(#scaled)* #done)
            }
            Derivative::Tape(_) => {
                let mut arguments = self.arguments();
                arguments.extend(more.iter().map(|(name, _)| name.clone()));
                self.sibling("__by_tape", &arguments)
            }
            Derivative::Jvp(path) => self.by_directions(path, &cotangent),
            Derivative::Body => TokenStream::new(),
        };
        self.public(Public {
            doc: "The value, and the vector-Jacobian product: the gradient of the result's product\nwith `cotangent`.",
            base: "vjp",
            params,
            result: self.both(),
            body,
            must_use: true,
        })
    }

    /// The gradient by a rule for tangents, one direction after the other.
    fn by_directions(&self, path: &syn::Path, cotangent: &Ident) -> TokenStream {
        let function = self.function;
        let [n, all, first, row, value, tangent, sum] =
            ["n", "all", "first", "row", "value", "tangent", "sum"].map(local);
        let (elem, output) = (matrix::elem(function), success(&function.output));
        let zero_of_result = zero(&types::float(output).unwrap_or_else(|| elem.clone()));
        let zero = zero(&elem);
        let counts = function.wrt().map(|param| count(&param.ty, &matrix::place(param)));
        let types = function.wrt().map(|param| owned(&param.ty));
        let directions: Vec<_> = self.unit(&first, &row).into_iter().zip(types).collect();
        let arguments = self.copied_arguments();
        let run = self.rule_of(path, arguments, &directions, &type_of_jvp(function));
        let run = succeeded(function, &run);
        let added = products(output, &quote!(#cotangent), &quote!(#tangent), &sum);
        let next = quote!(#all.next().unwrap_or(#zero));
        let grads = function
            .wrt()
            .map(|param| arrays::of_param(param, &like(&param.ty, &matrix::place(param), &next)));
        let grad = one_or_tuple(&grads.collect::<Vec<_>>());
        let done = wrapped(&function.output, quote!((#value, #grad)));
        quote! {
            let #n: usize = 0usize #(+ #counts)*;
            let mut #all = ::std::vec::Vec::with_capacity(#n);
            let mut #first = 0usize;
            // Also where there is nothing to differentiate by, the rule is run for the value.
            let #value = loop {
                let mut #row = 0usize;
                let (#value, #tangent) = #run;
                let mut #sum = #zero_of_result;
                #added
                #all.push(#sum);
                #first += 1;
                if #first >= #n { break #value; }
            };
            let mut #all = #all.into_iter();
            #done
        }
    }

    /// Value and tangent, by a rule for them or by partial derivatives.
    fn jvp(&self) -> TokenStream {
        let function = self.function;
        let (tangents, returned) = (tangents(function), type_of_jvp(function));
        let more: Vec<(TokenStream, TokenStream)> = tangents
            .iter()
            .map(|(param, name)| (name.to_token_stream(), owned(&param.ty)))
            .collect();
        let mut params = self.params();
        params.extend(more.iter().map(|(name, ty)| quote!(#name: #ty,)));
        let checks = tangents.iter().map(|(param, name)| check(function, param, name));
        let checks: TokenStream = checks.collect();
        let body = match (&function.options.jvp_rule, &function.options.derivative) {
            (Some(path), _) => self.rule_of(path, self.arguments(), &more, &returned),
            (None, Derivative::Partials(path)) => {
                let (value, sum) = (local("value"), local("sum"));
                let differentiated = self.differentiated();
                let names = differentiated.iter().map(|(_, grad)| grad.to_token_stream());
                let names: Vec<TokenStream> = names.collect();
                let bound = self.bound(&value, &names, &self.rule(path, &[]));
                let zero = zero(&types::float(success(&function.output)).unwrap_or(Elem::F64));
                let added = names.iter().zip(&tangents).map(|(partial, (param, tangent))| {
                    products(&param.ty, partial, &quote!(#tangent), &sum)
                });
                let done = wrapped(&function.output, quote!((#value, #sum)));
                quote!(#bound let mut #sum = #zero; #(#added)* #done)
            }
            _ => TokenStream::new(),
        };
        self.public(Public {
            doc: about_jvp(function),
            base: "jvp",
            params,
            result: returned,
            body: quote!(#checks #body),
            must_use: true,
        })
    }

    /// Gradient and Hessian-vector product, by the `jvp` of the rule of partial derivatives.
    fn hvp(&self, rule: &syn::Path) -> TokenStream {
        let function = self.function;
        let (mut params, mut arguments) = (self.params(), self.arguments());
        let tangents = tangents(function);
        for (param, name) in &tangents {
            let ty = owned(&param.ty);
            params.extend(quote!(#name: #ty,));
            arguments.push(name.to_token_stream());
        }
        let checks = tangents.iter().map(|(param, name)| check(function, param, name));
        let jvp = self.jvp_of(rule);
        let run = succeeded(function, &quote!(#jvp(#(#arguments),*)));
        let (grad, product) = (local("grad"), local("product"));
        let both = self.grad();
        let done = wrapped(&function.output, quote!((#grad, #product)));
        self.public(Public {
            doc: "The gradient, and the Hessian-vector product: the derivative of the gradient in the\ndirection of the tangents.",
            base: "hvp",
            params,
            result: wrapped_type(&function.output, quote!((#both, #both))),
            body: quote!(#(#checks)* let ((_, #grad), (_, #product)) = #run; #done),
            must_use: true,
        })
    }

    /// The `jvp` beside a rule that is differentiated itself.
    fn jvp_of(&self, rule: &syn::Path) -> syn::Path {
        let mut jvp = rule.clone();
        let of_block = self.function.owner.is_some() && rule.segments[0].ident == "Self";
        match jvp.segments.last_mut() {
            Some(last) if of_block => {
                last.ident = format_ident!("{}_jvp", last.ident.unraw(), span = last.ident.span());
            }
            _ => {
                let span = rule.segments.last().map_or_else(Span::call_site, |s| s.ident.span());
                jvp.segments.iter_mut().for_each(|s| s.arguments = syn::PathArguments::None);
                jvp.segments.push(Ident::new("jvp", span).into());
            }
        }
        jvp
    }

    /// The Hessian, column by column.
    fn hessian(&self) -> TokenStream {
        let function = self.function;
        let [n, all, first, row, column] = ["n", "all", "first", "row", "column"].map(local);
        let zero = zero(&matrix::elem(function));
        let counts = function.wrt().map(|param| count(&param.ty, &matrix::place(param)));
        let mut arguments = self.copied_arguments();
        arguments.extend(self.unit(&first, &row));
        let run = succeeded(function, &self.sibling("hvp", &arguments));
        let parts: Vec<&Type> = function.wrt().map(|param| &param.ty).collect();
        let put = |value: &TokenStream| {
            quote! {
                #all.put(#row, #first, #value);
                #row += 1;
            }
        };
        let column_place = quote!(#column);
        let taken = matrix::parts(&parts, &column_place).map(|(ty, part)| each(ty, &part, &put));
        let rows: Vec<(&Type, TokenStream)> =
            function.wrt().map(|param| (&param.ty, matrix::place(param))).collect();
        let result = matrix::blocks(function, &rows, &all);
        let body = quote! {
            let #n: usize = 0usize #(+ #counts)*;
            let mut #all = ::chainrule::rt::Symmetric::new(#n, #zero);
            let mut #first = 0usize;
            // Also where there is nothing to differentiate by, the rule is run.
            loop {
                let mut #row = 0usize;
                let (_, #column) = #run;
                #row = 0;
                #(#taken)*
                #first += 1;
                if #first >= #n { break; }
            }
            #result
        };
        self.public(Public {
            doc: "The Hessian: the derivatives of the gradient by the differentiated parameters.",
            base: "hessian",
            params: self.params(),
            result: wrapped_type(&function.output, hessian_type(function)),
            body,
            must_use: true,
        })
    }

    /// The arguments, where they are passed on again later.
    fn copied_arguments(&self) -> Vec<TokenStream> {
        let params = self.function.params.iter();
        params.map(|param| matrix::copied_argument(param, param.name.to_token_stream())).collect()
    }

    /// Tangents that are one in the place of a number, and zero in all others; `row` counts.
    fn unit(&self, number: &Ident, row: &Ident) -> Vec<TokenStream> {
        let elem = matrix::elem(self.function);
        let (zero, one) = (zero(&elem), literal(&Literal::Float(1.0, None), &elem));
        let entry = quote!({
            #row += 1;
            if #row == #number + 1 { #one } else { #zero }
        });
        let tangents = self
            .function
            .wrt()
            .map(|param| arrays::of_param(param, &like(&param.ty, &matrix::place(param), &entry)));
        tangents.collect()
    }

    /// Binds value and gradients of a call; a failure leaves the function.
    fn bound(&self, value: &Ident, grads: &[TokenStream], call: &TokenStream) -> TokenStream {
        let call = succeeded(self.function, call);
        let grad = one_or_tuple(grads);
        quote!(let (#value, #grad) = #call;)
    }

    fn value_and_grad(&self) -> TokenStream {
        let function = self.function;
        let body = match &function.options.derivative {
            Derivative::Partials(path) => self.rule(path, &[]),
            _ => {
                let mut arguments = self.arguments();
                if let Type::Float(elem) = success(&function.output) {
                    arguments.push(literal(&Literal::Float(1.0, None), elem));
                }
                let (mut before, exclusive) =
                    (TokenStream::new(), |p: &&Param| p.passing == Passing::Exclusive);
                for (k, param) in function.wrt().filter(exclusive).enumerate() {
                    let (name, place) = (local(&format!("zeros_{k}")), &param.name);
                    let zeros = types::zeros_like(&param.ty, &quote!((*#place)));
                    before.extend(quote!(let #name = #zeros;));
                    arguments.push(name.to_token_stream());
                }
                let run = self.sibling("vjp", &arguments);
                quote!(#before #run)
            }
        };
        let both = self.public(Public {
            doc: "The value, and the gradient by the differentiated parameters.",
            base: "value_and_grad",
            params: self.params(),
            result: self.both(),
            body,
            must_use: true,
        });
        let run = self.sibling("value_and_grad", &self.arguments());
        let part = match &function.output {
            Type::Option(_) | Type::Result(..) => {
                let (value, grad) = (local("value"), local("grad"));
                quote!(#run.map(|(#value, #grad)| #grad))
            }
            _ => quote!(#run.1),
        };
        let grad = self.public(Public {
            doc: "The gradient by the differentiated parameters.",
            base: "grad",
            params: self.params(),
            result: wrapped_type(&function.output, self.grad()),
            body: part,
            must_use: true,
        });
        quote!(#both #grad)
    }

    fn in_place(&self, add: bool) -> TokenStream {
        let function = self.function;
        let (mut params, name) = (self.params(), function.name());
        let (mut before, mut after) = (TokenStream::new(), TokenStream::new());
        let mut further = Further::beside(function);
        let differentiated = self.differentiated();
        for (param, grad) in &differentiated {
            let (out, shown, ty) = (further.of("d_", &param.name), &param.name, owned(&param.ty));
            params.extend(quote!(#out: &mut #ty,));
            let (place, of) = (
                quote!((*#out)),
                match param.passing {
                    Passing::Value => quote!(#shown),
                    _ => quote!((*#shown)),
                },
            );
            before.extend(types::check(
                &param.ty,
                &name,
                &Shown { place: place.clone(), text: format!("the gradient buffer of `{shown}`") },
                &Shown { place: of, text: format!("`{shown}`") },
            ));
            after.extend(match add {
                true => types::add_all(Some(&param.ty), &place, &quote!(#grad)),
                false => quote!(#place = #grad;),
            });
        }
        let (value, run) = (local("value"), self.sibling("value_and_grad", &self.arguments()));
        let grads: Vec<TokenStream> =
            differentiated.iter().map(|(_, grad)| quote!(#grad)).collect();
        let bound = self.bound(&value, &grads, &run);
        let done = wrapped(&function.output, quote!(#value));
        self.public(Public {
            doc: overwrites(!add),
            base: if add { "value_and_grad_add_into" } else { "value_and_grad_into" },
            params,
            result: wrapped_type(&function.output, owned(success(&function.output))),
            body: quote!(#before #bound #after #done),
            must_use: false,
        })
    }
}

/// Whether a word is among the tokens.
fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}
