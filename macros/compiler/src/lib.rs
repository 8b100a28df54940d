//! The compiler behind chainrule's `#[differentiate]`: a plain library, so that examples, tests
//! and benchmarks reach every stage.
//!
//! The modules are the stages, in the order in which a function passes through them; [`driver`]
//! runs them all and fits on a screen.
//! Nothing here panics on a user's source: what is not accepted is reported to
//! [`error::Errors`] with its span.
//!
//! ```
//! use chainrule_compiler::{capsule::Callees, driver::compile, error::Errors};
//!
//! let file = syn::parse_str("#[differentiate] fn f(x: f64) -> f64 { x.sin() * x }")?;
//! let mut errors = Errors::new();
//! let callees = Callees::of_file(&file, &mut errors).expect("the file has a function");
//! let compiled = compile(&callees, &mut errors).expect("the function is accepted");
//! let scalars = compiled.scalars().expect("it has no arrays");
//! assert_eq!(scalars.lowered.to_string(), "\
//! fn f(x: f64)
//!   sin: f64 = sin x
//!   mul: f64 = mul sin, x
//!   return mul
//! ");
//! assert!(scalars.derivation.starts_with("f(x) = t1·x\n"), "{}", scalars.derivation);
//! # Ok::<(), syn::Error>(())
//! ```

extern crate proc_macro;

pub mod driver;
pub mod error;
pub mod hash;
pub mod primitives;

// The stages, in order.
mod aliases;
pub mod capsule;
pub mod differentiate;
pub mod emit;
pub mod explain;
pub mod flow;
pub mod ir;
pub mod lower;
mod methods;
pub mod nest;
pub mod one_pass;
pub mod parse;
pub mod simplify;
pub mod structs;
mod traits;
