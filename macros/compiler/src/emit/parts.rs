//! Loops in parts: where the turns of an outermost loop share nothing but sums, the runtime's
//! feature `rayon` runs parts of it in parallel.
//!
//! ```text
//! rt::in_parts!(rt::part(n, work, shared),
//!     rows {
//!         struct Part<'k> { x: &'k [f64], w: &'k [f64], n: usize, m: usize, d_y: &'k mut [f64], … }
//!         impl rt::Kernel for Part<'_> { fn run(self) -> (f64, Vec<f64>) { …the loop… (sum, d_w) } }
//!         …rows of x and d_y for each part…
//!         for (sum_of_part, d_w_of_part) in rt::run_parts(parts) { …in their order… }
//!     }
//!     { …the loop… })
//! ```
//!
//! In a part everything has the name that it has outside, the loop's extent is the part's, and sums
//! begin anew. How the loop is divided depends on its extents alone, so the bits do not depend on the
//! number of threads.

use super::element::{elem_type, zero};
use super::loops::{Loops, MANY};
use crate::ir::{Affine, Elem, Index, Kind, Op, ValueId};
use crate::nest::{Element, Item, Ix, Loop, Storage};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

/// How the turns of a loop use an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Each turn has a row of its own.
    Rows { written: bool },
    /// All turns read the same.
    Shared,
    /// All turns add to the same.
    Summed,
    /// Each turn fills it anew.
    Workspace,
}

/// What a loop uses, as far as parts have to be given it.
#[derive(Default)]
struct Uses {
    arrays: BTreeMap<ValueId, Use>,
    /// Scalars from before the loop.
    scalars: BTreeMap<Ident, Elem>,
    /// Scalars that all turns add to.
    sums: BTreeSet<Element>,
}

/// A loop in parts.
struct InParts {
    /// How many turns a part has, while the program runs.
    part: TokenStream,
    /// What that number is called.
    rows: Ident,
    /// What runs the parts.
    parallel: TokenStream,
}

