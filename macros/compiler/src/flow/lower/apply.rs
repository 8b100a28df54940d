//! Applying closures and functions to values.

use super::val::{Closure, Val};
use super::{Frame, Lowerer, TargetKind};
use crate::error::arity;
use proc_macro2::Span;
use std::rc::Rc;
use syn::spanned::Spanned;

/// Closures and functions may be nested this deep when they are inlined.
const DEPTH: usize = 64;

impl Lowerer<'_> {
    /// What a function gives for these arguments.
    pub(super) fn apply(&mut self, f: &Val, args: Vec<Val>, span: Span) -> Val {
        match f {
            Val::Closure(closure) => self.apply_closure(&closure.clone(), args, span),
            Val::Function(path) => self.call_path(&path.clone(), args, span),
            Val::Error | Val::Never => Val::Error,
            other => self.error(
                span,
                format!(
                    "{} cannot be called: write a closure or the name of a function",
                    other.described()
                ),
            ),
        }
    }

    fn apply_closure(&mut self, closure: &Rc<Closure>, args: Vec<Val>, span: Span) -> Val {
        if args.len() != closure.expr.inputs.len() {
            return self.error(span, arity("this closure", closure.expr.inputs.len(), args.len()));
        }
        if self.depth >= DEPTH {
            return self.error(span, "closures are nested too deeply here");
        }
        let callees = self.callees;
        let Some(function) = callees.function(closure.id) else { return Val::Error };
        let mut scopes = closure.scopes.clone();
        scopes.push(crate::hash::HashMap::default());
        self.depth += 1;
        self.frames.push(Frame {
            function,
            id: closure.id,
            scopes,
            elems: closure.elems.clone(),
            lengths: closure.lengths.clone(),
            targets: self.targets.len() + 1,
            output: None,
        });
        let outer = std::mem::replace(&mut self.outer, closure.outer.clone());
        let output = match &closure.expr.output {
            syn::ReturnType::Default => None,
            syn::ReturnType::Type(_, ty) => self.written_type(ty),
        };
        self.frame_mut().output = output.clone();
        let val = self.target(TargetKind::Frame, None, |this| {
            for (input, arg) in closure.expr.inputs.iter().zip(args) {
                this.bind(input, arg);
            }
            let val = match &output {
                Some(ty) => this.expr_of_type(&closure.expr.body, ty),
                None => this.expr(&closure.expr.body),
            };
            this.settled(val, closure.expr.body.span())
        });
        self.outer = outer;
        self.frames.pop();
        self.depth -= 1;
        if let Some(ty) = output {
            self.expect_type(&val, &ty, span);
        }
        val
    }
}
