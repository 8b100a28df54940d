//! What a derivative at huge numbers is compared up to.
//!
//! Numbers of 10³⁰ are squared, added up and cancel. Of what is left no digit may be there: it is
//! the rounding error of terms that were many orders larger, or the sine of that; the macro, which
//! adds up in another order and multiplies backwards, gets another. No tolerance that is relative to
//! the result, or to the arguments, tells this from a wrong rule.
//! So the witness is run again with larger roundings ([`with_noise`](crate::dual::with_noise)): how
//! far its numbers move, each by itself, is what they may be off by. What keeps its digits is
//! compared in these digits.

use super::check::Witness;

/// How many runs with noise.
pub(super) const RUNS: u64 = 4;

/// By how much more than in these runs a number may be off.
const MARGIN: f64 = 16.0;

/// How far value and derivatives may be off.
pub(super) struct Noise {
    pub(super) value: Vec<f64>,
    pub(super) witness: Witness,
    /// Whether something overflowed on the way.
    pub(super) overflowed: bool,
}

impl Noise {
    /// What is known from runs with noise, of value and derivatives.
    pub(super) fn of(
        value: &[f64],
        witness: &Witness,
        runs: impl Iterator<Item = ((Vec<f64>, Witness), bool)>,
    ) -> Noise {
        let none = |row: &Vec<f64>| vec![0.0; row.len()];
        let mut noise = Noise {
            overflowed: false,
            value: vec![0.0; value.len()],
            witness: Witness {
                jacobian: witness.jacobian.iter().map(none).collect(),
                hessian: witness.hessian.iter().map(none).collect(),
            },
        };
        for ((other, run), overflowed) in runs {
            noise.overflowed |= overflowed;
            widen(&mut noise.value, value, &other);
            let Witness { jacobian, hessian } = &mut noise.witness;
            widen_rows(jacobian, &witness.jacobian, &run.jacobian);
            widen_rows(hessian, &witness.hessian, &run.hessian);
        }
        noise.spread(value, witness);
        noise
    }

    /// Where the noise of a result, or of one of its derivatives, is as large as itself, the runs
    /// went different ways: none of its derivatives is better than the worst one, though by
    /// chance all runs may have it the same. (What is zero may have cancelled on the same way.)
    fn spread(&mut self, value: &[f64], witness: &Witness) {
        let is_lost = |noise: &[f64], exact: &[f64]| {
            noise.iter().zip(exact).any(|(noise, exact)| *exact != 0.0 && *noise > exact.abs())
        };
        let raise = |row: &mut Vec<f64>, to: f64| row.iter_mut().for_each(|x| *x = x.max(to));
        let worst = |row: &[f64]| row.iter().fold(0.0_f64, |worst, x| worst.max(*x));
        let mut any = false;
        for (k, row) in self.witness.jacobian.iter_mut().enumerate() {
            let of_value = match (self.value.get(k), value.get(k)) {
                (Some(noise), Some(value)) => is_lost(&[*noise], &[*value]),
                _ => false,
            };
            if of_value || is_lost(row, &witness.jacobian[k]) {
                any = true;
                let worst = worst(row);
                raise(row, worst);
            }
        }
        let hessian = &mut self.witness.hessian;
        let lost = |(row, exact): (&Vec<f64>, &Vec<f64>)| is_lost(row, exact);
        if any || hessian.iter().zip(&witness.hessian).any(lost) {
            let worst = hessian.iter().fold(0.0_f64, |all, row| all.max(worst(row)));
            hessian.iter_mut().for_each(|row| raise(row, worst));
        }
    }
}

fn widen_rows(noise: &mut [Vec<f64>], exact: &[Vec<f64>], run: &[Vec<f64>]) {
    for (k, (noise, exact)) in noise.iter_mut().zip(exact).enumerate() {
        widen(noise, exact, run.get(k).map_or(&[][..], |row| row));
    }
}

/// Raises the noise to that of another run; what is not a number there may be anything.
fn widen(noise: &mut [f64], exact: &[f64], run: &[f64]) {
    for (k, (noise, exact)) in noise.iter_mut().zip(exact).enumerate() {
        let off = run.get(k).map_or(f64::INFINITY, |run| MARGIN * (run - exact).abs());
        *noise = if off.is_nan() { f64::INFINITY } else { noise.max(off) };
    }
}

#[cfg(test)]
mod tests {
    use crate::dual::First;
    use crate::hunt::check::Check;
    use crate::hunt::complaint::What;
    use crate::hunt::signature::{POINTS, Point};
    use num_traits::Float;

    /// A product of huge numbers, and a difference that cancels, times their square.
    fn function<F: Float>((a, b): (F, F)) -> (F, F) {
        let (sine, again) = (a.sin(), a.sin());
        (a * b, (sine - again) * a * b)
    }

    /// What is said of a vector-Jacobian product at huge numbers: of a function whose second result
    /// has this derivative by `a`, relative to the terms that cancel, and whose first has one that
    /// is too large by this factor.
    fn said(cancelled: f64, factor: f64) -> Vec<What> {
        let point = POINTS.iter().position(Point::is_extreme).expect("one of the points is huge");
        let at = (-3.0 * 2.0_f64.powi(100), 5.0 * 2.0_f64.powi(100));
        let mut check =
            Check::new::<First, _, _>("p", point, at, false, function::<f64>, function::<First>);
        let of_second = |(a, b): (f64, f64)| cancelled * a * b;
        check.vjp(function::<f64>, |at, (one, other)| {
            let by_a = one * at.1 * factor + other * of_second(at);
            (function(at), (by_a, one * at.0 * factor))
        });
        check.complaints().into_iter().map(|complaint| complaint.what).collect()
    }

    #[test]
    fn rounding_errors_are_no_wrong_rule() {
        assert_eq!(said(0.0, 1.0), []);
        assert_eq!(said(2.0 * f64::EPSILON, 1.0), []);
        assert_eq!(said(1e-3, 1.0), [What::Derivative; 2]);
        assert_eq!(said(0.0, 1.0 + 1e-9), [What::Derivative; 2]);
        assert_eq!(said(2.0 * f64::EPSILON, 1.0 + 1e-9), [What::Derivative; 2]);
    }

    /// A sum that is zero by chance, of terms so large that with any rounding the function is flat.
    fn saturated<F: Float>((a, b, c): (F, F, F)) -> (F, F) {
        ((a * b + b * c).tanh(), b)
    }

    #[test]
    fn what_lost_its_digits_tells_nothing_of_other_derivatives() {
        let point = POINTS.iter().position(Point::is_extreme).expect("one of the points is huge");
        let (huge, b) = (2.0_f64.powi(100), 3.0 * 2.0_f64.powi(101));
        let mut check = Check::new::<First, _, _>(
            "p",
            point,
            (huge, b, -huge),
            false,
            saturated::<f64>,
            saturated::<First>,
        );
        // `ct · 1` is lost between two terms that cancel.
        check.vjp(saturated::<f64>, |at, (ct, _)| (saturated(at), (ct * at.1, 0.0, ct * at.1)));
        assert_eq!(check.complaints(), []);
    }
}
