//! Simplification: copies, common subexpressions, exact algebra, dead code.
//!
//! Every rewrite keeps the bits: nothing is folded that rounds differently or hides a NaN.
//! `0 · e`, `x - x` and `x / x` stay, since `e` and `x` may be infinite or NaN.

use crate::ir::{Dim, Elem, Kind, Literal, Op, Operand, Program, Stmt, ValueId, compose, identity};
use crate::primitives::{self, Prim};
use std::collections::HashMap;

/// Simplifies a program; the results and gradients keep their bits.
pub fn simplify(program: &Program) -> Program {
    let mut pass = Simplify {
        out: Program { body: vec![], ..program.clone() },
        stands_for: vec![None; program.values.len()],
        literals: HashMap::new(),
        negated: HashMap::new(),
        seen: HashMap::new(),
    };
    for stmt in &program.body {
        pass.statement(stmt.clone());
    }
    pass.outputs();
    remove_dead(&mut pass.out);
    renumber(&pass.out)
}

/// Drops what no output needs.
fn remove_dead(program: &mut Program) {
    let live = program.live();
    program.body.retain(|stmt| live[stmt.dst.0 as usize]);
}

/// Numbers the values in the order of their definitions, the parameters first.
fn renumber(program: &Program) -> Program {
    let order: Vec<ValueId> =
        program.params.iter().copied().chain(program.body.iter().map(|stmt| stmt.dst)).collect();
    let number: HashMap<ValueId, ValueId> =
        order.iter().enumerate().map(|(k, &id)| (id, ValueId(k as u32))).collect();
    let renumbered = |id: &mut ValueId| *id = number.get(id).copied().unwrap_or(*id);
    let mut out = program.clone();
    out.values = order.iter().map(|&id| program.value(id).clone()).collect();
    out.params.iter_mut().for_each(renumbered);
    out.results.iter_mut().for_each(renumbered);
    for (param, grad) in &mut out.grads {
        renumbered(param);
        grad.iter_mut().for_each(renumbered);
    }
    for dim in &mut out.dims {
        if let Dim::Of { value, .. } | Dim::Given(value) = dim {
            renumbered(value);
        }
    }
    for stmt in &mut out.body {
        renumbered(&mut stmt.dst);
        stmt.operands_mut().for_each(|operand| renumbered(&mut operand.value));
    }
    for foreign in &mut out.foreign {
        renumbered(&mut foreign.value);
        foreign.locals.iter_mut().for_each(|(_, id)| renumbered(id));
    }
    out
}

struct Simplify {
    out: Program,
    /// For a value that is a rearranged read of another one, that read.
    stands_for: Vec<Option<Operand>>,
    /// The values that are float literals.
    literals: HashMap<ValueId, f64>,
    /// The values that are the negative of a read.
    negated: HashMap<ValueId, Operand>,
    /// What was computed before, by how.
    seen: HashMap<String, ValueId>,
}

impl Simplify {
    fn statement(&mut self, mut stmt: Stmt) {
        for operand in stmt.operands_mut() {
            self.follow(operand);
        }
        if let Kind::Map { op, args } = &stmt.kind {
            let rewritten = match op {
                Op::Copy => Some(args[0].clone()),
                Op::Cast if self.out.value(args[0].value).elem == self.out.value(stmt.dst).elem => {
                    Some(args[0].clone())
                }
                Op::Prim(row) => self.algebra(row, args, stmt.dst),
                _ => None,
            };
            if let Some(operand) = rewritten {
                self.stands_for[stmt.dst.0 as usize] = Some(operand);
                // For those who read it at an index that cannot be followed.
                self.out.body.push(stmt);
                return;
            }
        }
        self.exact_signs(&mut stmt);
        self.emit(stmt);
    }

    /// Lets every output name the value it stands for. An array that is an output has storage of
    /// its own, so one that is a parameter, or another output too, is copied; and so is a gradient
    /// that something else reads, since gradients may be added to what is there.
    fn outputs(&mut self) {
        let mut results = std::mem::take(&mut self.out.results);
        let mut grads = std::mem::take(&mut self.out.grads);
        let gradients = || grads.iter().filter_map(|&(_, grad)| grad);
        let stands_for = |id: ValueId| {
            let mut operand = self.out.whole(id);
            self.follow(&mut operand);
            operand
        };
        let mut taken: Vec<ValueId> = self.out.params.clone();
        taken.extend(self.read(results.iter().copied().chain(gradients()).map(stands_for)));
        let mut of_gradients: Vec<ValueId> = gradients().map(|id| stands_for(id).value).collect();
        of_gradients.sort();
        let twice = of_gradients.windows(2).filter(|pair| pair[0] == pair[1]);
        taken.extend(twice.map(|pair| pair[0]));

        let mut others: Vec<ValueId> = self.out.params.clone();
        for id in &mut results {
            self.output(id, &others);
            others.push(*id);
        }
        taken.append(&mut others);
        for id in grads.iter_mut().filter_map(|(_, grad)| grad.as_mut()) {
            self.output(id, &taken);
        }
        (self.out.results, self.out.grads) = (results, grads);
    }

