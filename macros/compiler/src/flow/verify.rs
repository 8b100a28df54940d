//! Whether a lowered program makes sense: every value is defined where it is used.

use super::ir::{Block, Carried, Kind, Loop, Over, ParamIs, Program, Tree, V};
use super::walk;
use proc_macro2::Span;

/// A value that is used where it is not certain to be defined: where, and what it is called. Besides
/// the program's own parameters it may have further ones.
pub fn undefined(program: &Program, further: &[Option<ParamIs>]) -> Option<(Span, String)> {
    let mut check = Check { program, defined: vec![false; program.values.len()], found: None };
    for param in program.params.iter().chain(further.iter().flatten()) {
        if let ParamIs::Value(v) = param {
            check.defined[v.0 as usize] = true;
        }
    }
    // A literal is written where it is used.
    walk::all(&program.body, &mut |kind| {
        if let Kind::Const(v, _) = kind {
            check.defined[v.0 as usize] = true;
        }
    });
    check.block(&program.body);
    if let Some(tree) = &program.result {
        check.tree(tree);
    }
    check.found
}

struct Check<'p> {
    program: &'p Program,
    defined: Vec<bool>,
    found: Option<(Span, String)>,
}

impl Check<'_> {
    fn used(&mut self, v: V, span: Span) {
        if !self.defined[v.0 as usize] && self.found.is_none() {
            self.found = Some((span, self.program.of(v).name.clone()));
        }
    }

    fn define(&mut self, v: V, scope: &mut Vec<V>) {
        self.defined[v.0 as usize] = true;
        scope.push(v);
    }

    fn leave(&mut self, scope: Vec<V>) {
        for v in scope {
            self.defined[v.0 as usize] = false;
        }
    }

    fn block(&mut self, block: &Block) -> Vec<V> {
        let mut scope = Vec::new();
        for stmt in &block.stmts {
            match &stmt.kind {
                Kind::If { cond, then, other, outs } => {
                    self.used(*cond, stmt.span);
                    for (arm, leaving) in [(then, 0), (other, 1)] {
                        let inner = self.block(arm);
                        let left = outs.iter().filter_map(|out| [out.then, out.other][leaving]);
                        left.for_each(|v| self.used(v, stmt.span));
                        self.leave(inner);
                    }
                    for out in outs {
                        self.define(out.value, &mut scope);
                    }
                }
                Kind::Loop(lp) => self.loop_of(lp, stmt.span, &mut scope),
                Kind::Const(..) => {}
                _ => {
                    walk::values(&stmt.kind, &mut |v| self.used(v, stmt.span));
                    walk::defines(&stmt.kind, &mut |v| self.define(v, &mut scope));
                }
            }
        }
        scope
    }

    fn loop_of(&mut self, lp: &Loop, span: Span, scope: &mut Vec<V>) {
        let mut inner = Vec::new();
        if let Over::Range { var, lo, hi, .. } = &lp.over {
            self.used(*lo, span);
            self.used(*hi, span);
            self.define(*var, &mut inner);
        }
        for Carried { init, param, .. } in &lp.carried {
            self.used(*init, span);
            self.define(*param, &mut inner);
        }
        let of_body = self.block(&lp.body);
        for Carried { next, .. } in &lp.carried {
            self.used(*next, span);
        }
        lp.exit.iter().for_each(|v| self.used(*v, span));
        self.leave(of_body);
        self.leave(inner);
        for Carried { out, .. } in &lp.carried {
            self.define(*out, scope);
        }
        lp.count.iter().for_each(|v| self.define(*v, scope));
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Unit => {}
            Tree::Value(v) => self.used(*v, Span::call_site()),
            Tree::Place(place) => {
                place.indices().for_each(|v| self.used(v, Span::call_site()));
            }
            Tree::Array(place, extents) => {
                let values = place.indices().chain(extents.iter().copied());
                values.for_each(|v| self.used(v, Span::call_site()));
            }
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.tree(part)),
            Tree::Success(inner) => self.tree(inner),
        }
    }
}
