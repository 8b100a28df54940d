//! PITFALLS C1, row by row: control flow and state. Each case is one where a differentiator in use
//! has been wrong, with the numbers that give it away; macro and tape are both held to them.

#![forbid(unsafe_code)]
#![allow(
    clippy::assign_op_pattern,
    clippy::manual_swap,
    clippy::mut_range_bound,
    clippy::needless_range_loop,
    clippy::never_loop,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::differentiate;
use chainrule_tests::assert_close;

/// The numbers of the list have nine or ten digits.
const DIGITS: f64 = 2e-9;

/// `expect!(f(0.7, 3) => gradient)`: by the macro and by the tape; the value is the function's.
/// With `macro only` in front, without the tape.
macro_rules! expect {
    (macro only $f:ident($($arg:expr),*) => $gradient:expr) => {{
        let what = stringify!($f($($arg),*));
        let (value, gradient) = $f::value_and_grad($($arg),*);
        assert_eq!(value.to_bits(), $f($($arg),*).to_bits(), "{what}: the value");
        assert_close(&format!("{what} by macro"), &gradient, &$gradient, DIGITS);
        assert_eq!($f::grad($($arg),*), gradient, "{what}: `grad`");
    }};
    ($f:ident($($arg:expr),*) => $gradient:expr) => {{
        expect!(macro only $f($($arg),*) => $gradient);
        let what = stringify!($f($($arg),*));
        let (value, gradient) = $f::tape_value_and_grad($($arg),*);
        assert_eq!(value.to_bits(), $f($($arg),*).to_bits(), "{what}: the tape's value");
        assert_close(&format!("{what} by tape"), &gradient, &$gradient, DIGITS);
    }};
}

#[test]
fn c1_01_dropped_statement() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut y = x;
        y *= 2.0;
        y.sin()
    }
    expect!(f(0.7) => 0.339_934_285_8);
}

/// Stale values show from the second iteration on.
#[test]
fn c1_02_loop_carried_overwrite() {
    #[differentiate(tape)]
    fn f(x: f64, n: usize) -> f64 {
        let mut x = x;
        for _ in 0..n {
            x = x.sin() * x;
        }
        x
    }
    expect!(f(0.7, 0) => 1.0);
    expect!(f(0.7, 1) => 1.179_607_218);
    expect!(f(0.7, 2) => 0.992_869_118);
    expect!(f(0.7, 3) => 0.385_257_503);
}

/// Wrong elsewhere only when the divisor has no name.
#[test]
fn c1_03_inline_divisor_accumulated() {
    #[differentiate(tape)]
    fn inline(p: f64) -> f64 {
        let mut s = 0.0;
        for i in 0..2 {
            let c = i as f64 + 1.;
            s += 1. / (c + p * p);
        }
        s
    }
    #[differentiate(tape)]
    fn named(p: f64) -> f64 {
        let mut s = 0.0;
        for i in 0..2 {
            let c = i as f64 + 1.;
            let d = c + p * p;
            s += 1. / d;
        }
        s
    }
    expect!(inline(1.0) => -0.722_222_222_2);
    expect!(named(1.0) => -0.722_222_222_2);
}

#[test]
fn c1_04_array_self_scale() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut a = [x; 3];
        for i in 0..3 {
            a[i] *= i as f64;
        }
        a.iter().sum()
    }
    expect!(f(0.7) => 3.0);
}

#[test]
fn c1_05_loop_carried_array() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut e = [0.0; 4];
        for i in 0..3 {
            e[i + 1] = e[i] + 0.5 * (x - e[i]);
        }
        e[0] + e[1] + e[2] + e[3]
    }
    expect!(f(0.7) => 2.125);
}

#[test]
fn c1_06_repeated_gather() {
    #[differentiate(tape)]
    fn gather(x: &[f64], idx: &[usize]) -> f64 {
        let mut s = 0.0;
        for k in 0..idx.len() {
            s += x[idx[k]] * x[idx[k]];
        }
        s
    }
    #[differentiate(tape)]
    fn shifted(x: &[f64]) -> f64 {
        let mut s = 0.0;
        for i in 1..x.len() {
            s += x[i - 1] * x[i];
        }
        s
    }
    let x = [0.7, 1.3, -0.2];
    expect!(gather(&x, &[0, 0, 2]) => vec![4.0 * 0.7, 0.0, 2.0 * -0.2]);
    expect!(shifted(&x) => vec![1.3, 0.7 - 0.2, 1.3]);
}

#[test]
fn c1_07_break() {
    #[differentiate(tape)]
    fn f(u: f64) -> f64 {
        let mut r = 0.0;
        for i in 1..3 {
            r += i as f64 * u;
            if i == 1 {
                break;
            }
        }
        r
    }
    expect!(f(0.7) => 1.0);
}

