//! Elements inside a nest: where they are kept, and the expressions that read and compute them.

use super::element::{cast, elem_type, literal, of_elements, primitive, zero};
use super::loops::Loops;
use crate::ir::{Affine, DimId, Elem, Kind, Op, ValueId};
use crate::nest::{Element, Ix, Storage, Var};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

impl Loops<'_> {
    /// The slice that holds an array.
    pub(super) fn array(&self, id: ValueId) -> &Ident {
        &self.arrays[&self.nest.buffer_of(id)]
    }

    /// Whether a value is kept in a slice.
    pub(super) fn is_array(&self, id: ValueId) -> bool {
        self.arrays.contains_key(&self.nest.buffer_of(id))
    }

    /// A scalar that is returned.
    pub(super) fn scalar(&self, id: ValueId) -> TokenStream {
        self.read(&Element { value: id, at: vec![] })
    }

    /// The number of elements of an array along some of its axes.
    pub(super) fn count(&self, shape: &[DimId]) -> TokenStream {
        let dims = shape.iter().map(|&dim| self.symbols.dim(dim).to_token_stream());
        dims.reduce(|product, dim| quote!(#product * #dim)).unwrap_or_else(|| quote!(1))
    }

    /// The axes of a value that its storage keeps.
    pub(super) fn kept(&self, id: ValueId) -> Vec<usize> {
        match &self.nest.storage.get(id.0 as usize) {
            Some(Storage::Buffer(axes)) => axes.clone(),
            _ => (0..self.program.rank(id)).collect(),
        }
    }

    pub(super) fn kept_shape(&self, id: ValueId) -> Vec<DimId> {
        self.kept(id).iter().map(|&axis| self.program.shape(id)[axis]).collect()
    }

    pub(super) fn kept_index(&self, element: &Element) -> Vec<Ix> {
        self.kept(element.value).iter().map(|&axis| element.at[axis]).collect()
    }

    /// Whether a value is the greatest of its terms rather than their sum.
    pub(super) fn is_max(&self, id: ValueId) -> bool {
        matches!(self.statement.get(&id).map(|stmt| &stmt.kind), Some(Kind::Max { .. }))
    }

    /// What an accumulator begins with.
    pub(super) fn start(&self, id: ValueId) -> TokenStream {
        let elem = &self.program.value(id).elem;
        match self.is_max(id) {
            true => {
                let ty = elem_type(elem);
                quote!(::chainrule::rt::least::<#ty>())
            }
            false => zero(elem),
        }
    }

    /// `to += arg`; `Float` alone does not promise compound assignment.
    pub(super) fn add(&self, id: &ValueId, to: TokenStream, arg: TokenStream) -> TokenStream {
        if self.is_max(*id) {
            return quote!(#to = ::chainrule::rt::greater(#to, #arg););
        }
        match self.program.value(*id).elem {
            Elem::Param(_) => quote!(#to = #to + #arg;),
            _ => quote!(#to += #arg;),
        }
    }

    pub(super) fn is_gradient(&self, id: ValueId) -> bool {
        self.program.grads.iter().any(|&(_, grad)| grad == Some(id))
    }

    /// Whether a value is written out wherever it is read.
    pub(super) fn is_inline(&self, id: ValueId) -> bool {
        matches!(
            self.statement.get(&id).map(|stmt| &stmt.kind),
            Some(Kind::Map { op: Op::Const(_) | Op::Size(_), .. })
        )
    }

    /// The expression that computes an element.
    pub(super) fn compute(&self, element: &Element) -> TokenStream {
        let elem = &self.program.value(element.value).elem;
        let Some(Kind::Map { op, args }) =
            self.statement.get(&element.value).map(|stmt| &stmt.kind)
        else {
            return self.read(element);
        };
        let operands: Vec<TokenStream> =
            args.iter().map(|arg| self.read(&crate::nest::at(arg, &element.at))).collect();
        match op {
            Op::Prim(row) if element.at.is_empty() => primitive(row, elem, &operands),
            Op::Prim(row) => of_elements(row, elem, &operands),
            Op::Const(number) => literal(number, elem),
            Op::Copy => quote!(#(#operands)*),
            Op::Cast => cast(&self.program.value(args[0].value).elem, elem, &operands[0]),
            Op::Size(dim) => {
                let dim = self.symbols.dim(*dim);
                quote!(#dim)
            }
            Op::Foreign(k) => {
                let accessor = &self.program.foreign[*k].accessor;
                let owner = &self.owner;
                quote!(#owner::#accessor(#(#operands),*))
            }
        }
    }

    /// An element as an operand.
    pub(super) fn read(&self, element: &Element) -> TokenStream {
        if let Some(name) = self.locals.get(element) {
            return quote!(#name);
        }
        if self.is_inline(element.value) {
            return self.compute(element);
        }
        if self.program.rank(element.value) == 0 && self.program.params.contains(&element.value) {
            let name = self.symbols.param(element.value);
            return quote!(#name);
        }
        self.place(element)
    }

    /// Where an element is kept.
    pub(super) fn place(&self, element: &Element) -> TokenStream {
        let id = element.value;
        if let Some(lanes) = self.lanes.get(element) {
            return lanes.clone();
        }
        if let Some(name) = self.accumulators.get(element) {
            return quote!(#name);
        }
        let at = self.kept_index(element);
        let array = self.nest.buffer_of(id);
        let best = (self.bound.iter())
            .filter(|(value, prefix, _)| *value == array && at.starts_with(prefix))
            .max_by_key(|(_, prefix, _)| prefix.len());
        let Some((_, prefix, base)) = best else {
            return quote!(::core::compile_error!("chainrule: an element has no place"));
        };
        if prefix.len() == at.len() {
            return base.clone();
        }
        let flat = self.flat(id, &at, prefix.len());
        quote!(#base[#flat])
    }

    /// The indices from an axis on as one, into an array whose later axes are all there.
    pub(super) fn flat(&self, array: ValueId, at: &[Ix], from: usize) -> Option<TokenStream> {
        let shape = self.kept_shape(array);
        let axes = at.iter().enumerate().skip(from);
        axes.fold(None, |outer, (axis, ix)| {
            let ix = self.ix(*ix);
            Some(match outer {
                None => ix,
                Some(outer) => {
                    let dim = self.symbols.dim(shape[axis]);
                    quote!((#outer * #dim + #ix))
                }
            })
        })
    }

    /// What is added comes before what is taken off, so that no part is negative.
    fn affine(&self, var: Var, affine: Affine) -> TokenStream {
        let number = |k: isize| proc_macro2::Literal::usize_unsuffixed(k.unsigned_abs());
        let times = |k: isize, of: TokenStream| match k.unsigned_abs() {
            1 => of,
            _ => {
                let k = number(k);
                quote!(#k * #of)
            }
        };
        let mut parts: Vec<(isize, TokenStream)> = Vec::new();
        if let Some((scale, dim)) = affine.extent {
            parts.push((scale, times(scale, self.symbols.dim(dim).to_token_stream())));
        }
        if affine.constant != 0 {
            parts.push((affine.constant, number(affine.constant).to_token_stream()));
        }
        if affine.step != 0 {
            parts.push((affine.step, times(affine.step, self.vars[&var].to_token_stream())));
        }
        let added = parts.iter().filter(|(k, _)| *k > 0).map(|(_, part)| part.clone());
        let added = added.reduce(|sum, part| quote!(#sum + #part)).unwrap_or_else(|| quote!(0));
        let taken = parts.iter().filter(|(k, _)| *k < 0).map(|(_, part)| part);
        quote!((#added #(- #taken)*))
    }

    pub(super) fn ix(&self, ix: Ix) -> TokenStream {
        match ix {
            Ix::At(k) => {
                let k = proc_macro2::Literal::usize_unsuffixed(k);
                quote!(#k)
            }
            Ix::Var(var) => {
                let var = &self.vars[&var];
                quote!(#var)
            }
            Ix::Affine(var, affine) => self.affine(var, affine),
            Ix::Stretch(var, dim) => {
                let (var, dim) = (&self.vars[&var], self.symbols.dim(dim));
                quote!(::chainrule::rt::stretch(#var, #dim))
            }
        }
    }
}
