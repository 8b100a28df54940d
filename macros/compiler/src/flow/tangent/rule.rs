//! The tangent of a primitive: the sum of its arguments' tangents times the partials, which the
//! table of primitives knows.

use crate::flow::activity::partials;
use crate::flow::adjoint::pullback::{can_be_infinite, ruling};
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
    /// Asked where a product would be guarded: whether it is.
    fn guards(&mut self) -> bool {
        true
    }
    /// Whether a tangent may be infinite where what it was made of is not.
    fn is_wild(&self, tangent: V) -> bool;
    /// Notes that.
    fn mark_wild(&mut self, tangent: V);
    /// Whether a partial is itself an argument that may be infinite.
    fn is_singular(&self, partial: &Sym, args: &[V]) -> bool;
}

/// The tangents of a primitive's result by each of so many inputs, where `of` knows those of its
/// arguments; nothing where there is none.
///
/// Partials are computed once for all inputs, and what only one input has (its own tangent is a
/// number) is added last: the operations before it are the same for all, which LLVM takes together.
pub(in crate::flow) fn tangents(
    to: &mut impl Write,
    row: Prim,
    args: &[V],
    out: V,
    columns: usize,
    of: &dyn Fn(V, usize) -> Option<V>,
) -> Vec<Option<V>> {
    let (row, args) = ruling(row, args, &|v| to.number_of(v));
    if let Some(choosing) = primitives::choosing(row) {
        return (0..columns)
            .map(|column| chosen(to, choosing, args, out, &|v| of(v, column)))
            .collect();
    }
    let second = args.get(1).and_then(|v| to.number_of(*v));
    let plain = row.guard.given(false, || second) == Guard::No || !to.guards();
    if columns == 1
        && plain
        && let Some(tangent) = factored(to, row, args, out, &|v| of(v, 0))
    {
        return vec![Some(tangent)];
    }
    let mut sums = vec![Sum { wild: can_be_infinite(row, second), ..Sum::default() }; columns];
    // x · x: twice the tangent of x, which is exact.
    let square = *row == primitives::MUL && args[0] == args[1];
    for (arg, partial) in args.iter().zip(partials(row)).take(if square { 1 } else { args.len() }) {
        if partial == Sym::Zero {
            continue;
        }
        let singular = to.is_singular(&partial, args);
        let mut factor = None;
        for (column, sum) in sums.iter_mut().enumerate() {
            let Some(own) = of(*arg, column) else { continue };
            let from_wild = to.is_wild(own);
            sum.wild |= from_wild;
            let tangent = match square {
                true => to.apply(&primitives::ADD, vec![own, own], out),
                false => own,
            };
            let number = to.number_of(tangent).filter(|t| t.is_finite() && *t != 0.0);
            let guard = match row.guard.given(number.is_some(), || to.number_of(args[1])) {
                Guard::No if number.is_none() && singular => Guard::Cotangent,
                guard => guard,
            };
            let guard = match guard {
                Guard::No => Guard::No,
                guard if to.guards() => guard,
                _ => Guard::No,
            };
            if let (Some(sign), Guard::No) = (sign(&partial), guard) {
                sum.push(Term { value: tangent, sign }, number.is_some());
                continue;
            }
            let term = match sign(&partial) {
                Some(Sign::Plus) => tangent,
                Some(Sign::Minus) => to.apply(&primitives::NEG, vec![tangent], out),
                None => {
                    let factor =
                        *factor.get_or_insert_with(|| instantiate(to, &partial, args, out));
                    match number {
                        Some(1.0) => factor,
                        _ => {
                            let product = to.apply(&primitives::MUL, vec![tangent, factor], out);
                            // Zero also where the partial is zero but the tangent infinite.
                            match guard == Guard::Both || from_wild && to.guards() {
                                true => to.apply(&primitives::GUARD, vec![factor, product], out),
                                false => product,
                            }
                        }
                    }
                }
            };
            // A zero tangent stays zero where the partial is infinite.
            let term = match guard {
                Guard::No => term,
                _ => to.apply(&primitives::GUARD, vec![tangent, term], out),
            };
            sum.push(Term { value: term, sign: Sign::Plus }, number.is_some());
        }
    }
    let add = |sum: Sum| {
        let mut terms = sum.terms.into_iter().chain(sum.own);
        let first = match terms.next()? {
            Term { value, sign: Sign::Plus } => value,
            Term { value, sign: Sign::Minus } => to.apply(&primitives::NEG, vec![value], out),
        };
        let all = terms.fold(first, |all, term| {
            let row = match term.sign {
                Sign::Plus => &primitives::ADD,
                Sign::Minus => &primitives::SUB,
            };
            to.apply(row, vec![all, term.value], out)
        });
        if sum.wild {
            to.mark_wild(all);
        }
        Some(all)
    };
    sums.into_iter().map(add).collect()
}

