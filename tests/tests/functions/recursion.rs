//! Functions that call themselves.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn power(x: f64, n: usize) -> f64 {
    if n == 0 { 1.0 } else { x * power(x, n - 1) }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn power_by_squaring(x: f64, n: u32) -> f64 {
    if n == 0 {
        return 1.0;
    }
    let half = power_by_squaring(x, n / 2);
    if n % 2 == 0 { half * half } else { half * half * x }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn twofold(x: f64, n: usize) -> f64 {
    match n {
        0 => 1.0,
        1 => x,
        _ => x * twofold(x, n - 1) - twofold(x, n - 2).sin(),
    }
}

/// Chebyshev's polynomials.
#[differentiate(tape, jvp, hvp, hessian)]
fn chebyshev(x: f64, n: usize) -> f64 {
    if n == 0 {
        1.0
    } else if n == 1 {
        x
    } else {
        2.0 * x * chebyshev(x, n - 1) - chebyshev(x, n - 2)
    }
}

/// The second argument shrinks with the first.
#[differentiate(tape, jvp, hvp, hessian)]
fn two_arguments(x: f64, y: f64, depth: usize) -> f64 {
    if depth == 0 { x * y } else { two_arguments(x.sin() + y, y * 0.5, depth - 1) * x }
}

/// The depth depends on the data.
#[differentiate(tape, jvp, hvp, hessian)]
fn halved_until_small(x: f64) -> f64 {
    if x < 0.5 { x * x } else { 1.0 + halved_until_small(x * 0.5) * x }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn sum_by_halves(x: &[f64]) -> f64 {
    match x.len() {
        0 => 0.0,
        1 => x[0] * x[0],
        n => sum_by_halves(&x[..n / 2]) + sum_by_halves(&x[n / 2..]).sin(),
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn horner(c: &[f64], x: f64) -> f64 {
    if c.is_empty() { 0.0 } else { c[0] + x * horner(&c[1..], x) }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn continued_fraction(x: f64, k: usize, depth: usize) -> f64 {
    if k == depth { 1.0 } else { k as f64 + x / continued_fraction(x, k + 1, depth) }
}

/// Adaptive Simpson's rule with a fixed depth.
#[differentiate(tape, jvp, hvp, hessian)]
fn simpson(a: f64, b: f64, depth: usize) -> f64 {
    let mid = 0.5 * (a + b);
    if depth == 0 {
        (b - a) / 6.0 * (a.exp() + 4.0 * mid.exp() + b.exp())
    } else {
        simpson(a, mid, depth - 1) + simpson(mid, b, depth - 1)
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn recursion_in_a_loop(x: f64, n: usize) -> f64 {
    let mut s = 0.0;
    for k in 0..n {
        s += power(x, k) * chebyshev(s, 2);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn recursion_within_a_loop(x: f64, depth: usize) -> f64 {
    let mut s = x;
    if depth > 0 {
        for k in 0..2 {
            s += recursion_within_a_loop(s * 0.3, depth - 1) * (k as f64 + 1.0);
        }
    }
    s
}

/// A vector goes up, from one of two returns.
#[differentiate(jvp, vjp_jvp)]
fn suffixes(x: &[f64], k: f64) -> Vec<f64> {
    if x.len() < 2 {
        return x.to_vec();
    }
    let mut rest = suffixes(&x[1..], k * 0.5);
    rest[0] += x[0] * k;
    rest
}

#[differentiate(tape, jvp, hvp, hessian)]
fn of_suffixes(x: &[f64], k: f64) -> f64 {
    let mut sum = 0.0;
    for (i, e) in suffixes(x, k).iter().enumerate() {
        sum += (i as f64 + 1.0) * e * e;
    }
    sum
}

cases! {
    taped {
        power(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        power_by_squaring(x, #n): (0.7, 0), (0.7, 1), (0.7, 13);
        twofold(x, #n): (0.7, 0), (0.7, 1), (0.7, 6);
        chebyshev(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        two_arguments(x, y, #depth): (0.7, 1.3, 0), (0.7, 1.3, 3);
        halved_until_small(x): (0.3), (3.1);
        sum_by_halves(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2, 0.4, 0.9]);
        horner(&c, x): (vec![], 0.5), (vec![0.7, 1.3, -0.2], 0.5);
        continued_fraction(x, #k, #depth): (0.7, 1, 1), (0.7, 1, 5);
        simpson(a, b, #depth): (0.2, 1.3, 0), (0.2, 1.3, 2);
        recursion_in_a_loop(x, #n): (0.7, 0), (0.7, 3);
        of_suffixes(&x, k): (vec![], 0.8), (vec![0.7], 0.8), (vec![0.7, 1.3, -0.2, 0.4, 0.9], 0.8);
        recursion_within_a_loop(x, #depth): (0.7, 0), (0.7, 1), (0.7, 3);
    }
}
