//! Arrays that are made rather than computed, and arrays that are changed in place as a whole.

use super::text::text;
use super::{Lowerer, Ref, Val};
use crate::ir::{Dim, DimId, Elem, Kind, Literal, Op, ValueId};
use crate::parse::elem_of;
use crate::primitives;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprMethodCall};

/// The methods that change a whole array in place.
const IN_PLACE: &[&str] =
    &["assign", "fill", "mapv_inplace", "scaled_add", "swap_axes", "invert_axis"];

impl Lowerer<'_> {
    /// The dimensions that a shape is made of: `3`, `(n, m)`, `x.dim()`, `[2, 3]`.
    pub(super) fn shape(&mut self, expr: &Expr) -> Option<Vec<DimId>> {
        let val = match expr {
            Expr::Array(list) => {
                let vals: Option<Vec<Val>> = list.elems.iter().map(|e| self.expr(e)).collect();
                Val::Tuple(vals?)
            }
            Expr::Paren(inner) => return self.shape(&inner.expr),
            Expr::Reference(inner) => return self.shape(&inner.expr),
            expr => self.expr(expr)?,
        };
        let parts = match val {
            Val::Tuple(parts) => parts,
            Val::Unit => vec![],
            single => vec![single],
        };
        let mut dims = Vec::new();
        for part in parts {
            let dim = match part {
                Val::Ref(r) => self.extent(r.id),
                Val::Opaque(what) if what.is_empty() => return None,
                _ => None,
            };
            match dim {
                Some(dim) => dims.push(dim),
                None => return self.error(expr, "a shape is made of constants, of other arrays' extents, such as `x.dim()` and `x.nrows()`, and of `usize` parameters so far"),
            }
        }
        Some(dims)
    }

    /// The dimension that an integer is.
    fn extent(&mut self, id: ValueId) -> Option<DimId> {
        let Some(stmt) = self.program.body.iter().find(|stmt| stmt.dst == id) else {
            let is_size = self.program.value(id).elem == Elem::Int("usize".into());
            return is_size.then(|| self.interned(Dim::Given(id)));
        };
        match &stmt.kind {
            Kind::Map { op: Op::Size(dim), .. } => Some(*dim),
            Kind::Map { op: Op::Const(Literal::Int(k)), .. } => {
                let k = usize::try_from(*k).ok()?;
                self.elems.unify(&self.program.value(id).elem.clone(), &Elem::Int("usize".into()));
                Some(self.interned(Dim::Const(k)))
            }
            _ => None,
        }
    }

    /// `Array2::zeros((n, m))`, `Array::ones(x.raw_dim())`, `Array1::from_elem(n, x)`; `None`
    /// within if the path is not of an array's constructor.
    pub(super) fn constructor(&mut self, call: &ExprCall, path: &syn::Path) -> Option<Option<Val>> {
        let segments: Vec<&syn::PathSegment> = path.segments.iter().collect();
        let [.., of, name] = segments.as_slice() else {
            return Some(None);
        };
        let ty = of.ident.to_string();
        let Some(rank) = ["Array", "Tensor"].iter().find_map(|prefix| ty.strip_prefix(prefix))
        else {
            return Some(None);
        };
        if !rank.is_empty() && rank.parse::<usize>().is_err() {
            return Some(None);
        }
        let elem = match &of.arguments {
            syn::PathArguments::AngleBracketed(list) => match list.args.first() {
                Some(syn::GenericArgument::Type(ty)) => {
                    elem_of(ty, &self.frame().function.floats.clone())
                }
                _ => None,
            },
            _ => None,
        };
        let elem = match elem {
            Some(elem) => self.substitute(&elem),
            None => self.elems.float_literal(),
        };
        let args: Vec<&Expr> = call.args.iter().collect();
        let number = match (name.ident.to_string().as_str(), args.as_slice()) {
            ("zeros", [_]) => Some(0.0),
            ("ones", [_]) => Some(1.0),
            ("from_elem", [_, _]) => None,
            (other, _) => {
                return self.error(path, format!("`{ty}::{other}` is not supported in functions of `ndarray` arrays yet; supported are `zeros`, `ones` and `from_elem`"));
            }
        };
        let dims = self.shape(args[0])?;
        if rank.parse().is_ok_and(|rank: usize| rank != dims.len()) {
            return self.error(args[0], format!("`{ty}` takes a shape of {rank} extents"));
        }
        let value = match number {
            Some(number) => self.constant(Literal::Float(number, None), elem, call.span()),
            None => {
                let value = self.operand(args[1])?;
                if self.own_rank(value) != 0 || !self.elems.unify(&self.elem(value), &elem) {
                    return self.error(args[1], "an array is filled with a float");
                }
                value
            }
        };
        Some(Some(Val::Ref(self.filled(value, &dims, call.span()))))
    }

    /// A scalar for every element of a shape.
    fn filled(&mut self, value: Ref, dims: &[DimId], span: Span) -> Ref {
        self.view("filled", value, dims, vec![], span)
    }

    /// A method that changes a local array in place, as an assignment; `None` within if it is none.
    pub(super) fn in_place(&mut self, call: &ExprMethodCall, name: &str) -> Option<Option<Val>> {
        if !IN_PLACE.contains(&name) {
            return Some(None);
        }
        let array = self.operand(&call.receiver)?;
        let (array_text, span) = (text(&call.receiver), call.span());
        let own = self.own_shape(array);
        let args: Vec<&Expr> = call.args.iter().collect();
        let changed = match (name, args.as_slice()) {
            ("assign", [other]) => {
                let value = self.operand(other)?;
                let of = text(other);
                let shape = (own.clone(), array_text.as_str());
                self.same_elements(array, value, other)?;
                self.broadcast_to((value, &of), own, shape, span)?
            }
            ("fill", [value]) => {
                let of = self.operand(value)?;
                self.same_elements(array, of, value)?;
                if self.own_rank(of) != 0 {
                    return self.error(value, "an array is filled with a float");
                }
                self.filled(of, &own, span)
            }
            ("mapv_inplace", [closure]) => {
                let Val::Ref(mapped) = self.map_closure(array, closure, span)? else {
                    return self.error(closure, "the closure must return a float for each element");
                };
                mapped
            }
            ("scaled_add", [factor, other]) => {
                let (of, right) = (self.operand(factor)?, self.operand(other)?);
                let (of_text, right_text) = (text(factor), text(other));
                if self.own_rank(of) != 0 {
                    return self.error(factor, "`scaled_add` takes a float and an array");
                }
                let args = [(right, right_text.as_str()), (of, of_text.as_str())];
                let scaled = self.elementwise(&primitives::MUL, &args, false, span)?;
                let args = [(array, array_text.as_str()), (scaled, right_text.as_str())];
                self.elementwise(&primitives::ADD, &args, true, span)?
            }
            ("swap_axes", [a, b]) => {
                let message = "an axis must be written out: `swap_axes(0, 1)`";
                let (a, b) = (self.numbers(a, message)?, self.numbers(b, message)?);
                match (a.as_slice(), b.as_slice()) {
                    (&[a], &[b]) if a < own.len() && b < own.len() => {
                        let mut order: Vec<usize> = (0..own.len()).collect();
                        order.swap(a, b);
                        self.permuted(array, &order, span)
                    }
                    _ => {
                        let rank = own.len();
                        return self.error(
                            call,
                            format!("`swap_axes` takes two axes of an array of rank {rank}"),
                        );
                    }
                }
            }
            ("invert_axis", [axis]) => {
                let axis = self.axis(axis, own.len())?;
                self.inverted(array, axis, span)
            }
            _ => return self.error(call, format!("`{name}` takes other arguments")),
        };
        self.assign(&call.receiver, Val::Ref(changed))?;
        Some(Some(Val::Unit))
    }

    fn same_elements(&mut self, array: Ref, other: Ref, place: &Expr) -> Option<()> {
        let (a, b) = (self.elem(array), self.elem(other));
        match self.elems.unify(&a, &b) {
            true => Some(()),
            false => self.error(place, "this is not of the array's element type"),
        }
    }
}
