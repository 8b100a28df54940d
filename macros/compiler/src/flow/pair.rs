//! Two columns at a time: iterations that add to the same places, side by side.
//!
//! In `for c: for i: y[i] += a[c][i] * x[c]` every element of `y` is read and written once for each
//! `c`. Two values of `c` in one inner loop read and write it half as often. Each element gets what
//! it got, in the same order, so that no bit changes. The columns may begin one further down each
//! time, as those of a triangular matrix do:
//!
//! ```text
//! for c in 0..n:                           for b in 0..n / 2: c = 2 * b; d = c + 1
//!   for i in 0..n - c - 1:                   y[c + 1..][0] += l[c][0] * x[c]
//!     y[c + 1..][i] += l[c][i] * x[c]        for i in 0..n - d - 1:
//!                                              y[d + 1..][i] += l[c][i + 1] * x[c]
//!                                              y[d + 1..][i] += l[d][i] * x[d]
//!                                          for c in n / 2 * 2..n: …
//! ```

use super::index::Index;
use super::ir::{Block, Kind, Loop, MemId, Mode, Over, Pass, Place, Program, Proj, Stmt, Ty, V};
use super::lengths::Lengths;
use super::polynomial::{Atom, Polynomial};
use super::visit::{Names, again, rename_block};
use super::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;
use proc_macro2::Span;

/// Longer bodies are left alone, of the inner loop and around it.
const INNER: usize = 12;
const AROUND: usize = 32;

/// Writes iterations side by side where that is possible and of use. `reverse` is the number of the
/// statement with which the reverse sweep begins.
pub fn pair(program: &mut Program, reverse: &mut usize) {
    if program.mems.is_empty() {
        return;
    }
    let mut found = HashMap::default();
    {
        let index = Index::new(program);
        let finder = Finder { lengths: Lengths { program, index: &index } };
        walk::all(&program.body, &mut |kind| {
            if let Kind::Loop(lp) = kind
                && let Over::Range { var, .. } = lp.over
                && let Some(shift) = finder.shift(lp)
            {
                found.insert(var, shift);
            }
        });
    }
    if found.is_empty() {
        return;
    }
    let mut pairing = Pairing { program, found, consts: Vec::new() };
    let mut forward = std::mem::take(&mut pairing.program.body.stmts);
    let sweep = pairing.block(forward.split_off(*reverse));
    let forward = pairing.block(forward);
    let Pairing { consts, .. } = pairing;
    *reverse = consts.len() + forward.len();
    program.body.stmts = consts.into_iter().chain(forward).chain(sweep).collect();
}

struct Finder<'a, 'p> {
    lengths: Lengths<'a, 'p>,
}

impl Finder<'_, '_> {
    /// How many elements further each iteration of a loop begins than the one before, if two can be
    /// written side by side: nought or one.
    fn shift(&self, lp: &Loop) -> Option<i128> {
        let Loop { over, carried, body, exit: None, count: None, .. } = lp else { return None };
        let Over::Range { var, lo, hi: _, reversed: false } = *over else { return None };
        let (inner, around) = body.stmts.split_last()?;
        let Kind::Loop(inner) = &inner.kind else { return None };
        let Over::Range { var: i, lo: first, hi: len, reversed: false } = inner.over else {
            return None;
        };
        let plain = carried.is_empty()
            && inner.carried.is_empty()
            && inner.exit.is_none()
            && inner.count.is_none()
            && inner.body.stmts.len() <= INNER
            && around.len() <= AROUND
            && [var, lo].iter().all(|v| self.is_index(*v));
        if !plain || self.lengths.polynomial(first, 0)?.as_number() != Some(0) {
            return None;
        }
        let written = self.written(lp, inner, around)?;
        let mut inside = HashSet::default();
        for stmt in body.stmts.iter().chain(&inner.body.stmts) {
            walk::defines(&stmt.kind, &mut |v| {
                inside.insert(v);
            });
        }
        let step = |of: &Polynomial| {
            // What else varies from iteration to iteration, does so in an unknown way.
            let known = of.atoms().all(|atom| match atom {
                Atom::Value(v) => *v == var || !inside.contains(v),
                Atom::Length(_) => true,
            });
            known.then(|| of.after(&Atom::Value(var)).plus(of, -1).as_number()).flatten()
        };
        let shorter = step(&self.lengths.polynomial(len, 0)?)?;
        let shift = -shorter;
        let aligned = written
            .iter()
            .all(|place| self.start(place, i).is_some_and(|start| step(&start) == Some(shift)));
        (aligned && (0..=1).contains(&shift)).then_some(shift)
    }

