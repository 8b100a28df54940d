//! The types of signatures and annotations, as far as the compiler understands them.

use crate::error::Errors;
use crate::ir::Elem;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;

/// A type in a signature.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A float, by value or by reference.
    Float(Elem),
    /// An array of floats: owned, borrowed or a view.
    Array(Elem, usize),
    /// An array of integers or conditions, which carries no derivative: its elements, its rank.
    Passive(Box<Type>, usize),
    /// A tuple.
    Tuple(Vec<Type>),
    /// `[T; N]`: the elements, and the length as it is written.
    Fixed(Box<Type>, String),
    /// `[T]`, behind a reference.
    Slice(Box<Type>),
    /// `Vec<T>`
    Vec(Box<Type>),
    /// A struct under `#[derive(Differentiable)]`: the type as it is written, spaced as
    /// [`text_of`] does.
    Struct(String),
    /// `Option<T>`, as a result.
    Option(Box<Type>),
    /// `Result<T, E>`, as a result; the error type as it is written.
    Result(Box<Type>, String),
    /// `()`, as a result.
    Unit,
    /// An integer.
    Int(String),
    /// Anything else that cannot carry a derivative, by its description.
    Constant(String),
}

impl Type {
    /// Whether a value of this type can carry a derivative.
    pub fn is_differentiable(&self) -> bool {
        match self {
            Type::Float(_) | Type::Array(..) => true,
            Type::Tuple(parts) => !parts.is_empty() && parts.iter().all(Type::is_differentiable),
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => of.is_differentiable(),
            Type::Struct(_) => true,
            Type::Option(of) | Type::Result(of, _) => of.is_differentiable(),
            Type::Int(_) | Type::Constant(_) | Type::Passive(..) | Type::Unit => false,
        }
    }

    /// The floats and arrays it is made of, in order.
    pub fn leaves(&self) -> Vec<&Type> {
        match self {
            Type::Tuple(parts) => parts.iter().flat_map(Type::leaves).collect(),
            leaf => vec![leaf],
        }
    }

    /// Whether tensors alone can serve it: floats, arrays of `ndarray`, integers, constants and
    /// tuples of those. All other types are of scalar code.
    pub fn is_of_tensors(&self) -> bool {
        match self {
            Type::Float(_) | Type::Array(..) | Type::Int(_) | Type::Constant(_) => true,
            Type::Tuple(parts) => parts.iter().all(Type::is_of_tensors),
            Type::Unit | Type::Passive(..) => false,
            other => !other.is_differentiable(),
        }
    }

    /// Whether there are arrays of `ndarray` in it.
    pub fn mentions_arrays(&self) -> bool {
        match self {
            Type::Array(..) | Type::Passive(..) => true,
            Type::Tuple(parts) => parts.iter().any(Type::mentions_arrays),
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) | Type::Option(of) => {
                of.mentions_arrays()
            }
            Type::Result(of, _) => of.mentions_arrays(),
            _ => false,
        }
    }

    /// The types of the floats it is made of, but for those in structs.
    pub fn floats(&self) -> Vec<&Elem> {
        match self {
            Type::Float(elem) | Type::Array(elem, _) => vec![elem],
            Type::Tuple(parts) => parts.iter().flat_map(Type::floats).collect(),
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) | Type::Option(of) => of.floats(),
            Type::Result(of, _) => of.floats(),
            _ => vec![],
        }
    }

    /// The structs it is made of, as their types are written.
    pub fn structs(&self) -> Vec<&str> {
        match self {
            Type::Struct(text) => vec![text],
            Type::Tuple(parts) => parts.iter().flat_map(Type::structs).collect(),
            Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => of.structs(),
            Type::Option(of) | Type::Result(of, _) => of.structs(),
            _ => vec![],
        }
    }
}

