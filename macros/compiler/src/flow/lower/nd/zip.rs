//! `Zip::from(&mut y).and(&x).for_each(|y, &x| ..)`

use super::Arr;
use crate::flow::ir::{Kind, Mode};
use crate::flow::lower::val::Val;
use crate::flow::lower::{Lowerer, Slot};
use proc_macro2::Span;
use syn::ExprMethodCall;
use syn::spanned::Spanned;

/// What is done with an element of each array, at its index.
type Body<'b, L> = &'b mut dyn FnMut(&mut L, Vec<Val>, &[crate::flow::ir::V]);

impl Lowerer<'_> {
    /// `Zip::from(x)`
    pub(super) fn zip_from(&mut self, val: Val, span: Span) -> Val {
        match self.in_memory(val, span) {
            Some(array) => Val::Zip(vec![array]),
            None => Val::Error,
        }
    }

    /// A method of a `Zip`.
    pub(in crate::flow::lower) fn zip_method(
        &mut self,
        mut arrays: Vec<Arr>,
        call: &ExprMethodCall,
    ) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&syn::Expr> = call.args.iter().collect();
        match (name.as_str(), &args[..]) {
            ("and", [other]) => {
                let val = self.expr(other);
                let Some(array) = self.in_memory(val, other.span()) else { return Val::Error };
                if array.rank() != arrays[0].rank() {
                    return self.error(*other, "the arrays of a `Zip` have the same rank");
                }
                for (a, b) in arrays[0].extents.clone().into_iter().zip(array.extents.clone()) {
                    self.same_extent(a, b, span);
                }
                arrays.push(array);
                Val::Zip(arrays)
            }
            ("for_each", [f]) => {
                let f = self.function_value(f);
                self.zipped(&arrays, span, &mut |this, items, _| {
                    this.apply(&f, items, span);
                });
                Val::Unit
            }
            ("map_collect", [f]) => {
                let f = self.function_value(f);
                let zero = self.number(0.0, Slot::Unknown, span);
                let extents = arrays[0].extents.clone();
                let out = self.filled_array("collected", zero, extents, span);
                let to = out.clone();
                self.zipped(&arrays, span, &mut |this, items, at| {
                    let val = this.apply(&f, items, span);
                    let Some(v) = this.scalar(val, span) else { return };
                    if !this.unify(zero, v) {
                        this.error(span, "this closure must return a number");
                    }
                    let place = this.element_place(&to, at, span);
                    this.emit(Kind::Store(place, v, Mode::Set), span);
                });
                Val::Array(Box::new(out))
            }
            ("fold", [init, f]) => {
                let init = self.expr(init);
                let init = self.owned(init, true, span);
                let f = self.function_value(f);
                let acc = self.variable("acc", init, true);
                self.zipped(&arrays, span, &mut |this, items, _| {
                    let mut args = vec![this.vars[acc].val.clone()];
                    args.extend(items);
                    let val = this.apply(&f, args, span);
                    let val = this.owned(val, true, span);
                    this.set(acc, val);
                });
                self.vars[acc].val.clone()
            }
            _ => self.error(&call.method, format!("`{name}` of a `Zip` is not supported in a function with loops or conditions: supported are `and`, `for_each`, `map_collect` and `fold`")),
        }
    }

    fn zipped(&mut self, arrays: &[Arr], span: Span, body: Body<'_, Self>) {
        let extents = arrays[0].extents.clone();
        self.nested(&extents, &mut vec![], span, &mut |this, at| {
            let items = arrays.iter().map(|array| this.element_of_array(array, at, span));
            let items: Vec<Val> = items.collect();
            body(this, items, at);
        });
    }
}
