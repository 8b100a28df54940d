//! The list of functions by every engine: the value of the macro is the function's bit for bit, its
//! gradient is the tape's and that of central differences.
//!
//! One test for each construct; a failure names the functions and points.

#![forbid(unsafe_code)]

use chainrule_tests::case::check;

mod functions;

macro_rules! constructs {
    ($($construct:ident)*) => {
        $(#[test]
        fn $construct() {
            check(functions::$construct::CASES);
        })*

        const TESTED: &[&str] = &[$(stringify!($construct)),*];
    };
}
constructs! {
    arrays
    calls
    checkpointed
    closures
    combined
    conditionals
    dataflow
    early_exit
    generics
    in_out
    iterators
    loops
    matching
    neighbours
    numerics
    patterns
    recursion
    results
    slices
    solvers
    sorting
    spelled
    structs
    tables
    two_dimensional
    vectors
    workspaces
}

/// No list is forgotten, and no function stands in one twice.
#[test]
fn the_list_is_complete() {
    let listed: Vec<&str> = functions::ALL.iter().map(|(construct, _)| *construct).collect();
    assert_eq!(listed, TESTED);
    let mut functions = 0;
    for (construct, cases) in functions::ALL {
        let mut names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        functions += names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), cases.len(), "{construct} has a function twice");
    }
    assert!(functions >= 150, "{functions} functions");
}
