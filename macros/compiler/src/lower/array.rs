//! Arrays in index notation: broadcasting, products, reductions, views.

use super::{Broadcasting, Lowerer, Ref, Val};
use crate::ir::{
    Check, Described, Dim, DimId, Elem, Index, Kind, Literal, Op, Operand, Term, identity,
};
use crate::primitives::{self, Prim};
use proc_macro2::Span;

impl Lowerer<'_> {
    /// The axes of a value that are its own, not the context's.
    pub(super) fn own_shape(&self, r: Ref) -> Vec<DimId> {
        self.program.shape(r.id)[r.context..].to_vec()
    }

    pub(super) fn own_rank(&self, r: Ref) -> usize {
        self.program.rank(r.id) - r.context
    }

    pub(super) fn elem(&self, r: Ref) -> Elem {
        self.program.value(r.id).elem.clone()
    }

    pub(super) fn described(&self, r: Ref, text: &str) -> Described {
        Described { text: text.to_string(), shape: self.own_shape(r) }
    }

    /// Defines a value over the first `context` dimensions of the context and a shape of its own.
    fn map(
        &mut self,
        name: &str,
        elem: Elem,
        context: usize,
        own: &[DimId],
        span: Span,
        kind: Kind,
    ) -> Ref {
        let shape = self.context[..context].iter().chain(own).copied().collect();
        let id = self.program.define(name, elem, shape, span, kind);
        Ref { id, context }
    }

    /// A number.
    pub(super) fn constant(&mut self, literal: Literal, elem: Elem, span: Span) -> Ref {
        self.map("c", elem, 0, &[], span, Kind::Map { op: Op::Const(literal), args: vec![] })
    }

    /// The extent of a dimension, as `usize`.
    pub(super) fn size(&mut self, dim: DimId, span: Span) -> Ref {
        self.map(
            "n",
            Elem::Int("usize".into()),
            0,
            &[],
            span,
            Kind::Map { op: Op::Size(dim), args: vec![] },
        )
    }

    /// A conversion to another element type.
    pub(super) fn cast(&mut self, r: Ref, elem: Elem, span: Span) -> Ref {
        let own = self.own_shape(r);
        let arg = self.program.whole(r.id);
        self.map("cast", elem, r.context, &own, span, Kind::Map { op: Op::Cast, args: vec![arg] })
    }

    /// Applies a primitive element by element, broadcasting its arguments as ndarray does.
    pub(super) fn elementwise(
        &mut self,
        row: Prim,
        args: &[(Ref, &str)],
        into_left: bool,
        span: Span,
    ) -> Option<Ref> {
        let elem = self.elem(args[0].0);
        for (k, &(arg, _)) in args.iter().enumerate().skip(1) {
            let other = self.elem(arg);
            let want =
                if row.name == "powi" && k == 1 { Elem::Int("i32".into()) } else { elem.clone() };
            if !self.elems.unify(&want, &other) {
                return self
                    .error(span, format!("the operands of `{}` are of different types", row.name));
            }
        }
        let own = self.broadcast(args, into_left, span)?;
        let context = args.iter().map(|(r, _)| r.context).max().unwrap_or(0);
        let operands = args.iter().map(|&(r, _)| self.stretched(r, context, &own)).collect();
        Some(self.map(
            row.name,
            elem,
            context,
            &own,
            span,
            Kind::Map { op: Op::Prim(row), args: operands },
        ))
    }

    /// The shape that the arguments' own shapes broadcast to.
    fn broadcast(
        &mut self,
        args: &[(Ref, &str)],
        into_left: bool,
        span: Span,
    ) -> Option<Vec<DimId>> {
        let (first, text) = args[0];
        let mut own = self.own_shape(first);
        for &(arg, arg_text) in &args[1..] {
            let other = self.own_shape(arg);
            if into_left && other.len() > own.len() {
                return self.error(
                    span,
                    "the right side has more axes than the left side it is assigned into",
                );
            }
            let left = Described { text: text.to_string(), shape: own.clone() };
            if other.len() > own.len() {
                let missing = other.len() - own.len();
                own.splice(0..0, other[..missing].iter().copied());
            }
            for (a, b) in (0..own.len()).rev().zip((0..other.len()).rev()) {
                let (a_dim, b_dim) = (own[a], other[b]);
                if self.is_same(a_dim, b_dim) {
                    continue;
                }
                let right = self.described(arg, arg_text);
                let left = left.clone();
                self.program.checks.push(Check::Broadcast {
                    left,
                    right,
                    a: a_dim,
                    b: b_dim,
                    into_left,
                });
                match self.broadcasting {
                    Broadcasting::Assumed => {
                        self.program.assumed.push((a_dim, b_dim));
                        self.unify_dims(a_dim, b_dim);
                    }
                    Broadcasting::AtRunTime if into_left => {}
                    Broadcasting::AtRunTime => own[a] = self.dim(Dim::Broadcast(a_dim, b_dim)),
                }
            }
        }
        Some(own)
    }

    /// Reads a value along a shape that it broadcasts to.
    fn stretched(&self, r: Ref, context: usize, own: &[DimId]) -> Operand {
        let shape = self.own_shape(r);
        let lead = context + own.len() - shape.len();
        let at = (0..r.context as u8).map(Index::Axis).chain(shape.iter().enumerate().map(
            |(k, &dim)| {
                let axis = (lead + k) as u8;
                if self.is_same(dim, own[own.len() - shape.len() + k]) {
                    Index::Axis(axis)
                } else {
                    Index::Stretch(axis, dim)
                }
            },
        ));
        Operand { value: r.id, at: at.collect() }
    }

    /// `left.dot(right)`, for every pair of ranks 1 and 2.
    pub(super) fn dot(
        &mut self,
        (left, left_text): (Ref, &str),
        (right, right_text): (Ref, &str),
        span: Span,
    ) -> Option<Ref> {
        let elem = self.elem(left);
        if !self.elems.unify(&elem, &self.elem(right)) {
            return self.error(span, "the operands of `dot` are of different types");
        }
        let (l, r) = (self.own_shape(left), self.own_shape(right));
        if !(1..=2).contains(&l.len()) || !(1..=2).contains(&r.len()) {
            return self.error(span, "`dot` takes arrays of rank 1 or 2");
        }
        let (inner, other) = (l[l.len() - 1], r[0]);
        if !self.is_same(inner, other) {
            let check = Check::Inner {
                left: self.described(left, left_text),
                right: self.described(right, right_text),
                a: inner,
                b: other,
            };
            self.program.checks.push(check);
            self.unify_dims(inner, other);
        }
        // The axes of the product: the left one's, then what is left of the right one's.
        let own: Vec<DimId> = l.iter().chain(&r[1..]).copied().collect();
        let context = left.context.max(right.context);
        let contracted = (context + l.len() - 1) as u8;
        let read = |r: Ref, own: Vec<u8>| Operand {
            value: r.id,
            at: (0..r.context as u8).chain(own).map(Index::Axis).collect(),
        };
        let args = vec![
            read(left, (context as u8..=contracted).collect()),
            read(right, (contracted..contracted + r.len() as u8).collect()),
        ];
        let product = self.map(
            "mul",
            elem,
            context,
            &own,
            span,
            Kind::Map { op: Op::Prim(&primitives::MUL), args },
        );
        Some(self.sum("dot", product, &[l.len() - 1], span))
    }

    /// The sum over some of a value's own axes.
    pub(super) fn sum(&mut self, name: &str, r: Ref, axes: &[usize], span: Span) -> Ref {
        let elem = self.elem(r);
        let space = self.program.shape(r.id).to_vec();
        let kept: Vec<usize> = (0..space.len())
            .filter(|k| *k < r.context || !axes.contains(&(k - r.context)))
            .collect();
        let at = kept.iter().map(|&k| Index::Axis(k as u8)).collect();
        let shape = kept.iter().map(|&k| space[k]).collect();
        let arg = self.program.whole(r.id);
        let terms = vec![Term { space, at, arg }];
        let id = self.program.define(name, elem, shape, span, Kind::Sum { terms });
        Ref { id, context: r.context }
    }

    /// The mean over some of a value's own axes: the sum divided by the count.
    pub(super) fn mean(&mut self, r: Ref, axes: &[usize], text: &str, span: Span) -> Option<Val> {
        let own = self.own_shape(r);
        let dims: Vec<DimId> = axes.iter().map(|&axis| own[axis]).collect();
        let sum = self.sum("sum", r, axes, span);
        let mut count = match dims.first() {
            Some(&dim) => self.size(dim, span),
            None => self.constant(Literal::Int(1), Elem::Int("usize".into()), span),
        };
        for &dim in dims.iter().skip(1) {
            let size = self.size(dim, span);
            count = self.elementwise(&primitives::MUL, &[(count, ""), (size, "")], false, span)?;
        }
        let count = self.cast(count, self.elem(r), span);
        let mean = self.elementwise(&primitives::DIV, &[(sum, ""), (count, "")], false, span)?;
        let described = self.described(r, text);
        Some(Val::Option(Box::new(Val::Ref(mean)), described, dims))
    }

    /// A value with its own axes reversed.
    pub(super) fn transposed(&mut self, r: Ref, span: Span) -> Ref {
        let own: Vec<DimId> = self.own_shape(r).into_iter().rev().collect();
        let rank = own.len();
        let at = (0..r.context).chain((0..rank).rev().map(|k| r.context + k));
        let at = at.map(|k| Index::Axis(k as u8)).collect();
        let (elem, arg) = (self.elem(r), Operand { value: r.id, at });
        self.map("t", elem, r.context, &own, span, Kind::Map { op: Op::Copy, args: vec![arg] })
    }

    /// One element.
    pub(super) fn element(
        &mut self,
        r: Ref,
        index: &[usize],
        text: &str,
        span: Span,
    ) -> Option<Ref> {
        let own = self.own_shape(r);
        if own.len() != index.len() {
            return self.error(
                span,
                format!("an array of rank {} takes {0} indices, not {}", own.len(), index.len()),
            );
        }
        for (axis, (&dim, &index)) in own.iter().zip(index).enumerate() {
            let array = self.described(r, text);
            self.program.checks.push(Check::Inside { array, dim, index, axis });
        }
        let at =
            identity(r.context).into_iter().chain(index.iter().map(|&k| Index::At(k))).collect();
        let (elem, arg) = (self.elem(r), Operand { value: r.id, at });
        Some(self.map(
            "at",
            elem,
            r.context,
            &[],
            span,
            Kind::Map { op: Op::Copy, args: vec![arg] },
        ))
    }

    /// Runs `body` with the elements of an array in place of the array, and gives the result the
    /// array's shape again.
    pub(super) fn mapped(
        &mut self,
        r: Ref,
        span: Span,
        body: impl FnOnce(&mut Self, Ref) -> Option<Val>,
    ) -> Option<Ref> {
        let own = self.own_shape(r);
        let outer = self.context.len();
        // The element has all axes of the context it stands in, also those the array has not.
        let element = if r.context == outer {
            r.id
        } else {
            let lead = outer - r.context;
            let at = (0..r.context).chain((0..own.len()).map(|k| r.context + lead + k));
            let at = at.map(|k| Index::Axis(k as u8)).collect();
            let (elem, arg) = (self.elem(r), Operand { value: r.id, at });
            self.map("e", elem, outer, &own, span, Kind::Map { op: Op::Copy, args: vec![arg] }).id
        };
        self.context.extend(&own);
        let depth = self.context.len();
        let result = body(self, Ref { id: element, context: depth });
        let mapped = match result {
            Some(Val::Ref(result)) if self.own_rank(result) == 0 => {
                let at = identity(result.context);
                let (elem, arg) = (self.elem(result), Operand { value: result.id, at });
                let full = result.context == depth;
                Some(if full {
                    result
                } else {
                    self.map(
                        "e",
                        elem,
                        depth,
                        &[],
                        span,
                        Kind::Map { op: Op::Copy, args: vec![arg] },
                    )
                })
            }
            Some(_) => self.error(span, "the closure must return a float for each element"),
            None => None,
        };
        self.context.truncate(outer);
        Some(Ref { id: mapped?.id, context: outer })
    }
}
