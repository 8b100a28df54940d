//! `#[differentiate(via = tape)]` by what parameters and results are: closures, values of traits,
//! type parameters, `&mut`, structs, arrays. Witnesses: central differences of the function itself.

#![forbid(unsafe_code)]

use chainrule::tape::Real;
use chainrule::{Differentiable, differentiate};
use ndarray::{Array1, Array2, array};
use num_traits::Float;
use std::collections::HashMap;

/// Value and slope agree with the function's.
#[track_caller]
fn check(found: (f64, f64), f: impl Fn(f64) -> f64, x: f64) {
    let step = 1e-6 * (1.0 + x.abs());
    let difference = (f(x + step) - f(x - step)) / (2.0 * step);
    assert_eq!(found.0, f(x), "the value");
    let error = (found.1 - difference).abs();
    assert!(error < 1e-7 * (1.0 + difference.abs()), "{} for {difference}", found.1);
}

#[differentiate(via = tape)]
fn by_reference(g: &dyn Fn(f64) -> f64, x: f64) -> f64 {
    g(x) * x
}

#[differentiate(via = tape)]
fn by_value(g: impl Fn(f64) -> f64, x: f64) -> f64 {
    g(g(x)) * x
}

#[differentiate(via = tape)]
fn by_type<G: Fn(f64, usize) -> f64>(g: G, x: f64) -> f64 {
    (0..4).map(|k| g(x, k)).sum()
}

#[differentiate(via = tape)]
fn of_slices<G>(g: G, x: &[f64]) -> f64
where
    G: Fn(&[f64]) -> f64,
{
    g(x) * g(&x[1..])
}

#[differentiate(via = tape)]
fn one_after_the_other(gs: &[Box<dyn Fn(f64) -> f64>], x: f64) -> f64 {
    let mut y = x;
    for g in gs {
        y = g(y);
    }
    y + gs[0](x)
}

#[differentiate(via = tape)]
fn pointer_and_state(mut g: impl FnMut(f64) -> f64, p: fn(f64) -> f64, x: f64) -> f64 {
    g(x) + g(x * x) + p(x)
}

#[differentiate(via = tape)]
fn newton<T: Float>(g: impl Fn(T, T) -> (T, T), a: T) -> T {
    let mut x = T::one();
    for _ in 0..20 {
        let (value, slope) = g(x, a);
        x = x - value / slope;
    }
    x
}

/// The gradient takes the same closure as the function, over variables.
#[test]
fn closures() {
    let k = 3.0;
    check(
        by_reference::value_and_grad(&|t| t.sin() * k, 0.7),
        |x| by_reference(&|t| t.sin() * k, x),
        0.7,
    );
    check(
        by_value::value_and_grad(|t| (t * k).tanh(), 0.7),
        |x| by_value(|t| (t * k).tanh(), x),
        0.7,
    );
    check(
        by_type::value_and_grad(|t, n| t.powi(n as i32), 0.7),
        |x| by_type(|t, n| t.powi(n as i32), x),
        0.7,
    );
    let (value, gradient) = of_slices::value_and_grad(|t| t.iter().sum(), &[0.5, 2.0, 3.0]);
    assert_eq!(value, of_slices(|t| t.iter().sum(), &[0.5, 2.0, 3.0]));
    assert_eq!((value, gradient), (27.5, vec![5.0, 10.5, 10.5]));
    check(
        one_after_the_other::value_and_grad(&[Box::new(|t| t * 3.0), Box::new(|t| t.exp())], 0.7),
        |x| one_after_the_other(&[Box::new(|t| t * 3.0), Box::new(f64::exp)], x),
        0.7,
    );
    let mut calls = 0;
    let found = pointer_and_state::value_and_grad(
        |t| {
            calls += 1;
            t * f64::from(calls)
        },
        |t| t * t,
        2.0,
    );
    assert_eq!(found, (14.0, 13.0));
    assert_eq!(calls, 2);
    let (root, slope) = newton::value_and_grad(|x, a| (x * x - a, x * 2.0), 2.0_f64);
    assert_eq!(root, newton(|x, a| (x * x - a, x * 2.0), 2.0));
    assert!((slope - 0.5 / 2.0_f64.sqrt()).abs() < 1e-15);
}

/// A curve over any float; `dyn Curve<f64>` is one of its shapes.
trait Curve<T> {
    fn at(&self, x: T) -> T;
    fn shift(&mut self, by: T);
}

struct Sine {
    frequency: f64,
}

struct Bend {
    power: i32,
}

impl<T: Float> Curve<T> for Sine {
    fn at(&self, x: T) -> T {
        (x * T::from(self.frequency).unwrap()).sin()
    }

    fn shift(&mut self, _: T) {
        self.frequency *= 2.0;
    }
}

