//! Rules by hand in forward mode: `#[differentiate(jvp = rule)]`, and `partials = rule`, which serves
//! both modes.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::{DIFFERENCES, assert_close, derivative, differences};
use ndarray::{Array1, array};
use num_traits::Float;

/// A number for which the macro has no derivative.
fn opaque(x: f64) -> f64 {
    format!("{x}").parse().unwrap_or(f64::NAN)
}

/// Rules that are not the derivative, so that they show where they are used.
fn backwards(x: f64, y: f64, cotangent: f64) -> (f64, (f64, f64)) {
    (x + y, (100.0 * cotangent, 1000.0 * cotangent))
}
fn forwards(x: f64, y: f64, t_x: f64, t_y: f64) -> (f64, f64) {
    (x + y, 3.0 * t_x + 5.0 * t_y)
}

#[differentiate(vjp = backwards, jvp = forwards)]
fn marked(x: f64, y: f64) -> f64 {
    opaque(x + y)
}

#[differentiate(jvp = forwards)]
fn forwards_alone(x: f64, y: f64) -> f64 {
    opaque(x + y)
}

#[differentiate(jvp)]
fn calls(x: f64, y: f64) -> f64 {
    x * marked(x * y, y) + forwards_alone(x, 2.0)
}

#[test]
fn each_rule_in_its_mode() {
    assert_eq!(marked::grad(1.0, 2.0), (100.0, 1000.0));
    assert_eq!(marked::jvp(1.0, 2.0, 1.0, -1.0), (3.0, -2.0));
    let equations = "marked(x, y) = y'\nits derivative is a rule by hand:\n  (y', (x\u{304}, y\u{304})) = backwards(x, y; y'\u{304})\n  (y', y'\u{307}) = forwards(x, y; x\u{307}, y\u{307})\n\nstores what backwards stores\n";
    assert_eq!(marked::DERIVATION, equations);
    let equations = "forwards_alone(x, y) = y'\nits derivative is a rule by hand:\n  (x\u{304}, y\u{304}) by that, one direction after the other\n  (y', y'\u{307}) = forwards(x, y; x\u{307}, y\u{307})\n\nstores what forwards stores\n";
    assert_eq!(forwards_alone::DERIVATION, equations);
}

/// A rule for tangents alone serves reverse mode too, one direction after the other.
#[test]
fn a_rule_for_tangents_alone() {
    assert_eq!(forwards_alone::jvp(1.0, 2.0, 1.0, -1.0), (3.0, -2.0));
    assert_eq!(forwards_alone::value_and_grad(1.0, 2.0), (3.0, (3.0, 5.0)));
    assert_eq!(forwards_alone::vjp(1.0, 2.0, -2.0), (3.0, (-6.0, -10.0)));
}

#[test]
fn callers_use_the_rule_of_their_mode() {
    // x · marked(x y, y) + x + 2
    let (x, y) = (2.0, 0.5);
    let (value, tangent) = calls::jvp(x, y, 1.0, 0.0);
    assert_eq!(value, x * (x * y + y) + x + 2.0);
    assert_eq!(tangent, (x * y + y) + x * 3.0 * y + 3.0);
    let (_, (dx, dy)) = calls::value_and_grad(x, y);
    assert_eq!(dx, (x * y + y) + x * 100.0 * y + 3.0);
    assert_eq!(dy, x * (100.0 * x + 1000.0));
}

/// log(1 + exp x) where that overflows.
fn softplus_partials(x: f64) -> (f64, f64) {
    (x.max(0.0) + (-x.abs()).exp().ln_1p(), 1.0 / (1.0 + (-x).exp()))
}

#[differentiate(partials = softplus_partials)]
fn softplus(x: f64) -> f64 {
    softplus_partials(x).0
}

#[differentiate(jvp)]
fn sum_of_softplus(x: &[f64]) -> f64 {
    x.iter().map(|&x| softplus(x)).sum()
}

#[differentiate(jacobian)]
fn of_each(x: [f64; 3]) -> [f64; 3] {
    x.map(|x| softplus(x * x))
}

#[test]
fn partials_serve_both_modes() {
    let slope = |x: f64| 1.0 / (1.0 + (-x).exp());
    let x = [0.5, 800.0, -2.0];
    let (value, tangent) = sum_of_softplus::jvp(&x, vec![1.0, 2.0, -1.0]);
    assert_eq!(value, sum_of_softplus(&x));
    let expected = slope(0.5) + 2.0 - slope(-2.0);
    assert!((tangent - expected).abs() < 1e-15);
    assert_eq!(softplus::jvp(0.5, 2.0), (softplus(0.5), 2.0 * slope(0.5)));
    let jacobian = of_each::jacobian([0.5, 1.0, -2.0]);
    for (k, x) in [0.5, 1.0, -2.0_f64].into_iter().enumerate() {
        for (j, entry) in jacobian[k].into_iter().enumerate() {
            let expected = if j == k { 2.0 * x * slope(x * x) } else { 0.0 };
            assert!((entry - expected).abs() < 1e-15);
        }
    }
}

