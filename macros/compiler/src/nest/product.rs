//! Products of two matrices: sums that one call of a GEMM computes.
//!
//! What makes a product is the shape of the statement, `Σ_p left[r, p] · right[p, c]` in any
//! transposition, wherever it comes from: `dot`, its two adjoints, or a sum that a user wrote.
//! Slices and transposes are strides of the operands, not copies.

use crate::ir::{DimId, Elem, Index, Kind, Op, Operand, Program, Stmt, Term, ValueId, compose};
use crate::primitives;
use std::collections::HashMap;

/// A product of two matrices, added to a third.
#[derive(Clone, Debug)]
pub struct Product {
    /// The dimensions of rows, inner axis and columns.
    pub extents: [DimId; 3],
    /// What is added to, and which of the axes its index counts is rows and which columns.
    pub to: Matrix,
    /// The left factor.
    pub left: Matrix,
    /// The right factor.
    pub right: Matrix,
    /// The factor that may be infinite where the other one, a cotangent, is zero: there the
    /// product is zero.
    pub singular: Option<Side>,
    /// Whether it is the first that is put there, and overwrites.
    pub overwrites: bool,
}

/// One of the factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// A matrix inside an array: the array at indices of two axes.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The array, and its index as a function of the axes below.
    pub read: Operand,
    /// The axis of the rows.
    pub rows: u8,
    /// The axis of the columns.
    pub columns: u8,
}

/// The product that a term of a sum is, if it is one.
pub(super) fn product(
    program: &Program,
    statement: &HashMap<ValueId, &Stmt>,
    dst: ValueId,
    term: &Term,
) -> Option<Product> {
    let is_float = matches!(program.value(dst).elem, Elem::F32 | Elem::F64);
    if !is_float || term.space.len() != 3 {
        return None;
    }
    let to = Operand { value: dst, at: term.at.clone() };
    let [rows, columns] = axes(&to)?;
    let inner = (0..3).find(|axis| *axis != rows && *axis != columns)?;
    let (factors, cotangent) = factors(statement, &term.arg)?;
    let follows = |of: &Operand, pair: [u8; 2]| {
        axes(of).is_some_and(|found| found == pair || found == [pair[1], pair[0]])
    };
    let [first, second] = factors;
    let in_order = |left, right| follows(left, [rows, inner]) && follows(right, [inner, columns]);
    let swapped = in_order(&second, &first);
    if !swapped && !in_order(&first, &second) {
        return None;
    }
    let singular = cotangent.map(|is_second| match is_second != swapped {
        true => Side::Left,
        false => Side::Right,
    });
    let (left, right) = if swapped { (second, first) } else { (first, second) };
    Some(Product {
        extents: [rows, inner, columns].map(|axis| term.space[usize::from(axis)]),
        to: Matrix { read: to, rows, columns },
        left: Matrix { read: left, rows, columns: inner },
        right: Matrix { read: right, rows: inner, columns },
        singular,
        overwrites: false,
    })
}

/// The two factors of a product of elements; where it selects by one of them, whether that is the
/// second.
fn factors(
    statement: &HashMap<ValueId, &Stmt>,
    arg: &Operand,
) -> Option<([Operand; 2], Option<bool>)> {
    let map = |operand: &Operand| match &statement.get(&operand.value)?.kind {
        Kind::Map { op: Op::Prim(row), args } => {
            let read = |arg: &Operand| {
                Some(Operand { value: arg.value, at: compose(&arg.at, &operand.at)? })
            };
            Some((*row, args.iter().map(read).collect::<Option<Vec<_>>>()?))
        }
        _ => None,
    };
    let (mut row, mut args) = map(arg)?;
    let mut cotangent = None;
    if *row == primitives::GUARD {
        let product = args.pop()?;
        cotangent = args.pop();
        (row, args) = map(&product)?;
    }
    if *row != primitives::MUL {
        return None;
    }
    let [first, second] = <[Operand; 2]>::try_from(args).ok()?;
    let selects = match cotangent {
        None => None,
        Some(cotangent) if cotangent == first => Some(false),
        Some(cotangent) if cotangent == second => Some(true),
        Some(_) => return None,
    };
    Some(([first, second], selects))
}

/// The two axes that an index follows, each in one component, if it is made of those and of
/// constants.
fn axes(operand: &Operand) -> Option<[u8; 2]> {
    let mut found = Vec::new();
    for index in &operand.at {
        match index {
            Index::Stretch(..) => return None,
            _ => found.extend(index.axis()),
        }
    }
    match found[..] {
        [a, b] if a != b => Some([a, b]),
        _ => None,
    }
}

impl Product {
    /// The arrays that it reads.
    pub fn reads(&self) -> impl Iterator<Item = &Operand> {
        [&self.left.read, &self.right.read].into_iter()
    }

    /// Whether it reaches every element of the array it is added to.
    pub fn covers(&self) -> bool {
        self.to.read.at.iter().all(|index| matches!(index, Index::Axis(_)))
    }
}
