//! Code that is taken as it stands, in words: what it is, why a derivative would be lost in it, and
//! what to write instead.

use super::index::{By_, Index};
use super::ir::{Bind, Code, Kind, Program, Source, Stmt, V};
use super::lower::BITS;
use crate::capsule::{STD_MACROS, is_std_function, is_std_owner};
use crate::parse::last_name;
use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::{Expr, Member};

/// Functions that belong to a derivative.
pub(crate) const DERIVATIVES: &[&str] = &[
    "grad",
    "value_and_grad",
    "value_and_grad_into",
    "value_and_grad_add_into",
    "vjp",
    "pullback",
    "jvp",
    "hvp",
    "vjp_jvp",
    "hessian",
    "jacobian",
    "tape_value_and_grad",
];

/// Types of std that hold a value where it cannot be followed.
const HOLDERS: &[(&[&str], &str)] = &[
    (
        &["Box", "Rc", "Arc", "Cow", "Pin", "ManuallyDrop"],
        "hold the value itself in a variable, an array or a `Vec`",
    ),
    (
        &[
            "Cell",
            "RefCell",
            "OnceCell",
            "LazyCell",
            "Mutex",
            "RwLock",
            "OnceLock",
            "LazyLock",
            "UnsafeCell",
        ],
        "use a `let mut` variable or a `&mut` parameter",
    ),
    (
        &["HashMap", "BTreeMap", "HashSet", "BTreeSet", "VecDeque", "BinaryHeap", "LinkedList"],
        "hold the values in an array or a `Vec`, and their places in the collection",
    ),
    (
        &[
            "AtomicU8",
            "AtomicU16",
            "AtomicU32",
            "AtomicU64",
            "AtomicUsize",
            "AtomicI8",
            "AtomicI16",
            "AtomicI32",
            "AtomicI64",
            "AtomicIsize",
            "AtomicBool",
        ],
        "use a `let mut` variable or a `&mut` parameter",
    ),
];

/// Those of them that hold variables of the tape as they hold floats.
const ON_TAPE: &[&str] =
    &["Box", "Rc", "Arc", "Cell", "RefCell", "HashMap", "BTreeMap", "VecDeque"];

/// Methods of what is iterated over.
const OF_ITERATORS: &[&str] = &[
    "map",
    "zip",
    "fold",
    "for_each",
    "filter",
    "filter_map",
    "flat_map",
    "scan",
    "chain",
    "inspect",
];

/// A piece of code that takes a differentiated value.
pub(super) struct Unseen<'a, 'p> {
    pub(super) program: &'a Program,
    pub(super) index: &'a Index<'p>,
    pub(super) code: &'a Code,
    /// The differentiated value.
    pub(super) bind: &'a Bind,
}

impl Unseen<'_, '_> {
    /// What is wrong with it, and what to do.
    pub(super) fn message(&self) -> String {
        let name = match (&self.bind.what, self.bind.name.to_string()) {
            (Source::Value(v), name) if name.starts_with("__") => self.name_of(*v),
            (Source::Place(_), name) if name.starts_with("__") => None,
            (_, name) => Some(name),
        };
        let (x, stop) = match name {
            None => ("a value here".to_string(), "stop_gradient(..)".to_string()),
            Some(name) => (format!("`{name}`"), format!("stop_gradient({name})")),
        };
        let (lost, instead) = match syn::parse2::<Expr>(self.code.tokens.clone()).ok() {
            _ if is_text(self.code) => (
                "where it is turned into text".to_string(),
                "compute with the number itself, show it by `println!`".to_string(),
            ),
            Some(Expr::Call(call)) => self.call(&call),
            Some(Expr::MethodCall(call)) => self.method(&call),
            Some(Expr::Assign(assign)) => self.assigned(&assign.left),
            Some(Expr::Binary(binary)) if is_assigning(&binary.op) => self.assigned(&binary.left),
            Some(Expr::Struct(of)) => unknown_type(&path_text(&of.path)),
            Some(Expr::Unary(unary)) => match self.holder_of(&unary.expr) {
                Some(held) => held,
                None => unseen(),
            },
            _ => unseen(),
        };
        format!(
            "{x} carries a derivative, which is lost {lost}: {instead}, or write `{stop}` if it is not wanted"
        )
    }

    /// The user's name of a value, if it has one.
    fn name_of(&self, v: V) -> Option<String> {
        const MADE_UP: &[&str] = &["k", "t", "c", "if", "not", "neg", "constant", "result", "stop"];
        let name = &self.program.of(v).name;
        let operation = ["add", "sub", "mul", "div", "rem"].contains(&name.as_str())
            || crate::primitives::method(name).is_some();
        (!operation && !MADE_UP.contains(&name.as_str())).then(|| name.clone())
    }

