//! Running over iterators: each becomes one loop.

use super::Lowerer;
use super::TargetKind;
use super::iter::It;
use super::loops::{Header, Run};
use super::val::Val;
use crate::flow::ir::V;
use proc_macro2::Span;
use std::rc::Rc;

/// What is done with an item.
type Body<'b, 'a> = &'b mut dyn FnMut(&mut Lowerer<'a>, Val);

impl<'a> Lowerer<'a> {
    /// Runs over all items of an iterator in one loop.
    pub(super) fn for_each(
        &mut self,
        it: &Rc<It>,
        header: &Header,
        span: Span,
        body: Body<'_, 'a>,
    ) -> Val {
        match &**it {
            It::Map(of, f) => {
                let f = f.clone();
                self.for_each(of, header, span, &mut |this, item| {
                    let item = this.apply(&f, vec![item], span);
                    body(this, item);
                })
            }
            It::Inspect(of, f) => {
                let f = f.clone();
                self.for_each(of, header, span, &mut |this, item| {
                    this.apply(&f, vec![item.clone()], span);
                    body(this, item);
                })
            }
            It::Filter(of, f) => {
                let f = f.clone();
                self.for_each(of, header, span, &mut |this, item| {
                    let cond = this.apply(&f, vec![item.clone()], span);
                    let cond = this.plain(cond, span);
                    this.when(cond, span, &mut |this| body(this, item.clone()));
                })
            }
            It::FilterMap(of, f) => {
                let f = f.clone();
                self.for_each(of, header, span, &mut |this, item| {
                    match this.apply(&f, vec![item], span) {
                        Val::Opt(opt) => {
                            this.when(opt.tag, span, &mut |this| body(this, opt.some.clone()));
                        }
                        val if val.is_silent() => {}
                        _ => {
                            this.error(span, "this closure must return `Some(..)` or `None`");
                        }
                    }
                })
            }
            It::TakeWhile(of, f) => {
                let f = f.clone();
                self.for_each(of, header, span, &mut |this, item| {
                    let cond = this.apply(&f, vec![item.clone()], span);
                    let cond = this.plain(cond, span);
                    this.or_leave(cond, span);
                    body(this, item);
                })
            }
            It::SkipWhile(of, f) => {
                let f = f.clone();
                let begun = self.variable("begun", Val::Bool(false), true);
                self.for_each(of, header, span, &mut |this, item| {
                    let already = this.vars[begun].val.clone();
                    let now = this.branch(
                        already,
                        span,
                        |_| Val::Bool(true),
                        |this| {
                            let skipped = this.apply(&f, vec![item.clone()], span);
                            let skipped = this.plain(skipped, span);
                            this.not(skipped, span)
                        },
                    );
                    this.set(begun, now.clone());
                    this.when(now, span, &mut |this| body(this, item.clone()));
                })
            }
            It::FlatMap(of, f) => {
                if header.users {
                    return self.error(span, "a `for` over a flattened iterator is not supported: write two loops");
                }
                let f = f.clone();
                let inner = Header::default();
                self.for_each(of, header, span, &mut |this, item| {
                    let items = match &f {
                        Some(f) => this.apply(f, vec![item], span),
                        None => item,
                    };
                    if let Some(items) = this.iterator(items, span) {
                        this.for_each(&items, &inner, span, body);
                    }
                })
            }
            It::Scan(of, state, f) => {
                let (state, f) = (*state, f.clone());
                self.for_each(of, header, span, &mut |this, item| {
                    let reference = Val::Var(state, vec![]);
                    match this.apply(&f, vec![reference, item], span) {
                        Val::Opt(opt) => {
                            this.or_leave(opt.tag, span);
                            body(this, opt.some);
                        }
                        val if val.is_silent() => {}
                        _ => {
                            this.error(span, "this closure must return `Some(..)` or `None`");
                        }
                    }
                })
            }
            _ if self.is_indexed(it) => self.indexed_loop(it, header, span, body),
            It::Enumerate(of) => {
                let counter = self.counter(span);
                self.for_each(of, header, span, &mut |this, item| {
                    let k = this.count_up(counter, span);
                    body(this, Val::Tuple(vec![Val::Scalar(k), item]));
                })
            }
            It::Take(of, count) => {
                let (counter, count) = (self.counter(span), *count);
                self.for_each(of, header, span, &mut |this, item| {
                    let k = this.count_up(counter, span);
                    let cond = this.compare("<", k, count, span);
                    this.or_leave(cond, span);
                    body(this, item);
                })
            }
            It::Skip(of, count) => {
                let (counter, count) = (self.counter(span), *count);
                self.for_each(of, header, span, &mut |this, item| {
                    let k = this.count_up(counter, span);
                    let cond = this.compare(">=", k, count, span);
                    this.when(cond, span, &mut |this| body(this, item.clone()));
                })
            }
            It::StepBy(of, step) => {
                let (counter, step) = (self.counter(span), *step);
                self.for_each(of, header, span, &mut |this, item| {
                    let k = this.count_up(counter, span);
                    let phase = this.int_op("%", k, step, span);
                    let zero = this.int(0, span);
                    let cond = this.compare("==", phase, zero, span);
                    this.when(cond, span, &mut |this| body(this, item.clone()));
                })
            }
            It::Chain(a, b) if !header.users => {
                self.for_each(a, header, span, body);
                self.for_each(b, header, span, body)
            }
            _ => self.error(span, "this chain of iterators cannot be followed: collect a part of it into a `Vec` first"),
        }
    }

