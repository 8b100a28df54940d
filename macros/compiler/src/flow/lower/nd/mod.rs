//! Arrays of `ndarray`.
//!
//! An array is a memory that holds its elements in row-major order, with its extents beside it as
//! integers. A view is a description of where its elements are ([`Arr`]); transposing, slicing and
//! taking rows is index arithmetic. What is computed element by element is a description too
//! ([`Each`]) until something runs over it, so that a chain of such operations becomes one loop.
//! All that comes out are loops, loads and stores: the stages behind know nothing of arrays.

mod access;
mod assign;
mod axes;
mod check;
mod each;
mod gather;
mod join;
mod make;
mod method;
mod model;
mod parts;
mod product;
mod reduce;
mod runs;
mod slice;
mod views;
mod windows;
mod zip;

pub(super) use check::Said;
pub(super) use join::{differ, renamed};
pub(crate) use make::makes_array;
pub(super) use parts::Parts;
pub(crate) use zip::azip_chain;

use super::Lowerer;
use super::val::{Held, Val};
use crate::flow::ir::{Init, Kind, Origin, Pass, Place, V};
use crate::ir::Elem;
use crate::parse::Type;
use crate::primitives::Prim;
use proc_macro2::Span;
use std::rc::Rc;

/// An array or a view of one.
#[derive(Clone, PartialEq)]
pub(in crate::flow::lower) struct Arr {
    /// Where its elements are: a slice.
    pub(super) place: Place,
    /// How it is held.
    pub(super) held: Held,
    /// How many elements it has along each axis.
    pub(super) extents: Vec<V>,
    /// Where in the slice each of them is.
    pub(super) layout: Layout,
}

/// Where in its slice an array's elements are.
#[derive(Clone, PartialEq)]
pub(in crate::flow::lower) enum Layout {
    /// One behind the other, in row-major order, from the first of the slice.
    Rows,
    /// The first at an offset, the others at a distance along each axis.
    Strided(V, Vec<Step>),
}

/// The distance from an element to the next along an axis.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::flow::lower) struct Step {
    /// How far apart they are.
    pub(super) stride: V,
    /// Whether the first is the last in memory.
    pub(super) back: bool,
}

/// What is computed element by element, where it is used.
#[derive(Clone)]
pub(in crate::flow::lower) struct Each {
    /// How many elements there are along each axis.
    pub(super) extents: Vec<V>,
    /// What an element is.
    pub(super) of: Of,
}

/// What an element is.
#[derive(Clone)]
pub(in crate::flow::lower) enum Of {
    /// The same everywhere.
    One(V),
    /// An element of a view, which has as many.
    View(Arr),
    /// A primitive of elements.
    Prim(Prim, Vec<Each>),
    /// A method of floats.
    Method(syn::Ident, Vec<Each>),
    /// A function of an element.
    Apply(Val, Rc<Each>),
}

impl Arr {
    /// The whole of a memory.
    pub(in crate::flow::lower) fn whole(
        mem: crate::flow::ir::MemId,
        held: Held,
        extents: Vec<V>,
    ) -> Arr {
        Arr { place: Place::whole(mem), held, extents, layout: Layout::Rows }
    }

    /// How many axes it has.
    pub(in crate::flow::lower) fn rank(&self) -> usize {
        self.extents.len()
    }

    pub(in crate::flow::lower) fn is_rows(&self) -> bool {
        self.layout == Layout::Rows
    }
}

