//! Gradients inside of programs: `g::grad(x)` in differentiated code.
//!
//! Lowering leaves the body of `g` under a condition that always holds, since types are not known
//! before its end ([`Inner`] says what is what). Here the gradient takes its place: the body becomes
//! a program of its own, is differentiated, and its statements, reverse sweep included, are put
//! where the body was. What differentiates the program next sees statements as any others.

use super::ir::{Block, Init, Inner, InnerGrad, Kind, MemId, Origin, ParamIs, Place, Program};
use super::ir::{Stmt, Tree, V};
use super::{activity, adjoint, hoist, number, scalars, tangent, unroll, walk};
use crate::error::Errors;
use crate::hash::{HashMap, HashSet};
use proc_macro2::Span;

/// Puts gradients in the place of the bodies that lowering left.
pub fn expand(program: &mut Program, errors: &mut Errors) {
    let inner = std::mem::take(&mut program.inner);
    if inner.is_empty() {
        return;
    }
    let mut body = std::mem::take(&mut program.body);
    let mut expander = Expander {
        inner: inner.into_iter().map(|inner| (inner.cond, inner)).collect(),
        program,
        made: HashMap::default(),
        errors,
    };
    expander.block(&mut body);
    program.body = body;
}

struct Expander<'a> {
    inner: HashMap<V, Inner>,
    program: &'a mut Program,
    /// The gradients that are memories, by those that lowering made for them.
    made: HashMap<MemId, MemId>,
    errors: &'a mut Errors,
}

impl Expander<'_> {
    fn block(&mut self, block: &mut Block) {
        for mut stmt in std::mem::take(&mut block.stmts) {
            for inside in walk::blocks_mut(&mut stmt.kind) {
                self.block(inside);
            }
            match &mut stmt.kind {
                Kind::If { cond, then, .. } if self.inner.contains_key(cond) => {
                    let body = std::mem::take(then);
                    if let Some(inner) = self.inner.remove(cond) {
                        self.gradient(&inner, body, &mut block.stmts);
                    }
                }
                Kind::Alloc(mem, init) if self.made.contains_key(mem) => {
                    *init = Init::Move(Place::whole(self.made[mem]));
                    block.stmts.push(stmt);
                }
                _ => block.stmts.push(stmt),
            }
        }
    }

    /// Writes the gradient of a body.
    fn gradient(&mut self, inner: &Inner, body: Block, out: &mut Vec<Stmt>) {
        let stmt = |kind: Kind| Stmt { kind, span: inner.span };
        let mut wrt: Vec<bool> = inner.params.iter().map(|(_, wrt)| *wrt).collect();
        let mut params: Vec<ParamIs> = inner.params.iter().map(|(is, _)| is.clone()).collect();
        for is in free(&body, &params) {
            params.push(is);
            wrt.push(false);
        }
        let mut of_body = Program {
            name: inner.name.clone(),
            params,
            body,
            result: Some(Tree::Value(inner.result)),
            ..self.program.clone()
        };
        for ((is, _), owned) in inner.params.iter().zip(&inner.owned) {
            if let ParamIs::Mem(mem) = is {
                of_body.mems[mem.0 as usize].origin =
                    if *owned { Origin::Owned } else { Origin::Shared };
            }
        }
        prepare(&mut of_body);
        let before = self.errors.count();
        let activity = activity::activity(&of_body, &wrt, self.errors);
        if self.errors.count() > before {
            return;
        }
        refuse(&of_body, inner, self.errors);
        let adjoint = adjoint::differentiate(&of_body, &wrt, &activity);
        let gradient = tangent::gradient(&adjoint);
        let first = self.program.mems.len();
        self.program.values = gradient.values;
        self.program.mems = gradient.mems;
        self.program.records = gradient.records;
        for mem in &mut self.program.mems[first..] {
            // They are memories as any others now.
            mem.shadows = None;
        }
        for (is, _) in &inner.params {
            if let ParamIs::Mem(mem) = is {
                self.program.mems[mem.0 as usize].origin = Origin::Local;
            }
        }
        out.extend(gradient.body.stmts);
        if let (Some(to), Some(Tree::Value(value))) = (inner.value, &adjoint.program.result) {
            out.push(stmt(Kind::Cast(to, *value)));
        }
        let parts = match gradient.result {
            Some(Tree::Tuple(parts)) => parts,
            other => other.into_iter().collect(),
        };
        for (to, part) in inner.grads.iter().zip(parts) {
            match (to, part) {
                (InnerGrad::Value(to), Tree::Value(ct)) => out.push(stmt(Kind::Cast(*to, ct))),
                (InnerGrad::Mem(to), Tree::Place(place)) => {
                    self.made.insert(*to, place.mem);
                }
                _ => self.errors.at(inner.span, "a gradient was lost on the way through the compiler: this is a bug in chainrule, please report it"),
            }
        }
    }
}

/// What functions are brought to before they are differentiated.
pub fn prepare(program: &mut Program) {
    number::number(program);
    unroll::unroll(program);
    scalars::scalars(program);
    hoist::hoist(program);
    number::number(program);
}

/// Reports a body whose gradient would be that of a gradient with calls in it.
fn refuse(body: &Program, inner: &Inner, errors: &mut Errors) {
    if pulls(&body.body) {
        refused(&inner.name, inner.span, errors);
    }
}

/// Reports gradients in a program that cannot be differentiated in reverse.
pub fn check(program: &Program, gradients: &[(String, Span)], errors: &mut Errors) {
    if pulls(&program.body) {
        for (name, span) in gradients {
            refused(name, *span, errors);
        }
    }
}

fn refused(name: &str, span: Span, errors: &mut Errors) {
    errors.at(span, format!("the gradient of `{name}` is not differentiated again, since the derivative of something that it calls is a call too (of a rule, of a method of another `impl` block): pass constants to it"));
}

/// Whether there is the reverse of a call.
fn pulls(block: &Block) -> bool {
    let mut found = false;
    walk::all(block, &mut |kind| {
        found |= matches!(kind, Kind::Pull { .. } | Kind::Entry(..))
            || matches!(kind, Kind::Call(call) if call.vjp.is_empty());
    });
    found
}

/// What a body uses and does not define: all but its parameters.
pub(in crate::flow) fn free(body: &Block, params: &[ParamIs]) -> Vec<ParamIs> {
    let (mut defined, mut made) = (HashSet::default(), HashSet::default());
    for is in params {
        match is {
            ParamIs::Value(v) => {
                defined.insert(*v);
            }
            ParamIs::Mem(mem) => {
                made.insert(*mem);
            }
        }
    }
    walk::all(body, &mut |kind| {
        walk::defines(kind, &mut |v| {
            defined.insert(v);
        });
        if let Kind::Loop(lp) = kind {
            defined.extend(walk::inside(lp));
        }
        made.extend(walk::makes(kind));
    });
    let mut found = Vec::new();
    let mut add = |is: ParamIs| {
        if !found.contains(&is) {
            found.push(is);
        }
    };
    walk::all(body, &mut |kind| {
        walk::values(kind, &mut |v| {
            if !defined.contains(&v) {
                add(ParamIs::Value(v));
            }
        });
        walk::places(kind, &mut |mem, _, _| {
            if !made.contains(&mem) {
                add(ParamIs::Mem(mem));
            }
        });
    });
    found
}
