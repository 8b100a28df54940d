//! The gradient by the run-time tape: recorded anew for every step, as define-by-run frameworks do.

use crate::Case;
use chainrule::tape::Tape;

/// The training step by [`Tape`].
pub fn step(case: &mut Case) -> f32 {
    let tape = Tape::new();
    let (x, y) = (tape.constant(case.x.clone()), tape.constant(case.y.clone()));
    let (w, b) = (tape.var(case.w.clone()), tape.var(case.b));
    // A batch without rows has no mean; the sum of nothing is 0 then, as is its gradient.
    let squares = (x.dot(w) + b - y).mapv(|e| e * e);
    let value = squares.mean().unwrap_or_else(|| squares.sum());
    value.backward();
    case.dw = w.grad();
    case.db = b.grad();
    case.update();
    value.value()
}
