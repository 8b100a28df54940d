//! The intermediate representation: typed statements in index notation, in SSA form.
//!
//! Every value has an element type and a shape of symbolic dimensions; a scalar has the empty
//! shape.
//! A statement defines one value, either element by element ([`Kind::Map`]) or as a sum of terms
//! ([`Kind::Sum`]), and reads other values at indices that are functions of its own axes.
//! `x.dot(w)` is `t[i, k] = x[i, k] · w[k]` followed by `r[i] = Σ t[i, k]`; transposing, broadcasting
//! and indexing are nothing but other indices.
//! The derivative of a program is a program.

pub mod eval;
mod index;
pub mod print;
pub mod verify;

pub use index::{Affine, Index, compose, identity};

use crate::primitives::Prim;
use proc_macro2::{Ident, Span, TokenStream};

/// Names a value of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

/// Names a dimension (the extent of an axis) of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DimId(pub u32);

/// The type of a scalar or of an array's elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Elem {
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// A type parameter bounded by `Float`.
    Param(String),
    /// An integer type, by name.
    Int(String),
    /// Not known yet; only while lowering.
    Var(u32),
}

impl Elem {
    /// Whether a derivative can flow through values of this type.
    pub fn is_float(&self) -> bool {
        matches!(self, Elem::F32 | Elem::F64 | Elem::Param(_))
    }
}

impl std::fmt::Display for Elem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Elem::F32 => f.write_str("f32"),
            Elem::F64 => f.write_str("f64"),
            Elem::Param(name) | Elem::Int(name) => f.write_str(name),
            Elem::Var(_) => f.write_str("_"),
        }
    }
}

/// Where a dimension comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// An axis of a parameter.
    Of {
        /// The parameter's value.
        value: ValueId,
        /// Which of its axes.
        axis: usize,
    },
    /// What two dimensions broadcast to: the one that is not 1.
    Broadcast(DimId, DimId),
    /// A constant.
    Const(usize),
    /// An integer parameter, taken as an extent.
    Given(ValueId),
    /// How many elements a slice takes.
    Slice(DimId, Slice),
}

/// A slice of an axis, as `s![start..end; step]` has it: negative ends count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The first element.
    pub start: isize,
    /// The element after the last; the axis' end where there is none.
    pub end: Option<isize>,
    /// From one element to the next; a negative step runs backwards from the end. Never 0.
    pub step: isize,
}

impl Slice {
    /// How many elements it takes of an axis of which `extent` is the length.
    pub fn count(self, extent: usize) -> usize {
        let absolute = |at: isize| if at < 0 { extent as isize + at } else { at };
        let start = absolute(self.start);
        let end = absolute(self.end.unwrap_or(extent as isize));
        usize::try_from(end - start).unwrap_or(0).div_ceil(self.step.unsigned_abs().max(1))
    }
}

impl std::fmt::Display for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.start != 0 {
            write!(f, "{}", self.start)?;
        }
        f.write_str("..")?;
        if let Some(end) = self.end {
            write!(f, "{end}")?;
        }
        if self.step != 1 {
            write!(f, ";{}", self.step)?;
        }
        Ok(())
    }
}

/// A value: what it is called, what it is made of, how large it is.
#[derive(Clone, Debug)]
pub struct Value {
    /// A name for people: the user's where there is one.
    pub name: String,
    /// Its element type.
    pub elem: Elem,
    /// One dimension for each axis.
    pub shape: Vec<DimId>,
    /// The user's source it stems from.
    pub span: Span,
}

/// A read of a value at an index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    /// What is read.
    pub value: ValueId,
    /// Where.
    pub at: Vec<Index>,
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A float: its value, and the digits as the user wrote them.
    Float(f64, Option<String>),
    /// An integer.
    Int(i128),
}

/// What a [`Kind::Map`] computes from its operands' elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A primitive.
    Prim(Prim),
    /// A number.
    Const(Literal),
    /// The operand itself: views, transposes, broadcasts.
    Copy,
    /// A conversion to the element type of the result.
    Cast,
    /// The extent of a dimension, as `usize`.
    Size(DimId),
    /// A constant expression of the user's, by its number in [`Program::foreign`].
    Foreign(usize),
}

/// One term of a sum: over `space`, the operand is added to the result at `at`.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The dimensions of the axes that are run through.
    pub space: Vec<DimId>,
    /// Where in the result the term is added.
    pub at: Vec<Index>,
    /// What is added.
    pub arg: Operand,
}

/// How a statement defines its value.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Element by element, over the result's own axes.
    Map {
        /// What is computed.
        op: Op,
        /// From what.
        args: Vec<Operand>,
    },
    /// The sum of all terms; what no term reaches is zero.
    Sum {
        /// The terms, in the order in which they are added.
        terms: Vec<Term>,
    },
    /// The greatest element of a term, −∞ where there is none; it carries no derivative.
    Max {
        /// What is run through, and where the greatest element goes.
        term: Term,
    },
}

/// One statement: the only definition of `dst`.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// The value defined.
    pub dst: ValueId,
    /// How.
    pub kind: Kind,
}

impl Stmt {
    /// Every operand that is read.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        let (args, terms): (&[Operand], &[Term]) = match &self.kind {
            Kind::Map { args, .. } => (args, &[]),
            Kind::Sum { terms } => (&[], terms),
            Kind::Max { term } => (&[], std::slice::from_ref(term)),
        };
        args.iter().chain(terms.iter().map(|t| &t.arg))
    }

    /// The terms of a reduction.
    pub fn terms(&self) -> &[Term] {
        match &self.kind {
            Kind::Map { .. } => &[],
            Kind::Sum { terms } => terms,
            Kind::Max { term } => std::slice::from_ref(term),
        }
    }

    /// Every operand that is read, to be changed.
    pub fn operands_mut(&mut self) -> impl Iterator<Item = &mut Operand> {
        let (args, terms): (&mut [Operand], &mut [Term]) = match &mut self.kind {
            Kind::Map { args, .. } => (args, &mut []),
            Kind::Sum { terms } => (&mut [], terms),
            Kind::Max { term } => (&mut [], std::slice::from_mut(term)),
        };
        args.iter_mut().chain(terms.iter_mut().map(|t| &mut t.arg))
    }
}

