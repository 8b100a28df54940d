//! The compiler behind chainrule's `#[differentiate]`: a plain library, so that examples, tests
//! and benchmarks reach every stage.
//!
//! The modules are the stages, in the order in which a function passes through them; [`driver`]
//! runs them all and fits on a screen.
//! Nothing here panics on a user's source: what is not accepted is reported to
//! [`error::Errors`] with its span.

pub mod driver;
pub mod error;
pub mod primitives;

// The stages, in order.
pub mod capsule;
pub mod differentiate;
pub mod emit;
pub mod explain;
pub mod ir;
pub mod lower;
pub mod nest;
pub mod one_pass;
pub mod parse;
pub mod simplify;
