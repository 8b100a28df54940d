//! `jvp` where a tangent would be NaN: the program without guards runs first, and behind it the one
//! with them. Against the transpose, which reverse mode has, and run once where that can be seen.

#![forbid(unsafe_code)]
#![allow(clippy::useless_vec, reason = "that lists move what is put into them is what is tested")]

use chainrule::differentiate;
use std::cell::Cell;

/// An infinite tangent by a value of zero, which nothing comes of.
#[test]
fn a_root_at_zero_in_a_product() {
    #[differentiate(jvp)]
    fn f(x: f64, y: f64) -> f64 {
        x.sqrt() * y
    }
    assert_eq!(f::grad(0.0, 0.0), (0.0, 0.0));
    assert_eq!(f::jvp(0.0, 0.0, 1.0, 1.0), (0.0, 0.0));
    assert_eq!(f::grad(0.0, 2.0), (f64::INFINITY, 0.0));
    assert_eq!(f::jvp(0.0, 2.0, 1.0, 1.0), (0.0, f64::INFINITY));
    assert_eq!(f::jvp(0.0, 2.0, 0.0, 1.0), (0.0, 0.0));
    assert_eq!(f::jvp(4.0, 3.0, 1.0, 2.0), (6.0, 0.75 + 4.0));
}

/// A tangent of zero by an infinite partial, in arrays of every kind, some of them results.
#[test]
fn parameters_and_results_that_are_arrays() {
    #[differentiate(jvp)]
    fn f(x: [f64; 2], y: &[f64; 2], z: &[f64], flag: bool) -> (Vec<f64>, [f64; 2]) {
        let roots = z.iter().map(|z| z.sqrt()).collect();
        if flag { (roots, [x[0].ln() * y[0], x[1] / y[1]]) } else { (roots, [0.0; 2]) }
    }
    let (x, y, z) = ([0.0, 6.0], [0.0, 2.0], [0.0, 4.0]);
    let along =
        |t: f64, flag: bool| f::jvp(x, &y, &z, flag, [t, 1.0], [0.0, 3.0], vec![0.0, 2.0]).1;
    // ln 0 · 0 is NaN itself, its tangent is not where nothing moves.
    assert_eq!(along(0.0, true), (vec![0.0, 0.5], [0.0, 0.5 - 4.5]));
    assert_eq!(along(1.0, false), (vec![0.0, 0.5], [0.0, 0.0]));
}

/// Inside `Option` and `Result`, where there may be no tangent.
#[test]
fn failures() {
    #[differentiate(jvp)]
    fn option(x: f64) -> Option<f64> {
        (x >= 0.0).then_some(x.sqrt() * x)
    }
    #[differentiate(jvp)]
    fn result(x: f64) -> Result<f64, String> {
        if x < 0.0 {
            return Err(format!("{x}"));
        }
        Ok(x.sqrt() * x)
    }
    assert_eq!(option::jvp(0.0, 1.0), option::grad(0.0).map(|slope| (0.0, slope)));
    assert_eq!(result::jvp(0.0, 1.0), result::grad(0.0).map(|slope| (0.0, slope)));
    assert_eq!(option::jvp(4.0, 1.0), Some((8.0, 3.0)));
    assert_eq!(option::jvp(-1.0, 1.0), None);
    assert_eq!(result::jvp(-1.0, 1.0), Err("-1".to_string()));
}

/// What a function does besides happens once.
#[test]
fn effects() {
    thread_local!(static CALLS: Cell<usize> = const { Cell::new(0) });
    fn count() -> usize {
        CALLS.set(CALLS.get() + 1);
        CALLS.get()
    }
    #[differentiate(jvp)]
    fn f(x: f64) -> f64 {
        #[constant]
        let n = count();
        x.sqrt() * x * n as f64
    }
    assert_eq!(f::jvp(0.0, 1.0), (0.0, 0.0));
    assert_eq!(CALLS.get(), 1);
    assert_eq!(f::jvp(4.0, 1.0), (16.0, 6.0));
}

/// What is chosen has its tangent, whatever the other one's is; of equal ones half of each.
#[test]
fn the_greater_of_two() {
    #[differentiate(jvp)]
    fn greater(x: f64, y: f64) -> f64 {
        x.max(y)
    }
    #[differentiate(jvp)]
    fn smaller(x: f64, y: f64) -> f64 {
        x.min(y)
    }
    let nan = f64::NAN;
    for (x, y) in [(1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (0.0, -0.0), (nan, 1.0), (1.0, nan)] {
        for (jvp, grad) in [
            (greater::jvp(x, y, 3.0, 5.0), greater::grad(x, y)),
            (smaller::jvp(x, y, 3.0, 5.0), smaller::grad(x, y)),
        ] {
            assert_eq!(jvp.1, 3.0 * grad.0 + 5.0 * grad.1, "{x} {y}");
        }
    }
    assert_eq!(greater::jvp(1.0, 2.0, f64::INFINITY, 5.0), (2.0, 5.0));
    assert_eq!(smaller::jvp(2.0, 1.0, nan, 5.0), (1.0, 5.0));
}

/// Vectors that become parts of others are moved there, and only then.
#[test]
fn vectors_of_vectors() {
    #[differentiate(jvp)]
    fn f(x: &[f64]) -> f64 {
        let mut rows = Vec::new();
        for k in 0..x.len() {
            let row: Vec<f64> = x.iter().map(|e| e * x[k]).collect();
            let twice = row.clone();
            rows.push(row);
            rows.push(twice);
        }
        let first = std::mem::take(&mut rows[0]);
        rows[0] = first.iter().map(|e| e * e).collect();
        let both = vec![first.clone(), first];
        let mut s = both[0][0] * both[1][1];
        for (k, row) in rows.iter().enumerate() {
            s += row[k % row.len()];
        }
        s
    }
    let (x, t) = ([0.7, -1.3, 0.4], [1.0, 0.5, -2.0]);
    let slope: f64 = f::grad(&x).iter().zip(&t).map(|(g, t)| g * t).sum();
    let (value, tangent) = f::jvp(&x, t.to_vec());
    assert_eq!(value, f(&x));
    assert!((tangent - slope).abs() < 1e-12, "{tangent} {slope}");
}
