//! Every elementwise rule against central differences, on scalars of both floats and on arrays.
//!
//! The reference is Richardson's extrapolation of central differences in `f64`: with steps of
//! 2⁻⁵ to 2⁻¹⁰ times the point's distance from the nearest special point its error is below 1e-10
//! of the function's size, so that 1e-8 tells a wrong rule from rounding. An `f32` rule is compared
//! with the `f64` derivative at the same point; 1e-5 is eighty units in the last place, which the
//! logarithms and inverse functions near their poles need.
#![forbid(unsafe_code)]

use chainrule::tape::Tape;
use ndarray::{Array1, array};

/// The derivative by extrapolated central differences; `room` is how far `f` is smooth.
fn difference(f: impl Fn(f64) -> f64, x: f64, room: f64) -> f64 {
    let mut row: Vec<f64> = Vec::new();
    for halvings in 2..9 {
        let h = room * 0.5_f64.powi(halvings);
        let mut next = vec![(f(x + h) - f(x - h)) / (2.0 * h)];
        for (column, coarser) in row.iter().enumerate() {
            let factor = 4.0_f64.powi(column as i32 + 1);
            next.push((factor * next[column] - coarser) / (factor - 1.0));
        }
        row = next;
    }
    row[row.len() - 2]
}

fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1.0), "{what}: {found} instead of {expected}");
}

macro_rules! unary {
    ($($test:ident: $x:ident => $f:expr, $([$($at:expr),+] $room:expr),+;)+) => {$(
        #[test]
        #[allow(clippy::redundant_closure_call, reason = "one expression for all types")]
        fn $test() {
            $($(
                let at: f64 = $at;
                let plain = |$x: f64| $f;
                let expected = difference(plain, at, $room);
                let name = format!("{} at {at}", stringify!($test));

                let tape = Tape::new();
                let $x = tape.var(at);
                let y = $f;
                y.backward();
                assert_eq!(y.value(), plain(at), "{name}");
                assert_close(&name, $x.grad(), expected, 1e-8);

                let single = at as f32;
                let $x = tape.var(single);
                let y = $f;
                y.backward();
                let $x = { let gradient = f64::from($x.grad()); (gradient, single) };
                assert_eq!(y.value(), { let $x = $x.1; $f }, "{name}");
                let expected = difference(plain, f64::from(single), $room);
                assert_close(&name, $x.0, expected, 1e-5);

                let $x = tape.var(array![at, at]);
                let y = $f;
                y.backward_with(array![1.0, -2.0]);
                assert_eq!(y.value(), array![plain(at), plain(at)], "{name}");
                let expected = difference(plain, at, $room);
                assert_close(&name, $x.grad()[0], expected, 1e-8);
                assert_close(&name, $x.grad()[1], -2.0 * expected, 1e-8);
            )+)+
        }
    )+};
}

