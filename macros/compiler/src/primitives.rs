//! The table of scalar primitives: one row each, read by every stage.
//!
//! A row says how Rust spells the primitive, how mathematics writes it, and its partial
//! derivatives as expressions over its arguments and its result.
//! Reverse mode, the printer, `DERIVATION`, the evaluator and the tests all read the row; no stage
//! knows a primitive by name.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// How a primitive is written in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// An operator between two operands, `x + y`, or before one, `-x`.
    Operator(&'static str),
    /// A method of `f32` and `f64` (and of `num_traits::Float`).
    Method,
    /// A function of the runtime crate's `rt` module.
    Runtime,
    /// As `Runtime`; of `f32` and `f64` also `if x == 0.0 { 0.0 } else { y }`.
    Select,
}

/// When a pullback selects zero instead of multiplying.
///
/// A zero cotangent passes on zero even where the partial is infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The partial is finite wherever the value is: a plain product.
    No,
    /// The partial may be infinite or NaN: zero where the cotangent is zero.
    Cotangent,
    /// As `Cotangent`, and zero also where the partial is zero but the cotangent infinite.
    Both,
    /// As `Both`, but a plain product where the second argument is a literal of at least 1: the
    /// partial of such a power is finite.
    Power,
    /// The partial is 1 or 0, and decides what the cotangent is passed to: the cotangent itself or
    /// zero, whatever it is.
    Select,
}

impl Guard {
    /// What is needed of it where it is known whether the cotangent is finite and not zero, and what
    /// number the second argument is: `No`, `Cotangent` or `Both`.
    pub fn given(self, plain: bool, exponent: impl FnOnce() -> Option<f64>) -> Self {
        match self {
            _ if plain => Guard::No,
            Guard::Power if exponent().is_some_and(|n| n >= 1.0) => Guard::No,
            Guard::Power => Guard::Both,
            other => other,
        }
    }
}

/// One scalar primitive.
pub struct Row {
    /// The name: that of the `std` method where there is one.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arity: usize,
    /// How Rust spells it.
    pub spelling: Spelling,
    /// How mathematics writes it; `{0}`, `{1}` … stand for the arguments.
    pub notation: &'static str,
    /// When its pullback selects instead of multiplying.
    pub guard: Guard,
    /// A rough cost in additions, for the choice between storing and recomputing.
    pub cost: u32,
    /// The partial derivative by each argument, given the arguments and the result.
    pub partials: fn(&[Sym], &Sym) -> Vec<Sym>,
    /// The value, for the evaluator and for folding.
    pub eval: fn(&[f64]) -> f64,
    /// For each argument an interval in which the function is smooth; tests sample it.
    pub domain: &'static [(f64, f64)],
}

/// A reference to a row; equality is identity.
pub type Prim = &'static Row;

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// An expression over a primitive's arguments and result: the language of partial derivatives.
#[derive(Clone, Debug, PartialEq)]
pub enum Sym {
    /// Nothing flows: a structural zero, not the number 0.
    Zero,
    /// The argument with this index.
    Arg(usize),
    /// The primitive's own result.
    Out,
    /// A number.
    Num(f64),
    /// Another primitive, applied.
    Apply(Prim, Vec<Sym>),
}

macro_rules! sym_operator {
    ($Trait:ident $method:ident $row:ident) => {
        impl $Trait for Sym {
            type Output = Sym;
            fn $method(self, rhs: Sym) -> Sym {
                Sym::Apply(&$row, vec![self, rhs])
            }
        }
        impl $Trait<Sym> for f64 {
            type Output = Sym;
            fn $method(self, rhs: Sym) -> Sym {
                Sym::Apply(&$row, vec![Sym::Num(self), rhs])
            }
        }
        impl $Trait<f64> for Sym {
            type Output = Sym;
            fn $method(self, rhs: f64) -> Sym {
                Sym::Apply(&$row, vec![self, Sym::Num(rhs)])
            }
        }
    };
}
sym_operator!(Add add ADD);
sym_operator!(Sub sub SUB);
sym_operator!(Mul mul MUL);
sym_operator!(Div div DIV);

impl Neg for Sym {
    type Output = Sym;
    fn neg(self) -> Sym {
        Sym::Apply(&NEG, vec![self])
    }
}

