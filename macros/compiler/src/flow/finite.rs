//! What is known to be finite where a function's results are: the guards that this spares.
//!
//! A sum, a difference or a product is finite only if what it is made of is; a quotient only if what
//! is divided is, and what divides is neither zero nor NaN. So one look at the results tells of most
//! of the values behind them. A guard, `[ct ≠ 0]·ct·p`, keeps an infinite `p` from making NaN of a
//! cotangent that is zero: where `p` is finite it does nothing.

use super::adjoint::pullback::is_bounded;
use super::ir::{Adjoint, Grad, Init, Kind, MemId, Out, Place, Program, Stmt, Tree, V};
use super::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;
use crate::primitives::{DIV, GUARD, MUL, NEG, Prim};

/// The values that a result is made of, if that can be told.
pub(super) fn results(program: &Program) -> Option<Vec<V>> {
    let mut found = Vec::new();
    collect(program, program.result.as_ref()?, &mut found)?;
    Some(found)
}

fn collect(program: &Program, tree: &Tree, found: &mut Vec<V>) -> Option<()> {
    match tree {
        Tree::Unit => Some(()),
        Tree::Value(v) => {
            found.push(*v);
            Some(())
        }
        Tree::Place(place) => elements(program, place, found),
        Tree::Array(..) => None,
        Tree::Tuple(parts) => parts.iter().try_for_each(|part| collect(program, part, found)),
        Tree::Success(inner) => collect(program, inner, found),
    }
}

/// The elements of a memory that is made as a list and stays as it is.
fn elements(program: &Program, place: &Place, found: &mut Vec<V>) -> Option<()> {
    if !place.proj.is_empty() {
        return None;
    }
    let (mut made, mut changed) = (None, false);
    walk::all(&program.body, &mut |kind| match kind {
        Kind::Alloc(mem, init) if *mem == place.mem => {
            changed |= made.replace(init).is_some();
        }
        kind => walk::places(kind, &mut |mem, _, access| {
            changed |= mem == place.mem && access.writes();
        }),
    });
    match made {
        Some(Init::List(values)) if !changed => {
            found.extend(values);
            Some(())
        }
        Some(Init::ListOf(rows)) if !changed => {
            rows.iter().try_for_each(|row| elements(program, row, found))
        }
        _ => None,
    }
}

/// What makes zero of a zero cotangent in some reverse code, where the results are finite.
pub(super) struct Zeros {
    /// Guards that do nothing.
    pub(super) idle: HashSet<V>,
    /// What cotangents are multiplied by without a guard, and has to be looked at besides the
    /// results: it may be infinite.
    pub(super) factors: Vec<V>,
}

/// The same of a reverse sweep; nothing, where it cannot be told at the end of it. `is_seed` and
/// `seeds` tell the parts of the cotangent.
pub(super) fn zeros(
    adjoint: &Adjoint,
    is_seed: &dyn Fn(MemId) -> bool,
    seeds: &[V],
) -> Option<Zeros> {
    let program = &adjoint.program;
    let (forward, reverse) = program.body.stmts.split_at(adjoint.reverse);
    let mut known = Known {
        definitions: HashMap::default(),
        branches: HashMap::default(),
        leaving: HashMap::default(),
        literals: HashMap::default(),
        finite: Facts::default(),
        divides: Facts::default(),
        moving: seeds.iter().copied().collect(),
        inner: HashSet::default(),
        guarded: HashSet::default(),
        gradients: (adjoint.grads.iter())
            .filter_map(|grad| match grad {
                Grad::Value(v) => *v,
                Grad::Not | Grad::Mem(_) => None,
            })
            .collect(),
        within: Vec::new(),
        zeros: Zeros { idle: HashSet::default(), factors: Vec::new() },
    };
    known.define(forward, &mut Vec::new());
    for v in results(program).into_iter().flatten() {
        known.is_finite(v);
    }
    known.define(reverse, &mut Vec::new());
    known.moves(reverse, is_seed);
    known.guarded(reverse);
    known.look(reverse)?;
    Some(known.zeros)
}

/// How a value is computed.
type Definition<'p> = (Prim, &'p [V]);

/// Conditions, and whether they hold: what leads into a branch.
type Branch = Vec<(V, bool)>;

