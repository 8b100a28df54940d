//! Source capsules: how the macro sees the functions that a function calls, and the structs.
//!
//! Every annotated function `f` also emits a hidden `macro_rules!` that carries the source of `f`
//! and of everything `f` calls, under `f`'s own name, so that a `use` of the function brings it
//! along. A function that calls `g` and `h` with differentiable arguments expands to
//!
//! ```text
//! g! { [h] [::chainrule::__differentiate] { this function } }
//! ```
//!
//! where `g` appends its source and hands on to `h`, `h` to `__differentiate`, which at last sees
//! every body at once.
//!
//! A struct under `#[derive(Differentiable)]` does the same with its definition, and those of the
//! structs among its fields. An `impl` block has no capsule: its methods know each other, and
//! everything else calls their derivatives.

mod alias;
mod assembly;
mod block;
mod callees;
mod emit;
mod entry;
mod fields;
mod known;
mod sources;
mod structs;
mod taint;

pub use assembly::{Assembly, chain};
pub use callees::{callee_paths, path_text, tainted_call};
pub use emit::{broken_capsule, capsule, capsule_alone};
pub use known::{STD_MACROS, is_known_function};
pub(crate) use known::{is_std_function, is_std_owner};
pub use sources::Callees;

pub(crate) use block::{Block, Method};
pub(crate) use callees::{add_path, gradient_of};
pub(crate) use structs::{alias_paths, expectations, field_paths, is_constant};