    fn is_index(&self, v: V) -> bool {
        self.lengths.program.of(v).ty == Ty::Int(Some("usize".to_string()))
    }

    /// The places that the inner loop adds to, if nothing else of these memories is touched, and
    /// nothing is done that could not be done in another order.
    fn written<'b>(&self, lp: &Loop, inner: &'b Loop, around: &[Stmt]) -> Option<Vec<&'b Place>> {
        let mut places: Vec<&Place> = Vec::new();
        for stmt in &inner.body.stmts {
            match &stmt.kind {
                Kind::Store(place, _, Mode::Add | Mode::Sub) => places.push(place),
                kind if is_calculation(kind) => {}
                _ => return None,
            }
        }
        let mems: HashSet<MemId> = places.iter().map(|place| place.mem).collect();
        let mut counts = 0;
        walk::all(&lp.body, &mut |kind| {
            walk::places(kind, &mut |mem, _, _| {
                let length = matches!(kind, Kind::Pass(_, Pass::Len(_), _));
                counts += usize::from(mems.contains(&mem) && !length);
            });
        });
        let alone = counts == places.len() && mems.len() == places.len();
        let calculated = around.iter().all(|stmt| is_calculation(&stmt.kind));
        (alone && calculated && !places.is_empty()).then_some(places)
    }

    /// At which element of its memory a place is that runs with `i`, in the first iteration.
    fn start(&self, place: &Place, i: V) -> Option<Polynomial> {
        let (last, views) = place.proj.split_last()?;
        if *last != Proj::Index(i) {
            return None;
        }
        views.iter().try_fold(Polynomial::number(0), |sum, view| match view {
            Proj::Range(from, _) => Some(sum.plus(&self.lengths.polynomial(*from, 0)?, 1)),
            Proj::Field(_) | Proj::Index(_) => None,
        })
    }
}

fn is_calculation(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Const(..) | Kind::Prim(..) | Kind::Cast(..) | Kind::Pass(..) | Kind::Load(..)
    )
}

struct Pairing<'p> {
    program: &'p mut Program,
    /// The loops, by their variable, and how far their columns are apart.
    found: HashMap<V, i128>,
    consts: Vec<Stmt>,
}

