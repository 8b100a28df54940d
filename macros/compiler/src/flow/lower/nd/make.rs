//! How arrays are made.

use super::{Arr, Each, Of};
use crate::flow::ir::{Kind, Mode, Origin, Place, V};
use crate::flow::lower::val::{Held, Val};
use crate::flow::lower::{Lowerer, Slot};
use crate::ir::Elem;
use crate::parse::{Type, type_arguments};
use crate::primitives;
use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned;

/// The associated functions that make arrays.
const MAKERS: &[&str] = &[
    "zeros",
    "ones",
    "from_elem",
    "from_vec",
    "from_iter",
    "from_shape_fn",
    "from_shape_simple_fn",
    "from_shape_vec",
    "from_shape",
    "from_diag",
    "from_diag_elem",
    "linspace",
    "range",
    "eye",
    "default",
    "from",
    "uninit",
];

/// The functions of `ndarray` that make arrays or change them.
const FUNCTIONS: &[&str] = &[
    "arr0",
    "arr1",
    "arr2",
    "arr3",
    "aview0",
    "aview1",
    "aview2",
    "concatenate",
    "stack",
    "kron",
    "general_mat_mul",
    "general_mat_vec_mul",
];

/// Whether a path means a function that makes an array or changes one: `Array1::zeros`.
pub(crate) fn makes_array(path: &syn::Path) -> bool {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let [.., ty, function] = &names[..] else {
        return matches!(&names[..], [name] if FUNCTIONS.contains(&name.as_str()));
    };
    let digits = ["ArrayView", "Array", "Tensor"].iter().find_map(|name| ty.strip_prefix(name));
    let array = digits.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
    (array && MAKERS.contains(&function.as_str()))
        || (matches!(ty.as_str(), "ndarray" | "linalg" | "nd")
            && FUNCTIONS.contains(&function.as_str()))
        || (ty == "Zip" && matches!(function.as_str(), "from" | "indexed"))
}

