//! Sorting. The order is found by the user's own comparison and carries no derivative. The elements
//! of a list are then swapped; those of a short array are taken out and put back in another order,
//! so that they may be variables behind that.

use super::Lowerer;
use super::loops::{Header, Run};
use super::val::{Held, Val};
use super::{Slot, scan};
use crate::flow::ir::{Bind, By, Kind, Place, Proj, Source, V};
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ExprMethodCall;
use syn::spanned::Spanned;

/// An array of so many elements is short.
const SHORT: i128 = 8;

impl Lowerer<'_> {
    /// A method that puts the elements in another order; `None` if it is no such method, or one whose
    /// order cannot be told from outside.
    pub(super) fn sorted(&mut self, place: &Place, call: &ExprMethodCall) -> Option<Val> {
        let span = call.method.span();
        let element = self.element_type(place)?;
        let (method, args) = (&call.method, &call.args);
        let short = match (self.place_type(place), &element) {
            (Some(Type::Fixed(_, len)), Type::Float(_)) => {
                len.parse().ok().filter(|len| *len <= SHORT)
            }
            _ => None,
        };
        let list = match short {
            Some(_) => quote!(__list),
            None => quote!(&__list[..]),
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
        match short {
            Some(len) => self.taken_out_and_put_back(order, place, len, span),
            None => self.swapped_into(order, place, span),
        }
        Some(Val::Unit)
    }

    /// The list of swaps or indices.
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

    /// A place of the list, and the number that the order has there.
    fn in_order(&mut self, order: V, place: &Place, at: V, span: Span) -> Option<(Place, V)> {
        let bind = |name: &str, v: V, by: By| Bind {
            name: Ident::new(name, Span::call_site()),
            what: Source::Value(v),
            by,
        };
        let binds = vec![bind("__order", order, By::Ref), bind("__at", at, By::Value)];
        let Val::Scalar(number) = self.taken_part(quote!(__order[__at]), binds, false, span) else {
            return None;
        };
        self.as_index(number);
        Some((element(place, at), number))
    }

    /// `[list[order[0]], list[order[1]], …]` in place of the list.
    fn taken_out_and_put_back(&mut self, order: V, place: &Place, len: i128, span: Span) {
        let mut all = Vec::new();
        for k in 0..len {
            let at = self.int(k, span);
            self.as_index(at);
            let Some((to, from)) = self.in_order(order, place, at, span) else { return };
            let val = self.read_place(element(place, from), Held::Named, span);
            all.push((to, val));
        }
        for (to, val) in all {
            self.write_place(to, val, span);
        }
    }

    /// `list.swap(k, order[k])` for all k.
    fn swapped_into(&mut self, order: V, place: &Place, span: Span) {
        let (zero, len) = (self.int(0, span), self.length(place, span));
        self.as_index(zero);
        let header = Header::default();
        self.looped(Run::Range(zero, len, false), &header, span, &mut |this, at| {
            let Some(at) = at else { return };
            if let Some((here, with)) = this.in_order(order, place, at, span) {
                this.emit(Kind::Swap(here, element(place, with)), span);
            }
        });
    }
}

fn element(place: &Place, at: V) -> Place {
    let mut place = place.clone();
    place.proj.push(Proj::Index(at));
    place
}
