//! What is checked of shapes while the program runs: what does not fit panics with names and shapes,
//! at the caller's line.

use super::Arr;
use crate::flow::ir::{Bind, By, Code, Kind, Source, V};
use crate::flow::lower::Lowerer;
use crate::flow::lower::val::Val;
use crate::lower::text;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Expr;

/// An array as a message calls it: its source, and its extents.
#[derive(Clone)]
pub(in crate::flow::lower) struct Said<'e> {
    text: Text<'e>,
    extents: Vec<V>,
}

/// What a message calls an array.
#[derive(Clone)]
enum Text<'e> {
    Source(&'e Expr),
    Name(String),
}

/// What is bound for a call that panics, by value.
struct Binds(Vec<Bind>);

impl Binds {
    fn value(&mut self, v: V) -> Ident {
        let name = format_ident!("__v{}", self.0.len());
        self.0.push(Bind { name: name.clone(), what: Source::Value(v), by: By::Value });
        name
    }

    fn shape(&mut self, extents: &[V]) -> TokenStream {
        let extents = extents.iter().map(|v| self.value(*v));
        let extents: Vec<Ident> = extents.collect();
        quote!(&[#(#extents),*])
    }

    fn said(&mut self, of: &Said<'_>) -> TokenStream {
        let name = match &of.text {
            Text::Source(expr) => text(&bare(expr)),
            Text::Name(name) => name.clone(),
        };
        let shape = self.shape(&of.extents);
        quote!(#name, #shape)
    }
}

impl<'e> Said<'e> {
    /// An array that an expression gives.
    pub(in crate::flow::lower) fn source(expr: &'e Expr, val: &Val) -> Said<'e> {
        let extents = match val {
            Val::Array(array) => array.extents.clone(),
            Val::Each(each) => each.extents.clone(),
            _ => vec![],
        };
        Said { text: Text::Source(expr), extents }
    }
}

impl Lowerer<'_> {
    /// An array by the name of its memory.
    pub(in crate::flow::lower) fn said(&self, array: &Arr) -> Said<'static> {
        let name = &self.program.at(array.place.mem).name;
        let whole = array.place.proj.is_empty() && array.is_rows();
        let text = Text::Name(if whole { name.clone() } else { format!("{name}[..]") });
        Said { text, extents: array.extents.clone() }
    }

    /// The function at whose call a panic is reported.
    fn function_name(&self) -> String {
        self.frames.first().map(|frame| frame.function.name()).unwrap_or_default()
    }

    fn or_fail(&mut self, ok: Val, call: TokenStream, binds: Vec<Bind>, span: Span) {
        self.branch(
            ok,
            span,
            |_| Val::Unit,
            |this| {
                this.emit(Kind::Diverge(Code::new(call, binds)), span);
                this.dead()
            },
        );
    }

    /// Panics with two arrays and their shapes where a condition does not hold, by a function of the
    /// runtime.
    pub(super) fn fit(&mut self, ok: Val, fail: &str, a: &Said<'_>, b: &Said<'_>, span: Span) {
        let (function, fail) = (self.function_name(), format_ident!("{fail}"));
        let mut binds = Binds(vec![]);
        let (a, b) = (binds.said(a), binds.said(b));
        self.or_fail(ok, quote!(::chainrule::rt::#fail(#function, #a, #b)), binds.0, span);
    }

    /// Panics where two extents differ.
    pub(super) fn same_extent(
        &mut self,
        (a, b): (V, V),
        fail: &str,
        left: &Said<'_>,
        right: &Said<'_>,
        span: Span,
    ) {
        if self.is_same(a, b) {
            return;
        }
        self.unify(a, b);
        let same = self.compare("==", a, b, span);
        self.fit(same, fail, left, right, span);
    }

    /// Panics where two arrays of one rank have different shapes.
    pub(super) fn same_shape(&mut self, left: &Said<'_>, right: &Said<'_>, span: Span) {
        for (a, b) in left.extents.clone().into_iter().zip(right.extents.clone()) {
            self.same_extent((a, b), "fail_same", left, right, span);
        }
    }

    /// The extent that two broadcast to, along the axis that is the `axis`th from the last.
    pub(super) fn common(
        &mut self,
        axis: usize,
        left: &Said<'_>,
        right: &Said<'_>,
        span: Span,
    ) -> Option<V> {
        let of = |said: &Said<'_>| {
            said.extents.len().checked_sub(axis + 1).map(|axis| said.extents[axis])
        };
        let (a, b) = match (of(left), of(right)) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.or(b),
        };
        if self.is_same(a, b) || self.known.get(&b) == Some(&1) {
            return Some(a);
        }
        if self.known.get(&a) == Some(&1) {
            return Some(b);
        }
        let function = self.function_name();
        let mut binds = Binds(vec![]);
        let (a, b) = (binds.said(left), binds.said(right));
        let tokens = quote!(::chainrule::rt::common(#function, #a, #b, #axis));
        match self.opaque_tokens(tokens, binds.0, true, span) {
            Val::Scalar(v) => {
                self.as_index(v);
                Some(v)
            }
            _ => None,
        }
    }

    /// Panics where an index lies outside an axis of an array, unless it is known not to.
    pub(super) fn check_index(&mut self, at: V, array: &Arr, axis: usize, span: Span) {
        let extent = array.extents[axis];
        if self.below.get(&at).is_some_and(|end| self.is_same(*end, extent)) {
            return;
        }
        if let (Some(at), Some(extent)) = (self.known.get(&at), self.known.get(&extent))
            && at < extent
        {
            return;
        }
        let inside = self.compare("<", at, extent, span);
        let function = self.function_name();
        let mut binds = Binds(vec![]);
        let array = binds.said(&self.said(array));
        let at = binds.value(at);
        let call = quote!(::chainrule::rt::fail_index(#function, #array, #axis, #at as isize));
        self.or_fail(inside, call, binds.0, span);
    }

    /// Panics where the bounds of a slice lie outside an axis of an array.
    pub(super) fn check_slice(
        &mut self,
        inside: Val,
        array: &Arr,
        (axis, slice): (usize, &str),
        span: Span,
    ) {
        let function = self.function_name();
        let mut binds = Binds(vec![]);
        let array = binds.said(&self.said(array));
        let call = quote!(::chainrule::rt::fail_slice(#function, #array, #axis, #slice));
        self.or_fail(inside, call, binds.0, span);
    }

    /// Panics where a size or step is zero.
    pub(super) fn check_size(&mut self, size: V, what: &str, array: &Arr, span: Span) {
        if self.known.get(&size).is_some_and(|size| *size > 0) {
            return;
        }
        let none = self.index(0, span);
        let some = self.compare(">", size, none, span);
        let function = self.function_name();
        let mut binds = Binds(vec![]);
        let array = binds.said(&self.said(array));
        let call = quote!(::chainrule::rt::fail_size(#function, #array, #what));
        self.or_fail(some, call, binds.0, span);
    }

    /// Panics where a variance takes off more degrees of freedom than there are elements.
    pub(super) fn check_freedom(&mut self, inside: Val, array: &Said<'_>, ddof: V, span: Span) {
        let function = self.function_name();
        let mut binds = Binds(vec![]);
        let array = binds.said(array);
        let ddof = binds.value(ddof);
        let ddof = quote!(::chainrule::rt::cast::<_, f64>(#ddof));
        let call = quote!(::chainrule::rt::fail_freedom(#function, #array, #ddof));
        self.or_fail(inside, call, binds.0, span);
    }
}

/// An expression without what only borrows it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) => bare(&reference.expr),
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}
