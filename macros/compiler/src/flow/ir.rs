//! The intermediate representation of scalar code: structured control flow over values in SSA
//! form, and memory that is changed in place.
//!
//! A *value* is defined once, by one statement or as the parameter of a loop. Values are scalars:
//! floats, which can carry a derivative, and *passive* ones (integers, conditions, anything else),
//! which cannot.
//! A *memory* is an array, slice, `Vec`, struct or tuple that the program reads and writes at
//! [`Place`]s; its *shadow*, which holds its cotangents, is a memory of the same shape.
//! Control flow is structured: there are blocks, [`Kind::If`] and [`Kind::Loop`]; `break`,
//! `continue` and early `return` are conditions by the time a program is in this form.
//! The derivative of a program is a program.

pub use super::tree::Tree;
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use crate::primitives::Prim;
use proc_macro2::{Ident, Span, TokenStream};

/// Names a value of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct V(pub u32);

/// Names a memory of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemId(pub u32);

/// Names a record of a [`Program`]: a stack on which a loop keeps what its reversal needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecId(pub u32);

/// What a value is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A float: the only type that carries derivatives.
    Float(Elem),
    /// `bool`
    Bool,
    /// An integer; the type's name where it is known.
    Int(Option<String>),
    /// Anything else, its type known to rustc only.
    Opaque,
}

/// A value.
#[derive(Clone, Debug)]
pub struct Value {
    /// A name for people: the user's where there is one.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// A passive variable that the user's code changes by other means than assignment (a random
    /// number generator, a list of indices): it stands for one Rust variable, not for one state.
    pub object: bool,
    /// A shared reference: who is passed it looks only.
    pub shared: bool,
    /// The user's source it stems from.
    pub span: Span,
}

/// How a memory comes into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A parameter passed by value (a `Vec`, an array): owned by the function.
    Owned,
    /// A parameter that is a shared reference, or a reference to a passive value ([`Init::Lent`]):
    /// never written.
    Shared,
    /// A parameter that is an exclusive reference: input and output.
    Exclusive,
    /// Made by a [`Kind::Alloc`].
    Local,
}

/// A memory.
#[derive(Clone, Debug)]
pub struct Mem {
    /// A name for people.
    pub name: String,
    /// Its type, without the reference.
    pub ty: Type,
    /// Where it comes from.
    pub origin: Origin,
    /// The memory whose cotangents it holds, if it is a shadow.
    pub shadows: Option<MemId>,
    /// The user's source it stems from.
    pub span: Span,
}

/// A step from a memory to a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Proj {
    /// A field of a struct or tuple, by name or number.
    Field(String),
    /// An element.
    Index(V),
    /// A sub-slice from the first index up to the second; `None` is the end of the slice.
    Range(V, Option<V>),
}

/// A part of a memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The memory.
    pub mem: MemId,
    /// The steps into it.
    pub proj: Vec<Proj>,
}

impl Place {
    /// The whole of a memory.
    pub fn whole(mem: MemId) -> Self {
        Place { mem, proj: vec![] }
    }

    /// The values its indices are.
    pub fn indices(&self) -> impl Iterator<Item = V> + '_ {
        self.proj
            .iter()
            .flat_map(|proj| match proj {
                Proj::Field(_) => [None, None],
                Proj::Index(at) => [Some(*at), None],
                Proj::Range(from, to) => [Some(*from), *to],
            })
            .flatten()
    }
}

/// What a new memory holds.
#[derive(Clone, Debug)]
pub enum Init {
    /// `vec![value; len]`, `[value; N]`: one value everywhere. The length of an array is in its
    /// type, so that `len` is `None`.
    Filled(V, Option<V>),
    /// `vec![row; len]`, `[row; N]`: copies of a memory.
    FilledWith(Place, Option<V>),
    /// `[a, b]`, `vec![a, b]`: these values.
    List(Vec<V>),
    /// `[[a, b], row]`: copies of these memories.
    ListOf(Vec<Place>),
    /// `Vec::new()`, or `Vec::with_capacity(n)`.
    Empty(Option<V>),
    /// A copy: `clone`, `to_vec`, an array assigned to a new variable.
    Copy(Place),
    /// A memory that is moved into this one and not used again under its old name.
    Move(Place),
    /// Zero everywhere, in the shape of a place: a shadow.
    ZerosLike(Place),
    /// Something of the right type, overwritten before it is read.
    Unset,
    /// Nothing of its own: the memory is a reference ([`Origin::Shared`]) to what a passive value is,
    /// whose type is known here.
    Lent(V),
    /// A struct or tuple from its fields, in the order of the type.
    Fields(Vec<(String, Source)>),
}

