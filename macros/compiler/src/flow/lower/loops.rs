//! Loops and jumps.
//!
//! Every variable that may change holds a parameter of the loop while its body is lowered; those
//! that did not change get their old value back afterwards, and the parameter disappears.

use super::region::{Arm, Live};
use super::val::{Held, Opt, Val, VarId};
use super::{Lowerer, Slot, Target, TargetKind};
use crate::flow::ir::{Block, Carried, Init, Kind, Loop, MemId, Over, Place, Proj, Stmt, V};
use crate::flow::visit::{Rename, rename_block};
use crate::ir::Literal;
use proc_macro2::Span;
use std::collections::HashMap;
use syn::Pat;
use syn::spanned::Spanned;

/// What a loop runs over, before its variable is made.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// From the first index up to the second; from the end if the flag is set.
    Range(V, V, bool),
    /// Until it is left.
    Forever,
}

/// What is known of a loop from its source.
#[derive(Clone, Default)]
pub(super) struct Header {
    /// Its label.
    pub(super) label: Option<String>,
    /// `#[checkpoint]`.
    pub(super) checkpoint: Option<Option<V>>,
    /// Whether the body is the user's, which may leave the loop.
    pub(super) users: bool,
}

impl Lowerer<'_> {
    // Targets.

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
    fn after_target(&mut self, crossed: VarId, span: Span) {
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

    fn new_target(&mut self, kind: TargetKind, label: Option<String>) -> Target {
        let mut flag = |this: &mut Self, name: &str, val: Val| {
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

    // Loops.

    /// A loop. The body gets the loop's variable.
    pub(super) fn looped(
        &mut self,
        run: Run,
        header: &Header,
        span: Span,
        body: &mut dyn FnMut(&mut Self, Option<V>),
    ) -> Val {
        if self.is_gone() {
            return Val::Never;
        }
        let (errors, vars) = (self.errors.count(), self.vars.len());
        match self.loop_once(run, header, span, body, &HashMap::new(), vars) {
            Ok(val) => val,
            Err(grown) => {
                // An option that was empty at first is not at the end of an iteration: now it is
                // known what is in it.
                self.errors.forget_after(errors);
                self.loop_once(run, header, span, body, &grown, vars).unwrap_or(Val::Error)
            }
        }
    }

    /// One try of lowering a loop; `Err` with what variables must hold at the start.
    fn loop_once(
        &mut self,
        run: Run,
        header: &Header,
        span: Span,
        body: &mut dyn FnMut(&mut Self, Option<V>),
        grown: &HashMap<VarId, Val>,
        vars: usize,
    ) -> Result<Val, HashMap<VarId, Val>> {
        let mark = self.marks();
        let target = self.new_target(TargetKind::Loop, header.label.clone());
        let (left, crossed, value) = (target.left, target.crossed, target.value);
        // What variables hold at the start of an iteration.
        let mut params: Vec<(V, V)> = Vec::new();
        let mut starts: HashMap<VarId, (Val, Val)> = HashMap::new();
        let held: Vec<(VarId, Val)> = (0..vars)
            .filter(|id| self.vars[*id].mutable && !self.vars[*id].jump)
            .map(|id| (id, self.vars[id].val.clone()))
            .collect();
        for (id, val) in held {
            let like = grown.get(&id).cloned();
            let name = self.vars[id].name.clone();
            let (init, param) = self.parameter(val, like, &name, &mut params, span);
            starts.insert(id, (init, param));
        }
        let var = match run {
            Run::Range(lo, hi, _) => {
                self.unify(lo, hi);
                let class = self.class(lo);
                Some(self.of_class("i", class, span))
            }
            Run::Forever => None,
        };
        self.targets.push(target);
        let olds: Vec<(VarId, Val)> = starts
            .iter()
            .map(|(id, (_, param))| {
                let old = std::mem::replace(&mut self.vars[*id].val, param.clone());
                (*id, old)
            })
            .collect();
        let (arm, _) = self.region(|this| {
            this.set(left, Val::Bool(false));
            this.set(crossed, Val::Bool(false));
            body(this, var);
            Val::Unit
        });
        self.targets.pop();
        for (id, old) in olds {
            self.vars[id].val = old;
        }
        if grown.is_empty() {
            let more: HashMap<VarId, Val> = (arm.changed.iter())
                .filter(|(id, end)| starts.get(id).is_some_and(|(_, start)| grows(start, end)))
                .map(|(id, end)| (*id, end.clone()))
                .collect();
            if !more.is_empty() {
                return Err(more);
            }
        }
        Ok(self.close_loop(
            run,
            header,
            span,
            arm,
            Ends {
                var,
                params,
                starts,
                left,
                crossed,
                value,
                vars,
                mark: (mark.values, mark.mems),
            },
        ))
    }

    fn close_loop(
        &mut self,
        run: Run,
        header: &Header,
        span: Span,
        mut arm: Arm,
        ends: Ends,
    ) -> Val {
        let Ends { var, params, starts, left, crossed, value, vars, mark } = ends;
        let mut carried = Vec::new();
        let mut outs: Vec<(VarId, Val)> = Vec::new();
        let mut ahead = Vec::new();
        let ids: Vec<VarId> = arm.changed.keys().copied().collect();
        for id in ids {
            let inside = id >= vars && ![left, crossed, value].contains(&id);
            if inside || id == left {
                continue;
            }
            let Some(end) = arm.changed.get(&id).cloned() else { continue };
            let (init, param) = match starts.get(&id) {
                Some((init, param)) => (init.clone(), param.clone()),
                None => (self.vars[id].val.clone(), self.vars[id].val.clone()),
            };
            let name = self.vars[id].name.clone();
            let mut join =
                Ring { arm: &mut arm, carried: &mut carried, ahead: &mut ahead, mark, span };
            let out = self.ring(&mut join, (init, param, end), &name);
            outs.push((id, out));
        }
        // A parameter that is not carried is what it was before.
        let still: HashMap<V, V> = params
            .into_iter()
            .filter(|(param, _)| !carried.iter().any(|c: &Carried| c.param == *param))
            .collect();
        let mut body = Block { stmts: std::mem::take(&mut arm.stmts) };
        let mut renaming = Renaming(&still);
        rename_block(&mut body, &mut renaming);
        for c in &mut carried {
            renaming.value(&mut c.next);
        }
        let exit = match arm.changed.get(&left) {
            Some(Val::Scalar(v)) => Some(still.get(v).copied().unwrap_or(*v)),
            Some(Val::Bool(true)) => {
                let v = self.fresh("left", Slot::Bool, span);
                let path = quote::quote!(true);
                let kind = Kind::Pass(v, crate::flow::ir::Pass::Path(path), vec![]);
                body.stmts.push(Stmt { kind, span });
                Some(v)
            }
            _ => None,
        };
        self.put(ahead);
        let over = match (run, var) {
            (Run::Range(lo, hi, reversed), Some(var)) => Over::Range { var, lo, hi, reversed },
            _ => Over::Forever,
        };
        let endless = matches!(over, Over::Forever) && exit.is_none();
        let checkpoint = header.checkpoint;
        let lp = Loop { over, carried, body, exit, checkpoint, count: None };
        self.emit(Kind::Loop(Box::new(lp)), span);
        for (id, mut val) in outs {
            renamed(&mut val, &still);
            self.set(id, val);
        }
        if endless {
            return self.leave(Live::Dead);
        }
        self.after_target(crossed, span);
        match self.vars[value].val.clone() {
            Val::Undef => Val::Unit,
            val => val,
        }
    }

    /// What a variable holds at the start of an iteration, and what it must hold before the first.
    fn parameter(
        &mut self,
        val: Val,
        like: Option<Val>,
        name: &str,
        params: &mut Vec<(V, V)>,
        span: Span,
    ) -> (Val, Val) {
        match (val, like) {
            (Val::Scalar(v), _) if self.program.of(v).object => (Val::Scalar(v), Val::Scalar(v)),
            (Val::Scalar(v), _) => {
                let class = self.class(v);
                let param = self.of_class(name, class, span);
                params.push((param, v));
                (Val::Scalar(v), Val::Scalar(param))
            }
            (Val::Bool(value), _) => {
                let v = self.boolean(value, span);
                let param = self.fresh(name, Slot::Bool, span);
                params.push((param, v));
                (Val::Scalar(v), Val::Scalar(param))
            }
            (Val::Tuple(parts), like) => {
                let mut likes = match like {
                    Some(Val::Tuple(likes)) => likes.into_iter().map(Some).collect(),
                    _ => vec![None; parts.len()],
                };
                likes.resize(parts.len(), None);
                let pairs: Vec<(Val, Val)> = parts
                    .into_iter()
                    .zip(likes)
                    .map(|(part, like)| self.parameter(part, like, name, params, span))
                    .collect();
                let (inits, starts) = pairs.into_iter().unzip();
                (Val::Tuple(inits), Val::Tuple(starts))
            }
            (Val::Struct(ty, fields), _) => {
                let (mut inits, mut starts) = (vec![], vec![]);
                for (field, val) in fields {
                    let (init, start) = self.parameter(val, None, &field, params, span);
                    inits.push((field.clone(), init));
                    starts.push((field, start));
                }
                (Val::Struct(ty.clone(), inits), Val::Struct(ty, starts))
            }
            (Val::Opt(opt), like) => {
                let like = match like {
                    Some(Val::Opt(like)) => Some(like),
                    _ => None,
                };
                let Opt { result, tag, some, err } = *opt;
                let (tag, tag_param) = self.parameter(tag, None, name, params, span);
                let like_some = like.as_ref().map(|like| like.some.clone());
                let like_err = like.map(|like| like.err);
                let (some, some_param) = self.parameter(some, like_some, name, params, span);
                let (err, err_param) = match err {
                    Val::Unit if like_err.is_none() => (Val::Unit, Val::Unit),
                    Val::Unit => self.parameter(Val::Undef, like_err, name, params, span),
                    err => self.parameter(err, like_err, name, params, span),
                };
                let whole = |tag, some, err| Val::Opt(Box::new(Opt { result, tag, some, err }));
                (whole(tag, some, err), whole(tag_param, some_param, err_param))
            }
            (Val::Undef, Some(like)) => {
                let init = self.nothing(&like, span);
                if matches!(init, Val::Undef) {
                    return (Val::Undef, Val::Undef);
                }
                self.parameter(init, None, name, params, span)
            }
            (Val::Place(place, Held::Ref), _) if !place.proj.is_empty() => {
                let mut start = place.clone();
                for step in &mut start.proj {
                    let mut one = |this: &mut Self, v: &mut V| {
                        let class = this.class(*v);
                        let param = this.of_class(name, class, span);
                        params.push((param, *v));
                        *v = param;
                    };
                    match step {
                        Proj::Field(_) => {}
                        Proj::Index(at) => one(self, at),
                        Proj::Range(from, to) => {
                            one(self, from);
                            if let Some(to) = to {
                                one(self, to);
                            }
                        }
                    }
                }
                (Val::Place(place, Held::Ref), Val::Place(start, Held::Ref))
            }
            (other, _) => (other.clone(), other),
        }
    }

    /// Something of the kind of a value, in place of one that is not there yet.
    fn nothing(&mut self, like: &Val, span: Span) -> Val {
        match like {
            Val::Scalar(v) => {
                let class = self.class(*v);
                let none = self.of_class("none", class, span);
                self.emit(Kind::Const(none, Literal::Int(0)), span);
                Val::Scalar(none)
            }
            Val::Bool(_) => Val::Scalar(self.boolean(false, span)),
            Val::Tuple(parts) => {
                Val::Tuple(parts.iter().map(|part| self.nothing(part, span)).collect())
            }
            Val::Struct(ty, fields) => {
                let fields = fields.iter().map(|(field, val)| {
                    let val = self.nothing(val, span);
                    (field.clone(), val)
                });
                Val::Struct(ty.clone(), fields.collect())
            }
            _ => Val::Undef,
        }
    }

    /// What one variable is behind a loop, given what it holds before it, at the start of an
    /// iteration and at its end.
    fn ring(&mut self, ring: &mut Ring<'_>, of: (Val, Val, Val), name: &str) -> Val {
        let span = ring.span;
        match of {
            (_, _, Val::Error) | (Val::Error, ..) => Val::Error,
            (init, _, Val::Never) => init,
            (Val::Scalar(init), Val::Scalar(param), Val::Scalar(end)) => {
                if param == end {
                    return Val::Scalar(init);
                }
                self.turn(ring, init, Some(param), end, name)
            }
            (Val::Scalar(init), Val::Scalar(param), Val::Bool(end)) => {
                let end = self.inside(ring.arm, |this| this.boolean(end, span));
                self.turn(ring, init, Some(param), end, name)
            }
            (Val::Bool(a), _, Val::Bool(b)) if a == b => Val::Bool(a),
            (Val::Bool(init), _, end) => {
                let init = self.boolean(init, span);
                let end = match end {
                    Val::Bool(end) => self.inside(ring.arm, |this| this.boolean(end, span)),
                    Val::Scalar(end) => end,
                    _ => return Val::Error,
                };
                self.turn(ring, init, None, end, name)
            }
            (Val::Undef, _, end) => self.made_inside(ring, end, name),
            (Val::Tuple(inits), Val::Tuple(params), Val::Tuple(ends))
                if inits.len() == ends.len() =>
            {
                let parts = inits.into_iter().zip(params).zip(ends);
                Val::Tuple(
                    parts
                        .map(|((init, param), end)| self.ring(ring, (init, param, end), name))
                        .collect(),
                )
            }
            (Val::Struct(ty, inits), Val::Struct(_, params), Val::Struct(_, ends)) => {
                let parts = inits.into_iter().zip(params).zip(ends);
                let fields = parts.map(|(((field, init), (_, param)), (_, end))| {
                    let val = self.ring(ring, (init, param, end), &field);
                    (field, val)
                });
                Val::Struct(ty, fields.collect())
            }
            (Val::Opt(init), Val::Opt(param), Val::Opt(end)) => {
                let tag = self.ring(ring, (init.tag, param.tag, end.tag), name);
                let some = self.ring(ring, (init.some, param.some, end.some), name);
                let err = match (&init.err, &end.err) {
                    (Val::Unit, Val::Unit) => Val::Unit,
                    (Val::Unit, _) => self.ring(ring, (Val::Undef, Val::Undef, end.err), name),
                    _ => self.ring(ring, (init.err, param.err, end.err), name),
                };
                Val::Opt(Box::new(Opt { result: init.result || end.result, tag, some, err }))
            }
            (Val::Place(init, Held::Ref), Val::Place(param, _), Val::Place(end, _))
                if super::merge::same_steps(&init, &end) =>
            {
                let mut out = init.clone();
                let steps = out.proj.iter_mut().zip(&param.proj).zip(&end.proj);
                for ((out, param), end) in steps {
                    let mut one = |this: &mut Self, out: &mut V, param: V, end: V| {
                        if param != end
                            && let Val::Scalar(v) = this.turn(ring, *out, Some(param), end, name)
                        {
                            *out = v;
                        }
                    };
                    match (out, param, end) {
                        (Proj::Index(out), Proj::Index(param), Proj::Index(end)) => {
                            one(self, out, *param, *end);
                        }
                        (Proj::Range(a, b), Proj::Range(c, d), Proj::Range(e, f)) => {
                            one(self, a, *c, *e);
                            if let (Some(b), Some(d), Some(f)) = (b, d, f) {
                                one(self, b, *d, *f);
                            }
                        }
                        _ => {}
                    }
                }
                Val::Place(out, Held::Ref)
            }
            (Val::Place(init, held), _, Val::Place(end, _)) if init == end => {
                Val::Place(init, held)
            }
            (Val::Place(..), _, Val::Place(..)) => self.error(
                span,
                format!(
                    "which memory `{name}` refers to changes in this loop: use an index instead"
                ),
            ),
            (Val::Var(a, path), _, Val::Var(b, other)) if a == b && path == other => {
                Val::Var(a, path)
            }
            (init, _, Val::Undef) => init,
            (Val::Unit, ..) => Val::Unit,
            (Val::Closure(a), _, Val::Closure(_)) => Val::Closure(a),
            (Val::Iter(a), _, Val::Iter(b)) if std::rc::Rc::ptr_eq(&a, &b) => Val::Iter(a),
            _ => self.error(span, format!("what `{name}` holds changes its kind in this loop")),
        }
    }

    /// One scalar that goes round.
    fn turn(&mut self, ring: &mut Ring<'_>, init: V, param: Option<V>, end: V, name: &str) -> Val {
        if !self.unify(init, end) {
            return self
                .error(ring.span, format!("`{name}` gets a value of another type in this loop"));
        }
        let class = self.class(init);
        let param = param.unwrap_or_else(|| self.of_class(name, class, ring.span));
        let out = self.of_class(name, class, ring.span);
        ring.carried.push(Carried { param, init, next: end, out });
        Val::Scalar(out)
    }

    /// What is nothing before a loop and something behind it.
    fn made_inside(&mut self, ring: &mut Ring<'_>, end: Val, name: &str) -> Val {
        let span = ring.span;
        match end {
            Val::Scalar(end) if end.0 < ring.mark.0 => Val::Scalar(end),
            Val::Scalar(end) => {
                let class = self.class(end);
                let init = self.of_class("none", class, span);
                ring.ahead.push(Stmt { kind: Kind::Const(init, Literal::Int(0)), span });
                self.turn(ring, init, None, end, name)
            }
            Val::Tuple(parts) => Val::Tuple(
                parts.into_iter().map(|part| self.made_inside(ring, part, name)).collect(),
            ),
            Val::Struct(ty, fields) => {
                let fields = fields.into_iter().map(|(field, val)| {
                    let val = self.made_inside(ring, val, &field);
                    (field, val)
                });
                Val::Struct(ty, fields.collect())
            }
            Val::Opt(opt) => {
                let Opt { result, tag, some, err } = *opt;
                let tag = self.made_inside(ring, tag, name);
                let some = self.made_inside(ring, some, name);
                let err = match err {
                    Val::Unit => Val::Unit,
                    err => self.made_inside(ring, err, name),
                };
                Val::Opt(Box::new(Opt { result, tag, some, err }))
            }
            Val::Place(place, held) => {
                let outside =
                    place.mem.0 < ring.mark.1 && place.indices().all(|v| v.0 < ring.mark.0);
                if outside {
                    return Val::Place(place, held);
                }
                if held == Held::Mut {
                    return Val::Undef;
                }
                let Some(ty) = self.owned_type(&place) else { return Val::Error };
                let mem: MemId = self.memory(name, ty, span);
                ring.ahead.push(Stmt { kind: Kind::Alloc(mem, Init::Unset), span });
                let to = Place::whole(mem);
                let kind = Kind::Assign { to: to.clone(), from: place, moved: false };
                ring.arm.stmts.push(Stmt { kind, span });
                Val::Place(to, Held::Fresh)
            }
            Val::Bool(value) => Val::Bool(value),
            other => other,
        }
    }

    pub(super) fn while_loop(&mut self, of: &syn::ExprWhile) -> Val {
        let span = of.while_token.span;
        let Some(header) = self.header(&of.attrs, of.label.as_ref()) else { return Val::Error };
        self.looped(Run::Forever, &header, span, &mut |this, _| {
            // `while c { .. }` is `loop { if c { .. } else { break } }`.
            let conditional = syn::ExprIf {
                attrs: vec![],
                if_token: syn::Token![if](span),
                cond: of.cond.clone(),
                then_branch: of.body.clone(),
                else_branch: Some((
                    syn::Token![else](span),
                    Box::new(syn::parse_quote_spanned!(span=> { break })),
                )),
            };
            this.if_expr(&conditional);
        })
    }

    pub(super) fn endless_loop(&mut self, of: &syn::ExprLoop) -> Val {
        let Some(header) = self.header(&of.attrs, of.label.as_ref()) else { return Val::Error };
        self.looped(Run::Forever, &header, of.loop_token.span, &mut |this, _| {
            this.block(&of.body);
        })
    }

    pub(super) fn for_loop(&mut self, of: &syn::ExprForLoop) -> Val {
        let span = of.for_token.span;
        let Some(header) = self.header(&of.attrs, of.label.as_ref()) else { return Val::Error };
        let over = self.expr(&of.expr);
        let Some(it) = self.iterator(over, of.expr.span()) else { return Val::Error };
        let name = match &*of.pat {
            Pat::Ident(name) => Some(name.ident.to_string()),
            _ => None,
        };
        self.for_each(&it, &header, span, &mut |this, item| {
            if let Some(name) = &name {
                this.name_val(&item, name);
            }
            this.scoped(|this| {
                this.bind(&of.pat, item);
                this.block(&of.body);
            });
        })
    }

    /// Label and attributes of a loop.
    fn header(&mut self, attrs: &[syn::Attribute], label: Option<&syn::Label>) -> Option<Header> {
        let label = label.map(|label| label.name.ident.to_string());
        let mut header = Header { label, checkpoint: None, users: true };
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("checkpoint")) {
            header.checkpoint = Some(match &attr.meta {
                syn::Meta::Path(_) => None,
                syn::Meta::List(list) => {
                    let every: syn::Result<syn::MetaNameValue> = list.parse_args();
                    match every {
                        Ok(every) if every.path.is_ident("every") => {
                            let val = self.expr(&every.value);
                            let v = self.scalar(val, every.value.span())?;
                            self.as_index(v);
                            Some(v)
                        }
                        _ => {
                            self.error(list, "`#[checkpoint]` takes `every = k`, how many iterations lie between two states that are kept, or nothing");
                            return None;
                        }
                    }
                }
                other => {
                    self.error(other, "`#[checkpoint]` takes `every = k`, or nothing");
                    return None;
                }
            });
        }
        Some(header)
    }
}

/// Whether an option that is empty at the start of a loop is not at its end.
fn grows(start: &Val, end: &Val) -> bool {
    match (start, end) {
        (Val::Opt(start), Val::Opt(end)) => {
            let one = |start: &Val, end: &Val| match (start, end) {
                (_, Val::Undef | Val::Error | Val::Never | Val::Unit) => false,
                (Val::Undef | Val::Unit, _) => true,
                (start, end) => grows(start, end),
            };
            one(&start.some, &end.some) || one(&start.err, &end.err)
        }
        (Val::Tuple(starts), Val::Tuple(ends)) => {
            starts.iter().zip(ends).any(|(start, end)| grows(start, end))
        }
        (Val::Struct(_, starts), Val::Struct(_, ends)) => {
            starts.iter().zip(ends).any(|((_, start), (_, end))| grows(start, end))
        }
        _ => false,
    }
}

/// What closing a loop needs.
struct Ends {
    var: Option<V>,
    params: Vec<(V, V)>,
    starts: HashMap<VarId, (Val, Val)>,
    left: VarId,
    crossed: VarId,
    value: VarId,
    vars: usize,
    mark: (u32, u32),
}

/// A loop's state while what goes round is collected.
struct Ring<'r> {
    arm: &'r mut Arm,
    carried: &'r mut Vec<Carried>,
    /// What is done before the loop.
    ahead: &'r mut Vec<Stmt>,
    /// The first value and the first memory made inside.
    mark: (u32, u32),
    span: Span,
}

