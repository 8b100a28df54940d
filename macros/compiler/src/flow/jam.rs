//! Loops that run once, four iterations at a time.
//!
//! A sum in the user's order is a chain of additions that the CPU can only wait for; four such
//! chains side by side cost the time of one. So where each iteration of a loop that runs once sums
//! in an inner loop (the products of a row, say), four iterations are written next to each other,
//! their inner loops as one. Each sum keeps its order, so no bit of the value changes; what they add
//! to one place of a gradient is added up first.

use super::ir::{Block, Carried, Kind, Loop, MemId, Mode, Over, Pass, Place, Program, Stmt, Ty, V};
use super::visit::{Rename, rename, rename_place};
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;
use crate::primitives;
use proc_macro2::Span;

/// How many iterations stand next to each other.
const WIDTH: usize = 4;
/// Longer bodies are left alone.
const STATEMENTS: usize = 120;

/// One iteration's names for what the body defines.
#[derive(Default)]
struct Copy {
    values: HashMap<V, V>,
}

impl Rename for Copy {
    fn value(&mut self, v: &mut V) {
        if let Some(new) = self.values.get(v) {
            *v = *new;
        }
    }

    fn mem(&mut self, _: &mut MemId) {}
}

/// Jams the loops of a program that run once, where that is possible and of use.
pub fn jam(program: &mut Program) {
    let body = std::mem::take(&mut program.body);
    let mut jam = Jam { program, consts: Vec::new() };
    let stmts = jam.block(body.stmts);
    let mut all = std::mem::take(&mut jam.consts);
    all.extend(stmts);
    program.body.stmts = all;
}

struct Jam<'p> {
    program: &'p mut Program,
    consts: Vec<Stmt>,
}

