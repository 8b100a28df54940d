//! Sorting. The order is found by the user's own comparison, as a list of swaps that carries no
//! derivative; the elements are then swapped.

use super::Lowerer;
use super::loops::{Header, Run};
use super::val::Val;
use super::{Slot, scan};
use crate::flow::ir::{Bind, By, Kind, Place, Proj, Source, V};
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ExprMethodCall;
use syn::spanned::Spanned;

impl Lowerer<'_> {
    /// A method that puts the elements in another order; `None` if it is no such method, or one whose
    /// order cannot be told from outside.
    pub(super) fn sorted(&mut self, place: &Place, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let element = self.element_type(place)?;
        let (method, args) = (&call.method, &call.args);
        let list = match self.place_type(place) {
            Some(Type::Fixed(..)) => quote!(__list),
            _ => quote!(&__list[..]),
        };
        let order = match (method.to_string().as_str(), &element) {
            ("sort_by", _) => quote!(::chainrule::rt::order_by(#list, #args)),
            ("sort_by_key" | "sort_by_cached_key", _) => {
                quote!(::chainrule::rt::order_by_key(#list, #args))
            }
            // Whatever the algorithm does to elements that compare as equal, floats of the same bits
            // are the same.
            ("sort_unstable_by" | "select_nth_unstable_by", Type::Float(_)) => {
                quote!(::chainrule::rt::order_after(#list, |__list| { __list.#method(#args); }))
            }
            _ => return None,
        };
        let Some(order) = self.order_of(place, order, args, span) else { return Some(Val::Error) };
        self.swapped_into(order, place, span);
        Some(Val::Unit)
    }

    /// The list of swaps.
    fn order_of(
        &mut self,
        place: &Place,
        order: TokenStream,
        args: &syn::punctuated::Punctuated<syn::Expr, syn::Token![,]>,
        span: Span,
    ) -> Option<V> {
        let mut binds = vec![Bind {
            name: Ident::new("__list", Span::call_site()),
            what: Source::Place(place.clone()),
            by: By::Ref,
        }];
        let mut foreign = false;
        for arg in args {
            let uses = scan::uses(arg);
            if uses.leaves {
                self.error(
                    arg.span(),
                    "control leaves this comparison in a way that cannot be followed",
                );
                return None;
            }
            foreign |= self.is_foreign(&uses);
            binds.extend(self.binds(&uses, arg.span())?);
        }
        let Val::Scalar(order) = self.taken(order, binds, false, foreign, span) else {
            return None;
        };
        self.is_a(order, Slot::Other);
        self.program.values[order.0 as usize].name = "order".to_string();
        // What is compared is lost to nothing: the elements themselves carry their derivatives.
        self.program.constants.push(order);
        Some(order)
    }

    /// `list.swap(k, order[k])` for all k.
    fn swapped_into(&mut self, order: V, place: &Place, span: Span) {
        let (zero, len) = (self.int(0, span), self.length(place, span));
        self.as_index(zero);
        let header = Header::default();
        self.looped(Run::Range(zero, len, false), &header, span, &mut |this, at| {
            let Some(at) = at else { return };
            let bind = |name: &str, v: V, by: By| Bind {
                name: Ident::new(name, Span::call_site()),
                what: Source::Value(v),
                by,
            };
            let binds = vec![bind("__order", order, By::Ref), bind("__at", at, By::Value)];
            let Val::Scalar(with) = this.taken_part(quote!(__order[__at]), binds, false, span)
            else {
                return;
            };
            this.as_index(with);
            let element = |v: V| {
                let mut place = place.clone();
                place.proj.push(Proj::Index(v));
                place
            };
            this.emit(Kind::Swap(element(at), element(with)), span);
        });
    }
}