/// Nothing comes of a direction that is zero, however steep the rule is; nor of a zero partial.
#[differentiate(partials = root_partials, wrt(x, k))]
fn root(x: f64, k: f64, n: u32) -> f64 {
    root_partials(x, k, n).0
}
fn root_partials(x: f64, k: f64, _: u32) -> (f64, (f64, f64)) {
    (x.sqrt() * k, (0.5 / x.sqrt() * k, x.sqrt()))
}

#[test]
fn zero_times_infinity() {
    assert_eq!(root::jvp(0.0, 1.0, 2, 0.0, 1.0), (0.0, 0.0));
    assert_eq!(root::jvp(0.0, 1.0, 2, 1.0, f64::INFINITY), (0.0, f64::INFINITY));
}

/// Memory of every kind.
type Pair = ([f64; 2], Vec<f64>);

fn product(x: &[f64], k: [f64; 2], p: (f64, f64)) -> f64 {
    x.iter().sum::<f64>() * k[0] * k[1] * p.0 * p.1
}
fn product_forwards(
    x: &[f64],
    k: [f64; 2],
    p: (f64, f64),
    t_x: Vec<f64>,
    t_k: [f64; 2],
    t_p: (f64, f64),
) -> (f64, f64) {
    let s: f64 = x.iter().sum();
    let tangent = t_x.iter().sum::<f64>() * k[0] * k[1] * p.0 * p.1
        + s * (t_k[0] * k[1] + k[0] * t_k[1]) * p.0 * p.1
        + s * k[0] * k[1] * (t_p.0 * p.1 + p.0 * t_p.1);
    (product(x, k, p), tangent)
}

#[differentiate(jvp = product_forwards)]
fn of_memory(x: &[f64], k: [f64; 2], p: (f64, f64)) -> f64 {
    opaque(product(x, k, p))
}

fn spread_forwards(x: &Array1<f64>, k: f64, t_x: Array1<f64>, t_k: f64) -> (Pair, Pair) {
    let value = ([x[0] * k, x[1]], vec![k * k]);
    (value, ([t_x[0] * k + x[0] * t_k, t_x[1]], vec![2.0 * k * t_k]))
}

#[differentiate(jvp = spread_forwards)]
fn of_arrays(x: &Array1<f64>, k: f64) -> ([f64; 2], Vec<f64>) {
    ([x[0] * k, x[1]], vec![k * k])
}

#[test]
fn memory_of_every_kind() {
    let (value, (dx, dk, dp)) = of_memory::value_and_grad(&[1.0, 3.0], [2.0, 5.0], (0.5, 8.0));
    assert_eq!(value, 160.0);
    assert_eq!((dx, dk, dp), (vec![40.0, 40.0], [80.0, 32.0], (320.0, 20.0)));
    let x = array![3.0, 4.0];
    let (value, (dx, dk)) = of_arrays::vjp(&x, 2.0, ([10.0, 1.0], vec![100.0]));
    assert_eq!(value, ([6.0, 4.0], vec![4.0]));
    assert_eq!((dx, dk), (array![20.0, 1.0], 430.0));
    let (_, tangent) = of_arrays::jvp(&x, 2.0, array![1.0, 1.0], -1.0);
    assert_eq!(tangent, ([-1.0, 1.0], vec![-4.0]));
}

fn cube_forwards<F: Float>(x: F, t_x: F) -> (F, F) {
    (x * x * x, F::from(3.0).unwrap() * x * x * t_x)
}

#[differentiate(jvp = cube_forwards)]
fn cube<F: Float>(x: F) -> F {
    x * x * x
}

#[differentiate(jvp)]
fn quotient(x: f32, y: f32) -> f32 {
    cube(x) / cube(y)
}

fn fallible_forwards(x: f64, t_x: f64) -> Result<(f64, f64), String> {
    if x < 0.0 { Err("negative".to_owned()) } else { Ok((x * x, 2.0 * x * t_x)) }
}

#[differentiate(jvp = fallible_forwards)]
fn fallible(x: f64) -> Result<f64, String> {
    if x < 0.0 { Err("negative".to_owned()) } else { Ok(x * x) }
}