/// Tokens as text that does not depend on how they were spaced: `Params<f64>`.
pub fn text_of(tokens: &impl ToTokens) -> String {
    fn write(tokens: TokenStream, out: &mut String) {
        let wordlike = |c: char| c.is_alphanumeric() || c == '_';
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::None => ("", ""),
                    };
                    out.push_str(open);
                    write(group.stream(), out);
                    out.push_str(close);
                }
                other => {
                    let text = other.to_string();
                    // Behind a quote a word would be the suffix of a literal.
                    let joins = |c: char| wordlike(c) || matches!(c, '\'' | '"');
                    if out.ends_with(joins) && text.starts_with(wordlike) {
                        out.push(' ');
                    }
                    out.push_str(&text);
                }
            }
        }
    }
    let mut out = String::new();
    write(tokens.to_token_stream(), &mut out);
    out
}

pub(super) const INTEGERS: &[&str] =
    &["i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"];

/// Types of std that carry no derivative, whatever they hold.
const PASSIVE: &[&str] = &[
    "bool",
    "str",
    "char",
    "String",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "VecDeque",
    "LinkedList",
    "Range",
    "RangeInclusive",
    "RangeFrom",
    "RangeTo",
    "RangeFull",
    "Ordering",
    "Duration",
    "Instant",
    "SystemTime",
    "Path",
    "PathBuf",
    "OsStr",
    "OsString",
    "File",
    "PhantomData",
    "Formatter",
    "NonZero",
    "AtomicBool",
    "AtomicUsize",
    "AtomicU64",
];

/// Types of std that wrap a value which the compiler does not follow into them.
const WRAPPERS: &[&str] =
    &["Box", "Rc", "Arc", "Cell", "RefCell", "Mutex", "RwLock", "OnceCell", "Cow", "Wrapping"];

/// What the names in a type mean.
#[derive(Clone, Copy, Default)]
pub(crate) struct Names<'n> {
    /// The type parameters bounded by `Float`.
    pub(crate) floats: &'n [String],
    /// The other type parameters, each with its description.
    pub(crate) passive: &'n [(String, String)],
    /// The type parameters that hold an array's data, each with the type of its elements.
    pub(crate) data: &'n [(String, syn::Type)],
    /// What `Self` is.
    pub(crate) this: Option<&'n syn::Type>,
}

/// The element type a type stands for, if it is a float or integer by name.
pub fn elem_of(ty: &syn::Type, floats: &[String]) -> Option<Elem> {
    let path = match ty {
        syn::Type::Path(path) if path.qself.is_none() => path,
        syn::Type::Paren(inner) => return elem_of(&inner.elem, floats),
        syn::Type::Group(inner) => return elem_of(&inner.elem, floats),
        _ => return None,
    };
    let name = path.path.get_ident().map(ToString::to_string);
    match name.as_deref()? {
        "f32" => Some(Elem::F32),
        "f64" => Some(Elem::F64),
        name if INTEGERS.contains(&name) => Some(Elem::Int(name.to_string())),
        name if floats.iter().any(|f| f == name) => Some(Elem::Param(name.to_string())),
        _ => None,
    }
}

/// Understands a type; reports one that is not accepted.
///
/// A type that is called by a name which is not known is taken for a struct under
/// `#[derive(Differentiable)]`.
pub fn type_of(ty: &syn::Type, floats: &[String], errors: &mut Errors) -> Option<Type> {
    understand(ty, Names { floats, ..Names::default() }, errors)
}

