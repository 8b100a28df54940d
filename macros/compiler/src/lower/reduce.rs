//! Reductions: sums, means, variances, norms, the greatest element.

use super::{Lowerer, Ref, Val};
use crate::ir::{Check, DimId, Elem, Index, Kind, Literal, Term};
use crate::primitives;
use proc_macro2::Span;

impl Lowerer<'_> {
    /// The sum over some of a value's own axes.
    pub(super) fn sum(&mut self, name: &str, r: Ref, axes: &[usize], span: Span) -> Ref {
        self.reduce(name, r, axes, span, |term| Kind::Sum { terms: vec![term] })
    }

    /// The greatest element along some of a value's own axes; no derivative flows through it.
    pub(super) fn greatest(&mut self, r: Ref, axes: &[usize], span: Span) -> Ref {
        self.reduce("max", r, axes, span, |term| Kind::Max { term })
    }

    fn reduce(
        &mut self,
        name: &str,
        r: Ref,
        axes: &[usize],
        span: Span,
        kind: impl FnOnce(Term) -> Kind,
    ) -> Ref {
        let elem = self.elem(r);
        let space = self.program.shape(r.id).to_vec();
        let kept: Vec<usize> = (0..space.len())
            .filter(|k| *k < r.context || !axes.contains(&(k - r.context)))
            .collect();
        let at = kept.iter().map(|&k| Index::Axis(k as u8)).collect();
        let shape = kept.iter().map(|&k| space[k]).collect();
        let arg = self.program.whole(r.id);
        let id = self.program.define(name, elem, shape, span, kind(Term { space, at, arg }));
        Ref { id, context: r.context }
    }

    /// How many elements there are along some of a value's own axes, as a number of its type.
    pub(super) fn count(&mut self, r: Ref, dims: &[DimId], span: Span) -> Option<Ref> {
        let mut count = match dims.first() {
            Some(&dim) => self.size(dim, span),
            None => self.constant(Literal::Int(1), Elem::Int("usize".into()), span),
        };
        for &dim in dims.iter().skip(1) {
            let size = self.size(dim, span);
            count = self.elementwise(&primitives::MUL, &[(count, ""), (size, "")], false, span)?;
        }
        Some(self.cast(count, self.elem(r), span))
    }

    fn dims_of(&self, r: Ref, axes: &[usize]) -> Vec<DimId> {
        let own = self.own_shape(r);
        axes.iter().map(|&axis| own[axis]).collect()
    }

    /// The mean over some of a value's own axes: the sum divided by the count.
    fn plain_mean(&mut self, r: Ref, axes: &[usize], span: Span) -> Option<Ref> {
        let dims = self.dims_of(r, axes);
        let sum = self.sum("sum", r, axes, span);
        let count = self.count(r, &dims, span)?;
        self.elementwise(&primitives::DIV, &[(sum, ""), (count, "")], false, span)
    }

    /// The mean as ndarray has it: `None` of nothing.
    pub(super) fn mean(&mut self, r: Ref, axes: &[usize], text: &str, span: Span) -> Option<Val> {
        let mean = self.plain_mean(r, axes, span)?;
        let described = self.described(r, text);
        Some(Val::Option(Box::new(Val::Ref(mean)), described, self.dims_of(r, axes)))
    }

    /// A value that was reduced along some axes, read along the value it was reduced from.
    pub(super) fn along(&mut self, reduced: Ref, of: Ref, axes: &[usize], span: Span) -> Ref {
        let own = self.own_shape(of);
        let at = (0..own.len()).filter(|axis| !axes.contains(axis));
        let at = at.map(|axis| Index::Axis(axis as u8)).collect();
        self.view("along", reduced, &own, at, span)
    }

    /// `var(ddof)`, and `std(ddof)` where `root` is set, over some of a value's own axes.
    ///
    /// By two passes, the mean first, so that nothing cancels.
    pub(super) fn variance(
        &mut self,
        r: Ref,
        axes: &[usize],
        ddof: f64,
        root: bool,
        (text, span): (&str, Span),
    ) -> Option<Ref> {
        let dims = self.dims_of(r, axes);
        let array = self.described(r, text);
        self.program.checks.push(Check::Freedom { array, dims: dims.clone(), ddof });
        let mean = self.plain_mean(r, axes, span)?;
        let mean = self.along(mean, r, axes, span);
        let off = self.elementwise(&primitives::SUB, &[(r, ""), (mean, "")], false, span)?;
        let square = self.elementwise(&primitives::MUL, &[(off, ""), (off, "")], false, span)?;
        let sum = self.sum("sum", square, axes, span);
        let count = self.count(r, &dims, span)?;
        let freedom = self.constant(Literal::Float(ddof, None), self.elem(r), span);
        let freedom =
            self.elementwise(&primitives::SUB, &[(count, ""), (freedom, "")], false, span)?;
        let variance =
            self.elementwise(&primitives::DIV, &[(sum, ""), (freedom, "")], false, span)?;
        match root {
            true => self.elementwise(&primitives::ROOT, &[(variance, "")], false, span),
            false => Some(variance),
        }
    }
}
