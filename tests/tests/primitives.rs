//! Every differentiable operator and method of `f32` and `f64`: by the macro, by the tape and by
//! central differences, at samples of the domain that its row of the compiler's table gives.
//!
//! One line below tests one primitive: as a method and as a function (`x.sin()`, `f64::sin(x)`),
//! in `f64` and `f32`, by `value_and_grad`, `vjp` and `tape_value_and_grad`.

#![forbid(unsafe_code)]

use chainrule::{differentiate, stop_gradient};
use chainrule_compiler::primitives::{Prim, Spelling, TABLE};
use chainrule_tests::{AsLeaves, assert_close, differences};

/// Two exact derivatives differ by the rounding of the few operations each takes, relative to the
/// terms, not to what cancels in them (`1 - tanh²`): 64 units cover the longest, `log` by its base.
const F64_ROUNDING: f64 = 64.0 * f64::EPSILON;
/// The same in `f32`, against the difference quotient in `f64` at the same point.
const F32_ROUNDING: f64 = 64.0 * f32::EPSILON as f64;
/// What [`differences`] are good to, with a margin.
const DIFFERENCES: f64 = 1e-9;

/// A cotangent whose product with any number rounds, so that a `vjp` that forgets it shows.
const COTANGENT: f64 = -1.7;

const SAMPLES: usize = 24;

fn row(name: &str) -> Prim {
    TABLE.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("the table has no `{name}`"))
}

/// Points spread over the domain (an additive recurrence), a fiftieth away from its ends, and
/// representable in `f32`, so that both floats are tested at the very same points.
fn samples<const N: usize>(domain: &[(f64, f64)]) -> impl Iterator<Item = [f64; N]> {
    const STEPS: [f64; 3] = [0.618_033_988_749_895, 0.754_877_666_246_693, 0.569_840_290_998_053];
    assert_eq!(domain.len(), N, "one interval for each argument");
    (0..SAMPLES).map(|k| {
        std::array::from_fn(|argument| {
            let (low, high) = domain[argument];
            let place = 0.02 + 0.96 * ((k + 1) as f64 * STEPS[argument]).fract();
            f64::from((low + (high - low) * place) as f32)
        })
    })
}

/// Everything that is asked of one spelling of a primitive, at all samples.
macro_rules! agree {
    ($name:expr, $f:ident, $g:ident, ($($arg:ident),*) $(, $fixed:expr)?) => {
        for [$($arg),*] in samples(&row($name).domain[..[$(stringify!($arg)),*].len()]) {
            let what = format!("{} at {:?}", $name, [$($arg),*]);
            let (value, gradient) = $f::value_and_grad($($arg,)* $($fixed)?);
            assert_eq!(value.to_bits(), $f($($arg,)* $($fixed)?).to_bits(), "{what}: the value");
            assert_eq!($f::grad($($arg,)* $($fixed)?), gradient, "{what}: `grad`");

            let slope = differences(|&($($arg,)*)| $f($($arg,)* $($fixed)?), &($($arg,)*));
            assert_close(&format!("{what}: macro, differences"), &gradient, &slope, DIFFERENCES);

            let (by_vjp, pulled) = $f::vjp($($arg,)* $($fixed,)? COTANGENT);
            assert_eq!(by_vjp.to_bits(), value.to_bits(), "{what}: the value of `vjp`");
            let scaled: Vec<_> = gradient.as_leaves().iter().map(|leaf| leaf * COTANGENT).collect();
            assert_close(&format!("{what}: `vjp`"), &pulled, &scaled, F64_ROUNDING);

            let (taped, by_tape) = $f::tape_value_and_grad($($arg,)* $($fixed)?);
            assert_eq!(taped.to_bits(), value.to_bits(), "{what}: the tape's value");
            assert_close(&format!("{what}: macro, tape"), &gradient, &by_tape, F64_ROUNDING);

            $(let $arg = $arg as f32;)*
            let (value, gradient) = $g::value_and_grad($($arg,)* $($fixed)?);
            assert_eq!(value.to_bits(), $g($($arg,)* $($fixed)?).to_bits(), "{what}: the value in f32");
            assert_close(&format!("{what}: macro in f32, differences"), &gradient, &slope, F32_ROUNDING);
            let (by_vjp, pulled) = $g::vjp($($arg,)* $($fixed,)? COTANGENT as f32);
            assert_eq!(by_vjp.to_bits(), value.to_bits(), "{what}: the value of `vjp` in f32");
            let scaled: Vec<_> = gradient.as_leaves().iter().map(|leaf| leaf * COTANGENT).collect();
            assert_close(&format!("{what}: `vjp` in f32"), &pulled, &scaled, F32_ROUNDING);
            let (taped, by_tape) = $g::tape_value_and_grad($($arg,)* $($fixed)?);
            assert_eq!(taped.to_bits(), value.to_bits(), "{what}: the tape's value in f32");
            assert_close(&format!("{what}: macro, tape in f32"), &gradient, &by_tape, F32_ROUNDING);
        }
    };
}

