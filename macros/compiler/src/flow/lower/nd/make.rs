//! How arrays are made.

use super::{Arr, Each, Of};
use crate::flow::ir::{Kind, Mode, Origin, Place, V};
use crate::flow::lower::val::{Held, Val};
use crate::flow::lower::{Lowerer, Slot};
use crate::ir::Elem;
use crate::parse::{Type, type_arguments};
use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned;

/// The functions that make arrays.
const MAKERS: &[&str] = &[
    "zeros",
    "ones",
    "from_elem",
    "from_vec",
    "from_iter",
    "from_shape_fn",
    "from_shape_vec",
    "eye",
    "default",
    "from",
];

/// Whether a path means a function that makes an array: `Array1::zeros`.
pub(crate) fn makes_array(path: &syn::Path) -> bool {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let [.., ty, function] = &names[..] else {
        return matches!(&names[..], [name] if matches!(name.as_str(), "arr1" | "arr2"));
    };
    let digits = ty.strip_prefix("Array").or_else(|| ty.strip_prefix("Tensor"));
    let array = digits.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
    (array && MAKERS.contains(&function.as_str()))
        || (ty == "ndarray" && matches!(function.as_str(), "arr1" | "arr2"))
        || (ty == "Zip" && function == "from")
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
        let (first, second) = (args.next(), args.next());
        let number = |this: &mut Self, value: f64| {
            let v = this.number(value, Slot::FloatLiteral, span);
            if let Some(elem) = &elem {
                this.expect_type(&Val::Scalar(v), elem, span);
            }
            v
        };
        let array = match (function.as_str(), first, second) {
            ("from", Some(first), None) if ty.as_deref() == Some("Zip") => {
                return self.zip_from(first, span);
            }
            (name @ ("zeros" | "ones" | "default"), Some(shape), None) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                let value = number(self, if name == "ones" { 1.0 } else { 0.0 });
                self.filled_array(name, value, extents, span)
            }
            ("eye", Some(n), None) => {
                let Some(n) = self.scalar(n, span) else { return Val::Error };
                self.as_index(n);
                let value = number(self, 0.0);
                let array = self.filled_array("eye", value, vec![n, n], span);
                let one = number(self, 1.0);
                self.unify(value, one);
                let of = array.clone();
                self.nested(&[n], &mut vec![], span, &mut |this, at| {
                    let place = this.element_place(&of, &[at[0], at[0]], span);
                    this.emit(Kind::Store(place, one, Mode::Set), span);
                });
                array
            }
            ("from_elem", Some(shape), Some(value)) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                let Some(value) = self.scalar(value, span) else { return Val::Error };
                self.filled_array("filled", value, extents, span)
            }
            ("from_shape_fn", Some(shape), Some(f)) => {
                let Some(extents) = self.shape(shape, rank, span) else { return Val::Error };
                self.of_function(extents, &f, span)
            }
            ("from_vec" | "from" | "arr1" | "from_iter", Some(list), None) => {
                match self.listed(list, span) {
                    Some(array) => array,
                    None => return Val::Error,
                }
            }
            ("from_shape_vec", Some(shape), Some(list)) => {
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
                return self.error(path, format!("`{other}` is not a way to make an array that chainrule knows in a function with loops: supported are `zeros`, `ones`, `from_elem`, `from_vec`, `from_shape_fn`, `from_shape_vec`, `from_iter`, `eye`"));
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
    fn of_function(&mut self, extents: Vec<V>, f: &Val, span: Span) -> Arr {
        let zero = self.number(0.0, Slot::Unknown, span);
        let array = self.filled_array("made", zero, extents, span);
        let of = array.clone();
        self.nested(&array.extents.clone(), &mut vec![], span, &mut |this, at| {
            let index = match at {
                [at] => Val::Scalar(*at),
                at => Val::Tuple(at.iter().map(|v| Val::Scalar(*v)).collect()),
            };
            let val = this.apply(f, vec![index], span);
            let Some(v) = this.scalar(val, span) else { return };
            if !this.unify(zero, v) {
                this.error(span, "this closure must return a number");
            }
            let place = this.element_place(&of, at, span);
            this.emit(Kind::Store(place, v, Mode::Set), span);
        });
        array
    }

    /// A list as an array of rank 1, or of rank 2 if it is one of fixed lists.
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
            Some(Type::Float(_)) => {}
            _ => {
                self.error(span, "only lists of floats are made into an array here");
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

    /// `array![a, b]`, `array![[a, b], [c, d]]`
    pub(in crate::flow::lower) fn array_macro(&mut self, mac: &syn::Macro, span: Span) -> Val {
        let list = mac
            .parse_body_with(syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated);
        let Ok(list) = list else {
            return self.error(mac, "the arguments of `array!` are not understood");
        };
        let mut rows: Vec<Vec<&Expr>> = Vec::new();
        let nested = list.iter().any(|expr| matches!(expr, Expr::Array(_)));
        for expr in &list {
            match expr {
                Expr::Array(row) => rows.push(row.elems.iter().collect()),
                expr if !nested => rows.push(vec![expr]),
                expr => return self.error(expr, "the rows of this array are of different kinds"),
            }
        }
        let width = rows.first().map_or(0, Vec::len);
        if rows
            .iter()
            .any(|row| row.len() != width || row.iter().any(|e| matches!(e, Expr::Array(_))))
        {
            return self
                .error(mac, "`array!` of rank 1 or 2 with rows of one length is supported here");
        }
        let extents = match nested {
            true => vec![rows.len(), width],
            false => vec![rows.len()],
        };
        let mut values = Vec::new();
        for expr in rows.iter().flatten() {
            let val = self.expr(expr);
            let Some(v) = self.scalar(val, expr.span()) else { return Val::Error };
            values.push(Val::Scalar(v));
        }
        let extents = extents.into_iter().map(|n| self.index(n as i128, span)).collect();
        match self.list(values, None, span) {
            Val::Place(Place { mem, .. }, _) => {
                self.changing.insert(mem);
                Val::Array(Box::new(Arr::whole(mem, Held::Fresh, extents)))
            }
            val => val,
        }
    }

    /// Makes an array fit the type that is written for it.
    pub(in crate::flow::lower) fn expect_array(
        &mut self,
        array: &Arr,
        ty: &Type,
        span: Span,
    ) -> bool {
        let Type::Array(elem, rank) = ty else {
            self.error(span, "an array of `ndarray` stands where another type is expected");
            return false;
        };
        let elem = match elem {
            Elem::Param(_) => self.resolved_elem(elem),
            elem => elem.clone(),
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
