//! Arrays where control flow meets.

use super::{Arr, Each, Layout};
use crate::flow::ir::{Proj, V};
use crate::flow::lower::Lowerer;
use crate::flow::lower::region::{Arm, Join};
use crate::flow::lower::ring::Ring;
use crate::flow::lower::val::{Held, Val};
use crate::hash::HashMap;
use proc_macro2::Span;

/// An array as its memory and the integers beside it.
fn taken_apart(array: &Arr) -> Val {
    let mut parts = vec![Val::Place(array.place.clone(), array.held)];
    parts.extend(array.extents.iter().map(|v| Val::Scalar(*v)));
    if let Layout::Strided(offset, steps) = &array.layout {
        parts.push(Val::Scalar(*offset));
        parts.extend(steps.iter().map(|step| Val::Scalar(step.stride)));
    }
    Val::Tuple(parts)
}

/// The array of such parts.
fn put_together(like: &Arr, parts: Val) -> Val {
    let Val::Tuple(parts) = parts else { return parts };
    let mut parts = parts.into_iter();
    let Some(Val::Place(place, held)) = parts.next() else { return Val::Error };
    let mut next = || match parts.next() {
        Some(Val::Scalar(v)) => Some(v),
        _ => None,
    };
    let mut array = Arr { place, held, ..like.clone() };
    let values: Option<()> = (|| {
        for extent in &mut array.extents {
            *extent = next()?;
        }
        if let Layout::Strided(offset, steps) = &mut array.layout {
            *offset = next()?;
            for step in steps {
                step.stride = next()?;
            }
        }
        Some(())
    })();
    match values {
        Some(()) => Val::Array(Box::new(array)),
        None => Val::Error,
    }
}

/// Whether two arrays differ in integers only.
fn alike(a: &Arr, b: &Arr) -> bool {
    let layouts = match (&a.layout, &b.layout) {
        (Layout::Rows, Layout::Rows) => true,
        (Layout::Strided(_, a), Layout::Strided(_, b)) => {
            a.iter().zip(b).all(|(a, b)| a.back == b.back)
        }
        _ => false,
    };
    layouts && a.rank() == b.rank()
}

/// Whether an array has other extents than at the start.
pub(in crate::flow::lower) fn differ(start: &Arr, end: &Arr) -> bool {
    start.place == end.place && start.extents != end.extents
}

/// Renames what an array is described by.
pub(in crate::flow::lower) fn renamed(array: &mut Arr, map: &HashMap<V, V>) {
    let one = |v: &mut V| *v = map.get(v).copied().unwrap_or(*v);
    array.extents.iter_mut().for_each(one);
    if let Layout::Strided(offset, steps) = &mut array.layout {
        one(offset);
        steps.iter_mut().for_each(|step| one(&mut step.stride));
    }
    for step in &mut array.place.proj {
        match step {
            Proj::Field(_) => {}
            Proj::Index(at) => one(at),
            Proj::Range(from, to) => {
                one(from);
                to.iter_mut().for_each(one);
            }
        }
    }
}