    fn call(&self, call: &syn::ExprCall) -> (String, String) {
        let choose = "choose between calls with `if` or `match`".to_string();
        let Expr::Path(function) = &*call.func else {
            let text = short(&call.func.to_token_stream().to_string());
            let lost = format!(
                "in `{text}`, since which function that is is known only while the program runs"
            );
            return (lost, choose);
        };
        let path = &function.path;
        let text = path_text(path);
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        match &names[..] {
            [name] if self.code.binds.iter().any(|bind| bind.name == *name) => (
                format!(
                    "in `{name}`, since which function that is is known only while the program runs"
                ),
                format!("take it as an `impl Fn` parameter, {choose}"),
            ),
            [name]
                if self
                    .program
                    .items
                    .iter()
                    .any(|(item, code)| item == name && !code.is_empty()) =>
            {
                (
                    format!("in `{name}`, a function inside of this one"),
                    "move it out and put `#[differentiate]` on it".to_string(),
                )
            }
            [.., name] if STD_MACROS.contains(&name.as_str()) => (
                format!(
                    "in `{name}`, which is not seen through since a macro of std has the same name"
                ),
                "rename it".to_string(),
            ),
            [.., name] if names.len() > 1 && DERIVATIVES.contains(&name.as_str()) => (
                format!(
                    "in `{text}`, since derivatives other than the `grad` and `value_and_grad` of annotated functions are not differentiated again"
                ),
                "pass constants to it".to_string(),
            ),
            [.., of, _] if holder(of).is_some() => held(of),
            [.., module, _] if module == "thread" => (
                format!("in `{text}`, since what another thread computes is not followed"),
                "compute it here".to_string(),
            ),
            [.., of, name]
                if of.starts_with(char::is_lowercase) && BITS.contains(&name.as_str()) =>
            {
                (
                    format!("in `{text}`, since bits have none"),
                    "compute with the number itself".to_string(),
                )
            }
            _ if is_std(path) => (
                format!("in `{text}`, which chainrule does not see through"),
                "write it out as a loop, or with operators and methods of floats".to_string(),
            ),
            [.., name] if name.starts_with(char::is_uppercase) => unknown_type(&text),
            _ => (
                format!("in `{text}`, which is not seen through"),
                "put `#[differentiate]` on it".to_string(),
            ),
        }
    }

    fn method(&self, call: &syn::ExprMethodCall) -> (String, String) {
        let method = &call.method;
        if BITS.contains(&method.to_string().as_str()) {
            return (
                format!("in `{method}`, since bits have none"),
                "compute with the number itself".to_string(),
            );
        }
        if let Some(held) = self.holder_of(&call.receiver) {
            return held;
        }
        let receiver = root(&call.receiver);
        let ty = receiver.as_ref().and_then(|name| self.type_of(name)).unwrap_or_default();
        let fills =
            ["push", "extend", "extend_from_slice", "insert", "resize", "copy_from_slice", "fill"];
        match (list(receiver.as_deref(), &ty), &receiver) {
            (Some(list), _) => return list,
            (None, Some(name)) if !self.is_bound(name) && !name.starts_with("__") => {
                return outside(Some(name));
            }
            (None, Some(name)) if ty.is_empty() && fills.contains(&method.to_string().as_str()) => {
                return (
                    format!("in `{name}`, which was made by code that is not seen through"),
                    "build it in this function".to_string(),
                );
            }
            _ => {}
        }
        let annotate = "`#[derive(Differentiable)]`, with `#[differentiate]` on the `impl` block";
        let runs = OF_ITERATORS.contains(&method.to_string().as_str());
        match receiver.filter(|name| !name.starts_with("__")) {
            _ if ty.starts_with("dyn ") => (
                format!(
                    "in `{method}`, since which method of `{ty}` that is is known only while the program runs"
                ),
                format!("take a struct under {annotate}"),
            ),
            Some(name) if runs && ty.is_empty() => (
                format!("in `{method}`, a method of `{name}`, whose type chainrule does not know"),
                format!("give it its type where it is bound, `let {name}: &[f64] = ..`"),
            ),
            Some(name) => (
                format!("in `{method}`, a method of `{name}`, whose type chainrule does not know"),
                format!("make that a struct under {annotate}"),
            ),
            None if runs => (
                format!("in `{method}`, a method of a type that chainrule does not know"),
                "bind what it runs over to a variable first, with its type, `let row: &[f64] = ..`"
                    .to_string(),
            ),
            None => (
                format!("in `{method}`, a method of a type that chainrule does not know"),
                format!("make that a struct under {annotate}"),
            ),
        }
    }

