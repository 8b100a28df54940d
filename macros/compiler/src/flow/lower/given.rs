//! Iterators, options and results of types that only rustc knows, and closures over differentiated
//! values that they are handed to.
//!
//! What is iterated over carries no derivative, so that its items can be taken out of it ahead, and
//! the closures be run over those by their numbers ([`It::Collected`]).

use super::Lowerer;
use super::iter::It;
use super::val::Val;
use super::{Slot, scan};
use crate::flow::ir::{Bind, By, Kind, Source, V};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

impl Lowerer<'_> {
    /// Whether a method of what only rustc knows hands items to a closure, or puts them together
    /// with others, that may carry derivatives.
    pub(super) fn gives_items(&self, v: V, call: &ExprMethodCall) -> bool {
        let name = call.method.to_string();
        !self.is_plain(v)
            && (self.iterators.contains(&v) || GIVE_ITEMS.contains(&name.as_str()))
            && self.mentions_what_varies(call)
    }

    /// Whether the arguments of a method name variables that may carry derivatives.
    fn mentions_what_varies(&self, call: &ExprMethodCall) -> bool {
        let varies = |name: &String| {
            let Some(id) = self.lookup(name).filter(|_| !self.is_item(name)) else { return false };
            match &self.vars[id].val {
                Val::Scalar(v) => self.is_float(*v),
                Val::Bool(_) | Val::Table(_) | Val::Function(_) => false,
                _ => true,
            }
        };
        call.args.iter().any(|arg| scan::uses(arg).names.keys().any(varies))
    }

    /// Notes that the result of a method is an iterator, and by which steps it was made.
    pub(super) fn note_iterator(&mut self, val: &Val, of: V, call: &ExprMethodCall) {
        let name = call.method.to_string();
        let Val::Scalar(out) = *val else { return };
        let keeps = self.iterators.contains(&of) && KEEP_ITERATORS.contains(&name.as_str());
        if !keeps && !MAKE_ITERATORS.contains(&name.as_str()) {
            return;
        }
        self.iterators.insert(out);
        let is_pure = self.regions.last().and_then(|region| region.stmts.last()).is_some_and(
            |stmt| matches!(&stmt.kind, Kind::Opaque { out: Some(v), pure: true, .. } if *v == out),
        );
        if keeps && is_pure && STEPS.contains(&name.as_str()) {
            self.steps.insert(out, (of, call.clone()));
        }
    }

    /// Whether it is known by which steps an iterator was made.
    pub(super) fn is_made_by_steps(&self, v: V) -> bool {
        self.steps.contains_key(&v)
    }

    /// The items of what only rustc knows, as the receiver of a method.
    pub(super) fn given(&mut self, v: V, call: &ExprMethodCall, span: Span) -> Option<Rc<It>> {
        match self.iterators.contains(&v) {
            true => self.taken_apart(v, &call.receiver, span),
            // Types may have methods of the same names that mean something else.
            false => {
                let at = Span::call_site().located_at(span);
                let given = quote_spanned!(at=> ::chainrule::rt::given);
                self.collected(v, quote!(#given(__items)), span)
            }
        }
    }

    /// The items of an iterator that was made just now by an expression: of `xs.iter().zip(&ys)`
    /// those of `xs` and those of `ys`, with nothing collected of both together.
    pub(super) fn taken_apart(&mut self, v: V, made_by: &Expr, span: Span) -> Option<Rc<It>> {
        // What a variable holds may have been made of other variables that have changed since.
        if let Expr::MethodCall(of) = made_by
            && let Some((receiver, step)) = self.steps.get(&v).cloned()
        {
            let it = self.taken_apart(receiver, &of.receiver, span)?;
            if let Some(Val::Iter(it)) = self.adaptor(&it, &step) {
                return Some(it);
            }
        }
        self.collected(v, quote!(::chainrule::rt::items!(__items)), span)
    }

    /// The items by code that takes them out of `__items`.
    pub(super) fn collected(&mut self, v: V, items: TokenStream, span: Span) -> Option<Rc<It>> {
        let bind = Bind {
            name: Ident::new("__items", Span::call_site()),
            what: Source::Value(v),
            by: if self.program.of(v).object { By::Ref } else { By::Value },
        };
        match self.opaque_tokens(items, vec![bind], false, span) {
            Val::Scalar(items) => {
                self.is_a(items, Slot::Other);
                Some(Rc::new(It::Collected(items)))
            }
            _ => None,
        }
    }
}

/// Whether a method is one of options that iterators do not have: what is asked so is the first item
/// of something that has no second.
pub(super) fn is_of_options(name: &str) -> bool {
    OF_OPTIONS.contains(&name)
}

/// Methods whose result is an iterator, whatever they are methods of.
const MAKE_ITERATORS: &[&str] =
    &["iter", "into_iter", "windows", "chunks", "chunks_exact", "keys", "values"];

/// Methods of iterators and options that hand items to closures, whatever gives them.
const GIVE_ITEMS: &[&str] = &[
    "filter",
    "filter_map",
    "flat_map",
    "fold",
    "for_each",
    "map",
    "map_or",
    "map_or_else",
    "unwrap_or",
    "unwrap_or_else",
];

/// Methods of options that iterators do not have.
const OF_OPTIONS: &[&str] = &[
    "expect",
    "map_or",
    "map_or_else",
    "unwrap",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
];

/// Methods of iterators whose result is one.
const KEEP_ITERATORS: &[&str] = &[
    "by_ref",
    "chain",
    "cloned",
    "copied",
    "enumerate",
    "filter",
    "filter_map",
    "flat_map",
    "map",
    "rev",
    "skip",
    "skip_while",
    "step_by",
    "take",
    "take_while",
    "zip",
];

/// Those that pair and choose items, and run no closure.
const STEPS: &[&str] = &["enumerate", "rev", "skip", "step_by", "take", "zip"];
