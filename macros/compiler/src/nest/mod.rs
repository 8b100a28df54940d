//! Loop nests: the program as the loops that will be emitted.
//!
//! Where the IR says what is computed, a nest says when: which statements share a loop, what is
//! kept in a local, what needs a buffer.

mod jam;
mod plan;
mod print;
mod product;
mod share;
mod store;
mod zeros;

pub use plan::{plan, plan_for_small_matrices};
pub use product::{Matrix, Product, Side};

use crate::ir::{Affine, DimId, Index, Operand, ValueId};
use std::collections::BTreeMap;

/// A loop variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Var(pub u32);

/// One component of an index inside a nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ix {
    /// A loop variable.
    Var(Var),
    /// A constant.
    At(usize),
    /// A loop variable, or 0 where the dimension is 1.
    Stretch(Var, DimId),
    /// A function of a loop variable.
    Affine(Var, Affine),
}

impl Ix {
    /// The loop variable this component follows, if any.
    pub fn var(self) -> Option<Var> {
        match self {
            Ix::Var(var) | Ix::Stretch(var, _) => Some(var),
            Ix::Affine(var, affine) => (affine.step != 0).then_some(var),
            Ix::At(_) => None,
        }
    }

    /// The same component with another loop variable in place of its own.
    pub fn with_var(self, to: Var) -> Ix {
        match self {
            Ix::Var(_) => Ix::Var(to),
            Ix::At(k) => Ix::At(k),
            Ix::Stretch(_, dim) => Ix::Stretch(to, dim),
            Ix::Affine(_, affine) => Ix::Affine(to, affine),
        }
    }
}

/// One element of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// The value.
    pub value: ValueId,
    /// Which element.
    pub at: Vec<Ix>,
}

/// A read, given where the axes of the reader are.
///
/// The loop variables are renamed to axes and back, so that there is one rule for composing indices.
pub(crate) fn at(operand: &Operand, vars: &[Ix]) -> Element {
    let mut loops: Vec<Var> = Vec::new();
    let mut number = |var: Var| {
        let known = loops.iter().position(|&other| other == var);
        known.unwrap_or_else(|| {
            loops.push(var);
            loops.len() - 1
        }) as u8
    };
    let inner: Vec<Index> = (vars.iter())
        .map(|ix| match *ix {
            Ix::Var(var) => Index::Axis(number(var)),
            Ix::At(k) => Index::At(k),
            Ix::Stretch(var, dim) => Index::Stretch(number(var), dim),
            Ix::Affine(_, affine) if affine.step == 0 => Index::Affine(0, affine),
            Ix::Affine(var, affine) => Index::Affine(number(var), affine),
        })
        .collect();
    let component = |index: &Index| match index.after(&inner) {
        Some(Index::Axis(axis)) => Ix::Var(loops[usize::from(axis)]),
        Some(Index::Stretch(axis, dim)) => Ix::Stretch(loops[usize::from(axis)], dim),
        // A constant follows no variable: it has one name wherever it is read.
        Some(Index::Affine(_, affine)) if affine.step == 0 => Ix::Affine(Var(0), affine),
        Some(Index::Affine(axis, affine)) => {
            Ix::Affine(loops.get(usize::from(axis)).copied().unwrap_or(Var(0)), affine)
        }
        Some(Index::At(k)) => Ix::At(k),
        // What is read like this is stored, see `materialize_unreadable`.
        None => Ix::At(usize::MAX),
    };
    Element { value: operand.value, at: operand.at.iter().map(component).collect() }
}

/// One step of a nest.
#[derive(Clone, Debug)]
pub enum Item {
    /// Computes an element into a local.
    Let(Element),
    /// Sets a local accumulator, or the part of a buffer in use here, to zero.
    Zero(Element),
    /// Adds one element to another.
    Add {
        /// What is added to.
        to: Element,
        /// What is added.
        arg: Element,
    },
    /// Stores an element, computed here, where its value is kept.
    Store(Element),
    /// Adds a product of matrices; only outside of loops.
    Product(Product),
    /// Runs through a dimension.
    Loop(Loop),
}

/// A loop.
#[derive(Clone, Debug)]
pub struct Loop {
    /// Its variable.
    pub var: Var,
    /// What it runs through.
    pub dim: DimId,
    /// What it does in one turn.
    pub body: Vec<Item>,
    /// Of how many turns of the loop around it the body holds the items, one turn after another.
    pub merged: usize,
    /// What it does in several turns at once, where that pays, the most turns first; `body` is for
    /// those left over.
    pub blocks: Vec<Block>,
}

/// Several turns of a loop side by side.
#[derive(Clone, Debug)]
pub struct Block {
    /// The loop's variable in each of them.
    pub vars: Vec<Var>,
    /// What they do.
    pub body: Vec<Item>,
}

/// Where a value that is not computed on the spot is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// It is computed where it is needed.
    None,
    /// In a local variable, declared where its loop begins.
    Local,
    /// In a buffer over those of its axes.
    Buffer(Vec<usize>),
    /// In the array that the caller gets.
    Output,
}

/// A program's loops.
#[derive(Clone, Debug)]
pub struct Nest {
    /// What is done, in order.
    pub items: Vec<Item>,
    /// For each value, where it is kept.
    pub storage: Vec<Storage>,
    /// For each value that takes the buffer of another one, which is not needed any more, whose.
    pub shared: BTreeMap<ValueId, ValueId>,
}

impl Nest {
    /// The dimension that the innermost loops inside other loops run through, if it is one.
    pub fn row_dim(&self) -> Option<DimId> {
        fn collect(items: &[Item], inside: bool, dims: &mut Vec<DimId>) {
            for item in items {
                if let Item::Loop(inner) = item {
                    let innermost = !inner.body.iter().any(|item| matches!(item, Item::Loop(_)));
                    if inside && innermost && !dims.contains(&inner.dim) {
                        dims.push(inner.dim);
                    }
                    collect(&inner.body, true, dims);
                }
            }
        }
        let mut dims = Vec::new();
        collect(&self.items, false, &mut dims);
        if let [dim] = dims[..] { Some(dim) } else { None }
    }

    /// The products of matrices.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.items.iter().filter_map(|item| match item {
            Item::Product(product) => Some(product),
            _ => None,
        })
    }

    /// The value that a buffer is called by, of those that take it in turn.
    pub fn buffer_of(&self, id: ValueId) -> ValueId {
        self.shared.get(&id).copied().unwrap_or(id)
    }

    /// The buffers: the values that they are called by, with the axes that are kept.
    pub fn buffers(&self) -> impl Iterator<Item = (ValueId, &[usize])> {
        self.storage.iter().enumerate().filter_map(|(k, storage)| match storage {
            Storage::Buffer(axes) if !self.shared.contains_key(&ValueId(k as u32)) => {
                Some((ValueId(k as u32), axes.as_slice()))
            }
            _ => None,
        })
    }
}