    fn assigned(&self, left: &Expr) -> (String, String) {
        if let Some(held) = self.holder_of(left) {
            return held;
        }
        match root(left).filter(|name| self.is_bound(name)) {
            Some(name) => {
                let ty = self.type_of(&name).unwrap_or_default();
                list(Some(&name), &ty).unwrap_or_else(|| (
                    format!("in `{name}`, whose type chainrule does not know"),
                    "make that a float, an array or a `Vec` that is built in this function, or a struct under `#[derive(Differentiable)]`".to_string(),
                ))
            }
            None => outside(root(left).as_deref()),
        }
    }

    /// Whether a name in the code is that of a variable.
    fn is_bound(&self, name: &str) -> bool {
        self.code.binds.iter().any(|bind| bind.name == name)
    }

    /// What is said of something that a holder of std holds.
    fn holder_of(&self, expr: &Expr) -> Option<(String, String)> {
        self.holder(&root(expr)?).map(|of| held(&of))
    }

    /// The holder of std that a variable in the code is.
    fn holder(&self, name: &str) -> Option<String> {
        let ty = self.type_of(name)?;
        let ty = last_name(&ty);
        holder(ty).map(|_| ty.to_string())
    }

    /// The type of a variable in the code: as it is written, or as its constructor tells.
    fn type_of(&self, name: &str) -> Option<String> {
        let bind = self.code.binds.iter().find(|bind| bind.name == name)?;
        match &bind.what {
            Source::Value(v) => self.type_of_value(*v, 0),
            Source::Place(_) => None,
        }
    }

    fn type_of_value(&self, v: V, depth: usize) -> Option<String> {
        const DEEP: usize = 8;
        if let Some((_, ty)) = self.program.written.iter().find(|(value, _)| *value == v) {
            return Some(ty.clone());
        }
        let By_::Stmt(Stmt { kind: Kind::Opaque { code, .. }, .. }) = self.index.def(v).by else {
            return None;
        };
        let inner = |name: &str| match &code.binds.iter().find(|bind| bind.name == name)?.what {
            Source::Value(v) if depth < DEEP => self.type_of_value(*v, depth + 1),
            _ => None,
        };
        match syn::parse2::<Expr>(code.tokens.clone()).ok()? {
            // The constructor of a value is called by its type.
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) if path.path.segments.len() > 1 => {
                    let owner = &path.path.segments[path.path.segments.len() - 2].ident;
                    let owner = owner.to_string();
                    owner.starts_with(char::is_uppercase).then_some(owner)
                }
                _ => None,
            },
            Expr::Path(path) => inner(&path.path.get_ident()?.to_string()),
            // `list.borrow_mut()`, `total.lock().unwrap()` are still what they are called on.
            Expr::MethodCall(call) => inner(&root(&call.receiver)?),
            _ => None,
        }
    }
}

/// What is said of something that is no variable: a `static`.
fn outside(name: Option<&str>) -> (String, String) {
    let what = name.map_or("something".to_string(), |name| format!("`{name}`"));
    (
        format!("in {what}, which is no variable of this function"),
        "use a `let mut` variable or a `&mut` parameter".to_string(),
    )
}

fn unseen() -> (String, String) {
    (
        "in this code, which is not seen through".to_string(),
        "write it with floats, arrays, `Vec`s and annotated functions".to_string(),
    )
}

fn held(of: &str) -> (String, String) {
    let instead = holder(of).unwrap_or_default();
    let article =
        if of.starts_with(['A', 'O', 'U']) || of == "Rc" || of == "RwLock" { "an" } else { "a" };
    let instead = match ON_TAPE.contains(&of) {
        true => format!("{instead}, put `#[differentiate(via = tape)]` on the function"),
        false => instead.to_string(),
    };
    (format!("in {article} `{of}`"), instead)
}

fn unknown_type(text: &str) -> (String, String) {
    (
        format!("in `{text}`, whose type chainrule does not know"),
        "put `#[derive(Differentiable)]` on it if it is a struct, hold the floats in variables if it is an enum".to_string(),
    )
}

/// What is said of a `Vec` or slice that is not followed.
fn list(name: Option<&str>, ty: &str) -> Option<(String, String)> {
    let name = name.filter(|_| ty.starts_with("Vec<") || ty.starts_with('['))?;
    Some((
        format!(
            "in `{name}`, a `{ty}` that holds other things beside floats or was made by code that is not seen through"
        ),
        "keep the floats in a `Vec` of their own that is built in this function".to_string(),
    ))
}

fn holder(name: &str) -> Option<&'static str> {
    HOLDERS.iter().find(|(names, _)| names.contains(&name)).map(|(_, remedy)| *remedy)
}

fn is_std(path: &syn::Path) -> bool {
    let owner = path.segments.iter().rev().nth(1).map(|segment| segment.ident.to_string());
    is_std_function(path) || owner.is_some_and(|name| is_std_owner(&name) || name == "Duration")
}

