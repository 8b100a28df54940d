//! Iterations four at a time, and sums whose order is free in lanes.
//!
//! A loop that adds to one local waits for each addition before it can begin the next. Where a
//! program says that nothing but a gradient's rounding depends on the order
//! ([`Program::unordered`](crate::flow::ir::Program::unordered)), and the rest of an iteration
//! touches nothing but its own elements, iterations are taken four at a time, each with a sum of
//! its own:
//!
//! ```text
//! let mut done: usize = 0;
//! if n >= 4 {
//!     let x_w5 = x_w1.as_chunks::<4>().0;
//!     let d_w6 = d_w2.as_chunks_mut::<4>().0;
//!     let mut s_w6: [f64; 4] = [0.0f64; 4];
//!     for c in 0..n / 4 {
//!         let x_w7 = x_w5[c];
//!         let mut d_w8 = d_w6[c];
//!         for l in 0..4 { let k = c * 4 + l; … d_w8[l] += …; s_w6[l] = s_w6[l] + x_w7[l]; }
//!         d_w6[c] = d_w8;
//!     }
//!     s_3 = s_3 + rt::add_lanes(&s_w6);
//!     done = n / 4 * 4;
//! }
//! for k in done..n { … }
//! ```
//!
//! Rows are copied before and put back after, so that LLVM need not know that they are apart. It
//! asks while the program runs otherwise, but of eight pairs of pointers at most ([`COMPARED`]): a
//! loop over more slices goes four at a time even without a sum.
//!
//! Where such a loop is itself run again and again it may be short, and what four leave over is a
//! good part of it: two of those go together as well ([`Width::Two`]).
//!
//! A sum in the user's order may run beside them: its four terms are put down, and added one after
//! the other. (They are added to -0 first, which changes no number.)
//!
//! Iterations that add to elements they share (`d[k] += a; d[k + 1] += b`) go together as well, see
//! [`overlap`](super::overlap).
//!
//! The lanes are four whatever the CPU, so that the bits are the same everywhere. Short loops are
//! the rule in scalar code (a column of a small matrix), so more would be left over more often.

use super::block::Body;
pub(super) use super::overlap::Overlap;
use crate::emit::element::zero;
use crate::flow::ir::{Carried, Kind, Loop, MemId, Over, Pass, Proj, Stmt, V};
use crate::flow::walk;
use crate::hash::HashMap;
use crate::ir::Elem;
use crate::primitives::{ADD, Prim, SUB};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// A dearer primitive is a call, which gains nothing.
const DEAREST: u32 = 8;

/// So many pairs of pointers LLVM compares while the program runs, before it vectorises a loop
/// (`-runtime-memory-check-threshold`).
const COMPARED: usize = 8;

/// A longer iteration is not written out a third time.
const SHORT: usize = 16;

/// How many iterations go together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// As often as there are that many.
    Four,
    /// Once, if there are two left.
    Two,
}

/// A slice of the loop's length, and what is read and written in it by iteration.
pub(super) struct Column {
    /// The slice.
    pub(super) slice: Ident,
    /// Whether it is written.
    pub(super) mutable: bool,
    /// Whether its elements are numbers, which are copied at no cost.
    pub(super) numbers: bool,
    /// The places that are its elements.
    pub(super) places: Vec<(MemId, Vec<Proj>)>,
    /// The entry of a record that it holds: which record's, which value's.
    pub(super) entry: Option<(crate::flow::ir::RecId, usize)>,
    /// Set where iterations share elements.
    pub(super) overlap: Option<Overlap>,
}