/// An operator: `name: (arguments) expression`.
macro_rules! operators {
    ($($name:ident: ($($arg:ident),*) $expression:expr;)*) => {
        const OPERATORS: &[&str] = &[$(stringify!($name)),*];
        $(mod $name {
            use super::*;

            #[differentiate(tape)]
            fn wide($($arg: f64),*) -> f64 {
                $expression
            }

            #[differentiate(tape)]
            fn narrow($($arg: f32),*) -> f32 {
                $expression
            }

            #[test]
            fn operator() {
                agree!(stringify!($name), wide, narrow, ($($arg),*));
            }
        })*
    };
}

/// A method: `name(receiver, arguments)`.
macro_rules! methods {
    ($($name:ident($first:ident $(, $rest:ident)*);)*) => {
        const METHODS: &[&str] = &[$(stringify!($name)),*];
        $(mod $name {
            use super::*;

            #[differentiate(tape)]
            fn wide($first: f64 $(, $rest: f64)*) -> f64 {
                $first.$name($($rest),*)
            }

            #[differentiate(tape)]
            fn narrow($first: f32 $(, $rest: f32)*) -> f32 {
                $first.$name($($rest),*)
            }

            #[differentiate(tape)]
            fn wide_function($first: f64 $(, $rest: f64)*) -> f64 {
                f64::$name($first $(, $rest)*)
            }

            #[differentiate(tape)]
            fn narrow_function($first: f32 $(, $rest: f32)*) -> f32 {
                f32::$name($first $(, $rest)*)
            }

            #[test]
            fn method() {
                agree!(stringify!($name), wide, narrow, ($first $(, $rest)*));
            }

            #[test]
            fn function() {
                agree!(stringify!($name), wide_function, narrow_function, ($first $(, $rest)*));
            }
        })*
    };
}

operators! {
    add: (x, y) x + y;
    sub: (x, y) x - y;
    mul: (x, y) x * y;
    div: (x, y) x / y;
    rem: (x, y) x % y;
    neg: (x) -x;
}

methods! {
    mul_add(x, a, b);
    recip(x);
    abs(x);
    signum(x);
    copysign(x, s);
    max(x, y);
    min(x, y);
    clamp(x, lo, hi);
    floor(x);
    ceil(x);
    round(x);
    round_ties_even(x);
    trunc(x);
    fract(x);
    rem_euclid(x, y);
    div_euclid(x, y);
    sqrt(x);
    cbrt(x);
    hypot(x, y);
    powf(x, y);
    exp(x);
    exp2(x);
    exp_m1(x);
    ln(x);
    ln_1p(x);
    log2(x);
    log10(x);
    log(x, base);
    sin(x);
    cos(x);
    tan(x);
    asin(x);
    acos(x);
    atan(x);
    atan2(y, x);
    sinh(x);
    cosh(x);
    tanh(x);
    asinh(x);
    acosh(x);
    atanh(x);
    to_degrees(x);
    to_radians(x);
    midpoint(x, y);
}

/// Rows that neither macro above can spell: they have a module of their own below.
const OTHERS: &[&str] = &["powi", "stop_gradient"];

/// An integer exponent: known only while the program runs, and written out.
mod powi {
    use super::*;

    #[differentiate(tape)]
    fn wide(x: f64, n: i32) -> f64 {
        x.powi(n)
    }

    #[differentiate(tape)]
    fn narrow(x: f32, n: i32) -> f32 {
        x.powi(n)
    }

    #[differentiate(tape)]
    fn wide_function(x: f64, n: i32) -> f64 {
        f64::powi(x, n)
    }