    fn counter(&mut self, span: Span) -> usize {
        let zero = self.int(0, span);
        self.as_index(zero);
        self.variable("count", Val::Scalar(zero), true)
    }

    /// How often this was passed before.
    fn count_up(&mut self, counter: usize, span: Span) -> V {
        let Val::Scalar(k) = self.vars[counter].val else { return V(0) };
        let next = self.plus_one(k, span);
        self.set(counter, Val::Scalar(next));
        k
    }

    fn when(&mut self, cond: Val, span: Span, step: &mut dyn FnMut(&mut Self)) {
        self.branch(
            cond,
            span,
            |this| {
                step(this);
                Val::Unit
            },
            |_| Val::Unit,
        );
    }

    /// Leaves the innermost loop where a condition does not hold.
    fn or_leave(&mut self, cond: Val, span: Span) {
        let to = self.targets.iter().rposition(|target| target.kind == TargetKind::Loop);
        self.branch(
            cond,
            span,
            |_| Val::Unit,
            |this| match to {
                Some(to) => this.jump(to, Val::Undef, true),
                None => Val::Unit,
            },
        );
    }

    fn indexed_loop(
        &mut self,
        it: &Rc<It>,
        header: &Header,
        span: Span,
        body: Body<'_, 'a>,
    ) -> Val {
        let (of, reversed) = match &**it {
            // A loop with checkpoints counts up; its items are numbered from the end.
            It::Rev(of) if header.checkpoint.is_none() => (of.clone(), true),
            _ => (it.clone(), false),
        };
        if let It::Range(lo, Some(hi)) = *of {
            let run = Run::Range(lo, hi, reversed);
            return self.looped(run, header, span, &mut |this, var| {
                if let Some(var) = var {
                    body(this, Val::Scalar(var));
                }
            });
        }
        match self.count_of(&of, span) {
            Some(count) => {
                let zero = self.int(0, span);
                self.as_index(zero);
                let run = Run::Range(zero, count, reversed);
                self.looped(run, header, span, &mut |this, var| {
                    if let Some(var) = var {
                        let item = this.item(&of, var, span);
                        body(this, item);
                    }
                })
            }
            None => {
                let counter = self.counter(span);
                self.looped(Run::Forever, header, span, &mut |this, _| {
                    let at = this.count_up(counter, span);
                    let item = this.item(&of, at, span);
                    body(this, item);
                })
            }
        }
    }
}
