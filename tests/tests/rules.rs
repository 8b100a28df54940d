//! Derivatives that are rules by hand: `#[differentiate(vjp = rule)]` and `partials = rule`.

#![forbid(unsafe_code)]

use chainrule::check::check_grad;
use chainrule::{Differentiable, differentiate};
use chainrule_test_models::rules::{doubled_softplus, softplus};
use num_traits::Float;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

/// A rule that is not the derivative, so that it shows where it is used.
fn marked(_x: f64, cotangent: f64) -> (f64, f64) {
    (0.0, 100.0 * cotangent)
}

#[differentiate(vjp = marked)]
fn mark(x: f64) -> f64 {
    // Nothing that the macro could differentiate.
    let text = format!("{x}");
    text.parse().unwrap_or(f64::NAN)
}

#[test]
fn the_rule_is_the_derivative() {
    assert_eq!(mark(3.0), 3.0);
    assert_eq!(mark::grad(3.0), 100.0);
    assert_eq!(mark::value_and_grad(3.0), (0.0, 100.0));
    assert_eq!(mark::vjp(3.0, 0.5), (0.0, 50.0));
    let mut gradient = 7.0;
    mark::value_and_grad_into(3.0, &mut gradient);
    assert_eq!(gradient, 100.0);
    mark::value_and_grad_add_into(3.0, &mut gradient);
    assert_eq!(gradient, 200.0);
}

#[test]
fn the_equations_say_that_the_rule_is_by_hand() {
    let equations = "mark(x) = y\nits derivative is a rule by hand:\n  (y, x\u{304}) = marked(x; y\u{304})\n\nstores what marked stores\n";
    assert_eq!(mark::DERIVATION, equations);
    let equations = "hypotenuse(a, b) = y\nits derivative is a rule by hand:\n  (y, (∂y/∂a, ∂y/∂b)) = hypotenuse_partials(a, b)\n  a\u{304} = y\u{304}·∂y/∂a\n  b\u{304} = y\u{304}·∂y/∂b\n\nstores what hypotenuse_partials stores\n";
    assert_eq!(hypotenuse::DERIVATION, equations);
}

#[test]
fn the_rule_makes_an_objective() {
    assert!(check_grad::<mark>((), &3.0).is_err());
    check_grad::<hypotenuse>((), &(3.0, 4.0)).unwrap();
}

#[differentiate]
fn calls(x: f64) -> f64 {
    x * mark(x * x)
}

#[differentiate]
fn calls_at_depth(x: f64, n: usize) -> f64 {
    let mut sum = 0.0;
    for k in 0..n {
        sum += calls(x + k as f64);
    }
    if sum > 0.0 { sum } else { -calls(x) }
}

/// Functions of functions are inlined; a rule is called by its own name in the closure.
#[differentiate]
fn applied(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    f(x) + 1.0
}

#[differentiate]
fn in_a_closure(x: f64) -> f64 {
    applied(|x| mark(x) * 2.0, x)
}

#[test]
fn callers_use_the_rule_at_any_depth() {
    // x · mark(x²): mark + x · 100 · 2x
    let of_calls = |x: f64| x * x + 200.0 * x * x;
    assert_eq!(calls::value_and_grad(3.0), (27.0, of_calls(3.0)));
    let (value, gradient) = calls_at_depth::value_and_grad(3.0, 3);
    assert_eq!(value, calls_at_depth(3.0, 3));
    assert_eq!(gradient, of_calls(3.0) + of_calls(4.0) + of_calls(5.0));
    assert_eq!(in_a_closure::value_and_grad(3.0), (7.0, 200.0));
}

mod elsewhere {
    use chainrule::differentiate;

    pub(super) mod hidden {
        fn rule(x: f64, cotangent: f64) -> (f64, f64) {
            (x, 7.0 * cotangent)
        }

        #[chainrule::differentiate(vjp = rule)]
        fn private(x: f64) -> f64 {
            x
        }

        #[chainrule::differentiate]
        pub(crate) fn shown(x: f64) -> f64 {
            private(x) + x
        }
    }

    #[differentiate]
    pub(super) fn middle(x: f64) -> f64 {
        hidden::shown(x) * hidden::shown(x)
    }
}

#[differentiate]
fn outermost(x: f64) -> f64 {
    elsewhere::middle(x)
}

#[test]
fn a_rule_need_not_be_visible_to_the_caller() {
    assert_eq!(outermost::value_and_grad(3.0), (36.0, 2.0 * 6.0 * 8.0));
}

#[differentiate]
fn across_crates(x: f64) -> f64 {
    softplus(x) * doubled_softplus(x)
}

#[test]
fn a_rule_serves_other_crates() {
    let (value, gradient) = across_crates::value_and_grad(1.0);
    let (y, dy) = softplus::value_and_grad(1.0);
    assert!(close(value, 2.0 * y * y) && close(gradient, 4.0 * y * dy));
    check_grad::<across_crates>((), &1.0).unwrap();
}

