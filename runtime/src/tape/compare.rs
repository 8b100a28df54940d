//! Scalars compare by value, with each other and with floats, so that branches read as usual.

use std::cmp::Ordering;
use std::num::FpCategory;

use super::value::Real;
use super::var::Var;

/// By value.
///
/// ```
/// use chainrule::tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var(2.0);
/// let y = if x > 1.0 { x * x } else { x };
/// assert!(y == 4.0 && x < y);
/// ```
///
/// A plain float on the left is written as a constant, `tape.constant(1.0) < x`: an
/// `impl PartialEq<Var> for f64` would leave rustc in doubt about every `f64` compared with a value
/// whose type it has yet to infer, in every crate that depends on this one.
impl<F: Real> PartialEq for Var<'_, F> {
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot
    }
}

impl<F: Real> PartialOrd for Var<'_, F> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.slot.partial_cmp(&other.slot)
    }
}

impl<F: Real> PartialEq<F> for Var<'_, F> {
    fn eq(&self, other: &F) -> bool {
        self.slot == *other
    }
}

impl<F: Real> PartialOrd<F> for Var<'_, F> {
    fn partial_cmp(&self, other: &F) -> Option<Ordering> {
        self.slot.partial_cmp(other)
    }
}

impl<F: Real> Var<'_, F> {
    /// Whether the value is NaN.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert!(Tape::new().var(f64::NAN).is_nan());
    /// ```
    #[must_use]
    pub fn is_nan(self) -> bool {
        self.slot.is_nan()
    }

    /// Whether the value is neither zero, subnormal, infinite nor NaN.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert!(Tape::new().var(1.0).is_normal());
    /// ```
    #[must_use]
    pub fn is_normal(self) -> bool {
        self.slot.is_normal()
    }

    /// The category of the value.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert_eq!(Tape::new().var(0.0).classify(), std::num::FpCategory::Zero);
    /// ```
    #[must_use]
    pub fn classify(self) -> FpCategory {
        self.slot.classify()
    }

    /// std's total order, in which NaN has a place and −0 lies below 0.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let mut x = [tape.var(2.0), tape.var(f64::NAN), tape.var(1.0)];
    /// x.sort_by(|a, b| a.total_cmp(b));
    /// assert_eq!((x[0].value(), x[1].value()), (1.0, 2.0));
    /// ```
    #[must_use]
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        self.slot.std_total_cmp(&other.slot)
    }

    /// Whether the value is infinite.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert!(Tape::new().var(f64::INFINITY).is_infinite());
    /// ```
    #[must_use]
    pub fn is_infinite(self) -> bool {
        self.slot.is_infinite()
    }

    /// Whether the value is neither infinite nor NaN.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert!(Tape::new().var(1.0).is_finite());
    /// ```
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.slot.is_finite()
    }

    /// Whether the sign bit is clear.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert!(Tape::new().var(0.0).is_sign_positive());
    /// ```
    #[must_use]
    pub fn is_sign_positive(self) -> bool {
        self.slot.is_sign_positive()
    }

    /// Whether the sign bit is set.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// assert!(Tape::new().var(-0.0).is_sign_negative());
    /// ```
    #[must_use]
    pub fn is_sign_negative(self) -> bool {
        self.slot.is_sign_negative()
    }
}

macro_rules! bits {
    ($($float:ident $bits:ident;)+) => {$(
        impl Var<'_, $float> {
            /// The bits of the value.
            #[must_use]
            pub fn to_bits(self) -> $bits {
                self.slot.to_bits()
            }
        }
    )+};
}

bits! {
    f32 u32;
    f64 u64;
}
