//! What is computed element by element: arithmetic with broadcasting, methods of floats, functions.

use super::check::Said;
use super::{Arr, Each, Layout, Of, Step};
use crate::flow::ir::{Kind, MemId, Place, Proj, V};
use crate::flow::lower::Lowerer;
use crate::flow::lower::loops::{Header, Run};
use crate::flow::lower::val::{Held, Val};
use crate::primitives::{self, Prim};
use proc_macro2::Span;
use quote::quote;
use std::rc::Rc;
use syn::ExprMethodCall;
use syn::spanned::Spanned;

/// What is done with an element: its value, and where it is in the arrays that are run over too.
type Body<'b, 'a> = &'b mut dyn FnMut(&mut Lowerer<'a>, V, &[Place]);

impl<'a> Lowerer<'a> {
    /// A value as elements; nothing, and an error, where it has none.
    pub(in crate::flow::lower) fn elements_of(&mut self, val: Val, span: Span) -> Option<Each> {
        match val {
            Val::Array(array) => Some(Each::of(*array)),
            Val::Each(each) => Some((*each).clone()),
            val => {
                let v = self.scalar(val, span)?;
                Some(Each { extents: vec![], of: Of::One(v) })
            }
        }
    }

    /// An operation of arrays, or of an array and a number, element by element.
    pub(in crate::flow::lower) fn elementwise(
        &mut self,
        row: Prim,
        (left, right): (Val, Val),
        (left_said, right_said): (&Said<'_>, &Said<'_>),
        span: Span,
    ) -> Val {
        let (Some(a), Some(b)) = (self.elements_of(left, span), self.elements_of(right, span))
        else {
            return Val::Error;
        };
        let rank = a.extents.len().max(b.extents.len());
        let mut extents = Vec::new();
        for axis in (0..rank).rev() {
            let Some(extent) = self.common(axis, left_said, right_said, span) else {
                return Val::Error;
            };
            extents.push(extent);
        }
        let (a, b) = (self.stretched(a, &extents, span), self.stretched(b, &extents, span));
        Val::Each(Rc::new(Each { extents, of: Of::Prim(row, vec![a, b]) }))
    }

    /// Elements in the shape they are broadcast to: an axis of extent 1 has its one element
    /// everywhere.
    pub(super) fn stretched(&mut self, each: Each, to: &[V], span: Span) -> Each {
        let same = each.extents.len() == to.len()
            && each.extents.iter().zip(to).all(|(a, b)| self.is_same(*a, *b));
        if same {
            return each;
        }
        let extents = to.to_vec();
        // A function runs once for each element it is given.
        let each = match applies(&each) {
            true => Each::of(self.computed(&each, "computed", span)),
            false => each,
        };
        match each.of {
            Of::One(v) => Each { extents, of: Of::One(v) },
            Of::Prim(row, args) => {
                let args = args.into_iter().map(|arg| self.stretched(arg, to, span)).collect();
                Each { extents, of: Of::Prim(row, args) }
            }
            Of::Method(name, args) => {
                let args = args.into_iter().map(|arg| self.stretched(arg, to, span)).collect();
                Each { extents, of: Of::Method(name, args) }
            }
            Of::Apply(f, arg) => {
                let arg = self.stretched((*arg).clone(), to, span);
                Each { extents, of: Of::Apply(f, Rc::new(arg)) }
            }
            Of::View(array) => {
                let array = self.stretched_view(&array, to, span);
                Each { extents, of: Of::View(array) }
            }
        }
    }

