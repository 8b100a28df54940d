//! The elementary functions of array code: at most 2 units in the last place off the true value,
//! and what std gives for special values.
//!
//! In `f32` std's `f64` functions are the truth; `cargo test --release -p chainrule --test
//! elementary -- --ignored` measures every number there is, otherwise every 1021st is.
//! In `f64` it is twice the precision.
#![forbid(unsafe_code)]
#![cfg(feature = "ndarray")]

mod twice;

use chainrule::rt::Elementary;
use twice::Twice;

const BOUND: f64 = 2.0;

/// A prime, so that every exponent and every end of a mantissa is among them.
const STRIDE: usize = 1021;

struct Single {
    name: &'static str,
    ours: fn(f32) -> f32,
    truth: fn(f64) -> f64,
    std: fn(f32) -> f32,
}

const SINGLE: [Single; 6] = [
    Single { name: "exp", ours: Elementary::exp, truth: f64::exp, std: f32::exp },
    Single { name: "ln", ours: Elementary::ln, truth: f64::ln, std: f32::ln },
    Single { name: "tanh", ours: Elementary::tanh, truth: f64::tanh, std: f32::tanh },
    Single {
        name: "sigmoid",
        ours: Elementary::sigmoid,
        truth: |x| 1.0 / (1.0 + (-x).exp()),
        std: chainrule::rt::sigmoid,
    },
    Single { name: "sin", ours: Elementary::sin, truth: f64::sin, std: f32::sin },
    Single { name: "cos", ours: Elementary::cos, truth: f64::cos, std: f32::cos },
];

/// The distance in units of the last place of the true value.
fn off_single(found: f32, truth: f64) -> f64 {
    let rounded = truth as f32;
    let same = found == rounded && found.is_sign_negative() == rounded.is_sign_negative();
    if same || found.is_nan() && rounded.is_nan() {
        return 0.0;
    }
    let unit = f64::from(f32::from_bits(rounded.abs().to_bits() + 1)) - f64::from(rounded.abs());
    (f64::from(found) - truth).abs() / unit
}

fn greatest_error_in_single(function: &Single, stride: usize) -> (f64, f32) {
    let numbers = (0..=u32::MAX).step_by(stride).map(f32::from_bits);
    numbers.fold((0.0, 0.0), |worst, x| {
        let off = off_single((function.ours)(x), (function.truth)(f64::from(x)));
        // What is not a number counts as well.
        if off <= worst.0 { worst } else { (off, x) }
    })
}

#[test]
fn single_precision() {
    for function in &SINGLE {
        let (off, at) = greatest_error_in_single(function, STRIDE);
        assert!(off <= BOUND, "{}({at:e}) is off by {off}", function.name);
    }
}

#[test]
#[ignore = "takes minutes, optimised"]
fn single_precision_exhaustively() {
    for function in &SINGLE {
        let (off, at) = greatest_error_in_single(function, 1);
        println!("{}: {off:.3} at {at:e}", function.name);
        assert!(off <= BOUND, "{}({at:e}) is off by {off}", function.name);
    }
}

struct Double {
    name: &'static str,
    ours: fn(f64) -> f64,
    truth: fn(f64) -> Twice,
    std: fn(f64) -> f64,
    /// Where the truth is known to twice the precision.
    range: (f64, f64),
}

const DOUBLE: [Double; 4] = [
    Double {
        name: "exp",
        ours: Elementary::exp,
        truth: Twice::exp,
        std: f64::exp,
        range: (-708.0, 709.0),
    },
    Double {
        name: "ln",
        ours: Elementary::ln,
        truth: Twice::ln,
        std: f64::ln,
        range: (1e-300, 1e300),
    },
    Double {
        name: "tanh",
        ours: Elementary::tanh,
        truth: Twice::tanh,
        std: f64::tanh,
        range: (-22.0, 22.0),
    },
    Double {
        name: "sigmoid",
        ours: Elementary::sigmoid,
        truth: Twice::sigmoid,
        std: chainrule::rt::sigmoid,
        range: (-700.0, 700.0),
    },
];

