//! Kernels with calls whose derivatives are calls, as the compiler emits them for programs built by
//! hand (`macros/compiler/tests/flow_calls`): the value is that of the same function in Rust, the
//! gradient that of central differences.

#![forbid(unsafe_code)]

#[path = "flow_calls/callees.rs"]
mod callees;

#[allow(warnings, clippy::all, clippy::pedantic, reason = "generated code")]
mod kernels {
    use super::callees::*;
    include!("flow_calls/kernels.rs");
}

use callees::*;

/// A function of a slice and a number.
type Function = fn(&[f64], f64) -> f64;
/// Its value, and its gradient for a cotangent.
type Vjp = fn(&[f64], f64, f64) -> (f64, (Vec<f64>, f64));

/// Central differences.
fn differences(f: impl Fn(&[f64], f64) -> f64, x: &[f64], k: f64) -> (Vec<f64>, f64) {
    const STEP: f64 = 1e-6;
    let along = |at: &dyn Fn(f64) -> f64| (at(STEP) - at(-STEP)) / (2.0 * STEP);
    let by_x = (0..x.len()).map(|i| {
        along(&|h| {
            let mut x = x.to_vec();
            x[i] += h;
            f(&x, k)
        })
    });
    (by_x.collect(), along(&|h| f(x, k + h)))
}

fn assert_close(name: &str, ours: &(Vec<f64>, f64), theirs: &(Vec<f64>, f64)) {
    let all = |of: &(Vec<f64>, f64)| [of.0.as_slice(), &[of.1]].concat();
    let (ours, theirs) = (all(ours), all(theirs));
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (a, b) in ours.iter().zip(&theirs) {
        assert!(
            (a - b).abs() <= 1e-6 * (1.0 + b.abs()),
            "{name}: {ours:?}, differences {theirs:?}"
        );
    }
}

const POINTS: [([f64; 3], f64); 3] =
    [([0.3, -0.7, 1.1], 0.8), ([0.9, 0.4, -0.2], -0.6), ([-0.5, 0.6, 0.2], 0.4)];

fn check(name: &str, reference: Function, value: Function, vjp: Vjp) {
    for (x, k) in POINTS {
        let expected = reference(&x, k);
        assert_eq!(value(&x, k), expected, "{name}");
        let (value, gradient) = vjp(&x, k, 1.5);
        assert_eq!(value, expected, "{name}");
        let differences = differences(|x, k| 1.5 * reference(x, k), &x, k);
        assert_close(name, &gradient, &differences);
    }
}

macro_rules! of_a_slice {
    ($($name:ident: |$x:ident, $k:ident| $body:expr;)*) => {$(
        #[test]
        fn $name() {
            fn reference($x: &[f64], $k: f64) -> f64 { $body }
            check(stringify!($name), reference, kernels::$name::f, kernels::$name::f::vjp);
        }
    )*};
}

