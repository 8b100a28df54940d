//! Names that the compiler knows without a capsule: macros, functions and types of std and of the
//! crates that chainrule speaks the language of.

/// Names that mean a macro of std when followed by `!`.
pub const STD_MACROS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "include",
    "include_bytes",
    "include_str",
    "line",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "thread_local",
    "todo",
    "try",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Names that mean a derive macro of std: a capsule of that name would hide it.
const STD_DERIVES: &[&str] =
    &["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// Whether an item of this name can have a capsule: none must hide a macro of std.
pub(super) fn has_capsule(name: &str) -> bool {
    !STD_MACROS.contains(&name) && !STD_DERIVES.contains(&name)
}

/// Names in front of `::function` that are no structs of the user's, beside the types that
/// [`crate::parse`] knows: traits, and types that carry no float.
const STD_OWNERS: &[&str] = &[
    "Add",
    "AddAssign",
    "Array",
    "ArrayView",
    "AsRef",
    "Axis",
    "Borrow",
    "Clone",
    "Debug",
    "Default",
    "Deref",
    "Dim",
    "Display",
    "Div",
    "DivAssign",
    "DoubleEndedIterator",
    "Extend",
    "Float",
    "FloatConst",
    "From",
    "FromIterator",
    "FromPrimitive",
    "FromStr",
    "Index",
    "IndexMut",
    "Into",
    "IntoIterator",
    "Ix",
    "Iterator",
    "Mul",
    "MulAssign",
    "NdFloat",
    "Neg",
    "Not",
    "Num",
    "NumCast",
    "One",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Product",
    "Real",
    "Rem",
    "Signed",
    "Sub",
    "SubAssign",
    "Sum",
    "ToOwned",
    "ToPrimitive",
    "ToString",
    "TryFrom",
    "TryInto",
    "Weak",
    "Zero",
    "Zip",
];

/// Constructors of std, which are called like a tuple struct.
const STD_CONSTRUCTORS: &[&str] = &[
    "Some", "None", "Ok", "Err", "Box", "Reverse", "Wrapping", "Axis", "Dim", "Borrowed", "Owned",
];

/// Modules of std as they are written in front of a function, with the functions that handle
/// floats.
const STD_FUNCTIONS: &[(&str, &[&str])] = &[
    ("array", &["from_fn", "from_ref", "from_mut"]),
    ("cmp", &["max", "min", "max_by", "min_by", "max_by_key", "min_by_key"]),
    ("convert", &["identity"]),
    ("hint", &["black_box"]),
    (
        "iter",
        &["empty", "from_fn", "once", "repeat", "repeat_n", "repeat_with", "successors", "zip"],
    ),
    ("mem", &["drop", "forget", "replace", "size_of_val", "swap", "take"]),
    ("ptr", &["eq"]),
    ("slice", &["from_ref", "from_mut"]),
    ("thread", &["spawn"]),
];

/// Names of primitive types, which have functions of their own.
const PRIMITIVES: &[&str] = &[
    "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "bool", "char", "str", "slice",
];

/// Whether a path names a function that the compiler knows without its source.
pub fn is_known_function(path: &syn::Path, floats: &[String]) -> bool {
    let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    match segments.as_slice() {
        // Constructors, of `Some` and of users' types, are no functions to differentiate.
        [.., last] if last == "stop_gradient" || last.starts_with(char::is_uppercase) => true,
        [.., ty, _] => ty == "f32" || ty == "f64" || floats.contains(ty),
        _ => false,
    }
}

/// Whether a path names a function of std.
pub(crate) fn is_std_function(path: &syn::Path) -> bool {
    let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    match segments.as_slice() {
        [one] => one == "drop",
        [first, ..] if matches!(first.as_str(), "std" | "core" | "alloc") => true,
        [.., module, function] => {
            PRIMITIVES.contains(&module.as_str())
                || STD_FUNCTIONS
                    .iter()
                    .any(|(of, functions)| of == module && functions.contains(&function.as_str()))
        }
        [] => false,
    }
}

/// Whether a name in front of `::function` is no struct of the user's.
pub(crate) fn is_std_owner(name: &str) -> bool {
    STD_OWNERS.contains(&name) || PRIMITIVES.contains(&name)
}

/// Whether a name that is called or matched like a tuple struct is of std.
pub(super) fn is_std_constructor(name: &str) -> bool {
    STD_CONSTRUCTORS.contains(&name)
}
