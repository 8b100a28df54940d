//! Gradients inside of differentiated functions whose loops remember: what they put on record has
//! derivatives too.

#![forbid(unsafe_code)]
#![allow(
    clippy::needless_range_loop,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::differentiate;
use chainrule_tests::derivative;

#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    let allowed = tolerance * expected.abs().max(1.0);
    assert!(off <= allowed, "{what}: {found} instead of {expected}");
}

/// For each function `g` of a slice: the weighted squares of its gradient as a function, in reverse,
/// forward and both, and once more the gradient of that in another function.
macro_rules! penalties {
    ($($(#[$doc:meta])* $name:ident($x:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            #[differentiate(hessian)]
            fn g($x: &[f64]) -> f64 $body

            #[differentiate(jacobian, pullback)]
            fn slopes(x: &[f64]) -> Vec<f64> {
                g::grad(x)
            }

            #[differentiate(jvp, hvp)]
            fn penalty(x: &[f64], k: f64) -> f64 {
                let (value, slope) = g::value_and_grad(x);
                let mut s = k * value;
                for (i, e) in slope.iter().enumerate() {
                    s += (0.3 + k * i as f64) * e * e;
                }
                s
            }

            #[differentiate(jvp)]
            fn again(x: &[f64], k: f64) -> f64 {
                let (slope, by_k) = penalty::grad(x, k);
                slope.iter().sum::<f64>() * by_k.tanh()
            }

            #[test]
            fn agrees() {
                check(
                    &[penalty, again],
                    &[penalty::value_and_grad, again::value_and_grad],
                    &[penalty::jvp, again::jvp],
                );
                let (x, k, along) = (vec![0.7, -0.3, 1.1, 0.4], 0.6, vec![0.5, -1.0, 0.2, 0.8]);
                let ((gradient, by_k), (product, _)) =
                    penalty::hvp(&x, k, along.clone(), 0.3);
                let expected = penalty::grad(&x, k);
                assert_close("hvp's gradient", by_k, expected.1, 1e-12);
                for j in 0..x.len() {
                    assert_close("hvp's gradient", gradient[j], expected.0[j], 1e-12);
                    let slope = |step: f64| {
                        let moved: Vec<f64> =
                            x.iter().zip(&along).map(|(x, t)| x + step * t).collect();
                        penalty::grad(&moved, k + step * 0.3).0[j]
                    };
                    assert_close("hvp", product[j], derivative(slope, 0.0), 1e-8);
                }
                // The Jacobian of the gradient, by rows and by columns, is the Hessian.
                let (hessian, jacobian) = (g::hessian(&x), slopes::jacobian(&x));
                let (_, pullback) = slopes::pullback(&x);
                for (i, row) in hessian.iter().enumerate() {
                    let unit = (0..x.len()).map(|j| f64::from(u8::from(i == j))).collect();
                    let by_pullback = pullback(unit);
                    for (j, entry) in row.iter().enumerate() {
                        assert_close("the Jacobian", jacobian[i][j], *entry, 1e-11);
                        assert_close("the pullback", by_pullback[j], *entry, 1e-11);
                    }
                }
            }
        }
    )*};
}

type Gradient = (f64, (Vec<f64>, f64));
type Tangents = fn(&[f64], f64, Vec<f64>, f64) -> (f64, f64);

/// Gradients against differences of the function, and tangents against gradients, at lists of
/// several lengths.
fn check(
    functions: &[fn(&[f64], f64) -> f64],
    gradients: &[fn(&[f64], f64) -> Gradient],
    tangents: &[Tangents],
) {
    let numbers = [0.7, -0.3, 1.1, 0.4, -0.9];
    for ((f, gradient), jvp) in functions.iter().zip(gradients).zip(tangents) {
        for (length, k) in [(5, 0.6), (2, -0.4), (1, 0.3)] {
            let x = &numbers[..length];
            let (value, (by_x, by_k)) = gradient(x, k);
            // Gradients may be summed in another order.
            assert_close("the value", value, f(x, k), 1e-14);
            for j in 0..length {
                let moved = |at: f64| {
                    let mut x = x.to_vec();
                    x[j] = at;
                    f(&x, k)
                };
                assert_close("by an element", by_x[j], derivative(moved, x[j]), 1e-8);
            }
            assert_close("by the float", by_k, derivative(|k| f(x, k), k), 1e-8);
            let along: Vec<f64> = numbers.iter().rev().take(length).copied().collect();
            let expected = by_x.iter().zip(&along).map(|(a, b)| a * b).sum::<f64>() - 2.0 * by_k;
            let (again, tangent) = jvp(x, k, along, -2.0);
            assert_close("the value by jvp", again, value, 1e-14);
            assert_close("jvp", tangent, expected, 1e-11);
        }
    }
}

