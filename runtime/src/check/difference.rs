//! The derivative of a function of one scalar by differences, with an estimate of its error.

/// A derivative found by differences.
///
/// ```
/// use chainrule::check::Difference;
///
/// let difference = Difference { value: 3.0, error: 1e-9 };
/// assert!(difference.error < difference.value);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The derivative.
    pub value: f64,
    /// An estimate of its error: extrapolation, rounding, and half the jump at a kink.
    pub error: f64,
}

/// How many step sizes, each half the one before.
const STEPS: usize = 14;

/// The derivative at `point`, where the function is `middle`. `evaluate` takes a point, rounds it
/// to the parameters' float, and returns the rounded point and the function there.
///
/// None where no central difference is finite.
pub(super) fn differentiate(
    epsilon: f64,
    point: f64,
    middle: f64,
    mut evaluate: impl FnMut(f64) -> Option<(f64, f64)>,
) -> Option<Difference> {
    let unit = point.abs().max(1.0);
    let first = extrapolate(epsilon, point, middle, unit / 16.0, &mut evaluate);
    // A function may vary on the scale of the point itself, ln near 0 for one.
    let own = point.abs() / 4.0;
    if own == 0.0 || own >= unit / 64.0 {
        return first;
    }
    let second = extrapolate(epsilon, point, middle, own, &mut evaluate);
    match (first, second) {
        (Some(first), Some(second)) if second.error < first.error => Some(second),
        (first, second) => first.or(second),
    }
}

/// One function value on each side.
struct Sample {
    step: f64,
    central: f64,
    /// Right minus left difference quotient: f″·step where smooth, the jump of slope at a kink.
    jump: f64,
    /// What rounding of the values may do to `central`.
    noise: f64,
}

fn extrapolate(
    epsilon: f64,
    point: f64,
    middle: f64,
    largest: f64,
    evaluate: &mut impl FnMut(f64) -> Option<(f64, f64)>,
) -> Option<Difference> {
    let mut samples = Vec::with_capacity(STEPS);
    for halvings in 0..STEPS as i32 {
        let step = largest * 0.5_f64.powi(halvings);
        let (right, at_right) = evaluate(point + step)?;
        let (left, at_left) = evaluate(point - step)?;
        if right == left || !at_right.is_finite() || !at_left.is_finite() {
            continue;
        }
        let size = at_right.abs().max(at_left.abs()).max(middle.abs());
        samples.push(Sample {
            step,
            central: (at_right - at_left) / (right - left),
            jump: (at_right - middle) / (right - point) - (middle - at_left) / (point - left),
            noise: 4.0 * epsilon * size / step,
        });
    }
    let mut best = neville(&samples)?;
    best.error += 0.5 * kink(&samples);
    Some(best)
}

/// Neville's tableau on the central differences, whose error is a series in step². Its entry of
/// least error: the greater of its distance from the two entries it came from, and rounding.
fn neville(samples: &[Sample]) -> Option<Difference> {
    let mut best: Option<Difference> = None;
    let mut previous: Vec<f64> = Vec::new();
    for (row, sample) in samples.iter().enumerate() {
        let mut current = vec![sample.central];
        for column in 1..=row {
            let ratio = (samples[row - column].step / sample.step).powi(2);
            let (finer, coarser) = (current[column - 1], previous[column - 1]);
            let value = finer + (finer - coarser) / (ratio - 1.0);
            let distance = (value - finer).abs().max((value - coarser).abs());
            let error = distance.max(2.0 * sample.noise);
            if best.is_none_or(|best| error < best.error) {
                best = Some(Difference { value, error });
            }
            current.push(value);
        }
        previous = current;
    }
    best
}

/// The jump of the slope at the point, 0 where there is none.
///
/// With step halved, a jump stays and f″·step halves: twice the finer minus the coarser leaves the
/// jump. Taken where that is least, relative to rounding, it is 0 for smooth functions, and for a
/// kink that lies beside the point.
fn kink(samples: &[Sample]) -> f64 {
    samples
        .windows(2)
        .map(|pair| {
            let ratio = pair[0].step / pair[1].step;
            let jump = ((ratio * pair[1].jump - pair[0].jump) / (ratio - 1.0)).abs();
            (jump, 4.0 * pair[1].noise)
        })
        .min_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)))
        .map_or(0.0, |(jump, noise)| if jump > noise { jump } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(f: impl Fn(f64) -> f64, point: f64) -> Option<Difference> {
        differentiate(f64::EPSILON, point, f(point), |to| Some((to, f(to))))
    }

    #[test]
    fn smooth_functions_are_precise_and_know_it() {
        type Case = (fn(f64) -> f64, f64, f64);
        let cases: [Case; 5] = [
            (f64::sin, 0.7, 0.7_f64.cos()),
            (f64::exp, 10.0, 10.0_f64.exp()),
            (f64::ln, 1e-3, 1e3),
            (f64::recip, 1e-4, -1e8),
            (|x| x.powi(3), 1e4, 3e8),
        ];
        for (f, point, exact) in cases {
            let found = at(f, point).unwrap();
            assert!((found.value - exact).abs() <= 1e-9 * exact.abs(), "{found:?} for {exact}");
            assert!((found.value - exact).abs() <= 4.0 * found.error, "{found:?} for {exact}");
        }
    }

    #[test]
    fn a_kink_is_an_error_estimate() {
        assert!(at(f64::abs, 0.0).unwrap().error >= 1.0);
        assert!(at(|x| x.max(0.0), 0.0).unwrap().error >= 0.5);
        let beside = at(f64::abs, 0.01).unwrap();
        assert!((beside.value - 1.0).abs() < 1e-9 && beside.error < 1e-8, "{beside:?}");
    }

    #[test]
    fn outside_the_domain_is_none() {
        assert_eq!(at(f64::sqrt, -1.0), None);
    }
}
