//! The form of a derivative rule: a value and its partials, for every float at once.
//!
//! A rule is a type; a row of [`rules!`] declares it. Values are std's own functions, so that the
//! tape computes the very numbers the plain function does. Partials are written over [`Number`],
//! so that they run on floats and on the tape itself. The engines decide what to do with the
//! partials ([`pass`]); no rule knows about cotangents, constants, broadcasting or tapes.

use super::number::Number;
use super::value::Real;

/// An elementary function of `N` floats with its partial derivatives.
#[doc(hidden)]
pub trait Rule<const N: usize>: Copy + Send + Sync + 'static {
    /// The method's name, for messages.
    const NAME: &'static str;
    /// Whether a partial that is exactly zero means "does not depend": such an operand receives
    /// zero even from an infinite cotangent.
    const ZERO_IS_EXACT: bool;
    /// The function's value.
    fn value<F: Real>(self, x: [F; N]) -> F;
    /// The partial derivative by operand `operand`, given the operands and the value `z`: a float,
    /// or a term that is recorded and differentiated again.
    fn partial<F: Number>(self, operand: usize, x: [F; N], z: F) -> F;
}

/// What an operand with this partial receives: the product, except that a zero cotangent passes on
/// zero whatever the partial is, and an exact zero partial passes on zero whatever the cotangent.
#[inline]
pub(super) fn pass<F: Real>(zero_is_exact: bool, ct: F, partial: F) -> F {
    if ct == F::zero() || (zero_is_exact && partial == F::zero()) {
        F::zero()
    } else {
        ct * partial
    }
}

/// Declares rules, one a row:
///
/// ```text
/// Sin "sin" (x) -> z { x.sin() } x: x.cos();
/// Powi[n: i32] "powi" exact (x) -> z { x.powi(n) } x: ...;
/// ```
///
/// name, parameters that are no floats, name in messages, `exact` where a zero partial is exact,
/// operands, name of the value, value, and one partial for each operand.
macro_rules! rules {
    (@struct [$($meta:tt)*] $name:ident) => {
        $($meta)*
        #[derive(Clone, Copy)]
        pub(in crate::tape) struct $name;
    };
    (@struct [$($meta:tt)*] $name:ident $($field:ident: $kind:ty),+) => {
        $($meta)*
        #[derive(Clone, Copy)]
        pub(in crate::tape) struct $name {
            $(pub(in crate::tape) $field: $kind),+
        }
    };
    ($($(#[$meta:meta])* $name:ident $([$($field:ident: $kind:ty),+])? $text:literal $($exact:ident)?
        ($($x:ident),+) -> $z:ident { $value:expr } $($wrt:ident: $partial:expr),+;)+) => {$(
        rules!(@struct [$(#[$meta])*] $name $($($field: $kind),+)?);

        impl Rule<{ [$(stringify!($x)),+].len() }> for $name {
            const NAME: &'static str = $text;
            const ZERO_IS_EXACT: bool = [$(stringify!($exact),)? ""].len() > 1;

            #[inline]
            #[allow(unused_variables, reason = "a value need not depend on everything")]
            fn value<F: Real>(self, x: [F; [$(stringify!($x)),+].len()]) -> F {
                $(let Self { $($field),+ } = self;)?
                let [$($x),+] = x;
                $value
            }

            #[inline]
            #[allow(unused_variables, reason = "a partial need not depend on everything")]
            fn partial<F: Number>(self, operand: usize, x: [F; [$(stringify!($x)),+].len()], $z: F) -> F {
                $(let Self { $($field),+ } = self;)?
                let [$($x),+] = x;
                let mut index = 0;
                $(
                    if operand == index {
                        return $partial;
                    }
                    index += 1;
                )+
                unreachable!("`{}` has {index} operands", Self::NAME)
            }
        }
    )+};
}

pub(super) use rules;
