//! PITFALLS C2 inside control flow: special points of functions in loops, branches and closures.
//! `special_points.rs` has the same rows for straight-line code.

#![forbid(unsafe_code)]
#![allow(
    clippy::needless_range_loop,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::{differentiate, stop_gradient};
use chainrule_tests::assert_close;

const INFINITY: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Expected numbers are exact or a few roundings away.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// `expect!(f(x) => gradient)`: by the macro and by the tape; the value is the function's, and a
/// zero cotangent passes on zero.
macro_rules! expect {
    ($f:ident($($arg:expr),*) => $gradient:expr) => {{
        let what = stringify!($f($($arg),*));
        let plain = $f($($arg),*);
        let (value, gradient) = $f::value_and_grad($($arg),*);
        assert!(
            value.to_bits() == plain.to_bits() || (value.is_nan() && plain.is_nan()),
            "{what}: the value is {value:e}, the function's own {plain:e}"
        );
        assert_close(&format!("{what} by macro"), &gradient, &$gradient, ROUNDING);
        let (_, gradient) = $f::tape_value_and_grad($($arg),*);
        assert_close(&format!("{what} by tape"), &gradient, &$gradient, ROUNDING);
        let (_, gradient) = $f::vjp($($arg,)* 0.0);
        for leaf in chainrule_tests::Leaves::leaves(&gradient) {
            assert_eq!(leaf.sum(), 0.0, "{what}: a zero cotangent passes on zero");
        }
    }};
}

/// `if` follows the branch taken, `max` splits: two spellings, two conventions.
#[test]
fn c2_16_tie_of_a_branch() {
    #[differentiate(tape)]
    fn by_branch(x: f64, y: f64) -> f64 {
        if x > y { x } else { y }
    }
    #[differentiate(tape)]
    fn by_max(x: f64, y: f64) -> f64 {
        x.max(y)
    }
    expect!(by_branch(2.0, 2.0) => (0.0, 1.0));
    expect!(by_max(2.0, 2.0) => (0.5, 0.5));
}

