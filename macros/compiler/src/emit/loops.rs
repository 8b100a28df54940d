//! Loop nests as Rust: slices cut to length once, rows handed out before the inner loops, sums in
//! lanes.
//!
//! A sum in an innermost loop is kept in eight lanes, whatever the vector width of the CPU, so
//! that its bits are the same everywhere:
//!
//! ```text
//! let (x_c, x_t) = x.as_chunks::<8>();
//! let mut lanes = [0.0; 8];
//! for x in x_c { for l in 0..8 { lanes[l] += x[l]; } }
//! s += rt::sum_lanes(&lanes);
//! for x in x_t { s += *x; }
//! ```
//!
//! Loops that write many slices run in lanes, too, so that they are vectorised. Neighbours, and rows
//! at any index, are slices of slices.

use super::element::{elem_type, zero};
use super::names::{Namer, Symbols};
use super::streams::{Stream, is_compared};
use crate::ir::{Program, ValueId};
use crate::nest::{Element, Item, Ix, Loop, Nest, Storage, Var};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::HashMap;

/// More items than this in one scope are declared together.
pub(super) const MANY: usize = 256;

/// Emits the items of a nest.
#[derive(Clone)]
pub(super) struct Loops<'p> {
    pub(super) program: &'p Program,
    pub(super) nest: &'p Nest,
    pub(super) symbols: &'p Symbols,
    pub(super) namer: Namer,
    pub(super) statement: HashMap<ValueId, &'p crate::ir::Stmt>,
    pub(super) locals: HashMap<Element, Ident>,
    pub(super) accumulators: HashMap<Element, Ident>,
    pub(super) arrays: HashMap<ValueId, Ident>,
    pub(super) vars: HashMap<Var, Ident>,
    /// What stands for an array at a prefix of its index: a slice of the rest, or an element.
    pub(super) bound: Vec<(ValueId, Vec<Ix>, TokenStream)>,
    /// Accumulators that are lanes at the moment.
    pub(super) lanes: HashMap<Element, TokenStream>,
    /// What this type's own constants are reached through.
    pub(super) owner: TokenStream,
}