/// A condition on shapes that must hold before the program runs.
#[derive(Clone, Debug)]
pub enum Check {
    /// Two dimensions are equal: the inner ones of a product.
    Inner {
        /// The left operand.
        left: Described,
        /// The right operand.
        right: Described,
        /// The left operand's dimension.
        a: DimId,
        /// The right operand's dimension.
        b: DimId,
    },
    /// Two dimensions broadcast together: equal, or one of them 1.
    Broadcast {
        /// The left operand.
        left: Described,
        /// The right operand.
        right: Described,
        /// The left operand's dimension.
        a: DimId,
        /// The right operand's dimension.
        b: DimId,
        /// Whether the left operand keeps its shape (compound assignment).
        into_left: bool,
    },
    /// An index lies inside the dimension.
    Inside {
        /// The array.
        array: Described,
        /// The dimension.
        dim: DimId,
        /// The index: a step of 0.
        index: Affine,
        /// Which axis it is.
        axis: usize,
    },
    /// A slice lies inside the dimension.
    Slice {
        /// The array.
        array: Described,
        /// The dimension.
        dim: DimId,
        /// The slice.
        slice: Slice,
        /// Which axis it is.
        axis: usize,
    },
    /// A variance's degrees of freedom are at most the number of elements.
    Freedom {
        /// The array.
        array: Described,
        /// The dimensions that the variance is taken along.
        dims: Vec<DimId>,
        /// How many are taken off.
        ddof: f64,
    },
    /// The dimensions' product is not zero: the mean of an empty array was unwrapped.
    NotEmpty {
        /// The array.
        array: Described,
        /// The dimensions.
        dims: Vec<DimId>,
    },
}

/// An array as an error message names it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The user's expression.
    pub text: String,
    /// Its shape.
    pub shape: Vec<DimId>,
}

/// A constant expression of the user's, taken as it is.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The accessor that evaluates it, where it stems from an inlined function.
    pub through: Option<TokenStream>,
    /// The local variables it mentions, by name and value.
    pub locals: Vec<(String, ValueId)>,
    /// The expression itself, as the function that holds it wrote it.
    pub source: TokenStream,
    /// The value that holds it.
    pub value: ValueId,
    /// The accessor that callers reach it by.
    pub accessor: Ident,
}

/// A function's body: from parameters to results.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// Every dimension.
    pub dims: Vec<Dim>,
    /// Every value.
    pub values: Vec<Value>,
    /// The parameters (the leaves of those that are tuples), in order, then cotangents.
    pub params: Vec<ValueId>,
    /// The statements, each after what it reads.
    pub body: Vec<Stmt>,
    /// The results (leaves), in order.
    pub results: Vec<ValueId>,
    /// The gradients (leaves), in order of their parameters; `None` where nothing flows.
    pub grads: Vec<(ValueId, Option<ValueId>)>,
    /// What must hold of the shapes.
    pub checks: Vec<Check>,
    /// Pairs of dimensions that this version of the program takes as equal.
    pub assumed: Vec<(DimId, DimId)>,
    /// The user's constant expressions.
    pub foreign: Vec<Foreign>,
}

impl Program {
    /// The value of this name.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0 as usize]
    }

    /// The shape of a value.
    pub fn shape(&self, id: ValueId) -> &[DimId] {
        &self.value(id).shape
    }

    /// The number of axes of a value.
    pub fn rank(&self, id: ValueId) -> usize {
        self.value(id).shape.len()
    }

    /// Adds a value that no statement defines yet.
    pub fn declare(
        &mut self,
        name: impl Into<String>,
        elem: Elem,
        shape: Vec<DimId>,
        span: Span,
    ) -> ValueId {
        let id = ValueId(self.values.len() as u32);
        self.values.push(Value { name: name.into(), elem, shape, span });
        id
    }

    /// Adds a value and the statement that defines it.
    pub fn define(
        &mut self,
        name: impl Into<String>,
        elem: Elem,
        shape: Vec<DimId>,
        span: Span,
        kind: Kind,
    ) -> ValueId {
        let dst = self.declare(name, elem, shape, span);
        self.body.push(Stmt { dst, kind });
        dst
    }

    /// The whole of a value, read along the axes of a statement of the same shape.
    pub fn whole(&self, value: ValueId) -> Operand {
        Operand { value, at: identity(self.rank(value)) }
    }

    /// For each value, the index of the statement that defines it.
    pub fn definitions(&self) -> Vec<Option<usize>> {
        let mut defined = vec![None; self.values.len()];
        for (k, stmt) in self.body.iter().enumerate() {
            defined[stmt.dst.0 as usize] = Some(k);
        }
        defined
    }

    /// The values whose computation the results and gradients need.
    pub fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.values.len()];
        for id in self.outputs() {
            live[id.0 as usize] = true;
        }
        for stmt in self.body.iter().rev() {
            if live[stmt.dst.0 as usize] {
                for operand in stmt.operands() {
                    live[operand.value.0 as usize] = true;
                }
            }
        }
        live
    }

    /// What the program is run for: results, then gradients.
    pub fn outputs(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.results.iter().copied().chain(self.grads.iter().filter_map(|&(_, g)| g))
    }
}
