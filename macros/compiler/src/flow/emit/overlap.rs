//! Elements that neighbouring iterations share, in lanes.
//!
//! Where a loop adds to `d[k]` and `d[k + 1]`, each iteration waits for what the one before it has
//! stored. Four at a time, their terms are put down first and then added to the elements of all
//! four, which are loaded and stored once; the last ones are handed on to the next four:
//!
//! ```text
//! let mut shared: [f64; 1] = [d_w1[0]];
//! for c in 0..n / 4 {
//!     let (mut terms_1, mut terms_0): ([f64; 4], [f64; 4]) = …;
//!     for l in 0..4 { … terms_0[l] += a; terms_1[l] += b; }
//!     let row = &mut d_w1[c * 4..c * 4 + 5];
//!     let mut line: [f64; 5] = [shared[0], row[1], row[2], row[3], row[4]];
//!     for l in 0..4 { line[l + 1] += terms_1[l]; }
//!     for l in 0..4 { line[l] += terms_0[l]; }
//!     row[..4] = line[..4]; shared = [line[4]];
//! }
//! d_w1[n / 4 * 4] = shared[0];
//! ```
//!
//! The terms of the highest index come first, so that an element gets them in the order of the
//! iterations. Only terms that one iteration adds to the same element are added up before, which is
//! allowed as the order of a gradient's sums is free.

use super::block::Body;
use super::lanes::Column;
use super::windows::Window;
use crate::emit::element::{elem_type, zero};
use crate::flow::ir::{MemId, Proj};
use crate::hash::HashMap;
use crate::ir::Elem;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// So many elements are handed on at most: more than a group has are not worth it.
const SHARED: usize = 4;

/// Elements that neighbouring iterations add to.
pub(super) struct Overlap {
    elem: Elem,
    /// How many are handed on.
    shared: usize,
    /// How far each of the column's places is from the lowest index.
    offsets: Vec<usize>,
}

/// What stands where around the lanes.
#[derive(Default)]
pub(super) struct Code {
    /// Before all.
    pub(super) before: TokenStream,
    /// Before the iterations of a group.
    pub(super) rows: TokenStream,
    /// Behind them.
    pub(super) ordered: TokenStream,
    /// Behind all.
    pub(super) after: TokenStream,
}

impl Overlap {
    /// That of a window, if the loop adds to gradients in it and does nothing else to them.
    pub(super) fn of(body: &Body<'_>, window: &Window) -> Option<Overlap> {
        let elem = window.added.clone()?;
        let offsets = window.places.iter().map(|(_, offset)| usize::try_from(*offset));
        let offsets = offsets.collect::<Result<Vec<_>, _>>().ok()?;
        let shared = offsets.iter().copied().max()?;
        let fits = shared <= SHARED && body.program.at(window.mem).shadows.is_some();
        fits.then_some(Overlap { elem, shared, offsets })
    }

    /// The code of a group, and what the column's places are called in its iterations.
    pub(super) fn chunk(
        &self,
        body: &mut Body<'_>,
        column: &Column,
        (chunk, lane): (&Ident, &Ident),
        names: &mut HashMap<(MemId, Vec<Proj>), TokenStream>,
    ) -> Code {
        let (ty, zero, slice) = (elem_type(&self.elem), zero(&self.elem), &column.slice);
        let (shared, line, row) = (body.fresh("shared"), body.fresh("line"), body.fresh("row"));
        let (handed, all) = (self.shared, self.shared + 4);
        let mut code = Code::default();
        let first = (0..handed).map(|k| quote!(#slice[#k]));
        code.before = quote!(let mut #shared: [#ty; #handed] = [#(#first),*];);
        let mut offsets = self.offsets.clone();
        offsets.sort_unstable();
        offsets.dedup();
        let mut sums = TokenStream::new();
        for offset in offsets.into_iter().rev() {
            let terms = body.fresh("terms");
            code.rows.extend(quote!(let mut #terms: [#ty; 4] = [-#zero; 4];));
            sums.extend(
                quote!(for #lane in 0..4usize { #line[#lane + #offset] += #terms[#lane]; }),
            );
            for (place, _) in column.places.iter().zip(&self.offsets).filter(|(_, o)| **o == offset)
            {
                names.insert(place.clone(), quote!(#terms[#lane]));
            }
        }
        let from_shared = (0..handed).map(|k| quote!(#shared[#k]));
        let from_row = (handed..all).map(|k| quote!(#row[#k]));
        let to_shared = (4..all).map(|k| quote!(#line[#k]));
        code.ordered = quote! {
            let #row = &mut #slice[#chunk * 4..#chunk * 4 + #all];
            let mut #line: [#ty; #all] = [#(#from_shared,)* #(#from_row),*];
            #sums
            for #lane in 0..4usize { #row[#lane] = #line[#lane]; }
            #shared = [#(#to_shared),*];
        };
        let back = (0..handed).map(|k| quote!(#slice[#chunk + #k] = #shared[#k];));
        code.after = quote! {
            let #chunk: usize = (#slice.len() - #handed) / 4 * 4;
            #(#back)*
        };
        code
    }
}
