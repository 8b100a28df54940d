//! One derivative as a private function: shapes are checked, arrays become slices, and the loops
//! run in a kernel that is compiled for every vector width.
//!
//! ```text
//! fn __gradient<const ADD: bool>(x: &ArrayRef<f32, Ix2>, …, b: f32, d_w: &mut ArrayRef<f32, Ix1>)
//!     -> (f32, f32)
//! {
//!     …dimensions, checks…
//!     struct Kernel<'k> { x: &'k [f32], …, n: usize, d_w: &'k mut [f32] }
//!     impl rt::Kernel for Kernel<'_> { fn run(self) -> (f32, f32) { …loops… } }
//!     rt::dispatch(Kernel { … })
//! }
//! ```

use super::element::{elem_type, literal, zero};
use super::loops::Loops;
use super::names::{Namer, Symbols, ident};
use super::shapes::{checks, dimensions};
use super::signature::{Leaf, leaves, tangent_type};
use crate::driver::Version;
use crate::ir::{Affine, DimId, Elem, Index, Kind, Literal, Op, Program, ValueId};
use crate::nest::Storage;
use crate::parse::{Function, Type};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::BTreeSet;

/// Emits the private function `name` for a version of the derivative; where the version's shape
/// assumptions fail, it calls `otherwise`, with a cotangent of one if it has none of its own.
pub(super) fn kernel(
    function: &Function,
    version: &Version,
    name: &str,
    otherwise: Option<&str>,
) -> TokenStream {
    let program = &version.program;
    let owner = &function.item.sig.ident;
    let mut namer = Namer::default();
    let symbols = Symbols::new(program, &mut namer);
    let leaves = leaves(function);
    let grads = grads(program, &leaves, &mut namer);
    let emitted = |nest| {
        let mut loops = Loops::new(program, nest, &symbols, namer.clone(), quote!(#owner));
        let run = loops.outermost(&nest.items);
        Run { loops, run }
    };
    let emitter = Emitter {
        function,
        version,
        name: Ident::new(name, Span::call_site()),
        symbols: &symbols,
        run: emitted(&version.nest),
        small: version.small.as_ref().map(emitted),
        grads,
        results: function
            .output
            .leaves()
            .into_iter()
            .zip(program.results.iter().copied())
            .collect(),
        inputs: leaves.len(),
        floats: function.floats.iter().map(|f| ident(f)).collect(),
    };
    if program.values.iter().all(|value| value.shape.is_empty()) {
        emitter.scalar_function(&leaves)
    } else {
        emitter.array_function(&leaves, otherwise)
    }
}

/// The gradient by one leaf of a differentiated parameter.
struct Grad<'f> {
    ty: &'f Type,
    param: ValueId,
    /// Its value; nothing where nothing flows.
    value: Option<ValueId>,
    /// The array it is written to; nothing for a scalar, which is returned.
    out: Option<Ident>,
}

fn grads<'f>(program: &Program, leaves: &[Leaf<'f>], namer: &mut Namer) -> Vec<Grad<'f>> {
    let differentiated = leaves.iter().filter(|leaf| leaf.wrt);
    differentiated
        .zip(&program.grads)
        .map(|(leaf, &(param, value))| {
            let out = leaf.is_array().then(|| namer.fresh(&format!("d_{}", leaf.shown)));
            Grad { ty: leaf.ty, param, value, out }
        })
        .collect()
}

/// A field of the kernel: its name, its type, and what it is filled with.
struct Field {
    name: Ident,
    ty: TokenStream,
    value: TokenStream,
}

/// A nest's loops as they are emitted.
struct Run<'e> {
    loops: Loops<'e>,
    run: TokenStream,
}

struct Emitter<'e, 'f> {
    function: &'f Function,
    version: &'e Version,
    name: Ident,
    symbols: &'e Symbols,
    run: Run<'e>,
    /// What runs where all matrices are small, if there are products of matrices.
    small: Option<Run<'e>>,
    grads: Vec<Grad<'f>>,
    results: Vec<(&'f Type, ValueId)>,
    /// How many of the program's parameters are the function's; the others are cotangents.
    inputs: usize,
    floats: Vec<Ident>,
}

impl Emitter<'_, '_> {
    fn program(&self) -> &Program {
        &self.version.program
    }

    fn seeds(&self) -> &[ValueId] {
        &self.program().params[self.inputs..]
    }