fn hypotenuse_partials(a: f64, b: f64) -> (f64, (f64, f64)) {
    let y = a.hypot(b);
    (y, (a / y, b / y))
}

#[differentiate(partials = hypotenuse_partials)]
fn hypotenuse(a: f64, b: f64) -> f64 {
    a.hypot(b)
}

#[differentiate]
fn chosen(a: f64, b: f64) -> f64 {
    let y = hypotenuse(a, b);
    if a > 0.0 { y } else { 3.0 * b }
}

#[test]
fn partials_are_multiplied_by_the_cotangent() {
    assert_eq!(hypotenuse::value_and_grad(3.0, 4.0), (5.0, (0.6, 0.8)));
    assert_eq!(hypotenuse::vjp(3.0, 4.0, 10.0), (5.0, (6.0, 8.0)));
    // NaN partials, and nothing that flows.
    assert_eq!(hypotenuse::vjp(0.0, 0.0, 0.0), (0.0, (0.0, 0.0)));
    assert_eq!(chosen::value_and_grad(0.0, 0.0), (0.0, (0.0, 3.0)));
}

fn norm_vjp(x: &[f64], scale: f64, cotangent: f64) -> (f64, Vec<f64>) {
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let by = scale * cotangent / norm;
    (scale * norm, x.iter().map(|x| by * x).collect())
}

