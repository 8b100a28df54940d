//! What goes round in a loop: what variables hold at the start of an iteration, and what that has
//! become at its end.

use super::Lowerer;
use super::Slot;
use super::region::Arm;
use super::val::{Held, Opt, Val};
use crate::flow::ir::{Carried, Init, Kind, MemId, Place, Proj, Stmt, V};
use crate::flow::visit::Rename;
use crate::hash::HashMap;
use crate::ir::Literal;
use proc_macro2::Span;

/// A loop's state while what goes round is collected.
pub(super) struct Ring<'r> {
    pub(super) arm: &'r mut Arm,
    pub(super) carried: &'r mut Vec<Carried>,
    /// What is done before the loop.
    pub(super) ahead: &'r mut Vec<Stmt>,
    /// The first value and the first memory made inside.
    pub(super) mark: (u32, u32),
    pub(super) span: Span,
}

impl Lowerer<'_> {
    /// What a variable holds at the start of an iteration, and what it must hold before the first.
    pub(super) fn parameter(
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
            (Val::Array(array), Some(Val::Array(_))) => {
                let start = self.array_parameter_of_loop(&array, name, params, span);
                (Val::Array(array), start)
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
    pub(super) fn ring(&mut self, ring: &mut Ring<'_>, of: (Val, Val, Val), name: &str) -> Val {
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
            (Val::Array(init), Val::Array(param), end) if !matches!(end, Val::Undef) => {
                self.ring_array(ring, (*init, *param, end), name)
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
    pub(super) fn turn(
        &mut self,
        ring: &mut Ring<'_>,
        init: V,
        param: Option<V>,
        end: V,
        name: &str,
    ) -> Val {
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
    pub(super) fn made_inside(&mut self, ring: &mut Ring<'_>, end: Val, name: &str) -> Val {
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
            Val::Array(array) => self.made_inside_array(ring, &array, name),
            Val::Bool(value) => Val::Bool(value),
            other => other,
        }
    }
}

/// Whether an option that is empty at the start of a loop is not at its end.
pub(super) fn grows(start: &Val, end: &Val) -> bool {
    match (start, end) {
        (Val::Opt(start), Val::Opt(end)) => {
            let one = |start: &Val, end: &Val| match (start, end) {
                (_, Val::Undef | Val::Error | Val::Never | Val::Unit) => false,
                (Val::Undef | Val::Unit, _) => true,
                (start, end) => grows(start, end),
            };
            one(&start.some, &end.some) || one(&start.err, &end.err)
        }
        (Val::Array(start), Val::Array(end)) => super::nd::differ(start, end),
        (Val::Tuple(starts), Val::Tuple(ends)) => {
            starts.iter().zip(ends).any(|(start, end)| grows(start, end))
        }
        (Val::Struct(_, starts), Val::Struct(_, ends)) => {
            starts.iter().zip(ends).any(|((_, start), (_, end))| grows(start, end))
        }
        _ => false,
    }
}

/// Replaces parameters that are not carried.
pub(super) struct Renaming<'m>(pub(super) &'m HashMap<V, V>);

impl Rename for Renaming<'_> {
    fn value(&mut self, v: &mut V) {
        if let Some(init) = self.0.get(v) {
            *v = *init;
        }
    }
    fn mem(&mut self, _: &mut MemId) {}
}

/// Replaces parameters that are not carried in what a variable holds.
pub(super) fn renamed(val: &mut Val, map: &HashMap<V, V>) {
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
        Val::Array(array) => super::nd::renamed(array, map),
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
