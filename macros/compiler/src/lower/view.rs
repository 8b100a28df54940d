//! Views: other indices into the same elements.

use super::text::text;
use super::{Lowerer, Ref, Val};
use crate::ir::{
    Affine, Check, Dim, DimId, Elem, Index, Kind, Literal, Op, Operand, Slice, identity,
};
use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, Token};

impl Lowerer<'_> {
    /// A value over the axes `own`, each element of which is that of another one at the index `at`,
    /// a function of those axes.
    pub(super) fn view(
        &mut self,
        name: &str,
        r: Ref,
        own: &[DimId],
        at: Vec<Index>,
        span: Span,
    ) -> Ref {
        let context = r.context as u8;
        let at = at.into_iter().map(|index| index.renamed(|axis| axis + context));
        let arg = Operand { value: r.id, at: identity(r.context).into_iter().chain(at).collect() };
        let kind = Kind::Map { op: Op::Copy, args: vec![arg] };
        self.map(name, self.elem(r), r.context, own, span, kind)
    }

    /// A value whose axis `k` is the axis `order[k]` of another one.
    pub(super) fn permuted(&mut self, r: Ref, order: &[usize], span: Span) -> Ref {
        let own = self.own_shape(r);
        let shape: Vec<DimId> = order.iter().map(|&axis| own[axis]).collect();
        let place = |axis: usize| order.iter().position(|&other| other == axis);
        let at = (0..own.len()).map(|axis| Index::Axis(place(axis).unwrap_or(axis) as u8));
        self.view("t", r, &shape, at.collect(), span)
    }

    /// A value with its own axes reversed.
    pub(super) fn transposed(&mut self, r: Ref, span: Span) -> Ref {
        let order: Vec<usize> = (0..self.own_rank(r)).rev().collect();
        self.permuted(r, &order, span)
    }

    /// One element.
    pub(super) fn element(
        &mut self,
        r: Ref,
        index: &[Affine],
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
        for (axis, &index) in index.iter().enumerate() {
            self.check_inside(r, axis, index, text);
        }
        let at = index.iter().map(|&at| Index::element(at)).collect();
        Some(self.view("at", r, &[], at, span))
    }

    fn check_inside(&mut self, r: Ref, axis: usize, index: Affine, text: &str) {
        let (array, dim) = (self.described(r, text), self.own_shape(r)[axis]);
        self.program.checks.push(Check::Inside { array, dim, index, axis });
    }

    /// `index_axis(Axis(axis), index)`: the axis is gone.
    fn index_axis(&mut self, r: Ref, axis: usize, index: Affine, text: &str, span: Span) -> Ref {
        self.check_inside(r, axis, index, text);
        let mut own = self.own_shape(r);
        own.remove(axis);
        let mut at = identity(own.len());
        at.insert(axis, Index::element(index));
        self.view("row", r, &own, at, span)
    }

    /// The methods that give a view of an array; `None` within if it is none of them.
    pub(super) fn view_method(
        &mut self,
        call: &ExprMethodCall,
        name: &str,
        array: Ref,
        array_text: &str,
    ) -> Option<Option<Val>> {
        let span = call.span();
        let rank = self.own_rank(array);
        let args: Vec<&Expr> = call.args.iter().collect();
        Some(Some(Val::Ref(match (name, args.as_slice()) {
            ("t" | "reversed_axes", []) => self.transposed(array, span),
            ("permuted_axes", [order]) => {
                let order =
                    self.numbers(order, "the order of axes must be written out: `[1, 0, 2]`")?;
                let mut sorted = order.clone();
                sorted.sort_unstable();
                if sorted != (0..rank).collect::<Vec<_>>() {
                    return self.error(
                        call,
                        format!("`permuted_axes` takes each of the {rank} axes of the array once"),
                    );
                }
                self.permuted(array, &order, span)
            }
            ("insert_axis", [axis]) => {
                let axis = self.axis(axis, rank + 1)?;
                let mut own = self.own_shape(array);
                own.insert(axis, self.interned(Dim::Const(1)));
                let at = (0..=rank).filter(|&k| k != axis).map(|k| Index::Axis(k as u8)).collect();
                self.view("axis", array, &own, at, span)
            }
            ("index_axis" | "index_axis_move", [axis, index]) => {
                let axis = self.axis(axis, rank)?;
                let index = self.position(index)?;
                self.index_axis(array, axis, index, array_text, span)
            }
            ("row" | "column", [index]) if rank == 2 => {
                let index = self.position(index)?;
                self.index_axis(array, usize::from(name == "column"), index, array_text, span)
            }
            ("slice" | "slice_move", [info]) => self.slice(array, info, array_text, span)?,
            ("broadcast", [shape]) => {
                let own = self.shape(shape)?;
                let target = text(shape);
                let view =
                    self.broadcast_to((array, array_text), own.clone(), (own, &target), span)?;
                let array = self.described(array, array_text);
                return Some(Some(Val::Option(Box::new(Val::Ref(view)), array, vec![])));
            }
            _ => return Some(None),
        })))
    }

    /// `slice(s![..])`
    fn slice(&mut self, array: Ref, info: &Expr, text: &str, span: Span) -> Option<Ref> {
        let parts = match info {
            Expr::Macro(info) if info.mac.path.segments.last().is_some_and(|s| s.ident == "s") => {
                let parts = info.mac.parse_body_with(
                    syn::punctuated::Punctuated::<Part, Token![,]>::parse_terminated,
                );
                match parts {
                    Ok(parts) => parts,
                    Err(error) => return self.error(error.span(), error),
                }
            }
            other => {
                return self.error(other, "a slice must be written out: `s![1.., ..;-1]`");
            }
        };
        let own = self.own_shape(array);
        let taken = parts.iter().filter(|part| !matches!(part, Part::NewAxis)).count();
        if taken != own.len() {
            return self.error(
                info,
                format!(
                    "an array of rank {} takes a slice of as many axes, not {taken}",
                    own.len()
                ),
            );
        }
        let (mut shape, mut at) = (Vec::new(), Vec::new());
        for part in parts {
            let axis = at.len();
            match part {
                Part::NewAxis => shape.push(self.interned(Dim::Const(1))),
                Part::Index(k) => {
                    let extent = (k < 0).then(|| (1, self.canonical(own[axis])));
                    let k = Affine { step: 0, constant: k, extent };
                    self.check_inside(array, axis, k, text);
                    at.push(Index::element(k));
                }
                Part::Range(slice) => {
                    at.push(self.sliced(own[axis], slice, shape.len() as u8));
                    shape.push(self.slice_extent(array, axis, slice, text));
                }
            }
        }
        Some(self.view("slice", array, &shape, at, span))
    }

    /// An array with one axis backwards.
    pub(super) fn inverted(&mut self, array: Ref, axis: usize, span: Span) -> Ref {
        let own = self.own_shape(array);
        let mut at = identity(own.len());
        at[axis] = self.sliced(own[axis], Slice { start: 0, end: None, step: -1 }, axis as u8);
        self.view("slice", array, &own, at, span)
    }

    /// How long a slice is; checks its bounds.
    fn slice_extent(&mut self, array: Ref, axis: usize, slice: Slice, text: &str) -> DimId {
        let dim = self.canonical(self.own_shape(array)[axis]);
        let whole = slice.start == 0 && slice.end.is_none();
        if whole && slice.step.abs() == 1 {
            return dim;
        }
        if !whole {
            let array = self.described(array, text);
            self.program.checks.push(Check::Slice { array, dim, slice, axis });
        }
        // Backwards it is as long as forwards.
        let slice = Slice { step: slice.step.abs(), ..slice };
        self.interned(Dim::Slice(dim, slice))
    }

    /// The index into an axis that a slice makes of its own axis.
    fn sliced(&self, dim: DimId, slice: Slice, axis: u8) -> Index {
        let Slice { start, end, step } = slice;
        if (start, end, step) == (0, None, 1) {
            return Index::Axis(axis);
        }
        // Backwards, the first element is the last of the range.
        let first = if step > 0 { start } else { end.unwrap_or(0) - 1 };
        let from_end = if step > 0 { start < 0 } else { end.is_none_or(|end| end < 0) };
        let extent = from_end.then(|| (1, self.canonical(dim)));
        Index::Affine(axis, Affine { step, constant: first, extent })
    }

    /// An index, which is known before anything is computed: a constant, a `usize` parameter, an
    /// extent, and what is added to those.
    pub(super) fn position(&mut self, expr: &Expr) -> Option<Affine> {
        if let Some(k) = literal(expr).filter(|k| *k >= 0) {
            return Some(Affine::number(k));
        }
        let r = self.operand(expr)?;
        match self.known(r.id) {
            Some(at) => Some(at),
            None => self.error(expr, "an index is made of constants, `usize` parameters and extents so far: `x[0]`, `x[[i, j + 1]]`"),
        }
    }

    /// The number a value is, where it is known before anything is computed.
    fn known(&mut self, id: crate::ir::ValueId) -> Option<Affine> {
        let Some(stmt) = self.program.body.iter().find(|stmt| stmt.dst == id) else {
            let is_size = self.program.value(id).elem == Elem::Int("usize".into());
            let dim = is_size.then(|| self.interned(Dim::Given(id)))?;
            return Some(Affine { step: 0, constant: 0, extent: Some((1, dim)) });
        };
        match stmt.kind.clone() {
            Kind::Map { op: Op::Size(dim), .. } => {
                Some(Affine { step: 0, constant: 0, extent: Some((1, self.canonical(dim))) })
            }
            Kind::Map { op: Op::Const(Literal::Int(k)), .. } => {
                Some(Affine::number(isize::try_from(k).ok()?))
            }
            Kind::Map { op: Op::Prim(row), args } if args.len() == 2 => {
                let (left, right) = (self.known(args[0].value)?, self.known(args[1].value)?);
                match row.name {
                    "add" => left.plus(1, right),
                    "sub" => left.plus(-1, right),
                    "mul" if left.extent.is_none() => Some(right.times(left.constant)),
                    "mul" if right.extent.is_none() => Some(left.times(right.constant)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A list of numbers that is written out.
    pub(super) fn numbers(&mut self, expr: &Expr, otherwise: &str) -> Option<Vec<usize>> {
        let parts: Vec<&Expr> = match expr {
            Expr::Array(list) => list.elems.iter().collect(),
            Expr::Tuple(list) => list.elems.iter().collect(),
            single => vec![single],
        };
        let number = |part: &&Expr| literal(part).and_then(|k| usize::try_from(k).ok());
        match parts.iter().map(number).collect() {
            Some(numbers) => Some(numbers),
            None => self.error(expr, otherwise),
        }
    }
}

/// An integer literal, with its sign.
pub(super) fn literal(expr: &Expr) -> Option<isize> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(lit), .. }) => lit.base10_parse().ok(),
        Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => {
            literal(expr).map(|k| -k)
        }
        Expr::Paren(inner) => literal(&inner.expr),
        _ => None,
    }
}

