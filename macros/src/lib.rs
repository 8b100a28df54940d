//! The procedural macros of chainrule; use them through the `chainrule` crate.
//!
//! A shim: it converts token streams and calls `chainrule-compiler`, nothing else.

use proc_macro::TokenStream;

/// Differentiates a function at compile time; see `chainrule::differentiate`.
#[proc_macro_attribute]
pub fn differentiate(attr: TokenStream, item: TokenStream) -> TokenStream {
    chainrule_compiler::driver::differentiate(attr.into(), item.into()).into()
}

/// The last link in a chain of source capsules; called by generated code only.
#[doc(hidden)]
#[proc_macro]
pub fn __differentiate(input: TokenStream) -> TokenStream {
    chainrule_compiler::driver::assemble(input.into()).into()
}

/// Makes a struct of parameters differentiable; see `chainrule::Differentiable`.
#[proc_macro_derive(Differentiable, attributes(constant))]
pub fn derive_differentiable(item: TokenStream) -> TokenStream {
    chainrule_compiler::structs::derive(item.into()).into()
}
