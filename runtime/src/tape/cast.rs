//! `as` between floats.

use super::value::{Real, Value};
use super::var::Var;

impl<'t, T: Value> Var<'t, T> {
    /// The value in another float, as `as` converts it; the variable's way to write `x as f64`.
    ///
    /// Derivative: 1. The cotangent is rounded to the operand's float on its way back.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0_f32);
    /// let y = x.cast::<f64>() * 2.0;
    /// y.backward();
    /// assert_eq!((y.value(), x.grad()), (6.0_f64, 2.0_f32));
    /// ```
    #[must_use]
    pub fn cast<G: Real>(self) -> Var<'t, T::Cast<G>> {
        T::cast(self)
    }
}