/// Writes the table: each row becomes a static and an entry of [`TABLE`].
macro_rules! table {
    ($($(#[$doc:meta])* $ID:ident = $name:literal [$($arg:ident),*] -> $out:ident,
        $spelling:expr, $guard:ident, $cost:literal, $notation:literal,
        $eval:expr, $domain:expr, [$($partial:expr),*];)*) => {
        $(
            #[doc = concat!("The row of `", $name, "`.\n")]
            $(#[$doc])*
            pub static $ID: Row = Row {
                name: $name,
                arity: [$(stringify!($arg)),*].len(),
                spelling: $spelling,
                notation: $notation,
                guard: Guard::$guard,
                cost: $cost,
                partials: |args, out| {
                    let [$($arg),*] = args else { unreachable!("arity is checked on building") };
                    $(let _ = $arg;)*
                    let $out = out;
                    let _ = $out;
                    vec![$($partial),*]
                },
                eval: |args| {
                    let [$($arg),*] = *args else { unreachable!("arity is checked on building") };
                    $(let _ = $arg;)*
                    let f: fn($(table!(@f64 $arg)),*) -> f64 = $eval;
                    f($($arg),*)
                },
                domain: &$domain,
            };
        )*
        /// Every primitive.
        pub static TABLE: &[Prim] = &[$(&$ID),*];
    };
    (@f64 $arg:ident) => { f64 };
}

use Spelling::{Method, Operator, Runtime, Select};

fn ap(row: Prim, args: &[&Sym]) -> Sym {
    Sym::Apply(row, args.iter().map(|&s| s.clone()).collect())
}
fn c(s: &Sym) -> Sym {
    s.clone()
}
const ONE: Sym = Sym::Num(1.0);
const ZERO: Sym = Sym::Zero;
const WIDE: (f64, f64) = (-3.0, 3.0);
const POSITIVE: (f64, f64) = (0.1, 4.0);
const UNIT: (f64, f64) = (-0.9, 0.9);

table! {
    // Arithmetic. A partial is multiplied onto the cotangent factor by factor, from the left, so
    // `1 / y * -out` shares the quotient `ct / y` with the partial by `x`.
    ADD = "add" [x, y] -> out, Operator("+"), No, 1, "{0} + {1}", |x, y| x + y, [WIDE, WIDE], [ONE, ONE];
    SUB = "sub" [x, y] -> out, Operator("-"), No, 1, "{0} - {1}", |x, y| x - y, [WIDE, WIDE], [ONE, -ONE];
    MUL = "mul" [x, y] -> out, Operator("*"), No, 1, "{0}·{1}", |x, y| x * y, [WIDE, WIDE], [c(y), c(x)];
    DIV = "div" [x, y] -> out, Operator("/"), Cotangent, 5, "{0} / {1}", |x, y| x / y, [WIDE, POSITIVE], [1.0 / c(y), 1.0 / c(y) * -c(out)];
    REM = "rem" [x, y] -> out, Operator("%"), Cotangent, 20, "{0} mod {1}", |x, y| x % y, [(2.1, 2.3), (0.8, 0.9)], [ONE, -ap(&ROUND, &[&((c(x) - c(out)) / c(y))])];
    NEG = "neg" [x] -> out, Operator("-"), No, 1, "-{0}", |x| -x, [WIDE], [-ONE];
    MUL_ADD = "mul_add" [x, a, b] -> out, Method, No, 2, "fma({0}, {1}, {2})", |x, a, b| x.mul_add(a, b), [WIDE, WIDE, WIDE], [c(a), c(x), ONE];
    RECIP = "recip" [x] -> out, Method, Cotangent, 5, "1 / {0}", |x| x.recip(), [POSITIVE], [-(c(out) * c(out))];

    // Sign and selection. `abs` has derivative 0 at 0 (Rust's `signum(0.0)` is 1).
    ABS = "abs" [x] -> out, Method, No, 1, "|{0}|", |x| x.abs(), [POSITIVE], [ap(&SIGN, &[x])];
    SIGNUM = "signum" [x] -> out, Method, No, 1, "signum({0})", |x| x.signum(), [POSITIVE], [ZERO];
    COPYSIGN = "copysign" [x, s] -> out, Method, No, 1, "copysign({0}, {1})", |x, s| x.copysign(s), [POSITIVE, POSITIVE], [ap(&SIGNUM, &[x]) * ap(&SIGNUM, &[s]), ZERO];
    MAX = "max" [x, y] -> out, Method, Both, 1, "max({0}, {1})", |x, y| x.max(y), [(0.0, 1.0), (1.5, 2.0)], [ap(&MAX_WEIGHT, &[x, y]), ap(&MAX_WEIGHT, &[y, x])];
    MIN = "min" [x, y] -> out, Method, Both, 1, "min({0}, {1})", |x, y| x.min(y), [(0.0, 1.0), (1.5, 2.0)], [ap(&MIN_WEIGHT, &[x, y]), ap(&MIN_WEIGHT, &[y, x])];
    CLAMP = "clamp" [x, lo, hi] -> out, Method, Both, 2, "clamp({0}, {1}, {2})", |x, lo, hi| x.max(lo).min(hi), [(0.0, 1.0), (-2.0, -1.0), (1.5, 2.0)],
        [ap(&CLAMP_INSIDE, &[x, lo, hi]), ap(&CLAMP_LOW, &[x, lo, hi]), ap(&CLAMP_HIGH, &[x, lo, hi])];

    // Rounding: constant between the jumps.
    FLOOR = "floor" [x] -> out, Method, No, 2, "⌊{0}⌋", |x| x.floor(), [(0.1, 0.9)], [ZERO];
    CEIL = "ceil" [x] -> out, Method, No, 2, "⌈{0}⌉", |x| x.ceil(), [(0.1, 0.9)], [ZERO];
    ROUND = "round" [x] -> out, Method, No, 2, "round({0})", |x| x.round(), [(0.1, 0.4)], [ZERO];
    ROUND_TIES_EVEN = "round_ties_even" [x] -> out, Method, No, 2, "round_even({0})", |x| x.round_ties_even(), [(0.1, 0.4)], [ZERO];
    TRUNC = "trunc" [x] -> out, Method, No, 2, "trunc({0})", |x| x.trunc(), [(0.1, 0.9)], [ZERO];
    FRACT = "fract" [x] -> out, Method, No, 2, "fract({0})", |x| x.fract(), [(0.1, 0.9)], [ONE];
    REM_EUCLID = "rem_euclid" [x, y] -> out, Method, Cotangent, 20, "{0} mod {1}", |x, y| x.rem_euclid(y), [(-2.3, -2.1), (0.8, 0.9)], [ONE, -ap(&ROUND, &[&((c(x) - c(out)) / c(y))])];
    DIV_EUCLID = "div_euclid" [x, y] -> out, Method, No, 20, "⌊{0} / {1}⌋", |x, y| x.div_euclid(y), [(2.1, 2.3), (0.8, 0.9)], [ZERO, ZERO];

    // Powers and roots.
    SQRT = "sqrt" [x] -> out, Method, Cotangent, 5, "√({0})", |x| x.sqrt(), [POSITIVE], [0.5 / c(out)];
    CBRT = "cbrt" [x] -> out, Method, Cotangent, 20, "∛({0})", |x| x.cbrt(), [POSITIVE], [1.0 / (3.0 * (c(out) * c(out)))];
    HYPOT = "hypot" [x, y] -> out, Method, Both, 15, "hypot({0}, {1})", |x, y| x.hypot(y), [WIDE, POSITIVE], [ap(&RATIO, &[x, out]), ap(&RATIO, &[y, out])];
    POWI = "powi" [x, n] -> out, Method, Power, 8, "{0}^{1}", |x, n| x.powi(n as i32), [POSITIVE, (3.0, 3.0)], [ap(&POWI_PARTIAL, &[x, n]), ZERO];
    POWF = "powf" [x, y] -> out, Method, Power, 30, "{0}^{1}", |x, y| x.powf(y), [POSITIVE, WIDE], [ap(&POWF_PARTIAL, &[x, y]), ap(&POWF_LOG, &[x, y, out])];

    // Exponentials and logarithms.
    EXP = "exp" [x] -> out, Method, Both, 20, "exp({0})", |x| x.exp(), [WIDE], [c(out)];
    EXP2 = "exp2" [x] -> out, Method, Both, 20, "2^({0})", |x| x.exp2(), [WIDE], [c(out) * std::f64::consts::LN_2];
    EXP_M1 = "exp_m1" [x] -> out, Method, Both, 20, "expm1({0})", |x| x.exp_m1(), [WIDE], [ap(&EXP, &[x])];
    LN = "ln" [x] -> out, Method, Cotangent, 20, "ln({0})", |x| x.ln(), [POSITIVE], [1.0 / c(x)];
    LN_1P = "ln_1p" [x] -> out, Method, Cotangent, 20, "ln1p({0})", |x| x.ln_1p(), [POSITIVE], [1.0 / (1.0 + c(x))];
    LOG2 = "log2" [x] -> out, Method, Cotangent, 20, "log2({0})", |x| x.log2(), [POSITIVE], [1.0 / (c(x) * std::f64::consts::LN_2)];
    LOG10 = "log10" [x] -> out, Method, Cotangent, 20, "log10({0})", |x| x.log10(), [POSITIVE], [1.0 / (c(x) * std::f64::consts::LN_10)];
    LOG = "log" [x, base] -> out, Method, Cotangent, 40, "log({0}; base {1})", |x, b| x.log(b), [POSITIVE, (1.5, 3.0)],
        [1.0 / (c(x) * ap(&LN, &[base])), -c(out) / (c(base) * ap(&LN, &[base]))];

    // Trigonometry.
    SIN = "sin" [x] -> out, Method, Cotangent, 20, "sin({0})", |x| x.sin(), [WIDE], [ap(&COS, &[x])];
    COS = "cos" [x] -> out, Method, Cotangent, 20, "cos({0})", |x| x.cos(), [WIDE], [-ap(&SIN, &[x])];
    TAN = "tan" [x] -> out, Method, Cotangent, 20, "tan({0})", |x| x.tan(), [(-1.2, 1.2)], [1.0 + c(out) * c(out)];
    ASIN = "asin" [x] -> out, Method, Cotangent, 20, "asin({0})", |x| x.asin(), [UNIT], [1.0 / ap(&SQRT, &[&((1.0 - c(x)) * (1.0 + c(x)))])];
    ACOS = "acos" [x] -> out, Method, Cotangent, 20, "acos({0})", |x| x.acos(), [UNIT], [-(1.0 / ap(&SQRT, &[&((1.0 - c(x)) * (1.0 + c(x)))]))];
    ATAN = "atan" [x] -> out, Method, Cotangent, 20, "atan({0})", |x| x.atan(), [WIDE], [1.0 / (1.0 + c(x) * c(x))];
    ATAN2 = "atan2" [y, x] -> out, Method, Both, 25, "atan2({0}, {1})", |y, x| y.atan2(x), [WIDE, POSITIVE],
        [ap(&ATAN2_PARTIAL, &[x, y]), -ap(&ATAN2_PARTIAL, &[y, x])];
    SINH = "sinh" [x] -> out, Method, Both, 20, "sinh({0})", |x| x.sinh(), [WIDE], [ap(&COSH, &[x])];
    COSH = "cosh" [x] -> out, Method, Both, 20, "cosh({0})", |x| x.cosh(), [WIDE], [ap(&SINH, &[x])];
    TANH = "tanh" [x] -> out, Method, Both, 20, "tanh({0})", |x| x.tanh(), [WIDE], [1.0 - c(out) * c(out)];
    ASINH = "asinh" [x] -> out, Method, Cotangent, 25, "asinh({0})", |x| x.asinh(), [WIDE], [1.0 / ap(&HYPOT, &[x, &ONE])];
    ACOSH = "acosh" [x] -> out, Method, Cotangent, 25, "acosh({0})", |x| x.acosh(), [(1.2, 4.0)], [1.0 / (ap(&SQRT, &[&(c(x) - 1.0)]) * ap(&SQRT, &[&(c(x) + 1.0)]))];
    ATANH = "atanh" [x] -> out, Method, Cotangent, 25, "atanh({0})", |x| x.atanh(), [UNIT], [1.0 / ((1.0 - c(x)) * (1.0 + c(x)))];
    TO_DEGREES = "to_degrees" [x] -> out, Method, No, 1, "degrees({0})", |x| x.to_degrees(), [WIDE], [Sym::Num(180.0 / std::f64::consts::PI)];
    TO_RADIANS = "to_radians" [x] -> out, Method, No, 1, "radians({0})", |x| x.to_radians(), [WIDE], [Sym::Num(std::f64::consts::PI / 180.0)];

    MIDPOINT = "midpoint" [x, y] -> out, Method, No, 2, "({0} + {1}) / 2", |x, y| x.midpoint(y), [WIDE, WIDE], [Sym::Num(0.5), Sym::Num(0.5)];

    /// The identity whose derivative is zero.
    STOP_GRADIENT = "stop_gradient" [x] -> out, Runtime, No, 0, "stop({0})", |x| x, [WIDE], [ZERO];

    // What the partials above are made of. Piecewise constant ones have derivative zero.
    /// −1, 0 or 1: the derivative of `abs`.
    SIGN = "sign" [x] -> out, Runtime, No, 1, "sign({0})", |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { 0.0 }, [POSITIVE], [ZERO];
    /// The share of `x` in the gradient of `max(x, y)`: ties are split evenly, a NaN gets nothing.
    MAX_WEIGHT = "max_weight" [x, y] -> out, Runtime, No, 2, "[{0} ≥ {1}]", |x, y| if x > y || y.is_nan() { 1.0 } else if x == y { 0.5 } else { 0.0 }, [WIDE, WIDE], [ZERO, ZERO];
    /// The share of `x` in the gradient of `min(x, y)`.
    MIN_WEIGHT = "min_weight" [x, y] -> out, Runtime, No, 2, "[{0} ≤ {1}]", |x, y| if x < y || y.is_nan() { 1.0 } else if x == y { 0.5 } else { 0.0 }, [WIDE, WIDE], [ZERO, ZERO];
    /// The tangent of `max(x, y)` from those of `x` and `y`: what forward mode writes of it.
    MAX_TANGENT = "max_tangent" [x, y, t, u] -> out, Runtime, Both, 2, "({2} if {0} > {1} else {3})",
        |x, y, t, u| { let part = |x: f64, y: f64, t: f64| match (MAX_WEIGHT.eval)(&[x, y]) { 0.0 => 0.0, share => share * t }; part(x, y, t) + part(y, x, u) },
        [(0.0, 1.0), (1.5, 2.0), WIDE, WIDE], [ZERO, ZERO, ap(&MAX_WEIGHT, &[x, y]), ap(&MAX_WEIGHT, &[y, x])];
    /// The tangent of `min(x, y)`.
    MIN_TANGENT = "min_tangent" [x, y, t, u] -> out, Runtime, Both, 2, "({2} if {0} < {1} else {3})",
        |x, y, t, u| { let part = |x: f64, y: f64, t: f64| match (MIN_WEIGHT.eval)(&[x, y]) { 0.0 => 0.0, share => share * t }; part(x, y, t) + part(y, x, u) },
        [(0.0, 1.0), (1.5, 2.0), WIDE, WIDE], [ZERO, ZERO, ap(&MIN_WEIGHT, &[x, y]), ap(&MIN_WEIGHT, &[y, x])];
    /// The share of `x` in the gradient of `x.max(lo).min(hi)`.
    CLAMP_INSIDE = "clamp_inside" [x, lo, hi] -> out, Runtime, No, 4, "[{1} ≤ {0} ≤ {2}]",
        |x, lo, hi| { if x.is_nan() { 1.0 } else { (MAX_WEIGHT.eval)(&[x, lo]) * (MIN_WEIGHT.eval)(&[x.max(lo), hi]) } }, [WIDE, WIDE, WIDE], [ZERO, ZERO, ZERO];
    /// The share of `lo` in the gradient of `x.max(lo).min(hi)`.
    CLAMP_LOW = "clamp_low" [x, lo, hi] -> out, Runtime, No, 4, "[{0} ≤ {1}]",
        |x, lo, hi| { if x.is_nan() { 0.0 } else { (MAX_WEIGHT.eval)(&[lo, x]) * (MIN_WEIGHT.eval)(&[x.max(lo), hi]) } }, [WIDE, WIDE, WIDE], [ZERO, ZERO, ZERO];
    /// The share of `hi` in the gradient of `x.max(lo).min(hi)`.
    CLAMP_HIGH = "clamp_high" [x, lo, hi] -> out, Runtime, No, 4, "[{0} ≥ {2}]",
        |x, lo, hi| { if x.is_nan() { 0.0 } else { (MIN_WEIGHT.eval)(&[hi, x.max(lo)]) } }, [WIDE, WIDE, WIDE], [ZERO, ZERO, ZERO];
    // Conditions on elements are numbers: 1 where they hold, else 0.
    /// 1 where `x < y`.
    LESS = "less" [x, y] -> out, Runtime, No, 1, "[{0} < {1}]", |x, y| if x < y { 1.0 } else { 0.0 }, [(0.0, 1.0), (1.5, 2.0)], [ZERO, ZERO];
    /// 1 where `x <= y`.
    AT_MOST = "at_most" [x, y] -> out, Runtime, No, 1, "[{0} ≤ {1}]", |x, y| if x <= y { 1.0 } else { 0.0 }, [(0.0, 1.0), (1.5, 2.0)], [ZERO, ZERO];
    /// 1 where `x == y`.
    EQUAL = "equal" [x, y] -> out, Runtime, No, 1, "[{0} = {1}]", |x, y| if x == y { 1.0 } else { 0.0 }, [(0.0, 1.0), (1.5, 2.0)], [ZERO, ZERO];
    /// `x` where the mask is 1, else `y`.
    SELECT = "select" [mask, x, y] -> out, Runtime, Select, 1, "({1} if {0} else {2})", |mask, x, y| if mask == 0.0 { y } else { x }, [(1.0, 1.0), WIDE, WIDE], [ZERO, c(mask), 1.0 - c(mask)];
    /// The identity; its cotangent is dropped where the mask is 0.
    ENTER = "enter" [mask, x] -> out, Runtime, Select, 0, "({1})", |_mask, x| x, [(1.0, 1.0), WIDE], [ZERO, c(mask)];

    // What model code is made of.
    /// `√x`, with derivative 0 at 0: norms and standard deviations, as the field has them.
    ROOT = "root" [x] -> out, Runtime, Cotangent, 5, "√({0})", |x| x.sqrt(), [POSITIVE], [ap(&RATIO, &[&Sym::Num(0.5), out])];
    RELU = "relu" [x] -> out, Runtime, Select, 1, "relu({0})", |x| if x <= 0.0 { 0.0 } else { x }, [POSITIVE], [ap(&LESS, &[&Sym::Num(0.0), x])];
    LEAKY_RELU = "leaky_relu" [x, slope] -> out, Runtime, No, 2, "leaky_relu({0}, {1})", |x, slope| if x > 0.0 { x } else { slope * x }, [(-3.0, -0.1), WIDE],
        [ap(&SELECT, &[&ap(&LESS, &[&Sym::Num(0.0), x]), &ONE, slope]), ap(&SELECT, &[&ap(&LESS, &[&Sym::Num(0.0), x]), &Sym::Num(0.0), x])];
    SIGMOID = "sigmoid" [x] -> out, Runtime, Both, 25, "σ({0})", |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }, [WIDE], [c(out) * ap(&SIGMOID, &[&-c(x)])];
    SOFTPLUS = "softplus" [x] -> out, Runtime, Both, 40, "softplus({0})", |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), [WIDE], [ap(&SIGMOID, &[x])];
    /// `x`, and 0 where it is not finite: what is subtracted from logits.
    FINITE_PART = "finite_part" [x] -> out, Runtime, No, 1, "finite({0})", |x| if x.is_finite() { x } else { 0.0 }, [WIDE], [ONE];
    /// `x / y`, and 0 where `y` is 0: the partial of `hypot`, which is 0 at the origin.
    RATIO = "ratio" [x, y] -> out, Runtime, Cotangent, 6, "{0} / {1}", |x, y| if y == 0.0 { 0.0 } else { x / y }, [WIDE, POSITIVE], [1.0 / c(y), 1.0 / c(y) * -c(out)];
    /// `n xⁿ⁻¹`, and 0 for `n = 0`, also where `x` is 0.
    POWI_PARTIAL = "powi_partial" [x, n] -> out, Runtime, Power, 10, "{1}·{0}^({1} - 1)",
        |x, n| if n == 0.0 { 0.0 } else { n * x.powi((n as i32).saturating_sub(1)) }, [POSITIVE, (3.0, 3.0)], [ap(&GUARD, &[n, &(c(n) * ap(&POWI_PARTIAL, &[x, &(c(n) - 1.0)]))]), ZERO];
    /// `y xʸ⁻¹`, and 0 for `y = 0`, also where `x` is 0.
    POWF_PARTIAL = "powf_partial" [x, y] -> out, Runtime, Both, 32, "{1}·{0}^({1} - 1)",
        |x, y| if y == 0.0 { 0.0 } else { y * x.powf(y - 1.0) }, [POSITIVE, WIDE],
        [ap(&GUARD, &[y, &(c(y) * ap(&POWF_PARTIAL, &[x, &(c(y) - 1.0)]))]),
            ap(&POWF, &[x, &(c(y) - 1.0)]) + c(y) * ap(&POWF_LOG, &[x, &(c(y) - 1.0), &ap(&POWF, &[x, &(c(y) - 1.0)])])];
    /// `xʸ ln x`, and 0 where `xʸ` is 0 at `x = 0`; the partial of `powf` by its exponent.
    POWF_LOG = "powf_log" [x, y, power] -> out, Runtime, Both, 22, "{2}·ln({0})",
        |x, _y, power| if x == 0.0 && power.is_finite() { 0.0 } else { power * x.ln() }, [POSITIVE, WIDE, POSITIVE],
        [ap(&RATIO, &[power, x]), ZERO, ap(&LN, &[x])];
    /// `x / (x² + y²)`, and 0 at the origin; the partials of `atan2`.
    ATAN2_PARTIAL = "atan2_partial" [x, y] -> out, Runtime, Both, 8, "{0} / ({0}² + {1}²)",
        |x, y| if x == 0.0 && y == 0.0 { 0.0 } else { let m = x.abs().max(y.abs()); let (a, b) = (x / m, y / m); a / (m * (a * a + b * b)) }, [POSITIVE, POSITIVE],
        [(c(y) * c(y) - c(x) * c(x)) / ((c(x) * c(x) + c(y) * c(y)) * (c(x) * c(x) + c(y) * c(y))), (-2.0) * c(x) * c(y) / ((c(x) * c(x) + c(y) * c(y)) * (c(x) * c(x) + c(y) * c(y)))];
    /// `value` where `ct` is not zero, 0 where it is: how a pullback selects.
    GUARD = "guard" [ct, value] -> out, Select, No, 1, "[{0} ≠ 0]·{1}", |ct, value| if ct == 0.0 { 0.0 } else { value }, [POSITIVE, WIDE], [ZERO, ap(&GUARD, &[ct, &ONE])];
}