fn path_text(path: &syn::Path) -> String {
    path.segments.iter().map(|s| s.ident.to_string()).collect::<Vec<_>>().join("::")
}

fn short(text: &str) -> String {
    const LONG: usize = 40;
    let text: String = text.split_whitespace().collect();
    if text.chars().count() > LONG { "..".to_string() } else { text }
}

fn is_assigning(op: &syn::BinOp) -> bool {
    use syn::BinOp::{AddAssign, DivAssign, MulAssign, RemAssign, SubAssign};
    matches!(op, AddAssign(_) | SubAssign(_) | MulAssign(_) | DivAssign(_) | RemAssign(_))
}

/// The name at the bottom of a place.
fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Expr::Field(field) => match &field.member {
            Member::Named(_) | Member::Unnamed(_) => root(&field.base),
        },
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(inner) => root(&inner.expr),
        Expr::Unary(inner) => root(&inner.expr),
        Expr::Reference(inner) => root(&inner.expr),
        Expr::MethodCall(call) => root(&call.receiver),
        _ => None,
    }
}

/// The name of the macro that code is a call of.
fn macro_name(code: &Code) -> Option<String> {
    let mut tokens = code.tokens.clone().into_iter();
    let Some(TokenTree::Ident(name)) = tokens.next() else { return None };
    let bang = matches!(tokens.next(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
    bang.then(|| name.to_string())
}

/// Whether code is there for its effect only, as `println!` and `assert!`: reading a differentiated
/// value is no loss.
pub(super) fn is_effect(code: &Code) -> bool {
    macro_name(code).is_some_and(|name| {
        matches!(
            name.as_str(),
            "assert"
                | "assert_eq"
                | "assert_ne"
                | "debug_assert"
                | "debug_assert_eq"
                | "debug_assert_ne"
                | "print"
                | "println"
                | "eprint"
                | "eprintln"
        )
    })
}

/// Whether code makes a text.
pub(super) fn is_text(code: &Code) -> bool {
    if let Some(name) = macro_name(code) {
        return matches!(name.as_str(), "format" | "format_args" | "concat" | "stringify");
    }
    matches!(syn::parse2::<Expr>(code.tokens.clone()), Ok(Expr::MethodCall(call)) if call.method == "to_string")
}

/// Whether code makes a value of a type of the user's, and does nothing else.
pub(super) fn is_constructor(code: &Code) -> bool {
    match syn::parse2::<Expr>(code.tokens.clone()) {
        Ok(Expr::Struct(_)) => true,
        Ok(Expr::Call(call)) => {
            match &*call.func {
                Expr::Path(path) => path.path.segments.last().is_some_and(|segment| {
                    segment.ident.to_string().starts_with(char::is_uppercase)
                }),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether code turns one value into another and does nothing else, as errors are turned into
/// errors.
pub(super) fn is_conversion(code: &Code) -> bool {
    match syn::parse2::<Expr>(code.tokens.clone()) {
        Ok(Expr::MethodCall(call)) => matches!(
            call.method.to_string().as_str(),
            "into" | "clone" | "to_owned" | "to_string" | "as_str"
        ),
        Ok(Expr::Call(call)) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().is_some_and(|segment| {
                matches!(segment.ident.to_string().as_str(), "from" | "new")
            }),
            _ => false,
        },
        _ => false,
    }
}

/// Where code stands: all of it, unless the compiler has put something of its own at its beginning.
pub(super) fn at(code: &Code, span: Span) -> At<'_> {
    let own = |token: TokenTree| match token {
        TokenTree::Ident(name) => {
            let name = name.to_string();
            name.starts_with("__") || name == "match"
        }
        token => matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':'),
    };
    match code.tokens.clone().into_iter().next().is_none_or(own) {
        true => At::Span(span),
        false => At::Code(code),
    }
}

pub(super) enum At<'c> {
    Span(Span),
    Code(&'c Code),
}

impl crate::error::Place for At<'_> {
    fn error(self, message: String) -> syn::Error {
        match self {
            At::Span(span) => syn::Error::new(span, message),
            At::Code(code) => syn::Error::new_spanned(&code.tokens, message),
        }
    }
}

/// What a piece of code is called in a message.
pub(super) fn called(code: &Code) -> String {
    let text = match syn::parse2::<Expr>(code.tokens.clone()) {
        Ok(Expr::MethodCall(call))
            if root(&call.receiver).is_none_or(|name| name.starts_with("__")) =>
        {
            call.method.to_string()
        }
        _ => {
            let text = code.tokens.to_string();
            text.split('(').next().unwrap_or_default().split_whitespace().collect()
        }
    };
    const LONG: usize = 60;
    if text.is_empty() || text.len() > LONG { "this code".to_string() } else { format!("`{text}`") }
}
