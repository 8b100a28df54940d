//! `dot`

use super::check::Said;
use super::{Arr, Each, Of};
use crate::flow::ir::{Kind, Mode};
use crate::flow::lower::val::{Held, Val};
use crate::flow::lower::{Lowerer, Slot};
use crate::primitives;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall};

impl Lowerer<'_> {
    pub(super) fn dot(
        &mut self,
        left: Val,
        right: Val,
        (of, with): (&Expr, &Expr),
        span: Span,
    ) -> Val {
        let said = (Said::source(of, &left), Said::source(with, &right));
        let rank = |val: &Val| match val {
            Val::Array(array) => array.rank(),
            Val::Each(each) => each.extents.len(),
            _ => 0,
        };
        match (rank(&left), rank(&right)) {
            (1, 1) => {
                let (Some(a), Some(b)) =
                    (self.elements_of(left, span), self.elements_of(right, span))
                else {
                    return Val::Error;
                };
                let both = (a.extents[0], b.extents[0]);
                self.same_extent(both, "fail_inner", &said.0, &said.1, span);
                let extents = a.extents.clone();
                // Both have as many elements.
                let b = Each { extents: extents.clone(), ..b };
                let product = Each { extents, of: Of::Prim(&primitives::MUL, vec![a, b]) };
                self.reduced(&product, 0.0, &primitives::ADD, span)
            }
            (1 | 2, 1 | 2) => {
                let (Some(a), Some(b)) = (self.in_memory(left, span), self.in_memory(right, span))
                else {
                    return Val::Error;
                };
                let both = (&said.0, &said.1);
                Val::Array(Box::new(self.contracted(&a, &b, both, span)))
            }
            _ if left.is_silent() || right.is_silent() => Val::Error,
            _ => self.error(span, "`dot` is supported of arrays of rank 1 and 2"),
        }
    }

    fn contracted(
        &mut self,
        a: &Arr,
        b: &Arr,
        (left, right): (&Said<'_>, &Said<'_>),
        span: Span,
    ) -> Arr {
        let (class, other) = (self.element_class(a), self.element_class(b));
        if !self.types.unify(class, other) {
            self.error(span, "the elements of these arrays are of different types");
        }
        let zero = self.number(0.0, Slot::Unknown, span);
        let own = self.class(zero);
        self.types.unify(own, class);
        let (inner, outer) = (a.extents[a.rank() - 1], b.extents[0]);
        self.same_extent((inner, outer), "fail_inner", left, right, span);
        let mut extents = a.extents[..a.rank() - 1].to_vec();
        extents.extend(&b.extents[1..]);
        let out = self.filled_array("dot", zero, extents, span);
        if b.rank() == 1 {
            // A sum for each row.
            self.nested(&[a.extents[0]], &mut vec![], span, &mut |this, at| {
                let row = this.sub_array(a, 0, at[0], span);
                let factors = vec![Each::of(row), Each::of(b.clone())];
                let extents = vec![inner];
                let product = Each { extents, of: Of::Prim(&primitives::MUL, factors) };
                let Val::Scalar(sum) = this.reduced(&product, 0.0, &primitives::ADD, span) else {
                    return;
                };
                let place = this.element_place(&out, at, span);
                this.emit(Kind::Store(place, sum, Mode::Set), span);
            });
            return out;
        }
        // Row by row of the right array, so that neighbours are read one after the other.
        let columns = b.extents[1];
        let mut along = a.extents.clone();
        along.push(columns);
        let rank = a.rank();
        self.nested(&along[..rank], &mut vec![], span, &mut |this, at| {
            let place = this.element_place(a, at, span);
            let factor = this.read_place(place, Held::Named, span);
            let Some(factor) = this.scalar(factor, span) else { return };
            let row = this.sub_array(b, 0, at[rank - 1], span);
            let to = match rank {
                1 => out.clone(),
                _ => this.sub_array(&out, 0, at[0], span),
            };
            let one = Each { extents: vec![columns], of: Of::One(factor) };
            let factors = vec![one, Each::of(row)];
            let product = Each { extents: vec![columns], of: Of::Prim(&primitives::MUL, factors) };
            this.run_over(&product, &[to], span, &mut |this, v, places| {
                this.emit(Kind::Store(places[0].clone(), v, Mode::Add), span);
            });
        });
        out
    }

    /// `general_mat_mul(alpha, &a, &b, beta, &mut c)`: `c = alpha · a · b + beta · c`, and the same
    /// of a matrix and a vector.
    pub(in crate::flow::lower) fn general_product(&mut self, call: &ExprCall) -> Val {
        let span = call.func.span();
        let args: Vec<&Expr> = call.args.iter().collect();
        let [alpha, a, b, beta, c] = &args[..] else {
            return self.error(call, "this takes `alpha, &a, &b, beta, &mut c`");
        };
        let vals: Vec<Val> = [alpha, a, b, beta, c].into_iter().map(|arg| self.expr(arg)).collect();
        let Ok([scale, left, right, keep, into]) = <[Val; 5]>::try_from(vals) else {
            return Val::Error;
        };
        let to = match &into {
            Val::Array(array) => (**array).clone(),
            val if val.is_silent() => return Val::Error,
            _ => return self.error(*c, "an array that is changed is expected here"),
        };
        let said = Said::source(c, &into);
        let product = self.dot(left, right, (a, b), span);
        if product.is_silent() {
            return Val::Error;
        }
        let shown = Said::source(a, &product);
        let one = Said::source(alpha, &Val::Unit);
        let scaled = self.elementwise(&primitives::MUL, (scale, product), (&one, &shown), span);
        let Some(each) = self.elements_of(scaled, span) else { return Val::Error };
        if each.extents.len() != to.rank() {
            return self.error(*c, "the product has another rank than the array it goes into");
        }
        self.same_shape(&said, &shown, span);
        // What is multiplied by a zero that is written out is not looked at.
        let forgets = matches!(beta, Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(zero), .. })
            if zero.base10_parse::<f64>().is_ok_and(|zero| zero == 0.0));
        if forgets {
            self.store_all(&to, &each, None, (&said, &shown), span);
            return Val::Unit;
        }
        let Some(factor) = self.scalar(keep, beta.span()) else { return Val::Error };
        let factor = Self::everywhere(factor, &to.extents);
        self.store_all(&to, &factor, Some(&primitives::MUL), (&said, &said), span);
        self.store_all(&to, &each, Some(&primitives::ADD), (&said, &shown), span);
        Val::Unit
    }
}