    /// Lets an output name the value it stands for, or a copy if that is taken.
    fn output(&mut self, id: &mut ValueId, taken: &[ValueId]) {
        let rank = self.out.rank(*id);
        let mut operand = self.out.whole(*id);
        self.follow(&mut operand);
        let direct = operand.at == identity(rank) && self.out.rank(operand.value) == rank;
        if direct && (rank == 0 || !taken.contains(&operand.value)) {
            *id = operand.value;
        } else {
            let value = self.out.value(*id).clone();
            let kind = Kind::Map { op: Op::Copy, args: vec![operand] };
            *id = self.out.define(value.name, value.elem, value.shape, value.span, kind);
        }
    }

    /// What is read on the way to the given outputs.
    fn read(&self, outputs: impl Iterator<Item = Operand>) -> Vec<ValueId> {
        let mut needed = vec![false; self.out.values.len()];
        outputs.for_each(|operand| needed[operand.value.0 as usize] = true);
        let mut read = Vec::new();
        for stmt in self.out.body.iter().rev() {
            if needed[stmt.dst.0 as usize] {
                for operand in stmt.operands() {
                    needed[operand.value.0 as usize] = true;
                    read.push(operand.value);
                }
            }
        }
        read
    }

    /// Emits a statement unless the same was computed before.
    fn emit(&mut self, stmt: Stmt) {
        let key = self.key(&stmt);
        match self.seen.get(&key) {
            Some(&earlier) => {
                let whole = self.out.whole(earlier);
                self.stands_for[stmt.dst.0 as usize] = Some(whole);
            }
            None => {
                match &stmt.kind {
                    Kind::Map { op: Op::Const(Literal::Float(value, _)), .. } => {
                        self.literals.insert(stmt.dst, *value);
                    }
                    Kind::Map { op: Op::Prim(row), args } if **row == primitives::NEG => {
                        self.negated.insert(stmt.dst, args[0].clone());
                    }
                    _ => {}
                }
                self.seen.insert(key, stmt.dst);
                self.out.body.push(stmt);
            }
        }
    }

    /// Lets an operand read what its value stands for.
    fn follow(&self, operand: &mut Operand) {
        while let Some(target) =
            self.stands_for.get(operand.value.0 as usize).and_then(Option::as_ref)
        {
            let Some(at) = compose(&target.at, &operand.at) else {
                return;
            };
            *operand = Operand { value: target.value, at };
        }
    }

    fn literal(&self, operand: &Operand) -> Option<f64> {
        self.literals.get(&operand.value).copied()
    }

    fn new_value(
        &mut self,
        name: &str,
        like: ValueId,
        elem: Elem,
        shape: Vec<crate::ir::DimId>,
        kind: Kind,
    ) -> Operand {
        let span = self.out.value(like).span;
        let id = self.out.declare(name, elem, shape, span);
        self.stands_for.push(None);
        self.emit(Stmt { dst: id, kind });
        let mut operand = self.out.whole(id);
        self.follow(&mut operand);
        operand
    }

    fn number(&mut self, value: f64, like: ValueId) -> Operand {
        let elem = self.out.value(like).elem.clone();
        let kind = Kind::Map { op: Op::Const(Literal::Float(value, None)), args: vec![] };
        self.new_value("c", like, elem, vec![], kind)
    }