impl Lowerer<'_> {
    /// `Array1::zeros(n)`, `Array2::from_shape_fn((n, m), |(i, j)| ..)`
    pub(in crate::flow::lower) fn make_array(
        &mut self,
        path: &syn::Path,
        args: Vec<Val>,
        span: Span,
    ) -> Val {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let function = names.last().cloned().unwrap_or_default();
        let ty = names.len().checked_sub(2).and_then(|k| names.get(k)).cloned();
        if args.iter().any(Val::is_silent) {
            return Val::Error;
        }
        let elem = path.segments.iter().rev().nth(1).and_then(|segment| {
            let mut of = syn::Path::from(segment.ident.clone());
            of.segments[0].arguments = segment.arguments.clone();
            let ty = (*type_arguments(&of).first()?).clone();
            self.written_type(&ty)
        });
        let rank = ty.as_deref().and_then(|ty| {
            ty.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().ok()
        });
        let mut args = args.into_iter();
        let (first, second, third) = (args.next(), args.next(), args.next());
        // Of integers or conditions where that is said.
        let number = |this: &mut Self, value: f64| {
            let slot = if elem.is_some() { Slot::Unknown } else { Slot::FloatLiteral };
            let v = this.number(value, slot, span);
            if let Some(elem) = &elem {
                this.expect_type(&Val::Scalar(v), elem, span);
            }
            v
        };
        let spaced = matches!(function.as_str(), "linspace" | "range");
        if spaced {
            let vals: Vec<Val> = [first, second, third].into_iter().flatten().collect();
            return self.spaced(&function, vals, elem.as_ref(), span);
        }
        let array = match (function.as_str(), first, second) {
            (name @ ("from" | "indexed"), Some(first), None) if ty.as_deref() == Some("Zip") => {
                return self.zip_from(first, name == "indexed", span);
            }
            ("arr0" | "aview0", Some(value), None) => {
                let Some(value) = self.scalar(value, span) else { return Val::Error };
                self.filled_array("scalar", value, vec![], span)
            }
            ("from_elem", Some(Val::Unit), Some(value)) => {
                let Some(value) = self.scalar(value, span) else { return Val::Error };
                self.filled_array("filled", value, vec![], span)
            }
            ("kron", Some(a), Some(b)) => {
                let (Some(a), Some(b)) = (self.in_memory(a, span), self.in_memory(b, span)) else {
                    return Val::Error;
                };
                if a.rank() != b.rank() {
                    return self.error(span, "these arrays are of different ranks");
                }
                return self.kronecker(&a, &b, span);
            }
            ("from_diag", Some(of), None) => {
                let of = match of {
                    Val::Place(place, held) => self.array_of_slice(&place, held, span),
                    of => self.in_memory(of, span),
                };
                let Some(of) = of.filter(|of| of.rank() == 1) else {
                    return self.error(span, "a diagonal is an array of rank 1");
                };
                return self.with_diagonal(of.extents[0], span, &mut |this, at| {
                    let place = this.element_place(&of, &[at], span);
                    this.read_place(place, Held::Named, span)
                });
            }
            ("from_diag_elem", Some(n), Some(value)) => {
                let Some(n) = self.scalar(n, span) else { return Val::Error };
                self.as_index(n);
                return self.with_diagonal(n, span, &mut |_, _| value.clone());
            }
            ("from_shape_simple_fn", Some(shape), Some(f)) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                return self
                    .made_by(extents, "made", span, &mut |this, _| this.apply(&f, vec![], span));
            }
            ("uninit", ..) => {
                return self.error(
                    path,
                    "an array that is not initialised cannot be differentiated: take `zeros`",
                );
            }
            (name @ ("zeros" | "ones" | "default"), Some(shape), None) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                let value = number(self, if name == "ones" { 1.0 } else { 0.0 });
                self.filled_array(name, value, extents, span)
            }
            ("eye", Some(n), None) => {
                let Some(n) = self.scalar(n, span) else { return Val::Error };
                self.as_index(n);
                let one = number(self, 1.0);
                return self.with_diagonal(n, span, &mut |_, _| Val::Scalar(one));
            }
            ("from_elem", Some(shape), Some(value)) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                let Some(value) = self.scalar(value, span) else { return Val::Error };
                self.filled_array("filled", value, extents, span)
            }
            ("from_shape_fn", Some(shape), Some(f)) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                match self.of_function(extents, &f, span) {
                    Val::Array(array) => *array,
                    val => return val,
                }
            }
            (
                "from_vec" | "from" | "arr1" | "arr2" | "arr3" | "aview1" | "aview2" | "from_iter",
                Some(list),
                None,
            ) => match self.listed(list, span) {
                Some(array) => array,
                None => return Val::Error,
            },
            ("from_shape_vec" | "from_shape", Some(shape), Some(list)) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                let Some(flat) = self.listed(list, span) else { return Val::Error };
                let count = self.count_all(&extents, span);
                let fits = self.compare("==", count, flat.extents[0], span);
                let array = Val::Array(Box::new(Arr { extents, ..flat }));
                return Val::Opt(Box::new(crate::flow::lower::val::Opt {
                    result: true,
                    tag: fits,
                    some: array,
                    err: Val::Undef,
                }));
            }
            (other, ..) => {
                return self.error(path, format!("`{other}` is not a way to make an array that chainrule knows in a function with loops: supported are `zeros`, `ones`, `from_elem`, `from_vec`, `from_iter`, `from_shape_fn`, `from_shape_vec`, `from_diag`, `eye`, `linspace`, `range`"));
            }
        };
        if rank.is_some_and(|rank| rank != array.rank()) {
            return self.error(path, "the shape has another rank than the array's type says");
        }
        Val::Array(Box::new(array))
    }

    /// The extents that a shape stands for: `n`, `(n, m)`, `[n, m]`, `x.dim()`.
    pub(super) fn shape(&mut self, val: Val, rank: Option<usize>, span: Span) -> Option<Vec<V>> {
        let parts = match val {
            Val::Unit => vec![],
            Val::Tuple(parts) => parts,
            Val::Place(place, held) => match (self.place_type(&place), rank) {
                (Some(Type::Fixed(_, len)), _) if len.trim().parse::<usize>().is_ok() => {
                    let len = len.trim().parse::<usize>().unwrap_or(0);
                    let val = Val::Place(place, held);
                    (0..len).map(|k| self.element_at(&val, k, span)).collect()
                }
                _ => {
                    let val = self.read_place(place, held, span);
                    vec![val]
                }
            },
            val => vec![val],
        };
        let mut extents = Vec::new();
        for part in parts {
            let v = self.scalar(part, span)?;
            if self.is_float(v) {
                self.error(span, "the extents of an array are integers");
                return None;
            }
            self.as_index(v);
            extents.push(v);
        }
        Some(extents)
    }

    /// An array whose elements are a function of their indices.
    fn of_function(&mut self, extents: Vec<V>, f: &Val, span: Span) -> Val {
        self.made_by(extents, "made", span, &mut |this, at| {
            let index = super::parts::indices(at);
            this.apply(f, vec![index], span)
        })
    }

    /// A matrix with these elements on its diagonal.
    fn with_diagonal(
        &mut self,
        n: V,
        span: Span,
        element: &mut dyn FnMut(&mut Self, V) -> Val,
    ) -> Val {
        let zero = self.number(0.0, Slot::Unknown, span);
        let array = self.filled_array("diagonal", zero, vec![n, n], span);
        let of = array.clone();
        self.each_index(n, span, &mut |this, at| {
            let val = element(this, at);
            let Some(v) = this.scalar(val, span) else { return };
            if !this.unify(zero, v) {
                this.error(span, "an element of the diagonal must be a number");
            }
            let place = this.element_place(&of, &[at, at], span);
            this.emit(Kind::Store(place, v, Mode::Set), span);
        });
        Val::Array(Box::new(array))
    }

    /// `linspace(a, b, n)`, `range(a, b, step)`
    fn spaced(&mut self, name: &str, args: Vec<Val>, elem: Option<&Type>, span: Span) -> Val {
        let vals: Vec<Option<V>> = args.into_iter().map(|val| self.scalar(val, span)).collect();
        let Some(vals) = vals.into_iter().collect::<Option<Vec<V>>>() else { return Val::Error };
        let [a, b, last] = vals[..] else {
            return self.error(span, format!("`{name}` takes three numbers"));
        };
        let like = self.number(0.0, Slot::FloatLiteral, span);
        if let Some(elem) = elem {
            self.expect_type(&Val::Scalar(like), elem, span);
        }
        if !self.unify(like, a) || !self.unify(like, b) {
            return self.error(span, format!("`{name}` runs between floats of one type"));
        }
        let Some(all) = self.arithmetic(&primitives::SUB, b, a, span) else { return Val::Error };
        let (count, step) = match name {
            "range" => match self.steps(all, last, span) {
                Some(count) => (count, Val::Scalar(last)),
                None => return Val::Error,
            },
            _ => {
                self.as_index(last);
                let one = self.index(1, span);
                let several = self.compare(">", last, one, span);
                let step = self.branch(
                    several,
                    span,
                    |this| {
                        let gaps = this.int_op("-", last, one, span);
                        let gaps = this.as_float_like(gaps, like, span);
                        let step = this.arithmetic(&primitives::DIV, all, gaps, span);
                        step.map_or(Val::Error, Val::Scalar)
                    },
                    |this| {
                        let zero = this.number(0.0, Slot::Unknown, span);
                        this.unify(zero, like);
                        Val::Scalar(zero)
                    },
                );
                (last, step)
            }
        };
        let Some(step) = self.scalar(step, span) else { return Val::Error };
        self.made_by(vec![count], "spaced", span, &mut |this, at| {
            let i = this.as_float_like(at[0], like, span);
            let far = this.arithmetic(&primitives::MUL, step, i, span);
            let v = far.and_then(|far| this.arithmetic(&primitives::ADD, a, far, span));
            v.map_or(Val::Error, Val::Scalar)
        })
    }

    /// How many steps lead so far: a number that carries no derivative.
    fn steps(&mut self, all: V, by: V, span: Span) -> Option<V> {
        if !self.unify(all, by) {
            self.error(span, "the step of a `range` is a float of the same type");
            return None;
        }
        let mut binds = Vec::new();
        for (name, v) in [("__all", all), ("__by", by)] {
            let stopped = self.stop_gradient(Val::Scalar(v), span);
            let what = crate::flow::ir::Source::Value(self.scalar(stopped, span)?);
            let name = proc_macro2::Ident::new(name, Span::call_site());
            binds.push(crate::flow::ir::Bind { name, what, by: crate::flow::ir::By::Value });
        }
        let tokens = quote::quote!(::chainrule::rt::steps(__all, __by));
        let count = self.opaque_tokens(tokens, binds, true, span);
        let count = self.scalar(count, span)?;
        self.as_index(count);
        Some(count)
    }

    /// `let y: Array1<f64> = x.iter().map(..).collect();`
    pub(in crate::flow::lower) fn collected_array(
        &mut self,
        it: &std::rc::Rc<crate::flow::lower::iter::It>,
        ty: Option<&Type>,
        span: Span,
    ) -> Val {
        let of = match ty {
            Some(Type::Array(elem, 1)) => Type::Float(elem.clone()),
            Some(Type::Passive(of, 1)) if matches!(**of, Type::Int(_)) => (**of).clone(),
            _ => {
                return self.error(span, "items are collected into a `Vec` or an array of rank 1 of numbers here: give it a shape by `from_shape_vec`");
            }
        };
        match self.collect(it, Some(&Type::Vec(Box::new(of))), span) {
            Val::Place(place, held) => match self.array_of_slice(&place, held, span) {
                Some(array) => Val::Array(Box::new(array)),
                None => Val::Error,
            },
            val => val,
        }
    }

    /// A list as an array: of fixed lists of fixed lengths, one of a higher rank.
    fn listed(&mut self, list: Val, span: Span) -> Option<Arr> {
        let (place, held) = match list {
            Val::Place(place, held) => (place, held),
            Val::Iter(it) => match self.collect(&it, None, span) {
                Val::Place(place, held) => (place, held),
                _ => return None,
            },
            Val::Array(array) => return Some(self.copy_of(&array, span)),
            val if val.is_silent() => return None,
            val => {
                self.error(
                    span,
                    format!("a list of numbers is expected here, not {}", val.described()),
                );
                return None;
            }
        };
        match self.element_type(&place) {
            Some(Type::Float(_) | Type::Int(_)) => {}
            Some(Type::Fixed(..)) => return self.nested_list(&place, span),
            _ => {
                self.error(span, "only lists of numbers, and lists of lists of fixed lengths, are made into an array here");
                return None;
            }
        }
        let array = self.array_of_slice(&place, held, span)?;
        let local = self.program.at(place.mem).origin == Origin::Local;
        let vec = matches!(self.place_type(&place), Some(Type::Vec(_)));
        if held == Held::Fresh && vec && local && place.proj.is_empty() {
            self.changing.insert(place.mem);
            return Some(Arr { held: Held::Fresh, ..array });
        }
        Some(self.computed(
            &Each { extents: array.extents.clone(), of: Of::View(array) },
            "list",
            span,
        ))
    }

    /// `[[a, b], [c, d]]`
    fn nested_list(&mut self, place: &Place, span: Span) -> Option<Arr> {
        let mut extents = vec![self.length(place, span)];
        let mut of = self.element_type(place);
        while let Some(Type::Fixed(inner, len)) = of {
            let len = len.trim().parse::<i128>().ok();
            let Some(len) = len else {
                self.error(span, "the lengths of these lists have to be numbers here");
                return None;
            };
            extents.push(self.index(len, span));
            of = Some(*inner);
        }
        let array = self.made_by(extents, "list", span, &mut |this, at| {
            let mut place = place.clone();
            place.proj.extend(at.iter().map(|at| crate::flow::ir::Proj::Index(*at)));
            this.read_place(place, Held::Named, span)
        });
        self.in_memory(array, span)
    }

    /// `array![a, b]`, `array![[a, b], [c, d]]`
    pub(in crate::flow::lower) fn array_macro(&mut self, mac: &syn::Macro, span: Span) -> Val {
        let list = mac
            .parse_body_with(syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated);
        let Ok(list) = list else {
            return self.error(mac, "the arguments of `array!` are not understood");
        };
        let list: Vec<Expr> = list.into_iter().collect();
        let (mut extents, mut flat) = (vec![list.len()], list);
        // A level of brackets is an axis; the last may be lists of the user's.
        while flat.first().is_some_and(|expr| matches!(expr, Expr::Array(_))) {
            let mut inner = Vec::new();
            let mut width = None;
            for expr in flat {
                let Expr::Array(row) = expr else {
                    return self.error(mac, "the rows of this array are of different kinds");
                };
                if width.is_some_and(|width| width != row.elems.len()) {
                    return self.error(mac, "the rows of this array are of different lengths");
                }
                width = Some(row.elems.len());
                inner.extend(row.elems);
            }
            extents.push(width.unwrap_or(0));
            flat = inner;
        }
        let mut values = Vec::new();
        for expr in &flat {
            let val = self.expr(expr);
            let Some(v) = self.scalar(val, expr.span()) else { return Val::Error };
            values.push(v);
        }
        let extents: Vec<V> = extents.into_iter().map(|n| self.index(n as i128, span)).collect();
        let Some(first) = values.first() else {
            let zero = self.number(0.0, Slot::FloatLiteral, span);
            return Val::Array(Box::new(self.filled_array("list", zero, extents, span)));
        };
        let class = self.class(*first);
        for v in &values[1..] {
            let own = self.class(*v);
            if !self.types.unify(class, own) {
                return self.error(span, "the elements of this array are of different types");
            }
        }
        let ty = Type::Vec(Box::new(Type::Float(crate::ir::Elem::Var(class))));
        let mem = self.memory("list", ty, span);
        self.emit(Kind::Alloc(mem, crate::flow::ir::Init::List(values)), span);
        self.changing.insert(mem);
        Val::Array(Box::new(Arr::whole(mem, Held::Fresh, extents)))
    }

    /// Makes an array fit the type that is written for it.
    pub(in crate::flow::lower) fn expect_array(
        &mut self,
        array: &Arr,
        ty: &Type,
        span: Span,
    ) -> bool {
        let (elem, rank) = match ty {
            Type::Array(elem, rank) => (self.resolved_elem(elem), rank),
            Type::Passive(of, rank) => match &**of {
                Type::Int(name) => (Elem::Int(name.clone()), rank),
                _ => {
                    let (own, class) = (self.element_class(array), self.types.class(Slot::Bool));
                    return *rank == array.rank() && self.types.unify(own, class);
                }
            },
            _ => {
                self.error(span, "an array of `ndarray` stands where another type is expected");
                return false;
            }
        };
        if *rank != array.rank() {
            self.error(
                span,
                format!("an array of rank {rank} is expected here, not of rank {}", array.rank()),
            );
            return false;
        }
        let fits = self.expect_elements(array, &elem);
        if !fits {
            self.error(span, format!("an array of `{elem}` is expected here"));
        }
        fits
    }
}