    #[differentiate(tape)]
    fn narrow_function(x: f32, n: i32) -> f32 {
        f32::powi(x, n)
    }

    /// `x⁴` at 4 has the slope 256, which is the greatest here: the tolerances stay relative.
    const EXPONENTS: [i32; 8] = [-3, -1, 0, 1, 2, 3, 4, 5];

    #[test]
    fn method() {
        for n in EXPONENTS {
            agree!("powi", wide, narrow, (x), n);
        }
    }

    #[test]
    fn function() {
        for n in EXPONENTS {
            agree!("powi", wide_function, narrow_function, (x), n);
        }
    }

    macro_rules! literal_exponents {
        ($($name:ident $n:literal)*) => {$(
            mod $name {
                use super::*;

                #[differentiate(tape)]
                fn wide(x: f64) -> f64 {
                    x.powi($n)
                }

                #[differentiate(tape)]
                fn narrow(x: f32) -> f32 {
                    x.powi($n)
                }

                #[test]
                fn method() {
                    agree!("powi", wide, narrow, (x));
                }
            }
        )*};
    }
    literal_exponents! { minus_two -2 zero 0 one 1 two 2 three 3 seven 7 }
}

/// A value that counts as constant: half of the product's derivative is missing, by intent.
mod stopped {
    use super::*;

    #[differentiate(tape)]
    fn wide(x: f64) -> f64 {
        x.sin() * stop_gradient(x)
    }

    #[differentiate(tape)]
    fn narrow(x: f32) -> f32 {
        x.sin() * chainrule::stop_gradient(x)
    }

    #[test]
    fn counts_as_constant() {
        for [x] in samples(row("stop_gradient").domain) {
            let expected = x.cos() * x;
            assert_eq!(wide::value_and_grad(x).0.to_bits(), wide(x).to_bits());
            assert_close("macro", &wide::grad(x), &expected, F64_ROUNDING);
            assert_close("tape", &wide::tape_value_and_grad(x).1, &expected, F64_ROUNDING);
            let x = x as f32;
            assert_close("macro in f32", &narrow::grad(x), &expected, F32_ROUNDING);
            assert_close("tape in f32", &narrow::tape_value_and_grad(x).1, &expected, F32_ROUNDING);
        }
    }
}

/// `sin_cos` has no row: it is `sin` and `cos`.
mod sin_cos {
    use super::*;

    #[differentiate(tape)]
    fn wide(x: f64) -> f64 {
        let (sin, cos) = x.sin_cos();
        sin * 3.0 - cos
    }

    #[differentiate(tape)]
    fn narrow(x: f32) -> f32 {
        let (sin, cos) = x.sin_cos();
        sin * 3.0 - cos
    }

    #[test]
    fn method() {
        agree!("sin", wide, narrow, (x));
    }

    #[differentiate]
    fn pair(x: f64) -> (f64, f64) {
        x.sin_cos()
    }

    #[test]
    fn as_a_result() {
        let ((sin, cos), slope) = pair::vjp(0.5, (2.0, 3.0));
        assert_eq!((sin, cos), 0.5_f64.sin_cos());
        assert_close("vjp", &slope, &(2.0 * cos - 3.0 * sin), F64_ROUNDING);
    }
}

/// A row that users can call and nobody tests, or a line above without a row, fails here.
#[test]
fn every_row_that_users_can_call_is_covered() {
    let mut covered: Vec<&str> = [OPERATORS, METHODS, OTHERS].concat();
    covered.sort_unstable();
    let mut callable: Vec<&str> = TABLE
        .iter()
        .filter(|row| {
            !matches!(row.spelling, Spelling::Runtime | Spelling::Select)
                || row.name == "stop_gradient"
        })
        .map(|row| row.name)
        .collect();
    callable.sort_unstable();
    assert_eq!(covered, callable);
}

/// A wrong derivative is seen: what the tests above compare is not always equal.
#[test]
fn a_wrong_partial_is_caught() {
    #[differentiate(tape)]
    fn wrong(x: f64) -> f64 {
        x.sin() + stop_gradient(1e-6 * x)
    }
    let slope = differences(|&x| wrong(x), &1.0);
    let caught = std::panic::catch_unwind(|| {
        assert_close("wrong", &wrong::grad(1.0), &slope, DIFFERENCES);
    });
    assert!(caught.is_err());
}
