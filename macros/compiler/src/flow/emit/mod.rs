//! From an adjoint program to Rust: `struct f`, its associated functions, its traits.
//!
//! One private function, the kernel, computes value and gradient; the public ones bring its buffers
//! and its seed. Everything emitted is safe Rust that passes under `#![forbid(unsafe_code)]`.

mod api;
mod arithmetic;
mod arrays;
mod block;
mod borrowed;
mod call;
mod code;
mod cut;
mod facts;
mod forward;
mod given;
mod groups;
mod hessian;
mod innermost;
mod jacobian;
mod kernel;
mod lanes;
mod matrix;
mod memories;
mod names;
mod nested;
mod overlap;
mod pullback;
mod records;
mod slots;
mod sparse;
mod stmt;
mod types;
mod unpacked;
mod vjp_jvp;
mod windows;

pub(crate) use forward::may_run_again;
pub(crate) use forward::tangents;
pub(crate) use hessian::hessian_type;
pub use jacobian::Jacobian;
pub(crate) use jacobian::{at_once, directions, few, jacobian_type};
pub(crate) use kernel::{shape_of, success, wrapped, wrapped_type};
pub(crate) use matrix::columns;
pub(crate) use types::owned;
pub(crate) use unpacked::packed;
pub use vjp_jvp::VjpJvp;

use super::ir::{Adjoint, Program, Ty, V};
use super::rows::Rows;
use super::tangent::Forward;
use crate::capsule::Callees;
use crate::emit::element::elem_type;
use crate::emit::names::derivation_of_method;
use crate::emit::{companion, conditions, generics_of, head_of_block, objective, tape, text};
use crate::hash::HashSet;
use crate::ir::Elem;
use crate::parse::Function;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The programs from which everything is emitted.
pub struct Programs {
    /// Value and gradient.
    pub adjoint: Adjoint,
    /// The same with forward and reverse code apart, if `pullback` is asked for.
    pub apart: Option<Adjoint>,
    /// The rows of its Jacobian that stand in it ahead of the reverse code, if there are few.
    pub rows: Option<Rows>,
    /// Value and tangent, if `jvp` is asked for.
    pub jvp: Option<Jvp>,
    /// The gradient and its tangent, if `hvp` is asked for.
    pub hvp: Option<Forward>,
    /// The gradient by any cotangent and its tangent, if other functions are to call that.
    pub vjp_jvp: Option<VjpJvp>,
    /// What the Hessian is made of, if `hessian` is asked for.
    pub hessian: Option<Hessian>,
    /// What the Jacobian is made of, if `jacobian` is asked for.
    pub jacobian: Option<Jacobian>,
}

/// Value and tangent.
pub struct Jvp {
    /// The program.
    pub guarded: Forward,
    /// One that holds where no tangent of the results is NaN, and is run first.
    pub unguarded: Option<Forward>,
}

/// What a Hessian is made of.
pub enum Hessian {
    /// A program whose result it is.
    Sites(Program),
    /// A program that results in the entries of its blocks.
    Sparse(Program),
    /// The gradient with tangents in several directions: as many columns.
    Columns(Forward),
}

impl Programs {
    /// Value and gradient alone.
    pub fn of(adjoint: Adjoint) -> Self {
        Programs {
            adjoint,
            apart: None,
            rows: None,
            jvp: None,
            hvp: None,
            vjp_jvp: None,
            hessian: None,
            jacobian: None,
        }
    }

    /// The public functions, with the private ones that they call.
    fn functions(&self, function: &Function) -> TokenStream {
        let mut out = api::functions(function, &self.adjoint);
        out.extend(self.further(function));
        out.extend(kernel::adjoint(function, &self.adjoint));
        out
    }

    /// Those that an option asks for.
    fn further(&self, function: &Function) -> TokenStream {
        let mut out = TokenStream::new();
        let rows = self.rows.as_ref();
        out.extend(self.apart.as_ref().map(|apart| pullback::pullback(function, apart, rows)));
        out.extend(self.jvp.as_ref().map(|jvp| forward::jvp(function, jvp)));
        out.extend(self.hvp.as_ref().map(|hvp| forward::hvp(function, hvp)));
        out.extend(self.vjp_jvp.as_ref().map(|of| vjp_jvp::vjp_jvp(function, of)));
        out.extend(self.hessian.as_ref().map(|hessian| hessian::hessian(function, hessian)));
        out.extend(self.jacobian.as_ref().map(|of| jacobian::jacobian(function, of)));
        out
    }
}

