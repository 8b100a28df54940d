//! Generic floats and constant generics, in `f64` and `f32`.

use chainrule::differentiate;
use chainrule_tests::cases;
use num_traits::Float;

#[differentiate(jvp, hvp, hessian)]
fn cubic<T: Float>(x: T) -> T {
    x * x * x + T::one()
}

#[differentiate(jvp, hvp, hessian)]
fn branching<T: Float>(x: T, y: T) -> T {
    if x > y { x * y } else { (x - y).exp() }
}

#[differentiate(jvp, hvp, hessian)]
fn power_by_loop<T: Float>(x: T, n: usize) -> T {
    let mut p = T::one();
    for _ in 0..n {
        p = p * x;
    }
    p
}

#[differentiate(jvp, hvp, hessian)]
fn mean<T>(x: &[T]) -> T
where
    T: Float + std::iter::Sum,
{
    let mut s = T::zero();
    for &e in x {
        s = s + e;
    }
    s / T::from(x.len()).unwrap()
}

#[differentiate(jvp, hvp, hessian)]
fn mean_of_squares<T: Float>(x: &[T], shift: T) -> T {
    let total = x.iter().fold(T::zero(), |s, &e| s + (e - shift) * (e - shift));
    total * T::from(0.5).unwrap()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn dot<const N: usize>(x: [f64; N], y: &[f64; N]) -> f64 {
    let mut s = 0.0;
    for i in 0..N {
        s += x[i] * y[i];
    }
    s
}

#[differentiate(jvp, hvp, hessian)]
fn weighted<T: Float, const N: usize>(x: [T; N], w: &[T; N]) -> T {
    let mut s = T::zero();
    for i in 0..N {
        s = s + x[i] * w[i].sin();
    }
    s
}

#[differentiate(jvp, hvp, hessian)]
fn matrix<const N: usize, const M: usize>(a: &[[f64; M]; N]) -> f64 {
    let mut s = 0.0;
    for i in 0..N {
        for j in 0..M {
            s += a[i][j] * a[i][j] * (i + j) as f64;
        }
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn calls_generic(x: f64, y: f64) -> f64 {
    branching(cubic(x), y) + power_by_loop(y, 3)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn calls_generic_in_f32(x: f32, y: f32) -> f32 {
    branching(cubic(x), y) + power_by_loop(y, 3)
}

#[differentiate(jvp, hvp, hessian)]
fn calls_with_a_length(x: &[f64; 3]) -> f64 {
    dot(*x, x) * dot::<2>([x[0], x[1]], &[x[1], x[2]])
}

#[differentiate(jvp, hvp, hessian)]
fn any_integrand(a: f64, b: f64, n: usize) -> f64 {
    let f = |t: f64| t.sin() * a;
    integrate(f, a, b, n)
}

/// A function of a function.
#[differentiate]
fn integrate(f: impl Fn(f64) -> f64, a: f64, b: f64, n: usize) -> f64 {
    let h = (b - a) / n as f64;
    let mut s = 0.0;
    for k in 0..n {
        s += f(a + (k as f64 + 0.5) * h);
    }
    s * h
}

#[differentiate]
fn twice<F: Fn(f64) -> f64>(f: F, x: f64) -> f64 {
    f(f(x))
}

#[differentiate(jvp, hvp, hessian)]
fn applied_twice(x: f64, k: f64) -> f64 {
    twice(|t| t * t + k, x) + twice(f64::sin, k)
}

#[differentiate(jvp, hvp, hessian)]
fn with_a_lifetime<'a>(x: &'a [f64], y: &'a [f64]) -> f64 {
    let longer: &'a [f64] = if x.len() > y.len() { x } else { y };
    longer.iter().map(|e| e * e).sum()
}

cases! {
    untaped {
        cubic(x): (0.7_f64);
        branching(x, y): (0.7_f64, 1.3), (1.3, 0.7);
        power_by_loop(x, #n): (0.7_f64, 0), (0.7, 4);
        mean(&x): (vec![0.7_f64]), (vec![0.7, 1.3, -0.2]);
        mean_of_squares(&x, shift): (vec![0.7_f32, 1.3, -0.2], 0.5), (vec![], 0.5);
        weighted(x, &w): ([0.7_f64, 1.3, -0.2], [0.1, 0.2, 0.3]);
        matrix(&a): ([[0.7, 1.3, -0.2], [0.1, 0.2, 0.3]]);
        calls_with_a_length(&x): ([0.7, 1.3, -0.2]);
        any_integrand(a, b, #n): (0.4, 1.3, 1), (0.4, 1.3, 6);
        applied_twice(x, k): (0.7, 0.4);
        with_a_lifetime(&x, &y): (vec![0.7], vec![1.3, -0.2]), (vec![0.7, 0.4], vec![1.3]);
    }
    taped {
        dot(x, &y): ([0.7, 1.3], [0.1, -0.2]), ([0.3, 0.4], [0.5, 0.6]);
        calls_generic(x, y): (0.7, 1.1);
        calls_generic_in_f32(x, y): (0.7, 1.1);
    }
}
