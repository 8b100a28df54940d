//! The one error sink: every stage reports here, and the driver asks between stages.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// A place in the user's source that an error points at.
pub trait Place {
    /// An error there.
    fn error(self, message: String) -> syn::Error;
}

impl Place for Span {
    fn error(self, message: String) -> syn::Error {
        syn::Error::new(self, message)
    }
}

/// All of the tokens, from the first to the last.
impl<T: ToTokens> Place for &T {
    fn error(self, message: String) -> syn::Error {
        syn::Error::new_spanned(self, message)
    }
}

/// Collects the errors of a compilation, so that a user sees all of them in one go.
#[derive(Debug, Default)]
pub struct Errors {
    found: Vec<syn::Error>,
}

impl Errors {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reports an error at a place in the user's source.
    pub fn at(&mut self, place: impl Place, message: impl std::fmt::Display) {
        self.push(place.error(message.to_string()));
    }

    /// Reports an error that a parser returned.
    pub fn push(&mut self, error: syn::Error) {
        let text = error.to_string();
        let place = |e: &syn::Error| (format!("{:?}", e.span()), e.to_string());
        // One construct may be lowered several times (for several derivatives); it is one mistake.
        if !self.found.iter().any(|e| place(e) == (format!("{:?}", error.span()), text.clone())) {
            self.found.push(error);
        }
    }

    /// Reports what another sink has.
    pub fn append(&mut self, other: Errors) {
        other.found.into_iter().for_each(|error| self.push(error));
    }

    /// Takes back what was reported since there were this many.
    pub fn forget_after(&mut self, count: usize) {
        self.found.truncate(count);
    }

    /// Whether anything was reported.
    pub fn any(&self) -> bool {
        !self.found.is_empty()
    }

    /// How many were reported.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// The errors, in the order of reporting.
    pub fn iter(&self) -> impl Iterator<Item = &syn::Error> {
        self.found.iter()
    }

    /// The messages, in the order of reporting.
    pub fn messages(&self) -> impl Iterator<Item = String> + '_ {
        self.found.iter().map(ToString::to_string)
    }

    /// The `compile_error!` invocations that show the errors at their spans.
    pub fn into_tokens(self) -> TokenStream {
        self.found.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// The message of a call with another number of arguments; `called` is what is called.
pub(crate) fn arity(called: &str, takes: usize, given: usize) -> String {
    format!("{called} takes {takes} argument(s), not {given}")
}