impl Lowerer<'_> {
    /// A parameter: its extents are what the caller says.
    pub(super) fn array_parameter(
        &mut self,
        param: &crate::parse::Param,
        of: Type,
        rank: usize,
    ) -> (crate::flow::ir::ParamIs, Val) {
        let span = param.name.span();
        let shape = crate::flow::emit::shape_of(param);
        let extents = (0..rank).map(|axis| {
            let v = self.fresh("n", super::Slot::Int(Some("usize".to_string())), span);
            let axis = proc_macro2::Literal::usize_unsuffixed(axis);
            let path = quote::quote!(#shape[#axis]);
            self.emit(Kind::Pass(v, Pass::Path(path), vec![]), span);
            v
        });
        let extents: Vec<V> = extents.collect();
        let name = param.name.to_string();
        let ty = Type::Slice(Box::new(of));
        let exclusive = param.passing == crate::parse::Passing::Exclusive;
        let origin = if exclusive { Origin::Exclusive } else { Origin::Shared };
        let mem = self.program.mem(name.trim_start_matches("r#"), ty, origin, span);
        if exclusive {
            self.changing.insert(mem);
        }
        let held = match param.passing {
            crate::parse::Passing::Exclusive => Held::Mut,
            crate::parse::Passing::Shared => Held::Ref,
            crate::parse::Passing::Value if param.is_view() => Held::Ref,
            crate::parse::Passing::Value => Held::Named,
        };
        let array = Arr::whole(mem, held, extents);
        (crate::flow::ir::ParamIs::Mem(mem), Val::Array(Box::new(array)))
    }

    /// The class of an array's elements.
    pub(super) fn element_class(&mut self, array: &Arr) -> super::Class {
        match self.element_type(&array.place) {
            Some(Type::Float(elem)) => self.types.of_elem(&elem),
            Some(Type::Int(name)) => self.types.of_elem(&Elem::Int(name)),
            Some(Type::Constant(name)) if name == "bool" => self.types.class(super::Slot::Bool),
            _ => self.types.class(super::Slot::Unknown),
        }
    }

    /// Makes the elements of an array floats of a type.
    pub(super) fn expect_elements(&mut self, array: &Arr, elem: &Elem) -> bool {
        let (own, class) = (self.element_class(array), self.types.of_elem(elem));
        self.types.unify(own, class)
    }

    /// How many elements there are.
    fn count_all(&mut self, extents: &[V], span: Span) -> V {
        let mut extents = extents.iter().copied();
        let Some(first) = extents.next() else {
            let one = self.int(1, span);
            self.as_index(one);
            return one;
        };
        extents.fold(first, |all, extent| self.int_op("*", all, extent, span))
    }

    /// A new array of a memory's own, with this value everywhere.
    fn filled_array(&mut self, name: &str, value: V, extents: Vec<V>, span: Span) -> Arr {
        let len = self.count_all(&extents, span);
        let ty = Type::Vec(Box::new(Type::Float(Elem::Var(self.class(value)))));
        let mem = self.memory(name, ty, span);
        self.emit(Kind::Alloc(mem, Init::Filled(value, Some(len))), span);
        self.changing.insert(mem);
        Arr::whole(mem, Held::Fresh, extents)
    }

    /// The array that an expression's value is, its elements in memory.
    pub(super) fn in_memory(&mut self, val: Val, span: Span) -> Option<Arr> {
        match val {
            Val::Array(array) => Some(*array),
            Val::Each(each) => Some(self.computed(&each, "computed", span)),
            val if val.is_silent() => None,
            val => {
                self.error(span, format!("an array is expected here, not {}", val.described()));
                None
            }
        }
    }

    /// An array as a variable owns it.
    pub(super) fn owned_array(&mut self, array: Arr, mutable: bool, span: Span) -> Arr {
        match array.held {
            Held::Named => {
                let copies = mutable || self.changing.contains(&array.place.mem);
                match copies || !array.place.proj.is_empty() {
                    true => self.moved_or_copied(&array, mutable, span),
                    false => Arr { held: Held::Frozen, ..array },
                }
            }
            Held::Frozen if mutable => self.copy_of(&array, span),
            // What changes lies in order.
            Held::Fresh if mutable && !array.is_rows() => self.copy_of(&array, span),
            Held::Fresh => {
                if mutable {
                    self.changing.insert(array.place.mem);
                }
                array
            }
            Held::Frozen | Held::Ref | Held::Mut => array,
        }
    }

    /// An array that is moved out of its variable is the same memory under another name: the old
    /// one is not used again, unless it is filled anew.
    pub(super) fn moved_or_copied(&mut self, array: &Arr, mutable: bool, span: Span) -> Arr {
        let (mem, whole) = (array.place.mem, array.place.proj.is_empty());
        let local = self.program.at(mem).origin == Origin::Local;
        if local && whole && array.is_rows() && !self.refilled.contains(&mem) {
            if mutable {
                self.changing.insert(mem);
            }
            return Arr { held: Held::Fresh, ..array.clone() };
        }
        self.copy_of(array, span)
    }

    /// A memory of its own with what an array holds, in row-major order.
    pub(in crate::flow::lower) fn copy_of(&mut self, array: &Arr, span: Span) -> Arr {
        if !array.is_rows() {
            return self.computed(&Each::of(array.clone()), "copy", span);
        }
        let Some(ty) = self.owned_type(&array.place) else { return array.clone() };
        let name = self.program.at(array.place.mem).name.clone();
        let mem = self.memory(&name, ty, span);
        self.emit(Kind::Alloc(mem, Init::Copy(array.place.clone())), span);
        self.changing.insert(mem);
        Arr::whole(mem, Held::Fresh, array.extents.clone())
    }

    /// What is computed element by element, as an array.
    pub(super) fn computed(&mut self, each: &Each, name: &str, span: Span) -> Arr {
        let zero = self.number(0.0, super::Slot::Unknown, span);
        let array = self.filled_array(name, zero, each.extents.clone(), span);
        self.run_over(each, std::slice::from_ref(&array), span, &mut |this, v, places| {
            if !this.unify(zero, v) || matches!(this.slot(v), super::Slot::Other) {
                this.error(span, "the elements of this array are neither numbers nor conditions, all of one type");
            }
            let kind = Kind::Store(places[0].clone(), v, crate::flow::ir::Mode::Set);
            this.emit(kind, span);
        });
        array
    }

    /// Whether two integers are known to be the same.
    fn is_same(&self, a: V, b: V) -> bool {
        let known = |v: V| self.known.get(&v);
        a == b || known(a).is_some_and(|a| known(b) == Some(a))
    }
}

impl Each {
    /// The elements of a view.
    fn of(array: Arr) -> Each {
        Each { extents: array.extents.clone(), of: Of::View(array) }
    }
}
