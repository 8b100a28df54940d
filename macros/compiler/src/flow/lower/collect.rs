//! Iterators collected into memory.

use super::Lowerer;
use super::iter::It;
use super::loops::Header;
use super::val::{Held, Val};
use crate::flow::ir::{Init, Kind, MemId, Mode, Place, Proj, Source};
use crate::ir::Elem;
use crate::parse::Type;
use proc_macro2::Span;
use std::rc::Rc;

impl Lowerer<'_> {
    /// `let y: Vec<f64> = x.iter().map(..).collect();`
    pub(super) fn collect_call(&mut self, call: &syn::ExprMethodCall, ty: Option<&Type>) -> Val {
        let span = call.method.span();
        let receiver = self.expr(&call.receiver);
        match receiver {
            Val::Iter(it) => self.collect(&it, ty, span),
            Val::Error | Val::Never => Val::Error,
            _ => self.opaque(&syn::Expr::MethodCall(call.clone())),
        }
    }

    pub(super) fn collect(&mut self, it: &Rc<It>, ty: Option<&Type>, span: Span) -> Val {
        if let Some(Type::Array(..) | Type::Passive(..)) = ty {
            return self.collected_array(it, ty, span);
        }
        let of = match ty {
            Some(Type::Vec(of)) => Some((**of).clone()),
            Some(other) => {
                let text = crate::flow::print::type_text(other);
                return self
                    .error(span, format!("only `Vec`s can be collected into here, not `{text}`"));
            }
            None => None,
        };
        let class = self.types.class(super::Slot::Unknown);
        let elem = of.clone().unwrap_or(Type::Float(Elem::Var(class)));
        let scalars = matches!(elem, Type::Float(_) | Type::Int(_));
        let known = self.is_indexed(it) && scalars && of.is_some();
        let mem = self.memory("collected", Type::Vec(Box::new(elem)), span);
        self.changing.insert(mem);
        if known && let Some(count) = self.count_of(it, span) {
            // As many elements as items: written where they belong.
            let zero = self.number(0.0, super::Slot::Unknown, span);
            if let Some(of) = &of {
                self.expect_type(&Val::Scalar(zero), of, span);
            }
            self.emit(Kind::Alloc(mem, Init::Filled(zero, Some(count))), span);
            let numbered = Rc::new(It::Enumerate(it.clone()));
            self.for_each(&numbered, &Header::default(), span, &mut |this, item| {
                let Val::Tuple(parts) = item else { return };
                let mut parts = parts.into_iter();
                if let (Some(Val::Scalar(at)), Some(item)) = (parts.next(), parts.next())
                    && let Some(v) = this.scalar(item, span)
                {
                    if let Some(of) = &of {
                        this.expect_type(&Val::Scalar(v), of, span);
                    }
                    let place = Place { mem, proj: vec![Proj::Index(at)] };
                    this.emit(Kind::Store(place, v, Mode::Set), span);
                }
            });
            return Val::Place(Place::whole(mem), Held::Fresh);
        }
        let room = if self.is_indexed(it) { self.count_of(it, span) } else { None };
        self.emit(Kind::Alloc(mem, Init::Empty(room)), span);
        self.for_each(it, &Header::default(), span, &mut |this, item| {
            this.push_to(&Place::whole(mem), item, span);
        });
        Val::Place(Place::whole(mem), Held::Fresh)
    }

    /// `place.push(val)`
    pub(super) fn push_to(&mut self, place: &Place, val: Val, span: Span) {
        let val = match val {
            Val::Place(place, held) => self.read_place(place, held, span),
            other => self.plain(other, span),
        };
        if val.is_silent() {
            return;
        }
        let elem = self.element_type(place);
        if let (Some(Type::Float(Elem::Var(class))), true) = (&elem, place.proj.is_empty())
            && matches!(self.types.slot(*class), super::Slot::Unknown)
            && matches!(val, Val::Place(..) | Val::Tuple(_) | Val::Struct(..))
            && let Some(ty) = self.type_of_val(&val, span)
        {
            // The first one tells what the `Vec` holds.
            self.program.mems[place.mem.0 as usize].ty = Type::Vec(Box::new(ty));
        }
        let elem = self.element_type(place);
        if let Some(elem) = &elem {
            self.expect_type(&val, elem, span);
        }
        let source = match val {
            Val::Place(place, _) => Source::Place(place),
            val @ (Val::Tuple(_) | Val::Struct(..)) => match self.materialised(val, "item", span) {
                Some((mem, _)) => Source::Place(Place::whole(mem)),
                None => return,
            },
            val => match self.scalar(val, span) {
                Some(v) => Source::Value(v),
                None => return,
            },
        };
        self.emit(Kind::Push(place.clone(), source), span);
    }

    /// `let (a, b): (Vec<_>, Vec<_>) = pairs.unzip();`
    pub(super) fn unzip(&mut self, it: &Rc<It>, span: Span) -> Val {
        let list = |this: &mut Self| -> MemId {
            let class = this.types.class(super::Slot::Unknown);
            let ty = Type::Vec(Box::new(Type::Float(Elem::Var(class))));
            let mem = this.memory("unzipped", ty, span);
            this.changing.insert(mem);
            this.emit(Kind::Alloc(mem, Init::Empty(None)), span);
            mem
        };
        let (a, b) = (list(self), list(self));
        self.for_each(it, &Header::default(), span, &mut |this, item| {
            for (name, mem) in [("0", a), ("1", b)] {
                match this.part(&item, name, span) {
                    Some(part) => this.push_to(&Place::whole(mem), part, span),
                    None => {
                        this.error(span, "`unzip` needs an iterator of pairs");
                    }
                }
            }
        });
        Val::Tuple(vec![self.fresh_place(a), self.fresh_place(b)])
    }
}