/// The tangent of a primitive of two arguments that both have one, where the second partial is a
/// multiple of the first, as that of a quotient by the divisor is: `(ẋ + g·ẏ)·f` for `f·ẋ + f·g·ẏ`.
fn factored(
    to: &mut impl Write,
    row: Prim,
    args: &[V],
    out: V,
    of: &dyn Fn(V) -> Option<V>,
) -> Option<V> {
    let [first, second] = &partials(row)[..] else { return None };
    let Sym::Apply(product, factors) = second else { return None };
    if **product != primitives::MUL || factors[0] != *first {
        return None;
    }
    let (x, y) = (of(args[0])?, of(args[1])?);
    if [x, y].iter().any(|t| to.number_of(*t).is_some()) {
        return None;
    }
    let (minus, g) = match &factors[1] {
        Sym::Apply(row, of) if **row == primitives::NEG => (true, &of[0]),
        g => (false, g),
    };
    let g = instantiate(to, g, args, out);
    let product = to.apply(&primitives::MUL, vec![g, y], out);
    let combine = if minus { &primitives::SUB } else { &primitives::ADD };
    let sum = to.apply(combine, vec![x, product], out);
    let f = instantiate(to, first, args, out);
    Some(to.apply(&primitives::MUL, vec![f, sum], out))
}

/// The tangent of one of the arguments.
fn chosen(
    to: &mut impl Write,
    choosing: Prim,
    args: &[V],
    out: V,
    of: &dyn Fn(V) -> Option<V>,
) -> Option<V> {
    if args.iter().all(|arg| of(*arg).is_none()) {
        return None;
    }
    let elem = to.elem(out);
    let tangents: Vec<V> =
        (args.iter()).map(|arg| of(*arg).unwrap_or_else(|| to.number(0.0, elem.clone()))).collect();
    let wild = tangents.iter().any(|tangent| to.is_wild(*tangent));
    let chosen = to.apply(choosing, [args, &tangents].concat(), out);
    if wild {
        to.mark_wild(chosen);
    }
    Some(chosen)
}

/// The same by one input.
pub(in crate::flow) fn tangent(
    to: &mut impl Write,
    row: Prim,
    args: &[V],
    out: V,
    of: &dyn Fn(V) -> Option<V>,
) -> Option<V> {
    tangents(to, row, args, out, 1, &|v, _| of(v)).pop().flatten()
}

/// The terms of a tangent.
#[derive(Clone, Default)]
struct Sum {
    terms: Vec<Term>,
    /// Those that are added last.
    own: Vec<Term>,
    wild: bool,
}

impl Sum {
    fn push(&mut self, term: Term, own: bool) {
        if own {
            self.own.push(term);
        } else {
            self.terms.push(term);
        }
    }
}

/// A value that is added or subtracted.
#[derive(Clone, Copy)]
struct Term {
    value: V,
    sign: Sign,
}

#[derive(Clone, Copy)]
enum Sign {
    Plus,
    Minus,
}

/// The sign, if a partial is 1 or -1.
fn sign(partial: &Sym) -> Option<Sign> {
    match partial {
        Sym::Num(1.0) => Some(Sign::Plus),
        Sym::Num(-1.0) => Some(Sign::Minus),
        Sym::Apply(row, parts) if **row == primitives::NEG && parts[0] == Sym::Num(1.0) => {
            Some(Sign::Minus)
        }
        _ => None,
    }
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
pub(in crate::flow) fn has_integer_exponent(row: Prim) -> bool {
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