impl Loops<'_> {
    /// The outermost items.
    pub(super) fn outermost(&mut self, items: &[Item]) -> TokenStream {
        if items.len() >= MANY {
            return self.items(items);
        }
        let mut out = TokenStream::new();
        for item in items {
            let Item::Loop(inner) = item else {
                out.extend(self.items(std::slice::from_ref(item)));
                continue;
            };
            let before = self.clone();
            let serial = self.items(std::slice::from_ref(item));
            out.extend(match before.in_parts(inner) {
                Some(InParts { part, rows, parallel }) => quote! {
                    ::chainrule::rt::in_parts!(#part, #rows { #parallel } { #serial });
                },
                None => serial,
            });
        }
        out
    }

    /// The loop in parts; `None` if its turns share more than sums.
    fn in_parts(&self, inner: &Loop) -> Option<InParts> {
        let uses = self.uses(inner)?;
        let mut namer = self.namer.clone();
        let mut fresh = |name: &str| namer.fresh(name);
        let (rows, taken_rows, left) = (fresh("part_rows"), fresh("taken"), fresh("left"));
        let (parts, rest_of, to, term) =
            (fresh("parts"), fresh("rest"), fresh("to"), fresh("term"));
        let extent = self.symbols.dim(inner.dim);
        let mut shared = quote!(0);
        let (mut names, mut types) = (Vec::new(), Vec::new());
        let (mut given, mut taken, mut divided) = (Vec::new(), TokenStream::new(), quote!());
        let (mut prelude, mut outputs, mut returned) = (TokenStream::new(), Vec::new(), Vec::new());
        let (mut of_part, mut combined) = (Vec::new(), TokenStream::new());

        for dim in super::kernel::used_dims(self.program) {
            let name = self.symbols.dim(dim);
            names.push(name.clone());
            types.push(quote!(usize));
            given.push(if name == extent { quote!(#taken_rows) } else { quote!(#name) });
        }
        for (name, elem) in &uses.scalars {
            names.push(name.clone());
            types.push(elem_type(elem));
            given.push(quote!(#name));
        }
        for element in &uses.sums {
            let (name, value) = (&self.accumulators[element], self.program.value(element.value));
            let start = self.start(element.value);
            prelude.extend(quote!(let mut #name = #start;));
            outputs.push(elem_type(&value.elem));
            returned.push(quote!(#name));
            let part = fresh(&format!("{name}_of_part"));
            combined.extend(self.add(&element.value, quote!(#name), quote!(#part)));
            of_part.push(part);
        }
        for (&id, used) in &uses.arrays {
            let (name, elem) = (self.array(id), elem_type(&self.program.value(id).elem));
            let len = self.count(&self.kept_shape(id));
            let rest = fresh(&format!("{name}_rest"));
            let row = self.count(self.kept_shape(id).get(1..).unwrap_or_default());
            match used {
                Use::Rows { written: true } => {
                    divided.extend(quote!(let mut #rest = &mut #name[..];));
                    taken.extend(quote! {
                        let (#name, #rest_of) = ::core::mem::take(&mut #rest).split_at_mut(#taken_rows * (#row));
                        #rest = #rest_of;
                    });
                    prelude.extend(quote!(let #name = &mut #name[..#len];));
                    types.push(quote!(&'k mut [#elem]));
                }
                Use::Rows { written: false } => {
                    divided.extend(quote!(let mut #rest = &#name[..];));
                    taken.extend(quote! {
                        let (#name, #rest_of) = #rest.split_at(#taken_rows * (#row));
                        #rest = #rest_of;
                    });
                    prelude.extend(quote!(let #name = &#name[..#len];));
                    types.push(quote!(&'k [#elem]));
                }
                Use::Shared => {
                    divided.extend(quote!(let #name = &#name[..];));
                    prelude.extend(quote!(let #name = &#name[..#len];));
                    types.push(quote!(&'k [#elem]));
                }
                Use::Summed => {
                    let (start, own) = (self.start(id), fresh(&format!("{name}_own")));
                    shared.extend(quote!(+ #len));
                    prelude.extend(quote! {
                        let mut #own = ::std::vec![#start; #len];
                        let #name = &mut #own[..];
                    });
                    outputs.push(quote!(::std::vec::Vec<#elem>));
                    returned.push(quote!(#own));
                    let part = fresh(&format!("{name}_of_part"));
                    let add = self.add(&id, quote!(*#to), quote!(#term));
                    combined.extend(quote! {
                        for (#to, #term) in #name.iter_mut().zip(#part) { #add }
                    });
                    of_part.push(part);
                    continue;
                }
                Use::Workspace => {
                    let zero = zero(&self.program.value(id).elem);
                    prelude.extend(quote! {
                        let mut #name = ::std::vec![#zero; #len];
                        let #name = &mut #name[..];
                    });
                    continue;
                }
            }
            names.push(name.clone());
            given.push(quote!(#name));
        }

        let body = self.clone().items(&[Item::Loop(inner.clone())]);
        let work = self.work(&inner.body);
        let part = quote!(::chainrule::rt::part(#extent, #work, #shared));
        let parallel = quote! {
            struct Part<'k, const ADD: bool> {
                #(#names: #types,)*
                __borrowed: ::core::marker::PhantomData<&'k ()>,
            }
            impl<'k, const ADD: bool> ::chainrule::rt::Kernel for Part<'k, ADD> {
                type Output = (#(#outputs,)*);
                #[inline(always)]
                fn run(self) -> Self::Output {
                    let Part { #(#names,)* __borrowed: _ } = self;
                    #prelude
                    #body
                    (#(#returned,)*)
                }
            }
            #divided
            let mut #left = #extent;
            let mut #parts = ::std::vec::Vec::with_capacity(#left.div_ceil(#rows));
            while #left > 0 {
                let #taken_rows = ::core::cmp::min(#rows, #left);
                #left -= #taken_rows;
                #taken
                #parts.push(Part::<ADD> {
                    #(#names: #given,)*
                    __borrowed: ::core::marker::PhantomData,
                });
            }
            for (#(#of_part,)*) in ::chainrule::rt::run_parts(#parts) { #combined }
        };
        Some(InParts { part, rows, parallel })
    }

    /// What one turn costs, in additions.
    fn work(&self, items: &[Item]) -> TokenStream {
        let (mut own, mut inside) = (1_usize, TokenStream::new());
        for item in items {
            match item {
                Item::Loop(inner) => {
                    let (dim, work) = (self.symbols.dim(inner.dim), self.work(&inner.body));
                    inside.extend(quote!(+ #dim * (#work)));
                }
                Item::Let(element) | Item::Store(element) => {
                    own += match self.statement.get(&element.value).map(|stmt| &stmt.kind) {
                        Some(Kind::Map { op: Op::Prim(row), .. }) => row.cost as usize,
                        _ => 0,
                    };
                }
                _ => own += 1,
            }
        }
        let own = proc_macro2::Literal::usize_unsuffixed(own);
        quote!(#own #inside)
    }

    fn uses(&self, inner: &Loop) -> Option<Uses> {
        // Of a float that is a type parameter it is not known that threads may share it.
        let is_known = |elem: &Elem| !matches!(elem, Elem::Param(_));
        if !self.program.values.iter().all(|value| is_known(&value.elem)) {
            return None;
        }
        let mut uses = Uses::default();
        for &id in self.program.params.iter().filter(|&&id| self.program.rank(id) == 0) {
            let elem = self.program.value(id).elem.clone();
            uses.scalars.insert(self.symbols.param(id).clone(), elem);
        }
        self.collect(&inner.body, inner, &mut uses)?;
        Some(uses)
    }

    fn collect(&self, items: &[Item], outer: &Loop, uses: &mut Uses) -> Option<()> {
        for item in items {
            match item {
                Item::Loop(inner) if inner.dim == outer.dim => return None,
                Item::Loop(inner) => self.collect(&inner.body, outer, uses)?,
                Item::Let(element) => self.computed(element, outer, uses)?,
                Item::Store(element) => {
                    self.computed(element, outer, uses)?;
                    if self.nest.storage[element.value.0 as usize] != Storage::Local {
                        self.array_use(element, outer, Use::Rows { written: true }, uses)?;
                    }
                }
                Item::Add { to, arg } => {
                    self.read_in_part(arg, outer, uses)?;
                    if self.accumulators.contains_key(to) {
                        uses.sums.insert(to.clone());
                    } else if self.nest.storage[to.value.0 as usize] != Storage::Local {
                        // A buffer that values of two kinds take in turn has one way to be added up.
                        if self.is_max(to.value) != self.is_max(self.nest.buffer_of(to.value)) {
                            return None;
                        }
                        self.array_use(to, outer, Use::Summed, uses)?;
                    }
                }
                Item::Zero(element) => {
                    if self.nest.storage[element.value.0 as usize] != Storage::Local {
                        self.array_use(element, outer, Use::Workspace, uses)?;
                    }
                }
                Item::Product(_) => return None,
            }
        }
        Some(())
    }

    /// What an element is computed from.
    fn computed(&self, element: &Element, outer: &Loop, uses: &mut Uses) -> Option<()> {
        let Some(stmt) = self.statement.get(&element.value) else { return Some(()) };
        if matches!(&stmt.kind, Kind::Map { op: Op::Size(dim), .. } if *dim == outer.dim) {
            return None;
        }
        for operand in stmt.operands() {
            let by_extent = |index: &Index| matches!(index, Index::Affine(_, Affine { extent: Some((_, dim)), .. }) | Index::Stretch(_, dim) if *dim == outer.dim);
            if operand.at.iter().any(by_extent) {
                return None;
            }
            self.read_in_part(&crate::nest::at(operand, &element.at), outer, uses)?;
        }
        Some(())
    }

    fn read_in_part(&self, element: &Element, outer: &Loop, uses: &mut Uses) -> Option<()> {
        let elem = || self.program.value(element.value).elem.clone();
        if let Some(name) = self.locals.get(element).or_else(|| self.accumulators.get(element)) {
            uses.scalars.insert(name.clone(), elem());
        } else if self.is_inline(element.value) {
            self.computed(element, outer, uses)?;
        } else if self.is_array(element.value) {
            self.array_use(element, outer, Use::Shared, uses)?;
        }
        Some(())
    }

    /// Notes that an element is read (as of what is shared), stored (as of a row), added to (as of
    /// what is summed) or cleared (as of a workspace).
    fn array_use(&self, element: &Element, outer: &Loop, how: Use, uses: &mut Uses) -> Option<()> {
        let id = self.nest.buffer_of(element.value);
        let kept = self.kept_index(element);
        let follows = |ix: &Ix| ix.var() == Some(outer.var);
        let inner_axes = kept.get(1..).unwrap_or_default();
        let found = if kept.first() == Some(&Ix::Var(outer.var)) {
            if inner_axes.iter().any(follows) || self.kept_shape(id)[1..].contains(&outer.dim) {
                return None;
            }
            Use::Rows { written: how != Use::Shared }
        } else if kept.iter().any(follows) || self.kept_shape(id).contains(&outer.dim) {
            return None;
        } else if element.at.iter().any(follows) {
            // What does not keep the loop's axis is filled anew in each turn.
            Use::Workspace
        } else {
            match how {
                Use::Shared | Use::Summed => how,
                Use::Rows { .. } | Use::Workspace => return None,
            }
        };
        let both = match (uses.arrays.get(&id), found) {
            (None, found) => found,
            (Some(Use::Rows { written: a }), Use::Rows { written: b }) => {
                Use::Rows { written: *a || b }
            }
            (Some(before), found) if *before == found => found,
            _ => return None,
        };
        uses.arrays.insert(id, both);
        Some(())
    }
}
