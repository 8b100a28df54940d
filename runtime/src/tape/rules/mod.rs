//! The derivative rules, one a row: name, value, partials.
//!
//! Partials are written in the operands and, where that saves work, the value `z`. The formulas
//! are those of any table of derivatives (Abramowitz and Stegun, 3.3 and 4); comments say where
//! rounding, overflow or a special point made another form necessary. A partial is differentiated
//! itself for second derivatives: a special point must not cut off what it depends on around there.

mod arithmetic;
mod elementary;
mod model;
mod piecewise;
mod power;

pub(super) use arithmetic::{
    Add, Div, Midpoint, Mul, MulAdd, Neg, Pass, PassExact, Recip, Rem, RemEuclid, Second, Square,
    Sub,
};
pub(super) use elementary::{
    Acos, Acosh, Asin, Asinh, Atan, Atan2, Atanh, Cos, Cosh, Sin, Sinh, Tan, Tanh, ToDegrees,
    ToRadians,
};
pub(super) use model::{Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus};
pub(super) use piecewise::{
    Abs, AbsSub, Ceil, Clamp, Copysign, DivEuclid, Floor, Fract, Max, Min, Round, RoundTiesEven,
    Signum, Trunc,
};
pub(super) use power::{
    Cbrt, Exp, Exp2, ExpM1, Hypot, Ln, Ln1p, Log, Log2, Log10, Powf, Powi, Sqrt,
};
