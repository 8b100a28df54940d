//! `slice(s![..])`

use super::{Arr, Step};
use crate::flow::ir::V;
use crate::flow::lower::Lowerer;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::Expr;
use syn::spanned::Spanned;

/// One entry of `s![..]`.
enum Entry {
    /// `i`
    Index(V),
    /// `from..to;step`
    Range { from: V, extent: V, step: i128 },
    /// `NewAxis`
    New,
}

impl Lowerer<'_> {
    /// What `x.slice(s![..])` names.
    pub(super) fn sliced(&mut self, array: &Arr, arg: &Expr) -> Option<Arr> {
        let Expr::Macro(of) = arg else {
            self.error(
                arg,
                "write the slice out, `s![1.., ..]`: what it takes has to be known while compiling",
            );
            return None;
        };
        if of.mac.path.segments.last().is_none_or(|s| s.ident != "s") {
            self.error(
                arg,
                "write the slice out, `s![1.., ..]`: what it takes has to be known while compiling",
            );
            return None;
        }
        let span = of.mac.path.span();
        let (mut axis, mut entries) = (0, Vec::new());
        let parts = separated(of.mac.tokens.clone(), ',');
        let takes = |part: &TokenStream| part.to_string() != "NewAxis";
        let given = parts.iter().filter(|part| takes(part)).count();
        if parts.iter().any(|part| part.to_string() == "...") || given != array.rank() {
            self.error(&of.mac, format!("this slice has {given} entries for an array of rank {}: write one for each axis", array.rank()));
            return None;
        }
        for part in parts {
            if !takes(&part) {
                entries.push(Entry::New);
                continue;
            }
            let extent = array.extents[axis];
            entries.push(self.entry(part, extent, span)?);
            axis += 1;
        }
        let (mut offset, steps) = self.strided(array, span);
        let mut axes = steps.iter().zip(&array.extents);
        let (mut extents, mut kept) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::New => {
                    extents.push(self.index(1, span));
                    kept.push(Step { stride: self.index(0, span), back: false });
                }
                Entry::Index(at) => {
                    let (step, extent) = axes.next()?;
                    offset = self.moved(offset, at, *step, *extent, span);
                }
                Entry::Range { from, extent, step: by } => {
                    let (step, all) = axes.next()?;
                    let factor = self.index(by.abs(), span);
                    let stride = self.times(step.stride, factor, span);
                    // The lowest place that is taken.
                    let first = match step.back {
                        false => from,
                        true => {
                            let reach = self.reach(extent, factor, span);
                            let end = self.plus(from, reach, span);
                            let one = self.index(1, span);
                            let last = self.index_method("saturating_sub", *all, one, span);
                            self.index_method("saturating_sub", last, end, span)
                        }
                    };
                    let distance = self.times(first, step.stride, span);
                    offset = self.plus(offset, distance, span);
                    extents.push(extent);
                    kept.push(Step { stride, back: step.back != (by < 0) });
                }
            }
        }
        Some(self.view(array, extents, offset, kept, span))
    }

    fn moved(&mut self, offset: V, at: V, step: Step, extent: V, span: Span) -> V {
        let distance = self.distance(at, step, extent, span);
        self.plus(offset, distance, span)
    }

    /// How far the last of so many is from the first.
    fn reach(&mut self, extent: V, step: V, span: Span) -> V {
        let one = self.index(1, span);
        let gaps = self.index_method("saturating_sub", extent, one, span);
        self.times(gaps, step, span)
    }

    fn entry(&mut self, part: TokenStream, extent: V, span: Span) -> Option<Entry> {
        let pieces = separated(part.clone(), ';');
        let step = match pieces.get(1).map(|step| number(step.clone())) {
            None => 1,
            Some(Some(step)) if step != 0 => step,
            Some(_) => {
                self.error(&part, "the step of a slice must be a number that is not 0: what is taken has to be known while compiling");
                return None;
            }
        };
        let Ok(range) = syn::parse2::<Expr>(pieces.first()?.clone()) else {
            self.error(&part, "this entry of a slice is not understood: write an index or a range");
            return None;
        };
        let Expr::Range(range) = range else {
            let at = self.slice_bound(&range, extent, span)?;
            self.check_index(at, extent, span);
            return Some(Entry::Index(at));
        };
        let from = match &range.start {
            Some(start) => Some(self.slice_bound(start, extent, span)?),
            None => None,
        };
        let mut to = match &range.end {
            Some(end) => Some(self.slice_bound(end, extent, span)?),
            None => None,
        };
        if matches!(range.limits, syn::RangeLimits::Closed(_)) {
            to = to.map(|to| self.plus_one(to, span));
        }
        let end = to.unwrap_or(extent);
        if let Some(to) = to {
            let inside = self.compare("<=", to, extent, span);
            self.or_panic(inside, quote!(::core::panic!("ndarray: slice out of bounds")), span);
        }
        let (from, count) = match from {
            None => (self.index(0, span), end),
            Some(from) => {
                let inside = self.compare("<=", from, end, span);
                self.or_panic(inside, quote!(::core::panic!("ndarray: slice out of bounds")), span);
                (from, self.int_op("-", end, from, span))
            }
        };
        let by = self.index(step.abs(), span);
        let taken = match step.abs() {
            1 => count,
            _ => self.index_method("div_ceil", count, by, span),
        };
        // With a negative step the last of the range is the first that is taken.
        let from = match step {
            ..0 if step != -1 => {
                let reach = self.reach(taken, by, span);
                let one = self.index(1, span);
                let last = self.index_method("saturating_sub", end, one, span);
                self.index_method("saturating_sub", last, reach, span)
            }
            _ => from,
        };
        Some(Entry::Range { from, extent: taken, step })
    }

    /// A bound of a slice; a negative number counts from the end.
    fn slice_bound(&mut self, expr: &Expr, extent: V, span: Span) -> Option<V> {
        if let Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr: inner, .. }) = expr {
            let val = self.expr(inner);
            let back = self.scalar(val, inner.span())?;
            self.as_index(back);
            let inside = self.compare("<=", back, extent, span);
            self.or_panic(inside, quote!(::core::panic!("ndarray: slice out of bounds")), span);
            return Some(self.int_op("-", extent, back, span));
        }
        let val = self.expr(expr);
        let v = self.scalar(val, expr.span())?;
        if let crate::flow::lower::Slot::Int(Some(name)) = self.slot(v)
            && name != "usize"
        {
            self.error(
                expr,
                format!(
                    "a bound of a slice is a `usize` here, not an `{name}`: write `.. as usize`"
                ),
            );
            return None;
        }
        self.as_index(v);
        Some(v)
    }
}

/// The parts between separators.
fn separated(tokens: TokenStream, separator: char) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == separator => {
                parts.push(TokenStream::new());
            }
            _ => parts.last_mut().into_iter().for_each(|part| part.extend([token.clone()])),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// A number, perhaps negative.
fn number(tokens: TokenStream) -> Option<i128> {
    match syn::parse2::<Expr>(tokens).ok()? {
        Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => match *expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => {
                n.base10_parse::<i128>().ok().map(|n| -n)
            }
            _ => None,
        },
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => n.base10_parse().ok(),
        _ => None,
    }
}