/// What a field or a result is made of.
#[derive(Clone, Debug)]
pub enum Source {
    /// A scalar.
    Value(V),
    /// A part of a memory; moved from where it is not used again, else copied.
    Place(Place),
}

/// How a value is put into a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `place = value`
    Set,
    /// `place += value`
    Add,
    /// `place -= value`
    Sub,
}

/// A passive operation that is understood, so that it can be computed again in the reverse sweep
/// and reasoned about.
#[derive(Clone, Debug)]
pub enum Pass {
    /// `a + b`, `a < b`, `a & b` …: the operator's symbol.
    Binary(&'static str),
    /// `-a`, `!a`.
    Unary(&'static str),
    /// `a as usize`: the type.
    Cast(TokenStream),
    /// A method of integers, floats or conditions without side effect: `a.min(b)`, `x.is_nan()`.
    Method(String),
    /// The integer after this one, of any integer type; panics if there is none. The end of an
    /// inclusive range.
    Successor,
    /// A sum and a small term that comes 2²⁵⁶ times too large, of `f64`: behind all derivatives only
    /// (`underflow.rs`).
    AddScaled,
    /// The length of a place (no arguments).
    Len(Place),
    /// A path: a constant of the user's.
    Path(TokenStream),
}

/// A name that a piece of the user's code uses, and what it means there.
#[derive(Clone, Debug)]
pub struct Bind {
    /// The name in the code.
    pub name: Ident,
    /// What it stands for.
    pub what: Source,
    /// How: `let name = &…`, `let name = &mut …` (objects only) or `let name = …`.
    pub by: By,
}

/// How a name is bound for a piece of the user's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By value.
    Value,
    /// By shared reference.
    Ref,
    /// By exclusive reference.
    Mut,
    /// By value, as the tangent of a callee's parameter: of a slice a `Vec`.
    Tangent,
}

/// A piece of the user's code that is taken as it stands.
#[derive(Clone, Debug)]
pub struct Code {
    /// The tokens.
    pub tokens: TokenStream,
    /// The names of local variables in them.
    pub binds: Vec<Bind>,
    /// Of a part of a constant, which is as cheap as a load and the same whenever it is looked at,
    /// how the source writes it.
    pub part: Option<std::rc::Rc<str>>,
}

impl Code {
    /// The name of a value that code may change, because nothing else refers to it.
    pub const TEMPORARY: &'static str = "__temporary";

    /// Code of any kind.
    pub fn new(tokens: TokenStream, binds: Vec<Bind>) -> Code {
        Code { tokens, binds, part: None }
    }

    /// The values that it is handed, if it is handed nothing else.
    pub fn values(&self) -> Option<Vec<V>> {
        let value = |bind: &Bind| match bind.what {
            Source::Value(v) => Some(v),
            Source::Place(_) => None,
        };
        self.binds.iter().map(value).collect()
    }
}

/// A value that leaves a conditional.
#[derive(Clone, Debug)]
pub struct Out {
    /// The value behind the conditional.
    pub value: V,
    /// What it is if the condition holds; `None` if it is not defined there (and not used).
    pub then: Option<V>,
    /// What it is otherwise.
    pub other: Option<V>,
}

/// A value that a loop hands from one iteration to the next.
#[derive(Clone, Debug)]
pub struct Carried {
    /// What it is called at the start of an iteration.
    pub param: V,
    /// Before the first iteration.
    pub init: V,
    /// At the end of an iteration.
    pub next: V,
    /// Behind the loop.
    pub out: V,
}

/// What a loop runs over.
#[derive(Clone, Debug)]
pub enum Over {
    /// `for var in lo..hi`, from the end if `reversed`.
    Range {
        /// The loop's variable.
        var: V,
        /// The first index.
        lo: V,
        /// The first index that is not taken.
        hi: V,
        /// Whether it runs from `hi - 1` down to `lo`.
        reversed: bool,
    },
    /// `loop`: until `exit` holds.
    Forever,
}

/// A loop.
#[derive(Clone, Debug)]
pub struct Loop {
    /// What it runs over.
    pub over: Over,
    /// What it hands from iteration to iteration.
    pub carried: Vec<Carried>,
    /// One iteration.
    pub body: Block,
    /// A condition, defined in the body, asked at the end of each iteration: whether it was the
    /// last.
    pub exit: Option<V>,
    /// `#[checkpoint]`: `Some(None)`; `#[checkpoint(every = k)]`: `Some(Some(k))`.
    pub checkpoint: Option<Option<V>>,
    /// How many iterations were run, if asked for: a value behind the loop.
    pub count: Option<V>,
}

/// What a [`Call`] results in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOut {
    /// `()`
    Unit,
    /// A scalar.
    Value(V),
    /// A new memory ([`Origin::Local`]) that the call makes: a `Vec`, an array, a struct, a tuple.
    Mem(MemId),
}