unary! {
    neg: x => -x, [-2.0, 0.0, 3.5] 1.0;
    abs: x => x.abs(), [-2.0, 3.5] 1.0;
    recip: x => x.recip(), [-2.0, 1.5] 1.0, [0.125] 0.1;
    sqrt: x => x.sqrt(), [1.5, 9.0] 1.0, [0.01] 0.008;
    cbrt: x => x.cbrt(), [-8.0, 1.5] 1.0;
    exp: x => x.exp(), [-3.0, 0.0, 2.5] 1.0;
    exp2: x => x.exp2(), [-3.0, 0.0, 2.5] 1.0;
    exp_m1: x => x.exp_m1(), [-3.0, 0.0, 2.5] 1.0;
    ln: x => x.ln(), [1.5, 20.0] 1.0, [0.1] 0.08;
    log2: x => x.log2(), [1.5, 20.0] 1.0;
    log10: x => x.log10(), [1.5, 20.0] 1.0;
    ln_1p: x => x.ln_1p(), [-0.25, 0.0, 3.0] 0.5;
    log_base: x => x.log(3.0), [1.5, 20.0] 1.0;
    sin: x => x.sin(), [-2.0, 0.0, 0.7] 1.0;
    cos: x => x.cos(), [-2.0, 0.0, 0.7] 1.0;
    tan: x => x.tan(), [-0.5, 0.0, 0.7] 0.5;
    asin: x => x.asin(), [-0.5, 0.0, 0.7] 0.25;
    acos: x => x.acos(), [-0.5, 0.0, 0.7] 0.25;
    atan: x => x.atan(), [-2.0, 0.0, 0.7] 0.5;
    sinh: x => x.sinh(), [-2.0, 0.0, 0.7] 1.0;
    cosh: x => x.cosh(), [-2.0, 0.0, 0.7] 1.0;
    tanh: x => x.tanh(), [-2.0, 0.0, 0.7] 0.5;
    asinh: x => x.asinh(), [-2.0, 0.0, 0.7] 0.5;
    acosh: x => x.acosh(), [1.5, 4.0] 0.4;
    atanh: x => x.atanh(), [-0.5, 0.0, 0.7] 0.25;
    floor: x => x.floor(), [-1.5, 2.25] 0.2;
    ceil: x => x.ceil(), [-1.5, 2.25] 0.2;
    round: x => x.round(), [-1.25, 2.25] 0.2;
    round_ties_even: x => x.mul_add(1.0, 0.0).trunc() + x.fract(), [-1.25, 2.25] 0.2;
    trunc: x => x.trunc(), [-1.5, 2.25] 0.2;
    fract: x => x.fract(), [-1.5, 2.25] 0.2;
    signum: x => x.signum(), [-1.5, 2.25] 0.2;
    to_degrees: x => x.to_degrees(), [-1.5, 2.25] 1.0;
    to_radians: x => x.to_radians(), [-1.5, 2.25] 1.0;
    powi_0: x => x.powi(0), [-1.5, 2.25] 0.5;
    powi_1: x => x.powi(1), [-1.5, 0.0, 2.25] 0.5;
    powi_3: x => x.powi(3), [-1.5, 0.0, 2.25] 0.5;
    powi_minus_2: x => x.powi(-2), [-1.5, 2.25] 0.5;
    powf_constant: x => x.powf(2.5), [1.5, 2.25] 0.5;
    clamp_inside: x => x.clamp(-1.0, 2.0), [0.5] 0.4;
    clamp_outside: x => x.clamp(-1.0, 2.0), [-1.5, 3.0] 0.4;
    max_constant: x => x.max(1.0), [0.5, 1.5] 0.4;
    min_constant: x => x.min(1.0), [0.5, 1.5] 0.4;
    mul_add: x => x.mul_add(3.0, -1.0), [0.5, -1.5] 1.0;
    rem: x => x % 0.75, [1.0, -1.0] 0.2;
    rem_euclid: x => x.rem_euclid(0.75), [1.0, -1.0] 0.2;
    div_euclid: x => x.div_euclid(0.75), [1.0, -1.0] 0.2;
    copysign: x => x.copysign(-1.0), [1.0, -1.0] 0.5;
    hypot: x => x.hypot(2.0), [1.0, 0.0, -1.0] 0.5;
    atan2: x => x.atan2(2.0), [1.0, 0.0, -1.0] 0.5;
    sigmoid: x => (-x).exp().max(0.0).mul_add(1.0, 1.0).recip(), [1.0, 0.0, -1.0] 0.5;
}

// These need an inherent method on all three types; arrays of plain floats are not involved.
#[test]
fn rounding_to_even_and_sin_cos() {
    let tape = Tape::new();
    let x = tape.var(2.5_f64);
    x.round_ties_even().backward();
    assert_eq!((x.round_ties_even().value(), x.grad()), (2.0, 0.0));
    let (sin, cos) = x.sin_cos();
    (2.0 * sin + cos).backward();
    assert_eq!(x.grad(), 2.0 * 2.5_f64.cos() - 2.5_f64.sin());
    let a = tape.var(array![3.0, 1.0]);
    let y = a.abs_sub(2.0) + a.pow2();
    y.sum().backward();
    assert_eq!((y.value(), a.grad()), (array![10.0, 1.0], array![7.0, 2.0]));
}

