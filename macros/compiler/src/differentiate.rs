//! Reverse mode: a program in, the program with its gradients out.
//!
//! Statement by statement, backwards: every value that the parameters reach gets a cotangent, the
//! sum of what its readers contribute.
//! In index notation one rule serves all: the reader's cotangent times the partial, summed into
//! the operand's index, so broadcasting is undone and reductions are spread in one place.
//! A value that no cotangent reaches is a structural zero: nothing is written for it.

use crate::error::Errors;
use crate::ir::{
    DimId, Elem, Index, Kind, Literal, Op, Operand, Program, Stmt, Term, ValueId, compose,
};
use crate::primitives::{self, Guard, Prim, Sym};
use proc_macro2::Span;
use std::collections::HashMap;

/// What the results' cotangents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// One: the program computes a gradient.
    One,
    /// A parameter of the program for each result: it computes a vector-Jacobian product.
    Parameter,
}

/// Appends the reverse sweep by the parameters in `wrt` to a program.
pub fn differentiate(program: &Program, wrt: &[ValueId], seed: Seed) -> Program {
    let primal_len = program.body.len();
    let active = active(program, wrt);
    let mut reverse = Reverse {
        contributions: vec![Vec::new(); program.values.len()],
        singular: singular(program),
        numbers: program.body.iter().filter_map(literal).collect(),
        program: program.clone(),
        active,
    };
    for result in program.results.clone() {
        reverse.seed(result, seed);
    }
    for k in (0..primal_len).rev() {
        let stmt = reverse.program.body[k].clone();
        reverse.statement(&stmt);
    }
    let grads = wrt.iter().map(|&param| (param, reverse.gradient(param))).collect();
    reverse.program.grads = grads;
    reverse.program
}

/// The values that the given parameters reach through differentiable operations.
fn active(program: &Program, wrt: &[ValueId]) -> Vec<bool> {
    let mut active = vec![false; program.values.len()];
    for id in wrt {
        active[id.0 as usize] = true;
    }
    for stmt in &program.body {
        let flows = program.value(stmt.dst).elem.is_float()
            && !matches!(stmt.kind, Kind::Max { .. })
            && stmt.operands().any(|operand| active[operand.value.0 as usize]);
        active[stmt.dst.0 as usize] = flows;
    }
    active
}

/// Reports what would make a derivative silently wrong: a differentiated value that disappears
/// into an integer or into a function that is not annotated.
pub fn check_active(program: &Program, wrt: &[ValueId], errors: &mut Errors) {
    let active = active(program, wrt);
    for stmt in &program.body {
        if !stmt.operands().any(|operand| active[operand.value.0 as usize]) {
            continue;
        }
        let value = program.value(stmt.dst);
        match &stmt.kind {
            Kind::Map { op: Op::Cast, .. } if !value.elem.is_float() => errors.at(
                value.span,
                "this casts a differentiated float to an integer, where its derivative would be lost: write `stop_gradient(x) as …` if that is meant",
            ),
            Kind::Map { op: Op::Foreign(k), .. } => errors.at(
                value.span,
                format!("`{}` depends on a differentiated value, but the function is not annotated: put `#[differentiate]` on it", program.foreign[*k].source),
            ),
            _ => {}
        }
    }
}

/// The values of primitives whose pullbacks select.
fn singular(program: &Program) -> Vec<bool> {
    let numbers: HashMap<ValueId, f64> = program.body.iter().filter_map(literal).collect();
    let mut singular = vec![false; program.values.len()];
    for stmt in &program.body {
        if let Kind::Map { op: Op::Prim(row), args } = &stmt.kind {
            let exponent = || numbers.get(&args[1].value).copied();
            singular[stmt.dst.0 as usize] = match row.guard.given(false, exponent) {
                Guard::No => false,
                // What is selected from.
                Guard::Select => args.iter().any(|arg| singular[arg.value.0 as usize]),
                _ => true,
            };
        }
    }
    singular
}

/// The number a statement defines, if it is a literal.
fn literal(stmt: &Stmt) -> Option<(ValueId, f64)> {
    match &stmt.kind {
        Kind::Map { op: Op::Const(Literal::Float(value, _)), .. } => Some((stmt.dst, *value)),
        Kind::Map { op: Op::Const(Literal::Int(value)), .. } => Some((stmt.dst, *value as f64)),
        _ => None,
    }
}

struct Reverse {
    program: Program,
    active: Vec<bool>,
    /// The values of primitives whose partials can be infinite: they can be so themselves.
    singular: Vec<bool>,
    /// The values that are literals.
    numbers: HashMap<ValueId, f64>,
    /// What the readers of each value contribute to its cotangent.
    contributions: Vec<Vec<Term>>,
}

impl Reverse {
    fn seed(&mut self, result: ValueId, seed: Seed) {
        if !self.active[result.0 as usize] {
            if seed == Seed::Parameter {
                // The signature takes a cotangent for every result, also where it has no effect.
                self.seed_parameter(result);
            }
            return;
        }
        let ct = match seed {
            Seed::One => {
                let elem = self.program.value(result).elem.clone();
                self.number(1.0, elem)
            }
            Seed::Parameter => self.seed_parameter(result),
        };
        let (operand, ct) = (self.program.whole(result), self.program.whole(ct));
        let space = self.program.shape(result).to_vec();
        self.contribute(&operand, space, ct);
    }

