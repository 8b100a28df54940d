//! Elements and views of arrays: index arithmetic.

use super::{Arr, Layout, Step};
use crate::flow::ir::{Place, Proj, V};
use crate::flow::lower::place::Lv;
use crate::flow::lower::val::{Held, Val};
use crate::flow::lower::{Lowerer, Slot};
use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned;

impl Lowerer<'_> {
    /// `x[[i, j]]`, `x[(i, j)]`, `x[i]`
    pub(in crate::flow::lower) fn indexed_array(
        &mut self,
        array: &Arr,
        index: &Expr,
        span: Span,
    ) -> Option<Lv> {
        let parts: Vec<&Expr> = match index {
            Expr::Array(list) => list.elems.iter().collect(),
            Expr::Tuple(tuple) => tuple.elems.iter().collect(),
            Expr::Paren(inner) => return self.indexed_array(array, &inner.expr, span),
            other => vec![other],
        };
        let mut at = Vec::new();
        if let ([one], true) = (&parts[..], array.rank() > 1) {
            // `x[at]` with `at: (usize, usize)` or `[usize; 2]`.
            let val = self.expr(one);
            let parts: Vec<Option<Val>> =
                (0..array.rank()).map(|k| self.part_of_index(&val, k, one.span())).collect();
            for part in parts {
                let v = part.and_then(|part| self.scalar(part, one.span()));
                let Some(v) = v else {
                    self.error(
                        *one,
                        format!(
                            "an array of rank {} takes {} indices here",
                            array.rank(),
                            array.rank()
                        ),
                    );
                    return Some(Lv::Val(Val::Error));
                };
                at.push(v);
            }
        } else {
            if parts.len() != array.rank() {
                let (rank, given) = (array.rank(), parts.len());
                self.error(
                    index,
                    format!("an array of rank {rank} takes {rank} indices here, not {given}"),
                );
                return Some(Lv::Val(Val::Error));
            }
            for part in parts {
                let val = self.expr(part);
                let Some(v) = self.scalar(val, part.span()) else {
                    return Some(Lv::Val(Val::Error));
                };
                at.push(v);
            }
        }
        for v in &at {
            match self.slot(*v) {
                Slot::Float(_) | Slot::FloatLiteral => {
                    self.error(index, "an index must be an integer");
                    return Some(Lv::Val(Val::Error));
                }
                Slot::Int(Some(name)) if name != "usize" => {
                    self.error(
                        index,
                        format!("an index is a `usize`, not an `{name}`: write `.. as usize`"),
                    );
                    return Some(Lv::Val(Val::Error));
                }
                _ => self.as_index(*v),
            }
        }
        let checked = array.rank() > 1 || !array.is_rows();
        for (axis, v) in at.iter().enumerate() {
            if checked {
                self.check_index(*v, array, axis, span);
            }
        }
        let place = self.element_place(array, &at, span);
        let held = if array.held == Held::Mut { Held::Mut } else { Held::Named };
        Some(Lv::Place(place, held))
    }

    fn part_of_index(&mut self, val: &Val, k: usize, span: Span) -> Option<Val> {
        match val {
            Val::Tuple(parts) => parts.get(k).cloned(),
            Val::Place(..) => Some(self.element_at(val, k, span)),
            _ => None,
        }
    }

    /// Where an element is.
    pub(super) fn element_place(&mut self, array: &Arr, at: &[V], span: Span) -> Place {
        let position = self.position(array, at, span);
        let mut place = array.place.clone();
        place.proj.push(Proj::Index(position));
        place
    }

    fn position(&mut self, array: &Arr, at: &[V], span: Span) -> V {
        match &array.layout {
            Layout::Rows => {
                let mut steps = at.iter().zip(&array.extents);
                let Some((first, _)) = steps.next() else { return self.index(0, span) };
                steps.fold(*first, |position, (at, extent)| {
                    let rows = self.times(position, *extent, span);
                    self.plus(rows, *at, span)
                })
            }
            Layout::Strided(offset, steps) => {
                let along = at.iter().zip(steps).zip(&array.extents);
                along.fold(*offset, |position, ((at, step), extent)| {
                    let distance = self.distance(*at, *step, *extent, span);
                    self.plus(position, distance, span)
                })
            }
        }
    }

    /// How far along an axis an index is.
    pub(super) fn distance(&mut self, at: V, step: Step, extent: V, span: Span) -> V {
        let at = match step.back {
            true => {
                let one = self.index(1, span);
                let last = self.int_op("-", extent, one, span);
                self.int_op("-", last, at, span)
            }
            false => at,
        };
        self.times(at, step.stride, span)
    }

    pub(super) fn index(&mut self, number: i128, span: Span) -> V {
        let v = self.int(number, span);
        self.as_index(v);
        v
    }

    pub(super) fn plus(&mut self, a: V, b: V, span: Span) -> V {
        match (self.known.get(&a), self.known.get(&b)) {
            (Some(0), _) => b,
            (_, Some(0)) => a,
            _ => self.int_op("+", a, b, span),
        }
    }

    pub(super) fn times(&mut self, a: V, b: V, span: Span) -> V {
        match (self.known.get(&a), self.known.get(&b)) {
            (Some(1), _) | (_, Some(0)) => b,
            (_, Some(1)) | (Some(0), _) => a,
            _ => self.int_op("*", a, b, span),
        }
    }

    /// Offset and steps of an array.
    pub(super) fn strided(&mut self, array: &Arr, span: Span) -> (V, Vec<Step>) {
        match &array.layout {
            Layout::Strided(offset, steps) => (*offset, steps.clone()),
            Layout::Rows => {
                let mut stride = self.index(1, span);
                let mut steps = Vec::new();
                for extent in array.extents.iter().rev() {
                    steps.push(Step { stride, back: false });
                    stride = self.times(stride, *extent, span);
                }
                steps.reverse();
                (self.index(0, span), steps)
            }
        }
    }

    /// A view of a layout; a run of neighbours is a slice again.
    pub(super) fn view(
        &mut self,
        of: &Arr,
        extents: Vec<V>,
        offset: V,
        steps: Vec<Step>,
        span: Span,
    ) -> Arr {
        let held = if of.held == Held::Mut { Held::Mut } else { Held::Ref };
        let neighbours =
            |this: &Self, step: &Step| !step.back && this.known.get(&step.stride) == Some(&1);
        if let ([step], [extent]) = (&steps[..], &extents[..])
            && neighbours(self, step)
        {
            let end = self.plus(offset, *extent, span);
            let place = self.slice_of(&of.place, offset, end, span);
            return Arr { place, held, extents, layout: Layout::Rows };
        }
        let layout = Layout::Strided(offset, steps);
        Arr { place: of.place.clone(), held, extents, layout }
    }

    /// A part of a slice, which may be a part itself.
    pub(super) fn slice_of(&mut self, place: &Place, from: V, to: V, span: Span) -> Place {
        let place = self.sub_slice(place, from, Some(to));
        self.in_one_view(place, span)
    }

    /// `x.index_axis(Axis(k), at)`, the index being known to be inside.
    pub(super) fn sub_array(&mut self, array: &Arr, axis: usize, at: V, span: Span) -> Arr {
        let mut extents = array.extents.clone();
        extents.remove(axis);
        if array.is_rows() && axis == 0 {
            let size = self.count_all(&extents, span);
            let from = self.times(at, size, span);
            let to = self.plus(from, size, span);
            let place = self.slice_of(&array.place, from, to, span);
            let held = if array.held == Held::Mut { Held::Mut } else { Held::Ref };
            return Arr { place, held, extents, layout: Layout::Rows };
        }
        let (offset, mut steps) = self.strided(array, span);
        let step = steps.remove(axis);
        let distance = self.distance(at, step, array.extents[axis], span);
        let offset = self.plus(offset, distance, span);
        self.view(array, extents, offset, steps, span)
    }

    /// The axes in another order.
    pub(super) fn permuted(&mut self, array: &Arr, order: &[usize], span: Span) -> Arr {
        if order.iter().enumerate().all(|(k, axis)| k == *axis) {
            return array.clone();
        }
        let (offset, steps) = self.strided(array, span);
        let extents = order.iter().map(|axis| array.extents[*axis]).collect();
        let steps = order.iter().map(|axis| steps[*axis]).collect();
        self.view(array, extents, offset, steps, span)
    }

    /// What stands for an array's part at an index of an axis: a number where it has no other axis.
    pub(in crate::flow::lower) fn part_along(
        &mut self,
        array: &Arr,
        axis: usize,
        at: V,
        span: Span,
    ) -> Val {
        if array.rank() == 1 {
            let place = self.element_place(array, &[at], span);
            return match array.held {
                Held::Mut => Val::Place(place, Held::Mut),
                held => self.read_place(place, held, span),
            };
        }
        Val::Array(Box::new(self.sub_array(array, axis, at, span)))
    }
}