#[test]
fn c1_07_continue_nested_in_if() {
    #[differentiate(tape)]
    fn f(x: f64, n: usize) -> f64 {
        let mut y = x;
        for i in 0..n {
            if i % 2 == 0 {
                if i == 2 {
                    continue;
                }
                y *= 3.0;
            }
            y += x;
        }
        y
    }
    // 0: y ← 3y + x; 1: y + x; 2: skipped; 3: y + x; 4: 3y + x.
    expect!(f(0.7, 1) => 4.0);
    expect!(f(0.7, 3) => 5.0);
    expect!(f(0.7, 5) => 19.0);
}

#[test]
fn c1_07_labelled_break() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut s = 0.0;
        'outer: for i in 0..3 {
            for j in 0..3 {
                if i * j == 2 {
                    break 'outer;
                }
                s += x * (10 * i + j) as f64;
            }
        }
        s
    }
    // (0,0) (0,1) (0,2) (1,0) (1,1): 0 + 1 + 2 + 10 + 11.
    expect!(f(0.7) => 24.0);
}

#[test]
fn c1_07_return_inside_two_loops() {
    #[differentiate(tape)]
    fn f(x: f64, limit: f64) -> f64 {
        let mut s = x;
        for i in 0..3 {
            for j in 0..3 {
                s *= x + 1.0;
                if s > limit {
                    return s * (i + j) as f64;
                }
            }
        }
        s
    }
    // x (x + 1)³ is 2 · 27 at 2, the first beyond 50: returned with i + j = 2.
    let power = |n: i32| 3.0_f64.powi(n) + 2.0 * f64::from(n) * 3.0_f64.powi(n - 1);
    expect!(f(2.0, 50.0) => (2.0 * power(3), 0.0));
    expect!(f(2.0, 1e9) => (power(9), 0.0));
}

#[test]
fn c1_07_loop_with_value() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut y = x;
        let z = loop {
            y *= x;
            if y > 10.0 {
                break 2.0 * y;
            }
        };
        z + x
    }
    // 2⁴ is the first power beyond 10.
    expect!(f(2.0) => 2.0 * 4.0 * 8.0 + 1.0);
}

#[test]
fn c1_08_zero_trip_loop() {
    #[differentiate(tape)]
    fn f(x: &[f64], k: f64) -> f64 {
        let mut s = k;
        for e in x {
            s = s * e + k;
        }
        s
    }
    expect!(f(&[], 2.0) => (Vec::<f64>::new(), 1.0));
    expect!(f(&[0.7], 2.0) => (vec![2.0], 1.7));
    expect!(f(&[0.7, 0.5], 2.0) => (vec![1.0, 3.4], 0.7 * 0.5 + 0.5 + 1.0));
}

#[test]
fn c1_08_zero_trip_while() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let mut y = x * x;
        while y > 4.0 {
            y *= 0.5;
        }
        y
    }
    expect!(f(1.5) => 3.0);
    expect!(f(3.0) => 1.5);
}

/// The condition changes a counter as it is asked.
#[test]
fn c1_09_condition_with_side_effect() {
    #[differentiate(tape)]
    fn f(x: f64, n: usize) -> f64 {
        let (mut y, mut k) = (1.0, 0);
        while {
            k += 1;
            k <= n
        } {
            y *= x * k as f64;
        }
        y + k as f64
    }
    expect!(f(0.7, 0) => 0.0);
    expect!(f(0.7, 3) => 6.0 * 3.0 * 0.49);
}

#[test]
fn c1_09_bound_reassigned() {
    #[differentiate(tape)]
    fn f(x: f64, n: usize) -> f64 {
        let mut bound = n;
        let mut y = 1.0;
        for _ in 0..bound {
            bound += 1;
            y *= x;
        }
        while bound > n {
            bound -= 2;
            y *= x;
        }
        y
    }
    // n factors, then n/2 rounded up.
    expect!(f(0.7, 0) => 0.0);
    expect!(f(0.7, 3) => 5.0 * 0.7_f64.powi(4));
}

#[test]
fn c1_09_bound_that_depends_on_data() {
    #[differentiate(tape)]
    fn f(x: &[f64], counts: &[usize]) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() {
            let mut p = 1.0;
            for _ in 0..counts[i] {
                p *= x[i];
            }
            s += p;
        }
        s
    }
    expect!(f(&[2.0, 3.0, 5.0], &[3, 0, 1]) => vec![12.0, 0.0, 1.0]);
}

