//! Arrays in index notation: broadcasting, products, closures over elements.

use super::{Broadcasting, Lowerer, Ref, Val};
use crate::ir::{Check, Described, Dim, DimId, Elem, Index, Kind, Literal, Op, Operand, identity};
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
    pub(super) fn map(
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
                if self.is_same(a_dim, b_dim) || self.is_one(b_dim) {
                    continue;
                }
                if !into_left && self.is_one(a_dim) {
                    own[a] = b_dim;
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

    /// Whether a dimension is 1, whatever the arguments.
    fn is_one(&self, dim: DimId) -> bool {
        self.program.dims[self.canonical(dim).0 as usize] == Dim::Const(1)
    }

    /// An array broadcast to a shape, which must fit.
    pub(super) fn broadcast_to(
        &mut self,
        (r, text): (Ref, &str),
        own: Vec<DimId>,
        (target, target_text): (Vec<DimId>, &str),
        span: Span,
    ) -> Option<Ref> {
        let shape = self.own_shape(r);
        if shape.len() > own.len() {
            return self.error(
                span,
                format!(
                    "an array of rank {} does not broadcast to rank {}",
                    shape.len(),
                    own.len()
                ),
            );
        }
        let lead = own.len() - shape.len();
        for (k, &dim) in shape.iter().enumerate() {
            if self.is_same(dim, own[lead + k]) || self.is_one(dim) {
                continue;
            }
            let left = Described { text: target_text.to_string(), shape: target.clone() };
            let right = self.described(r, text);
            let (a, b, into_left) = (own[lead + k], dim, true);
            self.program.checks.push(Check::Broadcast { left, right, a, b, into_left });
            if self.broadcasting == Broadcasting::Assumed {
                self.program.assumed.push((a, b));
                self.unify_dims(a, b);
            }
        }
        let (elem, context) = (self.elem(r), r.context);
        let arg = self.stretched(r, context, &own);
        let kind = Kind::Map { op: Op::Copy, args: vec![arg] };
        Some(self.map("b", elem, context, &own, span, kind))
    }

    /// Reads a value along a shape that it broadcasts to.
    pub(super) fn stretched(&self, r: Ref, context: usize, own: &[DimId]) -> Operand {
        let shape = self.own_shape(r);
        let lead = context + own.len() - shape.len();
        let at = (0..r.context as u8).map(Index::Axis).chain(shape.iter().enumerate().map(
            |(k, &dim)| {
                let axis = (lead + k) as u8;
                if self.is_same(dim, own[own.len() - shape.len() + k]) {
                    Index::Axis(axis)
                } else if self.is_one(dim) {
                    Index::At(0)
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