    pub(super) fn stretched_view(&mut self, array: &Arr, to: &[V], span: Span) -> Arr {
        let same = array.rank() == to.len()
            && array.extents.iter().zip(to).all(|(a, b)| self.is_same(*a, *b));
        if same {
            return Arr { held: Held::Ref, ..array.clone() };
        }
        let (offset, own) = self.strided(array, span);
        let added = to.len().saturating_sub(own.len());
        let mut steps = Vec::new();
        for (axis, extent) in to.iter().enumerate() {
            let Some(axis) = axis.checked_sub(added) else {
                steps.push(Step { stride: self.index(0, span), back: false });
                continue;
            };
            let (step, have) = (own[axis], array.extents[axis]);
            steps.push(match () {
                () if self.is_same(have, *extent) => step,
                () if self.known.get(&have) == Some(&1) => {
                    Step { stride: self.index(0, span), back: false }
                }
                () => {
                    // Of one element there is no next; the first is the last.
                    let bind = |name: &str, v: V| crate::flow::ir::Bind {
                        name: proc_macro2::Ident::new(name, Span::call_site()),
                        what: crate::flow::ir::Source::Value(v),
                        by: crate::flow::ir::By::Value,
                    };
                    let binds = vec![
                        bind("__have", have),
                        bind("__to", *extent),
                        bind("__stride", step.stride),
                    ];
                    let tokens = quote!(::chainrule::rt::stretched(__have, __to, __stride));
                    match self.opaque_tokens(tokens, binds, true, span) {
                        Val::Scalar(stride) => {
                            self.as_index(stride);
                            Step { stride, back: step.back }
                        }
                        _ => step,
                    }
                }
            });
        }
        let layout = Layout::Strided(offset, steps);
        Arr { place: array.place.clone(), held: Held::Ref, extents: to.to_vec(), layout }
    }

    /// `-x` of an array.
    pub(in crate::flow::lower) fn negated_array(&mut self, val: Val, span: Span) -> Val {
        match self.elements_of(val, span) {
            Some(each) => {
                let extents = each.extents.clone();
                Val::Each(Rc::new(Each { extents, of: Of::Prim(&primitives::NEG, vec![each]) }))
            }
            None => Val::Error,
        }
    }

    /// `stop_gradient(x)` of an array.
    pub(in crate::flow::lower) fn stopped_array(&mut self, val: Val, span: Span) -> Val {
        match self.elements_of(val, span) {
            Some(each) => {
                let extents = each.extents.clone();
                let of = Of::Prim(&primitives::STOP_GRADIENT, vec![each]);
                Val::Each(Rc::new(Each { extents, of }))
            }
            None => Val::Error,
        }
    }

    /// A function of each element: `mapv`, `map`.
    pub(super) fn mapped(&mut self, val: Val, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let [f] = &call.args.iter().collect::<Vec<_>>()[..] else {
            return self.error(&call.method, "this takes one function");
        };
        let f = self.function_value(f);
        self.each_applied(val, f, span)
    }

    /// A function of each element.
    pub(super) fn each_applied(&mut self, val: Val, f: Val, span: Span) -> Val {
        match self.elements_of(val, span) {
            Some(each) => {
                let extents = each.extents.clone();
                Val::Each(Rc::new(Each { extents, of: Of::Apply(f, Rc::new(each)) }))
            }
            None => Val::Error,
        }
    }

    /// A method that floats have, of each element.
    pub(super) fn method_of_elements(&mut self, val: Val, call: &ExprMethodCall) -> Val {
        let span = call.method.span();
        let Some(each) = self.elements_of(val, span) else { return Val::Error };
        let extents = each.extents.clone();
        let mut args = vec![each];
        for arg in &call.args {
            let val = self.expr(arg);
            let Some(v) = self.scalar(val, arg.span()) else { return Val::Error };
            args.push(Each { extents: extents.clone(), of: Of::One(v) });
        }
        Val::Each(Rc::new(Each { extents, of: Of::Method(call.method.clone(), args) }))
    }

    /// One element.
    pub(super) fn element_of_each(&mut self, each: &Each, at: &[V], span: Span) -> Option<V> {
        match &each.of {
            Of::One(v) => Some(*v),
            Of::View(array) => {
                let place = self.element_place(array, at, span);
                self.element_value(place, span)
            }
            Of::Prim(row, args) => {
                let args: Option<Vec<V>> =
                    args.iter().map(|arg| self.element_of_each(arg, at, span)).collect();
                self.of_elements(row, &args?, span)
            }
            Of::Method(name, args) => {
                let args: Option<Vec<V>> =
                    args.iter().map(|arg| self.element_of_each(arg, at, span)).collect();
                let val = self.float_method(&name.to_string(), &args?, span, name);
                self.scalar(val, span)
            }
            Of::Apply(f, arg) => {
                let v = self.element_of_each(arg, at, span)?;
                let val = self.apply(f, vec![Val::Scalar(v)], span);
                self.scalar(val, span)
            }
        }
    }

    fn element_value(&mut self, place: Place, span: Span) -> Option<V> {
        let val = self.read_place(place, Held::Named, span);
        self.scalar(val, span)
    }