impl<T: Float> Curve<T> for Bend {
    fn at(&self, x: T) -> T {
        x.powi(self.power)
    }

    fn shift(&mut self, by: T) {
        self.power += by.to_i32().unwrap();
    }
}

#[differentiate(via = tape)]
fn along(curve: &dyn Curve<f64>, x: f64) -> f64 {
    curve.at(x) * x
}

#[differentiate(via = tape)]
fn along_all(curves: &[Box<dyn Curve<f64>>], x: f64) -> f64 {
    let sum: f64 = curves.iter().map(|c| c.at(x)).sum();
    sum * curves[0].at(2.0)
}

#[differentiate(via = tape)]
fn along_static<C: Curve<f64>>(curve: &C, other: impl Curve<f64>, x: f64) -> f64 {
    curve.at(x) - other.at(x * x)
}

#[differentiate(via = tape)]
fn along_changed<T: Float>(curve: &mut dyn Curve<T>, x: T) -> T {
    let before = curve.at(x);
    curve.shift(T::one());
    before * curve.at(x)
}

/// Dynamic dispatch: a trait that is generic over its float.
#[test]
fn values_of_traits() {
    let sine = Sine { frequency: 2.0 };
    check(along::value_and_grad(&sine, 0.6), |x| along(&sine, x), 0.6);
    check(
        along_all::value_and_grad(
            &[Box::new(Sine { frequency: 2.0 }), Box::new(Bend { power: 3 })],
            0.6,
        ),
        |x| along_all(&[Box::new(Sine { frequency: 2.0 }), Box::new(Bend { power: 3 })], x),
        0.6,
    );
    check(
        along_static::value_and_grad(&sine, Bend { power: 2 }, 0.6),
        |x| along_static(&sine, Bend { power: 2 }, x),
        0.6,
    );
    let mut bend = Bend { power: 2 };
    // x² · x³
    assert_eq!(along_changed::value_and_grad(&mut bend, 2.0_f64), (32.0, 80.0));
    assert_eq!(bend.power, 3);
}

/// A trait whose methods are generic; functions that are.
trait Law {
    fn at<T: Float>(&self, x: T) -> T;
}

struct Square;

impl Law for Square {
    fn at<T: Float>(&self, x: T) -> T {
        x * x
    }
}

fn softplus<T: Float>(x: T) -> T {
    x.exp().ln_1p()
}

#[differentiate(via = tape, wrt(x))]
fn by_laws<L: Law>(law: &L, laws: &[L], x: f64) -> f64 {
    law.at::<f64>(x) + softplus::<_>(x) * laws[0].at::<_>(x * 3.0)
}

#[test]
fn generic_methods_and_functions() {
    let found = by_laws::value_and_grad(&Square, &[Square], 0.4);
    check(found, |x| by_laws(&Square, &[Square], x), 0.4);
}

/// Values of types that the macro does not know are constants, also with floats in them.
struct Config {
    rates: HashMap<usize, f64>,
    table: Box<dyn Table>,
}

trait Table {
    fn entry(&self, k: usize, scale: f64) -> f64;
}

struct Linear;

impl Table for Linear {
    fn entry(&self, k: usize, scale: f64) -> f64 {
        k as f64 * scale
    }
}

#[differentiate(via = tape, wrt(x))]
fn by_tables(
    config: &Config,
    named: &HashMap<&str, f64>,
    table: &dyn Table,
    k: f64,
    x: f64,
) -> f64 {
    let rate = named["rate"] * config.rates[&1];
    rate * x * x + table.entry(3, k) * x + config.table.entry(2, 0.5) * x
}

#[test]
fn constants_of_unknown_types() {
    let config = Config { rates: HashMap::from([(1, 2.0)]), table: Box::new(Linear) };
    let named = HashMap::from([("rate", 1.5)]);
    let found = by_tables::value_and_grad(&config, &named, &Linear, 0.1, 0.4);
    check(found, |x| by_tables(&config, &named, &Linear, 0.1, x), 0.4);
}

#[differentiate(via = tape)]
fn generic<T: Float>(x: T, weights: &[T]) -> T {
    let two = T::from(2.0).unwrap();
    weights.iter().fold(T::zero(), |sum, w| sum + *w * (x * two).sin())
}

#[differentiate]
fn calls_generic(x: f32) -> f32 {
    generic(x * x, &[x, 0.5])
}

#[differentiate]
fn calls_generic_with_its_own<T: Float + Real>(x: T) -> T {
    generic(x, &[x])
}