impl Lowerer<'_> {
    /// What two arms of a conditional leave, one of which is an array.
    pub(in crate::flow::lower) fn merge_arrays(
        &mut self,
        join: &mut Join,
        a: Val,
        b: Val,
        name: &str,
    ) -> Val {
        let span = join.span;
        let Some(a) = self.array_in(&mut join.then, a, span) else { return Val::Error };
        let Some(b) = self.array_in(&mut join.other, b, span) else { return Val::Error };
        if a.rank() != b.rank() {
            return self
                .error(span, format!("the branches leave arrays of different rank in `{name}`"));
        }
        let exclusive = a.held == Held::Mut || b.held == Held::Mut;
        let same = a.place == b.place;
        if exclusive && !(same && alike(&a, &b)) {
            return self.error(span, "which array an exclusive reference means depends on a condition: use it inside the branches instead");
        }
        let views = same && alike(&a, &b);
        let (a, b) = match views || (a.is_rows() && b.is_rows()) {
            true => (a, b),
            false => {
                let a = self.inside(&mut join.then, |this| this.copy_of(&a, span));
                let b = self.inside(&mut join.other, |this| this.copy_of(&b, span));
                (a, b)
            }
        };
        let held = match views {
            true => a.held,
            false => Held::Fresh,
        };
        if views && exclusive {
            return match a == b {
                true => Val::Array(Box::new(a)),
                false => self.error(span, "which part of an array an exclusive reference means depends on a condition: use it inside the branches instead"),
            };
        }
        let merged = self.merge(join, taken_apart(&a), taken_apart(&b), name);
        match put_together(&a, merged) {
            Val::Array(array) => {
                let held = if array.held == Held::Fresh { Held::Fresh } else { held };
                if held == Held::Fresh {
                    self.changing.insert(array.place.mem);
                }
                Val::Array(Box::new(Arr { held, ..*array }))
            }
            val => val,
        }
    }

    fn array_in(&mut self, arm: &mut Arm, val: Val, span: Span) -> Option<Arr> {
        match val {
            Val::Array(array) => Some(*array),
            val => self.inside(arm, |this| this.in_memory(val, span)),
        }
    }

    /// What one arm alone leaves.
    pub(in crate::flow::lower) fn only_array(
        &mut self,
        join: &mut Join,
        val: Val,
        then: bool,
        name: &str,
    ) -> Val {
        let span = join.span;
        let arm = if then { &mut join.then } else { &mut join.other };
        let Some(array) = self.array_in(arm, val, span) else { return Val::Error };
        let parts = self.only(join, taken_apart(&array), then, name);
        put_together(&array, parts)
    }

    /// What a variable holds at the start of an iteration, where its extents change in the loop.
    pub(in crate::flow::lower) fn array_parameter_of_loop(
        &mut self,
        array: &Arr,
        name: &str,
        params: &mut Vec<(V, V)>,
        span: Span,
    ) -> Val {
        let mut start = array.clone();
        for extent in &mut start.extents {
            let class = self.class(*extent);
            let param = self.of_class(name, class, span);
            params.push((param, *extent));
            *extent = param;
        }
        Val::Array(Box::new(start))
    }

    /// What an array is behind a loop.
    pub(in crate::flow::lower) fn ring_array(
        &mut self,
        ring: &mut Ring<'_>,
        of: (Arr, Arr, Val),
        name: &str,
    ) -> Val {
        let (init, param, end) = of;
        let span = ring.span;
        let Val::Array(end) = end else {
            return self.error(span, format!("what `{name}` holds changes its kind in this loop"));
        };
        if *end == param {
            return Val::Array(Box::new(init));
        }
        if end.place != init.place || !alike(&init, &end) || !init.is_rows() {
            return self.error(
                span,
                format!(
                    "which array `{name}` refers to changes in this loop: use an index instead"
                ),
            );
        }
        let mut out = init.clone();
        let steps = out.extents.iter_mut().zip(&param.extents).zip(&end.extents);
        for ((out, param), end) in steps {
            if param == end {
                continue;
            }
            if param == out {
                return self.error(span, format!("the shape of `{name}` changes in this loop in a way that cannot be followed: declare it inside of the loop"));
            }
            if let Val::Scalar(v) = self.turn(ring, *out, Some(*param), *end, name) {
                *out = v;
            }
        }
        Val::Array(Box::new(out))
    }

    /// What is nothing before a loop and an array behind it.
    pub(in crate::flow::lower) fn made_inside_array(
        &mut self,
        ring: &mut Ring<'_>,
        array: &Arr,
        name: &str,
    ) -> Val {
        let span = ring.span;
        let array = match array.is_rows() {
            true => array.clone(),
            false => self.inside(ring.arm, |this| this.copy_of(array, span)),
        };
        let parts = self.made_inside(ring, taken_apart(&array), name);
        put_together(&array, parts)
    }

    /// A value that is computed element by element, as an array that stays what it is.
    pub(in crate::flow::lower) fn settled_each(&mut self, each: &Each, span: Span) -> Val {
        Val::Array(Box::new(self.computed(each, "computed", span)))
    }
}