    fn seed_parameter(&mut self, result: ValueId) -> ValueId {
        let value = self.program.value(result).clone();
        let ct = self.program.declare("cotangent", value.elem, value.shape, value.span);
        self.program.params.push(ct);
        ct
    }

    fn statement(&mut self, stmt: &Stmt) {
        if !self.active[stmt.dst.0 as usize] {
            return;
        }
        let Some(ct) = self.cotangent(stmt.dst) else {
            return;
        };
        let space = self.program.shape(stmt.dst).to_vec();
        match &stmt.kind {
            Kind::Map { op, args } => match op {
                Op::Prim(row) => self.primitive(row, args, stmt.dst, &ct),
                Op::Copy => self.contribute(&args[0], space, ct),
                Op::Cast => {
                    let elem = self.program.value(args[0].value).elem.clone();
                    let back = self.define("ct", elem, Op::Cast, vec![ct], &space);
                    self.contribute(&args[0], space, back);
                }
                Op::Const(_) | Op::Size(_) | Op::Foreign(_) => {}
            },
            Kind::Sum { terms } => {
                for term in terms {
                    // Every element that was added gets the cotangent of what it was added to.
                    // A cotangent is read along axes, which can be read at any index.
                    let at = compose(&ct.at, &term.at).unwrap_or_default();
                    let spread = Operand { value: ct.value, at };
                    self.contribute(&term.arg, term.space.clone(), spread);
                }
            }
            Kind::Max { .. } => {}
        }
    }

    /// A primitive's pullback: the cotangent times each active argument's partial.
    fn primitive(&mut self, row: Prim, args: &[Operand], out: ValueId, ct: &Operand) {
        let symbols: Vec<Sym> = (0..args.len()).map(Sym::Arg).collect();
        let partials = (row.partials)(&symbols, &Sym::Out);
        let of = Elementwise { args, out };
        let number = self.number_of(ct).filter(|ct| ct.is_finite() && *ct != 0.0);
        let guard = row.guard.given(number.is_some(), || self.number_of(&args[1]));
        for (arg, partial) in args.iter().zip(partials) {
            if !self.active[arg.value.0 as usize] || partial == Sym::Zero {
                continue;
            }
            // A factor that can be infinite where what it was made of is not, as `ln(0)`.
            let guard = match guard {
                Guard::No if number.is_none() && self.is_singular(&partial, args) => {
                    Guard::Cotangent
                }
                guard => guard,
            };
            let product = match guard {
                Guard::No => self.times(ct, &partial, &of),
                Guard::Cotangent => {
                    let product = self.times(ct, &partial, &of);
                    self.apply(&primitives::GUARD, vec![ct.clone(), product], out)
                }
                Guard::Select => {
                    let factor = self.instantiate(&partial, &of);
                    self.apply(&primitives::GUARD, vec![factor, ct.clone()], out)
                }
                Guard::Both | Guard::Power => {
                    let factor = self.instantiate(&partial, &of);
                    let product =
                        self.apply(&primitives::MUL, vec![ct.clone(), factor.clone()], out);
                    let product = self.apply(&primitives::GUARD, vec![factor, product], out);
                    self.apply(&primitives::GUARD, vec![ct.clone(), product], out)
                }
            };
            let space = self.program.shape(out).to_vec();
            self.contribute(arg, space, product);
        }
    }

    /// Whether a partial is itself an argument that may be infinite.
    fn is_singular(&self, partial: &Sym, args: &[Operand]) -> bool {
        matches!(partial, Sym::Arg(k) if self.singular[args[*k].value.0 as usize])
    }

    /// The number an operand is, if it is a literal.
    fn number_of(&self, operand: &Operand) -> Option<f64> {
        self.numbers.get(&operand.value).copied()
    }

    /// `ct · partial`, factor by factor from the left.
    fn times(&mut self, ct: &Operand, partial: &Sym, of: &Elementwise<'_>) -> Operand {
        match partial {
            Sym::Num(1.0) => ct.clone(),
            Sym::Apply(row, args) if **row == primitives::NEG => {
                let positive = self.times(ct, &args[0], of);
                self.apply(&primitives::NEG, vec![positive], of.out)
            }
            Sym::Apply(row, args) if **row == primitives::MUL => {
                let left = self.times(ct, &args[0], of);
                self.times(&left, &args[1], of)
            }
            Sym::Apply(row, args) if **row == primitives::DIV => {
                let numerator = self.times(ct, &args[0], of);
                let denominator = self.instantiate(&args[1], of);
                self.apply(&primitives::DIV, vec![numerator, denominator], of.out)
            }
            other => {
                let factor = self.instantiate(other, of);
                self.apply(&primitives::MUL, vec![ct.clone(), factor], of.out)
            }
        }
    }