#[test]
fn type_parameters() {
    let (value, (dx, dw)) = generic::value_and_grad(0.3_f64, &[0.5, -2.0]);
    let (sin, cos) = 0.6_f64.sin_cos();
    assert_eq!(value, generic(0.3, &[0.5, -2.0]));
    assert!((dx + 3.0 * cos).abs() < 1e-15);
    assert_eq!(dw, [sin, sin]);
    let (single, (_, dw)) = generic::value_and_grad(0.3_f32, &[0.5, -2.0]);
    assert_eq!(single, generic(0.3_f32, &[0.5, -2.0]));
    assert_eq!(dw[0], 0.6_f32.sin());
    let (value, slope) = calls_generic::value_and_grad(0.7);
    let (x, (sin, cos)) = (0.7_f32, 0.98_f32.sin_cos());
    assert_eq!(value, calls_generic(0.7));
    assert!((slope - (sin + (x + 0.5) * cos * 4.0 * x)).abs() < 1e-5);
    let found = calls_generic_with_its_own::value_and_grad(0.7);
    check(found, calls_generic_with_its_own, 0.7);
}

#[differentiate(via = tape)]
fn steps(x: &mut [f64], k: f64) -> f64 {
    x[0] *= k;
    x[1] += x[0];
    x[0] * x[1]
}

#[differentiate(via = tape)]
fn grows(x: &mut Vec<f64>, k: f64) {
    let last = x[x.len() - 1];
    x.push(last * k);
    x.iter_mut().for_each(|e| *e *= k);
}

/// A static caller, whose array goes as a slice and comes back.
#[differentiate]
fn calls_steps(k: f64) -> f64 {
    let mut y = [k, 2.0 * k];
    let product = steps(&mut y, k);
    product + y[0] * y[1]
}