impl Jam<'_> {
    fn block(&mut self, stmts: Vec<Stmt>) -> Vec<Stmt> {
        let mut out = Vec::with_capacity(stmts.len());
        for mut stmt in stmts {
            if let Kind::Loop(lp) = &mut stmt.kind {
                let inner = std::mem::take(&mut lp.body.stmts);
                lp.body.stmts = self.block(inner);
                let once = match &lp.over {
                    Over::Range { var, .. } => self.program.once.contains(var),
                    Over::Forever => false,
                };
                if once && let Some(jammed) = self.jam(lp, stmt.span) {
                    out.extend(jammed);
                    continue;
                }
            }
            out.push(stmt);
        }
        out
    }

    fn fresh(&mut self, name: &str, like: V) -> V {
        let value = self.program.of(like).clone();
        self.program.value(name, value.ty, value.span)
    }

    fn int(&mut self, value: usize) -> V {
        let int = Ty::Int(Some("usize".to_string()));
        let v = self.program.value("k", int, Span::call_site());
        let kind = Kind::Const(v, Literal::Int(value as i128));
        self.consts.push(Stmt { kind, span: Span::call_site() });
        v
    }

    /// The loop in two: four iterations at a time, and the rest. `None` where that is not possible
    /// or of no use.
    fn jam(&mut self, lp: &Loop, span: Span) -> Option<Vec<Stmt>> {
        let Over::Range { var, lo, hi, reversed: false } = lp.over else { return None };
        let index = Ty::Int(Some("usize".to_string()));
        if lp.exit.is_some() || lp.count.is_some() || self.program.of(var).ty != index {
            return None;
        }
        let mut defined = HashSet::default();
        defined.insert(var);
        defined.extend(lp.carried.iter().map(|carried| carried.param));
        let mut sums = false;
        for stmt in &lp.body.stmts {
            self.fits(stmt, &mut defined, &mut sums, true)?;
        }
        if !sums || lp.body.stmts.len() > STATEMENTS || !self.single_steps(lp) {
            return None;
        }

        let mut out = Vec::new();
        let mut value = |this: &mut Self, kind: &dyn Fn(V) -> Kind, name: &str| {
            let v = this.program.value(name, Ty::Int(Some("usize".to_string())), span);
            out.push(Stmt { kind: kind(v), span });
            v
        };
        let width = self.int(WIDTH);
        let method = |name: &str| Pass::Method(name.to_string());
        let n = value(self, &|v| Kind::Pass(v, method("saturating_sub"), vec![hi, lo]), "n");
        let blocks = value(self, &|v| Kind::Pass(v, Pass::Binary("/"), vec![n, width]), "blocks");
        let whole =
            value(self, &|v| Kind::Pass(v, Pass::Binary("*"), vec![blocks, width]), "whole");
        let rest = value(self, &|v| Kind::Pass(v, Pass::Binary("+"), vec![lo, whole]), "rest");

        // Four at a time.
        let mut body = Vec::new();
        let block = self.program.value("block", index.clone(), span);
        let (offset, base) = (
            self.program.value("base", index.clone(), span),
            self.program.value("base", index, span),
        );
        body.push(Stmt { kind: Kind::Pass(offset, Pass::Binary("*"), vec![block, width]), span });
        body.push(Stmt { kind: Kind::Pass(base, Pass::Binary("+"), vec![lo, offset]), span });
        let mut copies: Vec<Copy> = (0..WIDTH).map(|_| Copy::default()).collect();
        for (c, copy) in copies.iter_mut().enumerate() {
            let here = self.again_named(var);
            let step = self.int(c);
            let kind = Kind::Pass(here, Pass::Binary("+"), vec![base, step]);
            body.push(Stmt { kind, span });
            copy.values.insert(var, here);
        }
        let params: Vec<V> = lp.carried.iter().map(|c| self.again_named(c.param)).collect();
        for (carried, param) in lp.carried.iter().zip(&params) {
            copies[0].values.insert(carried.param, *param);
        }
        self.side_by_side(&lp.body.stmts, &mut copies, &lp.carried, &mut body);
        let mut blocked = Vec::new();
        let mut remaining = lp.clone();
        for ((carried, param), of_rest) in lp.carried.iter().zip(params).zip(&mut remaining.carried)
        {
            let next = copies[WIDTH - 1].values.get(&carried.next).copied();
            let out = self.again_named(carried.out);
            let next = next.unwrap_or(carried.next);
            blocked.push(Carried { param, init: carried.init, next, out });
            of_rest.init = out;
        }
        let zero = self.int(0);
        let over = Over::Range { var: block, lo: zero, hi: blocks, reversed: false };
        let blocked = Loop {
            over,
            carried: blocked,
            body: Block { stmts: body },
            exit: None,
            checkpoint: None,
            count: None,
        };
        remaining.over = Over::Range { var, lo: rest, hi, reversed: false };
        out.push(Stmt { kind: Kind::Loop(Box::new(blocked)), span });
        out.push(Stmt { kind: Kind::Loop(Box::new(remaining)), span });
        Some(out)
    }

    fn again_named(&mut self, v: V) -> V {
        let name = self.program.of(v).name.clone();
        let new = self.fresh(&name, v);
        if self.program.unordered.contains(&v) {
            self.program.unordered.push(new);
        }
        new
    }

    /// Whether iterations can stand side by side as far as a statement is concerned; notes what it
    /// defines, and whether it is a loop that sums in the user's order.
    fn fits(
        &self,
        stmt: &Stmt,
        defined: &mut HashSet<V>,
        sums: &mut bool,
        outermost: bool,
    ) -> Option<()> {
        match &stmt.kind {
            Kind::Const(v, _)
            | Kind::Prim(v, ..)
            | Kind::Cast(v, _)
            | Kind::Pass(v, ..)
            | Kind::Load(v, _) => {
                defined.insert(*v);
            }
            Kind::Store(_, _, Mode::Add | Mode::Sub) => {}
            Kind::If { then, other, outs, .. } => {
                for stmt in then.stmts.iter().chain(&other.stmts) {
                    self.fits(stmt, defined, sums, false)?;
                }
                defined.extend(outs.iter().map(|out| out.value));
            }
            Kind::Loop(lp) if outermost => {
                let Over::Range { var, lo, hi, .. } = &lp.over else { return None };
                let simple = lp.exit.is_none() && lp.count.is_none();
                if !simple || defined.contains(lo) || defined.contains(hi) {
                    return None;
                }
                defined.insert(*var);
                for carried in &lp.carried {
                    defined.extend([carried.param, carried.out]);
                    let float = self.program.float(carried.param).is_some();
                    *sums |= float && !self.program.unordered.contains(&carried.param);
                }
                for stmt in &lp.body.stmts {
                    self.fits(stmt, defined, sums, false)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether everything the loop carries is read by one statement only, which defines its next.
    fn single_steps(&self, lp: &Loop) -> bool {
        lp.carried.iter().all(|carried| {
            let mut readers = 0;
            let mut defines = false;
            for stmt in &lp.body.stmts {
                let mut finder = Finder { v: carried.param, found: false };
                rename(&mut stmt.clone(), &mut finder);
                if finder.found {
                    readers += 1;
                    let mut finder = Finder { v: carried.next, found: false };
                    rename(&mut stmt.clone(), &mut finder);
                    let simple = matches!(stmt.kind, Kind::Prim(..) | Kind::If { .. });
                    defines |= finder.found && simple;
                }
            }
            readers == 1 && defines
        })
    }

    /// Each statement for all iterations, in the order of the iterations.
    fn side_by_side(
        &mut self,
        stmts: &[Stmt],
        copies: &mut [Copy],
        carried: &[Carried],
        out: &mut Vec<Stmt>,
    ) {
        for stmt in stmts {
            match &stmt.kind {
                Kind::Loop(lp) => self.loops_as_one(lp, stmt.span, copies, out),
                Kind::Store(place, v, mode @ (Mode::Add | Mode::Sub)) => {
                    self.stores_as_one(place, *v, *mode, stmt.span, copies, out);
                }
                _ => {
                    for c in 0..copies.len() {
                        self.one(stmt, c, copies, out);
                        self.hand_on(c, copies, carried);
                    }
                }
            }
            let last = copies.len() - 1;
            (0..last).for_each(|c| self.hand_on(c, copies, carried));
        }
    }

    /// What one iteration leaves is what the next begins with.
    fn hand_on(&self, c: usize, copies: &mut [Copy], carried: &[Carried]) {
        for carried in carried {
            if let Some(next) = copies[c].values.get(&carried.next).copied()
                && let Some(copy) = copies.get_mut(c + 1)
            {
                copy.values.entry(carried.param).or_insert(next);
            }
        }
    }

    /// A statement for one iteration; what is the same in all of them is computed once.
    fn one(&mut self, stmt: &Stmt, c: usize, copies: &mut [Copy], out: &mut Vec<Stmt>) {
        if c > 0 && matches!(stmt.kind, Kind::Load(..) | Kind::Prim(..) | Kind::Pass(..)) {
            let defines = defined(stmt);
            let mut reads =
                Reads { of: &copies[c], first: &copies[0], own: &defines, found: false };
            rename(&mut stmt.clone(), &mut reads);
            if !reads.found {
                for v in defines {
                    let shared = copies[0].values.get(&v).copied().unwrap_or(v);
                    copies[c].values.insert(v, shared);
                }
                return;
            }
        }
        let mut names = Vec::new();
        all_defined(stmt, &mut names);
        for v in names {
            let new = self.again_named(v);
            copies[c].values.insert(v, new);
        }
        let mut stmt = stmt.clone();
        rename(&mut stmt, &mut copies[c]);
        out.push(stmt);
    }

    fn loops_as_one(&mut self, lp: &Loop, span: Span, copies: &mut [Copy], out: &mut Vec<Stmt>) {
        let Over::Range { var, lo, hi, reversed } = lp.over else { return };
        let here = self.again_named(var);
        let mut carried = Vec::new();
        for copy in copies.iter_mut() {
            for of in &lp.carried {
                let (param, behind) = (self.again_named(of.param), self.again_named(of.out));
                let init = copy.values.get(&of.init).copied().unwrap_or(of.init);
                carried.push(Carried { param, init, next: of.next, out: behind });
                copy.values.insert(of.param, param);
                copy.values.insert(of.out, behind);
            }
        }
        // The loop's own variable is the same in all iterations that stand side by side.
        let mut outer = Vec::new();
        for stmt in &lp.body.stmts {
            self.side_by_side(std::slice::from_ref(stmt), copies, &[], &mut outer);
        }
        let mut to = Copy::default();
        to.values.insert(var, here);
        for stmt in &mut outer {
            rename(stmt, &mut to);
        }
        let per = lp.carried.len();
        for (k, of) in carried.iter_mut().enumerate() {
            let copy = &copies[k / per.max(1)];
            of.next = copy.values.get(&of.next).copied().unwrap_or(of.next);
        }
        let over = Over::Range { var: here, lo, hi, reversed };
        let lp = Loop {
            over,
            carried,
            body: Block { stmts: outer },
            exit: None,
            checkpoint: None,
            count: None,
        };
        out.push(Stmt { kind: Kind::Loop(Box::new(lp)), span });
    }

    fn stores_as_one(
        &mut self,
        place: &Place,
        v: V,
        mode: Mode,
        span: Span,
        copies: &mut [Copy],
        out: &mut Vec<Stmt>,
    ) {
        let same = |v: V| copies.iter().all(|c| c.values.get(&v) == copies[0].values.get(&v));
        if !place.indices().all(same) {
            let stmt = Stmt { kind: Kind::Store(place.clone(), v, mode), span };
            for c in 0..copies.len() {
                self.one(&stmt, c, copies, out);
            }
            return;
        }
        let mut sum: Option<V> = None;
        for copy in copies.iter() {
            let one = copy.values.get(&v).copied().unwrap_or(v);
            sum = Some(match sum {
                None => one,
                Some(old) => {
                    let new = self.fresh("sum", one);
                    let kind = Kind::Prim(new, &primitives::ADD, vec![old, one]);
                    out.push(Stmt { kind, span });
                    new
                }
            });
        }
        if let Some(sum) = sum {
            let mut place = place.clone();
            rename_place(&mut place, &mut copies[0]);
            out.push(Stmt { kind: Kind::Store(place, sum, mode), span });
        }
    }
}

/// Looks for one value.
struct Finder {
    v: V,
    found: bool,
}

impl Rename for Finder {
    fn value(&mut self, v: &mut V) {
        self.found |= *v == self.v;
    }

    fn mem(&mut self, _: &mut MemId) {}
}

/// Looks for values that are others in an iteration than in the first one.
struct Reads<'a> {
    of: &'a Copy,
    first: &'a Copy,
    /// What the statement itself defines.
    own: &'a [V],
    found: bool,
}

impl Rename for Reads<'_> {
    fn value(&mut self, v: &mut V) {
        let differs = self.of.values.get(v) != self.first.values.get(v);
        self.found |= differs && !self.own.contains(v);
    }

    fn mem(&mut self, _: &mut MemId) {}
}

/// The value a simple statement defines.
fn defined(stmt: &Stmt) -> Vec<V> {
    match &stmt.kind {
        Kind::Prim(v, ..) | Kind::Cast(v, _) | Kind::Pass(v, ..) | Kind::Load(v, _) => vec![*v],
        _ => vec![],
    }
}

/// All values that a statement and the blocks in it define.
fn all_defined(stmt: &Stmt, names: &mut Vec<V>) {
    names.extend(defined(stmt));
    match &stmt.kind {
        Kind::If { then, other, outs, .. } => {
            for stmt in then.stmts.iter().chain(&other.stmts) {
                all_defined(stmt, names);
            }
            names.extend(outs.iter().map(|out| out.value));
        }
        Kind::Loop(lp) => {
            if let Over::Range { var, .. } = &lp.over {
                names.push(*var);
            }
            names.extend(lp.carried.iter().flat_map(|c| [c.param, c.out]));
            for stmt in &lp.body.stmts {
                all_defined(stmt, names);
            }
        }
        _ => {}
    }
}