    /// The parameters: leaves, then cotangents.
    fn inputs(&self, leaves: &[Leaf<'_>]) -> TokenStream {
        let types = leaves.iter().map(|leaf| leaf.ty).chain(self.results.iter().map(|(ty, _)| *ty));
        let input = |(ty, &id): (&Type, &ValueId)| {
            let name = self.symbols.param(id);
            match ty {
                Type::Array(elem, rank) if *rank > 0 => {
                    let (elem, dim) = (elem_type(elem), format_ident!("Ix{rank}"));
                    quote!(#name: &::chainrule::rt::ArrayRef<#elem, ::chainrule::rt::#dim>,)
                }
                _ => {
                    let ty = elem_type(&self.program().value(id).elem);
                    quote!(#name: #ty,)
                }
            }
        };
        types.zip(&self.program().params).map(input).collect()
    }

    fn scalar_results(&self) -> impl Iterator<Item = &(&Type, ValueId)> {
        self.results.iter().filter(|(ty, _)| !is_array(ty))
    }

    fn scalar_grads(&self) -> impl Iterator<Item = &Grad<'_>> {
        self.grads.iter().filter(|grad| grad.out.is_none())
    }

    fn array_grads(&self) -> impl Iterator<Item = (&Grad<'_>, &Ident)> {
        self.grads.iter().filter_map(|grad| Some((grad, grad.out.as_ref()?)))
    }

    /// The scalars that the loops leave behind: results, then gradients.
    fn scalars(&self, loops: &Loops<'_>) -> Vec<TokenStream> {
        let results = self.scalar_results().map(|&(_, id)| loops.scalar(id));
        let grads = self.scalar_grads().map(|grad| match grad.value {
            Some(value) => loops.scalar(value),
            None => zero(&self.program().value(grad.param).elem),
        });
        results.chain(grads).collect()
    }

    fn scalar_types(&self) -> Vec<TokenStream> {
        let results = self.scalar_results().map(|(ty, _)| scalar_type(ty));
        results.chain(self.scalar_grads().map(|grad| scalar_type(grad.ty))).collect()
    }

    /// What the function returns: results, then gradients that are scalars.
    fn returned(&self) -> TokenStream {
        let results = self.results.iter().map(|(ty, _)| match is_array(ty) {
            true => tangent_type(ty),
            false => scalar_type(ty),
        });
        let grads = self.scalar_grads().map(|grad| scalar_type(grad.ty));
        quote!((#(#results,)* #(#grads,)*))
    }

    /// A function without arrays: locals, top to bottom.
    fn scalar_function(&self, leaves: &[Leaf<'_>]) -> TokenStream {
        let (name, inputs, returned) = (&self.name, self.inputs(leaves), self.returned());
        let generics = &self.function.item.sig.generics;
        let (params, where_clause) = (&generics.params, &generics.where_clause);
        let (scalars, run) = (self.scalars(&self.run.loops), &self.run.run);
        quote! {
            #[inline]
            #[allow(clippy::too_many_arguments)]
            fn #name<#params>(#inputs) -> #returned #where_clause {
                #run
                (#(#scalars,)*)
            }
        }
    }

    /// A function of arrays: checks, then a kernel over slices.
    fn array_function(&self, leaves: &[Leaf<'_>], otherwise: Option<&str>) -> TokenStream {
        let (name, inputs, returned) = (&self.name, self.inputs(leaves), self.returned());
        let generics = &self.function.item.sig.generics;
        let (params, where_clause) = (&generics.params, &generics.where_clause);
        let comma = (!params.is_empty() && !params.trailing_punct()).then(|| quote!(,));
        let outs = self.array_grads().map(|(grad, out)| {
            let Type::Array(elem, rank) = grad.ty else { return TokenStream::new() };
            let (elem, dim) = (elem_type(elem), format_ident!("Ix{rank}"));
            quote!(#out: &mut ::chainrule::rt::ArrayRef<#elem, ::chainrule::rt::#dim>,)
        });

        let dims = dimensions(self.program(), self.symbols, self.program().params.iter());
        let fallback = otherwise.map(|otherwise| self.fallback(otherwise));
        let checks = checks(self.function, self.program(), self.symbols);
        let cotangents = self.check_cotangents();
        let input_slices = self.input_slices();
        let slices = self.output_slices();
        let (allocations, buffers) = self.result_buffers();
        let mut kernel = self.kernel(&self.run, &buffers);
        if let Some(small) = &self.small {
            let (condition, small) = (self.are_small(), self.kernel(small, &buffers));
            kernel = quote!(if #condition #small else #kernel);
        }

        let scalars: Vec<Ident> =
            (0..self.scalar_types().len()).map(|k| format_ident!("__scalar_{k}")).collect();
        let mut next_scalar = scalars.iter();
        let mut values: Vec<&Ident> = Vec::new();
        for buffer in &buffers {
            values.extend(buffer.as_ref().or_else(|| next_scalar.next()));
        }
        values.extend(next_scalar);
        quote! {
            #[inline]
            #[track_caller]
            #[allow(clippy::too_many_arguments)]
            fn #name<#params #comma const ADD: bool>(#inputs #(#outs)*) -> #returned #where_clause {
                #dims
                #fallback
                #checks
                #cotangents
                #input_slices
                #slices
                #allocations
                let (#(#scalars,)*) = #kernel;
                (#(#values,)*)
            }
        }
    }

    fn turbofish(&self) -> TokenStream {
        let floats = &self.floats;
        quote!(::<#(#floats,)* ADD>)
    }

    /// The call of the version for all other shapes, where this version's assumptions fail.
    fn fallback(&self, otherwise: &str) -> TokenStream {
        let otherwise = Ident::new(otherwise, Span::call_site());
        let conditions = self.program().assumed.iter().map(|&(a, b)| {
            let (a, b) = (self.symbols.dim(a), self.symbols.dim(b));
            quote!(#a == #b)
        });
        let arguments = self.program().params.iter().map(|&id| self.symbols.param(id));
        let ones = self.results.iter().filter_map(|(ty, _)| match ty {
            Type::Float(elem) if self.seeds().is_empty() => {
                Some(literal(&Literal::Float(1.0, None), elem))
            }
            _ => None,
        });
        let outs = self.array_grads().map(|(_, out)| out);
        let turbofish = self.turbofish();
        quote! {
            if !(#(#conditions)&&*) {
                return Self::#otherwise #turbofish(#(#arguments,)* #(#ones,)* #(#outs),*);
            }
        }
    }

    fn check_cotangents(&self) -> TokenStream {
        let arrays = self.seeds().iter().filter(|&&seed| self.program().rank(seed) > 0);
        let check = |&seed: &ValueId| {
            let (function, name) = (self.function.name(), self.symbols.param(seed));
            let dims = self.program().shape(seed).iter().map(|&dim| self.symbols.dim(dim));
            quote!(::chainrule::rt::check_shape(#function, "`cotangent`", #name.shape(), "the result", &[#(#dims),*]);)
        };
        arrays.map(check).collect()
    }

    /// The parameters' arrays as slices. If one is in another layout, all run through copies in
    /// row-major order.
    fn input_slices(&self) -> TokenStream {
        let program = self.program();
        let symbol = |&id: &ValueId| self.symbols.param(id);
        let arrays: Vec<&Ident> =
            program.params.iter().filter(|&&id| program.rank(id) > 0).map(symbol).collect();
        let slices: Vec<Ident> = arrays.iter().map(|name| slice_of(name)).collect();
        let arguments = program.params.iter().map(|id| match program.rank(*id) {
            0 => symbol(id).to_token_stream(),
            _ => {
                let name = symbol(id);
                quote!(&#name.as_standard_layout())
            }
        });
        let outs = self.array_grads().map(|(_, out)| out);
        let (name, turbofish) = (&self.name, self.turbofish());
        quote! {
            let (#(::core::option::Option::Some(#slices),)*) = (#(#arrays.as_slice(),)*) else {
                return Self::#name #turbofish(#(#arguments,)* #(#outs),*);
            };
        }
    }

    /// The gradients' arrays as slices. An array in another layout is worked on through a copy in
    /// row-major order. What no gradient flows to is set to zero.
    fn output_slices(&self) -> TokenStream {
        let outs: Vec<&Ident> = self.array_grads().map(|(_, out)| out).collect();
        let slices: Vec<Ident> = outs.iter().map(|out| slice_of(out)).collect();
        let copies: Vec<Ident> = outs.iter().map(|out| format_ident!("{out}_std")).collect();
        let arguments = self.program().params.iter().map(|&id| self.symbols.param(id));
        let (name, turbofish) = (&self.name, self.turbofish());
        let through_copies = quote! {
            #(let mut #copies = ::chainrule::rt::standard(#outs);)*
            let result = Self::#name #turbofish(#(#arguments,)* #(&mut #copies),*);
            #(#outs.assign(&#copies);)*
            return result;
        };
        let unreached =
            self.array_grads().zip(&slices).filter(|((grad, _), _)| !self.is_written(grad));
        let zeroed = unreached.map(|((grad, _), slice)| {
            let zero = zero(&self.program().value(grad.param).elem);
            quote!(if !ADD { #slice.fill(#zero); })
        });
        quote! {
            #(let ::core::option::Option::Some(#slices) = #outs.as_slice_mut() else { #through_copies };)*
            #(#zeroed)*
        }
    }

    /// Whether the loops write a gradient.
    fn is_written(&self, grad: &Grad<'_>) -> bool {
        grad.value.is_some_and(|id| self.version.nest.storage[id.0 as usize] == Storage::Output)
    }

    /// The arrays for the results, and for each result the name of its array, if it has one.
    fn result_buffers(&self) -> (TokenStream, Vec<Option<Ident>>) {
        let (mut allocations, mut names) = (TokenStream::new(), Vec::new());
        for (k, (ty, id)) in self.results.iter().enumerate() {
            let Type::Array(elem, rank @ 1..) = ty else {
                names.push(None);
                continue;
            };
            let (buffer, elem) = (format_ident!("__result_{k}"), elem_type(elem));
            let dims = self.program().shape(*id).iter().map(|&dim| self.symbols.dim(dim));
            let dims = if *rank == 1 { quote!(#(#dims)*) } else { quote!((#(#dims),*)) };
            let array = format_ident!("Array{rank}");
            allocations
                .extend(quote!(let mut #buffer = ::chainrule::rt::#array::<#elem>::zeros(#dims);));
            names.push(Some(buffer));
        }
        (allocations, names)
    }

    /// What the kernel takes: slices, scalars, dimensions, the arrays to write.
    fn fields(&self, loops: &Loops<'_>, buffers: &[Option<Ident>]) -> Vec<Field> {
        let program = self.program();
        let mut fields = Vec::new();
        for &id in &program.params {
            let (name, elem) = (self.symbols.param(id).clone(), elem_type(&program.value(id).elem));
            fields.push(match program.rank(id) {
                0 => Field { value: quote!(#name), ty: elem, name },
                _ => Field {
                    value: slice_of(&name).to_token_stream(),
                    ty: quote!(&'k [#elem]),
                    name,
                },
            });
        }
        for dim in used_dims(program) {
            let name = self.symbols.dim(dim).clone();
            fields.push(Field { value: quote!(#name), ty: quote!(usize), name });
        }
        let mut array = |id: ValueId, value: TokenStream| {
            let (name, elem) = (loops.array(id).clone(), elem_type(&program.value(id).elem));
            fields.push(Field { name, ty: quote!(&'k mut [#elem]), value });
        };
        for ((_, id), buffer) in self.results.iter().zip(buffers) {
            if let Some(buffer) = buffer {
                array(*id, quote!(::chainrule::rt::slice_mut(&mut #buffer)));
            }
        }
        for (grad, out) in self.array_grads().filter(|(grad, _)| self.is_written(grad)) {
            let slice = slice_of(out);
            grad.value.into_iter().for_each(|id| array(id, quote!(#slice)));
        }
        fields
    }

    /// The kernel's definition and its run.
    fn kernel(&self, run: &Run<'_>, buffers: &[Option<Ident>]) -> TokenStream {
        let Run { loops, run } = run;
        let fields = self.fields(loops, buffers);
        let names: Vec<&Ident> = fields.iter().map(|field| &field.name).collect();
        let types: Vec<&TokenStream> = fields.iter().map(|field| &field.ty).collect();
        let values: Vec<&TokenStream> = fields.iter().map(|field| &field.value).collect();
        let generics = &self.function.item.sig.generics;
        let where_clause = &generics.where_clause;
        let params: Vec<&syn::GenericParam> = (generics.params.iter())
            .filter(|param| !matches!(param, syn::GenericParam::Lifetime(_)))
            .collect();
        let (floats, output) = (&self.floats, self.scalar_types());
        let (scalars, prelude) = (self.scalars(loops), loops.prelude());
        let rows = self.rows(loops, &fields);
        // Not every kernel has a field of every float, nor one that borrows.
        quote! {{
            struct Kernel<'k, #(#params,)* const ADD: bool> #where_clause {
                #(#names: #types,)*
                __types: ::core::marker::PhantomData<(&'k (), #(#floats,)*)>,
            }
            impl<'k, #(#params,)* const ADD: bool> ::chainrule::rt::Kernel
                for Kernel<'k, #(#floats,)* ADD> #where_clause
            {
                type Output = (#(#output,)*);
                #rows
                #[inline(always)]
                fn run(self) -> Self::Output {
                    let Kernel { #(#names,)* __types: _ } = self;
                    #prelude
                    #run
                    (#(#scalars,)*)
                }
            }
            ::chainrule::rt::dispatch(Kernel::<#(#floats,)* ADD> {
                #(#names: #values,)*
                __types: ::core::marker::PhantomData,
            })
        }}
    }

    /// Whether all products of matrices are small.
    fn are_small(&self) -> TokenStream {
        let products = self.version.nest.products().map(|product| {
            let [rows, inner, columns] = product.extents.map(|dim| self.symbols.dim(dim));
            quote!([#rows, #inner, #columns])
        });
        quote!(::chainrule::rt::are_small(&[#(#products),*]))
    }

    /// The kernel's version for narrow rows: what is as wide as a row is copied to an array of
    /// constant length, and back.
    fn rows(&self, loops: &Loops<'_>, fields: &[Field]) -> Option<TokenStream> {
        if loops.nest.products().next().is_some() {
            return None;
        }
        let (program, dim) = (self.program(), loops.nest.row_dim()?);
        let is_row = |id: &ValueId| program.shape(*id) == [dim];
        let width = self.symbols.dim(dim);
        let (mut before, mut after, mut written) = (TokenStream::new(), TokenStream::new(), vec![]);
        for &id in program.params.iter().filter(|id| is_row(id)) {
            let (name, zero) = (self.symbols.param(id), zero(&program.value(id).elem));
            before.extend(quote! {
                let mut __copy = [#zero; W];
                __copy.copy_from_slice(&#name[..W]);
                let #name = &__copy[..];
            });
        }
        for id in program.outputs().filter(is_row) {
            let (name, zero) = (loops.array(id), zero(&program.value(id).elem));
            let out = format_ident!("{name}_out");
            before.extend(quote! {
                let #out = #name;
                let mut __copy = [#zero; W];
                if ADD { __copy.copy_from_slice(&#out[..W]); }
                let #name = &mut __copy[..];
            });
            after.extend(quote!(#out[..W].copy_from_slice(#name);));
            written.push(name);
        }
        let names: Vec<&Ident> = fields.iter().map(|field| &field.name).collect();
        let passed = names.iter().map(|name| match written.contains(name) {
            true => quote!(#name: &mut *#name),
            false => quote!(#name),
        });
        let floats = &self.floats;
        Some(quote! {
            const HAS_ROWS: bool = true;
            #[inline(always)]
            fn width(&self) -> usize { self.#width }
            #[inline(always)]
            fn narrow<const W: usize>(self) -> Self::Output {
                let Kernel { #(#names,)* __types: _ } = self;
                let #width = W;
                #before
                let __result = Kernel::<#(#floats,)* ADD> {
                    #(#passed,)*
                    __types: ::core::marker::PhantomData,
                }.run();
                #after
                __result
            }
        })
    }
}

/// The slice of an array, beside the array.
fn slice_of(array: &Ident) -> Ident {
    format_ident!("__{array}_slice")
}

/// The dimensions that loops and scalars refer to.
pub(super) fn used_dims(program: &Program) -> BTreeSet<DimId> {
    let mut dims: BTreeSet<DimId> =
        program.values.iter().flat_map(|value| value.shape.iter().copied()).collect();
    for stmt in &program.body {
        if let Kind::Map { op: Op::Size(dim), .. } = &stmt.kind {
            dims.insert(*dim);
        }
        dims.extend(stmt.terms().iter().flat_map(|term| term.space.iter().copied()));
        let written = stmt.terms().iter().flat_map(|term| &term.at);
        for index in stmt.operands().flat_map(|operand| &operand.at).chain(written) {
            match index {
                Index::Stretch(_, dim)
                | Index::Affine(_, Affine { extent: Some((_, dim)), .. }) => {
                    dims.insert(*dim);
                }
                _ => {}
            }
        }
    }
    dims
}

fn is_array(ty: &Type) -> bool {
    matches!(ty, Type::Array(_, rank) if *rank > 0)
}

/// The type in which a leaf that is not an array with axes travels.
fn scalar_type(ty: &Type) -> TokenStream {
    match ty {
        Type::Float(elem) | Type::Array(elem, 0) => elem_type(elem),
        Type::Int(name) => elem_type(&Elem::Int(name.clone())),
        other => tangent_type(other),
    }
}