macro_rules! binary {
    ($($test:ident: |$x:ident, $y:ident| $f:expr, $([$(($a:expr, $b:expr)),+] $room:expr),+;)+) => {$(
        #[test]
        fn $test() {
            $($(
                let (a, b): (f64, f64) = ($a, $b);
                let plain = |$x: f64, $y: f64| $f;
                let name = format!("{} at ({a}, {b})", stringify!($test));
                let by_x = difference(|x| plain(x, b), a, $room);
                let by_y = difference(|y| plain(a, y), b, $room);

                let tape = Tape::new();
                let ($x, $y) = (tape.var(a), tape.var(b));
                let z = $f;
                z.backward();
                assert_eq!(z.value(), plain(a, b), "{name}");
                assert_close(&name, $x.grad(), by_x, 1e-8);
                assert_close(&name, $y.grad(), by_y, 1e-8);

                // Arrays with arrays, scalars on either side: the scalar's gradient is the sum.
                let ($x, $y) = (tape.var(array![a, a]), tape.var(array![b, b]));
                ($f).backward_with(array![1.0, 2.0]);
                assert_close(&name, $x.grad()[0] + $x.grad()[1], 3.0 * by_x, 1e-8);
                assert_close(&name, $y.grad()[0] + $y.grad()[1], 3.0 * by_y, 1e-8);
                let ($x, $y) = (tape.var(a), tape.var(array![b, b]));
                ($f).backward_with(array![1.0, 2.0]);
                assert_close(&name, $x.grad(), 3.0 * by_x, 1e-8);
                assert_close(&name, $y.grad()[1], 2.0 * by_y, 1e-8);
                let ($x, $y) = (tape.var(array![a, a]), tape.var(b));
                ($f).backward_with(array![1.0, 2.0]);
                assert_close(&name, $x.grad()[1], 2.0 * by_x, 1e-8);
                assert_close(&name, $y.grad(), 3.0 * by_y, 1e-8);

                let (a, b) = (a as f32, b as f32);
                let by_x = difference(|x| plain(x, b.into()), a.into(), $room);
                let by_y = difference(|y| plain(a.into(), y), b.into(), $room);
                let ($x, $y) = (tape.var(a), tape.var(b));
                ($f).backward();
                assert_close(&name, $x.grad().into(), by_x, 1e-5);
                assert_close(&name, $y.grad().into(), by_y, 1e-5);
            )+)+
        }
    )+};
}

binary! {
    add2: |x, y| x + y, [(1.5, -2.0)] 1.0;
    sub2: |x, y| x - y, [(1.5, -2.0)] 1.0;
    mul2: |x, y| x * y, [(1.5, -2.0), (0.0, 3.0)] 1.0;
    div2: |x, y| x / y, [(1.5, -2.0), (0.0, 3.0)] 1.0;
    rem2: |x, y| x % y, [(5.0, 1.5), (-5.0, 1.5), (5.0, -1.5), (-0.7, 0.5)] 0.1;
    rem_euclid2: |x, y| x.rem_euclid(y), [(5.0, 1.5), (-5.0, 1.5), (5.0, -1.5), (-5.0, -1.5)] 0.1;
    div_euclid2: |x, y| x.div_euclid(y), [(5.0, 1.5), (-5.0, 1.5)] 0.1;
    powf2: |x, y| x.powf(y), [(1.5, 2.5), (0.5, -1.5), (2.0, 0.5)] 0.4;
    log2_: |x, y| x.log(y), [(1.5, 2.5), (0.5, 3.0), (4.0, 0.5)] 0.4;
    atan2_: |x, y| x.atan2(y), [(1.5, 2.5), (-0.5, 1.5), (2.0, -2.0)] 0.4;
    hypot2: |x, y| x.hypot(y), [(1.5, 2.5), (-0.5, 1.5), (2.0, -2.0)] 0.4;
    midpoint2: |x, y| x.midpoint(y), [(1.5, 2.5), (2.0, -2.0)] 0.4;
    max2: |x, y| x.max(y), [(1.5, 2.5), (2.0, -2.0)] 0.4;
    min2: |x, y| x.min(y), [(1.5, 2.5), (2.0, -2.0)] 0.4;
    copysign2: |x, y| x.copysign(y), [(1.5, 2.5), (2.0, -2.0), (-2.0, -1.0)] 0.4;
}

