//! Arrays that are put together of parts of others: `select`, `concatenate`, `stack`.

use super::check::Said;
use super::{Arr, Each};
use crate::flow::ir::{Kind, Mode, V};
use crate::flow::lower::loops::{Header, Run};
use crate::flow::lower::val::{Held, Opt, Val};
use crate::flow::lower::{Lowerer, Slot};
use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Expr, Token};

impl Lowerer<'_> {
    /// `x.select(Axis(0), &[2, 0, 2])`
    pub(super) fn selected(&mut self, array: &Arr, axis: &Expr, at: &Expr, span: Span) -> Val {
        let Some(axis) = self.axis(axis, array.rank()) else { return Val::Error };
        let val = self.expr(at);
        let indices = match val {
            Val::Array(indices) if indices.rank() == 1 => *indices,
            Val::Place(place, held) => match self.array_of_slice(&place, held, span) {
                Some(indices) => indices,
                None => return self.error(at, "a list of indices is expected here"),
            },
            val if val.is_silent() => return Val::Error,
            _ => return self.error(at, "a list of indices is expected here, `&[usize]`"),
        };
        let usize = self.types.class(Slot::Int(Some("usize".to_string())));
        let own = self.element_class(&indices);
        if !self.types.unify(own, usize) {
            return self.error(at, "an index is a `usize`");
        }
        let count = indices.extents[0];
        let mut extents = array.extents.clone();
        extents[axis] = count;
        let out = self.like(array, "selected", extents, span);
        self.nested(&[count], &mut vec![], span, &mut |this, k| {
            let place = this.element_place(&indices, k, span);
            let at = this.read_place(place, Held::Named, span);
            let Some(at) = this.scalar(at, span) else { return };
            this.as_index(at);
            this.check_index(at, array, axis, span);
            let from = this.sub_array(array, axis, at, span);
            let to = this.sub_array(&Arr { held: Held::Mut, ..out.clone() }, axis, k[0], span);
            this.copied_into(&from, &to, span);
        });
        Val::Array(Box::new(out))
    }

    /// A new array with elements of the same type.
    fn like(&mut self, array: &Arr, name: &str, extents: Vec<V>, span: Span) -> Arr {
        let zero = self.number(0.0, Slot::Unknown, span);
        let (own, class) = (self.class(zero), self.element_class(array));
        self.types.unify(own, class);
        self.filled_array(name, zero, extents, span)
    }

    fn copied_into(&mut self, from: &Arr, to: &Arr, span: Span) {
        self.run_over(
            &Each::of(from.clone()),
            std::slice::from_ref(to),
            span,
            &mut |this, v, at| {
                this.emit(Kind::Store(at[0].clone(), v, Mode::Set), span);
            },
        );
    }

    /// `concatenate(Axis(0), &[x.view(), y.view()])`, `stack(..)`: an error where shapes differ.
    pub(in crate::flow::lower) fn joined(&mut self, call: &syn::ExprCall, stack: bool) -> Val {
        let span = call.func.span();
        let [axis, list] = &call.args.iter().collect::<Vec<_>>()[..] else {
            return self.error(call, "this takes an axis and a list of arrays");
        };
        let inner = match list {
            Expr::Reference(reference) => &*reference.expr,
            other => *other,
        };
        let Expr::Array(list) = inner else {
            return self.error(*list, "write the list of arrays out, `&[x.view(), y.view()]`; of arrays that a loop makes, collect the elements and call `from_shape_vec`");
        };
        let Some(arrays) = self.arrays(list.elems.iter(), span) else { return Val::Error };
        let Some((axis, arrays)) = self.ready(axis, &arrays, stack, span) else {
            return Val::Error;
        };
        let mut fits = Val::Bool(true);
        for (a, b) in Self::pairs(&arrays, axis) {
            if self.is_same(a, b) {
                continue;
            }
            fits = self.branch(
                fits,
                span,
                |this| this.compare("==", a, b, span),
                |_| Val::Bool(false),
            );
        }
        let some = self.branch(
            fits.clone(),
            span,
            |this| this.laid_out(&arrays, axis, span),
            |_| Val::Undef,
        );
        Val::Opt(Box::new(Opt { result: true, tag: fits, some, err: Val::Undef }))
    }

    /// `concatenate![Axis(0), x, y]`, `stack![..]`: panics where shapes differ.
    pub(in crate::flow::lower) fn joined_macro(&mut self, mac: &syn::Macro, stack: bool) -> Val {
        let span = mac.path.span();
        let Ok(Joined { axis, arrays: list }) = mac.parse_body::<Joined>() else {
            return self.error(mac, "the arguments of this macro are not understood: write an axis and arrays, `concatenate![Axis(0), x, y]`");
        };
        let Some(arrays) = self.arrays(list.iter(), span) else { return Val::Error };
        let Some((axis, arrays)) = self.ready(&axis, &arrays, stack, span) else {
            return Val::Error;
        };
        let first = &arrays[0];
        for (array, source) in arrays.iter().zip(&list).skip(1) {
            let left = Said::source(&list[0], &Val::Array(Box::new(first.clone())));
            let right = Said::source(source, &Val::Array(Box::new(array.clone())));
            for (k, (a, b)) in first.extents.iter().zip(&array.extents).enumerate() {
                if k != axis {
                    self.same_extent((*a, *b), "fail_joined", &left, &right, span);
                }
            }
        }
        self.laid_out(&arrays, axis, span)
    }

    /// The arrays that expressions are, in memory.
    fn arrays<'e>(&mut self, list: impl Iterator<Item = &'e Expr>, span: Span) -> Option<Vec<Arr>> {
        let arrays: Vec<Option<Arr>> = list
            .map(|expr| {
                let val = self.expr(expr);
                let val = match val {
                    Val::Place(place, held) => match self.array_of_slice(&place, held, span) {
                        Some(array) => Val::Array(Box::new(array)),
                        None => Val::Place(place, held),
                    },
                    val => val,
                };
                self.in_memory(val, expr.span())
            })
            .collect();
        let arrays: Vec<Arr> = arrays.into_iter().collect::<Option<_>>()?;
        if arrays.is_empty() {
            self.error(span, "at least one array is needed here");
            return None;
        }
        Some(arrays)
    }

    /// The axis along which arrays are put, each with that axis.
    fn ready(
        &mut self,
        axis: &Expr,
        arrays: &[Arr],
        stack: bool,
        span: Span,
    ) -> Option<(usize, Vec<Arr>)> {
        let rank = arrays[0].rank();
        if arrays.iter().any(|array| array.rank() != rank) {
            self.error(span, "these arrays are of different ranks");
            return None;
        }
        let class = self.element_class(&arrays[0]);
        for array in &arrays[1..] {
            let own = self.element_class(array);
            if !self.types.unify(class, own) {
                self.error(span, "the elements of these arrays are of different types");
                return None;
            }
        }
        let axis = self.axis(axis, rank + usize::from(stack))?;
        let arrays = arrays.iter().map(|array| match stack {
            true => self.with_axis(array, axis, span),
            false => array.clone(),
        });
        Some((axis, arrays.collect()))
    }

    /// The extents that have to be the same.
    fn pairs(arrays: &[Arr], axis: usize) -> Vec<(V, V)> {
        let others = arrays[1..].iter().flat_map(|array| {
            let both = arrays[0].extents.iter().zip(&array.extents).enumerate();
            both.filter(move |(k, _)| *k != axis).map(|(_, (a, b))| (*a, *b))
        });
        others.collect()
    }

    /// Arrays one behind the other along an axis.
    pub(super) fn laid_out(&mut self, arrays: &[Arr], axis: usize, span: Span) -> Val {
        let mut extents = arrays[0].extents.clone();
        let mut total = extents[axis];
        for array in &arrays[1..] {
            total = self.plus(total, array.extents[axis], span);
        }
        extents[axis] = total;
        let out = self.like(&arrays[0], "joined", extents, span);
        let mut from = self.index(0, span);
        for array in arrays {
            let len = array.extents[axis];
            let mut taken = vec![None; out.rank()];
            taken[axis] = Some((from, len));
            let mut to = self.sub_block(&Arr { held: Held::Mut, ..out.clone() }, &taken, span);
            // All axes but one have been found to be the same.
            to.extents.clone_from(&array.extents);
            self.copied_into(array, &to, span);
            from = self.plus(from, len, span);
        }
        Val::Array(Box::new(out))
    }

    /// What `push_row`, `push_column` and `append` make of an array, and whether the shapes fit.
    pub(super) fn appended(
        &mut self,
        array: &Arr,
        other: &Arr,
        axis: usize,
        span: Span,
    ) -> (Val, Vec<Arr>) {
        let arrays = vec![Arr { held: Held::Ref, ..array.clone() }, other.clone()];
        let mut fits = Val::Bool(true);
        for (a, b) in Self::pairs(&arrays, axis) {
            if !self.is_same(a, b) {
                fits = self.branch(
                    fits,
                    span,
                    |this| this.compare("==", a, b, span),
                    |_| Val::Bool(false),
                );
            }
        }
        (fits, arrays)
    }

    /// `kron(a, b)`: each element of the one times the other.
    pub(super) fn kronecker(&mut self, a: &Arr, b: &Arr, span: Span) -> Val {
        let mut extents = a.extents.clone();
        for (extent, by) in extents.iter_mut().zip(&b.extents) {
            *extent = self.times(*extent, *by, span);
        }
        let out = self.like(a, "kron", extents, span);
        let rank = a.rank();
        let along: Vec<V> = a.extents.iter().chain(&b.extents).copied().collect();
        self.nested(&along, &mut vec![], span, &mut |this, at| {
            let (of_a, of_b) = (
                this.element_place(a, &at[..rank], span),
                this.element_place(b, &at[rank..], span),
            );
            let (x, y) = (
                this.read_place(of_a, Held::Named, span),
                this.read_place(of_b, Held::Named, span),
            );
            let (Some(x), Some(y)) = (this.scalar(x, span), this.scalar(y, span)) else { return };
            let Some(v) = this.arithmetic(&crate::primitives::MUL, x, y, span) else { return };
            let place: Vec<V> = (0..rank)
                .map(|k| {
                    let first = this.times(at[k], b.extents[k], span);
                    this.plus(first, at[rank + k], span)
                })
                .collect();
            let place = this.element_place(&out, &place, span);
            this.emit(Kind::Store(place, v, Mode::Set), span);
        });
        Val::Array(Box::new(out))
    }

    /// Runs a step for each number below a count.
    pub(super) fn each_index(&mut self, count: V, span: Span, step: &mut dyn FnMut(&mut Self, V)) {
        let zero = self.index(0, span);
        self.looped(Run::Range(zero, count, false), &Header::default(), span, &mut |this, i| {
            if let Some(i) = i {
                step(this, i);
            }
        });
    }
}

/// The arguments of `concatenate!` and `stack!`.
struct Joined {
    axis: Expr,
    arrays: Vec<Expr>,
}

impl Parse for Joined {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let list = syn::punctuated::Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
        let mut list = list.into_iter();
        let axis = list.next().ok_or_else(|| input.error("an axis"))?;
        Ok(Joined { axis, arrays: list.collect() })
    }
}