/// The same where more names have a meaning.
pub(crate) fn understand(ty: &syn::Type, names: Names<'_>, errors: &mut Errors) -> Option<Type> {
    match ty {
        syn::Type::Paren(inner) => understand(&inner.elem, names, errors),
        syn::Type::Group(inner) => understand(&inner.elem, names, errors),
        syn::Type::Reference(reference) => match strip(&reference.elem) {
            syn::Type::Slice(slice) => {
                let of = element(&slice.elem, names, errors)?;
                Some(container(of, ty, Type::Slice))
            }
            inner => understand(inner, names, errors),
        },
        syn::Type::Tuple(tuple) if tuple.elems.is_empty() => Some(Type::Unit),
        syn::Type::Tuple(tuple) => {
            let parts: Vec<_> =
                tuple.elems.iter().map(|part| understand(part, names, errors)).collect();
            let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
            Some(Type::Tuple(parts))
        }
        syn::Type::Array(array) => {
            let of = element(&array.elem, names, errors)?;
            let len = text_of(&array.len);
            Some(container(of, ty, |of| Type::Fixed(of, len)))
        }
        syn::Type::Slice(slice) => {
            let of = element(&slice.elem, names, errors)?;
            Some(container(of, ty, Type::Slice))
        }
        syn::Type::Path(path) if path.qself.is_none() => named(ty, path, names, errors),
        syn::Type::Path(_) => {
            errors.at(ty, "the type behind this path is not known here: write out what it is");
            None
        }
        syn::Type::ImplTrait(bounds) => Some(Type::Constant(bounds_text(&bounds.bounds))),
        // Which function or type is behind it is known while the program runs only.
        syn::Type::TraitObject(_) => Some(Type::Constant("trait object".to_string())),
        syn::Type::FnPtr(_) => Some(Type::Constant("function pointer".to_string())),
        other => {
            errors.at(other, "this type is not understood: supported are floats, integers, arrays, slices and `Vec`s of those, `ndarray` arrays and views of rank 0 to 6, tuples, and structs under `#[derive(Differentiable)]`");
            None
        }
    }
}

/// An array, slice or `Vec` of elements that are understood; of passive ones it is constant where
/// they are not numbers or conditions.
fn container(of: Type, ty: &syn::Type, build: impl FnOnce(Box<Type>) -> Type) -> Type {
    match of {
        Type::Constant(_) | Type::Unit => Type::Constant(text_of(ty)),
        of => build(Box::new(of)),
    }
}

/// Elements of a container: owned values.
fn element(ty: &syn::Type, names: Names<'_>, errors: &mut Errors) -> Option<Type> {
    let of = understand(ty, names, errors)?;
    match (strip(ty), &of) {
        (syn::Type::Reference(_), of) if of.is_differentiable() => {
            errors.at(ty, "references inside an array, slice or `Vec` are not supported: hold the values themselves");
            None
        }
        (_, Type::Array(..)) => {
            errors.at(ty, "containers of `ndarray` arrays are not supported yet: take one array of a higher rank, or `Vec<f64>`");
            None
        }
        (_, Type::Option(_) | Type::Result(..)) => Some(Type::Constant(text_of(ty))),
        _ => Some(of),
    }
}

/// A type without the parentheses and groups that macros wrap around it.
pub(crate) fn strip(ty: &syn::Type) -> &syn::Type {
    match ty {
        syn::Type::Paren(inner) => strip(&inner.elem),
        syn::Type::Group(inner) => strip(&inner.elem),
        other => other,
    }
}

/// The description of something known by its traits only.
pub(super) fn bounds_text<'b>(bounds: impl IntoIterator<Item = &'b syn::TypeParamBound>) -> String {
    for bound in bounds {
        if let syn::TypeParamBound::Trait(bound) = bound
            && let Some(segment) = bound.path.segments.last()
        {
            return match segment.ident.to_string().as_str() {
                "Fn" | "FnMut" | "FnOnce" => "closure".to_string(),
                _ => format!("impl {}", text_of(&bound.path)),
            };
        }
    }
    "generic value".to_string()
}

/// The last name of a type's path as text: `Pair` of `shapes::Pair<f64>`.
pub(crate) fn last_name(ty: &str) -> &str {
    let path = ty.split('<').next().unwrap_or(ty);
    path.rsplit("::").next().unwrap_or(path).trim()
}

/// The type arguments of a path's last segment.
pub(crate) fn type_arguments(path: &syn::Path) -> Vec<&syn::Type> {
    path.segments.last().map(arguments).unwrap_or_default()
}