/// One part of `s![..]`.
enum Part {
    Index(isize),
    Range(Slice),
    NewAxis,
}

impl Parse for Part {
    fn parse(input: ParseStream<'_>) -> syn::Result<Part> {
        let message = "slices take integer literals so far: `1..`, `..-1`, `..;2`, `0`, `NewAxis`";
        let expr: Expr = input.parse()?;
        let fault = || syn::Error::new(expr.span(), message);
        let step = match input.parse::<Option<Token![;]>>()? {
            None => 1,
            Some(_) => {
                let step: Expr = input.parse()?;
                let step = literal(&step).ok_or_else(|| syn::Error::new(step.span(), message))?;
                if step == 0 {
                    return Err(syn::Error::new(expr.span(), "the step of a slice cannot be 0"));
                }
                step
            }
        };
        match &expr {
            Expr::Range(range) => {
                let bound = |bound: &Option<Box<Expr>>| {
                    bound.as_ref().map(|bound| literal(bound).ok_or_else(fault)).transpose()
                };
                let (start, end) = (bound(&range.start)?.unwrap_or(0), bound(&range.end)?);
                let end = match (range.limits, end) {
                    (syn::RangeLimits::HalfOpen(_), end) => end,
                    // `..=-1` runs to the end.
                    (syn::RangeLimits::Closed(_), end) => {
                        end.map(|end| end + 1).filter(|end| *end != 0)
                    }
                };
                Ok(Part::Range(Slice { start, end, step }))
            }
            Expr::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "NewAxis") => {
                Ok(Part::NewAxis)
            }
            other => Ok(Part::Index(literal(other).ok_or_else(fault)?)),
        }
    }
}