/// The struct beside the function, with everything it offers; of a method, an `impl` block with
/// `m_grad` and the others of `m`, and `M_DERIVATION`.
pub fn emit(
    function: &Function,
    programs: &Programs,
    derivation: &str,
    callees: &Callees,
) -> TokenStream {
    let mut items = programs.functions(function);
    let (accessors, list) = match &function.owner {
        // Code elsewhere calls the derivatives of methods and inlines none.
        Some(_) => Default::default(),
        None => accessors(function, &programs.adjoint.program),
    };
    if let Some(unpacked) = &function.unpacked {
        let (quiet, cfgs, name) = (quiet(), conditions(function), &function.item.sig.ident);
        let head = match &function.owner {
            Some(owner) => head_of_block(function, owner),
            None => quote!(impl #name),
        };
        let apart = quote! {
            #(#cfgs)*
            #quiet
            #[doc(hidden)]
            #head { #items }
        };
        let public = packed(function, unpacked, !programs.adjoint.seed.is_unit());
        let beside = beside(&unpacked.of, derivation, public, accessors);
        return quote!(#beside #apart);
    }
    if function.options.tape {
        items.extend(tape::tape_of(function, callees, &list));
    }
    beside(function, derivation, items, accessors)
}

/// The same of a function whose derivative is given by hand, or taken by the tape.
pub fn given(function: &Function, derivation: &str, callees: &Callees) -> TokenStream {
    let mut items = given::functions(function);
    if function.options.derivative.is_by_tape() {
        items.extend(tape::by_tape(function, callees));
    }
    beside(function, derivation, items, TokenStream::new())
}

/// What options ask for of a function whose gradient is of tensors, as a block of its own.
pub(crate) fn further(function: &Function, programs: &Programs) -> TokenStream {
    let (cfgs, quiet, name) = (conditions(function), quiet(), &function.item.sig.ident);
    let items = programs.further(function);
    quote! {
        #(#cfgs)*
        #quiet
        impl #name { #items }
    }
}

/// What stands beside a function: its struct, or its block.
fn beside(
    function: &Function,
    derivation: &str,
    items: TokenStream,
    accessors: TokenStream,
) -> TokenStream {
    let (cfgs, quiet) = (conditions(function), quiet());
    let derivation = &text(derivation);
    if let Some(owner) = &function.owner {
        let (head, constant) = (head_of_block(function, owner), derivation_of_method(function));
        let doc = format!("The equations of `{}`, and those derived from them.", function.name());
        return quote! {
            #(#cfgs)*
            #quiet
            #head {
                #[doc = #doc]
                pub const #constant: &'static str = #derivation;
                #items
            }
        };
    }
    let name = &function.item.sig.ident;
    let (companion, objective) = (companion(function, derivation), objective::objective(function));
    quote! {
        #companion

        #(#cfgs)*
        #quiet
        impl #name {
            /// The equations, and those derived from them.
            pub const DERIVATION: &'static str = #derivation;
            #items
            #accessors
        }

        #(#cfgs)*
        const _: () = { #objective };
    }
}

/// A program that was lowered, as a function that computes the value alone, `fn __primal`, with the
/// signature of the function: what lowering is tested by.
pub fn primal(function: &Function, program: &Program) -> TokenStream {
    let (primal, quiet) = (kernel::primal(function, program), quiet());
    quote! {
        #quiet
        #primal
    }
}

/// What callers that inline the function need of its place: constants, functions without a
/// derivative. Those whose types are not known here have none. Also their names, with those of
/// their parameters.
fn accessors(function: &Function, program: &Program) -> (TokenStream, Vec<(Ident, Vec<Ident>)>) {
    let known = |v: V| match &program.of(v).ty {
        Ty::Float(elem) => Some(elem_type(elem)),
        Ty::Int(Some(name)) => Some(elem_type(&Elem::Int(name.clone()))),
        Ty::Bool => Some(quote!(bool)),
        _ => None,
    };
    let (mut out, mut list) = (TokenStream::new(), Vec::new());
    let mut done = HashSet::default();
    for accessor in &program.accessors {
        let params: Option<Vec<TokenStream>> = (accessor.params.iter())
            .map(|(name, v)| {
                let ty = known(*v)?;
                Some(quote!(#name: #ty))
            })
            .collect();
        let (Some(params), Some(ty)) = (params, known(accessor.out)) else { continue };
        if !done.insert(accessor.name.to_string()) {
            continue;
        }
        let (name, body) = (&accessor.name, &accessor.body);
        let (generics, bounds) = generics_of(function, quote!(#(#params)* #ty #body));
        out.extend(quote! {
            #[doc(hidden)]
            #[inline(always)]
            pub fn #name<#generics>(#(#params),*) -> #ty #bounds { #body }
        });
        list.push((name.clone(), accessor.params.iter().map(|(name, _)| name.clone()).collect()));
    }
    (out, list)
}

/// The lints that are not meant for generated code. Some look at what the user wrote, which stands
/// in the function itself too; some at numbers that are known only since a callee is in place.
fn quiet() -> TokenStream {
    quote! {
        #[allow(
            dead_code, unused, non_snake_case, non_upper_case_globals, unreachable_code,
            unreachable_patterns, path_statements, private_interfaces, unused_comparisons,
            irrefutable_let_patterns, invalid_nan_comparisons, deprecated, arithmetic_overflow,
            unconditional_panic, unconditional_recursion, overflowing_literals,
            clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction
        )]
    }
}
