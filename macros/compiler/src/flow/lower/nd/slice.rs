//! `slice(s![..])`

use super::{Arr, Step};
use crate::flow::ir::V;
use crate::flow::lower::Lowerer;
use crate::flow::lower::val::Val;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Expr;
use syn::spanned::Spanned;

/// One entry of `s![..]`.
enum Entry {
    /// `i`
    Index(V),
    /// `from..to;step`
    Range {
        /// The first.
        from: V,
        /// How many.
        extent: V,
        /// How far apart, negative from the last.
        step: i128,
        /// Whether it is the whole axis as it is.
        all: bool,
    },
    /// `NewAxis`
    New,
}

impl Lowerer<'_> {
    /// What `x.slice(s![..])` names.
    pub(super) fn sliced(&mut self, array: &Arr, arg: &Expr) -> Option<Arr> {
        let (entries, span) = self.entries(array, arg)?;
        self.taken_of(array, entries, span)
    }

    /// What `x.slice_collapse(s![..])` leaves: an axis with an index stays, with one element.
    pub(super) fn sliced_keeping(&mut self, array: &Arr, arg: &Expr) -> Option<Arr> {
        let (entries, span) = self.entries(array, arg)?;
        let mut kept = Vec::new();
        for entry in entries {
            kept.push(match entry {
                Entry::Index(from) => {
                    let extent = self.index(1, span);
                    Entry::Range { from, extent, step: 1, all: false }
                }
                Entry::New => {
                    self.error(
                        arg,
                        "`slice_collapse` keeps the rank: `NewAxis` has no place in it",
                    );
                    return None;
                }
                range => range,
            });
        }
        self.taken_of(array, kept, span)
    }

    /// `x.slice_axis(Axis(0), Slice::from(1..))`
    pub(super) fn sliced_axis(&mut self, array: &Arr, axis: usize, slice: &Expr) -> Option<Arr> {
        let span = slice.span();
        let part = self.slice_tokens(slice)?;
        let mut entries = Vec::new();
        for (k, extent) in array.extents.clone().into_iter().enumerate() {
            entries.push(match k == axis {
                true => self.entry(part.clone(), array, axis, span)?,
                false => {
                    let from = self.index(0, span);
                    Entry::Range { from, extent, step: 1, all: true }
                }
            });
        }
        self.taken_of(array, entries, span)
    }

    /// `Slice::from(1..)`, `Slice::new(0, None, 2)`, `(1..).into()`: as an entry of `s![..]`.
    fn slice_tokens(&mut self, slice: &Expr) -> Option<TokenStream> {
        match slice {
            Expr::Paren(inner) => return self.slice_tokens(&inner.expr),
            Expr::Range(_) => return Some(slice.to_token_stream()),
            Expr::MethodCall(call) if call.method == "into" => {
                return self.slice_tokens(&call.receiver);
            }
            Expr::MethodCall(call) if call.method == "step_by" => {
                let (range, step) = (self.slice_tokens(&call.receiver)?, call.args.first()?);
                return Some(quote!(#range;#step));
            }
            Expr::Call(call) => {
                let path = match &*call.func {
                    Expr::Path(path) => path.path.segments.iter().map(|s| s.ident.to_string()),
                    _ => return self.no_slice(slice),
                };
                let path: Vec<String> = path.collect();
                let args: Vec<&Expr> = call.args.iter().collect();
                match (&path[..], &args[..]) {
                    ([.., ty, from], [range]) if ty == "Slice" && from == "from" => {
                        return self.slice_tokens(range);
                    }
                    ([.., ty, new], [start, end, step]) if ty == "Slice" && new == "new" => {
                        let end = match end {
                            Expr::Path(none) if none.path.is_ident("None") => TokenStream::new(),
                            Expr::Call(some) => some.args.to_token_stream(),
                            _ => return self.no_slice(slice),
                        };
                        return Some(quote!(#start..#end;#step));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        self.no_slice(slice)
    }

    fn no_slice(&mut self, slice: &Expr) -> Option<TokenStream> {
        self.error(slice, "write the range out, `Slice::from(1..)`");
        None
    }

    /// What the entries of `s![..]` are, one for each axis.
    fn entries(&mut self, array: &Arr, arg: &Expr) -> Option<(Vec<Entry>, Span)> {
        let mac = match arg {
            Expr::Macro(of) if of.mac.path.segments.last().is_some_and(|s| s.ident == "s") => of,
            Expr::Reference(reference) => return self.entries(array, &reference.expr),
            _ => {
                self.error(
                    arg,
                    "write the slice out, `s![1.., ..]`: what it takes has to be known while compiling",
                );
                return None;
            }
        };
        let span = mac.mac.path.span();
        let parts = separated(mac.mac.tokens.clone(), ',');
        let given = parts.iter().filter(|part| !is_new_axis(part)).count();
        if parts.iter().any(|part| part.to_string() == "...") || given != array.rank() {
            self.error(&mac.mac, format!("this slice has {given} entries for an array of rank {}: write one for each axis", array.rank()));
            return None;
        }
        let (mut axis, mut entries) = (0, Vec::new());
        for part in parts {
            if is_new_axis(&part) {
                entries.push(Entry::New);
                continue;
            }
            entries.push(self.entry(part, array, axis, span)?);
            axis += 1;
        }
        Some((entries, span))
    }

    /// What the entries of a slice take of an array.
    fn taken_of(&mut self, array: &Arr, entries: Vec<Entry>, span: Span) -> Option<Arr> {
        // Rows one behind the other are rows again.
        let contiguous = |entries: &[Entry]| {
            entries.iter().enumerate().all(|(k, entry)| match entry {
                Entry::Range { step, all, .. } => *all || (k == 0 && *step == 1),
                _ => false,
            })
        };
        if array.is_rows() && contiguous(&entries) {
            let taken = entries.iter().map(|entry| match entry {
                Entry::Range { from, extent, all: false, .. } => Some((*from, *extent)),
                _ => None,
            });
            let taken: Vec<Option<(V, V)>> = taken.collect();
            return Some(self.sub_block(array, &taken, span));
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
                Entry::Range { from, extent, step: by, .. } => {
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

    fn entry(&mut self, part: TokenStream, array: &Arr, axis: usize, span: Span) -> Option<Entry> {
        let extent = array.extents[axis];
        let shown = crate::parse::text_of(&part);
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
            let at = self.slice_bound(&range, array, (axis, &shown), span)?;
            self.check_index(at, array, axis, span);
            return Some(Entry::Index(at));
        };
        let from = match &range.start {
            Some(start) => Some(self.slice_bound(start, array, (axis, &shown), span)?),
            None => None,
        };
        let mut to = match &range.end {
            Some(end) => Some(self.slice_bound(end, array, (axis, &shown), span)?),
            None => None,
        };
        if matches!(range.limits, syn::RangeLimits::Closed(_)) {
            to = to.map(|to| self.plus_one(to, span));
        }
        let from = from.filter(|from| self.known.get(from) != Some(&0));
        let end = to.unwrap_or(extent);
        // ndarray takes nothing of a range whose end lies before its start, inside the axis.
        for bound in [from, to].into_iter().flatten() {
            let inside = self.compare("<=", bound, extent, span);
            self.check_slice(inside, array, (axis, &shown), span);
        }
        let (first, count) = match from {
            None => (self.index(0, span), end),
            Some(from) => (from, self.index_method("saturating_sub", end, from, span)),
        };
        let all = from.is_none() && to.is_none() && step == 1;
        let by = self.index(step.abs(), span);
        let taken = match step.abs() {
            1 => count,
            _ => self.index_method("div_ceil", count, by, span),
        };
        // With a negative step the last of the range is the first that is taken.
        let first = match step {
            ..0 if step != -1 => {
                let reach = self.reach(taken, by, span);
                let one = self.index(1, span);
                let last = self.index_method("saturating_sub", end, one, span);
                self.index_method("saturating_sub", last, reach, span)
            }
            _ => first,
        };
        Some(Entry::Range { from: first, extent: taken, step, all })
    }

    /// A bound of a slice; a negative number counts from the end.
    fn slice_bound(
        &mut self,
        expr: &Expr,
        array: &Arr,
        (axis, shown): (usize, &str),
        span: Span,
    ) -> Option<V> {
        let extent = array.extents[axis];
        if let Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr: inner, .. }) = expr
            && matches!(&**inner, Expr::Lit(_))
        {
            let val = self.expr(inner);
            let back = self.scalar(val, inner.span())?;
            self.as_index(back);
            let inside = self.compare("<=", back, extent, span);
            self.check_slice(inside, array, (axis, shown), span);
            return Some(self.int_op("-", extent, back, span));
        }
        let val = self.expr(expr);
        let v = self.scalar(val, expr.span())?;
        if let crate::flow::lower::Slot::Int(Some(name)) = self.slot(v)
            && name.starts_with('i')
        {
            let bind = |name: &str, v: V| crate::flow::ir::Bind {
                name: proc_macro2::Ident::new(name, Span::call_site()),
                what: crate::flow::ir::Source::Value(v),
                by: crate::flow::ir::By::Value,
            };
            let binds = vec![bind("__extent", extent), bind("__at", v)];
            let tokens = quote!(::chainrule::rt::slice_bound(__extent, __at as isize));
            return match self.opaque_tokens(tokens, binds, true, span) {
                Val::Scalar(v) => {
                    self.as_index(v);
                    Some(v)
                }
                _ => None,
            };
        }
        if self.is_float(v) {
            self.error(expr, "a bound of a slice is an integer");
            return None;
        }
        if let crate::flow::lower::Slot::Int(Some(name)) = self.slot(v)
            && name != "usize"
        {
            self.error(
                expr,
                format!("a bound of a slice is a `usize` or `isize`, not a `{name}`: write `.. as usize`"),
            );
            return None;
        }
        self.as_index(v);
        Some(v)
    }
}

/// `NewAxis`
fn is_new_axis(part: &TokenStream) -> bool {
    match syn::parse2::<syn::Path>(part.clone()) {
        Ok(path) => path.segments.last().is_some_and(|segment| segment.ident == "NewAxis"),
        Err(_) => false,
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
