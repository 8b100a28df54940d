//! `f::pullback`: one forward pass, any number of cotangents, each bit for bit what `f::vjp` gives.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use num_traits::Float;

#[differentiate(pullback)]
fn recurrence(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        y = y.sin() * x + k as f64 * 0.1;
    }
    y
}

#[differentiate(pullback)]
fn prefix(x: &[f64], k: f64) -> Vec<f64> {
    let mut y = x.to_vec();
    for i in 1..y.len() {
        y[i] = y[i] * y[i - 1].sin() + k;
    }
    y[0] = k * y[1];
    y
}

/// The parameter is changed, and longer at the end.
#[differentiate(pullback)]
fn owned(x: Vec<f64>, k: f64) -> (f64, [f64; 2]) {
    let mut x = x;
    x.push(k);
    for _ in 0..3 {
        x[0] = x[0] * x[1] + k;
    }
    (x[0], [x[1] * k, x[2]])
}

#[differentiate(pullback, wrt(x))]
fn fallible(x: f64, n: usize) -> Result<f64, String> {
    if n > 5 {
        return Err("too many".to_owned());
    }
    let (mut y, mut k) = (x, 0);
    while y < 10.0 {
        y = y * 1.5 + x;
        k += 1;
    }
    Ok(y * f64::from(k))
}

#[differentiate(pullback)]
fn generic<T: Float>(x: &[T], y: T) -> T {
    let mut s = T::zero();
    for &v in x {
        s = s + v * v * y;
    }
    s.sqrt()
}

#[differentiate(pullback)]
fn checkpointed(x: &[f64], n: usize) -> f64 {
    let mut v = x.to_vec();
    #[checkpoint]
    for k in 0..n {
        let m = k % v.len();
        v[m] = (v[m] + v[0]).cos();
        let next = v.clone();
        v = next;
    }
    v.iter().sum()
}

/// A straight line.
#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

#[differentiate]
impl Line {
    #[differentiate(pullback)]
    fn at(&self, x: f64) -> [f64; 2] {
        let y = self.slope * x + self.offset;
        [y.sin(), y * x]
    }
}

#[test]
fn a_pullback_is_the_vjp() {
    for n in 0..4 {
        let (value, back) = recurrence::pullback(0.7, n);
        for ct in [1.0, -2.0, 1.0] {
            assert_eq!((value, back(ct)), recurrence::vjp(0.7, n, ct));
        }
    }
    let x = [0.3, 0.5, 0.9];
    let (value, back) = prefix::pullback(&x, 0.4);
    for ct in [vec![1.0, 2.0, 3.0], vec![0.0, -1.0, 0.5]] {
        assert_eq!((value.clone(), back(ct.clone())), prefix::vjp(&x, 0.4, ct));
    }
    let (value, back) = owned::pullback(vec![0.3, 0.5], 0.4);
    for ct in [(1.0, [2.0, 3.0]), (0.0, [-1.0, 0.5])] {
        assert_eq!((value, back(ct)), owned::vjp(vec![0.3, 0.5], 0.4, ct));
    }
    for n in 0..7 {
        let (value, back) = checkpointed::pullback(&x, n);
        for ct in [1.0, -2.0, 1.0] {
            assert_eq!((value, back(ct)), checkpointed::vjp(&x, n, ct));
        }
    }
    let line = Line { slope: 0.7, offset: -0.2 };
    let (value, back) = line.at_pullback(0.5);
    for ct in [[1.0, 0.0], [0.3, -1.0]] {
        assert_eq!((value, back(ct)), line.at_vjp(0.5, ct));
    }
}

#[test]
fn a_failure_has_no_pullback() {
    assert_eq!(fallible::pullback(0.3, 6).err(), Some("too many".to_owned()));
    let (value, back) = fallible::pullback(0.3, 1).unwrap();
    for ct in [1.0, -2.0] {
        assert_eq!(Ok((value, back(ct))), fallible::vjp(0.3, 1, ct));
    }
}

/// With a cotangent that is known ahead the loop runs once, which adds up in another order.
#[test]
fn generic_functions_have_one_too() {
    let x = [0.3_f32, 0.5];
    let (value, back) = generic::pullback(&x, 0.4);
    let (same, (dx, dy)) = generic::vjp(&x, 0.4, 2.0);
    let (back_x, back_y) = back(2.0);
    assert_eq!(value, same);
    let close = |a: f32, b: f32| (a - b).abs() <= 4.0 * f32::EPSILON * b.abs();
    assert!(close(dy, back_y) && dx.iter().zip(&back_x).all(|(a, b)| close(*a, *b)));
}

/// The inputs are borrowed, and the function can be passed on.
#[test]
fn rows_of_a_jacobian() {
    fn rows(back: impl Fn(Vec<f64>) -> (Vec<f64>, f64), n: usize) -> Vec<Vec<f64>> {
        let unit = |k: usize| (0..n).map(|j| f64::from(u8::from(j == k))).collect();
        (0..n).map(|k| back(unit(k)).0).collect()
    }
    let x = [0.3, 0.5];
    let (_, back) = prefix::pullback(&x, 0.4);
    // y0 = k y1, y1 = x1 sin x0 + k
    let d = [0.5 * 0.3_f64.cos(), 0.3_f64.sin()];
    let expected = [[0.4 * d[0], 0.4 * d[1]], d];
    for (row, expected) in rows(back, 2).iter().zip(&expected) {
        for (a, b) in row.iter().zip(expected) {
            assert!((a - b).abs() < 1e-15, "{row:?} {expected:?}");
        }
    }
}