const TABLE: [(f64, f64); 3] = [(0.5, 1.5), (-0.2, 0.7), (0.9, 0.1)];

#[differentiate]
fn mixed(a: f64, b: f64, n: usize) -> f64 {
    let mut s = a;
    for k in 0..n {
        s = (s * b + k as f64 * 0.1).sin() * a;
    }
    s
}

penalties! {
    running_product(x) {
        let mut p = 1.0;
        for e in x {
            p *= e.sin() + 1.5;
        }
        p
    }

    recurrence(x) {
        let (mut a, mut b) = (0.3, x[0]);
        for e in x {
            let next = (a * e).sin() + b * 0.5;
            b = a * b + e * e;
            a = next;
        }
        a * b
    }

    nested(x) {
        let mut s = 0.2;
        for i in 0..x.len() {
            let mut t = x[i];
            for j in 0..=i {
                t = (t * x[j]).cos() + s;
            }
            s = s * 0.5 + t * x[i];
        }
        s
    }

    branches(x) {
        let mut s = 1.0;
        for (i, e) in x.iter().enumerate() {
            if *e > 0.0 {
                s = s * e + 0.1;
                if i % 2 == 0 {
                    s = (s * 0.7).exp();
                }
            } else {
                s = (s + e).sin() * 1.3;
            }
        }
        s
    }

    by_data(x) {
        let (mut s, mut steps) = (x[0], 0);
        while s < 3.0 && steps < 9 {
            s = s * 1.4 + x[steps % x.len()] * 0.3 + 0.9;
            steps += 1;
        }
        s * s
    }

    early(x) {
        let mut s = 0.5;
        for (i, e) in x.iter().enumerate() {
            if *e < -0.5 {
                break;
            }
            if i == 1 {
                continue;
            }
            s = (s * e).tanh() + s;
        }
        s * x[0]
    }

    state_of_an_array(x) {
        let mut v = [0.1, 0.4, x[0]];
        for e in x {
            v = [v[1] * e, v[2].sin(), v[0] + e * v[1]];
        }
        v[0] * v[1] + v[2]
    }

    in_place(x) {
        let mut y = x.to_vec();
        for _ in 0..2 {
            for i in 1..y.len() {
                y[i] = (y[i - 1] * y[i]).sin() + 0.2 * y[i];
            }
        }
        y.iter().map(|e| e * e).sum()
    }

    workspace(x) {
        let mut t = vec![0.0; x.len()];
        let mut s = 0.3;
        for k in 0..3 {
            for i in 0..x.len() {
                t[i] = (x[i] * s).sin() + k as f64 * 0.1;
            }
            for i in 0..x.len() {
                s += t[i] * t[(i + 1) % x.len()] * 0.2;
            }
        }
        s
    }

    pushed(x) {
        let mut v = vec![0.5];
        for (i, e) in x.iter().enumerate() {
            let next = (v[i] * e).cos() + e;
            v.push(next);
        }
        v.iter().zip(x).map(|(a, b)| a * b).sum::<f64>() * v[x.len()]
    }

    rows(x) {
        let mut s = 0.4;
        for e in x {
            let row: Vec<f64> = x.iter().map(|a| a * s + e).collect();
            s = row.iter().map(|a| a * a).sum::<f64>().sqrt() * 0.4;
        }
        s
    }

    rows_of_a_matrix(x) {
        let mut m = vec![vec![0.1; x.len()]; 2];
        for k in 0..3 {
            for (i, e) in x.iter().enumerate() {
                m[k % 2][i] = (m[(k + 1) % 2][i] + e).sin() * m[k % 2][(i + 1) % x.len()] + e;
            }
        }
        m[0].iter().sum::<f64>() * m[1][0]
    }

    checkpointed(x) {
        let mut s = 0.3;
        #[checkpoint]
        for e in x {
            s = (s * e).sin() + 0.5 * e;
        }
        s
    }

    checkpointed_array(x) {
        let mut v = [0.2, 0.7];
        #[checkpoint(every = 2)]
        for e in x {
            v = [(v[1] * e).sin(), v[0] + 0.3 * e];
        }
        v[0] * v[1]
    }

    of_a_table(x) {
        let mut s = x[0];
        for e in x {
            for (a, b) in TABLE {
                s = (s * a).sin() + b * e;
            }
        }
        s
    }

    calls(x) {
        let mut s = 0.2;
        for (i, e) in x.iter().enumerate() {
            s = mixed(s, *e, i + 1) + e;
        }
        s
    }

    ties(x) {
        let mut s = x[0];
        for e in x {
            s = s.max(e * s) + (e * e).min(0.5) * s;
        }
        s
    }
}