#[test]
fn generic_rules_and_rules_that_fail() {
    assert_eq!(cube::jvp(2.0_f32, 1.0), (8.0, 12.0));
    assert_eq!(cube::grad(2.0_f64), 12.0);
    assert_eq!(quotient::jvp(2.0, 1.0, 1.0, 0.0), (8.0, 12.0));
    assert_eq!(quotient::grad(2.0, 1.0), (12.0, -24.0));
    assert_eq!(fallible::value_and_grad(3.0), Ok((9.0, 6.0)));
    assert_eq!(fallible::jvp(3.0, 0.5), Ok((9.0, 3.0)));
    assert_eq!(fallible::grad(-3.0), Err("negative".to_owned()));
}

struct Scale(f64);

#[differentiate]
impl Scale {
    fn times_forwards(&self, x: f64, t_x: f64) -> (f64, f64) {
        (self.0 * x, 7.0 * t_x)
    }

    #[differentiate(jvp = Self::times_forwards, wrt(x))]
    fn times(&self, x: f64) -> f64 {
        self.0 * x
    }
}

#[test]
fn rules_of_methods() {
    assert_eq!(Scale(2.0).times_jvp(3.0, 0.5), (6.0, 3.5));
    assert_eq!(Scale(2.0).times_value_and_grad(3.0), (6.0, 7.0));
}

/// A rule that is differentiated itself gives second derivatives.
#[differentiate(jvp)]
fn smooth_partials(x: f64) -> (f64, f64) {
    (x.max(0.0) + (-x.abs()).exp().ln_1p(), 1.0 / (1.0 + (-x).exp()))
}

#[differentiate(partials = smooth_partials, hvp, hessian)]
fn smooth(x: f64) -> f64 {
    smooth_partials(x).0
}

#[differentiate(jvp)]
fn scaled_partials(x: f64, k: f64) -> (f64, (f64, f64)) {
    (x * x * k, (2.0 * x * k, x * x))
}

#[differentiate(partials = scaled_partials, hvp, hessian)]
fn scaled(x: f64, k: f64) -> f64 {
    opaque(x * x * k)
}

#[differentiate(jvp, hvp, hessian)]
fn chain(x: f64, k: f64) -> f64 {
    let mut y = x;
    for _ in 0..3 {
        y = scaled(y, k) * 0.5 + smooth(y);
    }
    y
}

#[differentiate(hvp)]
fn sum_of_smooth(x: &[f64]) -> f64 {
    x.iter().map(|&x| smooth(x * x)).sum()
}

#[differentiate(jvp)]
fn squares_partials(x: &[f64]) -> (f64, Vec<f64>) {
    (x.iter().map(|x| x * x * x).sum(), x.iter().map(|x| 3.0 * x * x).collect())
}

#[differentiate(partials = squares_partials, hessian)]
fn cubes(x: &[f64]) -> f64 {
    opaque(squares_partials(x).0)
}

#[test]
fn second_derivatives_of_rules() {
    assert_eq!(scaled::hvp(3.0, 5.0, 1.0, 0.0), ((30.0, 9.0), (10.0, 6.0)));
    assert_eq!(scaled::hessian(3.0, 5.0), ((10.0, 6.0), (6.0, 0.0)));
    assert_eq!(cubes::hessian(&[1.0, 2.0]), vec![vec![6.0, 0.0], vec![0.0, 12.0]]);
    let curved = |x: f64| {
        let s = 1.0 / (1.0 + (-x).exp());
        s * (1.0 - s)
    };
    assert!((smooth::hessian(0.5) - curved(0.5)).abs() < 1e-15);
}

#[test]
fn second_derivatives_of_callers() {
    let at = (0.4, 0.7);
    let (by_x, by_k) = chain::hessian(at.0, at.1);
    assert_eq!(by_x.1, by_k.0);
    let slope = |k: usize| {
        let gradient = |(x, k): &(f64, f64)| chain::grad(*x, *k);
        differences(|at| if k == 0 { gradient(at).0 } else { gradient(at).1 }, &at)
    };
    assert_close("by x", &by_x, &slope(0), DIFFERENCES);
    assert_close("by k", &by_k, &slope(1), DIFFERENCES);
    let (gradient, product) = chain::hvp(at.0, at.1, 1.0, 0.0);
    assert_close("the gradient", &gradient, &chain::grad(at.0, at.1), 1e-15);
    assert_close("a column", &product, &by_x, 1e-15);

    let x = [0.5, -1.5];
    let (_, product) = sum_of_smooth::hvp(&x, vec![1.0, 2.0]);
    for k in 0..2 {
        let slope = derivative(|x| sum_of_smooth::grad(&[x])[0], x[k]);
        assert_close("of each term", &product[k], &(slope * [1.0, 2.0][k]), DIFFERENCES);
    }
}