/// Whether a loop's iterations are independent but for sums, and that is of use: there is a sum whose
/// order is free, a sum in the user's order keeps LLVM from taking together what is stored, or there
/// are more slices than it compares.
pub(super) fn apply(
    body: &Body<'_>,
    lp: &Loop,
    columns: &[Column],
    is_element: &dyn Fn(MemId, &[Proj]) -> bool,
) -> bool {
    let mut fits = lp.count.is_none() && !(lp.carried.is_empty() && are_compared(columns));
    let mut uses: HashMap<V, usize> = HashMap::default();
    let mut terms: HashMap<V, (Prim, &[V])> = HashMap::default();
    for stmt in &lp.body.stmts {
        fits &= match &stmt.kind {
            Kind::Const(..) | Kind::Cast(..) | Kind::Load(..) | Kind::Store(..) => true,
            Kind::Keep(record, ..) | Kind::Recall(record, ..) => {
                body.facts.streamed.contains(record)
            }
            Kind::Prim(v, row, args) => {
                terms.insert(*v, (row, args));
                row.cost <= DEAREST
            }
            Kind::Pass(_, pass, _) => {
                matches!(pass, Pass::Binary(_) | Pass::Unary(_) | Pass::Cast(_))
            }
            _ => false,
        };
        walk::places(&stmt.kind, &mut |mem, proj, _| fits &= is_element(mem, proj));
        walk::values(&stmt.kind, &mut |v| *uses.entry(v).or_default() += 1);
    }
    for c in &lp.carried {
        *uses.entry(c.next).or_default() += 1;
    }
    let once = |v: V| uses.get(&v) == Some(&1);
    let is_free = |c: &Carried| body.program.unordered.contains(&c.param);
    let stores = lp.body.stmts.iter().any(|stmt| matches!(stmt.kind, Kind::Store(..)));
    fits && (stores || lp.carried.iter().any(is_free))
        && lp.carried.iter().all(|c| {
            let mut at = c.next;
            while at != c.param {
                let Some((row, [a, b])) = terms.get(&at).map(|(row, args)| (*row, *args)) else {
                    return false;
                };
                let leads_on = |v: V| v == c.param || terms.contains_key(&v);
                let of_param = |v: V| reaches(&terms, v, c.param);
                if !once(at) || !(*row == ADD || *row == SUB) {
                    return false;
                }
                let one_term = is_free(c) || at == c.next && (a == &c.param || b == &c.param);
                if !one_term {
                    return false;
                }
                at = match (of_param(*a), of_param(*b)) {
                    (true, false) if leads_on(*a) => *a,
                    (false, true) if leads_on(*b) && *row == ADD => *b,
                    _ => return false,
                };
            }
            once(c.param) && body.program.float(c.param).is_some()
        })
}

/// Whether LLVM would find out by itself that slices are apart, of which some are written; or
/// copies of their rows would be no help.
fn are_compared(columns: &[Column]) -> bool {
    if !columns.iter().all(|column| column.numbers) {
        return true;
    }
    let written = columns.iter().filter(|column| column.mutable).count();
    let read = columns.len() - written;
    written * written.saturating_sub(1) / 2 + written * read <= COMPARED
}

/// Whether a value is made of another by primitives.
fn reaches(terms: &HashMap<V, (Prim, &[V])>, v: V, from: V) -> bool {
    v == from
        || terms.get(&v).is_some_and(|(row, args)| {
            // Only sums are followed: whatever else a sum goes into is refused by its uses.
            (**row == ADD || **row == SUB) && args.iter().any(|arg| reaches(terms, *arg, from))
        })
}