    /// Statements that compute an expression over a primitive's arguments and result.
    fn instantiate(&mut self, sym: &Sym, of: &Elementwise<'_>) -> Operand {
        match sym {
            Sym::Arg(k) => of.args[*k].clone(),
            Sym::Out => self.program.whole(of.out),
            Sym::Num(value) => {
                let elem = self.program.value(of.out).elem.clone();
                let number = self.number(*value, elem);
                self.program.whole(number)
            }
            Sym::Zero => unreachable!("a structural zero is never part of an expression"),
            Sym::Apply(row, args) => {
                let args = args.iter().map(|arg| self.instantiate(arg, of)).collect();
                self.apply(row, args, of.out)
            }
        }
    }

    fn number(&mut self, value: f64, elem: Elem) -> ValueId {
        let kind = Kind::Map { op: Op::Const(Literal::Float(value, None)), args: vec![] };
        let id = self.program.define("c", elem, vec![], Span::call_site(), kind);
        self.numbers.insert(id, value);
        id
    }

    /// A primitive over the axes of `like`.
    fn apply(&mut self, row: Prim, args: Vec<Operand>, like: ValueId) -> Operand {
        let value = self.program.value(like).clone();
        let numbers: Option<Vec<f64>> = args.iter().map(|arg| self.number_of(arg)).collect();
        if let Some(result) = numbers.and_then(|numbers| primitives::fold(row, &numbers)) {
            let number = self.number(result, value.elem);
            return self.program.whole(number);
        }
        self.define(row.name, value.elem, Op::Prim(row), args, &value.shape)
    }

    /// An operation over those axes of a space that its operands follow: what does not change along
    /// an axis is not computed again along it.
    fn define(
        &mut self,
        name: &str,
        elem: Elem,
        op: Op,
        mut args: Vec<Operand>,
        space: &[DimId],
    ) -> Operand {
        let follows = |axis: u8| args.iter().flat_map(|a| &a.at).any(|i| i.axis() == Some(axis));
        let kept: Vec<u8> = (0..space.len() as u8).filter(|&axis| follows(axis)).collect();
        let rename = |axis: u8| kept.iter().position(|&k| k == axis).unwrap_or_default() as u8;
        for arg in &mut args {
            arg.at.iter_mut().for_each(|index| *index = index.renamed(rename));
        }
        let shape = kept.iter().map(|&axis| space[axis as usize]).collect();
        let kind = Kind::Map { op, args };
        let value = self.program.define(name, elem, shape, Span::call_site(), kind);
        Operand { value, at: kept.into_iter().map(Index::Axis).collect() }
    }

    /// Adds `ct`, over `space`, to the cotangent of what `operand` reads.
    fn contribute(&mut self, operand: &Operand, space: Vec<DimId>, ct: Operand) {
        if self.active[operand.value.0 as usize] {
            let term = Term { space, at: operand.at.clone(), arg: ct };
            self.contributions[operand.value.0 as usize].push(term);
        }
    }

    /// The cotangent of a value, once all its readers have contributed, as a read along the
    /// value's axes.
    fn cotangent(&mut self, id: ValueId) -> Option<Operand> {
        let terms = std::mem::take(&mut self.contributions[id.0 as usize]);
        let value = self.program.value(id).clone();
        let name = format!("ct_{}", value.name);
        let aligned: Option<Vec<Operand>> =
            terms.iter().map(|term| align(term, value.shape.len())).collect();
        let Some(operands) = aligned else {
            let kind = Kind::Sum { terms };
            let sum = self.program.define(name, value.elem, value.shape, value.span, kind);
            return Some(self.program.whole(sum));
        };
        operands.into_iter().reduce(|sum, operand| {
            let op = Op::Prim(&primitives::ADD);
            self.define(&name, value.elem.clone(), op, vec![sum, operand], &value.shape)
        })
    }

    /// The gradient by a parameter, as a value of the parameter's shape.
    fn gradient(&mut self, param: ValueId) -> Option<ValueId> {
        let ct = self.cotangent(param)?;
        let value = self.program.value(param).clone();
        let kind = Kind::Map { op: Op::Copy, args: vec![ct] };
        let name = format!("d_{}", value.name);
        Some(self.program.define(name, value.elem, value.shape, value.span, kind))
    }
}

/// The arguments and the result that a partial refers to.
struct Elementwise<'a> {
    args: &'a [Operand],
    out: ValueId,
}

/// Where each element of the result gets exactly one element of the term, the term as a read along
/// the result's axes.
fn align(term: &Term, rank: usize) -> Option<Operand> {
    if term.space.len() != rank {
        return None;
    }
    let mut position = vec![None; rank];
    for (k, index) in term.at.iter().enumerate() {
        let Index::Axis(axis) = *index else {
            return None;
        };
        if position[axis as usize].replace(k as u8).is_some() {
            return None;
        }
    }
    let rename = |axis: u8| position[axis as usize].unwrap_or(axis);
    let at = term.arg.at.iter().map(|index| index.renamed(rename)).collect();
    Some(Operand { value: term.arg.value, at })
}
