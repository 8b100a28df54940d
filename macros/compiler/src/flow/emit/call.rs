//! Calls whose derivatives are calls, and those.
//!
//! ```text
//! let y_7: f64 = f(&(*x_m0), &mut state_m3);
//! {
//!     let (_, (pulled_w1, pulled_w2)) =
//!         f::vjp(&(*x_m0), &mut before_m5, ct_9, ::core::mem::take(&mut d_state_m4));
//!     d_state_m4 = pulled_w2;
//!     ::chainrule::rt::add_assign(&mut d_x_m1[..], &pulled_w1[..]);
//! }
//! ```

use super::block::{Body, Declared, one_or_tuple};
use super::types;
use crate::flow::ir::{Along, By, Call, CallArg, CallOut, Place, Proj, Pulled, Source};
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The arguments of a call.
#[derive(Default)]
struct Passed {
    /// The receiver of a method.
    receiver: Option<TokenStream>,
    /// The others.
    args: Vec<TokenStream>,
    /// What goes ahead of the call, and what follows it.
    before: TokenStream,
    after: TokenStream,
}

impl Passed {
    /// The call, with further arguments.
    fn to(&self, callee: &TokenStream, more: &[TokenStream]) -> TokenStream {
        let args = self.args.iter().chain(more);
        match &self.receiver {
            Some(receiver) => quote!(#receiver.#callee(#(#args),*)),
            None => quote!(#callee(#(#args),*)),
        }
    }
}

/// The private function with tangents of a function that calls itself: what is passed on need not
/// be a `Vec` of its own.
pub(super) struct Itself {
    /// What it is called.
    pub(super) kernel: Ident,
    /// Of each tangent, whether it is passed by reference.
    pub(super) by_reference: Vec<bool>,
}

impl Body<'_> {
    pub(super) fn call(&mut self, call: &Call) -> TokenStream {
        let passed = self.passed(call);
        let run = match self.itself_by(call) {
            Some(Itself { kernel, .. }) => passed.to(&quote!(Self::#kernel), &[]),
            None => passed.to(&call.value, &[]),
        };
        let ty = match call.out {
            CallOut::Value(v) => self.type_of(v),
            CallOut::Mem(mem) => self.owned_type(mem),
            CallOut::Unit => quote!(()),
        };
        let run = match call.guessed {
            true => quote_spanned!(span_of(&call.vjp)=> ::chainrule::rt::returned::<#ty, _>(#run)),
            false => run,
        };
        let (before, after) = (passed.before, passed.after);
        let around = |run: TokenStream, result: &Ident| match before.is_empty() {
            true => run,
            false => quote!({ #before let #result = #run; #after #result }),
        };
        let result = self.fresh("result");
        match call.out {
            CallOut::Unit => quote!(#before #run; #after),
            CallOut::Value(out) => self.define(out, &around(run, &result)),
            CallOut::Mem(mem) => self.made(mem, Some(around(run, &result))),
        }
    }

    /// How a call of the function itself with tangents is made.
    fn itself_by(&self, call: &Call) -> Option<&Itself> {
        let with_tangents = call.args.iter().any(|arg| arg.by == By::Tangent);
        self.itself.as_ref().filter(|_| call.itself && with_tangents)
    }

    fn passed(&mut self, call: &Call) -> Passed {
        let mut passed = Passed::default();
        let before = call.args.iter().filter(|arg| arg.by != By::Tangent).count();
        for (k, arg) in call.args.iter().enumerate() {
            let by_reference = k >= before
                && (self.itself_by(call)).is_some_and(|itself| itself.by_reference[k - before]);
            let value = match &arg.source {
                source if by_reference => self.lent(source, By::Ref),
                Source::Place(place) if is_shared(call, k) => self.held(place, arg.by, &mut passed),
                _ => self.argument(arg, call.method && k == 0),
            };
            match call.method && k == 0 {
                true => passed.receiver = Some(value),
                false => passed.args.push(value),
            }
        }
        passed
    }

    /// A part of a memory of which the call changes another part, as a variable of its own: that
    /// they do not overlap is known to the user's code only.
    fn held(&mut self, place: &Place, by: By, passed: &mut Passed) -> TokenStream {
        let (held, copy) = (self.fresh("held"), self.copied(place));
        let ty = self.type_at(place);
        passed.before.extend(quote!(let mut #held = #copy;));
        if by == By::Mut {
            passed.after.extend(self.put(place, ty.as_ref(), &quote!(#held)));
        }
        match (by, self.is_slice(place, ty.as_ref())) {
            (By::Value | By::Tangent, _) => quote!(#held),
            (By::Ref, true) => quote!((&#held[..])),
            (By::Ref, false) => quote!((&#held)),
            (By::Mut, true) => quote!((&mut #held[..])),
            (By::Mut, false) => quote!((&mut #held)),
        }
    }

    /// An argument. A receiver is a place: the method itself says how it is borrowed.
    fn argument(&self, arg: &CallArg, receiver: bool) -> TokenStream {
        match (&arg.source, arg.by) {
            (Source::Value(v), _) if receiver => {
                let value = match arg.by {
                    By::Value | By::Tangent => self.moved(*v),
                    By::Ref | By::Mut => self.value(*v),
                };
                quote!((#value))
            }
            (Source::Place(place), By::Ref) if receiver => self.place(place),
            (Source::Place(place), By::Mut) if receiver => self.place_mut(place),
            (source, By::Tangent) => self.tangent(source),
            (source, by) => self.lent(source, by),
        }
    }

    /// What a place holds, by value; the place is not read again before it is overwritten.
    fn given_up(&self, place: &Place) -> TokenStream {
        match self.type_at(place) {
            Some(ty) if !self.is_slice(place, Some(&ty)) => self.taken(place, &ty),
            _ => self.copied(place),
        }
    }

    /// The reverse of a call. The value comes again with the tangents and is dropped; in forward mode
    /// the tangents of the tangents come in its place.
    pub(super) fn pull(
        &mut self,
        call: &Call,
        ct: Option<&Source>,
        outs: &[Pulled],
        along: Option<&Along>,
    ) -> TokenStream {
        let mut handed = Handed::default();
        let mut given = self.cotangent(call, ct);
        let parts = self.received(outs, &mut given, &mut handed);
        let (callee, pattern) = match (along, &call.vjp_jvp) {
            (Some(along), Some(vjp_jvp)) => {
                given.extend(along.args.iter().map(|tangent| self.tangent(tangent)));
                given.extend(self.cotangent(call, along.ct.as_ref()));
                let tangents = self.received(&along.outs, &mut given, &mut handed);
                (vjp_jvp, quote!((#parts, #tangents)))
            }
            _ => (&call.vjp, quote!((_, #parts))),
        };
        let passed = self.passed(call);
        let (run, before) = (passed.to(callee, &given), passed.before);
        let Handed { declared, replaced, added } = handed;
        let values: Vec<&Ident> = declared.iter().map(|(_, name)| name).collect();
        let values = one_or_tuple(&values);
        // What the call left in its arguments is of no use; what is added may be added to what was
        // replaced: `f(x.clone(), &mut x)`.
        let run = quote!({
            #before
            let #pattern = #run;
            #replaced
            #added
            #values
        });
        match declared.is_empty() {
            true => run,
            false => {
                let declared = declared.into_iter().map(|(declared, _)| declared).collect();
                self.bind_all(declared, &run)
            }
        }
    }

    /// The cotangent of a result, or its tangent, as an argument.
    fn cotangent(&mut self, call: &Call, ct: Option<&Source>) -> Vec<TokenStream> {
        match ct {
            Some(Source::Value(v)) => vec![self.value(*v)],
            Some(Source::Place(place)) => {
                let given = self.given_up(place);
                vec![match call.guessed {
                    true => quote!(::chainrule::rt::handed(#given)),
                    false => given,
                }]
            }
            None if call.out == CallOut::Unit => vec![],
            // The tangent of what carries no derivative.
            None => vec![quote!(())],
        }
    }

    /// The tangent of an argument. A callee that takes a slice wants a `Vec`.
    fn tangent(&self, tangent: &Source) -> TokenStream {
        let value = self.source(tangent);
        match tangent {
            Source::Place(place) if matches!(self.type_at(place), Some(Type::Fixed(..))) => {
                quote!(::core::convert::Into::into(#value))
            }
            _ => value,
        }
    }

    /// What becomes of the tangents that a call hands out, and the pattern that takes them; what goes
    /// through the call is given to it, too.
    fn received(
        &mut self,
        outs: &[Pulled],
        given: &mut Vec<TokenStream>,
        to: &mut Handed,
    ) -> TokenStream {
        let mut parts = Vec::new();
        for out in outs {
            let name = self.fresh("pulled");
            match out {
                Pulled::Not => {
                    parts.push(quote!(_));
                    continue;
                }
                Pulled::Value(v) => to.declared.push((self.declared(*v), name.clone())),
                Pulled::Into(place) => {
                    let ty = self.type_at(place);
                    let target = self.place_mut(place);
                    to.added.extend(types::add_all(ty.as_ref(), &target, &quote!(#name)));
                }
                Pulled::Through(place) => {
                    let ty = self.type_at(place);
                    let up = self.given_up(place);
                    match ty {
                        // To a callee that takes a slice its tangent is a `Vec`.
                        Some(Type::Fixed(..)) => {
                            given.push(quote!(::core::convert::Into::into(#up)));
                            let fixed = quote!(::chainrule::rt::fixed(#name));
                            to.replaced.extend(self.put(place, ty.as_ref(), &fixed));
                        }
                        _ => {
                            given.push(up);
                            to.replaced.extend(self.put(place, ty.as_ref(), &quote!(#name)));
                        }
                    }
                }
            }
            parts.push(quote!(#name));
        }
        one_or_tuple(&parts)
    }
}

/// What becomes of what a call hands out.
#[derive(Default)]
struct Handed {
    /// Values that it defines, and what they are called there.
    declared: Vec<(Declared, Ident)>,
    /// Statements that put it in the place of what was given.
    replaced: TokenStream,
    /// Statements that add it.
    added: TokenStream,
}

/// Whether an argument is part of a memory of which the call changes a part that rustc cannot tell
/// from it.
fn is_shared(call: &Call, k: usize) -> bool {
    let this = &call.args[k];
    let Source::Place(place) = &this.source else { return false };
    call.args.iter().enumerate().any(|(j, other)| match &other.source {
        Source::Place(of) => {
            j != k
                && of.mem == place.mem
                && (this.by == By::Mut || other.by == By::Mut)
                && !are_fields_apart(place, of)
        }
        Source::Value(_) => false,
    })
}

fn span_of(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span())
}

/// Whether two places of one memory are in different fields.
fn are_fields_apart(a: &Place, b: &Place) -> bool {
    let fields = |place: &Place| {
        let fields = place.proj.iter().map_while(|step| match step {
            Proj::Field(name) => Some(name.clone()),
            Proj::Index(_) | Proj::Range(..) => None,
        });
        fields.collect::<Vec<_>>()
    };
    fields(a).iter().zip(&fields(b)).any(|(a, b)| a != b)
}
