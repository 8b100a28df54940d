//! Whether what is done for each direction makes zeros of zeros.

use crate::flow::ir::{Block, Kind, V};
use crate::flow::walk;
use crate::hash::HashSet;
use crate::ir::Literal;
use crate::primitives;

/// The literals that are zero.
pub(super) fn zeros(body: &Block) -> HashSet<V> {
    let mut zeros = HashSet::default();
    walk::all(body, &mut |kind| {
        if let Kind::Const(v, Literal::Float(0.0, _)) = kind {
            zeros.insert(*v);
        }
    });
    zeros
}

/// Whether a block, done for each direction, makes zeros of zeros; `zeros` are the literals of the
/// program that are zero.
pub(super) fn is_linear(body: &Block, zeros: &HashSet<V>) -> bool {
    // What differs by direction, and numbers that are zero.
    let mut varying: HashSet<V> = HashSet::default();
    body.stmts.iter().all(|of| match &of.kind {
        Kind::Load(v, _) => {
            varying.insert(*v);
            true
        }
        Kind::Cast(v, arg) => {
            varying.insert(*v);
            varying.contains(arg)
        }
        Kind::Prim(v, row, args) => {
            let varies = |k: usize| varying.contains(&args[k]);
            let zero = |k: usize| zeros.contains(&args[k]);
            let linear = match *row {
                row if *row == primitives::ADD || *row == primitives::SUB => {
                    (0..2).all(|k| varies(k) || zero(k))
                }
                row if *row == primitives::MUL => varies(0) != varies(1),
                row if *row == primitives::DIV => varies(0) && !varies(1),
                row if *row == primitives::NEG => varies(0),
                row if *row == primitives::GUARD => varies(1),
                row if [&primitives::MAX_TANGENT, &primitives::MIN_TANGENT].contains(&row) => {
                    !varies(0) && !varies(1) && (2..4).all(|k| varies(k) || zero(k))
                }
                _ => false,
            };
            varying.insert(*v);
            linear
        }
        Kind::Store(_, v, _) => varying.contains(v) || zeros.contains(v),
        _ => false,
    })
}
