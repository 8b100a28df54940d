//! Parts of an array by number: its elements, sub-arrays along an axis, lanes, windows and chunks.

use super::{Arr, Layout, Step};
use crate::flow::ir::V;
use crate::flow::lower::Lowerer;
use crate::flow::lower::iter::It;
use crate::flow::lower::val::{Held, Val};
use proc_macro2::Span;
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

/// The parts of an array, which have axes of their own: what a `Zip` runs over, too.
#[derive(Clone)]
pub(in crate::flow::lower) struct Parts {
    /// Of which array.
    pub(super) array: Arr,
    /// What a part is.
    pub(super) kind: Kind,
    /// How many there are along each axis.
    pub(super) extents: Vec<V>,
}

/// What a part is.
#[derive(Clone)]
pub(in crate::flow::lower) enum Kind {
    /// An element.
    Elements,
    /// What lies at an index of this axis.
    Along(usize),
    /// What lies along this axis, at an index of the others.
    Lanes(usize),
    /// Blocks of the same rank: how far apart they begin and how large they are along each axis.
    Blocks {
        /// From the first of one to the first of the next.
        steps: Vec<V>,
        /// How large they are.
        sizes: Vec<V>,
        /// The axis on which the last may be shorter.
        cut: Option<usize>,
    },
    /// An element's indices.
    Indices,
}

