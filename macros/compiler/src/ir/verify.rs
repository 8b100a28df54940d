//! The verifier: what every pass may rely on, and must keep.

use super::{Index, Kind, Op, Operand, Program, Stmt};
use std::collections::HashSet;

/// Checks a program: definitions before uses, ranks, axes and element types.
///
/// # Errors
/// What is wrong, in terms of the printed program. An error is a bug in the pass before.
pub fn verify(program: &Program) -> Result<(), String> {
    let mut known: HashSet<_> = program.params.iter().copied().collect();
    for stmt in &program.body {
        for operand in stmt.operands() {
            if !known.contains(&operand.value) {
                return Err(fault(program, stmt, "reads a value that is not defined before it"));
            }
        }
        statement(program, stmt)?;
        if !known.insert(stmt.dst) {
            return Err(fault(program, stmt, "defines a value a second time"));
        }
    }
    match program.outputs().find(|id| !known.contains(id)) {
        Some(id) => Err(format!("output `{}` is never defined", program.value(id).name)),
        None => Ok(()),
    }
}

fn statement(program: &Program, stmt: &Stmt) -> Result<(), String> {
    let elem = &program.value(stmt.dst).elem;
    match &stmt.kind {
        Kind::Map { op, args } => {
            for arg in args {
                read(program, stmt, arg, program.shape(stmt.dst))?;
            }
            let arity = match op {
                Op::Prim(row) => row.arity,
                Op::Copy | Op::Cast => 1,
                Op::Const(_) | Op::Size(_) => 0,
                Op::Foreign(k) => program.foreign[*k].locals.len(),
            };
            if args.len() != arity {
                return Err(fault(program, stmt, "has the wrong number of operands"));
            }
            let exponent =
                |k: usize| matches!(op, Op::Prim(row) if row.name.starts_with("powi") && k == 1);
            let same =
                |(k, arg): (usize, &Operand)| exponent(k) || program.value(arg.value).elem == *elem;
            if matches!(op, Op::Prim(_) | Op::Copy) && !args.iter().enumerate().all(same) {
                return Err(fault(program, stmt, "mixes element types"));
            }
        }
        Kind::Sum { .. } | Kind::Max { .. } => {
            for term in stmt.terms() {
                read(program, stmt, &term.arg, &term.space)?;
                index(program, stmt, &term.at, program.shape(stmt.dst), &term.space)?;
                if program.value(term.arg.value).elem != *elem {
                    return Err(fault(program, stmt, "mixes element types"));
                }
            }
        }
    }
    Ok(())
}

fn read(
    program: &Program,
    stmt: &Stmt,
    operand: &Operand,
    space: &[super::DimId],
) -> Result<(), String> {
    index(program, stmt, &operand.at, program.shape(operand.value), space)
}

fn index(
    program: &Program,
    stmt: &Stmt,
    at: &[Index],
    shape: &[super::DimId],
    space: &[super::DimId],
) -> Result<(), String> {
    if at.len() != shape.len() {
        return Err(fault(program, stmt, "indexes with the wrong number of axes"));
    }
    for (&index, &dim) in at.iter().zip(shape) {
        match index {
            Index::Axis(axis) if space.get(axis as usize) != Some(&dim) => {
                return Err(fault(program, stmt, "runs an axis over another dimension"));
            }
            Index::Stretch(axis, own) if axis as usize >= space.len() || own != dim => {
                return Err(fault(program, stmt, "stretches another dimension"));
            }
            Index::Affine(axis, affine) if affine.step != 0 && axis as usize >= space.len() => {
                return Err(fault(program, stmt, "slices an axis that is not there"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn fault(program: &Program, stmt: &Stmt, what: &str) -> String {
    format!("`{}` {what}, in\n{program}", program.value(stmt.dst).name)
}