/// A call whose derivative is another call: recursion, methods of other types.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called for the value: a path, or a method's name, up to the parenthesis.
    pub value: TokenStream,
    /// What is called for value and gradient, empty where there is nothing: takes the arguments, then the cotangent of the result
    /// (if there is one), then one for each differentiated argument that is passed by exclusive
    /// reference; returns the value and the tangents of the differentiated arguments.
    pub vjp: TokenStream,
    /// What is called for value and tangent, if the callee has it: takes the arguments, then a
    /// tangent for each differentiated one, by value.
    pub jvp: Option<TokenStream>,
    /// What is called for the gradient alone and for gradient and Hessian-vector product, if the
    /// callee has the latter.
    pub second: Option<[TokenStream; 2]>,
    /// What is called for the gradient and its tangent, if the callee has it: takes what `vjp` takes,
    /// then a tangent for each differentiated argument and for each cotangent, by value.
    pub vjp_jvp: Option<TokenStream>,
    /// Whether its derivative is a rule by hand.
    pub rule: bool,
    /// Whether the function calls itself.
    pub itself: bool,
    /// Whether these are methods of the first argument: `receiver.at(args)`.
    pub method: bool,
    /// Whether the type of the result follows from its use alone: the callee's signature is not seen.
    pub guessed: bool,
    /// The arguments, the receiver of a method first.
    pub args: Vec<CallArg>,
    /// The result.
    pub out: CallOut,
}

/// An argument of a [`Call`].
#[derive(Clone, Debug)]
pub struct CallArg {
    /// What is passed. By exclusive reference a place, which the call changes, or a passive object:
    /// a scalar variable that is input and output is a memory of type float.
    pub source: Source,
    /// How.
    pub by: By,
    /// Whether the callee's gradient has a part for it.
    pub wrt: bool,
}

/// What becomes of the tangent that a [`Kind::Pull`] gets for one argument.
#[derive(Clone, Debug)]
pub enum Pulled {
    /// Nothing: it is not needed.
    Not,
    /// The tangent of a float: it defines this value.
    Value(V),
    /// It is added, element by element, to this place (of a shadow), which has the argument's shape.
    Into(Place),
    /// Of an argument that is input and output: what this place (of a shadow) holds is passed as its
    /// cotangent, and replaced by the tangent.
    Through(Place),
}

/// The tangents of a [`Kind::Pull`]: `call.vjp_jvp` is called instead of `call.vjp`.
#[derive(Clone, Debug)]
pub struct Along {
    /// The tangent of each differentiated argument, in order.
    pub args: Vec<Source>,
    /// That of the cotangent; a place is not used again.
    pub ct: Option<Source>,
    /// What becomes of the tangents of the tangents handed out.
    pub outs: Vec<Pulled>,
}

