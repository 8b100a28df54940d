//! The gradient of a function with a scalar result, as a program with the gradient as its result.

use crate::flow::ir::{Adjoint, Grad, Init, Kind, MemId, Origin, ParamIs, Place, Program, Stmt};
use crate::flow::ir::{Tree, Ty, V};
use crate::ir::{Elem, Literal};
use proc_macro2::Span;

/// The program of an adjoint whose seed is one and whose result is the gradient: that of the one
/// differentiated parameter, or the tuple of those of all. The parameters are the function's.
pub fn gradient(adjoint: &Adjoint) -> Program {
    let mut program = seeded(adjoint);
    program.params.truncate(adjoint.grads.len());
    if let Some(seed) = scalar(&adjoint.seed) {
        program.body.stmts.insert(0, stmt(Kind::Const(seed, Literal::Float(1.0, None))));
    }
    program
}

fn stmt(kind: Kind) -> Stmt {
    Stmt { kind, span: Span::call_site() }
}

/// The same with the cotangents as further parameters: of the result, part by part, then of each
/// exclusive parameter.
pub fn seeded(adjoint: &Adjoint) -> Program {
    let mut program = adjoint.program.clone();
    let (mut ahead, mut cotangents) = (Vec::new(), Vec::new());
    leaves(&adjoint.seed, &mut cotangents);
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
                if program.at(*mem).origin == Origin::Exclusive {
                    program.mems[shadow.0 as usize].origin = Origin::Owned;
                    cotangents.push(ParamIs::Mem(*shadow));
                } else {
                    ahead.push(stmt(made(&mut program, *shadow, *mem)));
                }
                parts.push(Tree::Place(Place::whole(*shadow)));
            }
        }
    }
    ahead.append(&mut program.body.stmts);
    program.body.stmts = ahead;
    program.params.append(&mut cotangents);
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

/// The parts of the cotangent of a result.
fn leaves(seed: &Tree, out: &mut Vec<ParamIs>) {
    match seed {
        Tree::Unit => {}
        Tree::Value(v) => out.push(ParamIs::Value(*v)),
        Tree::Place(place) | Tree::Array(place, _) => out.push(ParamIs::Mem(place.mem)),
        Tree::Tuple(parts) => parts.iter().for_each(|part| leaves(part, out)),
        Tree::Success(inner) => leaves(inner, out),
    }
}

/// The cotangent of a scalar result.
fn scalar(seed: &Tree) -> Option<V> {
    match seed {
        Tree::Value(v) => Some(*v),
        Tree::Success(inner) => scalar(inner),
        _ => None,
    }
}
