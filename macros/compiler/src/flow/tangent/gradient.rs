//! The gradient of a function with a scalar result, as a program with the gradient as its result.

use crate::flow::ir::{Adjoint, Grad, Init, Kind, MemId, Origin, ParamIs, Place, Program, Stmt};
use crate::flow::ir::{Tree, Ty, V};
use crate::ir::{Elem, Literal};
use proc_macro2::Span;

/// The program of an adjoint whose seed is one and whose result is the gradient: that of the one
/// differentiated parameter, or the tuple of those of all. The parameters are the function's.
pub fn gradient(adjoint: &Adjoint) -> Program {
    let mut program = adjoint.program.clone();
    let mut ahead = Vec::new();
    let stmt = |kind: Kind| Stmt { kind, span: Span::call_site() };
    if let Some(seed) = scalar(&adjoint.seed) {
        ahead.push(stmt(Kind::Const(seed, Literal::Float(1.0, None))));
    }
    let mut parts = Vec::new();
    let params: Vec<ParamIs> = program.params.clone();
    for (param, grad) in params.iter().zip(&adjoint.grads) {
        match (grad, param) {
            (Grad::Not, _) | (Grad::Mem(_), ParamIs::Value(_)) => {}
            (Grad::Value(Some(v)), _) => parts.push(Tree::Value(*v)),
            (Grad::Value(None), param) => {
                let elem = match param {
                    ParamIs::Value(v) => program.float(*v).cloned(),
                    ParamIs::Mem(_) => None,
                };
                let ty = Ty::Float(elem.unwrap_or(Elem::F64));
                let zero = program.value("zero", ty, Span::call_site());
                ahead.push(stmt(Kind::Const(zero, Literal::Float(0.0, None))));
                parts.push(Tree::Value(zero));
            }
            (Grad::Mem(shadow), ParamIs::Mem(mem)) => {
                ahead.push(stmt(made(&mut program, *shadow, *mem)));
                parts.push(Tree::Place(Place::whole(*shadow)));
            }
        }
    }
    ahead.append(&mut program.body.stmts);
    program.body.stmts = ahead;
    program.result = match parts.len() {
        1 => parts.pop(),
        _ => Some(Tree::Tuple(parts)),
    };
    program
}

/// The memory of a gradient becomes the program's own, zero at first.
fn made(program: &mut Program, shadow: MemId, mem: MemId) -> Kind {
    program.mems[shadow.0 as usize].origin = Origin::Local;
    Kind::Alloc(shadow, Init::ZerosLike(Place::whole(mem)))
}

/// The cotangent of a scalar result.
fn scalar(seed: &Tree) -> Option<V> {
    match seed {
        Tree::Value(v) => Some(*v),
        Tree::Success(inner) => scalar(inner),
        _ => None,
    }
}