    /// Identities that are exact in IEEE arithmetic.
    fn algebra(&mut self, row: Prim, args: &[Operand], dst: ValueId) -> Option<Operand> {
        let number = |k: usize| args.get(k).and_then(|arg| self.literal(arg));
        match row.name {
            "mul" if number(0) == Some(1.0) => Some(args[1].clone()),
            "mul" | "div" if number(1) == Some(1.0) => Some(args[0].clone()),
            "neg" => self.negated.get(&args[0].value).and_then(|inner| {
                Some(Operand { value: inner.value, at: compose(&inner.at, &args[0].at)? })
            }),
            "guard" if number(0).is_some_and(|ct| ct != 0.0 && ct.is_finite()) => {
                Some(args[1].clone())
            }
            "powi_partial" => {
                let exponent = self.integer(&args[1])?;
                self.power(&args[0], exponent as f64, dst, |this, n| {
                    let elem = this.out.value(args[1].value).elem.clone();
                    let kind = Kind::Map { op: Op::Const(Literal::Int(n as i128)), args: vec![] };
                    (&primitives::POWI, this.new_value("c", dst, elem, vec![], kind))
                })
            }
            "powf_partial" => {
                let exponent = number(1)?;
                self.power(&args[0], exponent, dst, |this, n| {
                    (&primitives::POWF, this.number(n, dst))
                })
            }
            _ => None,
        }
    }

    /// The partial of a power with a literal exponent `n`: `n xⁿ⁻¹`.
    fn power(
        &mut self,
        base: &Operand,
        n: f64,
        dst: ValueId,
        lower: impl FnOnce(&mut Self, f64) -> (Prim, Operand),
    ) -> Option<Operand> {
        if n == 0.0 || n <= f64::from(i32::MIN) {
            return None;
        }
        if n == 1.0 {
            return Some(self.number(1.0, dst));
        }
        let factor = self.number(n, dst);
        let elem = self.out.value(dst).elem.clone();
        let shape = self.out.shape(dst).to_vec();
        let power = if n == 2.0 {
            base.clone()
        } else {
            let (row, exponent) = lower(self, n - 1.0);
            let kind = Kind::Map { op: Op::Prim(row), args: vec![base.clone(), exponent] };
            let mut power = self.new_value(row.name, dst, elem.clone(), shape.clone(), kind);
            power.at = identity(shape.len());
            power
        };
        let kind = Kind::Map { op: Op::Prim(&primitives::MUL), args: vec![factor, power] };
        Some(self.new_value("mul", dst, elem, shape, kind))
    }

    fn integer(&self, operand: &Operand) -> Option<i128> {
        self.out.body.iter().rev().find(|stmt| stmt.dst == operand.value).and_then(
            |stmt| match stmt.kind {
                Kind::Map { op: Op::Const(Literal::Int(n)), .. } => Some(n),
                _ => None,
            },
        )
    }

    /// `a + (-b)` is `a - b`, `a - (-b)` is `a + b`, `a · -1` is `-a`, bit for bit.
    fn exact_signs(&self, stmt: &mut Stmt) {
        let Kind::Map { op: Op::Prim(row), args } = &mut stmt.kind else {
            return;
        };
        let negated = |arg: &Operand| {
            let inner = self.negated.get(&arg.value)?;
            Some(Operand { value: inner.value, at: compose(&inner.at, &arg.at)? })
        };
        let minus_one = |arg: &Operand| self.literals.get(&arg.value) == Some(&-1.0);
        match row.name {
            "add" => {
                if let Some(inner) = negated(&args[1]) {
                    (*row, args[1]) = (&primitives::SUB, inner);
                } else if let Some(inner) = negated(&args[0]) {
                    args.swap(0, 1);
                    (*row, args[1]) = (&primitives::SUB, inner);
                }
            }
            "sub" => {
                if let Some(inner) = negated(&args[1]) {
                    (*row, args[1]) = (&primitives::ADD, inner);
                }
            }
            "mul" if minus_one(&args[0]) => {
                args.remove(0);
                *row = &primitives::NEG;
            }
            "mul" if minus_one(&args[1]) => {
                args.pop();
                *row = &primitives::NEG;
            }
            _ => {}
        }
    }

    /// What makes two statements compute the same.
    fn key(&self, stmt: &Stmt) -> String {
        let value = self.out.value(stmt.dst);
        let kind = match &stmt.kind {
            Kind::Map { op: Op::Const(Literal::Float(value, _)), .. } => {
                format!("float {:x}", value.to_bits())
            }
            Kind::Map { op: Op::Prim(row), args } if row.name == "add" || row.name == "mul" => {
                let mut args = args.clone();
                args.sort_by(|a, b| (a.value, &a.at).cmp(&(b.value, &b.at)));
                format!("{} {args:?}", row.name)
            }
            other => format!("{other:?}"),
        };
        format!("{kind} {} {:?}", value.elem, value.shape)
    }
}