impl Lowerer<'_> {
    /// The parts that a method gives; nothing if it is no such method.
    pub(super) fn parts_method(&mut self, base: &Arr, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let rank = base.rank();
        let array = base.clone();
        let parts = match (name.replace("_mut", "").as_str(), &args[..]) {
            ("outer_iter", []) if rank > 0 => along(array, 0),
            ("rows", []) if rank == 2 => along(array, 0),
            ("columns", []) if rank == 2 => along(array, 1),
            ("rows", []) if rank > 0 => lanes(array, rank - 1),
            ("columns", []) if rank > 0 => lanes(array, 0),
            ("axis_iter", [axis]) => match self.axis(axis, rank) {
                Some(axis) => along(array, axis),
                None => return Some(Val::Error),
            },
            ("lanes", [axis]) => match self.axis(axis, rank) {
                Some(axis) => lanes(array, axis),
                None => return Some(Val::Error),
            },
            ("windows", [sizes]) => match self.sizes(sizes, rank, span) {
                Some(sizes) => self.windows(array, sizes, None, span),
                None => return Some(Val::Error),
            },
            ("windows_with_stride", [sizes, steps]) => {
                match (self.sizes(sizes, rank, span), self.sizes(steps, rank, span)) {
                    (Some(sizes), Some(steps)) => self.windows(array, sizes, Some(steps), span),
                    _ => return Some(Val::Error),
                }
            }
            ("axis_windows", [axis, size]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let Some(size) = self.index_value(size) else { return Some(Val::Error) };
                let mut sizes = array.extents.clone();
                sizes[axis] = size;
                self.windows(array, sizes, None, span)
            }
            ("exact_chunks", [sizes]) => match self.sizes(sizes, rank, span) {
                Some(sizes) => {
                    for size in &sizes {
                        self.check_size(*size, "chunks", &array, span);
                    }
                    let both = array.extents.iter().zip(&sizes);
                    let extents = both.map(|(all, size)| self.int_op("/", *all, *size, span));
                    let extents = extents.collect();
                    let kind = Kind::Blocks { steps: sizes.clone(), sizes, cut: None };
                    Parts { array, kind, extents }
                }
                None => return Some(Val::Error),
            },
            ("axis_chunks_iter", [axis, size]) => {
                let Some(axis) = self.axis(axis, rank) else { return Some(Val::Error) };
                let Some(size) = self.index_value(size) else { return Some(Val::Error) };
                self.check_size(size, "chunks", &array, span);
                let count = self.index_method("div_ceil", array.extents[axis], size, span);
                let mut sizes = array.extents.clone();
                sizes[axis] = size;
                let one = self.index(1, span);
                let mut extents = vec![one; rank];
                extents[axis] = count;
                let kind = Kind::Blocks { steps: sizes.clone(), sizes, cut: Some(axis) };
                Parts { array, kind, extents }
            }
            _ => return None,
        };
        Some(Val::Iter(Rc::new(match parts.kind {
            Kind::Along(axis) => It::Parts(Rc::new(parts.array), axis),
            _ => It::Shaped(Rc::new(parts)),
        })))
    }

    /// `2`, `(2, 3)`, `[2, 3]`: one number for each axis.
    fn sizes(&mut self, expr: &Expr, rank: usize, span: Span) -> Option<Vec<V>> {
        let val = self.expr(expr);
        let sizes = self.shape(val, Some(rank), span)?;
        if sizes.len() != rank {
            self.error(expr, format!("an array of rank {rank} takes {rank} numbers here"));
            return None;
        }
        Some(sizes)
    }

    fn windows(&mut self, array: Arr, sizes: Vec<V>, steps: Option<Vec<V>>, span: Span) -> Parts {
        let mut extents = Vec::new();
        for (axis, size) in sizes.iter().enumerate() {
            let (all, size) = (array.extents[axis], *size);
            if self.is_same(all, size) {
                extents.push(self.index(1, span));
                continue;
            }
            self.check_size(size, "windows", &array, span);
            let more = self.plus_one(all, span);
            let mut count = self.index_method("saturating_sub", more, size, span);
            if let Some(steps) = &steps {
                self.check_size(steps[axis], "windows", &array, span);
                count = self.index_method("div_ceil", count, steps[axis], span);
            }
            extents.push(count);
        }
        let steps = steps.unwrap_or_else(|| {
            let one = self.index(1, span);
            vec![one; sizes.len()]
        });
        Parts { array, kind: Kind::Blocks { steps, sizes, cut: None }, extents }
    }

    /// What a `Zip` can run over.
    pub(super) fn producer(&mut self, val: Val, span: Span) -> Option<Parts> {
        match val {
            Val::Iter(it) => match &*it {
                It::Shaped(parts) => Some((**parts).clone()),
                It::Parts(array, axis) => Some(along((**array).clone(), *axis)),
                It::Elements(place, held) => {
                    let array = self.array_of_slice(place, *held, span)?;
                    Some(elements(array))
                }
                _ => {
                    self.error(span, "a `Zip` runs over arrays, their rows, lanes, windows and chunks: collect other items into an array first");
                    None
                }
            },
            Val::Place(place, held) => match self.array_of_slice(&place, held, span) {
                Some(array) => Some(elements(array)),
                None => {
                    self.error(
                        span,
                        "a `Zip` runs over arrays, their rows, lanes, windows and chunks",
                    );
                    None
                }
            },
            val => {
                let array = self.in_memory(val, span)?;
                Some(elements(array))
            }
        }
    }

    /// The part at these indices.
    pub(super) fn part_at(&mut self, parts: &Parts, at: &[V], span: Span) -> Val {
        let array = &parts.array;
        match &parts.kind {
            Kind::Elements => self.element_of_array(array, at, span),
            Kind::Along(axis) => self.part_along(array, *axis, at[0], span),
            Kind::Lanes(axis) => Val::Array(Box::new(self.lane(array, *axis, at, span))),
            Kind::Blocks { steps, sizes, cut } => {
                let mut taken = Vec::new();
                for (axis, at) in at.iter().enumerate() {
                    let (all, size) = (array.extents[axis], sizes[axis]);
                    if self.is_same(all, size) {
                        taken.push(None);
                        continue;
                    }
                    let from = self.times(*at, steps[axis], span);
                    let size = match *cut == Some(axis) {
                        true => {
                            let left = self.int_op("-", all, from, span);
                            self.index_method("min", size, left, span)
                        }
                        false => size,
                    };
                    taken.push(Some((from, size)));
                }
                Val::Array(Box::new(self.sub_block(array, &taken, span)))
            }
            Kind::Indices => indices(at),
        }
    }

    /// The part of that number.
    pub(in crate::flow::lower) fn numbered_part(
        &mut self,
        parts: &Parts,
        number: V,
        span: Span,
    ) -> Val {
        let at = self.numbered(&parts.extents, number, span);
        self.part_at(parts, &at, span)
    }

    /// How many parts there are.
    pub(in crate::flow::lower) fn count_of_parts(&mut self, parts: &Parts, span: Span) -> V {
        self.count_all(&parts.extents, span)
    }

    /// What lies along an axis, at an index of the others.
    pub(super) fn lane(&mut self, array: &Arr, axis: usize, at: &[V], span: Span) -> Arr {
        let (mut offset, steps) = self.strided(array, span);
        let mut others = at.iter();
        for (k, step) in steps.iter().enumerate() {
            if k != axis
                && let Some(at) = others.next()
            {
                let distance = self.distance(*at, *step, array.extents[k], span);
                offset = self.plus(offset, distance, span);
            }
        }
        self.view(array, vec![array.extents[axis]], offset, vec![steps[axis]], span)
    }

    /// A block: along each axis from an index on so many, or all.
    pub(super) fn sub_block(&mut self, array: &Arr, taken: &[Option<(V, V)>], span: Span) -> Arr {
        let held = if array.held == Held::Mut { Held::Mut } else { Held::Ref };
        let mut extents = array.extents.clone();
        for (extent, taken) in extents.iter_mut().zip(taken) {
            if let Some((_, size)) = taken {
                *extent = *size;
            }
        }
        let leading = taken.iter().skip(1).all(Option::is_none);
        if let (true, true, Some(Some((from, size)))) = (leading, array.is_rows(), taken.first()) {
            // Rows one behind the other are rows again.
            let width = self.count_all(&array.extents[1..], span);
            let (from, len) = (self.times(*from, width, span), self.times(*size, width, span));
            let to = self.plus(from, len, span);
            let place = self.slice_of(&array.place, from, to, span);
            return Arr { place, held, extents, layout: Layout::Rows };
        }
        let (mut offset, steps) = self.strided(array, span);
        for (axis, taken) in taken.iter().enumerate() {
            if let Some((from, size)) = taken {
                let lowest = self.lowest(steps[axis], (*from, *size), array.extents[axis], span);
                let distance = self.times(lowest, steps[axis].stride, span);
                offset = self.plus(offset, distance, span);
            }
        }
        self.view(array, extents, offset, steps, span)
    }

    /// The first in memory of so many from an index on.
    fn lowest(&mut self, step: Step, (from, size): (V, V), all: V, span: Span) -> V {
        match step.back {
            false => from,
            true => {
                let end = self.plus(from, size, span);
                self.index_method("saturating_sub", all, end, span)
            }
        }
    }
}

/// Indices as a closure takes them.
pub(super) fn indices(at: &[V]) -> Val {
    match at {
        [] => Val::Unit,
        [at] => Val::Scalar(*at),
        at => Val::Tuple(at.iter().map(|v| Val::Scalar(*v)).collect()),
    }
}

/// The elements of an array.
pub(super) fn elements(array: Arr) -> Parts {
    let extents = array.extents.clone();
    Parts { array, kind: Kind::Elements, extents }
}

fn along(array: Arr, axis: usize) -> Parts {
    let extents = vec![array.extents[axis]];
    Parts { array, kind: Kind::Along(axis), extents }
}

fn lanes(array: Arr, axis: usize) -> Parts {
    let mut extents = array.extents.clone();
    extents.remove(axis);
    Parts { array, kind: Kind::Lanes(axis), extents }
}
