//! Jumps: `break`, `continue`, `return`, and where they go.

use super::region::Live;
use super::val::{Opt, Val, VarId};
use super::{Lowerer, Target, TargetKind};
use crate::flow::ir::Stmt;
use proc_macro2::Span;
use syn::spanned::Spanned;

impl Lowerer<'_> {
    /// Runs a step to whose end jumps can go: a labelled block or the body of a function.
    pub(super) fn target(
        &mut self,
        kind: TargetKind,
        label: Option<String>,
        step: impl FnOnce(&mut Self) -> Val,
    ) -> Val {
        let target = self.new_target(kind, label);
        let value = target.value;
        let crossed = target.crossed;
        self.targets.push(target);
        let (arm, val) = self.region(step);
        let used = self.targets.pop().is_some_and(|target| target.used);
        self.put(arm.stmts);
        for (id, val) in arm.changed.clone() {
            self.set(id, val);
        }
        if arm.live == Live::Dead {
            return self.leave(Live::Dead);
        }
        let span = Span::call_site();
        let val = match (used, arm.live) {
            (false, _) => val,
            (true, Live::Falls) => val,
            (true, Live::Maybe(live)) => {
                let jumped = self.vars[value].val.clone();
                self.branch(Val::Scalar(live), span, |_| val, |_| jumped)
            }
            (true, _) => self.vars[value].val.clone(),
        };
        self.after_target(crossed, span);
        val
    }

    /// Where a jump further out passed through a target, control goes on under a condition.
    pub(super) fn after_target(&mut self, crossed: VarId, span: Span) {
        match self.vars[crossed].val.clone() {
            Val::Bool(true) => {
                self.leave(Live::Jumped);
            }
            Val::Scalar(crossed) => {
                if let Val::Scalar(stays) = self.negated(crossed, span) {
                    self.open_if(stays, span);
                }
            }
            _ => {}
        }
    }

    pub(super) fn new_target(&mut self, kind: TargetKind, label: Option<String>) -> Target {
        let flag = |this: &mut Self, name: &str, val: Val| {
            let id = this.variable(name, val, true);
            this.vars[id].jump = true;
            id
        };
        let left = flag(self, "left", Val::Bool(false));
        let crossed = flag(self, "crossed", Val::Bool(false));
        let value = flag(self, "value", Val::Undef);
        Target { kind, label, left, crossed, value, used: false }
    }

    /// Appends finished statements.
    pub(super) fn put(&mut self, stmts: Vec<Stmt>) {
        for stmt in stmts {
            self.emit(stmt.kind, stmt.span);
        }
    }

    /// Jumps to the end of a target: out of the loops inside of it, and out of itself if it is a
    /// loop that is left.
    pub(super) fn jump(&mut self, to: usize, value: Val, leaves: bool) -> Val {
        self.targets[to].used = true;
        for k in to + 1..self.targets.len() {
            let (left, crossed) = (self.targets[k].left, self.targets[k].crossed);
            self.set(crossed, Val::Bool(true));
            if self.targets[k].kind == TargetKind::Loop {
                self.set(left, Val::Bool(true));
            }
        }
        if leaves {
            let left = self.targets[to].left;
            self.set(left, Val::Bool(true));
        }
        if !matches!(value, Val::Undef) {
            let id = self.targets[to].value;
            self.set(id, value);
        }
        self.leave(Live::Jumped)
    }

    fn loop_target(
        &mut self,
        label: Option<&syn::Lifetime>,
        at: &impl quote::ToTokens,
    ) -> Option<usize> {
        let base = self.frame().targets;
        let found = (base..self.targets.len()).rev().find(|k| {
            let target = &self.targets[*k];
            match label {
                Some(label) => target.label.as_deref() == Some(&label.ident.to_string()),
                None => target.kind == TargetKind::Loop,
            }
        });
        if found.is_none() {
            self.error(at, "there is no loop here that this could leave");
        }
        found
    }

    pub(super) fn break_expr(&mut self, of: &syn::ExprBreak) -> Val {
        let value = match &of.expr {
            Some(expr) => {
                let val = self.expr(expr);
                self.settled(val, expr.span())
            }
            None => Val::Undef,
        };
        if matches!(value, Val::Never) {
            return Val::Never;
        }
        match self.loop_target(of.label.as_ref(), of) {
            Some(to) => {
                let leaves = self.targets[to].kind == TargetKind::Loop;
                self.jump(to, value, leaves)
            }
            None => Val::Error,
        }
    }

    pub(super) fn continue_expr(&mut self, of: &syn::ExprContinue) -> Val {
        match self.loop_target(of.label.as_ref(), of) {
            Some(to) => self.jump(to, Val::Undef, false),
            None => Val::Error,
        }
    }

    pub(super) fn return_expr(&mut self, of: &syn::ExprReturn) -> Val {
        let value = match &of.expr {
            Some(expr) => {
                let val = match self.frame().output.clone() {
                    Some(ty) => self.expr_of_type(expr, &ty),
                    None => self.expr(expr),
                };
                self.settled(val, expr.span())
            }
            None => Val::Unit,
        };
        if matches!(value, Val::Never) {
            return Val::Never;
        }
        self.return_value(value, of.span())
    }

    /// Returns from the function or closure at hand.
    pub(super) fn return_value(&mut self, value: Val, span: Span) -> Val {
        let base = self.frame().targets;
        let is_root = base <= 1 && self.frames.len() == 1;
        if is_root && let Val::Opt(opt) = &value {
            match &opt.tag {
                Val::Bool(false) => return self.fail(&opt.err.clone(), opt.result, span),
                Val::Scalar(_) => {
                    let opt = opt.clone();
                    self.fail_unless(&opt, span);
                    let whole = Opt { tag: Val::Bool(true), ..(*opt).clone() };
                    return self.jump(0, Val::Opt(Box::new(whole)), false);
                }
                _ => {}
            }
        }
        match base.checked_sub(1) {
            Some(to) => self.jump(to, value, false),
            None => self.error(span, "there is nothing here to return from"),
        }
    }
}