of_a_slice! {
    straight: |x, k| scale(x, k) * k;
    overwritten: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        for i in 0..x.len() {
            state[i] *= s;
            s = scale(&state, s);
        }
        s
    };
    in_out: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        for i in 0..x.len() {
            s += step(&mut state[i..], s) * s;
        }
        s + sum(&state)
    };
    results: |x, k| {
        let mut s = k;
        for y in x {
            let v = spread(s, 3);
            let (a, c) = pair(v[0], v[2]);
            s = a * c + y;
        }
        s
    };
    branch: |x, k| {
        let mut state = x.to_vec();
        let r = if k > 0.0 {
            advance(&mut state, k);
            let v = spread(k, 3);
            scale(&state, k) * v[1]
        } else {
            k * k
        };
        state.fill(r);
        r + sum(&state)
    };
    branch_in_a_loop: |x, k| {
        let (mut p, mut s) = (Scaler { w: x.to_vec(), b: k }, k);
        for y in x {
            let r = if *y > 0.0 {
                p.bump(s)
            } else {
                p.b *= s;
                s
            };
            s = r + p.apply(s);
        }
        s * p.b
    };
    once: |x, k| {
        let mut s = 0.0;
        for y in x {
            let v = spread(*y, 3);
            s += v[0] * v[2];
        }
        s * k
    };
    once_in_out: |x, k| {
        let (mut state, mut s) = (x.to_vec(), 0.0);
        for y in x {
            state.fill(1.0);
            advance(&mut state, *y);
            let r = scale(&state, k);
            advance(&mut state, r);
            s += state[0] * state[1];
        }
        s
    };
    checkpointed: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        for _ in 0..10 {
            let r = step(&mut state, s);
            let t = scale(&state, s);
            s = r * 0.5 + s * 0.5 + t;
        }
        s
    };
    growing: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        for _ in 0..3 {
            grow(&mut state, s);
            s = scale(&state, s);
        }
        scale(&state, k) * s
    };
    halves: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        for i in 1..x.len() {
            let (low, high) = state.split_at_mut(i);
            mix(low, high);
            s = scale(&state, s);
        }
        s
    };
    scalar: |x, k| {
        let (mut y, mut s) = (k, k);
        for z in x {
            bend(&mut y, s, z);
            s *= y;
        }
        y + s
    };
    object: |x, k| {
        let (mut counter, mut s) = (Counter { n: 0 }, k);
        for y in x {
            s = draw(&mut counter, s) * y;
        }
        s
    };
    consumed: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        for _ in 0..3 {
            s *= absorb(state.clone(), &mut state);
        }
        s * sum(&state)
    };
    unused: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        step(&mut state, k);
        echo(&mut state, k);
        for _ in 0..2 {
            echo(&mut state, s);
            s *= s;
        }
        sum(&state) * s
    };
    fields: |x, k| {
        let (mut p, mut s) = (Scaler { w: x.to_vec(), b: k }, k);
        for _ in 0..2 {
            advance(&mut p.w, s);
            let r = step(&mut p.w[1..], s);
            let b = p.b;
            bend(&mut p.b, s, &b);
            s *= r;
        }
        p.b * p.w[0] + s
    };
    nested: |x, k| {
        let mut s = k;
        for _ in 0..2 {
            let mut state = x.to_vec();
            for _ in 0..3 {
                let r = step(&mut state, s);
                state[0] = r;
                s = r + scale(&state[..2], s);
            }
            s = scale(&state, s);
        }
        s
    };
    until: |x, k| {
        let (mut state, mut s) = (x.to_vec(), k);
        loop {
            s = step(&mut state, s);
            if s < 0.6 {
                break s;
            }
        }
    };
    moved: |x, k| {
        let mut s = k;
        for y in x {
            let mut v = spread(s, 3);
            v[0] *= y;
            s = scale(&v, s);
        }
        s
    };
    rows: |x, k| {
        let (mut s, mut row) = (k, [k, x[1]]);
        let mut rows = vec![row; x.len()];
        for part in &mut rows {
            turn(part, s);
            turn(&mut row, s);
            s *= row[1];
        }
        rows.iter().map(|row| sum(row)).sum::<f64>() + s
    };
    structs: |x, k| {
        let mut s = k;
        for y in x {
            s = if *y > 0.0 {
                let mut p = params(s);
                let r = p.bump(*y);
                p.apply(r)
            } else {
                s * y
            };
        }
        s
    };
    once_around: |x, k| {
        let mut sum = 0.0;
        for y in x {
            let (mut state, mut s) = (x.to_vec(), y * k);
            for _ in 0..2 {
                let r = step(&mut state, s);
                s *= scale(&state, r);
            }
            sum += s;
        }
        sum
    };
    receivers: |x, k| {
        let (mut p, mut s) = (Scaler { w: x.to_vec(), b: k }, k);
        for _ in 0..2 {
            let a = p.apply(s);
            let c = p.bump(a);
            s = sum(&p.clone().take(c)).bent(c);
        }
        s
    };
}

/// `value` and all that `x` holds at the end, each times a cotangent.
fn weighted(value: f64, x: &[f64]) -> f64 {
    1.5 * value + x.iter().enumerate().map(|(i, x)| (0.5 + i as f64) * x).sum::<f64>()
}

fn weights(len: usize) -> Vec<f64> {
    (0..len).map(|i| 0.5 + i as f64).collect()
}

#[test]
fn output_slice() {
    let reference = |x: &[f64], k: f64| {
        let mut x = x.to_vec();
        let r = step(&mut x, k);
        x[0] *= r;
        advance(&mut x[1..], r);
        weighted(r, &x)
    };
    for (x, k) in POINTS {
        let mut end = x;
        let (value, gradient) = kernels::output_slice::f::vjp(&mut end, k, 1.5, weights(3));
        assert_eq!(weighted(value, &end), reference(&x, k));
        assert_close("output_slice", &gradient, &differences(reference, &x, k));
    }
}

#[test]
fn output_vec() {
    let reference = |x: &[f64], k: f64| {
        let mut x = x.to_vec();
        grow(&mut x, k);
        let r = scale(&x, k);
        grow(&mut x, r);
        weighted(r, &x)
    };
    for (x, k) in POINTS {
        let mut end = x.to_vec();
        let (value, gradient) = kernels::output_vec::f::vjp(&mut end, k, 1.5, weights(5));
        assert_eq!(weighted(value, &end), reference(&x, k));
        assert_close("output_vec", &gradient, &differences(reference, &x, k));
    }
}