/// The row by which forward mode chooses between the tangents of a primitive's arguments, where its
/// partials do no more than that: of the arguments, then their tangents.
pub fn choosing(row: Prim) -> Option<Prim> {
    match row {
        row if *row == MAX => Some(&MAX_TANGENT),
        row if *row == MIN => Some(&MIN_TANGENT),
        _ => None,
    }
}

/// Whether the runtime has loops over arrays compute a primitive of `f32` and `f64` by a function
/// of its own, which is vectorised, rather than by std's.
pub fn is_vectorised(row: Prim) -> bool {
    [&EXP, &LN, &TANH, &SIGMOID, &SIN, &COS].contains(&row)
}

/// The row of a method that users may call on a float, by its name.
pub fn method(name: &str) -> Option<Prim> {
    TABLE.iter().find(|r| r.spelling == Spelling::Method && r.name == name).copied()
}

/// The row of a function of the runtime crate, `::chainrule::rt::relu`.
pub fn runtime(path: &syn::Path) -> Option<Prim> {
    let mut segments = path.segments.iter().map(|segment| &segment.ident);
    let (krate, module, name) = (segments.next()?, segments.next()?, segments.next()?);
    if krate != "chainrule" || module != "rt" || segments.next().is_some() {
        return None;
    }
    let is_it = |row: &&Prim| matches!(row.spelling, Runtime | Select) && *name == row.name;
    TABLE.iter().find(is_it).copied()
}

/// The value of a primitive of numbers, where it is exact in every float type.
pub fn fold(row: Prim, args: &[f64]) -> Option<f64> {
    let arithmetic = matches!(row.spelling, Spelling::Operator(_));
    let exact = |x: &f64| f64::from(*x as f32) == *x;
    let value = (row.eval)(args);
    // In `f32`, the product or quotient of two short numbers is exact if it is short itself;
    // a sum could hide a rounding only where the operands differ by more than 24 bits.
    let short = |x: &f64| *x == 0.0 || (1e-3..1e3).contains(&x.abs());
    (arithmetic
        && args.iter().all(exact)
        && exact(&value)
        && args.iter().all(short)
        && short(&value))
    .then_some(value)
}