#[differentiate(vjp = norm_vjp, wrt(x))]
fn norm(x: &[f64], scale: f64) -> f64 {
    scale * x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[differentiate(wrt(x))]
fn norms(x: &[f64], n: usize) -> f64 {
    let mut sum = 0.0;
    for k in 0..n {
        sum += norm(x, 1.0 + k as f64) * x[k];
    }
    sum
}

#[test]
fn a_rule_of_a_slice_has_its_vector_for_gradient() {
    assert_eq!(norm::value_and_grad(&[3.0, 4.0], 2.5), (12.5, vec![1.5, 2.0]));
    let mut gradient = vec![1.0, 1.0];
    assert_eq!(norm::value_and_grad_add_into(&[3.0, 4.0], 2.5, &mut gradient), 12.5);
    assert_eq!(gradient, [2.5, 3.0]);
    check_grad::<norms>(3, &vec![1.0, 2.0, 3.0]).unwrap();
}

#[test]
#[should_panic(expected = "the gradient buffer of `x` has length 1, but `x` has length 2")]
fn a_buffer_of_another_length_panics() {
    norm::value_and_grad_into(&[3.0, 4.0], 2.0, &mut vec![0.0]);
}

fn rotated_vjp(x: [f64; 2], angle: f64, ct: [f64; 2]) -> ([f64; 2], ([f64; 2], f64)) {
    let (sin, cos) = angle.sin_cos();
    let y = [cos * x[0] - sin * x[1], sin * x[0] + cos * x[1]];
    let dx = [cos * ct[0] + sin * ct[1], cos * ct[1] - sin * ct[0]];
    (y, (dx, ct[1] * y[0] - ct[0] * y[1]))
}

#[differentiate(vjp = rotated_vjp)]
fn rotated(x: [f64; 2], angle: f64) -> [f64; 2] {
    rotated_vjp(x, angle, [0.0, 0.0]).0
}

#[differentiate]
fn twice_rotated(x: [f64; 2], angle: f64) -> f64 {
    let y = rotated(x, angle);
    let z = rotated(y, angle * angle);
    z[0] * z[0] - 3.0 * z[1]
}

#[test]
fn results_may_be_arrays() {
    let ([a, b], _) = rotated::vjp([1.0, 2.0], 0.0, [1.0, 0.0]);
    assert_eq!((a, b), (1.0, 2.0));
    check_grad::<twice_rotated>((), &([0.3, -1.2], 0.7)).unwrap();
}

fn relaxed_vjp(x: &mut [f64], rate: f64, ct_x: Vec<f64>) -> ((), (Vec<f64>, f64)) {
    let d_rate = ct_x.iter().zip(&*x).map(|(ct, x)| -ct * x).sum();
    x.iter_mut().for_each(|x| *x -= rate * *x);
    ((), (ct_x.iter().map(|ct| (1.0 - rate) * ct).collect(), d_rate))
}

#[differentiate(vjp = relaxed_vjp)]
fn relaxed(x: &mut [f64], rate: f64) {
    x.iter_mut().for_each(|x| *x -= rate * *x);
}

#[differentiate]
fn after_relaxing(x: &[f64], rate: f64) -> f64 {
    let mut x = x.to_vec();
    for _ in 0..3 {
        relaxed(&mut x, rate);
    }
    x[0] * x[1]
}

#[test]
fn a_rule_may_change_in_place() {
    check_grad::<after_relaxing>((), &(vec![2.0, -3.0], 0.1)).unwrap();
}

fn generic_partials<T: Float>(x: T) -> (T, T) {
    (x * x, x + x)
}

#[differentiate(partials = generic_partials)]
fn squared<T: Float>(x: T) -> T {
    x * x
}

#[differentiate]
fn of_a_generic(x: f64) -> f64 {
    squared(x) * x
}

#[differentiate]
fn generic_of_a_generic<T: Float>(x: T) -> T {
    squared(x).sin()
}

#[test]
fn rules_may_be_generic() {
    assert_eq!(squared::value_and_grad(3.0_f32), (9.0, 6.0));
    assert_eq!(of_a_generic::value_and_grad(2.0), (8.0, 12.0));
    assert_eq!(generic_of_a_generic::grad(1.0), 2.0 * 1.0_f64.cos());
}

fn root_vjp(x: f64, cotangent: f64) -> Option<(f64, f64)> {
    let y = root(x)?;
    Some((y, 0.5 * cotangent / y))
}

#[differentiate(vjp = root_vjp)]
fn root(x: f64) -> Option<f64> {
    (x >= 0.0).then(|| x.sqrt())
}

fn checked_partials(x: f64) -> Result<(f64, f64), String> {
    if x == 0.0 { Err("pole".to_string()) } else { Ok((1.0 / x, -1.0 / (x * x))) }
}

#[differentiate(partials = checked_partials)]
fn checked(x: f64) -> Result<f64, String> {
    checked_partials(x).map(|(y, _)| y)
}

#[test]
fn a_rule_may_fail() {
    assert_eq!(root::value_and_grad(4.0), Some((2.0, 0.25)));
    assert_eq!(root::grad(-4.0), None);
    assert_eq!(checked::vjp(2.0, 3.0), Ok((0.5, -0.75)));
    let mut gradient = 5.0;
    assert_eq!(checked::value_and_grad_into(0.0, &mut gradient), Err("pole".to_string()));
    assert_eq!(gradient, 5.0);
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

fn at_partials(line: &Line, x: f64) -> (f64, (Line, f64)) {
    (line.slope * x + line.offset, (Line { slope: x, offset: 1.0 }, line.slope))
}

#[differentiate(partials = at_partials, wrt(line, x))]
fn at(line: &Line, x: f64) -> f64 {
    line.slope * x + line.offset
}

#[differentiate(wrt(line))]
fn squares(line: &Line, xs: &[f64]) -> f64 {
    let mut sum = 0.0;
    for &x in xs {
        let y = at(line, x);
        sum += y * y;
    }
    sum
}

#[differentiate]
impl Line {
    fn rule_of_slope_squared(&self, cotangent: f64) -> (f64, Line) {
        let slope = 2.0 * self.slope * cotangent;
        (self.slope * self.slope, Line { slope, offset: 0.0 })
    }

    #[differentiate(vjp = Self::rule_of_slope_squared)]
    fn slope_squared(&self) -> f64 {
        self.slope.powi(2)
    }

    fn penalty(&self, weight: f64) -> f64 {
        weight * self.slope_squared() + self.offset
    }
}

#[test]
fn rules_of_structs_and_of_methods() {
    let line = Line { slope: 2.0, offset: 1.0 };
    let expected = (Line { slope: 30.0, offset: 10.0 }, 20.0);
    assert_eq!(at::vjp(&line, 3.0, 10.0), (7.0, expected));
    check_grad::<squares>(&[1.0, 2.0, -3.0], &line).unwrap();
    let expected = Line { slope: 4.0, offset: 0.0 };
    assert_eq!(line.slope_squared_value_and_grad(), (4.0, expected));
    let expected = (Line { slope: 12.0, offset: 1.0 }, 4.0);
    assert_eq!(line.penalty_value_and_grad(3.0), (13.0, expected));
}

fn products(x: &[f64], y: &[f64], ct: f64) -> (f64, (Vec<f64>, Vec<f64>)) {
    (x[0] * y[0], (vec![ct * y[0]], vec![ct * x[0]]))
}

#[differentiate(vjp = products)]
fn product<'a>(x: &'a [f64], y: &'a [f64]) -> f64 {
    x[0] * y[0]
}

#[test]
fn lifetimes_may_have_names() {
    assert_eq!(product::value_and_grad(&[2.0], &[3.0]), (6.0, (vec![3.0], vec![2.0])));
}

fn drawn_vjp(x: f64, noise: &mut impl Iterator<Item = f64>, cotangent: f64) -> (f64, f64) {
    let factor = noise.next().unwrap_or(0.0);
    (x * factor, factor * cotangent)
}

#[differentiate(vjp = drawn_vjp, wrt(x))]
fn drawn(x: f64, noise: &mut impl Iterator<Item = f64>) -> f64 {
    x * noise.next().unwrap_or(0.0)
}

#[test]
fn a_rule_may_take_what_has_no_derivative() {
    let mut noise = [3.0, 5.0].into_iter();
    assert_eq!(drawn::value_and_grad(2.0, &mut noise), (6.0, 3.0));
    assert_eq!(drawn::grad(2.0, &mut noise), 5.0);
}
