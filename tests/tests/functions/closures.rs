//! Closures: capturing, mutating, passed on.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn capturing(x: f64, y: f64) -> f64 {
    let scale = y.exp();
    let bend = |t: f64| (t * scale).sin() + x;
    bend(x) * bend(y)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_in_a_loop(x: f64, n: usize) -> f64 {
    let step = |y: f64, h: f64| y + h * (x - y * y);
    let mut y = 0.0;
    for k in 0..n {
        y = step(y, 0.1 * (k as f64 + 1.0));
    }
    y
}

/// An `FnMut` that accumulates in what it captures.
#[differentiate(tape, jvp, hvp, hessian)]
fn accumulator(x: f64, y: f64) -> f64 {
    let mut total = 1.0;
    let mut add = |t: f64| total += t * t * x;
    add(x);
    add(y);
    add(x * y);
    total
}

#[differentiate(tape, jvp, hvp, hessian)]
fn accumulator_in_a_loop(x: f64, n: usize) -> f64 {
    let mut state = x;
    let mut advance = |k: usize| {
        state = state.sin() + k as f64 * x;
        state
    };
    let mut s = 0.0;
    for k in 0..n {
        s += advance(k);
    }
    s * s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn branching_closure(x: f64, y: f64) -> f64 {
    let kink = |t: f64| if t > 0.0 { t * t } else { -t };
    kink(x) + kink(y) * kink(x - y)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_that_returns(x: f64, y: f64) -> f64 {
    let safe_root = |t: f64| {
        if t < 0.0 {
            return 0.0;
        }
        t.sqrt()
    };
    safe_root(x) + safe_root(y) * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_with_a_loop(x: f64, n: usize) -> f64 {
    let power = |base: f64, times: usize| {
        let mut p = 1.0;
        for _ in 0..times {
            p *= base;
        }
        p
    };
    power(x, n) + power(x.sin(), n + 1)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_of_a_closure(x: f64, y: f64) -> f64 {
    let inner = |t: f64| t * y;
    let outer = |t: f64| inner(t) + inner(t * t);
    outer(outer(x))
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_of_tuples(x: f64, y: f64) -> f64 {
    let rotate = |(a, b): (f64, f64)| (a * x.cos() - b * x.sin(), a * x.sin() + b * x.cos());
    let (a, b) = rotate(rotate((y, 2.0)));
    a * a * b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_over_a_slice(x: &[f64], h: f64) -> f64 {
    let at = |k: usize| x[k % x.len()];
    let mut s = 0.0;
    for k in 0..4 {
        s += at(k) * at(k + 1) * h;
    }
    s
}

/// A `move` closure keeps what a variable was.
#[differentiate(tape, jvp, hvp, hessian)]
fn moved(x: f64) -> f64 {
    let mut k = x * 2.0;
    let by_k = move |t: f64| t * k;
    k = k * x;
    by_k(x) + k
}

#[differentiate(tape, jvp, hvp, hessian)]
fn closure_in_a_chain(x: &[f64], k: f64) -> f64 {
    let softened = |e: &f64| (e * e + k).sqrt();
    x.iter().map(softened).sum()
}

/// The trapezoid rule for any integrand.
#[differentiate(tape, jvp, hvp, hessian)]
fn integral_of_a_closure(a: f64, b: f64) -> f64 {
    let integrand = |t: f64| (t * t).sin() + a;
    let n = 8;
    let h = (b - a) / n as f64;
    let mut s = 0.5 * (integrand(a) + integrand(b));
    for k in 1..n {
        s += integrand(a + h * k as f64);
    }
    s * h
}

cases! {
    taped {
        capturing(x, y): (0.4, 0.7);
        closure_in_a_loop(x, #n): (0.4, 0), (0.4, 1), (0.4, 4);
        accumulator(x, y): (0.4, 0.7);
        accumulator_in_a_loop(x, #n): (0.4, 0), (0.4, 1), (0.4, 4);
        branching_closure(x, y): (0.4, 0.7), (0.7, -0.4);
        closure_that_returns(x, y): (0.4, 0.7), (0.4, -0.7);
        closure_with_a_loop(x, #n): (0.4, 0), (0.4, 3);
        closure_of_a_closure(x, y): (0.4, 0.7);
        closure_of_tuples(x, y): (0.4, 0.7);
        closure_over_a_slice(&x, h): (vec![0.4], 0.5), (vec![0.4, 0.7, -1.3], 0.5);
        moved(x): (0.7);
        closure_in_a_chain(&x, k): (vec![], 0.5), (vec![0.4, -0.7], 0.5);
        integral_of_a_closure(a, b): (0.1, 1.3);
    }
}
