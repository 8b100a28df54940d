//! Pullbacks of primitives: the cotangent times each active argument's partial, which the table of
//! primitives knows.

use super::Builder;
use crate::flow::activity::partials;
use crate::flow::index::By_;
use crate::flow::ir::{Kind, V};
use crate::flow::tangent::rule::{Write, has_integer_exponent};
use crate::primitives::{self, Guard, Prim, Sym};

/// From this cost on a primitive is looked for before it is computed.
const DEAR: u32 = 8;

/// The arguments and the result that a partial refers to.
struct Of<'a> {
    args: &'a [V],
    out: V,
}

/// Whether a function of one argument is finite wherever that is finite, as the sine is: it is asked
/// at the ends and where poles are.
pub(in crate::flow) fn is_bounded(row: Prim) -> bool {
    let asked = [0.0, 0.5, 1.0, 2.0, 1e3, 1e300, 1e-300];
    row.arity == 1
        && asked.iter().all(|x| (row.eval)(&[*x]).is_finite() && (row.eval)(&[-*x]).is_finite())
}

/// Whether a primitive can be infinite where what it was made of is not; `second` is its second
/// argument, if that is a number.
pub(in crate::flow) fn can_be_infinite(row: Prim, second: Option<f64>) -> bool {
    match row.guard.given(false, || second) {
        Guard::No => false,
        // Divided by a number, a value stays as finite as it was.
        _ if *row == primitives::DIV && second.is_some_and(|n| n.abs() >= 1.0) => false,
        _ => !is_bounded(row),
    }
}

/// The primitive by whose rule a quotient is differentiated: `1 / x` is a reciprocal, whose partial
/// takes no division.
pub(in crate::flow) fn ruling<'a>(
    row: Prim,
    args: &'a [V],
    number_of: &dyn Fn(V) -> Option<f64>,
) -> (Prim, &'a [V]) {
    match args {
        [one, _] if *row == primitives::DIV && number_of(*one) == Some(1.0) => {
            (&primitives::RECIP, &args[1..])
        }
        _ => (row, args),
    }
}

