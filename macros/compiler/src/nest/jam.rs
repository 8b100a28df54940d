//! Rows in blocks: a loop around innermost loops runs several turns side by side.
//!
//! What does not change from row to row, such as the weights in a product, is then loaded once for
//! the block, and the sums of the rows do not wait for one another.
//! Every accumulator still adds in the order of the rows, so no bit changes.

use super::{Block, Element, Item, Loop, Storage, Var, at};
use crate::ir::{Kind, Op, Program, Stmt, ValueId};
use std::collections::HashMap;

/// How many rows run side by side: four while the data is cached and rows are not too short, else
/// two, since prefetching wants few streams and registers are few.
const ROWS: [usize; 2] = [4, 2];

/// Dearer operations than this hide the loads that a block saves.
const CHEAP: u32 = 5;

/// Gives every loop that gains from it a version for blocks of rows.
pub(super) fn jam(items: &mut [Item], program: &Program, storage: &[Storage], next_var: &mut u32) {
    let statement = program.body.iter().map(|stmt| (stmt.dst, stmt)).collect();
    jam_within(items, &statement, storage, next_var);
}

fn jam_within(
    items: &mut [Item],
    statement: &HashMap<ValueId, &Stmt>,
    storage: &[Storage],
    next_var: &mut u32,
) {
    for item in items {
        let Item::Loop(outer) = item else { continue };
        if gains(outer, statement, storage) {
            outer.blocks = (ROWS.iter())
                .map(|&rows| {
                    let vars: Vec<Var> = (0..rows as u32).map(|k| Var(*next_var + k)).collect();
                    *next_var += rows as u32;
                    Block { body: side_by_side(outer, &vars), vars }
                })
                .collect();
        } else {
            jam_within(&mut outer.body, statement, storage, next_var);
        }
    }
}

/// Whether a loop has only cheap innermost loops inside, which sum up or read the same in all turns,
/// and no part of a buffer that its turns share.
fn gains(outer: &Loop, statement: &HashMap<ValueId, &Stmt>, storage: &[Storage]) -> bool {
    let shares = |element: &Element| match &storage[element.value.0 as usize] {
        Storage::Buffer(kept) => (element.at.iter().enumerate())
            .any(|(axis, ix)| ix.var() == Some(outer.var) && !kept.contains(&axis)),
        _ => false,
    };
    let cost = |element: &Element| match statement.get(&element.value).map(|stmt| &stmt.kind) {
        Some(Kind::Map { op: Op::Prim(row), .. }) => row.cost,
        _ => 0,
    };
    // What is the same in all turns, of as many elements as the inner loop has turns.
    let is_common = |element: &Element| {
        let mut vars = element.at.iter().filter_map(|ix| ix.var()).peekable();
        vars.peek().is_some() && vars.all(|var| var != outer.var)
    };
    let mut saves = false;
    for item in &outer.body {
        match item {
            Item::Loop(inner) => {
                for item in &inner.body {
                    let element = match item {
                        Item::Loop(_) | Item::Product(_) => return false,
                        Item::Let(element) | Item::Store(element) | Item::Zero(element) => element,
                        Item::Add { to, .. } => to,
                    };
                    saves |= match item {
                        // What each element gets a term of its own of is no sum.
                        Item::Add { to, arg } => {
                            let within = to.at.iter().any(|ix| ix.var() == Some(inner.var));
                            is_common(arg) || is_common(to) || !(to.at.is_empty() || within)
                        }
                        _ => (statement.get(&element.value).into_iter())
                            .flat_map(|stmt| stmt.operands())
                            .any(|operand| is_common(&at(operand, &element.at))),
                    };
                    if shares(element) || cost(element) > CHEAP {
                        return false;
                    }
                }
            }
            Item::Let(element) | Item::Store(element) | Item::Zero(element) if shares(element) => {
                return false;
            }
            Item::Add { to, .. } if shares(to) => return false,
            _ => {}
        }
    }
    saves
}

/// The loop's body for several turns: each item for all turns, inner loops merged.
fn side_by_side(outer: &Loop, vars: &[Var]) -> Vec<Item> {
    let mut out = Vec::new();
    for item in &outer.body {
        match item {
            Item::Loop(inner) => {
                let body = vars.iter().flat_map(|&var| {
                    inner.body.iter().map(move |item| renamed(item, outer.var, var))
                });
                let (body, merged) = (body.collect(), vars.len());
                out.push(Item::Loop(Loop { body, merged, ..inner.clone() }));
            }
            item => out.extend(vars.iter().map(|&var| renamed(item, outer.var, var))),
        }
    }
    out
}

fn renamed(item: &Item, from: Var, to: Var) -> Item {
    let element = |element: &Element| Element {
        value: element.value,
        at: (element.at.iter())
            .map(|ix| if ix.var() == Some(from) { ix.with_var(to) } else { *ix })
            .collect(),
    };
    match item {
        Item::Let(e) => Item::Let(element(e)),
        Item::Zero(e) => Item::Zero(element(e)),
        Item::Store(e) => Item::Store(element(e)),
        Item::Add { to, arg } => Item::Add { to: element(to), arg: element(arg) },
        Item::Product(product) => Item::Product(product.clone()),
        Item::Loop(inner) => Item::Loop(inner.clone()),
    }
}