/// The type arguments of a segment.
fn arguments(segment: &syn::PathSegment) -> Vec<&syn::Type> {
    match &segment.arguments {
        syn::PathArguments::AngleBracketed(list) => (list.args.iter())
            .filter_map(|arg| match arg {
                syn::GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => vec![],
    }
}

fn named(
    ty: &syn::Type,
    path: &syn::TypePath,
    names: Names<'_>,
    errors: &mut Errors,
) -> Option<Type> {
    match elem_of(ty, names.floats) {
        Some(Elem::Int(name)) => return Some(Type::Int(name)),
        Some(elem) => return Some(Type::Float(elem)),
        None => {}
    }
    let segment = path.path.segments.last()?;
    let name = segment.ident.to_string();
    let arguments = arguments(segment);
    if path.path.segments.len() == 1 {
        if let Some((_, what)) = names.passive.iter().find(|(passive, _)| *passive == name) {
            return Some(Type::Constant(what.clone()));
        }
        if let ("Self", Some(this)) = (name.as_str(), names.this) {
            return understand(this, Names { this: None, ..names }, errors);
        }
    }
    let known = |name: &str| match (segment.arguments.is_none(), name) {
        (true, "bool" | "str" | "char" | "String") => name.to_string(),
        _ => text_of(ty),
    };
    match name.as_str() {
        "f32" | "f64" => {
            let elem = if name == "f32" { Elem::F32 } else { Elem::F64 };
            return Some(Type::Float(elem));
        }
        name if INTEGERS.contains(&name) => return Some(Type::Int(name.to_string())),
        name if PASSIVE.contains(&name) => return Some(Type::Constant(known(name))),
        name if WRAPPERS.contains(&name) => {
            let inside = arguments.iter().filter_map(|ty| {
                understand(ty, names, &mut Errors::new()).filter(|ty| ty.structs().is_empty())
            });
            if inside.into_iter().any(|ty| ty.is_differentiable()) {
                errors.at(ty, format!("`{name}` of a float is not supported: take the value itself, or a reference to it"));
                return None;
            }
            return Some(Type::Constant(text_of(ty)));
        }
        "Vec" => {
            let Some(&of) = arguments.first() else {
                errors.at(ty, "write out what the `Vec` holds: `Vec<f64>`");
                return None;
            };
            let of = element(of, names, errors)?;
            return Some(container(of, ty, Type::Vec));
        }
        "Option" | "Result" => return fallible(ty, &name, &arguments, names, errors),
        "CowArray" | "ArcArray" | "ArrayD" | "ArrayViewD" | "ArrayViewMutD" | "ArrayRefD" => {
            errors.at(ty, format!("`{name}` is not supported yet: take `&Array`, `ArrayView` or `&ArrayRef` of rank 0 to 6"));
            return None;
        }
        "RawArrayView" | "RawArrayViewMut" | "RawRef" | "LayoutRef" => {
            errors.at(ty, format!("`{name}` cannot be differentiated: chainrule reads safe Rust only; take `ArrayView`"));
            return None;
        }
        _ => {}
    }
    array(ty, &name, &arguments, path, names, errors)
}

/// An `ndarray` array or view by its name; a struct where it is none.
fn array(
    ty: &syn::Type,
    name: &str,
    arguments: &[&syn::Type],
    path: &syn::TypePath,
    names: Names<'_>,
    errors: &mut Errors,
) -> Option<Type> {
    let Some(rank) = array_rank(name, arguments) else {
        return Some(Type::Struct(text_of(path)));
    };
    let Some(rank @ 0..=6) = rank else {
        let written = match name.ends_with(|c: char| c.is_ascii_digit()) {
            true => "",
            false => ": write the rank out, `Ix2`",
        };
        errors.at(
            ty,
            format!("`{name}` is not known to be an array of rank 0 to 6, which are supported so far{written}"),
        );
        return None;
    };
    let elem = arguments.first().copied();
    let elem = match name {
        // Who holds the data says what it is.
        "ArrayBase" => elem.and_then(|holder| data_of(holder, names)),
        _ => elem,
    };
    let is_bool = |elem: &&syn::Type| matches!(strip(elem), syn::Type::Path(path) if path.path.is_ident("bool"));
    match elem.and_then(|elem| elem_of(elem, names.floats)) {
        Some(Elem::Int(name)) => Some(Type::Passive(Box::new(Type::Int(name)), rank)),
        Some(elem) => Some(Type::Array(elem, rank)),
        None if elem.as_ref().is_some_and(is_bool) => {
            Some(Type::Passive(Box::new(Type::Constant("bool".to_string())), rank))
        }
        None if name == "ArrayBase" => {
            errors.at(
                ty,
                "what this array holds is not known here: bound its first argument, `S: Data<Elem = f64>`",
            );
            None
        }
        None => {
            errors.at(
                ty,
                "an array's elements must be `f32`, `f64`, a type parameter bounded by `Float`, integers or `bool`",
            );
            None
        }
    }
}

/// The elements of an `ArrayBase` with this first argument: `S`, `OwnedRepr<f64>`,
/// `ViewRepr<&f64>`.
fn data_of<'n>(holder: &'n syn::Type, names: Names<'n>) -> Option<&'n syn::Type> {
    let syn::Type::Path(path) = strip(holder) else { return None };
    if let Some(name) = path.path.get_ident() {
        let of = names.data.iter().find(|(holder, _)| name == holder);
        return of.map(|(_, elem)| elem);
    }
    match strip(type_arguments(&path.path).first()?) {
        syn::Type::Reference(reference) => Some(&reference.elem),
        elem => Some(elem),
    }
}

/// `Option<T>`, `Result<T, E>` and aliases of it.
fn fallible(
    ty: &syn::Type,
    name: &str,
    arguments: &[&syn::Type],
    names: Names<'_>,
    errors: &mut Errors,
) -> Option<Type> {
    let Some(&of) = arguments.first() else {
        errors.at(ty, format!("write out what the `{name}` holds: `{name}<f64, ..>`"));
        return None;
    };
    let of = understand(of, names, errors)?;
    Some(match (name, arguments.get(1)) {
        ("Option", _) => Type::Option(Box::new(of)),
        (_, Some(error)) => Type::Result(Box::new(of), text_of(error)),
        // An alias, `io::Result<f64>`: its error type is known to rustc only.
        (_, None) => {
            let error = format!("<{} as ::chainrule::rt::Fallible>::Error", text_of(ty));
            Type::Result(Box::new(of), error)
        }
    })
}

/// The rank of an `ndarray` array by its type: `None` if it is none, `Some(None)` if the rank is
/// not known.
fn array_rank(name: &str, arguments: &[&syn::Type]) -> Option<Option<usize>> {
    let rest = ["ArrayViewMut", "ArrayView", "ArrayRef", "ArrayBase", "Array", "Tensor"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    match (rest, arguments) {
        // Names of the user's that start alike.
        ("", []) => None,
        (other, _) if !other.is_empty() && !is_digits(other) => None,
        ("", [_, syn::Type::Path(dimension), ..]) => {
            let dimension = dimension.path.segments.last()?.ident.to_string();
            Some(dimension.strip_prefix("Ix").and_then(|n| n.parse().ok()))
        }
        (digits, [_]) => Some(digits.parse().ok()),
        _ => Some(None),
    }
}

fn is_digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a type of this name is taken for one of std that is known without a capsule.
pub(crate) fn is_taken(name: &str) -> bool {
    let known = ["Vec", "Option", "Result"];
    PASSIVE.contains(&name) || WRAPPERS.contains(&name) || known.contains(&name)
}

/// Whether a name is that of an integer type.
pub(crate) fn is_integer(name: &str) -> bool {
    INTEGERS.contains(&name)
}
