//! What a gradient check found, for a person to read.

use std::fmt;

use thiserror::Error;

use super::Difference;

/// What a check says of one partial derivative.
///
/// ```
/// use chainrule::check::Verdict;
///
/// assert_eq!(Verdict::Differs.to_string(), "DIFFERS");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It agrees with all that could be compared.
    Agrees,
    /// It disagrees with the tape or with differences.
    Differs,
    /// There is no tape, and differences say nothing here.
    Unchecked,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Agrees => "agrees",
            Self::Differs => "DIFFERS",
            Self::Unchecked => "unchecked",
        })
    }
}

/// One partial derivative of a [`GradReport`].
///
/// ```
/// use chainrule::check::{Difference, Row, Verdict};
///
/// let difference = Some(Difference { value: 3.0, error: 0.0 });
/// let verdict = Verdict::Differs;
/// let row = Row { leaf: 0, index: 2, gradient: 2.0, tape: Some(3.0), difference, verdict };
/// assert_eq!(row.relative_error(), 1.0 / 3.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which leaf of the parameters, counted from 0.
    pub leaf: usize,
    /// Which scalar of the leaf, in logical (row-major) order.
    pub index: usize,
    /// The gradient under test.
    pub gradient: f64,
    /// The tape's, where there is one.
    pub tape: Option<f64>,
    /// That of differences, where there is one.
    pub difference: Option<Difference>,
    /// The outcome.
    pub verdict: Verdict,
}

impl Row {
    /// The greatest relative error against tape and differences, after the differences' own error.
    /// Infinite where one is a number and the other is not.
    ///
    /// ```
    /// # use chainrule::check::{Row, Verdict};
    /// let verdict = Verdict::Agrees;
    /// let row = Row { leaf: 0, index: 0, gradient: 2.0, tape: Some(2.0), difference: None, verdict };
    /// assert_eq!(row.relative_error(), 0.0);
    /// ```
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        let tape = self.tape.map_or(0.0, |tape| relative(self.gradient, tape, 0.0));
        let difference = self
            .difference
            .map_or(0.0, |found| relative(self.gradient, found.value, 2.0 * found.error));
        tape.max(difference)
    }

    /// Sets the verdict. `scale` is the least size a partial counts as, `slope` that of a function
    /// of this value over a parameter of this size.
    pub(super) fn judge(&mut self, tolerance: f64, tape_tolerance: f64, scale: f64, slope: f64) {
        let gradient = self.gradient;
        let size = |other: f64| {
            [gradient, other]
                .into_iter()
                .filter(|x| x.is_finite())
                .fold(scale, |size, x| size.max(x.abs()))
        };
        let by_tape = self.tape.map(|tape| {
            same(gradient, tape) || (gradient - tape).abs() <= tape_tolerance * size(tape)
        });
        let by_difference = self
            .difference
            .filter(|found| {
                found.error <= 0.05 * size(found.value) || found.error <= tolerance * slope
            })
            .map(|found| {
                let bound = tolerance * size(found.value) + 2.0 * found.error;
                (gradient - found.value).abs() <= bound
            });
        self.verdict = match (by_tape, by_difference) {
            (Some(false), _) | (_, Some(false)) => Verdict::Differs,
            (None, None) => Verdict::Unchecked,
            _ => Verdict::Agrees,
        };
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn relative(a: f64, b: f64, allowance: f64) -> f64 {
    if same(a, b) {
        return 0.0;
    }
    let error = ((a - b).abs() - allowance).max(0.0) / a.abs().max(b.abs());
    if a.is_finite() && b.is_finite() { error } else { f64::INFINITY }
}

/// The outcome of a gradient check. `Display` is a table; a long one shows the worst rows.
///
/// ```
/// # use chainrule::Objective;
/// # use chainrule::check::check_grad;
/// # #[derive(Default)]
/// # struct Square;
/// # impl Objective for Square {
/// #     type Inputs<'a> = ();
/// #     type Params = f64;
/// #     fn value(&self, _: (), x: &f64) -> f64 { x * x }
/// #     fn value_and_grad_into(&self, _: (), x: &f64, grad: &mut f64) -> f64 {
/// #         *grad = 2.0 * x;
/// #         x * x
/// #     }
/// # }
/// let report = check_grad::<Square>((), &3.0).unwrap();
/// assert!(report.to_string().contains("agrees"));
/// assert_eq!(report.rows().len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GradReport {
    pub(super) value: f64,
    pub(super) with_gradient: f64,
    pub(super) by_tape: Option<f64>,
    pub(super) tape_tolerance: f64,
    pub(super) rows: Vec<Row>,
}

