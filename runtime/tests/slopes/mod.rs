//! Central differences, extrapolated to step zero, and gradients of the tape beside them.

use chainrule::tape::{Tape, Var};
use ndarray::{Array, Dimension};

/// A gradient by two arrays is that of differences, up to a tolerance, and has their shapes; what is
/// computed of constants is not recorded.
#[track_caller]
pub(crate) fn check<D: Dimension + 'static, E: Dimension + 'static>(
    a: &Array<f64, D>,
    b: &Array<f64, E>,
    tolerance: f64,
    f: impl for<'t> Fn(Var<'t, Array<f64, D>>, Var<'t, Array<f64, E>>) -> Var<'t, f64>,
) {
    let tape = Tape::new();
    let (x, y) = (tape.var(a.clone()), tape.var(b.clone()));
    f(x, y).backward();
    let value = |a: &Array<f64, D>, b: &Array<f64, E>| {
        let tape = Tape::new();
        let value = f(tape.constant(a.clone()), tape.constant(b.clone())).value();
        assert!(tape.is_empty(), "constants are recorded");
        value
    };
    let by_a = differences(a, |a| value(a, b));
    let by_b = differences(b, |b| value(a, b));
    assert_eq!(x.grad().raw_dim(), a.raw_dim());
    assert_eq!(y.grad().raw_dim(), b.raw_dim());
    for (found, expected) in
        [(x.grad().into_dyn(), by_a.into_dyn()), (y.grad().into_dyn(), by_b.into_dyn())]
    {
        let error = (&found - &expected).mapv(f64::abs).fold(0.0, |m: f64, &e| m.max(e));
        assert!(error < tolerance, "{found} instead of {expected}");
    }
}

/// The gradient of a function of an array.
pub(crate) fn differences<D: Dimension>(
    a: &Array<f64, D>,
    f: impl Fn(&Array<f64, D>) -> f64,
) -> Array<f64, D> {
    let mut gradient = Array::zeros(a.raw_dim());
    for (position, into) in gradient.iter_mut().enumerate() {
        let at = |offset: f64| {
            let mut moved = a.clone();
            *moved.iter_mut().nth(position).unwrap() += offset;
            f(&moved)
        };
        let slope = |h: f64| (at(h) - at(-h)) / (2.0 * h);
        *into = (4.0 * slope(5e-4) - slope(1e-3)) / 3.0;
    }
    gradient
}
