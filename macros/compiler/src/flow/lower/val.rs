//! What expressions evaluate to while lowering.

use super::iter::It;
use super::nd::{Arr, Each, Parts};
use super::table::Table;
use crate::flow::ir::{Place, V};
use crate::hash::HashMap;
use crate::ir::Elem;
use std::rc::Rc;

/// Names a variable.
pub(super) type VarId = usize;

/// A variable: a place of the user's that a name means.
#[derive(Clone)]
pub(super) struct Var {
    /// Its name.
    pub(super) name: String,
    /// What it holds here and now.
    pub(super) val: Val,
    /// Whether it may be assigned.
    pub(super) mutable: bool,
    /// Whether it belongs to a jump's target: it is set before a jump, and read behind the target.
    pub(super) jump: bool,
}

/// How a place is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// A temporary or variable that owns the memory.
    Fresh,
    /// Owned, but the memory is shared with something else that never changes it: to be copied
    /// before a change.
    Frozen,
    /// Not a value yet: the place that an expression names.
    Named,
    /// A shared reference.
    Ref,
    /// An exclusive reference.
    Mut,
}

/// The value of an expression.
#[derive(Clone)]
pub(super) enum Val {
    /// A float or a passive value.
    Scalar(V),
    /// A condition that is known.
    Bool(bool),
    /// A memory, or a part of one.
    Place(Place, Held),
    /// An exclusive reference to a variable that is no memory, or to a field of one.
    Var(VarId, Vec<String>),
    /// One of two exclusive references, by a condition.
    Either(V, Box<(Val, Val)>),
    /// A tuple.
    Tuple(Vec<Val>),
    /// A struct, by its fields.
    Struct(String, Vec<(String, Val)>),
    /// An `Option` or `Result`.
    Opt(Box<Opt>),
    /// A closure.
    Closure(Rc<Closure>),
    /// A function, by its path.
    Function(Rc<syn::Path>),
    /// An iterator.
    Iter(Rc<It>),
    /// A constant whose type only rustc knows, or a part of one.
    Table(Rc<Table>),
    /// An array of `ndarray`, or a view of one.
    Array(Box<Arr>),
    /// An array that is computed element by element where it is used.
    Each(Rc<Each>),
    /// Arrays side by side: `Zip`.
    Zip(Vec<Parts>),
    /// `()`
    Unit,
    /// Control does not get here.
    Never,
    /// Not initialised yet.
    Undef,
    /// In error, which was reported.
    Error,
}

/// An `Option` or `Result`.
#[derive(Clone)]
pub(super) struct Opt {
    /// Whether it is a `Result`.
    pub(super) result: bool,
    /// Whether it is `Some` or `Ok`: a condition.
    pub(super) tag: Val,
    /// What is inside of `Some` or `Ok`.
    pub(super) some: Val,
    /// What is inside of `Err`.
    pub(super) err: Val,
}

/// A closure with what its names mean.
pub(super) struct Closure {
    /// Its source.
    pub(super) expr: syn::ExprClosure,
    /// The scopes it was made in.
    pub(super) scopes: Vec<HashMap<String, VarId>>,
    /// The number of the function it stands in.
    pub(super) id: usize,
    /// The type parameters' values there.
    pub(super) elems: HashMap<String, Elem>,
    /// The lengths that constant parameters stand for there.
    pub(super) lengths: HashMap<String, String>,
    /// The call through which names in it are reached.
    pub(super) outer: Option<super::Outer>,
}

impl Val {
    /// `Some(val)`, `None`.
    pub(super) fn option(tag: Val, some: Val) -> Val {
        Val::Opt(Box::new(Opt { result: false, tag, some, err: Val::Unit }))
    }

    /// The part of a tuple or struct under this name.
    pub(super) fn field(&self, name: &str) -> Option<&Val> {
        match self {
            Val::Tuple(parts) => parts.get(name.parse::<usize>().ok()?),
            Val::Struct(_, fields) => fields.iter().find(|(n, _)| n == name).map(|(_, val)| val),
            _ => None,
        }
    }

    /// The part at the end of a path of names.
    pub(super) fn at(&self, path: &[String]) -> Option<&Val> {
        path.iter().try_fold(self, |val, name| val.field(name))
    }

    /// Replaces the part at the end of a path of names.
    pub(super) fn with(self, path: &[String], new: Val) -> Val {
        let Some((first, rest)) = path.split_first() else { return new };
        match self {
            Val::Tuple(mut parts) => {
                let slot = first.parse::<usize>().ok().and_then(|k| parts.get_mut(k));
                if let Some(slot) = slot {
                    *slot = std::mem::replace(slot, Val::Undef).with(rest, new);
                }
                Val::Tuple(parts)
            }
            Val::Struct(ty, mut fields) => {
                if let Some((_, slot)) = fields.iter_mut().find(|(name, _)| name == first) {
                    *slot = std::mem::replace(slot, Val::Undef).with(rest, new);
                }
                Val::Struct(ty, fields)
            }
            other => other,
        }
    }

    /// What it is, for a message.
    pub(super) fn described(&self) -> &'static str {
        match self {
            Val::Scalar(_) | Val::Bool(_) => "a number",
            Val::Place(..) => "an array, slice or struct",
            Val::Var(..) | Val::Either(..) => "an exclusive reference",
            Val::Tuple(_) => "a tuple",
            Val::Struct(..) => "a struct",
            Val::Opt(opt) if opt.result => "a `Result`",
            Val::Opt(_) => "an `Option`",
            Val::Closure(_) => "a closure",
            Val::Function(_) => "a function",
            Val::Iter(_) => "an iterator",
            Val::Table(_) => "a constant",
            Val::Array(_) | Val::Each(_) => "an array of `ndarray`",
            Val::Zip(_) => "a `Zip`",
            Val::Unit => "`()`",
            Val::Never | Val::Undef | Val::Error => "nothing",
        }
    }

    /// Whether it is a struct with arrays of `ndarray` in it.
    pub(super) fn is_struct_of_arrays(&self) -> bool {
        let is_array = |val: &Val| matches!(val, Val::Array(_) | Val::Each(_));
        matches!(self, Val::Struct(_, fields)
            if fields.iter().any(|(_, val)| is_array(val) || val.is_struct_of_arrays()))
    }

    /// Whether it is an exclusive reference.
    pub(super) fn is_exclusive(&self) -> bool {
        matches!(self, Val::Var(..) | Val::Place(_, Held::Mut) | Val::Either(..))
    }

    /// Whether it is in error, or control does not get here: nothing more is to be said of it.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Val::Error | Val::Never)
    }
}

/// Where an expression begins. What `syn` says of a span writes the whole expression out first,
/// which at every level of a long one takes longer than all else.
pub(super) fn start(expr: &syn::Expr) -> proc_macro2::Span {
    use syn::Expr;
    use syn::spanned::Spanned;
    match expr {
        Expr::Binary(binary) => start(&binary.left),
        Expr::MethodCall(call) => start(&call.receiver),
        Expr::Call(call) => start(&call.func),
        Expr::Index(index) => start(&index.expr),
        Expr::Field(field) => start(&field.base),
        Expr::Cast(cast) => start(&cast.expr),
        Expr::Assign(assign) => start(&assign.left),
        Expr::Lit(lit) => lit.lit.span(),
        Expr::Path(path) if path.qself.is_none() && path.path.leading_colon.is_none() => {
            path.path.segments.first().map_or_else(|| path.span(), |first| first.ident.span())
        }
        other => other.span(),
    }
}
