//! Reduction loops run once: cotangents that are known only after a loop are multiplied in after
//! it.
//!
//! In `rmse = mse.sqrt()` the reverse loop waits for the factor `1 / (2 rmse n)`, which waits for
//! the forward loop. The reverse sweep is linear in that factor, so the loop runs with a factor of
//! one, beside the forward loop, and what it sums up is scaled afterwards:
//!
//! ```text
//! ct_w[k] = Σ_i c · (r[i] · x[i, k])     becomes     s[k] = Σ_i r[i] · x[i, k];  ct_w[k] = c · s[k]
//! ```
//!
//! Where the factor is zero the result is zero, selected and not multiplied.
//! The function's own value is not touched: what the results depend on keeps its form.

use crate::ir::{Elem, Kind, Literal, Op, Operand, Program, Stmt, Term, ValueId, identity};
use crate::primitives::{self, Prim};
use std::collections::HashMap;

/// Pulls factors that depend on sums out of the sums of the reverse sweep.
pub fn one_pass(program: &Program) -> Program {
    let mut pass = OnePass {
        out: Program { body: vec![], ..program.clone() },
        primal: primal(program),
        late: vec![false; program.values.len()],
        factored: HashMap::new(),
    };
    for stmt in &program.body {
        pass.statement(stmt.clone());
    }
    pass.out
}

/// The values that the results depend on.
fn primal(program: &Program) -> Vec<bool> {
    Program { grads: vec![], ..program.clone() }.live()
}

/// A value written as a scalar that is late times a base that is not.
#[derive(Clone)]
struct Factored {
    factor: ValueId,
    /// Read along the value's own axes.
    base: Operand,
}

struct OnePass {
    out: Program,
    primal: Vec<bool>,
    /// The scalars that are known only after some loop.
    late: Vec<bool>,
    factored: HashMap<ValueId, Factored>,
}

impl OnePass {
    fn statement(&mut self, mut stmt: Stmt) {
        let dst = stmt.dst;
        let sums = stmt.terms().iter().any(|t| !t.space.is_empty());
        let reads_late = stmt.operands().any(|operand| self.late[operand.value.0 as usize]);
        if !self.primal[dst.0 as usize]
            && let Some(factored) = self.factor(&stmt)
        {
            match (&stmt.kind, &factored) {
                (Kind::Sum { .. }, factored) => {
                    stmt.kind = self.scaled(dst, factored);
                }
                (Kind::Map { .. } | Kind::Max { .. }, _) => {}
            }
            self.factored.insert(dst, factored);
        }
        self.late[dst.0 as usize] = (sums || reads_late) && self.out.rank(dst) == 0;
        self.out.body.push(stmt);
    }

    /// `guard(factor, factor · base)`: the sum of the bases, scaled.
    fn scaled(&mut self, dst: ValueId, factored: &Factored) -> Kind {
        let factor = Operand { value: factored.factor, at: vec![] };
        let args = vec![factor.clone(), factored.base.clone()];
        let product =
            self.define("scaled", dst, Kind::Map { op: Op::Prim(&primitives::MUL), args });
        Kind::Map { op: Op::Prim(&primitives::GUARD), args: vec![factor, product] }
    }

    /// Adds a statement whose value has the shape of `like`.
    fn define(&mut self, name: &str, like: ValueId, kind: Kind) -> Operand {
        let value = self.out.value(like).clone();
        let id = self.out.define(name, value.elem, value.shape, value.span, kind);
        self.late.push(false);
        self.primal.push(false);
        self.out.whole(id)
    }

    fn is_late_scalar(&self, operand: &Operand) -> bool {
        self.out.rank(operand.value) == 0 && self.late[operand.value.0 as usize]
    }

    /// A read as factor and base, if it has a late factor.
    fn split(&mut self, operand: &Operand) -> Option<Factored> {
        if self.is_late_scalar(operand) {
            let elem = self.out.value(operand.value).elem.clone();
            let base = self.one(operand.value, elem);
            return Some(Factored { factor: operand.value, base });
        }
        let factored = self.factored.get(&operand.value)?;
        let at = crate::ir::compose(&factored.base.at, &operand.at)?;
        Some(Factored { factor: factored.factor, base: Operand { value: factored.base.value, at } })
    }

    fn one(&mut self, like: ValueId, elem: Elem) -> Operand {
        let span = self.out.value(like).span;
        let kind = Kind::Map { op: Op::Const(Literal::Float(1.0, None)), args: vec![] };
        let id = self.out.define("c", elem, vec![], span, kind);
        self.late.push(false);
        self.primal.push(false);
        self.out.whole(id)
    }

    /// The statement's value as factor and base, if what it reads has one late factor in common.
    fn factor(&mut self, stmt: &Stmt) -> Option<Factored> {
        match &stmt.kind {
            Kind::Map { op: Op::Prim(row), args } if self.out.rank(stmt.dst) > 0 => {
                self.factor_map(row, args, stmt.dst)
            }
            Kind::Sum { terms } => self.factor_sum(terms, stmt.dst),
            Kind::Max { .. } => None,
            Kind::Map { .. } => None,
        }
    }

    fn factor_map(&mut self, row: Prim, args: &[Operand], dst: ValueId) -> Option<Factored> {
        let (factor, args) = match row.name {
            "mul" => {
                let k = (0..2).find(|&k| self.has_factor(&args[k]))?;
                if self.has_factor(&args[1 - k]) {
                    return None;
                }
                let inner = self.split(&args[k])?;
                let mut args = args.to_vec();
                args[k] = inner.base;
                (inner.factor, args)
            }
            "div" | "neg" => {
                let inner = self.split(&args[0])?;
                if args.get(1).is_some_and(|divisor| self.has_factor(divisor)) {
                    return None;
                }
                let mut args = args.to_vec();
                args[0] = inner.base;
                (inner.factor, args)
            }
            "add" | "sub" => {
                let (left, right) = (self.split(&args[0])?, self.split(&args[1])?);
                if left.factor != right.factor {
                    return None;
                }
                (left.factor, vec![left.base, right.base])
            }
            "guard" => {
                let value = self.split(&args[1])?;
                if self.is_late_scalar(&args[0]) {
                    // Where the factor is zero, the scaling selects zero.
                    (args[0].value == value.factor).then_some(())?;
                    return Some(value);
                }
                let condition = match self.split(&args[0]) {
                    Some(condition) if condition.factor == value.factor => condition.base,
                    Some(_) => return None,
                    None => args[0].clone(),
                };
                (value.factor, vec![condition, value.base])
            }
            _ => return None,
        };
        let base = self.define(row.name, dst, Kind::Map { op: Op::Prim(row), args });
        Some(Factored { factor, base })
    }

    fn has_factor(&self, operand: &Operand) -> bool {
        self.is_late_scalar(operand) || self.factored.contains_key(&operand.value)
    }

    fn factor_sum(&mut self, terms: &[Term], dst: ValueId) -> Option<Factored> {
        let rank = self.out.rank(dst);
        let mut factor = None;
        let mut bases = Vec::new();
        for term in terms {
            // A term that sums nothing up gains nothing from a loop of its own.
            if term.space.len() <= rank {
                return None;
            }
            let split = self.split(&term.arg)?;
            if *factor.get_or_insert(split.factor) != split.factor {
                return None;
            }
            bases.push(Term { arg: split.base, ..term.clone() });
        }
        let base = self.define("unscaled", dst, Kind::Sum { terms: bases });
        debug_assert_eq!(base.at, identity(rank));
        Some(Factored { factor: factor?, base })
    }
}