/// Steps of gradient descent, differentiated by where they start and what the function depends on.
mod descent {
    use chainrule::differentiate;

    #[differentiate(wrt(p, a))]
    pub(super) fn energy(p: &[f64], a: f64, n: usize) -> f64 {
        let mut s = a;
        for k in 0..n {
            s = (s * p[k % p.len()]).sin() + 0.3 * p[(k + 1) % p.len()].powi(2);
        }
        s
    }

    #[differentiate(jvp)]
    pub(super) fn descended(x: &[f64], a: f64) -> f64 {
        let mut p = x.to_vec();
        for step in 0..4 {
            let (slope, by_a) = energy::grad(&p, a, 2 + step);
            for (e, d) in p.iter_mut().zip(&slope) {
                *e -= 0.1 * d * by_a.cos();
            }
        }
        energy(&p, a, 3)
    }

    #[differentiate(jvp)]
    pub(super) fn with_checkpoints(x: &[f64], a: f64) -> f64 {
        let mut p = x.to_vec();
        #[checkpoint]
        for step in 0..4 {
            let (slope, by_a) = energy::grad(&p, a, 2 + step);
            for (e, d) in p.iter_mut().zip(&slope) {
                *e -= 0.1 * d * by_a.cos();
            }
        }
        energy(&p, a, 3)
    }

    /// Each point has its own loop, inside of a sum that could run once.
    #[differentiate(jvp)]
    pub(super) fn summed(x: &[f64], a: f64) -> f64 {
        let mut s = 0.0;
        for (i, e) in x.iter().enumerate() {
            let (slope, by_a) = energy::grad(&[*e, a], a, i + 1);
            s += slope[0] * slope[1] + by_a * e;
        }
        s
    }

    #[differentiate(jvp)]
    pub(super) fn sometimes(x: &[f64], a: f64) -> f64 {
        let mut s = a;
        for (i, e) in x.iter().enumerate() {
            if *e > 0.0 {
                let (slope, _) = energy::grad(x, s, i + 1);
                s = s * 0.5 + slope[i];
            } else {
                s += e * s;
            }
        }
        s
    }
}

#[test]
fn steps_of_gradient_descent() {
    use descent::*;
    check(
        &[descended, with_checkpoints, summed, sometimes],
        &[
            descended::value_and_grad,
            with_checkpoints::value_and_grad,
            summed::value_and_grad,
            sometimes::value_and_grad,
        ],
        &[descended::jvp, with_checkpoints::jvp, summed::jvp, sometimes::jvp],
    );
    let x = [0.7, -0.3, 1.1];
    assert_eq!(descended::value_and_grad(&x, 0.6), with_checkpoints::value_and_grad(&x, 0.6));
}
