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

use super::element::{elem_type, zero};
use super::loops::Loops;
use super::names::{Namer, Symbols};
use super::signature::{Leaf, leaves};
use crate::driver::Version;
use crate::ir::{Check, Described, Dim, DimId, Elem, Program, ValueId};
use crate::nest::Storage;
use crate::parse::{Function, Type};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeSet;

/// A private function that runs one version of a derivative.
pub(super) struct Kernel {
    /// Its definition.
    pub(super) function: TokenStream,
}

/// The result leaves of a function, with their types.
pub(super) fn result_types(function: &Function) -> Vec<&Type> {
    function.output.leaves()
}

/// Emits the private function `name` for a version of the derivative; where the version's shape
/// assumptions fail, it calls `otherwise` with a cotangent of one or its own.
pub(super) fn kernel(
    function: &Function,
    version: &Version,
    name: &str,
    otherwise: Option<&str>,
) -> Kernel {
    let program = &version.program;
    let name = Ident::new(name, Span::call_site());
    let owner_ident = &function.item.sig.ident;
    let owner = quote!(#owner_ident);
    let mut namer = Namer::default();
    namer.fresh("ADD");
    let symbols = Symbols::new(program, &mut namer);
    let has_arrays = program.values.iter().any(|value| !value.shape.is_empty());

    let leaves = leaves(function);
    let (leaf_ids, seed_ids) = program.params.split_at(leaves.len());
    let mut inputs = TokenStream::new();
    for (leaf, &id) in leaves.iter().zip(leaf_ids) {
        inputs.extend(input(program, &symbols, leaf.ty, id));
    }
    let results = result_types(function);
    for (ty, &id) in results.iter().zip(seed_ids) {
        inputs.extend(input(program, &symbols, ty, id));
    }

    // Gradients of arrays are written through references, everything else is returned.
    let wrt: Vec<(&Leaf<'_>, ValueId, Option<ValueId>)> = leaves
        .iter()
        .zip(leaf_ids)
        .filter(|(leaf, _)| leaf.wrt)
        .zip(&program.grads)
        .map(|((leaf, &param), &(_, grad))| (leaf, param, grad))
        .collect();
    let mut out_params = TokenStream::new();
    let mut out_names = Vec::new();
    for (leaf, _, _) in wrt.iter().filter(|(leaf, ..)| leaf.is_array()) {
        let Type::Array(elem, rank) = leaf.ty else {
            continue;
        };
        let (out, elem, dim) =
            (namer.fresh(&format!("d_{}", leaf.shown)), elem_type(elem), format_ident!("Ix{rank}"));
        out_params
            .extend(quote!(#out: &mut ::chainrule::rt::ArrayRef<#elem, ::chainrule::rt::#dim>,));
        out_names.push(out);
    }
    let mut returned: Vec<TokenStream> = results.iter().map(|ty| result_type(ty)).collect();
    returned.extend(
        wrt.iter().filter(|(leaf, ..)| !leaf.is_array()).map(|(leaf, ..)| scalar_type(leaf.ty)),
    );
    let returned = quote!((#(#returned,)*));

    let generics = &function.item.sig.generics;
    let generic_params = &generics.params;
    let comma = (!generic_params.is_empty() && !generic_params.trailing_punct()).then(|| quote!(,));
    let where_clause = &generics.where_clause;

    let mut loops = Loops::new(program, &version.nest, &symbols, namer, owner.clone());
    let run = loops.items(&version.nest.items);
    let scalar = |loops: &Loops<'_>, id: ValueId| loops.scalar(id);
    let mut scalars: Vec<TokenStream> = results
        .iter()
        .zip(&program.results)
        .filter(|(ty, _)| !is_array(ty))
        .map(|(_, &id)| scalar(&loops, id))
        .collect();
    for (leaf, param, grad) in wrt.iter().filter(|(leaf, ..)| !leaf.is_array()) {
        let _ = leaf;
        scalars.push(match grad {
            Some(grad) => scalar(&loops, *grad),
            None => zero(&program.value(*param).elem),
        });
    }

    if !has_arrays {
        let body = quote! {
            #[inline]
            #[allow(clippy::too_many_arguments)]
            fn #name<#generic_params>(#inputs) -> #returned #where_clause {
                #run
                (#(#scalars,)*)
            }
        };
        return Kernel { function: body };
    }

    // What the kernel takes: slices, scalars, dimensions, result buffers.
    let mut fields: Vec<(Ident, TokenStream, TokenStream)> = Vec::new();
    for &id in &program.params {
        let (ident, elem) = (symbols.param(id).clone(), elem_type(&program.value(id).elem));
        if program.rank(id) > 0 {
            let flat = quote!(&::chainrule::rt::flat(#ident));
            fields.push((ident, quote!(&'k [#elem]), flat));
        } else {
            let value = quote!(#ident);
            fields.push((ident, elem, value));
        }
    }
    let mut used_dims: BTreeSet<DimId> = BTreeSet::new();
    for value in &program.values {
        used_dims.extend(&value.shape);
    }
    for stmt in &program.body {
        if let crate::ir::Kind::Map { op: crate::ir::Op::Size(dim), .. } = &stmt.kind {
            used_dims.insert(*dim);
        }
        for operand in stmt.operands() {
            for index in &operand.at {
                if let crate::ir::Index::Stretch(_, dim) = index {
                    used_dims.insert(*dim);
                }
            }
        }
    }
    for &dim in &used_dims {
        let ident = symbols.dim(dim).clone();
        let value = quote!(#ident);
        fields.push((ident, quote!(usize), value));
    }
    let mut allocations = TokenStream::new();
    let mut array_results = Vec::new();
    for (k, (ty, &id)) in results.iter().zip(&program.results).enumerate() {
        if let Type::Array(elem, rank) = ty {
            if *rank == 0 {
                continue;
            }
            let (buffer, elem) = (format_ident!("__result_{k}"), elem_type(elem));
            let dims = program.shape(id).iter().map(|&dim| symbols.dim(dim));
            let dims = if *rank == 1 { quote!(#(#dims)*) } else { quote!((#(#dims),*)) };
            let array = format_ident!("Array{rank}");
            allocations
                .extend(quote!(let mut #buffer = ::chainrule::rt::#array::<#elem>::zeros(#dims);));
            let slice = quote!(::chainrule::rt::slice_mut(&mut #buffer));
            fields.push((loops.array(id).clone(), quote!(&'k mut [#elem]), slice));
            array_results.push((k, buffer));
        }
    }
    let mut unreached = TokenStream::new();
    let array_grads = wrt.iter().filter(|(leaf, ..)| leaf.is_array());
    for ((_, param, grad), out) in array_grads.zip(&out_names) {
        let elem = &program.value(*param).elem;
        let slice = format_ident!("{out}_slice");
        match grad {
            Some(grad) if version.nest.storage[grad.0 as usize] == Storage::Output => {
                let elem = elem_type(elem);
                fields.push((loops.array(*grad).clone(), quote!(&'k mut [#elem]), quote!(#slice)));
            }
            _ => {
                let zero = zero(elem);
                unreached.extend(quote!(if !ADD { #slice.fill(#zero); }));
            }
        }
    }

    let prelude = loops.prelude();
    let names = fields.iter().map(|(name, ..)| name);
    let declared = fields.iter().map(|(name, ty, _)| quote!(#name: #ty));
    let filled = fields.iter().map(|(name, _, value)| quote!(#name: #value));
    let floats: Vec<Ident> =
        function.floats.iter().map(|f| Ident::new(f, Span::call_site())).collect();
    let kernel_output: Vec<TokenStream> = (results
        .iter()
        .filter(|ty| !is_array(ty))
        .map(|ty| scalar_type(ty)))
    .chain(wrt.iter().filter(|(leaf, ..)| !leaf.is_array()).map(|(leaf, ..)| scalar_type(leaf.ty)))
    .collect();
    let kernel_output = quote!((#(#kernel_output,)*));
    let type_generics = quote!(<'k, #(#floats,)* ADD>);
    let (phantom_type, phantom) = if floats.is_empty() {
        (quote!(), quote!())
    } else {
        (
            quote!(__floats: ::core::marker::PhantomData<(#(#floats,)*)>,),
            quote!(__floats: ::core::marker::PhantomData,),
        )
    };
    let ignore_phantom = (!floats.is_empty()).then(|| quote!(__floats: _,));
    let lifetimeless: Vec<&syn::GenericParam> =
        generic_params.iter().filter(|p| !matches!(p, syn::GenericParam::Lifetime(_))).collect();

    let dims = dimensions(program, &symbols, leaf_ids.iter().chain(seed_ids));
    let mut shape_checks = checks(function, program, &symbols);
    for &seed in seed_ids.iter().filter(|&&seed| program.rank(seed) > 0) {
        let (function, seed_name) = (function.name(), symbols.param(seed));
        let dims = program.shape(seed).iter().map(|&dim| symbols.dim(dim));
        shape_checks.extend(quote!(::chainrule::rt::check_shape(#function, "`cotangent`", #seed_name.shape(), "the result", &[#(#dims),*]);));
    }
    let fallback = otherwise.map(|otherwise| {
        let otherwise = Ident::new(otherwise, Span::call_site());
        let conditions = program.assumed.iter().map(|&(a, b)| {
            let (a, b) = (symbols.dim(a), symbols.dim(b));
            quote!(#a == #b)
        });
        let turbofish = (!floats.is_empty()).then(|| quote!(#(#floats,)*));
        let arguments = program.params.iter().map(|&id| symbols.param(id));
        let seeds = if seed_ids.is_empty() {
            let ones = results.iter().map(|ty| match ty {
                Type::Float(elem) => {
                    super::element::literal(&crate::ir::Literal::Float(1.0, None), elem)
                }
                _ => TokenStream::new(),
            });
            quote!(#(#ones,)*)
        } else {
            TokenStream::new()
        };
        quote! {
            if !(#(#conditions)&&*) {
                return Self::#otherwise::<#turbofish ADD>(#(#arguments,)* #seeds #(#out_names),*);
            }
        }
    });
    let slices: Vec<Ident> = out_names.iter().map(|out| format_ident!("{out}_slice")).collect();
    let standard = (!out_names.is_empty()).then(|| {
        let arguments: Vec<&Ident> = program.params.iter().map(|&id| symbols.param(id)).collect();
        let turbofish = (!floats.is_empty()).then(|| quote!(#(#floats,)*));
        let copies: Vec<Ident> = out_names.iter().map(|out| format_ident!("{out}_std")).collect();
        // A buffer in another layout is worked on through a copy in row-major order.
        let otherwise = quote! {
            #(let mut #copies = ::chainrule::rt::standard(#out_names);)*
            let result = Self::#name::<#turbofish ADD>(#(#arguments,)* #(&mut #copies),*);
            #(#out_names.assign(&#copies);)*
            return result;
        };
        quote! {
            #(let ::core::option::Option::Some(#slices) = #out_names.as_slice_mut() else { #otherwise };)*
        }
    });
    let scalar_names: Vec<Ident> =
        (0..scalars.len()).map(|k| format_ident!("__scalar_{k}")).collect();
    let mut next_scalar = scalar_names.iter();
    let mut results_out = Vec::new();
    for (k, ty) in results.iter().enumerate() {
        match array_results.iter().find(|(position, _)| *position == k) {
            Some((_, buffer)) => results_out.push(quote!(#buffer)),
            None => {
                let _ = ty;
                let name = next_scalar.next();
                results_out.push(quote!(#name));
            }
        }
    }
    results_out.extend(next_scalar.map(|name| quote!(#name)));
    let lifetimeless_where = where_clause;

    let written: Vec<Ident> = (program.outputs())
        .filter(|&id| program.rank(id) > 0)
        .map(|id| loops.array(id).clone())
        .collect();
    let rows = version.nest.row_dim().map(|dim| {
        let is_row = |id: ValueId| program.shape(id) == [dim];
        let width = symbols.dim(dim);
        let (mut before, mut after, mut names) = (TokenStream::new(), TokenStream::new(), vec![]);
        for &id in program.params.iter().filter(|&&id| is_row(id)) {
            let (name, zero) = (symbols.param(id), zero(&program.value(id).elem));
            before.extend(quote! {
                let mut __copy = [#zero; W];
                __copy.copy_from_slice(&#name[..W]);
                let #name = &__copy[..];
            });
            names.push(name.clone());
        }
        for id in program.outputs().filter(|&id| is_row(id)) {
            let (name, zero) = (loops.array(id), zero(&program.value(id).elem));
            let out = format_ident!("{name}_out");
            before.extend(quote! {
                let #out = #name;
                let mut __copy = [#zero; W];
                if ADD { __copy.copy_from_slice(&#out[..W]); }
                let #name = &mut __copy[..];
            });
            after.extend(quote!(#out[..W].copy_from_slice(#name);));
            names.push(name.clone());
        }
        let all = fields.iter().map(|(name, ..)| name);
        let passed = fields.iter().map(|(name, ..)| match names.contains(name) {
            true if written.contains(name) => quote!(#name: &mut *#name),
            _ => quote!(#name),
        });
        quote! {
            const HAS_ROWS: bool = true;
            #[inline(always)]
            fn width(&self) -> usize { self.#width }
            #[inline(always)]
            fn narrow<const W: usize>(self) -> #kernel_output {
                let Kernel { #(#all,)* #ignore_phantom __inputs: _ } = self;
                let #width = W;
                #before
                let __result = Kernel::<#(#floats,)* ADD> {
                    #(#passed,)* #phantom __inputs: ::core::marker::PhantomData
                }.run();
                #after
                __result
            }
        }
    });

    let body = quote! {
        #[inline]
        #[track_caller]
        #[allow(clippy::too_many_arguments)]
        fn #name<#generic_params #comma const ADD: bool>(#inputs #out_params) -> #returned #where_clause {
            #dims
            #fallback
            #shape_checks
            #standard
            #unreached
            #allocations
            struct Kernel<'k, #(#lifetimeless,)* const ADD: bool> #lifetimeless_where {
                #(#declared,)*
                #phantom_type
                __inputs: ::core::marker::PhantomData<&'k ()>,
            }
            impl<'k, #(#lifetimeless,)* const ADD: bool> ::chainrule::rt::Kernel for Kernel #type_generics #lifetimeless_where {
                type Output = #kernel_output;
                #rows
                #[inline(always)]
                fn run(self) -> #kernel_output {
                    let Kernel { #(#names,)* #ignore_phantom __inputs: _ } = self;
                    #prelude
                    #run
                    (#(#scalars,)*)
                }
            }
            let (#(#scalar_names,)*) = ::chainrule::rt::dispatch(
                Kernel::<#(#floats,)* ADD> { #(#filled,)* #phantom __inputs: ::core::marker::PhantomData },
            );
            (#(#results_out,)*)
        }
    };
    Kernel { function: body }
}

fn is_array(ty: &Type) -> bool {
    matches!(ty, Type::Array(_, rank) if *rank > 0)
}

/// The type in which a leaf that is not an array with axes travels.
fn scalar_type(ty: &Type) -> TokenStream {
    match ty {
        Type::Float(elem) | Type::Array(elem, 0) => elem_type(elem),
        Type::Int(name) => elem_type(&Elem::Int(name.clone())),
        other => super::signature::tangent_type(other),
    }
}

fn result_type(ty: &Type) -> TokenStream {
    if is_array(ty) { super::signature::tangent_type(ty) } else { scalar_type(ty) }
}

fn input(program: &Program, symbols: &Symbols, ty: &Type, id: ValueId) -> TokenStream {
    let name = symbols.param(id);
    match ty {
        Type::Array(elem, rank) if *rank > 0 => {
            let (elem, dim) = (elem_type(elem), format_ident!("Ix{rank}"));
            quote!(#name: &::chainrule::rt::ArrayRef<#elem, ::chainrule::rt::#dim>,)
        }
        _ => {
            let ty = elem_type(&program.value(id).elem);
            quote!(#name: #ty,)
        }
    }
}

/// Binds the dimensions: those of the parameters, then those they broadcast to.
fn dimensions<'v>(
    program: &Program,
    symbols: &Symbols,
    params: impl Iterator<Item = &'v ValueId>,
) -> TokenStream {
    let known: Vec<ValueId> = params.copied().collect();
    let mut out = TokenStream::new();
    for (d, dim) in program.dims.iter().enumerate() {
        let name = symbols.dim(DimId(d as u32));
        match dim {
            Dim::Of { value, axis } if known.contains(value) => {
                let param = symbols.param(*value);
                out.extend(quote!(let #name = #param.shape()[#axis];));
            }
            Dim::Of { .. } => {}
            Dim::Broadcast(a, b) => {
                let (a, b) = (symbols.dim(*a), symbols.dim(*b));
                out.extend(quote!(let #name = ::chainrule::rt::broadcast(#a, #b);));
            }
        }
    }
    out
}

fn described(array: &Described, symbols: &Symbols) -> TokenStream {
    let text = &array.text;
    let dims = array.shape.iter().map(|&dim| symbols.dim(dim));
    quote!(#text, &[#(#dims),*])
}

/// The checks on shapes, each of which panics with both shapes at the caller's line.
fn checks(function: &Function, program: &Program, symbols: &Symbols) -> TokenStream {
    let name = function.name();
    let check = |check: &Check| match check {
        Check::Inner { left, right, a, b } => {
            let (a, b) = (symbols.dim(*a), symbols.dim(*b));
            let (left, right) = (described(left, symbols), described(right, symbols));
            quote!(if #a != #b { ::chainrule::rt::fail_inner(#name, #left, #right); })
        }
        Check::Broadcast { left, right, a, b, into_left } => {
            if program.assumed.contains(&(*a, *b)) {
                return TokenStream::new();
            }
            let (a, b) = (symbols.dim(*a), symbols.dim(*b));
            let (left, right) = (described(left, symbols), described(right, symbols));
            let also = (!into_left).then(|| quote!(&& #a != 1));
            quote!(if #a != #b && #b != 1 #also { ::chainrule::rt::fail_broadcast(#name, #left, #right); })
        }
        Check::Inside { array, dim, index, axis } => {
            let (dim, array) = (symbols.dim(*dim), described(array, symbols));
            quote!(if #index >= #dim { ::chainrule::rt::fail_index(#name, #array, #axis, #index); })
        }
        Check::NotEmpty { array, dims } => {
            let dims = dims.iter().map(|&dim| symbols.dim(dim));
            let array = described(array, symbols);
            quote!(if #(#dims == 0)||* { ::chainrule::rt::fail_empty(#name, #array); })
        }
    };
    program.checks.iter().map(check).collect()
}
