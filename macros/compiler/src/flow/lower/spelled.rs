//! Methods that are spelled out in terms of others, source to source.

use super::Lowerer;
use super::val::Val;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, parse_quote_spanned};

impl Lowerer<'_> {
    /// A method of an array, slice or `Vec`, or of an iterator, in other words; its receiver, which
    /// was evaluated already, is evaluated in those.
    pub(super) fn spelled(&mut self, call: &ExprMethodCall) -> Option<Val> {
        let spelled = spelled(call)?;
        Some(match self.take_back(self.receiver_mark, call.span()) {
            true => self.expr(&spelled),
            false => Val::Error,
        })
    }
}

/// A call of a method in other words.
fn spelled(call: &ExprMethodCall) -> Option<Expr> {
    let (of, span) = (&call.receiver, call.method.span());
    let (mut args, name) = (call.args.iter(), call.method.to_string());
    Some(match (name.as_str(), args.next()) {
        ("retain", Some(keep)) => parse_quote_spanned! {span=> {
            let mut __kept = 0;
            for __k in 0..#of.len() {
                if (#keep)(&#of[__k]) {
                    #of.swap(__kept, __k);
                    __kept += 1;
                }
            }
            #of.truncate(__kept);
        }},
        ("dedup", None) => parse_quote_spanned! {span=> {
            let mut __kept = 0;
            for __k in 0..#of.len() {
                if __k == 0 || #of[__k] != #of[__kept - 1] {
                    #of.swap(__kept, __k);
                    __kept += 1;
                }
            }
            #of.truncate(__kept);
        }},
        ("drain", Some(range)) => {
            let (from, to) = bounds(range, of)?;
            parse_quote_spanned! {span=> {
                let (__from, __to) = (#from, #to);
                let __taken = #of[__from..__to].to_vec();
                for __k in __to..#of.len() {
                    #of.swap(__k - (__to - __from), __k);
                }
                #of.truncate(#of.len() - (__to - __from));
                __taken.into_iter()
            }}
        }
        ("rotate_left", Some(by)) => parse_quote_spanned! {span=> {
            let (__before, __by) = (#of.to_vec(), #by);
            assert!(__by <= __before.len());
            for __k in 0..__before.len() {
                #of[__k] = __before[(__k + __by) % __before.len()].clone();
            }
        }},
        ("rotate_right", Some(by)) => parse_quote_spanned! {span=> {
            let (__before, __by) = (#of.to_vec(), #by);
            assert!(__by <= __before.len());
            for __k in 0..__before.len() {
                #of[(__k + __by) % __before.len()] = __before[__k].clone();
            }
        }},
        ("concat", None) => parse_quote_spanned! {span=> {
            let mut __all = ::std::vec::Vec::new();
            for __row in #of.iter() {
                for __element in __row.iter() {
                    __all.push(__element.clone());
                }
            }
            __all
        }},
        ("map_while", Some(f)) => parse_quote_spanned! {span=>
            #of.map(#f).take_while(|__some| __some.is_some()).map(|__some| __some.unwrap())
        },
        ("partition", Some(fits)) => parse_quote_spanned! {span=> {
            let (mut __these, mut __others) = (::std::vec::Vec::new(), ::std::vec::Vec::new());
            for __item in #of {
                if (#fits)(&__item) {
                    __these.push(__item.clone());
                } else {
                    __others.push(__item.clone());
                }
            }
            (__these, __others)
        }},
        _ => return None,
    })
}

/// The bounds of a range of indices into something.
fn bounds(range: &Expr, of: &Expr) -> Option<(Expr, Expr)> {
    let Expr::Range(range) = range else { return None };
    let span = range.limits.span();
    let from = range.start.as_deref().cloned().unwrap_or_else(|| parse_quote_spanned!(span=> 0));
    let to = match (range.end.as_deref(), range.limits) {
        (Some(end), syn::RangeLimits::HalfOpen(_)) => end.clone(),
        (Some(end), syn::RangeLimits::Closed(_)) => parse_quote_spanned!(span=> #end + 1),
        (None, _) => parse_quote_spanned!(span=> #of.len()),
    };
    Some((from, to))
}