impl Pairing<'_> {
    fn block(&mut self, stmts: Vec<Stmt>) -> Vec<Stmt> {
        let mut out = Vec::with_capacity(stmts.len());
        for mut stmt in stmts {
            if let Kind::Loop(lp) = &stmt.kind
                && let Over::Range { var, .. } = lp.over
                && let Some(shift) = self.found.remove(&var)
                && let Some(paired) = self.paired(lp, shift, stmt.span)
            {
                out.extend(paired);
                continue;
            }
            for inner in walk::blocks_mut(&mut stmt.kind) {
                inner.stmts = self.block(std::mem::take(&mut inner.stmts));
            }
            out.push(stmt);
        }
        out
    }

    fn index(&mut self, name: &str) -> V {
        self.program.value(name, Ty::Int(Some("usize".to_string())), Span::call_site())
    }

    fn number(&mut self, number: i128) -> V {
        let v = self.index("k");
        let kind = Kind::Const(v, Literal::Int(number));
        self.consts.push(Stmt { kind, span: Span::call_site() });
        v
    }

    /// A statement that computes an integer, and its name.
    fn calculated(&mut self, name: &str, pass: Pass, args: [V; 2], to: &mut Vec<Stmt>) -> V {
        let v = self.index(name);
        to.push(Stmt { kind: Kind::Pass(v, pass, args.to_vec()), span: Span::call_site() });
        v
    }

    /// The loop in two: two iterations at a time, and the rest.
    fn paired(&mut self, lp: &Loop, shift: i128, span: Span) -> Option<Vec<Stmt>> {
        let Over::Range { var, lo, hi, .. } = lp.over else { return None };
        let mut out = Vec::new();
        let (zero, one, two) = (self.number(0), self.number(1), self.number(2));
        let count = Pass::Method("saturating_sub".to_string());
        let count = self.calculated("n", count, [hi, lo], &mut out);
        let pairs = self.calculated("pairs", Pass::Binary("/"), [count, two], &mut out);
        let whole = self.calculated("whole", Pass::Binary("*"), [pairs, two], &mut out);
        let rest = self.calculated("rest", Pass::Binary("+"), [lo, whole], &mut out);

        let mut body = Vec::new();
        let block = self.index("pair");
        let base = self.calculated("base", Pass::Binary("*"), [block, two], &mut body);
        let here = self.calculated("here", Pass::Binary("+"), [lo, base], &mut body);
        let next = self.calculated("next", Pass::Binary("+"), [here, one], &mut body);
        let (first, second) = (self.copy(&lp.body, var, here), self.copy(&lp.body, var, next));
        let (first, first_inner) = split(first)?;
        let (second, second_inner) = split(second)?;
        body.extend(first);
        body.extend(second);
        let (Over::Range { var: i, .. }, Over::Range { var: j, hi: len, .. }) =
            (&first_inner.over, &second_inner.over)
        else {
            return None;
        };
        if shift == 1 {
            let mut alone = again(self.program, &first_inner.body);
            rename_block(&mut alone, &mut Names(&HashMap::from_iter([(*i, zero)])));
            body.extend(alone.stmts);
        }
        // An element of the first is `shift` further on.
        let mut both = Vec::new();
        let at = match shift {
            0 => *j,
            _ => self.calculated("i", Pass::Binary("+"), [*j, one], &mut both),
        };
        let mut of_first = first_inner.body.clone();
        rename_block(&mut of_first, &mut Names(&HashMap::from_iter([(*i, at)])));
        let places = stores(&second_inner.body);
        for (stmt, place) in of_first.stmts.iter_mut().filter(is_store).zip(places) {
            if let Kind::Store(to, ..) = &mut stmt.kind {
                *to = place.clone();
            }
        }
        both.extend(of_first.stmts);
        both.extend(second_inner.body.stmts.iter().cloned());
        let over = Over::Range { var: *j, lo: zero, hi: *len, reversed: false };
        body.push(looped(over, both, span));

        out.push(looped(
            Over::Range { var: block, lo: zero, hi: pairs, reversed: false },
            body,
            span,
        ));
        let mut remaining = lp.clone();
        remaining.over = Over::Range { var, lo: rest, hi, reversed: false };
        out.push(Stmt { kind: Kind::Loop(Box::new(remaining)), span });
        Some(out)
    }

    /// A copy of a loop's body for one iteration, under names of its own.
    fn copy(&mut self, body: &Block, var: V, here: V) -> Block {
        let mut copy = again(self.program, body);
        rename_block(&mut copy, &mut Names(&HashMap::from_iter([(var, here)])));
        copy
    }
}

/// The inner loop, which stands last, and what is before it.
fn split(block: Block) -> Option<(Vec<Stmt>, Loop)> {
    let mut stmts = block.stmts;
    match stmts.pop()?.kind {
        Kind::Loop(lp) => Some((stmts, *lp)),
        _ => None,
    }
}

fn is_store(stmt: &&mut Stmt) -> bool {
    matches!(stmt.kind, Kind::Store(..))
}

fn stores(block: &Block) -> Vec<Place> {
    let places = block.stmts.iter().filter_map(|stmt| match &stmt.kind {
        Kind::Store(place, ..) => Some(place.clone()),
        _ => None,
    });
    places.collect()
}

fn looped(over: Over, stmts: Vec<Stmt>, span: Span) -> Stmt {
    let body = Block { stmts };
    let lp = Loop { over, carried: vec![], body, exit: None, checkpoint: None, count: None };
    Stmt { kind: Kind::Loop(Box::new(lp)), span }
}