/// What is known of values: the branches in which it is, beyond the one that computes them.
type Facts = HashMap<V, Vec<Branch>>;

/// So many conditions, and so many branches of a value, are kept.
const DEEP: usize = 3;
const WIDE: usize = 4;

struct Known<'p> {
    definitions: HashMap<V, Definition<'p>>,
    /// Where values are computed, if in a branch.
    branches: HashMap<V, Branch>,
    /// What leaves conditionals, with the condition.
    leaving: HashMap<V, (V, &'p Out)>,
    literals: HashMap<V, f64>,
    /// Values that are finite.
    finite: Facts,
    /// Values that are neither zero nor NaN.
    divides: Facts,
    /// Values that depend on the cotangent.
    moving: HashSet<V>,
    /// Values that are defined in a branch of the reverse code.
    inner: HashSet<V>,
    /// Products that nothing but a guard of their cotangent reads.
    guarded: HashSet<V>,
    /// Values that are gradients.
    gradients: HashSet<V>,
    /// The conditions around, and whether they hold.
    within: Vec<(V, bool)>,
    zeros: Zeros,
}

impl<'p> Known<'p> {
    fn define(&mut self, stmts: &'p [Stmt], branch: &mut Branch) {
        for stmt in stmts {
            if !branch.is_empty() {
                walk::defines(&stmt.kind, &mut |v| {
                    self.branches.insert(v, branch.clone());
                });
            }
            match &stmt.kind {
                Kind::Prim(v, row, args) => {
                    self.definitions.insert(*v, (*row, args));
                }
                Kind::Const(v, Literal::Float(number, _)) => {
                    self.literals.insert(*v, *number);
                }
                Kind::If { cond, then, other, outs } => {
                    outs.iter().for_each(|out| {
                        self.leaving.insert(out.value, (*cond, out));
                    });
                    for (block, holds) in [(then, true), (other, false)] {
                        branch.push((*cond, holds));
                        self.define(&block.stmts, branch);
                        branch.pop();
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes that a value is finite, and what follows. What a branch tells of values from outside
    /// holds in that branch.
    fn is_finite(&mut self, v: V) {
        let mut pending = vec![(v, Branch::new())];
        while let Some((v, branch)) = pending.pop() {
            let Some(branch) = note(&mut self.finite, &self.branches, v, &branch) else { continue };
            if let Some((cond, out)) = self.leaving.get(&v) {
                for (arm, holds) in [(out.then, true), (out.other, false)] {
                    let within = branch.iter().copied().chain([(*cond, holds)]).collect();
                    pending.extend(arm.map(|arm| (arm, within)));
                }
            }
            let Some((row, args)) = self.definitions.get(&v) else { continue };
            let home = self.branches.get(&v).into_iter().flatten();
            let within: Branch = home.chain(&branch).copied().collect();
            for (k, arg) in args.iter().enumerate() {
                if is_infinite_with(row, k, &NOT_FINITE) {
                    pending.push((*arg, within.clone()));
                }
                if is_infinite_with(row, k, &NOT_DIVIDING) {
                    note(&mut self.divides, &self.branches, *arg, &within);
                }
            }
        }
    }

    /// Notes what depends on the cotangent.
    fn moves(&mut self, stmts: &[Stmt], is_seed: &dyn Fn(MemId) -> bool) {
        for stmt in stmts {
            let moves = match &stmt.kind {
                Kind::Load(_, place) => is_seed(place.mem),
                Kind::Prim(_, _, args) => args.iter().any(|arg| self.moving.contains(arg)),
                Kind::Cast(_, arg) => self.moving.contains(arg),
                Kind::If { then, other, outs, .. } => {
                    self.moves(&then.stmts, is_seed);
                    self.moves(&other.stmts, is_seed);
                    let arms = |out: &Out| [out.then, out.other].into_iter().flatten();
                    for out in outs {
                        if arms(out).any(|v| self.moving.contains(&v)) {
                            self.moving.insert(out.value);
                        }
                    }
                    false
                }
                _ => false,
            };
            if moves {
                walk::defines(&stmt.kind, &mut |v| {
                    self.moving.insert(v);
                });
            }
        }
    }

    /// Notes what only guards read.
    fn guarded(&mut self, stmts: &[Stmt]) {
        let mut readers: HashMap<V, Vec<Option<V>>> = HashMap::default();
        let mut order = Vec::new();
        let mut pending: Vec<&Stmt> = stmts.iter().collect();
        while let Some(stmt) = pending.pop() {
            let defined = match &stmt.kind {
                Kind::Prim(v, ..) => Some(*v),
                _ => None,
            };
            walk::values(&stmt.kind, &mut |v| readers.entry(v).or_default().push(defined));
            order.extend(defined);
            pending.extend(walk::blocks(&stmt.kind).into_iter().flat_map(|block| &block.stmts));
        }
        // A reader is defined behind what it reads.
        order.sort_unstable_by_key(|v| std::cmp::Reverse(*v));
        for v in order {
            let Some([Some(reader)]) = readers.get(&v).map(Vec::as_slice) else { continue };
            let Some((row, args)) = self.definitions.get(reader) else { continue };
            if self.gradients.contains(&v) {
                continue;
            }
            let of_cotangent = **row == GUARD && self.moving.contains(&args[0]);
            let passed_on = [&MUL, &DIV, &NEG, &GUARD].iter().any(|other| **other == **row);
            if of_cotangent && args[0] != v || passed_on && self.guarded.contains(reader) {
                self.guarded.insert(v);
            }
        }
    }

    /// Looks at the guards and at what is not guarded.
    fn look(&mut self, stmts: &[Stmt]) -> Option<()> {
        for stmt in stmts {
            if !self.within.is_empty() {
                walk::defines(&stmt.kind, &mut |v| {
                    self.inner.insert(v);
                });
            }
            match &stmt.kind {
                Kind::Prim(v, row, args) if **row == GUARD => {
                    let idle = self.moving.contains(&args[0]) && self.vanishes(args[1], args[0]);
                    self.zeros.idle.extend(idle.then_some(*v));
                }
                Kind::Prim(v, ..) if !self.moving.contains(v) || self.guarded.contains(v) => {}
                Kind::Prim(_, row, args) if **row == MUL => {
                    args.iter().try_for_each(|factor| self.factor(*factor))?;
                }
                Kind::Prim(_, row, args)
                    if **row == DIV && !self.holds(args[1], &self.divides, false) =>
                {
                    return None;
                }
                Kind::If { cond, then, other, .. } => {
                    for (block, holds) in [(then, true), (other, false)] {
                        self.within.push((*cond, holds));
                        self.look(&block.stmts)?;
                        self.within.pop();
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    /// A factor of a product that is not guarded.
    fn factor(&mut self, v: V) -> Option<()> {
        let known = self.moving.contains(&v)
            || self.holds(v, &self.finite, true)
            || self.zeros.factors.contains(&v);
        if !known {
            if self.inner.contains(&v) {
                return None;
            }
            self.zeros.factors.push(v);
        }
        Some(())
    }

    /// Whether a product is zero where the cotangent in it is.
    fn vanishes(&self, product: V, ct: V) -> bool {
        if product == ct {
            return true;
        }
        let Some((row, args)) = self.definitions.get(&product) else { return false };
        match (*row, args) {
            (row, [a]) if *row == NEG => self.vanishes(*a, ct),
            (row, [a, b]) if *row == MUL => match self.moving.contains(a) {
                true => self.holds(*b, &self.finite, true) && self.vanishes(*a, ct),
                false => self.holds(*a, &self.finite, true) && self.vanishes(*b, ct),
            },
            (row, [a, b]) if *row == DIV => {
                self.holds(*b, &self.divides, false) && self.vanishes(*a, ct)
            }
            _ => false,
        }
    }

    /// Whether a value that does not depend on the cotangent is `known` where it is used; `of_zero`:
    /// whether zero is.
    fn holds(&self, v: V, known: &Facts, of_zero: bool) -> bool {
        if self.moving.contains(&v) {
            return false;
        }
        if known.get(&v).is_some_and(|branches| covers(branches, &self.within, DEEP)) {
            return true;
        }
        if let Some(number) = self.literals.get(&v) {
            return number.is_finite() && (of_zero || *number != 0.0);
        }
        if let Some((cond, out)) = self.leaving.get(&v) {
            // What is not defined in a branch is zero behind it.
            let arm = |arm: Option<V>| arm.map_or(of_zero, |v| self.holds(v, known, of_zero));
            return match self.within.iter().find(|(around, _)| around == cond) {
                Some((_, true)) => arm(out.then),
                Some((_, false)) => arm(out.other),
                None => arm(out.then) && arm(out.other),
            };
        }
        match self.definitions.get(&v) {
            Some((row, args)) if of_zero && is_bounded(row) => {
                self.holds(args[0], &self.finite, true)
            }
            _ => false,
        }
    }
}

/// Whether one of some branches is taken for sure where the conditions `within` hold; some depend on
/// a few further conditions.
fn covers(branches: &[Branch], within: &[(V, bool)], further: usize) -> bool {
    if branches.iter().any(|branch| branch.iter().all(|holds| within.contains(holds))) {
        return true;
    }
    let mut open =
        branches.iter().flatten().filter(|(cond, _)| within.iter().all(|(c, _)| c != cond));
    further > 0
        && open.any(|(cond, _)| {
            [true, false].into_iter().all(|holds| {
                let within: Branch = within.iter().copied().chain([(*cond, holds)]).collect();
                covers(branches, &within, further - 1)
            })
        })
}

/// Notes that something is known of a value in a branch, and returns what of that lies beyond the
/// value's own branch; nothing if that is no news.
fn note(
    facts: &mut Facts,
    branches: &HashMap<V, Branch>,
    v: V,
    branch: &[(V, bool)],
) -> Option<Branch> {
    let own = branches.get(&v).map_or(&[][..], Vec::as_slice);
    let beyond: Branch = branch.iter().filter(|holds| !own.contains(holds)).copied().collect();
    let known = facts.entry(v).or_default();
    let told = known.iter().any(|other| other.iter().all(|holds| beyond.contains(holds)));
    if told || beyond.len() > DEEP || known.len() >= WIDE {
        return None;
    }
    known.push(beyond.clone());
    Some(beyond)
}

const NOT_FINITE: [f64; 3] = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
const NOT_DIVIDING: [f64; 3] = [0.0, -0.0, f64::NAN];

/// Whether a primitive is infinite or NaN where its argument number `k` is one of `ends`, whatever
/// the others are: they are asked at the ends and between.
fn is_infinite_with(row: Prim, k: usize, ends: &[f64]) -> bool {
    let others = [0.0, -0.0, 1.0, 0.3, 7.0, 1e-300, 1e300];
    let others: Vec<f64> = others.iter().flat_map(|x| [*x, -*x]).chain(NOT_FINITE).collect();
    let count = others.len().pow(row.arity as u32 - 1);
    ends.iter().all(|end| {
        (0..count).all(|mut choice| {
            let mut next = || {
                let other = others[choice % others.len()];
                choice /= others.len();
                other
            };
            let args: Vec<f64> =
                (0..row.arity).map(|at| if at == k { *end } else { next() }).collect();
            !(row.eval)(&args).is_finite()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{ADD, ATAN2, EXP, LN, MAX, MUL_ADD, POWF, SIN, SQRT, SUB, TANH};

    #[test]
    fn infinity_passes_through_what_cannot_hide_it() {
        for row in [&ADD, &SUB, &MUL, &NEG, &SIN, &SQRT, &LN, &MUL_ADD] {
            for k in 0..row.arity {
                assert!(is_infinite_with(row, k, &NOT_FINITE), "{row:?}");
            }
        }
        assert!(is_infinite_with(&DIV, 0, &NOT_FINITE) && !is_infinite_with(&DIV, 1, &NOT_FINITE));
        for row in [&EXP, &TANH, &MAX, &POWF, &ATAN2, &GUARD] {
            assert!(!is_infinite_with(row, row.arity - 1, &NOT_FINITE), "{row:?}");
        }
    }

    #[test]
    fn a_finite_quotient_has_a_divisor() {
        assert!(is_infinite_with(&DIV, 1, &NOT_DIVIDING));
        assert!(is_infinite_with(&LN, 0, &NOT_DIVIDING));
        assert!(!is_infinite_with(&DIV, 0, &NOT_DIVIDING));
        assert!(!is_infinite_with(&SQRT, 0, &NOT_DIVIDING));
    }
}