/// The third edge of a scalar node goes through a node of its own.
#[test]
fn operations_of_three_variables() {
    for [a, b, c] in [[1.5, -2.0, 0.25], [0.5, 0.0, 1.0], [-3.0, -1.0, 2.0]] {
        let tape = Tape::new();
        let v = [a, b, c].map(|at| tape.var(at));
        v[0].mul_add(v[1], v[2]).backward();
        assert_eq!(v.map(|v| v.grad()), [b, a, 1.0]);
        let s = [a, b, c].map(|at| tape.var(array![at, at]));
        s[0].mul_add(v[1], s[2]).sum().backward();
        assert_eq!(s[0].grad(), array![b, b]);
        assert_eq!(v[1].grad(), a + 2.0 * a);
        assert_eq!(s[2].grad(), array![1.0, 1.0]);
    }
    let limited = |x: f64, low: f64, high: f64| {
        let tape = Tape::new();
        let v = [x, low, high].map(|at| tape.var(at));
        v[0].clamp(v[1], v[2]).backward();
        let scalar = v.map(|v| v.grad());
        let v = [x, low, high].map(|at| tape.var(array![at]));
        v[0].clamp(v[1], v[2]).sum().backward();
        assert_eq!(v.map(|v| v.grad()[0]), scalar);
        scalar
    };
    assert_eq!(limited(0.5, 0.0, 1.0), [1.0, 0.0, 0.0]);
    assert_eq!(limited(-0.5, 0.0, 1.0), [0.0, 1.0, 0.0]);
    assert_eq!(limited(1.5, 0.0, 1.0), [0.0, 0.0, 1.0]);
    assert_eq!(limited(0.0, 0.0, 1.0), [0.5, 0.5, 0.0]);
    assert_eq!(limited(1.0, 0.0, 1.0), [0.5, 0.0, 0.5]);
    assert_eq!(limited(1.0, 1.0, 1.0), [0.25, 0.25, 0.5]);
    assert_eq!(limited(0.0, 1.0, 1.0), [0.0, 0.5, 0.5]);
}

#[test]
fn casts_round_the_value_and_the_cotangent() {
    let tape = Tape::new();
    let x = tape.var(0.1_f64);
    let y = x.cast::<f32>().cast::<f64>() * 0.1;
    y.backward();
    assert_eq!(y.value(), f64::from(0.1_f32) * 0.1);
    assert_eq!(x.grad(), f64::from(0.1_f32));
    let a = tape.var(Array1::from_elem(3, 0.1_f64));
    a.cast::<f32>().sum().backward();
    assert_eq!(a.grad(), Array1::from_elem(3, 1.0));
}

/// `f32` code gets the arithmetic of `f32`: a sum of 10⁶ terms has gradient 1 for each and
/// 10⁶ · 0.1 for their common factor rounded as `f32` rounds it.
#[test]
fn no_hidden_double_precision() {
    let tape = Tape::new();
    let x = tape.var(0.1_f32);
    let mut sum = tape.constant(0.0_f32);
    let mut plain = 0.0_f32;
    for _ in 0..1_000_000 {
        sum += x * 0.1;
        plain += 0.1_f32;
    }
    sum.backward();
    assert_eq!(x.grad(), plain);
}