/// Numbers of a range: evenly, and by their exponents.
fn numbers((least, greatest): (f64, f64), count: usize) -> impl Iterator<Item = f64> {
    let even = (0..count).map(move |k| least + (greatest - least) * (k as f64 / count as f64));
    let mut state = 1_u64;
    let by_exponent = (0..count).filter_map(move |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = f64::from_bits(state ^ (state >> 29));
        (least..greatest).contains(&x).then_some(x)
    });
    let around_one = (0..count).map(move |k| 2.0 * k as f64 / count as f64);
    even.chain(by_exponent).chain(around_one.filter(move |x| (least..greatest).contains(x)))
}

fn off_double(found: f64, truth: &Twice) -> f64 {
    let unit = f64::from_bits(truth.high().abs().to_bits() + 1) - truth.high().abs();
    truth.distance(found) / unit
}

fn double_precision_with(count: usize) {
    for function in &DOUBLE {
        let mut worst = (0.0, 0.0);
        for x in numbers(function.range, count) {
            let off = off_double((function.ours)(x), &(function.truth)(x));
            assert!(off <= BOUND, "{}({x:e}) is off by {off}", function.name);
            if off > worst.0 {
                worst = (off, x);
            }
        }
        println!("{}: {:.3} at {:e}", function.name, worst.0, worst.1);
    }
}

#[test]
fn double_precision() {
    double_precision_with(20_000);
}

#[test]
#[ignore = "takes minutes, optimised"]
fn double_precision_densely() {
    double_precision_with(30_000_000);
}

/// The witness itself, by values known to 30 digits.
#[test]
fn twice_the_precision() {
    let e = Twice::exp(1.0);
    assert!(e.distance_to(std::f64::consts::E, 1.445_646_891_729_250_2e-16) < 1e-30);
    let ln2 = Twice::ln(2.0);
    assert!(ln2.distance_to(std::f64::consts::LN_2, 2.319_046_813_846_3e-17) < 1e-30);
    let tanh = Twice::tanh(0.5);
    assert!(tanh.distance(0.462_117_157_260_009_76) < 6e-17);
}

#[test]
fn special_values_are_those_of_std() {
    let singles = [
        0.0,
        f32::MIN_POSITIVE,
        1e-45,
        1.0,
        f32::MAX,
        f32::INFINITY,
        f32::NAN,
        88.722_84,
        88.73,
        103.98,
        104.0,
        105.0,
        1000.0,
    ];
    for function in &SINGLE {
        for x in singles.into_iter().chain(singles.map(|x| -x)) {
            let (ours, std) = ((function.ours)(x), (function.std)(x));
            if is_special(f64::from(std)) {
                assert!(
                    is_same(f64::from(ours), f64::from(std)),
                    "{}({x:e}): {ours:e} {std:e}",
                    function.name
                );
            } else {
                let off = off_single(ours, (function.truth)(f64::from(x)));
                assert!(off <= BOUND, "{}({x:e}) is off by {off}", function.name);
            }
        }
    }
    let doubles = [
        0.0,
        f64::MIN_POSITIVE,
        5e-324,
        1.0,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        709.782_712_893_384,
        709.79,
        745.0,
        745.2,
        800.0,
    ];
    for function in &DOUBLE {
        for x in doubles.into_iter().chain(doubles.map(|x| -x)) {
            let (ours, std) = ((function.ours)(x), (function.std)(x));
            match is_special(std) {
                true => assert!(is_same(ours, std), "{}({x:e}): {ours:e} {std:e}", function.name),
                // std's error and ours.
                false => {
                    let apart = ours.to_bits().abs_diff(std.to_bits());
                    assert!(apart <= 3, "{}({x:e}): {ours:e} {std:e}", function.name);
                }
            }
        }
    }
}

fn is_special(value: f64) -> bool {
    value == 0.0 || !value.is_finite() || value.abs() == 1.0
}

fn is_same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}
