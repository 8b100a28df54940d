//! The list of functions that every engine runs, by construct.
//!
//! The functions are small and written as users write them; each module ends with its list, where
//! each function stands once with the points at which it is run. The points are away from kinks and
//! from the conditions of branches by more than the step of the differences (0.02).

#![allow(unreachable_pub, reason = "modules write them as a library would")]
#![allow(
    clippy::assign_op_pattern,
    clippy::collapsible_else_if,
    clippy::explicit_counter_loop,
    clippy::get_first,
    clippy::unnecessary_map_or,
    clippy::let_and_return,
    clippy::manual_is_multiple_of,
    clippy::manual_memcpy,
    clippy::manual_swap,
    clippy::manual_range_contains,
    clippy::many_single_char_names,
    clippy::mut_range_bound,
    clippy::needless_range_loop,
    clippy::needless_return,
    clippy::never_loop,
    clippy::no_effect,
    clippy::ptr_arg,
    clippy::single_match,
    clippy::unnecessary_fold,
    clippy::useless_vec,
    clippy::while_let_loop,
    clippy::while_let_on_iterator,
    reason = "the forms that code is written in are what is tested"
)]

pub mod arrays;
pub mod calls;
pub mod checkpointed;
pub mod closures;
pub mod combined;
pub mod conditionals;
pub mod dataflow;
pub mod early_exit;
pub mod generics;
pub mod in_out;
pub mod iterators;
pub mod loops;
pub mod matching;
pub mod neighbours;
pub mod numerics;
pub mod patterns;
pub mod recursion;
pub mod results;
pub mod slices;
pub mod solvers;
pub mod sorting;
pub mod spelled;
pub mod structs;
pub mod tables;
pub mod two_dimensional;
pub mod vectors;
pub mod workspaces;

/// All lists, by construct.
pub const ALL: &[(&str, &[chainrule_tests::Case])] = &[
    ("arrays", arrays::CASES),
    ("calls", calls::CASES),
    ("checkpointed", checkpointed::CASES),
    ("closures", closures::CASES),
    ("combined", combined::CASES),
    ("conditionals", conditionals::CASES),
    ("dataflow", dataflow::CASES),
    ("early_exit", early_exit::CASES),
    ("generics", generics::CASES),
    ("in_out", in_out::CASES),
    ("iterators", iterators::CASES),
    ("loops", loops::CASES),
    ("matching", matching::CASES),
    ("neighbours", neighbours::CASES),
    ("numerics", numerics::CASES),
    ("patterns", patterns::CASES),
    ("recursion", recursion::CASES),
    ("results", results::CASES),
    ("slices", slices::CASES),
    ("solvers", solvers::CASES),
    ("sorting", sorting::CASES),
    ("spelled", spelled::CASES),
    ("structs", structs::CASES),
    ("tables", tables::CASES),
    ("two_dimensional", two_dimensional::CASES),
    ("vectors", vectors::CASES),
    ("workspaces", workspaces::CASES),
];