/// Groups of iterations, as far as there are whole ones; `done` counts the iterations in them.
/// `counted` binds what depends on the iteration's number `at`.
pub(super) fn groups(
    body: &mut Body<'_>,
    lp: &Loop,
    columns: &[Column],
    (count, at, done): (&Ident, &Ident, &Ident),
    counted: &Option<TokenStream>,
) -> TokenStream {
    let fours = group(body, lp, columns, Width::Four, (count, at, done), counted);
    let pairs = body.loops > 1
        && lp.body.stmts.len() <= SHORT
        && columns.iter().all(|column| column.overlap.is_none());
    let two = pairs.then(|| group(body, lp, columns, Width::Two, (count, at, done), counted));
    quote!(let mut #done: usize = 0; #fours #two)
}

fn group(
    body: &mut Body<'_>,
    lp: &Loop,
    columns: &[Column],
    width: Width,
    (count, at, done): (&Ident, &Ident, &Ident),
    counted: &Option<TokenStream>,
) -> TokenStream {
    let (mut before, mut rows, mut after) =
        (TokenStream::new(), TokenStream::new(), TokenStream::new());
    let mut ordered = TokenStream::new();
    let (chunk, lane) = (body.fresh("c"), body.fresh("l"));
    let wide = match width {
        Width::Four => quote!(4),
        Width::Two => quote!(2),
    };
    let (mut names, mut streams) = (HashMap::default(), HashMap::default());
    for column in columns {
        if let Some(overlap) = &column.overlap {
            let code = overlap.chunk(body, column, (&chunk, &lane), &mut names);
            before.extend(code.before);
            rows.extend(code.rows);
            ordered.extend(code.ordered);
            after.extend(code.after);
            continue;
        }
        let (slice, chunked, row) = (&column.slice, body.fresh("chunks"), body.fresh("row"));
        before.extend(match column.mutable {
            true => quote!(let #chunked = #slice.as_chunks_mut::<#wide>().0;),
            false => quote!(let #chunked = #slice.as_chunks::<#wide>().0;),
        });
        rows.extend(match (column.numbers, column.mutable) {
            (true, true) => quote!(let mut #row = #chunked[#chunk];),
            (true, false) => quote!(let #row = #chunked[#chunk];),
            (false, true) => quote!(let #row = &mut #chunked[#chunk];),
            (false, false) => quote!(let #row = &#chunked[#chunk];),
        });
        if column.numbers && column.mutable {
            ordered.extend(quote!(#chunked[#chunk] = #row;));
        }
        for place in &column.places {
            names.insert(place.clone(), quote!(#row[#lane]));
        }
        if let Some((record, number)) = column.entry {
            let entry: &mut Vec<TokenStream> = streams.entry(record).or_default();
            debug_assert_eq!(entry.len(), number);
            entry.push(quote!(#row[#lane]));
        }
    }
    for (place, held) in &body.windows {
        names.entry(place.clone()).or_insert_with(|| held.clone());
    }
    for c in &lp.carried {
        let zero = body.program.float(c.param).map(zero);
        let (sum, ty) = (body.name(c.param), body.type_of(c.param));
        if !body.program.unordered.contains(&c.param) {
            let terms = body.fresh("terms");
            rows.extend(quote!(let mut #terms: [#ty; #wide] = [-#zero; #wide];));
            ordered.extend(quote!(for #lane in 0..#wide { #sum = #sum + #terms[#lane]; }));
            body.replaced.insert(c.param, quote!(#terms[#lane]));
            continue;
        }
        let lanes = body.fresh("lanes");
        before.extend(quote!(let mut #lanes: [#ty; #wide] = [#zero; #wide];));
        after.extend(match width {
            Width::Four => quote!(#sum = #sum + ::chainrule::rt::add_lanes(&#lanes);),
            Width::Two => quote!(#sum = #sum + (#lanes[0] + #lanes[1]);),
        });
        body.replaced.insert(c.param, quote!(#lanes[#lane]));
    }
    // The iteration's number as a float goes along in lanes: converting is dear, and LLVM would not
    // take lanes together that are converted one by one. Sums of integers are exact as far as any
    // loop counts.
    let counting = |stmt: &Stmt| match (&stmt.kind, &lp.over) {
        (Kind::Cast(v, arg), Over::Range { var, .. }) if arg == var && counted.is_none() => {
            (body.program.float(*v) == Some(&Elem::F64)).then_some(*v)
        }
        _ => None,
    };
    let numbers: Vec<V> = lp.body.stmts.iter().filter_map(counting).collect();
    if width == Width::Four && !numbers.is_empty() {
        let number = body.fresh("number");
        before.extend(quote!(let mut #number: [f64; 4] = [0.0, 1.0, 2.0, 3.0];));
        ordered.extend(quote!(for #lane in 0..4usize { #number[#lane] += 4.0; }));
        for v in numbers {
            body.replaced.insert(v, quote!(#number[#lane]));
        }
    }
    let around = std::mem::replace(&mut body.windows, names);
    let around_streams = std::mem::replace(&mut body.streams, streams);
    let iteration = body.iteration(lp);
    body.windows = around;
    body.streams = around_streams;
    body.replaced.clear();
    let together = quote! {
        #rows
        for #lane in 0..#wide {
            let #at: usize = #chunk * #wide + #lane;
            #counted
            #iteration
        }
        #ordered
    };
    match width {
        Width::Four => quote! {
            if #count >= 4 {
                #before
                for #chunk in 0..#count / 4 { #together }
                #after
                #done = #count / 4 * 4;
            }
        },
        Width::Two => quote! {
            if #count - #done >= 2 {
                let #chunk: usize = #done / 2;
                #before
                #together
                #after
                #done += 2;
            }
        },
    }
}