#[test]
fn c1_09_newton_sqrt() {
    #[differentiate(tape)]
    fn f(a: f64) -> f64 {
        let mut r = a;
        while (r * r - a).abs() > 1e-12 {
            r = 0.5 * (r + a / r);
        }
        r
    }
    let expected = 0.353_553_390_593_273_8;
    assert_close("macro", &f::grad(2.0), &expected, 1e-8);
    assert_close("tape", &f::tape_value_and_grad(2.0).1, &expected, 1e-8);
    assert_eq!(f::value_and_grad(2.0).0, f(2.0));
}

/// By the theorem on implicit functions dE/dM = 1 / (1 − e cos E), dE/de = sin E / (1 − e cos E).
#[test]
fn c1_09_kepler() {
    #[differentiate(tape)]
    fn anomaly(mean: f64, e: f64) -> f64 {
        let mut x = mean;
        loop {
            let step = (x - e * x.sin() - mean) / (1.0 - e * x.cos());
            x -= step;
            if step.abs() < 1e-14 {
                break x;
            }
        }
    }
    let (mean, e) = (0.7, 0.4);
    let x = anomaly(mean, e);
    let slope = 1.0 / (1.0 - e * x.cos());
    expect!(anomaly(mean, e) => (slope, x.sin() * slope));
}

#[test]
fn c1_10_shadowing_and_blocks() {
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        let x = x * 2.;
        let x = x.sin();
        let x = {
            let x = if x > 0.5 { x * x } else { x };
            x + 1.0
        };
        x * x
    }
    // (sin² 2x + 1)² at 0.7.
    let (sin, cos) = 1.4_f64.sin_cos();
    expect!(f(0.7) => 2.0 * (sin * sin + 1.0) * 2.0 * sin * cos * 2.0);
}

#[test]
fn c1_10_tuple_swap() {
    #[differentiate(tape)]
    fn f(a: f64, b: f64, n: usize) -> f64 {
        let (mut a, mut b) = (a, b);
        for _ in 0..n {
            (a, b) = (b, a);
            a *= 2.0;
        }
        a * a + b
    }
    expect!(f(0.7, 1.3, 0) => (1.4, 1.0));
    expect!(f(0.7, 1.3, 1) => (1.0, 8.0 * 1.3));
    expect!(f(0.7, 1.3, 2) => (8.0 * 0.7, 2.0));
}

#[test]
fn c1_10_array_pattern() {
    #[differentiate]
    fn f(p: &[f64; 2]) -> f64 {
        let [m, s] = *p;
        m / s
    }
    expect!(macro only f(&[3.0, 2.0]) => [0.5, -0.75]);
}

/// A conditional over tuples, as swift could not (#79052).
#[test]
fn c1_10_ternary_over_tuples() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let (a, b) = if x > y { (x, y * 2.0) } else { (y, x) };
        a * a * b
    }
    expect!(f(3.0, 2.0) => (24.0, 18.0));
    expect!(f(2.0, 3.0) => (9.0, 12.0));
}

#[test]
fn c1_10_match_on_integers_with_guards() {
    #[differentiate(tape)]
    fn f(x: f64, n: i32) -> f64 {
        match n {
            0 => x,
            k if k < 0 => x * x,
            k if k % 2 == 0 && x > 1.0 => x * k as f64,
            1 | 3 => x.powi(3),
            _ => -x,
        }
    }
    expect!(f(2.0, 0) => 1.0);
    expect!(f(2.0, -5) => 4.0);
    expect!(f(2.0, 4) => 4.0);
    expect!(f(0.5, 4) => -1.0);
    expect!(f(2.0, 3) => 12.0);
    expect!(f(2.0, 5) => -1.0);
}

#[test]
fn c1_11_branch_only_through_comparison() {
    #[differentiate(tape)]
    fn f(x: f64, t: f64) -> f64 {
        if x > t { 1. } else { 0. }
    }
    expect!(f(0.7, 0.2) => (0.0, 0.0));
    expect!(f(0.2, 0.7) => (0.0, 0.0));
    expect!(f(0.7, 0.7) => (0.0, 0.0));
}

#[test]
fn c1_12_recursion() {
    #[differentiate(tape)]
    fn p(x: f64, n: usize) -> f64 {
        if n == 0 { 1. } else { x * p(x, n - 1) }
    }
    expect!(p(0.7, 0) => 0.0);
    expect!(p(0.7, 1) => 1.0);
    expect!(p(0.7, 5) => 5.0 * 0.7_f64.powi(4));
}