/// What a statement does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A literal.
    Const(V, Literal),
    /// A primitive of floats. The exponent of `powi` is passive.
    Prim(V, Prim, Vec<V>),
    /// `x as f64`: to a float, from a float or an integer.
    Cast(V, V),
    /// A passive operation.
    Pass(V, Pass, Vec<V>),
    /// A piece of the user's code, its value if it has one. `pure`: it may be computed again.
    Opaque {
        /// Its value.
        out: Option<V>,
        /// The code.
        code: Code,
        /// Whether it has no effect and gives the same again.
        pure: bool,
    },
    /// Reads a float.
    Load(V, Place),
    /// Writes a float.
    Store(Place, V, Mode),
    /// Makes a memory.
    Alloc(MemId, Init),
    /// `place = source` of whole memories; the target may change its length. Moved or copied.
    Assign {
        /// The target.
        to: Place,
        /// The source.
        from: Place,
        /// Whether the source is not used again.
        moved: bool,
    },
    /// `place.push(value)` or, for a `Vec` of memories, of a copy of one.
    Push(Place, Source),
    /// `place.pop()` of a `Vec` that is not empty; the value.
    Pop(V, Place),
    /// `place.fill(value)`
    Fill(Place, V),
    /// `place += source`, element by element; both of one shape.
    AddAll(Place, Place),
    /// The sum of all elements.
    SumAll(V, Place),
    /// Exchanges the contents of two places.
    Swap(Place, Place),
    /// A conditional.
    If {
        /// The condition.
        cond: V,
        /// If it holds.
        then: Block,
        /// If it does not.
        other: Block,
        /// What leaves it.
        outs: Vec<Out>,
    },
    /// A loop.
    Loop(Box<Loop>),
    /// A call whose derivative is a call.
    Call(Box<Call>),
    /// The reverse of a [`Kind::Call`]: calls `call.vjp` with the arguments and the cotangent `ct`
    /// of the result, drops the value that comes with the tangents (`call.out` is not defined
    /// anew), and hands out the tangents. What is passed by exclusive reference is changed, so that
    /// it is a copy.
    Pull {
        /// The call, its arguments as they were before it.
        call: Box<Call>,
        /// The cotangent of its result, if that carries a derivative; a place is not used again.
        ct: Option<Source>,
        /// One entry for each argument with [`CallArg::wrt`], in order.
        outs: Vec<Pulled>,
        /// In forward mode, the tangents.
        along: Option<Box<Along>>,
    },
    /// Leaves the whole function with this `Err(..)` or `None`: nothing follows in its block.
    Fail(Code),
    /// A call of something that never returns, `panic!`: nothing follows in its block.
    Diverge(Code),
    /// Declares a record, with room for so many entries: a product, empty where it is not known.
    Declare(RecId, Vec<V>),
    /// Puts values and memories on a record; the memories are moved if local to the block, else
    /// copied.
    Keep(RecId, Vec<V>, Vec<MemId>),
    /// Takes them off again, under new names.
    Recall(RecId, Vec<V>, Vec<MemId>),
    /// Appends a copy of the floats of a place to a record of floats.
    Save(RecId, Place),
    /// Takes them off again and puts them back into the place, whose length is what it was.
    Restore(RecId, Place),
    /// Removes the last element of a `Vec` that is not empty.
    DropLast(Place),
    /// Puts an entry of a sparse matrix on a list: its row, its column, its number.
    Entry(MemId, V, V, V),
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it does.
    pub kind: Kind,
    /// The user's source it stems from.
    pub span: Span,
}

/// Statements in order.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<Stmt>,
}

/// What a parameter is in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamIs {
    /// A float by value, or something passive.
    Value(V),
    /// A memory.
    Mem(MemId),
}

/// A piece of code at its own place, as a function of what is known at another.
#[derive(Clone, Debug)]
pub struct Accessor {
    /// The function's name.
    pub name: Ident,
    /// Its parameters, and the values whose types they have.
    pub params: Vec<(Ident, V)>,
    /// The value whose type it returns.
    pub out: V,
    /// What it does.
    pub body: TokenStream,
}

/// A gradient that lowering leaves to be taken: a conditional that always holds stands for it, in
/// which are the statements of the function.
#[derive(Clone, Debug)]
pub struct Inner {
    /// The condition, which nothing else asks.
    pub cond: V,
    /// The function's name.
    pub name: String,
    /// Its parameters that are floats or memories, each with whether it is differentiated.
    pub params: Vec<(ParamIs, bool)>,
    /// Whether each is passed by value.
    pub owned: Vec<bool>,
    /// The result.
    pub result: V,
    /// Behind the conditional: the result, if it is asked for.
    pub value: Option<V>,
    /// The gradient by each differentiated parameter.
    pub grads: Vec<InnerGrad>,
    /// The call.
    pub span: Span,
}

/// A gradient by one parameter, behind the conditional of an [`Inner`].
#[derive(Clone, Copy, Debug)]
pub enum InnerGrad {
    /// A float.
    Value(V),
    /// A memory.
    Mem(MemId),
}

