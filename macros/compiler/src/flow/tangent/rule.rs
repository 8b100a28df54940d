//! The tangent of a primitive: the sum of its arguments' tangents times the partials, which the
//! table of primitives knows.

use crate::flow::activity::partials;
use crate::flow::adjoint::pullback::can_be_infinite;
use crate::flow::ir::V;
use crate::ir::Elem;
use crate::primitives::{self, Guard, Prim, Sym};

/// Where the statements of a tangent are written.
pub(in crate::flow) trait Write {
    /// A primitive of values like `like`.
    fn apply(&mut self, row: Prim, args: Vec<V>, like: V) -> V;
    /// A literal.
    fn number(&mut self, value: f64, elem: Elem) -> V;
    /// The number a value is, if it is a literal.
    fn number_of(&self, v: V) -> Option<f64>;
    /// The float type of a value.
    fn elem(&self, v: V) -> Elem;
    /// Whether a value is an integer: an exponent.
    fn is_integer(&self, v: V) -> bool;
    /// An integer as a float like `like`.
    fn to_float(&mut self, v: V, like: V) -> V;
    /// An integer, less one.
    fn one_less(&mut self, v: V) -> V;
    /// Whether a tangent may be infinite where what it was made of is not.
    fn is_wild(&self, tangent: V) -> bool;
    /// Notes that.
    fn mark_wild(&mut self, tangent: V);
    /// Whether a partial is itself an argument that may be infinite.
    fn is_singular(&self, partial: &Sym, args: &[V]) -> bool;
}

/// The tangent of a primitive's result, where `of` knows those of its arguments; nothing where there
/// is none.
pub(in crate::flow) fn tangent(
    to: &mut impl Write,
    row: Prim,
    args: &[V],
    out: V,
    of: &dyn Fn(V) -> Option<V>,
) -> Option<V> {
    let mut sum = None;
    let second = args.get(1).and_then(|v| to.number_of(*v));
    let mut wild = can_be_infinite(row, second);
    // x · x: twice the tangent of x, which is exact.
    let square = *row == primitives::MUL && args[0] == args[1];
    for (arg, partial) in args.iter().zip(partials(row)).take(if square { 1 } else { args.len() }) {
        let Some(tangent) = of(*arg).filter(|_| partial != Sym::Zero) else { continue };
        let tangent = match square {
            true => to.apply(&primitives::ADD, vec![tangent, tangent], out),
            false => tangent,
        };
        let from_wild = to.is_wild(of(*arg).unwrap_or(tangent));
        wild |= from_wild;
        let number = to.number_of(tangent).filter(|t| t.is_finite() && *t != 0.0);
        let guard = match row.guard.given(number.is_some(), || to.number_of(args[1])) {
            Guard::No if number.is_none() && to.is_singular(&partial, args) => Guard::Cotangent,
            guard => guard,
        };
        let term = match &partial {
            Sym::Num(1.0) => tangent,
            Sym::Num(-1.0) => to.apply(&primitives::NEG, vec![tangent], out),
            Sym::Apply(row, parts) if **row == primitives::NEG && parts[0] == Sym::Num(1.0) => {
                to.apply(&primitives::NEG, vec![tangent], out)
            }
            partial => {
                let factor = instantiate(to, partial, args, out);
                if to.number_of(tangent) == Some(1.0) {
                    factor
                } else {
                    let product = to.apply(&primitives::MUL, vec![tangent, factor], out);
                    // Zero also where the partial is zero but the tangent infinite.
                    match guard == Guard::Both || from_wild {
                        true => to.apply(&primitives::GUARD, vec![factor, product], out),
                        false => product,
                    }
                }
            }
        };
        // A zero tangent stays zero where the partial is infinite.
        let term = match guard {
            Guard::No => term,
            _ => to.apply(&primitives::GUARD, vec![tangent, term], out),
        };
        sum = Some(match sum {
            None => term,
            Some(sum) => to.apply(&primitives::ADD, vec![sum, term], out),
        });
    }
    if let (true, Some(sum)) = (wild, sum) {
        to.mark_wild(sum);
    }
    sum
}

/// An expression over a primitive's arguments and result, where these are in scope.
fn instantiate(to: &mut impl Write, sym: &Sym, args: &[V], out: V) -> V {
    match sym {
        Sym::Arg(k) if to.is_integer(args[*k]) => to.to_float(args[*k], out),
        Sym::Arg(k) => args[*k],
        Sym::Out => out,
        Sym::Num(value) => {
            let elem = to.elem(out);
            to.number(*value, elem)
        }
        Sym::Zero => unreachable!("a structural zero is never part of an expression"),
        Sym::Apply(row, parts) => {
            let integer = has_integer_exponent(row);
            let parts = (parts.iter().enumerate())
                .map(|(k, part)| match integer && k == 1 {
                    true => exponent(to, part, args, out),
                    false => instantiate(to, part, args, out),
                })
                .collect();
            to.apply(row, parts, out)
        }
    }
}

/// Whether the second argument of a primitive is an integer.
fn has_integer_exponent(row: Prim) -> bool {
    *row == primitives::POWI || *row == primitives::POWI_PARTIAL
}

/// An exponent that stays an integer.
fn exponent(to: &mut impl Write, sym: &Sym, args: &[V], out: V) -> V {
    match sym {
        Sym::Arg(k) => args[*k],
        Sym::Apply(row, parts) if **row == primitives::SUB && parts[1] == Sym::Num(1.0) => {
            let of = exponent(to, &parts[0], args, out);
            to.one_less(of)
        }
        other => instantiate(to, other, args, out),
    }
}