    fn of_elements(&mut self, row: Prim, args: &[V], span: Span) -> Option<V> {
        match args {
            [a, b] => self.arithmetic(row, *a, *b, span),
            [a] => {
                let class = self.class(*a);
                let out = self.of_class(row.name, class, span);
                self.emit(Kind::Prim(out, row, vec![*a]), span);
                Some(out)
            }
            _ => None,
        }
    }

    /// Runs over elements, and over arrays that have as many, in row-major order.
    pub(super) fn run_over(&mut self, each: &Each, beside: &[Arr], span: Span, body: Body<'_, 'a>) {
        let rows = beside.iter().all(Arr::is_rows) && self.is_flat(each, &each.extents);
        if rows && each.extents.len() > 1 {
            // All lie one behind the other: one loop runs over them.
            let count = self.count_all(&each.extents, span);
            let zero = self.index(0, span);
            let run = Run::Range(zero, count, false);
            let flat = flattened(each);
            self.looped(run, &Header::default(), span, &mut |this, at| {
                let Some(at) = at else { return };
                let Some(v) = this.element_of_each(&flat, &[at], span) else { return };
                let places: Vec<Place> = beside
                    .iter()
                    .map(|array| {
                        let mut place = array.place.clone();
                        place.proj.push(Proj::Index(at));
                        place
                    })
                    .collect();
                body(this, v, &places);
            });
            return;
        }
        self.nested(&each.extents, &mut vec![], span, &mut |this, at| {
            let Some(v) = this.element_of_each(each, at, span) else { return };
            let places: Vec<Place> =
                beside.iter().map(|array| this.element_place(array, at, span)).collect();
            body(this, v, &places);
        });
    }

    /// A loop for each extent, one in the other.
    pub(super) fn nested(
        &mut self,
        extents: &[V],
        at: &mut Vec<V>,
        span: Span,
        body: &mut dyn FnMut(&mut Self, &[V]),
    ) {
        let Some((first, rest)) = extents.split_first() else {
            body(self, at);
            return;
        };
        let zero = self.index(0, span);
        let run = Run::Range(zero, *first, false);
        let depth = at.len();
        self.looped(run, &Header::default(), span, &mut |this, i| {
            let Some(i) = i else { return };
            at.truncate(depth);
            at.push(i);
            this.nested(rest, at, span, body);
        });
        at.truncate(depth);
    }

    /// Whether all elements lie one behind the other, in arrays of these extents.
    fn is_flat(&self, each: &Each, extents: &[V]) -> bool {
        match &each.of {
            Of::One(_) => true,
            Of::View(array) => {
                let mut both = array.extents.iter().zip(extents);
                array.is_rows()
                    && array.rank() == extents.len()
                    && both.all(|(a, b)| self.is_same(*a, *b))
            }
            Of::Prim(_, args) | Of::Method(_, args) => {
                args.iter().all(|arg| self.is_flat(arg, extents))
            }
            Of::Apply(_, arg) => self.is_flat(arg, extents),
        }
    }

    /// Whether elements of a memory are read.
    pub(super) fn reads(each: &Each, mem: MemId) -> bool {
        match &each.of {
            Of::One(_) => false,
            Of::View(array) => array.place.mem == mem,
            Of::Prim(_, args) | Of::Method(_, args) => args.iter().any(|arg| Self::reads(arg, mem)),
            // What a closure reads is not looked at.
            Of::Apply(..) => true,
        }
    }
}

/// Whether a function of the user's is in it.
fn applies(each: &Each) -> bool {
    match &each.of {
        Of::One(_) | Of::View(_) => false,
        Of::Prim(_, args) | Of::Method(_, args) => args.iter().any(applies),
        Of::Apply(..) => true,
    }
}

/// The same elements, numbered through.
fn flattened(each: &Each) -> Each {
    let of = match &each.of {
        Of::One(v) => Of::One(*v),
        Of::View(array) => {
            let extents = vec![array.extents.first().copied().unwrap_or(V(0))];
            Of::View(Arr { extents, layout: Layout::Rows, ..array.clone() })
        }
        Of::Prim(row, args) => Of::Prim(row, args.iter().map(flattened).collect()),
        Of::Method(name, args) => Of::Method(name.clone(), args.iter().map(flattened).collect()),
        Of::Apply(f, arg) => Of::Apply(f.clone(), Rc::new(flattened(arg))),
    };
    Each { extents: vec![], of }
}
