//! What two arms of a conditional leave, as one.

use super::region::Arm;
use super::region::Join;
use super::region::Live;
use super::val::{Held, Opt, Val};
use super::{Lowerer, Slot};
use crate::flow::ir::{Init, Kind, Out, Pass, Place, Proj, Stmt, V};
use crate::parse::Type;
use proc_macro2::Span;

impl Lowerer<'_> {
    /// What two arms leave, as one.
    pub(super) fn merge(&mut self, join: &mut Join, a: Val, b: Val, name: &str) -> Val {
        let dead = |live: Live, val: Val| match val {
            _ if live == Live::Dead => Val::Undef,
            Val::Never => Val::Undef,
            val => val,
        };
        let (a, b) = (dead(join.then.live, a), dead(join.other.live, b));
        let span = join.span;
        let a = self.inside(&mut join.then, |this| this.as_other(a, &b, span));
        let b = self.inside(&mut join.other, |this| this.as_other(b, &a, span));
        match (a, b) {
            (Val::Error, _) | (_, Val::Error) => Val::Error,
            (Val::Undef, Val::Undef) => Val::Undef,
            (Val::Undef, b) => self.only(join, b, false, name),
            (a, Val::Undef) => self.only(join, a, true, name),
            (Val::Scalar(a), Val::Scalar(b)) if a == b => Val::Scalar(a),
            (Val::Scalar(a), Val::Scalar(b)) => self.phi(join, Some(a), Some(b), name),
            (Val::Table(a), b) => {
                let span = join.span;
                let a = self.inside(&mut join.then, |this| this.table_value(&a, span));
                self.merge(join, a, b, name)
            }
            (a, Val::Table(b)) => {
                let span = join.span;
                let b = self.inside(&mut join.other, |this| this.table_value(&b, span));
                self.merge(join, a, b, name)
            }
            (Val::Bool(a), Val::Bool(b)) if a == b => Val::Bool(a),
            (Val::Bool(true), Val::Bool(false)) => Val::Scalar(join.cond),
            (Val::Bool(false), Val::Bool(true)) => {
                let not = self.fresh(name, Slot::Bool, join.span);
                let kind = Kind::Pass(not, Pass::Unary("!"), vec![join.cond]);
                join.after.push(Stmt { kind, span: join.span });
                Val::Scalar(not)
            }
            (Val::Bool(a), b) => {
                let span = join.span;
                let a = self.inside(&mut join.then, |this| this.boolean(a, span));
                self.merge(join, Val::Scalar(a), b, name)
            }
            (a, Val::Bool(b)) => {
                let span = join.span;
                let b = self.inside(&mut join.other, |this| this.boolean(b, span));
                self.merge(join, a, Val::Scalar(b), name)
            }
            (Val::Tuple(a), Val::Tuple(b)) if a.len() == b.len() => Val::Tuple(
                a.into_iter().zip(b).map(|(a, b)| self.merge(join, a, b, name)).collect(),
            ),
            (Val::Struct(ty, a), Val::Struct(_, b)) if a.len() == b.len() => {
                let merged = a.into_iter().zip(b).map(|((field, a), (_, b))| {
                    let merged = self.merge(join, a, b, &field);
                    (field, merged)
                });
                Val::Struct(ty, merged.collect())
            }
            (Val::Opt(a), Val::Opt(b)) => {
                let tag = self.merge(join, a.tag, b.tag, name);
                let none = |val: Val| if matches!(val, Val::Unit) { Val::Undef } else { val };
                let (both, either) = (matches!((&a.err, &b.err), (Val::Unit, Val::Unit)), a.result);
                let some = match (a.some, b.some) {
                    (Val::Unit, Val::Unit) => Val::Unit,
                    (x, y) => self.merge(join, x, y, name),
                };
                let err = match both {
                    true => Val::Unit,
                    false => self.merge(join, none(a.err), none(b.err), name),
                };
                Val::Opt(Box::new(Opt { result: either, tag, some, err }))
            }
            (a @ (Val::Array(_) | Val::Each(_)), b @ (Val::Array(_) | Val::Each(_))) => {
                self.merge_arrays(join, a, b, name)
            }
            (Val::Unit, Val::Unit) => Val::Unit,
            // The value of a statement whose other branch leaves nothing is not used.
            (Val::Unit, _) | (_, Val::Unit) => Val::Unit,
            (Val::Place(a, held), Val::Place(b, _)) if a == b => Val::Place(a, held),
            (Val::Var(a, path), Val::Var(b, other)) if a == b && path == other => Val::Var(a, path),
            (a, b) if a.is_exclusive() && b.is_exclusive() => {
                Val::Either(join.cond, Box::new((a, b)))
            }
            (Val::Place(a, Held::Ref), Val::Place(b, Held::Ref)) if same_steps(&a, &b) => {
                self.merge_indices(join, a, &b, name)
            }
            (a @ Val::Place(..), b) | (a, b @ Val::Place(..)) => {
                self.merge_places(join, a, b, name)
            }
            (Val::Closure(a), Val::Closure(b)) if std::rc::Rc::ptr_eq(&a, &b) => Val::Closure(a),
            (Val::Iter(a), Val::Iter(b)) if std::rc::Rc::ptr_eq(&a, &b) => Val::Iter(a),
            (Val::Function(a), Val::Function(b)) if a == b => Val::Function(a),
            (a, b) => {
                let what = match (a, b) {
                    (Val::Closure(_) | Val::Function(_), _) => "function",
                    (Val::Iter(_), _) => "iterator",
                    (a, _) if a.is_exclusive() => "exclusive reference",
                    _ => "value",
                };
                let of = if name == "if" { String::new() } else { format!(" `{name}`") };
                self.error(join.span, format!("which {what}{of} comes out of this condition is not followed: use it inside the branches instead"))
            }
        }
    }

    /// What one arm alone leaves.
    pub(super) fn only(&mut self, join: &mut Join, val: Val, then: bool, name: &str) -> Val {
        let marks = if then { join.then.marks } else { join.other.marks };
        match val {
            Val::Table(table) => {
                let span = join.span;
                let arm = if then { &mut join.then } else { &mut join.other };
                let val = self.inside(arm, |this| this.table_value(&table, span));
                self.only(join, val, then, name)
            }
            Val::Scalar(v) if v.0 < marks.values => Val::Scalar(v),
            Val::Scalar(v) if then => self.phi(join, Some(v), None, name),
            Val::Scalar(v) => self.phi(join, None, Some(v), name),
            Val::Tuple(parts) => Val::Tuple(
                parts.into_iter().map(|part| self.only(join, part, then, name)).collect(),
            ),
            Val::Struct(ty, fields) => {
                let fields = fields.into_iter().map(|(field, val)| {
                    let val = self.only(join, val, then, &field);
                    (field, val)
                });
                Val::Struct(ty, fields.collect())
            }
            Val::Opt(opt) => {
                let Opt { result, tag, some, err } = *opt;
                let tag = self.only(join, tag, then, name);
                let some = self.only(join, some, then, name);
                let err = self.only(join, err, then, name);
                Val::Opt(Box::new(Opt { result, tag, some, err }))
            }
            val @ (Val::Array(_) | Val::Each(_)) => self.only_array(join, val, then, name),
            Val::Place(place, held) => {
                let outside =
                    place.mem.0 < marks.mems && place.indices().all(|v| v.0 < marks.values);
                if outside {
                    return Val::Place(place, held);
                }
                if held == Held::Mut {
                    return self.error(join.span, "an exclusive reference that is made in a branch cannot leave it: use it inside the branch");
                }
                let Some(mem) = self.joined_memory(join, &place, name) else { return Val::Error };
                let arm = if then { &mut join.then } else { &mut join.other };
                let moved = held == Held::Fresh;
                self.assign_in(arm, mem.clone(), place, moved, join.span);
                Val::Place(mem, if held == Held::Ref { Held::Ref } else { Held::Fresh })
            }
            other => other,
        }
    }

    fn phi(&mut self, join: &mut Join, then: Option<V>, other: Option<V>, name: &str) -> Val {
        let Some(like) = then.or(other) else { return Val::Undef };
        if let (Some(a), Some(b)) = (then, other)
            && !self.unify(a, b)
        {
            return self.error(
                join.span,
                format!("the branches leave values of different types in `{name}`"),
            );
        }
        let class = self.class(like);
        let value = self.of_class(name, class, join.span);
        join.outs.push(Out { value, then, other });
        Val::Scalar(value)
    }

    fn merge_places(&mut self, join: &mut Join, a: Val, b: Val, name: &str) -> Val {
        let span = join.span;
        // References to floats are floats; tuples and structs in memory are their fields.
        let plain = |this: &mut Self, arm: &mut Arm, val: Val| match val {
            Val::Place(place, held) => {
                if held == Held::Mut {
                    return Val::Place(place, held);
                }
                match this.place_type(&place) {
                    Some(Type::Fixed(..) | Type::Slice(_) | Type::Vec(_)) | None => {
                        Val::Place(place, held)
                    }
                    Some(_) => this.inside(arm, |this| this.explode(&place, span)),
                }
            }
            other => other,
        };
        let (a, b) = (plain(self, &mut join.then, a), plain(self, &mut join.other, b));
        match (a, b) {
            (Val::Place(a, Held::Mut), Val::Place(_, _))
            | (Val::Place(_, _), Val::Place(a, Held::Mut)) => {
                let what = self.program.at(a.mem).name.clone();
                self.error(span, format!("which place an exclusive reference into `{what}` means depends on a condition: use it inside the branches instead"))
            }
            (Val::Place(a, held_a), Val::Place(b, held_b)) => {
                let Some(mem) = self.joined_memory(join, &a, name) else { return Val::Error };
                let moved = |held: Held| held == Held::Fresh;
                self.assign_in(&mut join.then, mem.clone(), a, moved(held_a), span);
                self.assign_in(&mut join.other, mem.clone(), b, moved(held_b), span);
                let refs = held_a == Held::Ref && held_b == Held::Ref;
                Val::Place(mem, if refs { Held::Ref } else { Held::Fresh })
            }
            (Val::Place(..), _) | (_, Val::Place(..)) => self
                .error(span, format!("the branches leave different kinds of values in `{name}`")),
            (a, b) => self.merge(join, a, b, name),
        }
    }

    /// A memory, declared before the conditional, that both arms assign.
    pub(super) fn joined_memory(
        &mut self,
        join: &mut Join,
        like: &Place,
        name: &str,
    ) -> Option<Place> {
        let ty = self.owned_type(like)?;
        let mem = self.memory(name, ty, join.span);
        join.before.push(Stmt { kind: Kind::Alloc(mem, Init::Unset), span: join.span });
        Some(Place::whole(mem))
    }

    fn assign_in(&mut self, arm: &mut Arm, to: Place, from: Place, moved: bool, span: Span) {
        let moved = moved && from.proj.is_empty();
        arm.stmts.push(Stmt { kind: Kind::Assign { to, from, moved }, span });
    }

    /// Two views of one memory that differ in their indices.
    fn merge_indices(&mut self, join: &mut Join, mut a: Place, b: &Place, name: &str) -> Val {
        for (x, y) in a.proj.iter_mut().zip(&b.proj) {
            let mut one = |this: &mut Self, x: &mut V, y: V| {
                if *x != y
                    && let Val::Scalar(v) = this.phi(join, Some(*x), Some(y), name)
                {
                    *x = v;
                }
            };
            match (x, y) {
                (Proj::Index(x), Proj::Index(y)) => one(self, x, *y),
                (Proj::Range(from, to), Proj::Range(other_from, other_to)) => {
                    one(self, from, *other_from);
                    if let (Some(to), Some(other_to)) = (to, other_to) {
                        one(self, to, *other_to);
                    }
                }
                _ => {}
            }
        }
        Val::Place(a, Held::Ref)
    }
}

/// Whether two places differ in their indices only.
pub(super) fn same_steps(a: &Place, b: &Place) -> bool {
    a.mem == b.mem
        && a.proj.len() == b.proj.len()
        && a.proj.iter().zip(&b.proj).all(|steps| match steps {
            (Proj::Field(a), Proj::Field(b)) => a == b,
            (Proj::Index(_), Proj::Index(_)) => true,
            (Proj::Range(_, a), Proj::Range(_, b)) => a.is_some() == b.is_some(),
            _ => false,
        })
}