impl<'p> Loops<'p> {
    pub(super) fn new(
        program: &'p Program,
        nest: &'p Nest,
        symbols: &'p Symbols,
        mut namer: Namer,
        owner: TokenStream,
    ) -> Self {
        let statement: HashMap<_, _> = program.body.iter().map(|stmt| (stmt.dst, stmt)).collect();
        let mut arrays = HashMap::new();
        for &id in &program.params {
            if program.rank(id) > 0 {
                arrays.insert(id, symbols.param(id).clone());
            }
        }
        for (k, storage) in nest.storage.iter().enumerate() {
            let id = ValueId(k as u32);
            if matches!(storage, Storage::Output | Storage::Buffer(_)) && nest.buffer_of(id) == id {
                let grad_of = program.grads.iter().find(|(_, grad)| *grad == Some(id));
                let name = match grad_of {
                    Some(&(param, _)) => format!("d_{}", program.value(param).name),
                    None => program.value(id).name.clone(),
                };
                arrays.insert(id, namer.fresh(&name));
            }
        }
        let bound = arrays.iter().map(|(&id, name)| (id, vec![], quote!(#name))).collect();
        Loops {
            program,
            nest,
            symbols,
            namer,
            statement,
            locals: HashMap::new(),
            accumulators: HashMap::new(),
            arrays,
            vars: HashMap::new(),
            bound,
            lanes: HashMap::new(),
            owner,
        }
    }

    /// The slices cut to their lengths, and the buffers.
    pub(super) fn prelude(&self) -> TokenStream {
        let mut out = TokenStream::new();
        let mut arrays: Vec<_> = self.arrays.iter().collect();
        arrays.sort();
        for (&id, name) in arrays {
            let len = self.count(&self.kept_shape(id));
            match self.nest.storage.get(id.0 as usize) {
                Some(Storage::Buffer(_)) => {
                    let zero = zero(&self.program.value(id).elem);
                    out.extend(quote!(let mut #name = ::std::vec![#zero; #len]; let #name = &mut #name[..];));
                }
                Some(Storage::Output) => out.extend(quote!(let #name = &mut #name[..#len];)),
                _ => out.extend(quote!(let #name = &#name[..#len];)),
            }
        }
        out
    }

    pub(super) fn items(&mut self, items: &[Item]) -> TokenStream {
        if items.len() < MANY {
            return items.iter().map(|item| self.item(item)).collect();
        }
        items.chunks(MANY).map(|chunk| self.declared_together(chunk)).collect()
    }

    /// Many locals, declared by one `let`. Each `let` is a scope inside the one before, and rustc's
    /// debug information does not survive tens of thousands of nested scopes.
    fn declared_together(&mut self, items: &[Item]) -> TokenStream {
        let (mut names, mut out) = (Vec::new(), TokenStream::new());
        for item in items {
            match item {
                Item::Let(element) if !self.is_inline(element.value) => {
                    let (name, value) = self.local(element);
                    out.extend(quote!(#name = #value;));
                    names.push(name);
                }
                item => out.extend(self.item(item)),
            }
        }
        quote!(let (#(#names,)*); #out)
    }

    /// Names a local; its name and value.
    fn local(&mut self, element: &Element) -> (Ident, TokenStream) {
        let value = self.compute(element);
        let name = self.namer.fresh(&self.program.value(element.value).name);
        self.locals.insert(element.clone(), name.clone());
        (name, value)
    }

    fn item(&mut self, item: &Item) -> TokenStream {
        match item {
            Item::Let(element) => {
                if self.is_inline(element.value) {
                    return TokenStream::new();
                }
                let (name, value) = self.local(element);
                quote!(let #name = #value;)
            }
            Item::Zero(element) => self.zero(element),
            Item::Add { to, arg } => {
                let arg = self.read(arg);
                self.add(&to.value, self.place(to), arg)
            }
            // All who read it share its loops: a local will do.
            Item::Store(element)
                if self.nest.storage[element.value.0 as usize] == Storage::Local =>
            {
                let (name, value) = self.local(element);
                quote!(let #name = #value;)
            }
            Item::Store(element) => {
                let value = self.compute(element);
                let to = self.place(element);
                if self.is_gradient(element.value) {
                    let add = self.add(&element.value, to.clone(), value.clone());
                    quote!(if ADD { #add } else { #to = #value; })
                } else {
                    quote!(#to = #value;)
                }
            }
            Item::Product(product) => self.product(product),
            Item::Loop(inner) => {
                if inner.body.iter().any(|item| matches!(item, Item::Loop(_))) {
                    self.outer(inner)
                } else {
                    self.innermost(inner)
                }
            }
        }
    }

    fn zero(&mut self, element: &Element) -> TokenStream {
        let id = element.value;
        let value = self.program.value(id);
        let zero = self.start(id);
        match self.nest.storage[id.0 as usize] {
            Storage::Local => {
                let name = self.namer.fresh(&value.name);
                self.accumulators.insert(element.clone(), name.clone());
                quote!(let mut #name = #zero;)
            }
            Storage::Output if self.is_gradient(id) => {
                let name = self.array(id);
                quote!(if !ADD { #name.fill(#zero); })
            }
            // A new buffer is zero already.
            Storage::Buffer(_)
                if self.vars.is_empty() && !self.is_max(id) && self.nest.buffer_of(id) == id =>
            {
                TokenStream::new()
            }
            Storage::Output | Storage::Buffer(_) => {
                let name = self.array(id);
                quote!(#name.fill(#zero);)
            }
            Storage::None => TokenStream::new(),
        }
    }

    /// A loop around other loops: rows are handed out by splitting them off, in blocks where the
    /// loop has a version for blocks.
    fn outer(&mut self, inner: &Loop) -> TokenStream {
        let index = self.namer.fresh("i");
        let dim = self.symbols.dim(inner.dim).clone();
        // Without blocks, single elements are as well indexed.
        let streams: Vec<Stream> = (self.streams(inner).into_iter())
            .filter(|s| !s.rest.is_empty() || !inner.blocks.is_empty())
            .filter(|s| s.index == Ix::Var(inner.var))
            .collect();
        let mut before = TokenStream::new();
        let mut cursors = Vec::new();
        for stream in &streams {
            let name = &self.program.value(stream.value).name;
            let rows = self.namer.fresh(&format!("{name}_rows"));
            let base = &stream.base;
            before.extend(match stream.written {
                true => quote!(let mut #rows = &mut #base[..];),
                false => quote!(let mut #rows = &#base[..];),
            });
            cursors.push(rows);
        }
        if inner.blocks.is_empty() {
            self.vars.insert(inner.var, index.clone());
            let body = self.turn(&streams, &cursors, &[inner.var], &inner.body);
            return quote! { #before for #index in 0..#dim { #body } };
        }
        let mut loops = TokenStream::new();
        for (k, block) in inner.blocks.iter().enumerate() {
            let rows = proc_macro2::Literal::usize_unsuffixed(block.vars.len());
            let mut indices = TokenStream::new();
            for (k, &var) in block.vars.iter().enumerate() {
                let own = if k == 0 { index.clone() } else { self.namer.fresh("i") };
                if k > 0 {
                    let k = proc_macro2::Literal::usize_unsuffixed(k);
                    indices.extend(quote!(let #own = #index + #k;));
                }
                self.vars.insert(var, own);
            }
            let body = self.turn(&streams, &cursors, &block.vars, &block.body);
            let turns = quote!(while #dim - #index >= #rows { #indices #body #index += #rows; });
            // The largest blocks are for what is cached.
            let width = self.nest.row_dim().map(|width| self.symbols.dim(width));
            loops.extend(match width {
                Some(width) if k + 1 < inner.blocks.len() => {
                    quote!(if ::chainrule::rt::in_large_blocks(#dim, #width) { #turns })
                }
                _ => turns,
            });
        }
        self.vars.insert(inner.var, index.clone());
        let body = self.turn(&streams, &cursors, &[inner.var], &inner.body);
        quote! {
            #before
            let mut #index = 0;
            #loops
            while #index < #dim { #body #index += 1; }
        }
    }

    /// One turn of an outer loop, or several side by side: the rows of each, then the items.
    fn turn(
        &mut self,
        streams: &[Stream],
        cursors: &[Ident],
        vars: &[Var],
        items: &[Item],
    ) -> TokenStream {
        let mut out = TokenStream::new();
        let depth = self.bound.len();
        for (stream, rows) in streams.iter().zip(cursors) {
            if stream.rest.is_empty() {
                out.extend(self.elements_of_turn(stream, rows, vars));
                continue;
            }
            let len = self.count(&stream.rest);
            for &var in vars {
                let name = &self.program.value(stream.value).name;
                let (row, rest) =
                    (self.namer.fresh(&format!("{name}_row")), self.namer.fresh("rest"));
                out.extend(match stream.written {
                    true => quote! {
                        let (#row, #rest) = ::core::mem::take(&mut #rows).split_at_mut(#len);
                        #rows = #rest;
                    },
                    false => quote! {
                        let (#row, #rest) = #rows.split_at(#len);
                        #rows = #rest;
                    },
                });
                let mut prefix = stream.prefix.clone();
                prefix.push(Ix::Var(var));
                self.bound.push((stream.value, prefix, quote!(#row)));
            }
        }
        out.extend(self.items(items));
        self.bound.truncate(depth);
        out
    }

    /// The elements that a turn of an outer loop, or several side by side, take from an array.
    fn elements_of_turn(&mut self, stream: &Stream, rest: &Ident, vars: &[Var]) -> TokenStream {
        let name = &self.program.value(stream.value).name;
        let (own, after) = (self.namer.fresh(&format!("{name}_b")), self.namer.fresh("rest"));
        for (k, &var) in vars.iter().enumerate() {
            let k = proc_macro2::Literal::usize_unsuffixed(k);
            let mut prefix = stream.prefix.clone();
            prefix.push(Ix::Var(var));
            self.bound.push((stream.value, prefix, quote!(#own[#k])));
        }
        let count = proc_macro2::Literal::usize_unsuffixed(vars.len());
        let split = match stream.written {
            true => quote!(::core::mem::take(&mut #rest).split_first_chunk_mut::<#count>()),
            false => quote!(#rest.split_first_chunk::<#count>()),
        };
        quote! {
            let ::core::option::Option::Some((#own, #after)) = #split else { break };
            #rest = #after;
        }
    }

    /// A loop without loops inside: elements are handed out by iterators.
    fn innermost(&mut self, inner: &Loop) -> TokenStream {
        let streams: Vec<Stream> =
            self.streams(inner).into_iter().filter(|s| s.rest.is_empty()).collect();
        let mut sums: Vec<Element> = Vec::new();
        for item in &inner.body {
            // What is declared inside the loop is not among the accumulators yet.
            if let Item::Add { to, .. } = item
                && self.accumulators.contains_key(to)
                && !sums.contains(to)
            {
                sums.push(to.clone());
            }
        }
        let counted = self.uses_var(inner, &streams) || streams.is_empty();
        if counted || (sums.is_empty() && is_compared(&streams)) {
            self.plain(inner, &streams, counted)
        } else {
            self.in_lanes(inner, &streams, &sums)
        }
    }

    fn plain(&mut self, inner: &Loop, streams: &[Stream], counted: bool) -> TokenStream {
        let index = self.namer.fresh("k");
        self.vars.insert(inner.var, index.clone());
        let dim = self.symbols.dim(inner.dim).clone();
        let iterators: Vec<TokenStream> = streams
            .iter()
            .map(|s| {
                let base = &s.base;
                if s.written { quote!(#base.iter_mut()) } else { quote!(#base.iter()) }
            })
            .collect();
        let (head, body) = self.over_elements(inner, streams, &iterators, None);
        match (head, counted) {
            (None, _) => quote!(for #index in 0..#dim { #body }),
            (Some((pattern, iterator)), true) => {
                quote!(for (#index, #pattern) in #iterator.enumerate() { #body })
            }
            (Some((pattern, iterator)), false) => quote!(for #pattern in #iterator { #body }),
        }
    }

    /// The body of an innermost loop with its elements bound, and the zipped iterator over them.
    fn over_elements(
        &mut self,
        inner: &Loop,
        streams: &[Stream],
        iterators: &[TokenStream],
        lane: Option<&Ident>,
    ) -> (Option<(TokenStream, TokenStream)>, TokenStream) {
        let depth = self.bound.len();
        let mut head: Option<(TokenStream, TokenStream)> = None;
        // Lanes are loaded before the first is computed and stored behind the last: what is stored
        // in between could be, for all that LLVM knows, what another lane loads.
        let (mut load, mut store) = (TokenStream::new(), TokenStream::new());
        for (stream, iterator) in streams.iter().zip(iterators).rev() {
            let name = self.namer.fresh(&self.program.value(stream.value).name);
            let mut prefix = stream.prefix.clone();
            prefix.push(stream.index);
            let (own, element) = match (lane, stream.written) {
                (Some(lane), true) => {
                    let lanes = self.namer.fresh(&format!("{name}_lanes"));
                    load.extend(quote!(let mut #lanes = *#name;));
                    store.extend(quote!(*#name = #lanes;));
                    (quote!(#name), quote!(#lanes[#lane]))
                }
                (Some(lane), false) => (quote!(&#name), quote!(#name[#lane])),
                (None, true) => (quote!(#name), quote!(*#name)),
                (None, false) => (quote!(&#name), quote!(#name)),
            };
            self.bound.push((stream.value, prefix, element));
            head = Some(match head {
                None => (own, iterator.clone()),
                Some((pattern, rest)) => (quote!((#own, #pattern)), quote!(#iterator.zip(#rest))),
            });
        }
        let locals = self.locals.clone();
        let body = match lane {
            None => self.items(&inner.body),
            // One loop over the lanes for each turn that was merged: each is a vector operation.
            Some(lane) => {
                let turns: TokenStream = inner
                    .body
                    .chunks(inner.body.len().div_ceil(inner.merged))
                    .map(|turn| {
                        let turn = self.items(turn);
                        quote!(for #lane in 0..::chainrule::rt::LANES { #turn })
                    })
                    .collect();
                quote!(#load #turns #store)
            }
        };
        self.locals = locals;
        self.bound.truncate(depth);
        (head, body)
    }

    fn in_lanes(&mut self, inner: &Loop, streams: &[Stream], sums: &[Element]) -> TokenStream {
        let mut out = TokenStream::new();
        let (mut chunks, mut tails) = (Vec::new(), Vec::new());
        for stream in streams {
            let name = self.program.value(stream.value).name.clone();
            let (chunk, tail) =
                (self.namer.fresh(&format!("{name}_c")), self.namer.fresh(&format!("{name}_t")));
            let base = &stream.base;
            if stream.written {
                out.extend(quote!(let (#chunk, #tail) = #base.as_chunks_mut::<{ ::chainrule::rt::LANES }>();));
                chunks.push(quote!(#chunk.iter_mut()));
                tails.push(quote!(#tail.iter_mut()));
            } else {
                out.extend(
                    quote!(let (#chunk, #tail) = #base.as_chunks::<{ ::chainrule::rt::LANES }>();),
                );
                chunks.push(quote!(#chunk.iter()));
                tails.push(quote!(#tail.iter()));
            }
        }
        let lane = self.namer.fresh("l");
        let (mut declared, mut summed) = (TokenStream::new(), TokenStream::new());
        for element in sums {
            let value = self.program.value(element.value);
            let lanes = self.namer.fresh(&format!("{}_lanes", value.name));
            let (zero, ty) = (self.start(element.value), elem_type(&value.elem));
            declared.extend(quote!(let mut #lanes: [#ty; ::chainrule::rt::LANES] = [#zero; ::chainrule::rt::LANES];));
            let sum = &self.accumulators[element];
            let total = match self.is_max(element.value) {
                true => quote!(::chainrule::rt::max_lanes(&#lanes)),
                false => quote!(::chainrule::rt::sum_lanes(&#lanes)),
            };
            summed.extend(self.add(&element.value, quote!(#sum), total));
            self.lanes.insert(element.clone(), quote!(#lanes[#lane]));
        }
        let (head, body) = self.over_elements(inner, streams, &chunks, Some(&lane));
        self.lanes.clear();
        let (tail_head, tail_body) = self.over_elements(inner, streams, &tails, None);
        let (Some((pattern, iterator)), Some((tail_pattern, tail_iterator))) = (head, tail_head)
        else {
            return out;
        };
        let dim = self.symbols.dim(inner.dim);
        quote! {
            #out
            if #dim >= ::chainrule::rt::LANES {
                #declared
                for #pattern in #iterator { #body }
                #summed
            }
            for #tail_pattern in #tail_iterator { #tail_body }
        }
    }
}