impl GradReport {
    /// Every partial derivative: leaf by leaf, each in logical order.
    ///
    /// ```
    /// # use chainrule::check::GradReport;
    /// fn largest(report: &GradReport) -> f64 {
    ///     report.rows().iter().fold(0.0, |largest, row| row.gradient.abs().max(largest))
    /// }
    /// ```
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The function's value.
    ///
    /// ```
    /// # use chainrule::check::GradReport;
    /// fn is_usable(report: &GradReport) -> bool {
    ///     report.value().is_finite()
    /// }
    /// ```
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The row that is farthest off: one that differs before one that does not, then by relative
    /// error. None when the parameters have no scalar.
    ///
    /// ```
    /// # use chainrule::check::GradReport;
    /// fn summary(report: &GradReport) -> String {
    ///     report.worst().map_or(String::new(), |row| format!("{} in leaf {}", row.index, row.leaf))
    /// }
    /// ```
    #[must_use]
    pub fn worst(&self) -> Option<&Row> {
        self.by_badness().into_iter().next()
    }

    /// How many rows have this verdict.
    ///
    /// ```
    /// # use chainrule::check::{GradReport, Verdict};
    /// fn is_complete(report: &GradReport) -> bool {
    ///     report.count(Verdict::Unchecked) == 0
    /// }
    /// ```
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    fn by_badness(&self) -> Vec<&Row> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        let rank = |row: &Row| match row.verdict {
            Verdict::Differs => 0,
            Verdict::Unchecked => 1,
            Verdict::Agrees => 2,
        };
        rows.sort_by(|a, b| {
            rank(a).cmp(&rank(b)).then(b.relative_error().total_cmp(&a.relative_error()))
        });
        rows
    }

    fn values_agree(&self) -> bool {
        let close = |other: f64| {
            let size = self.value.abs().max(other.abs());
            same(self.value, other) || (self.value - other).abs() <= self.tape_tolerance * size
        };
        close(self.with_gradient) && self.by_tape.is_none_or(close)
    }

    pub(super) fn into_result(self) -> Result<Self, GradMismatch> {
        let nothing = !self.rows.is_empty() && self.count(Verdict::Unchecked) == self.rows.len();
        if self.count(Verdict::Differs) > 0 || nothing || !self.values_agree() {
            Err(GradMismatch(self))
        } else {
            Ok(self)
        }
    }
}

/// How many rows a table shows.
const SHOWN: usize = 20;

impl fmt::Display for GradReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.rows.len();
        let [agree, differ, unchecked] =
            [Verdict::Agrees, Verdict::Differs, Verdict::Unchecked].map(|v| self.count(v));
        writeln!(
            f,
            "gradient check: {all} partial derivatives, {agree} agree, {differ} differ, \
             {unchecked} unchecked"
        )?;
        write!(f, "value {}, with the gradient {}", self.value, self.with_gradient)?;
        if let Some(by_tape) = self.by_tape {
            write!(f, ", by the tape {by_tape}")?;
        }
        writeln!(f, "{}", if self.values_agree() { "" } else { ": the values DIFFER" })?;
        writeln!(
            f,
            "{:>4} {:>6} {:>15} {:>15} {:>15} {:>9} {:>9}  verdict",
            "leaf", "index", "gradient", "tape", "difference", "+-", "rel.error"
        )?;
        let rows = if all > SHOWN { self.by_badness() } else { self.rows.iter().collect() };
        for row in rows.into_iter().take(SHOWN) {
            let number = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.8e}"));
            writeln!(
                f,
                "{:>4} {:>6} {:>15} {:>15} {:>15} {:>9} {:>9.1e}  {}",
                row.leaf,
                row.index,
                number(Some(row.gradient)),
                number(row.tape),
                number(row.difference.map(|found| found.value)),
                row.difference.map_or("-".to_owned(), |found| format!("{:.1e}", found.error)),
                row.relative_error(),
                row.verdict,
            )?;
        }
        if all > SHOWN {
            writeln!(f, "the worst {SHOWN} of {all} rows")?;
        }
        Ok(())
    }
}

/// The report of a check that failed.
///
/// ```
/// # use chainrule::check::GradMismatch;
/// fn explain(mismatch: &GradMismatch) {
///     eprintln!("{mismatch}");
///     if let Some(row) = mismatch.report().worst() {
///         eprintln!("start with scalar {} of leaf {}", row.index, row.leaf);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{0}")]
pub struct GradMismatch(GradReport);

impl GradMismatch {
    /// The report.
    ///
    /// ```
    /// # use chainrule::check::{GradMismatch, Verdict};
    /// fn wrong(mismatch: &GradMismatch) -> usize {
    ///     mismatch.report().count(Verdict::Differs)
    /// }
    /// ```
    #[must_use]
    pub fn report(&self) -> &GradReport {
        &self.0
    }
}
