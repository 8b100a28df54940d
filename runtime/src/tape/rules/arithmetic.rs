//! The operators, `recip`, `mul_add` and the remainders.

use num_traits::Float;

use crate::tape::number::{Functions, Number};
use crate::tape::rule::{Rule, pass, rules};
use crate::tape::value::Real;

rules! {
    Neg "-" (x) -> z { -x } x: -F::one();
    Add "+" (x, y) -> z { x + y } x: F::one(), y: F::one();
    Sub "-" (x, y) -> z { x - y } x: F::one(), y: -F::one();
    Mul "*" (x, y) -> z { x * y } x: y, y: x;
    Square "pow2" (x) -> z { x * x } x: x + x;
    // The second operand in the shape of both.
    Second "fill" exact (x, y) -> z { y } x: F::zero(), y: F::one();
    // How a cotangent goes on: see `pass`.
    Pass "pass" (ct, p) -> z { pass(false, ct, p) } ct: p, p: ct;
    PassExact "pass" exact (ct, p) -> z { pass(true, ct, p) } ct: p, p: ct;
    Div "/" (x, y) -> z { x / y } x: y.recip(), y: -z / y;
    Recip "recip" (x) -> z { x.recip() } x: -z * z;
    MulAdd "mul_add" (x, a, b) -> z { x.mul_add(a, b) } x: a, a: x, b: F::one();
    Midpoint "midpoint" (x, y) -> z { x.std_midpoint(y) } x: half(), y: half();
    // x = y·q + z with a whole q: ∂z/∂x = 1, ∂z/∂y = −q. The rounded quotient x/y may reach the
    // next whole number (1.0 / 0.1 is 10, yet 1.0 % 0.1 is 1.0 − 9·0.1); (x − z)/y cannot.
    Rem "%" (x, y) -> z { x % y } x: F::one(), y: -quotient(x, y, z);
    RemEuclid "rem_euclid" (x, y) -> z { x.std_rem_euclid(y) } x: F::one(), y: -quotient(x, y, z);
}

fn half<F: Number>() -> F {
    F::from_wide(0.5)
}

/// The whole number q of x = y·q + remainder.
fn quotient<F: Number>(x: F, y: F, remainder: F) -> F {
    F::constant_around([x, y, remainder], |[x, y, remainder]| ((x - remainder) / y).round())
}
