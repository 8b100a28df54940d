//! The tangent of a guarded product, as reverse mode writes them: `ct · p`, and zero where `ct` is.
//!
//! The product is linear in `ct`, so that its tangent is `ċt · p + ct · ṗ`; the first part is zero
//! where `ċt` is, the second where `ct` is, whatever `p` and `ṗ` are. In particular `ct` may be zero
//! where its tangent is not: the mixed derivative of `x · sin(y)` at `x = 0`.

use super::Builder;
use super::rule::{Write, tangent};
use crate::flow::ir::V;
use crate::primitives::{self, Prim};
use proc_macro2::Span;

/// A step from a cotangent to the product: `out = row(from, other)`.
#[derive(Clone, Copy)]
pub(super) struct Link {
    row: Prim,
    other: Option<V>,
    pub(super) out: V,
}

impl Builder<'_> {
    /// The steps from `ct` to a value that is linear in it, if it is made by them.
    pub(super) fn chain(&self, ct: V, mut value: V) -> Option<Vec<Link>> {
        let mut links = Vec::new();
        while value != ct {
            let (row, args) = self.prims.get(&value).copied()?;
            let (from, other) = match args {
                [from, other] if *row == primitives::MUL || *row == primitives::DIV => {
                    (*from, Some(*other))
                }
                [factor, from] if *row == primitives::GUARD => (*from, Some(*factor)),
                [from] if *row == primitives::NEG => (*from, None),
                _ => return None,
            };
            links.push(Link { row, other, out: value });
            value = from;
        }
        links.reverse();
        Some(links)
    }

    /// The tangent of `out = guard(ct, value)`.
    pub(super) fn guard(&mut self, out: V, ct: V, value: V, span: Span) {
        if !self.act.value(out) || self.links.contains(&out) {
            return;
        }
        let Some(links) = self.chain(ct, value) else {
            if self.tangent(ct).is_none() {
                // What does not vary chooses.
                let tangent = self.tangent(value);
                let tangent = tangent.map(|t| self.apply(&primitives::GUARD, vec![ct, t], out));
                self.wild.extend(tangent.filter(|_| self.source.value(out)));
                self.define(out, tangent);
                return;
            }
            return self.not_understood(span);
        };
        // By the tangent of `ct`, and by those of the other factors: each of these by itself for as
        // long as a guard of that factor is to come.
        let mut by_ct: Option<V> = self.tangent(ct);
        let (mut by_others, mut by_guarded): (Option<V>, Vec<(V, V)>) = (None, Vec::new());
        let mut from = ct;
        for (k, &Link { row, other, out }) in links.iter().enumerate() {
            let tangent_of_other = other.and_then(|other| self.tangent(other));
            let is_guard =
                |link: &Link, of: V| *link.row == primitives::GUARD && link.other == Some(of);
            if *row == primitives::GUARD {
                let Some(factor) = other else { continue };
                let is_linear = links[..k].iter().any(|link| link.other == Some(factor));
                if tangent_of_other.is_some() && !is_linear {
                    return self.not_understood(span);
                }
                // What goes with the factor's tangent is zero where that is, all else where it is.
                let mut guarded = |by: V, t: V| self.apply(row, vec![by, t], out);
                by_ct = by_ct.map(|t| guarded(factor, t));
                by_others = by_others.map(|t| guarded(factor, t));
                for (of, t) in &mut by_guarded {
                    let by = tangent_of_other.filter(|_| *of == factor);
                    *t = guarded(by.unwrap_or(factor), *t);
                }
            } else {
                let wild = self.source.value(out);
                let mut linear = |t: V| {
                    let args = [t].into_iter().chain(other).collect();
                    let product = self.apply(row, args, out);
                    match other {
                        Some(factor) if *row == primitives::MUL && wild => {
                            self.apply(&primitives::GUARD, vec![factor, product], out)
                        }
                        _ => product,
                    }
                };
                by_ct = by_ct.map(&mut linear);
                by_others = by_others.map(&mut linear);
                by_guarded.iter_mut().for_each(|(_, t)| *t = linear(*t));
                if let (Some(other), Some(t)) = (other, tangent_of_other) {
                    let of = |v: V| (v == other).then_some(t);
                    // Of `ct · ct` both factors count.
                    let args = if from == other { [from, from] } else { [from, other] };
                    let more = self.by_second(row, args, out, &of);
                    by_guarded.extend(more.map(|more| (other, more)));
                }
            }
            for (_, t) in by_guarded
                .extract_if(.., |(of, _)| !links[k + 1..].iter().any(|link| is_guard(link, *of)))
            {
                by_others = self.added(by_others, Some(t), out);
            }
            from = out;
        }
        let by_ct = match (self.tangent(ct), by_ct) {
            (Some(t), Some(product)) => Some(self.apply(&primitives::GUARD, vec![t, product], out)),
            _ => None,
        };
        let by_others =
            by_others.map(|product| self.apply(&primitives::GUARD, vec![ct, product], out));
        let sum = self.added(by_ct, by_others, out);
        if let (true, Some(sum)) = (self.source.value(out), sum) {
            self.wild.insert(sum);
        }
        self.define(out, sum);
    }

    fn not_understood(&mut self, span: Span) {
        self.errors.at(span, "a product under a guard was not understood on the way to its tangent: this is a bug in chainrule, please report it");
    }

    fn added(&mut self, a: Option<V>, b: Option<V>, out: V) -> Option<V> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.apply(&primitives::ADD, vec![a, b], out)),
            (a, b) => a.or(b),
        }
    }

    /// What the second argument's tangent adds to that of a product or quotient.
    fn by_second(
        &mut self,
        row: Prim,
        args: [V; 2],
        out: V,
        of: &dyn Fn(V) -> Option<V>,
    ) -> Option<V> {
        if *row == primitives::MUL {
            let t = of(args[1])?;
            return Some(self.apply(row, vec![args[0], t], out));
        }
        tangent(self, row, &args, out, of)
    }
}