/// The shares of a tie sum to one in every reduction; each `max` on the way splits evenly.
#[test]
fn c2_16_tie_in_a_fold() {
    #[differentiate(tape)]
    fn folded(x: &[f64]) -> f64 {
        x.iter().fold(f64::NEG_INFINITY, |m, &e| m.max(e))
    }
    #[differentiate(tape)]
    fn by_name(x: &[f64]) -> f64 {
        x.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
    #[differentiate(tape)]
    fn in_a_loop(x: &[f64]) -> f64 {
        let mut m = x[0];
        for i in 1..x.len() {
            m = m.max(x[i]);
        }
        m
    }
    #[differentiate(tape)]
    fn by_branches(x: &[f64]) -> f64 {
        let mut m = x[0];
        for &e in &x[1..] {
            if e > m {
                m = e;
            }
        }
        m
    }
    expect!(folded(&[2.0, 2.0]) => vec![0.5, 0.5]);
    expect!(by_name(&[2.0, 2.0]) => vec![0.5, 0.5]);
    expect!(in_a_loop(&[2.0, 2.0]) => vec![0.5, 0.5]);
    expect!(by_branches(&[2.0, 2.0]) => vec![1.0, 0.0]);
    let three = [2.0, 1.0, 2.0, 2.0];
    expect!(folded(&three) => vec![0.25, 0.0, 0.25, 0.5]);
    expect!(in_a_loop(&three) => vec![0.25, 0.0, 0.25, 0.5]);
    expect!(by_branches(&three) => vec![1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn c2_16_clamp_in_a_loop() {
    #[differentiate(tape)]
    fn f(x: &[f64]) -> f64 {
        let mut s = 0.0;
        for e in x {
            s += e.clamp(0.0, 1.0);
        }
        s
    }
    expect!(f(&[-1.0, 0.0, 0.5, 1.0, 2.0]) => vec![0.0, 0.5, 1.0, 0.5, 0.0]);
}

#[test]
fn c2_17_abs_and_signum_at_zero() {
    #[differentiate(tape)]
    fn absolute(x: &[f64]) -> f64 {
        let mut s = 0.0;
        for e in x {
            s += e.abs();
        }
        s
    }
    /// The branch taken is that of −x, whatever the sign of zero.
    #[differentiate(tape)]
    fn by_branch(x: f64) -> f64 {
        if x > 0.0 { x } else { -x }
    }
    #[differentiate(tape)]
    fn signed(x: f64) -> f64 {
        if x.signum() > 0.0 { x * 2.0 } else { x * 3.0 }
    }
    expect!(absolute(&[0.0, -0.0, -2.0, 2.0]) => vec![0.0, 0.0, -1.0, 1.0]);
    expect!(by_branch(0.0) => -1.0);
    expect!(signed(0.0) => 2.0);
    expect!(signed(-0.0) => 3.0);
}

/// `fold(NAN, f64::max)` is how Rust code finds the maximum of floats.
#[test]
fn c2_18_nan_as_the_start_of_a_maximum() {
    #[differentiate(tape)]
    fn greatest(x: &[f64]) -> f64 {
        x.iter().copied().fold(f64::NAN, f64::max)
    }
    #[differentiate(tape)]
    fn relu(x: &[f64]) -> f64 {
        x.iter().map(|e| e.max(0.0)).sum()
    }
    expect!(greatest(&[1.0, 3.0, 2.0]) => vec![0.0, 1.0, 0.0]);
    expect!(greatest(&[1.0, NAN, 0.5]) => vec![1.0, 0.0, 0.0]);
    expect!(greatest(&[]) => Vec::<f64>::new());
    expect!(relu(&[-0.0, NAN, -1.0, 2.0]) => vec![0.5, 0.0, 0.0, 1.0]);
}

/// NaN compares as false: the other branch.
#[test]
fn c2_18_nan_in_a_condition() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        if x < y { x } else { 2.0 * y }
    }
    expect!(f(NAN, 3.0) => (0.0, 2.0));
}

/// The guarded norm at the origin: the branch with the root is not taken.
#[test]
fn c2_19_norm_at_the_origin() {
    #[differentiate(tape)]
    fn guarded(x: &[f64]) -> f64 {
        let s: f64 = x.iter().map(|e| e * e).sum();
        if s > 0.0 { s.sqrt() } else { 0.0 }
    }
    #[differentiate(tape)]
    fn plain(x: &[f64]) -> f64 {
        let mut s = 0.0;
        for e in x {
            s += e * e;
        }
        s.sqrt()
    }
    #[differentiate(tape)]
    fn by_hypot(x: &[f64]) -> f64 {
        x.iter().fold(0.0, |s: f64, &e| s.hypot(e))
    }
    expect!(guarded(&[0.0, 0.0]) => vec![0.0, 0.0]);
    expect!(guarded(&[3.0, 4.0]) => vec![0.6, 0.8]);
    expect!(plain(&[0.0, 0.0]) => vec![NAN, NAN]);
    expect!(by_hypot(&[0.0, 0.0]) => vec![0.0, 0.0]);
    expect!(by_hypot(&[0.0, 3.0, 4.0]) => vec![0.0, 0.6, 0.8]);
}

/// A zero cotangent selects, also where a one-pass loop is scaled afterwards.
#[test]
fn c2_19_zero_cotangent_of_a_loop() {
    #[differentiate(tape)]
    fn roots(x: &[f64], k: f64) -> f64 {
        let mut s = 0.0;
        for e in x {
            s += e.sqrt();
        }
        s * k
    }
    #[differentiate(tape)]
    fn masked(x: &[f64], mask: &[f64]) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() {
            s += x[i].sqrt() * mask[i];
        }
        s
    }
    #[differentiate(tape)]
    fn clipped(x: &[f64]) -> f64 {
        let mut s = 0.0;
        for e in x {
            s += e.ln();
        }
        s.max(-10.0)
    }
    expect!(roots(&[0.0, 4.0], 1.0) => (vec![INFINITY, 0.25], 2.0));
    expect!(roots(&[0.0, 4.0], 0.0) => (vec![0.0, 0.0], 2.0));
    expect!(masked(&[0.0, 4.0], &[0.0, 2.0]) => (vec![0.0, 0.5], vec![0.0, 2.0]));
    expect!(clipped(&[0.0, 1.0]) => vec![0.0, 0.0]);
}

/// The same in a loop that is reversed, since its value goes through a function each time.
#[test]
fn c2_19_zero_cotangent_of_a_reversed_loop() {
    #[differentiate(tape)]
    fn f(x: &[f64]) -> f64 {
        let mut y = 1.0;
        for e in x {
            y = (y + e.sqrt()).min(2.0);
        }
        y
    }
    // 1, then 1 + 0 with infinite slope, then 2 exactly on the clipped side.
    expect!(f(&[0.0, 9.0]) => vec![0.0, 0.0]);
    expect!(f(&[9.0, 0.25]) => vec![0.0, 0.0]);
    expect!(f(&[0.25, 0.04]) => vec![1.0, 2.5]);
}

#[test]
fn c2_20_underflow() {
    #[differentiate(tape)]
    fn f(l: &[f64]) -> f64 {
        l.iter().map(|e| (-e).exp().sqrt()).sum()
    }
    #[differentiate(tape)]
    fn product(l: f64, n: usize) -> f64 {
        let mut p = 1.0;
        for _ in 0..n {
            p *= (-l).exp();
        }
        p.sqrt()
    }
    expect!(f(&[1600.0, 0.0]) => vec![0.0, -0.5]);
    assert_eq!(product(800.0, 2), 0.0);
    assert!(!product::grad(800.0, 1).is_nan());
}

/// Shares from one down to subnormal numbers and zero: each gives what it is worth.
#[test]
fn c2_20_small_cotangents() {
    #[differentiate(tape, pullback)]
    fn mixture(q: &[f64], x: &[f64]) -> f64 {
        let d = x.len();
        let k = q.len() / (d * d);
        let mut y = vec![0.0; d];
        let mut terms = vec![0.0; k];
        for c in 0..k {
            for i in 0..d {
                let row = &q[(c * d + i) * d..(c * d + i + 1) * d];
                y[i] = row.iter().zip(x).map(|(q, x)| q * x).sum();
            }
            terms[c] = -y.iter().map(|y| y * y).sum::<f64>();
        }
        let max = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        terms.iter().map(|term| (term - max).exp()).sum::<f64>().ln() + max
    }
    let x = [1.0, 2.0, -1.0];
    // y = (2, 4, -1) times a number: the exponents are its square times -21.
    let unit = [1.0, 0.5, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let logarithms = [0.0, -10.0, -600.0, -664.5, -668.0, -690.0, -710.0, -735.0, -800.0];
    let scales = logarithms.map(|log: f64| (-log / 21.0).sqrt());
    let q: Vec<f64> = scales.iter().flat_map(|scale| unit.map(|u| scale * u)).collect();
    let (value, (d_q, d_x)) = mixture::value_and_grad(&q, &x);
    assert_eq!(value.to_bits(), mixture(&q, &x).to_bits());
    assert_eq!(mixture::pullback(&q, &x).1(1.0), (d_q.clone(), d_x.clone()));
    let (_, (by_tape, x_by_tape)) = mixture::tape_value_and_grad(&q, &x);
    assert_close("x", &d_x, &x_by_tape, ROUNDING);
    for (at, (got, tape)) in d_q.iter().zip(&by_tape).enumerate() {
        let rounding = 1e-12 * tape.abs() + 1e3 * f64::from_bits(1);
        assert!((got - tape).abs() <= rounding, "element {at}: {got:e}, by tape {tape:e}");
    }
    let largest = |c: usize| d_q[9 * c..][..9].iter().fold(0.0_f64, |max, d| max.max(d.abs()));
    assert!(largest(4) > 1e-290 && largest(5) > 1e-300 && largest(6) > 1e-308, "{d_q:?}");
    assert!((1..1 << 52).contains(&largest(7).to_bits()), "{:e} is subnormal", largest(7));
    assert_eq!(largest(8), 0.0);
}

/// The exponent is the loop's variable: 0⁰ and 0¹ are among the powers.
#[test]
fn c2_21_powers_of_zero() {
    #[differentiate(tape)]
    fn series(x: f64, n: i32) -> f64 {
        let mut s = 0.0;
        for k in 0..n {
            s += x.powi(k);
        }
        s
    }
    #[differentiate(tape)]
    fn with_floats(x: f64, exponents: &[f64]) -> f64 {
        exponents.iter().map(|&p| x.powf(p)).sum()
    }
    #[differentiate(wrt(x), tape)]
    fn constant_exponents(x: f64, exponents: &[f64]) -> f64 {
        let mut s = 0.0;
        for &p in exponents {
            s += x.powf(p);
        }
        s
    }
    expect!(series(0.0, 0) => 0.0);
    expect!(series(0.0, 1) => 0.0);
    expect!(series(0.0, 2) => 1.0);
    expect!(series(0.0, 5) => 1.0);
    expect!(with_floats(0.0, &[1.0, 2.0, 1.875]) => (1.0, vec![0.0, 0.0, 0.0]));
    expect!(constant_exponents(-2.0, &[2.0, 3.0]) => -4.0 + 12.0);
    expect!(constant_exponents(0.0, &[0.0, 1.0, 2.0]) => 1.0);
}

#[test]
fn c2_22_saturated() {
    #[differentiate(tape)]
    fn logistic_loss(x: &[f64]) -> f64 {
        let mut s = 0.0;
        for &e in x {
            s += 1.0 / (1.0 + (-e).exp());
        }
        s
    }
    /// The form that is stable on both sides.
    #[differentiate(tape)]
    fn softplus(x: f64) -> f64 {
        if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
    }
    expect!(logistic_loss(&[-1000.0, 0.0, 1000.0]) => vec![0.0, 0.25, 0.0]);
    expect!(softplus(1000.0) => 1.0);
    expect!(softplus(-1000.0) => 0.0);
    expect!(softplus(0.0) => 0.5);
}

#[test]
fn c2_23_entropy_at_zero() {
    #[differentiate(tape)]
    fn entropy(p: &[f64]) -> f64 {
        let mut s = 0.0;
        for &e in p {
            if e > 0.0 {
                s -= e * e.ln();
            }
        }
        s
    }
    expect!(entropy(&[0.0, 1.0]) => vec![0.0, -1.0]);
}

/// Wrapped into a period by `rem_euclid` or by a loop: the slope stays one.
#[test]
fn c2_23_wrapped_angles() {
    #[differentiate(tape)]
    fn by_remainder(x: f64) -> f64 {
        x.rem_euclid(2.0) % 1.5
    }
    #[differentiate(tape)]
    fn by_loop(x: f64) -> f64 {
        let mut x = x;
        while x >= 2.0 {
            x -= 2.0;
        }
        while x < 0.0 {
            x += 2.0;
        }
        x
    }
    expect!(by_remainder(-5.5) => 1.0);
    expect!(by_loop(7.25) => 1.0);
    expect!(by_loop(-3.5) => 1.0);
    expect!(by_loop(4.0) => 1.0);
}

#[test]
fn c2_24_masked() {
    #[differentiate(tape)]
    fn guarded(x: f64) -> f64 {
        if x > 0. { x.sqrt() } else { 0. }
    }
    #[differentiate(tape)]
    fn guarded_each(x: &[f64]) -> f64 {
        x.iter().map(|&e| if e > 0.0 { e.sqrt() } else { 0.0 }).sum()
    }
    /// Written by hand as a product, the mask does not help: NaN is Rust's value.
    #[differentiate(tape)]
    fn by_product(x: f64) -> f64 {
        let mask = if x > 0.0 { 1.0 } else { 0.0 };
        mask * x.sqrt()
    }
    expect!(guarded(-1.0) => 0.0);
    expect!(guarded(0.0) => 0.0);
    expect!(guarded(4.0) => 0.25);
    expect!(guarded_each(&[-1.0, 0.0, 4.0]) => vec![0.0, 0.0, 0.25]);
    assert!(by_product::value_and_grad(-1.0).0.is_nan());
}

/// What is divided by in the branch not taken is zero.
#[test]
fn c2_24_division_in_the_branch_not_taken() {
    #[differentiate(tape)]
    fn sinc(x: f64) -> f64 {
        if x.abs() < 1e-8 { 1.0 - x * x / 6.0 } else { x.sin() / x }
    }
    expect!(sinc(0.0) => 0.0);
    expect!(sinc(2.0) => (2.0_f64.cos() - 2.0_f64.sin() / 2.0) / 2.0);
}

#[test]
fn c2_25_log_sum_exp() {
    #[differentiate(tape)]
    fn log_sum_exp(x: &[f64]) -> f64 {
        let mut m = f64::NEG_INFINITY;
        for &e in x {
            if e > m {
                m = e;
            }
        }
        if m == f64::NEG_INFINITY {
            return m;
        }
        let mut s = 0.0;
        for &e in x {
            s += (e - m).exp();
        }
        m + s.ln()
    }
    expect!(log_sum_exp(&[1000.0, 1000.0]) => vec![0.5, 0.5]);
    expect!(log_sum_exp(&[-INFINITY, 0.0]) => vec![0.0, 1.0]);
    expect!(log_sum_exp(&[-INFINITY, -INFINITY]) => vec![0.0, 0.0]);
    expect!(log_sum_exp(&[]) => Vec::<f64>::new());
}

/// A row whose mask leaves nothing.
#[test]
fn c2_25_masked_softmax() {
    #[differentiate(tape)]
    fn first_of_softmax(x: &[f64], mask: &[bool]) -> f64 {
        let mut total = 0.0;
        for (e, &keep) in x.iter().zip(mask) {
            if keep {
                total += e.exp();
            }
        }
        if total > 0.0 { x[0].exp() / total } else { 0.0 }
    }
    expect!(first_of_softmax(&[0.0, 0.0], &[true, true]) => vec![0.25, -0.25]);
    expect!(first_of_softmax(&[0.0, 0.0], &[false, false]) => vec![0.0, 0.0]);
}

/// The algebra stays that of floats, also of what a loop accumulates.
#[test]
fn c2_26_no_unsound_algebra() {
    #[differentiate(tape)]
    fn zero_times(x: &[f64]) -> f64 {
        let mut s = 1.0;
        for e in x {
            s += 0.0 * e.ln();
        }
        s
    }
    #[differentiate(tape)]
    fn quotient(x: f64, n: usize) -> f64 {
        let mut s = 0.0;
        for _ in 0..n {
            s += x / x;
        }
        s
    }
    #[differentiate(tape)]
    fn difference(x: f64, n: usize) -> f64 {
        let mut y = 1.0;
        for _ in 0..n {
            y += x - x;
        }
        y
    }
    expect!(zero_times(&[0.0, -1.0, 1.0]) => vec![0.0, 0.0, 0.0]);
    assert!(zero_times::value_and_grad(&[0.0]).0.is_nan());
    expect!(quotient(2.0, 3) => 0.0);
    assert!(quotient::value_and_grad(0.0, 3).0.is_nan());
    assert!(difference::value_and_grad(INFINITY, 1).0.is_nan());
    assert_eq!(difference::value_and_grad(INFINITY, 0), (1.0, 0.0));
}

/// −0 and the order of sums stay what they are.
#[test]
fn c2_26_signed_zeros_and_order() {
    #[differentiate(tape)]
    fn sum(x: &[f64]) -> f64 {
        let mut s = -0.0;
        for e in x {
            s += e;
        }
        s
    }
    assert_eq!(sum::value_and_grad(&[]).0.to_bits(), (-0.0_f64).to_bits());
    assert_eq!(sum::value_and_grad(&[-0.0]).0.to_bits(), (-0.0_f64).to_bits());
    assert_eq!(sum::value_and_grad(&[1.0, 1e16, -1e16]).0, 0.0);
    assert_eq!(sum::value_and_grad(&[1.0, 1e16, -1e16]).1, vec![1.0; 3]);
}

#[test]
fn c2_27_casts() {
    #[differentiate(tape)]
    fn through_f32(x: f64, n: usize) -> f64 {
        let mut y = x;
        for _ in 0..n {
            y = (y as f32) as f64 * 2.0;
        }
        y
    }
    /// A cast to an integer is a constant, said so.
    #[differentiate(tape)]
    fn stopped(x: f64, table: &[f64]) -> f64 {
        let k = stop_gradient(x * 3.) as usize;
        table[k] * x + k as f64
    }
    expect!(through_f32(0.1, 2) => 4.0);
    expect!(stopped(0.7, &[1.0, 2.0, 3.0]) => (3.0, vec![0.0, 0.0, 0.7]));
}
