//! Innermost loops as Rust, with what [`windows`](super::windows) planned before them.

use super::block::Body;
use super::lanes::{self, Column, Overlap};
use super::names::local;
use super::types::field;
use super::windows::{Plan, Window};
use crate::emit::element::{elem_type, literal};
use crate::flow::ir::{Loop, MemId, Over, Proj, V};
use crate::flow::walk;
use crate::hash::HashMap;
use crate::ir::{Elem, Literal};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

/// The loop, with what is done before it.
pub(super) fn within(body: &mut Body<'_>, plan: &Plan, lp: &Loop) -> TokenStream {
    let Over::Range { var, lo, hi, reversed } = lp.over else { return TokenStream::new() };
    let from_zero = matches!(body.facts.consts.get(&lo), Some(Literal::Int(0)));
    let (low, high, name) = (body.index(lo), body.index(hi), body.name(var));
    let (count, at) = (local("n"), if from_zero { name.clone() } else { body.fresh("k") });
    let replay = Replay { var, lo, inside: inside(lp) };
    let (mut before, mut after) = (TokenStream::new(), TokenStream::new());
    let mut names: HashMap<(MemId, Vec<Proj>), TokenStream> = HashMap::default();
    let mut columns = Vec::new();
    let mut aligned = plan.held.iter().all(|held| !held.written);
    let mut harmless = from_zero;
    for held in &plan.held {
        let (local, ty) = (body.fresh("held"), elem_type(&held.elem));
        harmless &= held.proj.is_empty();
        let place = replay.place(body, held.mem, &held.proj, false);
        let mutable = held.written.then(|| quote!(mut));
        before.extend(quote!(let #mutable #local: #ty = #place;));
        if held.written {
            let place = replay.place(body, held.mem, &held.proj, true);
            after.extend(quote!(#place = #local;));
        }
        for place in &held.places {
            names.insert((held.mem, place.clone()), quote!(#local));
        }
    }
    for window in &plan.windows {
        let slice = body.fresh(&super::names::mem_base(body.program, window.mem));
        let array = replay.place(body, window.mem, &window.prefix, window.mutable);
        let is_start = from_zero && window.start == var;
        harmless &= is_start
            && window.extra == 0
            && window.prefix.iter().all(|step| matches!(step, Proj::Field(_)));
        let start = replay.start(body, window.start, from_zero);
        let len = match window.extra {
            0 => quote!(#count),
            extra => {
                let extra = number(extra);
                quote!(#count + #extra)
            }
        };
        before.extend(match window.mutable {
            true => {
                quote!(let #slice = ::chainrule::rt::window_mut(&mut #array[..], #start, #len);)
            }
            false => quote!(let #slice = ::chainrule::rt::window(&#array[..], #start, #len);),
        });
        let overlap = (window.extra > 0).then(|| Overlap::of(body, window)).flatten();
        aligned &= window.extra == 0 || overlap.is_some();
        columns.push(Column { overlap, ..column(window, &slice) });
        for (place, offset) in &window.places {
            let index = match offset {
                0 => quote!(#at),
                offset => {
                    let offset = number(*offset);
                    quote!(#at + #offset)
                }
            };
            names.insert((window.mem, place.clone()), quote!(#slice[#index]));
        }
    }
    for windows in &plan.apart {
        let Some(first) = windows.first() else { continue };
        harmless = false;
        let array = replay.place(body, first.mem, &first.prefix, true);
        let (mut starts, mut slices) = (Vec::new(), Vec::new());
        for window in windows {
            let mut start = replay.start(body, window.start, from_zero);
            if !window.inside.is_empty() {
                // What is out of range in a part of the array need not be in the array.
                let steps = [&window.prefix[..], &window.inside].concat();
                let part = replay.place(body, window.mem, &steps, false);
                before.extend(quote!(::chainrule::rt::window(&#part[..], #start, #count);));
            }
            for step in &window.inside {
                if let Proj::Range(from, _) = step
                    && replay.known(body, *from) != Some(0)
                {
                    let from = replay.index(body, *from);
                    start = quote!(usize::wrapping_add(#from, #start));
                }
            }
            starts.push(start);
            let slice = body.fresh(&super::names::mem_base(body.program, window.mem));
            columns.push(column(window, &slice));
            for (place, _) in &window.places {
                names.insert((window.mem, place.clone()), quote!(#slice[#at]));
            }
            slices.push(slice);
        }
        before.extend(quote! {
            let [#(#slices),*] =
                ::chainrule::rt::windows_apart(&mut #array[..], [#(#starts),*], #count);
        });
    }
    let mut streams = HashMap::default();
    for stream in &plan.streams {
        let mut slices = vec![TokenStream::new(); stream.values.len()];
        let mut own = Vec::new();
        let vectors = body.facts.vectors(body.program, stream.record);
        for (k, of) in vectors.into_iter().enumerate() {
            // The loop's values one after the other: all of the first, all of the second.
            let (vec, first) = (super::names::part(stream.record, k), body.fresh("first"));
            let room = match of.len() {
                1 => quote!(#count),
                values => quote!(#values * #count),
            };
            if stream.filled {
                let blank = body.blank(stream.values[of[0]]);
                before.extend(quote! {
                    let #first: usize = #vec.len();
                    #vec.resize(#first + #room, #blank);
                });
            } else {
                before.extend(quote!(let #first: usize = ::chainrule::rt::tail(&#vec, #room);));
                after.extend(quote!(#vec.truncate(#first);));
            }
            let mut rest = quote!(#vec[#first..]);
            for (n, j) in of.iter().enumerate() {
                let slice = body.fresh("kept");
                let last = n + 1 == of.len();
                before.extend(match (last, stream.filled) {
                    (true, true) => quote!(let #slice = &mut #rest[..#count];),
                    (true, false) => quote!(let #slice = &#rest[..#count];),
                    (false, filled) => {
                        let others = body.fresh("rest");
                        let split = match filled {
                            true => quote!(#rest.split_at_mut(#count)),
                            false => quote!(#rest.split_at(#count)),
                        };
                        rest = quote!(#others);
                        quote!(let (#slice, #others) = #split;)
                    }
                });
                own.push(Column {
                    slice: slice.clone(),
                    mutable: stream.filled,
                    numbers: true,
                    places: vec![],
                    entry: Some((stream.record, *j)),
                    overlap: None,
                });
                slices[*j] = quote!(#slice);
            }
        }
        own.sort_by_key(|column| column.entry.map(|(_, j)| j));
        columns.extend(own);
        aligned &= stream.filled != reversed;
        // Entries are numbered as they are put on; they are taken off from the last.
        let index = match stream.filled == reversed {
            true => quote!(#count - 1 - #at),
            false => quote!(#at),
        };
        streams.insert(stream.record, slices.iter().map(|s| quote!(#s[#index])).collect());
    }
    let is_element = |mem: MemId, proj: &[Proj]| {
        (0..=proj.len()).any(|n| names.contains_key(&(mem, proj[..n].to_vec())))
    };
    let in_lanes = aligned && lanes::apply(body, lp, &columns, &is_element);
    let variable: Option<TokenStream> =
        (!from_zero).then(|| quote!(let #name: usize = #low + #at;));
    let around = std::mem::replace(&mut body.windows, names);
    let (first, range) = if in_lanes {
        let done = body.fresh("done");
        let first = lanes::groups(body, lp, &columns, (&count, &at, &done), &variable);
        (first, quote!(#done..#count))
    } else if reversed {
        (TokenStream::new(), quote!((0..#count).rev()))
    } else {
        (TokenStream::new(), quote!(0..#count))
    };
    let around_streams = std::mem::replace(&mut body.streams, streams);
    let iteration = body.iteration(lp);
    body.windows = around;
    body.streams = around_streams;
    let extent = if from_zero { high.clone() } else { quote!(#high - #low) };
    let run = quote! {
        let #count: usize = #extent;
        #before
        #first
        for #at in #range { #variable #iteration }
        #after
    };
    match harmless {
        true => quote!({ #run }),
        false => quote!(if #low < #high { #run }),
    }
}

/// A window as a slice of the loop's length.
fn column(window: &Window, slice: &Ident) -> Column {
    Column {
        slice: slice.clone(),
        mutable: window.mutable,
        numbers: window.numbers,
        places: window.places.iter().map(|(place, _)| (window.mem, place.clone())).collect(),
        entry: None,
        overlap: None,
    }
}

fn number(value: i128) -> TokenStream {
    literal(&Literal::Int(value), &Elem::Int("usize".into()))
}

/// The values that are defined in a loop.
fn inside(lp: &Loop) -> BTreeSet<V> {
    let mut inside: BTreeSet<V> = lp.carried.iter().map(|c| c.param).collect();
    walk::all(&lp.body, &mut |kind| {
        walk::defines(kind, &mut |v| {
            inside.insert(v);
        });
    });
    inside
}

/// Computes an index as it is in the first iteration, before the loop.
struct Replay {
    var: V,
    lo: V,
    inside: BTreeSet<V>,
}

impl Replay {
    /// Wrapping, as a sum may be in range though a part of it is not; what is out of range then
    /// fails to slice.
    fn index(&self, body: &Body<'_>, v: V) -> TokenStream {
        if v == self.var {
            return body.index(self.lo);
        }
        if let Some(known) = self.known(body, v) {
            return number(known);
        }
        match body.facts.binary.get(&v) {
            Some(&(symbol, a, b)) if self.inside.contains(&v) => {
                let zero = |v: V| self.known(body, v) == Some(0);
                match (symbol, zero(a), zero(b)) {
                    ("+" | "-", _, true) => return self.index(body, a),
                    ("+", true, _) => return self.index(body, b),
                    _ => {}
                }
                let (a, b) = (self.index(body, a), self.index(body, b));
                let method = match symbol {
                    "+" => "wrapping_add",
                    "-" => "wrapping_sub",
                    _ => "wrapping_mul",
                };
                let method = Ident::new(method, Span::call_site());
                quote!(usize::#method(#a, #b))
            }
            _ => body.index(v),
        }
    }

    /// Where a window starts.
    fn start(&self, body: &Body<'_>, start: V, from_zero: bool) -> TokenStream {
        match (from_zero && start == self.var) || self.known(body, start) == Some(0) {
            true => quote!(0),
            false => self.index(body, start),
        }
    }

    /// The index, if it is a number that can be written.
    fn known(&self, body: &Body<'_>, v: V) -> Option<i128> {
        let v = if v == self.var { self.lo } else { v };
        if let Some(Literal::Int(number)) = body.facts.consts.get(&v) {
            return Some(*number);
        }
        let &(symbol, a, b) = body.facts.binary.get(&v)?;
        let (a, b) = (self.known(body, a)?, self.known(body, b)?);
        let known = match symbol {
            "+" => a + b,
            "-" => a - b,
            _ => a.checked_mul(b)?,
        };
        (0..=i128::from(u32::MAX)).contains(&known).then_some(known)
    }

    fn place(&self, body: &Body<'_>, mem: MemId, proj: &[Proj], change: bool) -> TokenStream {
        let mut out = body.place_of(mem, &[], change && proj.is_empty());
        for step in proj {
            out = match step {
                Proj::Field(name) => field(&out, name),
                Proj::Index(at) => {
                    let at = self.index(body, *at);
                    quote!(#out[#at])
                }
                Proj::Range(from, to) => {
                    let from = self.index(body, *from);
                    let to = to.map(|to| self.index(body, to));
                    quote!(#out[#from..#to])
                }
            };
        }
        out
    }
}
