//! What is the same in every iteration is computed ahead of the loop.
//!
//! Only operations on floats move: they cannot fail, so that it does no harm if the loop runs not at
//! all. The reverse sweep then adds up their cotangents over the loop, and multiplies by their
//! partials once.

use super::ir::{Kind, Over, Program, Stmt, V};
use super::walk;
use crate::hash::HashSet;

/// Moves what does not change out of loops.
pub fn hoist(program: &mut Program) {
    let body = std::mem::take(&mut program.body.stmts);
    program.body.stmts = block(body);
}

fn block(stmts: Vec<Stmt>) -> Vec<Stmt> {
    let mut out = Vec::with_capacity(stmts.len());
    for mut stmt in stmts {
        match &mut stmt.kind {
            Kind::If { then, other, .. } => {
                then.stmts = block(std::mem::take(&mut then.stmts));
                other.stmts = block(std::mem::take(&mut other.stmts));
            }
            Kind::Loop(lp) => {
                let body = block(std::mem::take(&mut lp.body.stmts));
                let mut inside: HashSet<V> = lp.carried.iter().map(|c| c.param).collect();
                if let Over::Range { var, .. } = lp.over {
                    inside.insert(var);
                }
                for stmt in body {
                    let moves = match &stmt.kind {
                        Kind::Prim(_, _, args) => !args.iter().any(|v| inside.contains(v)),
                        Kind::Cast(_, arg) => !inside.contains(arg),
                        Kind::Const(..) => true,
                        _ => false,
                    };
                    if moves {
                        out.push(stmt);
                        continue;
                    }
                    define(&stmt, &mut inside);
                    lp.body.stmts.push(stmt);
                }
            }
            _ => {}
        }
        out.push(stmt);
    }
    out
}

fn define(stmt: &Stmt, inside: &mut HashSet<V>) {
    walk::defines(&stmt.kind, &mut |v| {
        inside.insert(v);
    });
}
