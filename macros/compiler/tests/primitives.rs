//! Every row of the table against central differences: the test is made from the row.

mod common;

use chainrule_compiler::primitives::{Prim, Row, Sym, TABLE, method};
use common::derivative;

/// Evaluates an expression over a row's arguments and result.
fn value(sym: &Sym, args: &[f64], out: f64) -> f64 {
    match sym {
        Sym::Zero => 0.0,
        Sym::Arg(k) => args[*k],
        Sym::Out => out,
        Sym::Num(number) => *number,
        Sym::Apply(row, inner) => {
            let inner: Vec<f64> = inner.iter().map(|sym| value(sym, args, out)).collect();
            (row.eval)(&inner)
        }
    }
}

/// Sample points: the interior of each argument's interval.
fn samples(row: &Row) -> impl Iterator<Item = Vec<f64>> + '_ {
    [0.11, 0.37, 0.5, 0.73, 0.94].iter().enumerate().map(move |(n, t)| {
        let at = |(k, (low, high)): (usize, &(f64, f64))| {
            // The arguments do not move together.
            let t = (t + 0.29 * k as f64 + 0.01 * n as f64).fract();
            low + (high - low) * t
        };
        row.domain.iter().enumerate().map(at).collect()
    })
}

/// The largest relative error of a row's partials, and where.
fn worst(row: &Row, partials: &[Sym]) -> (f64, Vec<f64>) {
    let mut worst = (0.0, vec![]);
    for args in samples(row) {
        let out = (row.eval)(&args);
        for (k, partial) in partials.iter().enumerate() {
            if row.domain[k].0 == row.domain[k].1 {
                continue; // an integer exponent
            }
            let expected = derivative(args[k], |x| {
                let mut args = args.clone();
                args[k] = x;
                (row.eval)(&args)
            });
            let found = value(partial, &args, out);
            let error = (found - expected).abs() / expected.abs().max(1.0);
            if error > worst.0 || error.is_nan() {
                worst = (error, args.clone());
            }
        }
    }
    worst
}

fn partials(row: Prim) -> Vec<Sym> {
    let args: Vec<Sym> = (0..row.arity).map(Sym::Arg).collect();
    (row.partials)(&args, &Sym::Out)
}

/// Differences of fourth order with steps of 1e-3 leave an error of about 1e-10; the partials of
/// `powf` at the edge of its domain are the steepest.
const TOLERANCE: f64 = 1e-7;

#[test]
fn every_partial_agrees_with_differences() {
    // `stop_gradient` has the derivative it is asked to have.
    for row in TABLE.iter().filter(|row| row.name != "stop_gradient") {
        let (error, at) = worst(row, &partials(row));
        assert!(error < TOLERANCE, "`{}` at {at:?}: relative error {error:e}", row.name);
    }
}

#[test]
fn a_wrong_partial_is_caught() {
    for row in TABLE {
        let right = partials(row);
        for (k, partial) in right.iter().enumerate() {
            if *partial == Sym::Zero {
                continue;
            }
            let mut spoiled = right.clone();
            spoiled[k] = -partial.clone();
            let smooth = row.domain[k].0 != row.domain[k].1;
            // A partial that is zero all over the domain has no sign to spoil.
            let flows = samples(row).any(|args| value(partial, &args, (row.eval)(&args)) != 0.0);
            if smooth && flows {
                assert!(worst(row, &spoiled).0 > TOLERANCE, "`{}` by argument {k}", row.name);
            }
        }
    }
}

#[test]
fn rows_are_complete_and_unique() {
    for (k, row) in TABLE.iter().enumerate() {
        assert_eq!(row.domain.len(), row.arity, "`{}` needs a domain for each argument", row.name);
        assert_eq!(
            partials(row).len(),
            row.arity,
            "`{}` needs a partial for each argument",
            row.name
        );
        let written = (0..row.arity).filter(|_| method(row.name).is_some());
        for argument in written {
            assert!(
                row.notation.contains(&format!("{{{argument}}}")),
                "notation of `{}`",
                row.name
            );
        }
        assert!(TABLE[..k].iter().all(|other| other.name != row.name), "`{}` twice", row.name);
    }
}

#[test]
fn methods_are_found_by_name_and_helpers_are_not() {
    assert_eq!(method("sin").map(|row| row.name), Some("sin"));
    assert!(method("guard").is_none());
    assert!(method("add").is_none());
    assert!(method("to_bits").is_none());
}