/// Replaces parameters that are not carried.
struct Renaming<'m>(&'m HashMap<V, V>);

impl Rename for Renaming<'_> {
    fn value(&mut self, v: &mut V) {
        if let Some(init) = self.0.get(v) {
            *v = *init;
        }
    }
    fn mem(&mut self, _: &mut MemId) {}
}

fn renamed(val: &mut Val, map: &HashMap<V, V>) {
    match val {
        Val::Scalar(v) => {
            if let Some(init) = map.get(v) {
                *v = *init;
            }
        }
        Val::Tuple(parts) => parts.iter_mut().for_each(|part| renamed(part, map)),
        Val::Struct(_, fields) => fields.iter_mut().for_each(|(_, val)| renamed(val, map)),
        Val::Opt(opt) => {
            renamed(&mut opt.tag, map);
            renamed(&mut opt.some, map);
            renamed(&mut opt.err, map);
        }
        Val::Place(place, _) => {
            for step in &mut place.proj {
                match step {
                    Proj::Field(_) => {}
                    Proj::Index(at) => *at = map.get(at).copied().unwrap_or(*at),
                    Proj::Range(from, to) => {
                        *from = map.get(from).copied().unwrap_or(*from);
                        if let Some(to) = to {
                            *to = map.get(to).copied().unwrap_or(*to);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