/// Two functions that call each other see each other in one `impl` block; on their own one of them
/// is under `recursive` (see `mutual_recursion.rs`), as each would wait for the other's source
/// (`errors/recursion_mutual.rs`).
#[test]
fn c1_12_mutual_recursion() {
    struct Parity;
    #[differentiate]
    impl Parity {
        #[differentiate(tape)]
        fn even(x: f64, n: usize) -> f64 {
            if n == 0 { 1. } else { x * Parity::odd(x, n - 1) }
        }
        #[differentiate(tape)]
        fn odd(x: f64, n: usize) -> f64 {
            if n == 0 { x } else { x.sin() * Self::even(x, n - 1) }
        }
    }
    // x sin x · x sin x · x · x
    let (sin, cos) = 0.7_f64.sin_cos();
    let expected = 4.0 * 0.7_f64.powi(3) * sin * sin + 0.7_f64.powi(4) * 2.0 * sin * cos;
    for (value, slope) in
        [Parity::even_value_and_grad(0.7, 5), Parity::even_tape_value_and_grad(0.7, 5)]
    {
        assert_eq!(value.to_bits(), Parity::even(0.7, 5).to_bits());
        assert_close("even", &slope, &expected, DIGITS);
    }
    assert_close("odd", &Parity::odd_grad(0.7, 0), &1.0, DIGITS);
}

/// What a function does beside its value happens once.
#[test]
fn c1_13_side_effects_once() {
    fn tick(count: &std::cell::Cell<usize>) -> f64 {
        count.set(count.get() + 1);
        1.0
    }
    #[differentiate(wrt(x))]
    fn f(x: f64, n: usize, count: &std::cell::Cell<usize>, log: &mut Vec<usize>) -> f64 {
        let mut y = x;
        for k in 0..n {
            let unit: f64 = tick(count);
            y = y.sin() * x * unit;
            log.push(k);
        }
        println!("printed once");
        y
    }
    let (count, mut log) = (std::cell::Cell::new(0), Vec::new());
    let (value, _) = f::value_and_grad(0.7, 3, &count, &mut log);
    assert_eq!((count.get(), &log), (3, &vec![0, 1, 2]));
    assert_eq!(value.to_bits(), f(0.7, 3, &count, &mut log).to_bits());
}

/// An assertion holds where it stands: its condition is not asked again in the reverse sweep, when
/// other values are in the variables.
#[test]
fn c1_13_asserts_are_not_replayed() {
    #[differentiate(tape)]
    fn f(x: f64, n: usize) -> f64 {
        let mut y = x;
        let mut last = -1.0;
        for k in 0..n {
            debug_assert!(y > last, "grows: {y} after {last} at {k}");
            assert!(y.is_finite());
            last = y;
            y = y * 1.5;
        }
        assert_eq!(n, 3, "three steps");
        y
    }
    expect!(f(0.7, 3) => 3.375);
}

#[test]
#[should_panic(expected = "three steps")]
fn c1_13_a_failing_assert_panics() {
    #[differentiate]
    fn f(x: f64, n: usize) -> f64 {
        assert_eq!(n, 3, "three steps");
        x * n as f64
    }
    let _ = f::value_and_grad(0.7, 2);
}

#[test]
#[should_panic(expected = "no kind 7")]
fn c1_13_a_panic_stays() {
    #[differentiate]
    fn f(x: f64, kind: u8) -> f64 {
        match kind {
            0 => x,
            other => panic!("no kind {other}"),
        }
    }
    let _ = f::value_and_grad(0.7, 7);
}

/// An index beyond the end panics like the function itself.
#[test]
#[should_panic(expected = "index out of bounds: the len is 2 but the index is 2")]
fn c1_13_an_index_out_of_bounds() {
    #[differentiate]
    fn f(x: &[f64], n: usize) -> f64 {
        let mut s = 0.0;
        for i in 0..n {
            s += x[i] * x[i];
        }
        s
    }
    let _ = f::value_and_grad(&[1.0, 2.0], 3);
}

/// What a captured `&mut` does to outer state is part of the derivative; statics and cells are
/// compile errors (see `errors/`).
#[test]
fn c1_14_captured_state() {
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        let mut total = 0.0;
        let mut add = |t: f64| total += t * t;
        add(x);
        add(y);
        add(x);
        total
    }
    expect!(f(0.7, 1.3) => (4.0 * 0.7, 2.0 * 1.3));
}

/// A tape in `f` that is kept on the stack, or a recursion over iterations, would overflow.
#[test]
fn c1_15_a_million_iterations() {
    #[differentiate]
    fn f(x: f64, n: usize) -> f64 {
        let mut y = 0.5;
        for _ in 0..n {
            y = x * y * (1.0 - y);
        }
        y
    }
    let (x, n) = (2.5_f64, 1_000_000);
    // The fixed point 1 − 1/x attracts, so that its derivative remains.
    let on_a_small_stack = std::thread::Builder::new().stack_size(256 * 1024);
    let (value, slope) =
        on_a_small_stack.spawn(move || f::value_and_grad(x, n)).unwrap().join().unwrap();
    assert_eq!(value.to_bits(), f(x, n).to_bits());
    assert_close("slope", &slope, &(1.0 / (x * x)), 1e-9);
}