#[test]
fn parameters_that_change() {
    let mut x = [2.0, 3.0];
    // x₀' = k x₀, x₁' = x₁ + k x₀; cotangents 1 of the product, 10 and 100 of the array.
    let (value, (dx, dk)) = steps::vjp(&mut x, 5.0, 1.0, vec![10.0, 100.0]);
    assert_eq!((value, x), (130.0, [10.0, 13.0]));
    assert_eq!((dx, dk), (vec![5.0 * 133.0, 110.0], 2.0 * 133.0));
    assert_eq!(steps::grad(&mut [2.0, 3.0], 5.0), (vec![115.0, 10.0], 46.0));
    let mut x = vec![2.0];
    let ((), (dx, dk)) = grows::vjp(&mut x, 3.0, vec![10.0, 100.0]);
    // (k x, k² x)
    assert_eq!(x, [6.0, 18.0]);
    assert_eq!((dx, dk), (vec![30.0 + 900.0], 20.0 + 100.0 * 12.0));
    check(calls_steps::value_and_grad(1.2), calls_steps, 1.2);
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offsets: Vec<f64>,
    degree: usize,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Pair<T> {
    first: T,
    second: [T; 2],
}

#[differentiate(via = tape)]
fn line_of(slope: f64, offsets: &[f64]) -> Line {
    let offsets = offsets.iter().map(|e| e * slope).collect();
    Line { slope: slope * slope, offsets, degree: 1 }
}

#[differentiate(via = tape)]
fn lines(slope: f64, of: &[f64]) -> (Vec<Line>, [f64; 2]) {
    let make = |k: usize| Line { slope: slope * of[k], offsets: of.to_vec(), degree: k };
    ((0..of.len()).map(make).collect(), [slope, slope.sin()])
}

#[differentiate(via = tape)]
fn pair<T: Float>(x: T) -> Option<Pair<T>> {
    (x > T::zero()).then(|| Pair { first: x.sqrt(), second: [x, x * x] })
}

#[differentiate(via = tape)]
fn bend(line: &mut Line, k: f64) -> f64 {
    line.slope *= k;
    line.offsets[0] = line.slope * 2.0;
    line.slope + line.offsets[1]
}

/// Static callers take such structs and hand them in.
#[differentiate]
fn calls_line(k: f64) -> f64 {
    let mut line = line_of(k, &[k, 1.0]);
    let bent = bend(&mut line, k);
    bent * line.offsets[0] + line.slope * line.offsets[1]
}

#[test]
fn structs_as_results_and_in_place() {
    let ct = Line { slope: 1.0, offsets: vec![10.0, 100.0], degree: 0 };
    let (value, (slope, offsets)) = line_of::vjp(3.0, &[1.0, 2.0], ct);
    assert_eq!(value, line_of(3.0, &[1.0, 2.0]));
    assert_eq!((slope, offsets), (6.0 + 210.0, vec![30.0, 300.0]));

    let ct = |slope, offset| Line { slope, offsets: vec![offset, 0.0], degree: 9 };
    let cts = (vec![ct(1.0, 0.0), ct(10.0, 7.0)], [100.0, 0.0]);
    let (value, (slope, of)) = lines::vjp(3.0, &[0.5, 2.0], cts);
    assert_eq!(value, lines(3.0, &[0.5, 2.0]));
    assert_eq!((slope, of), (120.5, vec![3.0 + 7.0, 30.0]));

    let ct = Pair { first: 4.0_f32, second: [1.0, 10.0] };
    assert_eq!(pair::vjp(4.0, ct.clone()), pair(4.0_f32).map(|value| (value, 82.0)));
    assert_eq!(pair::vjp(-4.0, ct), None);

    let mut line = Line { slope: 2.0, offsets: vec![1.0, 7.0], degree: 4 };
    let ct = Line { slope: 10.0, offsets: vec![100.0, 1000.0], degree: 4 };
    let (value, (d_line, dk)) = bend::vjp(&mut line, 3.0, 1.0, ct);
    assert_eq!((value, line.slope, line.offsets), (13.0, 6.0, vec![12.0, 7.0]));
    assert_eq!((d_line.slope, d_line.offsets, dk), (633.0, vec![0.0, 1001.0], 422.0));
    check(calls_line::value_and_grad(1.2), calls_line, 1.2);
}

#[test]
#[should_panic(
    expected = "a cotangent or gradient has length 1, but what it belongs to has length 2"
)]
fn a_cotangent_of_another_length_panics() {
    let _ = line_of::vjp(3.0, &[1.0, 2.0], Line { slope: 1.0, offsets: vec![1.0], degree: 0 });
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct State {
    position: f64,
    speed: f64,
}

#[differentiate]
impl State {
    #[differentiate(via = tape)]
    fn step(&mut self, h: f64) -> f64 {
        self.speed -= h * self.position;
        self.position += h * self.speed;
        self.speed * self.position
    }

    #[differentiate(via = tape)]
    fn faster(&self, k: f64) -> Self {
        Self { position: self.position, speed: self.speed * k }
    }
}

#[test]
fn methods() {
    let (start, h) = (State { position: 1.0, speed: 2.0 }, 0.5);
    let mut state = start.clone();
    let ct = State { position: 10.0, speed: 100.0 };
    let (value, (gradient, dh)) = state.step_vjp(h, 1.0, ct);
    let mut plain = start.clone();
    assert_eq!((value, &state), (plain.step(h), &plain));
    let weighed = |position: f64, speed: f64, h: f64| {
        let mut state = State { position, speed };
        let product = state.step(h);
        product + 10.0 * state.position + 100.0 * state.speed
    };
    check((weighed(1.0, 2.0, h), gradient.position), |x| weighed(x, 2.0, h), 1.0);
    check((weighed(1.0, 2.0, h), gradient.speed), |x| weighed(1.0, x, h), 2.0);
    check((weighed(1.0, 2.0, h), dh), |x| weighed(1.0, 2.0, x), h);
    let (faster, (gradient, dk)) = start.faster_vjp(3.0, State { position: 1.0, speed: 10.0 });
    assert_eq!((faster, dk), (State { position: 1.0, speed: 6.0 }, 20.0));
    assert_eq!(gradient, State { position: 1.0, speed: 30.0 });
}

#[differentiate(via = tape)]
fn scaled(x: &Array1<f64>, k: f64) -> Array1<f64> {
    x * k + 1.0
}

#[differentiate(via = tape)]
fn product_and_sum(x: &Array2<f64>, k: &Array1<f64>) -> (Array1<f64>, f64) {
    (x.dot(k), k.sum())
}

#[differentiate(via = tape)]
fn squares(x: &mut Array1<f64>, k: f64) {
    *x *= k;
    x.mapv_inplace(|e| e * e);
}

#[test]
fn arrays_as_results_and_in_place() {
    let (value, (dx, dk)) = scaled::vjp(&array![1.0, 2.0], 3.0, array![10.0, 100.0]);
    assert_eq!((value, dx, dk), (array![4.0, 7.0], array![30.0, 300.0], 210.0));
    let (x, k) = (array![[1.0, 2.0]], array![3.0, 4.0]);
    let (value, (dx, dk)) = product_and_sum::vjp(&x, &k, (array![10.0], 1.0));
    assert_eq!(value, (array![11.0], 7.0));
    assert_eq!((dx, dk), (array![[30.0, 40.0]], array![11.0, 21.0]));
    let mut x = array![1.0, 2.0];
    let ((), (dx, dk)) = squares::vjp(&mut x, 3.0, array![10.0, 100.0]);
    assert_eq!((x, dx, dk), (array![9.0, 36.0], array![180.0, 3600.0], 2460.0));
}

#[test]
#[should_panic(
    expected = "a cotangent or gradient has shape [1], but what it belongs to has shape [2]"
)]
fn a_cotangent_of_another_shape_panics() {
    let _ = scaled::vjp(&array![1.0, 2.0], 3.0, array![10.0]);
}
