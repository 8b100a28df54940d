//! Products of matrices: calls of the runtime's GEMM on slices, with offsets and strides.
//!
//! ```text
//! rt::matrix_product([n, m, q], (&x[..], 0, [m, 1]), (&w[..], 0, [1, m]), (&mut y[..], 0, [q, 1]), false);
//! ```

use super::loops::Loops;
use crate::ir::{Affine, DimId, Index};
use crate::nest::{Matrix, Product, Side};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

impl Loops<'_> {
    pub(super) fn product(&self, product: &Product) -> TokenStream {
        let extents = product.extents.iter().map(|&dim| self.symbols.dim(dim));
        let [left, right, to] =
            [&product.left, &product.right, &product.to].map(|m| self.place_of(m));
        let (left_array, right_array) =
            (self.array(product.left.read.value), self.array(product.right.read.value));
        let id = product.to.read.value;
        let to_array = self.array(id);
        let keeps = match product.overwrites {
            true if self.is_gradient(id) => quote!(ADD),
            true => quote!(false),
            false => quote!(true),
        };
        let singular = match product.singular {
            None => quote!(::chainrule::rt::Singular::Neither),
            Some(Side::Left) => quote!(::chainrule::rt::Singular::Left),
            Some(Side::Right) => quote!(::chainrule::rt::Singular::Right),
        };
        quote! {
            ::chainrule::rt::matrix_product(
                [#(#extents),*],
                (&#left_array[..], #left),
                (&#right_array[..], #right),
                (&mut #to_array[..], #to),
                #keeps,
                #singular,
            );
        }
    }

    /// Where a matrix begins in its array, and the distances from row to row and from column to
    /// column.
    fn place_of(&self, matrix: &Matrix) -> TokenStream {
        let shape = self.kept_shape(matrix.read.value);
        let mut begin: Option<TokenStream> = None;
        let (mut rows, mut columns) = (quote!(0), quote!(0));
        for (axis, index) in matrix.read.at.iter().enumerate() {
            let stride = self.count(&shape[axis + 1..]);
            let (first, step) = match *index {
                Index::Axis(_) | Index::Stretch(..) => (None, quote!((#stride) as isize)),
                Index::At(k) => {
                    let k = Literal::usize_unsuffixed(k);
                    (Some(quote!(#k * (#stride) as isize)), TokenStream::new())
                }
                Index::Affine(_, affine) => {
                    let (first, step) =
                        (self.first(affine), Literal::isize_unsuffixed(affine.step));
                    (
                        Some(quote!((#first) * (#stride) as isize)),
                        quote!(#step * (#stride) as isize),
                    )
                }
            };
            if let Some(first) = first {
                begin = Some(match begin {
                    None => first,
                    Some(begin) => quote!(#begin + #first),
                });
            }
            match index.axis() {
                Some(axis) if axis == matrix.rows => rows = step,
                Some(axis) if axis == matrix.columns => columns = step,
                _ => {}
            }
        }
        let begin = begin.unwrap_or_else(|| quote!(0));
        quote!(#begin, [#rows, #columns])
    }

    /// The first element of a slice, where there is one.
    fn first(&self, affine: Affine) -> TokenStream {
        let constant = Literal::isize_unsuffixed(affine.constant);
        let of_extent = affine.extent.map(|(scale, dim): (isize, DimId)| {
            let (scale, dim) = (Literal::isize_unsuffixed(scale), self.symbols.dim(dim));
            quote!(#scale * #dim as isize +)
        });
        quote!(#of_extent #constant)
    }
}