/// A function, its callees inlined.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// All values.
    pub values: Vec<Value>,
    /// All memories.
    pub mems: Vec<Mem>,
    /// How many records there are.
    pub records: u32,
    /// What each parameter of the function is.
    pub params: Vec<ParamIs>,
    /// The statements.
    pub body: Block,
    /// The result.
    pub result: Option<Tree>,
    /// Values of pieces of code that take differentiated values and are constants all the same: the
    /// user says so.
    pub constants: Vec<V>,
    /// How the types of values that only rustc knows are written, where they are: for messages.
    pub written: Vec<(V, String)>,
    /// Pieces of code that mean something at the function's own place: functions that inline it
    /// reach them beside it.
    pub accessors: Vec<Accessor>,
    /// Items inside the function's body, with their names.
    pub items: Vec<(String, TokenStream)>,
    /// What loops carry, by its [`Carried::param`], where it is a sum whose order is free: no
    /// result depends on how it is rounded, only a gradient does.
    pub unordered: Vec<V>,
    /// Gradients that are still to be taken.
    pub inner: Vec<Inner>,
    /// The variables of loops over ranges that run once, value and gradient together: their
    /// iterations are independent but for sums.
    pub once: Vec<V>,
    /// Memories that a statement makes another of, or of which it makes a part, and that nothing
    /// names behind it: they are moved there.
    pub moved: Vec<MemId>,
}

impl Program {
    /// A new value.
    pub fn value(&mut self, name: impl Into<String>, ty: Ty, span: Span) -> V {
        self.values.push(Value { name: name.into(), ty, object: false, shared: false, span });
        V(self.values.len() as u32 - 1)
    }

    /// A new memory.
    pub fn mem(&mut self, name: impl Into<String>, ty: Type, origin: Origin, span: Span) -> MemId {
        self.mems.push(Mem { name: name.into(), ty, origin, shadows: None, span });
        MemId(self.mems.len() as u32 - 1)
    }

    /// What a value is.
    pub fn of(&self, value: V) -> &Value {
        &self.values[value.0 as usize]
    }

    /// What a memory is.
    pub fn at(&self, mem: MemId) -> &Mem {
        &self.mems[mem.0 as usize]
    }

    /// What a place is made of; a type that rustc finds where the fields of a struct lead to it.
    pub fn type_of(&self, place: &Place) -> Type {
        let inferred = || Type::Struct("_".to_string());
        let mut ty = self.at(place.mem).ty.clone();
        for proj in &place.proj {
            ty = match (ty, proj) {
                (Type::Vec(elem) | Type::Slice(elem) | Type::Fixed(elem, _), Proj::Index(_)) => {
                    *elem
                }
                (Type::Vec(elem) | Type::Slice(elem) | Type::Fixed(elem, _), Proj::Range(..)) => {
                    Type::Slice(elem)
                }
                (Type::Tuple(parts), Proj::Field(k)) => k
                    .parse::<usize>()
                    .ok()
                    .and_then(|k| parts.get(k).cloned())
                    .unwrap_or(Type::Unit),
                (Type::Struct(_), Proj::Range(..)) => Type::Slice(Box::new(inferred())),
                (Type::Struct(_), _) => inferred(),
                (other, _) => other,
            };
        }
        ty
    }

    /// The float type of a value, if it is a float.
    pub fn float(&self, value: V) -> Option<&Elem> {
        match &self.of(value).ty {
            Ty::Float(elem) => Some(elem),
            _ => None,
        }
    }
}

/// What a parameter's gradient is in an [`Adjoint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grad {
    /// The parameter is not differentiated.
    Not,
    /// A float by value: its cotangent at the end of the program, or nothing if none reaches it.
    Value(Option<V>),
    /// A memory: its shadow, an [`Origin::Exclusive`] memory that the caller passes in. The program
    /// adds to it. For an exclusive parameter (input and output) it holds, at the start, the
    /// cotangent of what the parameter holds at the end, and at the end that of what it held at
    /// the start.
    Mem(MemId),
}

/// A program with its reverse sweep: one body that computes the value, then the gradient.
#[derive(Clone, Debug)]
pub struct Adjoint {
    /// The program; its `result` is still the function's value.
    pub program: Program,
    /// The cotangent of the result, in the result's structure: values that the caller passes in
    /// by value, and whole memories ([`Origin::Owned`]) of the result's shape, passed by value.
    /// Where the result is `Ok(..)` or `Some(..)`, of what is inside.
    pub seed: Tree,
    /// For each parameter of the function its gradient.
    pub grads: Vec<Grad>,
    /// The number of the statement with which the reverse sweep begins.
    pub reverse: usize,
    /// What the reverse sweep keeps, for people: `3 n f64`.
    pub stores: Vec<String>,
    /// Whether a loop carries tangents of several variables by several inputs.
    pub tangents: bool,
}

impl Adjoint {
    /// The values that are used behind the program besides its result: gradients.
    pub fn used_behind(&self) -> Vec<V> {
        let value = |grad: &Grad| match grad {
            Grad::Value(value) => *value,
            Grad::Not | Grad::Mem(_) => None,
        };
        self.grads.iter().filter_map(value).collect()
    }
}
