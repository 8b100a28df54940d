//! Methods that are known to look only.

use crate::flow::ir::Code;
use crate::primitives;
use syn::{Expr, ExprMethodCall};

/// Methods that leave their receiver as it is and give the same again.
const LOOKS: &[&[&str]] = &[
    // Of lists and maps.
    &[
        "as_ref",
        "as_slice",
        "binary_search",
        "binary_search_by",
        "chunks",
        "chunks_exact",
        "concat",
        "contains",
        "contains_key",
        "first",
        "first_key_value",
        "get",
        "get_key_value",
        "is_empty",
        "is_sorted",
        "iter",
        "join",
        "keys",
        "last",
        "last_key_value",
        "len",
        "partition_point",
        "rchunks",
        "repeat",
        "split_at",
        "split_first",
        "split_last",
        "to_vec",
        "values",
        "windows",
    ],
    // That copy.
    &["clone", "cloned", "copied", "to_owned", "to_string"],
    // Of text.
    &[
        "as_str",
        "bytes",
        "char_indices",
        "chars",
        "ends_with",
        "lines",
        "parse",
        "split",
        "split_whitespace",
        "starts_with",
        "to_lowercase",
        "to_uppercase",
        "trim",
    ],
    // Of iterators.
    &[
        "chain",
        "collect",
        "count",
        "enumerate",
        "filter",
        "filter_map",
        "flat_map",
        "flatten",
        "fold",
        "into_iter",
        "map",
        "map_while",
        "max_by",
        "max_by_key",
        "min_by",
        "min_by_key",
        "product",
        "rev",
        "skip",
        "skip_while",
        "step_by",
        "sum",
        "take_while",
        "unzip",
        "zip",
    ],
    // Of `Option` and `Result`.
    &[
        "and_then",
        "as_deref",
        "expect",
        "is_err",
        "is_none",
        "is_none_or",
        "is_ok",
        "is_some",
        "is_some_and",
        "map_or",
        "map_or_else",
        "ok",
        "ok_or",
        "unwrap",
        "unwrap_or",
        "unwrap_or_default",
        "unwrap_or_else",
    ],
    // Of numbers.
    &[
        "abs_diff",
        "checked_add",
        "checked_div",
        "checked_mul",
        "checked_sub",
        "clamp",
        "cmp",
        "count_ones",
        "div_euclid",
        "end",
        "eq",
        "ilog2",
        "is_finite",
        "is_infinite",
        "is_multiple_of",
        "is_nan",
        "is_negative",
        "is_positive",
        "is_power_of_two",
        "isqrt",
        "leading_zeros",
        "max",
        "min",
        "ne",
        "partial_cmp",
        "pow",
        "rem_euclid",
        "saturating_add",
        "saturating_mul",
        "saturating_sub",
        "signum",
        "start",
        "total_cmp",
        "trailing_zeros",
        "wrapping_add",
        "wrapping_mul",
        "wrapping_sub",
    ],
    // Of arrays of `ndarray`.
    &[
        "axis_iter",
        "column",
        "columns",
        "dim",
        "dot",
        "index_axis",
        "indexed_iter",
        "mapv",
        "mean",
        "mean_axis",
        "ncols",
        "ndim",
        "nrows",
        "outer_iter",
        "raw_dim",
        "row",
        "rows",
        "shape",
        "sum_axis",
        "t",
        "view",
    ],
];

/// Methods that take from their receiver, which nobody sees of one that nothing else refers to.
const TAKES: &[&str] = &["all", "any", "find", "find_map", "position", "rposition", "take"];

/// Whether a method is known by its name to leave its receiver as it is, and to give the same
/// when it is called again: of which type it is is not known.
pub(super) fn leaves(method: &str) -> bool {
    LOOKS.iter().any(|group| group.contains(&method)) || primitives::method(method).is_some()
}

/// The same of a call: what happens to a temporary nobody sees.
pub(in crate::flow) fn looks(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    leaves(&name) || (TAKES.contains(&name.as_str()) && is_temporary(&call.receiver))
}

/// Whether nothing else refers to the value of an expression.
pub(super) fn is_temporary(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(inner) => is_temporary(&inner.expr),
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Range(_) => true,
        Expr::Path(path) => path.path.is_ident(Code::TEMPORARY),
        _ => false,
    }
}