impl Builder<'_> {
    pub(super) fn pullback(&mut self, row: Prim, args: &[V], out: V, ct: V) {
        if *row == primitives::GUARD {
            // A product `factor · p`, and zero where the factor is. By the factor its derivative is
            // `p` there too, so that the product gets the whole cotangent; by `p` it is the factor.
            if self.act.value(args[1]) {
                self.contribute(args[1], ct);
            }
            return;
        }
        let (row, args) = ruling(row, args, &|v| self.number_of(v));
        let of = Of { args, out };
        let number = self.number_of(ct).filter(|ct| ct.is_finite() && *ct != 0.0);
        let guard = row.guard.given(number.is_some(), || self.number_of(args[1]));
        // x · x: twice the cotangent goes to x, which is exact.
        let square = *row == primitives::MUL && args[0] == args[1];
        let ct = if square { self.apply(&primitives::ADD, vec![ct, ct], out) } else { ct };
        let number = number.map(|ct| if square { ct + ct } else { ct });
        for (arg, partial) in
            args.iter().zip(partials(row)).take(if square { 1 } else { args.len() })
        {
            if !self.act.value(*arg) || partial == Sym::Zero {
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
                    self.apply(&primitives::GUARD, vec![ct, product], out)
                }
                Guard::Select => {
                    let factor = self.instantiate(&partial, &of);
                    self.apply(&primitives::GUARD, vec![factor, ct], out)
                }
                Guard::Both | Guard::Power => {
                    let factor = self.instantiate(&partial, &of);
                    let product = self.apply(&primitives::MUL, vec![ct, factor], out);
                    let product = self.apply(&primitives::GUARD, vec![factor, product], out);
                    self.apply(&primitives::GUARD, vec![ct, product], out)
                }
            };
            self.contribute(*arg, product);
        }
    }

    /// The number a value is, if it is a literal.
    pub(super) fn number_of(&self, v: V) -> Option<f64> {
        self.numbers.get(&v).copied()
    }

    /// Whether a partial is itself an argument that may be infinite.
    pub(super) fn is_singular(&self, partial: &Sym, args: &[V]) -> bool {
        let Sym::Arg(k) = partial else { return false };
        let By_::Stmt(stmt) = self.def(args[*k]).by else { return false };
        match &stmt.kind {
            Kind::Prim(_, row, args) => {
                can_be_infinite(row, args.get(1).and_then(|v| self.number_of(*v)))
            }
            _ => false,
        }
    }

    /// `ct · partial`, factor by factor from the left.
    fn times(&mut self, ct: V, partial: &Sym, of: &Of<'_>) -> V {
        match partial {
            Sym::Num(1.0) => ct,
            Sym::Apply(row, args) if **row == primitives::NEG => {
                let positive = self.times(ct, &args[0], of);
                self.apply(&primitives::NEG, vec![positive], of.out)
            }
            Sym::Apply(row, args) if **row == primitives::MUL => {
                let left = self.times(ct, &args[0], of);
                self.times(left, &args[1], of)
            }
            Sym::Apply(row, args) if **row == primitives::DIV => {
                let numerator = self.times(ct, &args[0], of);
                let denominator = self.instantiate(&args[1], of);
                self.apply(&primitives::DIV, vec![numerator, denominator], of.out)
            }
            other => {
                let factor = self.instantiate(other, of);
                self.apply(&primitives::MUL, vec![ct, factor], of.out)
            }
        }
    }

    /// Statements that compute an expression over a primitive's arguments and result.
    fn instantiate(&mut self, sym: &Sym, of: &Of<'_>) -> V {
        match sym {
            Sym::Arg(k) => {
                let v = self.primal(of.args[*k]);
                match (self.is_integer(v), self.number_of(v)) {
                    (true, Some(number)) => self.number(number, self.elem(of.out)),
                    (true, None) => self.to_float(v, of.out),
                    (false, _) => v,
                }
            }
            Sym::Out => self.primal(of.out),
            Sym::Num(value) => self.number(*value, self.elem(of.out)),
            Sym::Zero => unreachable!("a structural zero is never part of an expression"),
            Sym::Apply(row, args) => {
                if let Some(known) = self.known(row, args, of) {
                    return self.primal(known);
                }
                let integer = has_integer_exponent(row);
                let args = args.iter().enumerate().map(|(k, arg)| match integer && k == 1 {
                    true => self.exponent(arg, of),
                    false => self.instantiate(arg, of),
                });
                let args = args.collect();
                self.apply(row, args, of.out)
            }
        }
    }

    /// An exponent that stays an integer.
    fn exponent(&mut self, sym: &Sym, of: &Of<'_>) -> V {
        match sym {
            Sym::Arg(k) => self.primal(of.args[*k]),
            Sym::Apply(row, parts) if **row == primitives::SUB && parts[1] == Sym::Num(1.0) => {
                let exponent = self.exponent(&parts[0], of);
                self.one_less(exponent)
            }
            other => self.instantiate(other, of),
        }
    }

    /// What the forward code computed where a dear partial of one argument is asked for: the cosine
    /// that the derivative of the sine takes is often there.
    fn known(&self, row: Prim, args: &[Sym], of: &Of<'_>) -> Option<V> {
        let [Sym::Arg(k)] = args else { return None };
        let (arg, here) = (of.args[*k], self.def(of.out).block);
        if row.cost < DEAR {
            return None;
        }
        self.ix.uses.get(arg.0 as usize)?.iter().find_map(|site| {
            match &self.ix.stmts[site.pos].0.kind {
                Kind::Prim(v, other, args) if std::ptr::eq(*other, row) && args[..] == [arg] => {
                    self.ix.encloses(site.block, here).then_some(*v)
                }
                _ => None,
            }
        })
    }

    /// A primitive of values like `like`.
    pub(super) fn apply(&mut self, row: Prim, args: Vec<V>, like: V) -> V {
        let numbers: Option<Vec<f64>> = args.iter().map(|v| self.number_of(*v)).collect();
        if let Some(result) = numbers.and_then(|numbers| primitives::fold(row, &numbers)) {
            return self.number(result, self.elem(like));
        }
        let elem = self.elem(like);
        let out = self.float(row.name, elem);
        self.emit(Kind::Prim(out, row, args));
        out
    }
}
