//! Short loops over small arrays, iteration by iteration.
//!
//! `for i in 0..3 { s[i] += h * k[i]; }` names each element by a literal then, so that the arrays
//! can be scalars (`scalars.rs`).

use super::ir::{Kind, Loop, MemId, Origin, Over, Program, Proj, Stmt, V};
use super::scalars::literals;
use super::visit::{Names, Rename, rename, rename_block, rename_tree};
use super::walk;
use crate::hash::HashMap;
use crate::ir::Literal;
use crate::parse::Type;

/// Loops with more iterations stay.
const ITERATIONS: i128 = 4;
/// Longer bodies stay.
const STATEMENTS: usize = 32;

/// Unrolls the loops that are short and run over small arrays.
pub fn unroll(program: &mut Program) {
    let mut body = std::mem::take(&mut program.body);
    let literals = literals(&body);
    let mut unrolling = Unrolling { program, literals, names: HashMap::default() };
    body.stmts = unrolling.block(body.stmts);
    let names = unrolling.names;
    rename_block(&mut body, &mut Names(&names));
    program.body = body;
    if let Some(result) = &mut program.result {
        rename_tree(result, &mut Names(&names));
    }
}

struct Unrolling<'p> {
    program: &'p mut Program,
    literals: HashMap<V, i128>,
    /// What a loop left behind is what its last iteration did.
    names: HashMap<V, V>,
}

/// An iteration's names.
struct Iteration<'u, 'p> {
    unrolling: &'u mut Unrolling<'p>,
    values: HashMap<V, V>,
    mems: HashMap<MemId, MemId>,
}

impl Rename for Iteration<'_, '_> {
    fn value(&mut self, v: &mut V) {
        let named = self.unrolling.names.get(v).copied().unwrap_or(*v);
        *v = self.values.get(&named).copied().unwrap_or(named);
    }

    fn mem(&mut self, m: &mut MemId) {
        *m = self.mems.get(m).copied().unwrap_or(*m);
    }
}

impl Unrolling<'_> {
    fn block(&mut self, stmts: Vec<Stmt>) -> Vec<Stmt> {
        let mut out = Vec::with_capacity(stmts.len());
        for mut stmt in stmts {
            match &mut stmt.kind {
                Kind::If { then, other, .. } => {
                    then.stmts = self.block(std::mem::take(&mut then.stmts));
                    other.stmts = self.block(std::mem::take(&mut other.stmts));
                }
                Kind::Loop(lp) => {
                    lp.body.stmts = self.block(std::mem::take(&mut lp.body.stmts));
                    if let Some(steps) = self.steps(lp) {
                        self.iterations(lp, &steps, &mut out);
                        continue;
                    }
                }
                _ => {}
            }
            out.push(stmt);
        }
        out
    }

    /// The values of a loop's variable in order, if the loop is to be unrolled.
    fn steps(&self, lp: &Loop) -> Option<Vec<i128>> {
        let Over::Range { var, lo, hi, reversed } = lp.over else { return None };
        if lp.exit.is_some() || lp.count.is_some() || lp.checkpoint.is_some() {
            return None;
        }
        let (lo, hi) = (*self.literals.get(&lo)?, *self.literals.get(&hi)?);
        let mut small = false;
        let (mut count, mut fits) = (0, true);
        walk::all(&lp.body, &mut |kind| {
            count += 1;
            fits &= !matches!(kind, Kind::Loop(_) | Kind::Opaque { .. } | Kind::Call(_));
            walk::places(kind, &mut |mem, proj, _| small |= self.is_small(mem, proj, var));
        });
        if !small || !fits || count > STATEMENTS || !(1..=ITERATIONS).contains(&(hi - lo)) {
            return None;
        }
        let mut steps: Vec<i128> = (lo..hi).collect();
        if reversed {
            steps.reverse();
        }
        Some(steps)
    }

    /// Whether a place is an element of a small local array, by the loop's variable.
    fn is_small(&self, mem: MemId, proj: &[Proj], var: V) -> bool {
        let of = self.program.at(mem);
        of.origin == Origin::Local
            && matches!(&of.ty, Type::Fixed(elem, _) if matches!(**elem, Type::Float(_)))
            && matches!(proj, [Proj::Index(at)] if *at == var)
    }

    fn iterations(&mut self, lp: &Loop, steps: &[i128], out: &mut Vec<Stmt>) {
        let Over::Range { var, .. } = lp.over else { return };
        let mut carried: Vec<V> = lp.carried.iter().map(|c| self.name(c.init)).collect();
        for step in steps {
            let mut values: HashMap<V, V> = HashMap::default();
            let here = self.again(var);
            values.insert(var, here);
            values.extend(lp.carried.iter().map(|c| c.param).zip(carried.iter().copied()));
            let kind = Kind::Const(here, Literal::Int(*step));
            self.literals.insert(here, *step);
            out.push(Stmt { kind, span: self.program.of(var).span });
            let mut mems = HashMap::default();
            walk::all(&lp.body, &mut |kind| {
                walk::defines(kind, &mut |v| {
                    let again = self.again(v);
                    values.insert(v, again);
                    if let Kind::Const(_, Literal::Int(number)) = kind {
                        self.literals.insert(again, *number);
                    }
                });
                for &mem in walk::makes(kind) {
                    let of = self.program.at(mem).clone();
                    mems.insert(mem, self.program.mem(of.name, of.ty, of.origin, of.span));
                }
            });
            let mut names = Iteration { unrolling: self, values, mems };
            for stmt in &lp.body.stmts {
                let mut stmt = stmt.clone();
                rename(&mut stmt, &mut names);
                out.push(stmt);
            }
            carried = lp
                .carried
                .iter()
                .map(|c| {
                    let mut next = c.next;
                    names.value(&mut next);
                    next
                })
                .collect();
        }
        self.names.extend(lp.carried.iter().map(|c| c.out).zip(carried));
    }

    fn name(&self, v: V) -> V {
        self.names.get(&v).copied().unwrap_or(v)
    }

    /// Another value of the same kind.
    fn again(&mut self, v: V) -> V {
        let of = self.program.of(v).clone();
        self.program.value(of.name, of.ty, of.span)
    }
}
